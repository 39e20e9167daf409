//! A row, one JSON object, as a record's key and value.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::catalog::{Encoding, Table};
use crate::format::csv::{self, Header};
use crate::format::{Text, json};
use crate::rows::{Misfit, cell};
use crate::schema::{Conform, Field, Fit, Type};

/// Writes rows as a table's records.
///
/// A table without columns (a dynamic sink) takes any object as JSON; as CSV, the first row's members are its columns.
/// In CSV an absent member and null are an empty field, which reads back as null or, in a `STRING` column of a table
/// that does not take empty fields for nulls, as an empty string.
#[derive(Clone, Debug)]
pub struct Encoder {
    encoding: Encoding,
    columns: Columns,
    key: Vec<String>,
    /// What Flink would read back, where the table has columns.
    conform: Option<Conform>,
    /// CSV: an empty field reads back as null.
    empty_is_null: bool,
}

/// The table's columns, by name.
#[derive(Clone, Debug, Default)]
struct Columns {
    fields: Vec<Field>,
    index: HashMap<String, usize>,
}

/// The value's text of each column that a row has.
type Values<'r> = Vec<Option<&'r str>>;

impl Columns {
    fn new(fields: Vec<Field>) -> Self {
        let index = fields.iter().enumerate().map(|(at, field)| (field.name.clone(), at)).collect();
        Self { fields, index }
    }

    fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// A row's values in the order of the columns.
    fn values<'r>(&self, row: &'r [u8]) -> Result<Values<'r>, Misfit> {
        let mut values = vec![None; self.fields.len()];
        for (name, value) in json::members(row).ok_or(Misfit::NotAnObject)? {
            let name = name.value();
            let slot = self.index.get(name.as_ref()).and_then(|at| values.get_mut(*at));
            match slot {
                None => return Err(Misfit::UnknownColumn(name.into_owned())),
                Some(Some(_)) => return Err(Misfit::Twice(name.into_owned())),
                Some(slot) => *slot = Some(value),
            }
        }
        Ok(values)
    }
}

impl Encoder {
    /// An encoder for `table`, with the columns that make a record's key, if any. The key of one column is its text
    /// (what Flink's `raw` and Kafka's string serialiser have); of several, a JSON object of them.
    ///
    /// # Errors
    /// [`Misfit::UnknownColumn`] if the table has columns, and one of the key is not among them.
    pub fn new(table: &Table, key: &[String]) -> Result<Self, Misfit> {
        let columns = Columns::new(table.schema.columns.iter().map(|column| column.field.clone()).collect());
        if let Some(unknown) = key.iter().find(|name| !columns.is_empty() && !columns.index.contains_key(*name)) {
            return Err(Misfit::UnknownColumn(unknown.clone()));
        }
        let conform = match table.encoding {
            _ if columns.is_empty() => None,
            Encoding::Json => Some(Conform::json(&table.schema)),
            Encoding::Csv(_) => Some(Conform::csv(&table.schema, table.empty_is_null)),
            Encoding::Raw => None,
        };
        let (encoding, empty_is_null) = (table.encoding.clone(), table.empty_is_null);
        Ok(Self { encoding, columns, key: key.to_vec(), conform, empty_is_null })
    }

    /// Appends the record of `row` to `key` and `value`; true if it has a key.
    ///
    /// # Errors
    /// Why the row cannot be written so that it reads back as it is; `key` and `value` are as they were.
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
        json::validate(row, json::DEPTH_LIMIT).map_err(not_json)?;
        if self.columns.is_empty() && matches!(self.encoding, Encoding::Json) {
            json::members(row).ok_or(Misfit::NotAnObject)?;
            self.encode_key(|column| member(row, column), key)?;
            json::compact(row, json::DEPTH_LIMIT, value).map_err(not_json)?;
            return Ok(!self.key.is_empty());
        }
        // Columns that come from a row stay only if that row is written.
        let found = if self.columns.is_empty() { Some(columns_of(row)?) } else { None };
        let columns = found.as_ref().unwrap_or(&self.columns);
        let values = columns.values(row)?;
        let of_key = |column: &str| Ok(columns.index.get(column).and_then(|at| values.get(*at).copied().flatten()));
        self.encode_key(of_key, key)?;
        match &self.encoding {
            Encoding::Json => {
                if let Some(conform) = &mut self.conform {
                    fits(conform.check_json(row, json::DEPTH_LIMIT).map_err(not_json)?)?;
                }
                json::compact(row, json::DEPTH_LIMIT, value).map_err(not_json)?;
            }
            Encoding::Csv(dialect) => {
                let texts = texts(&columns.fields, &values)?;
                if let Some(conform) = &self.conform {
                    empty_as_meant(&columns.fields, &values, &texts, self.empty_is_null)?;
                    let plain: Vec<Text<'_>> = texts.iter().map(|text| Text::plain(text)).collect();
                    fits(conform.check_row(&plain))?;
                }
                let same = |(text, field): (&Cow<'_, str>, &Field)| text.trim() == field.name;
                if dialect.header == Header::InStream && texts.iter().zip(&columns.fields).all(same) {
                    return Err(Misfit::HeaderRow);
                }
                csv::write_row(&texts, dialect, value)
                    .map_err(|error| Misfit::Malformed { format: "csv", reason: error.to_string() })?;
            }
            Encoding::Raw => encode_raw(&columns.fields, &values, value)?,
        }
        if let Some(found) = found {
            self.columns = found;
        }
        Ok(!self.key.is_empty())
    }

