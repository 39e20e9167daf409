//! The promises of the `record` room: what is written comes back, what others wrote is read, and what is damaged
//! costs itself only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod build;
mod fetch;
mod golden;
mod malformed;
mod roundtrip;
