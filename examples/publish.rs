//! Publishes rows and waits for each to be acknowledged, on an embedded broker: `cargo run --example publish`.

#![allow(clippy::print_stdout)]

use std::error::Error;

use topica::broker::{Broker, BrokerConfig};
use topica::catalog::{Encoding, Role, Table};
use topica::schema::Schema;
use topica::sink::{Options, Sink};
use topica::{Client, ClientConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let broker = Broker::start(BrokerConfig::new().with_topic("orders", 3)).await?;
    let client = Client::connect(ClientConfig::new([broker.bootstrap()])).await?;

    // A table without columns takes any JSON object: a dynamic sink.
    let table = Table::new("orders", "orders", Role::Sink, Encoding::Json, Schema::default());
    let mut options = Options::default();
    options.key = vec!["id".to_owned()];
    let mut sink = Sink::open(&client, &table, options).await?;

    let mut deliveries = Vec::new();
    for id in 0..5 {
        let row = format!(r#"{{"id": {id}, "total": {}}}"#, id * 10);
        deliveries.push(sink.send(row.as_bytes()).await?);
    }
    let counts = sink.flush().await;
    for delivery in deliveries {
        let receipt = delivery.outcome().await?;
        println!("partition {}, offset {}", receipt.partition, receipt.offset.unwrap_or(-1));
    }
    println!("{} acknowledged, {} failed", counts.acknowledged, counts.failed);
    Ok(())
}
