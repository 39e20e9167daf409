//! From a request frame to the API that answers it, and from its response to a frame.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, FetchRequest, ProduceRequest, ProduceResponse, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use tokio::time::Instant;

use super::admit;
use super::api::{self, produce::Produced};
use super::config::BrokerConfig;
use super::group::{Answer, JoinResult, SyncResult};
use super::state::{Context, Shared};
use crate::wire::FrameError;

/// Why a connection is closed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Close {
    #[error("the socket failed: {0}")]
    Io(std::io::Error),
    #[error("no frame: {0}")]
    Frame(#[from] FrameError),
    #[error("the client went while it waited")]
    Gone,
    #[error("no request for too long, or no answer read")]
    Idle,
    #[error("the request is malformed: {0}")]
    Malformed(String),
    #[error("API {api} version {version} is not supported")]
    Unsupported { api: i16, version: i16 },
    /// The one request of which all versions are answered: see KIP-511.
    #[error("this version of ApiVersions is not supported")]
    UnsupportedApiVersions { correlation_id: i32 },
    #[error("a Produce without acknowledgement failed")]
    SilentFailure,
    #[error("an interception wants it so")]
    Intercepted,
}

/// A request whose header was read.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) api: ApiKey,
    pub(super) version: i16,
    pub(super) client_id: String,
    correlation_id: i32,
    body: Bytes,
}

/// What became of a request.
pub(super) enum Outcome {
    /// The response frame.
    Answer(Bytes),
    /// Nothing is to be answered.
    Silence,
    /// To be answered when there is enough.
    Fetch(Box<FetchRequest>),
    /// To be answered when all members are there.
    Join(Answer<JoinResult>),
    /// To be answered when the leader has spoken.
    Sync(Answer<SyncResult>),
}

/// Reads the header of a request.
///
/// # Errors
/// What is to be done with the connection instead.
pub(super) fn parse(frame: Bytes) -> Result<Request, Close> {
    let mut start = &frame[..];
    if start.len() < 8 {
        return Err(Close::Malformed("shorter than a request header".to_owned()));
    }
    let (key, version, correlation_id) = (start.get_i16(), start.get_i16(), start.get_i32());
    let unsupported = Close::Unsupported { api: key, version };
    let Ok(api) = ApiKey::try_from(key) else {
        return Err(unsupported);
    };
    if !api::supports(api, version) {
        return Err(if api == ApiKey::ApiVersions {
            Close::UnsupportedApiVersions { correlation_id }
        } else {
            unsupported
        });
    }
    let frame_len = frame.len();
    let mut body = frame;
    let header = RequestHeader::decode(&mut body, api.request_header_version(version)).map_err(malformed)?;
    if !admit::is_admissible(api, version, frame_len, &body) {
        return Err(Close::Malformed(format!("{api:?} of {frame_len} bytes names too much")));
    }
    let client_id = header.client_id.map(|id| id.as_str().to_owned()).unwrap_or_default();
    Ok(Request { api, version, client_id, correlation_id, body })
}

/// Does what a request asks for.
///
/// # Errors
/// When its body is malformed, or cannot be answered.
pub(super) fn handle(request: &Request, cx: &Context, shared: &Shared) -> Result<Outcome, Close> {
    use api::*;
    // Decodes the body for an API's `answer` and encodes what it gives.
    macro_rules! plain {
        ($answer:path) => {
            encode(request, &$answer(request.decode()?, cx, shared)).map(Outcome::Answer)
        };
        (&$answer:path) => {
            encode(request, &$answer(&request.decode()?, cx, shared)).map(Outcome::Answer)
        };
    }
    match request.api {
        ApiKey::ApiVersions => {
            request.decode::<kafka_protocol::messages::ApiVersionsRequest>()?;
            encode(request, &api_versions::answer(cx)).map(Outcome::Answer)
        }
        ApiKey::Produce => match produce::answer(decode_produce(request)?, cx, shared) {
            Produced::Answer(response) => encode_produce(request, &response).map(Outcome::Answer),
            Produced::Silence => Ok(Outcome::Silence),
            Produced::SilentFailure => Err(Close::SilentFailure),
        },
        ApiKey::Fetch => Ok(Outcome::Fetch(Box::new(request.decode()?))),
        ApiKey::JoinGroup => Ok(Outcome::Join(join_group::answer(request.decode()?, cx, shared))),
        ApiKey::SyncGroup => Ok(Outcome::Sync(sync_group::answer(request.decode()?, cx, shared))),
        ApiKey::Metadata => plain!(metadata::answer),
        ApiKey::ListOffsets => plain!(list_offsets::answer),
        ApiKey::OffsetCommit => plain!(offset_commit::answer),
        ApiKey::OffsetFetch => plain!(offset_fetch::answer),
        ApiKey::FindCoordinator => plain!(find_coordinator::answer),
        ApiKey::Heartbeat => plain!(&heartbeat::answer),
        ApiKey::LeaveGroup => plain!(leave_group::answer),
        ApiKey::DescribeGroups => plain!(describe_groups::answer),
        ApiKey::ListGroups => plain!(&list_groups::answer),
        ApiKey::DeleteGroups => plain!(delete_groups::answer),
        ApiKey::CreateTopics => plain!(create_topics::answer),
        ApiKey::DeleteTopics => plain!(delete_topics::answer),
        ApiKey::DeleteRecords => plain!(delete_records::answer),
        ApiKey::CreatePartitions => plain!(create_partitions::answer),
        ApiKey::InitProducerId => plain!(init_producer_id::answer),
        ApiKey::OffsetForLeaderEpoch => plain!(offset_for_leader_epoch::answer),
        ApiKey::DescribeConfigs => plain!(describe_configs::answer),
        ApiKey::DescribeCluster => plain!(describe_cluster::answer),
        other => Err(Close::Unsupported { api: other as i16, version: request.version }),
    }
}

