//! `${VAR}`: the environment's part in a file.

use crate::catalog::Error;

/// Where variables are looked up: [`process`], or a test's own.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Looks a variable up in this process's environment; one that is no Unicode counts as unset.
pub fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Puts the value of each `${NAME}` in its place; `place` names the setting for the error.
///
/// `${{NAME}}`, DataSQRL's spelling for credentials, is the same. A `$` that no name in braces follows is a `$`: what
/// a variable holds is not looked at again.
///
/// # Errors
/// [`Error::Unset`] when a variable is not set.
pub fn expand(text: &str, place: &str, lookup: Lookup<'_>) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Variable(name) => match lookup(name) {
                Some(value) => out.push_str(&value),
                None => return Err(Error::Unset { name: name.into(), place: place.into() }),
            },
        }
    }
    Ok(out)
}

/// Whether the text is one variable and nothing else: a secret in this form may be written to a file.
pub fn is_reference(text: &str) -> bool {
    let mut pieces = pieces(text);
    matches!(pieces.next(), Some(Piece::Variable(_))) && pieces.next().is_none()
}

enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((name, after)) = reference(rest) {
            rest = after;
            return Some(Piece::Variable(name));
        }
        let end =
            rest.char_indices().skip(1).map(|(i, _)| i).find(|&i| reference(rest.get(i..).unwrap_or("")).is_some());
        let (plain, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some(Piece::Text(plain))
    })
}

/// The variable that the text starts with, and what follows it.
fn reference(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix("${")?;
    let (text, close) = match text.strip_prefix('{') {
        Some(inner) => (inner, "}}"),
        None => (text, "}"),
    };
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    Some((name, after.strip_prefix(close)?)).filter(|_| is_name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("broker".into()),
            "NESTED" => Some("${HOST}".into()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_put_in_their_places() {
        for (text, expected) in [
            ("", ""),
            ("${HOST}", "broker"),
            ("${{HOST}}:9092", "broker:9092"),
            ("a${HOST}b${EMPTY}c", "abrokerbc"),
            ("${NESTED}", "${HOST}"),
            ("$HOST $ ${} ${1A} ${a b} ${HOST", "$HOST $ ${} ${1A} ${a b} ${HOST"),
            ("${sqrl:table-name}", "${sqrl:table-name}"),
            ("é$é${HOST}é", "é$ébrokeré"),
        ] {
            assert_eq!(expand(text, "x", &lookup).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn an_unset_variable_is_named_with_its_place() {
        let error = expand("${HOST},${NOWHERE}", "datasystem.json: servers", &lookup).unwrap_err();
        assert!(error.to_string().starts_with("datasystem.json: servers: the environment variable NOWHERE is not set"));
    }

    #[test]
    fn only_a_whole_variable_is_a_reference() {
        assert!(is_reference("${PW}") && is_reference("${{PW}}"));
        for text in ["", "x", "${PW}x", "x${PW}", "${A}${B}", "${PW"] {
            assert!(!is_reference(text), "{text}");
        }
    }
}
