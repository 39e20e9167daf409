//! The embedded broker from a client's side of the socket: every API in every version, and what each promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod client;
mod cluster;
mod faults;
mod fetching;
mod groups;
mod hostile;
mod producing;
mod topics;
mod versions;
