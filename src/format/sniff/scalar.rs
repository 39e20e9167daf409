//! Text that is one value: a number, a date, a timestamp, a UUID.

/// What kind of value a text is as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scalar {
    /// An optional sign and digits without leading zeros.
    Integer,
    /// A number with a fraction or an exponent.
    Decimal,
    /// `2026-11-24`
    Date,
    /// A date and a time of day, with or without a zone.
    Timestamp,
    /// Eight, four, four, four and twelve hexadecimal digits.
    Uuid,
}

impl Scalar {
    /// Each kind.
    pub const ALL: &'static [Scalar] =
        &[Scalar::Integer, Scalar::Decimal, Scalar::Date, Scalar::Timestamp, Scalar::Uuid];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Scalar::Integer => "integer",
            Scalar::Decimal => "decimal",
            Scalar::Date => "date",
            Scalar::Timestamp => "timestamp",
            Scalar::Uuid => "uuid",
        }
    }

    /// The kind of value that `text` is, spaces around it aside; `None` if it is just text.
    pub fn of(text: &[u8]) -> Option<Scalar> {
        let text = text.trim_ascii();
        match text {
            [b'+' | b'-' | b'.' | b'0'..=b'9', ..] if text.len() != 36 => {
                number(text).or_else(|| date_or_timestamp(text))
            }
            _ if text.len() == 36 => {
                uuid(text).then_some(Scalar::Uuid).or_else(|| number(text)).or_else(|| date_or_timestamp(text))
            }
            _ => None,
        }
    }
}

/// Splits off the leading digits.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn number(text: &[u8]) -> Option<Scalar> {
    let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let (whole, rest) = digits(unsigned);
    // A leading zero is worth keeping: a postcode, a phone number.
    if whole.len() > 1 && whole.starts_with(b"0") {
        return None;
    }
    if rest.is_empty() {
        return (!whole.is_empty()).then_some(Scalar::Integer);
    }
    let rest = match rest.strip_prefix(b".") {
        Some(rest) => {
            let (fraction, rest) = digits(rest);
            if whole.is_empty() && fraction.is_empty() {
                return None;
            }
            rest
        }
        None if whole.is_empty() => return None,
        None => rest,
    };
    let rest = match rest {
        [b'e' | b'E', exponent @ ..] => {
            let exponent = exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+")).unwrap_or(exponent);
            let (exponent, rest) = digits(exponent);
            if exponent.is_empty() {
                return None;
            }
            rest
        }
        _ => rest,
    };
    rest.is_empty().then_some(Scalar::Decimal)
}

fn two(text: &[u8]) -> Option<u8> {
    match text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

fn within(text: Option<&[u8]>, low: u8, high: u8) -> bool {
    text.and_then(two).is_some_and(|value| (low..=high).contains(&value))
}

/// `YYYY-MM-DD`, then nothing or a time of day.
fn date_or_timestamp(text: &[u8]) -> Option<Scalar> {
    let (date, rest) = text.split_at_checked(10)?;
    let is_date = date.get(..4).is_some_and(|year| year.iter().all(u8::is_ascii_digit))
        && date.get(4) == Some(&b'-')
        && within(date.get(5..7), 1, 12)
        && date.get(7) == Some(&b'-')
        && within(date.get(8..10), 1, 31);
    if !is_date {
        return None;
    }
    match rest {
        [] => Some(Scalar::Date),
        [b'T' | b't' | b' ', time @ ..] => {
            let rest = time_of_day(time)?;
            zone(rest).then_some(Scalar::Timestamp)
        }
        _ => None,
    }
}

/// `HH:MM`, then seconds and their fraction; what follows it.
pub(in crate::format) fn time_of_day(text: &[u8]) -> Option<&[u8]> {
    if !(within(text.get(..2), 0, 24) && text.get(2) == Some(&b':') && within(text.get(3..5), 0, 59)) {
        return None;
    }
    let rest = text.get(5..).unwrap_or_default();
    let Some(seconds) = rest.strip_prefix(b":") else {
        return Some(rest);
    };
    if !within(seconds.get(..2), 0, 60) {
        return None;
    }
    let rest = seconds.get(2..).unwrap_or_default();
    match rest {
        [b'.' | b',', fraction @ ..] => {
            let (fraction, rest) = digits(fraction);
            (!fraction.is_empty()).then_some(rest)
        }
        _ => Some(rest),
    }
}

/// Nothing, `Z`, `+HH`, `+HHMM` or `+HH:MM`, after a space or none.
fn zone(text: &[u8]) -> bool {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    match text {
        [] | b"Z" | b"z" | b"UTC" => true,
        [b'+' | b'-', offset @ ..] => {
            within(offset.get(..2), 0, 18)
                && match offset.get(2..) {
                    Some([]) => true,
                    Some([b':', minutes @ ..]) => within(Some(minutes), 0, 59),
                    minutes => within(minutes, 0, 59),
                }
        }
        _ => false,
    }
}

fn uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (kind, texts) in [
            (Some(Scalar::Integer), &["0", "-1", "+42", " 7\n", "12345678901234567890123"][..]),
            (Some(Scalar::Decimal), &["0.5", ".5", "5.", "-1e9", "1.25E-3"]),
            (Some(Scalar::Date), &["2026-11-24"]),
            (
                Some(Scalar::Timestamp),
                &[
                    "2026-11-24T10:00:00Z",
                    "2026-11-24 10:00",
                    "2026-11-24T10:00:00.123+02:00",
                    "2026-11-24 10:00:00,5 UTC",
                ],
            ),
            (Some(Scalar::Uuid), &["123e4567-e89b-12d3-a456-426614174000", "AAAAAAAA-bbbb-4ccc-8ddd-eeeeeeeeeeee"]),
            (
                None,
                &[
                    "",
                    "007",
                    "-",
                    ".",
                    "1e",
                    "1.2.3",
                    "2026-13-01",
                    "2026-11-24x",
                    "2026-11-24T25:00",
                    "abc",
                    "12 34",
                    "1,5",
                ],
            ),
        ] {
            for text in texts {
                assert_eq!(Scalar::of(text.as_bytes()), kind, "{text}");
            }
        }
    }
}
