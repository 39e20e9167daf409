//! What can be wrong with a batch or a record, and which offsets that costs.

use super::codec::CodecError;

/// Why a batch, or a record in it, cannot be read.
///
/// None of these is cured by asking again: the bytes are what the broker has stored. What they cost is told by
/// [`Bad`], which carries the offsets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A message set of format v0 or v1, from before Kafka 0.11.
    #[error(
        "message format v{magic} is not supported: it was written before Kafka 0.11 (or with log.message.format.version \
         below it); copy the topic with a newer client to convert it"
    )]
    OldMessageSet {
        /// The format version found: 0 or 1.
        magic: i8,
    },
    /// A format version that no Kafka has.
    #[error("unknown record batch format v{magic}: only v2 exists")]
    UnknownMagic {
        /// The format version found.
        magic: i8,
    },
    /// A batch length that no batch can have. Where the next batch begins is unknown, so reading ends here.
    #[error("impossible batch length {length}: a batch has at least {minimum} bytes after its length field")]
    BatchLength {
        /// The length found.
        length: i32,
        /// The smallest possible one for the batch's format.
        minimum: i32,
    },
    /// The checksum does not match: the batch was damaged on a disk, in memory, or on the way.
    #[error("checksum mismatch: the batch says {stored:#010x}, its bytes give {computed:#010x}")]
    Checksum {
        /// CRC-32C in the batch's header.
        stored: u32,
        /// CRC-32C of the batch's bytes.
        computed: u32,
    },
    /// Base offset or last offset delta is negative, or their sum does not fit 64 bits.
    #[error("impossible offsets: base {base_offset}, last offset delta {last_offset_delta}")]
    Offsets {
        /// The header's base offset.
        base_offset: i64,
        /// The header's last offset delta.
        last_offset_delta: i32,
    },
    /// The attributes name a codec that does not exist.
    #[error("unknown compression codec {code}")]
    UnknownCompression {
        /// Bits 0-2 of the attributes.
        code: u8,
    },
    /// Decompression failed, or was refused.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// A record count below zero.
    #[error("impossible record count {count}")]
    RecordCount {
        /// The count found.
        count: i32,
    },
    /// The records end before as many were there as the batch's header says.
    #[error("the batch says it holds {count} records, its bytes end after {found}")]
    MissingRecords {
        /// The count in the batch's header.
        count: i32,
        /// Records found, damaged ones included.
        found: i32,
    },
    /// Bytes follow the last record.
    #[error("{bytes} bytes follow the last of the batch's {count} records")]
    TrailingBytes {
        /// How many bytes.
        bytes: usize,
        /// The count in the batch's header.
        count: i32,
    },
    /// A record's length is negative or reaches beyond the batch.
    #[error("record length {length} where {left} bytes are left")]
    RecordLength {
        /// The length found.
        length: i32,
        /// Bytes left in the batch.
        left: usize,
    },
    /// A variable-length integer that does not end where it must, or does not fit its type.
    #[error("malformed variable-length integer in {part}")]
    Varint {
        /// The part of the record that it should have told.
        part: &'static str,
    },
    /// A record's offset is not between its predecessor's and the batch's last.
    #[error("record offset delta {delta} is not between {minimum} and {maximum}")]
    OffsetDelta {
        /// The delta found.
        delta: i32,
        /// One above the predecessor's.
        minimum: i32,
        /// The batch's last offset delta.
        maximum: i32,
    },
    /// Base timestamp and delta together do not fit 64 bits.
    #[error("record timestamp out of range: {base} ms and {delta} ms")]
    Timestamp {
        /// The batch's base timestamp, in ms.
        base: i64,
        /// The record's delta, in ms.
        delta: i64,
    },
    /// A length or count inside a record is negative where it may not be, or reaches beyond the record.
    #[error("{part} of {length} bytes where the record has {left} left")]
    Overrun {
        /// The part of the record: key, value, header key, header value.
        part: &'static str,
        /// The length found.
        length: i32,
        /// Bytes left in the record.
        left: usize,
    },
    /// A negative header count, or one above what the record's bytes can hold.
    #[error("record header count {count} where {left} bytes are left")]
    HeaderCount {
        /// The count found.
        count: i32,
        /// Bytes left in the record.
        left: usize,
    },
    /// A record is longer than its parts.
    #[error("{bytes} bytes follow a record's last header")]
    RecordTail {
        /// How many bytes.
        bytes: usize,
    },
}

/// Something that could not be read, and the offsets that it costs.
///
/// Where the framing around it is intact, that is one record; else it is the rest of a batch, of which no more is known
/// than its last offset. [`Error::TrailingBytes`] alone loses no record that the batch's header counts.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", Range(*.first_offset, *.last_offset))]
pub struct Bad {
    /// The first offset that may be lost.
    pub first_offset: i64,
    /// The last offset that may be lost, inclusive.
    pub last_offset: i64,
    /// What is wrong.
    #[source]
    pub reason: Error,
}

/// `offset 7` or `offsets 7 to 9`.
struct Range(i64, i64);

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 >= self.1 { write!(f, "offset {}", self.0) } else { write!(f, "offsets {} to {}", self.0, self.1) }
    }
}
