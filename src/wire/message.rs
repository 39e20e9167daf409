//! How do a request and its reply lie in a frame?

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};

use super::weigh;

/// Why a reply's content could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// Its fields do not decode.
    #[error("{0}")]
    Decode(String),
    /// Bytes are left after the last field.
    #[error("{0} bytes are left over after the last field")]
    Trailing(usize),
    /// Its arrays hold more than fits into memory that is meant for it.
    #[error("{0}")]
    Weight(#[from] weigh::WeightError),
}

/// A request as it goes over the wire: length, header, body.
pub(super) fn encode_request<R: Request>(
    request: &R,
    version: i16,
    correlation: i32,
    client_id: &StrBytes,
) -> Result<Bytes, String> {
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation)
        .with_client_id(Some(client_id.clone()));
    let header_version = R::header_version(version);
    let size = header.compute_size(header_version).map_err(|e| e.to_string())?
        + request.compute_size(version).map_err(|e| e.to_string())?;
    let length = i32::try_from(size).map_err(|_| format!("it has {size} bytes, more than a frame can"))?;
    let mut out = BytesMut::with_capacity(4 + size);
    out.put_i32(length);
    header.encode(&mut out, header_version).map_err(|e| e.to_string())?;
    request.encode(&mut out, version).map_err(|e| e.to_string())?;
    Ok(out.freeze())
}

/// Decodes the reply to a request of type `R` at `version`: header and body, nothing before and nothing after them.
///
/// The memory that it takes is bounded by the frame's own size, whatever its arrays claim (`weigh`).
///
/// # Errors
/// See [`ReplyError`].
pub fn decode_reply<R: Request>(mut frame: Bytes, version: i16) -> Result<R::Response, ReplyError> {
    let decode = |e: kafka_protocol::error::ProtoError| ReplyError::Decode(e.to_string());
    weigh::header(&frame, R::Response::header_version(version))?;
    ResponseHeader::decode(&mut frame, R::Response::header_version(version)).map_err(decode)?;
    weigh::body(R::KEY, &frame, version)?;
    let reply = R::Response::decode(&mut frame, version).map_err(decode)?;
    match &frame[..] {
        [] => Ok(reply),
        // librdkafka's mock cluster writes the empty set of tagged fields at the end of some replies twice.
        [0] if R::Response::header_version(version) >= 1 => Ok(reply),
        left => Err(ReplyError::Trailing(left.len())),
    }
}
