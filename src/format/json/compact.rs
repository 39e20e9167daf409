//! A document without its whitespace, everything else as written.

use super::Error;
use crate::format::{Number, Text, Visitor};

/// Appends `payload` to `out` without the whitespace between its tokens: order, duplicate keys, numbers and escapes stay
/// as they are, a byte order mark goes.
///
/// # Errors
/// As [`super::walk`]; `out` is then as it was.
pub fn compact(payload: &[u8], depth_limit: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    let before = out.len();
    let mut writer = Writer { out, comma: false };
    let result = super::walk(payload, depth_limit, &mut writer);
    if result.is_err() {
        out.truncate(before);
    }
    result
}

/// Writes each token as it comes. One bit of memory is enough: does the next value need a comma before it?
struct Writer<'o> {
    out: &'o mut Vec<u8>,
    comma: bool,
}

impl Writer<'_> {
    #[inline(always)]
    fn separate(&mut self, comma_after: bool) {
        if self.comma {
            self.out.push(b',');
        }
        self.comma = comma_after;
    }

    fn token(&mut self, token: &[u8]) {
        self.separate(true);
        self.out.extend_from_slice(token);
    }

    fn open(&mut self, bracket: u8) {
        self.separate(false);
        self.out.push(bracket);
    }

    fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.comma = true;
    }

    fn quoted(&mut self, raw: &str) {
        self.out.push(b'"');
        self.out.extend_from_slice(raw.as_bytes());
        self.out.push(b'"');
    }
}

impl Visitor for Writer<'_> {
    fn null(&mut self) {
        self.token(b"null");
    }

    fn boolean(&mut self, value: bool) {
        self.token(if value { b"true" } else { b"false" });
    }

    fn number(&mut self, number: Number<'_>) {
        // The JSON walker has no other numbers.
        if let Number::Literal { text, .. } = number {
            self.token(text.as_bytes());
        }
    }

    fn string(&mut self, text: Text<'_>) {
        self.separate(true);
        self.quoted(text.raw);
    }

    fn bytes(&mut self, _: &[u8]) {}

    fn begin_object(&mut self) {
        self.open(b'{');
    }

    fn key(&mut self, key: Text<'_>) {
        self.separate(false);
        self.quoted(key.raw);
        self.out.push(b':');
    }

    fn end_object(&mut self) {
        self.close(b'}');
    }

    fn begin_array(&mut self) {
        self.open(b'[');
    }

    fn end_array(&mut self) {
        self.close(b']');
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::format::json::DEPTH_LIMIT;

    #[test]
    fn only_whitespace_goes() {
        for (payload, compacted) in [
            (
                " { \"b\" : [ 1.0e+2 , -0 ,\t{ } , [ ] ] ,\n\"a\" : \" x \\u0041\" , \"b\":null } ",
                "{\"b\":[1.0e+2,-0,{},[]],\"a\":\" x \\u0041\",\"b\":null}",
            ),
            ("\u{feff}[ true , false ]", "[true,false]"),
            (" 12 ", "12"),
            ("[[1, 2], [3], {\"k\": [ ], \"l\": {}}]", "[[1,2],[3],{\"k\":[],\"l\":{}}]"),
        ] {
            let mut out = b"before".to_vec();
            compact(payload.as_bytes(), DEPTH_LIMIT, &mut out).unwrap();
            assert_eq!(out, format!("before{compacted}").into_bytes());
        }
    }

    #[test]
    fn a_malformed_payload_leaves_nothing_behind() {
        let mut out = b"before".to_vec();
        assert!(compact(b"{\"a\": 1,}", DEPTH_LIMIT, &mut out).is_err());
        assert_eq!(out, b"before");
    }
}
