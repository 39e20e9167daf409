//! A record's value as a row: one JSON object.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::catalog::{Encoding, Table};
use crate::format::csv::{self, Header};
use crate::format::{Text, json};
use crate::rows::{Misfit, cell};
use crate::schema::Type;

/// Reads a table's records as rows.
#[derive(Clone, Debug)]
pub struct Decoder {
    encoding: Encoding,
    columns: Vec<(String, Type)>,
    /// CSV: an empty field is null, also that of a `STRING`.
    empty_is_null: bool,
}

/// What a record's value turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A row; its JSON object was appended.
    Row,
    /// The stream's header row: no data, nothing was appended.
    HeaderRow,
}

impl Decoder {
    /// A decoder for `table`'s records.
    pub fn new(table: &Table) -> Self {
        Self {
            encoding: table.encoding.clone(),
            columns: table
                .schema
                .columns
                .iter()
                .map(|column| (column.field.name.clone(), column.field.ty.clone()))
                .collect(),
            empty_is_null: table.empty_is_null,
        }
    }

    /// A decoder for rows of delimited text with these columns.
    pub fn of_rows(dialect: csv::Dialect, columns: Vec<(String, Type)>, empty_is_null: bool) -> Self {
        Self { encoding: Encoding::Csv(dialect), columns, empty_is_null }
    }

    /// Appends the row in `value` to `out` as one JSON object without line breaks. On an error `out` is as it was.
    ///
    /// JSON keeps all its fields in their order, numbers and strings as they are written; of other formats the
    /// columns are given, by name.
    pub fn decode(&self, value: &[u8], out: &mut Vec<u8>) -> Result<Decoded, Misfit> {
        let start = out.len();
        let result = match &self.encoding {
            Encoding::Json => json_row(value, out),
            Encoding::Csv(dialect) => self.csv_row(value, dialect, out),
            Encoding::Raw => self.raw_row(value, out),
        };
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    fn csv_row(&self, value: &[u8], dialect: &csv::Dialect, out: &mut Vec<u8>) -> Result<Decoded, Misfit> {
        if dialect.header == Header::InStream && self.is_header(value, dialect) {
            return Ok(Decoded::HeaderRow);
        }
        let mut misfit = None;
        let mut last_is_empty = false;
        out.push(b'{');
        let fields = csv::walk_row(value, dialect, |at, field: Text<'_>| {
            last_is_empty = field.raw.is_empty();
            if let Some((name, ty)) = self.columns.get(at)
                && misfit.is_none()
            {
                if at > 0 {
                    out.push(b',');
                }
                json::write_string(name, out);
                out.push(b':');
                if self.empty_is_null && field.raw.is_empty() {
                    out.extend_from_slice(b"null");
                } else if let Err(reason) = cell::to_json(field, ty, out) {
                    misfit = Some(Misfit::Value { column: name.clone(), reason });
                }
            }
        })
        .map_err(|error| Misfit::Malformed { format: "csv", reason: error.to_string() })?;
        out.push(b'}');
        // Flink passes over one empty field behind the last column.
        let surplus = usize::from(last_is_empty && fields == self.columns.len() + 1);
        if fields - surplus != self.columns.len() {
            return Err(Misfit::FieldCount { expected: self.columns.len(), found: fields });
        }
        misfit.map_or(Ok(Decoded::Row), Err)
    }

    /// Whether a row is the names of the columns, in order.
    fn is_header(&self, value: &[u8], dialect: &csv::Dialect) -> bool {
        let mut same = 0;
        let fields = csv::walk_row(value, dialect, |at, field: Text<'_>| {
            same += usize::from(self.columns.get(at).is_some_and(|(name, _)| field.value().trim() == name));
        });
        fields.is_ok_and(|fields| fields == self.columns.len() && same == fields)
    }

    fn raw_row(&self, value: &[u8], out: &mut Vec<u8>) -> Result<Decoded, Misfit> {
        let (name, ty) = self.columns.first().map_or(("value", &Type::Bytes), |(name, ty)| (name.as_str(), ty));
        out.push(b'{');
        json::write_string(name, out);
        out.push(b':');
        if *ty == Type::Bytes {
            out.push(b'"');
            out.extend_from_slice(BASE64.encode(value).as_bytes());
            out.push(b'"');
        } else {
            let text = std::str::from_utf8(value)
                .map_err(|error| Misfit::Malformed { format: "text", reason: error.to_string() })?;
            json::write_string(text, out);
        }
        out.push(b'}');
        Ok(Decoded::Row)
    }
}

fn json_row(value: &[u8], out: &mut Vec<u8>) -> Result<Decoded, Misfit> {
    let start = out.len();
    json::compact(value, json::DEPTH_LIMIT, out)
        .map_err(|error| Misfit::Malformed { format: "json", reason: error.to_string() })?;
    if out.get(start) != Some(&b'{') {
        return Err(Misfit::NotAnObject);
    }
    Ok(Decoded::Row)
}
