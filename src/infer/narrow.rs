//! Integer types that somebody declared and that hold less than `BIGINT`: which values they do not hold.

use crate::catalog::Table;
use crate::format::{Text, json};
use crate::schema::Misfit;

/// The columns of a table that are declared as narrower integers, with what they hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Narrow(Vec<Column>);

#[derive(Clone, Debug)]
struct Column {
    name: String,
    at: usize,
    ty: &'static str,
    min: i64,
    max: i64,
}

/// The integer type that a declaration names, if it is narrower than `BIGINT`, with what it holds.
pub(crate) fn integer(declared: &str) -> Option<(&'static str, i64, i64)> {
    match declared.trim().to_ascii_uppercase().as_str() {
        "TINYINT" => Some(("TINYINT", i8::MIN.into(), i8::MAX.into())),
        "SMALLINT" => Some(("SMALLINT", i16::MIN.into(), i16::MAX.into())),
        "INT" | "INTEGER" => Some(("INT", i32::MIN.into(), i32::MAX.into())),
        _ => None,
    }
}

impl Narrow {
    /// Of the table as it was read back.
    pub(crate) fn of(table: &Table) -> Self {
        let declared = table.clauses.iter().flat_map(|clauses| &clauses.declared);
        let column = |(name, declared): (&String, &String)| {
            let (ty, min, max) = integer(declared)?;
            let at = table.schema.columns.iter().position(|column| column.field.name == *name)?;
            Some(Column { name: name.clone(), at, ty, min, max })
        };
        Self(declared.filter_map(column).collect())
    }

    /// What of a JSON object's members is too large or too small. Flink fails on it.
    pub(crate) fn of_object(&self, payload: &[u8], misfits: &mut Vec<Misfit>) {
        if self.0.is_empty() {
            return;
        }
        for (name, value) in json::members(payload).into_iter().flatten() {
            if let Some(column) = self.0.iter().find(|column| name.value() == column.name.as_str()) {
                column.check(value, misfits);
            }
        }
    }

    /// The same of a row's fields.
    pub(crate) fn of_fields(&self, fields: &[Text<'_>], misfits: &mut Vec<Misfit>) {
        for column in &self.0 {
            if let Some(field) = fields.get(column.at) {
                column.check(field.value().trim(), misfits);
            }
        }
    }
}

impl Column {
    fn check(&self, value: &str, misfits: &mut Vec<Misfit>) {
        let fits = value.parse::<i64>().map_or(true, |number| (self.min..=self.max).contains(&number));
        if !fits && !misfits.iter().any(|misfit| misfit.path == self.name) {
            misfits.push(Misfit { path: self.name.clone(), reason: format!("{value} is more than {} holds", self.ty) });
        }
    }
}
