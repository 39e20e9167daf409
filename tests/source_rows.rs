//! The source's promise: each record of the range once, in its partition's order, whatever the fetches are like; what
//! cannot be read costs itself and is said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::field_reassign_with_default)]

mod embedded;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use bytes::Bytes;
use embedded::{cluster, csv, orders, table};
use kafka_protocol::ResponseError;
use topica::broker::{Action, ApiKey, Broker, BrokerConfig, Interception};
use topica::catalog::{Encoding, Table};
use topica::client::Client;
use topica::format::csv::{Dialect, Header};
use topica::record::{BatchWriter, Compression};
use topica::schema::Type;
use topica::source::{Content, Error, Options, Position, Source};

const PARTITIONS: i32 = 3;

/// Timestamps begin here, one ms apart by offset.
const T0: i64 = 1_700_000_000_000;

fn batch(first: i64, values: &[Option<&str>], compression: Compression) -> Bytes {
    let mut writer = BatchWriter::new(1 << 20);
    for (at, value) in values.iter().enumerate() {
        writer.push(T0 + first + at as i64, Some(b"k"), value.map(str::as_bytes), &[]).unwrap();
    }
    writer.finish(compression, None).unwrap()
}

fn append(broker: &Broker, partition: i32, values: &[&str]) {
    let first = broker.end_offset("orders", partition).unwrap();
    let values: Vec<_> = values.iter().map(|value| Some(*value)).collect();
    broker.append("orders", partition, batch(first, &values, Compression::None)).unwrap();
}

/// `per_partition` rows in each partition, in batches of one to nine, in all codecs.
fn fill(broker: &Broker, per_partition: usize) {
    for partition in 0..PARTITIONS {
        let mut at = 0;
        while at < per_partition {
            let count = (1 + at % 9).min(per_partition - at);
            let rows: Vec<String> = (at..at + count).map(|id| format!("{{\"id\":{id}}}")).collect();
            let rows: Vec<_> = rows.iter().map(|row| Some(row.as_str())).collect();
            let codec = Compression::ALL[at % Compression::ALL.len()];
            broker.append("orders", partition, batch(at as i64, &rows, codec)).unwrap();
            at += count;
        }
    }
}

/// What a source gave, in order: partition, offset, and the row or what it is instead.
async fn read(source: &mut Source) -> Vec<(i32, i64, String)> {
    let mut all = Vec::new();
    while let Some(rows) = source.fetch().await.unwrap() {
        let _ = rows.for_each(|row| {
            all.push((row.partition, row.offset, told(&row.content)));
            ControlFlow::Continue(())
        });
    }
    all
}

fn told(content: &Content<'_>) -> String {
    match content {
        Content::Row(json) => String::from_utf8(json.to_vec()).unwrap(),
        Content::Tombstone => "tombstone".to_owned(),
        Content::HeaderRow => "header".to_owned(),
        Content::Misfit(misfit) => format!("misfit: {misfit}"),
        Content::Unreadable { last_offset, .. } => format!("unreadable to {last_offset}"),
    }
}

async fn all_of(client: &Client, table: &Table, options: Options) -> Vec<(i32, i64, String)> {
    read(&mut Source::open(client, table, options).await.unwrap()).await
}

fn offsets(read: &[(i32, i64, String)], partition: i32) -> Vec<i64> {
    read.iter().filter(|row| row.0 == partition).map(|row| row.1).collect()
}

fn range(from: Position, to: Option<Position>) -> Options {
    let mut options = Options::default();
    options.from = from;
    options.to = to;
    options
}

