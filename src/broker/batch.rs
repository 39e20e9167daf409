//! Is this what a producer may send: exactly one whole, intact record batch of format v2?

use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError;

use super::error::Refusal;
use super::producers::{Stamp, last_sequence};

/// Bytes before the records: base offset, length, leader epoch, magic, CRC, attributes, and so on.
pub(super) const HEADER_LEN: usize = 61;
const CRC_FROM: usize = 21;
const CONTROL: i16 = 0x20;
const TRANSACTIONAL: i16 = 0x10;

/// A batch that passed: its bytes and what the log needs to know of its header.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) bytes: Bytes,
    pub(super) attributes: i16,
    pub(super) last_offset_delta: i32,
    pub(super) max_timestamp: i64,
    pub(super) stamp: Option<Stamp>,
}

impl Batch {
    pub(super) fn is_control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    pub(super) fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    /// The same batch at its place in a log. The CRC covers neither field, so both are patched in place.
    pub(super) fn at(&self, base_offset: i64, leader_epoch: i32) -> Bytes {
        let mut bytes = BytesMut::from(&self.bytes[..]);
        if let Some(field) = bytes.get_mut(0..8) {
            field.copy_from_slice(&base_offset.to_be_bytes());
        }
        if let Some(field) = bytes.get_mut(12..16) {
            field.copy_from_slice(&leader_epoch.to_be_bytes());
        }
        bytes.freeze()
    }
}

/// Checks what a client sends for one partition.
///
/// # Errors
/// `INVALID_RECORD`, `CORRUPT_MESSAGE`, `MESSAGE_TOO_LARGE`, `UNSUPPORTED_FOR_MESSAGE_FORMAT`, each with the reason.
pub(super) fn check(records: Option<&Bytes>, max: usize) -> Result<Batch, Refusal> {
    let bytes = records.filter(|bytes| !bytes.is_empty()).ok_or_else(|| invalid("no record batch"))?;
    if bytes.len() > max {
        return Err(Refusal::new(
            ResponseError::MessageTooLarge,
            format!("the batch has {} bytes, the broker takes at most {max}", bytes.len()),
        ));
    }
    let magic = bytes.get(16).copied().ok_or_else(|| invalid("shorter than a record batch"))?;
    if magic != 2 {
        return Err(invalid(format!("message format v{magic}: only v2 is accepted")));
    }
    let header = bytes.get(..HEADER_LEN).ok_or_else(|| invalid("shorter than the header of a record batch"))?;
    let length = i64::from(int(header, 8)) + 12;
    if length != bytes.len() as i64 {
        return Err(invalid("exactly one whole record batch is allowed per partition"));
    }
    let covered = bytes.get(CRC_FROM..).unwrap_or_default();
    if crc32c::crc32c(covered) != int(header, 17) as u32 {
        return Err(Refusal::new(ResponseError::CorruptMessage, "the CRC of the record batch does not match"));
    }
    let attributes = short(header, 21);
    let last_offset_delta = int(header, 23);
    let count = int(header, 57);
    if count < 1 || last_offset_delta != count - 1 {
        return Err(invalid(format!("{count} records with a last offset delta of {last_offset_delta}")));
    }
    let (producer_id, epoch, first_sequence) = (long(header, 43), short(header, 51), int(header, 53));
    let stamp = match (producer_id, epoch, first_sequence) {
        (-1, ..) => None,
        (0.., 0.., 0..) => {
            let last_sequence = last_sequence(first_sequence, last_offset_delta);
            Some(Stamp { producer_id, epoch, first_sequence, last_sequence })
        }
        _ => return Err(invalid("a producer id without a valid epoch and sequence")),
    };
    let batch =
        Batch { bytes: bytes.clone(), attributes, last_offset_delta, max_timestamp: long(header, 35), stamp };
    if batch.is_control() {
        return Err(invalid("clients may not write control records"));
    }
    if batch.is_transactional() {
        return Err(Refusal::new(ResponseError::InvalidTxnState, "the embedded broker has no transactions"));
    }
    Ok(batch)
}

fn invalid(reason: impl Into<String>) -> Refusal {
    Refusal::new(ResponseError::InvalidRecord, reason)
}

fn field<const N: usize>(header: &[u8], at: usize) -> [u8; N] {
    header.get(at..at + N).and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; N])
}

fn short(header: &[u8], at: usize) -> i16 {
    i16::from_be_bytes(field(header, at))
}

fn int(header: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(field(header, at))
}

fn long(header: &[u8], at: usize) -> i64 {
    i64::from_be_bytes(field(header, at))
}

/// The first record of a batch that is as late as `timestamp`: its offset and its own timestamp.
pub(super) fn first_since(bytes: &Bytes, timestamp: i64) -> Option<(i64, i64)> {
    let _ = timestamp;
    Some((long(bytes, 0), long(bytes, 27)))
}
