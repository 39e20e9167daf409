//! Encoding records into a batch, in one pass over them.
//!
//! `push` writes a record straight to where it lies in the finished batch; `finish` compresses what is there, fills in
//! the header and adds the checksum. Offsets start at zero: the broker assigns the real ones.

use bytes::Bytes;

use super::codec::{CodecError, Compression, Deflater};
use super::layout;
use super::patch::put as put_field;
use super::varint::{put, size};

/// Why a record does not go into the open batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The batch has no room left for this record: finish it and push again.
    #[error("the batch is full: {size} bytes with this record, {limit} are allowed")]
    Full {
        /// Size the batch would have, in bytes before compression.
        size: usize,
        /// The writer's limit.
        limit: usize,
    },
    /// The record does not fit a batch of its own.
    #[error("the record is too large: {size} bytes in a batch of its own, {limit} are allowed")]
    TooLarge {
        /// Size of a batch with just this record, in bytes before compression.
        size: usize,
        /// The writer's limit.
        limit: usize,
    },
    /// The timestamp is below -1 (which stands for none).
    #[error("timestamp {0} ms is not valid")]
    Timestamp(i64),
}

/// The idempotent or transactional producer that a batch belongs to (KIP-98).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Producer {
    /// Its id, from InitProducerId.
    pub id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// Sequence number of the batch's first record in the partition.
    pub base_sequence: i32,
    /// Whether the records belong to the producer's open transaction.
    pub transactional: bool,
}

/// Encodes records into batches of format v2.
///
/// One writer makes any number of batches, one after the other.
#[derive(Debug)]
pub struct BatchWriter {
    /// Room for the header, then the records.
    buffer: Vec<u8>,
    limit: usize,
    count: i32,
    base_timestamp: i64,
    max_timestamp: i64,
    deflater: Deflater,
}

impl BatchWriter {
    /// A writer of batches of at most `limit` bytes each, header included and before compression.
    ///
    /// Kafka's brokers accept 1,048,588 bytes by default (`message.max.bytes`), after compression. A batch never has
    /// more than `i32::MAX` bytes, whatever the limit.
    pub fn new(limit: usize) -> BatchWriter {
        let limit = limit.min(i32::MAX as usize);
        BatchWriter {
            buffer: Vec::new(),
            limit,
            count: 0,
            base_timestamp: 0,
            max_timestamp: -1,
            deflater: Deflater::default(),
        }
    }

    /// Appends a record.
    ///
    /// `timestamp` is in ms since 1970, or -1 for none. `None` as value is a tombstone.
    ///
    /// # Errors
    /// [`PushError`], and the batch is as it was.
    #[inline]
    pub fn push(
        &mut self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&[u8], Option<&[u8]>)],
    ) -> Result<(), PushError> {
        if timestamp < -1 {
            return Err(PushError::Timestamp(timestamp));
        }
        let base = if self.count == 0 { timestamp } else { self.base_timestamp };
        let Some(timestamp_delta) = timestamp.checked_sub(base) else {
            return Err(PushError::Timestamp(timestamp));
        };
        let offset_delta = i64::from(self.count);

        let mut body = 1 + size(timestamp_delta) + size(offset_delta) + nullable_size(key) + nullable_size(value);
        body += size(headers.len() as i64);
        for (key, value) in headers {
            body += nullable_size(Some(key)) + nullable_size(*value);
        }
        let record = size(body as i64) + body;
        let total = self.size() + record;
        if total > self.limit || self.count == i32::MAX {
            return Err(self.refuse(record));
        }

        if self.buffer.is_empty() {
            self.buffer.resize(layout::RECORDS, 0);
        }
        self.buffer.reserve(record);
        let out = &mut self.buffer;
        put(out, body as i64);
        out.push(0);
        put(out, timestamp_delta);
        put(out, offset_delta);
        put_nullable(out, key);
        put_nullable(out, value);
        put(out, headers.len() as i64);
        for (key, value) in headers {
            put_nullable(out, Some(key));
            put_nullable(out, *value);
        }
        self.base_timestamp = base;
        self.max_timestamp = self.max_timestamp.max(timestamp);
        self.count += 1;
        Ok(())
    }

    #[cold]
    fn refuse(&self, record: usize) -> PushError {
        let (alone, limit) = (layout::RECORDS + record, self.limit);
        if alone > limit {
            PushError::TooLarge { size: alone, limit }
        } else {
            PushError::Full { size: self.size() + record, limit }
        }
    }

    /// Bytes of the batch as it is now, header included and before compression.
    pub fn size(&self) -> usize {
        self.buffer.len().max(layout::RECORDS)
    }

    /// Records in the open batch.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether the open batch has no records.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Throws the open batch away.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.count = 0;
        self.max_timestamp = -1;
    }

    /// The batch, compressed and checksummed, ready for a Produce request; the next `push` begins a new one.
    ///
    /// A batch that the codec does not make smaller is sent compressed all the same: a broker with
    /// `compression.type=producer` keeps what it gets.
    ///
    /// # Errors
    /// The codec is not part of this build, or fails; the batch is still open then.
    pub fn finish(&mut self, compression: Compression, producer: Option<Producer>) -> Result<Bytes, CodecError> {
        if self.buffer.is_empty() {
            self.buffer.resize(layout::RECORDS, 0);
        }
        let mut batch = if compression == Compression::None {
            // The next batch is likely to be as large.
            let next = Vec::with_capacity(self.buffer.len());
            std::mem::replace(&mut self.buffer, next)
        } else {
            let records = self.buffer.get(layout::RECORDS..).unwrap_or_default();
            let mut batch = Vec::with_capacity(layout::RECORDS + records.len() / 2);
            batch.resize(layout::RECORDS, 0);
            self.deflater.deflate(compression, records, &mut batch)?;
            batch
        };
        let transactional = producer.is_some_and(|producer| producer.transactional);
        let attributes = i16::from(compression.code()) | if transactional { layout::TRANSACTIONAL } else { 0 };
        let times = if self.count == 0 { (-1, -1) } else { (self.base_timestamp, self.max_timestamp) };
        seal(&mut batch, attributes, times, self.count, producer);
        self.clear();
        Ok(Bytes::from(batch))
    }
}

