//! The `format` of a data system or table file: its name and its options, in any dialect's spelling.

use crate::catalog::document::{Members, Node, Reader, Value, nearest};
use crate::catalog::error::{Error, Position, shown};
use crate::catalog::{ConfiguredFormat, CsvOptions};
use crate::format::Format;

/// The formats that a file may name.
pub(super) const NAMES: [(&str, Format); 8] = [
    ("json", Format::Json),
    ("csv", Format::Csv),
    ("text", Format::Text),
    ("binary", Format::Binary),
    // From 0.4.3 on.
    ("flexible-json", Format::Json),
    ("flexible-csv", Format::Csv),
    // Flink's.
    ("raw", Format::Binary),
    ("txt", Format::Text),
];

const SETTINGS: [&str; 7] = ["formatType", "name", "charset", "delimiter", "commentPrefix", "header", "quote"];

/// Reads the `format` object. `comment_prefix` is the dialect's default.
pub(super) fn configured(
    reader: Reader<'_>,
    node: &Node,
    comment_prefix: Option<&str>,
) -> Result<ConfiguredFormat, Error> {
    if let Value::String(_) = node.value {
        let format = named(&reader, &reader.text(node, "format")?, node.at)?;
        return Ok(ConfiguredFormat { format, csv: CsvOptions::default() });
    }
    let mut members = reader.members(node, "`format`")?;
    let at = members.at;
    let name = match (members.take("formatType"), members.take("name")) {
        (Some(one), None) | (None, Some(one)) => one,
        (Some(_), Some(two)) => {
            return Err(reader.error(
                two.at,
                "`format` has both `formatType` and `name`",
                "they mean the same: remove one",
            ));
        }
        (None, None) => {
            return Err(reader.error(at, "`format` does not say which", "add \"formatType\": \"json\" or \"csv\""));
        }
    };
    let format = named(&reader, &reader.text(name, "formatType")?, name.at)?;
    charset(&reader, &mut members)?;
    let mut csv = CsvOptions::default();
    if format == Format::Csv {
        csv.delimiter = one_character(&reader, &mut members, "delimiter")?;
        csv.quote = one_character(&reader, &mut members, "quote")?;
        csv.comment_prefix = match members.has("commentPrefix") {
            true => members.take_text("commentPrefix")?.filter(|prefix| !prefix.is_empty()),
            false => comment_prefix.map(Into::into),
        };
        csv.header = members.take("header").map(|node| header(&reader, node)).transpose()?;
        if csv.delimiter.is_some() && csv.delimiter == csv.quote {
            return Err(reader.error(at, "delimiter and quote are the same character", "choose two"));
        }
    } else {
        // Written out with their defaults by some versions, whatever the format.
        for setting in ["delimiter", "commentPrefix", "header"] {
            members.take(setting);
        }
    }
    members.finish(&SETTINGS)?;
    Ok(ConfiguredFormat { format, csv })
}

/// The format of this name.
pub(super) fn named(reader: &Reader<'_>, name: &str, at: Position) -> Result<Format, Error> {
    let wanted = name.trim().to_ascii_lowercase();
    if let Some(&(_, format)) = NAMES.iter().find(|(known, _)| *known == wanted) {
        return Ok(format);
    }
    let known: Vec<&str> = NAMES.iter().map(|&(name, _)| name).collect();
    let advice = match nearest(&wanted, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "json, csv, text and binary can be configured; without `format`, the bytes tell".into(),
    };
    Err(reader.error(at, format!("the format `{}` cannot be configured in this version", shown(name)), advice))
}

/// Takes `charset`; payloads are UTF-8, so nothing else will do.
pub(super) fn charset(reader: &Reader<'_>, members: &mut Members<'_>) -> Result<(), Error> {
    let Some(node) = members.take("charset") else { return Ok(()) };
    let charset = reader.text(node, "charset")?;
    match charset.trim().to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Ok(()),
        _ => Err(reader.error(
            node.at,
            format!("the charset `{}` is not supported", shown(&charset)),
            "payloads are read as UTF-8: remove `charset`",
        )),
    }
}

fn one_character(reader: &Reader<'_>, members: &mut Members<'_>, name: &str) -> Result<Option<char>, Error> {
    let Some(node) = members.take(name) else { return Ok(None) };
    let text = reader.text(node, name)?;
    // A tab is often written as its escape, once more escaped.
    let text = if text == "\\t" { "\t" } else { &text };
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if !matches!(c, '\n' | '\r' | '\0') => Ok(Some(c)),
        _ => Err(reader.error(
            node.at,
            format!("`{name}` is \"{}\"", shown(text)),
            "it must be one character; a tab is \"\\t\"",
        )),
    }
}

fn header(reader: &Reader<'_>, node: &Node) -> Result<Vec<String>, Error> {
    let Value::List(items) = &node.value else {
        return Err(reader.error(
            node.at,
            format!("`header` is {}", node.value.kind()),
            "it must be a list of names: [\"id\", \"name\"]",
        ));
    };
    if items.is_empty() {
        return Err(reader.error(
            node.at,
            "`header` is an empty list",
            "name the columns, or leave `header` out to have them found",
        ));
    }
    let mut names: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        let name = reader.raw(item, "header")?;
        if names.contains(&name) {
            return Err(reader.error(
                item.at,
                format!("`header` names \"{}\" twice", shown(&name)),
                "give each column a name of its own",
            ));
        }
        if name.is_empty() {
            return Err(reader.error(item.at, "a name in `header` is empty", "give each column a name"));
        }
        names.push(name);
    }
    Ok(names)
}
