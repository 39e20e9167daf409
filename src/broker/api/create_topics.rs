//! CreateTopics: new topics, or a rehearsal of it.

use std::collections::{BTreeMap, HashMap};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic};
use kafka_protocol::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_protocol::messages::{CreateTopicsRequest, CreateTopicsResponse};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::super::error::Refusal;
use super::super::state::{Context, Shared, State};
use super::super::topics::NewTopic;
use super::describe_configs::{SOURCE_DEFAULT, SOURCE_TOPIC, TOPIC_CONFIGS};

/// A topic as it was or would be made.
struct Made {
    id: Uuid,
    partitions: i32,
    replication_factor: i16,
    configs: BTreeMap<String, String>,
}

pub(in super::super) fn answer(request: CreateTopicsRequest, cx: &Context, shared: &Shared) -> CreateTopicsResponse {
    let mut times: HashMap<String, usize> = HashMap::new();
    for topic in &request.topics {
        *times.entry(topic.name.0.as_str().to_owned()).or_default() += 1;
    }
    let state = &mut *shared.lock();
    let results = request.topics.into_iter().map(|topic| {
        let name = topic.name.clone();
        let twice = times.get(name.0.as_str()).is_some_and(|&times| times > 1);
        let made = if twice {
            Err(Refusal::new(ResponseError::InvalidRequest, "Duplicate topic name."))
        } else {
            create(topic, request.validate_only, cx, shared, state)
        };
        let result = CreatableTopicResult::default().with_name(name);
        match made {
            Ok(made) => result
                .with_topic_id(made.id)
                .with_num_partitions(made.partitions)
                .with_replication_factor(made.replication_factor)
                .with_configs(Some(describe_configs(&made.configs))),
            Err(refusal) => result
                .with_error_code(refusal.code())
                .with_num_partitions(-1)
                .with_replication_factor(-1)
                .with_configs(Some(Vec::new()))
                .with_error_message(refusal.message()),
        }
    });
    CreateTopicsResponse::default().with_topics(results.collect())
}

fn create(
    topic: CreatableTopic,
    validate_only: bool,
    cx: &Context,
    shared: &Shared,
    state: &mut State,
) -> Result<Made, Refusal> {
    cx.check_forced()?;
    let name = topic.name.0.as_str().to_owned();
    let nodes = shared.ports.len();
    let configs = configs(&topic)?;
    let replicas = if topic.assignments.is_empty() {
        let partitions = match topic.num_partitions {
            -1 => shared.config.default_partitions,
            given => given,
        };
        let partitions = usize::try_from(partitions).unwrap_or(0);
        state.topics.check_new(&name, partitions)?;
        let factor = match topic.replication_factor {
            -1 => 1,
            given => usize::try_from(given).unwrap_or(0),
        };
        if factor == 0 || factor > nodes {
            return Err(Refusal::new(
                ResponseError::InvalidReplicationFactor,
                format!("Replication factor {}: this cluster has {nodes} brokers.", topic.replication_factor),
            ));
        }
        state.spread(partitions, factor, nodes)
    } else {
        if topic.num_partitions != -1 || topic.replication_factor != -1 {
            return Err(Refusal::new(
                ResponseError::InvalidRequest,
                "Both numPartitions or replicationFactor and replicasAssignments were set.",
            ));
        }
        state.topics.check_new(&name, topic.assignments.len())?;
        assigned(topic.assignments, nodes)?
    };
    let partitions = i32::try_from(replicas.len()).unwrap_or(i32::MAX);
    let replication_factor = replicas.first().map_or(1, |replicas| replicas.len() as i16);
    let mut made = Made { id: Uuid::nil(), partitions, replication_factor, configs: configs.clone() };
    if !validate_only {
        made.id = state.topics.insert(&name, NewTopic { replicas, configs }).id;
    }
    Ok(made)
}

fn configs(topic: &CreatableTopic) -> Result<BTreeMap<String, String>, Refusal> {
    let mut configs = BTreeMap::new();
    for config in &topic.configs {
        let (name, value) = (config.name.as_str(), config.value.as_ref());
        if !TOPIC_CONFIGS.iter().any(|&(known, _)| known == name) {
            return Err(Refusal::new(ResponseError::InvalidConfig, format!("Unknown topic config name: {name}")));
        }
        let Some(value) = value else {
            return Err(Refusal::new(ResponseError::InvalidConfig, format!("Null value for {name}")));
        };
        configs.insert(name.to_owned(), value.as_str().to_owned());
    }
    Ok(configs)
}

/// Replicas that the client chose: partitions 0.. without a gap, nodes that exist, as many for each.
pub(super) fn assigned(
    mut assignments: Vec<CreatableReplicaAssignment>,
    nodes: usize,
) -> Result<Vec<Vec<i32>>, Refusal> {
    assignments.sort_by_key(|assignment| assignment.partition_index);
    let gapless = (0..).zip(&assignments).all(|(index, assignment): (i32, _)| index == assignment.partition_index);
    let replicas: Vec<Vec<i32>> = assignments
        .into_iter()
        .map(|assignment| assignment.broker_ids.into_iter().map(|node| node.0).collect())
        .collect();
    check_replicas(&replicas, nodes)?;
    if gapless { Ok(replicas) } else { Err(bad_assignment("partitions are not consecutive from 0")) }
}

pub(super) fn check_replicas(replicas: &[Vec<i32>], nodes: usize) -> Result<(), Refusal> {
    let factor = replicas.first().map_or(0, Vec::len);
    for partition in replicas {
        if partition.is_empty() || partition.len() != factor {
            return Err(bad_assignment("partitions differ in their number of replicas, or have none"));
        }
        let exists = |&node: &i32| usize::try_from(node).is_ok_and(|node| (1..=nodes).contains(&node));
        let twice = |&node: &i32| partition.iter().filter(|&&other| other == node).count() > 1;
        if partition.iter().any(|node| !exists(node) || twice(node)) {
            return Err(bad_assignment("a replica is on an unknown broker, or twice on one"));
        }
    }
    Ok(())
}

fn bad_assignment(reason: &str) -> Refusal {
    Refusal::new(ResponseError::InvalidReplicaAssignment, reason)
}

fn describe_configs(configs: &BTreeMap<String, String>) -> Vec<CreatableTopicConfigs> {
    let describe = |&(name, default): &(&'static str, &'static str)| {
        let set = configs.get(name);
        CreatableTopicConfigs::default()
            .with_name(StrBytes::from_static_str(name))
            .with_value(Some(StrBytes::from_string(set.cloned().unwrap_or_else(|| default.to_owned()))))
            .with_config_source(if set.is_some() { SOURCE_TOPIC } else { SOURCE_DEFAULT })
    };
    TOPIC_CONFIGS.iter().map(describe).collect()
}
