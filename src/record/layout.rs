//! Where the fields of a v2 record batch lie, in bytes from its start (KIP-98; Kafka's `DefaultRecordBatch`).

/// Offset of the first record, even if compaction has removed it (i64).
pub(super) const BASE_OFFSET: usize = 0;
/// Bytes that follow this field (i32).
pub(super) const BATCH_LENGTH: usize = 8;
/// Leader epoch of the partition when the batch was appended (i32); not covered by the CRC.
pub(super) const LEADER_EPOCH: usize = 12;
/// Format version (i8); at the same place in message sets of v0 and v1.
pub(super) const MAGIC: usize = 16;
/// CRC-32C of everything after it (u32).
pub(super) const CRC: usize = 17;
/// Codec, timestamp type and flags (i16).
pub(super) const ATTRIBUTES: usize = 21;
/// Offset of the last record relative to the first (i32).
pub(super) const LAST_OFFSET_DELTA: usize = 23;
/// What the records' timestamps are relative to, in ms (i64).
pub(super) const BASE_TIMESTAMP: usize = 27;
/// The largest timestamp in the batch, or its log append time, in ms (i64).
pub(super) const MAX_TIMESTAMP: usize = 35;
/// Producer id, -1 without one (i64).
pub(super) const PRODUCER_ID: usize = 43;
/// Producer epoch, -1 without one (i16).
pub(super) const PRODUCER_EPOCH: usize = 51;
/// Sequence number of the first record, -1 without one (i32).
pub(super) const BASE_SEQUENCE: usize = 53;
/// Number of records that are in the batch (i32).
pub(super) const RECORD_COUNT: usize = 57;
/// The records, compressed or not.
pub(super) const RECORDS: usize = 61;

/// Bytes in front of what the length field counts: base offset and the length itself.
pub(super) const LOG_OVERHEAD: usize = 12;
/// The smallest length field of a v2 batch: a batch without records.
pub(super) const MIN_LENGTH: i32 = (RECORDS - LOG_OVERHEAD) as i32;
/// The smallest length field of a v0 or v1 message: CRC, magic, attributes, key length, value length.
pub(super) const MIN_OLD_LENGTH: i32 = 14;

/// The batch format that this room reads and writes.
pub(super) const MAGIC_V2: i8 = 2;

pub(super) const CODEC_MASK: i16 = 0b0000_0111;
pub(super) const LOG_APPEND_TIME: i16 = 0b0000_1000;
pub(super) const TRANSACTIONAL: i16 = 0b0001_0000;
pub(super) const CONTROL: i16 = 0b0010_0000;

/// A fixed-width field; `None` when the bytes end before it does.
#[inline(always)]
pub(super) fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}
