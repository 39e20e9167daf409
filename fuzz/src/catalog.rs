//! The files that people write: data systems, definitions, schemas.
//!
//! Beyond not panicking, each target checks a law: what must hold whatever the file says.

use std::str::from_utf8;

use topica::catalog::{DataSystem, Error, Table, classic, sql};

/// Reads any text as a data system file. No variable has a value.
pub fn data_system_file(data: &[u8]) {
    let Ok(text) = from_utf8(data) else { return };
    match DataSystem::parse_with(text, "datasystem.json", &|_| None) {
        Ok(system) => {
            assert!(!system.servers.is_empty());
            let _ = format!("{system:?}");
        }
        Err(error) => is_short(&error),
    }
}

/// The one table that was written must be read.
fn read_back(written: &str) -> Table {
    match sql::read(written, "written") {
        Ok(tables) if tables.len() == 1 => tables.into_iter().next(),
        other => panic!("{written}\nreads back as {other:?}"),
    }
    .expect("there is one")
}

/// Reads any text as definitions. What is read is read again as the same when it has been written.
pub fn table_sql(data: &[u8]) {
    let Ok(text) = from_utf8(data) else { return };
    let _ = sql::is_generated(text);
    match sql::read(text, "t.table.sql") {
        Ok(tables) => {
            for table in tables {
                // What cannot be written as it was read (secrets, names that SQL has not) is settled after one time.
                let settled = sql::write(&read_back(&sql::write(&table)));
                assert_eq!(sql::write(&read_back(&settled)), settled);
            }
        }
        Err(error) => is_short(&error),
    }
}

/// Reads any text as a table's schema, in YAML and as Avro's.
pub fn schema_yml(data: &[u8]) {
    let Ok(text) = from_utf8(data) else { return };
    if let Err(error) = classic::read_schema_yml(text, "t.schema.yml", &|_| None) {
        is_short(&error);
    }
    if let Err(error) = classic::read_avsc(text, "t.avsc") {
        is_short(&error);
    }
}

/// An error has at most three lines, whatever is in the file.
fn is_short(error: &Error) {
    let text = error.to_string();
    assert!(text.lines().count() <= 3, "{text}");
}
