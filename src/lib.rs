//! Finds the tables in Kafka topics.
//!
//! topica samples the topics of a cluster, tells each payload's format from its bytes, infers a schema, and writes
//! table definitions that Apache Flink and DataSQRL load; in the other direction it publishes a table's rows to the
//! topic of the same name.
//!
//! The whole of it, on the embedded broker:
//!
//! ```
//! use topica::broker::{Broker, BrokerConfig};
//! use topica::discover::{Discovery, Options};
//! use topica::record::{BatchWriter, Compression};
//! use topica::{Client, ClientConfig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let broker = Broker::start(BrokerConfig::new().with_topic("shop.orders.json", 3)).await?;
//! let mut batch = BatchWriter::new(1 << 20);
//! batch.push(1_793_520_000_000, None, Some(br#"{"id": 1, "placed_at": "2026-11-01T08:00:00Z"}"#), &[])?;
//! broker.append("shop.orders.json", 0, batch.finish(Compression::None, None)?)?;
//!
//! let client = Client::connect(ClientConfig::new([broker.bootstrap()])).await?;
//! let mut options = Options::default();
//! options.rules.prefix = "shop.".to_owned();
//! let report = Discovery::new(&client, options).run(|_progress| ()).await?;
//!
//! let orders = &report.tables[0];
//! assert_eq!(orders.table, "orders");
//! assert_eq!(orders.format.name, "json");
//! let columns: Vec<String> = orders.columns.iter().map(|c| format!("{} {}", c.name, c.ty)).collect();
//! assert_eq!(columns, ["id BIGINT", "placed_at TIMESTAMP_LTZ(3)"]);
//! # Ok(())
//! # }
//! ```
//!
//! The rooms, top to bottom; a room uses rooms below it and never one above:
//!
//! | room | what it is for |
//! |---|---|
//! | [`discover`] | topics to samples to formats to schemas to tables: the plan, its budgets, its result |
//! | [`infer`] | the same engine over bytes that are already here, without any network |
//! | [`sink`], [`source`] | rows into a topic, rows out of a topic |
//! | [`rows`] | a record's value as a JSON row, and back |
//! | [`catalog`] | data systems and tables in memory; readers and writers of each dialect on disk |
//! | [`schema`] | types and their lattice; what was observed; what follows from it |
//! | [`mod@format`] | which format is this; a borrowing walker for each |
//! | [`client`] | cluster metadata, leader routing, list offsets, fetch, produce, retries |
//! | [`broker`] | an embedded broker for demos and tests |
//! | [`record`] | record batches: zero-copy reader, one-pass writer, the codecs |
//! | [`wire`] | connections, framing, version negotiation |

pub mod broker;
pub mod catalog;
#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
pub mod discover;
mod error;
pub mod format;
pub mod infer;
pub mod record;
pub mod rows;
pub mod schema;
pub mod sink;
pub mod source;
pub mod wire;

pub use client::{Client, ClientConfig};
pub use discover::Discovery;
pub use error::{Error, Fault};
pub use sink::Sink;
pub use source::Source;

/// The README's examples, compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
