//! `topica source`: every record once, from every codec and client, whole, in order, as JSON lines.
use crate::discovered::data_system;
use protocol_tests::{Finished, Json, Kafka, Peer, Record, Topica, produce, transact};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];

fn source(config: &Path, table: &str, arguments: &[&str]) -> Finished {
    Topica::new(["source"]).args([config]).args([table]).args(arguments).run()
}

/// What each line says, keyed by partition and offset, from `--meta`.
fn by_address(run: &Finished) -> BTreeMap<(i64, i64), Value> {
    let lines = run.lines();
    let rows: BTreeMap<(i64, i64), Value> = lines
        .iter()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            ((row["_partition"].as_i64().unwrap(), row["_offset"].as_i64().unwrap()), row)
        })
        .collect();
    assert_eq!(rows.len(), lines.len(), "a record was printed twice");
    rows
}

/// Three partitions, small batches and large, each codec; `topica source` prints all of it once.
fn every_codec(kafka: &Kafka, peer: &Peer, name: &str) {
    let prefix = kafka.topic(&format!("codec-{name}."));
    let (_directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    for codec in CODECS {
        let topic = format!("{prefix}{codec}");
        kafka.create(&[(&topic, 3)]);
        let payload =
            |i: usize| format!(r#"{{"i":{i},"text":"{}","codec":"{codec}"}}"#, "repeated text ☃ ".repeat(i % 40));
        let mut written = Vec::new();
        for (range, linger) in [(0..5, "0"), (5..1500, "50")] {
            let records = range
                .map(|i| {
                    Record::new(&topic, payload(i))
                        .partition(i32::try_from(i % 3).unwrap())
                        .key(format!("k{i}"))
                        .at(1_700_000_000_000 + i64::try_from(i).unwrap())
                        .header("n", codec)
                })
                .collect();
            written.extend(produce(
                peer,
                records,
                &json!({"compression.type": codec, "linger.ms": linger, "batch.size": "200000"}),
            ));
        }
        let run = source(&config, codec, &["--meta"]).exit(0);
        let rows = by_address(&run);
        assert_eq!(rows.len(), written.len(), "{name} {codec}");
        for record in &written {
            let row = &rows[&(i64::from(record.partition.unwrap()), record.offset)];
            let value: Value = serde_json::from_str(record.text()).unwrap();
            assert_eq!(
                (&row["i"], &row["text"], &row["codec"]),
                (&value["i"], &value["text"], &value["codec"]),
                "{name} {codec}"
            );
            assert_eq!(row["_topic"], topic);
            assert_eq!(row["_key"], std::str::from_utf8(record.key.as_deref().unwrap()).unwrap());
            assert!(row["_headers"].to_string().contains(codec), "{row}");
        }
    }
}

#[test]
fn every_codec_of_the_java_client() {
    let Some(kafka) = Kafka::shared() else { return };
    every_codec(kafka, kafka.java(), "java");
}

#[test]
fn every_codec_of_librdkafka() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(librdkafka) = kafka.librdkafka() else { return };
    every_codec(kafka, librdkafka, "librdkafka");
}

#[test]
fn a_payload_is_printed_as_it_was_written() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("verbatim.");
    let (_directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    let written = [
        r#"{"z":1e400,"a":-0.0,"m":1.10,"big":123456789012345678901234567890,"u":"\u00e9","e":"\/"}"#,
        r#"{"z":[],"unseen":{"b":1,"a":[null,true]},"z2":"☃"}"#,
        r#"{}"#,
    ];
    kafka.write(&format!("{prefix}t"), written);
    let run = source(&config, "t", &[]).exit(0);
    let lines = run.lines();
    assert_eq!(lines.len(), 3, "{run}");
    for (line, payload) in lines.iter().zip(written) {
        assert!(Json::parse(line).unwrap().same(&Json::parse(payload).unwrap()), "{line}");
    }
    assert!(
        lines[0].starts_with(r#"{"z":1e400,"a":-0.0,"m":1.10,"big":123456789012345678901234567890,"#),
        "order and numbers stay: {}",
        lines[0]
    );

    kafka.write(&format!("{prefix}spaced"), [" { \"a\" : [ 1 ,\n 2 ] }\n"]);
    assert_eq!(source(&config, "spaced", &[]).exit(0).stdout, "{\"a\":[1,2]}\n");
}

#[test]
fn limits_and_ranges() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("range.");
    let topic = format!("{prefix}t");
    kafka.create(&[(&topic, 1)]);
    let start = 1_700_000_000_000_i64;
    kafka.produce((0..100).map(|i| Record::new(&topic, format!("{{\"i\":{i}}}")).at(start + i * 1000)).collect());
    let (_directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    let numbers = |arguments: &[&str]| -> Vec<i64> {
        let run = source(&config, "t", arguments).exit(0);
        run.lines().iter().map(|l| serde_json::from_str::<Value>(l).unwrap()["i"].as_i64().unwrap()).collect()
    };
    assert_eq!(numbers(&[]), (0..100).collect::<Vec<_>>());
    assert_eq!(numbers(&["--limit", "3"]), [0, 1, 2]);
    assert_eq!(numbers(&["--from", "97"]), [97, 98, 99]);
    assert_eq!(numbers(&["--from", "10", "--to", "12"]), [10, 11]);
    assert_eq!(numbers(&["--from", "latest"]), [0; 0]);
    assert_eq!(numbers(&["--from", &format!("@{}", start + 98_500)]), [99]);
    assert_eq!(numbers(&["--from", "2023-11-14T22:14:57Z"]), [97, 98, 99]);
    assert_eq!(numbers(&["--from", "95", "--to", &format!("@{}", start + 97_000)]), [95, 96]);
    assert_eq!(numbers(&["--partition", "0", "--limit", "1"]), [0]);
}

#[test]
fn transactions_are_seen_when_committed() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("committed.");
    let topic = format!("{prefix}t");
    kafka.create(&[(&topic, 1)]);
    for (i, end) in ["commit", "abort", "commit", "abort"].into_iter().enumerate() {
        let records: Vec<Record> = (0..10).map(|j| Record::new(&topic, format!("{{\"t\":{i},\"j\":{j}}}"))).collect();
        transact(kafka.java(), "rows-out", &records, end);
    }
    let (_directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    let run = source(&config, "t", &[]).exit(0);
    let seen: Vec<String> = kafka.consume(&topic).iter().map(|r| r.text().to_owned()).collect();
    assert_eq!(run.lines(), seen);
    assert_eq!(seen.len(), 20);
    assert_eq!(source(&config, "t", &["--read-uncommitted"]).exit(0).lines().len(), 40);
}

#[test]
fn what_does_not_decode_goes_to_the_rejects() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("rejects-out.");
    let topic = format!("{prefix}t");
    kafka.create(&[(&topic, 1)]);
    kafka.produce(vec![
        Record::new(&topic, r#"{"i":0}"#),
        Record::new(&topic, r#"{"i":1"#),
        Record::tombstone(&topic, "k"),
        Record::new(&topic, r#"{"i":3}"#),
    ]);
    let (directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    let rejects = directory.path().join("rejects");
    let run = source(&config, "t", &["--rejects", rejects.to_str().unwrap()]).exit(1);
    assert_eq!(run.lines(), [r#"{"i":0}"#, r#"{"i":3}"#]);
    let rejected = std::fs::read_to_string(&rejects).unwrap();
    assert_eq!(rejected.lines().count(), 1, "{rejected}");
    source(&config, "t", &[]).exit(1).says(&[&topic, "1"]);
}

#[test]
fn bytes_and_text_are_printed_by_column() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("columns-out.");
    let topic = format!("{prefix}blobs");
    kafka.write(&topic, [[0xff_u8, 0x00, 0xfe], [0x80, 0x81, 0x82]]);
    let text = format!("{prefix}words");
    kafka.write(&text, ["plain \"words\"", "and a\ttab"]);
    let (_directory, config) = data_system(kafka, "source", &prefix, &Value::Null);
    let blobs = source(&config, "blobs", &[]).exit(0);
    let values: Vec<Value> = blobs.lines().iter().map(|l| serde_json::from_str::<Value>(l).unwrap()).collect();
    assert_eq!(values, [json!({"value": "/wD+"}), json!({"value": "gIGC"})]);
    let words = source(&config, "words", &[]).exit(0);
    let values: Vec<Value> = words.lines().iter().map(|l| serde_json::from_str::<Value>(l).unwrap()).collect();
    assert_eq!(values, [json!({"value": "plain \"words\""}), json!({"value": "and a\ttab"})]);
}

#[test]
fn csv_rows_are_objects_by_column() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("csv-out.");
    kafka.write(&format!("{prefix}people.csv"), ["id,name,score", "1,Ada,1.5", "2,\"a \"\"b\"\", c\",2"]);
    let (_directory, config) = data_system(kafka, "source", &prefix, &Value::Null);
    let run = source(&config, "people", &[]).exit(0);
    let values: Vec<Value> = run.lines().iter().map(|l| floats(serde_json::from_str(l).unwrap())).collect();
    assert_eq!(
        values,
        [json!({"id": 1, "name": "Ada", "score": 1.5}), json!({"id": 2, "name": "a \"b\", c", "score": 2})].map(floats)
    );
}

/// `2` in a column of doubles may be printed `2` or `2.0`: compared as a number.
fn floats(mut row: Value) -> Value {
    if let Some(score) = row["score"].as_i64() {
        row["score"] = json!(f64::from(i32::try_from(score).unwrap()));
    }
    row
}

#[test]
fn a_closed_pipe_is_a_good_end() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("pipe.");
    kafka.write(&format!("{prefix}t"), (0..20_000).map(|i| format!(r#"{{"i":{i},"padding":"{}"}}"#, "x".repeat(200))));
    let (_directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    let topica = Topica::program();
    let script = format!("'{}' source '{}' t | head -n 1; echo ${{PIPESTATUS[0]}}", topica.display(), config.display());
    let run = Topica::of("bash", ["-c", &script]).run().exit(0);
    assert_eq!(run.lines().last(), Some(&"0"), "{run}");
    assert_eq!(run.stderr, "");
}

#[test]
fn follow_goes_on_until_it_has_enough() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("follow.");
    let topic = format!("{prefix}t");
    kafka.write(&topic, [r#"{"i":0}"#]);
    let (_directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    let run = std::thread::scope(|scope| {
        let run = scope.spawn(|| source(&config, "t", &["--follow", "--limit", "3"]));
        std::thread::sleep(std::time::Duration::from_millis(700));
        kafka.produce(vec![Record::new(&topic, r#"{"i":1}"#)]);
        kafka.produce(vec![Record::new(&topic, r#"{"i":2}"#)]);
        run.join().unwrap()
    });
    assert_eq!(run.exit(0).lines(), [r#"{"i":0}"#, r#"{"i":1}"#, r#"{"i":2}"#]);
}
