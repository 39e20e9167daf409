//! `topica sink`: rows in, records that other clients read, and an honest count.
use crate::discovered::{Discovered, data_system};
use protocol_tests::{Finished, Flink, Json, Kafka, Record, Topica, compare, consume};
use serde_json::{Value, json};
use std::path::Path;

fn sink(config: &Path, table: &str, arguments: &[&str], input: &str) -> Finished {
    Topica::new(["sink"]).args([config]).args([table]).args(arguments).input(input).run()
}

fn same(record: &Record, row: &str) {
    assert!(Json::parse(record.text()).unwrap().same(&Json::parse(row).unwrap()), "{} is not {row}", record.text());
}

#[test]
fn json_rows_are_read_back_by_java_and_librdkafka() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("sink-json.");
    let (_directory, config) = data_system(kafka, "sink", &prefix, &json!({"formatType": "json"}));
    let rows: Vec<String> = (0..500)
        .map(|i| {
            format!(r#"{{"id":{i},"name":"ü {i}","price":{i}.10,"huge":1e400,"tags":["a",null],"inner":{{"x":true}}}}"#)
        })
        .collect();
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = format!("{prefix}{codec}");
        kafka.create(&[(&topic, 1)]);
        let run =
            sink(&config, codec, &["--compression", codec, "--output", "json"], &(rows.join("\n") + "\n")).exit(0);
        let count = run.json();
        assert_eq!(
            (&count["read"], &count["acknowledged"], &count["rejected"]),
            (&json!(500), &json!(500), &json!(0)),
            "{run}"
        );
        let read = kafka.consume(&topic);
        assert_eq!(read.len(), rows.len(), "{codec}");
        read.iter().zip(&rows).for_each(|(record, row)| same(record, row));
        if let Some(librdkafka) = kafka.librdkafka() {
            assert_eq!(consume(librdkafka, &topic), read, "{codec}");
        }
    }
}

#[test]
fn keys_come_from_columns() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("sink-keys.");
    let topic = format!("{prefix}users");
    kafka.create(&[(&topic, 4)]);
    let (_directory, config) = data_system(kafka, "sink", &prefix, &json!({"formatType": "json"}));
    let rows: String = (0..200).map(|i| format!("{{\"id\":\"user-{}\",\"n\":{i}}}\n", i % 20)).collect();
    sink(&config, "users", &["--key", "id"], &rows).exit(0);
    let read = kafka.consume(&topic);
    assert_eq!(read.len(), 200);
    // What the Java client's partitioner would do with the same keys.
    let mirror = format!("{prefix}mirror");
    kafka.create(&[(&mirror, 4)]);
    let mirrored =
        kafka.produce(read.iter().map(|r| Record { topic: mirror.clone(), partition: None, ..r.clone() }).collect());
    for (record, mirrored) in read.iter().zip(&mirrored) {
        let value: Value = serde_json::from_str(record.text()).unwrap();
        assert_eq!(record.key.as_deref(), value["id"].as_str().map(str::as_bytes));
        assert_eq!(record.partition, mirrored.partition, "a key lies where Java's partitioner puts it");
    }
    for partition in 0..4 {
        let order: Vec<i64> = read
            .iter()
            .filter(|r| r.partition == Some(partition))
            .map(|r| serde_json::from_str::<Value>(r.text()).unwrap()["n"].as_i64().unwrap())
            .collect();
        assert!(order.is_sorted(), "order within a partition holds");
    }
    sink(&config, "users", &["--key", "id"], "{\"n\":1}\n").exit(1);
    sink(&config, "users", &["--partition", "2"], "{\"n\":2}\n").exit(0);
    assert!(kafka.consume(&topic).iter().any(|r| r.partition == Some(2) && r.text() == "{\"n\":2}"));
}

#[test]
fn a_dynamic_sink_needs_only_the_data_system() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("dynamic.");
    let (directory, config) = data_system(kafka, "sink", &prefix, &json!({"formatType": "json"}));
    let topic = format!("{prefix}invoices");
    let refused =
        sink(&config, "invoices", &["--timeout", "5"], "{\"id\":1}\n").brief().says(&[&topic, "--create-topic"]);
    assert_ne!(refused.code, Some(0));
    sink(&config, "invoices", &["--create-topic", "--partitions", "3"], "{\"id\":1}\n{\"id\":2}\n").exit(0);
    let mut values: Vec<String> = kafka.consume(&topic).iter().map(|r| r.text().to_owned()).collect();
    values.sort();
    assert_eq!(values, ["{\"id\":1}", "{\"id\":2}"]);
    // The directory is as good as the file, and a second run needs no topic.
    sink(directory.path(), "invoices", &[], "{\"id\":3}").exit(0);
    assert_eq!(kafka.consume(&topic).len(), 3);
}

