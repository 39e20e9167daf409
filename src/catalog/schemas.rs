//! Configured schemas: what somebody wrote down about a table's columns, so that they are not inferred.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::catalog::env::Lookup;
use crate::catalog::publish::Generated;
use crate::catalog::{Error, Table, classic, sql};
use crate::schema::Schema;

/// A table's columns as configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configured {
    /// The file that they are from.
    pub file: PathBuf,
    /// The table's name, if the file says it.
    pub name: Option<String>,
    /// The columns.
    pub schema: Schema,
    /// Types that are not among ours, as written, by column; the schema has what comes nearest.
    pub declared: BTreeMap<String, String>,
    /// Whether there may be more columns than these (`partial_schema`).
    pub partial: bool,
    /// The whole table, if that is what the file has.
    pub table: Option<Box<Table>>,
}

/// Configured schemas by table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schemas {
    by_table: BTreeMap<String, Configured>,
}

/// The kinds of schema file; of several for one table, the first in this order counts.
const EXTENSIONS: [&str; 5] = [".table.sql", ".schema.yml", ".schema.yaml", ".schema.avsc", ".avsc"];

impl Schemas {
    /// Reads a schema file, or all of a directory, for `--schema`. Also what topica generated counts: it was asked for.
    ///
    /// # Errors
    /// [`Error::Missing`] if there is no schema, otherwise those of reading one.
    pub fn load(path: &Path, env: Lookup<'_>) -> Result<Schemas, Error> {
        let schemas = match path.is_dir() {
            true => Schemas::of_directory(path, None, env)?,
            false => {
                let mut schemas = Schemas::default();
                schemas.add(path, &read_text(path)?, env)?;
                schemas
            }
        };
        if schemas.by_table.is_empty() {
            return Err(Error::Missing {
                what: format!("{} holds no schema", path.display()),
                advice: "schemas are called TABLE.schema.yml, TABLE.avsc or TABLE.table.sql".into(),
            });
        }
        Ok(schemas)
    }

    /// Reads the schemas of a directory, but for those that topica generated, if that is to be looked at.
    pub(crate) fn of_directory(
        directory: &Path,
        generated: Option<&Generated>,
        env: Lookup<'_>,
    ) -> Result<Schemas, Error> {
        let mut schemas = Schemas::default();
        for path in files(directory)? {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if !EXTENSIONS.iter().any(|extension| name.ends_with(extension)) {
                continue;
            }
            let text = read_text(&path)?;
            if generated.is_some_and(|generated| generated.covers(name, &text)) {
                continue;
            }
            schemas.add(&path, &text, env)?;
        }
        Ok(schemas)
    }

    fn add(&mut self, path: &Path, text: &str, env: Lookup<'_>) -> Result<(), Error> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some((rank, stem)) =
            EXTENSIONS.iter().enumerate().find_map(|(rank, extension)| Some((rank, name.strip_suffix(extension)?)))
        else {
            return Err(Error::Missing {
                what: format!("{} is no schema that is known", path.display()),
                advice: "schemas are called TABLE.schema.yml, TABLE.avsc or TABLE.table.sql".into(),
            });
        };
        let origin = path.display().to_string();
        let found = match EXTENSIONS.get(rank).copied() {
            Some(".table.sql") => of_sql(text, &origin, path, env)?,
            Some(".schema.yml" | ".schema.yaml") => vec![classic::read_schema_yml(text, &origin, env)?],
            _ => vec![classic::read_avsc(text, &origin)?],
        };
        let several = found.len() > 1;
        for mut configured in found {
            configured.file = path.into();
            let table = match &configured.name {
                Some(name) if several => name.clone(),
                // A file is named after its table; what it calls itself may be older.
                _ => stem.to_owned(),
            };
            let better = |other: &Configured| {
                EXTENSIONS.iter().position(|e| other.file.to_string_lossy().ends_with(e)) <= Some(rank)
            };
            if !self.by_table.get(&table).is_some_and(better) {
                self.by_table.insert(table, configured);
            }
        }
        Ok(())
    }

    /// The schema of a table. A file may have the table's name in small letters, as DataSQRL wants it.
    pub fn of(&self, table: &str) -> Option<&Configured> {
        self.by_table.get(table).or_else(|| self.by_table.get(&table.to_lowercase()))
    }

