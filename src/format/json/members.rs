//! The members of a payload's top-level object, as slices of the payload.

use super::super::{Escapes, Text};

/// Iterates the members of a JSON object: key and the value's raw text.
///
/// For payloads that [`validate`](super::validate) has accepted; on others it ends early, but never panics or runs
/// past the payload.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    text: &'a str,
    at: usize,
}

/// The members of the object that `payload` is, or `None` if it is no object or no UTF-8.
pub fn members(payload: &[u8]) -> Option<Members<'_>> {
    let text = std::str::from_utf8(payload).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut members = Members { text, at: 0 };
    members.skip_space();
    members.eat(b'{').then_some(members)
}

impl<'a> Members<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Moves past a string whose opening quote is next; gives its contents.
    fn skip_string(&mut self) -> Option<Text<'a>> {
        if !self.eat(b'"') {
            return None;
        }
        let start = self.at;
        let mut escapes = Escapes::None;
        loop {
            match self.byte()? {
                b'"' => {
                    let raw = self.text.get(start..self.at)?;
                    self.at += 1;
                    return Some(Text { raw, escapes });
                }
                b'\\' => {
                    escapes = Escapes::Json;
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
    }

    /// Moves past a value; gives its text.
    fn skip_value(&mut self) -> Option<&'a str> {
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match self.byte()? {
                b'"' => {
                    self.skip_string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    while let Some(byte) = self.byte()
                        && !matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r')
                    {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return self.text.get(start..self.at);
            }
        }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.skip_space();
        self.eat(b',');
        self.skip_space();
        let key = self.skip_string()?;
        self.skip_space();
        if !self.eat(b':') {
            return None;
        }
        self.skip_space();
        let value = self.skip_value()?;
        if value.is_empty() {
            return None;
        }
        Some((key, value))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn list(payload: &str) -> Vec<(String, String)> {
        members(payload.as_bytes()).unwrap().map(|(k, v)| (k.raw.to_owned(), v.to_owned())).collect()
    }

    #[test]
    fn members_come_in_order_with_their_raw_values() {
        let got =
            list(" { \"a\" : 1.50 , \"b\\n\":\"x,}\\\"\",\"c\":{\"d\":[1,{\"e\":\"]\"}]} ,\"f\":[ ], \"g\":null}");
        let want =
            [("a", "1.50"), ("b\\n", "\"x,}\\\"\""), ("c", "{\"d\":[1,{\"e\":\"]\"}]}"), ("f", "[ ]"), ("g", "null")];
        assert_eq!(got, want.map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert_eq!(list("{}"), []);
        assert!(members(b"[1]").is_none());
    }

    #[test]
    fn what_is_cut_short_ends_the_iteration() {
        let whole = "{\"a\":{\"b\":[\"c\\\\\",1]},\"d\":true}";
        for cut in 1..whole.len() {
            assert!(members(&whole.as_bytes()[..cut]).unwrap().count() <= 2);
        }
    }
}
