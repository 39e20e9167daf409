//! The row walker: field by field over a payload, borrowing each.

use super::dialect::Dialect;
use super::error::{Error, Reason};
use crate::format::{Escapes, Text};

/// The rows of one payload. Blank lines and comment lines are no rows; a byte order mark before the first is skipped.
///
/// Time is linear in the payload and nothing is allocated.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    text: &'a str,
    at: usize,
    syntax: Syntax,
    comment: Option<&'a str>,
}

impl<'a> Rows<'a> {
    /// The rows of `payload` in `dialect`.
    ///
    /// # Errors
    /// [`Reason::Utf8`] if the payload is no UTF-8.
    pub fn new(payload: &'a [u8], dialect: &'a Dialect) -> Result<Self, Error> {
        let text = std::str::from_utf8(payload)
            .map_err(|error| Error { offset: error.valid_up_to(), reason: Reason::Utf8 })?;
        Ok(Self::of_text(text, Syntax::of(dialect), dialect.comment.as_deref()))
    }

    pub(in crate::format) fn of_text(text: &'a str, syntax: Syntax, comment: Option<&'a str>) -> Self {
        Self {
            text,
            at: if text.starts_with('\u{feff}') { 3 } else { 0 },
            syntax,
            comment: comment.filter(|comment| !comment.is_empty()),
        }
    }

    /// Shows the next row's fields to `field`, each with its index from 0, and says how many they are; `None` after the
    /// last row.
    ///
    /// # Errors
    /// Where the row leaves the dialect. Its fields up to there have been shown; no further row can be read.
    #[inline]
    pub fn next_row(&mut self, mut field: impl FnMut(usize, Text<'a>)) -> Result<Option<usize>, Error> {
        if !self.find_row() {
            return Ok(None);
        }
        let mut fields = 0;
        loop {
            let quoted = match self.syntax.quote {
                // One comparison for nearly every field.
                Some(quote) => self.peek() == Some(quote.first) && quote.starts(self.rest()),
                None => false,
            };
            let (text, end) = if quoted { self.quoted()? } else { self.unquoted()? };
            field(fields, text);
            fields += 1;
            if end == End::Row {
                return Ok(Some(fields));
            }
        }
    }

    /// Goes to the start of the next row; false if there is none.
    #[inline]
    fn find_row(&mut self) -> bool {
        loop {
            let rest = self.rest();
            match rest.first() {
                None => return false,
                Some(b'\n' | b'\r') => self.at += 1,
                Some(_) => match self.comment {
                    Some(comment) if rest.starts_with(comment.as_bytes()) => {
                        self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                    }
                    _ => return true,
                },
            }
        }
    }

    /// A field up to the delimiter or the end of the row, and beyond it.
    #[inline(always)]
    fn unquoted(&mut self) -> Result<(Text<'a>, End), Error> {
        let start = self.at;
        let delimiter = self.syntax.delimiter;
        let mut escapes = Escapes::None;
        loop {
            self.at = self.syntax.stop(self.text.as_bytes(), self.at);
            match self.peek() {
                Some(byte) if byte == delimiter.first && (delimiter.length == 1 || delimiter.starts(self.rest())) => {
                    let raw = self.slice(start);
                    self.at += delimiter.length;
                    return Ok((Text { raw, escapes }, End::Field));
                }
                None => {
                    let raw = self.slice(start);
                    return Ok((Text { raw, escapes }, End::Row));
                }
                Some(b'\n' | b'\r') => {
                    let raw = self.slice(start);
                    self.line_end();
                    return Ok((Text { raw, escapes }, End::Row));
                }
                Some(_) => match self.syntax.escape {
                    Some(escape) if escape.starts(self.rest()) => {
                        escapes = Escapes::Prefixed(escape.character);
                        self.escaped(escape)?;
                    }
                    // A control character, or the first byte of a delimiter or escape that is longer than that.
                    _ => self.at += 1,
                },
            }
        }
    }

    /// A field in quotes, from its opening quote to beyond the delimiter or the end of the row.
    fn quoted(&mut self) -> Result<(Text<'a>, End), Error> {
        let opening = self.at;
        let Some(quote) = self.syntax.quote else {
            return self.unquoted();
        };
        self.at += quote.length;
        let start = self.at;
        let (mut doubled, mut prefixed) = (false, None);
        let raw = loop {
            let rest = self.rest();
            let stop = match self.syntax.escape {
                Some(escape) => memchr::memchr2(quote.first, escape.first, rest),
                None => memchr::memchr(quote.first, rest),
            };
            let Some(stop) = stop else {
                return Err(self.error(opening, Reason::UnclosedQuote));
            };
            self.at += stop;
            let rest = self.rest();
            if quote.starts(rest) {
                let raw = self.slice(start);
                self.at += quote.length;
                if !quote.starts(self.rest()) {
                    break raw;
                }
                self.at += quote.length;
                doubled = true;
            } else if let Some(escape) = self.syntax.escape
                && escape.starts(rest)
            {
                prefixed = Some(escape.character);
                self.escaped(escape)?;
            } else {
                self.at += 1;
            }
        };
        let escapes = match (doubled, prefixed) {
            (false, None) => Escapes::None,
            (true, None) => Escapes::Doubled(quote.character),
            (false, Some(escape)) => Escapes::Prefixed(escape),
            (true, Some(escape)) => Escapes::DoubledOrPrefixed { quote: quote.character, escape },
        };
        Ok((Text { raw, escapes }, self.after_quote()?))
    }

    /// What may stand between a closing quote and the next field.
    fn after_quote(&mut self) -> Result<End, Error> {
        loop {
            let rest = self.rest();
            match rest.first() {
                None => return Ok(End::Row),
                Some(_) if self.syntax.delimiter.starts(rest) => {
                    self.at += self.syntax.delimiter.length;
                    return Ok(End::Field);
                }
                Some(b'\n' | b'\r') => {
                    self.line_end();
                    return Ok(End::Row);
                }
                Some(..=b' ') => self.at += 1,
                Some(_) => return Err(self.error(self.at, Reason::AfterQuote)),
            }
        }
    }

    /// The escape character and the one after it.
    fn escaped(&mut self, escape: Mark) -> Result<(), Error> {
        let at = self.at;
        self.at += escape.length;
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(character) => {
                self.at += character.len_utf8();
                Ok(())
            }
            None => Err(self.error(at, Reason::Escape)),
        }
    }

