//! What tests of sinks and sources on the embedded broker share.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::field_reassign_with_default
)]

use std::time::Duration;

use topica::broker::{Broker, BrokerConfig};
use topica::catalog::{Encoding, Role, Table};
use topica::client::{Client, ClientConfig, FetchOptions, FetchPartition, Isolation, OffsetSpec};
use topica::format::csv::Dialect;
use topica::record::{FetchReader, Inflater};
use topica::schema::{Column, Evidence, Field, Schema, Type};

/// A record of a topic: key and value as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<String>,
    pub value: Option<String>,
}

/// A broker with topic `orders`, and a client that tries again soon.
pub async fn cluster(config: BrokerConfig, partitions: i32) -> (Broker, Client) {
    let broker = Broker::start(config.with_topic("orders", partitions)).await.unwrap();
    let client = client(&broker, Duration::from_secs(30)).await;
    (broker, client)
}

/// A client that gives up after `timeout`.
pub async fn client(broker: &Broker, timeout: Duration) -> Client {
    let config = ClientConfig::new([broker.bootstrap()])
        .retry_backoff(Duration::from_millis(2), Duration::from_millis(20))
        .timeout(timeout);
    Client::connect(config).await.unwrap()
}

/// Topic `orders` as a table of JSON objects without a schema.
pub fn orders() -> Table {
    table(Encoding::Json, &[])
}

/// Topic `orders` as a table.
pub fn table(encoding: Encoding, columns: &[(&str, Type)]) -> Table {
    let column = |(name, ty): &(&str, Type)| Column {
        field: Field { name: (*name).to_owned(), ty: ty.clone(), nullable: true },
        evidence: Evidence::default(),
        notes: Vec::new(),
    };
    let schema = Schema { columns: columns.iter().map(column).collect(), timestamps: None };
    Table::new("orders", "orders", Role::SourceAndSink, encoding, schema)
}

/// Delimited text as topica writes it.
pub fn csv() -> Encoding {
    Encoding::Csv(Dialect::default())
}

/// All records of `orders`, by partition and offset; read without the source.
pub async fn stored(client: &Client, partitions: i32) -> Vec<Stored> {
    let mut all = Vec::new();
    for partition in 0..partitions {
        let end = client.list_offsets(&[("orders", partition)], OffsetSpec::Latest).await.remove(0).1.unwrap();
        let mut next = client.list_offsets(&[("orders", partition)], OffsetSpec::Earliest).await.remove(0).1.unwrap();
        let mut inflater = Inflater::default();
        while next < end {
            let asked = FetchPartition { topic: "orders".into(), partition, offset: next, max_bytes: 1 << 20 };
            let mut options = FetchOptions::default();
            options.isolation = Isolation::ReadUncommitted;
            let fetched = client.fetch(&[asked], &options).await.remove(0).result.unwrap();
            let mut reader = FetchReader::new(&fetched.records, next, &mut inflater);
            while let Some(record) = reader.next() {
                let record = record.unwrap();
                let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
                let (key, value) = (text(record.key), text(record.value));
                all.push(Stored { partition, offset: record.offset, key, value });
            }
            assert!(reader.next_offset() > next, "no progress at {next} of {end}");
            next = reader.next_offset();
        }
    }
    all
}

/// A random number generator that is the same everywhere (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}
