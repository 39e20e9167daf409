//! What somebody does first: the demo, twice; and last: Ctrl-C.
use crate::discovered::{contents, data_system, files};
use protocol_tests::{Finished, Kafka, Topica};
use serde_json::json;
use std::time::Duration;

#[test]
fn the_demo_needs_nothing_and_can_be_run_again() {
    let directory = tempfile::tempdir().unwrap();
    let demo = || Topica::new(["demo"]).directory(directory.path()).run().exit(0);
    let first = demo();
    assert!(first.took < Duration::from_secs(30), "{:?}", first.took);
    assert_eq!(files(directory.path()), ["topica-demo"]);
    let package = directory.path().join("topica-demo");
    let tables = files(&package).into_iter().filter(|name| name.ends_with(".table.sql")).count();
    assert!(tables >= 3, "{:?}", files(&package));
    for file in files(&package) {
        let table = file.trim_end_matches(".table.sql");
        assert!(first.stdout.contains(table) || first.stderr.contains(table), "{table} is on screen\n{first}");
    }
    let tables = |package| contents(package).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let before = tables(&package);
    demo();
    assert_eq!(tables(&package), before);
}

/// Runs topica under `timeout`, which sends it what Ctrl-C does after this many seconds.
fn interrupted(seconds: &str, arguments: &[&str]) -> Finished {
    let topica = Topica::program().to_str().unwrap();
    Topica::of("timeout", ["--preserve-status", "-s", "INT", seconds, topica]).args(arguments).run()
}

#[test]
fn an_interrupt_ends_what_follows_with_what_it_has() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("interrupted.");
    kafka.write(&format!("{prefix}t"), [r#"{"i":0}"#, r#"{"i":1}"#]);
    let (_directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    let run = interrupted("2", &["source", config.to_str().unwrap(), "t", "--follow"]).exit(130);
    assert_eq!(run.lines(), [r#"{"i":0}"#, r#"{"i":1}"#]);
}

#[test]
fn the_embedded_broker_serves_until_it_is_interrupted() {
    let run = interrupted("2", &["broker", "--listen", "127.0.0.1:0", "--topic", "t:3"]);
    assert!(matches!(run.code, Some(0 | 130)), "{run}");
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(
        said.contains("127.0.0.1:") && said.to_lowercase().contains("memory"),
        "it says where it is and what it is not\n{run}"
    );
}
