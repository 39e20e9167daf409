//! topica against three real brokers: partitions led by different ones, and leaders that move while it reads and writes.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used)]
use protocol_tests::{Kafka, Record, StartError, skip};
use serde_json::json;
use std::sync::OnceLock;

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

#[test]
fn the_harness_moves_leaders() {
    let Some(kafka) = kafka() else { return };
    let topic = kafka.topic("harness-leaders");
    kafka.create(&[(&topic, 3)]);
    let written = kafka.produce(
        (0..3)
            .map(|p| Record::new(&topic, format!("{p}")).partition(p))
            .collect(),
    );
    for broker in 1..=3 {
        kafka
            .java()
            .call(&json!({"do": "leader", "topic": topic, "partition": 0, "broker": broker}));
    }
    assert_eq!(kafka.consume(&topic), written);
}
