//! What a decimal number needs to be kept: how many digits, and whether binary64 has exactly that value.

use crate::format::Number;
use std::fmt::{self, Write as _};

/// A decimal number's size and what becomes of it as binary64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// Digits before the point, without leading zeros; 0 for what is smaller than 1.
    pub(crate) whole: u32,
    /// Digits after the point, without trailing zeros.
    pub(crate) scale: u32,
    /// The value, if it is an integer of 64 bits.
    pub(crate) small: Option<i64>,
    /// Binary64 has this very number, if it is written as an integer; if not, the nearest binary64, written as short
    /// as it can be, is this number.
    pub(crate) exact: bool,
}

/// Exponents beyond this are cut: far outside of binary64 and of every DECIMAL.
const EXPONENT_LIMIT: i64 = 1 << 20;

/// The digits of a decimal text, without the point, the exponent, and zeros at either end.
struct Digits<'a> {
    whole: &'a [u8],
    fraction: &'a [u8],
    /// Index of the first digit that is not zero, counted over both parts.
    start: usize,
    /// Number of digits from there to the last one that is not zero.
    len: usize,
    /// Power of ten of the first of them, plus one: 1 for `7`, 2 for `70`, 0 for `0.7`.
    point: i64,
}

impl<'a> Digits<'a> {
    fn of(text: &'a str) -> Self {
        let text = text.as_bytes();
        let text = match text.first() {
            Some(b'-' | b'+') => text.get(1..).unwrap_or_default(),
            _ => text,
        };
        let (mantissa, exponent) = match memchr::memchr2(b'e', b'E', text) {
            Some(at) => text.split_at(at),
            None => (text, &[][..]),
        };
        let (whole, fraction) = match memchr::memchr(b'.', mantissa) {
            Some(at) => (mantissa.get(..at).unwrap_or_default(), mantissa.get(at + 1..).unwrap_or_default()),
            None => (mantissa, &[][..]),
        };
        let mut digits = Self { whole, fraction, start: 0, len: 0, point: 0 };
        let all = whole.len() + fraction.len();
        let Some(start) = (0..all).find(|&i| digits.at(i) != b'0') else {
            return digits;
        };
        let end = (start..all).rev().find(|&i| digits.at(i) != b'0').map_or(start, |i| i + 1);
        digits.start = start;
        digits.len = end - start;
        digits.point = whole.len() as i64 - start as i64 + exponent_of(exponent);
        digits
    }

    /// A digit by its place over both parts.
    fn at(&self, i: usize) -> u8 {
        let n = self.whole.len();
        let digit = if i < n { self.whole.get(i) } else { self.fraction.get(i - n) };
        digit.copied().unwrap_or(b'0')
    }

    fn same(&self, other: &Self) -> bool {
        self.len == other.len
            && (self.len == 0 || self.point == other.point)
            && (0..self.len).all(|i| self.at(self.start + i) == other.at(other.start + i))
    }
}

/// The number after the `e`, within [`EXPONENT_LIMIT`].
fn exponent_of(text: &[u8]) -> i64 {
    let mut negative = false;
    let mut value = 0i64;
    for &byte in text.iter().skip(1) {
        match byte {
            b'-' => negative = true,
            b'0'..=b'9' => value = (value * 10 + i64::from(byte - b'0')).min(EXPONENT_LIMIT),
            _ => {}
        }
    }
    if negative { -value } else { value }
}

/// A place for the shortest form of a binary64, without the heap.
struct Short {
    bytes: [u8; 40],
    len: usize,
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let space = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        space.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

fn survives_binary64(text: &str, digits: &Digits<'_>) -> bool {
    // Up to 15 digits always come back from binary64, inside its range of normal numbers.
    if digits.len <= 15 && (-300..=300).contains(&digits.point) || digits.len == 0 {
        return true;
    }
    let Ok(value) = text.parse::<f64>() else {
        return false;
    };
    let mut short = Short { bytes: [0; 40], len: 0 };
    if !value.is_finite() || write!(short, "{value:e}").is_err() {
        return false;
    }
    let short = short.bytes.get(..short.len).unwrap_or_default();
    std::str::from_utf8(short).is_ok_and(|short| Digits::of(short).same(digits))
}

impl Decimal {
    /// Of a decimal text: digits, with a sign, a point or an exponent if it has them.
    pub(crate) fn of_text(text: &str) -> Self {
        // Most numbers are short integers.
        if text.len() <= 15
            && let Ok(value) = text.parse::<i64>()
        {
            return Self { whole: width(value.unsigned_abs()), scale: 0, small: Some(value), exact: true };
        }
        let digits = Digits::of(text);
        if digits.len > 0 && !text.contains(['.', 'e', 'E']) {
            return match text.parse() {
                Ok(value) => Self::of_integer(value),
                Err(_) => Self { whole: digits.point as u32, scale: 0, small: None, exact: false },
            };
        }
        let exact = survives_binary64(text, &digits);
        let whole = digits.point.max(0) as u32;
        let scale = (digits.len as i64 - digits.point).max(0) as u32;
        if digits.len == 0 {
            return Self { whole: 0, scale: 0, small: Some(0), exact };
        }
        let small = if scale == 0 && whole <= 19 {
            let mut value = 0i128;
            for i in 0..digits.point.max(0) as usize {
                let digit = if i < digits.len { digits.at(digits.start + i) } else { b'0' };
                value = value * 10 + i128::from(digit - b'0');
            }
            let value = if text.starts_with('-') { -value } else { value };
            i64::try_from(value).ok()
        } else {
            None
        };
        Self { whole, scale, small, exact }
    }

