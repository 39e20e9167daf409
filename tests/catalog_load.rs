//! What a CONFIG argument stands for, and how a package gets into its directory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use topica::catalog::publish::{self, File, Options};
use topica::catalog::{self, Dialect, Encoding, Error, Package, Role, Schemas, Table, classic, sql};
use topica::schema::classic::{ClassicColumn, ClassicKind, ClassicType};
use topica::schema::{Column, Evidence, Field, Schema, Type};

const SYSTEM: &str = r#"{"type":"source","connector":{"systemType":"kafka","servers":["a:1"],"topicPrefix":"shop."}}"#;

fn env(name: &str) -> Option<String> {
    (name == "KAFKA").then(|| "k:1".into())
}

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(directory.path().join(name), content).unwrap();
    }
    directory
}

fn load(path: &Path) -> Package {
    catalog::load_with(path, &env).unwrap_or_else(|e| panic!("{e}"))
}

fn load_error(path: &Path) -> String {
    let error = catalog::load_with(path, &env).unwrap_err().to_string();
    assert!(error.lines().count() <= 3, "{error}");
    error
}

fn table(name: &str) -> Table {
    let column = Column {
        field: Field { name: "id".into(), ty: Type::BigInt, nullable: true },
        evidence: Evidence::default(),
        notes: vec![],
    };
    let schema = Schema { columns: vec![column], timestamps: None };
    let mut table = Table::new(name, format!("shop.{name}.json"), Role::Source, Encoding::Json, schema);
    table.servers = "a:1".into();
    table
}

fn names(package: &Package) -> Vec<&str> {
    package.tables.iter().map(|loaded| loaded.table.name.as_str()).collect()
}

