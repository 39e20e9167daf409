//! What topica is tested against: real Apache Kafka, other people's clients, real Flink.
//!
//! * [`Kafka`]: the cluster that the tests of one binary share, and the clients that write to it and read from it.
//! * [`Cluster`]: a cluster of one's own, with as many brokers as asked for.
//! * [`Peer`]: a client that is not ours, as a process: Java's or librdkafka's.
//! * [`Flink`]: executes the tables that were written and reads them.
//! * [`Topica`]: the `topica` binary, run as its users run it.
//! * [`compare`]: whether what Flink read is what was written, column by column.
//!
//! Tests never fail for want of Java, Maven or Python on a developer's machine: they say that they were skipped. With `CI` set they fail instead.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a harness fails by panicking, in the test that asked"
)]

pub mod compare;

mod cache;
mod cluster;
mod flink;
mod impostor;
mod java;
mod json;
mod kafka;
mod peer;
mod skip;
mod topica;

pub use cluster::{Cluster, StartError};
pub use flink::{Column, Flink, Table, Type};
pub use impostor::Impostor;
pub use json::Json;
pub use kafka::{Ack, Kafka, Record, consume, produce, transact};
pub use peer::Peer;
pub use skip::{long, skip};
pub use topica::{Finished, Topica};
