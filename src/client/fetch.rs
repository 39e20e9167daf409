//! Record batches of many partitions, from all their leaders at once.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::fetch_request::{FetchPartition as PartitionAsked, FetchTopic};
use kafka_protocol::messages::{BrokerId, FetchRequest};

use super::brokers::Lane;
use super::metadata::{Snapshot, TopicId, topic_name};
use super::route::{Answers, PartitionCall, Refusal};
use super::{Client, Error};
use crate::wire::{self, Call, Connection};

/// From this version on, topics are named by id only (KIP-516).
const TOPIC_IDS: i16 = 13;
/// What a reply holds beside records, at most, in bytes: kept free below the cap on a frame.
const REPLY_OVERHEAD: usize = 64 << 10;

/// What is asked of one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchPartition {
    /// The topic's name.
    pub topic: String,
    /// The partition's number in it.
    pub partition: i32,
    /// The offset to begin with. The first batch that comes may begin before it.
    pub offset: i64,
    /// The most that should come, in bytes. A single batch comes even if it is larger.
    pub max_bytes: i32,
}

/// Which records count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// All of them, those of open and aborted transactions included.
    ReadUncommitted,
    /// Those up to the last stable offset; aborted transactions are listed for the reader to skip (KIP-98).
    #[default]
    ReadCommitted,
}

/// How a fetch waits and how much it brings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchOptions {
    /// How long a broker waits for `min_bytes`. It waits only if none of the partitions has enough.
    pub max_wait: Duration,
    /// What is worth an answer, in bytes.
    pub min_bytes: i32,
    /// The most that one reply should bring, in bytes; also bounded by the cap on a frame.
    pub max_bytes: i32,
    /// Which records count.
    pub isolation: Isolation,
}

impl Default for FetchOptions {
    /// Waits half a second for a byte; 16 MiB a reply; committed records only.
    fn default() -> Self {
        Self {
            max_wait: Duration::from_millis(500),
            min_bytes: 1,
            max_bytes: 16 << 20,
            isolation: Isolation::default(),
        }
    }
}

/// What came of one partition.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The topic's name.
    pub topic: String,
    /// The partition's number in it.
    pub partition: i32,
    /// What came.
    pub result: Result<FetchedRecords, Error>,
}

/// Record batches, and where the log ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchedRecords {
    /// The offset after the last record that all in-sync replicas have.
    pub high_watermark: i64,
    /// The offset after the last record whose transaction is decided.
    pub last_stable_offset: i64,
    /// The first offset that the log still has; -1 from brokers that do not tell.
    pub log_start_offset: i64,
    /// Transactions in `records` that were aborted; only with [`Isolation::ReadCommitted`].
    pub aborted: Vec<AbortedTransaction>,
    /// Whole batches, and at the end perhaps a part of one. A slice of the reply: as long as it lives, so does that.
    pub records: Bytes,
}

/// A transaction that was aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbortedTransaction {
    /// Its producer's id.
    pub producer_id: i64,
    /// The offset of its first record.
    pub first_offset: i64,
}

impl Client {
    /// Fetches from all partitions at once: one request per leader, or more where a partition is asked for twice.
    /// The results are in the order given. What is not there yet is not an error: its records are empty.
    pub async fn fetch(&self, partitions: &[FetchPartition], options: &FetchOptions) -> Vec<Fetched> {
        let max_frame = self.config().max_frame.saturating_sub(REPLY_OVERHEAD).max(1);
        let max_bytes = options.max_bytes.min(i32::try_from(max_frame).unwrap_or(i32::MAX));
        let results = self.run(&Fetch { options, max_bytes }, partitions).await;
        let named = partitions.iter().zip(results);
        named.map(|(p, result)| Fetched { topic: p.topic.clone(), partition: p.partition, result }).collect()
    }
}

struct Fetch<'o> {
    options: &'o FetchOptions,
    max_bytes: i32,
}

impl PartitionCall for Fetch<'_> {
    type Item = FetchPartition;
    type Out = FetchedRecords;
    const LANE: Lane = Lane::Fetch;

    fn patience(&self) -> Duration {
        self.options.max_wait
    }

    fn place(item: &FetchPartition) -> (&str, i32) {
        (&item.topic, item.partition)
    }

    async fn send(
        &self,
        connection: &Connection,
        snapshot: &Snapshot,
        items: &[&FetchPartition],
    ) -> Result<Answers<FetchedRecords>, wire::Error> {
        let mut topics: Vec<FetchTopic> = Vec::new();
        let mut by_name: HashMap<&str, usize> = HashMap::new();
        let mut all_ids = true;
        for item in items {
            let at = *by_name.entry(&item.topic).or_insert_with(|| {
                let id = snapshot.topic(&item.topic).and_then(|topic| topic.id);
                all_ids &= id.is_some();
                let asked = FetchTopic::default().with_topic(topic_name(&item.topic));
                topics.push(asked.with_topic_id(id.map_or_else(Default::default, |TopicId(id)| id)));
                topics.len() - 1
            });
            let partition = PartitionAsked::default()
                .with_partition(item.partition)
                .with_current_leader_epoch(-1)
                .with_fetch_offset(item.offset)
                .with_log_start_offset(-1)
                .with_partition_max_bytes(item.max_bytes);
            topics[at].partitions.push(partition);
        }
        let names: HashMap<_, &str> = by_name.iter().map(|(name, at)| (topics[*at].topic_id, *name)).collect();
        let max_wait = self.options.max_wait;
        let request = FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_max_wait_ms(i32::try_from(max_wait.as_millis()).unwrap_or(i32::MAX))
            .with_min_bytes(self.options.min_bytes)
            .with_max_bytes(self.max_bytes)
            .with_isolation_level(i8::from(self.options.isolation == Isolation::ReadCommitted))
            // No fetch session (KIP-227): each request names all that it wants.
            .with_session_id(0)
            .with_session_epoch(-1)
            .with_topics(topics);
        // A broker may speak a version with topic ids and not tell them: then the last version with names.
        let call = Call { max_version: if all_ids { i16::MAX } else { TOPIC_IDS - 1 }, patience: max_wait };
        let reply = connection.call_with(call, |_| request).await?;
        if let Err(refusal) = Refusal::check(reply.error_code) {
            return Ok(items.iter().map(|_| Some(Err(refusal.clone()))).collect());
        }
        let mut answers: HashMap<(&str, i32), Result<FetchedRecords, Refusal>> = HashMap::new();
        for topic in &reply.responses {
            let by_id = names.get(&topic.topic_id).copied().filter(|_| !topic.topic_id.is_nil());
            let name = by_id.unwrap_or(&topic.topic.0);
            for p in &topic.partitions {
                let answer = Refusal::check(p.error_code).map(|()| FetchedRecords {
                    high_watermark: p.high_watermark,
                    last_stable_offset: p.last_stable_offset,
                    log_start_offset: p.log_start_offset,
                    aborted: p
                        .aborted_transactions
                        .iter()
                        .flatten()
                        .map(|t| AbortedTransaction { producer_id: t.producer_id.0, first_offset: t.first_offset })
                        .collect(),
                    records: p.records.clone().unwrap_or_default(),
                });
                answers.insert((name, p.partition_index), answer);
            }
        }
        Ok(items.iter().map(|item| answers.remove(&(item.topic.as_str(), item.partition))).collect())
    }
}
