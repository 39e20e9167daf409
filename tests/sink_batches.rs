//! How the sink packs rows: into batches that the brokers take, to the partitions where Java's client puts them, when
//! they are due, and never more of them at once than it may hold.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::field_reassign_with_default)]

mod embedded;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use embedded::{cluster, csv, orders, stored, table};
use topica::broker::{Action, ApiKey, BrokerConfig, Interception};
use topica::record::Compression;
use topica::rows::Misfit;
use topica::schema::Type;
use topica::sink::{Counts, Error, Options, Sink};

const NEVER: Duration = Duration::MAX;

fn options(compression: Compression, linger: Duration) -> Options {
    let mut options = Options::default();
    options.compression = compression;
    options.linger = linger;
    options
}

/// A row of so many bytes that does not compress to nothing.
fn row(id: usize, bytes: usize) -> Vec<u8> {
    let mut random = embedded::Random(id as u64);
    let filler: String = (0..bytes).map(|_| char::from(b'a' + random.below(26) as u8)).collect();
    format!("{{\"id\":{id},\"x\":\"{filler}\"}}").into_bytes()
}

fn ids(records: &[embedded::Stored]) -> Vec<usize> {
    let id = |value: &str| value["{\"id\":".len()..value.find(',').unwrap()].parse().unwrap();
    records.iter().map(|record| id(record.value.as_deref().unwrap())).collect()
}

#[tokio::test]
async fn a_batch_that_is_too_large_is_divided_until_it_fits_and_only_a_row_that_never_does_is_rejected() {
    for compression in Compression::ALL {
        let (broker, client) = cluster(BrokerConfig::new().with_max_batch(4_000), 1).await;
        let mut sink = Sink::open(&client, &orders(), options(compression, NEVER)).await.unwrap();
        let mut sent = Vec::new();
        for id in 0..300 {
            let bytes = if id == 120 || id == 299 { 9_000 } else { 300 };
            sent.push(sink.send(&row(id, bytes)).await.unwrap());
        }
        assert_eq!(sink.flush().await, Counts { acknowledged: 298, failed: 2 }, "{compression}");
        let failures = sink.take_failures();
        assert!(failures.iter().all(|batch| batch.rows == 1 && batch.refused), "{failures:?}");
        let fitting: Vec<usize> = (0..300).filter(|id| ![120, 299].contains(id)).collect();
        assert_eq!(ids(&stored(&client, 1).await), fitting, "{compression}");
        for (id, delivery) in sent.iter().enumerate() {
            let expected = fitting.iter().position(|fits| *fits == id).map(|at| at as i64);
            let found = delivery.outcome().await.ok().and_then(|receipt| receipt.offset);
            assert_eq!(found, expected, "row {id}, {compression}");
        }
        // What it learned, it keeps: batches fit now, or nearly so.
        broker.reset_stats();
        for id in 300..400 {
            sink.send(&row(id, 300)).await.unwrap();
        }
        assert_eq!(sink.flush().await.acknowledged, 398);
        assert!(broker.stats().requests_of(ApiKey::Produce) < 50, "{compression}");
    }
}

#[tokio::test]
async fn divided_batches_survive_lost_answers() {
    let (broker, client) = cluster(BrokerConfig::new().with_max_batch(2_000), 1).await;
    for at in 0..40 {
        let action = if at % 3 == 0 { Action::DropAnswer } else { Action::Delay(Duration::ZERO) };
        broker.intercept(Interception::once(ApiKey::Produce, action));
    }
    let mut sink = Sink::open(&client, &orders(), options(Compression::None, NEVER)).await.unwrap();
    for id in 0..200 {
        sink.send(&row(id, 150)).await.unwrap();
    }
    assert_eq!(sink.flush().await, Counts { acknowledged: 200, failed: 0 });
    assert!(ids(&stored(&client, 1).await).into_iter().eq(0..200));
}

#[tokio::test]
async fn a_row_that_no_batch_can_hold_is_refused_at_once_and_leaves_nothing_behind() {
    let (_broker, client) = cluster(BrokerConfig::new(), 1).await;
    let mut sink = Sink::open(&client, &orders(), options(Compression::None, NEVER)).await.unwrap();
    sink.send(&row(0, 10)).await.unwrap();
    let huge = format!("{{\"id\":1,\"x\":\"{}\"}}", "x".repeat(65 << 20)).into_bytes();
    let error = sink.send(&huge).await.unwrap_err();
    assert!(matches!(error, Error::Row(_)), "{error}");
    sink.send(&row(2, 10)).await.unwrap();
    assert_eq!(sink.flush().await, Counts { acknowledged: 2, failed: 0 });
    assert_eq!(ids(&stored(&client, 1).await), [0, 2]);
}

