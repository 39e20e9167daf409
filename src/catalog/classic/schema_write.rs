//! `<table>.schema.yml`, as Jackson's YAML generator (on SnakeYAML) laid it out.

use crate::schema::{ClassicColumn, ClassicType};

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
    /// How many characters there are in the line so far.
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
            match &column.columns {
                Some(nested) => self.columns(&inner, nested),
                None => {
                    let depth = usize::from(column.array_depth);
                    let ty = format!("{}{}{}", "[".repeat(depth), type_name(column.ty), "]".repeat(depth));
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
        self.column += text.chars().count();
    }

    /// The inside of a text in double quotes; when it is folded, it goes on at `indent`.
    fn quoted(&mut self, text: &str, indent: usize) {
        let chars: Vec<char> = text.chars().collect();
        let last = chars.len().saturating_sub(1);
        // What is held back until it is known whether the line is folded before it.
        let mut held = String::new();
        let mut held_length = 0;
        for (i, &c) in chars.iter().enumerate() {
            let escaped = escape(c);
            if escaped.is_some() {
                self.text.push_str(&held);
                self.column += held_length;
                held.clear();
                held_length = 0;
            }
            if let Some(escaped) = &escaped {
                self.put(escaped);
            }
            let may_fold = i > 0 && i < last && (c == ' ' || escaped.is_some());
            if may_fold && self.column + held_length > WIDTH {
                self.text.push_str(&held);
                held.clear();
                held_length = 0;
                self.text.push_str("\\\n");
                self.text.push_str(&" ".repeat(indent));
                self.column = indent;
                let next = if escaped.is_some() { chars.get(i + 1) } else { Some(&c) };
                if next == Some(&' ') {
                    self.put("\\");
                }
            }
            if escaped.is_none() {
                held.push(c);
                held_length += 1;
            }
        }
        self.text.push_str(&held);
        self.column += held_length;
    }
}

fn type_name(ty: ClassicType) -> &'static str {
    ty.name()
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
        '\u{a1}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}' => {
            return Some(c.into());
        }
        c if u32::from(c) <= 0xff => return Some(format!("\\x{:02x}", u32::from(c))),
        c => return Some(format!("\\u{:04x}", u32::from(c))),
    };
    Some(format!("\\{short}"))
}
