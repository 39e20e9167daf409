//! Takes the records of a plan out of what is fetched, whatever the sizes and the order in which it arrives.
//!
//! No I/O and no clock: [`Sampling::wants`] says what to fetch next, [`Sampling::accept`] takes what came. A partition
//! reads one window at a time, as a Fetch request names a partition once.
//!
//! What is taken depends on the plan and on the log alone. A broker sends whole batches, so a window slides back to the
//! beginning of the batch that holds its start: only its last batch is then sent for a part of its records. It does not
//! slide if the window before it has read that batch already, nor if it is the partition's last, which ends where the
//! log does. From there it takes records, or from where the window before it ended if that slid past it, until it has
//! its number of them or its share of the bytes; unless the topic is read whole, the batches that it begins count too.
//! So no more than the records and one batch comes over the wire for it. When all have had their share, the windows
//! that were cut go on in (partition, offset) order with the bytes that the others left.

mod cursor;
mod source;

pub(crate) use source::{Broken, InBatch, Source, Taken};

use cursor::{Cost, Cursor, Cut, Progress, Room, rank, size};

use crate::discover::plan::Plan;
use crate::discover::sample::{Sample, Store};
use crate::infer::Reject;

/// The first fetch of a partition that is not read whole asks for no more than this, in bytes.
const FIRST_ASK: u64 = 4 << 10;
/// One fetch of one partition asks for no more than this, in bytes.
const LARGEST_ASK: u64 = 1 << 20;
/// A partition that answers nothing to an ask of this size has nothing more to say.
const GIVE_UP: u64 = 64 << 20;
/// Examples of undecodable records that are kept for each partition.
const EXAMPLES: usize = 16;

/// Something to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) max_bytes: u32,
    /// Nothing came the last time, as its next batch is larger: a broker answers the first partition of a request
    /// with a whole batch whatever its size.
    pub(crate) stuck: bool,
}

/// A topic that is being sampled.
#[derive(Debug)]
pub(crate) struct Sampling {
    planned: u64,
    budget: u64,
    whole: bool,
    partitions: Vec<Cursor>,
    phase: Phase,
    store: Store,
    taken: u64,
    taken_bytes: u64,
    /// What records cost on the wire, by those that were seen last.
    cost: Option<Cost>,
    /// How large a batch is, by that one.
    batch: u64,
    notes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Each window has its share of the bytes.
    Shares,
    /// One window that was cut goes on with what is left.
    Leftover {
        partition: usize,
        window: usize,
    },
    /// That window is done with; another may go on.
    Between,
    Done,
}

