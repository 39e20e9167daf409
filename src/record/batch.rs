//! Cutting the bytes of a partition into batches: framing, format version, checksum, header.

use super::codec::{Compression, Inflater};
use super::error::{Bad, Error};
use super::layout::{self, field};
use super::records::{Outline, Records};

/// A last offset delta that no batch has: far more records than fit one (1 MiB by default), and more than a compacted
/// one covers.
pub(super) const PLAUSIBLE_DELTA: i32 = 1 << 24;

/// The fields of a v2 batch's header (KIP-98).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Offset that the records' offset deltas are relative to. Compaction may have removed the record itself.
    pub base_offset: i64,
    /// Leader epoch of the partition when the batch was appended; -1 if unknown. Not covered by the checksum.
    pub leader_epoch: i32,
    /// CRC-32C of the batch from the attributes on.
    pub crc: u32,
    /// Codec (bits 0-2), timestamp type (3), transactional (4), control (5), delete horizon (6).
    pub attributes: i16,
    /// Last offset of the batch relative to the base; kept by compaction even if that record is gone.
    pub last_offset_delta: i32,
    /// What the records' timestamp deltas are relative to, in ms since 1970.
    pub base_timestamp: i64,
    /// The largest timestamp in the batch, or the time of its append, in ms since 1970.
    pub max_timestamp: i64,
    /// Id of the idempotent or transactional producer, or -1.
    pub producer_id: i64,
    /// Epoch of that producer, or -1.
    pub producer_epoch: i16,
    /// Sequence number of the first record, or -1.
    pub base_sequence: i32,
    /// Number of records in the batch.
    pub record_count: i32,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Header> {
        Some(Header {
            base_offset: i64::from_be_bytes(field(bytes, layout::BASE_OFFSET)?),
            leader_epoch: i32::from_be_bytes(field(bytes, layout::LEADER_EPOCH)?),
            crc: u32::from_be_bytes(field(bytes, layout::CRC)?),
            attributes: i16::from_be_bytes(field(bytes, layout::ATTRIBUTES)?),
            last_offset_delta: i32::from_be_bytes(field(bytes, layout::LAST_OFFSET_DELTA)?),
            base_timestamp: i64::from_be_bytes(field(bytes, layout::BASE_TIMESTAMP)?),
            max_timestamp: i64::from_be_bytes(field(bytes, layout::MAX_TIMESTAMP)?),
            producer_id: i64::from_be_bytes(field(bytes, layout::PRODUCER_ID)?),
            producer_epoch: i16::from_be_bytes(field(bytes, layout::PRODUCER_EPOCH)?),
            base_sequence: i32::from_be_bytes(field(bytes, layout::BASE_SEQUENCE)?),
            record_count: i32::from_be_bytes(field(bytes, layout::RECORD_COUNT)?),
        })
    }

    /// Whether every record's timestamp is the time of its append, [`max_timestamp`](Header::max_timestamp).
    pub fn is_log_append_time(&self) -> bool {
        self.attributes & layout::LOG_APPEND_TIME != 0
    }

    /// The codec.
    ///
    /// # Errors
    /// [`Error::UnknownCompression`].
    pub fn compression(&self) -> Result<Compression, Error> {
        let code = (self.attributes & layout::CODEC_MASK) as u8;
        Compression::from_code(code).ok_or(Error::UnknownCompression { code })
    }
}

/// What a control batch says about its producer's transaction (KIP-98, Kafka's `ControlRecordType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerKind {
    /// The transaction was aborted.
    Abort,
    /// The transaction was committed.
    Commit,
    /// A control record that is no transaction marker (of the cluster's own metadata, for one), or one that cannot be read.
    Other,
}

/// One batch whose framing, format version, checksum and offsets are sound.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    bytes: &'a [u8],
    header: Header,
    last_offset: i64,
}