#[test]
fn rows_come_from_files_too() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("files.");
    let topic = format!("{prefix}t");
    kafka.create(&[(&topic, 1)]);
    let (directory, config) = data_system(kafka, "sink", &prefix, &json!({"formatType": "json"}));
    let first = directory.path().join("first.jsonl");
    let second = directory.path().join("second.csv");
    std::fs::write(&first, "{\"id\":1}\n\n{\"id\":2}").unwrap();
    std::fs::write(&second, "id,name\n3,\"a, b\"\n").unwrap();
    sink(&config, "t", &[first.to_str().unwrap()], "").exit(0);
    sink(&config, "t", &["--input-format", "csv", second.to_str().unwrap()], "").exit(0);
    let values: Vec<Value> = kafka.consume(&topic).iter().map(|r| serde_json::from_str(r.text()).unwrap()).collect();
    assert_eq!(values[..2], [json!({"id": 1}), json!({"id": 2})]);
    assert_eq!(values[2]["name"], "a, b");
    sink(&config, "t", &["/no/such/file"], "").exit(2).brief().says(&["/no/such/file"]);
}

#[test]
fn what_is_no_row_is_rejected_and_counted() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("rejects-in.");
    let topic = format!("{prefix}t");
    kafka.write(&topic, [r#"{"id":0}"#]);
    let (directory, config) = data_system(kafka, "source_and_sink", &prefix, &json!({"formatType": "json"}));
    let rejects = directory.path().join("rejects");
    let input = "{\"id\":1}\n{\"id\":2\n{\"id\":3}\n";
    let run = sink(&config, "t", &["--rejects", rejects.to_str().unwrap(), "--output", "json"], input).exit(1);
    let count = run.json();
    assert_eq!(
        (&count["read"], &count["acknowledged"], &count["rejected"]),
        (&json!(3), &json!(2), &json!(1)),
        "{run}"
    );
    assert_eq!(std::fs::read_to_string(&rejects).unwrap().lines().count(), 1);
    assert_eq!(
        kafka.consume(&topic).iter().map(Record::text).collect::<Vec<_>>(),
        ["{\"id\":0}", "{\"id\":1}", "{\"id\":3}"]
    );

    // With a table there is a schema to check against.
    let found = Discovered::of(kafka, &[config.to_str().unwrap()]);
    let run = sink(found.directory.path(), "t", &["--output", "json"], "{\"id\":4}\n{\"id\":\"four\"}\n").exit(1);
    assert_eq!((&run.json()["acknowledged"], &run.json()["rejected"]), (&json!(1), &json!(1)), "{run}");
}

#[test]
fn csv_rows_are_what_flink_reads_back() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("sink-csv.");
    let topic = format!("{prefix}people");
    // An empty text was seen, so empty is text in this table.
    let seed = ["1;plain;1.5;2024-02-29", "2;;2.25;2024-03-01"];
    kafka.write(&topic, seed);
    let columns = ["id", "name", "score", "born"];
    let (_directory, config) = data_system(
        kafka,
        "source_and_sink",
        &prefix,
        &json!({"formatType": "csv", "delimiter": ";", "header": columns}),
    );
    let found = Discovered::of(kafka, &[config.to_str().unwrap()]);
    let names = [
        "semi;colon",
        "a \"quote\"",
        "\"",
        "",
        "it's",
        "ü ☃",
        " spaces ",
        "comma, too",
        "back\\slash",
        "#hash",
        "two\nlines",
    ];
    let rows: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(i, name)| json!({"id": i + 3, "name": name, "score": 0.5, "born": "2000-01-01"}))
        .collect();
    let input: String = rows.iter().map(|r| format!("{r}\n")).collect();
    sink(found.directory.path(), "people", &[], &input).exit(0);
    let read = flink.read_one(&found.path("people"));
    assert_eq!(read.rows.len(), seed.len() + rows.len());
    assert_eq!(read.cells("name")[seed.len()..], names.map(Value::from).iter().collect::<Vec<_>>()[..]);
    assert_eq!(read.cells("id").last().unwrap().as_str(), Some(rows.len().wrapping_add(2).to_string().as_str()));
    // And topica's own `source` reads the same.
    let run = Topica::new(["source"]).args([found.directory.path()]).args(["people"]).run().exit(0);
    let printed: Vec<Value> =
        run.lines().iter().map(|l| serde_json::from_str::<Value>(l).unwrap()["name"].clone()).collect();
    assert_eq!(printed[seed.len()..], names.map(Value::from));
}

