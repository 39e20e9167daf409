//! Binary values of a fixed length: Kafka's own big-endian integers and floats, and UUIDs of 16 bytes.
//!
//! The length must be the same throughout and the bytes not all text. That test comes before any framing: the first
//! bytes of a small int64 are those of a schema registry's header.

use super::payload::Kind;
use crate::format::Format;

const LENGTHS: [usize; 5] = [1, 2, 4, 8, 16];

/// Payloads by those lengths.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fixed([Length; LENGTHS.len()]);

#[derive(Clone, Copy, Debug, Default)]
struct Length {
    payloads: u64,
    /// Those which are no text.
    binary: u64,
    /// Those which are zero or of a size that people measure, read as floating-point numbers.
    floats: u64,
    /// Those with the version and the variant of a UUID, or all zeros.
    uuids: u64,
}

impl Fixed {
    pub(super) fn add(&mut self, payload: &[u8], kind: Kind) {
        let Some(at) = LENGTHS.iter().position(|length| *length == payload.len()) else {
            return;
        };
        let Some(length) = self.0.get_mut(at) else {
            return;
        };
        length.payloads += 1;
        length.binary += u64::from(matches!(kind, Kind::Binary | Kind::Separated));
        length.floats += u64::from(is_float(payload));
        length.uuids += u64::from(is_uuid(payload));
    }

    /// Counts payloads that were found elsewhere to be of `format`.
    pub(super) fn add_fitting(&mut self, format: Format, payloads: u64) {
        let at = LENGTHS.iter().position(|length| Some(*length) == format.fixed_length());
        if let Some(length) = at.and_then(|at| self.0.get_mut(at)) {
            length.payloads += payloads;
            length.binary += payloads;
            length.floats += if matches!(format, Format::Float32 | Format::Float64) { payloads } else { 0 };
            length.uuids += if format == Format::Uuid { payloads } else { 0 };
        }
    }

    pub(super) fn merge(&mut self, other: &Fixed) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            mine.payloads += theirs.payloads;
            mine.binary += theirs.binary;
            mine.floats += theirs.floats;
            mine.uuids += theirs.uuids;
        }
    }

    /// How many payloads have `length`.
    pub(super) fn payloads(&self, length: usize) -> u64 {
        LENGTHS.iter().zip(&self.0).find(|(known, _)| **known == length).map_or(0, |(_, counts)| counts.payloads)
    }

    /// The format that nearly all of `payloads` have by their length, and how many do.
    pub(super) fn verdict(&self, payloads: u64) -> Option<(Format, u64)> {
        let (length, counts) = LENGTHS.iter().zip(&self.0).max_by_key(|(_, counts)| counts.payloads)?;
        let strays = payloads - counts.payloads;
        // Small and large values alike may happen to be printable; text of one length has no control characters at all.
        let constant = strays <= 2 && strays * 10 <= payloads || strays * 50 <= payloads;
        if !constant || counts.binary == 0 || counts.binary * 10 < counts.payloads {
            return None;
        }
        let nearly_all = |count: u64| count * 20 >= counts.payloads * 19;
        let format = match length {
            1 => Format::Int8,
            2 => Format::Int16,
            4 if nearly_all(counts.floats) => Format::Float32,
            4 => Format::Int32,
            8 if nearly_all(counts.floats) => Format::Float64,
            8 => Format::Int64,
            _ if nearly_all(counts.uuids) => Format::Uuid,
            _ => return None,
        };
        Some((format, counts.payloads))
    }
}

/// Zero, or between a millionth and a thousand million million (a million for singles, whose exponents are few enough for
/// integers to look like them). Counters, ids and times in milliseconds, read as floats, are near zero or immense.
fn is_float(payload: &[u8]) -> bool {
    if let Ok(bytes) = <[u8; 8]>::try_from(payload) {
        let value = f64::from_be_bytes(bytes).abs();
        // All bits zero is the integer 0 as well; that alone shows nothing, and mostly zeros are counters.
        (1e-6..1e15).contains(&value) || value == 0.0
    } else if let Ok(bytes) = <[u8; 4]>::try_from(payload) {
        let value = f32::from_be_bytes(bytes).abs();
        (1e-4..1e6).contains(&value) || value == 0.0
    } else {
        false
    }
}

/// RFC 9562: the variant's bits are 10, the version is 1 to 8.
fn is_uuid(payload: &[u8]) -> bool {
    let Ok(bytes) = <[u8; 16]>::try_from(payload) else {
        return false;
    };
    let versioned = (1..=8).contains(&(bytes[6] >> 4)) && bytes[8] >> 6 == 0b10;
    versioned || bytes == [0; 16]
}
