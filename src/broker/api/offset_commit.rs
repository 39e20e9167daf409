//! OffsetCommit: how far a group has read.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetCommitResponse};

use super::super::group::{Committed, Group, Identity};
use super::super::state::{Context, Shared, State};

pub(in super::super) fn answer(request: OffsetCommitRequest, cx: &Context, shared: &Shared) -> OffsetCommitResponse {
    let allowed = shared.check_group(cx, &request.group_id);
    let state = &mut *shared.lock();
    let allowed = allowed.and_then(|()| check(&request, cx, state));
    let topics = request.topics.into_iter().map(|topic| {
        let name = topic.name.0.as_str().to_owned();
        let partitions = topic.partitions.into_iter().map(|wanted| {
            let index = wanted.partition_index;
            let committed = Committed {
                offset: wanted.committed_offset,
                leader_epoch: wanted.committed_leader_epoch,
                metadata: wanted.committed_metadata.map(|text| text.as_str().to_owned()).unwrap_or_default(),
            };
            let result = allowed.and_then(|()| commit(&request.group_id, &name, index, committed, state));
            OffsetCommitResponsePartition::default()
                .with_partition_index(index)
                .with_error_code(result.map_or_else(|code| code.code(), |()| 0))
        });
        let partitions = partitions.collect();
        OffsetCommitResponseTopic::default().with_name(topic.name).with_partitions(partitions)
    });
    let response = OffsetCommitResponse::default().with_topics(topics.collect());
    shared.deadlines.notify_one();
    response
}

fn check(request: &OffsetCommitRequest, cx: &Context, state: &mut State) -> Result<(), ResponseError> {
    let who = Identity { member_id: &request.member_id, generation: request.generation_id_or_member_epoch };
    match state.groups.get_mut(&request.group_id) {
        Some(group) => group.check_commit(cx.now, who),
        // A group that nobody joined: a client that assigns partitions to itself may commit to it.
        None => Group::default().check_commit(cx.now, who).map_err(|_| ResponseError::IllegalGeneration),
    }
}

fn commit(
    group: &str,
    topic: &str,
    partition: i32,
    committed: Committed,
    state: &mut State,
) -> Result<(), ResponseError> {
    let exists = state.topics.get(topic).is_some_and(|topic| topic.partition(partition).is_some());
    if !exists {
        return Err(ResponseError::UnknownTopicOrPartition);
    }
    state.groups.commit(group, topic, partition, committed)
}