/// Where an empty field reads as null, an empty text cannot be said: better refused than changed.
#[test]
fn an_empty_text_is_kept_or_refused() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("sink-empty.");
    let topic = format!("{prefix}people.csv");
    kafka.write(&topic, ["1,plain", "2,words"]);
    let (_directory, config) =
        data_system(kafka, "source_and_sink", &prefix, &json!({"formatType": "csv", "header": ["id", "name"]}));
    let found = Discovered::of(kafka, &[config.to_str().unwrap()]);
    let run = sink(found.directory.path(), "people", &[], "{\"id\":3,\"name\":\"\"}\n");
    let read = flink.read_one(&found.path("people"));
    match run.code {
        Some(0) => assert_eq!(read.cells("name"), ["plain", "words", ""]),
        Some(1) => assert_eq!(read.cells("name"), ["plain", "words"]),
        _ => panic!("{run}"),
    }
}

#[test]
fn json_rows_into_a_written_table_are_what_flink_reads_back() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("sink-flink.");
    let topic = format!("{prefix}orders");
    kafka.write(
        &topic,
        [r#"{"id":1,"at":"2024-02-29T00:00:00Z","tags":["a"],"inner":{"x":1.5},"big":18446744073709551615}"#],
    );
    let (_directory, config) = data_system(kafka, "source_and_sink", &prefix, &json!({"formatType": "json"}));
    let found = Discovered::of(kafka, &[config.to_str().unwrap()]);
    let rows = "{\"id\":2,\"at\":\"2024-03-01T12:34:56.789Z\",\"tags\":[],\"inner\":{\"x\":0.1},\"big\":9223372036854775808}\n{\"id\":3}\n";
    sink(found.directory.path(), "orders", &[], rows).exit(0);
    compare::json_rows(&flink.read_one(&found.path("orders")), &kafka.consume(&topic));
}

#[test]
fn source_pours_into_sink() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("pour.");
    let from = format!("{prefix}from");
    let payloads: Vec<String> = (0..5000).map(|i| format!(r#"{{"i":{i},"s":"{}"}}"#, "y".repeat(i % 300))).collect();
    kafka.write(&from, &payloads);
    kafka.create(&[(&format!("{prefix}to"), 1)]);
    let (_directory, config) = data_system(kafka, "source_and_sink", &prefix, &json!({"formatType": "json"}));
    let topica = Topica::program();
    let script =
        format!("set -o pipefail; '{0}' source '{1}' from | '{0}' sink '{1}' to", topica.display(), config.display());
    Topica::of("bash", ["-c", &script]).run().exit(0);
    let read = kafka.consume(&format!("{prefix}to"));
    assert_eq!(read.iter().map(Record::text).collect::<Vec<_>>(), payloads);
}

#[test]
fn a_record_that_is_too_large_is_reported_and_the_rest_is_sent() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("large.");
    let topic = format!("{prefix}t");
    kafka.create(&[(&topic, 1)]);
    let (_directory, config) = data_system(kafka, "sink", &prefix, &json!({"formatType": "json"}));
    let large = format!("{{\"id\":2,\"s\":\"{}\"}}", "z".repeat(3 << 20));
    let run = sink(
        &config,
        "t",
        &["--output", "json", "--compression", "none"],
        &format!("{{\"id\":1}}\n{large}\n{{\"id\":3}}\n"),
    );
    assert_eq!(run.code, Some(1), "{run}");
    assert_eq!((&run.json()["acknowledged"], &run.json()["rejected"]), (&json!(2), &json!(1)), "{run}");
    assert_eq!(kafka.consume(&topic).iter().map(Record::text).collect::<Vec<_>>(), ["{\"id\":1}", "{\"id\":3}"]);
}

#[test]
fn a_table_that_is_a_source_is_no_sink() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("no-sink.");
    let topic = format!("{prefix}t");
    kafka.write(&topic, ["{\"id\":1}"]);
    let (_directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    sink(&config, "t", &[], "{\"id\":2}\n").exit(2).brief().says(&["source_and_sink"]);
    assert_eq!(kafka.consume(&topic).len(), 1);
}
