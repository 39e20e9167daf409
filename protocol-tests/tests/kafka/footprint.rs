//! Memory: a ceiling that does not depend on the cluster.
use crate::discovered::files;
use protocol_tests::{Kafka, Topica, long};
use serde_json::json;
use std::io::Write as _;
use std::time::Duration;

/// What `discover` may keep resident, in KiB.
const CEILING: u64 = 64 * 1024;

#[test]
fn a_hundred_large_topics_fit_in_64_mib() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("large-topics.");
    // 2 GB in all when there is time; every day, enough that keeping it all would show.
    let bytes_per_topic: u64 = if long() { 20_000_000 } else { 1_500_000 };
    let topics: Vec<String> = (0..100).map(|i| format!("{prefix}t{i:03}")).collect();
    kafka.create(&topics.iter().map(|t| (t.as_str(), 1)).collect::<Vec<_>>());
    let payloads: Vec<String> = (0..200)
        .map(|i| format!(r#"{{"id":{i},"user":{{"name":"user {i}","tags":["a","b{i}"]}},"at":"2024-02-29T12:00:{:02}Z","price":{i}.25,"text":"{}"}}"#, i % 60, format!("{i} lorem ipsum ").repeat(30 + i % 40)))
        .collect();
    let half = topics.len() / 2;
    for (topics, codec) in [(&topics[..half], "lz4"), (&topics[half..], "none")] {
        kafka.java().call(&json!({"do": "fill", "topics": topics, "payloads": payloads, "bytes": bytes_per_topic, "config": {"compression.type": codec, "linger.ms": "20", "batch.size": "500000"}}));
    }
    let out = tempfile::tempdir().unwrap();
    let run =
        Topica::new(["discover", "--servers", kafka.servers(), "--topic-prefix", &prefix, "--output", "json", "-o"])
            .args([out.path()])
            .timeout(Duration::from_secs(600))
            .run()
            .exit(0);
    assert_eq!(files(out.path()).len(), 100);
    assert!(run.peak_kib > 0, "it was looked at");
    let _ = writeln!(std::io::stderr(), "discover: {} KiB resident at the peak, {:?}", run.peak_kib, run.took);
    assert!(run.peak_kib < CEILING, "{} KiB resident at the peak, {} allowed", run.peak_kib, CEILING);
}
