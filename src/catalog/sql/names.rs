//! Names in Flink SQL: which of the data's can stand in a statement, and which deserve a word of warning.

use std::collections::HashSet;

use crate::catalog::error::shown;
use crate::catalog::table::RESERVED;
use crate::catalog::{Clauses, Encoding, Table};
use crate::schema::{Field, Schema, Type};

/// What a user of the written definition should know about its names. One line each, for a report.
///
/// A name that needs backticks is fine in Flink; DataSQRL cannot import a table of such a name. DataSQRL reserves
/// `_uuid`, `_ingest_time` and `_source_time`; where the data has one of them, the data's column keeps it, as in JSON
/// it is the key, and the record's timestamp takes another name.
pub fn warnings(table: &Table) -> Vec<String> {
    let mut warnings = Vec::new();
    if !is_plain(&table.name) {
        warnings.push(format!(
            "the table name {} needs backticks in SQL and cannot be imported by DataSQRL",
            shown(&table.name)
        ));
    }
    for column in &table.schema.columns {
        let name = &column.field.name;
        if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
            let moved = Clauses::standard(&table.schema, table.role).derived.into_iter().next().map(|d| d.name);
            warnings.push(match moved {
                Some(moved) if name.eq_ignore_ascii_case(crate::catalog::SOURCE_TIME) => {
                    format!("the data has a column {name}, a name that DataSQRL reserves: it keeps it, and the record's timestamp is {moved}")
                }
                _ => format!("the data has a column {name}, a name that DataSQRL reserves: it keeps it"),
            });
        }
    }
    warnings.extend(writable(table).1);
    warnings
}

/// Whether a name needs no backticks, so that DataSQRL can import it (but for reserved words).
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The columns as a statement can have them, and what had to go.
///
/// Between backticks Flink's grammar has anything but a line end, and its types want more than white space. JSON finds a column by
/// its name: one that cannot be written is left out. Delimited text finds it by its place: there it gets another name.
pub(super) fn writable(table: &Table) -> (Schema, Vec<String>) {
    let mut remarks = Vec::new();
    let mut schema =
        Schema { columns: Vec::with_capacity(table.schema.columns.len()), timestamps: table.schema.timestamps };
    let mut used: HashSet<String> = table.schema.columns.iter().map(|c| c.field.name.clone()).collect();
    let mut written: HashSet<String> = HashSet::new();
    let by_name = matches!(table.encoding, Encoding::Json);
    for (i, column) in table.schema.columns.iter().enumerate() {
        let mut column = column.clone();
        let name = column.field.name.clone();
        if by_name {
            let Some(ty) = writable_type(&column.field.ty, &name, &mut remarks) else { continue };
            if !can_be_written(&name) || !written.insert(name.clone()) {
                remarks.push(format!("the column \"{}\" is left out: Flink SQL cannot name it", shown(&name)));
                continue;
            }
            column.field.ty = ty;
        } else if !can_be_written(&name) || !written.insert(name.clone()) {
            let base = format!("c{}", i + 1);
            let numbered = (2_u32..).map(|n| format!("{base}_{n}"));
            let free = std::iter::once(base.clone()).chain(numbered).find(|n| !used.contains(n)).unwrap_or(base);
            remarks.push(format!("the column \"{}\" is called {free}: Flink SQL cannot name it", shown(&name)));
            used.insert(free.clone());
            written.insert(free.clone());
            column.field.name = free;
        }
        schema.columns.push(column);
    }
    (schema, remarks)
}

fn can_be_written(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(['\n', '\r', '\0'])
}

/// The type without the fields that cannot be written; `None` if nothing is left of a row that had some.
fn writable_type(ty: &Type, path: &str, remarks: &mut Vec<String>) -> Option<Type> {
    Some(match ty {
        Type::Array(item) => Type::Array(Box::new(writable_type(item, path, remarks)?)),
        Type::Map(value) => Type::Map(Box::new(writable_type(value, path, remarks)?)),
        Type::Row(fields) => {
            let mut kept: Vec<Field> = Vec::with_capacity(fields.len());
            for field in fields {
                let path = format!("{path}.{}", field.name);
                let fits = can_be_written(&field.name) && kept.iter().all(|k| k.name != field.name);
                match writable_type(&field.ty, &path, remarks).filter(|_| fits) {
                    Some(ty) => kept.push(Field { name: field.name.clone(), ty, nullable: field.nullable }),
                    None => {
                        remarks.push(format!("the field \"{}\" is left out: Flink SQL cannot name it", shown(&path)))
                    }
                }
            }
            if kept.is_empty() && !fields.is_empty() {
                return None;
            }
            Type::Row(kept)
        }
        other => other.clone(),
    })
}
