//! A table's files in a dialect.

use crate::catalog::publish::{File, file_name};
use crate::catalog::{Dialect, Encoding, Error, Table, classic, env};
use crate::infer::Inferred;
use crate::schema;
use crate::schema::classic::{ClassicColumn, ClassicKind, ClassicOptions, ClassicType};

/// The files that define a table in a dialect. `prefix` is the topic prefix, which the classic dialect keeps apart;
/// `not_null` declares in it what was never null.
///
/// # Errors
/// When no file can have the table's name, and when what would be written does not read back: that costs one table,
/// where the check of the whole package would cost all of them.
pub fn files(inferred: &Inferred, dialect: Dialect, prefix: &str, not_null: bool) -> Result<Vec<File>, Error> {
    let table = &inferred.table;
    let contents = match dialect {
        Dialect::Sql => vec![inferred.sql.clone()],
        Dialect::Classic => {
            let columns = classic_columns(inferred, not_null);
            let schema = classic::write_schema_yml(&table.name, &columns);
            classic::read_schema_yml(&schema, &format!("{}.schema.yml", table.name), &env::process)?;
            vec![classic::write_table_json(table, prefix), schema]
        }
    };
    let named = dialect.extensions().iter().zip(contents);
    named.map(|(extension, content)| Ok(File { name: file_name(&table.name, extension)?, content })).collect()
}

/// What a dialect's files cannot say of the table, so that its rows are read otherwise than they were here.
pub fn unsaid(table: &Table, dialect: Dialect) -> Option<String> {
    let (Dialect::Classic, Encoding::Csv(csv)) = (dialect, &table.encoding) else { return None };
    let quote = match csv.quote {
        Some('"') => None,
        Some(quote) => Some(format!("that {quote} encloses fields")),
        None => Some("that quotes mean nothing".to_owned()),
    };
    let escape = csv.escape.map(|escape| format!("that {escape} escapes what follows it"));
    let lost: Vec<String> = quote.into_iter().chain(escape).collect();
    if lost.is_empty() {
        return None;
    }
    Some(format!(
        "the classic dialect cannot say {}: by its files some fields read otherwise, or not at all; use --dialect sql",
        lost.join(", nor ")
    ))
}

/// The columns by DataSQRL's own algorithm; one of text where the value is one column.
fn classic_columns(inferred: &Inferred, not_null: bool) -> Vec<ClassicColumn> {
    let encoding = match inferred.table.encoding {
        Encoding::Json => schema::Encoding::Json,
        Encoding::Csv(_) => schema::Encoding::Csv,
        Encoding::Raw => {
            let columns = inferred.table.schema.columns.iter();
            return columns
                .map(|column| ClassicColumn {
                    name: column.field.name.clone(),
                    kind: ClassicKind::Scalar { ty: ClassicType::String, array_depth: 0 },
                    not_null: false,
                })
                .collect();
        }
    };
    let options = ClassicOptions::new(encoding).not_null_from_sample(not_null);
    schema::classic::resolve(&inferred.profile, &options)
}
