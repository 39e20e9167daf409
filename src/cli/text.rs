//! What discovery and inference found, for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::discover::Report;
use crate::infer::{FormatReport, TableReport};

const NAME: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const WARNING: Style = AnsiColor::Yellow.on_default();

/// The view of a whole run.
pub(crate) fn report(report: &Report, width: usize) -> String {
    let mut out = String::new();
    for table in &report.tables {
        write_table(&mut out, table, width);
    }
    if !report.skipped.is_empty() {
        out.push_str("No table:\n");
        let longest = report.skipped.iter().map(|skipped| skipped.topic.chars().count()).max().unwrap_or(0).min(40);
        for skipped in &report.skipped {
            let _ = writeln!(out, "  {:longest$}  {QUIET}{}{QUIET:#}", skipped.topic, skipped.reason);
        }
    }
    out
}

/// The view of one table: where it comes from, what speaks for its format, its columns, and what to look at.
pub(crate) fn table(table: &TableReport, width: usize) -> String {
    let mut out = String::new();
    write_table(&mut out, table, width);
    out
}

fn write_table(out: &mut String, table: &TableReport, width: usize) {
    let _ = writeln!(out, "{NAME}{}{NAME:#}  {QUIET}{}{QUIET:#}", table.table, origin(table));
    let columns = table.columns.iter().map(|column| {
        let mut text = format!("{} {}", column.name, column.ty);
        if !column.nullable {
            text.push_str(" NOT NULL");
        }
        text
    });
    wrap(out, columns, width);
    for warning in &table.warnings {
        let _ = writeln!(out, "  {WARNING}! {warning}{WARNING:#}");
    }
    for reject in table.rejects.iter().take(3) {
        let _ = writeln!(
            out,
            "  {QUIET}rejected {}[{}]@{}: {}{QUIET:#}",
            table.topic, reject.partition, reject.offset, reject.reason
        );
    }
    out.push('\n');
}

/// One line: the topic, its format and how that is known, how much was looked at.
fn origin(table: &TableReport) -> String {
    let sample = &table.sample;
    let mut line = format!("{}  {}", table.topic, format_name(&table.format));
    if let Some(from) = table.format.from {
        let by = match from {
            "config" => "as configured",
            "extension" => "by the topic's extension",
            _ => "by its bytes",
        };
        let _ = write!(line, " {by}");
    }
    let _ = write!(line, ", {} records", thousands(sample.records));
    if !sample.complete {
        line.push_str(" sampled");
    }
    if sample.partitions > 1 {
        let _ = write!(line, " of {} partitions", sample.partitions);
    }
    if sample.tombstones > 0 {
        let _ = write!(line, ", {} tombstones", thousands(sample.tombstones));
    }
    if sample.rejected > 0 {
        let _ = write!(line, ", {} rejected", thousands(sample.rejected));
    }
    if let Some(key) = &table.key {
        let _ = write!(line, ", key {}", format_name(&key.format));
        if !key.columns.is_empty() {
            let _ = write!(line, " = {}", key.columns.join(", "));
        }
    }
    line
}

fn format_name(format: &FormatReport) -> String {
    let mut name = format.name.to_owned();
    if let Some(scalar) = format.scalar {
        let _ = write!(name, " ({scalar})");
    }
    if let Some(delimiter) = format.delimiter {
        let _ = write!(name, " ({})", delimiter.escape_default());
    }
    name
}

/// Items with commas between, in lines of at most `width` characters, indented.
fn wrap(out: &mut String, items: impl Iterator<Item = String>, width: usize) {
    const INDENT: &str = "  ";
    let mut line = String::new();
    let mut items = items.peekable();
    while let Some(mut item) = items.next() {
        if items.peek().is_some() {
            item.push(',');
        }
        if !line.is_empty() && INDENT.len() + line.chars().count() + 1 + item.chars().count() > width {
            let _ = writeln!(out, "{INDENT}{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&item);
    }
    if !line.is_empty() {
        let _ = writeln!(out, "{INDENT}{line}");
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
    }

    #[test]
    fn columns_wrap_between_items_and_never_inside() {
        let mut out = String::new();
        let items = ["id BIGINT", "a_rather_long_name STRING", "x DOUBLE"].map(str::to_owned);
        wrap(&mut out, items.into_iter(), 30);
        assert_eq!(out, "  id BIGINT,\n  a_rather_long_name STRING,\n  x DOUBLE\n");
    }
}
