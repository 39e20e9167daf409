//! A Kafka client: cluster metadata, leader routing, list offsets, fetch, produce, create topics, retries.
//!
//! [`Client::connect`] asks the bootstrap servers until one answers; everything else finds its broker through the
//! metadata that is cached here. Whatever may succeed when it is tried again is tried again, with growing pauses, for
//! as long as [`ClientConfig::timeout`] allows; what cannot is reported at once. Calls on many partitions cost one
//! request per leader, sent to all leaders together, and each partition has its own result.
//!
//! ```no_run
//! # async fn run() -> Result<(), topica::client::Error> {
//! use topica::client::{Client, ClientConfig, OffsetSpec};
//!
//! let client = Client::connect(ClientConfig::new(["localhost:9092"])).await?;
//! for topic in client.topics(None).await? {
//!     let partitions: Vec<_> = topic.partitions.iter().map(|p| (topic.name.as_str(), p.index)).collect();
//!     for (partition, end) in client.list_offsets(&partitions, OffsetSpec::Latest).await {
//!         println!("{partition} ends at {}", end?);
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod bootstrap;
mod brokers;
mod code;
mod config;
mod create_topics;
mod error;
mod fetch;
mod init_producer_id;
mod list_offsets;
mod metadata;
mod produce;
pub mod properties;
mod retry;
mod route;
mod together;

use std::sync::Arc;

use tokio::time::sleep;

pub use code::ErrorCode;
pub use config::{ClientConfig, ConfigError};
pub use create_topics::NewTopic;
pub use error::{Error, Kind};
pub use fetch::{AbortedTransaction, FetchOptions, FetchPartition, Fetched, FetchedRecords, Isolation};
pub use init_producer_id::ProducerId;
pub use list_offsets::{OffsetSpec, TopicPartition};
pub use metadata::{Broker, Cluster, Partition, Topic, TopicId};
pub use produce::{ProduceAck, ProduceBatch};

use brokers::Brokers;
use metadata::Cache;
use retry::{Backoff, Budget, UNKNOWN_TOPIC};

/// A client of one cluster. Clones share its connections and its metadata; they close when the last one is dropped.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: ClientConfig,
    brokers: Brokers,
    metadata: Cache,
}

impl Client {
    /// Connects to the cluster: the first bootstrap server that answers tells of all others.
    ///
    /// Each server is tried once, the next one as soon as the one before it failed or has been silent for a while; all of that
    /// within [`ClientConfig::timeout`].
    ///
    /// # Errors
    /// [`Error::Config`] if the configuration is not usable; [`Error::Bootstrap`], with each server's reason, if none
    /// of them answers.
    pub async fn connect(config: ClientConfig) -> Result<Self, Error> {
        let brokers = Brokers::new(&config)?;
        let client = Self { inner: Arc::new(Inner { metadata: Cache::default(), brokers, config }) };
        let budget = Budget::starting_now(client.inner.config.timeout);
        let (_, reply) = client.bootstrap(budget).await?;
        client.inner.metadata.absorb(&reply, None);
        Ok(client)
    }

    /// The configuration that this client was made with.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.inner.config
    }

    /// The cluster as it was last seen, without asking anybody.
    #[must_use]
    pub fn cluster(&self) -> Cluster {
        self.inner.metadata.snapshot().cluster.clone()
    }

    /// The topics of the cluster with their partitions and leaders, asked now: those named, or all of them.
    ///
    /// A topic that was named and does not exist is in the answer, with its [`Topic::error`]. Nothing is created by asking.
    /// One that was created a moment ago may look as if it did not exist: see [`Client::topics_settled`].
    ///
    /// # Errors
    /// When no broker answers within [`ClientConfig::timeout`].
    pub async fn topics(&self, names: Option<&[&str]>) -> Result<Vec<Topic>, Error> {
        self.topics_within(names, Budget::starting_now(self.inner.config.timeout)).await
    }

    async fn topics_within(&self, names: Option<&[&str]>, budget: Budget) -> Result<Vec<Topic>, Error> {
        let snapshot = match names {
            None => self.refresh_all(budget).await?,
            Some(names) => self.refresh(names.iter().copied(), None, budget).await?,
        };
        let topics = snapshot.topics.values().map(|entry| &entry.topic);
        Ok(match names {
            None => topics.map(|topic| (**topic).clone()).collect(),
            Some(names) => names.iter().filter_map(|name| snapshot.topic(name)).cloned().collect(),
        })
    }

    /// These topics, asked again while one of them is unknown or has a partition without a leader, but for three seconds
    /// at most: for as long as a topic that was created a moment ago may look like that to some of the brokers.
    ///
    /// # Errors
    /// When no broker answers within [`ClientConfig::timeout`]. A topic that stays unknown is no error of the call: it is
    /// in the answer, and [`Topic::check`] tells.
    pub async fn topics_settled(&self, names: &[&str]) -> Result<Vec<Topic>, Error> {
        let config = &self.inner.config;
        let budget = Budget::starting_now(config.timeout);
        let mut backoff = Backoff::new(config.retry_backoff, config.retry_backoff_max);
        loop {
            let topics = self.topics_within(Some(names), budget).await?;
            let pause = backoff.pause();
            let given_up = pause >= budget.left() || budget.used() + pause >= UNKNOWN_TOPIC;
            if given_up || !topics.iter().any(Topic::is_unsettled) {
                return Ok(topics);
            }
            sleep(pause).await;
        }
    }
}
