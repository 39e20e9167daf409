//! The classic dialect: written byte for byte as Jackson laid it out, and all that its documentation allows is read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use topica::catalog::{Encoding, Role, Table, classic};
use topica::format::csv::{Dialect, Header};
use topica::schema::classic::{ClassicColumn, ClassicKind, ClassicOptions, ClassicType};
use topica::schema::{Column, Evidence, Field, Profile, Schema, TimestampStandard, Type};

fn env(_: &str) -> Option<String> {
    None
}

fn scalar(name: &str, ty: ClassicType, not_null: bool) -> ClassicColumn {
    ClassicColumn { name: name.into(), kind: ClassicKind::Scalar { ty, array_depth: 0 }, not_null }
}

fn nested(name: &str, columns: Vec<ClassicColumn>) -> ClassicColumn {
    ClassicColumn { name: name.into(), kind: ClassicKind::Table { columns, single: false }, not_null: true }
}

/// What DataSQRL found in its own test data (KafkaMonitoringTest).
fn orders() -> Vec<ClassicColumn> {
    let entries = vec![
        scalar("productid", ClassicType::Integer, true),
        scalar("quantity", ClassicType::Integer, true),
        scalar("unit_price", ClassicType::Float, true),
        scalar("discount", ClassicType::Float, false),
    ];
    vec![
        scalar("id", ClassicType::Integer, true),
        scalar("customerid", ClassicType::Integer, true),
        scalar("time", ClassicType::Datetime, true),
        nested("entries", entries),
    ]
}

#[test]
fn the_orders_schema_is_written_to_the_letter() {
    let text = classic::write_schema_yml("orders", &orders());
    assert_eq!(text, include_str!("data/catalog/orders.schema.yml"));
}

#[test]
fn every_name_is_quoted_and_folded_as_jackson_does() {
    let names: Vec<String> = serde_json::from_str(include_str!("data/catalog/jackson/names.json")).unwrap();
    let column = |name: &String| ClassicColumn {
        name: name.clone(),
        kind: ClassicKind::Scalar { ty: ClassicType::Integer, array_depth: 2 },
        not_null: true,
    };
    let mut columns: Vec<ClassicColumn> = names.iter().map(column).collect();
    columns.push(nested("nest", columns.clone()));
    let text = classic::write_schema_yml("orders", &columns);
    for (i, (ours, theirs)) in text.lines().zip(include_str!("data/catalog/jackson/golden.yml").lines()).enumerate() {
        assert_eq!(ours, theirs, "line {}", i + 1);
    }
    assert_eq!(text, include_str!("data/catalog/jackson/golden.yml"));
    // And what is written so is read as it was.
    let columns: Vec<ClassicColumn> =
        columns.into_iter().filter(|c| matches!(c.kind, ClassicKind::Scalar { .. })).collect();
    let mut unique = columns.clone();
    unique.sort_by(|a, b| a.name.cmp(&b.name));
    unique.dedup_by(|a, b| a.name == b.name);
    let read = classic::read_schema_yml(&classic::write_schema_yml("t", &unique), "t", &env).unwrap();
    let read: Vec<&str> = read.schema.columns.iter().map(|c| c.field.name.as_str()).collect();
    let written: Vec<&str> = unique.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(read, written);
}

#[test]
fn table_json_is_laid_out_as_jackson_does() {
    let names: Vec<String> = serde_json::from_str(include_str!("data/catalog/jackson/names.json")).unwrap();
    let columns = names
        .iter()
        .map(|name| Column {
            field: Field { name: name.clone(), ty: Type::String, nullable: true },
            evidence: Evidence::default(),
            notes: vec![],
        })
        .collect();
    let dialect = Dialect { delimiter: ',', quote: Some('"'), escape: None, comment: None, header: Header::Given };
    let table = Table::new("t", "t", Role::Source, Encoding::Csv(dialect), Schema { columns, timestamps: None });
    let text = classic::write_table_json(&table, "");
    let header = |text: &str| {
        text.lines().find(|line| line.contains("\"header\" : ")).unwrap().trim().trim_end_matches(',').to_owned()
    };
    assert_eq!(header(&text), header(include_str!("data/catalog/jackson/golden.json")));
    assert!(text.contains("\n    \"commentPrefix\" : null,\n"), "{text}");
}

