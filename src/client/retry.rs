//! How long to wait before trying again, and when to stop trying.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

/// How long "unknown topic" is taken for "not known yet": a new topic needs some 100 ms to become known to all brokers.
pub(super) const UNKNOWN_TOPIC: Duration = Duration::from_secs(3);
/// How long a broker that was never reached, and whose name does not resolve, is tried.
pub(super) const UNRESOLVED: Duration = Duration::from_secs(2);
/// How long a broker that was never reached is tried: longer than it takes a cluster to notice a crash (9 s by default).
pub(super) const NEVER_REACHED: Duration = Duration::from_secs(12);

/// The time that one call may take in all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    start: Instant,
    limit: Duration,
}

impl Budget {
    pub(super) fn starting_now(limit: Duration) -> Self {
        Self { start: Instant::now(), limit }
    }

    pub(super) fn used(&self) -> Duration {
        self.start.elapsed()
    }

    pub(super) fn left(&self) -> Duration {
        self.limit.saturating_sub(self.used())
    }
}

/// Pauses that double from `min` to `max`, each off by up to a fifth, so that clients do not come back all at once.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    max: Duration,
    random: u64,
}

impl Backoff {
    pub(super) fn new(min: Duration, max: Duration) -> Self {
        // Each `RandomState` hashes differently, which is all the randomness that jitter needs.
        Self::with_seed(min, max, RandomState::new().hash_one(0))
    }

    pub(super) fn with_seed(min: Duration, max: Duration, seed: u64) -> Self {
        Self { next: min.min(max), max, random: seed | 1 }
    }

    pub(super) fn pause(&mut self) -> Duration {
        // xorshift64
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        #[expect(clippy::cast_precision_loss)]
        let unit = (self.random >> 11) as f64 / (1_u64 << 53) as f64;
        let pause = self.next.mul_f64(0.8 + 0.4 * unit);
        self.next = (self.next * 2).min(self.max);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_maximum_and_differ() {
        let (min, max) = (Duration::from_millis(100), Duration::from_secs(1));
        let mut differ = false;
        for seed in 0..100 {
            let mut backoff = Backoff::with_seed(min, max, seed);
            for expected in [100, 200, 400, 800, 1000, 1000] {
                let pause = backoff.pause().as_secs_f64() * 1000.0;
                let expected = f64::from(expected);
                assert!((expected * 0.8..=expected * 1.2).contains(&pause), "{pause} for {expected}");
                differ |= (pause - expected).abs() > expected * 0.1;
            }
        }
        assert!(differ);
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_is_used_up_by_time_alone() {
        let budget = Budget::starting_now(Duration::from_secs(5));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(budget.left(), Duration::from_secs(2));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(budget.left(), Duration::ZERO);
    }
}
