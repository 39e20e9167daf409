//! One topic's payloads, already here: format, schema, table, and the check of what was written. No I/O at all.

mod check;
mod conclude;
mod files;
mod framing;
mod given;
mod likely_key;
mod narrow;
mod observe;
mod reading;
mod report;
mod sampled;
mod stream;

pub use conclude::Inferred;
pub use files::{files, unsaid};
pub use framing::{Framing, LONGEST_MESSAGE};
pub use given::{Extension, Given, JSON_DEPTH};
pub use report::{ColumnReport, FormatReport, KeyReport, Reject, SampleReport, TableReport};
pub(crate) use report::{percent, share};
pub use sampled::{Sampled, infer};
pub use stream::{Review, Stream, StreamLimits};

pub use crate::format::sniff::Sniffer;
pub use crate::schema::Profile;

/// A record's key and value, borrowed, and where it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its partition; 0 where there are none.
    pub partition: i32,
    /// Its offset, or its number in the input.
    pub offset: i64,
    /// Its key, if it has one.
    pub key: Option<&'a [u8]>,
    /// Its value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
}
