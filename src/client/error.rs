//! What can go wrong with a cluster, whose fault it is, and what to do about it.

use std::time::Duration;

use super::{ConfigError, ErrorCode};
use crate::wire;

/// Why a call has no result. The message is one line and includes its cause; [`Error::hint`] says what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration is not usable; nothing was sent.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No bootstrap server answered.
    #[error("no bootstrap server answered: {}", bootstrap_text(failures))]
    Bootstrap {
        /// Each server that was tried, in the order given, with its failure.
        failures: Vec<wire::Error>,
    },
    /// A server answered, but told of no broker at all: the cluster is just starting, or all of its brokers are fenced.
    #[error("the cluster has no brokers now")]
    NoBrokers,
    /// A broker that the cluster told us of cannot be reached at the address that it advertises.
    #[error("broker {broker} cannot be reached at {address}, the address that it advertises: {source}")]
    Advertised {
        /// The broker's id.
        broker: i32,
        /// `host:port` as in the cluster's metadata.
        address: String,
        /// The last failure.
        source: wire::Error,
    },
    /// A request to a broker has no answer.
    #[error("{}{source}", place(topic, partition))]
    Request {
        /// The topic, if it was about one.
        topic: Option<String>,
        /// The partition, if it was about one.
        partition: Option<i32>,
        /// Why there is no answer.
        source: wire::Error,
    },
    /// A broker answered with an error.
    #[error("{}{code}{}", place(topic, partition), message.as_ref().map_or_else(String::new, |m| format!(": {m}")))]
    Broker {
        /// The topic, if it was about one.
        topic: Option<String>,
        /// The partition, if it was about one.
        partition: Option<i32>,
        /// `host:port` of the broker that answered; `None` if it is from the cluster's metadata.
        address: Option<String>,
        /// Kafka's error code.
        code: ErrorCode,
        /// What the broker said beyond the code.
        message: Option<String>,
    },
    /// The cluster has no leader for the partition.
    #[error("{}no broker leads this partition now", place(&Some(topic.clone()), &Some(*partition)))]
    NoLeader {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// The topic exists but has no such partition.
    #[error("{}the topic has {partitions} partitions", place(&Some(topic.clone()), &Some(*partition)))]
    UnknownPartition {
        /// The topic.
        topic: String,
        /// The partition asked for.
        partition: i32,
        /// How many there are.
        partitions: usize,
    },
    /// A broker's reply lacks what was asked for.
    #[error("{}the reply from {address} does not mention it", place(&Some(topic.clone()), partition))]
    Incomplete {
        /// The topic.
        topic: String,
        /// The partition, if it was about one.
        partition: Option<i32>,
        /// `host:port` of the broker that answered.
        address: String,
    },
    /// What might have succeeded later did not within the time allowed.
    #[error("gave up after {:.1} s: {last}", after.as_secs_f64())]
    TimedOut {
        /// How long it was tried.
        after: Duration,
        /// The last failure.
        #[source]
        last: Box<Error>,
    },
    /// A batch was not acknowledged, but may be in the log: an attempt to write it was sent and its outcome is not known.
    /// Only [`Client::produce`](super::Client::produce) gives this; [`Error::may_have_been_written`] asks for it.
    #[error("{last} (it may have been written all the same)")]
    InDoubt {
        /// The last failure. It may be final: what became of an earlier attempt is not known.
        #[source]
        last: Box<Error>,
    },
    /// The time allowed passed while a broker had not answered.
    #[error("{}no answer within {:.1} s", place(topic, partition), after.as_secs_f64())]
    NoAnswer {
        /// The topic, if it was about one.
        topic: Option<String>,
        /// The partition, if it was about one.
        partition: Option<i32>,
        /// How long it was waited for.
        after: Duration,
    },
}

/// Whose fault an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The caller's: configuration or arguments. Nothing was sent.
    Usage,
    /// The cluster could not be reached.
    Unreachable,
    /// The cluster refused us: authentication or authorisation.
    Denied,
    /// A broker answered with an error, or with nonsense.
    Broker,
}

