//! The client against the embedded broker: routing, faults that pass, faults that do not, and what each costs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use kafka_protocol::ResponseError;
use topica::broker::{Action, ApiKey, Broker, BrokerConfig, Interception};
use topica::client::{
    Client, ClientConfig, Error, ErrorCode, FetchOptions, FetchPartition, Kind, NewTopic, OffsetSpec, ProduceBatch,
};
use topica::record::{BatchWriter, Compression, FetchReader, Inflater};

const NODES: usize = 3;
const PARTITIONS: i32 = 6;

async fn cluster() -> (Broker, Client) {
    let broker = Broker::start(BrokerConfig::new().with_nodes(NODES).with_topic("orders", PARTITIONS)).await.unwrap();
    let client = Client::connect(config(&broker)).await.unwrap();
    (broker, client)
}

fn config(broker: &Broker) -> ClientConfig {
    ClientConfig::new([broker.bootstrap()]).retry_backoff(Duration::from_millis(5), Duration::from_millis(20))
}

fn batch(partition: i32, values: &[&str]) -> ProduceBatch {
    let mut writer = BatchWriter::new(1 << 20);
    for value in values {
        writer.push(1_700_000_000_000, None, Some(value.as_bytes()), &[]).unwrap();
    }
    let records = writer.finish(Compression::None, None).unwrap();
    ProduceBatch { topic: "orders".to_owned(), partition, records }
}

fn from(partition: i32, offset: i64) -> FetchPartition {
    FetchPartition { topic: "orders".to_owned(), partition, offset, max_bytes: 1 << 20 }
}

async fn values(client: &Client, partition: i32, offset: i64) -> Vec<String> {
    let fetched = client.fetch(&[from(partition, offset)], &FetchOptions::default()).await.remove(0).result.unwrap();
    let mut inflater = Inflater::default();
    let mut reader = FetchReader::new(&fetched.records, offset, &mut inflater);
    let mut values = Vec::new();
    while let Some(record) = reader.next() {
        values.push(String::from_utf8(record.unwrap().value.unwrap().to_vec()).unwrap());
    }
    values
}

#[tokio::test]
async fn what_is_produced_is_fetched_from_every_partition() {
    let (_broker, client) = cluster().await;
    assert_eq!(client.cluster().brokers.len(), NODES);
    let batches: Vec<_> = (0..PARTITIONS).map(|p| batch(p, &[&format!("first of {p}"), "second"])).collect();
    for ack in client.produce(&batches).await {
        assert_eq!(ack.unwrap().base_offset, 0);
    }
    for partition in 0..PARTITIONS {
        assert_eq!(values(&client, partition, 0).await, [format!("first of {partition}"), "second".to_owned()]);
        assert_eq!(values(&client, partition, 1).await, ["second"]);
    }
}

#[tokio::test]
async fn many_partitions_cost_one_request_per_leader() {
    let (broker, client) = cluster().await;
    let all: Vec<_> = (0..PARTITIONS).map(|p| ("orders", p)).collect();
    for result in client.produce(&(0..PARTITIONS).map(|p| batch(p, &["x"])).collect::<Vec<_>>()).await {
        result.unwrap();
    }
    for (_, offset) in client.list_offsets(&all, OffsetSpec::Latest).await {
        assert_eq!(offset.unwrap(), 1);
    }
    let fetched =
        client.fetch(&(0..PARTITIONS).map(|p| from(p, 0)).collect::<Vec<_>>(), &FetchOptions::default()).await;
    assert!(fetched.iter().map(|f| f.partition).eq(0..PARTITIONS), "in the order asked for");
    let stats = broker.stats();
    for api in [ApiKey::Produce, ApiKey::ListOffsets, ApiKey::Fetch] {
        assert_eq!(stats.requests_of(api), NODES as u64, "{api:?}");
    }
    assert!(stats.requests_of(ApiKey::Metadata) <= 2, "once to connect, once for the topic");
}

#[tokio::test]
async fn one_partition_may_be_asked_for_at_several_offsets() {
    let (_broker, client) = cluster().await;
    // Batches of one partition stay in order too.
    let batches: Vec<_> = ["a", "b", "c", "d"].iter().map(|v| batch(2, &[v])).collect();
    let offsets: Vec<_> = client.produce(&batches).await.into_iter().map(|ack| ack.unwrap().base_offset).collect();
    assert_eq!(offsets, [0, 1, 2, 3]);
    let fetched = client.fetch(&[from(2, 3), from(2, 0), from(2, 2)], &FetchOptions::default()).await;
    let sizes: Vec<_> = fetched.into_iter().map(|f| f.result.unwrap().records.len()).collect();
    assert!(sizes[0] < sizes[2] && sizes[2] < sizes[1], "{sizes:?}");
}

