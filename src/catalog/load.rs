//! What a CONFIG argument stands for: a data system, the tables written down beside it, and configured schemas.

use std::path::{Path, PathBuf};

use crate::catalog::env::{self, Lookup};
use crate::catalog::publish::Generated;
use crate::catalog::schemas::{files, read_text, schema_beside, take_like};
use crate::catalog::system::parse_table;
use crate::catalog::{ConfiguredFormat, DataSystem, Encoding, Error, Schemas, Table, sql};
use crate::format::Format;
use crate::format::csv::{Dialect, Header};
use crate::schema::{Column, Evidence, Field, Schema, Type};

/// A package of data system, tables and schemas.
#[derive(Debug, Default)]
pub struct Package {
    /// The data system, if there is one, and its file.
    pub system: Option<(DataSystem, PathBuf)>,
    /// The topic that the file itself is about: a table file that stands for a data system.
    pub topic: Option<String>,
    /// Tables that are written down, by anybody, in the order of their names.
    pub tables: Vec<Loaded>,
    /// Tables that topica generated and that cannot be read: an error only for who asks for that table.
    pub broken: Vec<Broken>,
    /// Schemas that are to be used and not inferred: files without topica's own mark.
    pub schemas: Schemas,
}

/// A table that is written down.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The table.
    pub table: Table,
    /// Its file.
    pub file: PathBuf,
    /// Whether topica generated it, and nobody has made it theirs since.
    pub generated: bool,
}

/// A generated file that cannot be read.
#[derive(Debug)]
pub struct Broken {
    /// The table's name, by the file's.
    pub name: String,
    /// Why it cannot be read; names the file.
    pub error: Error,
}

/// Loads what `path` stands for: a data system file of any dialect, a written table (`.table.sql`, `.table.json`), or
/// a directory, in which `datasystem.json` is looked for, then `system.*.table.json`, and written tables.
///
/// Variables come from this process's environment.
///
/// # Errors
/// [`Error::Missing`] if there is nothing of the kind, otherwise those of the first file that cannot be read.
pub fn load(path: &Path) -> Result<Package, Error> {
    load_with(path, &env::process)
}

/// [`load`] with variables from elsewhere.
///
/// # Errors
/// As [`load`].
pub fn load_with(path: &Path, env: Lookup<'_>) -> Result<Package, Error> {
    if path.is_dir() {
        return directory(path, env);
    }
    if !path.exists() {
        return Err(Error::Missing {
            what: format!("there is no file or directory {}", path.display()),
            advice: "name a datasystem.json or a directory with one; without a file, use --servers HOST:9092".into(),
        });
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let generated = Generated::load(parent)?;
    let mut package = Package::default();
    if name.ends_with(".sql") {
        package.sql(path, &generated, true, env)?;
        return Ok(package);
    }
    let text = read_text(path)?;
    let file = parse_table(&text, &path.display().to_string(), env)?;
    if file.topic.is_some() {
        let stem = name.strip_suffix(".table.json").or_else(|| name.strip_suffix(".json")).unwrap_or(&name);
        package.json(path, stem, &generated, env)?;
    } else {
        package.beside(parent, &generated, env)?;
    }
    package.topic = file.topic;
    package.system = Some((file.system, path.into()));
    Ok(package)
}

fn directory(path: &Path, env: Lookup<'_>) -> Result<Package, Error> {
    let generated = Generated::load(path)?;
    let mut package = Package::default();
    if let Some(file) = system_file(path, &generated)? {
        package.system = Some((DataSystem::parse_with(&read_text(&file)?, &file.display().to_string(), env)?, file));
    }
    package.beside(path, &generated, env)?;
    if package.system.is_none() && package.tables.is_empty() {
        if let Some(broken) = package.broken.pop() {
            return Err(broken.error);
        }
        return Err(Error::Missing {
            what: format!("{} holds neither a datasystem.json nor a table", path.display()),
            advice: "write a datasystem.json there, or use --servers HOST:9092".into(),
        });
    }
    Ok(package)
}

/// The data system file of a directory.
fn system_file(directory: &Path, generated: &Generated) -> Result<Option<PathBuf>, Error> {
    let classic = directory.join("datasystem.json");
    if classic.is_file() {
        return Ok(Some(classic));
    }
    let mut found = files(directory)?.into_iter().filter(|path| is_system_file(path, generated));
    match (found.next(), found.next()) {
        (Some(one), Some(two)) => Err(Error::Missing {
            what: format!("{} and {} are both data system files", one.display(), two.display()),
            advice: "name the one that you mean".into(),
        }),
        (one, _) => Ok(one),
    }
}

/// `system.*.table.json`, as DataSQRL 0.1 to 0.4 looked for it; topica only writes tables, of topics `system.*` too.
fn is_system_file(path: &Path, generated: &Generated) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    name.strip_suffix(".table.json").is_some_and(|stem| stem.starts_with("system."))
        && !read_text(path).is_ok_and(|text| generated.covers(name, &text))
}

impl Package {
    /// The written table of this name; an error if it is there and cannot be read.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a table of [`Package::broken`].
    pub fn table(&self, name: &str) -> Result<Option<&Loaded>, &Error> {
        match self.tables.iter().find(|loaded| loaded.table.name == name) {
            Some(loaded) => Ok(Some(loaded)),
            None => match self.broken.iter().find(|broken| broken.name == name) {
                Some(broken) => Err(&broken.error),
                None => Ok(None),
            },
        }
    }

