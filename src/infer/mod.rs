//! One topic's payloads, already here: format, schema, table, and the check of what was written. No I/O at all.

mod report;

pub use report::{ColumnReport, FormatReport, KeyReport, Reject, SampleReport, TableReport};
pub(crate) use report::{percent, share};
