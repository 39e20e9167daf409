//! `topica sink`.

use topica::broker::{Action, ApiKey, Interception};

use crate::support::World;

fn world(role: &str, format: &str) -> World {
    let world = World::new();
    world.system("s.json", role, format);
    world
}

fn rows(world: &World, table: &str) -> Vec<String> {
    world.system("read.json", "source", "");
    let ran = world.run(&["source", "read.json", table]).exits(0);
    ran.out.lines().map(str::to_owned).collect()
}

#[test]
fn rows_of_stdin_are_published_acknowledged_and_counted() {
    let world = world("sink", "json");
    world.topic("in", &[]);
    let ran = world.feed(&["sink", "s.json", "in"], "{\"id\":1}\n\n{\"id\":2}").exits(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("in: 2 read, 2 acknowledged, 0 rejected\n", ""));
    assert_eq!(rows(&world, "in"), ["{\"id\":1}", "{\"id\":2}"]);
    let ran = world.feed(&["sink", "s.json", "in", "--output", "json"], "{\"id\":3}\n").exits(0);
    let counts = serde_json::json!(
        {"table": "in", "topic": "in", "read": 1, "acknowledged": 1, "rejected": 0, "unacknowledged": 0}
    );
    assert_eq!(ran.json(), counts);
}

#[test]
fn type_and_format_are_required() {
    let world = world("source", "json");
    world.topic("in", &[]);
    world.run(&["sink", "s.json", "in"]).fails(2, &["source", "\"sink\""]);
    world.system("s.json", "sink", "");
    world.run(&["sink", "s.json", "in"]).fails(2, &["no format", "formatType", "--format json"]);
    world.feed(&["sink", "s.json", "in", "--format", "json"], "{}\n").exits(0);
    world.run(&["sink", "s.json", "in", "--format", "text"]).fails(2, &["text", "json or csv"]);
    assert_eq!(world.broker.end_offset("in", 0), Some(1));
}

#[test]
fn a_topic_is_created_on_request_only() {
    let world = world("source_and_sink", "json");
    world.topic("orders.json", &["{}"]);
    world.feed(&["sink", "s.json", "orders"], "{}\n").fails(2, &["topic orders", "--create-topic", "orders.json"]);
    let args = ["sink", "s.json", "orders", "--create-topic", "--partitions", "3", "--replication-factor", "1"];
    let ran = world.feed(&args, "{}\n").exits(0);
    assert!(ran.err.contains("warning") && ran.err.contains("orders.json"), "{ran:?}");
    assert!(world.broker.end_offset("orders", 2).is_some() && world.broker.end_offset("orders", 3).is_none());
    let args = ["sink", "s.json", "new", "--create-topic", "--replication-factor", "3"];
    world.feed(&args, "{}\n").fails(2, &["topic new", "REPLICATION"]);
}

