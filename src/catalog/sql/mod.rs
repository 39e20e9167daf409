//! `<table>.table.sql`: a table as the `CREATE TABLE` that Flink and DataSQRL (0.6 and later) load.
//!
//! What the statement cannot say stands in comment lines before it:
//!
//! ```text
//! -- topica: generated: delete this line to keep the definition as your own
//! -- topica: role: source
//! -- topica: header: in-stream
//! -- topica: note: 3 of 10003 records are no JSON
//! ```
//!
//! A file with the first of them is topica's own: a second discovery infers afresh what is in it. Without it the
//! file is a configured schema.

mod lead;
mod names;
mod read;
mod statement;
mod types;
mod write;

pub use lead::is_generated;
pub use names::warnings;
pub(crate) use read::parse;
pub use read::read;
pub use write::write;
