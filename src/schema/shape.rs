//! What a string looks like: a date, a timestamp, a number, a UUID. Each has exactly one shape.
//!
//! Shapes are strict: what has one reads back as that value and no other, so `2022-02-30`, `24:00:00` (which Flink
//! turns into another day without a word), `007`, `+1` and `1e5` have none.

use super::number::Decimal;

/// The shape of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// No characters.
    Empty,
    /// `2022-07-15`
    Date,
    /// A date and a time of day.
    Timestamp(Stamp),
    /// `-12`: an integer as it would be written.
    Integer,
    /// `12.50`: a number with a point.
    Decimal,
    /// `true` or `false`, also `True` and `TRUE`.
    Boolean,
    /// 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// None of these.
    Other,
}

/// How a timestamp is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// What stands between date and time.
    pub(crate) separator: Separator,
    /// What stands at its end.
    pub(crate) zone: Zone,
    /// It has seconds.
    pub(crate) seconds: bool,
    /// Digits after the seconds' point; `None` without a point.
    pub(crate) fraction: Option<u8>,
    /// One of the digits beyond milliseconds is not zero.
    pub(crate) finer_than_millis: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    T,
    Space,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    None,
    /// `Z`
    Utc,
    /// `+02:00`, also with a region in brackets.
    Offset,
}

impl Shape {
    /// The shape of a string's value.
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        match bytes.first() {
            None => Shape::Empty,
            Some(b't' | b'T' | b'f' | b'F') if is_boolean(text) => Shape::Boolean,
            Some(b'0'..=b'9' | b'-') => {
                if bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-') {
                    match stamp(bytes) {
                        Some(shape) => shape,
                        None => Shape::Other,
                    }
                } else if is_uuid(bytes) {
                    Shape::Uuid
                } else {
                    number(bytes)
                }
            }
            Some(b'a'..=b'f' | b'A'..=b'F') if is_uuid(bytes) => Shape::Uuid,
            Some(_) => Shape::Other,
        }
    }
}

fn is_boolean(text: &str) -> bool {
    matches!(text, "true" | "false" | "True" | "False" | "TRUE" | "FALSE")
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// An integer or a decimal as they are usually written: no leading zeros, no plus, no exponent, no `-0`.
fn number(bytes: &[u8]) -> Shape {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let whole = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let canonical = match digits {
        [b'0', ..] => whole == 1,
        _ => whole > 0,
    };
    if !canonical {
        return Shape::Other;
    }
    match digits.get(whole..) {
        Some([]) if negative && digits == b"0" => Shape::Other,
        Some([]) => Shape::Integer,
        Some([b'.', fraction @ ..]) if !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit) => {
            Shape::Decimal
        }
        _ => Shape::Other,
    }
}

/// Reads fixed-width parts off the front.
struct Parts<'a>(&'a [u8]);

