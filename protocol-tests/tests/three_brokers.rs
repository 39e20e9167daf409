//! topica against three real brokers: partitions led by different ones, and leaders that move while it reads and writes.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used)]
use protocol_tests::{Flink, Kafka, Record, StartError, Topica, compare, skip};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

fn kafka() -> Option<&'static Kafka> {
    static SHARED: OnceLock<Result<Kafka, StartError>> = OnceLock::new();
    if std::env::var_os("TOPICA_TEST_SERVERS").is_some_and(|s| !s.to_string_lossy().contains(',')) {
        skip("three brokers, and TOPICA_TEST_SERVERS names one");
        return None;
    }
    match SHARED.get_or_init(|| Kafka::start(3)) {
        Ok(kafka) => Some(kafka),
        Err(StartError::Unavailable(needs)) => {
            skip(needs);
            None
        }
        Err(StartError::Failed(why)) => panic!("{why}"),
    }
}

fn move_leader(kafka: &Kafka, topic: &str, partition: i32, broker: i32) {
    kafka.java().call(&json!({"do": "leader", "topic": topic, "partition": partition, "broker": broker}));
}

/// Moves the leaders of a topic's partitions round the brokers until told to stop.
fn keep_moving(kafka: &Kafka, topic: &str, stop: &AtomicBool) {
    for turn in 0.. {
        for partition in 0..3 {
            move_leader(kafka, topic, partition, (turn + partition) % 3 + 1);
            if stop.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}

/// Runs `work` while the topic's leaders move.
fn while_leaders_move<T>(kafka: &Kafka, topic: &str, work: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| keep_moving(kafka, topic, &stop));
        let _stop = StopAtEnd(&stop);
        work()
    })
}

/// Ends the moving also when the work panics: the scope waits for its threads.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn the_harness_moves_leaders() {
    let Some(kafka) = kafka() else { return };
    let topic = kafka.topic("harness-leaders");
    kafka.create(&[(&topic, 3)]);
    let written = kafka.produce((0..3).map(|p| Record::new(&topic, format!("{p}")).partition(p)).collect());
    (1..=3).for_each(|broker| move_leader(kafka, &topic, 0, broker));
    assert_eq!(kafka.consume(&topic), written);
}

#[test]
fn partitions_of_every_broker_are_discovered_and_printed_once() {
    let Some(kafka) = kafka() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("spread.");
    let topic = format!("{prefix}orders.json");
    kafka.create(&[(&topic, 7)]);
    let written = kafka.produce(
        (0..700).map(|i| Record::new(&topic, format!(r#"{{"id":{i},"only{}":1}}"#, i % 7)).partition(i % 7)).collect(),
    );
    let out = tempfile::tempdir().unwrap();
    // One broker of the three is enough to begin with.
    let first = kafka.servers().split(',').next().unwrap();
    let run = Topica::new(["discover", "--servers", first, "--topic-prefix", &prefix, "--output", "json", "-o"])
        .args([out.path()])
        .run()
        .exit(0);
    let report = run.json();
    assert_eq!(report["cluster"]["brokers"], 3);
    assert_eq!(
        (&report["tables"][0]["sample"]["partitions"], &report["tables"][0]["sample"]["records"]),
        (&json!(7), &json!(700))
    );
    compare::json_rows(&flink.read_one(&out.path().join("orders.table.sql")), &written);

    let run = Topica::new(["source"]).args([out.path()]).args(["orders"]).run().exit(0);
    let ids: BTreeSet<i64> = run.lines().iter().map(|line| id(line)).collect();
    assert_eq!((run.lines().len(), ids.len()), (700, 700));
}

fn id(row: &str) -> i64 {
    serde_json::from_str::<Value>(row).unwrap()["id"].as_i64().unwrap()
}

#[test]
fn a_leader_that_moves_costs_no_record_read_or_written() {
    let Some(kafka) = kafka() else { return };
    let prefix = kafka.topic("moving.");
    let topic = format!("{prefix}orders");
    kafka.create(&[(&topic, 3)]);
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("datasystem.json");
    let servers: Vec<&str> = kafka.servers().split(',').collect();
    let system = json!({"type": "source_and_sink", "name": "shop", "format": {"formatType": "json"},
        "connector": {"systemType": "kafka", "servers": servers, "topicPrefix": prefix}});
    std::fs::write(&config, system.to_string()).unwrap();

    let rows = 60_000;
    let input: String = (0..rows).map(|id| format!("{{\"id\":{id},\"padding\":\"{}\"}}\n", "p".repeat(200))).collect();
    let run = while_leaders_move(kafka, &topic, || {
        Topica::new(["sink"]).args([&config]).args(["orders", "--output", "json"]).input(&input).run()
    });
    let run = run.exit(0);
    assert_eq!((&run.json()["acknowledged"], &run.json()["rejected"]), (&json!(rows), &json!(0)), "{run}");
    let written: Vec<i64> = kafka.consume(&topic).iter().map(|r| id(r.text())).collect();
    assert_eq!(written.iter().collect::<BTreeSet<_>>().len(), rows, "every acknowledged row is there");

    let run = while_leaders_move(kafka, &topic, || Topica::new(["source"]).args([&config]).args(["orders"]).run());
    let run = run.exit(0);
    let mut read: Vec<i64> = run.lines().iter().map(|line| id(line)).collect();
    let mut written = written;
    read.sort_unstable();
    written.sort_unstable();
    assert!(read == written, "{} rows read of {}", read.len(), written.len());
}