    /// `\n`, `\r\n` or `\r`.
    #[inline(always)]
    fn line_end(&mut self) {
        self.at += if self.rest().starts_with(b"\r\n") { 2 } else { 1 };
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The text from `start` to here; both are next to characters that were matched.
    #[inline(always)]
    fn slice(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    #[cold]
    fn error(&self, offset: usize, reason: Reason) -> Error {
        Error { offset, reason }
    }
}

/// Shows the fields of the one row that `payload` is to `field`, each with its index from 0, and says how many they are.
///
/// # Errors
/// Where the payload leaves the dialect; [`Reason::NoRow`] and [`Reason::SeveralRows`] if it is not one row. Fields may
/// have been shown before.
pub fn walk_row<'a>(
    payload: &'a [u8],
    dialect: &'a Dialect,
    field: impl FnMut(usize, Text<'a>),
) -> Result<usize, Error> {
    let mut rows = Rows::new(payload, dialect)?;
    let Some(fields) = rows.next_row(field)? else {
        return Err(rows.error(rows.at, Reason::NoRow));
    };
    if rows.find_row() {
        return Err(rows.error(rows.at, Reason::SeveralRows));
    }
    Ok(fields)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Field,
    Row,
}

/// A character with a meaning, and its UTF-8 form.
#[derive(Clone, Copy, Debug)]
pub(in crate::format) struct Mark {
    character: char,
    first: u8,
    utf8: [u8; 4],
    length: usize,
}

impl Mark {
    fn of(character: char) -> Self {
        let mut utf8 = [0; 4];
        let length = character.encode_utf8(&mut utf8).len();
        Self { character, first: utf8[0], utf8, length }
    }

    /// Is it the first character of `rest`?
    #[inline(always)]
    fn starts(&self, rest: &[u8]) -> bool {
        rest.first() == Some(&self.first)
            && (self.length == 1 || rest.starts_with(self.utf8.get(..self.length).unwrap_or_default()))
    }
}

/// A dialect, ready to scan with.
#[derive(Clone, Copy, Debug)]
pub(in crate::format) struct Syntax {
    delimiter: Mark,
    quote: Option<Mark>,
    escape: Option<Mark>,
    delimiter_word: u64,
    escape_word: Option<u64>,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

impl Syntax {
    fn of(dialect: &Dialect) -> Self {
        let escape = dialect.escape.filter(|escape| dialect.quote != Some(*escape));
        Self::new(dialect.delimiter, dialect.quote, escape)
    }

    pub(in crate::format) fn new(delimiter: char, quote: Option<char>, escape: Option<char>) -> Self {
        let delimiter = Mark::of(delimiter);
        let escape = escape.map(Mark::of);
        Self {
            delimiter,
            quote: quote.map(Mark::of),
            escape,
            delimiter_word: ONES * u64::from(delimiter.first),
            escape_word: escape.map(|escape| ONES * u64::from(escape.first)),
        }
    }

    /// The position of the next byte, at or after `from`, that may end an unquoted field or start an escape; the length
    /// if there is none. Eight bytes at a time.
    ///
    /// It also stops at control characters below U+000E: one comparison finds both line ends, and the others are rare.
    #[inline(always)]
    fn stop(&self, bytes: &[u8], from: usize) -> usize {
        let mut at = from;
        while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*word);
            // As in any such search a borrow may mark a byte above a true find, never one below it.
            let zero = |word: u64| word.wrapping_sub(ONES) & !word;
            let mut found = zero(word ^ self.delimiter_word) | (word.wrapping_sub(ONES * 0x0e) & !word);
            if let Some(escape) = self.escape_word {
                found |= zero(word ^ escape);
            }
            found &= HIGHS;
            if found != 0 {
                return at + (found.trailing_zeros() / 8) as usize;
            }
            at += 8;
        }
        while let Some(&byte) = bytes.get(at) {
            if byte == self.delimiter.first || byte < 0x0e || self.escape.is_some_and(|escape| escape.first == byte) {
                break;
            }
            at += 1;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rows(payload: &str, dialect: &Dialect) -> Result<Vec<Vec<String>>, Error> {
        let mut rows = Rows::new(payload.as_bytes(), dialect)?;
        let mut all = Vec::new();
        loop {
            let mut row = Vec::new();
            let Some(fields) = rows.next_row(|index, text| {
                assert_eq!(index, row.len());
                row.push(text.value().into_owned());
            })?
            else {
                return Ok(all);
            };
            assert_eq!(fields, row.len());
            all.push(row);
        }
    }

    #[test]
    fn rows_read_as_flink_reads_them() {
        let plain = Dialect::default();
        let cases: &[(&str, &[&[&str]])] = &[
            ("", &[]),
            ("\n\r\n", &[]),
            ("a", &[&["a"]]),
            ("a,b", &[&["a", "b"]]),
            (",", &[&["", ""]]),
            ("a,", &[&["a", ""]]),
            (",,a", &[&["", "", "a"]]),
            ("a,b\n", &[&["a", "b"]]),
            ("a,b\r\n", &[&["a", "b"]]),
            ("a,b\nc,d", &[&["a", "b"], &["c", "d"]]),
            ("a,b\r\n\r\nc,d\r\n", &[&["a", "b"], &["c", "d"]]),
            ("a\rb", &[&["a"], &["b"]]),
            ("\u{feff}a,b", &[&["a", "b"]]),
            ("\"a,b\",c", &[&["a,b", "c"]]),
            ("\"a \"\"quoted\"\" word\",\"\"", &[&["a \"quoted\" word", ""]]),
            ("\"\"\"\"", &[&["\""]]),
            ("\"two\nlines\",x", &[&["two\nlines", "x"]]),
            ("\"a\"  ,b", &[&["a", "b"]]),
            ("a\"b\",c", &[&["a\"b\"", "c"]]),
            (" \"a\",b", &[&[" \"a\"", "b"]]),
            ("5\" pipe,x", &[&["5\" pipe", "x"]]),
            (" a , b ", &[&[" a ", " b "]]),
            ("日本,\"é,\",x", &[&["日本", "é,", "x"]]),
            (
                "a long unquoted field that takes several words,and another one",
                &[&["a long unquoted field that takes several words", "and another one"]],
            ),
        ];
        for (payload, expected) in cases {
            assert_eq!(rows(payload, &plain).unwrap(), *expected, "{payload:?}");
        }
    }

    #[test]
    fn dialects() {
        let with = |delimiter, quote, escape| Dialect { delimiter, quote, escape, ..Dialect::default() };
        let tab = with('\t', Some('"'), None);
        assert_eq!(rows("a\tb c\t\"d\te\"\t", &tab).unwrap(), [["a", "b c", "d\te", ""]]);
        let unquoted = with('|', None, None);
        assert_eq!(rows("\"a|b\"|'", &unquoted).unwrap(), [["\"a", "b\"", "'"]]);
        let escaped = with(';', Some('\''), Some('\\'));
        assert_eq!(rows(r"a\;b;'c\'d''e';\n\0\\;\é", &escaped).unwrap(), [["a;b", "c'd'e", "\n\0\\", "é"]]);
        // A delimiter that shares its first byte with other characters.
        let wide = with('§', Some('«'), Some('¬'));
        assert_eq!(rows("é¶§«x§y««z«§¬§", &wide).unwrap(), [["é¶", "x§y«z", "§"]]);
        let comment = Dialect { comment: Some("#".into()), ..Dialect::default() };
        assert_eq!(rows("# no row\na,#b\n#", &comment).unwrap(), [["a", "#b"]]);
    }

    #[test]
    fn errors_say_where() {
        let plain = Dialect::default();
        let escaped = Dialect { escape: Some('\\'), ..Dialect::default() };
        let failed = |payload: &[u8], dialect: &Dialect| {
            let error = walk_row(payload, dialect, |_, _| ()).unwrap_err();
            (error.offset, error.reason)
        };
        assert_eq!(failed(b"a,\xff", &plain), (2, Reason::Utf8));
        assert_eq!(failed(b"a,\"b", &plain), (2, Reason::UnclosedQuote));
        assert_eq!(failed(b"\"a\"b,c", &plain), (3, Reason::AfterQuote));
        assert_eq!(failed(b"a,b\\", &escaped), (3, Reason::Escape));
        assert_eq!(failed(b"\r\n", &plain), (2, Reason::NoRow));
        assert_eq!(failed(b"a,b\nc,d\n", &plain), (4, Reason::SeveralRows));
        assert_eq!(walk_row(b"a,b\n", &plain, |_, _| ()), Ok(2));
    }
}
