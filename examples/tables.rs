//! Lists the tables in a cluster's topics: `cargo run --example tables -- localhost:9092 [PREFIX]`.

#![allow(clippy::print_stdout)]

use std::error::Error;

use topica::discover::{Discovery, Options};
use topica::{Client, ClientConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let servers = arguments.next().ok_or("usage: tables HOST:PORT [PREFIX]")?;
    let client = Client::connect(ClientConfig::new([servers])).await?;
    let mut options = Options::default();
    options.rules.prefix = arguments.next().unwrap_or_default();

    let report = Discovery::new(&client, options).run(|_progress| ()).await?;
    for table in &report.tables {
        println!("{} ({}, {} records)", table.table, table.format.name, table.sample.records);
        for column in &table.columns {
            println!("  {} {}  in {} of them", column.name, column.ty, column.seen);
        }
    }
    Ok(())
}
