//! CreatePartitions: more partitions for a topic that is there.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::{CreatePartitionsRequest, CreatePartitionsResponse};

use super::super::error::Refusal;
use super::super::state::{Context, Shared, State};
use super::create_topics::check_replicas;

pub(in super::super) fn answer(
    request: CreatePartitionsRequest,
    cx: &Context,
    shared: &Shared,
) -> CreatePartitionsResponse {
    let state = &mut *shared.lock();
    let results = request.topics.into_iter().map(|topic| {
        let result = CreatePartitionsTopicResult::default().with_name(topic.name.clone());
        match grow(topic, request.validate_only, cx, shared, state) {
            Ok(()) => result,
            Err(refusal) => result.with_error_code(refusal.code()).with_error_message(refusal.message()),
        }
    });
    CreatePartitionsResponse::default().with_results(results.collect())
}

fn grow(
    topic: CreatePartitionsTopic,
    dry: bool,
    cx: &Context,
    shared: &Shared,
    state: &mut State,
) -> Result<(), Refusal> {
    cx.check_forced()?;
    let name = topic.name.0.as_str();
    let found = state.topics.get(name).ok_or_else(|| Refusal::from(ResponseError::UnknownTopicOrPartition))?;
    let present = found.partitions.len();
    let factor = usize::try_from(found.replication_factor).unwrap_or(1);
    let added = usize::try_from(topic.count).unwrap_or(0).saturating_sub(present);
    if added == 0 {
        let message = format!("Topic currently has {present} partitions, which is not fewer than {}.", topic.count);
        return Err(Refusal::new(ResponseError::InvalidPartitions, message));
    }
    let nodes = shared.ports.len();
    let replicas = match topic.assignments {
        // A count alone costs no bytes on the wire, so it is judged before anything is laid out.
        None => {
            state.topics.check_room(added)?;
            state.spread(added, factor, nodes)
        }
        Some(assignments) => {
            let replicas: Vec<Vec<i32>> = assignments
                .into_iter()
                .map(|assignment| assignment.broker_ids.into_iter().map(|node| node.0).collect())
                .collect();
            if replicas.len() != added {
                let message = format!("{added} partitions are added, {} assigned", replicas.len());
                return Err(Refusal::new(ResponseError::InvalidReplicaAssignment, message));
            }
            check_replicas(&replicas, nodes)?;
            replicas
        }
    };
    state.topics.grow(name, replicas, dry)
}
