//! OffsetFetch: how far groups have read.

use std::collections::{BTreeSet, HashSet};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{OffsetFetchRequest, OffsetFetchResponse};
use kafka_protocol::protocol::StrBytes;

use super::super::group::{Committed, Group};
use super::super::state::{Context, Shared};

pub(in super::super) fn answer(request: OffsetFetchRequest, cx: &Context, shared: &Shared) -> OffsetFetchResponse {
    if cx.version >= 8 {
        let mut seen = HashSet::new();
        let distinct = request.groups.into_iter().filter(|group| seen.insert(group.group_id.clone()));
        let groups = distinct.map(|group| fetch_group(group, cx, shared));
        return OffsetFetchResponse::default().with_groups(groups.collect());
    }
    // Up to version 7 a request asks for one group; it is answered as a list of one would be.
    let topics = request.topics.map(|topics| {
        let convert = |topic: kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic| {
            OffsetFetchRequestTopics::default().with_name(topic.name).with_partition_indexes(topic.partition_indexes)
        };
        topics.into_iter().map(convert).collect()
    });
    let group = OffsetFetchRequestGroup::default().with_group_id(request.group_id).with_topics(topics);
    let found = fetch_group(group, cx, shared);
    let topics = found.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.into_iter().map(|partition| {
            OffsetFetchResponsePartition::default()
                .with_partition_index(partition.partition_index)
                .with_committed_offset(partition.committed_offset)
                .with_committed_leader_epoch(partition.committed_leader_epoch)
                .with_metadata(partition.metadata)
                // Version 1 has no error at the top.
                .with_error_code(found.error_code)
        });
        OffsetFetchResponseTopic::default().with_name(topic.name).with_partitions(partitions.collect())
    });
    OffsetFetchResponse::default().with_topics(topics.collect()).with_error_code(found.error_code)
}

fn fetch_group(wanted: OffsetFetchRequestGroup, cx: &Context, shared: &Shared) -> OffsetFetchResponseGroup {
    let allowed = shared.check_group(cx, &wanted.group_id);
    let state = shared.lock();
    let group = state.groups.get(&wanted.group_id).filter(|_| allowed.is_ok());
    let topics = match wanted.topics {
        Some(topics) => {
            let mut seen = HashSet::new();
            let distinct = topics.into_iter().filter(|topic| seen.insert(topic.name.clone()));
            distinct.map(|topic| fetch_topic(topic, group)).collect()
        }
        None => group.map(all_topics).unwrap_or_default(),
    };
    OffsetFetchResponseGroup::default()
        .with_group_id(wanted.group_id)
        .with_topics(topics)
        .with_error_code(allowed.map_or_else(|code: ResponseError| code.code(), |()| 0))
}

fn fetch_topic(wanted: OffsetFetchRequestTopics, group: Option<&Group>) -> OffsetFetchResponseTopics {
    let distinct: BTreeSet<i32> = wanted.partition_indexes.into_iter().collect();
    let partitions = distinct
        .into_iter()
        .map(|index| partition(index, group.and_then(|group| group.offsets.get(wanted.name.0.as_str(), index))));
    let partitions = partitions.collect();
    OffsetFetchResponseTopics::default().with_name(wanted.name).with_partitions(partitions)
}

fn all_topics(group: &Group) -> Vec<OffsetFetchResponseTopics> {
    let topics = group.offsets.iter().map(|(name, partitions)| {
        let partitions = partitions.iter().map(|(&index, committed)| partition(index, Some(committed)));
        OffsetFetchResponseTopics::default()
            .with_name(StrBytes::from_string(name.to_owned()).into())
            .with_partitions(partitions.collect())
    });
    topics.collect()
}

fn partition(index: i32, committed: Option<&Committed>) -> OffsetFetchResponsePartitions {
    let response = OffsetFetchResponsePartitions::default().with_partition_index(index);
    match committed {
        Some(committed) => response
            .with_committed_offset(committed.offset)
            .with_committed_leader_epoch(committed.leader_epoch)
            .with_metadata(Some(StrBytes::from_string(committed.metadata.clone()))),
        None => {
            response.with_committed_offset(-1).with_committed_leader_epoch(-1).with_metadata(Some(StrBytes::default()))
        }
    }
}
