//! Which format is this, and what is in it: one folder per format with a walker that borrows from the payload.
//!
//! A walker drives a [`Visitor`]; it never builds a tree and never copies a value. [`sniff`](crate::format::sniff)
//! looks at the payloads of a topic and votes.

pub mod csv;
pub mod json;
pub mod sniff;
mod visit;

pub use visit::{Escapes, Number, Text, Visitor};

use std::fmt;

/// A payload format, by the name that the command line and reports use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// RFC 8259 text.
    Json,
    /// Delimited text: CSV, TSV and the like.
    Csv,
    /// Text without a structure of its own: one `STRING` column.
    Text,
    /// Bytes that fit nothing else: one `BYTES` column.
    Binary,
    /// Nothing but empty payloads.
    Empty,
}

impl Format {
    /// The name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Text => "text",
            Format::Binary => "binary",
            Format::Empty => "empty",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