#[tokio::test]
async fn offsets_are_found_by_name_and_by_time() {
    let (broker, client) = cluster().await;
    client.produce(&[batch(0, &["a", "b"])]).await.remove(0).unwrap();
    client.produce(&[batch(0, &["c"])]).await.remove(0).unwrap();
    broker.delete_records("orders", 0, 2).unwrap();
    let at = async |spec| client.list_offsets(&[("orders", 0)], spec).await.remove(0).1.unwrap();
    assert_eq!(at(OffsetSpec::Earliest).await, 2);
    assert_eq!(at(OffsetSpec::Latest).await, 3);
    assert_eq!(at(OffsetSpec::LatestStable).await, 3);
    assert_eq!(at(OffsetSpec::Timestamp(1_700_000_000_000)).await, 2);
    assert_eq!(at(OffsetSpec::Timestamp(1_700_000_000_001)).await, 3, "nothing so late: the end");
}

#[tokio::test]
async fn a_leader_that_moves_is_followed() {
    let (broker, client) = cluster().await;
    client.produce(&[batch(0, &["before"])]).await.remove(0).unwrap();
    for _ in 0..4 {
        let next = broker.leader("orders", 0).unwrap() % NODES as i32 + 1;
        broker.move_leader("orders", 0, next).unwrap();
        client.produce(&[batch(0, &["after"])]).await.remove(0).unwrap();
        let next = next % NODES as i32 + 1;
        broker.move_leader("orders", 0, next).unwrap();
        assert_eq!(values(&client, 0, 0).await[0], "before");
    }
    assert_eq!(broker.end_offset("orders", 0), Some(5));
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let (broker, client) = cluster().await;
    for error in [
        ResponseError::NotLeaderOrFollower,
        ResponseError::LeaderNotAvailable,
        ResponseError::UnknownTopicOrPartition,
        ResponseError::RequestTimedOut,
        ResponseError::NotEnoughReplicas,
        ResponseError::KafkaStorageError,
    ] {
        broker.reset_stats();
        broker.intercept(Interception::times(ApiKey::Produce, Action::Fail(error), 2));
        client.produce(&[batch(0, &["x"])]).await.remove(0).unwrap();
        assert_eq!(broker.stats().requests_of(ApiKey::Produce), 3, "{error}");
        broker.intercept(Interception::once(ApiKey::Fetch, Action::Fail(error)));
        assert!(!values(&client, 0, 0).await.is_empty());
    }
}

