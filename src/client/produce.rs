//! Record batches into partitions, acknowledged by all in-sync replicas.

use std::collections::HashMap;
use std::marker::PhantomData;

use bytes::Bytes;
use kafka_protocol::messages::ProduceRequest;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};

use super::brokers::Lane;
use super::metadata::{Snapshot, TopicId, topic_name};
use super::route::{Answers, PartitionCall, Refusal};
use super::{Client, Error, ErrorCode};
use crate::wire::{self, Call, Connection};

/// From this version on, topics are named by id only (KIP-516).
const TOPIC_IDS: i16 = 13;
const ALL_IN_SYNC_REPLICAS: i16 = -1;
/// Records in one request, at most, in bytes, unless one batch alone has more: well below the 100 MiB that brokers take.
const MAX_REQUEST: usize = 16 << 20;

/// An encoded batch and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProduceBatch {
    /// The topic's name.
    pub topic: String,
    /// The partition's number in it.
    pub partition: i32,
    /// One batch of format v2, as it goes over the wire; producer id, epoch and sequence are in it.
    pub records: Bytes,
}

/// What the leader says of a batch that is in the log of all in-sync replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProduceAck {
    /// The offset of the batch's first record.
    pub base_offset: i64,
    /// When it was appended, in milliseconds since 1970 (UTC); only for topics whose timestamps are that.
    pub log_append_time: Option<i64>,
}

impl Client {
    /// Writes each batch to its partition (acks=all). The results are in the order given.
    ///
    /// Batches of one partition are written one after the other, in the order given; one that fails does not stop those
    /// behind it. A batch whose answer was lost is sent again: without a producer id and sequence in it, it may then be
    /// in the log twice. Of a batch that fails, [`Error::may_have_been_written`] tells whether it may be in the log.
    pub async fn produce(&self, batches: &[ProduceBatch]) -> Vec<Result<ProduceAck, Error>> {
        let mut results: Vec<Option<Result<ProduceAck, Error>>> = batches.iter().map(|_| None).collect();
        // A request may hold one batch per partition, so the n-th batches of all partitions go together.
        let mut rounds: Vec<Vec<usize>> = Vec::new();
        let mut seen: HashMap<(&str, i32), usize> = HashMap::new();
        for (at, batch) in batches.iter().enumerate() {
            let nth = seen.entry((&batch.topic, batch.partition)).or_default();
            if rounds.len() == *nth {
                rounds.push(Vec::new());
            }
            rounds[*nth].push(at);
            *nth += 1;
        }
        let call = Produce {
            timeout_ms: i32::try_from(self.config().request_timeout.as_millis()).unwrap_or(i32::MAX),
            batches: PhantomData,
        };
        for round in rounds {
            let items: Vec<&ProduceBatch> = round.iter().map(|at| &batches[*at]).collect();
            for (at, result) in round.into_iter().zip(self.run(&call, &items).await) {
                results[at] = Some(result);
            }
        }
        results.into_iter().flatten().collect()
    }
}

struct Produce<'a> {
    /// How long the leader waits for the other replicas, in milliseconds.
    timeout_ms: i32,
    batches: PhantomData<&'a ProduceBatch>,
}

impl<'a> PartitionCall for Produce<'a> {
    type Item = &'a ProduceBatch;
    type Out = ProduceAck;
    const LANE: Lane = Lane::General;
    const MAX_SIZE: usize = MAX_REQUEST;
    const WRITES: bool = true;

    fn place<'i>(item: &'i &'a ProduceBatch) -> (&'i str, i32) {
        (&item.topic, item.partition)
    }

    fn size(item: &&'a ProduceBatch) -> usize {
        item.records.len()
    }

    async fn send(
        &self,
        connection: &Connection,
        snapshot: &Snapshot,
        items: &[&&'a ProduceBatch],
    ) -> Result<Answers<ProduceAck>, wire::Error> {
        let mut topics: Vec<TopicProduceData> = Vec::new();
        let mut by_name: HashMap<&str, usize> = HashMap::new();
        let mut all_ids = true;
        for item in items {
            let at = *by_name.entry(&item.topic).or_insert_with(|| {
                let id = snapshot.topic(&item.topic).and_then(|topic| topic.id);
                all_ids &= id.is_some();
                let data = TopicProduceData::default().with_name(topic_name(&item.topic));
                topics.push(data.with_topic_id(id.map_or_else(Default::default, |TopicId(id)| id)));
                topics.len() - 1
            });
            let data =
                PartitionProduceData::default().with_index(item.partition).with_records(Some(item.records.clone()));
            topics[at].partition_data.push(data);
        }
        let names: HashMap<_, &str> = by_name.iter().map(|(name, at)| (topics[*at].topic_id, *name)).collect();
        let request = ProduceRequest::default()
            .with_acks(ALL_IN_SYNC_REPLICAS)
            .with_timeout_ms(self.timeout_ms)
            .with_topic_data(topics);
        let call = Call { max_version: if all_ids { i16::MAX } else { TOPIC_IDS - 1 }, ..Call::default() };
        let reply = connection.call_with(call, |_| request).await?;
        let mut answers: HashMap<(&str, i32), Result<ProduceAck, Refusal>> = HashMap::new();
        for topic in &reply.responses {
            let by_id = names.get(&topic.topic_id).copied().filter(|_| !topic.topic_id.is_nil());
            let name = by_id.unwrap_or(&topic.name.0);
            for p in &topic.partition_responses {
                let ack = ProduceAck {
                    base_offset: p.base_offset,
                    log_append_time: (p.log_append_time_ms >= 0).then_some(p.log_append_time_ms),
                };
                let answer = match ErrorCode::from_wire(p.error_code) {
                    None => Ok(ack),
                    Some(code) => Err(Refusal { code, message: p.error_message.as_ref().map(|m| m.to_string()) }),
                };
                answers.insert((name, p.index), answer);
            }
        }
        Ok(items.iter().map(|item| answers.remove(&(item.topic.as_str(), item.partition))).collect())
    }
}
