//! What one delimited field looks like: the evidence by which a column, a header and prose are told apart.

use crate::format::sniff::{Scalar, time_of_day};

/// The look of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing, or spaces.
    Empty,
    /// A number.
    Number,
    /// A date, a time of day, or both.
    Time,
    /// A UUID.
    Uuid,
    /// `true` or `false`, in any case.
    Boolean,
    /// One word: no spaces inside.
    Word,
    /// The name of a log level, in capitals.
    LogLevel,
    /// `name=value` with a name that is one word.
    KeyValue,
    /// Several words.
    Phrase,
}

impl Cell {
    pub(super) fn of(field: &str) -> Cell {
        let field = field.trim();
        let bytes = field.as_bytes();
        let Some(&first) = bytes.first() else {
            return Cell::Empty;
        };
        if matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.' | b',') || bytes.len() == 36 {
            match Scalar::of(bytes) {
                Some(Scalar::Integer | Scalar::Decimal) => return Cell::Number,
                Some(Scalar::Date | Scalar::Timestamp) => return Cell::Time,
                Some(Scalar::Uuid) => return Cell::Uuid,
                None => {}
            }
            if time_of_day(bytes).is_some_and(|rest| matches!(rest, [] | b"Z")) || other_date(bytes) {
                return Cell::Time;
            }
            if decimal_comma(bytes) {
                return Cell::Number;
            }
        }
        let words = memchr::memchr3(b' ', b'\t', b'\n', bytes).is_some();
        if !words {
            if field.eq_ignore_ascii_case("true") || field.eq_ignore_ascii_case("false") {
                return Cell::Boolean;
            }
            if matches!(
                field.trim_matches(['[', ']', ':']),
                "TRACE" | "DEBUG" | "INFO" | "WARN" | "WARNING" | "ERROR" | "FATAL" | "CRITICAL" | "NOTICE"
            ) {
                return Cell::LogLevel;
            }
        }
        match memchr::memchr(b'=', bytes).and_then(|at| field.get(..at)) {
            Some(name) if is_name(name) && !name.contains(' ') => Cell::KeyValue,
            _ if words => Cell::Phrase,
            _ => Cell::Word,
        }
    }

    /// Does a column of such cells have a type other than text?
    pub(super) fn is_typed(self) -> bool {
        matches!(self, Cell::Number | Cell::Time | Cell::Uuid | Cell::Boolean)
    }

    /// Is it made of words?
    pub(super) fn is_worded(self) -> bool {
        matches!(self, Cell::Word | Cell::Phrase)
    }
}

/// `24.11.2026`, `11/24/2026`, `2026/11/24`, `24-11-26`, perhaps with a time after it.
fn other_date(bytes: &[u8]) -> bool {
    let end = memchr::memchr2(b' ', b'T', bytes).unwrap_or(bytes.len());
    let (date, time) = bytes.split_at(end);
    if let [_, time @ ..] = time
        && !time_of_day(time)
            .is_some_and(|rest| matches!(rest.trim_ascii_start(), [] | b"Z" | b"AM" | b"PM" | b"am" | b"pm"))
    {
        return false;
    }
    let mut parts = [0usize; 3];
    let (mut part, mut separator) = (0, None);
    for &byte in date {
        match (byte, separator) {
            (b'0'..=b'9', _) => match parts.get_mut(part) {
                Some(digits) => *digits += 1,
                None => return false,
            },
            (b'.' | b'/' | b'-', None) => {
                separator = Some(byte);
                part += 1;
            }
            (_, Some(same)) if same == byte => part += 1,
            _ => return false,
        }
    }
    matches!(parts, [1..=2, 1..=2, 2 | 4] | [4, 1..=2, 1..=2])
}

/// `1,5`, `1.234,50`, `1,234.50`.
fn decimal_comma(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    digits.contains(&b',')
        && digits.first().is_some_and(u8::is_ascii_digit)
        && digits.last().is_some_and(u8::is_ascii_digit)
        && digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b',' | b'.'))
}

