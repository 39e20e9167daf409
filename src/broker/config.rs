//! What may be set about the embedded broker before it starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// How the embedded broker listens, what it holds, and where its limits are. Each field has a default that suits tests.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BrokerConfig {
    /// Where the first node listens; port 0 takes a free one. Further nodes take the same address and free ports.
    pub listen: SocketAddr,
    /// The host that clients are told to connect to. Without it, each client is told the address it came in by.
    pub advertised_host: Option<String>,
    /// How many nodes the cluster seems to have: as many listeners, one shared state. Node ids start at 1.
    pub nodes: usize,
    /// The cluster's id, as Metadata and DescribeCluster tell it.
    pub cluster_id: String,
    /// Topics that exist from the start: name and number of partitions.
    pub topics: Vec<(String, i32)>,
    /// Partitions of a topic that is created without a number of its own.
    pub default_partitions: i32,
    /// Whether asking for the metadata of a topic creates it (`auto.create.topics.enable`).
    pub auto_create_topics: bool,
    /// The largest request frame, in bytes (`socket.request.max.bytes`).
    pub max_frame: usize,
    /// The largest batch that Produce accepts, in bytes (`message.max.bytes`).
    pub max_batch: usize,
    /// Bytes of batches kept over all topics; Produce beyond it is refused with `POLICY_VIOLATION`.
    pub max_retained: usize,
    /// Partitions over all topics; creation beyond it is refused.
    pub max_partitions: usize,
    /// Connections at one time over all nodes; one more is closed at once.
    pub max_connections: usize,
    /// A connection that sends no whole request for so long is closed (`connections.max.idle.ms`).
    pub idle: Duration,
    /// How long an empty group waits for more members before its first generation
    /// (`group.initial.rebalance.delay.ms`).
    pub initial_rebalance_delay: Duration,
    /// Consumer groups at one time, and members of each.
    pub max_groups: usize,
    /// Members of one group (`group.max.size`).
    pub max_group_members: usize,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            advertised_host: None,
            nodes: 1,
            cluster_id: "topica-embedded-broker".to_owned(),
            topics: Vec::new(),
            default_partitions: 1,
            auto_create_topics: false,
            max_frame: 100 << 20,
            max_batch: (1 << 20) + 12,
            max_retained: 1 << 30,
            max_partitions: 100_000,
            max_connections: 2_000,
            idle: Duration::from_secs(600),
            initial_rebalance_delay: Duration::ZERO,
            max_groups: 1_000,
            max_group_members: 1_000,
        }
    }
}

impl BrokerConfig {
    /// The defaults: one node on a free port of 127.0.0.1.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets [`listen`](Self::listen).
    #[must_use]
    pub fn with_listen(mut self, listen: SocketAddr) -> Self {
        self.listen = listen;
        self
    }

    /// Sets [`advertised_host`](Self::advertised_host).
    #[must_use]
    pub fn with_advertised_host(mut self, host: impl Into<String>) -> Self {
        self.advertised_host = Some(host.into());
        self
    }

    /// Sets [`nodes`](Self::nodes).
    #[must_use]
    pub fn with_nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// Adds a topic that exists from the start.
    #[must_use]
    pub fn with_topic(mut self, name: impl Into<String>, partitions: i32) -> Self {
        self.topics.push((name.into(), partitions));
        self
    }

    /// Sets [`default_partitions`](Self::default_partitions).
    #[must_use]
    pub fn with_default_partitions(mut self, partitions: i32) -> Self {
        self.default_partitions = partitions;
        self
    }

    /// Sets [`auto_create_topics`](Self::auto_create_topics).
    #[must_use]
    pub fn with_auto_create_topics(mut self, on: bool) -> Self {
        self.auto_create_topics = on;
        self
    }

    /// Sets [`max_frame`](Self::max_frame).
    #[must_use]
    pub fn with_max_frame(mut self, bytes: usize) -> Self {
        self.max_frame = bytes;
        self
    }

    /// Sets [`max_batch`](Self::max_batch).
    #[must_use]
    pub fn with_max_batch(mut self, bytes: usize) -> Self {
        self.max_batch = bytes;
        self
    }

    /// Sets [`max_retained`](Self::max_retained).
    #[must_use]
    pub fn with_max_retained(mut self, bytes: usize) -> Self {
        self.max_retained = bytes;
        self
    }

    /// Sets [`max_connections`](Self::max_connections).
    #[must_use]
    pub fn with_max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets [`idle`](Self::idle).
    #[must_use]
    pub fn with_idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Sets [`initial_rebalance_delay`](Self::initial_rebalance_delay).
    #[must_use]
    pub fn with_initial_rebalance_delay(mut self, delay: Duration) -> Self {
        self.initial_rebalance_delay = delay;
        self
    }
}
