//! Types and their lattice, what was observed, and what follows from it.
//!
//! A [`Profile`] observes payloads; [`resolve`](fn@resolve) turns it into a [`Schema`] with the evidence kept;
//! [`Conform`] says of a payload whether Flink reads it under a schema without loss.

pub mod classic;
mod conform;
mod number;
mod profile;
mod resolve;
mod shape;
mod types;

pub use conform::{Conform, Fit, Misfit};
pub use profile::{Profile, RowLength};
pub use resolve::{Encoding, ResolveOptions, Resolved, Root, resolve};
pub use types::{Column, Evidence, Field, Quoted, Schema, TimestampStandard, Type};