#[test]
fn csv_input_has_a_header_row_and_the_tables_types() {
    let world = world("source_and_sink", "json");
    world.topic("in", &[r#"{"id":1,"ok":true,"n":"x"}"#]);
    world.run(&["discover", "s.json", "-o", "out"]).exits(0);
    world.write("rows.csv", "n,id,ok\n\"a\nb\",2,false\nshort\n");
    let ran = world.run(&["sink", "out", "in", "rows.csv"]).exits(1);
    assert_eq!(ran.out, "in: 2 read, 1 acknowledged, 1 rejected\n");
    assert!(ran.err.contains("rows.csv:4"), "{ran:?}");
    let second: serde_json::Value = serde_json::from_str(&rows(&world, "in")[1]).unwrap();
    assert_eq!(second, serde_json::json!({"n": "a\nb", "id": 2, "ok": false}));
    world.feed(&["sink", "out", "in", "--input-format", "csv"], "id\n3\n").exits(0);
}

#[test]
fn rows_are_written_as_csv_where_that_is_the_format() {
    let world = world("sink", "csv");
    world.topic("in.csv", &[]);
    world.topic("in", &[]);
    world
        .feed(&["sink", "s.json", "in", "--csv-header=id,n"], "{\"n\":\"a,b\",\"id\":1}\n{\"id\":2,\"n\":\"\"}\n")
        .exits(0);
    world.broker.delete_topic("in.csv").unwrap();
    assert_eq!(world.broker.end_offset("in", 0), Some(2));
    world.feed(&["sink", "s.json", "in", "--csv-header=id,n"], "{\"id\":[1],\"other\":1}\n").exits(1);
}

#[test]
fn rows_that_cannot_be_sent_go_to_a_file_with_the_reason() {
    let world = world("sink", "json");
    world.topic("in", &[]);
    world.write("rows", "{\"id\":1}\nno json\n[1]\n{\"id\":null}\n");
    let ran = world.run(&["sink", "s.json", "in", "rows", "--key", "id", "--rejects", "bad"]).exits(1);
    assert_eq!(ran.out, "in: 4 read, 1 acknowledged, 3 rejected\n");
    let bad = world.read("bad");
    let bad: Vec<serde_json::Value> = bad.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let places: Vec<_> = bad.iter().map(|line| line["at"].as_str().unwrap()).collect();
    assert_eq!(places, ["rows:2", "rows:3", "rows:4"]);
    assert_eq!(bad[0]["row"], "no json");
    assert!(bad.iter().all(|line| !line["reason"].as_str().unwrap().is_empty()));
}

#[test]
fn what_is_wrong_is_found_before_anything_is_sent() {
    let world = world("sink", "json");
    world.topic("in", &[]);
    world.write("rows", "{\"id\":1}\n");
    world.run(&["sink", "s.json", "in", "rows", "nofile"]).fails(2, &["nofile"]);
    world.run(&["sink", "s.json", "in", "rows", "--partition", "7"]).fails(2, &["no partition 7"]);
    world.run(&["sink", "s.json", "in", "rows", "--rejects", "no/such/directory"]).fails(2, &["--rejects"]);
    assert_eq!(world.broker.end_offset("in", 0), Some(0));
}

#[test]
fn keys_partitions_and_codecs_are_as_asked() {
    let world = world("sink", "json");
    world.broker.create_topic("in", 2).unwrap();
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let args = ["sink", "s.json", "in", "--partition", "1", "--key", "id", "--compression", codec];
        world.feed(&args, "{\"id\":1}\n").exits(0);
    }
    assert_eq!((world.broker.end_offset("in", 0), world.broker.end_offset("in", 1)), (Some(0), Some(5)));
    world.system("read.json", "source", "");
    let ran = world.run(&["source", "read.json", "in", "--meta", "--limit", "1"]).exits(0);
    assert_eq!(ran.json()["_key"], "1");
}

#[test]
fn what_the_brokers_refuse_is_told_and_counted() {
    let world = world("sink", "json");
    world.topic("in", &[]);
    let refused = Action::Fail(kafka_protocol::ResponseError::TopicAuthorizationFailed);
    world.broker.intercept(Interception::times(ApiKey::Produce, refused, 10));
    let ran = world.feed(&["sink", "s.json", "in", "--rejects", "bad"], "{\"id\":1}\n").exits(3);
    assert_eq!(ran.out, "in: 1 read, 0 acknowledged, 1 rejected\n");
    assert!(ran.err.contains("TOPIC_AUTHORIZATION_FAILED"), "{ran:?}");
    assert!(world.read("bad").contains("TOPIC_AUTHORIZATION_FAILED"), "{ran:?}");
}

#[test]
fn input_that_breaks_off_half_way_is_counted_until_then() {
    let world = world("sink", "json");
    world.topic("in", &[]);
    world.write("a.json", "{\"id\":1}\n");
    world.write("b.csv", "\"a\"b\n1\n");
    let ran = world.run(&["sink", "s.json", "in", "a.json", "b.csv"]).exits(4);
    assert_eq!(ran.out, "in: 1 read, 1 acknowledged, 0 rejected\n");
    assert!(ran.err.starts_with("error: b.csv:1: the header row"), "{ran:?}");
    let ran = world.run(&["sink", "s.json", "in", "b.csv"]).exits(2);
    assert_eq!(world.broker.end_offset("in", 0), Some(1), "{ran:?}");
}
