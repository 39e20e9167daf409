//! What discovery and inference found, for people.

use std::fmt::{Display, Write as _};
use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::discover::Report;
use crate::infer::{ColumnReport, FormatReport, KeyReport, Reject, TableReport, percent};

const NAME: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const WARNING: Style = AnsiColor::Yellow.on_default();

/// Names and types are put below each other up to these widths, in characters; longer ones shift what follows.
const LONGEST_NAME: usize = 32;
const LONGEST_TYPE: usize = 24;

/// How many rejected records of a table are shown.
const REJECTS: usize = 3;

/// The view of a whole run.
pub(crate) fn report(report: &Report, width: usize) -> String {
    let mut out = String::new();
    for table in &report.tables {
        let definition = report.definitions.iter().find(|definition| definition.table.name == table.table);
        let configured = definition.and_then(|definition| definition.configured.as_deref());
        write_table(&mut out, table, &Seen { inputs: None, configured }, width);
        out.push('\n');
    }
    if !report.skipped.is_empty() {
        out.push_str("No table for\n");
        let longest = longest(report.skipped.iter().map(|skipped| skipped.topic.as_str()), LONGEST_NAME);
        for skipped in &report.skipped {
            let _ = writeln!(out, "  {:longest$}  {QUIET}{}{QUIET:#}", skipped.topic, skipped.reason);
        }
    }
    out
}

/// The view of one table that was inferred from these inputs.
pub(crate) fn table(table: &TableReport, inputs: &[String], width: usize) -> String {
    let mut out = String::new();
    write_table(&mut out, table, &Seen { inputs: Some(inputs), configured: None }, width);
    out
}

/// What a table was found in, and what was given beforehand.
struct Seen<'a> {
    /// Files and stdin; none for a topic.
    inputs: Option<&'a [String]>,
    /// The file of the schema that was used in place of inferring one.
    configured: Option<&'a Path>,
}

/// Where a table comes from, what speaks for its format, its columns, and what to look at.
fn write_table(out: &mut String, table: &TableReport, seen: &Seen<'_>, width: usize) {
    let inputs = seen.inputs;
    let origin = match inputs {
        None => format!("topic {}", table.topic),
        Some([one]) => one.clone(),
        Some(inputs) => some_of(inputs, 3),
    };
    let _ = writeln!(out, "{NAME}{}{NAME:#}  {QUIET}{origin}{QUIET:#}", table.table);
    let facts = format!("{}; {}", format(table, inputs), sample(table, inputs));
    write_wrapped(out, QUIET, "  ", "  ", &facts, width);
    if let Some(key) = &table.key {
        write_wrapped(out, QUIET, "  ", "  ", &key_facts(key), width);
    }
    if let Some(file) = seen.configured {
        write_wrapped(out, QUIET, "  ", "  ", &format!("columns as configured in {}", file.display()), width);
    }
    write_columns(out, table, width);
    for warning in &table.warnings {
        write_wrapped(out, WARNING, "  ! ", "    ", warning, width);
    }
    for reject in table.rejects.iter().take(REJECTS) {
        let line = format!("rejected {}: {}", place(table, inputs, reject), reject.reason);
        write_wrapped(out, QUIET, "  ! ", "    ", &line, width);
    }
}

/// A column a line: its name, its type, and in how much of the sample it is not simply there.
fn write_columns(out: &mut String, table: &TableReport, width: usize) {
    let types: Vec<String> = table.columns.iter().map(|column| column.ty.to_string()).collect();
    let name_width = longest(table.columns.iter().map(|column| column.name.as_str()), LONGEST_NAME);
    let sample = &table.sample;
    let mut rows = sample.records.saturating_sub(sample.tombstones).saturating_sub(sample.rejected);
    if table.format.header == Some(true) {
        // The row of column names is a record, and no row.
        rows = table.columns.iter().map(|column| column.seen).max().unwrap_or(rows);
    }
    let type_width = longest(types.iter().map(String::as_str), LONGEST_TYPE);
    for (column, ty) in table.columns.iter().zip(&types) {
        let evidence = evidence(column, rows);
        let start = format!("    {:name_width$}  ", column.name);
        if start.chars().count() + ty.chars().count() <= width {
            let line = format!("{start}{ty:type_width$}  ");
            let _ = match evidence.as_str() {
                "" => writeln!(out, "{}", line.trim_end()),
                evidence => writeln!(out, "{line}{QUIET}{evidence}{QUIET:#}"),
            };
        } else {
            let indent = " ".repeat(name_width + 8);
            let text = if evidence.is_empty() { ty.clone() } else { format!("{ty} {evidence}") };
            write_wrapped(out, Style::new(), &start, &indent, &text, width);
        }
    }
}

/// In how much of the sample a column is not there, or null; nothing where it always has a value.
fn evidence(column: &ColumnReport, rows: u64) -> String {
    let mut notes = Vec::new();
    if !column.nullable {
        notes.push("NOT NULL".to_owned());
    }
    if column.seen > 0 && column.seen < rows {
        notes.push(format!("in {}", percent(part(column.seen, rows))));
    }
    if column.null > 0 && column.null == column.seen {
        notes.push("always null".to_owned());
    } else if column.null > 0 {
        notes.push(format!("null in {}", percent(part(column.null, rows))));
    }
    notes.join(", ")
}