    /// Reads the tables and the schemas of a directory.
    fn beside(&mut self, directory: &Path, generated: &Generated, env: Lookup<'_>) -> Result<(), Error> {
        self.schemas = Schemas::of_directory(directory, Some(generated), env)?;
        for path in files(directory)? {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if name.ends_with(".table.sql") {
                self.sql(&path, generated, false, env)?;
            } else if let Some(stem) = name.strip_suffix(".table.json").filter(|_| !is_system_file(&path, generated)) {
                self.json(&path, stem, generated, env)?;
            }
        }
        // Of one table in two dialects, SQL says more.
        let is_sql = |loaded: &Loaded| loaded.file.extension().is_some_and(|extension| extension == "sql");
        self.tables.sort_by(|a, b| a.table.name.cmp(&b.table.name).then(is_sql(b).cmp(&is_sql(a))));
        let names = self.tables.iter().zip(self.tables.iter().skip(1));
        if let Some((one, two)) =
            names.into_iter().find(|(one, two)| one.table.name == two.table.name && one.table.topic != two.table.topic)
        {
            return Err(Error::Missing {
                what: format!(
                    "{} and {} both define the table {}",
                    one.file.display(),
                    two.file.display(),
                    one.table.name
                ),
                advice: "remove one of them".into(),
            });
        }
        self.tables.dedup_by(|two, one| one.table.name == two.table.name);
        Ok(())
    }

    /// Reads a `.table.sql`. Among others, tables of other connectors are somebody else's.
    fn sql(&mut self, path: &Path, generated: &Generated, alone: bool, env: Lookup<'_>) -> Result<(), Error> {
        let text = read_text(path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let generated = generated.covers(&name, &text);
        match sql_tables(&text, path, alone, env) {
            Ok(tables) => {
                self.tables.extend(tables.into_iter().map(|table| Loaded { table, file: path.into(), generated }));
                Ok(())
            }
            Err(error) if generated && !alone => {
                let name = name.strip_suffix(".table.sql").unwrap_or(&name).to_owned();
                self.broken.push(Broken { name, error });
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a `.table.json` and the schema beside it. Tables of other systems are somebody else's.
    fn json(&mut self, path: &Path, stem: &str, generated: &Generated, env: Lookup<'_>) -> Result<(), Error> {
        let text = read_text(path)?;
        let origin = path.display().to_string();
        let file = match parse_table(&text, &origin, env) {
            Ok(file) => file,
            Err(Error::NotKafka(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let configured = schema_beside(directory, stem, env)?;
        let name = file.name.unwrap_or_else(|| stem.to_owned());
        let topic = file.topic.unwrap_or_else(|| format!("{}{name}", file.system.topic_prefix));
        let mut schema = configured.map(|configured| configured.schema).unwrap_or_default();
        let encoding = encoding(file.system.format.as_ref(), &mut schema);
        let table_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let table = Table {
            servers: file.system.servers.join(","),
            properties: file.system.properties,
            ..Table::new(name, topic, file.system.role, encoding, schema)
        };
        self.tables.push(Loaded { table, file: path.into(), generated: generated.covers(&table_name, &text) });
        Ok(())
    }
}

fn sql_tables(text: &str, path: &Path, alone: bool, env: Lookup<'_>) -> Result<Vec<Table>, Error> {
    let origin = path.display().to_string();
    let parsed = sql::parse(text, &origin)?;
    let mut tables = Vec::new();
    for statement in parsed.statements() {
        if alone || parsed.is_kafka(statement) {
            let mut table = parsed.table(statement)?;
            take_like(&mut table, path, env)?;
            tables.push(table);
        }
    }
    if alone && tables.is_empty() {
        return Err(Error::Missing {
            what: format!("{origin} defines no table"),
            advice: "write a CREATE TABLE into it".into(),
        });
    }
    Ok(tables)
}

/// How rows lie in values, and the columns that follow from that.
fn encoding(format: Option<&ConfiguredFormat>, schema: &mut Schema) -> Encoding {
    let column = |name: &str, ty| Column {
        field: Field { name: name.into(), ty, nullable: true },
        evidence: Evidence::default(),
        notes: Vec::new(),
    };
    let Some(ConfiguredFormat { format, csv }) = format else { return Encoding::Json };
    match format {
        Format::Csv => {
            if schema.columns.is_empty() {
                schema.columns = csv.header.iter().flatten().map(|name| column(name, Type::String)).collect();
            } else if let Some(header) = &csv.header {
                // The header has the order in which they lie.
                let place =
                    |column: &Column| header.iter().position(|name| *name == column.field.name).unwrap_or(usize::MAX);
                schema.columns.sort_by_key(place);
            }
            Encoding::Csv(Dialect {
                delimiter: csv.delimiter.unwrap_or(','),
                quote: Some(csv.quote.unwrap_or('"')),
                escape: None,
                comment: csv.comment_prefix.clone(),
                // DataSQRL skips a row that equals the header, wherever the header came from.
                header: Header::InStream,
            })
        }
        Format::Text | Format::Binary => {
            if schema.columns.is_empty() {
                schema.columns.push(column("value", if *format == Format::Text { Type::String } else { Type::Bytes }));
            }
            Encoding::Raw
        }
        _ => Encoding::Json,
    }
}
