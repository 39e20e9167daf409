//! Rows on their way: an open batch for each partition, those that are ready, and which may be sent now.
//!
//! No I/O and no clock: the sink's task asks it what to do next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::record::{BatchWriter, Batches, Inflater};
use crate::sink::delivery::Pending;
use crate::sink::{Delivery, Error, Options};

/// The largest batch that is built: one row of it. What the brokers accept is theirs to say.
const MAX_BATCH: usize = 64 << 20;

/// The rows of all partitions that are not answered for.
#[derive(Debug)]
pub(super) struct Queue {
    partitions: Vec<Partition>,
    linger: Duration,
    /// Where a batch ends; less than what was asked for once a batch was too large for the brokers.
    batch_bytes: usize,
    buffer_bytes: usize,
    /// Bytes of batches that are open, ready, or in flight, before compression.
    held: usize,
    broken: Option<Arc<Error>>,
}

#[derive(Debug)]
struct Partition {
    open: Option<Batch>,
    ready: VecDeque<Batch>,
    in_flight: bool,
    /// The producer's epoch in this partition.
    epoch: i16,
    /// The sequence number of the next batch's first record (KIP-98): only moved on by an acknowledged batch.
    sequence: i32,
}

/// Rows that are sent together.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) partition: i32,
    pub(super) writer: BatchWriter,
    /// Who waits for what becomes of them.
    pub(super) pending: Pending,
    /// What the partition's brokers know it by; of a batch that is sent.
    pub(super) epoch: i16,
    /// As `epoch`.
    pub(super) sequence: i32,
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

impl Batch {
    fn new(partition: i32, opened: Instant) -> Self {
        let (writer, pending) = (BatchWriter::new(MAX_BATCH), Pending::new(partition));
        Self { partition, writer, pending, epoch: -1, sequence: -1, opened }
    }

    /// The same rows in two batches or more, all but those of a single row of at most half its size: what is done when
    /// the brokers find it too large. `records` is what was sent of it. It comes back if it cannot be divided.
    pub(super) fn divide(self, records: &[u8], bytes: usize) -> Result<Vec<Batch>, Box<Batch>> {
        let Some(writers) = halves(records, bytes / 2) else { return Err(Box::new(self)) };
        let Self { partition, mut pending, opened, .. } = self;
        let part = |writer: BatchWriter| {
            let pending = pending.split_off(writer.len() as u32);
            Self { partition, writer, pending, epoch: -1, sequence: -1, opened }
        };
        Ok(writers.into_iter().map(part).collect())
    }
}

impl Queue {
    pub(super) fn new(partitions: usize, epoch: i16, options: &Options) -> Self {
        let partition = || Partition { open: None, ready: VecDeque::new(), in_flight: false, epoch, sequence: 0 };
        Self {
            partitions: (0..partitions).map(|_| partition()).collect(),
            linger: options.linger,
            batch_bytes: options.batch_bytes,
            buffer_bytes: options.buffer_bytes,
            held: 0,
            broken: None,
        }
    }

    /// Whether all rows are answered for.
    pub(super) fn is_empty(&self) -> bool {
        self.partitions.iter().all(|p| p.open.is_none() && p.ready.is_empty() && !p.in_flight)
    }

    /// Whether the next row has to wait.
    pub(super) fn is_full(&self) -> bool {
        self.held >= self.buffer_bytes && self.broken.is_none()
    }

    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Why nothing is sent any more.
    pub(super) fn broken(&self) -> Option<&Arc<Error>> {
        self.broken.as_ref()
    }

