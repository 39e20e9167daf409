//! Which scalars Flink reads as which type without changing them.

use crate::format::Number;
use crate::schema::number::Decimal;
use crate::schema::shape::{Separator, Shape, Zone};
use crate::schema::types::{TimestampStandard, Type};

/// A number where this type is expected.
pub(super) fn number(ty: &Type, number: Number<'_>) -> bool {
    let decimal = Decimal::of(number);
    match ty {
        // A STRING has the number's own text.
        Type::String => true,
        Type::Double => decimal.is_none_or(|d| d.exact),
        Type::BigInt => match number {
            // A fraction goes through binary64 on its way: 9007199254740993.0 ends as ...992.
            Number::Literal { integer: false, .. } | Number::Float(_) => {
                decimal.is_some_and(|d| d.exact && d.small.is_some())
            }
            _ => decimal.is_some_and(|d| d.small.is_some()),
        },
        Type::Decimal { precision, scale } => decimal.is_some_and(|d| d.fits(*precision, *scale)),
        _ => false,
    }
}

/// A string where this type is expected: its text is the value's usual form.
pub(super) fn text(ty: &Type, text: &str, standard: TimestampStandard) -> bool {
    let shape = || Shape::of(text);
    let number = || {
        let fits = matches!(shape(), Shape::Integer | Shape::Decimal);
        fits.then(|| Decimal::of_text(text))
    };
    match ty {
        Type::String => true,
        Type::Boolean => shape() == Shape::Boolean,
        Type::BigInt => shape() == Shape::Integer && number().is_some_and(|d| d.small.is_some()),
        Type::Double => number().is_some_and(|d| d.exact),
        Type::Decimal { precision, scale } => number().is_some_and(|d| d.fits(*precision, *scale)),
        Type::Date => shape() == Shape::Date,
        Type::Timestamp | Type::TimestampLtz => timestamp(shape(), ty, standard),
        Type::Bytes => base64(text.as_bytes()),
        Type::Array(_) | Type::Row(_) | Type::Map(_) => false,
    }
}

/// A field of delimited text where this type is expected.
pub(super) fn cell(ty: &Type, value: &str, nullable: bool, empty_is_null: bool) -> Result<(), String> {
    if value.is_empty() {
        return match (empty_is_null, nullable, ty) {
            (true, true, _) | (false, _, Type::String) => Ok(()),
            (true, false, _) => Err("is empty, and NOT NULL".into()),
            (false, ..) => Err(format!("is empty where {} is expected", name(ty))),
        };
    }
    // Flink's csv format gives the field to Java's parser, which takes an exponent and a sign; one that has either is a
    // number in JSON's grammar, but for the plus.
    let literal = value.trim().strip_prefix('+').unwrap_or(value.trim());
    let is_literal = literal.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && crate::format::json::validate(literal.as_bytes(), 1).is_ok();
    let fits = match ty {
        Type::Double | Type::Decimal { .. } if is_literal => {
            number(ty, Number::Literal { text: literal, integer: !literal.contains(['.', 'e', 'E']) })
        }
        _ => text(ty, value, TimestampStandard::Sql),
    };
    if fits { Ok(()) } else { Err(not(ty, value)) }
}

/// `"abc" does not read back as BIGINT`, shortened.
pub(super) fn not(ty: &Type, text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?} does not read back as {}", name(ty))
}

/// A type's name without what is inside it.
fn name(ty: &Type) -> String {
    match ty {
        Type::Array(_) => "ARRAY".into(),
        Type::Row(_) => "ROW".into(),
        Type::Map(_) => "MAP".into(),
        scalar => scalar.to_string(),
    }
}

fn timestamp(shape: Shape, ty: &Type, standard: TimestampStandard) -> bool {
    let Shape::Timestamp(stamp) = shape else {
        return false;
    };
    let form = match standard {
        TimestampStandard::Iso8601 => stamp.separator == Separator::T,
        TimestampStandard::Sql => stamp.separator == Separator::Space && stamp.seconds,
    };
    let zone = match ty {
        Type::TimestampLtz => Zone::Utc,
        _ => Zone::None,
    };
    form && stamp.zone == zone && !stamp.finer_than_millis
}

