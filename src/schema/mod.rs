//! Types and their lattice, what was observed, and what follows from it.

mod classic_types;
mod types;

pub use classic_types::{ClassicColumn, ClassicType};
pub use types::{Column, Evidence, Field, Quoted, Schema, TimestampStandard, Type};
