//! Finds the tables in Kafka topics.
//!
//! topica samples the topics of a cluster, tells each payload's format from its bytes, infers a schema, and writes
//! table definitions that Apache Flink and DataSQRL load; in the other direction it publishes a table's rows to the
//! topic of the same name.
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
pub mod format;
pub mod infer;
pub mod record;
pub mod rows;
pub mod schema;
pub mod sink;
pub mod source;
pub mod wire;