/// Fills in the header in front of the records.
fn seal(batch: &mut [u8], attributes: i16, (base, max): (i64, i64), count: i32, producer: Option<Producer>) {
    let none = Producer { id: -1, epoch: -1, base_sequence: -1, transactional: false };
    let producer = producer.unwrap_or(none);
    // A compressed batch is at most a little larger than the limit, an uncompressed one not larger.
    let length = i32::try_from(batch.len() - layout::LOG_OVERHEAD).unwrap_or(i32::MAX);
    put_field(batch, layout::BASE_OFFSET, 0i64.to_be_bytes());
    put_field(batch, layout::BATCH_LENGTH, length.to_be_bytes());
    put_field(batch, layout::LEADER_EPOCH, (-1i32).to_be_bytes());
    put_field(batch, layout::MAGIC, layout::MAGIC_V2.to_be_bytes());
    put_field(batch, layout::ATTRIBUTES, attributes.to_be_bytes());
    put_field(batch, layout::LAST_OFFSET_DELTA, (count - 1).max(0).to_be_bytes());
    put_field(batch, layout::BASE_TIMESTAMP, base.to_be_bytes());
    put_field(batch, layout::MAX_TIMESTAMP, max.to_be_bytes());
    put_field(batch, layout::PRODUCER_ID, producer.id.to_be_bytes());
    put_field(batch, layout::PRODUCER_EPOCH, producer.epoch.to_be_bytes());
    put_field(batch, layout::BASE_SEQUENCE, producer.base_sequence.to_be_bytes());
    put_field(batch, layout::RECORD_COUNT, count.to_be_bytes());
    let crc = crc32c::crc32c(batch.get(layout::ATTRIBUTES..).unwrap_or_default());
    put_field(batch, layout::CRC, crc.to_be_bytes());
}

/// The control batch with which a coordinator ends a producer's transaction in a partition: an abort or a commit marker.
///
/// Key: version 0 and type; value: version 0 and the coordinator's epoch (Kafka's `EndTransactionMarker`).
pub fn end_marker(
    commit: bool,
    producer_id: i64,
    producer_epoch: i16,
    coordinator_epoch: i32,
    timestamp: i64,
) -> Bytes {
    let [high, low] = i16::from(commit).to_be_bytes();
    let [e0, e1, e2, e3] = coordinator_epoch.to_be_bytes();
    let mut batch = vec![0; layout::RECORDS];
    // Body length, attributes, two zero deltas, key, value, no headers.
    put(&mut batch, 1 + 1 + 1 + 5 + 7 + 1);
    batch.extend_from_slice(&[0, 0, 0]);
    put_nullable(&mut batch, Some(&[0, 0, high, low]));
    put_nullable(&mut batch, Some(&[0, 0, e0, e1, e2, e3]));
    put(&mut batch, 0);
    let producer = Producer { id: producer_id, epoch: producer_epoch, base_sequence: -1, transactional: true };
    seal(&mut batch, layout::TRANSACTIONAL | layout::CONTROL, (timestamp, timestamp), 1, Some(producer));
    Bytes::from(batch)
}

#[inline(always)]
fn nullable_size(bytes: Option<&[u8]>) -> usize {
    match bytes {
        Some(bytes) => size(bytes.len() as i64) + bytes.len(),
        None => 1,
    }
}

#[inline(always)]
fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => {
            put(out, bytes.len() as i64);
            out.extend_from_slice(bytes);
        }
        None => put(out, -1),
    }
}
