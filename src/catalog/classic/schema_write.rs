//! `<table>.schema.yml`, as Jackson's YAML generator (on SnakeYAML) laid it out.

use crate::schema::classic::{ClassicColumn, ClassicKind, ClassicType};

/// SnakeYAML folds a quoted text that goes beyond this column, at a space.
const WIDTH: usize = 80;

/// Writes the schema of a table.
pub fn write(table: &str, columns: &[ClassicColumn]) -> String {
    let mut out = Yaml { text: String::from("---\n"), column: 0 };
    out.entry("", "name", table);
    out.entry("", "schema_version", "1");
    out.line("partial_schema: false");
    out.columns("", columns);
    out.text
}

struct Yaml {
    text: String,
    /// How many UTF-16 code units there are in the line so far.
    column: usize,
}

impl Yaml {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn columns(&mut self, indent: &str, columns: &[ClassicColumn]) {
        if columns.is_empty() {
            self.line(&format!("{indent}columns: []"));
            return;
        }
        self.line(&format!("{indent}columns:"));
        let inner = format!("{indent}  ");
        for column in columns {
            self.entry(&format!("{indent}- "), "name", &column.name);
            match &column.kind {
                ClassicKind::Table { columns, .. } => self.columns(&inner, columns),
                ClassicKind::Scalar { ty, array_depth } => {
                    let ty = format!("{}{}{}", "[".repeat(*array_depth), type_name(*ty), "]".repeat(*array_depth));
                    self.entry(&inner, "type", &ty);
                }
            }
            if column.not_null {
                self.line(&format!("{inner}tests:"));
                self.line(&format!("{inner}- \"not_null\""));
            }
        }
    }

    /// `name: "value"`, with `start` (of as many characters as the lines below are indented) in front.
    fn entry(&mut self, start: &str, name: &str, value: &str) {
        self.column = 0;
        self.put(&format!("{start}{name}: \""));
        self.quoted(value, start.chars().count() + 2);
        self.line("\"");
    }

    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += units(text);
    }

    /// The inside of a text in double quotes; when it is folded, it goes on at `indent`.
    ///
    /// Java counts UTF-16 code units, and SnakeYAML one less after what it has escaped: so must this.
    fn quoted(&mut self, text: &str, indent: usize) {
        let last = units(text).saturating_sub(1);
        // What is held back until it is known whether the line is folded before it.
        let mut held = String::new();
        // Where the character ends: its last unit.
        let mut end = 0;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            end += c.len_utf16() - 1;
            let escaped = escape(c);
            if let Some(escaped) = &escaped {
                self.put(&std::mem::take(&mut held));
                self.put(escaped);
            }
            let width = if escaped.is_some() { self.column.saturating_sub(1) } else { self.column + held.len() };
            let may_fold = 0 < end && end < last && (c == ' ' || held.is_empty());
            if may_fold && width > WIDTH {
                self.text.push_str(&std::mem::take(&mut held));
                self.text.push_str("\\\n");
                self.text.push_str(&" ".repeat(indent));
                self.column = indent;
                let next = if escaped.is_some() { chars.peek().copied() } else { Some(c) };
                if next == Some(' ') {
                    self.put("\\");
                }
            }
            if escaped.is_none() {
                held.push(c);
            }
            end += 1;
        }
        self.put(&held);
    }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn type_name(ty: ClassicType) -> &'static str {
    match ty {
        ClassicType::Integer => "INTEGER",
        ClassicType::Float => "FLOAT",
        ClassicType::Boolean => "BOOLEAN",
        ClassicType::Datetime => "DATETIME",
        ClassicType::String => "STRING",
        ClassicType::Uuid => "UUID",
    }
}

/// How SnakeYAML writes a character between double quotes; `None`: as it is, held back for folding.
fn escape(c: char) -> Option<String> {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        ' '..='~' => return None,
        '\u{a1}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}' => {
            return Some(c.into());
        }
        c if u32::from(c) <= 0xff => return Some(format!("\\x{:02x}", u32::from(c))),
        c => return Some(format!("\\u{:04x}", u32::from(c))),
    };
    Some(format!("\\{short}"))
}
