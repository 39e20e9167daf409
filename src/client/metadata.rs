//! What is known of the cluster: brokers, topics, who leads each partition; cached, and refreshed when it proves wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::MutexGuard;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::retry::{Backoff, Budget};
use super::{Client, Error, ErrorCode};
use crate::wire::{self, Address};

/// How long one broker is waited for before another one is asked; doubles with each attempt.
const PATIENCE: Duration = Duration::from_secs(5);

/// A cluster and its brokers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cluster {
    /// The cluster's id, if it has one.
    pub id: Option<String>,
    /// Its brokers, by id.
    pub brokers: Vec<Broker>,
    /// The id of the broker that takes administrative requests, if one does now.
    pub controller: Option<i32>,
}

/// A broker, as it advertises itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broker {
    /// Its id.
    pub id: i32,
    /// Its host, as clients should dial it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The rack that it stands in, if configured.
    pub rack: Option<String>,
}

impl Broker {
    pub(super) fn address(&self) -> Address {
        Address::new(self.host.clone(), self.port)
    }
}

/// The id of a topic (KIP-516): a topic that is deleted and made again under the same name has another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TopicId(pub(super) Uuid);

impl TopicId {
    /// Its 16 bytes.
    #[must_use]
    pub fn bytes(&self) -> [u8; 16] {
        *self.0.as_bytes()
    }
}

/// As Kafka prints it: base64 for URLs, without padding.
impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        // 128 bits are 21 digits of 6 bits and one of 2, which is filled up with zeros.
        let bits = self.0.as_u128();
        let text: String = (0..22)
            .map(|digit| {
                let value = if digit < 21 { bits >> (122 - 6 * digit) } else { bits << 4 };
                char::from(DIGITS[(value & 63) as usize])
            })
            .collect();
        f.write_str(&text)
    }
}

impl fmt::Debug for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A topic and its partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Topic {
    /// Its name, exactly.
    pub name: String,
    /// Its id, if the broker knows topic ids (Kafka 2.8 and later).
    pub id: Option<TopicId>,
    /// Whether it is Kafka's own, such as `__consumer_offsets`.
    pub internal: bool,
    /// Why nothing is known of it: it does not exist, or we may not know.
    pub error: Option<ErrorCode>,
    /// Its partitions, by index.
    pub partitions: Vec<Partition>,
}

impl Topic {
    /// Its error, if it has one, as one that names the topic, tells whose fault it is, and may have a hint.
    ///
    /// # Errors
    /// [`Error::Broker`] with [`Topic::error`] as its code.
    pub fn check(&self) -> Result<(), Error> {
        self.error.map_or(Ok(()), |code| {
            let topic = Some(self.name.clone());
            Err(Error::Broker { topic, partition: None, address: None, code, message: None })
        })
    }

    /// Whether it is in a state that a new topic is in until all brokers know it: unknown, or without leaders.
    pub(super) fn is_unsettled(&self) -> bool {
        let passes = |code: ErrorCode| code.is_unknown_topic() || code.is_retriable();
        self.error.is_some_and(passes) || self.partitions.iter().any(|p| p.leader.is_none())
    }
}

/// A partition and who leads it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Partition {
    /// Its number in the topic.
    pub index: i32,
    /// The id of the broker that leads it, if one does.
    pub leader: Option<i32>,
    /// The leader's epoch, if the broker tells it (Kafka 2.1 and later).
    pub leader_epoch: Option<i32>,
    /// What is wrong with it, if something is.
    pub error: Option<ErrorCode>,
}

/// What was known at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    pub(super) cluster: Cluster,
    pub(super) topics: BTreeMap<String, Entry>,
    /// Counts refreshes; each entry has that of the one it came with.
    pub(super) generation: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) topic: Arc<Topic>,
    generation: u64,
    at: Instant,
}

