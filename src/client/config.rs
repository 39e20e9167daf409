//! What can be set about a client, and what it is when nothing is.

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
    /// The longest that connecting to one address may take.
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
}

impl ConfigError {
    /// What the user should do, in one line, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some("Give bootstrap servers as host:port, separated by commas.".to_owned())
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
        }
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
        options.connect_timeout = self.connect_timeout;
        options.request_timeout = self.request_timeout;
        options.max_frame = self.max_frame;
        options.max_in_flight = self.max_in_flight;
        options
    }
}