#[tokio::test]
async fn a_large_key_is_a_key_like_any_other() {
    let (_broker, client) = cluster(BrokerConfig::new(), 3).await;
    let mut options = options(Compression::None, NEVER);
    options.key = vec!["x".to_owned()];
    let mut sink = Sink::open(&client, &orders(), options).await.unwrap();
    let delivery = sink.send(&row(0, 400_000)).await.unwrap();
    sink.send(&row(1, 10)).await.unwrap();
    // Key and value: together beyond what the broker takes.
    sink.send(&row(2, 600_000)).await.unwrap();
    assert_eq!(sink.flush().await, Counts { acknowledged: 2, failed: 1 });
    delivery.outcome().await.unwrap();
    assert_eq!(stored(&client, 3).await.iter().filter_map(|r| r.key.as_ref()).map(String::len).max(), Some(400_000));
}

/// What Kafka's own Java producer answered for these keys and seven partitions
/// (`Utils.toPositive(Utils.murmur2(key)) % 7`).
#[tokio::test]
async fn keys_go_where_the_java_client_puts_them() {
    let hashes: [(&str, i32); 6] = [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
    ];
    let (_broker, client) = cluster(BrokerConfig::new(), 7).await;
    let mut options = options(Compression::Lz4, NEVER);
    options.key = vec!["k".to_owned()];
    let mut sink = Sink::open(&client, &orders(), options).await.unwrap();
    let mut sent = Vec::new();
    for (key, _) in hashes {
        sent.push(sink.send(format!("{{\"k\":\"{key}\"}}").as_bytes()).await.unwrap());
    }
    // As a number, and written with an escape, it is the same key.
    let number = sink.send(b"{\"k\":21}").await.unwrap();
    let escaped = sink.send(br#"{"k":"\u0061bc"}"#).await.unwrap();
    sink.flush().await;
    for (delivery, (key, hash)) in sent.iter().zip(hashes) {
        assert_eq!(delivery.outcome().await.unwrap().partition, (hash & 0x7fff_ffff) % 7, "{key}");
    }
    assert_eq!(number.outcome().await.unwrap().partition, sent[0].outcome().await.unwrap().partition);
    assert_eq!(escaped.outcome().await.unwrap().partition, sent[5].outcome().await.unwrap().partition);
}

#[tokio::test]
async fn rows_without_a_key_fill_one_batch_after_the_other_and_reach_all_partitions() {
    let (broker, client) = cluster(BrokerConfig::new(), 4).await;
    let mut options = options(Compression::None, NEVER);
    options.batch_bytes = 2_000;
    let mut sink = Sink::open(&client, &orders(), options).await.unwrap();
    for id in 0..400 {
        sink.send(&row(id, 80)).await.unwrap();
    }
    assert_eq!(sink.flush().await.acknowledged, 400);
    let mut per_partition: BTreeMap<i32, usize> = BTreeMap::new();
    for record in stored(&client, 4).await {
        *per_partition.entry(record.partition).or_default() += 1;
    }
    assert!(per_partition.len() == 4 && per_partition.values().all(|rows| *rows >= 60), "{per_partition:?}");
    assert!(broker.stats().requests_of(ApiKey::Produce) <= 40, "about 20 batches' worth");
}

#[tokio::test]
async fn many_short_runs_use_all_partitions() {
    let (_broker, client) = cluster(BrokerConfig::new(), 3).await;
    for id in 0..6 {
        let mut sink = Sink::open(&client, &orders(), options(Compression::None, NEVER)).await.unwrap();
        sink.send(&row(id, 10)).await.unwrap();
        sink.flush().await;
    }
    let used: BTreeSet<i32> = stored(&client, 3).await.iter().map(|record| record.partition).collect();
    assert_eq!(used.len(), 3);
}

#[tokio::test]
async fn a_batch_that_is_not_full_goes_when_it_has_lingered() {
    let (_broker, client) = cluster(BrokerConfig::new(), 1).await;
    let linger = Duration::from_millis(150);
    let mut sink = Sink::open(&client, &orders(), options(Compression::None, linger)).await.unwrap();
    let start = Instant::now();
    let first = sink.send(&row(0, 10)).await.unwrap();
    let second = sink.send(&row(1, 10)).await.unwrap();
    assert_eq!(second.outcome().await.unwrap().offset, Some(1));
    assert!(start.elapsed() >= linger);
    assert_eq!(first.known().unwrap().unwrap().offset, Some(0), "in the same batch");
}

#[tokio::test]
async fn a_flush_does_not_wait_for_the_linger_and_may_be_given_up_and_called_again() {
    let (broker, client) = cluster(BrokerConfig::new(), 2).await;
    let mut sink = Sink::open(&client, &orders(), options(Compression::None, NEVER)).await.unwrap();
    assert_eq!(sink.flush().await, Counts::default(), "nothing to do");
    broker.intercept(Interception::once(ApiKey::Produce, Action::Delay(Duration::from_millis(100))));
    sink.send(&row(0, 10)).await.unwrap();
    tokio::time::timeout(Duration::from_millis(10), sink.flush()).await.unwrap_err();
    let second = sink.send(&row(1, 10)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(second.known().is_none(), "a flush that was given up does not hurry what comes later");
    assert_eq!(sink.flush().await, Counts { acknowledged: 2, failed: 0 });
    assert_eq!(sink.buffered_bytes(), 0);
}

#[tokio::test]
async fn no_more_is_held_than_the_buffer_and_one_row() {
    const LIMIT: usize = 20_000;
    const ROW: usize = 1_100;
    let (broker, client) = cluster(BrokerConfig::new(), 3).await;
    broker.intercept(Interception::times(ApiKey::Produce, Action::Delay(Duration::from_millis(3)), usize::MAX));
    // The linger does not end: what makes room is that a full buffer is sent.
    let mut options = options(Compression::None, NEVER);
    options.buffer_bytes = LIMIT;
    options.key = vec!["id".to_owned()];
    let mut sink = Sink::open(&client, &orders(), options).await.unwrap();
    let mut most = 0;
    for id in 0..400 {
        sink.send(&row(id, 1_000)).await.unwrap();
        most = most.max(sink.buffered_bytes());
    }
    assert!((LIMIT..=LIMIT + ROW).contains(&most), "{most}");
    assert_eq!(sink.flush().await, Counts { acknowledged: 400, failed: 0 });
}

#[tokio::test]
async fn a_full_buffer_makes_the_next_row_wait_and_a_row_that_waited_in_vain_was_not_taken() {
    let (broker, client) = cluster(BrokerConfig::new(), 1).await;
    broker.intercept(Interception::once(ApiKey::Produce, Action::Delay(Duration::from_millis(200))));
    let mut options = options(Compression::None, Duration::ZERO);
    options.buffer_bytes = 500;
    let mut sink = Sink::open(&client, &orders(), options).await.unwrap();
    sink.send(&row(0, 500)).await.unwrap();
    for _ in 0..3 {
        tokio::time::timeout(Duration::from_millis(10), sink.send(&row(1, 10))).await.unwrap_err();
    }
    // A row that is none is told at once.
    assert!(matches!(sink.send(b"[]").await, Err(Error::Misfit(Misfit::NotAnObject))));
    sink.send(&row(2, 10)).await.unwrap();
    sink.flush().await;
    assert_eq!(ids(&stored(&client, 1).await), [0, 2]);
}

#[tokio::test]
async fn rows_that_do_not_fit_the_table_are_refused_alone() {
    let (_broker, client) = cluster(BrokerConfig::new(), 1).await;
    let columns = [("id", Type::BigInt), ("day", Type::Date)];
    for encoding in [topica::catalog::Encoding::Json, csv()] {
        let mut sink = Sink::open(&client, &table(encoding, &columns), Options::default()).await.unwrap();
        for (row, fits) in [
            (r#"{"id":1,"day":"2026-11-24"}"#, true),
            (r#"{"id":"one","day":"2026-11-24"}"#, false),
            (r#"{"id":2,"day":"yesterday"}"#, false),
            (r#"{"id":9223372036854775808,"day":"2026-11-24"}"#, false),
            (r#"{"id":3,"day":"2026-11-24","more":1}"#, false),
            (r#"{"id":4,"day":"2026-11-25"}"#, true),
            ("{", false),
        ] {
            match sink.send(row.as_bytes()).await {
                Ok(_) => assert!(fits, "{row}"),
                Err(Error::Misfit(misfit)) => assert!(!fits, "{row}: {misfit}"),
                Err(error) => panic!("{row}: {error}"),
            }
        }
        assert_eq!(sink.flush().await, Counts { acknowledged: 2, failed: 0 });
    }
    let values: Vec<String> = stored(&client, 1).await.into_iter().filter_map(|record| record.value).collect();
    assert_eq!(
        values,
        [r#"{"id":1,"day":"2026-11-24"}"#, r#"{"id":4,"day":"2026-11-25"}"#, "1,2026-11-24", "4,2026-11-25"]
    );
}
