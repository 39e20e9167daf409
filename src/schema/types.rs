//! The types that a column can have, in Flink SQL's terms.

use std::fmt;

/// The type of a column or of a value inside one.
///
/// [`fmt::Display`] writes it as Flink SQL does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Type {
    /// `BOOLEAN`
    Boolean,
    /// `BIGINT`: 64 bits, signed.
    BigInt,
    /// `DECIMAL(precision, scale)`: up to 38 digits.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point, 0 to `precision`.
        scale: u8,
    },
    /// `DOUBLE`: IEEE 754 binary64.
    Double,
    /// `STRING`
    String,
    /// `BYTES`
    Bytes,
    /// `DATE`: a calendar day, ISO 8601.
    Date,
    /// `TIMESTAMP(3)`: a wall clock's date and time, without a zone.
    Timestamp,
    /// `TIMESTAMP_LTZ(3)`: an instant.
    TimestampLtz,
    /// `ARRAY<...>`
    Array(Box<Type>),
    /// `ROW<...>`
    Row(Vec<Field>),
    /// `MAP<STRING, ...>`
    Map(Box<Type>),
}

/// A named part of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The exact name in the payload.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether the definition lets it be null.
    pub nullable: bool,
}

/// A column of a table, with what speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name, type and nullability as written in the table.
    pub field: Field,
    /// What the sample showed.
    pub evidence: Evidence,
    /// What a reader of the definition should know: a conflict that made it `STRING`, say. One line each.
    pub notes: Vec<String>,
}

/// How often a column was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Records that have the column, null or not.
    pub seen: u64,
    /// Records in which it is null.
    pub null: u64,
    /// Records that were looked at.
    pub of: u64,
}

/// The columns of a table, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// The columns, in the order in which the sample first showed them.
    pub columns: Vec<Column>,
    /// The one form that all timestamps in this table's payloads have, if there are any.
    pub timestamps: Option<TimestampStandard>,
}

impl Schema {
    /// Columns of these names, all of them `STRING`.
    pub fn of_strings<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let columns = names.into_iter().map(|name| Column {
            field: Field { name: name.as_ref().to_owned(), ty: Type::String, nullable: true },
            evidence: Evidence::default(),
            notes: Vec::new(),
        });
        Self { columns: columns.collect(), timestamps: None }
    }
}

/// How a table's timestamps are written in its payloads; Flink's `timestamp-format.standard`, one for a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampStandard {
    /// `2022-07-15 10:15:30.123`
    Sql,
    /// `2022-07-15T10:15:30.123`, and with `Z` for instants.
    Iso8601,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Boolean => f.write_str("BOOLEAN"),
            Type::BigInt => f.write_str("BIGINT"),
            Type::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            Type::Double => f.write_str("DOUBLE"),
            Type::String => f.write_str("STRING"),
            Type::Bytes => f.write_str("BYTES"),
            Type::Date => f.write_str("DATE"),
            Type::Timestamp => f.write_str("TIMESTAMP(3)"),
            Type::TimestampLtz => f.write_str("TIMESTAMP_LTZ(3)"),
            Type::Array(item) => write!(f, "ARRAY<{item}>"),
            Type::Map(value) => write!(f, "MAP<STRING, {value}>"),
            Type::Row(fields) => {
                f.write_str("ROW<")?;
                for (i, field) in fields.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{field}")?;
                }
                f.write_str(">")
            }
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Quoted(&self.name), self.ty)?;
        if !self.nullable {
            f.write_str(" NOT NULL")?;
        }
        Ok(())
    }
}

/// A name as a Flink SQL identifier: in backticks, with its own backticks doubled.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`")?;
        f.write_str(&self.0.replace('`', "``"))?;
        f.write_str("`")
    }
}