impl Parts<'_> {
    fn digits(&mut self, n: usize) -> Option<u32> {
        let (head, tail) = self.0.split_at_checked(n)?;
        let mut value = 0;
        for byte in head {
            if !byte.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u32::from(byte - b'0');
        }
        self.0 = tail;
        Some(value)
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        if *first != wanted {
            return None;
        }
        self.0 = rest;
        Some(())
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// A date or a timestamp in the years 1 to 9999; `None` if the calendar or the clock has no such moment.
fn stamp(bytes: &[u8]) -> Option<Shape> {
    let mut parts = Parts(bytes);
    let year = parts.digits(4)?;
    parts.take(b'-')?;
    let month = parts.digits(2)?;
    parts.take(b'-')?;
    let day = parts.digits(2)?;
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return None;
    }
    let separator = match parts.0.split_first() {
        // Flink's csv moves these days, which the switch to the Gregorian calendar left out, by ten.
        None if (year, month) == (1582, 10) && (5..=14).contains(&day) => return None,
        None => return Some(Shape::Date),
        Some((b'T', rest)) => {
            parts.0 = rest;
            Separator::T
        }
        Some((b' ', rest)) => {
            parts.0 = rest;
            Separator::Space
        }
        Some(_) => return None,
    };
    let hour = parts.digits(2)?;
    parts.take(b':')?;
    let minute = parts.digits(2)?;
    if hour > 23 || minute > 59 {
        return None;
    }
    let seconds = parts.take(b':').is_some();
    let (mut fraction, mut finer_than_millis) = (None, false);
    if seconds {
        if parts.digits(2)? > 59 {
            return None;
        }
        if parts.take(b'.').is_some() {
            let digits = parts.0.iter().take_while(|b| b.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) {
                return None;
            }
            let (head, tail) = parts.0.split_at_checked(digits)?;
            finer_than_millis = head.iter().skip(3).any(|b| *b != b'0');
            fraction = Some(digits as u8);
            parts.0 = tail;
        }
    }
    let zone = match parts.0 {
        [] => Zone::None,
        [b'Z'] => Zone::Utc,
        _ => {
            offset(&mut parts)?;
            Zone::Offset
        }
    };
    Some(Shape::Timestamp(Stamp { separator, zone, seconds, fraction, finer_than_millis }))
}

/// `+02:00`, `+02:00:00`, either with `[Europe/Paris]` behind it; to the end.
fn offset(parts: &mut Parts<'_>) -> Option<()> {
    parts.take(b'+').or_else(|| parts.take(b'-'))?;
    let hours = parts.digits(2)?;
    parts.take(b':')?;
    let minutes = parts.digits(2)?;
    if hours > 18 || minutes > 59 {
        return None;
    }
    if parts.take(b':').is_some() && parts.digits(2)? > 59 {
        return None;
    }
    match parts.0 {
        [] => Some(()),
        [b'[', region @ .., b']'] if !region.is_empty() => Some(()),
        _ => None,
    }
}

/// What DataSQRL's string parsers would have made of a string, with those left out that change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detected {
    Boolean,
    Datetime,
    Integer,
    Float,
    Uuid,
    None,
}

