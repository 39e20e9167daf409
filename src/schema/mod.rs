//! Types and their lattice, what was observed, and what follows from it.

mod types;

pub use types::{Column, Evidence, Field, Quoted, Schema, TimestampStandard, Type};