#[test]
fn table_json_is_written_to_the_letter() {
    let mut table = Table::new("Orders1", "example.Orders1.json", Role::Source, Encoding::Json, Schema::default());
    table.servers = "localhost:9092, ${MORE}".into();
    table.properties.insert("sasl.password".into(), "hunter2".into());
    let text = classic::write_table_json(&table, "example.");
    // The topic's capital letters are kept: with small ones it would not be found again.
    assert_eq!(
        text,
        r#"{
  "type" : "source",
  "canonicalizer" : "system",
  "charset" : "UTF-8",
  "format" : {
    "formatType" : "json"
  },
  "name" : "Orders1",
  "identifier" : "Orders1.json",
  "schema" : "flexible",
  "connector" : {
    "servers" : [ "localhost:9092", "${MORE}" ],
    "topicPrefix" : "example.",
    "systemType" : "kafka",
    "sasl.password" : "${KAFKA_SASL_PASSWORD}"
  }
}"#
    );
}

fn read(text: &str) -> topica::catalog::Configured {
    classic::read_schema_yml(text, "orders.schema.yml", &env).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn shown(schema: &Schema) -> Vec<String> {
    schema.columns.iter().map(|c| c.field.to_string()).collect()
}

#[test]
fn the_documentations_schema_is_read() {
    let configured = read(include_str!("data/catalog/orders.schema.yml"));
    assert_eq!(configured.name.as_deref(), Some("orders"));
    assert!(!configured.partial);
    assert_eq!(configured.schema.timestamps, Some(TimestampStandard::Iso8601));
    assert_eq!(
        shown(&configured.schema),
        [
            "`id` BIGINT NOT NULL",
            "`customerid` BIGINT NOT NULL",
            "`time` TIMESTAMP_LTZ(3) NOT NULL",
            "`entries` ARRAY<ROW<`productid` BIGINT NOT NULL, `quantity` BIGINT NOT NULL, `unit_price` DOUBLE NOT NULL, `discount` DOUBLE>> NOT NULL",
        ]
    );
}

#[test]
fn all_of_the_syntax_is_read() {
    let configured = read(include_str!("data/catalog/everything.schema.yml"));
    assert!(configured.partial, "true when absent");
    assert_eq!(
        shown(&configured.schema),
        [
            "`id` BIGINT NOT NULL",
            "`price` DOUBLE",
            "`old` TIMESTAMP_LTZ(3)",
            "`new` TIMESTAMP_LTZ(3)",
            "`flag` BOOLEAN",
            "`uuid` STRING",
            "`wait` BIGINT",
            "`tags` ARRAY<STRING>",
            "`matrix` ARRAY<ARRAY<BIGINT>>",
            "`time` STRING",
            "`listed` STRING",
            "`one` ROW<`x` BIGINT>",
            "`misspelt` ROW<`x` BIGINT>",
            "`inside` ROW<`x` BIGINT>",
            "`many` ARRAY<ROW<`x` BIGINT>> NOT NULL",
        ]
    );
    let notes: Vec<&String> = configured.schema.columns.iter().flat_map(|c| &c.notes).collect();
    assert!(notes.iter().any(|note| note.contains("epoch (INTEGER), timestamp (DATETIME)")), "{notes:?}");
}

#[test]
fn a_wrong_schema_is_an_error_with_its_place() {
    for (text, expected) in [
        ("name: x\n", "s.schema.yml:1:1: the schema has no `columns`"),
        ("name: x\ncolumns: []\n", "s.schema.yml:2:10: `columns` is empty"),
        ("name: x\nschema_version: 2\ncolumns:\n- name: a\n  type: STRING\n", "only version \"1\""),
        ("name: x\ncolumns:\n- type: STRING\n", "s.schema.yml:3:3: a column has no `name`"),
        ("name: x\ncolumns:\n- name: a\n", "column `a` has no type"),
        ("name: x\ncolumns:\n- name: a\n  type: INT\n", "s.schema.yml:4:9: the type `INT` of column `a` is not known"),
        ("name: x\ncolumns:\n- name: a\n  type: [STRING]\n", "`type` is a list"),
        ("name: x\ncolumns:\n- name: a\n  typ: STRING\n", "did you mean `type`?"),
        ("name: x\ncolumn:\n- name: a\n", "the schema has no `columns`"),
        ("name: x\ncolumns:\n- name: a\n  type: STRING\n- name: a\n  type: STRING\n", "two columns `a`"),
        ("version: 1\ndatasets:\n- name: x\n", "several data sets"),
        ("columns:\n- name: a\n  mixed: {}\n", "no variants"),
    ] {
        let error = classic::read_schema_yml(text, "s.schema.yml", &env).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}\n{error}");
        assert!(error.lines().count() <= 3, "{error}");
    }
}

