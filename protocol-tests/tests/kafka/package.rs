//! The package that discovery leaves: enough on its own, the same every time, never half written, never silently replaced.
use crate::discovered::{Discovered, contents, data_system, discover, files};
use protocol_tests::{Flink, Json, Kafka, Record, Topica, compare, long};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn a_second_discovery_infers_afresh() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("again.");
    let topic = format!("{prefix}orders");
    let mut written = kafka.write(&topic, [r#"{"id":1}"#]);
    let (_directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    let found = Discovered::of(kafka, &[config.to_str().unwrap()]);
    let out = found.directory.path();
    let first = contents(out);

    // The same again: nothing to say, nothing to change.
    discover(kafka, out, &[config.to_str().unwrap()]).exit(0);
    assert_eq!(contents(out), first);

    // More was learnt: that is an error until it is asked for, and nothing is written.
    written.extend(kafka.produce(vec![Record::new(&topic, r#"{"id":"two","more":[1]}"#)]));
    discover(kafka, out, &[config.to_str().unwrap()]).exit(2).brief().says(&["orders.table.sql", "--overwrite"]);
    assert_eq!(contents(out), first);

    let run = discover(kafka, out, &[config.to_str().unwrap(), "--overwrite"]).exit(0);
    assert_eq!(run.json()["tables"][0]["columns"].as_array().unwrap().len(), 2, "{run}");
    compare::json_rows(&flink.read_one(&found.path("orders")), &written);

    // In the directory itself, as the configuration: what is there was generated, so it is no configured schema.
    std::fs::copy(&config, out.join("datasystem.json")).unwrap();
    kafka.produce(vec![Record::new(&topic, r#"{"id":3,"even_more":true}"#)]);
    let run = discover(kafka, out, &[out.to_str().unwrap(), "--overwrite"]).exit(0);
    assert_eq!(run.json()["tables"][0]["columns"].as_array().unwrap().len(), 3, "{run}");
}

#[test]
fn a_file_of_somebody_elses_is_not_replaced() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("foreign.");
    kafka.write(&format!("{prefix}a"), [r#"{"id":1}"#]);
    kafka.write(&format!("{prefix}b"), [r#"{"id":1}"#]);
    let out = tempfile::tempdir().unwrap();
    std::fs::write(out.path().join("b.table.sql"), "-- mine\n").unwrap();
    discover(kafka, out.path(), &["--topic-prefix", &prefix]).exit(2).says(&["b.table.sql"]);
    assert_eq!(contents(out.path()), [("b.table.sql".to_owned(), b"-- mine\n".to_vec())]);
}

#[test]
fn a_dry_run_writes_nothing() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("dry.");
    kafka.write(&format!("{prefix}a"), [r#"{"id":1}"#]);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix, "--dry-run"]);
    assert_eq!(found.tables(), ["a"]);
    assert!(files(found.directory.path()).is_empty());
}

#[test]
fn the_directory_alone_is_enough() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("alone.");
    let json = format!("{prefix}orders.json");
    kafka.write(&json, [r#"{"id":1,"s":"a"}"#, r#"{"id":2,"s":"b"}"#]);
    let csv = format!("{prefix}people.csv");
    kafka.write(&csv, ["id,name", "1,Ada", "2,\"Hopper, Grace\"", "3,Alan"]);
    for dialect in ["sql", "classic"] {
        let found = Discovered::of(kafka, &["--topic-prefix", &prefix, "--dialect", dialect]);
        let directory = found.directory.path();
        let orders = Topica::new(["source"]).args([directory]).args(["orders"]).run().exit(0);
        assert_eq!(orders.lines()[..2], [r#"{"id":1,"s":"a"}"#, r#"{"id":2,"s":"b"}"#], "{dialect}");
        let people = Topica::new(["source"]).args([directory]).args(["people"]).run().exit(0);
        assert_eq!(
            people.lines()[..2],
            [r#"{"id":1,"name":"Ada"}"#, r#"{"id":2,"name":"Hopper, Grace"}"#],
            "{dialect}: the header is no row"
        );

        let before = kafka.consume(&json).len();
        Topica::new(["sink"]).args([directory]).args(["orders"]).input("{\"id\":3,\"s\":\"c\"}\n").run().exit(0);
        assert_eq!(kafka.consume(&json)[before].text(), r#"{"id":3,"s":"c"}"#, "{dialect}");
        let before = kafka.consume(&csv).len();
        Topica::new(["sink"]).args([directory]).args(["people"]).input("{\"id\":4,\"name\":\"a,b\"}\n").run().exit(0);
        assert_eq!(kafka.consume(&csv)[before].text().trim_end(), "4,\"a,b\"", "{dialect}");
    }
}

#[test]
fn servers_that_were_given_again_win_over_the_written_ones() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("moved.");
    kafka.write(&format!("{prefix}orders"), [r#"{"id":1}"#]);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    let sql = found.sql("orders").replace(kafka.servers(), "127.0.0.1:1");
    std::fs::write(found.path("orders"), sql).unwrap();
    Topica::new(["source"]).args([found.directory.path()]).args(["orders", "--timeout", "3"]).run().exit(3);
    let run = Topica::new(["source"])
        .args([found.directory.path()])
        .args(["orders", "--servers", kafka.servers()])
        .run()
        .exit(0);
    assert_eq!(run.lines(), [r#"{"id":1}"#]);
}

#[test]
fn the_classic_files_are_what_they_were() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("classic.");
    kafka.write(
        &format!("{prefix}orders1"),
        [
            r#"{"id":1,"customerid":10,"time":"2022-07-15T10:15:30Z","entries":[{"productid":1,"quantity":1,"unit_price":41.95,"discount":1.5}]}"#,
            r#"{"id":2,"customerid":10,"time":"2022-07-15T10:15:30Z","entries":[{"productid":1,"quantity":1,"unit_price":41.95}]}"#,
        ],
    );
    let (_directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    let found = Discovered::of(kafka, &[config.to_str().unwrap(), "--dialect", "classic", "--not-null-from-sample"]);
    assert_eq!(files(found.directory.path()), ["orders1.schema.yml", "orders1.table.json"]);
    let expected = "---
name: \"orders1\"
schema_version: \"1\"
partial_schema: false
columns:
- name: \"id\"
  type: \"INTEGER\"
  tests:
  - \"not_null\"
- name: \"customerid\"
  type: \"INTEGER\"
  tests:
  - \"not_null\"
- name: \"time\"
  type: \"DATETIME\"
  tests:
  - \"not_null\"
- name: \"entries\"
  columns:
  - name: \"productid\"
    type: \"INTEGER\"
    tests:
    - \"not_null\"
  - name: \"quantity\"
    type: \"INTEGER\"
    tests:
    - \"not_null\"
  - name: \"unit_price\"
    type: \"FLOAT\"
    tests:
    - \"not_null\"
  - name: \"discount\"
    type: \"FLOAT\"
  tests:
  - \"not_null\"
";
    let schema = std::fs::read_to_string(found.directory.path().join("orders1.schema.yml")).unwrap();
    assert_eq!(schema, expected);
    let table: Value =
        serde_json::from_slice(&std::fs::read(found.directory.path().join("orders1.table.json")).unwrap()).unwrap();
    assert_eq!(
        (&table["type"], &table["schema"], &table["identifier"], &table["format"]["formatType"]),
        (&json!("source"), &json!("flexible"), &json!("orders1"), &json!("json"))
    );
    assert_eq!(table["connector"], json!({"servers": [kafka.servers()], "topicPrefix": prefix, "systemType": "kafka"}));

    let nullable = Discovered::of(kafka, &[config.to_str().unwrap(), "--dialect", "classic"]);
    let schema = std::fs::read_to_string(nullable.directory.path().join("orders1.schema.yml")).unwrap();
    assert!(!schema.contains("not_null"), "nothing is promised from a sample unless asked:\n{schema}");
}

#[test]
fn a_configured_schema_is_used_and_misfits_are_reported() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("given.");
    kafka.write(&format!("{prefix}orders"), [r#"{"id":1,"extra":2}"#, r#"{"id":2}"#]);
    let (directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    std::fs::write(directory.path().join("orders.schema.yml"), "---\nname: \"orders\"\nschema_version: \"1\"\npartial_schema: false\ncolumns:\n- name: \"id\"\n  type: \"STRING\"\n").unwrap();
    let found = Discovered::of(kafka, &[config.to_str().unwrap()]);
    let columns = found.table("orders")["columns"].as_array().unwrap();
    assert_eq!(columns.len(), 1, "{}", found.run);
    assert_eq!((&columns[0]["name"], &columns[0]["type"]), (&json!("id"), &json!("STRING")));
}

#[test]
fn a_hundred_topics_at_once() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("hundred.");
    let names: Vec<String> =
        (0..100).map(|i| format!("{prefix}t{i:03}{}", if i % 3 == 0 { ".json" } else { "" })).collect();
    kafka.create(&names.iter().map(|n| (n.as_str(), 1)).collect::<Vec<_>>());
    let records = names.iter().enumerate().flat_map(|(t, name)| {
        (0..20).map(move |i| Record::new(name, format!(r#"{{"topic":{t},"i":{i},"only{t}":"x"}}"#)))
    });
    let written = kafka.produce(records.collect());
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    assert_eq!(found.tables(), (0..100).map(|i| format!("t{i:03}")).collect::<Vec<_>>());
    assert_eq!(files(found.directory.path()).len(), 100);
    let tables = flink.read(found.directory.path(), &[]);
    assert_eq!(tables.len(), 100);
    for table in &tables {
        assert_eq!(table.error, None, "{}", table.table);
        let topic = names.iter().find(|n| n.trim_end_matches(".json").ends_with(&format!(".{}", table.table))).unwrap();
        let of_topic: Vec<Record> = written.iter().filter(|r| r.topic == *topic).cloned().collect();
        compare::json_rows(table, &of_topic);
    }
}

#[test]
fn the_same_topics_give_the_same_bytes() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("same.");
    let topics = [
        format!("{prefix}orders.json"),
        format!("{prefix}people.csv"),
        format!("{prefix}words"),
        format!("{prefix}mixed"),
    ];
    kafka.create(&topics.each_ref().map(|t| (t.as_str(), 5)));
    let mut records = Vec::new();
    for i in 0..3000 {
        let partition = i % 5;
        let order = if i % 7 == 0 {
            format!(r#"{{"id":{i},"z{}":1.5,"a":"x"}}"#, i % 11)
        } else {
            format!(r#"{{"b{}":[{i}],"id":{i}}}"#, i % 13)
        };
        records.push(Record::new(&topics[0], order).partition(partition).key(format!("{i}")));
        records.push(Record::new(&topics[1], format!("{i},name {i},{}.5", i * 2)).partition(partition));
        records.push(Record::new(&topics[2], format!("word{} and more", i % 100)).partition(partition));
        records.push(
            Record::new(&topics[3], if i % 25 == 0 { format!("text {i}") } else { format!(r#"{{"id":{i}}}"#) })
                .partition(partition),
        );
    }
    kafka.produce(records);
    let runs = if long() { 200 } else { 20 };
    let mut seen = BTreeSet::new();
    for run in 0..runs {
        // Every other run samples, so that windows and budgets are in play.
        for budget in [&["--records", "400"][..], &[]] {
            let out = tempfile::tempdir().unwrap();
            let arguments =
                ["discover", "--servers", kafka.servers(), "--topic-prefix", &prefix, "--output", "json", "-o"];
            let threads = (run % 4 + 1).to_string();
            let run = Topica::new(arguments).args([out.path()]).args(budget).env("TOKIO_WORKER_THREADS", threads).run();
            seen.insert((budget.len(), contents(out.path()), run.exit(1).stdout));
        }
    }
    assert_eq!(seen.len(), 2, "one outcome for each budget, whatever the timing and the number of threads");
}

#[test]
fn the_report_for_people_names_every_table() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("people-read.");
    kafka.write(&format!("{prefix}orders"), [r#"{"id":1}"#]);
    kafka.create(&[(&format!("{prefix}nothing"), 1)]);
    let out = tempfile::tempdir().unwrap();
    let run = Topica::new(["discover", "--servers", kafka.servers(), "--topic-prefix", &prefix, "-o"])
        .args([out.path()])
        .run()
        .exit(0);
    for word in ["orders", "nothing"] {
        assert!(run.stdout.contains(word) || run.stderr.contains(word), "{run}");
    }
    assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'), "no colours without a terminal\n{run}");
}

#[test]
fn what_infer_says_of_a_file_is_what_discovery_says_of_its_records() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("inferred.");
    let lines = [r#"{"id":1,"at":"2024-02-29T00:00:00Z"}"#, r#"{"id":2,"price":1.25}"#];
    kafka.write(&format!("{prefix}orders"), lines);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    let run =
        Topica::new(["infer", "--name", "orders", "--output", "json"]).input(lines.join("\n") + "\n").run().exit(0);
    assert_eq!(run.json()["tables"][0]["columns"], found.table("orders")["columns"]);
    assert!(Json::parse(&run.stdout).is_ok());
}
