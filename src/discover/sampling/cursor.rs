//! Where a partition stands, and what each of its windows took.

use crate::discover::plan::{PartitionPlan, Window};
use crate::discover::sampling::{InBatch, Taken};
use crate::infer::Reject;

/// Where a partition stands.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) partition: i32,
    pub(super) end: i64,
    pub(super) windows: Vec<Progress>,
    /// The window being read; past the last one when all had their turn.
    pub(super) window: usize,
    pub(super) next: i64,
    /// Where the window before ended: nothing below it is taken.
    pub(super) from: i64,
    /// What was asked for last, in bytes.
    pub(super) asked: u64,
    /// The least to ask for: it grows when a batch does not fit.
    pub(super) floor: u64,
    /// The base offset of the batch that a record was taken from last.
    pub(super) read: Option<i64>,
    /// How large the batches are around here, in bytes: those of the windows before, and those of this one.
    pub(super) batch: u64,
    pub(super) recent: u64,
    pub(super) undecoded: u64,
    pub(super) rejects: Vec<Reject>,
    /// Why it was not read to its end.
    pub(super) unread: Option<String>,
    pub(super) failed: bool,
}

/// What a window took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) plan: Window,
    /// Its place when all windows of the topic are ordered by how much they say.
    pub(super) order: u64,
    /// Where it really starts, once it does.
    pub(super) from: i64,
    pub(super) records: u64,
    pub(super) bytes: u64,
    /// Bytes of the batches that its records lie in, and the last of those.
    pub(super) wire: u64,
    pub(super) batch: Option<i64>,
    pub(super) cut: Option<Cut>,
}

/// What records cost on the wire, in bytes of batches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) wire: u64,
    pub(super) records: u64,
}

impl Cost {
    /// What so many records cost, in bytes.
    pub(super) fn of(self, records: u64) -> u64 {
        let cost = u128::from(records) * u128::from(self.wire) / u128::from(self.records.max(1));
        u64::try_from(cost).unwrap_or(u64::MAX)
    }
}

/// Bytes of keys and values that may yet be taken, and bytes of batches that may yet be begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) bytes: u64,
    pub(super) wire: u64,
}

/// A record that had no room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) offset: i64,
    pub(super) size: u64,
}

impl Cursor {
    pub(super) fn new(plan: &PartitionPlan) -> Self {
        let start = plan.windows.first().map_or(plan.end, |window| window.start);
        Self {
            partition: plan.partition,
            end: plan.end,
            next: start,
            from: start,
            windows: plan
                .windows
                .iter()
                .map(|window| Progress {
                    plan: *window,
                    order: 0,
                    from: window.start,
                    records: 0,
                    bytes: 0,
                    wire: 0,
                    batch: None,
                    cut: None,
                })
                .collect(),
            window: 0,
            asked: 0,
            floor: 1,
            read: None,
            batch: 0,
            recent: 0,
            undecoded: 0,
            rejects: Vec::new(),
            unread: None,
            failed: false,
        }
    }

    /// Whether a window slides back to the beginning of a batch: all but the last, which ends where the log does.
    pub(super) fn slides(&self, window: usize) -> bool {
        window + 1 < self.windows.len()
    }

    /// The offset from which a window that has no records yet takes some of this batch.
    pub(super) fn begins(&self, at: usize, window: &Progress, batch: &InBatch) -> i64 {
        let start = window.plan.start.max(self.from);
        if batch.last >= start && self.slides(at) && self.read != Some(batch.base) { self.from } else { start }
    }
}

pub(super) fn size(record: &Taken<'_>) -> u64 {
    (record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len)) as u64
}

/// Which of a partition's windows to keep first: the head, the tail, then halves, quarters and so on.
pub(super) fn rank(window: usize, count: usize) -> u32 {
    if window == 0 {
        0
    } else if window + 1 == count {
        1
    } else {
        2 + (u32::try_from(window).unwrap_or(u32::MAX).reverse_bits() >> 28)
    }
}
