//! What a broker changes in a batch that it has accepted: offsets, leader epoch, log append time.
//!
//! Base offset and leader epoch lie outside the checksum so that this needs no second look at the records.

use super::batch::{Batches, Partial};
use super::error::Bad;
use super::layout;

/// Why a batch cannot be appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// The bytes are not exactly one whole batch.
    #[error("not one whole record batch")]
    NotOneBatch,
    /// The batch is damaged or of another format.
    #[error("{}", .0.reason)]
    Bad(#[from] Bad),
    /// The offsets would not fit 64 bits.
    #[error("offset {0} is too high")]
    Offset(i64),
}

/// Gives the one batch in `bytes` the offsets from `base_offset` on, and the leader epoch; returns the offset after it.
///
/// # Errors
/// [`Rejected`], and nothing is changed.
pub fn assign_offsets(bytes: &mut [u8], base_offset: i64, leader_epoch: i32) -> Result<i64, Rejected> {
    let delta = one_batch(bytes)?;
    let next = base_offset.checked_add(i64::from(delta) + 1).filter(|_| base_offset >= 0);
    let next = next.ok_or(Rejected::Offset(base_offset))?;
    put(bytes, layout::BASE_OFFSET, base_offset.to_be_bytes());
    put(bytes, layout::LEADER_EPOCH, leader_epoch.to_be_bytes());
    Ok(next)
}

/// Makes `timestamp`, in ms since 1970, the log append time of the one batch in `bytes`, and its checksum right again.
///
/// # Errors
/// [`Rejected`], and nothing is changed.
pub fn set_log_append_time(bytes: &mut [u8], timestamp: i64) -> Result<(), Rejected> {
    one_batch(bytes)?;
    let attributes = layout::field(bytes, layout::ATTRIBUTES).map_or(0, i16::from_be_bytes);
    put(bytes, layout::ATTRIBUTES, (attributes | layout::LOG_APPEND_TIME).to_be_bytes());
    put(bytes, layout::MAX_TIMESTAMP, timestamp.to_be_bytes());
    let crc = crc32c::crc32c(bytes.get(layout::ATTRIBUTES..).unwrap_or_default());
    put(bytes, layout::CRC, crc.to_be_bytes());
    Ok(())
}

/// The last offset delta of the one batch that `bytes` must be.
fn one_batch(bytes: &[u8]) -> Result<i32, Rejected> {
    let mut batches = Batches::new(bytes);
    let batch = batches.next().ok_or(Rejected::NotOneBatch)??;
    let delta = batch.header().last_offset_delta;
    match (batches.next(), batches.partial()) {
        (None, None::<Partial>) => Ok(delta),
        _ => Err(Rejected::NotOneBatch),
    }
}

/// Overwrites a header field. The header is there: `one_batch` has seen it.
pub(super) fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    if let Some(field) = bytes.get_mut(at..at + N) {
        field.copy_from_slice(&value);
    }
}