    /// Adds a record; true if the sink's task has something to do now. On an error nothing has changed.
    pub(super) fn push(
        &mut self,
        partition: u32,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        now: Instant,
    ) -> Result<(Delivery, bool), Box<Error>> {
        if let Some(cause) = &self.broken {
            return Err(Box::new(Error::Broken(cause.clone())));
        }
        let number = i32::try_from(partition).unwrap_or(i32::MAX);
        let slot = self.partitions.get_mut(partition as usize).ok_or_else(|| Box::new(Error::NoPartition(number)))?;
        let bytes = key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len);
        if let Some(open) = slot.open.as_mut().filter(|open| open.writer.size() + bytes <= self.batch_bytes) {
            let before = open.writer.size();
            open.writer.push(timestamp, key, value, &[]).map_err(|error| Box::new(error.into()))?;
            self.held += open.writer.size() - before;
            let delivery = open.pending.add();
            return Ok((delivery, self.held >= self.buffer_bytes));
        }
        // A row that no batch can hold leaves the open one as it is.
        let mut batch = Batch::new(number, now);
        batch.writer.push(timestamp, key, value, &[]).map_err(|error| Box::new(error.into()))?;
        self.held += batch.writer.size();
        let delivery = batch.pending.add();
        slot.ready.extend(slot.open.replace(batch));
        Ok((delivery, true))
    }

    /// Lets no batch wait for more rows.
    pub(super) fn close_open(&mut self) {
        for slot in &mut self.partitions {
            slot.ready.extend(slot.open.take());
        }
    }

    /// What may be sent at `now`: of each partition the oldest batch that is full or has lingered long enough, if none
    /// of it is in flight (so that order holds whatever is retried). No batch lingers while the buffer is full.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        let mut batches = Vec::new();
        let mut wait: Option<Instant> = None;
        let full = self.is_full();
        // A linger beyond the end of time waits for a full batch or a flush.
        let until = |batch: &Batch| batch.opened.checked_add(self.linger);
        for slot in self.partitions.iter_mut().filter(|slot| !slot.in_flight) {
            let due = |batch: &mut Batch| full || until(batch).is_some_and(|until| now >= until);
            let batch = slot.ready.pop_front().or_else(|| slot.open.take_if(due));
            if let Some(mut batch) = batch {
                slot.in_flight = true;
                (batch.epoch, batch.sequence) = (slot.epoch, slot.sequence);
                batches.push(batch);
            } else if let Some(until) = slot.open.as_ref().and_then(until) {
                wait = Some(wait.map_or(until, |wait| wait.min(until)));
            }
        }
        if batches.is_empty() { Next::Wait(wait) } else { Next::Send(batches) }
    }

    /// A batch of so many bytes and rows is in the log.
    pub(super) fn written(&mut self, partition: i32, bytes: usize, rows: u32) {
        if let Some(slot) = self.slot(partition) {
            // From `i32::MAX` on they start again at 0.
            slot.sequence = ((i64::from(slot.sequence) + i64::from(rows)) % (1 << 31)) as i32;
        }
        self.land(partition, bytes);
    }

    /// A batch is not in the log and will not be. What comes next begins a new epoch: with the same sequence number,
    /// brokers that have the batch after all, from an attempt whose answer was lost, would take it for that batch and
    /// acknowledge it unread. False, and nothing done, if there is no epoch left.
    pub(super) fn given_up(&mut self, partition: i32, bytes: usize) -> bool {
        if let Some(slot) = self.slot(partition) {
            let Some(epoch) = slot.epoch.checked_add(1) else { return false };
            (slot.epoch, slot.sequence) = (epoch, 0);
        }
        self.land(partition, bytes);
        true
    }

    /// A batch is too large for the brokers: it goes in parts, before all others and under its own sequence number, so
    /// that brokers that have it after all refuse the parts. Later batches are made no larger than its half. If nothing
    /// is sent any more, the parts come back.
    pub(super) fn divided(&mut self, partition: i32, bytes: usize, parts: Vec<Batch>) -> Vec<Batch> {
        if self.broken.is_some() {
            return parts;
        }
        self.batch_bytes = self.batch_bytes.min(bytes / 2);
        self.held += parts.iter().map(|part| part.writer.size()).sum::<usize>();
        if let Some(slot) = self.slot(partition) {
            for part in parts.into_iter().rev() {
                slot.ready.push_front(part);
            }
        }
        self.land(partition, bytes);
        Vec::new()
    }

    /// The partition's batch is no longer in flight.
    pub(super) fn land(&mut self, partition: i32, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
        if let Some(slot) = self.slot(partition) {
            slot.in_flight = false;
        }
    }

    fn slot(&mut self, partition: i32) -> Option<&mut Partition> {
        usize::try_from(partition).ok().and_then(|index| self.partitions.get_mut(index))
    }

    /// Nothing can be sent any more: takes all that waits. What is in flight is still to be answered for.
    pub(super) fn abandon(&mut self, cause: &Arc<Error>) -> Vec<Batch> {
        self.broken.get_or_insert_with(|| cause.clone());
        self.close_open();
        let batches: Vec<Batch> = self.partitions.iter_mut().flat_map(|slot| slot.ready.drain(..)).collect();
        self.held = self.held.saturating_sub(batches.iter().map(|batch| batch.writer.size()).sum());
        batches
    }
}

/// The records of a batch in batches of at most `limit` bytes, or of one record.
fn halves(records: &[u8], limit: usize) -> Option<Vec<BatchWriter>> {
    let batch = Batches::new(records).next()?.ok()?;
    let mut inflater = Inflater::new(2 * MAX_BATCH);
    let mut parts = Vec::new();
    let mut open = BatchWriter::new(MAX_BATCH);
    for record in batch.records(&mut inflater).ok()? {
        let record = record.ok()?;
        let bytes = record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len);
        if !open.is_empty() && open.size() + bytes > limit {
            parts.push(std::mem::replace(&mut open, BatchWriter::new(MAX_BATCH)));
        }
        open.push(record.timestamp, record.key, record.value, &[]).ok()?;
    }
    parts.push(open);
    (parts.len() > 1).then_some(parts)
}