fn list(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What discovery writes in both dialects.
fn package_files() -> Vec<File> {
    let column = ClassicColumn {
        name: "id".into(),
        kind: ClassicKind::Scalar { ty: ClassicType::Integer, array_depth: 0 },
        not_null: false,
    };
    vec![
        File { name: "orders.table.sql".into(), content: sql::write(&table("orders")) },
        File { name: "orders.table.json".into(), content: classic::write_table_json(&table("orders"), "shop.") },
        File { name: "orders.schema.yml".into(), content: classic::write_schema_yml("orders", &[column]) },
    ]
}

#[test]
fn a_file_or_its_directory_is_the_same_data_system() {
    let directory = directory(&[("datasystem.json", SYSTEM), ("notes.txt", "{")]);
    for path in [directory.path().to_owned(), directory.path().join("datasystem.json")] {
        let package = load(&path);
        assert_eq!(package.system.unwrap().0.topic_prefix, "shop.");
        assert!(package.tables.is_empty() && package.schemas.is_empty());
    }
}

#[test]
fn later_versions_file_is_found_where_there_is_no_other() {
    let later = r#"{"type":"sink","connector":{"name":"kafka","bootstrap.servers":"b:1"},"format":{"name":"json"}}"#;
    let directory = directory(&[("system.discovery.table.json", later)]);
    assert_eq!(load(directory.path()).system.unwrap().0.role, Role::Sink);
    fs::write(directory.path().join("datasystem.json"), SYSTEM).unwrap();
    assert_eq!(load(directory.path()).system.unwrap().0.role, Role::Source);
    fs::remove_file(directory.path().join("datasystem.json")).unwrap();
    fs::write(directory.path().join("system.other.table.json"), later).unwrap();
    assert!(load_error(directory.path()).contains("are both data system files"));
}

#[test]
fn nothing_to_load_is_said_with_what_to_do() {
    let directory = directory(&[]);
    assert!(load_error(directory.path()).contains("neither a datasystem.json nor a table"));
    assert!(load_error(&directory.path().join("nowhere")).contains("--servers"));
    fs::write(directory.path().join("datasystem.json"), b"\"\xff").unwrap();
    assert!(load_error(directory.path()).contains("datasystem.json:1:2: the file is not UTF-8"));
}

#[test]
fn written_tables_are_enough() {
    let directory = directory(&[]);
    let out = directory.path().join("kafka");
    publish::publish(&out, &package_files(), Options::default(), |_| Ok(())).unwrap();
    let package = load(&out);
    assert!(package.system.is_none());
    assert_eq!(names(&package), ["orders"]);
    assert!(package.tables[0].generated);
    assert!(package.schemas.is_empty(), "{:?}", package.schemas);
    assert_eq!(package.table("orders").unwrap().unwrap().table, table("orders"));
    assert!(package.table("nothing").unwrap().is_none());
    // The classic pair alone says the same, as far as it can.
    fs::remove_file(out.join("orders.table.sql")).unwrap();
    let package = load(&out);
    let read = &package.tables[0].table;
    assert_eq!((read.name.as_str(), read.topic.as_str(), read.servers.as_str()), ("orders", "shop.orders.json", "a:1"));
    assert_eq!(read.schema, table("orders").schema);
    assert!(package.tables[0].generated && package.schemas.is_empty());
    // And each file alone.
    assert_eq!(names(&load(&out.join("orders.table.json"))), ["orders"]);
}

#[test]
fn what_somebody_made_theirs_is_a_configured_schema() {
    let directory = directory(&[("datasystem.json", SYSTEM)]);
    publish::publish(directory.path(), &package_files(), Options::default(), |_| Ok(())).unwrap();
    assert!(load(directory.path()).schemas.is_empty());
    // A changed schema is no longer what was generated.
    let schema = directory.path().join("orders.schema.yml");
    fs::write(&schema, fs::read_to_string(&schema).unwrap().replace("INTEGER", "STRING")).unwrap();
    let package = load(directory.path());
    assert_eq!(package.schemas.of("orders").unwrap().schema.columns[0].field.ty, Type::String);
    // Nor is a definition without its mark, which counts before a schema.
    let sql = directory.path().join("orders.table.sql");
    let text = fs::read_to_string(&sql).unwrap();
    let (mark, rest) = text.split_once('\n').unwrap();
    assert!(mark.contains("generated"));
    fs::write(&sql, rest).unwrap();
    let package = load(directory.path());
    let configured = package.schemas.of("orders").unwrap();
    assert!(configured.file.ends_with("orders.table.sql") && configured.table.is_some());
    assert!(!package.tables[0].generated);
}

#[test]
fn configured_schemas_are_found_by_the_tables_name() {
    let avro = r#"{"type":"record","name":"X","fields":[{"name":"a","type":"long"}]}"#;
    let yaml = "name: x\ncolumns:\n- name: b\n  type: FLOAT\n";
    let directory = directory(&[
        ("datasystem.json", SYSTEM),
        ("Orders.avsc", avro),
        ("customers.schema.yml", yaml),
        ("customers.avsc", avro),
        ("returns.table.sql", "CREATE TABLE returns (c DOUBLE)"),
        ("files.table.sql", "CREATE TABLE files (c DOUBLE) WITH ('connector' = 'filesystem', 'path' = 'x')"),
    ]);
    let package = load(directory.path());
    let first = |table: &str| package.schemas.of(table).map(|c| c.schema.columns[0].field.name.clone());
    assert_eq!(first("Orders").as_deref(), Some("a"));
    assert_eq!(first("orders"), None, "names are exact");
    assert_eq!(first("Customers").as_deref(), Some("b"), "but a file may have small letters, as DataSQRL wants it");
    assert_eq!(first("returns").as_deref(), Some("c"));
    assert!(package.tables.is_empty(), "none of these says where its topic is");
    let schemas = Schemas::load(&directory.path().join("Orders.avsc"), &env).unwrap();
    assert!(schemas.of("Orders").is_some());
    assert!(
        Schemas::load(&directory.path().join("datasystem.json"), &env)
            .unwrap_err()
            .to_string()
            .contains("no schema that is known")
    );
}

#[test]
fn a_definition_like_a_schema_file_has_its_columns() {
    let avro =
        r#"{"type":"record","name":"X","fields":[{"name":"a","type":"long"},{"name":"b","type":["null","string"]}]}"#;
    let ddl = "CREATE TABLE t (b STRING COMMENT 'own', ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp') \
        WITH ('connector'='kafka','topic'='t','properties.bootstrap.servers'='${KAFKA}','format'='json') LIKE `t.avsc`;";
    let directory = directory(&[("t.table.sql", ddl), ("t.avsc", avro)]);
    let package = load(directory.path());
    let table = &package.tables[0].table;
    let columns: Vec<&str> = table.schema.columns.iter().map(|c| c.field.name.as_str()).collect();
    assert_eq!(columns, ["b", "a"]);
}

#[test]
fn a_generated_table_that_cannot_be_read_is_an_error_only_for_who_wants_it() {
    let broken = "-- topica: generated: by a later version\nCREATE TABLE orders (id UNHEARD OF);";
    let directory = directory(&[("datasystem.json", SYSTEM), ("orders.table.sql", broken)]);
    let package = load(directory.path());
    assert!(package.table("orders").unwrap_err().to_string().contains("orders.table.sql:2:33"), "{:?}", package.broken);
    fs::write(directory.path().join("orders.table.sql"), "CREATE TABLE orders (id UNHEARD OF);").unwrap();
    assert!(load_error(directory.path()).contains("orders.table.sql:1:33"));
}

#[test]
fn a_file_system_package_is_no_kafka_package() {
    let files = r#"{"type":"source","name":"orders","identifier":"orders","connector":{"systemType":"file","directoryURI":"x"}}"#;
    let directory = directory(&[("orders.table.json", files)]);
    assert!(load_error(&directory.path().join("orders.table.json")).contains("not Kafka"));
    assert!(load_error(directory.path()).contains("neither a datasystem.json nor a table"));
}

#[test]
fn publishing_twice_changes_nothing() {
    let directory = directory(&[]);
    let out = directory.path().join("deep/kafka");
    let first = publish::publish(&out, &package_files(), Options::default(), |_| Ok(())).unwrap();
    assert_eq!(first.created, ["orders.schema.yml", "orders.table.json", "orders.table.sql"]);
    let files = list(&out);
    let second = publish::publish(&out, &package_files(), Options::default(), |_| Ok(())).unwrap();
    assert_eq!(second.unchanged, first.created);
    assert!(second.created.is_empty() && second.replaced.is_empty() && second.stale.is_empty());
    assert_eq!(list(&out), files);
    assert_eq!(list(&directory.path().join("deep")), ["kafka"], "the staging directory is gone");
}

#[test]
fn nobodys_work_is_overwritten_unasked() {
    let directory = directory(&[("orders.table.json", "mine")]);
    let error = publish::publish(directory.path(), &package_files(), Options::default(), |_| Ok(())).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Exists { .. }));
    assert!(
        text.contains("orders.table.json exists with other content already") && text.contains("--overwrite"),
        "{text}"
    );
    assert_eq!(list(directory.path()), ["orders.table.json"], "nothing was written");
    let dry = Options::default().overwrite(true).dry_run(true);
    let published = publish::publish(directory.path(), &package_files(), dry, |_| Ok(())).unwrap();
    assert_eq!(published.replaced, ["orders.table.json"]);
    assert_eq!(fs::read_to_string(directory.path().join("orders.table.json")).unwrap(), "mine");
    publish::publish(directory.path(), &package_files(), Options::default().overwrite(true), |_| Ok(())).unwrap();
    assert_ne!(fs::read_to_string(directory.path().join("orders.table.json")).unwrap(), "mine");
}

