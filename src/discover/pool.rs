//! Which topics are sampled at the same time: as many as one pool of memory holds.
//!
//! What is sampled of a topic does not depend on it; only when does.

use std::collections::VecDeque;

use crate::discover::sampling::Sampling;

/// Bytes of samples that are held at a time, unless one topic's budget alone is larger.
pub(crate) const POOL: u64 = 24 << 20;
/// Topics that are sampled at a time: each may have many partitions in a request.
const AT_ONCE: usize = 128;
/// The size of a record before any was seen, in bytes.
const FIRST_GUESS: u64 = 512;

/// Topics that wait, and topics that are being sampled, in order.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    size: u64,
    waiting: VecDeque<T>,
    active: Vec<Active<T>>,
    /// The mean size of the records of topics that are done: a guess at the next ones.
    mean: Option<u64>,
}

/// A topic that is being sampled.
#[derive(Debug)]
pub(crate) struct Active<T> {
    pub(crate) topic: T,
    pub(crate) sampling: Sampling,
}

impl<T> Pool<T> {
    /// `bytes` is the byte budget of one topic.
    pub(crate) fn new(topics: impl IntoIterator<Item = T>, bytes: u64) -> Self {
        Self { size: POOL.max(bytes), waiting: topics.into_iter().collect(), active: Vec::new(), mean: None }
    }

    /// Begins with as many waiting topics as there is room for beside the `held` bytes of samples that are done. One
    /// topic is always sampled, so that there is an end.
    pub(crate) fn admit(&mut self, held: u64, begin: impl Fn(&T) -> Sampling) {
        let guess = self.guess();
        let mut used: u64 = held + self.active.iter().map(|active| active.sampling.estimate(guess)).sum::<u64>();
        while self.active.len() < AT_ONCE
            && let Some(topic) = self.waiting.front()
        {
            let sampling = begin(topic);
            used = used.saturating_add(sampling.estimate(guess));
            if used > self.size && !(self.active.is_empty() && held == 0) {
                break;
            }
            if let Some(topic) = self.waiting.pop_front() {
                self.active.push(Active { topic, sampling });
            }
        }
    }

    /// The topics that may go on now: from the first one on, as many as the pool will hold when they are done. When
    /// topics turn out larger than they seemed, the last ones wait with what they have.
    pub(crate) fn running(&mut self, held: u64) -> impl Iterator<Item = &mut Active<T>> {
        let guess = self.guess();
        let (size, mut used, mut first) = (self.size, held, true);
        self.active.iter_mut().take_while(move |active| {
            used = used.saturating_add(active.sampling.estimate(guess));
            std::mem::take(&mut first) || used <= size
        })
    }

    /// Takes out the topics that are done.
    pub(crate) fn finished(&mut self) -> Vec<Active<T>> {
        let (done, active) = std::mem::take(&mut self.active).into_iter().partition(|active| active.sampling.is_done());
        self.active = active;
        for active in &done {
            self.learn(&active.sampling);
        }
        done
    }

    /// Puts the last topic off if the pool holds more than it should: it begins anew when there is room.
    pub(crate) fn relieve(&mut self, held: u64) {
        while self.active.len() > 1 {
            let used: u64 = self.active.iter().map(|active| active.sampling.held() as u64).sum();
            if used.saturating_add(held) <= self.size {
                break;
            }
            if let Some(last) = self.active.pop() {
                self.learn(&last.sampling);
                self.waiting.push_front(last.topic);
            }
        }
    }

    /// Ends it: what was being sampled, and what never was.
    pub(crate) fn stop(&mut self) -> (Vec<Active<T>>, Vec<T>) {
        (std::mem::take(&mut self.active), std::mem::take(&mut self.waiting).into())
    }

    /// A partition of an active topic, to give it what came.
    pub(crate) fn active(&mut self) -> &mut [Active<T>] {
        &mut self.active
    }

    /// Whether nothing waits and nothing is being sampled.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.active.is_empty()
    }

    fn guess(&self) -> u64 {
        self.mean.map_or(FIRST_GUESS, |mean| mean + mean / 2)
    }

    fn learn(&mut self, sampling: &Sampling) {
        if let Some(mean) = sampling.mean() {
            self.mean = Some(self.mean.map_or(mean, |known| (known * 3 + mean) / 4));
        }
    }
}
