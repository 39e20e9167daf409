//! The sampled records of a topic, copied out of the frames that they came in: one arena, freed as a whole.

use crate::infer::{Message, Reject};

/// A chunk starts small, as most topics are, and doubles up to this.
const LARGEST_CHUNK: usize = 256 << 10;
const SMALLEST_CHUNK: usize = 4 << 10;

/// Sampled records.
#[derive(Debug, Default)]
pub(crate) struct Store {
    chunks: Vec<Vec<u8>>,
    entries: Vec<Entry>,
    capacity: usize,
}

/// Where a record's bytes are.
#[derive(Clone, Copy, Debug)]
struct Entry {
    offset: i64,
    partition: i32,
    window: u32,
    chunk: u32,
    start: u32,
    /// One more than its length, as 0 says that there is none.
    key: u32,
    /// One more than its length; 0 is a tombstone.
    value: u32,
}

/// The sample of one topic, by partition and offset.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    store: Store,
    /// How many partitions records were sampled from.
    pub(crate) partitions: u64,
    /// Bytes of keys and values.
    pub(crate) bytes: u64,
    /// Records that could not be decoded at all.
    pub(crate) undecoded: u64,
    /// Some of those.
    pub(crate) rejects: Vec<Reject>,
    /// Whether every record that was there at the start is in it.
    pub(crate) complete: bool,
    /// Partitions that could not be read, or not to their end, and why.
    pub(crate) unread: Vec<String>,
    /// Whether some of those failed.
    pub(crate) failed: bool,
}

impl Store {
    /// Copies a record in.
    pub(crate) fn push(
        &mut self,
        partition: i32,
        window: usize,
        offset: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) {
        let (key_bytes, value_bytes) = (key.unwrap_or_default(), value.unwrap_or_default());
        let size = key_bytes.len() + value_bytes.len();
        let fits = |chunk: &Vec<u8>| chunk.capacity() - chunk.len() >= size;
        if !self.chunks.last().is_some_and(fits) {
            let chunk = self.capacity.clamp(SMALLEST_CHUNK, LARGEST_CHUNK).max(size);
            self.capacity += chunk;
            self.chunks.push(Vec::with_capacity(chunk));
        }
        let Some(chunk) = self.chunks.last_mut() else {
            return;
        };
        let start = chunk.len();
        chunk.extend_from_slice(key_bytes);
        chunk.extend_from_slice(value_bytes);
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.entries.push(Entry {
            offset,
            partition,
            window: narrow(window),
            chunk: narrow(self.chunks.len() - 1),
            start: narrow(start),
            key: key.map_or(0, |key| narrow(key.len() + 1)),
            value: value.map_or(0, |value| narrow(value.len() + 1)),
        });
    }

    /// Bytes of memory that it holds.
    pub(crate) fn held(&self) -> usize {
        self.capacity + self.entries.capacity() * size_of::<Entry>()
    }

    /// Records in it.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Puts the records in order and leaves out those of the windows that `keep` does not want.
    pub(crate) fn settle(&mut self, keep: impl Fn(i32, usize) -> bool) {
        self.entries.retain(|entry| keep(entry.partition, entry.window as usize));
        self.entries.sort_unstable_by_key(|entry| (entry.partition, entry.offset));
    }

    fn message(&self, entry: &Entry) -> Message<'_> {
        let chunk = self.chunks.get(entry.chunk as usize).map_or(&[][..], Vec::as_slice);
        let start = entry.start as usize;
        let middle = start + (entry.key as usize).saturating_sub(1);
        let end = middle + (entry.value as usize).saturating_sub(1);
        Message {
            partition: entry.partition,
            offset: entry.offset,
            key: (entry.key > 0).then(|| chunk.get(start..middle).unwrap_or_default()),
            value: (entry.value > 0).then(|| chunk.get(middle..end).unwrap_or_default()),
        }
    }
}

impl Sample {
    /// Takes over a store that is settled.
    pub(crate) fn new(store: Store) -> Self {
        let mut sample = Self { store, ..Self::default() };
        let mut last = None;
        for entry in &sample.store.entries {
            sample.bytes += u64::from(entry.key.saturating_sub(1)) + u64::from(entry.value.saturating_sub(1));
            if last != Some(entry.partition) {
                last = Some(entry.partition);
                sample.partitions += 1;
            }
        }
        sample
    }

    /// The records, by partition and offset.
    pub(crate) fn messages(&self) -> impl Iterator<Item = Message<'_>> + Clone {
        self.store.entries.iter().map(|entry| self.store.message(entry))
    }

    /// How many records it has.
    #[cfg(test)]
    pub(crate) fn len(&self) -> u64 {
        self.store.entries.len() as u64
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn records_come_back_in_order_whatever_the_order_they_came_in() {
        let mut store = Store::default();
        let large = vec![b'x'; 300_000];
        store.push(1, 0, 7, None, Some(&large));
        store.push(0, 0, 9, Some(b"key"), None);
        store.push(0, 0, 3, Some(b""), Some(b""));
        store.push(0, 1, 12, Some(b"k"), Some(b"value"));
        assert!(store.held() >= 300_000);
        store.settle(|partition, window| (partition, window) != (0, 1));
        let sample = Sample::new(store);
        assert_eq!((sample.len(), sample.partitions, sample.bytes), (3, 2, 300_003));
        let got: Vec<_> = sample.messages().map(|m| (m.partition, m.offset, m.key, m.value.map(<[u8]>::len))).collect();
        assert_eq!(
            got,
            [(0, 3, Some(&b""[..]), Some(0)), (0, 9, Some(&b"key"[..]), None), (1, 7, None, Some(300_000))]
        );
    }
}