impl<'a> Batch<'a> {
    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The whole batch as it lies on the wire.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The records as they lie on the wire, compressed or not.
    pub fn payload(&self) -> &'a [u8] {
        self.bytes.get(layout::RECORDS..).unwrap_or_default()
    }

    /// The first offset that the batch covers.
    pub fn base_offset(&self) -> i64 {
        self.header.base_offset
    }

    /// The last offset that the batch covers.
    pub fn last_offset(&self) -> i64 {
        self.last_offset
    }

    /// The offset after the batch. Compaction leaves gaps, so this is not the last record's offset plus one.
    pub fn next_offset(&self) -> i64 {
        // Batches::next has seen to it that this does not overflow.
        self.last_offset.saturating_add(1)
    }

    /// Whether it holds transaction markers or the like and no data.
    pub fn is_control(&self) -> bool {
        self.header.attributes & layout::CONTROL != 0
    }

    /// Whether its records belong to a transaction.
    pub fn is_transactional(&self) -> bool {
        self.header.attributes & layout::TRANSACTIONAL != 0
    }

    /// Whether it was written by an idempotent or transactional producer.
    pub fn has_producer(&self) -> bool {
        self.header.producer_id >= 0
    }

    /// What a control batch says; `None` for a data batch.
    pub fn marker(&self) -> Option<MarkerKind> {
        if !self.is_control() {
            return None;
        }
        // Brokers write markers uncompressed. Key: version i16, type i16.
        let key = self.outline().ok().and_then(|mut outline| outline.next(self.payload())?.ok()?.key);
        Some(match key {
            Some([_, _, 0, 0, ..]) => MarkerKind::Abort,
            Some([_, _, 0, 1, ..]) => MarkerKind::Commit,
            _ => MarkerKind::Other,
        })
    }

    /// The records, inflated into `inflater` if the batch is compressed.
    ///
    /// # Errors
    /// An unknown or missing codec, damaged compressed data, more of it than the inflater's cap, or a negative record
    /// count. What is wrong with single records comes from the iterator.
    pub fn records<'b>(&self, inflater: &'b mut Inflater) -> Result<Records<'b>, Error>
    where
        'a: 'b,
    {
        let outline = self.outline()?;
        let compression = self.header.compression()?;
        let bytes: &'b [u8] = if self.is_stored(compression) {
            self.payload()
        } else {
            inflater.fill(compression, self.payload())?;
            inflater.filled()
        };
        Ok(Records::new(bytes, outline))
    }

    /// Whether the records can be read from the batch itself. Compaction leaves empty batches that still name a codec.
    pub(super) fn is_stored(&self, compression: Compression) -> bool {
        compression == Compression::None || (self.header.record_count == 0 && self.payload().is_empty())
    }

    pub(super) fn outline(&self) -> Result<Outline, Error> {
        Outline::new(&self.header)
    }
}

/// Bytes at the end that are not a whole batch: a broker cuts its reply at the byte limit of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Partial {
    /// How many bytes of it are there.
    pub bytes: usize,
    /// How many it has in all, if that much of it is there. A request with a lower limit may never get it whole.
    pub needed: Option<usize>,
}

/// The batches in the bytes of one partition.
///
/// A batch that is damaged costs itself only: the iterator yields a [`Bad`] and goes on behind it. Just an impossible
/// length ([`Error::BatchLength`]) ends it, since nothing says where the next batch starts. A batch that is cut off at
/// the end is no error; [`partial`](Batches::partial) tells of it.
#[derive(Debug, Clone)]
pub struct Batches<'a> {
    rest: &'a [u8],
    partial: Option<Partial>,
}

