//! The page's own examples, on real Kafka: names, formats and columns from a configured format, an extension, a prefix; and what is refused.
use crate::discovered::{Discovered, data_system, discover, files};
use protocol_tests::{Flink, Kafka, Record, Topica, compare};
use serde_json::{Value, json};

const ORDERS: [&str; 4] = [
    r#"{"id":10007543,"customerid":10,"time":"2022-07-15T10:15:30Z","entries":[{"productid":3571,"quantity":1,"unit_price":41.95},{"productid":7552,"quantity":3,"unit_price":25.5,"discount":15.0}]}"#,
    r#"{"id":10007544,"customerid":10,"time":"2022-07-15T11:00:00.5Z","entries":[{"productid":3571,"quantity":1,"unit_price":41.95,"discount":5.0}]}"#,
    r#"{"id":10007545,"customerid":4,"time":"2022-07-16T00:00:00Z","entries":[]}"#,
    r#"{"id":10007546,"customerid":4,"time":"2022-07-16T23:59:59.999Z","entries":[{"productid":1932,"quantity":8,"unit_price":8.49}]}"#,
];
const ORDERS_WITH_ITEMS: [&str; 2] = [
    r#"{"id":1,"customerid":10,"time":1657880130,"items":[{"productid":3571,"quantity":1,"unit_price":41.95,"discount":1.5}]}"#,
    r#"{"id":2,"customerid":11,"time":1657880131,"items":[{"productid":3571,"quantity":1,"unit_price":41.95}]}"#,
];

/// The columns of the golden table, in the report's words.
fn has_the_golden_columns(found: &Discovered, table: &str, time: &str, entries: &str) {
    let columns: Vec<(&str, &str)> = found.table(table)["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["name"].as_str().unwrap(), c["type"].as_str().unwrap()))
        .collect();
    let nested = "ARRAY<ROW<`productid` BIGINT, `quantity` BIGINT, `unit_price` DOUBLE, `discount` DOUBLE>>";
    assert_eq!(columns, [("id", "BIGINT"), ("customerid", "BIGINT"), ("time", time), (entries, nested)]);
}

#[test]
fn a_configured_format_names_the_table_after_the_topic() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let topic = kafka.topic("orders");
    let written = kafka.write(&topic, ORDERS);
    let (_directory, config) = data_system(kafka, "source", "", &json!({"formatType": "json"}));
    let found = Discovered::of(kafka, &[config.to_str().unwrap(), "--topic", &format!("^{topic}$")]);
    assert_eq!(found.tables(), [&topic]);
    let table = found.table(&topic);
    assert_eq!((&table["topic"], &table["type"]), (&json!(topic), &json!("source")));
    assert_eq!((&table["format"]["name"], &table["format"]["from"]), (&json!("json"), &json!("config")));
    assert_eq!(table["sample"]["records"], 4);
    assert_eq!(table["sample"]["complete"], true);
    has_the_golden_columns(&found, &topic, "TIMESTAMP_LTZ(3)", "entries");
    assert_eq!(files(found.directory.path()), [format!("{topic}.table.sql")]);
    found.flink_reads_json(flink, &topic, &written);
}

#[test]
fn an_extension_names_the_format_and_leaves_the_name() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let topic = kafka.topic("purchases.json");
    let written = kafka.write(&topic, ORDERS);
    let found = Discovered::of(kafka, &["--topic", "purchases\\.json$"]);
    let name = kafka.topic("purchases");
    assert_eq!(found.tables(), [&name]);
    assert_eq!(found.table(&name)["topic"], topic);
    assert_eq!(
        (&found.table(&name)["format"]["name"], &found.table(&name)["format"]["from"]),
        (&json!("json"), &json!("extension"))
    );
    has_the_golden_columns(&found, &name, "TIMESTAMP_LTZ(3)", "entries");
    found.flink_reads_json(flink, &name, &written);
}

