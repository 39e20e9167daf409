//! Connections against a peer that follows a script: old, hostile, slow, or no Kafka at all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod frames;
mod impostors;
mod negotiation;
mod replies;
mod requests;
mod script;