/// Could it be a column's name: a letter or underscore, then letters, digits and a few signs, at most three words and 64
/// bytes? What stands for a missing value is none.
pub(super) fn is_name(field: &str) -> bool {
    const MISSING: [&str; 9] = ["null", "none", "nan", "na", "nil", "unknown", "missing", "undefined", "empty"];
    let field = field.trim();
    let mut characters = field.chars();
    field.len() <= 64
        && memchr::memchr_iter(b' ', field.as_bytes()).count() <= 2
        && !MISSING.iter().any(|missing| missing.eq_ignore_ascii_case(field))
        && characters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && characters.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '/' | '(' | ')' | '%' | '#'))
}

/// How much a name looks as people name columns: 2 for a word that columns are called, 1 for `snake_case` and
/// `camelCase`, 0 for any other.
pub(super) fn name_likeness(field: &str) -> u32 {
    const WORDS: &[&str] = &[
        "id",
        "key",
        "name",
        "date",
        "time",
        "timestamp",
        "ts",
        "type",
        "status",
        "state",
        "price",
        "amount",
        "total",
        "quantity",
        "qty",
        "count",
        "value",
        "code",
        "email",
        "phone",
        "address",
        "city",
        "country",
        "region",
        "zip",
        "user",
        "username",
        "customer",
        "order",
        "product",
        "sku",
        "item",
        "currency",
        "description",
        "title",
        "category",
        "url",
        "ip",
        "lat",
        "lon",
        "lng",
        "latitude",
        "longitude",
        "temperature",
        "humidity",
        "age",
        "gender",
        "first",
        "last",
        "created",
        "updated",
        "year",
        "month",
        "day",
        "hour",
        "level",
        "message",
        "event",
        "source",
        "target",
        "sensor",
        "device",
        "version",
        "uuid",
        "number",
        "no",
        "rate",
        "score",
        "unit",
        "note",
        "comment",
        "start",
        "end",
        "from",
        "to",
        "host",
        "port",
        "path",
        "method",
        "duration",
        "size",
        "weight",
        "height",
        "width",
        "color",
        "model",
        "brand",
        "vendor",
        "account",
        "balance",
        "label",
        "active",
        "enabled",
    ];
    let field = field.trim();
    let mut known = false;
    for part in field.split(['_', '-', '.', ' ']) {
        known |= WORDS.iter().any(|word| word.eq_ignore_ascii_case(part));
    }
    // `orderId`, `createdAt`
    let camel = field.as_bytes().windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    if known {
        2
    } else if camel || field.contains('_') {
        1
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks() {
        for (cell, fields) in [
            (Cell::Empty, &["", "  "][..]),
            (Cell::Number, &["1", "-1.5", "1,5", "1.234,50", " 7 "]),
            (Cell::Time, &["2026-11-24", "10:00:00", "24.11.2026", "11/24/26 10:00", "2026-11-24T10:00:00Z"]),
            (Cell::Uuid, &["123e4567-e89b-12d3-a456-426614174000"]),
            (Cell::Boolean, &["true", "FALSE"]),
            (Cell::Word, &["alice", "a-1", "x@y.z", "1.2.3.4", "http://x/y?a=b", "007x"]),
            (Cell::LogLevel, &["INFO", "[WARN]"]),
            (Cell::KeyValue, &["a=1", "user_id=x y"]),
            (Cell::Phrase, &["two words", "2026-11-24 INFO x", "Hello, world"]),
        ] {
            for field in fields {
                assert_eq!(Cell::of(field), cell, "{field}");
            }
        }
    }

    #[test]
    fn names() {
        for name in ["id", "order_id", "Größe", "unit price", "lat.", "_x", "CO2 (ppm)"] {
            assert!(is_name(name), "{name}");
        }
        for other in ["", "1", "2026-11-24", "a@b", "-x", "{x}", "NULL", "one two three four"] {
            assert!(!is_name(other), "{other}");
        }
        assert_eq!(name_likeness("order_id"), 2);
        assert_eq!(name_likeness("foo_bar"), 1);
        assert_eq!(name_likeness("alice"), 0);
    }
}
