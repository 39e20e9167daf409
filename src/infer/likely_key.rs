//! Which columns of the value equal the record's key wherever both are there.

use std::collections::BTreeSet;

use crate::format::{Format, Number, Text, Visitor, json};
use crate::infer::reading::{Reading, Rows};

/// The columns that equalled the key so far.
#[derive(Clone, Debug)]
pub(crate) struct LikelyKey {
    format: Format,
    /// `None` until the first record that has both a key and a value.
    columns: Option<Vec<String>>,
    /// The key at hand, as a column would have it.
    key: String,
}

impl LikelyKey {
    /// For keys of a format.
    pub(crate) fn new(format: Format) -> Self {
        Self { format, columns: None, key: String::new() }
    }

    /// Whether any column can still be the key's.
    pub(crate) fn is_open(&self) -> bool {
        self.columns.as_ref().is_none_or(|columns| !columns.is_empty())
    }

    /// The columns that equalled the key in every record seen.
    pub(crate) fn into_columns(self) -> Vec<String> {
        self.columns.unwrap_or_default()
    }

    /// Compares a record's key with its value, which is known to fit.
    pub(crate) fn compare(&mut self, key: &[u8], value: &[u8], reading: &Reading, depth: usize) {
        if !self.is_open() || !self.read_key(key) {
            return;
        }
        let mut members = Members {
            key: &self.key,
            candidates: self.columns.as_deref().map(|columns| columns.iter().map(String::as_str).collect()),
            depth: 0,
            name: String::new(),
            equal: Vec::new(),
            differ: BTreeSet::new(),
        };
        match reading {
            Reading::Json => {
                if json::walk(value, depth, &mut members).is_err() {
                    return;
                }
            }
            Reading::Rows(rows) => compare_row(rows, value, &mut members),
            Reading::Text | Reading::Bytes => return,
        }
        let Members { equal, differ, .. } = members;
        match &mut self.columns {
            None => self.columns = Some(equal),
            Some(_) if differ.is_empty() => {}
            Some(columns) => columns.retain(|column| !differ.contains(column)),
        }
    }

    /// The key as a value's column would have it.
    fn read_key(&mut self, key: &[u8]) -> bool {
        use std::fmt::Write;
        self.key.clear();
        let written = match (self.format, key) {
            (Format::Int8, &[b]) => write!(self.key, "{}", i8::from_be_bytes([b])),
            (Format::Int16, _) => return self.read_integer(key.try_into().map(i16::from_be_bytes)),
            (Format::Int32, _) => return self.read_integer(key.try_into().map(i32::from_be_bytes)),
            (Format::Int64, _) => return self.read_integer(key.try_into().map(i64::from_be_bytes)),
            (Format::Uuid, &[_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _]) => {
                key.iter().enumerate().try_for_each(|(i, byte)| {
                    let dash = if matches!(i, 4 | 6 | 8 | 10) { "-" } else { "" };
                    write!(self.key, "{dash}{byte:02x}")
                })
            }
            (Format::Json | Format::Text | Format::Csv, _) => match std::str::from_utf8(key) {
                Ok(text) => {
                    let text = text.trim();
                    // A JSON string stands for what is in its quotes.
                    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                        Some(raw) if self.format == Format::Json => {
                            self.key.push_str(&json::unescape(raw));
                        }
                        _ => self.key.push_str(text),
                    }
                    Ok(())
                }
                Err(_) => return false,
            },
            _ => return false,
        };
        written.is_ok()
    }

    fn read_integer<E>(&mut self, integer: Result<impl Into<i64>, E>) -> bool {
        integer.is_ok_and(|integer| {
            self.key.push_str(&integer.into().to_string());
            true
        })
    }
}

fn compare_row(rows: &Rows, value: &[u8], members: &mut Members<'_>) {
    let mut fields = Vec::new();
    if rows.read(value, &mut fields).is_ok() {
        for (name, field) in rows.columns.iter().zip(fields) {
            members.name.clone_from(name);
            members.depth = 1;
            if !field.raw.is_empty() {
                let equal = field.value() == members.key;
                members.note(equal);
            }
        }
    }
}

