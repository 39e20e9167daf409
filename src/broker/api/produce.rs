//! Produce: batches into logs.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::{
    LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};

use super::super::batch::{self, Batch};
use super::super::error::Refusal;
use super::super::log::Appended;
use super::super::state::{Context, Shared, State, broker_id};

/// A client that wants no answer gets none; if something went wrong, its connection is closed instead.
pub(in super::super) enum Produced {
    Answer(ProduceResponse),
    Silence,
    SilentFailure,
}

pub(in super::super) fn answer(request: ProduceRequest, cx: &Context, shared: &Shared) -> Produced {
    let acks = request.acks;
    let refusal = request_refusal(&request, cx);
    let topics: Vec<_> =
        request.topic_data.into_iter().map(|topic| produce_topic(topic, refusal.as_ref(), cx, shared)).collect();
    shared.wake_fetches();
    if acks == 0 {
        let failed =
            topics.iter().flat_map(|topic| &topic.partition_responses).any(|partition| partition.error_code != 0);
        return if failed { Produced::SilentFailure } else { Produced::Silence };
    }
    let moved = topics
        .iter()
        .flat_map(|topic| &topic.partition_responses)
        .any(|partition| partition.error_code == ResponseError::NotLeaderOrFollower.code());
    let mut response = ProduceResponse::default().with_responses(topics);
    if moved && cx.version >= 10 {
        let endpoints = shared.nodes().map(|(node, port)| {
            NodeEndpoint::default().with_node_id(broker_id(node)).with_host(cx.host.clone()).with_port(i32::from(port))
        });
        response = response.with_node_endpoints(endpoints.collect());
    }
    Produced::Answer(response)
}

/// What is wrong with the request as a whole.
fn request_refusal(request: &ProduceRequest, cx: &Context) -> Option<Refusal> {
    if let Some(code) = cx.forced {
        return Some(code.into());
    }
    if !(-1..=1).contains(&request.acks) {
        return Some(ResponseError::InvalidRequiredAcks.into());
    }
    request.transactional_id.as_ref().map(|_| {
        Refusal::new(ResponseError::TransactionalIdAuthorizationFailed, "the embedded broker has no transactions")
    })
}

fn produce_topic(
    topic: TopicProduceData,
    refusal: Option<&Refusal>,
    cx: &Context,
    shared: &Shared,
) -> TopicProduceResponse {
    // Version 13 names topics by id alone.
    let name = if cx.version >= 13 {
        shared.lock().topics.name_of(topic.topic_id).map(str::to_owned)
    } else {
        Some(topic.name.0.as_str().to_owned())
    };
    let partitions = topic.partition_data.into_iter().map(|data| {
        let index = data.index;
        let appended = match (refusal, &name) {
            (Some(refusal), _) => Err(refusal.clone()),
            (None, None) => Err(ResponseError::UnknownTopicId.into()),
            (None, Some(name)) => produce_partition(name, data, cx, shared),
        };
        describe(index, name.as_deref(), appended, cx, &shared.lock())
    });
    let partitions = partitions.collect();
    TopicProduceResponse::default()
        .with_name(topic.name)
        .with_topic_id(topic.topic_id)
        .with_partition_responses(partitions)
}

fn produce_partition(
    name: &str,
    data: PartitionProduceData,
    cx: &Context,
    shared: &Shared,
) -> Result<Appended, Refusal> {
    shared.lock().topics.led_by(cx.node, name, data.index, -1)?;
    // The checks that cost time are done without the lock.
    let batch = batch::check(data.records.as_ref(), shared.config.max_batch)?;
    append(name, data.index, &batch, cx, &mut shared.lock())
}

fn append(name: &str, index: i32, batch: &Batch, cx: &Context, state: &mut State) -> Result<Appended, Refusal> {
    state.topics.led_by(cx.node, name, index, -1)?;
    let appended = state.topics.append(name, index, batch)?;
    if !appended.duplicate {
        state.stats.count_produced(name, index, batch.bytes.len());
    }
    Ok(appended)
}

fn describe(
    index: i32,
    name: Option<&str>,
    appended: Result<Appended, Refusal>,
    cx: &Context,
    state: &State,
) -> PartitionProduceResponse {
    let response = PartitionProduceResponse::default().with_index(index).with_log_append_time_ms(-1);
    let partition = name.and_then(|name| state.topics.get(name)).and_then(|topic| topic.partition(index));
    match appended {
        Ok(appended) => response
            .with_base_offset(appended.base_offset)
            .with_log_start_offset(partition.map_or(-1, |partition| partition.log.start())),
        Err(refusal) => {
            let mut response = response.with_error_code(refusal.code()).with_base_offset(-1).with_log_start_offset(-1);
            if refusal.code == ResponseError::NotLeaderOrFollower
                && cx.version >= 10
                && let Some(partition) = partition
            {
                let leader = LeaderIdAndEpoch::default()
                    .with_leader_id(broker_id(partition.leader))
                    .with_leader_epoch(partition.epoch());
                response = response.with_current_leader(leader);
            }
            response.with_error_message(refusal.message())
        }
    }
}
