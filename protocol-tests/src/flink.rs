//! Real Flink: executes the definitions that were written and reads each table, bounded.
use crate::{Peer, java::Program, skip};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A Flink mini cluster in a process of its own, shared by the tests of a binary.
#[derive(Debug)]
pub struct Flink(Peer);

/// One CREATE TABLE, as Flink took it.
#[derive(Debug, Deserialize)]
pub struct Table {
    /// The file it stands in.
    pub file: PathBuf,
    /// Its name.
    pub table: String,
    /// Its columns, metadata and computed ones included.
    #[serde(default)]
    pub columns: Vec<Column>,
    /// Its rows: partition and offset of the record, then a cell for each column.
    #[serde(default)]
    pub rows: Vec<Vec<Value>>,
    /// What went wrong: the causes from the outermost inwards.
    pub error: Option<String>,
}

/// A column of a table, or a field of a row.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Column {
    /// Its name, to the letter.
    pub name: String,
    /// Whether it lies in the payload (or key): neither computed nor metadata.
    #[serde(default = "yes")]
    pub stored: bool,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: Type,
}

/// A Flink logical type.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Type {
    /// `LogicalTypeRoot`: `BIGINT`, `VARCHAR`, `DECIMAL`, `TIMESTAMP_WITH_LOCAL_TIME_ZONE`, `ARRAY`, `ROW`, ...
    pub root: String,
    /// Whether null is allowed.
    pub nullable: bool,
    /// A row's fields.
    #[serde(default)]
    pub fields: Vec<Column>,
    /// An array's element; a map's key and value.
    #[serde(default)]
    pub of: Vec<Type>,
}

fn yes() -> bool {
    true
}

impl Flink {
    /// The Flink of this test binary. `None`, having said so, without Java or Maven.
    ///
    /// # Panics
    /// When it does not start; with `CI` set, also without Java or Maven.
    pub fn shared() -> Option<&'static Flink> {
        static SHARED: OnceLock<Result<Flink, io::Error>> = OnceLock::new();
        match SHARED.get_or_init(Flink::start) {
            Ok(flink) => Some(flink),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                skip(&format!("Java 17 and Maven ({e})"));
                None
            }
            Err(e) => panic!("{e}"),
        }
    }

    fn start() -> io::Result<Flink> {
        let opens = ["java.util", "java.lang", "java.net", "java.nio", "java.time"]
            .map(|p| format!("--add-opens=java.base/{p}=ALL-UNNAMED"));
        let opens: Vec<&str> = opens.iter().map(String::as_str).collect();
        Ok(Flink(Peer::spawn("flink", Program::load("flink")?.command("1g", &opens, "Tables"))?))
    }

    /// Executes every CREATE TABLE of a file, or of each `*.sql` in a directory, and reads all of each table. `environment` stands for `${NAME}`.
    pub fn read(&self, path: &Path, environment: &[(&str, &str)]) -> Vec<Table> {
        let request = json!({"do": "read", "files": sql_files(path), "env": variables(environment)});
        serde_json::from_value(self.0.call(&request)).expect("a list of tables")
    }

    /// Like [`Flink::read`] for a path that holds one table, which must load and read.
    ///
    /// # Panics
    /// When there is not exactly one, or Flink refuses it.
    pub fn read_one(&self, path: &Path) -> Table {
        let mut tables = self.read(path, &[]);
        assert_eq!(tables.len(), 1, "tables in {}", path.display());
        let table = tables.remove(0);
        if let Some(error) = &table.error {
            panic!(
                "Flink on {}: {error}\n{}",
                table.file.display(),
                std::fs::read_to_string(&table.file).unwrap_or_default()
            );
        }
        table
    }

    /// Executes every CREATE TABLE, then a statement that writes, and waits for its end.
    ///
    /// # Panics
    /// When Flink refuses any of it.
    pub fn insert(&self, path: &Path, sql: &str) {
        self.0.call(&json!({"do": "insert", "files": sql_files(path), "env": {}, "sql": sql}));
    }
}

impl Table {
    /// The index of a column.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn column(&self, name: &str) -> usize {
        self.columns
            .iter()
            .position(|c| c.name == name)
            .unwrap_or_else(|| panic!("no column {name:?} in {}: {:?}", self.table, self.columns))
    }

    /// A column's type root.
    pub fn root(&self, name: &str) -> &str {
        &self.columns[self.column(name)].ty.root
    }

    /// A column's cells, in the order in which the rows came.
    pub fn cells(&self, name: &str) -> Vec<&Value> {
        let column = self.column(name);
        self.rows.iter().map(|row| &row[column + 2]).collect()
    }
}

fn sql_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(path)
        .expect("a directory")
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "sql"))
        .collect();
    files.sort();
    files
}

fn variables(environment: &[(&str, &str)]) -> Value {
    Value::Object(environment.iter().map(|(k, v)| ((*k).to_owned(), Value::from(*v))).collect())
}