/// Sorts an object's own members by whether they equal the key.
struct Members<'k> {
    key: &'k str,
    /// The columns that are compared; all before the first record.
    candidates: Option<BTreeSet<&'k str>>,
    depth: usize,
    name: String,
    /// Members that equal the key, kept for the first record only.
    equal: Vec<String>,
    /// Candidates that do not.
    differ: BTreeSet<String>,
}

impl Members<'_> {
    fn note(&mut self, equal: bool) {
        if self.depth != 1 {
            return;
        }
        match &self.candidates {
            None if equal => self.equal.push(self.name.clone()),
            Some(candidates) if !equal && candidates.contains(self.name.as_str()) => {
                self.differ.insert(self.name.clone());
            }
            _ => {}
        }
    }
}

impl Visitor for Members<'_> {
    fn null(&mut self) {}

    fn boolean(&mut self, _: bool) {
        self.note(false);
    }

    fn number(&mut self, number: Number<'_>) {
        let equal = match number {
            Number::Literal { text, .. } => text == self.key,
            Number::Signed(value) => self.key == value.to_string(),
            Number::Unsigned(value) => self.key == value.to_string(),
            Number::Float(_) => false,
        };
        self.note(equal);
    }

    fn string(&mut self, text: Text<'_>) {
        let equal = text.value() == self.key;
        self.note(equal);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let equal = bytes == self.key.as_bytes();
        self.note(equal);
    }

    fn begin_object(&mut self) {
        self.note(false);
        self.depth += 1;
    }

    fn key(&mut self, key: Text<'_>) {
        if self.depth == 1 {
            self.name.clear();
            self.name.push_str(&key.value());
        }
    }

    fn end_object(&mut self) {
        self.depth -= 1;
    }

    fn begin_array(&mut self) {
        self.note(false);
        self.depth += 1;
    }

    fn end_array(&mut self) {
        self.depth -= 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn columns(format: Format, records: &[(&[u8], &str)]) -> Vec<String> {
        let mut likely = LikelyKey::new(format);
        for (key, value) in records {
            likely.compare(key, value.as_bytes(), &Reading::Json, 100);
        }
        likely.into_columns()
    }

    #[test]
    fn a_column_that_is_the_key_in_every_record_is_found_in_each_format_of_keys() {
        let long = 7i64.to_be_bytes();
        let int = 7i32.to_be_bytes();
        for (format, key) in [
            (Format::Text, &b"7"[..]),
            (Format::Json, b"7"),
            (Format::Json, b"\"7\""),
            (Format::Int64, &long),
            (Format::Int32, &int),
        ] {
            assert_eq!(columns(format, &[(key, r#"{"id":7,"n":{"id":8},"s":"x"}"#)]), ["id"], "{format}");
            assert_eq!(columns(format, &[(key, r#"{"id":"7"}"#)]), ["id"], "{format}");
        }
        let uuid: Vec<u8> = (0..16).collect();
        assert_eq!(columns(Format::Uuid, &[(&uuid, r#"{"u":"00010203-0405-0607-0809-0a0b0c0d0e0f"}"#)]), ["u"]);
    }

    #[test]
    fn one_record_that_differs_is_enough_and_an_absent_column_is_not() {
        let both: [(&[u8], &str); 3] =
            [(b"1", r#"{"a":1,"b":1,"c":2}"#), (b"2", r#"{"b":2,"a":3}"#), (b"3", r#"{"a":3}"#)];
        assert_eq!(columns(Format::Text, &both), ["b"]);
        assert_eq!(columns(Format::Text, &[(b"1", r#"{"a":[1]}"#)]), Vec::<String>::new());
    }

    #[test]
    fn wide_records_are_compared_quickly() {
        let all = |value: usize| {
            let members: Vec<String> = (0..20_000).map(|i| format!("\"c{i}\":{value}")).collect();
            format!("{{{}}}", members.join(","))
        };
        let (same, other) = (all(1), all(2));
        let started = std::time::Instant::now();
        assert_eq!(columns(Format::Text, &[(b"1", &same), (b"2", &other)]).len(), 20_000);
        assert!(columns(Format::Text, &[(b"1", &same), (b"1", &other)]).is_empty());
        assert!(started.elapsed().as_secs() < 5);
    }
}