#[test]
fn bytes_tell_the_format_where_nothing_else_does() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("bytes.");
    kafka.write(&format!("{prefix}orders.v2"), ORDERS);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    assert_eq!(found.tables(), ["orders.v2"], "an extension that is none stays in the name");
    assert_eq!(
        (&found.table("orders.v2")["format"]["name"], &found.table("orders.v2")["format"]["from"]),
        (&json!("json"), &json!("bytes"))
    );
}

#[test]
fn a_prefix_filters_and_is_stripped() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("shop.");
    let first = kafka.write(&format!("{prefix}orders1"), ORDERS);
    let second = kafka.write(&format!("{prefix}orders2"), ORDERS_WITH_ITEMS);
    kafka.write(&kafka.topic("shopping"), ORDERS);
    let (_directory, config) = data_system(kafka, "source", &prefix, &json!({"formatType": "json"}));
    let found = Discovered::of(kafka, &[config.to_str().unwrap()]);
    assert_eq!(found.tables(), ["orders1", "orders2"]);
    assert_eq!(found.table("orders1")["topic"], format!("{prefix}orders1"));
    has_the_golden_columns(&found, "orders1", "TIMESTAMP_LTZ(3)", "entries");
    has_the_golden_columns(&found, "orders2", "BIGINT", "items");
    found.flink_reads_json(flink, "orders1", &first);
    found.flink_reads_json(flink, "orders2", &second);
}

#[test]
fn every_dialect_of_the_data_system_file_is_read() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("dialects.");
    kafka.write(&format!("{prefix}orders"), ORDERS);
    let servers = kafka.servers();
    let page = format!(
        "{{\n  \"type\": \"source\",\n  // where the topics are\n  \"connector\": {{\n    \"systemType\": \"kafka\",\n    \"servers\": [\"{servers}\"],\n    \"topicPrefix\": \"{prefix}\",\n  }},\n  \"format\": {{ \"formatType\": \"json\" }},\n}}\n"
    );
    let as_the_code_had_it = json!({"type": "source", "canonicalizer": "system", "charset": "UTF-8", "name": "example", "format": {"formatType": "json"},
        "datadiscovery": {"servers": [servers], "topicPrefix": prefix, "systemType": "kafka"}});
    let from_0_1_to_0_4 = json!({"type": "source", "connector": {"name": "kafka", "bootstrap.servers": servers, "prefix": prefix, "client.id": "mine"}, "format": {"name": "json", "charset": "UTF-8"}});
    for (file, text) in [
        ("datasystem.json", page),
        ("datasystem.json", as_the_code_had_it.to_string()),
        ("system.discovery.table.json", from_0_1_to_0_4.to_string()),
    ] {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(file), &text).unwrap();
        let out = tempfile::tempdir().unwrap();
        for config in [directory.path().join(file), directory.path().to_owned()] {
            let run = Topica::new(["discover"])
                .args([&config])
                .args(["--overwrite", "--output", "json", "-o"])
                .args([out.path()])
                .run()
                .exit(0);
            assert_eq!(run.json()["tables"][0]["table"], "orders", "{text}\n{run}");
        }
    }
}

#[test]
fn servers_may_come_from_the_environment() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("environment.");
    kafka.write(&format!("{prefix}orders"), ORDERS);
    let out = tempfile::tempdir().unwrap();
    let run = Topica::new(["discover", "--topic-prefix", &prefix, "--output", "json", "-o"])
        .args([out.path()])
        .env("KAFKA_BOOTSTRAP_SERVERS", kafka.servers())
        .run()
        .exit(0);
    assert_eq!(run.json()["tables"][0]["table"], "orders");

    let config = out.path().join("datasystem.json");
    let text = json!({"type": "source", "connector": {"systemType": "kafka", "servers": ["${MY_SERVERS}"], "topicPrefix": prefix}, "format": {"formatType": "json"}}).to_string();
    std::fs::write(&config, text).unwrap();
    let package = tempfile::tempdir().unwrap();
    let discover = || Topica::new(["discover"]).args([&config]).args(["-o"]).args([package.path()]);
    discover().run().exit(2).brief().says(&["MY_SERVERS"]);
    discover().env("MY_SERVERS", kafka.servers()).run().exit(0);
    let sql = std::fs::read_to_string(package.path().join("orders.table.sql")).unwrap();
    assert!(sql.contains("'${MY_SERVERS}'"), "servers are written as they were configured:\n{sql}");
}

