//! Rows on their way: an open batch for each partition, those that are ready, and which may be sent now.
//!
//! No I/O and no clock: the sink's task asks it what to do next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::record::BatchWriter;
use crate::sink::delivery::BatchOutcome;
use crate::sink::{Delivery, Error};

/// The largest batch that is built: one row of it. What the brokers accept is theirs to say.
const MAX_BATCH: usize = 64 << 20;

/// The rows of all partitions that are not answered for.
#[derive(Debug)]
pub(super) struct Queue {
    partitions: Vec<Partition>,
    linger: Duration,
    batch_bytes: usize,
    /// Bytes of rows that are buffered or in flight.
    pub(super) held: usize,
    /// Send what is there, full or not.
    pub(super) flushing: bool,
    /// No batch can be sent any more, and why.
    pub(super) broken: Option<Arc<Error>>,
}

#[derive(Debug, Default)]
struct Partition {
    open: Option<Batch>,
    full: VecDeque<Batch>,
    in_flight: bool,
    /// The sequence number of the next batch's first record (KIP-98): only moved on by an acknowledged batch.
    sequence: i32,
}

/// Rows that are sent together.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) partition: i32,
    pub(super) writer: BatchWriter,
    pub(super) outcome: Arc<BatchOutcome>,
    pub(super) sequence: i32,
    pub(super) bytes: usize,
    opened: Instant,
}

/// What the sink's task does next.
#[derive(Debug)]
pub(super) enum Next {
    /// Send these, one of a partition at most.
    Send(Vec<Batch>),
    /// Wait for news, or until then.
    Wait(Option<Instant>),
}

impl Queue {
    pub(super) fn new(partitions: usize, linger: Duration, batch_bytes: usize) -> Self {
        Self {
            partitions: (0..partitions).map(|_| Partition::default()).collect(),
            linger,
            batch_bytes,
            held: 0,
            flushing: false,
            broken: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.partitions.iter().all(|p| p.open.is_none() && p.full.is_empty() && !p.in_flight)
    }

    /// Adds a record; true if the sink's task has something to do now.
    pub(super) fn push(
        &mut self,
        partition: u32,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        now: Instant,
    ) -> Result<(Delivery, bool), Error> {
        if let Some(cause) = &self.broken {
            return Err(Error::Broken(cause.clone()));
        }
        let index = partition;
        let partition = i32::try_from(index).unwrap_or(i32::MAX);
        let slot = self.partitions.get_mut(index as usize).ok_or(Error::NoPartition(partition))?;
        let size = key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len);
        let mut wake = false;
        if let Some(open) = slot.open.take_if(|open| open.bytes + size > self.batch_bytes) {
            slot.full.push_back(open);
            wake = true;
        }
        let open = slot.open.get_or_insert_with(|| {
            wake = true;
            Batch {
                partition,
                writer: BatchWriter::new(MAX_BATCH),
                outcome: Arc::new(BatchOutcome::new(partition)),
                sequence: 0,
                bytes: 0,
                opened: now,
            }
        });
        let index = open.writer.len() as u32;
        open.writer.push(timestamp, key, value, &[])?;
        open.bytes += size;
        self.held += size;
        Ok((Delivery { batch: open.outcome.clone(), index }, wake))
    }

    /// What may be sent at `now`: of each partition the oldest batch that is full, lingered long enough, or flushed,
    /// if none of it is in flight (so that order holds whatever is retried).
    pub(super) fn next(&mut self, now: Instant) -> Next {
        let mut batches = Vec::new();
        let mut wait: Option<Instant> = None;
        for slot in self.partitions.iter_mut().filter(|slot| !slot.in_flight) {
            let due = |batch: &mut Batch| self.flushing || now >= batch.opened + self.linger;
            let batch = slot.full.pop_front().or_else(|| slot.open.take_if(due));
            if let Some(mut batch) = batch {
                slot.in_flight = true;
                batch.sequence = slot.sequence;
                batches.push(batch);
            } else if let Some(open) = &slot.open {
                let due = open.opened + self.linger;
                wait = Some(wait.map_or(due, |wait| wait.min(due)));
            }
        }
        if batches.is_empty() { Next::Wait(wait) } else { Next::Send(batches) }
    }

    /// A batch was answered for. Sequence numbers wrap from `i32::MAX` to 0, as Kafka has them.
    pub(super) fn answered(&mut self, partition: i32, bytes: usize, acknowledged: Option<u32>) {
        self.held = self.held.saturating_sub(bytes);
        if let Some(slot) = usize::try_from(partition).ok().and_then(|index| self.partitions.get_mut(index)) {
            slot.in_flight = false;
            if let Some(records) = acknowledged {
                slot.sequence = ((i64::from(slot.sequence) + i64::from(records)) % (1 << 31)) as i32;
            }
        }
    }

    /// Nothing can be sent any more: takes all that waits.
    pub(super) fn abandon(&mut self, cause: Arc<Error>) -> Vec<Batch> {
        self.broken = Some(cause);
        let batches: Vec<Batch> =
            self.partitions.iter_mut().flat_map(|slot| slot.full.drain(..).chain(slot.open.take())).collect();
        self.held = self.held.saturating_sub(batches.iter().map(|batch| batch.bytes).sum());
        batches
    }
}
