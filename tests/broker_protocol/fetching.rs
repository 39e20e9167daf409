//! Fetch: byte limits, long poll, sessions, and the counts that tests rely on.

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{ApiKey, FetchRequest, FetchResponse};
use tokio::time::{Instant, timeout};
use topica::broker::Broker;
use topica::record::Batches;

use crate::client::{Client, batch, broker, name};

fn request(partitions: &[(i32, i64, i32)]) -> FetchRequest {
    let partitions = partitions.iter().map(|&(partition, offset, max)| {
        let partition = FetchPartition::default().with_partition(partition).with_fetch_offset(offset);
        partition.with_partition_max_bytes(max)
    });
    let topic = FetchTopic::default().with_topic(name("t")).with_partitions(partitions.collect());
    FetchRequest::default().with_max_bytes(1 << 20).with_topics(vec![topic])
}

fn records(response: &FetchResponse, partition: usize) -> Bytes {
    let partition = &response.responses[0].partitions[partition];
    assert_eq!(partition.error_code, 0);
    partition.records.clone().unwrap()
}

fn batches(bytes: &[u8]) -> usize {
    Batches::new(bytes).inspect(|batch| assert!(batch.is_ok())).count()
}

pub(crate) async fn fetch_all(broker: &Broker, topic: &str, partition: i32) -> Bytes {
    let mut request = request(&[(partition, 0, 1 << 20)]);
    request.topics[0].topic = name(topic);
    records(&Client::connect(broker.address()).await.call(12, &request).await, 0)
}

#[tokio::test]
async fn byte_limits_hold_but_for_the_first_batch() {
    let (broker, mut client) = broker().await;
    let one = batch(&[&"x".repeat(100)]);
    let size = i32::try_from(one.len()).unwrap();
    for partition in [0, 1] {
        for _ in 0..5 {
            broker.append("t", partition, one.clone()).unwrap();
        }
    }
    // Whole batches up to the partition's limit.
    let response = client.call(12, &request(&[(0, 0, size * 2 + 1), (1, 3, size * 10)])).await;
    assert_eq!((batches(&records(&response, 0)), batches(&records(&response, 1))), (2, 2));
    // One batch even if it is larger than any limit, but only for the first partition that has one.
    let mut tight = request(&[(0, 5, 1), (1, 0, 1), (0, 0, 1)]);
    tight.max_bytes = 1;
    let response = client.call(12, &tight).await;
    let counts: Vec<usize> = (0..3).map(|n| batches(&records(&response, n))).collect();
    assert_eq!(counts, [0, 1, 0]);
    // The limit on the whole reply.
    let mut whole = request(&[(0, 0, size * 10), (1, 0, size * 10)]);
    whole.max_bytes = size * 7;
    let response = client.call(12, &whole).await;
    assert_eq!((batches(&records(&response, 0)), batches(&records(&response, 1))), (5, 2));
    // An offset inside of a batch brings that batch.
    broker.append("t", 0, batch(&["a", "b", "c"])).unwrap();
    let bytes = records(&client.call(12, &request(&[(0, 7, 1)])).await, 0);
    assert_eq!(Batches::new(&bytes).next().unwrap().unwrap().base_offset(), 5);
}

#[tokio::test]
async fn counts_tell_what_went_over_the_wire() {
    let (broker, mut client) = broker().await;
    broker.append("t", 0, batch(&["a"])).unwrap();
    let first = records(&client.call(12, &request(&[(0, 0, 1 << 20)])).await, 0).len() as u64;
    client.call(12, &request(&[(0, 0, 1 << 20)])).await;
    client.call(12, &request(&[(0, 1, 1 << 20), (1, 0, 1 << 20)])).await;
    let stats = broker.stats();
    assert_eq!(stats.requests_of(ApiKey::Fetch), 3);
    assert_eq!(stats.fetched_from("t"), first * 2);
    assert_eq!(stats.fetched.get(&("t".to_owned(), 1)), None);
    broker.reset_stats();
    assert_eq!(broker.stats().requests_of(ApiKey::Fetch), 0);
    assert_eq!(broker.stats().open_connections, 1);
}

#[tokio::test]
async fn a_fetch_waits_for_enough_bytes() {
    let (broker, mut client) = broker().await;
    let one = batch(&["a"]);
    let mut wanted = request(&[(0, 0, 1 << 20)]);
    wanted.max_wait_ms = 60_000;
    wanted.min_bytes = i32::try_from(one.len()).unwrap() + 1;
    client.send(12, &wanted).await;
    broker.append("t", 0, one.clone()).unwrap();
    // One batch is not enough.
    assert!(timeout(Duration::from_millis(100), client.receive::<FetchRequest>(12)).await.is_err());
    let began = Instant::now();
    broker.append("t", 0, one).unwrap();
    let response = client.receive::<FetchRequest>(12).await;
    assert_eq!(batches(&records(&response, 0)), 2);
    assert!(began.elapsed() < Duration::from_secs(10), "woken by the append, not by the clock");
}

#[tokio::test]
async fn a_fetch_does_not_wait_longer_than_asked_nor_with_an_error() {
    let (_broker, mut client) = broker().await;
    let mut wanted = request(&[(0, 0, 1 << 20)]);
    wanted.min_bytes = 1;
    wanted.max_wait_ms = 150;
    let began = Instant::now();
    assert!(records(&client.call(12, &wanted).await, 0).is_empty());
    assert!(began.elapsed() >= Duration::from_millis(150));
    wanted.max_wait_ms = 600_000;
    wanted.topics[0].partitions.push(FetchPartition::default().with_partition(99));
    let response = client.call(12, &wanted).await;
    let code = response.responses[0].partitions[1].error_code;
    assert_eq!(code, ResponseError::UnknownTopicOrPartition.code());
}

#[tokio::test]
async fn a_fetch_that_waits_does_not_outlive_its_client() {
    let (broker, mut client) = broker().await;
    let mut wanted = request(&[(0, 0, 1 << 20)]);
    wanted.min_bytes = 1;
    wanted.max_wait_ms = 600_000;
    client.send(12, &wanted).await;
    while broker.stats().requests_of(ApiKey::Fetch) == 0 {
        tokio::task::yield_now().await;
    }
    drop(client);
    while broker.stats().open_connections > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn requests_that_come_while_one_waits_are_answered_after_it() {
    let (broker, mut client) = broker().await;
    let mut wanted = request(&[(0, 0, 1 << 20)]);
    wanted.min_bytes = 1;
    wanted.max_wait_ms = 600_000;
    let frames = [crate::client::frame(12, 1, &wanted), crate::client::frame(12, 2, &wanted)].concat();
    tokio::io::AsyncWriteExt::write_all(&mut client.stream, &frames).await.unwrap();
    broker.append("t", 0, batch(&["a"])).unwrap();
    for correlation_id in [1, 2] {
        let frame = client.read_frame().await.unwrap();
        assert_eq!(frame[..4], [0, 0, 0, correlation_id]);
    }
}

#[tokio::test]
async fn a_session_is_not_begun_and_an_unknown_one_is_refused() {
    let (broker, mut client) = broker().await;
    broker.append("t", 0, batch(&["a"])).unwrap();
    let mut wanted = request(&[(0, 0, 1 << 20)]);
    wanted.session_epoch = 0;
    let response = client.call(12, &wanted).await;
    assert_eq!((response.error_code, response.session_id), (0, 0));
    assert_eq!(batches(&records(&response, 0)), 1);
    wanted.session_id = 77;
    wanted.session_epoch = 1;
    assert_eq!(client.call(12, &wanted).await.error_code, ResponseError::FetchSessionIdNotFound.code());
}
