//! An embedded Kafka broker in memory, for demos and tests.
//!
//! It speaks enough of Kafka's protocol that kcat, librdkafka and the Java client list, produce and consume, with and
//! without a group. It is no place for data: see [`banner`].
//!
//! One lock holds all state (`state`), and is never held across an await; a task per connection reads frames and
//! answers them in order (`connection`); each API has a file of its own (`api`). Tests reach in by the handle: they
//! fill topics, read counts, lay down faults and move leaders.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use topica::broker::{Broker, BrokerConfig};
//!
//! let broker = Broker::start(BrokerConfig::new().with_topic("orders", 3)).await?;
//! println!("listening on {}", broker.address());
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```

mod admit;
mod api;
mod batch;
mod config;
mod connection;
mod control;
mod dispatch;
mod error;
mod group;
mod listener;
mod log;
mod producers;
mod state;
mod stats;
mod topics;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
pub use kafka_protocol::messages::ApiKey;
use tokio::task::JoinHandle;

pub use config::BrokerConfig;
pub use control::{Action, Interception};
pub use error::Error;
pub use stats::Stats;

use error::Refusal;
use state::Shared;

/// A running broker; dropping it closes its ports and connections.
#[derive(Debug)]
pub struct Broker {
    shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
    tasks: Vec<JoinHandle<()>>,
}

impl Broker {
    /// Binds the listeners, makes the topics of the configuration, and begins to answer.
    ///
    /// # Errors
    /// When a listener cannot be bound, or a topic of the configuration cannot be made.
    pub async fn start(config: BrokerConfig) -> io::Result<Self> {
        let (listeners, addresses) = listener::bind(&config).await?;
        let ports = addresses.iter().map(SocketAddr::port).collect();
        let shared = Arc::new(Shared::new(config, ports));
        for (name, partitions) in &shared.config.topics {
            let mut state = shared.lock();
            state
                .create_topic(name, *partitions, shared.ports.len())
                .map_err(|refusal| io::Error::new(io::ErrorKind::InvalidInput, refusal.into_error(name)))?;
        }
        let tasks = listener::serve(listeners, &shared);
        Ok(Self { shared, addresses, tasks })
    }

    /// Where the first node listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.addresses.first().copied().unwrap_or(self.shared.config.listen)
    }

    /// Where each node listens; node 1 comes first.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// All nodes, as `bootstrap.servers` has them.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        self.addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(",")
    }

    /// Makes a topic.
    ///
    /// # Errors
    /// When the name or the number of partitions is not allowed, or the topic exists.
    pub fn create_topic(&self, name: &str, partitions: i32) -> Result<(), Error> {
        let mut state = self.shared.lock();
        let made = state.create_topic(name, partitions, self.shared.ports.len());
        made.map(|_| ()).map_err(|refusal| refusal.into_error(name))
    }

    /// Deletes a topic and its records.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn delete_topic(&self, name: &str) -> Result<(), Error> {
        let mut state = self.shared.lock();
        let gone = state.topics.remove(name).ok_or_else(|| Refusal::from(ResponseError::UnknownTopicOrPartition));
        gone.map_err(|refusal| refusal.into_error(name))?;
        state.groups.forget_topic(name);
        drop(state);
        self.shared.wake_fetches();
        Ok(())
    }

    /// Appends one encoded record batch (format v2) to a partition; the base offset that it got. Its own base offset
    /// and leader epoch are replaced, as a broker does.
    ///
    /// # Errors
    /// What a client's Produce would be refused for, but for the limit on a batch's size.
    pub fn append(&self, topic: &str, partition: i32, batch: Bytes) -> Result<i64, Error> {
        let checked = batch::check(Some(&batch), usize::MAX).map_err(|refusal| refusal.into_error(topic))?;
        let appended = self.shared.lock().topics.append(topic, partition, &checked);
        self.shared.wake_fetches();
        appended.map(|appended| appended.base_offset).map_err(|refusal| refusal.into_error(topic))
    }

    /// Forgets the records of a partition before `offset`, so that its log starts there; the log's start.
    ///
    /// # Errors
    /// When there is no such partition, or the offset is beyond its end.
    pub fn delete_records(&self, topic: &str, partition: i32, offset: i64) -> Result<i64, Error> {
        let deleted = self.shared.lock().topics.delete_records(topic, partition, offset);
        deleted.map_err(|refusal| refusal.into_error(topic))
    }

    /// The offset that a partition's next record gets.
    #[must_use]
    pub fn end_offset(&self, topic: &str, partition: i32) -> Option<i64> {
        let state = self.shared.lock();
        state.topics.get(topic)?.partition(partition).map(|partition| partition.log.end())
    }

    /// Makes another node the leader of a partition, in a new leader epoch. Requests to the old one are then answered
    /// with `NOT_LEADER_OR_FOLLOWER`.
    ///
    /// # Errors
    /// When there is no such partition or node.
    pub fn move_leader(&self, topic: &str, partition: i32, node: i32) -> Result<(), Error> {
        let refuse = |code: ResponseError| Err(Refusal::from(code).into_error(topic));
        if !self.shared.nodes().any(|(id, _)| id == node) {
            return refuse(ResponseError::BrokerNotAvailable);
        }
        let mut state = self.shared.lock();
        let Some(found) = state.topics.get_mut(topic).and_then(|topic| topic.partition_mut(partition)) else {
            return refuse(ResponseError::UnknownTopicOrPartition);
        };
        found.lead_by(node);
        drop(state);
        self.shared.wake_fetches();
        Ok(())
    }

    /// The node that leads a partition.
    #[must_use]
    pub fn leader(&self, topic: &str, partition: i32) -> Option<i32> {
        let state = self.shared.lock();
        state.topics.get(topic)?.partition(partition).map(|partition| partition.leader)
    }

    /// Lays down a fault for requests to come. Rules apply in the order in which they were laid down.
    pub fn intercept(&self, rule: Interception) {
        self.shared.lock().interceptions.add(rule);
    }

    /// Takes back all rules that are not used up.
    pub fn clear_interceptions(&self) {
        self.shared.lock().interceptions.clear();
    }

    /// What happened so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.lock().stats.clone()
    }

    /// Starts counting requests and bytes afresh.
    pub fn reset_stats(&self) {
        let stats = &mut self.shared.lock().stats;
        *stats = Stats { connections: stats.connections, open_connections: stats.open_connections, ..Stats::default() };
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // A listener's task owns its connections, so they go with it.
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// What to print where the broker is started for people: what it is not.
#[must_use]
pub fn banner() -> &'static str {
    "topica's embedded Kafka broker: in memory, for demos and tests only.\n\
     No replication, no persistence (all data is gone when it stops), no security (no TLS, no authentication),\n\
     no transactions, no retention, no compaction. Never put data in it that you want to keep.\n"
}

/// Answers the request in `frame` as a broker with a topic or two would, and gives the response frame. For fuzzing.
#[doc(hidden)]
#[must_use]
pub fn answer_frame(frame: &[u8]) -> Option<Bytes> {
    dispatch::answer_alone(frame)
}
