//! Where does a partition begin and end, and which offset has a point in time?

use std::collections::HashMap;
use std::fmt;

use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, ListOffsetsRequest};

use super::brokers::Lane;
use super::metadata::{Snapshot, topic_name};
use super::route::{Answers, PartitionCall, Refusal};
use super::{Client, Error};
use crate::wire::{self, Connection};

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: String,
    /// The partition's number in it.
    pub partition: i32,
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "topic {}, partition {}", self.topic, self.partition)
    }
}

/// Which offset of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OffsetSpec {
    /// The first that the log still has.
    Earliest,
    /// The one after the last record that all in-sync replicas have: the high watermark.
    Latest,
    /// The one after the last record of which it is decided whether its transaction counts: the last stable offset.
    LatestStable,
    /// The first whose record has this timestamp (milliseconds since 1970, UTC) or a later one; [`OffsetSpec::Latest`]
    /// if there is none.
    Timestamp(i64),
}

impl OffsetSpec {
    fn on_the_wire(self) -> (i64, i8) {
        match self {
            Self::Earliest => (-2, 0),
            Self::Latest => (-1, 0),
            Self::LatestStable => (-1, 1),
            // Negative timestamps mean something else on the wire; no record is older than 1970.
            Self::Timestamp(ms) => (ms.max(0), 0),
        }
    }
}

impl Client {
    /// The offset that `spec` asks for, of each partition, in the order given.
    pub async fn list_offsets(
        &self,
        partitions: &[(&str, i32)],
        spec: OffsetSpec,
    ) -> Vec<(TopicPartition, Result<i64, Error>)> {
        let items: Vec<TopicPartition> = partitions
            .iter()
            .map(|&(topic, partition)| TopicPartition { topic: topic.to_owned(), partition })
            .collect();
        let mut found = self.run(&ListOffsets(spec), &items).await;
        if matches!(spec, OffsetSpec::Timestamp(_)) {
            let beyond: Vec<usize> = (0..found.len()).filter(|at| matches!(found.get(*at), Some(Ok(-1)))).collect();
            let past_end: Vec<TopicPartition> = beyond.iter().map(|at| items[*at].clone()).collect();
            let ends = self.run(&ListOffsets(OffsetSpec::Latest), &past_end).await;
            for (at, end) in beyond.into_iter().zip(ends) {
                found[at] = end;
            }
        }
        items.into_iter().zip(found).collect()
    }
}

struct ListOffsets(OffsetSpec);

impl PartitionCall for ListOffsets {
    type Item = TopicPartition;
    type Out = i64;
    const LANE: Lane = Lane::General;

    fn place(item: &TopicPartition) -> (&str, i32) {
        (&item.topic, item.partition)
    }

    async fn send(
        &self,
        connection: &Connection,
        _: &Snapshot,
        items: &[&TopicPartition],
    ) -> Result<Answers<i64>, wire::Error> {
        let (timestamp, isolation) = self.0.on_the_wire();
        let mut topics: Vec<ListOffsetsTopic> = Vec::new();
        let mut by_name: HashMap<&str, usize> = HashMap::new();
        for item in items {
            let at = *by_name.entry(&item.topic).or_insert_with(|| {
                topics.push(ListOffsetsTopic::default().with_name(topic_name(&item.topic)));
                topics.len() - 1
            });
            let partition = ListOffsetsPartition::default()
                .with_partition_index(item.partition)
                .with_current_leader_epoch(-1)
                .with_timestamp(timestamp);
            topics[at].partitions.push(partition);
        }
        let request = ListOffsetsRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_isolation_level(isolation)
            .with_topics(topics);
        let reply = connection.call(|_| request).await?;
        let mut answers: HashMap<(&str, i32), Result<i64, Refusal>> = HashMap::new();
        for topic in &reply.topics {
            for p in &topic.partitions {
                let answer = Refusal::check(p.error_code).map(|()| p.offset);
                answers.insert((&topic.name.0, p.partition_index), answer);
            }
        }
        Ok(items.iter().map(|item| answers.remove(&(item.topic.as_str(), item.partition))).collect())
    }
}
