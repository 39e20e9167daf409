//! topica against one real Apache Kafka broker, other people's clients and real Flink: what `cargo test` runs every day.
//!
//! Each test has topics of its own, told apart by their prefix: the tests run at once, on one cluster.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used)]

mod delimited;
mod discovered;
mod first_steps;
mod footprint;
mod generated;
mod harness;
mod numbers_and_names;
mod orders;
mod package;
mod payloads;
mod refused;
mod rows_in;
mod rows_out;
mod static_binary;