#[tokio::test]
async fn what_will_not_pass_is_reported_at_once_with_its_place() {
    let (broker, client) = cluster().await;
    let refused = Action::Fail(ResponseError::TopicAuthorizationFailed);
    broker.intercept(Interception::once(ApiKey::Produce, refused));
    let error = client.produce(&[batch(3, &["x"])]).await.remove(0).unwrap_err();
    assert_eq!((error.topic(), error.partition()), (Some("orders"), Some(3)));
    assert_eq!(error.code(), Some(ErrorCode::TOPIC_AUTHORIZATION_FAILED));
    assert_eq!((error.kind(), error.is_retriable()), (Kind::Denied, false));
    assert!(error.is_unreachable_or_denied());
    assert_eq!(error.to_string(), "topic orders, partition 3: TOPIC_AUTHORIZATION_FAILED");
    assert!(error.hint().unwrap().contains("ACL"));
    let error = client.fetch(&[from(1, 99)], &FetchOptions::default()).await.remove(0).result.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OFFSET_OUT_OF_RANGE));
    assert_eq!(broker.stats().requests_of(ApiKey::Fetch), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_is_opened_again() {
    let (broker, client) = cluster().await;
    for api in [ApiKey::Produce, ApiKey::Fetch, ApiKey::ListOffsets, ApiKey::Metadata] {
        broker.intercept(Interception::once(api, Action::Drop));
        client.produce(&[batch(0, &["x"])]).await.remove(0).unwrap();
        assert!(!values(&client, 0, 0).await.is_empty());
        client.list_offsets(&[("orders", 0)], OffsetSpec::Latest).await.remove(0).1.unwrap();
        client.topics(Some(&["orders"])).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again() {
    let (broker, client) = cluster().await;
    broker.intercept(Interception::once(ApiKey::Produce, Action::DropAnswer));
    client.produce(&[batch(0, &["x"])]).await.remove(0).unwrap();
    assert_eq!(broker.end_offset("orders", 0), Some(2), "twice, for want of a producer id");
    broker.intercept(Interception::once(ApiKey::CreateTopics, Action::DropAnswer));
    client.create_topics(&[NewTopic::new("new").partitions(2)]).await.remove(0).unwrap();
    let error = client.create_topics(&[NewTopic::new("new").partitions(2)]).await.remove(0).unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::TOPIC_ALREADY_EXISTS));
}

#[tokio::test]
async fn a_controller_that_moved_is_asked_for() {
    let (broker, client) = cluster().await;
    broker.reset_stats();
    broker.intercept(Interception::times(ApiKey::CreateTopics, Action::Fail(ResponseError::NotController), 2));
    client.create_topics(&[NewTopic::new("new")]).await.remove(0).unwrap();
    assert_eq!(broker.stats().requests_of(ApiKey::Metadata), 2, "once after each answer that told so");
}

#[tokio::test]
async fn a_failed_batch_that_may_be_in_the_log_is_told_from_one_that_is_not() {
    let (broker, client) = cluster().await;
    let client_in_a_hurry = Client::connect(config(&broker).timeout(Duration::from_millis(300))).await.unwrap();
    let fail = Action::Fail;
    let refused = fail(ResponseError::MessageTooLarge);
    for (first, may_be_there) in [
        (None, false),
        (Some(fail(ResponseError::NotEnoughReplicas)), false),
        (Some(fail(ResponseError::LeaderNotAvailable)), false),
        (Some(Action::DropAnswer), true),
        (Some(Action::Drop), true),
        (Some(fail(ResponseError::RequestTimedOut)), true),
        (Some(fail(ResponseError::NotLeaderOrFollower)), true),
        (Some(fail(ResponseError::NotEnoughReplicasAfterAppend)), true),
    ] {
        for action in first.clone().into_iter().chain([refused.clone()]) {
            broker.intercept(Interception::once(ApiKey::Produce, action));
        }
        let error = client.produce(&[batch(3, &["x"])]).await.remove(0).unwrap_err();
        assert_eq!(error.may_have_been_written(), may_be_there, "{first:?}: {error:?}");
        assert_eq!(error.code(), Some(ErrorCode::MESSAGE_TOO_LARGE), "{first:?}: {error:?}");
        assert_eq!((error.topic(), error.partition()), (Some("orders"), Some(3)), "{error:?}");
        assert_eq!((error.kind(), error.is_retriable()), (Kind::Broker, false), "{error:?}");
        assert!(error.hint().unwrap().contains("max.message.bytes"));
        assert!(error.address().is_some());
    }
    broker.intercept(Interception::once(ApiKey::Produce, fail(ResponseError::UnknownServerError)));
    let error = client.produce(&[batch(3, &["x"])]).await.remove(0).unwrap_err();
    assert!(error.may_have_been_written(), "{error:?}");
    broker.intercept(Interception::once(ApiKey::Produce, Action::Delay(Duration::from_secs(600))));
    let error = client_in_a_hurry.produce(&[batch(3, &["x"])]).await.remove(0).unwrap_err();
    assert!(error.may_have_been_written() && error.kind() == Kind::Unreachable, "{error:?}");
    // What only reads leaves nothing in doubt.
    broker.intercept(Interception::times(ApiKey::Fetch, Action::DropAnswer, 10_000));
    let error = client_in_a_hurry.fetch(&[from(0, 0)], &FetchOptions::default()).await.remove(0).result.unwrap_err();
    assert!(!error.may_have_been_written(), "{error:?}");
}

#[tokio::test]
async fn trying_again_ends_with_the_time_allowed() {
    let broker = Broker::start(BrokerConfig::new().with_topic("orders", 1)).await.unwrap();
    let client = Client::connect(config(&broker).timeout(Duration::from_millis(300))).await.unwrap();
    broker.intercept(Interception::times(ApiKey::Produce, Action::Fail(ResponseError::NotEnoughReplicas), 10_000));
    let start = Instant::now();
    let error = client.produce(&[batch(0, &["x"])]).await.remove(0).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(error.to_string().starts_with("gave up after 0.") && error.is_retriable(), "{error}");
    assert!(error.to_string().contains("NOT_ENOUGH_REPLICAS"), "{error}");
    assert!(error.hint().unwrap().contains("min.insync.replicas"));
}

#[tokio::test]
async fn a_broker_that_hangs_is_given_up_within_the_time_allowed() {
    let broker = Broker::start(BrokerConfig::new().with_topic("orders", 1)).await.unwrap();
    let client = Client::connect(config(&broker).timeout(Duration::from_millis(400))).await.unwrap();
    broker.intercept(Interception::times(ApiKey::Fetch, Action::Delay(Duration::from_secs(600)), 100));
    let start = Instant::now();
    let mut options = FetchOptions::default();
    options.max_wait = Duration::from_millis(10);
    let error = client.fetch(&[from(0, 0)], &options).await.remove(0).result.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(error.kind(), Kind::Unreachable, "{error:?}");
}

#[tokio::test]
async fn a_topic_that_does_not_exist_is_not_created_by_asking() {
    let (_broker, client) = cluster().await;
    let topics = client.topics(Some(&["orders", "no.such"])).await.unwrap();
    assert_eq!(topics[0].partitions.len(), PARTITIONS as usize);
    assert_eq!(topics[1].error, Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
    let names: Vec<_> = client.topics(None).await.unwrap().into_iter().map(|t| t.name).collect();
    assert_eq!(names, ["orders"]);
    let error = client.list_offsets(&[("orders", 99)], OffsetSpec::Latest).await.remove(0).1.unwrap_err();
    assert!(matches!(error, Error::UnknownPartition { partitions: 6, .. }), "{error:?}");
}

#[tokio::test]
async fn callers_who_need_the_same_metadata_share_one_request() {
    let (broker, client) = cluster().await;
    broker.reset_stats();
    let asks = (0..20).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.list_offsets(&[("orders", 0)], OffsetSpec::Latest).await.remove(0).1 })
    });
    for ask in asks.collect::<Vec<_>>() {
        ask.await.unwrap().unwrap();
    }
    assert_eq!(broker.stats().requests_of(ApiKey::Metadata), 1);
}

