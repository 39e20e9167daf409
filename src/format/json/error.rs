//! Why a payload is no JSON document, and where.

/// The first offence of a payload against RFC 8259.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no JSON: {reason} at byte {offset}")]
pub struct Error {
    /// Where, in bytes from the payload's start (a byte order mark counts).
    pub offset: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong with a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The payload ends inside the document, or has none.
    #[error("the document ends early")]
    End,
    /// Something that starts no value stands where a value must.
    #[error("expected a value")]
    Value,
    /// An object's member does not start with a string.
    #[error("expected a key in quotes")]
    Key,
    /// No colon after a key.
    #[error("expected `:` after a key")]
    Colon,
    /// Neither a comma nor the end of the object.
    #[error("expected `,` or `}}`")]
    CommaOrBrace,
    /// Neither a comma nor the end of the array.
    #[error("expected `,` or `]`")]
    CommaOrBracket,
    /// A number that the grammar does not have: `01`, `1.`, `-`, `1e`.
    #[error("malformed number")]
    Number,
    /// A backslash before a character that has no escape, or `\u` without four hexadecimal digits.
    #[error("malformed escape")]
    Escape,
    /// A character below U+0020 inside a string.
    #[error("control character in a string")]
    Control,
    /// Bytes that are no UTF-8.
    #[error("malformed UTF-8")]
    Utf8,
    /// Containers nest deeper than the limit.
    #[error("nested too deep")]
    Depth,
    /// Something other than whitespace after the document.
    #[error("more after the end of the document")]
    Trailing,
}
