//! The walker: one pass over a payload, without recursion, without a tree, without a copy.

use super::error::{Error, Reason};
use super::scan::plain_end;
use crate::format::{Escapes, Number, Text, Visitor};

/// Shows `visitor` the values of the one JSON document that `payload` is, in document order.
///
/// Containers nest at most `depth_limit` deep ([`super::DEPTH_LIMIT`] by default); the walker itself needs one bit a
/// level. The time is linear in the payload.
///
/// # Errors
/// The first offence against RFC 8259, after the visitor has seen what comes before it. UTF-8 is checked over the whole
/// payload before anything else.
pub fn walk<V: Visitor>(payload: &[u8], depth_limit: usize, visitor: &mut V) -> Result<(), Error> {
    let text =
        std::str::from_utf8(payload).map_err(|error| Error { offset: error.valid_up_to(), reason: Reason::Utf8 })?;
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    Walker { text, bytes: payload, at: start }.document(depth_limit, visitor)
}

struct Walker<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walker<'a> {
    fn document<V: Visitor>(&mut self, depth_limit: usize, visitor: &mut V) -> Result<(), Error> {
        let mut open = Containers::default();
        self.whitespace();
        'value: loop {
            let start = self.at;
            match self.peek() {
                Some(b'"') => {
                    let text = self.string()?;
                    visitor.string(text);
                }
                Some(b'{') => {
                    if open.depth >= depth_limit {
                        return Err(self.error(Reason::Depth));
                    }
                    self.at += 1;
                    visitor.begin_object();
                    self.whitespace();
                    if self.peek() == Some(b'}') {
                        self.at += 1;
                        visitor.end_object();
                    } else {
                        open.push(true);
                        self.key(visitor)?;
                        continue 'value;
                    }
                }
                Some(b'[') => {
                    if open.depth >= depth_limit {
                        return Err(self.error(Reason::Depth));
                    }
                    self.at += 1;
                    visitor.begin_array();
                    self.whitespace();
                    if self.peek() == Some(b']') {
                        self.at += 1;
                        visitor.end_array();
                    } else {
                        open.push(false);
                        continue 'value;
                    }
                }
                Some(b'-' | b'0'..=b'9') => {
                    let integer = self.number()?;
                    let text = self.slice(start);
                    visitor.number(Number::Literal { text, integer });
                }
                Some(b't') => {
                    self.literal(b"true")?;
                    visitor.boolean(true);
                }
                Some(b'f') => {
                    self.literal(b"false")?;
                    visitor.boolean(false);
                }
                Some(b'n') => {
                    self.literal(b"null")?;
                    visitor.null();
                }
                Some(_) => return Err(self.error(Reason::Value)),
                None => return Err(self.error(Reason::End)),
            }
            // A value has ended: what follows belongs to the container around it.
            loop {
                self.whitespace();
                if open.depth == 0 {
                    return match self.peek() {
                        None => Ok(()),
                        Some(_) => Err(self.error(Reason::Trailing)),
                    };
                }
                match (self.peek(), open.object()) {
                    (Some(b','), true) => {
                        self.at += 1;
                        self.whitespace();
                        self.key(visitor)?;
                        continue 'value;
                    }
                    (Some(b','), false) => {
                        self.at += 1;
                        self.whitespace();
                        continue 'value;
                    }
                    (Some(b'}'), true) => {
                        self.at += 1;
                        open.pop();
                        visitor.end_object();
                    }
                    (Some(b']'), false) => {
                        self.at += 1;
                        open.pop();
                        visitor.end_array();
                    }
                    (Some(_), true) => return Err(self.error(Reason::CommaOrBrace)),
                    (Some(_), false) => return Err(self.error(Reason::CommaOrBracket)),
                    (None, _) => return Err(self.error(Reason::End)),
                }
            }
        }
    }

    /// A member's key and its colon, up to the first byte of the value.
    #[inline(always)]
    fn key<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let predicted = visitor.predicted_key(rest);
        if predicted > 0 {
            // A visitor that claims more than there is finds itself at the end.
            self.at = self.at.saturating_add(predicted).min(self.bytes.len());
        } else {
            match self.peek() {
                Some(b'"') => {}
                Some(_) => return Err(self.error(Reason::Key)),
                None => return Err(self.error(Reason::End)),
            }
            let key = self.string()?;
            self.whitespace();
            match self.peek() {
                Some(b':') => self.at += 1,
                Some(_) => return Err(self.error(Reason::Colon)),
                None => return Err(self.error(Reason::End)),
            }
            visitor.key(key);
        }
        self.whitespace();
        Ok(())
    }

    /// A string, from its opening quote to behind its closing one.
    #[inline(always)]
    fn string(&mut self) -> Result<Text<'a>, Error> {
        self.at += 1;
        let start = self.at;
        let mut escapes = Escapes::None;
        loop {
            self.at = plain_end(self.bytes, self.at);
            match self.peek() {
                Some(b'"') => {
                    let raw = self.slice(start);
                    self.at += 1;
                    return Ok(Text { raw, escapes });
                }
                Some(b'\\') => {
                    escapes = Escapes::Json;
                    self.escape()?;
                }
                Some(_) => return Err(self.error(Reason::Control)),
                None => return Err(self.error(Reason::End)),
            }
        }
    }

    /// A backslash and what belongs to it.
    fn escape(&mut self) -> Result<(), Error> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => {
                for digit in self.at + 2..self.at + 6 {
                    match self.bytes.get(digit) {
                        Some(byte) if byte.is_ascii_hexdigit() => {}
                        Some(_) => return Err(self.error(Reason::Escape)),
                        None => return Err(self.end()),
                    }
                }
                self.at += 6;
                Ok(())
            }
            Some(_) => Err(self.error(Reason::Escape)),
            None => Err(self.end()),
        }
    }

    /// A number; true if it has neither fraction nor exponent.
    #[inline(always)]
    fn number(&mut self) -> Result<bool, Error> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.error(Reason::Number));
            }
        } else {
            self.digits()?;
        }
        let mut integer = true;
        if self.peek() == Some(b'.') {
            integer = false;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            integer = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(integer)
    }

    /// One digit or more.
    #[inline(always)]
    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start {
            Ok(())
        } else if self.peek().is_none() {
            Err(self.end())
        } else {
            Err(self.error(Reason::Number))
        }
    }

    #[inline(always)]
    fn literal(&mut self, word: &[u8]) -> Result<(), Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(word) {
            self.at += word.len();
            Ok(())
        } else if word.starts_with(rest) {
            Err(self.end())
        } else {
            Err(self.error(Reason::Value))
        }
    }

    #[inline(always)]
    fn whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The text from `start` to here. Both are next to ASCII bytes that were matched, so they are character boundaries.
    #[inline(always)]
    fn slice(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    #[cold]
    fn error(&self, reason: Reason) -> Error {
        Error { offset: self.at, reason }
    }

    #[cold]
    fn end(&self) -> Error {
        Error { offset: self.bytes.len(), reason: Reason::End }
    }
}

/// The open containers, one bit each: set for an object. Only nesting deeper than 64 needs the heap.
#[derive(Default)]
struct Containers {
    depth: usize,
    inner: u64,
    outer: Vec<u64>,
}

impl Containers {
    #[inline(always)]
    fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.inner);
        }
        self.inner = self.inner << 1 | u64::from(object);
        self.depth += 1;
    }

    #[inline(always)]
    fn pop(&mut self) {
        self.depth -= 1;
        self.inner >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.inner = self.outer.pop().unwrap_or_default();
        }
    }

    /// Is the innermost one an object?
    #[inline(always)]
    fn object(&self) -> bool {
        self.inner & 1 == 1
    }
}
