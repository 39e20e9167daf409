//! A table as the text of its `.table.sql`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use super::lead::{Lead, sanitised};
use super::names::writable;
use crate::catalog::table::COMMITTED;
use crate::catalog::{Clauses, Encoding, Origin, Table, secret};
use crate::format::csv::Header;
use crate::schema::{Column, Quoted, TimestampStandard};

/// Stands between the notes of a column in its `COMMENT`.
pub(super) const BETWEEN_NOTES: &str = " | ";

/// Writes the definition, with the comment lines before it. The same table gives the same bytes.
///
/// Whatever names, notes and properties hold, the result is one statement: literals and identifiers are quoted, and
/// remarks are one line each. No secret is in it.
pub fn write(table: &Table) -> String {
    let standard;
    let clauses: &Clauses = match &table.clauses {
        Some(clauses) => clauses,
        None => {
            standard = Clauses::standard(&table.schema, table.role);
            &standard
        }
    };
    let (schema, unwritable) = writable(table);
    let (properties, secrets) = secret::properties_for_writing(&table.properties);
    let mut lead = Lead { generated: table.clauses.is_none(), role: Some(table.role.name().into()), ..Lead::default() };
    let mut format_options = Vec::new();
    match &table.encoding {
        Encoding::Json => {
            let standard = match schema.timestamps {
                Some(TimestampStandard::Sql) => "SQL",
                Some(TimestampStandard::Iso8601) | None => "ISO-8601",
            };
            format_options.push(("timestamp-format.standard", Cow::Borrowed(standard)));
            if table.skip_misfits {
                format_options.push(("ignore-parse-errors", "true".into()));
            }
        }
        Encoding::Csv(dialect) => {
            if dialect.delimiter != ',' {
                format_options.push(("field-delimiter", java_escaped(dialect.delimiter)));
            }
            match dialect.quote {
                Some('"') => {}
                Some(quote) => format_options.push(("quote-character", quote.to_string().into())),
                None => format_options.push(("disable-quote-character", "true".into())),
            }
            if let Some(escape) = dialect.escape {
                format_options.push(("escape-character", escape.to_string().into()));
            }
            match dialect.comment.as_deref() {
                None => {}
                Some("#") => format_options.push(("allow-comments", "true".into())),
                // Flink knows no other.
                Some(other) => lead.comment_prefix = Some(other.into()),
            }
            if table.empty_is_null {
                format_options.push(("null-literal", "".into()));
            }
            lead.header = Some(header_name(dialect.header).into());
            if dialect.header == Header::InStream && table.skip_misfits {
                lead.misfits = Some("skip".into());
            }
            // Flink cannot skip a header row: it reads as nulls, and would end the job otherwise.
            if table.skip_misfits || dialect.header == Header::InStream {
                format_options.push(("ignore-parse-errors", "true".into()));
            }
        }
        Encoding::Raw => {}
    }
    // What was said when the table was written before is among its remarks.
    for note in table.remarks.iter().chain(&unwritable).chain(&secrets).map(|note| sanitised(note)) {
        if !lead.notes.contains(&note) {
            lead.notes.push(note);
        }
    }

    let mut out = String::new();
    lead.write(&mut out);
    let mut lines: Vec<String> = schema.columns.iter().map(|column| column_line(column, clauses)).collect();
    lines.extend(clauses.derived.iter().map(|derived| {
        let mut line = match &derived.from {
            Origin::Expression(expression) => format!("{} AS {expression}", Quoted(&derived.name)),
            Origin::Metadata { ty, key, only_read } => {
                let from = key.as_ref().map(|key| format!(" FROM {}", Literal(key))).unwrap_or_default();
                format!("{} {ty} METADATA{from}{}", Quoted(&derived.name), if *only_read { " VIRTUAL" } else { "" })
            }
        };
        push_comment(&mut line, derived.comment.as_deref());
        line
    }));
    if let Some(watermark) = &clauses.watermark {
        lines.push(format!("WATERMARK FOR {} AS {}", Quoted(&watermark.column), watermark.expression));
    }
    if !clauses.primary_key.is_empty() {
        let columns: Vec<String> = clauses.primary_key.iter().map(|name| Quoted(name).to_string()).collect();
        lines.push(format!("PRIMARY KEY ({}) NOT ENFORCED", columns.join(", ")));
    }
    // Writing to a String cannot fail.
    let _ = write!(out, "CREATE TABLE {}", Quoted(&table.name));
    if !lines.is_empty() {
        let _ = write!(out, " (\n  {}\n)", lines.join(",\n  "));
    }
    push_comment(&mut out, clauses.comment.as_deref());

    let mut options = clauses.options.clone();
    let mut own = vec![
        ("connector".to_owned(), options.remove("connector").unwrap_or_else(|| "kafka".into())),
        ("topic".to_owned(), table.topic.clone()),
        ("properties.bootstrap.servers".to_owned(), table.servers.clone()),
    ];
    if properties.contains_key("isolation.level") {
        options.remove(COMMITTED.0);
    }
    own.extend(properties.into_iter().map(|(key, value)| (format!("properties.{key}"), value)));
    own.extend(options.remove_entry(COMMITTED.0));
    own.extend(options.remove_entry("scan.startup.mode"));
    let (format_key, format) = format_of(table, &mut options);
    // A format's options have its name in front, and what stands in front of `format`.
    let prefix = format!("{}{format}", format_key.strip_suffix("format").unwrap_or_default());
    own.push((format_key, format));
    own.extend(format_options.into_iter().map(|(name, value)| (format!("{prefix}.{name}"), value.into_owned())));
    own.extend(options.into_iter().map(|(key, value)| {
        let safe = secret::for_writing(&key, &value).into_owned();
        (key, safe)
    }));
    let own: Vec<String> = own.iter().map(|(key, value)| format!("{} = {}", Literal(key), Literal(value))).collect();
    let _ = write!(out, " WITH (\n  {}\n)", own.join(",\n  "));
    if let Some(like) = &clauses.like {
        let _ = write!(out, " LIKE {}", Quoted(like));
    }
    out.push_str(";\n");
    out
}

