//! Fetch: batches out of logs, waiting for enough of them (long poll).
//!
//! Fetch sessions (KIP-227) are optional for a broker: it answers session id 0, and clients go on with full requests.

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse};

use super::super::error::Refusal;
use super::super::state::{Context, Shared, State, broker_id};
use super::super::topics::Partition;
use super::millis;

/// No reply has more record bytes, whatever the client allows (`fetch.max.bytes` of a broker).
const MAX_REPLY: usize = 55 << 20;

/// How long a client may wait, whatever it asks for.
const MAX_WAIT: Duration = Duration::from_secs(300);

/// How long the request may wait for records.
pub(in super::super) fn patience(request: &FetchRequest) -> Duration {
    millis(request.max_wait_ms).min(MAX_WAIT)
}

/// Is there anything that ends the wait: enough bytes, or an error to tell?
pub(in super::super) fn is_ready(request: &FetchRequest, cx: &Context, shared: &Shared) -> bool {
    if cx.forced.is_some() || request.session_id != 0 {
        return true;
    }
    let enough = bytes(request.min_bytes).min(bytes(request.max_bytes));
    let state = shared.lock();
    let mut available: usize = 0;
    for topic in &request.topics {
        let name = name_of(topic, cx, &state);
        for wanted in &topic.partitions {
            let Ok(partition) = check(name.as_deref(), wanted, cx, &state) else {
                return true;
            };
            let limit = bytes(wanted.partition_max_bytes).max(1);
            available = available.saturating_add(partition.log.available(wanted.fetch_offset, limit).min(limit));
            if available >= enough {
                return true;
            }
        }
    }
    available >= enough
}

pub(in super::super) fn answer(request: &FetchRequest, cx: &Context, shared: &Shared) -> FetchResponse {
    if request.session_id != 0 && request.session_epoch > 0 {
        return FetchResponse::default().with_error_code(ResponseError::FetchSessionIdNotFound.code());
    }
    let state = &mut *shared.lock();
    let mut budget = Budget { left: bytes(request.max_bytes).min(MAX_REPLY), sent: false };
    let mut moved = false;
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in &request.topics {
        let name = name_of(topic, cx, state);
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for wanted in &topic.partitions {
            let data = fetch_partition(name.as_deref(), wanted, cx, state, &mut budget);
            moved |= data.error_code == ResponseError::NotLeaderOrFollower.code();
            if let (Some(name), Some(records)) = (&name, &data.records) {
                state.stats.count_fetched(name, wanted.partition, records.len());
            }
            partitions.push(data);
        }
        topics.push(
            FetchableTopicResponse::default()
                .with_topic(topic.topic.clone())
                .with_topic_id(topic.topic_id)
                .with_partitions(partitions),
        );
    }
    let mut response = FetchResponse::default().with_responses(topics);
    if moved && cx.version >= 16 {
        let endpoints = shared.nodes().map(|(node, port)| {
            NodeEndpoint::default().with_node_id(broker_id(node)).with_host(cx.host.clone()).with_port(i32::from(port))
        });
        response = response.with_node_endpoints(endpoints.collect());
    }
    response
}

/// What the reply may yet carry.
struct Budget {
    left: usize,
    /// Some partition has given a batch; until then, one is given even if it is larger than all limits.
    sent: bool,
}

fn fetch_partition(
    name: Option<&str>,
    wanted: &FetchPartition,
    cx: &Context,
    state: &State,
    budget: &mut Budget,
) -> PartitionData {
    let data = PartitionData::default().with_partition_index(wanted.partition);
    match check(name, wanted, cx, state) {
        Ok(partition) => {
            let max = bytes(wanted.partition_max_bytes).min(budget.left);
            let records = partition.log.read(wanted.fetch_offset, max, !budget.sent);
            budget.left = budget.left.saturating_sub(records.len());
            budget.sent |= !records.is_empty();
            data.with_high_watermark(partition.log.end())
                .with_last_stable_offset(partition.log.end())
                .with_log_start_offset(partition.log.start())
                .with_aborted_transactions(None)
                .with_records(Some(records))
        }
        Err(refusal) => {
            let mut data = data
                .with_error_code(refusal.code())
                .with_high_watermark(-1)
                .with_last_stable_offset(-1)
                .with_log_start_offset(-1)
                .with_aborted_transactions(None)
                // Null would be as right, but librdkafka takes it for a broken reply.
                .with_records(Some(Bytes::new()));
            let partition = name.and_then(|name| state.topics.get(name)?.partition(wanted.partition));
            if let Some(partition) = partition
                && cx.version >= 12
                && partition.check_leader(cx.node, wanted.current_leader_epoch).is_err()
            {
                data.current_leader = LeaderIdAndEpoch::default()
                    .with_leader_id(broker_id(partition.leader))
                    .with_leader_epoch(partition.epoch());
            }
            data
        }
    }
}

fn check<'a>(
    name: Option<&str>,
    wanted: &FetchPartition,
    cx: &Context,
    state: &'a State,
) -> Result<&'a Partition, Refusal> {
    cx.check_forced()?;
    let name = name.ok_or_else(|| Refusal::from(ResponseError::UnknownTopicId))?;
    let partition = state.topics.led_by(cx.node, name, wanted.partition, wanted.current_leader_epoch)?;
    if wanted.fetch_offset < partition.log.start() || wanted.fetch_offset > partition.log.end() {
        return Err(ResponseError::OffsetOutOfRange.into());
    }
    Ok(partition)
}

/// The topic's name, from version 13 on by its id.
fn name_of(topic: &FetchTopic, cx: &Context, state: &State) -> Option<String> {
    if cx.version >= 13 {
        state.topics.name_of(topic.topic_id).map(str::to_owned)
    } else {
        Some(topic.topic.0.as_str().to_owned())
    }
}

fn bytes(count: i32) -> usize {
    usize::try_from(count).unwrap_or(0)
}