/// Counts of sampled records are far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn part(count: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (count as f64 / whole as f64).min(1.0) }
}

/// The format, how that is known, and how much of the sample is in it.
fn format(table: &TableReport, inputs: Option<&[String]>) -> String {
    let mut text = if table.format.mixed.is_empty() { format_name(&table.format) } else { "mixed".to_owned() };
    match table.format.from {
        Some("config") => text.push_str(", as configured"),
        Some("extension") if inputs.is_none() => text.push_str(", by the topic's extension"),
        Some("extension") => text.push_str(", by the file's extension"),
        Some(_) => text.push_str(", by its bytes"),
        None => {}
    }
    if table.format.share < 1.0 && table.format.mixed.is_empty() {
        let _ = write!(text, " ({} of the values)", percent(table.format.share));
    }
    text
}

fn format_name(format: &FormatReport) -> String {
    let mut name = format.name.to_owned();
    if let Some(scalar) = format.scalar {
        let _ = write!(name, " ({scalar})");
    }
    match format.delimiter {
        Some('\t') => name.push_str(" with tabs"),
        Some(delimiter) if delimiter != ',' => {
            let _ = write!(name, " with {delimiter}");
        }
        _ => {}
    }
    name
}

/// How much was looked at.
fn sample(table: &TableReport, inputs: Option<&[String]>) -> String {
    let sample = &table.sample;
    let mut text = match inputs {
        None => plural(sample.records, "record"),
        Some(_) => plural(sample.records, "message"),
    };
    if inputs.is_none() {
        let _ = write!(text, " in {}", plural(sample.partitions, "partition"));
    }
    text.push_str(if sample.complete { ", all read" } else { ", a sample" });
    if sample.tombstones > 0 {
        let _ = write!(text, ", {}", plural(sample.tombstones, "tombstone"));
    }
    if sample.rejected > 0 {
        let _ = write!(text, ", {} rejected", thousands(sample.rejected));
    }
    text
}

fn key_facts(key: &KeyReport) -> String {
    let mut text = format!("keys are {}", format_name(&key.format));
    if !key.columns.is_empty() {
        let _ = write!(text, ", equal to {}", key.columns.join(" and to "));
    }
    text
}

/// Where a rejected record lies.
fn place(table: &TableReport, inputs: Option<&[String]>, reject: &Reject) -> String {
    let Some(inputs) = inputs else {
        return format!("{}[{}]@{}", table.topic, reject.partition, reject.offset);
    };
    match usize::try_from(reject.partition).ok().and_then(|index| inputs.get(index)) {
        Some(input) if inputs.len() > 1 => format!("message {} (in {input})", reject.offset),
        _ => format!("message {}", reject.offset),
    }
}

/// Text in lines of at most `width` characters, broken at spaces; `first` stands before the first, `indent` before the
/// others.
fn write_wrapped(out: &mut String, style: Style, first: &str, indent: &str, text: &str, width: usize) {
    let mut line = String::new();
    let mut start = first;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = start.chars().count() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > width {
            let _ = writeln!(out, "{start}{style}{line}{style:#}");
            line.clear();
            start = indent;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "{start}{style}{line}{style:#}");
}

fn longest<'a>(texts: impl Iterator<Item = &'a str>, limit: usize) -> usize {
    texts.map(|text| text.chars().count()).filter(|length| *length <= limit).max().unwrap_or(0)
}

/// The first of a list, and how many more there are.
pub(crate) fn some_of(items: &[impl Display], limit: usize) -> String {
    let mut text = String::new();
    for (i, item) in items.iter().take(limit).enumerate() {
        let _ = write!(text, "{}{item}", if i > 0 { ", " } else { "" });
    }
    if items.len() > limit {
        let _ = write!(text, " and {} more", thousands((items.len() - limit) as u64));
    }
    text
}

/// A count and what is counted.
pub(crate) fn plural(count: impl TryInto<u64>, noun: &str) -> String {
    match count.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {noun}"),
        count => format!("{} {noun}s", thousands(count)),
    }
}

/// A count with its thousands apart.
pub(crate) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_thousands_apart() {
        let counts = [0, 999, 1000, 1_234_567].map(thousands);
        assert_eq!(counts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([plural(1_u64, "row"), plural(2_000_u64, "row")], ["1 row", "2,000 rows"]);
    }

    #[test]
    fn long_text_wraps_between_words_and_hangs() {
        let mut out = String::new();
        write_wrapped(&mut out, Style::new(), "  ! ", "    ", "one two threeandmore four", 14);
        assert_eq!(out, "  ! one two\n    threeandmore\n    four\n");
    }

    #[test]
    fn a_long_list_is_told_in_part() {
        assert_eq!(some_of(&["a", "b"], 2), "a, b");
        assert_eq!(some_of(&["a", "b", "c"], 2), "a, b and 1 more");
    }
}