impl Sampling {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut sampling = Self {
            planned: plan.records(),
            budget: plan.bytes,
            whole: plan.whole,
            partitions: plan.partitions.iter().map(Cursor::new).collect(),
            phase: Phase::Shares,
            store: Store::default(),
            taken: 0,
            taken_bytes: 0,
            cost: None,
            batch: 0,
            notes: Vec::new(),
        };
        sampling.order_windows();
        sampling.settle_phase();
        sampling
    }

    fn order_windows(&mut self) {
        let mut order: Vec<(u32, usize, usize)> = Vec::new();
        for (p, cursor) in self.partitions.iter().enumerate() {
            let count = cursor.windows.len();
            order.extend((0..count).map(|w| (rank(w, count), p, w)));
        }
        order.sort_unstable();
        for (place, (_, p, w)) in (0..).zip(order) {
            if let Some(window) = self.partitions.get_mut(p).and_then(|cursor| cursor.windows.get_mut(w)) {
                window.order = place;
            }
        }
    }

    /// What to fetch next; nothing when it is done.
    pub(crate) fn wants(&mut self) -> Vec<Want> {
        let mut wants = Vec::new();
        for index in 0..self.partitions.len() {
            let bounds = self.bounds(index);
            let Some((at, room, _)) = bounds else {
                continue;
            };
            let want =
                self.partitions.get(index).and_then(|cursor| Some(self.want(cursor, cursor.windows.get(at)?, room)));
            if let (Some(want), Some(cursor)) = (want, self.partitions.get_mut(index)) {
                cursor.asked = u64::from(want.max_bytes);
                wants.push(want);
            }
        }
        wants
    }

    fn want(&self, cursor: &Cursor, window: &Progress, room: Room) -> Want {
        let room = if self.whole { room.bytes } else { room.bytes.min(room.wire) };
        let needs = self.cost(window.plan.records.saturating_sub(window.records)).min(room);
        // A part of a batch is of no use: whole ones, as large as they are here, and a little more as they vary.
        let batch = match cursor.batch.max(cursor.recent) {
            0 => self.batch.max(1),
            batch => batch,
        };
        let ask = match needs.div_ceil(batch).saturating_mul(batch) {
            ask if ask <= LARGEST_ASK => ask,
            _ => LARGEST_ASK - LARGEST_ASK % batch,
        };
        let ask = (ask.max(batch) + batch / 32).max(cursor.floor);
        Want {
            partition: cursor.partition,
            offset: cursor.next,
            stuck: cursor.floor > 1,
            max_bytes: u32::try_from(ask).unwrap_or(u32::MAX).min(i32::MAX as u32),
        }
    }

    /// What records are taken to cost on the wire, in bytes.
    fn cost(&self, records: u64) -> u64 {
        match self.cost {
            Some(cost) => cost.of(records),
            // As long as it is not known, too much costs nothing where all is wanted; elsewhere a few tell.
            None if self.whole => records.saturating_mul(512),
            None => records.saturating_mul(128).min(FIRST_ASK),
        }
    }

    /// The offset below which nothing of a partition is taken. It may be lower than the one that is fetched from, as
    /// the batch that is sent for that one begins before it.
    pub(crate) fn takes_from(&self, partition: i32) -> i64 {
        let cursor = self.partitions.iter().find(|cursor| cursor.partition == partition);
        cursor.map_or(i64::MAX, |cursor| match cursor.windows.get(cursor.window) {
            Some(window) if self.phase == Phase::Shares && window.records == 0 => cursor.from,
            _ => cursor.next,
        })
    }

    /// Takes what came from a partition, from [`Self::takes_from`] on. Below `stable` it is settled (the last stable
    /// offset; records at and after it may yet be aborted).
    pub(crate) fn accept(&mut self, partition: i32, stable: i64, source: &mut impl Source) {
        let Some(index) = self.partitions.iter().position(|cursor| cursor.partition == partition) else {
            return;
        };
        let before = (self.taken, self.taken_bytes);
        let Some(cursor) = self.partitions.get_mut(index) else {
            return;
        };
        if stable < cursor.end {
            cursor.end = stable;
            cursor.unread = Some(format!("partition {partition} ends at offset {stable}, where a transaction is open"));
        }
        let asked = cursor.next;
        let (mut seen, mut more) = (Cost::default(), true);
        let mut batch = None;
        while more && let Some(next) = source.next() {
            seen.records += 1;
            more = match next {
                Ok(record) => {
                    if batch.replace(record.batch.base) != Some(record.batch.base) {
                        seen.wire += record.batch.length;
                        self.batch = record.batch.length;
                    }
                    self.take(index, record)
                }
                // What was sent is the batch that was asked for, even if it does not say so.
                Err(broken) if broken.last < asked => {
                    self.give_up_on(index, &Broken { first: asked, last: asked, ..broken })
                }
                Err(broken) => self.give_up_on(index, &broken),
            };
        }
        if more {
            self.ran_out(index, source.resume(), asked, source.needs(), seen.records);
        }
        self.learn(seen, before);
        self.settle_phase();
    }

    /// A partition cannot be read, or not further.
    pub(crate) fn fail(&mut self, partition: i32, reason: &str) {
        if let Some(cursor) = self.partitions.iter_mut().find(|cursor| cursor.partition == partition) {
            cursor.unread = Some(format!("partition {partition}: {reason}"));
            cursor.failed = true;
            self.abandon(partition);
            self.settle_phase();
        }
    }

    /// Records before `earliest` are gone since the run started: reading goes on there. False if that is no news.
    pub(crate) fn skip_to(&mut self, partition: i32, earliest: i64) -> bool {
        match self.partitions.iter_mut().find(|cursor| cursor.partition == partition) {
            Some(cursor) if cursor.next < earliest => {
                cursor.next = earliest;
                cursor.from = cursor.from.max(earliest);
                if let Some(window) = cursor.windows.get_mut(cursor.window) {
                    window.from = window.from.max(earliest);
                }
                if earliest >= cursor.end {
                    self.abandon(partition);
                    self.settle_phase();
                }
                true
            }
            _ => false,
        }
    }

    /// Reads no further in a partition.
    fn abandon(&mut self, partition: i32) {
        for (index, cursor) in self.partitions.iter_mut().enumerate() {
            if cursor.partition == partition {
                cursor.window = cursor.windows.len();
                if matches!(self.phase, Phase::Leftover { partition, .. } if partition == index) {
                    self.phase = Phase::Between;
                }
            }
        }
    }

    /// Something besides its partitions that keeps it from being read whole.
    pub(crate) fn note(&mut self, unread: &str) {
        self.notes.push(unread.to_owned());
    }

    /// Records taken so far, undecodable ones included.
    pub(crate) fn records(&self) -> u64 {
        self.taken
    }

    pub(crate) fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// Whether anything was sampled yet.
    pub(crate) fn has_records(&self) -> bool {
        self.taken > 0
    }

    /// Bytes of memory held.
    pub(crate) fn held(&self) -> usize {
        self.store.held()
    }

    /// Bytes of memory that it will hold when it is done, by what was seen so far; `guess` is the size of a record
    /// for as long as there is none.
    pub(crate) fn estimate(&self, guess: u64) -> u64 {
        let each = match self.store.len() as u64 {
            0 => guess,
            n => (self.taken_bytes / n).saturating_mul(9) / 8,
        };
        let bytes = self.planned.saturating_mul(each).min(self.budget);
        bytes.saturating_add(self.planned.saturating_mul(48)).max(self.held() as u64)
    }

    /// The mean size of a record's key and value, if any was taken.
    pub(crate) fn mean(&self) -> Option<u64> {
        self.taken_bytes.checked_div(self.store.len() as u64)
    }

    /// The sample, as far as it got. `stopped` says why it got no further.
    pub(crate) fn finish(mut self, stopped: Option<&str>) -> Sample {
        let kept = self.within_budget();
        self.store.settle(|partition, window| kept.binary_search(&(partition, window)).is_ok());
        let cut = self.partitions.iter().any(|c| c.windows.iter().any(|w| w.cut.is_some()));
        let done = self.is_done();
        let mut sample = Sample::new(self.store);
        for cursor in self.partitions {
            sample.undecoded += cursor.undecoded;
            sample.rejects.extend(cursor.rejects);
            sample.unread.extend(cursor.unread);
            sample.failed |= cursor.failed;
        }
        sample.failed |= !self.notes.is_empty();
        sample.unread.extend(self.notes);
        if let (false, Some(stopped)) = (done, stopped) {
            sample.unread.push(stopped.to_owned());
        }
        sample.rejects.sort_by_key(|reject| (reject.partition, reject.offset));
        sample.complete = self.whole && done && !cut && sample.unread.is_empty();
        sample
    }

    /// The windows to keep. A window may take its first record even if that is more than its share, as a topic of
    /// large records would otherwise be seen at its head only; where that overdraws the budget, the windows that say
    /// least go again.
    fn within_budget(&mut self) -> Vec<(i32, usize)> {
        let mut windows: Vec<(u64, i32, usize)> = Vec::new();
        for cursor in &self.partitions {
            windows.extend((0..).zip(&cursor.windows).map(|(w, window)| (window.order, cursor.partition, w)));
        }
        windows.sort_unstable();
        let mut room = self.budget;
        let mut kept: Vec<(i32, usize)> = Vec::with_capacity(windows.len());
        for (order, partition, w) in windows {
            let cursor = self.partitions.iter_mut().find(|cursor| cursor.partition == partition);
            let Some(window) = cursor.and_then(|cursor| cursor.windows.get_mut(w)) else {
                continue;
            };
            // The first window stays in any case: one record larger than the budget is better than none.
            if window.bytes <= room || order == 0 {
                room = room.saturating_sub(window.bytes);
                kept.push((partition, w));
            } else {
                window.cut = Some(Cut { offset: window.from, size: window.bytes });
            }
        }
        kept.sort_unstable();
        kept
    }

    /// Whether a window may take a record.
    fn has_room(&self, window: &Progress, record: &Taken<'_>, room: Room) -> bool {
        let size = size(record);
        if window.records == 0 && self.phase == Phase::Shares {
            // If all windows that say more took as large a record, the budget would hold them.
            let overdraws = window.order == 0 || size.saturating_mul(window.order + 1) <= self.budget;
            return size <= room.bytes || overdraws;
        }
        size <= room.bytes
    }

    /// Whether a batch may be begun.
    fn may_begin(&self, room: Room) -> bool {
        self.whole || room.wire > 0
    }

    /// What a window has left of its share.
    fn share_left(window: &Progress) -> Room {
        Room {
            bytes: window.plan.bytes.saturating_sub(window.bytes),
            wire: window.plan.bytes.saturating_sub(window.wire),
        }
    }

    /// What all windows left of the budget.
    fn leftover(&self) -> Room {
        let windows = self.partitions.iter().flat_map(|cursor| &cursor.windows);
        Room {
            bytes: self.budget.saturating_sub(self.taken_bytes),
            wire: self.budget.saturating_sub(windows.map(|window| window.bytes.max(window.wire)).sum()),
        }
    }

    /// The window that `index` is reading, and the room and the end that it has.
    fn bounds(&self, index: usize) -> Option<(usize, Room, i64)> {
        let cursor = self.partitions.get(index)?;
        match self.phase {
            Phase::Shares => {
                let window = cursor.windows.get(cursor.window)?;
                Some((cursor.window, Self::share_left(window), cursor.end))
            }
            Phase::Leftover { partition, window } if partition == index => {
                let end = cursor.windows.get(window + 1).map_or(cursor.end, |next| next.from.min(cursor.end));
                Some((window, self.leftover(), end))
            }
            _ => None,
        }
    }

    /// Takes a record, or leaves it; says whether more are wanted.
    fn take(&mut self, index: usize, record: Taken<'_>) -> bool {
        let size = size(&record);
        loop {
            let Some((at, room, end)) = self.bounds(index) else {
                return false;
            };
            if record.offset >= end {
                return self.close(index, end);
            }
            let Some((cursor, window)) = self.partitions.get(index).and_then(|c| Some((c, c.windows.get(at)?))) else {
                return false;
            };
            let begins = self.phase == Phase::Shares && window.records == 0;
            let from = if begins { cursor.begins(at, window, &record.batch) } else { cursor.next };
            if record.offset < from {
                return true;
            }
            let full = window.records >= window.plan.records;
            let begun = window.batch == Some(record.batch.base) || cursor.read == Some(record.batch.base);
            let paid = begun || self.may_begin(room);
            // A window that says much may take its first record even beyond its share.
            let over = !self.has_room(window, &record, room) || !(paid || begins);
            let Some(cursor) = self.partitions.get_mut(index) else {
                return false;
            };
            let Some(window) = cursor.windows.get_mut(at) else {
                return false;
            };
            if begins {
                window.from = record.offset;
            }
            if full || over {
                if !full {
                    window.cut = Some(Cut { offset: record.offset, size: if paid { size } else { 1 } });
                }
                // The record may be the next window's.
                if self.close(index, record.offset) {
                    continue;
                }
                return false;
            }
            window.records += 1;
            window.bytes += size;
            window.batch = Some(record.batch.base);
            if !begun {
                window.wire += record.batch.length;
                cursor.recent = cursor.recent.max(record.batch.length);
            }
            cursor.read = window.batch;
            cursor.next = record.offset + 1;
            self.taken += 1;
            self.taken_bytes += size;
            self.store.push(cursor.partition, at, record.offset, record.key, record.value);
            return true;
        }
    }

    /// Counts a run of offsets that could not be decoded as if its records had been taken.
    fn give_up_on(&mut self, index: usize, broken: &Broken) -> bool {
        loop {
            let Some((at, _, end)) = self.bounds(index) else {
                return false;
            };
            if broken.first >= end {
                return self.close(index, end);
            }
            let Some(cursor) = self.partitions.get_mut(index) else {
                return false;
            };
            if broken.last < cursor.next {
                return true;
            }
            let begins = self.phase == Phase::Shares && cursor.windows.get(at).is_some_and(|w| w.records == 0);
            let slides = begins && cursor.slides(at);
            let first = broken.first.max(if slides { cursor.from } else { cursor.next });
            let Some(window) = cursor.windows.get_mut(at) else {
                return false;
            };
            if begins {
                window.from = first;
            }
            let last = broken.last.min(end - 1);
            let room = window.plan.records.saturating_sub(window.records);
            if room == 0 {
                if self.close(index, first) {
                    continue;
                }
                return false;
            }
            let lost = u64::try_from(i128::from(last) - i128::from(first) + 1).unwrap_or(1);
            window.records += lost.min(room);
            cursor.undecoded += lost.min(room);
            cursor.next = last.saturating_add(1);
            self.taken += lost.min(room);
            if cursor.rejects.len() < EXAMPLES {
                cursor.rejects.push(Reject {
                    partition: cursor.partition,
                    offset: first,
                    reason: broken.reason.clone(),
                });
            }
            return true;
        }
    }

    /// A fetch was used up before its window was done.
    fn ran_out(&mut self, index: usize, resume: i64, asked: i64, needs: u64, seen: u64) {
        let Some((at, room, end)) = self.bounds(index) else {
            return;
        };
        let may_begin = self.may_begin(room);
        let Some(cursor) = self.partitions.get_mut(index) else {
            return;
        };
        cursor.next = cursor.next.max(resume);
        let next = cursor.next;
        let Some(window) = cursor.windows.get_mut(at) else {
            return;
        };
        let full = window.records >= window.plan.records;
        // What comes next is another batch.
        let cut = !full && !may_begin && window.records > 0 && next < end;
        if cut {
            window.cut = Some(Cut { offset: next, size: 1 });
        }
        if full || cut || next >= end {
            self.close(index, next.min(end).max(asked));
        } else if next == asked && seen == 0 {
            // A batch larger than what was asked for, or nothing at all.
            let more = cursor.asked.saturating_mul(if self.whole { 4 } else { 2 });
            cursor.floor = if needs > cursor.asked { needs } else { more };
            if cursor.floor > GIVE_UP {
                let partition = cursor.partition;
                self.fail(partition, &format!("nothing is readable at offset {asked}"));
            }
        } else {
            cursor.floor = 1;
            cursor.recent = cursor.recent.max(needs).min(GIVE_UP);
        }
    }

    /// Ends the window that a partition is reading; `at` is where the records go on. Says whether there is another.
    fn close(&mut self, index: usize, at: i64) -> bool {
        let Some(cursor) = self.partitions.get_mut(index) else {
            return false;
        };
        cursor.floor = 1;
        // Batches that were larger elsewhere are forgotten by and by.
        cursor.batch = (cursor.batch / 2).max(std::mem::take(&mut cursor.recent));
        if self.phase != Phase::Shares {
            cursor.next = at;
            self.phase = Phase::Between;
            return false;
        }
        cursor.from = cursor.from.max(at);
        cursor.window += 1;
        while let Some(window) = cursor.windows.get_mut(cursor.window) {
            window.from = window.plan.start.max(at);
            cursor.next = window.from;
            if window.from < cursor.end {
                return true;
            }
            cursor.window += 1;
        }
        false
    }

    /// Goes on to the leftovers when every window had its share, and from one of them to the next.
    fn settle_phase(&mut self) {
        let left = self.leftover();
        match self.phase {
            Phase::Shares if self.partitions.iter().any(|cursor| cursor.window < cursor.windows.len()) => return,
            // Going on reads a batch again: not for crumbs, unless they may make the topic whole.
            Phase::Shares if !self.whole && left.bytes.min(left.wire) < self.budget / 16 => {
                self.phase = Phase::Done;
                return;
            }
            Phase::Shares | Phase::Between => {}
            Phase::Leftover { .. } | Phase::Done => return,
        }
        self.phase = Phase::Done;
        let may_begin = self.may_begin(left);
        for (p, cursor) in self.partitions.iter_mut().enumerate().filter(|(_, cursor)| !cursor.failed) {
            for (w, window) in cursor.windows.iter_mut().enumerate() {
                if let Some(cut) = window.cut.take_if(|cut| cut.size <= left.bytes && may_begin) {
                    cursor.next = cut.offset;
                    cursor.floor = 1;
                    self.phase = Phase::Leftover { partition: p, window: w };
                    return;
                }
            }
        }
    }

    /// Learns what a record costs on the wire.
    fn learn(&mut self, seen: Cost, before: (u64, u64)) {
        let (records, bytes) = (self.taken - before.0, self.taken_bytes - before.1);
        if seen.wire > 0 {
            // A batch that was looked into for some of its records only says too much.
            let most = bytes.checked_div(records).map_or(u64::MAX, |size| seen.records.saturating_mul(size + 24));
            self.cost = Some(Cost { wire: seen.wire.min(most), records: seen.records });
        }
    }
}

#[cfg(test)]
mod tests;