impl Detected {
    /// From a string and its shape.
    pub(crate) fn of(text: &str, shape: Shape) -> Self {
        match shape {
            Shape::Boolean => Detected::Boolean,
            Shape::Timestamp(stamp) => {
                let known = match stamp.separator {
                    Separator::T => true,
                    Separator::Space => {
                        stamp.zone == Zone::None && stamp.seconds && matches!(stamp.fraction, None | Some(3))
                    }
                };
                if known { Detected::Datetime } else { Detected::None }
            }
            Shape::Integer => {
                let decimal = Decimal::of_text(text);
                if decimal.small.is_some() {
                    Detected::Integer
                } else if decimal.exact {
                    Detected::Float
                } else {
                    Detected::None
                }
            }
            Shape::Decimal if Decimal::of_text(text).exact => Detected::Float,
            Shape::Uuid => Detected::Uuid,
            _ => Detected::None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn timestamp(text: &str) -> Stamp {
        match Shape::of(text) {
            Shape::Timestamp(stamp) => stamp,
            other => panic!("{text} is {other:?}"),
        }
    }

    #[test]
    fn plain_shapes() {
        for (text, shape) in [
            ("", Shape::Empty),
            ("2022-07-15", Shape::Date),
            ("2024-02-29", Shape::Date),
            ("1900-02-29", Shape::Other),
            ("2022-02-30", Shape::Other),
            ("0000-01-01", Shape::Other),
            ("2022-7-5", Shape::Other),
            ("1582-10-10", Shape::Other),
            ("1582-10-15", Shape::Date),
            ("12", Shape::Integer),
            ("-12", Shape::Integer),
            ("0", Shape::Integer),
            ("-0", Shape::Other),
            ("007", Shape::Other),
            ("+1", Shape::Other),
            ("1e5", Shape::Other),
            ("NaN", Shape::Other),
            ("1d", Shape::Other),
            ("12.50", Shape::Decimal),
            ("-0.5", Shape::Decimal),
            ("00.5", Shape::Other),
            (".5", Shape::Other),
            ("1.", Shape::Other),
            (" 1", Shape::Other),
            ("true", Shape::Boolean),
            ("FALSE", Shape::Boolean),
            ("tRue", Shape::Other),
            ("yes", Shape::Other),
            ("123e4567-e89b-12d3-a456-426614174000", Shape::Uuid),
            ("abcde567-e89b-12d3-a456-426614174000", Shape::Uuid),
            ("1-1-1-1-1", Shape::Other),
            ("日本", Shape::Other),
            ("-", Shape::Other),
        ] {
            assert_eq!(Shape::of(text), shape, "{text}");
        }
    }

    #[test]
    fn timestamps() {
        assert_eq!(
            timestamp("2022-07-15T10:15:30.120Z"),
            Stamp {
                separator: Separator::T,
                zone: Zone::Utc,
                seconds: true,
                fraction: Some(3),
                finer_than_millis: false,
            }
        );
        assert!(!timestamp("2022-07-15T10:15:30.120000Z").finer_than_millis);
        assert!(timestamp("2022-07-15T10:15:30.1201Z").finer_than_millis);
        assert_eq!(timestamp("2022-07-15 10:15:30").separator, Separator::Space);
        assert_eq!(timestamp("2022-07-15T10:15:30+02:00").zone, Zone::Offset);
        assert_eq!(timestamp("2022-07-15T10:15:30-02:00[Europe/Paris]").zone, Zone::Offset);
        assert!(!timestamp("2022-07-15T10:15").seconds);
        for other in [
            "2022-02-30T10:15:30Z",
            "2022-02-30 10:15:30",
            "2022-07-15T24:00:00Z",
            "2022-07-15T23:59:60Z",
            "2022-07-15T10:15:30.",
            "2022-07-15T10:15:30.1234567890Z",
            "2022-07-15T10:15:30z",
            "2022-07-15t10:15:30Z",
            "2022-07-15T10",
            "2022-07-15T10:15:30+0200",
            "2022-07-15T10:15:30+02",
            "2022-07-15T10:15:30ZZ",
            "20220715T101530Z",
        ] {
            assert_eq!(Shape::of(other), Shape::Other, "{other}");
        }
    }

    #[test]
    fn detection_as_datasqrl_has_it_where_nothing_is_lost() {
        for (text, detected) in [
            ("true", Detected::Boolean),
            ("TRUE", Detected::Boolean),
            (" true", Detected::None),
            ("yes", Detected::None),
            ("1", Detected::Integer),
            ("-1", Detected::Integer),
            ("9223372036854775807", Detected::Integer),
            ("1657880130", Detected::Integer),
            ("1.5", Detected::Float),
            ("2022-07-15T10:15:30Z", Detected::Datetime),
            ("2022-07-15T10:15", Detected::Datetime),
            ("2022-07-15T10:15Z", Detected::Datetime),
            ("2022-07-15T10:15:30.123456789", Detected::Datetime),
            ("2022-07-15T10:15:30+01:00[Europe/Paris]", Detected::Datetime),
            ("2022-07-15 10:15:30", Detected::Datetime),
            ("2022-07-15 10:15:30.543", Detected::Datetime),
            ("2022-07-15 10:15:30.5", Detected::None),
            ("2022-07-15 10:15", Detected::None),
            ("2022-07-15 10:15:30.543Z", Detected::None),
            ("2022-07-15", Detected::None),
            ("123e4567-e89b-12d3-a456-426614174000", Detected::Uuid),
            // Left out: they would lose something.
            ("007", Detected::None),
            ("+1", Detected::None),
            ("12e5", Detected::None),
            ("1d", Detected::None),
            ("1-1-1-1-1", Detected::None),
            ("2022-02-30 10:15:30", Detected::None),
            ("9223372036854775809", Detected::None),
        ] {
            assert_eq!(Detected::of(text, Shape::of(text)), detected, "{text}");
        }
    }
}