#[tokio::test]
async fn callers_who_wait_for_the_same_metadata_wait_no_longer_than_they_allow() {
    let broker = Broker::start(BrokerConfig::new().with_topic("orders", 1)).await.unwrap();
    let client = Client::connect(config(&broker).timeout(Duration::from_millis(500))).await.unwrap();
    broker.intercept(Interception::times(ApiKey::Metadata, Action::Delay(Duration::from_secs(600)), 10_000));
    let start = Instant::now();
    let asks = (0..12).map(|n| {
        let client = client.clone();
        tokio::spawn(async move {
            match n % 2 {
                0 => client.topics(Some(&["orders"])).await.map(|_| ()),
                _ => client.list_offsets(&[("orders", 0)], OffsetSpec::Latest).await.remove(0).1.map(|_| ()),
            }
        })
    });
    for ask in asks.collect::<Vec<_>>() {
        assert_eq!(ask.await.unwrap().unwrap_err().kind(), Kind::Unreachable);
    }
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_topic_that_is_new_is_waited_for_if_asked_to() {
    let (broker, client) = cluster().await;
    let creation = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        broker.create_topic("new", 2).unwrap();
    };
    let (topics, ()) = tokio::join!(client.topics_settled(&["new", "orders"]), creation);
    let topics = topics.unwrap();
    assert_eq!((topics[0].name.as_str(), topics[0].partitions.len()), ("new", 2));
    topics[0].check().unwrap();
    let start = Instant::now();
    let topics = client.topics_settled(&["no.such"]).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    let error = topics[0].check().unwrap_err();
    assert_eq!(error.to_string(), "topic no.such: UNKNOWN_TOPIC_OR_PARTITION");
    assert_eq!((error.kind(), error.topic()), (Kind::Broker, Some("no.such")));
    // What will not pass is told at once.
    broker.intercept(Interception::once(ApiKey::Metadata, Action::Fail(ResponseError::TopicAuthorizationFailed)));
    let start = Instant::now();
    let error = client.topics_settled(&["orders"]).await.unwrap().remove(0).check().unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