#[test]
fn two_topics_of_one_table_name_are_an_error_that_names_both() {
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("clash.");
    kafka.write(&format!("{prefix}orders"), ORDERS);
    kafka.write(&format!("{prefix}orders.json"), ORDERS);
    kafka.write(&format!("{prefix}other"), ORDERS);
    let out = tempfile::tempdir().unwrap();
    let run = discover(kafka, out.path(), &["--topic-prefix", &prefix]).exit(2).brief();
    let run = run.says(&[&format!("{prefix}orders.json")]);
    assert!(
        run.stderr.replace(&format!("{prefix}orders.json"), "").contains(&format!("{prefix}orders")),
        "both are named\n{run}"
    );
    assert!(files(out.path()).is_empty(), "nothing is written");
}

#[test]
fn a_sink_without_a_format_is_an_error_that_names_the_fix() {
    let Some(kafka) = Kafka::shared() else { return };
    for kind in ["sink", "source_and_sink"] {
        let (_directory, config) = data_system(kafka, kind, "anything.", &Value::Null);
        let out = tempfile::tempdir().unwrap();
        Topica::new(["discover"])
            .args([&config])
            .args(["-o"])
            .args([out.path()])
            .run()
            .exit(2)
            .brief()
            .says(&["format"]);
        Topica::new(["sink"]).args([&config]).args(["orders"]).input("{}\n").run().exit(2).brief().says(&["format"]);
        assert!(files(out.path()).is_empty());
    }
}

#[test]
fn topics_become_tables_that_flink_reads_and_writes() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("both.");
    let topic = format!("{prefix}orders");
    let mut written = kafka.write(&topic, ORDERS);
    let (_directory, config) = data_system(kafka, "source_and_sink", &prefix, &json!({"formatType": "json"}));
    let found = Discovered::of(kafka, &[config.to_str().unwrap()]);
    assert_eq!(found.table("orders")["type"], "source_and_sink");
    let table = found.flink_reads_json(flink, "orders", &written);
    let stored: Vec<String> = table.columns.iter().filter(|c| c.stored).map(|c| format!("`{}`", c.name)).collect();
    let stored = stored.join(", ");
    let bounded = "/*+ OPTIONS('scan.startup.mode'='earliest-offset', 'scan.bounded.mode'='latest-offset') */";
    flink.insert(
        found.directory.path(),
        &format!("INSERT INTO `orders` ({stored}) SELECT {stored} FROM `orders` {bounded}"),
    );
    for (at, record) in written.clone().into_iter().enumerate() {
        written.push(Record { offset: 4 + i64::try_from(at).unwrap(), ..record });
    }
    compare::json_rows(&flink.read_one(&found.path("orders")), &written);
}

#[test]
fn a_sink_table_is_one_that_flink_writes_to() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("sinks.");
    let topic = format!("{prefix}totals");
    kafka.write(&topic, [r#"{"id":1,"total":2.5}"#]);
    let (_directory, config) = data_system(kafka, "sink", &prefix, &json!({"formatType": "json"}));
    let found = Discovered::of(kafka, &[config.to_str().unwrap()]);
    assert_eq!(found.table("totals")["type"], "sink");
    flink.insert(found.directory.path(), "INSERT INTO `totals` (`id`, `total`) VALUES (2, 3.5e0)");
    let values: Vec<String> = kafka.consume(&topic).iter().map(|r| r.text().to_owned()).collect();
    assert_eq!(values, [r#"{"id":1,"total":2.5}"#, r#"{"id":2,"total":3.5}"#]);
}
