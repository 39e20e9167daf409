//! What is said on a new stream before it is used: ApiVersions with its fallbacks. SASL will follow it here.
//!
//! A broker that does not know the version asked for answers with error 35 in the v0 layout, whatever was asked
//! (KIP-511); brokers from before that, and some that are not Apache's, close the connection instead.

use std::io;

use bytes::BytesMut;
use kafka_protocol::messages::ApiVersionsRequest;
use kafka_protocol::protocol::{Request, StrBytes};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout_at};

use super::connection::ConnectOptions;
use super::dial::Stream;
use super::frame::{FrameError, read_frame};
use super::message::{decode_reply, encode_request};
use super::versions::{BrokerVersions, api_name};
use super::{Address, Error, Lost};

const UNSUPPORTED_VERSION: i16 = 35;

/// The first request's correlation id, which may be any number: an empty line in ASCII. A server of a protocol of lines,
/// HTTP above all, waits for one and says nothing before.
const FIRST_CORRELATION: i32 = i32::from_be_bytes(*b"\r\n\r\n");

/// A stream on which requests can be sent, and what is known of the other side.
pub(super) struct Greeted {
    pub(super) stream: Box<dyn Stream>,
    /// What was read beyond the last reply.
    pub(super) input: BytesMut,
    pub(super) versions: BrokerVersions,
    pub(super) next_correlation: i32,
}

/// Why there is no such stream.
pub(super) enum Ungreeted {
    /// The peer hung up at the first request: an older version of it is worth a try on a new stream.
    HungUp,
    /// Nothing more can be done.
    Failed(Error),
}

/// Asks for the broker's versions, by `version` of that request or a lower one, until `deadline`.
pub(super) async fn greet(
    stream: Box<dyn Stream>,
    address: &Address,
    options: &ConnectOptions,
    deadline: Instant,
    mut version: i16,
) -> Result<Greeted, Ungreeted> {
    let mut talk =
        Talk { stream, input: BytesMut::new(), address, options, deadline, next_correlation: FIRST_CORRELATION };
    loop {
        match talk.api_versions(version).await? {
            Answer::Versions(versions) => {
                let Talk { stream, input, next_correlation, .. } = talk;
                return Ok(Greeted { stream, input, versions, next_correlation });
            }
            Answer::Speaks(next) if next < version => version = next,
            Answer::Speaks(_) => {
                return Err(talk.failed(|address| Error::Refused { address, code: UNSUPPORTED_VERSION }));
            }
        }
    }
}

/// What a broker answers to ApiVersions.
enum Answer {
    Versions(BrokerVersions),
    /// Not at that version, but at this one.
    Speaks(i16),
}

struct Talk<'a> {
    stream: Box<dyn Stream>,
    input: BytesMut,
    address: &'a Address,
    options: &'a ConnectOptions,
    deadline: Instant,
    next_correlation: i32,
}

impl Talk<'_> {
    async fn api_versions(&mut self, version: i16) -> Result<Answer, Ungreeted> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("topica"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let frame = self.exchange(&request, version).await?;
        // Every version's body begins with the error code, after a header that is the correlation id alone.
        if frame.get(4..6) == Some(&UNSUPPORTED_VERSION.to_be_bytes()) {
            // The rest, in the layout of v0, should list the versions that would be understood. librdkafka's mock cluster
            // has it wrong, and others leave it out: then v0 is what all know.
            let listed =
                decode_reply::<ApiVersionsRequest>(frame, 0).ok().map(|reply| BrokerVersions::from_reply(&reply));
            let next = listed.and_then(|listed| listed.negotiate::<ApiVersionsRequest>(version - 1).ok());
            return Ok(Answer::Speaks(next.unwrap_or(0)));
        }
        let reply = decode_reply::<ApiVersionsRequest>(frame, version).map_err(|source| {
            self.failed(|address| Error::Malformed { address, api: api_name(ApiVersionsRequest::KEY), version, source })
        })?;
        match reply.error_code {
            0 => Ok(Answer::Versions(BrokerVersions::from_reply(&reply))),
            code => Err(self.failed(|address| Error::Refused { address, code })),
        }
    }

    /// Sends one request and waits for its reply; nothing else is on the stream yet.
    async fn exchange<R: Request>(&mut self, request: &R, version: i16) -> Result<bytes::Bytes, Ungreeted> {
        let api = || api_name(R::KEY);
        let correlation = self.next_correlation;
        self.next_correlation += 1;
        let bytes = encode_request(request, version, correlation, &self.options.client_id_bytes())
            .map_err(|reason| self.failed(|address| Error::Encode { address, api: api(), version, reason }))?;
        let max = self.options.max_frame;
        let start = Instant::now();
        let (stream, input) = (&mut self.stream, &mut self.input);
        let round_trip = async {
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            read_frame(stream, input, max).await
        };
        let frame = match timeout_at(self.deadline, round_trip).await {
            Err(_) => {
                return Err(self.failed(|address| Error::Silent { address, api: api(), after: start.elapsed() }));
            }
            Ok(Ok(Some(frame))) => frame,
            Ok(Ok(None)) => return Err(Ungreeted::HungUp),
            Ok(Err(FrameError::Io(error))) if is_hang_up(&error) => return Err(Ungreeted::HungUp),
            Ok(Err(FrameError::NotKafka(found))) => {
                return Err(self.failed(|address| Error::NotKafka { address, found }));
            }
            Ok(Err(error)) => return Err(self.lost(Lost::Frame(error))),
        };
        match frame.first_chunk().map(|id| i32::from_be_bytes(*id)) {
            None => Err(self.lost(Lost::Short(frame.len()))),
            Some(id) if id != correlation => Err(self.lost(Lost::Correlation(id))),
            Some(_) => Ok(frame),
        }
    }

    fn lost(&self, cause: Lost) -> Ungreeted {
        self.failed(|address| Error::Lost { address, cause: cause.into(), sent: true })
    }

    fn failed(&self, error: impl FnOnce(Address) -> Error) -> Ungreeted {
        Ungreeted::Failed(error(self.address.clone()))
    }
}

/// Closing a socket in which unread bytes lie resets the connection, so a reset is a hang-up too.
fn is_hang_up(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
