//! Why a payload is no row of a dialect, and why a row cannot be written in one.

/// The first place where a payload does not follow its dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no delimited row: {reason} at byte {offset}")]
pub struct Error {
    /// Where, in bytes from the payload's start.
    pub offset: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong with a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Bytes that are no UTF-8.
    #[error("malformed UTF-8")]
    Utf8,
    /// A quote opened a field and none closed it.
    #[error("the quoted field does not end")]
    UnclosedQuote,
    /// Something other than spaces between a closing quote and the delimiter.
    #[error("expected the delimiter or the end of the row after a closing quote")]
    AfterQuote,
    /// The escape character is the last one.
    #[error("nothing to escape")]
    Escape,
    /// A row was asked for, and there is none.
    #[error("no row")]
    NoRow,
    /// One row was asked for, and there are more.
    #[error("more than one row")]
    SeveralRows,
}

/// A row that the dialect has no way to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field {index} needs a quote or an escape character, and the dialect has neither")]
pub struct Unwritable {
    /// Which field, from 0.
    pub index: usize,
}
