//! CreateTopics and Metadata: what is made, what is refused, what is told.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{BrokerId, CreateTopicsRequest, MetadataRequest};
use topica::broker::{Broker, BrokerConfig};

use crate::client::{Client, broker, broker_with, name, text};
use crate::versions::metadata;

fn topic(of: &str, partitions: i32, replicas: i16) -> CreatableTopic {
    CreatableTopic::default().with_name(name(of)).with_num_partitions(partitions).with_replication_factor(replicas)
}

#[tokio::test]
async fn what_kafka_refuses_is_refused_with_the_same_code() {
    let (broker, mut client) = broker().await;
    let config = |name: &str| CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text("x")));
    let cases = [
        (topic("t", 1, 1), ResponseError::TopicAlreadyExists),
        (topic("a b", 1, 1), ResponseError::InvalidTopicException),
        (topic("", 1, 1), ResponseError::InvalidTopicException),
        (topic("none", 0, 1), ResponseError::InvalidPartitions),
        (topic("negative", -2, 1), ResponseError::InvalidPartitions),
        (topic("huge", i32::MAX, 1), ResponseError::InvalidPartitions),
        (topic("copies", 1, 2), ResponseError::InvalidReplicationFactor),
        (topic("copies", 1, 0), ResponseError::InvalidReplicationFactor),
        (topic("odd", 1, 1).with_configs(vec![config("no.such.config")]), ResponseError::InvalidConfig),
    ];
    for (topic, code) in cases {
        let response = client.call(7, &CreateTopicsRequest::default().with_topics(vec![topic.clone()])).await;
        assert_eq!(response.topics[0].error_code, code.code(), "{topic:?}");
        assert!(response.topics[0].error_message.is_some());
    }
    let twice = CreateTopicsRequest::default().with_topics(vec![topic("u", 1, 1), topic("u", 1, 1)]);
    let response = client.call(7, &twice).await;
    assert!(response.topics.iter().all(|topic| topic.error_code == ResponseError::InvalidRequest.code()));
    assert_eq!(broker.end_offset("u", 0), None);
}

#[tokio::test]
async fn a_rehearsal_makes_nothing_and_defaults_are_filled_in() {
    let (broker, mut client) = broker_with(BrokerConfig::new().with_default_partitions(4)).await;
    let request = CreateTopicsRequest::default().with_topics(vec![topic("new", -1, -1)]);
    let rehearsed = client.call(7, &request.clone().with_validate_only(true)).await;
    assert_eq!((rehearsed.topics[0].error_code, rehearsed.topics[0].num_partitions), (0, 4));
    assert_eq!(broker.end_offset("new", 0), None);
    let made = client.call(7, &request).await;
    assert_eq!((made.topics[0].error_code, made.topics[0].num_partitions), (0, 4));
    assert_eq!(broker.end_offset("new", 3), Some(0));
}

#[tokio::test]
async fn replicas_can_be_assigned() {
    let broker = Broker::start(BrokerConfig::new().with_nodes(3)).await.unwrap();
    let mut client = Client::connect(broker.address()).await;
    let assign = |partition: i32, nodes: &[i32]| {
        let nodes = nodes.iter().copied().map(BrokerId).collect();
        CreatableReplicaAssignment::default().with_partition_index(partition).with_broker_ids(nodes)
    };
    let new = |assignments| topic("a", -1, -1).with_assignments(assignments);
    for bad in [vec![assign(0, &[4])], vec![assign(0, &[1, 1])], vec![assign(1, &[1])], vec![assign(0, &[])]] {
        let response = client.call(7, &CreateTopicsRequest::default().with_topics(vec![new(bad)])).await;
        assert_eq!(response.topics[0].error_code, ResponseError::InvalidReplicaAssignment.code());
    }
    let good = new(vec![assign(1, &[3, 1]), assign(0, &[2, 3])]);
    let response = client.call(7, &CreateTopicsRequest::default().with_topics(vec![good])).await;
    assert_eq!((response.topics[0].error_code, response.topics[0].replication_factor), (0, 2));
    assert_eq!((broker.leader("a", 0), broker.leader("a", 1)), (Some(2), Some(3)));
}

#[tokio::test]
async fn metadata_is_found_by_name_and_by_id_and_makes_topics_only_if_that_is_on() {
    let (_broker, mut client) = broker().await;
    let found = client.call(12, &metadata("t")).await.topics[0].clone();
    let by_id = |id| {
        let topic = MetadataRequestTopic::default().with_topic_id(id).with_name(None);
        MetadataRequest::default().with_topics(Some(vec![topic]))
    };
    assert_eq!(client.call(12, &by_id(found.topic_id)).await.topics[0].name, Some(name("t")));
    let unknown = client.call(12, &by_id(uuid::Uuid::from_u128(7))).await.topics[0].clone();
    assert_eq!((unknown.error_code, unknown.name), (ResponseError::UnknownTopicId.code(), None));
    let invalid = client.call(12, &metadata("no name")).await;
    assert_eq!(invalid.topics[0].error_code, ResponseError::InvalidTopicException.code());
    let none = client.call(12, &MetadataRequest::default().with_topics(Some(vec![]))).await;
    assert!(none.topics.is_empty() && !none.brokers.is_empty());

    let (broker, mut client) = broker_with(BrokerConfig::new().with_auto_create_topics(true)).await;
    let polite = metadata("made").with_allow_auto_topic_creation(false);
    let code = client.call(12, &polite).await.topics[0].error_code;
    assert_eq!(code, ResponseError::UnknownTopicOrPartition.code());
    assert_eq!(client.call(12, &metadata("made")).await.topics[0].partitions.len(), 1);
    assert_eq!(broker.end_offset("made", 0), Some(0));
}

#[tokio::test]
async fn a_topic_asked_for_many_times_is_told_once() {
    let (_broker, mut client) = broker().await;
    let topic = MetadataRequestTopic::default().with_name(Some(name("t")));
    let request = MetadataRequest::default().with_topics(Some(vec![topic; 10_000]));
    assert_eq!(client.call(12, &request).await.topics.len(), 1);
}

#[tokio::test]
async fn a_topic_made_again_has_another_id() {
    let (broker, mut client) = broker().await;
    let first = client.call(12, &metadata("t")).await.topics[0].topic_id;
    broker.delete_topic("t").unwrap();
    broker.create_topic("t", 1).unwrap();
    let second = client.call(12, &metadata("t")).await.topics[0].topic_id;
    assert!(first != second && !second.is_nil());
}

#[tokio::test]
async fn the_advertised_host_is_told() {
    let (broker, mut client) = broker_with(BrokerConfig::new().with_advertised_host("kafka.example")).await;
    let response = client.call(12, &metadata("t")).await;
    assert_eq!(response.brokers[0].host, text("kafka.example"));
    assert_eq!(response.brokers[0].port, i32::from(broker.address().port()));
    assert_eq!(broker.bootstrap(), broker.address().to_string());
}