#[test]
fn a_complaint_of_the_check_leaves_the_directory_as_it_was() {
    let directory = directory(&[]);
    let out = directory.path().join("kafka");
    let result = publish::publish(&out, &package_files(), Options::default(), |staged| {
        assert_eq!(load(staged).tables.len(), 1, "what is staged can be loaded");
        Err("no".into())
    });
    assert!(result.unwrap_err().to_string().contains("do not read back as written"));
    assert!(list(directory.path()).is_empty());
}

#[test]
fn a_move_that_fails_is_undone() {
    let directory = directory(&[("a.table.sql", "old")]);
    // A directory cannot be replaced by a file. It comes last, when the others have been moved.
    let file = |name: &str| File { name: name.into(), content: "new".into() };
    let files = [file("a.table.sql"), file("b.table.sql"), file("z.table.sql")];
    let target = directory.path().to_owned();
    let blocked = publish::publish(directory.path(), &files, Options::default().overwrite(true), |_| {
        // Somebody puts something there meanwhile.
        fs::create_dir(target.join("z.table.sql")).map_err(|e| e.to_string())?;
        fs::write(target.join("z.table.sql/x"), "x").map_err(|e| e.to_string())
    });
    // Where the system lets a directory be set aside, all goes well; otherwise nothing has changed.
    if blocked.is_err() {
        assert_eq!(fs::read_to_string(directory.path().join("a.table.sql")).unwrap(), "old");
        assert!(!directory.path().join("b.table.sql").exists());
    }
}

#[test]
fn tables_that_are_gone_are_named_and_left() {
    let directory = directory(&[("hand.table.sql", "CREATE TABLE hand (a INT)")]);
    publish::publish(directory.path(), &package_files(), Options::default(), |_| Ok(())).unwrap();
    let new = [File { name: "new.table.sql".into(), content: sql::write(&table("new")) }];
    let published = publish::publish(directory.path(), &new, Options::default(), |_| Ok(())).unwrap();
    assert_eq!(published.stale, ["orders.schema.yml", "orders.table.json", "orders.table.sql"]);
    assert!(directory.path().join("orders.table.sql").exists());
    // What the classic files were, is still known.
    assert!(load(&directory.path().join("orders.table.json")).tables[0].generated);
}

#[test]
fn a_name_that_no_file_can_have_is_an_error() {
    assert!(publish::file_name(&"x".repeat(249), ".table.sql").is_err());
    assert_eq!(publish::file_name("x", ".table.sql").unwrap(), "x.table.sql");
    for name in ["a/b", "..", "."] {
        let file = File { name: name.into(), content: String::new() };
        let directory = directory(&[]);
        assert!(publish::publish(directory.path(), &[file], Options::default(), |_| Ok(())).is_err(), "{name}");
    }
    let twice = [package_files().remove(0), package_files().remove(0)];
    let directory = directory(&[]);
    assert!(publish::publish(directory.path(), &twice, Options::default(), |_| Ok(())).is_err());
}

#[test]
fn dialects_are_told_by_name() {
    assert_eq!(Dialect::parse_list("classic, sql,classic").unwrap(), [Dialect::Classic, Dialect::Sql]);
    assert_eq!(Dialect::parse_list("").unwrap(), [Dialect::Sql]);
    assert!(Dialect::parse_list("v0.9").unwrap_err().to_string().contains("there are: sql, classic"));
}
