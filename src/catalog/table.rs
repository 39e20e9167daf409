//! A table: the rows of one topic.

use std::collections::BTreeMap;
use std::fmt;

use crate::catalog::{Role, secret};
use crate::format::csv::Dialect;
use crate::schema::Schema;

/// A table definition, in no dialect.
#[derive(Clone, PartialEq)]
pub struct Table {
    /// The table's name: the topic without prefix and extension.
    pub name: String,
    /// The exact topic.
    pub topic: String,
    /// Which way rows go.
    pub role: Role,
    /// Bootstrap servers as configured, joined with commas; `${VAR}` stays as it stood.
    pub servers: String,
    /// Further Kafka client properties as configured; a secret is written as `${VAR}`, whatever it is here.
    pub properties: BTreeMap<String, String>,
    /// How a row lies in a record's value.
    pub encoding: Encoding,
    /// The columns.
    pub schema: Schema,
    /// Records that do not fit are to be skipped by the reader, as what does not parse is known to be in the topic.
    pub skip_misfits: bool,
    /// In delimited text, an empty field is to be read as null: a number's column would be a misfit otherwise.
    pub empty_is_null: bool,
    /// For the definition's reader, one line each: why the table is as it is, what does not fit it.
    pub remarks: Vec<String>,
    /// What somebody wrote into the definition that topica's own have differently; `None` for those.
    pub clauses: Option<Box<Clauses>>,
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

/// The parts of a `CREATE TABLE` that are neither columns in the payload nor where the topic is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Clauses {
    /// Columns that are not in the payload.
    pub derived: Vec<Derived>,
    /// The event time.
    pub watermark: Option<Watermark>,
    /// The key's columns, if there is one; never enforced.
    pub primary_key: Vec<String>,
    /// Types that are not among [`Type`](crate::schema::Type)'s, as written, by column; the schema has what comes
    /// nearest to each.
    pub declared: BTreeMap<String, String>,
    /// Options of the `WITH` clause that mean nothing to topica.
    pub options: BTreeMap<String, String>,
    /// What the definition takes its columns from besides (`LIKE`).
    pub like: Option<String>,
    /// The table's `COMMENT`.
    pub comment: Option<String>,
}

/// A column that is not in the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub from: Origin,
    /// Its `COMMENT`.
    pub comment: Option<String>,
}

/// Where the value of a [`Derived`] column comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The record's metadata: `METADATA FROM 'timestamp' VIRTUAL`.
    Metadata {
        /// The column's type, in SQL.
        ty: String,
        /// The metadata's key, if it is not the column's name.
        key: Option<String>,
        /// Whether it is left out when rows are written.
        only_read: bool,
    },
    /// Other columns, by an expression in SQL.
    Expression(String),
}

/// `WATERMARK FOR column AS expression`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watermark {
    /// The event time column.
    pub column: String,
    /// How far time has come, in SQL.
    pub expression: String,
}

/// Flink reads the records of aborted transactions as well unless it is told; topica never samples them.
pub(crate) const COMMITTED: (&str, &str) = ("properties.isolation.level", "read_committed");

/// The name of the column with the record's timestamp, as DataSQRL has it.
pub const SOURCE_TIME: &str = "_source_time";

/// Column names that DataSQRL adds to a table by itself.
pub const RESERVED: [&str; 3] = ["_uuid", "_ingest_time", SOURCE_TIME];

impl Table {
    /// A table of topica's own making: nothing in it that was not asked for.
    pub fn new(
        name: impl Into<String>,
        topic: impl Into<String>,
        role: Role,
        encoding: Encoding,
        schema: Schema,
    ) -> Table {
        Table {
            name: name.into(),
            topic: topic.into(),
            role,
            servers: String::new(),
            properties: BTreeMap::new(),
            encoding,
            schema,
            skip_misfits: false,
            empty_is_null: false,
            remarks: Vec::new(),
            clauses: None,
        }
    }
}

impl Clauses {
    /// The clauses of topica's own definitions.
    ///
    /// A table that is read has its event time from the record's timestamp. That column is `VIRTUAL`, so that rows
    /// can be inserted without it, and it gives way to a column of its name in the data: in JSON a column must have
    /// its key's name. Reading starts at the earliest offset, also of a sink, so that what was written can be read.
    /// There is no `group.id`: Flink's Kafka source does without, and two jobs with one literal group would overwrite
    /// each other's committed offsets.
    pub fn standard(schema: &Schema, role: Role) -> Clauses {
        let mut clauses = Clauses::default();
        clauses.options.insert("scan.startup.mode".into(), "earliest-offset".into());
        clauses.options.insert(COMMITTED.0.into(), COMMITTED.1.into());
        if role.reads() {
            let name = source_time_name(schema);
            clauses.watermark = Some(Watermark {
                column: name.clone(),
                expression: format!("{} - INTERVAL '0.001' SECOND", crate::schema::Quoted(&name)),
            });
            clauses.derived.push(Derived {
                name,
                from: Origin::Metadata {
                    ty: "TIMESTAMP_LTZ(3)".into(),
                    key: Some("timestamp".into()),
                    only_read: true,
                },
                comment: None,
            });
        }
        clauses
    }
}

/// `_source_time`, or that with the first number that makes it free. Some readers ignore case, so this does.
fn source_time_name(schema: &Schema) -> String {
    let taken = |name: &str| schema.columns.iter().any(|c| c.field.name.eq_ignore_ascii_case(name));
    let numbered = (1_u32..).map(|i| format!("{SOURCE_TIME}_{i}"));
    std::iter::once(SOURCE_TIME.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("name", &self.name)
            .field("topic", &self.topic)
            .field("role", &self.role)
            .field("servers", &self.servers)
            .field("properties", &secret::Redacted(&self.properties))
            .field("encoding", &self.encoding)
            .field("schema", &self.schema)
            .field("skip_misfits", &self.skip_misfits)
            .field("empty_is_null", &self.empty_is_null)
            .field("remarks", &self.remarks)
            .field("clauses", &self.clauses)
            .finish()
    }
}

impl fmt::Debug for Clauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clauses")
            .field("derived", &self.derived)
            .field("watermark", &self.watermark)
            .field("primary_key", &self.primary_key)
            .field("declared", &self.declared)
            .field("options", &secret::Redacted(&self.options))
            .field("like", &self.like)
            .field("comment", &self.comment)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_has_no_secret() {
        let mut clauses = Clauses::default();
        clauses.options.insert("key.avro-confluent.basic-auth.user-info".into(), "bob:hunter2".into());
        let shown = format!("{clauses:?}");
        assert!(shown.contains("user-info") && !shown.contains("hunter2"), "{shown}");
    }
}