impl Request {
    fn decode<R: Decodable>(&self) -> Result<R, Close> {
        R::decode(&mut self.body.clone(), self.version).map_err(malformed)
    }
}

fn decode_produce(request: &Request) -> Result<ProduceRequest, Close> {
    if request.version < 3 { api::produce_v2::decode(&request.body).map_err(malformed) } else { request.decode() }
}

fn encode_produce(request: &Request, response: &ProduceResponse) -> Result<Bytes, Close> {
    if request.version >= 3 {
        return encode(request, response);
    }
    frame(ApiKey::Produce, request.version, request.correlation_id, |out| {
        api::produce_v2::encode(response, request.version, out)
    })
}

/// The response as a frame, its length in front.
///
/// # Errors
/// When it cannot be encoded in the request's version: the broker's fault.
pub(super) fn encode<R: Encodable>(request: &Request, response: &R) -> Result<Bytes, Close> {
    encode_as(request.api, request.version, request.correlation_id, response)
}

/// The answer to a version of ApiVersions that is not spoken: one of version 0.
///
/// # Errors
/// As [`encode`].
pub(super) fn unsupported_api_versions(correlation_id: i32) -> Result<Bytes, Close> {
    encode_as(ApiKey::ApiVersions, 0, correlation_id, &api::api_versions::unsupported())
}

fn encode_as<R: Encodable>(api: ApiKey, version: i16, correlation_id: i32, response: &R) -> Result<Bytes, Close> {
    frame(api, version, correlation_id, |out| response.encode(out, version))
}

fn frame(
    api: ApiKey,
    version: i16,
    correlation_id: i32,
    body: impl FnOnce(&mut BytesMut) -> kafka_protocol::error::Result<()>,
) -> Result<Bytes, Close> {
    let mut frame = BytesMut::new();
    frame.put_i32(0);
    let header = ResponseHeader::default().with_correlation_id(correlation_id);
    header.encode(&mut frame, api.response_header_version(version)).map_err(malformed)?;
    body(&mut frame).map_err(malformed)?;
    let length = i32::try_from(frame.len().saturating_sub(4)).map_err(malformed)?;
    if let Some(field) = frame.get_mut(..4) {
        field.copy_from_slice(&length.to_be_bytes());
    }
    Ok(frame.freeze())
}

fn malformed(error: impl std::fmt::Display) -> Close {
    Close::Malformed(error.to_string())
}

/// Answers one frame with a broker of its own, without any socket; what would wait is answered at once.
pub(super) fn answer_alone(frame: &[u8]) -> Option<Bytes> {
    let config = BrokerConfig::new().with_auto_create_topics(true);
    let shared = Arc::new(Shared::new(config, vec![9092]));
    shared.lock().create_topic("t", 2, 1).ok()?;
    let request = match parse(Bytes::copy_from_slice(frame)) {
        Ok(request) => request,
        Err(Close::UnsupportedApiVersions { correlation_id }) => {
            return unsupported_api_versions(correlation_id).ok();
        }
        Err(_) => return None,
    };
    let cx = Context {
        node: 1,
        host: StrBytes::from_static_str("localhost"),
        peer: "/127.0.0.1".to_owned(),
        client_id: request.client_id.clone(),
        version: request.version,
        now: Instant::now(),
        forced: None,
    };
    match handle(&request, &cx, &shared).ok()? {
        Outcome::Answer(frame) => Some(frame),
        Outcome::Silence => None,
        Outcome::Fetch(wanted) => encode(&request, &api::fetch::answer(&wanted, &cx, &shared)).ok(),
        Outcome::Join(Answer::Now(result)) => encode(&request, &api::join_group::response(result, &cx)).ok(),
        Outcome::Sync(Answer::Now(result)) => encode(&request, &api::sync_group::response(result)).ok(),
        Outcome::Join(Answer::Later(_)) | Outcome::Sync(Answer::Later(_)) => None,
    }
}