    /// Equal values give equal keys, however a string is escaped: equal keys go to one partition.
    fn encode_key<'r>(
        &self,
        value: impl Fn(&str) -> Result<Option<&'r str>, Misfit>,
        out: &mut Vec<u8>,
    ) -> Result<(), Misfit> {
        let single = self.key.len() == 1;
        for (at, column) in self.key.iter().enumerate() {
            let value = value(column)?.filter(|value| *value != "null").ok_or_else(|| Misfit::NoKey(column.clone()))?;
            if !single {
                out.push(if at == 0 { b'{' } else { b',' });
                json::write_string(column, out);
                out.push(b':');
            }
            match value.as_bytes().first() {
                Some(b'{' | b'[') => json::compact(value.as_bytes(), json::DEPTH_LIMIT, out).map_err(not_json)?,
                first => {
                    let misfit = |reason| Misfit::Value { column: column.clone(), reason };
                    let text = cell::from_json(value).map_err(misfit)?.unwrap_or_default();
                    if first == Some(&b'"') && !single {
                        json::write_string(&text, out);
                    } else {
                        out.extend_from_slice(text.as_bytes());
                    }
                }
            }
        }
        if self.key.len() > 1 {
            out.push(b'}');
        }
        Ok(())
    }
}

fn not_json(error: json::Error) -> Misfit {
    Misfit::Malformed { format: "json", reason: error.to_string() }
}

/// The one member of that name.
fn member<'r>(row: &'r [u8], column: &str) -> Result<Option<&'r str>, Misfit> {
    let mut named = json::members(row).into_iter().flatten().filter(|(name, _)| name.value() == column);
    match (named.next(), named.next()) {
        (_, Some(_)) => Err(Misfit::Twice(column.to_owned())),
        (found, None) => Ok(found.map(|(_, value)| value)),
    }
}

/// Columns that are what a row has, all of them text.
fn columns_of(row: &[u8]) -> Result<Columns, Misfit> {
    let names = json::members(row).ok_or(Misfit::NotAnObject)?.map(|(name, _)| name.value().into_owned());
    let fields: Vec<Field> = names.map(|name| Field { name, ty: Type::String, nullable: true }).collect();
    if fields.is_empty() { Err(Misfit::NoColumns) } else { Ok(Columns::new(fields)) }
}

/// The row's values as texts; an absent member and null are an empty one.
fn texts<'r>(fields: &[Field], values: &[Option<&'r str>]) -> Result<Vec<Cow<'r, str>>, Misfit> {
    let text = |(field, value): (&Field, &Option<&'r str>)| {
        let misfit = |reason| Misfit::Value { column: field.name.clone(), reason };
        match value.map(cell::from_json).transpose().map_err(misfit)?.flatten() {
            Some(text) => Ok(text),
            None if field.nullable => Ok(Cow::Borrowed("")),
            None => Err(misfit("is absent or null, and NOT NULL".to_owned())),
        }
    };
    fields.iter().zip(values).map(text).collect()
}

/// An empty field is one thing in a table, null or an empty text: what is the other cannot be written to it.
fn empty_as_meant(
    fields: &[Field],
    values: &[Option<&str>],
    texts: &[Cow<'_, str>],
    empty_is_null: bool,
) -> Result<(), Misfit> {
    for ((field, value), _) in fields.iter().zip(values).zip(texts).filter(|(_, text)| text.is_empty()) {
        let is_null = value.is_none_or(|value| value == "null");
        let reason = match (is_null, empty_is_null) {
            (false, true) => "an empty text reads back as null in this table",
            (true, false) if field.ty == Type::String => "null reads back as an empty text in this table",
            _ => continue,
        };
        return Err(Misfit::Value { column: field.name.clone(), reason: reason.to_owned() });
    }
    Ok(())
}

/// A row is only written if Flink reads it back as it is.
fn fits(fit: Fit) -> Result<(), Misfit> {
    match fit.misfits.into_iter().next() {
        // What a row inside the row has not, Flink would pass over.
        None => fit.extra.into_iter().next().map_or(Ok(()), |path| Err(Misfit::UnknownColumn(path))),
        Some(misfit) => Err(Misfit::Value { column: misfit.path, reason: misfit.reason }),
    }
}

/// The whole value is the one column. Null has no form of its own: an empty value is an empty text.
fn encode_raw(fields: &[Field], values: &[Option<&str>], out: &mut Vec<u8>) -> Result<(), Misfit> {
    let ([field], [value]) = (fields, values) else {
        return Err(Misfit::FieldCount { expected: 1, found: fields.len() });
    };
    let misfit = |reason: String| Misfit::Value { column: field.name.clone(), reason };
    let text = value.map(cell::from_json).transpose().map_err(misfit)?.flatten();
    let text = text.ok_or_else(|| misfit("is absent or null, which a raw value cannot be".to_owned()))?;
    if field.ty == Type::Bytes {
        out.extend(BASE64.decode(text.as_bytes()).map_err(|error| misfit(format!("no base64: {error}")))?);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    Ok(())
}
