//! JSON as people write it: comments (`//`, `/* */`, `#`), trailing commas and forgotten commas are accepted.
//!
//! Everything else is as in RFC 8259: a name is a string, and given twice in an object it is an error.

use super::{DEEPEST, Member, Node, Value};
use crate::catalog::Error;
use crate::catalog::error::{Position, shown};

/// Reads the one value that `text` holds; `origin` names the file in errors.
pub(crate) fn parse(text: &str, origin: &str) -> Result<Node, Error> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser { rest: body, at: Position::START, origin };
    parser.skip()?;
    if parser.rest.is_empty() {
        return Err(parser.error("the file is empty", "write a JSON object into it: { \"type\": \"source\", ... }"));
    }
    let node = parser.value(0)?;
    parser.skip()?;
    match parser.peek() {
        None => Ok(node),
        Some(c) => Err(parser
            .error(format!("unexpected {} after the end", described(c)), "remove it, or check the braces before it")),
    }
}

struct Parser<'a> {
    rest: &'a str,
    at: Position,
    origin: &'a str,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        if c == '\n' {
            self.at = Position { line: self.at.line.saturating_add(1), column: 1 };
        } else {
            self.at.column = self.at.column.saturating_add(1);
        }
        Some(c)
    }

    /// Takes `expected` if it comes next.
    fn eat(&mut self, expected: char) -> bool {
        self.peek() == Some(expected) && self.bump().is_some()
    }

    fn error(&self, what: impl Into<String>, advice: impl Into<String>) -> Error {
        Error::invalid(self.origin, self.at, what, advice)
    }

    /// Skips white space and comments.
    fn skip(&mut self) -> Result<(), Error> {
        loop {
            if self.peek().is_some_and(|c| c.is_whitespace() || c == '\u{feff}') {
                self.bump();
            } else if self.rest.starts_with('#') || self.rest.starts_with("//") {
                while self.peek().is_some_and(|c| c != '\n') {
                    self.bump();
                }
            } else if self.rest.starts_with("/*") {
                let start = self.at;
                while !self.rest.starts_with("*/") {
                    if self.bump().is_none() {
                        return Err(Error::invalid(
                            self.origin,
                            start,
                            "a comment that starts here has no end",
                            "close it with */",
                        ));
                    }
                }
                self.bump();
                self.bump();
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Error> {
        if depth > DEEPEST {
            return Err(self.error(
                format!("nested more than {DEEPEST} deep"),
                "a configuration has no need for that: check the brackets",
            ));
        }
        let at = self.at;
        let value = match self.peek() {
            None => return Err(self.error("the file ends where a value should be", "is it complete?")),
            Some('{') => self.object(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Value::String(self.string()?),
            Some('.') if self.rest.starts_with("...") => {
                return Err(
                    self.error("`...` stands for something that was left out", "put your own settings in its place")
                );
            }
            Some('\'') => return Err(self.error("a single quote starts no string", "use double quotes")),
            Some(c) if c == '-' || c.is_ascii_alphanumeric() => self.word()?,
            Some(c) => {
                return Err(self.error(
                    format!("unexpected {}, a value should be here", described(c)),
                    "check what stands before it",
                ));
            }
        };
        Ok(Node { value, at })
    }

    fn object(&mut self, depth: usize) -> Result<Value, Error> {
        let start = self.at;
        self.bump();
        let mut members: Vec<Member> = Vec::new();
        loop {
            self.skip()?;
            let at = self.at;
            match self.peek() {
                None => {
                    return Err(Error::invalid(
                        self.origin,
                        start,
                        "the object that starts here has no end",
                        "close it with }",
                    ));
                }
                Some('}') => {
                    self.bump();
                    return Ok(Value::Object(members));
                }
                Some('"') => {}
                Some('.') if self.rest.starts_with("...") => {
                    return Err(self
                        .error("`...` stands for something that was left out", "put your own settings in its place"));
                }
                Some(c) if c.is_alphabetic() || c == '_' || c == '\'' => {
                    return Err(self.error("a name should be here, in double quotes", "write \"name\": value"));
                }
                Some(c) => {
                    return Err(self.error(
                        format!("unexpected {}, a name in double quotes should be here", described(c)),
                        "write \"name\": value",
                    ));
                }
            }
            let name = self.string()?;
            if let Some(first) = members.iter().find(|m| m.name == name) {
                let what = format!("\"{}\" is given twice, first in line {}", shown(&name), first.at.line);
                return Err(Error::invalid(self.origin, at, what, "remove one of the two"));
            }
            self.skip()?;
            if !self.eat(':') {
                return Err(self.error(format!("a colon should follow \"{}\"", shown(&name)), "write \"name\": value"));
            }
            self.skip()?;
            let node = self.value(depth + 1)?;
            members.push(Member { name, at, node });
            self.skip()?;
            self.eat(',');
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Error> {
        let start = self.at;
        self.bump();
        let mut items = Vec::new();
        loop {
            self.skip()?;
            match self.peek() {
                None => {
                    return Err(Error::invalid(
                        self.origin,
                        start,
                        "the list that starts here has no end",
                        "close it with ]",
                    ));
                }
                Some(']') => {
                    self.bump();
                    return Ok(Value::List(items));
                }
                Some(_) => items.push(self.value(depth + 1)?),
            }
            self.skip()?;
            self.eat(',');
        }
    }

    fn word(&mut self) -> Result<Value, Error> {
        let start = self.at;
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_')))
            .unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or_default();
        for _ in word.chars() {
            self.bump();
        }
        match word {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            _ if is_number(word) => Ok(Value::Number(word.into())),
            _ => Err(Error::invalid(
                self.origin,
                start,
                format!("`{}` is no value", shown(word)),
                "a text stands in double quotes",
            )),
        }
    }

    fn string(&mut self) -> Result<String, Error> {
        let start = self.at;
        self.bump();
        let mut out = String::new();
        loop {
            let at = self.at;
            match self.bump() {
                None | Some('\n') => {
                    return Err(Error::invalid(
                        self.origin,
                        start,
                        "the string that starts here has no end in its line",
                        "close it with a double quote",
                    ));
                }
                Some('"') => return Ok(out),
                Some('\\') => out.push(self.escape(at)?),
                Some(c) => out.push(c),
            }
        }
    }

    /// What a backslash, already taken, and what follows it mean.
    fn escape(&mut self, at: Position) -> Result<char, Error> {
        let bad = |this: &Self| {
            Error::invalid(this.origin, at, "a backslash that means nothing here", "write it twice for a backslash")
        };
        Ok(match self.bump() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('u') => {
                let high = self.hex().ok_or_else(|| bad(self))?;
                let code = match high {
                    0xd800..=0xdbff => {
                        let low = (self.eat('\\') && self.eat('u')).then(|| self.hex()).flatten();
                        let low = low.filter(|low| (0xdc00..=0xdfff).contains(low)).ok_or_else(|| bad(self))?;
                        0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
                    }
                    code => code,
                };
                char::from_u32(code).ok_or_else(|| bad(self))?
            }
            _ => return Err(bad(self)),
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + self.bump()?.to_digit(16)?;
        }
        Some(code)
    }
}

/// Whether the word is a number in RFC 8259's sense.
fn is_number(word: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

fn described(c: char) -> String {
    format!("`{}`", shown(c.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    /// The tree without its positions, as compact JSON.
    fn flat(node: &Node) -> String {
        match &node.value {
            Value::Null => "null".into(),
            Value::Bool(b) => b.to_string(),
            Value::Number(n) => n.clone(),
            Value::String(s) => format!("{s:?}"),
            Value::List(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(",")),
            Value::Object(members) => {
                let members: Vec<_> = members.iter().map(|m| format!("{:?}:{}", m.name, flat(&m.node))).collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }

    #[test]
    fn what_people_write_is_read() {
        for (text, expected) in [
            ("{}", "{}"),
            ("\u{feff} {\"a\":1,}", r#"{"a":1}"#),
            ("{\"a\":[1,2,],}", r#"{"a":[1,2]}"#),
            ("{\"a\":{}\n\"b\":[\"x\" \"y\"]}", r#"{"a":{},"b":["x","y"]}"#),
            ("// one\n{ # two\n \"a\": /* three\n */ -1.5e3 }\n// four", r#"{"a":-1.5e3}"#),
            (r#"{"u":"http://h/#x","v":"\u00e9\ud83d\ude00\n\/"}"#, r#"{"u":"http://h/#x","v":"é😀\n/"}"#),
            ("[true,false,null]", "[true,false,null]"),
        ] {
            assert_eq!(flat(&parse(text, "f").unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn an_error_says_where() {
        for (text, at, what) in [
            ("", (1, 1), "empty"),
            ("{\n  \"a\": 1\n", (1, 1), "no end"),
            ("{\n  \"a\" 1\n}", (2, 7), "colon"),
            ("{\n  a: 1\n}", (2, 3), "double quotes"),
            ("{\n  'a': 1\n}", (2, 3), "double quotes"),
            ("{\"a\": x}", (1, 7), "`x` is no value"),
            ("{\"a\": 01}", (1, 7), "`01` is no value"),
            ("{\"é\": \"x}\n", (1, 7), "no end in its line"),
            ("{\"a\":1,\n\"a\":2}", (2, 1), "given twice, first in line 1"),
            ("{\"a\":\"\\x\"}", (1, 7), "backslash"),
            ("{\"a\":\"\\ud800x\"}", (1, 7), "backslash"),
            ("{} {}", (1, 4), "after the end"),
            ("/* {}", (1, 1), "comment"),
            ("{ \"connector\": { ... } }", (1, 18), "left out"),
            ("{,}", (1, 2), "unexpected"),
        ] {
            let error = parse(text, "f").unwrap_err();
            assert_eq!(error.position(), Some(Position { line: at.0, column: at.1 }), "{text}");
            assert!(error.to_string().contains(what), "{text}: {error}");
            assert!(error.to_string().lines().count() <= 3);
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let error = parse(&"[".repeat(100_000), "f").unwrap_err();
        assert!(error.to_string().contains("deep"), "{error}");
    }
}
