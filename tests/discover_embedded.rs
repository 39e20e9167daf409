//! Discovery on the embedded broker: what a user sees of topics of every kind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod discover_support;

use discover_support::{broker, columns, discover, fill, fill_batches, table, values};
use topica::broker::{Action, Broker, BrokerConfig, Interception};
use topica::catalog::{ConfiguredFormat, CsvOptions, Role, Schemas, env};
use topica::client::{Client, ClientConfig};
use topica::discover::{Cancel, Discovery, Error, Fault, Options, Why};
use topica::format::Format;

#[tokio::test]
async fn a_topic_of_json_becomes_a_table() {
    let broker = broker().await;
    broker.create_topic("orders.json", 2).unwrap();
    fill(&broker, "orders.json", 0, values(&[r#"{"id":1,"price":2.5}"#, r#"{"id":2,"price":3}"#]));
    fill(&broker, "orders.json", 1, values(&[r#"{"id":3,"price":1.5,"note":"x"}"#]));
    let report = discover(&broker, Options::default()).await;
    let orders = table(&report, "orders");
    assert_eq!(columns(orders), ["id BIGINT 3/0", "price DOUBLE 3/0", "note STRING 1/0"]);
    assert_eq!((orders.topic.as_str(), orders.role), ("orders.json", "source"));
    assert_eq!((orders.format.name, orders.format.from, orders.format.share), ("json", Some("extension"), 1.0));
    assert_eq!((orders.sample.partitions, orders.sample.records, orders.sample.complete), (2, 3, true));
    assert_eq!(orders.warnings, Vec::<String>::new());
    assert_eq!(report.exit_status(), 0);
    let sql = &report.definitions[0].files[0];
    assert_eq!(sql.name, "orders.table.sql");
    assert!(sql.content.contains("'topic' = 'orders.json'"), "{}", sql.content);
    assert!(sql.content.contains(&broker.bootstrap()), "{}", sql.content);
}

#[tokio::test]
async fn names_follow_prefix_and_extension_and_internal_topics_are_left_out() {
    let broker = broker().await;
    for topic in ["shop.orders1", "shop.orders2.json", "shop.", "other", "__consumer_offsets"] {
        broker.create_topic(topic, 1).unwrap();
        fill(&broker, topic, 0, values(&[r#"{"id":1}"#]));
    }
    let mut options = Options::default();
    options.rules.prefix = "shop.".to_owned();
    let report = discover(&broker, options).await;
    let names: Vec<_> = report.tables.iter().map(|t| (t.table.as_str(), t.topic.as_str())).collect();
    assert_eq!(names, [("orders1", "shop.orders1"), ("orders2", "shop.orders2.json")]);
    assert_eq!(report.skipped.len(), 1);
    assert_eq!((report.skipped[0].topic.as_str(), report.skipped[0].why), ("shop.", Why::Nameless));
    assert_eq!(report.exit_status(), 0);
    let report = discover(&broker, Options::default()).await;
    assert!(report.tables.iter().all(|t| t.topic != "__consumer_offsets"));
}

#[tokio::test]
async fn two_topics_of_one_name_are_an_error_and_nothing_is_fetched() {
    let broker = broker().await;
    for topic in ["orders", "orders.json"] {
        broker.create_topic(topic, 1).unwrap();
        fill(&broker, topic, 0, values(&[r#"{"id":1}"#]));
    }
    let client = Client::connect(ClientConfig::new([broker.bootstrap()])).await.unwrap();
    let error = Discovery::new(&client, Options::default()).run(|_| {}).await.unwrap_err();
    assert!(error.is_usage());
    let text = error.to_string();
    assert!(text.contains("`orders` and `orders.json`"), "{text}");
    assert!(broker.stats().fetched.is_empty());
}

#[tokio::test]
async fn a_sink_needs_a_format() {
    let broker = broker().await;
    let client = Client::connect(ClientConfig::new([broker.bootstrap()])).await.unwrap();
    let mut options = Options::default();
    options.role = Role::Sink;
    let error = Discovery::new(&client, options.clone()).run(|_| {}).await.unwrap_err();
    assert!(matches!(error, Error::FormatRequired("sink")), "{error}");
    broker.create_topic("orders", 1).unwrap();
    fill(&broker, "orders", 0, values(&[r#"{"id":1}"#]));
    options.format = Some(ConfiguredFormat { format: Format::Json, csv: CsvOptions::default() });
    let report = discover(&broker, options).await;
    assert_eq!((report.tables[0].role, report.tables[0].format.from), ("sink", Some("config")));
}

#[tokio::test]
async fn empty_topics_and_topics_of_tombstones_are_reported_and_no_fault() {
    let broker = broker().await;
    broker.create_topic("empty.json", 3).unwrap();
    broker.create_topic("deleted", 1).unwrap();
    fill(&broker, "deleted", 0, [(Some(&b"a"[..]), None), (Some(&b"b"[..]), None)]);
    let report = discover(&broker, Options::default()).await;
    assert!(report.tables.is_empty());
    let skipped: Vec<_> = report.skipped.iter().map(|s| (s.topic.as_str(), s.reason.as_str())).collect();
    assert_eq!(
        skipped,
        [("deleted", "it has no values: all 2 sampled records are tombstones"), ("empty.json", "it has no records")]
    );
    assert_eq!(report.exit_status(), 0);
}

#[tokio::test]
async fn keys_tombstones_and_broken_records_are_counted_and_cost_themselves_only() {
    let broker = broker().await;
    broker.create_topic("users", 2).unwrap();
    let key = |id: i64| id.to_be_bytes().to_vec();
    for partition in 0..2 {
        let keys: Vec<Vec<u8>> = (0..100).map(|i| key(i + 1_000_000 * i64::from(partition))).collect();
        let values: Vec<String> = (0..100)
            .map(|i| format!(r#"{{"id":{},"name":"n{i}","version":1}}"#, i + 1_000_000 * i64::from(partition)))
            .collect();
        let records = keys.iter().zip(&values).map(|(k, v)| (Some(k.as_slice()), Some(v.as_bytes())));
        fill(&broker, "users", partition, records);
    }
    let gone = key(5);
    fill(&broker, "users", 0, [(Some(gone.as_slice()), None), (Some(gone.as_slice()), Some(&br#"{"id": 5, "na"#[..]))]);
    let report = discover(&broker, Options::default()).await;
    let users = table(&report, "users");
    let found = users.key.as_ref().unwrap();
    assert_eq!((found.format.name, found.format.share), ("int64", 1.0));
    assert_eq!(found.columns, ["id"]);
    let sample = users.sample;
    assert_eq!((sample.records, sample.tombstones, sample.rejected, sample.complete), (202, 1, 1, true));
    assert_eq!(users.format.name, "json");
    assert!((users.format.share - 200.0 / 201.0).abs() < 1e-9, "{}", users.format.share);
    assert_eq!(columns(users), ["id BIGINT 200/0", "name STRING 200/0", "version BIGINT 200/0"]);
    assert_eq!((users.rejects[0].partition, users.rejects[0].offset), (0, 101));
    assert_eq!(report.exit_status(), 0, "a bad record is no fault");
    let sql = &report.definitions[0].files[0].content;
    assert!(sql.contains("'json.ignore-parse-errors' = 'true'"), "{sql}");
    assert!(sql.contains("likely key: id"), "{sql}");
}

#[tokio::test]
async fn too_many_broken_records_are_a_fault_unless_allowed() {
    let broker = broker().await;
    broker.create_topic("t.json", 1).unwrap();
    let mut all = vec![r#"{"id":1}"#; 90];
    all.extend([r#"{"id":"#; 10]);
    fill(&broker, "t.json", 0, values(&all));
    let report = discover(&broker, Options::default()).await;
    assert_eq!(report.tables[0].sample.rejected, 10);
    assert!(matches!(report.faults()[..], [Fault::Rejected(_)]));
    assert_eq!(report.exit_status(), 1);
    let mut options = Options::default();
    options.max_rejected = 0.2;
    assert_eq!(discover(&broker, options).await.exit_status(), 0);
}

#[tokio::test]
async fn a_mixed_topic_is_said_to_be_mixed() {
    let broker = broker().await;
    broker.create_topic("few", 1).unwrap();
    broker.create_topic("half", 1).unwrap();
    let json = r#"{"id":1}"#;
    let text = "it was a dark and stormy night, she said";
    let mut few = vec![json; 95];
    few.extend([text; 5]);
    fill(&broker, "few", 0, values(&few));
    let mut half = vec![json; 50];
    half.extend([text; 50]);
    fill(&broker, "half", 0, values(&half));
    let report = discover(&broker, Options::default()).await;
    let few = table(&report, "few");
    assert_eq!(few.format.name, "json");
    assert_eq!(
        few.format.mixed.iter().map(|m| (m.name, m.share)).collect::<Vec<_>>(),
        [("json", 0.95), ("text", 0.05)]
    );
    assert_eq!(columns(few), ["id BIGINT 95/0"]);
    let half = table(&report, "half");
    assert_eq!(columns(half), ["value BYTES 100/0"]);
    assert_eq!(half.format.mixed.len(), 2);
    assert_eq!(report.exit_status(), 1);
    let sql = &report.definitions[1].files[0].content;
    assert!(sql.contains("'format' = 'raw'") && sql.contains("mixed"), "{sql}");
}

#[tokio::test]
async fn text_and_bytes_and_arrays_are_one_column() {
    let broker = broker().await;
    for topic in ["log", "blob", "arrays"] {
        broker.create_topic(topic, 1).unwrap();
    }
    fill(&broker, "log", 0, values(&["service started", "listening on port 80", "bye"]));
    let blobs: Vec<Vec<u8>> = (0..20u8).map(|i| vec![0xff, i, 0xfe, i.wrapping_mul(37), 1, 2, i]).collect();
    fill(&broker, "blob", 0, blobs.iter().map(|b| (None, Some(b.as_slice()))));
    fill(&broker, "arrays", 0, values(&["[1,2]", "[3]", "[]"]));
    let report = discover(&broker, Options::default()).await;
    assert_eq!(columns(table(&report, "log")), ["value STRING 3/0"]);
    assert_eq!(columns(table(&report, "blob")), ["value BYTES 20/0"]);
    let arrays = table(&report, "arrays");
    assert_eq!(columns(arrays), ["value STRING 3/0"]);
    assert_eq!((arrays.format.name, arrays.format.share), ("json", 1.0));
    assert!(arrays.warnings[0].contains("no objects"), "{:?}", arrays.warnings);
    assert_eq!(report.exit_status(), 0);
}

#[tokio::test]
async fn delimited_rows_have_the_names_of_their_header_wherever_it_lies() {
    let broker = broker().await;
    broker.create_topic("prices.csv", 3).unwrap();
    broker.create_topic("plain.csv", 1).unwrap();
    let rows: Vec<String> = (0..50).map(|i| format!("{i},name {i},{}.5", i * 2)).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    fill(&broker, "prices.csv", 0, values(&rows));
    let mut with_header = vec!["id,name,price"];
    with_header.extend(&rows);
    fill(&broker, "prices.csv", 2, values(&with_header));
    fill(&broker, "plain.csv", 0, values(&rows));
    let report = discover(&broker, Options::default()).await;
    let prices = table(&report, "prices");
    assert_eq!(columns(prices), ["id BIGINT 100/0", "name STRING 100/0", "price DOUBLE 100/0"]);
    assert_eq!((prices.format.delimiter, prices.format.header), (Some(','), Some(true)));
    assert_eq!((prices.sample.records, prices.sample.rejected), (101, 0));
    assert!(prices.warnings.iter().any(|w| w.contains("STRING columns, null in the other")), "{:?}", prices.warnings);
    let plain = table(&report, "plain");
    assert_eq!(columns(plain), ["c1 BIGINT 50/0", "c2 STRING 50/0", "c3 DOUBLE 50/0"]);
    assert_eq!(plain.format.header, Some(false));
    assert!(plain.warnings.iter().any(|w| w.contains("c1, c2")), "{:?}", plain.warnings);
    assert_eq!(report.exit_status(), 0);
}

#[tokio::test]
async fn a_configured_header_names_the_columns() {
    let broker = broker().await;
    broker.create_topic("t", 1).unwrap();
    fill(&broker, "t", 0, values(&["1;a", "2;b", "3;c"]));
    let mut options = Options::default();
    options.format = Some(ConfiguredFormat {
        format: Format::Csv,
        csv: CsvOptions {
            delimiter: Some(';'),
            header: Some(vec!["id".to_owned(), "letter".to_owned()]),
            ..CsvOptions::default()
        },
    });
    let report = discover(&broker, options).await;
    assert_eq!(columns(&report.tables[0]), ["id BIGINT 3/0", "letter STRING 3/0"]);
    assert_eq!((report.tables[0].format.name, report.tables[0].format.from), ("csv", Some("config")));
}

#[tokio::test]
async fn a_schema_that_changed_at_the_tail_shows() {
    let broker = broker().await;
    broker.create_topic("t", 1).unwrap();
    let old = [r#"{"id":1,"pad":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#; 500];
    for _ in 0..100 {
        fill(&broker, "t", 0, values(&old));
    }
    fill(&broker, "t", 0, values(&[r#"{"id":1,"new":true}"#; 20]));
    let report = discover(&broker, Options::default().budget(1_000, 1 << 20)).await;
    let t = table(&report, "t");
    assert_eq!(t.sample.records, 1_000);
    assert!(!t.sample.complete);
    assert_eq!(columns(t), ["id BIGINT 1000/0", "pad STRING 980/0", "new BOOLEAN 20/0"]);
    assert!(t.warnings.iter().any(|w| w.contains("0.3 %")), "{:?}", t.warnings);
}

#[tokio::test]
async fn no_more_is_fetched_than_the_budget_and_a_batch_a_window() {
    let broker = broker().await;
    broker.create_topic("big", 4).unwrap();
    let record = format!(r#"{{"id":1,"pad":"{}"}}"#, "x".repeat(980));
    let mut largest = 0;
    for partition in 0..4 {
        largest = fill_batches(&broker, "big", partition, 100, 16, &record);
    }
    for budget in [64 << 10, 1 << 20, 2 << 20] {
        broker.reset_stats();
        let report = discover(&broker, Options::default().budget(10_000, budget)).await;
        let fetched = broker.stats().fetched_from("big");
        let most = budget + 4 * 16 * largest;
        assert!(fetched <= most, "{budget}: {fetched} of {most}");
        assert!(report.tables[0].sample.bytes <= budget);
        assert!(report.tables[0].sample.bytes >= budget / 4, "{}", report.tables[0].sample.bytes);
    }
    broker.reset_stats();
    discover(&broker, Options::default().budget(100, 16 << 20)).await;
    let fetched = broker.stats().fetched_from("big");
    assert!(fetched <= 4 * 16 * 2 * largest, "{fetched}");
}

#[tokio::test]
async fn a_hundred_topics_cost_few_round_trips() {
    let broker = broker().await;
    for i in 0..100 {
        let topic = format!("t{i:03}");
        broker.create_topic(&topic, 2).unwrap();
        let value = format!(r#"{{"id":{i},"c{i}":"x"}}"#);
        for partition in 0..2 {
            fill(&broker, &topic, partition, values(&vec![value.as_str(); 50]));
        }
    }
    broker.reset_stats();
    let report = discover(&broker, Options::default()).await;
    assert_eq!(report.tables.len(), 100);
    assert_eq!(columns(table(&report, "t042")), ["id BIGINT 100/0", "c42 STRING 100/0"]);
    let requests: u64 = broker.stats().requests.values().sum();
    assert!(requests < 60, "{:?}", broker.stats().requests);
}

#[tokio::test]
async fn two_hundred_runs_give_the_same_bytes() {
    let broker = broker().await;
    broker.create_topic("a.json", 5).unwrap();
    broker.create_topic("b", 3).unwrap();
    broker.create_topic("c.csv", 2).unwrap();
    for i in 0..400 {
        let value = format!(r#"{{"k{}":{i},"id":{i},"nested":{{"v{}":[{i}]}}}}"#, i % 7, i % 3);
        fill(&broker, "a.json", i % 5, values(&[value.as_str()]));
        fill(&broker, "b", i % 3, values(&[value.as_str()]));
        fill(&broker, "c.csv", i % 2, values(&[format!("{i};x{i}").as_str()]));
    }
    let run = || async {
        let report = discover(&broker, Options::default().budget(150, 1 << 20)).await;
        let files: Vec<String> =
            report.definitions.iter().flat_map(|d| d.files.iter().map(|f| f.content.clone())).collect();
        (serde_json::to_string(&report).unwrap(), files)
    };
    let first = run().await;
    for _ in 0..199 {
        assert_eq!(run().await, first);
    }
}

#[tokio::test]
async fn a_cancelled_run_uses_what_it_has() {
    let broker = broker().await;
    broker.create_topic("t", 1).unwrap();
    fill_batches(&broker, "t", 0, 200, 10, r#"{"id":1}"#);
    let client = Client::connect(ClientConfig::new([broker.bootstrap()])).await.unwrap();
    let cancel = Cancel::default();
    let mut options = Options::default().budget(1_000, 1 << 20);
    options.cancel = cancel.clone();
    let mut rounds = 0;
    let report = Discovery::new(&client, options)
        .run(move |progress| {
            rounds += 1;
            if progress.records > 0 && rounds > 3 {
                cancel.cancel();
            }
        })
        .await
        .unwrap();
    assert!(report.interrupted);
    assert_eq!(report.exit_status(), 130);
    let t = table(&report, "t");
    assert!(!t.sample.complete && t.sample.records > 0 && t.sample.records < 1_000, "{:?}", t.sample);
    assert!(t.warnings.iter().any(|w| w.contains("interrupted")), "{:?}", t.warnings);

    let mut options = Options::default();
    options.cancel = Cancel::default();
    options.cancel.cancel();
    let report = Discovery::new(&client, options).run(|_| {}).await.unwrap();
    assert!(report.interrupted && report.tables.is_empty());
}

#[tokio::test]
async fn the_time_limit_ends_sampling_and_the_rest_is_skipped() {
    let broker = broker().await;
    broker.create_topic("t", 1).unwrap();
    fill(&broker, "t", 0, values(&[r#"{"id":1}"#]));
    broker.intercept(Interception::times(
        kafka_protocol::messages::ApiKey::Fetch,
        Action::Delay(std::time::Duration::from_secs(60)),
        1000,
    ));
    let report = discover(&broker, Options::default().limit(std::time::Duration::from_millis(300))).await;
    assert_eq!((report.skipped[0].why, report.interrupted), (Why::NotReached, false));
    assert!(report.skipped[0].reason.contains("time limit"), "{:?}", report.skipped);
    assert_eq!(report.exit_status(), 1);
}

#[tokio::test]
async fn large_topics_beside_small_ones_stay_within_the_pool() {
    let broker = broker().await;
    let large = format!(r#"{{"id":1,"pad":"{}"}}"#, "x".repeat(50_000));
    for i in 0..6 {
        let topic = format!("large{i}");
        broker.create_topic(&topic, 2).unwrap();
        for partition in 0..2 {
            fill_batches(&broker, &topic, partition, 120, 1, &large);
        }
        broker.create_topic(&format!("small{i}"), 1).unwrap();
        fill(&broker, &format!("small{i}"), 0, values(&[r#"{"id":1}"#]));
    }
    let report = discover(&broker, Options::default()).await;
    assert_eq!(report.tables.len(), 12);
    assert!(report.tables.iter().all(|t| t.sample.complete));
    assert_eq!(table(&report, "large3").sample.records, 240);
}

#[tokio::test]
async fn a_configured_schema_is_used_and_what_does_not_fit_it_is_said() {
    let broker = broker().await;
    broker.create_topic("orders", 1).unwrap();
    fill(&broker, "orders", 0, values(&[r#"{"id":1,"note":"x"}"#, r#"{"id":"two","more":true}"#, r#"{"id":3}"#]));
    let directory = tempfile::tempdir().unwrap();
    let yml = "---\nname: \"orders\"\nschema_version: \"1\"\npartial_schema: false\ncolumns:\n- name: \"id\"\n  type: \"INTEGER\"\n- name: \"note\"\n  type: \"STRING\"\n";
    std::fs::write(directory.path().join("orders.schema.yml"), yml).unwrap();
    let mut options = Options::default();
    options.schemas = Schemas::load(directory.path(), &env::process).unwrap();
    let report = discover(&broker, options).await;
    let orders = table(&report, "orders");
    assert_eq!(columns(orders), ["id BIGINT 3/0", "note STRING 1/0"]);
    assert_eq!((orders.sample.rejected, orders.rejects[0].offset), (1, 1));
    let said = |what: &str| orders.warnings.iter().any(|warning| warning == what);
    assert!(said("`id` does not fit the configured schema in 1 sampled records"), "{:?}", orders.warnings);
    assert!(said("the configured schema has no column for `more`"), "{:?}", orders.warnings);
    assert!(report.definitions[0].configured.is_some());
    assert_eq!(report.exit_status(), 1, "a third of the sample");
}

#[tokio::test]
async fn a_topic_that_is_deleted_under_way_is_skipped_and_the_rest_is_found() {
    let broker = broker().await;
    for topic in ["kept", "gone"] {
        broker.create_topic(topic, 1).unwrap();
        fill(&broker, topic, 0, values(&[r#"{"id":1}"#]));
    }
    let client = Client::connect(ClientConfig::new([broker.bootstrap()])).await.unwrap();
    let mut deleted = false;
    let report = Discovery::new(&client, Options::default().limit(std::time::Duration::from_secs(20)))
        .run(|_| {
            if !std::mem::replace(&mut deleted, true) {
                broker.delete_topic("gone").unwrap();
            }
        })
        .await
        .unwrap();
    assert_eq!(report.tables.len(), 1);
    assert_eq!((report.skipped[0].topic.as_str(), report.exit_status()), ("gone", 1), "{:?}", report.skipped);
}

#[tokio::test]
async fn records_that_retention_removes_under_way_are_passed_over() {
    let broker = broker().await;
    broker.create_topic("t", 1).unwrap();
    fill_batches(&broker, "t", 0, 50, 10, r#"{"id":1}"#);
    let client = Client::connect(ClientConfig::new([broker.bootstrap()])).await.unwrap();
    let mut removed = false;
    let report = Discovery::new(&client, Options::default())
        .run(|_| {
            if !std::mem::replace(&mut removed, true) {
                broker.delete_records("t", 0, 200).unwrap();
            }
        })
        .await
        .unwrap();
    assert_eq!(table(&report, "t").sample.records, 300);
}

#[tokio::test]
async fn a_leader_that_moves_under_way_is_followed() {
    let broker = Broker::start(BrokerConfig::new().with_nodes(3)).await.unwrap();
    broker.create_topic("t", 6).unwrap();
    for partition in 0..6 {
        fill_batches(&broker, "t", partition, 40, 50, r#"{"id":1}"#);
    }
    let client = Client::connect(ClientConfig::new([broker.bootstrap()])).await.unwrap();
    let mut rounds = 0;
    let report = Discovery::new(&client, Options::default().budget(3_000, 1 << 20))
        .run(|_| {
            rounds += 1;
            for partition in 0..6 {
                broker.move_leader("t", partition, 1 + (rounds + partition) % 3).unwrap();
            }
        })
        .await
        .unwrap();
    let t = table(&report, "t");
    assert_eq!((t.sample.records, t.sample.partitions), (3_000, 6));
    assert_eq!((report.cluster.brokers, report.exit_status()), (3, 0), "{:?}", t.warnings);
}
