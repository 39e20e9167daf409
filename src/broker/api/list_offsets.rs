//! ListOffsets: where a partition begins and ends, and where a time is in it.

use std::collections::HashSet;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_request::ListOffsetsPartition;
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

use super::super::batch;
use super::super::error::Refusal;
use super::super::state::{Context, Shared, State};

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
/// The record with the largest timestamp (KIP-734).
const MAX_TIMESTAMP: i64 = -3;
/// As the earliest one, without tiered storage (KIP-405).
const EARLIEST_LOCAL: i64 = -4;
/// None, without tiered storage (KIP-1005).
const LATEST_TIERED: i64 = -5;

/// An offset and the timestamp of its record, -1 where there is none.
struct Found {
    offset: i64,
    timestamp: i64,
}

pub(in super::super) fn answer(request: ListOffsetsRequest, cx: &Context, shared: &Shared) -> ListOffsetsResponse {
    let mut seen = HashSet::new();
    let topics = request.topics.into_iter().map(|topic| {
        let name = topic.name.0.as_str().to_owned();
        let partitions = topic.partitions.iter().map(|wanted| {
            let state = shared.lock();
            let response = ListOffsetsPartitionResponse::default().with_partition_index(wanted.partition_index);
            // As in Kafka, the same partition twice is an error; here it also bounds the work of one request.
            let found = if seen.insert((name.clone(), wanted.partition_index)) {
                find(&name, wanted, cx, &state)
            } else {
                Err(ResponseError::InvalidRequest.into())
            };
            match found {
                Ok((found, epoch)) => response
                    .with_offset(found.offset)
                    .with_timestamp(found.timestamp)
                    .with_leader_epoch(if cx.version >= 4 { epoch } else { -1 }),
                Err(refusal) => response.with_error_code(refusal.code()).with_offset(-1).with_timestamp(-1),
            }
        });
        let partitions = partitions.collect();
        ListOffsetsTopicResponse::default().with_name(topic.name).with_partitions(partitions)
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}

fn find(name: &str, wanted: &ListOffsetsPartition, cx: &Context, state: &State) -> Result<(Found, i32), Refusal> {
    cx.check_forced()?;
    let partition = state.topics.led_by(cx.node, name, wanted.partition_index, wanted.current_leader_epoch)?;
    let log = &partition.log;
    let none = || Found { offset: -1, timestamp: -1 };
    let at = |offset| Found { offset, timestamp: -1 };
    let record =
        |bytes, timestamp| batch::first_since(bytes, timestamp).map(|(offset, timestamp)| Found { offset, timestamp });
    let found = match wanted.timestamp {
        LATEST => at(log.end()),
        EARLIEST | EARLIEST_LOCAL => at(log.start()),
        LATEST_TIERED => none(),
        MAX_TIMESTAMP => log.latest_batch().and_then(|(latest, bytes)| record(bytes, latest)).unwrap_or_else(none),
        timestamp if timestamp < 0 => return Err(ResponseError::InvalidRequest.into()),
        timestamp => log.first_batch_since(timestamp).and_then(|bytes| record(bytes, timestamp)).unwrap_or_else(none),
    };
    Ok((found, partition.epoch()))
}
