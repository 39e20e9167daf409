//! What discovery asks of a cluster, counted from the broker's side: the embedded broker knows every byte that it sent.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used)]
use protocol_tests::Topica;
use topica::broker::{Broker, BrokerConfig};
use topica::record::{BatchWriter, Compression};

/// Records of one batch, and what each of them weighs about.
const BATCH: usize = 100;
const VALUE: usize = 300;
/// Windows that a partition's sample is spread over: its head, its tail and 14 between.
const WINDOWS: u64 = 16;

/// A batch of records around `at`, and how many bytes it takes on the wire.
fn batch(at: usize) -> (bytes::Bytes, u64) {
    let mut writer = BatchWriter::new(1 << 20);
    for i in at..at + BATCH {
        let head = format!("{{\"id\":{i},\"text\":\"");
        let value = format!("{head}{}\"}}", "x".repeat(VALUE - head.len() - 2));
        writer.push(1_700_000_000_000, None, Some(value.as_bytes()), &[]).unwrap();
    }
    let batch = writer.finish(Compression::None, None).unwrap();
    let size = batch.len() as u64;
    (batch, size)
}

/// A broker with topics of this many partitions, each with this many batches; the size of one batch.
fn filled(runtime: &tokio::runtime::Runtime, topics: usize, partitions: i32, batches: usize) -> (Broker, u64) {
    let broker = runtime.block_on(Broker::start(BrokerConfig::new())).unwrap();
    let mut largest = 0;
    for topic in 0..topics {
        let name = format!("t{topic:03}");
        broker.create_topic(&name, partitions).unwrap();
        for partition in 0..partitions {
            for at in 0..batches {
                let (batch, size) = batch(at * BATCH);
                largest = largest.max(size);
                broker.append(&name, partition, batch).unwrap();
            }
        }
    }
    (broker, largest)
}

fn discover(broker: &Broker, arguments: &[&str]) -> serde_json::Value {
    let out = tempfile::tempdir().unwrap();
    let run = Topica::new(["discover", "--servers", &broker.bootstrap(), "--output", "json", "-o"]).args([out.path()]);
    run.args(arguments).run().exit(0).json()
}

#[test]
fn no_more_is_fetched_than_the_budget_and_one_batch_a_window() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (broker, batch) = filled(&runtime, 1, 4, 100);
    let windows = 4 * WINDOWS;
    let all = batch * 400;

    let report = discover(&broker, &["--bytes", "1000000", "--records", "1000000"]);
    let sampled = report["tables"][0]["sample"]["bytes"].as_u64().unwrap();
    assert!((900_000..=1_000_000).contains(&sampled), "{sampled} bytes sampled");
    // A record's own bytes are a little less than what it takes in a batch.
    let framing = |bytes: u64| bytes + bytes / 20;
    let fetched = broker.stats().fetched_from("t000");
    assert!(fetched <= framing(1_000_000) + windows * batch, "{fetched} bytes fetched of {all}");

    broker.reset_stats();
    let report = discover(&broker, &["--records", "1000"]);
    assert_eq!(report["tables"][0]["sample"]["records"], 1000);
    let fetched = broker.stats().fetched_from("t000");
    assert!(fetched <= framing(1000 * VALUE as u64) + windows * batch, "{fetched} bytes fetched of {all}");
}

#[test]
fn a_topic_smaller_than_its_budget_is_fetched_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (broker, batch) = filled(&runtime, 1, 4, 5);
    let report = discover(&broker, &[]);
    assert_eq!(report["tables"][0]["sample"]["complete"], true);
    let fetched = broker.stats().fetched_from("t000");
    assert!(fetched <= 20 * batch + WINDOWS * 4 * batch, "{fetched} bytes fetched of {}", 20 * batch);
}

#[test]
fn many_topics_cost_few_round_trips() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (broker, _) = filled(&runtime, 100, 1, 1);
    let report = discover(&broker, &[]);
    assert_eq!(report["tables"].as_array().unwrap().len(), 100);
    let requests: u64 = broker.stats().requests.values().sum();
    assert!(requests < 60, "{requests} requests for 100 topics: {:?}", broker.stats().requests);
}
