//! What lies in real topics beside clean JSON: keys, tombstones, broken records, mixtures, text, bytes, nothing.
use crate::discovered::{Discovered, files};
use protocol_tests::{Flink, Kafka, Record, compare};
use serde_json::json;

#[test]
fn keys_tombstones_and_broken_records_cost_only_themselves() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("broken.");
    let topic = format!("{prefix}users");
    kafka.create(&[(&topic, 3)]);
    let mut records: Vec<Record> = (0..300)
        .map(|i| Record::new(&topic, format!(r#"{{"id":{i},"name":"user {i}"}}"#)).key(format!("user-{i}")))
        .collect();
    records.push(Record::tombstone(&topic, "user-1"));
    records.push(Record::tombstone(&topic, "user-2"));
    records.push(Record::new(&topic, r#"{"id":300,"name":"cut"#).key("cut"));
    records.push(Record::new(&topic, [0xff, 0xfe, 0x00]).key("bytes"));
    let written = kafka.produce(records);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    let table = found.table("users");
    assert_eq!(table["format"]["name"], "json");
    let sample = &table["sample"];
    assert_eq!(
        (&sample["partitions"], &sample["records"], &sample["tombstones"], &sample["rejected"]),
        (&json!(3), &json!(304), &json!(2), &json!(2))
    );
    assert_eq!(table["key"]["format"]["name"], "text");
    let read = found.flink_reads_json(flink, "users", &written);
    assert_eq!(read.root("id"), "BIGINT");
}

#[test]
fn a_key_that_equals_a_column_is_noted() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("keyed.");
    let topic = format!("{prefix}users");
    kafka.create(&[(&topic, 1)]);
    let written = kafka.produce(
        (1..=50_i64)
            .map(|i| Record::new(&topic, format!(r#"{{"id":{i},"n":{}}}"#, i * 7)).key(i.to_be_bytes()))
            .collect(),
    );
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    let key = &found.table("users")["key"];
    assert_eq!(
        (&key["format"]["name"], &key["format"]["share"], &key["columns"]),
        (&json!("int64"), &json!(1.0), &json!(["id"]))
    );
    found.flink_reads_json(flink, "users", &written);
}

#[test]
fn an_empty_topic_is_a_line_in_the_report() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("empty.");
    kafka.create(&[(&format!("{prefix}nothing.json"), 3)]);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    assert!(found.tables().is_empty());
    let skipped = found.report["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), 1);
    assert_eq!(skipped[0]["topic"], format!("{prefix}nothing.json"));
    assert!(files(found.directory.path()).is_empty());
}

#[test]
fn only_tombstones_are_no_table() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("tombstones.");
    let topic = format!("{prefix}gone");
    kafka.create(&[(&topic, 1)]);
    kafka.produce(vec![Record::tombstone(&topic, "a"), Record::tombstone(&topic, "b")]);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    assert_eq!(
        found.report["tables"].as_array().unwrap().len() + found.report["skipped"].as_array().unwrap().len(),
        1,
        "{}",
        found.run
    );
}

#[test]
fn a_mostly_json_topic_is_a_json_table_and_exit_1() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("mixed.");
    let topic = format!("{prefix}events");
    let values = (0..200).map(|i| {
        if i % 20 == 7 { format!("plain words, number {i}") } else { format!(r#"{{"id":{i},"word":"w{i}"}}"#) }
    });
    let written = kafka.write(&topic, values);
    let found = Discovered::ending(1, kafka, &["--topic-prefix", &prefix]);
    let format = &found.table("events")["format"];
    assert_eq!(format["name"], "json");
    let mixed: Vec<&str> = format["mixed"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert!(mixed.contains(&"json") && mixed.len() == 2, "{mixed:?}");
    found.flink_reads_json(flink, "events", &written);
}

#[test]
fn a_topic_of_two_halves_is_raw_bytes_and_exit_1() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("halves.");
    let values =
        (0..100).map(|i| if i % 5 < 2 { format!("plain words, number {i}") } else { format!(r#"{{"id":{i}}}"#) });
    let written = kafka.write(&format!("{prefix}events"), values);
    let found = Discovered::ending(1, kafka, &["--topic-prefix", &prefix]);
    reads_raw(flink, &found, "events", "VARBINARY", &written);
}

#[test]
fn text_is_one_column() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("text.");
    let lines = [
        "the quick brown fox",
        "GET /index.html HTTP/1.1",
        "ünïcödé ☃ 😀",
        "it's \"quoted\"; and -- commented",
        "   ",
        "\ttabbed",
        "a",
    ];
    let written = kafka.write(&format!("{prefix}log"), lines);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    assert_eq!(found.table("log")["format"]["name"], "text");
    reads_raw(flink, &found, "log", "VARCHAR", &written);
}

#[test]
fn numbers_as_text_are_text_with_a_scalar() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("scalars.");
    kafka.write(&format!("{prefix}counts"), (0..30).map(|i| (i * 17).to_string()));
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    let format = &found.table("counts")["format"];
    assert_eq!(format["name"], "text");
    assert!(!format["scalar"].is_null(), "{format}");
}

#[test]
fn bytes_are_one_column() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("binary.");
    let values = (0..60_u8).map(|i| {
        (0..40_u8).map(|j| i.wrapping_mul(31).wrapping_add(j.wrapping_mul(97)) ^ 0x80 | (j % 3)).collect::<Vec<u8>>()
    });
    let written = kafka.write(&format!("{prefix}blobs"), values);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    assert_eq!(found.table("blobs")["format"]["name"], "binary");
    reads_raw(flink, &found, "blobs", "VARBINARY", &written);
}

#[test]
fn a_format_that_the_bytes_contradict_is_said() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("contradicted.");
    kafka.write(
        &format!("{prefix}words.json"),
        (0..50).map(|i| if i < 40 { format!(r#"{{"id":{i}}}"#) } else { format!("just words {i}") }),
    );
    let found = Discovered::ending(1, kafka, &["--topic-prefix", &prefix]);
    let format = &found.table("words")["format"];
    assert_eq!((&format["name"], &format["from"]), (&json!("json"), &json!("extension")));
    let share = format["share"].as_f64().unwrap();
    assert!((share - 0.8).abs() < 0.001, "{share}");
}

#[test]
fn control_batches_and_aborted_records_are_no_sample() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("aborted.");
    let topic = format!("{prefix}orders");
    let mut written = kafka.write(&topic, [r#"{"id":1}"#]);
    protocol_tests::transact(kafka.java(), &topic, &[Record::new(&topic, r#"{"id":"never","lost":true}"#)], "abort");
    protocol_tests::transact(kafka.java(), &topic, &[Record::new(&topic, r#"{"id":2}"#)], "commit");
    written = [written, kafka.consume(&topic).split_off(1)].concat();
    assert_eq!(written.len(), 2);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    assert_eq!(found.column("orders", "id")["type"], "BIGINT");
    found.flink_reads_json(flink, "orders", &written);
}

/// A table of one stored column of this type whose rows are the records' values, byte for byte.
fn reads_raw(flink: &Flink, found: &Discovered, table: &str, root: &str, written: &[Record]) {
    let read = flink.read_one(&found.path(table));
    let stored: Vec<_> = read.columns.iter().filter(|c| c.stored).collect();
    assert_eq!(stored.len(), 1, "{stored:?}");
    assert_eq!(stored[0].ty.root, root);
    let expected: Vec<String> = written
        .iter()
        .map(|r| {
            if root == "VARCHAR" {
                r.text().to_owned()
            } else {
                r.value.iter().flatten().map(|b| format!("{b:02x}")).collect()
            }
        })
        .collect();
    let cells: Vec<_> = read.cells(&stored[0].name).iter().filter_map(|c| c.as_str()).collect();
    assert_eq!(cells, expected);
}

#[test]
fn a_schema_that_changed_late_shows() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("late.");
    let values = (0..3000)
        .map(|i| if i < 2900 { format!(r#"{{"id":{i}}}"#) } else { format!(r#"{{"id":{i},"added":"later {i}"}}"#) });
    let written = kafka.write(&format!("{prefix}events"), values);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix, "--records", "500"]);
    let sample = &found.table("events")["sample"];
    assert_eq!(sample["complete"], false);
    assert!(sample["records"].as_u64().is_some_and(|n| n <= 500), "{sample}");
    assert_eq!(found.column("events", "added")["type"], "STRING");
    compare::json_rows(&flink.read_one(&found.path("events")), &written);
}
