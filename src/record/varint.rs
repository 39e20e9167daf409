//! Kafka's variable-length integers: zigzag, base 128, least significant group first, as in Protocol Buffers.
//!
//! Reading is strict: at most 5 bytes for 32 bits and 10 for 64, and no bit beyond the width. Zero groups that pad a
//! number within that limit are accepted, as every client does.

/// A position in a slice that cannot go past its end.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    #[inline(always)]
    pub(super) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { rest: bytes }
    }

    /// Bytes not read yet.
    #[inline(always)]
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next `len` bytes; `None`, and nothing read, if there are fewer.
    #[inline(always)]
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    #[inline(always)]
    pub(super) fn skip_byte(&mut self) -> Option<()> {
        self.rest = self.rest.get(1..)?;
        Some(())
    }

    /// A 32-bit number. Lengths and deltas of real records take one or two bytes, so these are the fast path.
    #[inline(always)]
    pub(super) fn varint(&mut self) -> Option<i32> {
        match *self.rest {
            [a, ref rest @ ..] if a < 0x80 => {
                self.rest = rest;
                Some(unzigzag32(u32::from(a)))
            }
            [a, b, ref rest @ ..] if b < 0x80 => {
                self.rest = rest;
                Some(unzigzag32(u32::from(a & 0x7f) | u32::from(b) << 7))
            }
            _ => self.long(5).and_then(|raw| u32::try_from(raw).ok()).map(unzigzag32),
        }
    }

    /// A 64-bit number.
    #[inline(always)]
    pub(super) fn varlong(&mut self) -> Option<i64> {
        match *self.rest {
            [a, ref rest @ ..] if a < 0x80 => {
                self.rest = rest;
                Some(unzigzag64(u64::from(a)))
            }
            [a, b, ref rest @ ..] if b < 0x80 => {
                self.rest = rest;
                Some(unzigzag64(u64::from(a & 0x7f) | u64::from(b) << 7))
            }
            _ => self.long(10).map(unzigzag64),
        }
    }

    /// A number of three to `max` groups: offsets and timestamps (in ms) of a large batch take three or four.
    ///
    /// Up to eight groups are gathered at once, without a branch per byte.
    #[inline(always)]
    fn long(&mut self, max: usize) -> Option<u64> {
        if let Some(word) = self.rest.first_chunk::<8>() {
            let word = u64::from_le_bytes(*word);
            let ends = !word & 0x8080_8080_8080_8080;
            if ends != 0 {
                // Bits up to and with the first end, then sevens together, fourteens, twenty-eights.
                let kept = word & (ends ^ (ends - 1)) & 0x7f7f_7f7f_7f7f_7f7f;
                let pairs = (kept & 0x007f_007f_007f_007f) | ((kept & 0x7f00_7f00_7f00_7f00) >> 1);
                let fours = (pairs & 0x0000_3fff_0000_3fff) | ((pairs & 0x3fff_0000_3fff_0000) >> 2);
                let value = (fours & 0x0000_0000_0fff_ffff) | ((fours & 0x0fff_ffff_0000_0000) >> 4);
                let len = (ends.trailing_zeros() / 8 + 1) as usize;
                if len > max {
                    return None;
                }
                self.rest = self.rest.get(len..)?;
                return Some(value);
            }
        }
        self.groups(max)
    }

    /// A number of up to `max` groups that fits 64 bits, wherever it lies.
    #[cold]
    #[inline(never)]
    fn groups(&mut self, max: usize) -> Option<u64> {
        let mut value = 0u64;
        for (at, &byte) in self.rest.iter().take(max).enumerate() {
            let group = u64::from(byte & 0x7f);
            let shift = 7 * at as u32;
            // Only the tenth group has less than seven bits left.
            if shift == 63 && group > 1 {
                return None;
            }
            value |= group << shift;
            if byte < 0x80 {
                self.rest = self.rest.get(at + 1..)?;
                return Some(value);
            }
        }
        None
    }
}

#[inline(always)]
fn unzigzag32(raw: u32) -> i32 {
    ((raw >> 1) as i32) ^ -((raw & 1) as i32)
}

#[inline(always)]
fn unzigzag64(raw: u64) -> i64 {
    ((raw >> 1) as i64) ^ -((raw & 1) as i64)
}

#[inline(always)]
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Bytes that `value` takes. A 32-bit number takes the same as its 64-bit twin.
#[inline(always)]
pub(super) fn size(value: i64) -> usize {
    // 1 byte for 0..=7 significant bits, 2 for 8..=14, ...; `| 1` gives zero its one byte.
    let bits = 64 - (zigzag(value) | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

/// Appends `value`.
#[inline(always)]
pub(super) fn put(out: &mut Vec<u8>, value: i64) {
    let mut raw = zigzag(value);
    if raw < 0x80 {
        out.push(raw as u8);
        return;
    }
    if raw < 0x4000 {
        out.extend_from_slice(&[raw as u8 | 0x80, (raw >> 7) as u8]);
        return;
    }
    let mut groups = [0u8; 10];
    let mut len = 0;
    for slot in &mut groups {
        len += 1;
        if raw < 0x80 {
            *slot = raw as u8;
            break;
        }
        *slot = raw as u8 | 0x80;
        raw >>= 7;
    }
    out.extend_from_slice(groups.get(..len).unwrap_or(&groups));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_come_back_and_take_the_size_that_was_foretold() {
        let mut values = vec![0, -1, 1, i64::MIN, i64::MAX, i64::from(i32::MIN), i64::from(i32::MAX)];
        for shift in 0..63 {
            for near in -1..=1 {
                values.extend([(1i64 << shift) + near, -(1i64 << shift) + near]);
            }
        }
        for value in values {
            let mut bytes = Vec::new();
            put(&mut bytes, value);
            assert_eq!(bytes.len(), size(value), "{value}");
            let mut cursor = Cursor::new(&bytes);
            assert_eq!(cursor.varlong(), Some(value));
            assert_eq!(cursor.left(), 0);
            assert_eq!(Cursor::new(&bytes).varint(), i32::try_from(value).ok(), "{value}");
            for cut in 0..bytes.len() {
                assert_eq!(Cursor::new(&bytes[..cut]).varlong(), None);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        // Six groups, and five with bits beyond the 32nd.
        assert_eq!(Cursor::new(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]).varint(), None);
        assert_eq!(Cursor::new(&[0xff, 0xff, 0xff, 0xff, 0x10]).varint(), None);
        assert_eq!(Cursor::new(&[0xff, 0xff, 0xff, 0xff, 0x0f]).varint(), Some(i32::MIN));
        // Eleven groups, and ten with bits beyond the 64th.
        assert_eq!(Cursor::new(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]).varlong(), None);
        assert_eq!(Cursor::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]).varlong(), None);
        // Padded within the limit.
        assert_eq!(Cursor::new(&[0x82, 0x80, 0x00]).varint(), Some(1));
    }
}
