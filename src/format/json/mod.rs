//! JSON (RFC 8259): a validating walker over a payload's bytes.

use std::borrow::Cow;

/// Resolves the escapes of a JSON string's contents.
pub(crate) fn unescape(raw: &str) -> Cow<'_, str> {
    Cow::Borrowed(raw)
}
