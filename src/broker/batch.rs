//! Is this what a producer may send: exactly one whole, intact record batch of format v2?

use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError;

use super::error::Refusal;
use super::producers::{Stamp, last_sequence};
use crate::record::{self, Batches, Compression, Inflater, Record};

/// What a batch may inflate to while it is checked or searched, in bytes.
const MAX_INFLATED: usize = 64 << 20;

/// A batch that passed: its bytes and what the log needs to know of its header.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) bytes: Bytes,
    pub(super) last_offset_delta: i32,
    pub(super) max_timestamp: i64,
    pub(super) stamp: Option<Stamp>,
}

impl Batch {
    /// The same batch at its place in a log.
    ///
    /// # Errors
    /// When the log has run out of offsets.
    pub(super) fn at(&self, base_offset: i64, leader_epoch: i32) -> Result<Bytes, Refusal> {
        let mut bytes = BytesMut::from(&self.bytes[..]);
        record::assign_offsets(&mut bytes, base_offset, leader_epoch).map_err(invalid)?;
        Ok(bytes.freeze())
    }
}

/// Checks what a client sends for one partition, down to each record.
///
/// # Errors
/// `INVALID_RECORD`, `CORRUPT_MESSAGE`, `MESSAGE_TOO_LARGE`, `UNSUPPORTED_COMPRESSION_TYPE`, each with the reason.
pub(super) fn check(records: Option<&Bytes>, max: usize) -> Result<Batch, Refusal> {
    let bytes = records.filter(|bytes| !bytes.is_empty()).ok_or_else(|| invalid("no record batch"))?;
    if bytes.len() > max {
        return Err(Refusal::new(
            ResponseError::MessageTooLarge,
            format!("the batch has {} bytes, the broker takes at most {max}", bytes.len()),
        ));
    }
    let batch = only_batch(bytes)?;
    let header = *batch.header();
    if batch.is_control() {
        return Err(invalid("clients may not write control records"));
    }
    if batch.is_transactional() {
        return Err(Refusal::new(ResponseError::InvalidTxnState, "the embedded broker has no transactions"));
    }
    let count = header.record_count;
    if count < 1 || header.last_offset_delta != count - 1 {
        let delta = header.last_offset_delta;
        return Err(invalid(format!("{count} records with a last offset delta of {delta}")));
    }
    check_records(&batch)?;
    let stamp = match (header.producer_id, header.producer_epoch, header.base_sequence) {
        (-1, ..) => None,
        (producer_id @ 0.., epoch @ 0.., first_sequence @ 0..) => {
            let last_sequence = last_sequence(first_sequence, header.last_offset_delta);
            Some(Stamp { producer_id, epoch, first_sequence, last_sequence })
        }
        _ => return Err(invalid("a producer id without a valid epoch and sequence")),
    };
    let (last_offset_delta, max_timestamp) = (header.last_offset_delta, header.max_timestamp);
    Ok(Batch { bytes: bytes.clone(), last_offset_delta, max_timestamp, stamp })
}

fn only_batch(bytes: &Bytes) -> Result<record::Batch<'_>, Refusal> {
    let mut batches = Batches::new(bytes);
    let batch = match batches.next() {
        Some(Ok(batch)) => batch,
        Some(Err(bad)) if matches!(bad.reason, record::Error::Checksum { .. }) => {
            return Err(Refusal::new(ResponseError::CorruptMessage, bad.reason.to_string()));
        }
        Some(Err(bad)) => return Err(invalid(bad.reason)),
        None => return Err(invalid("not one whole record batch")),
    };
    if batches.next().is_some() || batches.partial().is_some() {
        return Err(invalid("exactly one whole record batch is allowed per partition"));
    }
    Ok(batch)
}

/// Are there as many records as the header says, numbered without a gap, and nothing behind them?
fn check_records(batch: &record::Batch<'_>) -> Result<(), Refusal> {
    let unsupported =
        |reason: &record::Error| Refusal::new(ResponseError::UnsupportedCompressionType, reason.to_string());
    let compression = batch.header().compression().map_err(|reason| unsupported(&reason))?;
    if compression != Compression::None && !compression.is_available() {
        return Err(Refusal::new(
            ResponseError::UnsupportedCompressionType,
            format!("this build of the embedded broker cannot inflate {compression:?}"),
        ));
    }
    let mut inflater = Inflater::new(MAX_INFLATED);
    let mut expected = batch.base_offset();
    for record in batch.records(&mut inflater).map_err(invalid)? {
        let record = record.map_err(|bad| invalid(bad.reason))?;
        if record.offset != expected {
            return Err(invalid("the records are not numbered without a gap"));
        }
        expected = expected.saturating_add(1);
    }
    if expected == batch.next_offset() { Ok(()) } else { Err(invalid("fewer records than the header says")) }
}

/// The first record of a stored batch that is as late as `timestamp`: its offset and its own timestamp.
pub(super) fn first_since(bytes: &Bytes, timestamp: i64) -> Option<(i64, i64)> {
    let batch = Batches::new(bytes).next()?.ok()?;
    let mut inflater = Inflater::new(MAX_INFLATED);
    let mut records = batch.records(&mut inflater).ok()?.filter_map(Result::ok);
    let late = |record: &Record<'_>| record.timestamp >= timestamp;
    records.find(late).map(|record| (record.offset, record.timestamp))
}

fn invalid(reason: impl ToString) -> Refusal {
    Refusal::new(ResponseError::InvalidRecord, reason.to_string())
}
