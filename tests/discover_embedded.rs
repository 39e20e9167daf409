//! Discovery on the embedded broker: what a user sees of topics of every kind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use topica::broker::{Broker, BrokerConfig};
use topica::client::{Client, ClientConfig};
use topica::discover::{Discovery, Options, Report, Why};
use topica::record::{BatchWriter, Compression};

/// A record to put into a topic.
type Rec<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

async fn broker() -> Broker {
    Broker::start(BrokerConfig::new()).await.unwrap()
}

fn fill<'a>(broker: &Broker, topic: &str, partition: i32, records: impl IntoIterator<Item = Rec<'a>>) {
    let mut writer = BatchWriter::new(1 << 20);
    for (key, value) in records {
        writer.push(1_700_000_000_000, key, value, &[]).unwrap();
    }
    broker.append(topic, partition, writer.finish(Compression::None, None).unwrap()).unwrap();
}

fn values<'a>(values: &'a [&'a str]) -> impl Iterator<Item = Rec<'a>> {
    values.iter().map(|value| (None, Some(value.as_bytes())))
}

async fn discover(broker: &Broker, options: Options) -> Report {
    let client = Client::connect(ClientConfig::new([broker.bootstrap()])).await.unwrap();
    Discovery::new(&client, options).run(|_| {}).await.unwrap()
}

fn columns(report: &Report, table: usize) -> Vec<(String, String)> {
    let columns = &report.tables[table].columns;
    columns.iter().map(|column| (column.name.clone(), column.ty.to_string())).collect()
}

#[tokio::test]
async fn a_topic_of_json_becomes_a_table() {
    let broker = broker().await;
    broker.create_topic("orders.json", 2).unwrap();
    fill(&broker, "orders.json", 0, values(&[r#"{"id":1,"price":2.5}"#, r#"{"id":2,"price":3}"#]));
    fill(&broker, "orders.json", 1, values(&[r#"{"id":3,"price":1.5,"note":"x"}"#]));
    let report = discover(&broker, Options::default()).await;
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
    println!("{}", report.definitions[0].files[0].content);
    assert_eq!(report.tables[0].table, "orders");
    assert_eq!(
        columns(&report, 0),
        [("id", "BIGINT"), ("price", "DOUBLE"), ("note", "STRING")].map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
    assert!(report.tables[0].sample.complete);
    assert_eq!(report.exit_status(), 0);
    let _ = Why::Empty;
}
