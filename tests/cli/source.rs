//! `topica source`.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::support::{Ran, World};

/// A topic with three rows, and its written table.
fn world() -> World {
    let world = World::new();
    world.topic("in", &[r#"{"b" : 1, "a":1.50}"#, r#"{"b":2}"#, r#"{"b":3,"a":9007199254740993}"#]);
    world.discover(&["-o", "out"]).exits(0);
    world
}

#[test]
fn a_written_table_is_enough_to_read_its_rows() {
    let ran = world().run(&["source", "out", "in"]).exits(0);
    assert_eq!(ran.out, "{\"b\":1,\"a\":1.50}\n{\"b\":2}\n{\"b\":3,\"a\":9007199254740993}\n");
    assert_eq!(ran.err, "");
}

#[test]
fn a_table_that_is_not_written_is_inferred() {
    let world = World::new();
    world.system("s.json", "source", "");
    world.topic("orders.csv", &["1,x", "2,y", "3,z"]);
    // Other tables' topics may collide as they like.
    world.topic("c", &["{}"]);
    world.topic("c.json", &["{}"]);
    world.topic("empty", &[]);
    let ran = world.run(&["source", "s.json", "orders", "--limit", "2"]).exits(0);
    assert_eq!(ran.out, "{\"c1\":1,\"c2\":\"x\"}\n{\"c1\":2,\"c2\":\"y\"}\n");
    world.run(&["source", "s.json", "c"]).fails(2, &["`c`", "`c.json`"]);
    world.run(&["source", "s.json", "nope"]).fails(2, &["nope", "orders"]);
    let ran = world.run(&["source", "s.json", "empty"]).exits(0);
    assert!(ran.out.is_empty() && ran.err.contains("empty"), "{ran:?}");
}

#[test]
fn a_sink_is_not_read_from() {
    let world = World::new();
    world.topic("in", &["{}"]);
    world.system("s.json", "sink", "json");
    world.run(&["source", "s.json", "in"]).fails(2, &["sink", "\"source_and_sink\""]);
    world.run(&["discover", "s.json", "-o", "out"]).exits(0);
    world.run(&["source", "out", "in"]).fails(2, &["sink"]);
}

#[test]
fn a_table_that_is_not_there_is_told_with_those_that_are() {
    world().run(&["source", "out", "nope"]).fails(2, &["nope", "out", "it has in"]);
}

#[test]
fn where_to_start_and_where_to_end_may_be_said() {
    let world = world();
    let rows = |args: &[&str]| {
        let mut all = vec!["source", "out", "in"];
        all.extend(args);
        world.run(&all).exits(0).out.lines().count()
    };
    assert_eq!(rows(&["--from", "1"]), 2);
    assert_eq!(rows(&["--from", "1", "--to", "2"]), 1);
    assert_eq!(rows(&["--from", "latest"]), 0);
    assert_eq!(rows(&["--from", "earliest", "--to", "100"]), 3);
    // All have the timestamp 2023-11-14T22:13:20Z.
    assert_eq!(rows(&["--from", "2023-11-14T22:13:20Z"]), 3);
    assert_eq!(rows(&["--from", "2023-11-14T22:13:21Z"]), 0);
    assert_eq!(rows(&["--from", "@1700000000001"]), 0);
    assert_eq!(rows(&["--to", "@1700000000000"]), 0);
    assert_eq!(rows(&["--to", "2024-01-01"]), 3);
    assert_eq!(rows(&["--limit", "2"]), 2);
    assert_eq!(rows(&["--limit", "0"]), 0);
    assert_eq!(rows(&["--partition", "0"]), 3);
    world.run(&["source", "out", "in", "--from", "yesterday"]).fails(2, &["--from", "yesterday", "@"]);
    world.run(&["source", "out", "in", "--to", "earliest"]).fails(2, &["--to"]);
    world.run(&["source", "out", "in", "--from", "-1"]).fails(2, &["--from", "-1"]);
    world.run(&["source", "out", "in", "--partition", "7"]).fails(2, &["no partition 7"]);
    world.run(&["source", "out", "in", "--to", "3", "--follow"]).fails(2, &["--to", "--follow"]);
}

#[test]
fn meta_says_where_each_row_is_from() {
    let ran = world().run(&["source", "out", "in", "--meta", "--limit", "1"]).exits(0);
    let row = ran.json();
    assert_eq!((&row["_topic"], &row["_partition"], &row["_offset"]), (&"in".into(), &0.into(), &0.into()));
    assert_eq!((&row["_timestamp"], &row["_key"], &row["b"]), (&1_700_000_000_000_u64.into(), &().into(), &1.into()));
    assert_eq!(row["_headers"], serde_json::json!({}));
}

#[test]
fn records_that_are_no_rows_are_kept_counted_and_exit_1() {
    let world = world();
    world.append("in", &["no json"]);
    let ran = world.run(&["source", "out", "in", "--rejects", "rejects"]).exits(1);
    assert_eq!(ran.out.lines().count(), 3, "never printed half: {ran:?}");
    assert!(ran.err.contains("1 record of topic in rejected"), "{ran:?}");
    let reject: serde_json::Value = serde_json::from_str(&world.read("rejects")).unwrap();
    assert_eq!((&reject["_offset"], &reject["value"]), (&3.into(), &"no json".into()));
    let ran = world.run(&["source", "out", "in"]).exits(1);
    assert!(ran.err.contains("in[0]@3"), "{ran:?}");
}

#[test]
fn a_configured_format_cannot_contradict_a_written_table() {
    let world = world();
    world.run(&["source", "out", "in", "--format", "csv"]).fails(2, &["--format csv", "in.table.sql"]);
    world.run(&["source", "out", "in", "--format", "json"]).exits(0);
}

#[test]
fn a_topic_that_is_gone_is_told() {
    let world = world();
    world.broker.delete_topic("in").unwrap();
    world.run(&["source", "out", "in"]).fails(2, &["topic in", "not exist"]);
}

#[test]
fn a_closed_pipe_is_a_good_end() {
    let world = world();
    let many: Vec<String> = (0..5000).map(|i| format!("{{\"b\":{i},\"text\":\"{}\"}}", "x".repeat(100))).collect();
    world.append("in", &many.iter().map(String::as_str).collect::<Vec<_>>());
    let mut child =
        world.command(["source", "out", "in"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap()).exits(0);
    assert_eq!((line.as_str(), ran.err.as_str()), ("{\"b\":1,\"a\":1.50}\n", ""));
}
