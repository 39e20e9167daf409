//! `<table>.table.json`, as Jackson's pretty printer laid it out.

use crate::catalog::{Encoding, Table, secret};
use crate::format::csv::Header;
use crate::schema::Type;

/// Writes the file. `prefix` is the data system's topic prefix: `identifier` is the topic without it.
pub fn write(table: &Table, prefix: &str) -> String {
    let (prefix, identifier) = match table.topic.strip_prefix(prefix) {
        Some(identifier) if !identifier.is_empty() => (prefix, identifier),
        _ => ("", table.topic.as_str()),
    };
    let mut format = Vec::new();
    match &table.encoding {
        Encoding::Json => format.push(("formatType", string("json"))),
        Encoding::Csv(dialect) => {
            format.push(("formatType", string("csv")));
            format.push(("delimiter", string(dialect.delimiter.encode_utf8(&mut [0; 4]))));
            format.push(("commentPrefix", dialect.comment.as_deref().map_or_else(|| "null".to_owned(), string)));
            // The file's reader skips a row that equals the header, wherever the names came from.
            debug_assert!(matches!(dialect.header, Header::Given | Header::InStream | Header::None));
            format.push(("header", list(table.schema.columns.iter().map(|column| column.field.name.as_str()))));
        }
        Encoding::Raw => {
            let binary = table.schema.columns.iter().any(|column| column.field.ty == Type::Bytes);
            format.push(("formatType", string(if binary { "binary" } else { "text" })));
        }
    }
    let (properties, _) = secret::properties_for_writing(&table.properties);
    let mut connector = vec![
        ("servers", list(table.servers.split(',').map(str::trim).filter(|s| !s.is_empty()))),
        ("topicPrefix", string(prefix)),
        ("systemType", string("kafka")),
    ];
    connector.extend(properties.iter().map(|(key, value)| (key.as_str(), string(value))));
    object(
        0,
        &[
            ("type", string(table.role.name())),
            ("canonicalizer", string("system")),
            ("charset", string("UTF-8")),
            ("format", object(1, &format)),
            ("name", string(&table.name)),
            ("identifier", string(identifier)),
            ("schema", string("flexible")),
            ("connector", object(1, &connector)),
        ],
    )
}

fn object(depth: usize, members: &[(&str, String)]) -> String {
    let indent = "  ".repeat(depth);
    let lines: Vec<String> =
        members.iter().map(|(name, value)| format!("{indent}  {} : {value}", string(name))).collect();
    format!("{{\n{}\n{indent}}}", lines.join(",\n"))
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.map(string).collect();
    if items.is_empty() { "[ ]".into() } else { format!("[ {} ]", items.join(", ")) }
}

/// A string as Jackson writes it: what must be escaped is, in capitals, and nothing else.
fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
