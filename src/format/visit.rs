//! What a walker says about a payload, value by value, in document order.

use std::borrow::Cow;

/// Receives the values of one payload from a walker.
///
/// Calls nest as the payload does: `begin_object`, then for each member a key and its value, then `end_object`. A
/// walker that finds the payload malformed stops half-way and returns its error; a visitor that must not be left half
/// done is only shown payloads which were validated before.
pub trait Visitor {
    /// A null, or a value that the format marks as absent.
    fn null(&mut self);
    /// `true` or `false`.
    fn boolean(&mut self, value: bool);
    /// A number in the form that the format has it.
    fn number(&mut self, number: Number<'_>);
    /// A string. Walkers of formats without types (CSV) give every value as one.
    fn string(&mut self, text: Text<'_>);
    /// A byte string, in formats that tell it from text.
    fn bytes(&mut self, bytes: &[u8]);
    /// An object, map or record starts.
    fn begin_object(&mut self);
    /// Offers the payload's bytes from the next key on. A visitor that expects a certain key compares its raw form
    /// (`"key":` in JSON), takes the member as begun, and returns how many bytes that was; 0 means that
    /// [`Visitor::key`] is to be called with the parsed key.
    fn predicted_key(&mut self, rest: &[u8]) -> usize {
        let _ = rest;
        0
    }
    /// The key of the next value.
    fn key(&mut self, key: Text<'_>);
    /// The object ends.
    fn end_object(&mut self);
    /// An array starts.
    fn begin_array(&mut self);
    /// The array ends.
    fn end_array(&mut self);
}

/// A number as the payload has it: nothing is rounded on the way to the visitor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number<'a> {
    /// Decimal text, as in JSON; `integer` if it has neither fraction nor exponent.
    Literal {
        /// The token, a valid JSON number.
        text: &'a str,
        /// Neither fraction nor exponent.
        integer: bool,
    },
    /// A signed binary integer.
    Signed(i64),
    /// An unsigned binary integer.
    Unsigned(u64),
    /// A binary floating-point number, also NaN and the infinities.
    Float(f64),
}

/// A string as it stands in the payload, borrowed, with what it takes to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The characters between the quotes, or the whole token.
    pub raw: &'a str,
    /// How `raw` must be read.
    pub escapes: Escapes,
}

/// What stands for something else in [`Text::raw`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// Nothing: `raw` is the value.
    None,
    /// JSON's backslash escapes (RFC 8259, section 7).
    Json,
    /// A quote is doubled, as in RFC 4180.
    Doubled(char),
    /// A character takes the next one's special meaning away; before `n`, `r`, `t` and `0` it makes a line feed, a
    /// carriage return, a tab and a NUL, as in Flink's CSV.
    Prefixed(char),
    /// Both at once.
    DoubledOrPrefixed {
        /// The character that is doubled.
        quote: char,
        /// The character that is put before another.
        escape: char,
    },
}

impl<'a> Text<'a> {
    /// A text that is its own value.
    pub fn plain(raw: &'a str) -> Self {
        Self { raw, escapes: Escapes::None }
    }

    /// The value; borrowed from the payload unless it has escapes. A lone surrogate of JSON reads as U+FFFD.
    pub fn value(&self) -> Cow<'a, str> {
        match self.escapes {
            Escapes::None => Cow::Borrowed(self.raw),
            Escapes::Json => super::json::unescape(self.raw),
            Escapes::Doubled(quote) => Cow::Owned(resolve(self.raw, Some(quote), None)),
            Escapes::Prefixed(escape) => Cow::Owned(resolve(self.raw, None, Some(escape))),
            Escapes::DoubledOrPrefixed { quote, escape } => Cow::Owned(resolve(self.raw, Some(quote), Some(escape))),
        }
    }
}

/// The value of a delimited field.
fn resolve(raw: &str, quote: Option<char>, escape: Option<char>) -> String {
    let mut value = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        if Some(c) == escape {
            match chars.next() {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some('0') => value.push('\0'),
                other => value.extend(other),
            }
        } else {
            if Some(c) == quote {
                chars.next_if_eq(&c);
            }
            value.push(c);
        }
    }
    value
}
