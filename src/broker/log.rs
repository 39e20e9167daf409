//! One partition's batches in memory: append, read from an offset, find a time.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::batch::Batch;
use super::error::Refusal;
use super::producers::{Producers, Verdict};

/// A batch at its place.
#[derive(Debug)]
struct Stored {
    last: i64,
    max_timestamp: i64,
    bytes: Bytes,
}

/// A partition's log. Offsets have no gaps but those that batches bring along.
#[derive(Debug, Default)]
pub(super) struct Log {
    batches: VecDeque<Stored>,
    start: i64,
    end: i64,
    retained: usize,
    producers: Producers,
}

/// Where an appended batch went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Appended {
    pub(super) base_offset: i64,
    /// It was there already; nothing was added.
    pub(super) duplicate: bool,
}

impl Log {
    /// The first offset there is.
    pub(super) fn start(&self) -> i64 {
        self.start
    }

    /// The offset that the next record gets: with one replica, the high watermark.
    pub(super) fn end(&self) -> i64 {
        self.end
    }

    /// Bytes of batches held.
    pub(super) fn retained(&self) -> usize {
        self.retained
    }

    /// Appends a batch that was checked, unless its producer sent it before.
    ///
    /// # Errors
    /// Those of [`Producers::judge`], and what `room` says when the batch is new.
    pub(super) fn append(
        &mut self,
        batch: &Batch,
        leader_epoch: i32,
        room: impl FnOnce(usize) -> Result<(), Refusal>,
    ) -> Result<Appended, Refusal> {
        if let Some(stamp) = &batch.stamp
            && let Verdict::Duplicate(base_offset) = self.producers.judge(stamp)?
        {
            return Ok(Appended { base_offset, duplicate: true });
        }
        room(batch.bytes.len())?;
        let base = self.end;
        let last = base.saturating_add(i64::from(batch.last_offset_delta));
        let bytes = batch.at(base, leader_epoch)?;
        if let Some(stamp) = &batch.stamp {
            self.producers.appended(stamp, base);
        }
        self.retained += bytes.len();
        self.batches.push_back(Stored { last, max_timestamp: batch.max_timestamp, bytes });
        self.end = last.saturating_add(1);
        Ok(Appended { base_offset: base, duplicate: false })
    }

    /// Whole batches from the one that holds `offset` on, up to `max` bytes; the first one even beyond it if
    /// `at_least_one`. Empty at the end of the log.
    pub(super) fn read(&self, offset: i64, max: usize, at_least_one: bool) -> Bytes {
        let from = self.batches.partition_point(|batch| batch.last < offset);
        let mut taken: usize = 0;
        let mut count = 0;
        for batch in self.batches.iter().skip(from) {
            let beyond = taken.saturating_add(batch.bytes.len()) > max;
            if beyond && !(at_least_one && count == 0) {
                break;
            }
            taken += batch.bytes.len();
            count += 1;
        }
        let mut batches = self.batches.iter().skip(from).take(count);
        if count == 1 {
            return batches.next().map(|batch| batch.bytes.clone()).unwrap_or_default();
        }
        let mut bytes = BytesMut::with_capacity(taken);
        batches.for_each(|batch| bytes.extend_from_slice(&batch.bytes));
        bytes.freeze()
    }

    /// Bytes from `offset` on, counted up to about `enough`.
    pub(super) fn available(&self, offset: i64, enough: usize) -> usize {
        let from = self.batches.partition_point(|batch| batch.last < offset);
        let mut bytes: usize = 0;
        for batch in self.batches.iter().skip(from) {
            bytes = bytes.saturating_add(batch.bytes.len());
            if bytes >= enough {
                break;
            }
        }
        bytes
    }

    /// The first batch that may hold a record as late as `timestamp`.
    pub(super) fn first_batch_since(&self, timestamp: i64) -> Option<&Bytes> {
        self.batches.iter().find(|batch| batch.max_timestamp >= timestamp).map(|batch| &batch.bytes)
    }

    /// The first of the batches with the latest timestamp, and that timestamp.
    pub(super) fn latest_batch(&self) -> Option<(i64, &Bytes)> {
        let latest = self.batches.iter().map(|batch| batch.max_timestamp).max()?;
        self.first_batch_since(latest).map(|bytes| (latest, bytes))
    }

    /// Forgets records before `offset`, whole batches at a time; the log starts there.
    pub(super) fn delete_before(&mut self, offset: i64) {
        self.start = self.start.max(offset.min(self.end));
        while self.batches.front().is_some_and(|batch| batch.last < self.start) {
            if let Some(gone) = self.batches.pop_front() {
                self.retained = self.retained.saturating_sub(gone.bytes.len());
            }
        }
    }
}
