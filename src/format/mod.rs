//! Which format is this, and what is in it: one folder per format with a walker that borrows from the payload.
//!
//! A walker drives a [`Visitor`]; it never builds a tree and never copies a value. [`mod@sniff`]
//! looks at the payloads of a topic and votes.

pub mod csv;
pub mod json;
mod name;
pub mod sniff;
mod visit;

pub use name::{Format, UnknownFormat};
pub use visit::{Escapes, Number, Text, Visitor};
