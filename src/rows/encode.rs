//! A row, one JSON object, as a record's key and value.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::catalog::{Encoding, Table};
use crate::format::{Text, csv, json};
use crate::rows::{Misfit, cell};
use crate::schema::{Conform, Fit, Type};

/// Writes rows as a table's records.
///
/// A table without columns (a dynamic sink) takes any object as JSON; as CSV, the first row's members are its columns.
#[derive(Clone, Debug)]
pub struct Encoder {
    encoding: Encoding,
    columns: Vec<(String, Type)>,
    key: Vec<String>,
    /// What Flink would read back, where the table has columns.
    conform: Option<Conform>,
}

impl Encoder {
    /// An encoder for `table`, with the columns that make a record's key, if any. The key of one column is its text
    /// (what Flink's `raw` and Kafka's string serialiser have); of several, a JSON object of them.
    pub fn new(table: &Table, key: &[String]) -> Result<Self, Misfit> {
        let columns: Vec<_> =
            table.schema.columns.iter().map(|column| (column.field.name.clone(), column.field.ty.clone())).collect();
        if let Some(unknown) =
            key.iter().find(|name| !columns.is_empty() && !columns.iter().any(|(column, _)| column == *name))
        {
            return Err(Misfit::UnknownColumn(unknown.clone()));
        }
        let conform = match table.encoding {
            _ if columns.is_empty() => None,
            Encoding::Json => Some(Conform::json(&table.schema)),
            Encoding::Csv(_) => Some(Conform::csv(&table.schema, table.empty_is_null)),
            Encoding::Raw => None,
        };
        Ok(Self { encoding: table.encoding.clone(), columns, key: key.to_vec(), conform })
    }

    /// Appends the record of `row` to `key` and `value`; true if it has a key. On an error both are as they were.
    pub fn encode(&mut self, row: &[u8], key: &mut Vec<u8>, value: &mut Vec<u8>) -> Result<bool, Misfit> {
        let (key_start, value_start) = (key.len(), value.len());
        let result = self.try_encode(row, key, value);
        if result.is_err() {
            key.truncate(key_start);
            value.truncate(value_start);
        }
        result
    }

    fn try_encode(&mut self, row: &[u8], key: &mut Vec<u8>, value: &mut Vec<u8>) -> Result<bool, Misfit> {
        json::validate(row, json::DEPTH_LIMIT)
            .map_err(|error| Misfit::Malformed { format: "json", reason: error.to_string() })?;
        let members: Vec<(Cow<'_, str>, &str)> =
            json::members(row).ok_or(Misfit::NotAnObject)?.map(|(name, value)| (name.value(), value)).collect();
        if self.columns.is_empty() && !matches!(self.encoding, Encoding::Json) {
            self.columns = members.iter().map(|(name, _)| (name.clone().into_owned(), Type::String)).collect();
        }
        if !self.columns.is_empty()
            && let Some((unknown, _)) =
                members.iter().find(|(name, _)| !self.columns.iter().any(|(column, _)| column == name))
        {
            return Err(Misfit::UnknownColumn(unknown.clone().into_owned()));
        }
        self.encode_key(&members, key)?;
        match &self.encoding {
            Encoding::Json => {
                let malformed = |error: json::Error| Misfit::Malformed { format: "json", reason: error.to_string() };
                if let Some(conform) = &mut self.conform {
                    fits(conform.check_json(row, json::DEPTH_LIMIT).map_err(malformed)?)?;
                }
                json::compact(row, json::DEPTH_LIMIT, value).map_err(malformed)?;
            }
            Encoding::Csv(dialect) => {
                let fields = fields(&self.columns, &members)?;
                if let Some(conform) = &self.conform {
                    let texts: Vec<Text<'_>> = fields.iter().map(|field| Text::plain(field)).collect();
                    fits(conform.check_row(&texts))?;
                }
                csv::write_row(&fields, dialect, value)
                    .map_err(|error| Misfit::Malformed { format: "csv", reason: error.to_string() })?;
            }
            Encoding::Raw => encode_raw(&self.columns, &members, value)?,
        }
        Ok(!self.key.is_empty())
    }

    fn encode_key(&self, members: &[(Cow<'_, str>, &str)], out: &mut Vec<u8>) -> Result<(), Misfit> {
        let member = |column: &String| {
            find(members, column).filter(|value| *value != "null").ok_or_else(|| Misfit::NoKey(column.clone()))
        };
        match self.key.as_slice() {
            [] => {}
            [column] => {
                let value = member(column)?;
                match cell::from_json(value) {
                    Ok(Some(text)) => out.extend_from_slice(text.as_bytes()),
                    _ => compact(value, out),
                }
            }
            columns => {
                out.push(b'{');
                for (i, column) in columns.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    json::write_string(column, out);
                    out.push(b':');
                    compact(member(column)?, out);
                }
                out.push(b'}');
            }
        }
        Ok(())
    }
}

/// The last member of that name, as JSON readers have it.
fn find<'a>(members: &[(Cow<'_, str>, &'a str)], column: &str) -> Option<&'a str> {
    members.iter().rev().find(|(name, _)| name == column).map(|(_, value)| *value)
}

/// Appends a valid JSON value without its white space.
fn compact(value: &str, out: &mut Vec<u8>) {
    let start = out.len();
    if json::compact(value.as_bytes(), json::DEPTH_LIMIT, out).is_err() {
        out.truncate(start);
        out.extend_from_slice(value.as_bytes());
    }
}

/// The row's fields in the order of the columns; an absent member and null are an empty field.
fn fields<'r>(columns: &[(String, Type)], members: &[(Cow<'_, str>, &'r str)]) -> Result<Vec<Cow<'r, str>>, Misfit> {
    let field = |(column, _): &(String, Type)| match find(members, column) {
        Some(value) => cell::from_json(value)
            .map(Option::unwrap_or_default)
            .map_err(|reason| Misfit::Value { column: column.clone(), reason }),
        None => Ok(Cow::Borrowed("")),
    };
    columns.iter().map(field).collect()
}

/// A row is only written if Flink reads it back as it is.
fn fits(fit: Fit) -> Result<(), Misfit> {
    match fit.misfits.into_iter().next() {
        None => Ok(()),
        Some(misfit) => Err(Misfit::Value { column: misfit.path, reason: misfit.reason }),
    }
}

fn encode_raw(columns: &[(String, Type)], members: &[(Cow<'_, str>, &str)], out: &mut Vec<u8>) -> Result<(), Misfit> {
    let [(column, ty)] = columns else {
        return Err(Misfit::FieldCount { expected: 1, found: columns.len() });
    };
    let misfit = |reason: String| Misfit::Value { column: column.clone(), reason };
    let value = find(members, column).ok_or_else(|| misfit("absent".to_owned()))?;
    let text = cell::from_json(value).map_err(misfit)?.unwrap_or_default();
    if *ty == Type::Bytes {
        out.extend(BASE64.decode(text.as_bytes()).map_err(|error| misfit(format!("no base64: {error}")))?);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    Ok(())
}
