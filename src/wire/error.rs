//! What can go wrong between this client and one broker, and what to do about it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::protocol::VersionRange;

use super::frame::FrameError;
use super::message::ReplyError;
use super::{Address, LooksLike};

/// Why a request to a broker has no answer. The message is one line and includes its cause; [`Error::hint`] says what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was given as an address is none.
    #[error("{text:?} is no address of a broker: {reason}")]
    Address {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The host name has no address.
    #[error("{address}: the name {:?} does not resolve: {source}", address.host)]
    Resolve {
        /// The broker.
        address: Address,
        /// The resolver's answer.
        source: Arc<io::Error>,
    },
    /// None of the host's addresses accepted a connection.
    #[error("{address}: {}", attempts_text(attempts))]
    Connect {
        /// The broker.
        address: Address,
        /// Each address that was tried, with its failure.
        attempts: Vec<(SocketAddr, Arc<io::Error>)>,
    },
    /// Connecting, name lookup and the first exchange included, took too long.
    #[error("{address}: no connection within {:.1} s", after.as_secs_f64())]
    ConnectTimeout {
        /// The broker.
        address: Address,
        /// How long it was tried.
        after: Duration,
    },
    /// Something answered that is not Kafka.
    #[error("{address}: this is {found}, not Kafka")]
    NotKafka {
        /// The address that was dialled.
        address: Address,
        /// What it is.
        found: LooksLike,
    },
    /// The peer hung up, or said nothing that makes sense, before it answered a single request.
    #[error("{address}: the peer closed the connection at the first {api} request")]
    HungUp {
        /// The broker.
        address: Address,
        /// The request that was not answered.
        api: String,
    },
    /// The peer accepted the connection and then said nothing.
    #[error("{address}: the peer accepted the connection but did not answer {api} within {:.1} s", after.as_secs_f64())]
    Silent {
        /// The broker.
        address: Address,
        /// The request that was not answered.
        api: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The connection broke. All who waited for an answer on it get this, with the same cause.
    #[error("{address}: the connection broke: {cause}")]
    Lost {
        /// The broker.
        address: Address,
        /// What broke it.
        cause: Arc<Lost>,
        /// Whether any of the request may have left: if not, the broker has not done what it asks for.
        sent: bool,
    },
    /// The broker speaks no version of the API that this client speaks.
    #[error("{address}: no common version of {api}: this client speaks {}, the broker {}", range_text(Some(*ours)), range_text(*theirs))]
    Unsupported {
        /// The broker.
        address: Address,
        /// The API.
        api: String,
        /// What this client speaks.
        ours: VersionRange,
        /// What the broker speaks; `None` if it does not have the API.
        theirs: Option<VersionRange>,
    },
    /// The reply came whole but its content is wrong. The connection goes on.
    #[error("{address}: malformed reply to {api} v{version}: {source}")]
    Malformed {
        /// The broker.
        address: Address,
        /// The API.
        api: String,
        /// The version of the request.
        version: i16,
        /// What is wrong with it.
        source: ReplyError,
    },
    /// The broker answered ApiVersions with an error.
    #[error("{address}: the broker refused ApiVersions with error code {code}")]
    Refused {
        /// The broker.
        address: Address,
        /// Kafka's error code.
        code: i16,
    },
    /// The request cannot be encoded at the version that was negotiated.
    #[error("{address}: a request of {api} v{version} cannot be encoded: {reason}")]
    Encode {
        /// The broker.
        address: Address,
        /// The API.
        api: String,
        /// The version negotiated.
        version: i16,
        /// The encoder's reason.
        reason: String,
    },
}

/// What broke a connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Lost {
    /// The broker closed it.
    #[error("the broker closed it")]
    Closed,
    /// The broker closed it before it had answered anything but ApiVersions.
    #[error("the broker closed it at the first request after ApiVersions")]
    ClosedAtFirstRequest,
    /// What came is no frame.
    #[error("{0}")]
    Frame(#[source] FrameError),
    /// Writing failed.
    #[error("writing failed: {0}")]
    Write(#[source] io::Error),
    /// A reply to no request that is in flight: the stream can no longer be trusted.
    #[error("a reply came with correlation id {0}, which no request has")]
    Correlation(i32),
    /// A frame too short to hold a correlation id.
    #[error("a reply of {0} bytes is too short to be one")]
    Short(usize),
    /// A request was not answered in time. Requests behind it would wait as long, so the connection is given up, as the
    /// Java client does.
    #[error("{api} was not answered within {after:?}")]
    Timeout {
        /// The API of the request that was not answered.
        api: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The runtime that drove the connection is shutting down.
    #[error("the runtime is shutting down")]
    Shutdown,
}

impl Error {
    /// The broker that this is about.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Address { .. } => None,
            Self::Resolve { address, .. }
            | Self::Connect { address, .. }
            | Self::ConnectTimeout { address, .. }
            | Self::NotKafka { address, .. }
            | Self::HungUp { address, .. }
            | Self::Silent { address, .. }
            | Self::Lost { address, .. }
            | Self::Unsupported { address, .. }
            | Self::Malformed { address, .. }
            | Self::Refused { address, .. }
            | Self::Encode { address, .. } => Some(address),
        }
    }

    /// Whether the same request may succeed on a new connection.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::HungUp { .. }
            | Self::Silent { .. } => true,
            Self::Lost { cause, .. } => {
                !matches!(**cause, Lost::Frame(FrameError::TooLarge { .. } | FrameError::NotKafka(_)))
            }
            _ => false,
        }
    }

    /// Whether the broker may have done what the request asks for, although there is no usable answer.
    #[must_use]
    pub fn may_have_been_executed(&self) -> bool {
        matches!(self, Self::Lost { sent: true, .. } | Self::Malformed { .. })
    }

    /// Whether no connection could be made at all.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Resolve { .. } | Self::Connect { .. } | Self::ConnectTimeout { .. })
    }

    /// What the user should do, in one line, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Address { .. } => "Write host:port, or host alone for port 9092.".to_owned(),
            Self::Resolve { .. } => "Check the spelling of the host, and that this machine's DNS or hosts file knows it.".to_owned(),
            Self::Connect { address, .. } => format!("Check that the broker runs and that port {} is the one it listens on.", address.port),
            Self::ConnectTimeout { .. } => "Check the address, and that no firewall drops the packets.".to_owned(),
            Self::NotKafka { found, .. } => found.advice().to_owned(),
            Self::HungUp { .. } => {
                "A listener that wants TLS does this, and so does a port that is not Kafka's: use a plaintext listener of the broker.".to_owned()
            }
            Self::Silent { .. } => "Check that this is the port of a Kafka broker, and that the broker is healthy.".to_owned(),
            Self::Lost { cause, .. } => match &**cause {
                Lost::ClosedAtFirstRequest => {
                    "A listener that wants SASL authentication does this: use a listener without it; this version cannot authenticate."
                        .to_owned()
                }
                Lost::Frame(FrameError::TooLarge { .. }) => "Ask for fewer bytes at once, or raise the cap on a frame.".to_owned(),
                Lost::Timeout { .. } => "The broker may be overloaded; a longer request.timeout.ms gives it more time.".to_owned(),
                _ => return None,
            },
            Self::Unsupported { .. } => "Brokers from Apache Kafka 2.1 on have every API that is used here.".to_owned(),
            _ => return None,
        })
    }
}

fn attempts_text(attempts: &[(SocketAddr, Arc<io::Error>)]) -> String {
    match attempts {
        [] => "the name has no address".to_owned(),
        [(_, error)] => reason(error),
        _ => attempts.iter().map(|(peer, error)| format!("{peer}: {}", reason(error))).collect::<Vec<_>>().join("; "),
    }
}

/// The failure in the words that people use, without the operating system's number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::TimedOut => "no answer in time".to_owned(),
        io::ErrorKind::HostUnreachable => "host unreachable".to_owned(),
        io::ErrorKind::NetworkUnreachable => "network unreachable".to_owned(),
        _ => error.to_string(),
    }
}

fn range_text(range: Option<VersionRange>) -> String {
    match range {
        None => "none".to_owned(),
        Some(range) if range.min == range.max => format!("v{}", range.min),
        Some(range) => format!("v{} to v{}", range.min, range.max),
    }
}
