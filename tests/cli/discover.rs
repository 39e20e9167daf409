//! `topica discover`.

use std::time::Duration;

use topica::broker::{Action, ApiKey, Interception};

use crate::support::World;

#[test]
fn the_document_is_the_contracts() {
    let world = World::new();
    world.topic("shop.orders.json", &[r#"{"id":1,"note":null}"#, r#"{"id":2}"#]);
    world.topic("shop.empty.json", &[]);
    let ran = world.discover(&["--topic-prefix", "shop.", "--output", "json"]).exits(0);
    let document = ran.json();
    assert_eq!(document["cluster"]["brokers"], 1);
    let table = &document["tables"][0];
    assert_eq!((&table["table"], &table["topic"]), (&"orders".into(), &"shop.orders.json".into()));
    assert_eq!(table["format"], serde_json::json!({"name": "json", "from": "extension", "share": 1.0}));
    assert_eq!((&table["sample"]["records"], &table["sample"]["complete"]), (&2.into(), &true.into()));
    assert_eq!(
        table["columns"][0],
        serde_json::json!({"name": "id", "type": "BIGINT", "nullable": true, "seen": 2, "null": 0})
    );
    assert_eq!(document["skipped"][0]["topic"], "shop.empty.json");
    // What was found is data, what was done is for people; and the files are there, too.
    assert!(ran.err.contains("1 file written to ."), "{ran:?}");
    assert!(world.read("orders.table.sql").contains("CREATE TABLE `orders`"));
}

#[test]
fn the_text_view_is_calm_and_within_its_width() {
    let world = World::new();
    world.topic("orders", &[r#"{"id":1,"a_name_that_is_rather_long":"x"}"#, r#"{"id":2}"#]);
    let ran = world.discover(&["--dry-run"]).exits(0);
    assert_eq!(
        ran.out,
        "orders  topic orders\n  json, by its bytes; 2 records in 1 partition, all read\n    \
         id                          BIGINT\n    a_name_that_is_rather_long  STRING  in 50 %\n\n"
    );
    assert_eq!(ran.err, "1 table; 1 file would be written to .\n");
    assert!(!world.path("orders.table.sql").exists());
}

#[test]
fn a_cluster_without_such_topics_is_no_error() {
    let world = World::new();
    let ran = world.discover(&["-o", "out"]).exits(0);
    assert!(ran.err.contains("no topics") && ran.out.is_empty(), "{ran:?}");
    world.topic("in", &["{}"]);
    let ran = world.discover(&["-o", "out", "--topic-prefix", "shop."]).exits(0);
    assert!(ran.err.contains("'shop.'"), "{ran:?}");
    assert!(!world.path("out").exists(), "no directory is made for nothing");
}

#[test]
fn a_second_run_changes_nothing_and_other_content_is_an_error() {
    let world = World::new();
    world.topic("in", &[r#"{"a":1}"#]);
    world.topic("other", &[r#"{"a":1}"#]);
    world.discover(&["-o", "out"]).exits(0);
    let first = world.read("out/in.table.sql");
    let ran = world.discover(&["-o", "out"]).exits(0);
    assert!(ran.err.contains("0 files written to out, 2 there already"), "{ran:?}");
    world.append("in", &[r#"{"a":1.5,"b":true}"#]);
    world.topic("third", &[r#"{"a":1}"#]);
    let ran = world.discover(&["-o", "out"]).fails(2, &["in.table.sql", "--overwrite"]);
    assert!(!ran.err.contains("other.table.sql"));
    assert_eq!(world.read("out/in.table.sql"), first);
    assert!(!world.path("out/third.table.sql").exists(), "nothing is written then");
    world.discover(&["-o", "out", "--overwrite"]).exits(0);
    assert!(world.read("out/in.table.sql").contains("`b` BOOLEAN"), "it was inferred afresh");
}

#[test]
fn what_it_wrote_says_where_the_cluster_is() {
    let world = World::new();
    world.topic("in", &[r#"{"a":1}"#]);
    world.discover(&["-o", "out"]).exits(0);
    world.append("in", &[r#"{"a":1,"b":2}"#]);
    // No --servers: the written tables say it, and what topica generated is inferred afresh.
    world.run(&["discover", "out", "-o", "out", "--overwrite"]).exits(0);
    assert!(world.read("out/in.table.sql").contains("`b` BIGINT"));
}

#[test]
fn a_directory_that_cannot_be_written_to_is_found_before_sampling() {
    let world = World::new();
    world.topic("in", &[r#"{"a":1}"#]);
    world.write("file", "");
    world.discover(&["-o", "file"]).fails(2, &["file", "no directory"]);
    world.discover(&["-o", "file/below"]).fails(2, &["file"]);
    assert_eq!(world.broker.stats().fetched_from("in"), 0);
}

#[test]
fn two_topics_of_one_name_are_an_error_that_names_both() {
    let world = World::new();
    world.topic("orders", &["{}"]);
    world.topic("orders.json", &["{}"]);
    world.discover(&["-o", "out"]).fails(2, &["`orders`", "`orders.json`"]);
    assert!(!world.path("out").exists());
}

#[test]
fn a_sink_needs_a_format() {
    let world = World::new();
    world.topic("in", &[r#"{"a":1}"#]);
    world.system("s.json", "sink", "");
    world.run(&["discover", "s.json"]).fails(2, &["format", "--format json"]);
    world.run(&["discover", "s.json", "--format", "json", "-o", "out"]).exits(0);
    assert!(world.read("out/in.table.sql").contains("role: sink"));
}

#[test]
fn a_mixed_topic_and_too_many_rejects_are_exit_1() {
    let world = World::new();
    world.topic("mixed", &[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#, "some words", "other words", "more of them"]);
    let ran = world.discover(&["--dry-run", "--topic", "^mixed$"]).exits(1);
    assert!(ran.err.contains("not right: topic mixed"), "{ran:?}");
    let mut values = vec![r#"{"a":1}"#; 9];
    values.push(r#"{"a":"#);
    world.topic("broken.json", &values);
    let ran = world.discover(&["--dry-run", "--topic", "broken"]).exits(1);
    assert!(ran.err.contains("1 of 10 records of topic broken.json"), "{ran:?}");
    world.discover(&["--dry-run", "--topic", "broken", "--max-rejected", "0.1"]).exits(0);
}

#[test]
fn classic_files_are_written_on_request() {
    let world = World::new();
    world.topic("in", &[r#"{"a":1}"#]);
    let ran = world.discover(&["-o", "out", "--dialect", "classic,sql"]).exits(0);
    assert!(ran.err.contains("3 files written"), "{ran:?}");
    for file in ["in.table.sql", "in.table.json", "in.schema.yml"] {
        assert!(world.path("out").join(file).is_file(), "{file}");
    }
    let ran = world.discover(&["-o", "out"]).exits(0);
    assert!(ran.err.contains("left as they were") && ran.err.contains("in.schema.yml"), "{ran:?}");
}

#[test]
fn a_key_that_looks_like_a_variable_is_a_column_in_every_dialect() {
    let world = World::new();
    world.topic("in", &[r#"{"${NO_SUCH}":1,"${HOME}":{"${HOME}":2}}"#]);
    world.topic("other", &[r#"{"a":1}"#]);
    world.discover(&["-o", "out", "--dialect", "classic,sql"]).exits(0);
    assert!(world.read("out/in.schema.yml").contains("${NO_SUCH}"));
}

#[test]
fn tables_of_topics_that_are_called_system_are_tables() {
    let world = World::new();
    for topic in ["system.a", "system.b", "other"] {
        world.topic(topic, &[r#"{"a":1}"#]);
    }
    world.discover(&["-o", "out", "--dialect", "classic"]).exits(0);
    let ran = world.run(&["source", "out", "system.b"]).exits(0);
    assert_eq!(ran.out, "{\"a\":1}\n", "{ran:?}");
}

#[test]
fn what_classic_files_cannot_say_is_told() {
    let world = World::new();
    world.topic("single.csv", &["1,'a,b'", "2,'c'", "3,'d,e'", "4,'f'"]);
    world.topic("double.csv", &["1,\"a,b\"", "2,\"c\"", "3,\"d,e\"", "4,\"f\""]);
    let tells = "cannot say that ' encloses fields";
    let ran = world.discover(&["--dry-run", "--dialect", "classic", "--output", "json"]).exits(0);
    let tables = ran.json()["tables"].as_array().unwrap().clone();
    let told: Vec<bool> = tables.iter().map(|table| table["warnings"].to_string().contains(tells)).collect();
    assert_eq!(told, [false, true], "{ran:?}");
    let ran = world.discover(&["--dry-run", "--dialect", "sql"]).exits(0);
    assert!(!ran.out.contains(tells), "{ran:?}");
    let ran = world.feed(&["infer", "--name", "t", "--dialect", "classic"], "1,'a,b'\n2,'c'\n3,'d,e'\n");
    assert!(ran.err.contains(tells), "{ran:?}");
}

#[test]
fn topics_are_chosen_by_an_unanchored_pattern() {
    let world = World::new();
    for topic in ["a_orders", "b_orders", "customers"] {
        world.topic(topic, &[r#"{"a":1}"#]);
    }
    let tables = |pattern: &str| {
        let document = world.discover(&["--dry-run", "--output", "json", "--topic", pattern]).exits(0).json();
        document["tables"].as_array().unwrap().len()
    };
    assert_eq!((tables("order"), tables("^b"), tables("s$")), (2, 1, 3));
    world.discover(&["--topic", "("]).fails(2, &["--topic '('"]);
}

#[test]
fn a_configured_schema_is_used_and_told() {
    let world = World::new();
    world.topic("in", &[r#"{"a":1.5}"#]);
    world.discover(&["-o", "out"]).exits(0);
    let written = world.read("out/in.table.sql");
    // Without its mark, and changed, it is somebody's own.
    let own: String =
        written.lines().skip(1).map(|line| line.replace("`a` DOUBLE", "`a` DECIMAL(10, 2)") + "\n").collect();
    world.write("own/in.table.sql", &own);
    let ran = world.discover(&["-o", "out2", "--schema", "own"]).exits(0);
    assert!(ran.out.contains("as configured in own/in.table.sql") && ran.out.contains("DECIMAL(10, 2)"), "{ran:?}");
    assert!(world.read("out2/in.table.sql").contains("`a` DECIMAL(10, 2)"));
    world.discover(&["--schema", "nofile"]).fails(2, &["nofile"]);
}

#[test]
fn a_limit_ends_sampling_and_is_told() {
    let world = World::new();
    world.topic("in", &[r#"{"a":1}"#]);
    world.broker.intercept(Interception::times(ApiKey::Fetch, Action::Delay(Duration::from_secs(600)), 1000));
    let ran = world.discover(&["--dry-run", "--limit", "0.5"]).exits(1);
    assert!(ran.out.contains("in  ") && ran.err.contains("not right: topic in has no table"), "{ran:?}");
    // Whether the topics were listed before that is a matter of luck; that something is missing is not.
    world.discover(&["--limit", "0.000001"]).exits(1);
}
