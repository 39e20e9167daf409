//! The sink's promise: an acknowledged row is in the topic exactly once and in order, whatever happens on the way; what
//! is not acknowledged is said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::field_reassign_with_default)]

mod embedded;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use embedded::{Random, client, cluster, orders, stored};
use kafka_protocol::ResponseError;
use topica::broker::{Action, ApiKey, Broker, BrokerConfig, Interception};
use topica::client::Client;
use topica::sink::{Counts, Delivery, Error, Options, Sink};

const PARTITIONS: i32 = 4;
const NODES: i32 = 3;

fn small_batches() -> Options {
    let mut options = Options::default();
    options.batch_bytes = 600;
    options.linger = Duration::from_millis(1);
    options
}

fn keyed(mut options: Options) -> Options {
    options.key = vec!["k".to_owned()];
    options
}

fn row(id: u64, key: u64) -> Vec<u8> {
    format!("{{\"id\":{id},\"k\":\"key-{key}\"}}").into_bytes()
}

fn id_of(value: &str) -> u64 {
    value["{\"id\":".len()..value.find(',').unwrap()].parse().unwrap()
}

/// A fault as a network and a cluster have them; half of the requests pass.
fn fault(random: &mut Random) -> Action {
    use ResponseError::*;
    match random.below(10) {
        0 => Action::DropAnswer,
        1 => Action::Drop,
        2 => Action::Delay(Duration::from_millis(random.below(30))),
        3 | 4 => {
            let codes = [
                NotLeaderOrFollower,
                LeaderNotAvailable,
                NotEnoughReplicas,
                RequestTimedOut,
                KafkaStorageError,
                CorruptMessage,
                UnknownTopicOrPartition,
            ];
            Action::Fail(codes[random.below(codes.len() as u64) as usize])
        }
        _ => Action::Delay(Duration::ZERO),
    }
}

/// Checks all rows against what is in the topic: each once, where its delivery says, and in order for each key.
async fn check(client: &Client, sent: &[(u64, u64, Delivery)]) {
    let found = stored(client, PARTITIONS).await;
    let mut places = BTreeMap::new();
    let mut last_of_key: BTreeMap<String, u64> = BTreeMap::new();
    for record in &found {
        let id = id_of(record.value.as_deref().unwrap());
        let twice = places.insert(id, (record.partition, record.offset));
        assert_eq!(twice, None, "row {id} is in the topic twice");
        if let Some(key) = &record.key {
            let before = last_of_key.insert(key.clone(), id);
            assert!(before.is_none_or(|before| before < id), "row {id} stands behind {before:?}");
        }
    }
    for (id, _, delivery) in sent {
        let receipt = delivery.outcome().await.unwrap();
        let place = places.remove(id).unwrap_or_else(|| panic!("row {id} is acknowledged and not in the topic"));
        assert_eq!((receipt.partition, receipt.offset), (place.0, Some(place.1)), "row {id}");
    }
    assert!(places.is_empty(), "rows that nobody sent: {places:?}");
}

