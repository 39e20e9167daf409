//! Delimited text: the dialect, a walker over rows that borrows from the payload, a writer, and the search for the
//! dialect that a topic is in.
//!
//! Rows are read as Flink's `csv` format reads them (Jackson's decoder): a quote opens a field only at its very start, a
//! doubled quote inside is one, spaces after the closing quote are skipped, anything else there is an error; a quote
//! inside an unquoted field is a character like any other.

mod cell;
mod detect;
mod dialect;
mod error;
mod rows;
mod tally;
mod votes;
mod write;

pub use detect::{Detected, Hints, detect};
pub use dialect::{Dialect, Header};
pub use error::{Error, Reason, Unwritable};
pub use rows::{Rows, walk_row};
pub(in crate::format) use votes::Leader;
pub use votes::Votes;
pub use write::write_row;
