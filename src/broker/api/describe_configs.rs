//! DescribeConfigs: the settings of topics and of the broker, as far as they mean something here.

use std::collections::{BTreeMap, HashSet};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};
use kafka_protocol::protocol::StrBytes;

use super::super::error::Refusal;
use super::super::state::{Context, Shared, State};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
/// `DYNAMIC_TOPIC_CONFIG`: set for the topic itself.
pub(super) const SOURCE_TOPIC: i8 = 1;
/// `STATIC_BROKER_CONFIG`.
const SOURCE_BROKER: i8 = 4;
/// `DEFAULT_CONFIG`.
pub(super) const SOURCE_DEFAULT: i8 = 5;

/// The topic settings that may be given, with Kafka's defaults. They are kept and told, and none of them is acted on:
/// nothing is compacted, and nothing expires.
pub(super) const TOPIC_CONFIGS: &[(&str, &str)] = &[
    ("cleanup.policy", "delete"),
    ("compression.type", "producer"),
    ("delete.retention.ms", "86400000"),
    ("flush.messages", "9223372036854775807"),
    ("flush.ms", "9223372036854775807"),
    ("index.interval.bytes", "4096"),
    ("max.compaction.lag.ms", "9223372036854775807"),
    ("max.message.bytes", "1048588"),
    ("message.timestamp.type", "CreateTime"),
    ("min.cleanable.dirty.ratio", "0.5"),
    ("min.compaction.lag.ms", "0"),
    ("min.insync.replicas", "1"),
    ("retention.bytes", "-1"),
    ("retention.ms", "604800000"),
    ("segment.bytes", "1073741824"),
    ("segment.ms", "604800000"),
    ("unclean.leader.election.enable", "false"),
];

pub(in super::super) fn answer(
    request: DescribeConfigsRequest,
    cx: &Context,
    shared: &Shared,
) -> DescribeConfigsResponse {
    let state = shared.lock();
    let mut seen = HashSet::new();
    let distinct = |wanted: &DescribeConfigsResource| seen.insert((wanted.resource_type, wanted.resource_name.clone()));
    let results = request.resources.into_iter().filter(distinct).map(|resource| {
        let described = describe(&resource, cx, shared, &state);
        let result = DescribeConfigsResult::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name);
        match described {
            Ok(configs) => result.with_configs(configs),
            Err(refusal) => result.with_error_code(refusal.code()).with_error_message(refusal.message()),
        }
    });
    DescribeConfigsResponse::default().with_results(results.collect())
}

fn describe(
    resource: &DescribeConfigsResource,
    cx: &Context,
    shared: &Shared,
    state: &State,
) -> Result<Vec<DescribeConfigsResourceResult>, Refusal> {
    cx.check_forced()?;
    let wanted = |name: &str| {
        let keys = resource.configuration_keys.as_ref();
        // Java sends an empty list where it means all.
        keys.is_none_or(|keys| keys.is_empty() || keys.iter().any(|key| key.as_str() == name))
    };
    match resource.resource_type {
        TOPIC => {
            let topic = state.topics.get(&resource.resource_name).ok_or(ResponseError::UnknownTopicOrPartition)?;
            Ok(of_topic(&topic.configs).into_iter().filter(|config| wanted(&config.name)).collect())
        }
        BROKER => Ok(of_broker(shared).into_iter().filter(|config| wanted(&config.name)).collect()),
        other => Err(Refusal::new(ResponseError::InvalidRequest, format!("Unsupported resource type {other}"))),
    }
}

fn of_topic(set: &BTreeMap<String, String>) -> Vec<DescribeConfigsResourceResult> {
    let one = |&(name, default): &(&'static str, &'static str)| match set.get(name) {
        Some(value) => config(name, value.clone(), SOURCE_TOPIC),
        None => config(name, default.to_owned(), SOURCE_DEFAULT),
    };
    TOPIC_CONFIGS.iter().map(one).collect()
}

fn of_broker(shared: &Shared) -> Vec<DescribeConfigsResourceResult> {
    let set = &shared.config;
    let settings = [
        ("auto.create.topics.enable", set.auto_create_topics.to_string()),
        ("connections.max.idle.ms", set.idle.as_millis().to_string()),
        ("group.initial.rebalance.delay.ms", set.initial_rebalance_delay.as_millis().to_string()),
        ("message.max.bytes", set.max_batch.to_string()),
        ("num.partitions", set.default_partitions.to_string()),
        ("socket.request.max.bytes", set.max_frame.to_string()),
    ];
    settings.into_iter().map(|(name, value)| config(name, value, SOURCE_BROKER).with_read_only(true)).collect()
}

fn config(name: &'static str, value: String, source: i8) -> DescribeConfigsResourceResult {
    DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_static_str(name))
        .with_value(Some(StrBytes::from_string(value)))
        .with_config_source(source)
}
