//! What one payload is, looked at alone. The vote over a topic decides what that means.

use super::scalar::Scalar;
use crate::format::json;

/// What one payload can be. Each has exactly one kind, whatever the other payloads of its topic are: that is what makes
/// the vote independent of their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// No bytes.
    Empty,
    /// A JSON object or array.
    JsonContainer,
    /// A JSON string, `true`, `false` or `null`: text to everybody else.
    JsonScalar,
    /// A bare number: JSON in a JSON topic, text in any other.
    Number(Scalar),
    /// It starts as a JSON object or array does, and is none.
    BrokenJson,
    /// UTF-8 without control characters but tabs and line ends.
    Text(Option<Scalar>),
    /// UTF-8 whose only control characters are such as separate fields (U+0001, U+001C to U+001F).
    Separated,
    /// Anything else.
    Binary,
}

impl Kind {
    pub(super) fn of(payload: &[u8]) -> Kind {
        let body = payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload);
        let trimmed = body.trim_ascii();
        let json = match trimmed {
            [] if payload.is_empty() => return Kind::Empty,
            [b'{', ..] | [b'[', ..] => json::validate(payload, json::DEPTH_LIMIT).ok().map(|()| Kind::JsonContainer),
            [b'"', .., b'"'] | b"true" | b"false" | b"null" => {
                json::validate(payload, json::DEPTH_LIMIT).ok().map(|()| Kind::JsonScalar)
            }
            _ => None,
        };
        if let Some(kind) = json {
            return kind;
        }
        if starts_as_json(trimmed) {
            return Kind::BrokenJson;
        }
        match characters(payload) {
            Characters::Text => match Scalar::of(body) {
                Some(number @ (Scalar::Integer | Scalar::Decimal))
                    if json::validate(payload, json::DEPTH_LIMIT).is_ok() =>
                {
                    Kind::Number(number)
                }
                scalar => Kind::Text(scalar),
            },
            Characters::Separated => Kind::Separated,
            Characters::Binary => Kind::Binary,
        }
    }
}

/// An opening bracket with what follows it in JSON; `[INFO]` and `[2026-` do not count, nor does `{{`.
fn starts_as_json(trimmed: &[u8]) -> bool {
    let second = || trimmed.get(1..).unwrap_or_default().trim_ascii_start().first();
    match trimmed.first() {
        Some(b'{') => matches!(second(), Some(b'"')),
        Some(b'[') => matches!(second(), Some(b'"' | b'{' | b'[')),
        _ => false,
    }
}

enum Characters {
    Text,
    Separated,
    Binary,
}

fn characters(payload: &[u8]) -> Characters {
    let mut separated = false;
    for &byte in payload {
        if byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r') {
            if !matches!(byte, 0x01 | 0x1c..=0x1f) {
                return Characters::Binary;
            }
            separated = true;
        }
    }
    match std::str::from_utf8(payload) {
        Err(_) => Characters::Binary,
        Ok(_) if separated => Characters::Separated,
        Ok(_) => Characters::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (payload, kind) in [
            (&b""[..], Kind::Empty),
            (b" {\"a\": [1]}\n", Kind::JsonContainer),
            (b"\xef\xbb\xbf[]", Kind::JsonContainer),
            (b"[1,2]", Kind::JsonContainer),
            (b"\"x\"", Kind::JsonScalar),
            (b" null ", Kind::JsonScalar),
            (b"12", Kind::Number(Scalar::Integer)),
            (b"-1.5e3", Kind::Number(Scalar::Decimal)),
            (b"+12", Kind::Text(Some(Scalar::Integer))),
            (b"{\"a\":1", Kind::BrokenJson),
            (b"{\"a\":\"\xff\"}", Kind::BrokenJson),
            (b"[{\"a\":1}", Kind::BrokenJson),
            (b"[INFO] started", Kind::Text(None)),
            (b"[2026-11-24] x", Kind::Text(None)),
            (b"{{name}}", Kind::Text(None)),
            (b"\"a\",\"b\"", Kind::Text(None)),
            (b"   ", Kind::Text(None)),
            ("日本語 текст عربي".as_bytes(), Kind::Text(None)),
            (b"a\tb\r\n", Kind::Text(None)),
            (b"a\x01b", Kind::Separated),
            (b"a\x00b", Kind::Binary),
            (b"\xff\xfe", Kind::Binary),
            (b"\xc3\x28", Kind::Binary),
        ] {
            assert_eq!(Kind::of(payload), kind, "{payload:?}");
        }
    }
}
