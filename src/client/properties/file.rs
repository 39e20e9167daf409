//! How is a properties file read? By the rules of `java.util.Properties.load`, which contain those of librdkafka's and
//! kcat's files (`name=value` lines and `#` comments).

use super::super::ConfigError;

/// The properties of a file, in its order: comments (`#`, `!`), continuation lines (`\` at the end), escapes
/// (`\t \n \r \f \uXXXX`, and `\` before anything else stands for that), and `=`, `:` or blanks between name and value.
///
/// # Errors
/// [`ConfigError::Line`] for a `\u` without four hexadecimal digits, and a line without a name.
pub fn parse_file(text: &str) -> Result<Vec<(String, String)>, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut properties = Vec::new();
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).zip(1..);
    while let Some((line, number)) = lines.next() {
        let line = line.trim_start_matches(is_blank);
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = line.to_owned();
        while continues(&logical) {
            logical.pop();
            match lines.next() {
                Some((more, _)) => logical.push_str(more.trim_start_matches(is_blank)),
                None => break,
            }
        }
        let (name, value) = split(&logical);
        let unescaped = |text: &str| unescape(text).map_err(|reason| ConfigError::Line { line: number, reason });
        let name = unescaped(name)?;
        if name.is_empty() {
            return Err(ConfigError::Line { line: number, reason: "there is no name before the value".to_owned() });
        }
        properties.push((name, unescaped(value)?));
    }
    Ok(properties)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\x0c')
}

/// Whether a line ends in a backslash that is not itself escaped.
fn continues(line: &str) -> bool {
    line.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1
}

/// Splits at the first separator that is not escaped: blanks, or `=` or `:` with blanks around it.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.char_indices().find(|(_, c)| {
        let separates = !escaped && (is_blank(*c) || matches!(c, '=' | ':'));
        escaped = !escaped && *c == '\\';
        separates
    });
    let Some((end, _)) = end else {
        return (line, "");
    };
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start_matches(is_blank);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (name, rest.trim_start_matches(is_blank))
}

/// The reason, for an error, never quotes what it is about: that may be a password.
fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            flush(&mut units, &mut out);
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let all_hex = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                let unit = if all_hex { u16::from_str_radix(&digits, 16).ok() } else { None };
                units.push(unit.ok_or("\\u needs four hexadecimal digits after it")?);
            }
            other => {
                flush(&mut units, &mut out);
                out.extend(other.map(|c| match c {
                    't' => '\t',
                    'n' => '\n',
                    'r' => '\r',
                    'f' => '\x0c',
                    other => other,
                }));
            }
        }
    }
    flush(&mut units, &mut out);
    Ok(out)
}

/// Java escapes UTF-16, so a character may need two of them.
fn flush(units: &mut Vec<u16>, out: &mut String) {
    out.push_str(&String::from_utf16_lossy(units));
    units.clear();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn one(text: &str) -> (String, String) {
        let mut all = parse_file(text).unwrap();
        assert_eq!(all.len(), 1, "{text:?}: {all:?}");
        all.remove(0)
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn lines_are_read_as_java_reads_them() {
        for (text, name, value) in [
            ("a=b", "a", "b"),
            ("a = b ", "a", "b "),
            ("a:b", "a", "b"),
            ("a b", "a", "b"),
            ("  a\t=\tb", "a", "b"),
            ("a", "a", ""),
            ("a==b", "a", "=b"),
            ("a=b=c:d", "a", "b=c:d"),
            ("a\\=b=c", "a=b", "c"),
            ("a\\ b=c", "a b", "c"),
            ("a=b\\\n   c", "a", "bc"),
            ("a=b\\\\", "a", "b\\"),
            ("a=\\u00e9\\t\\q", "a", "\u{e9}\tq"),
            ("a=\\ud83d\\ude00", "a", "\u{1f600}"),
            ("\u{feff}a=b\r\n", "a", "b"),
            ("a=#b", "a", "#b"),
            ("a=b\\", "a", "b"),
        ] {
            assert_eq!(one(text), pair(name, value), "{text:?}");
        }
    }

    #[test]
    fn comments_and_blank_lines_are_skipped() {
        let text = "# kcat\n\n! java\n   # indented\nbootstrap.servers=a:1\\\n  ,b:2\r\n#end\\\nclient.id=x\n";
        assert_eq!(parse_file(text).unwrap(), [pair("bootstrap.servers", "a:1,b:2"), pair("client.id", "x")]);
    }

    #[test]
    fn a_broken_line_is_named_by_number_without_its_content() {
        for (text, line) in [("a=b\nsasl.password=s3cret\\u12", 2), ("=s3cret", 1), ("\n\nx=\\ug000 s3cret", 3)] {
            let error = parse_file(text).unwrap_err();
            assert!(matches!(error, ConfigError::Line { line: at, .. } if at == line), "{error}");
            assert!(!format!("{error:?} {error}").contains("s3cret"));
        }
    }
}
