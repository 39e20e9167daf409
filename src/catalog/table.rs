//! A table: the rows of one topic.

use std::collections::BTreeMap;

use crate::catalog::Role;
use crate::format::csv::Dialect;
use crate::schema::Schema;

/// A table definition, in no dialect.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The table's name: the topic without prefix and extension.
    pub name: String,
    /// The exact topic.
    pub topic: String,
    /// Which way rows go.
    pub role: Role,
    /// Bootstrap servers as configured, joined with commas; `${VAR}` stays as it stood.
    pub servers: String,
    /// Further Kafka client properties as configured; secrets are always `${VAR}`.
    pub properties: BTreeMap<String, String>,
    /// How a row lies in a record's value.
    pub encoding: Encoding,
    /// The columns.
    pub schema: Schema,
    /// Records that do not fit are to be skipped by the reader, as what does not parse is known to be in the topic.
    pub skip_misfits: bool,
    /// For the definition's reader, one line each: why the table is as it is, what does not fit it.
    pub remarks: Vec<String>,
}

/// How a row lies in a record's value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Encoding {
    /// One JSON object a record.
    Json,
    /// One row of delimited text a record.
    Csv(Dialect),
    /// The whole value is the one column, a `STRING` (text) or `BYTES`.
    Raw,
}