async fn run_with_faults(seed: u64, options: Options) {
    const ROWS: u64 = 600;
    let mut random = Random(seed);
    let (broker, client) = cluster(BrokerConfig::new().with_nodes(NODES as usize), PARTITIONS).await;
    for _ in 0..200 {
        broker.intercept(Interception::once(ApiKey::Produce, fault(&mut random)));
    }
    let keyed = !options.key.is_empty();
    let mut sink = Sink::open(&client, &orders(), options).await.unwrap();
    let broker = Arc::new(broker);
    let mut sent = Vec::new();
    for id in 0..ROWS {
        let key = random.below(23);
        sent.push((id, key, sink.send(&row(id, key)).await.unwrap()));
        if random.below(40) == 0 {
            let partition = random.below(PARTITIONS as u64) as i32;
            broker.move_leader("orders", partition, random.below(NODES as u64) as i32 + 1).unwrap();
        }
        if random.below(30) == 0 {
            tokio::time::sleep(Duration::from_millis(random.below(5))).await;
        }
    }
    let counts = sink.flush().await;
    assert_eq!(counts, Counts { acknowledged: ROWS, failed: 0 }, "seed {seed}: {:?}", sink.take_failures());
    check(&client, &sent).await;
    if keyed {
        assert!(broker.stats().requests_of(ApiKey::Produce) > 20, "the faults have met something");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keyed_rows_survive_lost_answers_lost_requests_and_leaders_that_move() {
    for seed in 0..12 {
        run_with_faults(seed, keyed(small_batches())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_without_a_key_do_too() {
    for seed in 100..106 {
        run_with_faults(seed, small_batches()).await;
    }
}

#[tokio::test]
async fn rows_of_one_partition_keep_their_order() {
    let (broker, client) = cluster(BrokerConfig::new().with_nodes(2), PARTITIONS).await;
    let mut random = Random(7);
    for _ in 0..100 {
        broker.intercept(Interception::once(ApiKey::Produce, fault(&mut random)));
    }
    let mut options = small_batches();
    options.partition = Some(2);
    let mut sink = Sink::open(&client, &orders(), options).await.unwrap();
    for id in 0..500 {
        sink.send(&row(id, 0)).await.unwrap();
    }
    assert_eq!(sink.flush().await, Counts { acknowledged: 500, failed: 0 });
    let found = stored(&client, PARTITIONS).await;
    assert!(found.iter().all(|record| record.partition == 2 && record.key.is_none()));
    let ids: Vec<u64> = found.iter().map(|record| id_of(record.value.as_deref().unwrap())).collect();
    assert!(ids.into_iter().eq(0..500));
}

/// A sink on a topic of one partition, whose brokers answer each Produce from the second on with an error.
async fn broken_from_the_second_batch_on(action: Action, timeout: Duration) -> (Broker, Client, Sink, Vec<Delivery>) {
    let (broker, _) = cluster(BrokerConfig::new(), 1).await;
    let client = client(&broker, timeout).await;
    let mut options = small_batches();
    options.linger = Duration::from_secs(3600);
    let mut sink = Sink::open(&client, &orders(), options).await.unwrap();
    let mut sent = vec![sink.send(&row(0, 0)).await.unwrap()];
    sink.flush().await;
    broker.intercept(Interception::times(ApiKey::Produce, action, usize::MAX));
    for id in 1..200 {
        match sink.send(&row(id, 0)).await {
            Ok(delivery) => sent.push(delivery),
            Err(error) => assert!(matches!(error, Error::Broken(_)), "{error}"),
        }
    }
    sink.flush().await;
    (broker, client, sink, sent)
}

#[tokio::test]
async fn when_retries_run_out_all_that_is_not_acknowledged_is_said_and_nothing_more_is_sent() {
    let action = Action::Fail(ResponseError::NotEnoughReplicas);
    let (broker, client, mut sink, sent) = broken_from_the_second_batch_on(action, Duration::from_millis(400)).await;
    let counts = sink.counts();
    assert_eq!(counts, Counts { acknowledged: 1, failed: sent.len() as u64 - 1 });
    let failures = sink.take_failures();
    assert_eq!(failures.iter().map(|batch| u64::from(batch.rows)).sum::<u64>(), counts.failed);
    assert!(failures.iter().all(|batch| !batch.refused && batch.records.is_some()), "{failures:?}");
    assert!(failures.iter().any(|batch| matches!(*batch.error, Error::Client(_))));
    assert!(failures.iter().any(|batch| matches!(*batch.error, Error::Broken(_))));
    for delivery in &sent[1..] {
        delivery.outcome().await.unwrap_err();
    }
    // The brokers are well again, but what came behind the gap must not get in.
    broker.clear_interceptions();
    let produced = broker.stats().requests_of(ApiKey::Produce);
    let error = sink.send(&row(1000, 0)).await.unwrap_err();
    assert!(matches!(error, Error::Broken(_)), "{error}");
    assert!(sink.broken().is_some());
    assert_eq!(sink.flush().await, counts);
    assert_eq!(broker.stats().requests_of(ApiKey::Produce), produced);
    assert_eq!(stored(&client, 1).await.len(), 1);
}

#[tokio::test]
async fn answers_that_leave_it_open_end_the_sink() {
    use ResponseError::*;
    for code in [OutOfOrderSequenceNumber, InvalidProducerEpoch, UnknownProducerId, UnknownServerError, ProducerFenced]
    {
        let (_broker, _, mut sink, sent) =
            broken_from_the_second_batch_on(Action::Fail(code), Duration::from_secs(5)).await;
        assert_eq!(sink.counts(), Counts { acknowledged: 1, failed: sent.len() as u64 - 1 }, "{code:?}");
        assert!(sink.take_failures().iter().all(|batch| !batch.refused), "{code:?}");
        assert!(sink.broken().is_some());
    }
}

#[tokio::test]
async fn who_may_not_write_is_told_so_once() {
    let action = Action::Fail(ResponseError::TopicAuthorizationFailed);
    let (broker, client, mut sink, _) = broken_from_the_second_batch_on(action, Duration::from_secs(5)).await;
    let failures = sink.take_failures();
    assert!(failures.iter().filter(|batch| batch.refused).count() == 1, "{failures:?}");
    assert!(matches!(sink.broken().as_deref(), Some(Error::Client(error)) if error.is_unreachable_or_denied()));
    assert_eq!(broker.stats().requests_of(ApiKey::Produce), 2);
    assert_eq!(stored(&client, 1).await.len(), 1);
}

#[tokio::test]
async fn a_batch_that_the_broker_has_already_counts_as_written() {
    let action = Action::Fail(ResponseError::DuplicateSequenceNumber);
    let (_broker, _, sink, sent) = broken_from_the_second_batch_on(action, Duration::from_secs(5)).await;
    assert_eq!(sink.counts(), Counts { acknowledged: 200, failed: 0 });
    assert_eq!(sent[1].outcome().await.unwrap().offset, None, "it does not say where");
}

#[tokio::test]
async fn what_is_refused_costs_its_rows_only() {
    let (broker, client) = cluster(BrokerConfig::new(), 1).await;
    let mut options = small_batches();
    options.linger = Duration::from_secs(3600);
    let mut sink = Sink::open(&client, &orders(), options).await.unwrap();
    let mut sent = Vec::new();
    for (batch, code) in [None, Some(ResponseError::InvalidRecord), None, Some(ResponseError::PolicyViolation), None]
        .into_iter()
        .enumerate()
    {
        if let Some(code) = code {
            broker.intercept(Interception::once(ApiKey::Produce, Action::Fail(code)));
        }
        for at in 0..3 {
            sent.push(sink.send(&row(batch as u64 * 3 + at, 0)).await.unwrap());
        }
        sink.flush().await;
    }
    assert_eq!(sink.counts(), Counts { acknowledged: 9, failed: 6 });
    let failures = sink.take_failures();
    assert!(failures.len() == 2 && failures.iter().all(|batch| batch.refused && batch.rows == 3), "{failures:?}");
    let found: Vec<u64> = stored(&client, 1).await.iter().map(|r| id_of(r.value.as_deref().unwrap())).collect();
    assert_eq!(found, [0, 1, 2, 6, 7, 8, 12, 13, 14]);
    assert!(sink.broken().is_none());
    let outcomes: Vec<Option<i64>> = sent.iter().map(|d| d.known().unwrap().ok().and_then(|r| r.offset)).collect();
    let expected = [Some(0), Some(1), Some(2), None, None, None, Some(3), Some(4), Some(5)];
    assert_eq!(outcomes[..9], expected);
}

/// The answer to the batch is lost, and when it is sent again the broker refuses it: it may be in the log, so it is not
/// called refused, and nothing is sent behind it that could be taken for it.
#[tokio::test]
async fn a_refusal_behind_a_lost_answer_ends_the_sink() {
    let (broker, client) = cluster(BrokerConfig::new(), 1).await;
    let mut options = small_batches();
    options.linger = Duration::from_secs(3600);
    let mut sink = Sink::open(&client, &orders(), options).await.unwrap();
    broker.intercept(Interception::once(ApiKey::Produce, Action::DropAnswer));
    broker.intercept(Interception::once(ApiKey::Produce, Action::Fail(ResponseError::InvalidRecord)));
    sink.send(&row(1, 0)).await.unwrap();
    assert_eq!(sink.flush().await, Counts { acknowledged: 0, failed: 1 });
    let failures = sink.take_failures();
    assert!(failures.len() == 1 && !failures[0].refused, "{failures:?}");
    assert!(sink.broken().is_some());
    assert!(matches!(sink.send(&row(2, 0)).await, Err(Error::Broken(_))));
    let found: Vec<u64> = stored(&client, 1).await.iter().map(|r| id_of(r.value.as_deref().unwrap())).collect();
    assert_eq!(found, [1], "it was written, and once");
}

#[tokio::test]
async fn a_topic_that_is_deleted_under_way_ends_the_sink() {
    let (broker, client) = cluster(BrokerConfig::new(), 1).await;
    let mut sink = Sink::open(&client, &orders(), small_batches()).await.unwrap();
    sink.send(&row(0, 0)).await.unwrap();
    sink.flush().await;
    broker.delete_topic("orders").unwrap();
    sink.send(&row(1, 0)).await.unwrap();
    assert_eq!(sink.flush().await, Counts { acknowledged: 1, failed: 1 });
    assert!(!sink.take_failures()[0].refused);
    assert!(matches!(sink.send(&row(2, 0)).await, Err(Error::Broken(_))));
}

#[tokio::test]
async fn nobody_waits_for_a_sink_that_was_dropped() {
    let (broker, client) = cluster(BrokerConfig::new(), 2).await;
    broker.intercept(Interception::times(ApiKey::Produce, Action::Delay(Duration::from_secs(3600)), usize::MAX));
    let mut sink = Sink::open(&client, &orders(), keyed(small_batches())).await.unwrap();
    let mut sent = Vec::new();
    for id in 0..100 {
        sent.push(sink.send(&row(id, id)).await.unwrap());
    }
    let first = sent[0].clone();
    let waiting = tokio::spawn(async move { first.outcome().await });
    tokio::task::yield_now().await;
    drop(sink);
    for delivery in sent {
        let error = delivery.outcome().await.unwrap_err();
        assert!(matches!(*error, Error::Dropped), "{error}");
    }
    waiting.await.unwrap().unwrap_err();
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let (_broker, client) = cluster(BrokerConfig::new(), 2).await;
    let mut missing = orders();
    missing.topic = "missing".to_owned();
    let error = Sink::open(&client, &missing, Options::default()).await.unwrap_err();
    assert!(matches!(error, Error::NoTopic(topic) if topic == "missing"));
    for partition in [2, -1] {
        let mut options = Options::default();
        options.partition = Some(partition);
        let error = Sink::open(&client, &orders(), options).await.unwrap_err();
        assert!(matches!(error, Error::NoPartition(found) if found == partition));
    }
}

#[tokio::test]
async fn a_topic_that_not_all_brokers_know_yet_is_waited_for() {
    let (broker, client) = cluster(BrokerConfig::new(), 2).await;
    let unknown = Action::Fail(ResponseError::UnknownTopicOrPartition);
    broker.intercept(Interception::times(ApiKey::Metadata, unknown, 4));
    let mut sink = Sink::open(&client, &orders(), Options::default()).await.unwrap();
    sink.send(&row(0, 0)).await.unwrap();
    assert_eq!(sink.flush().await, Counts { acknowledged: 1, failed: 0 });
}