/// `'format' = 'json'`, or as somebody has written it.
fn format_of(table: &Table, options: &mut BTreeMap<String, String>) -> (String, String) {
    options.remove_entry("format").or_else(|| options.remove_entry("value.format")).unwrap_or_else(|| {
        let name = match table.encoding {
            Encoding::Json => "json",
            Encoding::Csv(_) => "csv",
            Encoding::Raw => "raw",
        };
        ("format".into(), name.into())
    })
}

fn column_line(column: &Column, clauses: &Clauses) -> String {
    let mut line = match clauses.declared.get(&column.field.name) {
        Some(ty) => {
            let null = if column.field.nullable { "" } else { " NOT NULL" };
            format!("{} {ty}{null}", Quoted(&column.field.name))
        }
        None => column.field.to_string(),
    };
    let notes: Vec<String> = column
        .notes
        .iter()
        .map(|note| sanitised(note).replace(BETWEEN_NOTES, " / "))
        .filter(|note| !note.is_empty())
        .collect();
    if !notes.is_empty() {
        push_comment(&mut line, Some(&notes.join(BETWEEN_NOTES)));
    }
    line
}

fn push_comment(line: &mut String, comment: Option<&str>) {
    if let Some(comment) = comment {
        let _ = write!(line, " COMMENT {}", Literal(comment));
    }
}

pub(super) fn header_name(header: Header) -> &'static str {
    match header {
        Header::Given => "given",
        Header::InStream => "in-stream",
        Header::None => "none",
    }
}

/// Flink takes Java's escapes in a delimiter, so that a tab can be seen.
fn java_escaped(delimiter: char) -> Cow<'static, str> {
    match delimiter {
        '\t' => "\\t".into(),
        '\\' => "\\\\".into(),
        c if c.is_control() => {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>().into()
        }
        c => c.to_string().into(),
    }
}

/// A text as an SQL literal.
struct Literal<'a>(&'a str);

impl std::fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}
