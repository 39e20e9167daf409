//! One field of delimited text as a JSON value, and back, by the column's type.

use std::borrow::Cow;

use crate::format::Text;
use crate::format::json;
use crate::schema::Type;

/// Appends a CSV field as the JSON value that its column's type makes of it: an empty field of a type that has no
/// empty value is `null`, digits stay as written.
pub(super) fn to_json(field: Text<'_>, ty: &Type, out: &mut Vec<u8>) -> Result<(), String> {
    let value = field.value();
    let trimmed = value.trim();
    match ty {
        Type::String => json::write_string(&value, out),
        _ if trimmed.is_empty() => out.extend_from_slice(b"null"),
        Type::Boolean => match trimmed {
            t if t.eq_ignore_ascii_case("true") => out.extend_from_slice(b"true"),
            t if t.eq_ignore_ascii_case("false") => out.extend_from_slice(b"false"),
            other => return Err(format!("'{}' is no BOOLEAN", shortened(other))),
        },
        Type::BigInt => match trimmed.parse::<i64>() {
            Ok(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Err(_) => return Err(format!("'{}' is no BIGINT", shortened(trimmed))),
        },
        Type::Decimal { .. } | Type::Double => {
            if let Some(number) = as_json_number(trimmed) {
                out.extend_from_slice(number.as_bytes());
            } else if *ty == Type::Double && trimmed.parse::<f64>().is_ok_and(|number| !number.is_finite()) {
                // NaN and the infinities have no JSON number.
                json::write_string(trimmed, out);
            } else {
                return Err(format!("'{}' is no {ty}", shortened(trimmed)));
            }
        }
        _ => json::write_string(&value, out),
    }
    Ok(())
}

/// The text that a JSON value has as a CSV field or as a key; `None` for null.
pub(super) fn from_json(value: &str) -> Result<Option<Cow<'_, str>>, String> {
    match value.as_bytes().first() {
        Some(b'"') => {
            let raw = value.get(1..value.len().saturating_sub(1)).unwrap_or_default();
            if has_lone_surrogate(raw) {
                return Err("half a surrogate pair is no character".to_owned());
            }
            Ok(Some(json::unescape(raw)))
        }
        Some(b'n') => Ok(None),
        Some(b'{' | b'[') => Err("an object or array does not fit a field".to_owned()),
        _ => Ok(Some(value.into())),
    }
}

/// A decimal number with the very digits that it has, in the form that JSON wants: `+1`, `.5`, `5.` and `007` are none.
fn as_json_number(text: &str) -> Option<Cow<'_, str>> {
    let is_number = |text: &str| {
        text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && json::validate(text.as_bytes(), 1).is_ok()
    };
    if is_number(text) {
        return Some(text.into());
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = digits.split_at(digits.find(['e', 'E']).unwrap_or(digits.len()));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let number = format!("{sign}{whole}{point}{fraction}{exponent}");
    is_number(&number).then_some(number.into())
}

/// Whether `\u` escapes of a valid JSON string leave one half of a surrogate pair alone: there is no text with that.
fn has_lone_surrogate(raw: &str) -> bool {
    let mut rest = raw;
    let mut high = false;
    while let Some(at) = rest.find('\\') {
        let unit = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 1) == Some(&b'u'));
        let unit = unit.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let low = matches!(unit, Some(0xdc00..=0xdfff));
        if low != (high && at == 0) || (high && at > 0) {
            return true;
        }
        high = matches!(unit, Some(0xd800..=0xdbff));
        rest = rest.get(at + if unit.is_some() { 6 } else { 2 }..).unwrap_or_default();
    }
    high
}

/// At most 40 characters of a value, for a message.
fn shortened(value: &str) -> String {
    let mut short: String = value.chars().take(40).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    short
}
