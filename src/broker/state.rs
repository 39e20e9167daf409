//! Everything the broker knows, behind one lock that is never held across an await; it does no I/O and reads no clock.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::BrokerId;
use kafka_protocol::protocol::StrBytes;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::config::BrokerConfig;
use super::control::Interceptions;
use super::error::Refusal;
use super::group::Coordinator;
use super::stats::Stats;
use super::topics::{NewTopic, Topic, Topics};

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: BrokerConfig,
    /// The port of each node; node 1 comes first.
    pub(super) ports: Vec<u16>,
    state: Mutex<State>,
    /// Changes when records or leaders do; fetches that wait look again.
    pub(super) appended: watch::Sender<u64>,
    /// Called when a group's next deadline may have changed.
    pub(super) deadlines: Notify,
}

/// The mutable part.
#[derive(Debug)]
pub(super) struct State {
    pub(super) topics: Topics,
    pub(super) groups: Coordinator,
    pub(super) stats: Stats,
    pub(super) interceptions: Interceptions,
    next_producer_id: i64,
    /// Rises with each topic, so that leaders are spread over the nodes.
    next_leader: usize,
}

/// Who asks, where, when, in which version of the API.
#[derive(Debug, Clone)]
pub(super) struct Context {
    /// The node that the request came in at.
    pub(super) node: i32,
    /// The host that this client shall connect to.
    pub(super) host: StrBytes,
    pub(super) peer: String,
    pub(super) client_id: String,
    pub(super) version: i16,
    pub(super) now: Instant,
    /// The error that an interception wants answered.
    pub(super) forced: Option<ResponseError>,
}

impl Context {
    /// An interception's error, if there is one: called where the request's own work would begin.
    pub(super) fn check_forced(&self) -> Result<(), Refusal> {
        self.forced.map_or(Ok(()), |code| Err(code.into()))
    }
}

impl Shared {
    pub(super) fn new(config: BrokerConfig, ports: Vec<u16>) -> Self {
        let state = State {
            topics: Topics::new(config.max_partitions, config.max_retained),
            groups: Coordinator::new(&config),
            stats: Stats::default(),
            interceptions: Interceptions::default(),
            next_producer_id: 1_000,
            next_leader: 0,
        };
        Self { config, ports, state: Mutex::new(state), appended: watch::Sender::new(0), deadlines: Notify::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves counters off by one at worst; a test broker need not stop for it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes fetches that wait.
    pub(super) fn wake_fetches(&self) {
        self.appended.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Node ids and ports.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (i32, u16)> {
        (1..).zip(self.ports.iter().copied())
    }

    pub(super) fn port_of(&self, node: i32) -> u16 {
        self.nodes().find(|&(id, _)| id == node).map_or(0, |(_, port)| port)
    }

    /// The node that coordinates a group: any, but always the same one.
    pub(super) fn coordinator_of(&self, group: &str) -> i32 {
        let nodes = self.ports.len().max(1) as u32;
        (crc32c::crc32c(group.as_bytes()) % nodes) as i32 + 1
    }

    /// Is this node the coordinator of `group`, and is the name one?
    ///
    /// # Errors
    /// `INVALID_GROUP_ID`, `NOT_COORDINATOR`, and what an interception wants.
    pub(super) fn check_group(&self, cx: &Context, group: &str) -> Result<(), ResponseError> {
        if let Some(code) = cx.forced {
            return Err(code);
        }
        if group.is_empty() {
            return Err(ResponseError::InvalidGroupId);
        }
        if self.coordinator_of(group) != cx.node {
            return Err(ResponseError::NotCoordinator);
        }
        Ok(())
    }
}

impl State {
    pub(super) fn new_producer_id(&mut self) -> i64 {
        let id = self.next_producer_id;
        self.next_producer_id = id.saturating_add(1);
        id
    }

    /// Lays out so many partitions over the nodes, the leaders in turn.
    pub(super) fn spread(&mut self, partitions: usize, replication_factor: usize, nodes: usize) -> Vec<Vec<i32>> {
        let nodes = nodes.max(1);
        let first = self.next_leader;
        self.next_leader = (first + 1) % nodes;
        let node = |n: usize| (n % nodes) as i32 + 1;
        (0..partitions).map(|p| (0..replication_factor).map(|r| node(first + p + r)).collect()).collect()
    }

    /// Makes a topic of the usual kind: one replica.
    ///
    /// # Errors
    /// Those of [`Topics::check_new`].
    pub(super) fn create_topic(&mut self, name: &str, partitions: i32, nodes: usize) -> Result<&Topic, Refusal> {
        let partitions = usize::try_from(partitions).unwrap_or(0);
        self.topics.check_new(name, partitions)?;
        let replicas = self.spread(partitions, 1, nodes);
        Ok(self.topics.insert(name, NewTopic { replicas, configs: BTreeMap::new() }))
    }
}

/// A node id as the messages have it.
pub(super) fn broker_id(node: i32) -> BrokerId {
    BrokerId(node)
}

/// Bytes of their own, so that what is kept does not keep a whole request frame.
pub(super) fn own(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}
