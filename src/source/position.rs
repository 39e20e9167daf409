//! A place in a topic as people write it.

use std::str::FromStr;

/// A place in each partition of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// The oldest record that is left.
    Earliest,
    /// Behind the newest record.
    Latest,
    /// This offset.
    Offset(i64),
    /// The first record whose timestamp is at least so many milliseconds after 1970.
    Timestamp(i64),
}

/// What was written is no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no position: earliest, latest, an offset, a time such as 2026-11-01T08:00:00Z, or @ and milliseconds"
)]
pub struct BadPosition(String);

impl FromStr for Position {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let bad = || BadPosition(text.to_owned());
        match text {
            "earliest" => Ok(Position::Earliest),
            "latest" => Ok(Position::Latest),
            _ => {
                if let Some(millis) = text.strip_prefix('@') {
                    millis.parse().map(Position::Timestamp).map_err(|_| bad())
                } else if let Ok(offset) = text.parse::<u64>() {
                    i64::try_from(offset).map(Position::Offset).map_err(|_| bad())
                } else {
                    instant(text).map(Position::Timestamp).ok_or_else(bad)
                }
            }
        }
    }
}

/// Milliseconds after 1970 of an ISO 8601 date, or date and time; without an offset it is UTC.
fn instant(text: &str) -> Option<i64> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.as_millisecond());
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    Some(jiff::tz::TimeZone::UTC.to_timestamp(local).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_form_of_the_contract_is_read() {
        for (text, position) in [
            ("earliest", Position::Earliest),
            ("latest", Position::Latest),
            ("0", Position::Offset(0)),
            ("42", Position::Offset(42)),
            ("@1700000000000", Position::Timestamp(1_700_000_000_000)),
            ("1970-01-02T00:00:00Z", Position::Timestamp(86_400_000)),
            ("1970-01-02T01:00:00.5+01:00", Position::Timestamp(86_400_500)),
            ("1970-01-02", Position::Timestamp(86_400_000)),
            ("1970-01-02T00:00", Position::Timestamp(86_400_000)),
        ] {
            assert_eq!(text.parse(), Ok(position), "{text}");
        }
        for text in ["", "-1", "@", "yesterday", "2026-13-01", "99999999999999999999"] {
            assert_eq!(text.parse::<Position>(), Err(BadPosition(text.to_owned())));
        }
    }
}