impl Snapshot {
    pub(super) fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.get(name).map(|entry| &*entry.topic)
    }

    pub(super) fn broker(&self, id: i32) -> Option<&Broker> {
        let at = self.cluster.brokers.binary_search_by_key(&id, |broker| broker.id).ok()?;
        self.cluster.brokers.get(at)
    }

    /// The broker that leads the partition, or why there is none to ask.
    pub(super) fn leader(&self, topic: &str, partition: i32) -> Result<&Broker, Error> {
        let unknown = |code| Error::Broker {
            topic: Some(topic.to_owned()),
            partition: Some(partition),
            address: None,
            code,
            message: None,
        };
        let known = self.topic(topic).ok_or_else(|| unknown(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION))?;
        if let Some(code) = known.error {
            return Err(unknown(code));
        }
        // They are sorted by index; a call on all partitions of a topic comes by once for each.
        let at = known.partitions.binary_search_by_key(&partition, |p| p.index).ok();
        let Some(found) = at.and_then(|at| known.partitions.get(at)) else {
            let partitions = known.partitions.len();
            return Err(Error::UnknownPartition { topic: topic.to_owned(), partition, partitions });
        };
        let no_leader = || Error::NoLeader { topic: topic.to_owned(), partition };
        found.leader.and_then(|id| self.broker(id)).ok_or_else(no_leader)
    }
}

/// The cache: a snapshot that is replaced as a whole.
#[derive(Debug, Default)]
pub(super) struct Cache {
    current: Mutex<Arc<Snapshot>>,
    /// Held while a refresh is under way, so that those who want the same wait for it instead of asking too.
    refreshing: tokio::sync::Mutex<()>,
}

impl Cache {
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in a reply; `None` for `asked` leaves the topics alone, and "all" forgets those that are gone.
    pub(super) fn absorb(&self, reply: &MetadataResponse, asked: Option<Asked<'_>>) -> Arc<Snapshot> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Snapshot::clone(&current);
        next.generation += 1;
        next.cluster = cluster(reply);
        if let Some(Asked::All) = asked {
            next.topics.clear();
        }
        if asked.is_some() {
            let (generation, at) = (next.generation, Instant::now());
            for topic in reply.topics.iter().filter_map(topic) {
                next.topics.insert(topic.name.clone(), Entry { topic: Arc::new(topic), generation, at });
            }
        }
        *current = Arc::new(next);
        Arc::clone(&current)
    }
}

/// Which topics a refresh is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked<'a> {
    All,
    Named(&'a [&'a str]),
}

impl Client {
    /// Metadata that knows all of these topics, from the cache as long as it is young enough.
    pub(super) async fn known(&self, names: &[&str], budget: Budget) -> Result<Arc<Snapshot>, Error> {
        let snapshot = self.inner.metadata.snapshot();
        let max_age = self.inner.config.metadata_max_age;
        let fresh = |name: &&str| {
            snapshot.topics.get(*name).is_some_and(|e| e.topic.error.is_none() && e.at.elapsed() <= max_age)
        };
        if names.iter().all(fresh) {
            return Ok(snapshot);
        }
        let stale = names.iter().filter(|name| !fresh(name)).copied();
        self.refresh(stale, None, budget).await
    }