impl Error {
    /// Whose fault it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Config(_) => Kind::Usage,
            Self::Bootstrap { .. } | Self::NoBrokers | Self::Advertised { .. } | Self::NoAnswer { .. } => {
                Kind::Unreachable
            }
            Self::Request { source, .. } => match source {
                wire::Error::Malformed { .. } | wire::Error::Unsupported { .. } | wire::Error::Refused { .. } => {
                    Kind::Broker
                }
                wire::Error::Address { .. } | wire::Error::Encode { .. } => Kind::Usage,
                _ => Kind::Unreachable,
            },
            Self::Broker { code, .. } if code.is_denied() => Kind::Denied,
            Self::Broker { .. } | Self::NoLeader { .. } | Self::Incomplete { .. } | Self::UnknownPartition { .. } => {
                Kind::Broker
            }
            Self::TimedOut { last, .. } | Self::InDoubt { last } => last.kind(),
        }
    }

    /// Whether the cluster could not be reached or refused us, which the command line tells by exit code 3.
    #[must_use]
    pub fn is_unreachable_or_denied(&self) -> bool {
        matches!(self.kind(), Kind::Unreachable | Kind::Denied)
    }

    /// Whether the same call may succeed later. An [`Error::TimedOut`] was tried again until the time was over.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Config(_) | Self::UnknownPartition { .. } | Self::Incomplete { .. } => false,
            Self::Bootstrap { failures } => failures.iter().any(wire::Error::is_retriable),
            Self::Advertised { source, .. } | Self::Request { source, .. } => source.is_retriable(),
            Self::Broker { code, .. } => code.is_retriable(),
            Self::NoBrokers | Self::NoLeader { .. } | Self::NoAnswer { .. } => true,
            Self::TimedOut { last, .. } | Self::InDoubt { last } => last.is_retriable(),
        }
    }

    /// Whether a batch given to [`Client::produce`](super::Client::produce) may be in the log although it failed.
    ///
    /// `true` if any attempt of the call was sent and had no usable answer, or one that leaves open what was appended,
    /// even if a later attempt was refused for good. With `false`, the batch is not in the log.
    #[must_use]
    pub fn may_have_been_written(&self) -> bool {
        matches!(self, Self::InDoubt { .. })
    }

    /// The error code, if a broker sent one.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Broker { code, .. } => Some(*code),
            Self::TimedOut { last, .. } | Self::InDoubt { last } => last.code(),
            _ => None,
        }
    }

    /// The topic that it is about, if it is about one.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        match self {
            Self::Request { topic, .. } | Self::Broker { topic, .. } | Self::NoAnswer { topic, .. } => topic.as_deref(),
            Self::NoLeader { topic, .. } | Self::UnknownPartition { topic, .. } | Self::Incomplete { topic, .. } => {
                Some(topic)
            }
            Self::TimedOut { last, .. } | Self::InDoubt { last } => last.topic(),
            Self::Config(_) | Self::Bootstrap { .. } | Self::NoBrokers | Self::Advertised { .. } => None,
        }
    }

    /// The partition that it is about, if it is about one.
    #[must_use]
    pub fn partition(&self) -> Option<i32> {
        match self {
            Self::Request { partition, .. } | Self::Broker { partition, .. } | Self::NoAnswer { partition, .. } => {
                *partition
            }
            Self::NoLeader { partition, .. } | Self::UnknownPartition { partition, .. } => Some(*partition),
            Self::Incomplete { partition, .. } => *partition,
            Self::TimedOut { last, .. } | Self::InDoubt { last } => last.partition(),
            Self::Config(_) | Self::Bootstrap { .. } | Self::NoBrokers | Self::Advertised { .. } => None,
        }
    }

    /// `host:port` of the broker that it is about, if it is about one.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        match self {
            Self::Advertised { address, .. } | Self::Incomplete { address, .. } => Some(address.clone()),
            Self::Broker { address, .. } => address.clone(),
            Self::Request { source, .. } => source.address().map(ToString::to_string),
            Self::Bootstrap { failures } => match &failures[..] {
                [only] => only.address().map(ToString::to_string),
                _ => None,
            },
            Self::TimedOut { last, .. } | Self::InDoubt { last } => last.address(),
            _ => None,
        }
    }

    /// What the user should do, in one line, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::Bootstrap { failures } => failures.iter().find_map(wire::Error::hint),
            Self::Advertised { address, .. } => Some(format!(
                "The bootstrap server answered, but sends clients to {address}: set advertised.listeners of the broker to an address that this machine can reach."
            )),
            Self::Request { source, .. } => source.hint(),
            Self::Broker { code, .. } => code.hint().map(str::to_owned),
            Self::NoBrokers | Self::NoLeader { .. } => Some("See whether all brokers are up.".to_owned()),
            Self::TimedOut { last, .. } | Self::InDoubt { last } => last.hint(),
            Self::NoAnswer { .. } => Some("Allow more time, or see whether the brokers are healthy.".to_owned()),
            Self::UnknownPartition { .. } | Self::Incomplete { .. } => None,
        }
    }

    /// The same error about a batch that may have been written.
    pub(super) fn in_doubt(self) -> Self {
        match self {
            Self::InDoubt { .. } => self,
            last => Self::InDoubt { last: Box::new(last) },
        }
    }

    /// The same error as a [`Error::TimedOut`], unless it is about time already.
    pub(super) fn timed_out(self, after: Duration) -> Self {
        match self {
            Self::TimedOut { .. } | Self::InDoubt { .. } | Self::NoAnswer { .. } | Self::Config(_) => self,
            last => Self::TimedOut { after, last: Box::new(last) },
        }
    }
}

fn bootstrap_text(failures: &[wire::Error]) -> String {
    failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn place(topic: &Option<String>, partition: &Option<i32>) -> String {
    match (topic, partition) {
        (Some(topic), Some(partition)) => format!("topic {topic}, partition {partition}: "),
        (Some(topic), None) => format!("topic {topic}: "),
        _ => String::new(),
    }
}
