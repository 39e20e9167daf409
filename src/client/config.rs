//! What can be set about a client, and what it is when nothing is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::wire::{Address, ConnectOptions};

/// How a [`Client`](super::Client) finds its cluster and how patient it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientConfig {
    /// The servers to ask for the cluster, `host:port` each; port 9092 where none is given.
    pub bootstrap: Vec<String>,
    /// The name that the brokers' logs and quotas know this client by.
    pub client_id: String,
    /// The longest that connecting to one server may take, with all addresses of its name.
    pub connect_timeout: Duration,
    /// The longest that one request may stay unanswered before its connection is given up.
    pub request_timeout: Duration,
    /// The longest that one call may take, with all that is tried again in it.
    pub timeout: Duration,
    /// The cap on a reply, in bytes.
    pub max_frame: usize,
    /// Requests on one connection that are not answered yet, at most.
    pub max_in_flight: usize,
    /// How old metadata may be before it is asked for again.
    pub metadata_max_age: Duration,
    /// The pause before the first time that something is tried again; it doubles with each time.
    pub retry_backoff: Duration,
    /// The longest such pause.
    pub retry_backoff_max: Duration,
    /// Properties that are for those who use a client, by Java's name.
    pub(super) others: BTreeMap<&'static str, String>,
}

/// Why a configuration is not usable. The message is one line; [`ConfigError::hint`] says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No bootstrap server is given.
    #[error("no bootstrap servers are given")]
    NoServers,
    /// A bootstrap server's address is none.
    #[error("bootstrap server {text:?}: {reason}")]
    Server {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A property that is known neither to Java's client nor to librdkafka.
    #[error("unknown property {name:?}")]
    UnknownProperty {
        /// What was given.
        name: String,
        /// The known one that looks most like it, if one does.
        nearest: Option<&'static str>,
    },
    /// A property's value makes no sense.
    #[error("{name}={value}: expected {expected}")]
    Value {
        /// The property.
        name: String,
        /// What was given; never that of a property that holds a secret.
        value: String,
        /// What would make sense.
        expected: String,
    },
    /// A property asks for what this version cannot do.
    #[error("{name} is not supported: {why}")]
    Unsupported {
        /// The property.
        name: String,
        /// What is not supported.
        why: String,
    },
    /// A line of a properties file cannot be read.
    #[error("line {line}: {reason}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl ConfigError {
    /// What the user should do, in one line, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoServers | Self::Server { .. } => {
                Some("Give bootstrap servers as host:port, separated by commas.".to_owned())
            }
            Self::UnknownProperty { nearest, .. } => {
                let mut hint = String::from("Names are those of Kafka's Java client and of librdkafka");
                if let Some(nearest) = nearest {
                    let _ = write!(hint, "; did you mean {nearest}?");
                } else {
                    hint.push('.');
                }
                Some(hint)
            }
            Self::Unsupported { .. } => {
                Some("Use a plaintext listener of the broker, and leave the property out.".to_owned())
            }
            Self::Value { .. } | Self::Line { .. } => None,
        }
    }
}

impl ClientConfig {
    /// Defaults, and these bootstrap servers: `host` or `host:port` each, or several separated by commas.
    pub fn new<S: AsRef<str>>(servers: impl IntoIterator<Item = S>) -> Self {
        let split = |text: S| text.as_ref().split(',').map(|s| s.trim().to_owned()).collect::<Vec<_>>();
        let wire = ConnectOptions::default();
        Self {
            bootstrap: servers.into_iter().flat_map(split).filter(|s| !s.is_empty()).collect(),
            client_id: wire.client_id,
            connect_timeout: wire.connect_timeout,
            request_timeout: wire.request_timeout,
            timeout: Duration::from_secs(30),
            max_frame: wire.max_frame,
            max_in_flight: wire.max_in_flight,
            metadata_max_age: Duration::from_secs(300),
            retry_backoff: Duration::from_millis(100),
            retry_backoff_max: Duration::from_secs(1),
            others: BTreeMap::new(),
        }
    }

    /// With that name for the brokers' logs and quotas.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// With that limit on one call, all that is tried again included.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// With that limit on one request.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// With that limit on connecting to one server.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// With that cap on a reply, in bytes.
    #[must_use]
    pub fn max_frame(mut self, bytes: usize) -> Self {
        self.max_frame = bytes;
        self
    }

    /// With pauses that grow from `min` to `max` before something is tried again.
    #[must_use]
    pub fn retry_backoff(mut self, min: Duration, max: Duration) -> Self {
        self.retry_backoff = min;
        self.retry_backoff_max = max;
        self
    }

    /// A property that the client itself has no use for but its users may have, `linger.ms` or `group.id` for instance,
    /// by Java's name, as it was given in either spelling.
    #[must_use]
    pub fn other(&self, java_name: &str) -> Option<&str> {
        self.others.get(java_name).map(String::as_str)
    }

    pub(super) fn addresses(&self) -> Result<Vec<Address>, ConfigError> {
        let mut addresses = Vec::new();
        for text in &self.bootstrap {
            let address = text.parse().map_err(|reason| ConfigError::Server { text: text.clone(), reason })?;
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() { Err(ConfigError::NoServers) } else { Ok(addresses) }
    }

    pub(super) fn connect_options(&self) -> ConnectOptions {
        let mut options = ConnectOptions::default();
        options.client_id.clone_from(&self.client_id);
        // Nobody waits longer for one connection or one answer than for the whole call.
        options.connect_timeout = self.connect_timeout.min(self.timeout);
        options.request_timeout = self.request_timeout.min(self.timeout);
        options.max_frame = self.max_frame;
        options.max_in_flight = self.max_in_flight;
        options
    }
}
