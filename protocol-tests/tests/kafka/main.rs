//! topica against one real Apache Kafka broker, other people's clients and real Flink: what `cargo test` runs every day.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used)]

mod harness;