    /// The schemas, by the names of their tables.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Configured)> {
        self.by_table.iter().map(|(table, configured)| (table.as_str(), configured))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_table.is_empty()
    }
}

/// The schema file that belongs to a `.table.json`. Versions 0.2 to 0.4 spelt the names of the two differently.
pub(crate) fn schema_beside(directory: &Path, stem: &str, env: Lookup<'_>) -> Result<Option<Configured>, Error> {
    let paths = files(directory)?;
    let named = |name: &str| {
        let is_it = |path: &&PathBuf, exactly: bool| {
            let found = path.file_name().and_then(|found| found.to_str()).unwrap_or_default();
            if exactly { found == name } else { found.to_lowercase() == name.to_lowercase() }
        };
        paths.iter().find(|path| is_it(path, true)).or_else(|| paths.iter().find(|path| is_it(path, false)))
    };
    for extension in EXTENSIONS.iter().filter(|extension| **extension != ".table.sql") {
        if let Some(path) = named(&format!("{stem}{extension}")) {
            let mut schemas = Schemas::default();
            schemas.add(path, &read_text(path)?, env)?;
            return Ok(schemas.by_table.into_values().next());
        }
    }
    Ok(None)
}

/// The columns of a `.table.sql`, whatever its connector, with those of the file that it is `LIKE`.
fn of_sql(text: &str, origin: &str, path: &Path, env: Lookup<'_>) -> Result<Vec<Configured>, Error> {
    let parsed = sql::parse(text, origin)?;
    let mut all = Vec::new();
    for statement in parsed.statements() {
        let (schema, declared) = parsed.schema(statement)?;
        let mut configured =
            Configured { name: Some(statement.name().to_owned()), schema, declared, ..Configured::default() };
        if parsed.is_kafka(statement) {
            let mut table = parsed.table(statement)?;
            take_like(&mut table, path, env)?;
            configured.schema = table.schema.clone();
            configured.table = Some(Box::new(table));
        } else if let Some(like) = statement.like() {
            like_columns(&mut configured.schema, like, path, env)?;
        }
        all.push(configured);
    }
    Ok(all)
}

/// Gives the table the columns of the schema file that it is `LIKE`, if it is.
pub(crate) fn take_like(table: &mut Table, path: &Path, env: Lookup<'_>) -> Result<(), Error> {
    match table.clauses.as_ref().and_then(|clauses| clauses.like.clone()) {
        Some(like) => like_columns(&mut table.schema, &like, path, env),
        None => Ok(()),
    }
}

fn like_columns(schema: &mut Schema, like: &str, path: &Path, env: Lookup<'_>) -> Result<(), Error> {
    let file = path.with_file_name(like);
    let origin = file.display().to_string();
    let other = if like.ends_with(".avsc") {
        classic::read_avsc(&read_text(&file)?, &origin)?
    } else if like.ends_with(".schema.yml") {
        classic::read_schema_yml(&read_text(&file)?, &origin, env)?
    } else {
        // Another table, or a sample: nothing that could be looked up here.
        return Ok(());
    };
    for column in other.schema.columns {
        if schema.columns.iter().all(|own| own.field.name != column.field.name) {
            schema.columns.push(column);
        }
    }
    schema.timestamps = schema.timestamps.or(other.schema.timestamps);
    Ok(())
}

/// The files of a directory, in the order of their names.
pub(crate) fn files(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(Error::io("read", directory))? {
        let path = entry.map_err(Error::io("read", directory))?.path();
        if path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The largest file that is read: no configuration comes near it.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A file's text.
pub(crate) fn read_text(path: &Path) -> Result<String, Error> {
    let origin = path.display().to_string();
    let length = fs::metadata(path).map_err(Error::io("read", path))?.len();
    if length > LARGEST {
        return Err(Error::invalid(
            &origin,
            None,
            "the file has more than 16 MiB",
            "no configuration has: is this the right file?",
        ));
    }
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    String::from_utf8(bytes).map_err(|e| {
        let good = e.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(e.as_bytes().get(..good).unwrap_or_default()).into_owned();
        let at = crate::catalog::Position::of(&before, good);
        Error::invalid(&origin, at, "the file is not UTF-8", "save it as UTF-8")
    })
}
