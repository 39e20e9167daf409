//! Metadata: the nodes, the topics and who leads their partitions.

use std::collections::HashSet;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::super::error::Refusal;
use super::super::state::{Context, Shared, State, broker_id};
use super::super::topics::Topic;

pub(in super::super) fn answer(request: MetadataRequest, cx: &Context, shared: &Shared) -> MetadataResponse {
    let state = &mut *shared.lock();
    // Version 0 has no null: there, an empty list asks for all.
    let wanted = request.topics.filter(|topics| cx.version > 0 || !topics.is_empty());
    let topics = match wanted {
        None => state.topics.iter().map(|(name, topic)| describe(cx, name, topic)).collect(),
        Some(wanted) => {
            let create = request.allow_auto_topic_creation && shared.config.auto_create_topics;
            // Each is told once, however often it is asked for: a small request shall not make a large reply.
            let mut seen = HashSet::new();
            let distinct = wanted.into_iter().filter(|topic| seen.insert((topic.topic_id, topic.name.clone())));
            distinct.map(|topic| look_up(topic, cx, shared, state, create)).collect()
        }
    };
    let brokers = shared.nodes().map(|(node, port)| {
        MetadataResponseBroker::default()
            .with_node_id(broker_id(node))
            .with_host(cx.host.clone())
            .with_port(i32::from(port))
    });
    MetadataResponse::default()
        .with_brokers(brokers.collect())
        .with_cluster_id(Some(StrBytes::from_string(shared.config.cluster_id.clone())))
        .with_controller_id(broker_id(1))
        .with_topics(topics)
}

fn look_up(
    wanted: MetadataRequestTopic,
    cx: &Context,
    shared: &Shared,
    state: &mut State,
    create: bool,
) -> MetadataResponseTopic {
    let id = wanted.topic_id;
    let name = match wanted.name {
        Some(name) => name.0.as_str().to_owned(),
        None => match state.topics.name_of(id) {
            Some(name) => name.to_owned(),
            None => {
                // The name became nullable with version 12.
                let name = (cx.version < 12).then(TopicName::default);
                return MetadataResponseTopic::default()
                    .with_error_code(ResponseError::UnknownTopicId.code())
                    .with_topic_id(id)
                    .with_name(name);
            }
        },
    };
    let found = match state.topics.get(&name) {
        Some(topic) => Ok(topic),
        None if create => state.create_topic(&name, shared.config.default_partitions, shared.ports.len()),
        None => super::super::topics::check_name(&name)
            .and_then(|()| Err(Refusal::from(ResponseError::UnknownTopicOrPartition))),
    };
    match found {
        Ok(topic) => describe(cx, &name, topic),
        Err(refusal) => MetadataResponseTopic::default()
            .with_error_code(refusal.code())
            .with_name(Some(StrBytes::from_string(name).into())),
    }
}

fn describe(cx: &Context, name: &str, topic: &Topic) -> MetadataResponseTopic {
    let described = MetadataResponseTopic::default()
        .with_name(Some(StrBytes::from_string(name.to_owned()).into()))
        .with_topic_id(topic.id);
    if let Some(code) = cx.forced {
        return described.with_error_code(code.code());
    }
    let partitions = (0..).zip(&topic.partitions).map(|(index, partition)| {
        let replicas: Vec<_> = partition.replicas.iter().copied().map(broker_id).collect();
        MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(broker_id(partition.leader))
            .with_leader_epoch(partition.epoch())
            .with_isr_nodes(replicas.clone())
            .with_replica_nodes(replicas)
    });
    described.with_partitions(partitions.collect())
}
