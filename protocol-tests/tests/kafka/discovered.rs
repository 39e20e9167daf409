//! One run of `topica discover` into a directory of its own, and what the tests ask of it.
use protocol_tests::{Finished, Flink, Kafka, Record, Table, Topica, compare};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) struct Discovered {
    pub(crate) directory: TempDir,
    pub(crate) run: Finished,
    pub(crate) report: Value,
}

impl Discovered {
    /// Discovers with these arguments beside `--servers`, `-o` and `--output json`; ends with exit code 0.
    pub(crate) fn of(kafka: &Kafka, arguments: &[&str]) -> Discovered {
        Discovered::ending(0, kafka, arguments)
    }

    /// The same, ending with another exit code.
    pub(crate) fn ending(code: i32, kafka: &Kafka, arguments: &[&str]) -> Discovered {
        let directory = tempfile::tempdir().unwrap();
        let run = discover(kafka, directory.path(), arguments).exit(code);
        let report = run.json();
        Discovered { directory, run, report }
    }

    pub(crate) fn tables(&self) -> Vec<&str> {
        self.report["tables"].as_array().unwrap().iter().map(|t| t["table"].as_str().unwrap()).collect()
    }

    /// What the report says of a table.
    pub(crate) fn table(&self, name: &str) -> &Value {
        let tables = self.report["tables"].as_array().unwrap();
        tables.iter().find(|t| t["table"] == name).unwrap_or_else(|| panic!("no table {name}\n{}", self.run))
    }

    /// A column's type and nullability in the report.
    pub(crate) fn column(&self, table: &str, column: &str) -> &Value {
        let columns = self.table(table)["columns"].as_array().unwrap();
        columns
            .iter()
            .find(|c| c["name"] == column)
            .unwrap_or_else(|| panic!("no column {column} in {table}\n{}", self.run))
    }

    pub(crate) fn path(&self, table: &str) -> PathBuf {
        self.directory.path().join(format!("{table}.table.sql"))
    }

    pub(crate) fn sql(&self, table: &str) -> String {
        std::fs::read_to_string(self.path(table)).unwrap()
    }

    /// The table as real Flink reads it: it must load, and every record of JSON must be a row of equal values.
    pub(crate) fn flink_reads_json(&self, flink: &Flink, table: &str, written: &[Record]) -> Table {
        let read = flink.read_one(&self.path(table));
        assert_eq!(read.table, table);
        compare::json_rows(&read, written);
        read
    }
}

/// `topica discover --servers ... -o directory --output json` and more.
pub(crate) fn discover(kafka: &Kafka, directory: &Path, arguments: &[&str]) -> Finished {
    Topica::new(["discover", "--servers", kafka.servers(), "--output", "json", "-o"])
        .args([directory])
        .args(arguments)
        .run()
}

/// A `datasystem.json` as the page writes it, in a directory of its own.
pub(crate) fn data_system(kafka: &Kafka, kind: &str, prefix: &str, format: &Value) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("datasystem.json");
    let mut system = json!({"type": kind, "name": "shop", "connector": {"systemType": "kafka", "servers": kafka.servers().split(',').collect::<Vec<_>>(), "topicPrefix": prefix}});
    if !format.is_null() {
        system["format"] = format.clone();
    }
    std::fs::write(&path, serde_json::to_vec_pretty(&system).unwrap()).unwrap();
    (directory, path)
}

/// What says of files that cannot say so themselves that topica wrote them.
const MARK: &str = ".topica-generated";

/// The names of the files in a directory, sorted; the mark aside, nothing hidden may lie there.
pub(crate) fn files(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != MARK);
    names.sort();
    names
}

/// Every file in a directory with its bytes, sorted.
pub(crate) fn contents(directory: &Path) -> Vec<(String, Vec<u8>)> {
    files(directory).into_iter().map(|name| (name.clone(), std::fs::read(directory.join(name)).unwrap())).collect()
}
