//! JSON (RFC 8259): a validating walker over a payload's bytes, and what else JSON text needs.
//!
//! The grammar is the RFC's to the letter: no comments, no trailing commas, no `NaN`, and nothing but whitespace after
//! the document. A UTF-8 byte order mark before it is ignored, as the RFC allows a parser to do. Lone surrogates in
//! `\u` escapes are within the grammar and accepted. Numbers are not evaluated, so none is out of range.

mod compact;
mod error;
mod escape;
mod members;
mod scan;
mod walk;

pub use compact::compact;
pub use error::{Error, Reason};
pub use escape::{unescape, write_string};
pub use members::{Members, members};
pub use walk::walk;

/// How deep containers nest at most, unless the caller says otherwise.
pub const DEPTH_LIMIT: usize = 1_000;

/// Checks that `payload` is one JSON document and nothing else.
///
/// # Errors
/// The first offence against the grammar, with its offset; see [`walk`].
pub fn validate(payload: &[u8], depth_limit: usize) -> Result<(), Error> {
    walk(payload, depth_limit, &mut Ignore)
}

/// Takes no interest in any value.
struct Ignore;

impl super::Visitor for Ignore {
    fn null(&mut self) {}
    fn boolean(&mut self, _: bool) {}
    fn number(&mut self, _: super::Number<'_>) {}
    fn string(&mut self, _: super::Text<'_>) {}
    fn bytes(&mut self, _: &[u8]) {}
    fn begin_object(&mut self) {}
    fn key(&mut self, _: super::Text<'_>) {}
    fn end_object(&mut self) {}
    fn begin_array(&mut self) {}
    fn end_array(&mut self) {}
}