    /// Asks for these topics (for none: about the brokers only) now, unless somebody else's answer is newer than the snapshot of generation `seen`.
    pub(super) async fn refresh<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
        seen: Option<u64>,
        budget: Budget,
    ) -> Result<Arc<Snapshot>, Error> {
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        let seen = seen.unwrap_or_else(|| self.inner.metadata.snapshot().generation);
        let _turn = self.turn(budget).await?;
        let snapshot = self.inner.metadata.snapshot();
        let newer = |name: &&str| snapshot.topics.get(*name).is_some_and(|e| e.generation > seen);
        if snapshot.generation > seen && names.iter().all(newer) {
            return Ok(snapshot);
        }
        self.ask(Asked::Named(&names), budget).await
    }

    /// Asks for all topics now.
    pub(super) async fn refresh_all(&self, budget: Budget) -> Result<Arc<Snapshot>, Error> {
        let _turn = self.turn(budget).await?;
        self.ask(Asked::All, budget).await
    }

    /// Waits for whoever asks just now, but no longer than the budget lasts.
    async fn turn(&self, budget: Budget) -> Result<MutexGuard<'_, ()>, Error> {
        let turn = timeout(budget.left(), self.inner.metadata.refreshing.lock()).await;
        turn.map_err(|_| Error::NoAnswer { topic: None, partition: None, after: budget.used() })
    }

    async fn ask(&self, asked: Asked<'_>, budget: Budget) -> Result<Arc<Snapshot>, Error> {
        let config = &self.inner.config;
        let mut backoff = Backoff::new(config.retry_backoff, config.retry_backoff_max);
        let mut patience = (config.timeout / 4).min(PATIENCE);
        loop {
            let error = match timeout(budget.left(), self.ask_once(asked, patience, budget)).await {
                Ok(Ok(reply)) => return Ok(self.inner.metadata.absorb(&reply, Some(asked))),
                Ok(Err(error)) => error,
                Err(_) => return Err(Error::NoAnswer { topic: None, partition: None, after: budget.used() }),
            };
            patience = patience.saturating_mul(2);
            let pause = backoff.pause();
            if !error.is_retriable() {
                return Err(error);
            }
            if pause >= budget.left() {
                return Err(error.timed_out(budget.used()));
            }
            tracing::debug!(%error, ?pause, "metadata: trying again");
            sleep(pause).await;
        }
    }

    async fn ask_once(&self, asked: Asked<'_>, patience: Duration, budget: Budget) -> Result<MetadataResponse, Error> {
        let connection = match self.inner.brokers.any_open() {
            Some(connection) => connection,
            None => {
                let (connection, reply) = self.bootstrap(budget).await?;
                self.inner.metadata.absorb(&reply, None);
                connection
            }
        };
        let topics = match asked {
            Asked::All => None,
            Asked::Named(names) => {
                let named = |name: &&str| MetadataRequestTopic::default().with_name(Some(topic_name(name)));
                Some(names.iter().map(named).collect())
            }
        };
        let request = MetadataRequest::default().with_topics(topics).with_allow_auto_topic_creation(false);
        let reply = match timeout(patience, connection.call(|_| request)).await {
            Ok(reply) => reply?,
            Err(_) => {
                // A broker that hangs keeps its connections open. Any other one knows as much.
                self.inner.brokers.avoid(&connection);
                return Err(Error::NoAnswer { topic: None, partition: None, after: patience });
            }
        };
        match ErrorCode::from_wire(reply.error_code) {
            None => Ok(reply),
            Some(code) => Err(Error::Broker {
                topic: None,
                partition: None,
                address: Some(connection.address().to_string()),
                code,
                message: None,
            }),
        }
    }
}

pub(super) fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

// What is kept is copied, because a slice of the reply would keep the whole frame in memory.

fn cluster(reply: &MetadataResponse) -> Cluster {
    let mut brokers: Vec<Broker> = reply
        .brokers
        .iter()
        .filter_map(|b| {
            let port = u16::try_from(b.port).ok()?;
            let rack = b.rack.as_ref().map(|rack| rack.to_string());
            Some(Broker { id: b.node_id.0, host: b.host.to_string(), port, rack })
        })
        .collect();
    brokers.sort_by_key(|broker| broker.id);
    let controller = (reply.controller_id.0 >= 0).then_some(reply.controller_id.0);
    Cluster { id: reply.cluster_id.as_ref().map(|id| id.to_string()), brokers, controller }
}

fn topic(reply: &MetadataResponseTopic) -> Option<Topic> {
    let mut partitions: Vec<Partition> = reply
        .partitions
        .iter()
        .map(|p| Partition {
            index: p.partition_index,
            leader: (p.leader_id.0 >= 0).then_some(p.leader_id.0),
            leader_epoch: (p.leader_epoch >= 0).then_some(p.leader_epoch),
            error: ErrorCode::from_wire(p.error_code),
        })
        .collect();
    partitions.sort_by_key(|partition| partition.index);
    Some(Topic {
        name: reply.name.as_ref()?.0.to_string(),
        id: (!reply.topic_id.is_nil()).then_some(TopicId(reply.topic_id)),
        internal: reply.is_internal,
        error: ErrorCode::from_wire(reply.error_code),
        partitions,
    })
}

impl From<wire::Error> for Error {
    fn from(source: wire::Error) -> Self {
        Self::Request { topic: None, partition: None, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_ids_are_printed_as_kafka_prints_them() {
        let id = TopicId(Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef));
        assert_eq!(id.to_string(), "ASNFZ4mrze8BI0VniavN7w");
        assert_eq!(TopicId(Uuid::from_u128(1)).to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
    }
}
