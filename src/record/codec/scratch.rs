//! The buffer that batches are inflated into: reused, zeroed once, and never larger than its cap.
#![cfg_attr(not(all(feature = "gzip", feature = "snappy", feature = "lz4", feature = "zstd")), allow(dead_code))]

/// A capacity that is kept whatever the batches need.
const KEEP: usize = 4 << 20;
/// The smallest growth worth an allocation.
const FIRST: usize = 64 << 10;

/// The cap is reached.
#[derive(Debug)]
pub(super) struct Full;

/// Bytes `..len` of `buffer` are inflated data; what lies above was zeroed or written before and is ready for use.
pub(super) struct Scratch {
    buffer: Vec<u8>,
    len: usize,
    limit: usize,
}

impl Scratch {
    pub(super) fn new(limit: usize) -> Scratch {
        Scratch { buffer: Vec::new(), len: 0, limit }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn filled(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// Forgets the data; gives memory back if what was forgotten needed far less of it than there is.
    pub(super) fn clear(&mut self) {
        if self.buffer.capacity() > KEEP && self.len < self.buffer.capacity() / 4 {
            self.buffer.truncate(KEEP);
            self.buffer.shrink_to(KEEP);
        }
        self.len = 0;
    }

    /// Exactly `len` writable bytes behind the data.
    pub(super) fn room(&mut self, len: usize) -> Result<&mut [u8], Full> {
        self.history_and_room(0, len).map(|(_, room)| room)
    }

    /// Up to `history` of the last bytes of the data, and exactly `len` writable bytes behind it.
    pub(super) fn history_and_room(&mut self, history: usize, len: usize) -> Result<(&[u8], &mut [u8]), Full> {
        let end = self.len.checked_add(len).filter(|&end| end <= self.limit).ok_or(Full)?;
        self.grow(end);
        let (before, room) = self.buffer.split_at_mut_checked(self.len).ok_or(Full)?;
        let history = before.get(before.len().saturating_sub(history)..).unwrap_or_default();
        Ok((history, room.get_mut(..len).ok_or(Full)?))
    }

    /// At least one writable byte behind the data, as many as are there or `hint`, whichever is more.
    pub(super) fn some_room(&mut self, hint: usize) -> Result<&mut [u8], Full> {
        let left = self.limit.saturating_sub(self.len);
        let ready = self.buffer.len().saturating_sub(self.len);
        self.room(ready.max(hint).min(left).max(1))
    }

    /// Adds the first `len` bytes of the room to the data.
    pub(super) fn advance(&mut self, len: usize) {
        self.len = (self.len + len).min(self.buffer.len());
    }

    /// The buffer as a vector holding just the data, with room for `expected` bytes more, for a codec that appends to
    /// one and keeps to the limit by itself; `keep_vec` takes what it has appended.
    pub(super) fn as_vec(&mut self, expected: usize) -> &mut Vec<u8> {
        self.buffer.truncate(self.len);
        self.buffer.reserve_exact(expected);
        &mut self.buffer
    }

    /// What the vector holds is data now.
    pub(super) fn keep_vec(&mut self) {
        self.len = self.buffer.len();
    }

    /// Makes `..end` usable. Grows by doubling, so that a stream of unknown size costs few copies, but not past the cap.
    fn grow(&mut self, end: usize) {
        if end <= self.buffer.len() {
            return;
        }
        if end > self.buffer.capacity() {
            let target = self.buffer.capacity().saturating_mul(2).max(FIRST).min(self.limit).max(end);
            self.buffer.reserve_exact(target - self.buffer.len());
        }
        self.buffer.resize(end, 0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn grows_to_the_cap_and_not_past_it() {
        let mut scratch = Scratch::new(100_000);
        assert_eq!(scratch.room(60_000).unwrap().len(), 60_000);
        scratch.advance(60_000);
        assert!(scratch.room(40_001).is_err());
        assert!(scratch.room(usize::MAX).is_err());
        assert_eq!(scratch.some_room(1 << 20).unwrap().len(), 40_000);
        scratch.advance(40_000);
        assert!(scratch.some_room(1).is_err());
        assert!(scratch.buffer.capacity() <= 100_000);
        assert_eq!(scratch.filled().len(), 100_000);
    }

    #[test]
    fn gives_back_what_one_large_batch_took() {
        let mut scratch = Scratch::new(64 << 20);
        scratch.room(32 << 20).unwrap();
        scratch.advance(32 << 20);
        scratch.clear();
        scratch.room(10).unwrap();
        scratch.advance(10);
        assert!(scratch.buffer.capacity() >= 32 << 20);
        scratch.clear();
        assert!(scratch.buffer.capacity() <= KEEP);
    }
}
