//! OffsetForLeaderEpoch: where a leader's epoch ended, so that a client can tell whether its position was cut off (KIP-320).

use kafka_protocol::messages::offset_for_leader_epoch_request::OffsetForLeaderPartition;
use kafka_protocol::messages::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};
use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

use super::super::error::Refusal;
use super::super::state::{Context, Shared, State};

pub(in super::super) fn answer(
    request: OffsetForLeaderEpochRequest,
    cx: &Context,
    shared: &Shared,
) -> OffsetForLeaderEpochResponse {
    let state = shared.lock();
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|wanted| {
            let result = EpochEndOffset::default().with_partition(wanted.partition);
            match find(topic.topic.0.as_str(), wanted, cx, &state) {
                Ok((epoch, end)) => result.with_leader_epoch(epoch).with_end_offset(end),
                Err(refusal) => result.with_error_code(refusal.code()).with_leader_epoch(-1).with_end_offset(-1),
            }
        });
        let partitions = partitions.collect();
        OffsetForLeaderTopicResult::default().with_topic(topic.topic).with_partitions(partitions)
    });
    OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
}

fn find(name: &str, wanted: &OffsetForLeaderPartition, cx: &Context, state: &State) -> Result<(i32, i64), Refusal> {
    cx.check_forced()?;
    let partition = state.topics.led_by(cx.node, name, wanted.partition, wanted.current_leader_epoch)?;
    Ok(partition.end_of_epoch(wanted.leader_epoch).unwrap_or((-1, -1)))
}
