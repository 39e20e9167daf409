//! JSON with its numbers as they were written: what a record says, before anybody's arithmetic.
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A JSON value; numbers keep their text, of two members with one name the last counts.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number's text.
    Number(String),
    /// A string, unescaped.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// Reads one JSON document.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Json, serde_json::Error> {
        Json::read(serde_json::from_str(text)?)
    }

    fn read(raw: &RawValue) -> Result<Json, serde_json::Error> {
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
                Json::Object(
                    members
                        .into_iter()
                        .map(|(k, v)| Ok((k, Json::read(v)?)))
                        .collect::<Result<_, serde_json::Error>>()?,
                )
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(text)?;
                Json::Array(elements.into_iter().map(Json::read).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Json::String(serde_json::from_str(text)?),
            Some(b't' | b'f') => Json::Bool(text == "true"),
            Some(b'n') => Json::Null,
            _ => Json::Number(text.to_owned()),
        })
    }

    /// Equal in all but the spelling of numbers: `1.50` is `1.5` is `15e-1`.
    pub fn same(&self, other: &Json) -> bool {
        match (self, other) {
            (Json::Number(a), Json::Number(b)) => {
                a == b || (Decimal::parse(a).is_some() && Decimal::parse(a) == Decimal::parse(b))
            }
            (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Json::Object(a), Json::Object(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && a.same(b))
            }
            (a, b) => a == b,
        }
    }
}

/// A decimal number, exactly: sign, digits without zeros at either end, exponent of the last digit. Zero has no digits and no sign.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let kept = all.trim_end_matches('0');
        let dropped = all.len() - kept.len();
        let exponent =
            exponent.parse::<i64>().ok()? - i64::try_from(fraction.len()).ok()? + i64::try_from(dropped).ok()?;
        let digits = kept.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Decimal { negative: false, digits, exponent: 0 });
        }
        Some(Decimal { negative, digits, exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_whatever_their_spelling() {
        for (a, b) in [("1.50", "15e-1"), ("-0", "0"), ("100", "1e2"), ("0.10", "1E-1"), ("1e400", "10e399")] {
            assert_eq!(Decimal::parse(a), Decimal::parse(b), "{a} {b}");
        }
        for (a, b) in [("1", "-1"), ("9007199254740993", "9007199254740992"), ("1e400", "1e401")] {
            assert_ne!(Decimal::parse(a), Decimal::parse(b), "{a} {b}");
        }
    }

    #[test]
    fn a_document_keeps_its_numbers() {
        let read = Json::parse(r#"{"a": [1e400, -0.0], "b": "\u00e9", "a": null}"#).unwrap();
        assert_eq!(
            read,
            Json::Object([("a".to_owned(), Json::Null), ("b".to_owned(), Json::String("é".to_owned()))].into())
        );
    }
}