    /// Of a number as a format has it; `None` for NaN and the infinities.
    pub(crate) fn of(number: Number<'_>) -> Option<Self> {
        match number {
            Number::Literal { text, .. } => Some(Self::of_text(text)),
            Number::Signed(value) => Some(Self::of_integer(i128::from(value))),
            Number::Unsigned(value) => Some(Self::of_integer(i128::from(value))),
            Number::Float(value) => {
                let mut short = Short { bytes: [0; 40], len: 0 };
                if !value.is_finite() || write!(short, "{value:e}").is_err() {
                    return None;
                }
                let short = short.bytes.get(..short.len).unwrap_or_default();
                let mut decimal = Self::of_text(std::str::from_utf8(short).ok()?);
                decimal.exact = true;
                Some(decimal)
            }
        }
    }

    fn of_integer(value: i128) -> Self {
        let size = value.unsigned_abs();
        // Exact if no more than 53 bits lie between the highest and the lowest one.
        let bits = match size {
            0 => 0,
            _ => 128 - size.leading_zeros() - size.trailing_zeros(),
        };
        Self {
            whole: if size == 0 { 0 } else { size.ilog10() + 1 },
            scale: 0,
            small: i64::try_from(value).ok(),
            exact: bits <= 53,
        }
    }

    /// Fits `DECIMAL(precision, scale)` to the last digit.
    pub(crate) fn fits(&self, precision: u8, scale: u8) -> bool {
        self.whole <= u32::from(precision.saturating_sub(scale)) && self.scale <= u32::from(scale)
    }
}

fn width(value: u64) -> u32 {
    value.checked_ilog10().map_or(0, |n| n + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn of(text: &str) -> (u32, u32, Option<i64>, bool) {
        let d = Decimal::of_text(text);
        (d.whole, d.scale, d.small, d.exact)
    }

    #[test]
    fn sizes() {
        assert_eq!(of("0"), (0, 0, Some(0), true));
        assert_eq!(of("-0.0"), (0, 0, Some(0), true));
        assert_eq!(of("1.10"), (1, 1, None, true));
        assert_eq!(of("1e3"), (4, 0, Some(1000), true));
        assert_eq!(of("-12.50e1"), (3, 0, Some(-125), true));
        assert_eq!(of("0.001"), (0, 3, None, true));
        assert_eq!(of("1E-3"), (0, 3, None, true));
        assert_eq!(of("9223372036854775807"), (19, 0, Some(i64::MAX), false));
        assert_eq!(of("-9223372036854775808"), (19, 0, Some(i64::MIN), true));
        assert_eq!(of(&"9".repeat(50)), (50, 0, None, false));
        assert_eq!(of("9223372036854775808"), (19, 0, None, true));
    }

    #[test]
    fn what_binary64_keeps() {
        // Verified on Flink 2.3: 1e400 reads as Infinity and 1e-400 as 0 in a DOUBLE column, silently.
        for lossy in [
            "1e400",
            "1e-400",
            "9007199254740993",
            "0.1234567890123456789012345",
            "5e-324000000000000000000",
            "123456789.12345678901",
            // The shortest form of its binary64, but not its value.
            "46037723020798060",
        ] {
            assert!(!of(lossy).3, "{lossy}");
        }
        for exact in [
            "9007199254740992",
            "1e300",
            "0.1",
            "0.30000000000000004",
            "1.7976931348623157e308",
            "5e-324",
            "1e22",
            "123456789012345.60",
            "46037723020798064",
            "1152921504606846976",
        ] {
            assert!(of(exact).3, "{exact}");
        }
    }

    #[test]
    fn a_text_and_the_same_binary_integer_agree() {
        for value in [0, 1, -7, 1 << 53, (1 << 53) + 2, i64::MAX, i64::MIN, 10_i64.pow(18)] {
            let text = Decimal::of_text(&value.to_string());
            let binary = Decimal::of(Number::Signed(value)).unwrap();
            assert_eq!((text.whole, text.scale, text.small), (binary.whole, binary.scale, binary.small));
        }
    }
}
