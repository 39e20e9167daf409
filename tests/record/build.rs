//! Batches for the tests: from records, and from raw parts that lie where a test wants them to.

use bytes::Bytes;
use topica::record::{BatchWriter, Batches, Compression, Inflater, assign_offsets};

/// An owned record, comparable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) offset: i64,
    pub(crate) timestamp: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl From<topica::record::Record<'_>> for Owned {
    fn from(record: topica::record::Record<'_>) -> Owned {
        Owned {
            offset: record.offset,
            timestamp: record.timestamp,
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            headers: record.headers.map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec))).collect(),
        }
    }
}

/// A batch of these values at these offsets on.
pub(crate) fn batch(base_offset: i64, values: &[&str], compression: Compression) -> Vec<u8> {
    let mut writer = BatchWriter::new(1 << 24);
    for (at, value) in values.iter().enumerate() {
        writer.push(1_000 + at as i64, None, Some(value.as_bytes()), &[]).unwrap();
    }
    at(base_offset, writer.finish(compression, None).unwrap())
}

/// `batch`, at this offset.
pub(crate) fn at(base_offset: i64, batch: Bytes) -> Vec<u8> {
    let mut batch = batch.to_vec();
    assign_offsets(&mut batch, base_offset, 0).unwrap();
    batch
}

/// A header field overwritten, and the checksum made right again.
pub(crate) fn with<const N: usize>(mut batch: Vec<u8>, field: usize, value: [u8; N]) -> Vec<u8> {
    batch[field..field + N].copy_from_slice(&value);
    reseal(batch)
}

/// Length and checksum made right.
pub(crate) fn reseal(mut batch: Vec<u8>) -> Vec<u8> {
    let length = (batch.len() - 12) as i32;
    batch[8..12].copy_from_slice(&length.to_be_bytes());
    let crc = crc32c::crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&crc.to_be_bytes());
    batch
}

/// An uncompressed batch whose records are `payload`, whatever that is.
pub(crate) fn raw(count: i32, last_offset_delta: i32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = BatchWriter::new(100).finish(Compression::None, None).unwrap().to_vec();
    bytes.extend_from_slice(payload);
    bytes[57..61].copy_from_slice(&count.to_be_bytes());
    bytes[23..27].copy_from_slice(&last_offset_delta.to_be_bytes());
    reseal(bytes)
}

/// A batch whose records claim to be compressed with `compression`.
pub(crate) fn compressed(compression: Compression, payload: &[u8]) -> Vec<u8> {
    with(raw(1, 0, payload), 21, i16::from(compression.code()).to_be_bytes())
}

/// What is read of the batches in `bytes`: records, or the text of what is bad with the range it costs.
pub(crate) fn read_all(bytes: &[u8]) -> Vec<Result<Owned, (i64, i64, String)>> {
    let mut inflater = Inflater::default();
    let mut all = Vec::new();
    let bad = |bad: topica::record::Bad| Err((bad.first_offset, bad.last_offset, bad.reason.to_string()));
    for batch in Batches::new(bytes) {
        match batch {
            Err(error) => all.push(bad(error)),
            Ok(batch) => match batch.records(&mut inflater) {
                Err(error) => all.push(Err((batch.base_offset(), batch.last_offset(), error.to_string()))),
                Ok(records) => all.extend(records.map(|record| record.map(Owned::from).or_else(bad))),
            },
        }
    }
    all
}
