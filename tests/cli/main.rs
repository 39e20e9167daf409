//! The command line as its users have it: the binary, its exit codes, and what it prints where.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod configuration;
mod demo;
mod discover;
mod infer;
mod interrupt;
mod sink;
mod source;
mod support;
mod usage;
