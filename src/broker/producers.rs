//! Idempotence: which batches of which producer a partition has already (KIP-98, KIP-360).

use std::collections::{HashMap, VecDeque};

use kafka_protocol::ResponseError;

use super::error::Refusal;

/// A producer may have five requests in flight, so so many batches are remembered of each.
const REMEMBERED: usize = 5;

/// Producers remembered per partition; the one that wrote longest ago makes room for a new one.
const MAX_PRODUCERS: usize = 1_000;

/// The identity that a producer gave a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) producer_id: i64,
    pub(super) epoch: i16,
    pub(super) first_sequence: i32,
    pub(super) last_sequence: i32,
}

/// What a partition does with a stamped batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the next one: append it.
    Append,
    /// It is in the log already, at this base offset.
    Duplicate(i64),
}

#[derive(Debug)]
struct Producer {
    epoch: i16,
    /// The last batches: their sequences and where they are, oldest first.
    batches: VecDeque<(i32, i32, i64)>,
    /// Rises with each write, over all producers of the partition.
    written: u64,
}

/// The producers that one partition remembers.
#[derive(Debug, Default)]
pub(super) struct Producers {
    known: HashMap<i64, Producer>,
    writes: u64,
}

impl Producers {
    /// Judges a batch without remembering it.
    ///
    /// # Errors
    /// `INVALID_PRODUCER_EPOCH` for a fenced producer, `OUT_OF_ORDER_SEQUENCE_NUMBER` for a gap.
    pub(super) fn judge(&self, stamp: &Stamp) -> Result<Verdict, Refusal> {
        let Some(producer) = self.known.get(&stamp.producer_id) else {
            return Ok(Verdict::Append);
        };
        if stamp.epoch < producer.epoch {
            return Err(Refusal::new(
                ResponseError::InvalidProducerEpoch,
                format!("epoch {} of producer {} was superseded by {}", stamp.epoch, stamp.producer_id, producer.epoch),
            ));
        }
        if stamp.epoch > producer.epoch {
            return if stamp.first_sequence == 0 { Ok(Verdict::Append) } else { Err(gap(stamp, 0)) };
        }
        let same = |&&(first, last, _): &&(i32, i32, i64)| first == stamp.first_sequence && last == stamp.last_sequence;
        if let Some(&(_, _, base)) = producer.batches.iter().find(same) {
            return Ok(Verdict::Duplicate(base));
        }
        let expected = producer.batches.back().map_or(0, |&(_, last, _)| next_sequence(last));
        if stamp.first_sequence == expected { Ok(Verdict::Append) } else { Err(gap(stamp, expected)) }
    }

    /// Remembers that the batch now lies at `base`.
    pub(super) fn appended(&mut self, stamp: &Stamp, base: i64) {
        self.writes += 1;
        let written = self.writes;
        if self.known.len() >= MAX_PRODUCERS
            && !self.known.contains_key(&stamp.producer_id)
            && let Some(oldest) = self.known.iter().min_by_key(|(_, p)| p.written).map(|(&id, _)| id)
        {
            self.known.remove(&oldest);
        }
        let fresh = || Producer { epoch: stamp.epoch, batches: VecDeque::new(), written };
        let producer = self.known.entry(stamp.producer_id).or_insert_with(fresh);
        if producer.epoch != stamp.epoch {
            *producer = fresh();
        }
        producer.written = written;
        if producer.batches.len() == REMEMBERED {
            producer.batches.pop_front();
        }
        producer.batches.push_back((stamp.first_sequence, stamp.last_sequence, base));
    }
}

/// Sequences run from 0 to `i32::MAX` and start again at 0.
pub(super) fn next_sequence(last: i32) -> i32 {
    last.checked_add(1).unwrap_or(0)
}

/// The sequence of a batch's last record, wrapped as above.
pub(super) fn last_sequence(first: i32, last_offset_delta: i32) -> i32 {
    let last = i64::from(first) + i64::from(last_offset_delta);
    i32::try_from(last).unwrap_or_else(|_| (last - i64::from(i32::MAX) - 1) as i32)
}

fn gap(stamp: &Stamp, expected: i32) -> Refusal {
    Refusal::new(
        ResponseError::OutOfOrderSequenceNumber,
        format!("producer {} sent sequence {}, expected {expected}", stamp.producer_id, stamp.first_sequence),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn stamp(epoch: i16, first: i32, count: i32) -> Stamp {
        Stamp { producer_id: 7, epoch, first_sequence: first, last_sequence: last_sequence(first, count - 1) }
    }

    #[test]
    fn a_repeated_batch_is_answered_with_its_old_offset() {
        let mut producers = Producers::default();
        for (n, base) in (0..7).map(|n| (n * 10, i64::from(n) * 10)) {
            assert_eq!(producers.judge(&stamp(0, n, 10)).unwrap(), Verdict::Append);
            producers.appended(&stamp(0, n, 10), base);
        }
        assert_eq!(producers.judge(&stamp(0, 20, 10)).unwrap(), Verdict::Duplicate(20));
        assert_eq!(producers.judge(&stamp(0, 60, 10)).unwrap(), Verdict::Duplicate(60));
        // Older than the five remembered: no longer known to be a duplicate, but surely not the next one.
        let refusal = producers.judge(&stamp(0, 10, 10)).unwrap_err();
        assert_eq!(refusal.code, ResponseError::OutOfOrderSequenceNumber);
    }

    #[test]
    fn a_gap_is_refused_and_a_new_epoch_starts_at_zero() {
        let mut producers = Producers::default();
        producers.appended(&stamp(0, 0, 10), 0);
        assert_eq!(producers.judge(&stamp(0, 11, 1)).unwrap_err().code, ResponseError::OutOfOrderSequenceNumber);
        assert_eq!(producers.judge(&stamp(1, 10, 1)).unwrap_err().code, ResponseError::OutOfOrderSequenceNumber);
        assert_eq!(producers.judge(&stamp(1, 0, 1)).unwrap(), Verdict::Append);
        producers.appended(&stamp(1, 0, 1), 10);
        assert_eq!(producers.judge(&stamp(0, 10, 1)).unwrap_err().code, ResponseError::InvalidProducerEpoch);
    }

    #[test]
    fn sequences_wrap_after_the_largest() {
        let mut producers = Producers::default();
        producers.appended(&stamp(0, i32::MAX - 1, 4), 0);
        assert_eq!(last_sequence(i32::MAX - 1, 3), 1);
        assert_eq!(producers.judge(&stamp(0, 2, 1)).unwrap(), Verdict::Append);
    }

    #[test]
    fn hostile_producer_ids_do_not_pile_up() {
        let mut producers = Producers::default();
        for id in 0..5_000 {
            producers.appended(&Stamp { producer_id: id, epoch: 0, first_sequence: 0, last_sequence: 0 }, id);
        }
        assert_eq!(producers.known.len(), MAX_PRODUCERS);
        assert!(producers.known.contains_key(&4_999));
    }
}
