//! Writes a row that Flink's `csv` format, and any reader of RFC 4180, reads back as it was.

use super::dialect::Dialect;
use super::error::Unwritable;

/// Appends one row to `out`, without a line end. A field is quoted only if it would read differently without.
///
/// # Errors
/// [`Unwritable`] if a field needs a quote or an escape character and the dialect has none; `out` is then as it was.
pub fn write_row<I>(fields: I, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Unwritable>
where
    I: IntoIterator,
    I::Item: AsRef<str>,
{
    let before = out.len();
    let mut utf8 = [0; 4];
    let delimiter = dialect.delimiter.encode_utf8(&mut utf8);
    let mut fields = fields.into_iter().enumerate().peekable();
    while let Some((index, field)) = fields.next() {
        if index > 0 {
            out.extend_from_slice(delimiter.as_bytes());
        }
        let field = field.as_ref();
        let alone = index == 0 && fields.peek().is_none();
        if !needs_quotes(field, index == 0, alone, dialect) {
            out.extend_from_slice(field.as_bytes());
        } else if !write_special(field, dialect, out) {
            out.truncate(before);
            return Err(Unwritable { index });
        }
    }
    Ok(())
}

/// Would `field` not read back as it is?
fn needs_quotes(field: &str, first: bool, alone: bool, dialect: &Dialect) -> bool {
    // A row of one empty field is a blank line; what looks like a comment is skipped, after any spaces; a byte order
    // mark at the start of a row is taken for the payload's.
    if first
        && (alone && field.is_empty()
            || field.starts_with('\u{feff}')
            || dialect
                .comment
                .as_ref()
                .is_some_and(|comment| field.trim_start_matches(' ').starts_with(comment.as_str())))
    {
        return true;
    }
    field.chars().any(|c| {
        c == dialect.delimiter || matches!(c, '\n' | '\r') || dialect.quote == Some(c) || dialect.escape == Some(c)
    })
}

/// Writes `field` in quotes or with escapes; false if the dialect has no way to.
fn write_special(field: &str, dialect: &Dialect, out: &mut Vec<u8>) -> bool {
    let mut utf8 = [0; 4];
    let mut push = |c: char, out: &mut Vec<u8>| out.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes());
    if let Some(quote) = dialect.quote {
        push(quote, out);
        for c in field.chars() {
            if c == quote {
                push(quote, out);
            } else if dialect.escape == Some(c) {
                push(c, out);
            }
            push(c, out);
        }
        push(quote, out);
        return true;
    }
    let Some(escape) = dialect.escape else {
        return false;
    };
    for (index, c) in field.chars().enumerate() {
        let written = match c {
            '\n' => 'n',
            '\r' => 'r',
            _ => c,
        };
        let opens =
            index == 0 && (c == '\u{feff}' || c == ' ' || dialect.comment.as_ref().is_some_and(|s| s.starts_with(c)));
        if written != c || c == dialect.delimiter || c == escape || opens {
            push(escape, out);
        }
        push(written, out);
    }
    !field.is_empty()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::format::csv::walk_row;
    use proptest::prelude::*;

    fn written(fields: &[&str], dialect: &Dialect) -> String {
        let mut out = Vec::new();
        write_row(fields, dialect, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_what_must_be_is_quoted() {
        let plain = Dialect::default();
        assert_eq!(written(&["a", " b ", "1.5", ""], &plain), "a, b ,1.5,");
        assert_eq!(written(&["a,b", "say \"x\"", "two\nlines"], &plain), "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"");
        assert_eq!(written(&[""], &plain), "\"\"");
        assert_eq!(written(&["", ""], &plain), ",");
        let bare = Dialect { quote: None, ..Dialect::default() };
        let mut out = b"before".to_vec();
        assert_eq!(write_row(["a", "b,c"], &bare, &mut out), Err(Unwritable { index: 1 }));
        assert_eq!(out, b"before");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            fields in prop::collection::vec("[a\\\\,;\"'#\\n\\r\\t |é§\u{feff}]{0,6}", 1..6),
            delimiter in prop::sample::select(vec![',', ';', '\t', '|', ' ', '§']),
            quote in prop::sample::select(vec![Some('"'), Some('\''), None]),
            escape in prop::sample::select(vec![Some('\\'), None]),
            comment in prop::sample::select(vec![Some("#".to_string()), None]),
        ) {
            let dialect = Dialect { delimiter, quote, escape, comment, ..Dialect::default() };
            let mut out = Vec::new();
            if write_row(&fields, &dialect, &mut out).is_ok() {
                let mut back = Vec::new();
                walk_row(&out, &dialect, |_, text| back.push(text.value().into_owned())).unwrap();
                prop_assert_eq!(back, fields);
            } else {
                prop_assert!(quote.is_none());
            }
        }
    }
}