#[tokio::test]
async fn each_record_comes_once_and_in_order_whatever_the_fetch_size() {
    let (broker, client) = cluster(BrokerConfig::new().with_nodes(2), PARTITIONS).await;
    fill(&broker, 200);
    for fetch_bytes in [1, 100, 700, 1 << 20] {
        let mut options = Options::default();
        options.fetch_bytes = fetch_bytes;
        let rows = all_of(&client, &orders(), options).await;
        for partition in 0..PARTITIONS {
            assert!(offsets(&rows, partition).into_iter().eq(0..200), "fetches of {fetch_bytes} bytes");
        }
        assert!(rows.iter().all(|(_, offset, row)| *row == format!("{{\"id\":{offset}}}")));
    }
}

#[tokio::test]
async fn a_reader_that_stops_anywhere_goes_on_behind_that_record() {
    let (broker, client) = cluster(BrokerConfig::new(), PARTITIONS).await;
    fill(&broker, 60);
    for every in [1, 2, 7] {
        let mut source = Source::open(&client, &orders(), Options::default()).await.unwrap();
        let mut seen: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
        while let Some(rows) = source.fetch().await.unwrap() {
            let mut left = every;
            let flow = rows.for_each(|row| {
                seen.entry(row.partition).or_default().push(row.offset);
                left -= 1;
                if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(flow.is_break(), left == 0);
        }
        assert!(seen.len() == 3 && seen.values().all(|offsets| offsets.iter().copied().eq(0..60)), "{every}: {seen:?}");
    }
}

#[tokio::test]
async fn rows_that_were_fetched_and_not_looked_at_are_fetched_again() {
    let (broker, client) = cluster(BrokerConfig::new(), PARTITIONS).await;
    fill(&broker, 10);
    let mut source = Source::open(&client, &orders(), Options::default()).await.unwrap();
    for _ in 0..3 {
        drop(source.fetch().await.unwrap().unwrap());
        tokio::time::timeout(Duration::ZERO, source.fetch()).await.map(drop).unwrap_or_default();
    }
    assert_eq!(read(&mut source).await.len(), 30);
}

#[tokio::test]
async fn faults_that_pass_cost_no_row() {
    let (broker, client) = cluster(BrokerConfig::new().with_nodes(3), PARTITIONS).await;
    fill(&broker, 100);
    let mut random = embedded::Random(3);
    for _ in 0..60 {
        let action = match random.below(4) {
            0 => Action::DropAnswer,
            1 => Action::Drop,
            2 => Action::Fail(ResponseError::NotLeaderOrFollower),
            _ => Action::Delay(Duration::ZERO),
        };
        broker.intercept(Interception::once(ApiKey::Fetch, action));
    }
    let mut options = Options::default();
    options.fetch_bytes = 300;
    let mut source = Source::open(&client, &orders(), options).await.unwrap();
    let mut rows = Vec::new();
    while let Some(found) = source.fetch().await.unwrap() {
        let _ = found.for_each(|row| {
            rows.push((row.partition, row.offset, String::new()));
            ControlFlow::Continue(())
        });
        let (partition, node) = (random.below(3) as i32, random.below(3) as i32 + 1);
        broker.move_leader("orders", partition, node).unwrap();
    }
    for partition in 0..PARTITIONS {
        assert!(offsets(&rows, partition).into_iter().eq(0..100));
    }
}

#[tokio::test]
async fn from_and_to_bound_each_partition() {
    let (broker, client) = cluster(BrokerConfig::new(), PARTITIONS).await;
    fill(&broker, 50);
    let (offset, time) = (Position::Offset, |ms: i64| Position::Timestamp(T0 + ms));
    for (from, to, expected) in [
        (Position::Earliest, None, 0..50),
        (Position::Latest, None, 0..0),
        (offset(10), None, 10..50),
        (offset(50), None, 0..0),
        (offset(1_000), None, 0..0),
        (Position::Earliest, Some(offset(7)), 0..7),
        (offset(3), Some(offset(4)), 3..4),
        (offset(4), Some(offset(3)), 0..0),
        (Position::Earliest, Some(offset(1_000)), 0..50),
        (time(20), None, 20..50),
        (time(20), Some(time(33)), 20..33),
        (time(-5), Some(time(1)), 0..1),
        (time(1_000), None, 0..0),
        (Position::Earliest, Some(Position::Earliest), 0..0),
        (Position::Earliest, Some(Position::Latest), 0..50),
    ] {
        let rows = all_of(&client, &orders(), range(from, to)).await;
        for partition in 0..PARTITIONS {
            let found = offsets(&rows, partition);
            assert!(found.iter().copied().eq(expected.clone()), "{from:?} to {to:?}: {found:?}");
        }
    }
}

#[tokio::test]
async fn one_partition_alone_and_one_that_is_not_there() {
    let (broker, client) = cluster(BrokerConfig::new(), PARTITIONS).await;
    fill(&broker, 5);
    let mut options = Options::default();
    options.partition = Some(1);
    let rows = all_of(&client, &orders(), options.clone()).await;
    assert!(rows.len() == 5 && rows.iter().all(|row| row.0 == 1));
    for partition in [3, -1] {
        options.partition = Some(partition);
        let error = Source::open(&client, &orders(), options.clone()).await.unwrap_err();
        assert!(matches!(error, Error::NoPartition { partition: found, .. } if found == partition));
    }
    let mut missing = orders();
    missing.topic = "missing".to_owned();
    let error = Source::open(&client, &missing, Options::default()).await.unwrap_err();
    assert!(matches!(error, Error::NoTopic(_)), "{error}");
}

#[tokio::test]
async fn a_topic_without_records_ends_at_once() {
    let (_broker, client) = cluster(BrokerConfig::new(), PARTITIONS).await;
    let start = Instant::now();
    assert_eq!(all_of(&client, &orders(), Options::default()).await, []);
    assert!(start.elapsed() < Duration::from_millis(400), "nothing is waited for");
}

#[tokio::test]
async fn what_is_written_after_the_start_is_not_read() {
    let (broker, client) = cluster(BrokerConfig::new(), PARTITIONS).await;
    fill(&broker, 5);
    let mut source = Source::open(&client, &orders(), Options::default()).await.unwrap();
    append(&broker, 0, &["{}", "{}"]);
    assert_eq!(read(&mut source).await.len(), 15);
}

#[tokio::test]
async fn tombstones_and_misfits_are_told_as_such_and_pass() {
    let (broker, client) = cluster(BrokerConfig::new(), 1).await;
    let values = [Some(" { \"a\" : 1.50 } "), None, Some("{\"a\":"), Some("[1]"), Some(""), Some("{\"b\":2}")];
    broker.append("orders", 0, batch(0, &values, Compression::Zstd)).unwrap();
    let rows = all_of(&client, &orders(), Options::default()).await;
    let told: Vec<&str> = rows.iter().map(|row| row.2.as_str()).collect();
    assert_eq!(told[0], "{\"a\":1.50}");
    assert_eq!(told[1], "tombstone");
    assert!(told[2].starts_with("misfit: not json"), "{told:?}");
    assert_eq!(told[3], "misfit: not a JSON object");
    assert!(told[4].starts_with("misfit: not json"), "{told:?}");
    assert_eq!(told[5], "{\"b\":2}");
}

#[tokio::test]
async fn a_header_row_is_no_row() {
    let (broker, client) = cluster(BrokerConfig::new(), 2).await;
    append(&broker, 0, &["id,name", "1,x", "2,name"]);
    append(&broker, 1, &["3,\"y,z\""]);
    let columns = [("id", Type::BigInt), ("name", Type::String)];
    let dialect = Dialect { header: Header::InStream, ..Dialect::default() };
    let rows = all_of(&client, &table(Encoding::Csv(dialect), &columns), Options::default()).await;
    let of = |partition| rows.iter().filter(|row| row.0 == partition).map(|row| row.2.clone()).collect::<Vec<_>>();
    assert_eq!(of(0), ["header", r#"{"id":1,"name":"x"}"#, r#"{"id":2,"name":"name"}"#]);
    assert_eq!(of(1), [r#"{"id":3,"name":"y,z"}"#]);
    // A table without a header in its stream has it as a row that does not fit.
    let rows = all_of(&client, &table(csv(), &columns), Options::default()).await;
    assert!(rows.iter().any(|row| row.2.starts_with("misfit: column id")), "{rows:?}");
}

#[tokio::test]
async fn records_that_were_deleted_are_passed_over() {
    let (broker, client) = cluster(BrokerConfig::new(), PARTITIONS).await;
    fill(&broker, 40);
    broker.delete_records("orders", 1, 17).unwrap();
    let rows = all_of(&client, &orders(), range(Position::Offset(5), None)).await;
    assert!(offsets(&rows, 0).into_iter().eq(5..40));
    assert!(offsets(&rows, 1).into_iter().eq(17..40));
    // Under way.
    let mut options = Options::default();
    options.fetch_bytes = 100;
    let mut source = Source::open(&client, &orders(), options).await.unwrap();
    let _ = source.fetch().await.unwrap().unwrap().for_each(|_| ControlFlow::Break(()));
    for partition in 0..PARTITIONS {
        broker.delete_records("orders", partition, 30).unwrap();
    }
    let rows = read(&mut source).await;
    for partition in 0..PARTITIONS {
        assert!(offsets(&rows, partition).into_iter().eq(30..40), "{rows:?}");
    }
    // All that was to be read.
    let mut source = Source::open(&client, &orders(), Options::default()).await.unwrap();
    for partition in 0..PARTITIONS {
        append(&broker, partition, &["{}"]);
        broker.delete_records("orders", partition, 41).unwrap();
    }
    assert_eq!(read(&mut source).await, []);
}

/// Fetches until there is a row.
async fn next_rows(source: &mut Source) -> Vec<(i32, i64, String)> {
    let mut rows = Vec::new();
    while rows.is_empty() {
        let found = source.fetch().await.unwrap().expect("following does not end");
        let _ = found.for_each(|row| {
            rows.push((row.partition, row.offset, told(&row.content)));
            ControlFlow::Continue(())
        });
    }
    rows
}

#[tokio::test]
async fn following_wakes_when_a_record_comes() {
    let (broker, client) = cluster(BrokerConfig::new(), PARTITIONS).await;
    fill(&broker, 2);
    let mut options = range(Position::Latest, None);
    options.follow = true;
    let mut source = Source::open(&client, &orders(), options).await.unwrap();
    // Twice in vain: from here on it waits at the broker.
    for _ in 0..2 {
        assert!(source.fetch().await.unwrap().unwrap().for_each(|_| ControlFlow::Break(())).is_continue());
    }
    for id in 2..5 {
        let waiting = next_rows(&mut source);
        let written = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            append(&broker, 2, &[&format!("{{\"id\":{id}}}")]);
            Instant::now()
        };
        let (rows, written) = tokio::join!(waiting, written);
        assert_eq!(rows, [(2, id, format!("{{\"id\":{id}}}"))]);
        assert!(written.elapsed() < Duration::from_millis(300), "{:?}", written.elapsed());
    }
}

#[tokio::test]
async fn following_from_an_offset_that_is_not_there_yet_waits_for_it() {
    let (broker, client) = cluster(BrokerConfig::new(), 1).await;
    append(&broker, 0, &["{}", "{}"]);
    let mut options = range(Position::Offset(4), None);
    options.follow = true;
    let mut source = Source::open(&client, &orders(), options).await.unwrap();
    assert!(source.fetch().await.unwrap().unwrap().for_each(|_| ControlFlow::Break(())).is_continue());
    append(&broker, 0, &["{}", "{}"]);
    append(&broker, 0, &["{\"id\":4}"]);
    assert_eq!(next_rows(&mut source).await, [(0, 4, "{\"id\":4}".to_owned())]);
}
