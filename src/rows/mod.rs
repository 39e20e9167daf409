//! Rows of a table: a record's value read as a JSON object, and a JSON object written as a record's value.
//!
//! JSON objects are the one form in which rows pass in and out of topica, whatever the topic's format: numbers keep
//! the digits that they have in the payload, and nothing goes through a tree.

mod cell;
mod decode;
mod encode;

pub use decode::{Decoded, Decoder};
pub use encode::Encoder;

/// Why a record is no row of its table, or a row cannot be written as a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// The payload is not in the table's format.
    #[error("not {format}: {reason}")]
    Malformed {
        /// The table's format.
        format: &'static str,
        /// What is wrong, with the offset in the payload.
        reason: String,
    },
    /// The payload is well-formed, but no object.
    #[error("not a JSON object")]
    NotAnObject,
    /// A value does not fit its column.
    #[error("column {column}: {reason}")]
    Value {
        /// The column's name.
        column: String,
        /// Why the value does not fit.
        reason: String,
    },
    /// The row has another number of fields than the table has columns.
    #[error("{found} fields, the table has {expected} columns")]
    FieldCount {
        /// Columns of the table.
        expected: usize,
        /// Fields of the row.
        found: usize,
    },
    /// The row has a column that the table has not.
    #[error("column {0} is not in the table")]
    UnknownColumn(String),
    /// The row has a column twice, and only one value can be written.
    #[error("column {0} stands twice in the row")]
    Twice(String),
    /// The table has no columns yet, and nor has the row that would have given them.
    #[error("the row has no columns")]
    NoColumns,
    /// The row has the names of the columns as its values: whoever reads it takes it for the header row.
    #[error("the row reads as the header row")]
    HeaderRow,
    /// A column of the key is absent or null.
    #[error("key column {0} is absent or null")]
    NoKey(String),
}