#[test]
fn an_avro_schema_is_read() {
    let configured = classic::read_avsc(include_str!("data/catalog/order.avsc"), "order.avsc").unwrap();
    assert_eq!(configured.name.as_deref(), Some("Order"));
    assert_eq!(
        shown(&configured.schema),
        [
            "`id` BIGINT NOT NULL",
            "`count` BIGINT",
            "`price` DECIMAL(10, 2) NOT NULL",
            "`hash` BYTES NOT NULL",
            "`state` STRING NOT NULL",
            "`again` STRING",
            "`day` DATE NOT NULL",
            "`at` TIMESTAMP_LTZ(3)",
            "`clock` TIMESTAMP(3) NOT NULL",
            "`ref` STRING NOT NULL",
            "`tags` ARRAY<STRING> NOT NULL",
            "`attributes` MAP<STRING, DOUBLE> NOT NULL",
            "`ship_to` ROW<`street` STRING NOT NULL, `zip` STRING> NOT NULL",
            "`bill_to` ROW<`street` STRING NOT NULL, `zip` STRING>",
            "`odd` BIGINT NOT NULL",
        ]
    );
}

#[test]
fn an_avro_schema_that_is_no_table_is_an_error_naming_the_field() {
    let record = |ty: &str| {
        format!("{{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n{{\"name\": \"f\", \"type\": {ty}}}]}}")
    };
    for (text, expected) in [
        (record("[\"null\", \"int\", \"string\"]"), "s.avsc:2:23: f: a union of several types"),
        (record("\"R\""), "f: the type `R` contains itself"),
        (record("\"Nowhere\""), "f: the type `Nowhere` is not known"),
        (record("{\"type\": \"int\", \"logicalType\": \"time-millis\"}"), "f: a time of day"),
        (
            record("{\"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 50}"),
            "f: a decimal that SQL cannot have",
        ),
        (record("{\"type\": \"array\"}"), "f: an array without `items`"),
        (
            record("{\"type\": \"record\", \"name\": \"S\", \"fields\": [{\"name\": \"g\", \"type\": 1}]}"),
            "f.g: a number is no type",
        ),
        ("\"string\"".into(), "the schema is no record"),
        ("{\"type\": \"record\", \"name\": \"R\"}".into(), "a record without a list of `fields`"),
    ] {
        let error = classic::read_avsc(&text, "s.avsc").unwrap_err().to_string();
        assert!(error.contains(expected), "{text}\n{error}");
    }
}

#[test]
fn a_bomb_of_avro_names_is_refused() {
    let mut fields = String::new();
    for i in 0..60 {
        let inner = if i == 0 { "\"int\"".to_owned() } else { format!("\"R{}\"", i - 1) };
        let members: Vec<String> = (0..10).map(|f| format!("{{\"name\": \"f{f}\", \"type\": {inner}}}")).collect();
        let comma = if i == 0 { "" } else { "," };
        fields.push_str(&format!(
            "{comma}{{\"name\": \"a{i}\", \"type\": {{\"type\": \"record\", \"name\": \"R{i}\", \"fields\": [{}]}}}}",
            members.join(",")
        ));
    }
    let error =
        classic::read_avsc(&format!("{{\"type\": \"record\", \"name\": \"B\", \"fields\": [{fields}]}}"), "b.avsc")
            .unwrap_err();
    assert!(error.to_string().contains("too many types"), "{error}");
}

#[test]
fn whatever_depth_a_sample_has_its_schema_reads_back() {
    for depth in [1, 16, 17, 31, 32, 60, 64, 65, 300] {
        for payload in [
            format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)),
            format!("{}1{}", "{\"a\":[".repeat(depth), "]}".repeat(depth)),
            format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth)),
        ] {
            let mut profile = Profile::new();
            profile.observe_json(0, payload.as_bytes(), 1000).unwrap();
            let options = ClassicOptions::new(topica::schema::Encoding::Json).not_null_from_sample(true);
            let columns = topica::schema::classic::resolve(&profile, &options);
            let read = read(&classic::write_schema_yml("orders", &columns));
            assert_eq!(read.schema.columns.len(), 1, "{payload}");
        }
    }
}

#[test]
fn a_columns_name_is_the_key_in_the_data_to_the_letter() {
    let written = classic::write_schema_yml("orders", &[scalar("${NO_SUCH}", ClassicType::Integer, false)]);
    assert_eq!(read(&written).schema.columns[0].field.name, "${NO_SUCH}");
}
