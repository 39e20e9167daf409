//! Strings in and out of their escaped form (RFC 8259, section 7).

use std::borrow::Cow;

use super::scan::plain_end;

/// Resolves the escapes of a JSON string's contents (what stands between its quotes).
///
/// Borrowed if there are none. A surrogate pair is one character; a lone surrogate reads as U+FFFD. What is no valid
/// escape, which a walker never hands out, stays as it is.
pub fn unescape(raw: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw.as_bytes()) else {
        return Cow::Borrowed(raw);
    };
    let (plain, mut rest) = raw.split_at(first);
    let mut value = String::with_capacity(raw.len());
    value.push_str(plain);
    while !rest.is_empty() {
        let (character, length) = match rest.as_bytes() {
            [b'\\', b'u', ..] => unicode(rest),
            [b'\\', letter, ..] => (simple(*letter), 2),
            _ => (None, 1),
        };
        match (character, rest.get(length..)) {
            (Some(character), Some(after)) => {
                value.push(character);
                rest = after;
            }
            _ => {
                value.push('\\');
                rest = rest.get(1..).unwrap_or_default();
            }
        }
        let (plain, escaped) = match memchr::memchr(b'\\', rest.as_bytes()) {
            Some(next) => rest.split_at(next),
            None => (rest, ""),
        };
        value.push_str(plain);
        rest = escaped;
    }
    Cow::Owned(value)
}

fn simple(letter: u8) -> Option<char> {
    Some(match letter {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    })
}

/// The character of a `\u` escape at the start of `rest`, and how many bytes stand for it.
fn unicode(rest: &str) -> (Option<char>, usize) {
    let Some(first) = code_unit(rest, 0) else {
        return (None, 1);
    };
    if let 0xd800..=0xdbff = first
        && rest.get(6..8) == Some("\\u")
        && let Some(second @ 0xdc00..=0xdfff) = code_unit(rest, 6)
    {
        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code), 12);
    }
    (Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)), 6)
}

/// The UTF-16 code unit of the `\uXXXX` at `at`.
fn code_unit(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at + 2..at + 6)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

/// Writes `value` as a JSON string with its quotes. Only what must be escaped is.
pub fn write_string(value: &str, out: &mut Vec<u8>) {
    let bytes = value.as_bytes();
    out.push(b'"');
    let mut written = 0;
    loop {
        let end = plain_end(bytes, written);
        out.extend_from_slice(bytes.get(written..end).unwrap_or_default());
        let Some(&byte) = bytes.get(end) else {
            break;
        };
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                let digit = |nibble: u8| {
                    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
                };
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            }
        }
        written = end + 1;
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn escapes_resolve() {
        for (raw, value) in [
            ("", ""),
            ("plain", "plain"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"a\u0041b", "aAb"),
            (r"\u00e9\u20ac", "é€"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\uD83D\uDE00", "😀"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ude00", "\u{fffd}"),
            (r"\ud83dx", "\u{fffd}x"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"日\u672c語", "日本語"),
            (r"\u0000", "\0"),
            // What no walker hands out does no harm.
            ("\\", "\\"),
            (r"\x", r"\x"),
            (r"\u12", r"\u12"),
            (r"\u+123", r"\u+123"),
            ("\\日", "\\日"),
            ("\\u日本", "\\u日本"),
        ] {
            assert_eq!(unescape(raw), value, "{raw}");
        }
        assert!(matches!(unescape("no escape"), Cow::Borrowed(_)));
    }

    #[test]
    fn written_strings_read_back() {
        let mut all = String::new();
        for code in (0..0x300).chain([0x2028, 0xfeff, 0xffff, 0x1f600, 0x10ffff]) {
            all.extend(char::from_u32(code));
        }
        let mut out = Vec::new();
        write_string(&all, &mut out);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), all);
        let text = std::str::from_utf8(&out).unwrap();
        assert_eq!(unescape(&text[1..text.len() - 1]), all);
    }
}