/// Base64 with its padding: Flink fails on any other.
fn base64(text: &[u8]) -> bool {
    let padding = text.iter().rev().take(2).take_while(|b| **b == b'=').count();
    let digits = text.iter().take(text.len() - padding);
    text.len().is_multiple_of(4) && digits.into_iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_may_have_an_exponent_or_a_sign() {
        for cell_text in ["1e-7", "1.5E-300", "-0", "+3", "-2.50"] {
            assert_eq!(cell(&Type::Double, cell_text, true, false), Ok(()), "{cell_text}");
        }
        assert_eq!(cell(&Type::Decimal { precision: 38, scale: 2 }, "1.5E2", true, false), Ok(()));
        for cell_text in ["e5", "1e", "--1", "0x10", "1_000"] {
            assert!(cell(&Type::Double, cell_text, true, false).is_err(), "{cell_text}");
        }
        assert!(cell(&Type::BigInt, "1e3", true, false).is_err());
    }

    fn literal(text: &str) -> Number<'_> {
        Number::Literal { text, integer: !text.contains(['.', 'e', 'E']) }
    }

    /// Each line was given to Flink 2.3's json format; what it read stands behind it.
    #[test]
    fn numbers() {
        let decimal = Type::Decimal { precision: 5, scale: 2 };
        for (ty, text, fits) in [
            (&Type::BigInt, "1e3", true),                  // 1000
            (&Type::BigInt, "1.0", true),                  // 1
            (&Type::BigInt, "1.75", false),                // 1
            (&Type::BigInt, "1e18", true),                 // 1000000000000000000
            (&Type::BigInt, "9007199254740993.0", false),  // 9007199254740992
            (&Type::BigInt, "9223372036854775808", false), // fails
            (&Type::Double, "9007199254740993", false),    // 9.007199254740992E15
            (&Type::Double, "1e400", false),               // Infinity
            (&Type::Double, "1e-400", false),              // 0.0
            (&decimal, "1E+2", true),                      // 100.00
            (&decimal, "12.345", false),                   // 12.35
            (&decimal, "1000", false),                     // null
            (&Type::Boolean, "1", false),                  // false
            (&Type::Date, "19000", false),                 // fails
            (&Type::String, "1.10", true),                 // 1.10
            (&Type::String, "1E400", true),                // 1E400
        ] {
            assert_eq!(number(ty, literal(text)), fits, "{text} as {ty}");
        }
    }

    /// As above.
    #[test]
    fn texts() {
        let sql = TimestampStandard::Sql;
        for (ty, value, fits) in [
            (&Type::BigInt, "12", true),                         // 12
            (&Type::BigInt, " 12 ", false),                      // 12
            (&Type::BigInt, "+12", false),                       // 12
            (&Type::BigInt, "", false),                          // fails
            (&Type::Double, "1.5", true),                        // 1.5
            (&Type::Double, "NaN", false),                       // NaN
            (&Type::Double, "0.1234567890123456789", false),     // 0.12345678901234568
            (&Type::Boolean, "TRUE", true),                      // true
            (&Type::Boolean, "yes", false),                      // false
            (&Type::Bytes, "aGVsbG8=", true),                    // hello
            (&Type::Bytes, "aGVsbG8", false),                    // fails
            (&Type::Bytes, "a", false),                          // fails
            (&Type::Timestamp, "2022-07-15 10:15:30.1", true),   // 2022-07-15T10:15:30.100
            (&Type::Timestamp, "2022-07-15T10:15:30", false),    // fails
            (&Type::TimestampLtz, "2022-07-15 10:15:30Z", true), // 2022-07-15T10:15:30Z
            (&Type::TimestampLtz, "2022-07-15 10:15:30", false), // fails
        ] {
            assert_eq!(text(ty, value, sql), fits, "{value} as {ty}");
        }
    }
}