impl<'a> Batches<'a> {
    /// Batches in `bytes`, which start with one.
    pub fn new(bytes: &'a [u8]) -> Batches<'a> {
        Batches { rest: bytes, partial: None }
    }

    /// After the last batch: what was cut off, if anything was.
    pub fn partial(&self) -> Option<Partial> {
        self.partial
    }

    /// The base offset of the batch that comes next, if that much is there.
    pub(super) fn peek_base_offset(&self) -> Option<i64> {
        field(self.rest, layout::BASE_OFFSET).map(i64::from_be_bytes)
    }

    fn end(&mut self, needed: Option<usize>) {
        if !self.rest.is_empty() {
            self.partial = Some(Partial { bytes: self.rest.len(), needed });
        }
        self.rest = &[];
    }

    /// Checks the batch in `bytes`, which its length field delimits.
    fn batch(&self, bytes: &'a [u8]) -> Result<Batch<'a>, Bad> {
        // The length has been checked, so the header is there.
        let Some(header) = Header::read(bytes) else {
            return Err(bad(bytes, Error::BatchLength { length: 0, minimum: layout::MIN_LENGTH }));
        };
        let computed = crc32c::crc32c(bytes.get(layout::ATTRIBUTES..).unwrap_or_default());
        if computed != header.crc {
            let last_offset = self.last_offset_of_damaged(&header);
            let reason = Error::Checksum { stored: header.crc, computed };
            return Err(Bad { first_offset: header.base_offset, last_offset, reason });
        }
        let Header { base_offset, last_offset_delta, .. } = header;
        let last_offset = base_offset.checked_add(i64::from(last_offset_delta)).filter(|&last| last < i64::MAX);
        match last_offset {
            Some(last_offset) if base_offset >= 0 && last_offset_delta >= 0 => Ok(Batch { bytes, header, last_offset }),
            _ => Err(bad(bytes, Error::Offsets { base_offset, last_offset_delta })),
        }
    }

    /// Where a batch with a bad checksum ends. Its own fields may be what is damaged, and to trust a last offset that
    /// is too high would lose sound records behind it, so the next batch's word counts more, and a delta that no
    /// batch has counts nothing.
    fn last_offset_of_damaged(&self, header: &Header) -> i64 {
        let Header { base_offset, last_offset_delta: delta, record_count: count, .. } = *header;
        let next = self.peek_base_offset().filter(|&next| next > base_offset);
        let sound = (0..PLAUSIBLE_DELTA).contains(&delta) && (0..=delta.saturating_add(1)).contains(&count);
        let own = if sound { base_offset.saturating_add(i64::from(delta)) } else { base_offset };
        match next {
            Some(next) if sound => own.min(next - 1),
            Some(next) => next - 1,
            None => own,
        }
    }
}

/// All that is known of a batch without a sound header is where it starts.
fn bad(bytes: &[u8], reason: Error) -> Bad {
    let offset = field(bytes, layout::BASE_OFFSET).map_or(-1, i64::from_be_bytes);
    Bad { first_offset: offset, last_offset: offset, reason }
}

impl<'a> Iterator for Batches<'a> {
    type Item = Result<Batch<'a>, Bad>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(length) = field(self.rest, layout::BATCH_LENGTH).map(i32::from_be_bytes) else {
            self.end(None);
            return None;
        };
        let magic = field(self.rest, layout::MAGIC).map(i8::from_be_bytes);
        let minimum = if matches!(magic, Some(0 | 1)) { layout::MIN_OLD_LENGTH } else { layout::MIN_LENGTH };
        if length < minimum && (magic.is_some() || length < layout::MIN_OLD_LENGTH) {
            let bytes = std::mem::take(&mut self.rest);
            return Some(Err(bad(bytes, Error::BatchLength { length, minimum })));
        }
        let size = layout::LOG_OVERHEAD.saturating_add(length.unsigned_abs() as usize);
        let split = self.rest.split_at_checked(size);
        // An old message set is called that even when it is cut off, or a reader would ask for more of it forever.
        if let Some(magic) = magic
            && magic != layout::MAGIC_V2
        {
            let reason =
                if matches!(magic, 0 | 1) { Error::OldMessageSet { magic } } else { Error::UnknownMagic { magic } };
            let bytes = self.rest;
            self.rest = split.map_or(&[], |(_, rest)| rest);
            return Some(Err(bad(bytes, reason)));
        }
        let Some((bytes, rest)) = split else {
            self.end(Some(size));
            return None;
        };
        self.rest = rest;
        Some(self.batch(bytes))
    }
}

impl std::iter::FusedIterator for Batches<'_> {}
