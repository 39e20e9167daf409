//! The instruments themselves: before they judge anything, they are seen to work on data that topica never touched.
use protocol_tests::{Flink, Impostor, Kafka, Record, compare, consume, produce, transact};
use serde_json::json;

#[test]
fn records_come_back_as_they_were_written() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("harness-round-trip");
    kafka.create(&[(&topic, 2)]);
    let written = kafka.produce(vec![
        Record::new(&topic, "{\"a\":1}").key("k1").partition(0).at(1_700_000_000_000).header("trace", "x"),
        Record::new(&topic, [0xff, 0x00, 0x80]).partition(1).at(1_700_000_000_001),
        Record::tombstone(&topic, "k1").partition(0).at(1_700_000_000_002),
        Record::new(&topic, "").partition(1).at(1_700_000_000_003),
    ]);
    let mut expected = written;
    expected.sort_by_key(|r| (r.partition, r.offset));
    assert_eq!(kafka.consume(&topic), expected);
}

#[test]
fn librdkafka_and_java_read_each_other() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(librdkafka) = kafka.librdkafka() else {
        return;
    };
    let topic = kafka.topic("harness-librdkafka");
    kafka.create(&[(&topic, 1)]);
    let by_librdkafka = produce(
        librdkafka,
        vec![Record::new(&topic, "ü").key([0xfe]).header("h", "v")],
        &json!({"compression.type": "zstd"}),
    );
    let by_java = produce(kafka.java(), vec![Record::tombstone(&topic, "k")], &json!({"compression.type": "gzip"}));
    let both = [by_librdkafka, by_java].concat();
    assert_eq!(kafka.consume(&topic), both);
    assert_eq!(consume(librdkafka, &topic), both);
}

#[test]
fn aborted_transactions_are_not_seen() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("harness-transactions");
    kafka.create(&[(&topic, 1)]);
    transact(kafka.java(), "harness", &[Record::new(&topic, "kept")], "commit");
    transact(kafka.java(), "harness", &[Record::new(&topic, "lost")], "abort");
    let values: Vec<String> = kafka.consume(&topic).iter().map(|r| r.text().to_owned()).collect();
    assert_eq!(values, ["kept"]);
}

#[test]
fn flink_reads_a_table_that_was_written_by_hand() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let topic = kafka.topic("harness.flink");
    kafka.create(&[(&topic, 2)]);
    let written = kafka.produce(vec![
        Record::new(&topic, r#"{"id":1,"big":18446744073709551615,"price":0.1,"at":"2024-02-29T12:00:00.500Z","day":"2024-02-29","tags":["a",null],"inner":{"x":true},"any":1}"#).partition(0),
        Record::new(&topic, r#"{"id":-9007199254740993,"any":{"b":[1,2.50]}}"#).partition(1),
        Record::tombstone(&topic, "k").partition(1),
        Record::new(&topic, "no json").partition(1),
    ]);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("by_hand.table.sql");
    let sql = format!(
        "-- by hand\nCREATE TABLE `harness.flink` (\n  `id` BIGINT,\n  `big` DECIMAL(20, 0),\n  `price` DOUBLE,\n  `at` TIMESTAMP_LTZ(3),\n  `day` DATE,\n  `tags` ARRAY<STRING>,\n  `inner` ROW<`x` BOOLEAN>,\n  `any` STRING,\n  \
         `_source_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL\n) WITH (\n  'connector' = 'kafka',\n  'topic' = '{topic}',\n  'properties.bootstrap.servers' = '${{SERVERS}}',\n  'format' = 'json',\n  \
         'json.ignore-parse-errors' = 'true',\n  'json.timestamp-format.standard' = 'ISO-8601'\n);\n"
    );
    std::fs::write(&file, sql).unwrap();
    let tables = flink.read(directory.path(), &[("SERVERS", kafka.servers())]);
    assert_eq!(tables.len(), 1);
    assert_eq!(tables[0].error, None);
    assert_eq!(tables[0].table, "harness.flink");
    assert_eq!(tables[0].root("big"), "DECIMAL");
    compare::json_rows(&tables[0], &written);
}

#[test]
fn the_comparison_sees_damage() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let topic = kafka.topic("harness-damage");
    let written = kafka.write(&topic, [r#"{"n":1.75,"b":"yes"}"#]);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("damage.table.sql");
    let with = format!(
        "'connector' = 'kafka', 'topic' = '{topic}', 'properties.bootstrap.servers' = '{}', 'format' = 'json'",
        kafka.servers()
    );
    std::fs::write(&file, format!("CREATE TABLE `damage` (`n` BIGINT, `b` BOOLEAN) WITH ({with});\n")).unwrap();
    let table = flink.read_one(&file);
    let damage = std::panic::catch_unwind(|| compare::json_rows(&table, &written)).unwrap_err();
    let said = damage.downcast_ref::<String>().unwrap();
    assert!(said.contains("n BIGINT") && said.contains("b BOOLEAN"), "{said}");
}

#[test]
fn a_table_that_flink_refuses_is_reported_as_such() {
    let Some(flink) = Flink::shared() else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wrong.table.sql");
    std::fs::write(&file, "CREATE TABLE `wrong` (`a` NO_SUCH_TYPE) WITH ('connector' = 'kafka');\n").unwrap();
    let tables = flink.read(&file, &[]);
    assert!(tables[0].error.as_deref().is_some_and(|e| e.contains("NO_SUCH_TYPE")), "{tables:?}");
}

#[test]
fn impostors_answer_as_told() {
    use std::io::{Read, Write};
    let http = Impostor::answering(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let mut stream = std::net::TcpStream::connect(http.servers()).unwrap();
    stream.write_all(b"x").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 400"));
    assert!(std::net::TcpStream::connect(Impostor::nobody().servers()).is_err());
}
