//! Is a request small enough to be decoded? The decoder sizes its arrays by the counts that a request declares, so many
//! bytes of nothing could make it reserve a hundred times as much.

use bytes::{Buf, Bytes};
use kafka_protocol::messages::ApiKey;

/// Requests that carry no records have no reason to be larger.
const MAX_PLAIN: usize = 1 << 20;

/// Topics, partitions and tagged fields that one Produce request may name.
const MAX_PARTS: usize = 100_000;

/// Judges the body of a request (header included, which does no harm to the count).
pub(super) fn is_admissible(api: ApiKey, version: i16, frame_len: usize, body: &Bytes) -> bool {
    if api == ApiKey::Produce {
        let mut walk = Walk { left: body.clone(), flexible: version >= 9, parts: 0 };
        return walk.produce(version).is_some();
    }
    frame_len <= MAX_PLAIN
}

/// Steps over a Produce request without building anything.
struct Walk {
    left: Bytes,
    flexible: bool,
    parts: usize,
}

impl Walk {
    fn produce(&mut self, version: i16) -> Option<()> {
        if version >= 3 {
            self.skip_string()?; // transactional id
        }
        self.skip(2 + 4)?; // acks, timeout
        for _ in 0..self.array()? {
            if version >= 13 {
                self.skip(16)?
            } else {
                self.skip_string()?
            }
            for _ in 0..self.array()? {
                self.skip(4)?; // index
                let records = self.length(4)?;
                self.skip(records)?;
                self.skip_tags()?;
            }
            self.skip_tags()?;
        }
        self.skip_tags()
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        (bytes <= self.left.len()).then(|| self.left.advance(bytes))
    }

    /// A length or count: a varint of one more than it, or a plain big-endian number of `width` bytes; none is 0.
    fn length(&mut self, width: usize) -> Option<usize> {
        if self.flexible {
            return Some((self.varint()? as usize).saturating_sub(1));
        }
        if self.left.len() < width {
            return None;
        }
        let length = if width == 2 { i32::from(self.left.get_i16()) } else { self.left.get_i32() };
        Some(usize::try_from(length).unwrap_or(0))
    }

    fn skip_string(&mut self) -> Option<()> {
        let length = self.length(2)?;
        self.skip(length)
    }

    fn array(&mut self) -> Option<usize> {
        let count = self.length(4)?;
        self.count(count)
    }

    fn skip_tags(&mut self) -> Option<()> {
        if !self.flexible {
            return Some(());
        }
        let tags = self.varint()? as usize;
        for _ in 0..self.count(tags)? {
            self.varint()?;
            let size = self.varint()? as usize;
            self.skip(size)?;
        }
        Some(())
    }

    fn count(&mut self, count: usize) -> Option<usize> {
        self.parts = self.parts.saturating_add(count);
        (self.parts <= MAX_PARTS).then_some(count)
    }

    fn varint(&mut self) -> Option<u32> {
        let mut value: u64 = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.left.first().copied()?;
            self.left.advance(1);
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).ok();
            }
        }
        None
    }
}
