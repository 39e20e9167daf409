//! One field of delimited text as a JSON value, and back, by the column's type.

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
            if json::validate(trimmed.as_bytes(), 1).is_ok() && is_number(trimmed) {
                out.extend_from_slice(trimmed.as_bytes());
            } else if let Some(number) = trimmed.parse::<f64>().ok().filter(|number| number.is_finite()) {
                out.extend_from_slice(number.to_string().as_bytes());
            } else if *ty == Type::Double && trimmed.parse::<f64>().is_ok() {
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
pub(super) fn from_json(value: &str) -> Result<Option<std::borrow::Cow<'_, str>>, String> {
    match value.as_bytes().first() {
        Some(b'"') => {
            let raw = value.get(1..value.len().saturating_sub(1)).unwrap_or_default();
            Ok(Some(json::unescape(raw)))
        }
        Some(b'n') => Ok(None),
        Some(b'{' | b'[') => Err("an object or array does not fit a field".to_owned()),
        _ => Ok(Some(value.into())),
    }
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// At most 40 characters of a value, for a message.
fn shortened(value: &str) -> String {
    let mut short: String = value.chars().take(40).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    short
}
