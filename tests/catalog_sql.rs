//! `.table.sql`: what is written, that it reads back as it was, and that what people write is read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use topica::catalog::{Clauses, Derived, Encoding, Origin, Role, Table, Watermark, sql};
use topica::format::csv::{Dialect, Header};
use topica::schema::{Column, Evidence, Field, Schema, TimestampStandard, Type};

fn column(name: &str, ty: Type) -> Column {
    Column { field: Field { name: name.into(), ty, nullable: true }, evidence: Evidence::default(), notes: vec![] }
}

fn schema(columns: Vec<Column>) -> Schema {
    Schema { columns, timestamps: None }
}

fn orders() -> Table {
    let field = |name: &str, ty| Field { name: name.into(), ty, nullable: true };
    let entries = Type::Row(vec![
        field("productid", Type::BigInt),
        field("quantity", Type::BigInt),
        field("unit_price", Type::Double),
        field("discount", Type::Double),
    ]);
    let columns = vec![
        column("id", Type::BigInt),
        column("customerid", Type::BigInt),
        column("time", Type::TimestampLtz),
        column("entries", Type::Array(Box::new(entries))),
    ];
    Table {
        servers: "localhost:9092,${MORE}".into(),
        ..Table::new(
            "orders",
            "shop.Orders.json",
            Role::Source,
            Encoding::Json,
            Schema { columns, timestamps: Some(TimestampStandard::Iso8601) },
        )
    }
}

fn read_one(text: &str) -> Table {
    let mut tables = sql::read(text, "t.table.sql").unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(tables.len(), 1, "{text}");
    tables.remove(0)
}

#[test]
fn the_orders_topic_is_written_to_the_letter() {
    let text = sql::write(&orders());
    assert_eq!(text, include_str!("data/catalog/orders.table.sql"));
    assert!(sql::is_generated(&text));
    assert_eq!(read_one(&text), orders());
}

#[test]
fn a_sink_has_no_event_time() {
    let text = sql::write(&Table { role: Role::Sink, ..orders() });
    assert!(!text.contains("_source_time") && !text.contains("WATERMARK"), "{text}");
    assert!(text.contains("-- topica: role: sink\n"), "{text}");
    let both = sql::write(&Table { role: Role::SourceAndSink, ..orders() });
    assert!(both.contains("`_source_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,"), "{both}");
}

#[test]
fn a_reserved_name_stays_with_the_data() {
    let mut table = orders();
    table.schema.columns.push(column("_Source_Time", Type::String));
    table.schema.columns.push(column("_uuid", Type::String));
    let text = sql::write(&table);
    assert!(text.contains("  `_Source_Time` STRING,\n"), "{text}");
    assert!(text.contains("  `_source_time_1` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,\n"), "{text}");
    assert!(
        text.contains("  WATERMARK FOR `_source_time_1` AS `_source_time_1` - INTERVAL '0.001' SECOND\n"),
        "{text}"
    );
    assert_eq!(read_one(&text), table);
    let warnings = sql::warnings(&table);
    assert!(warnings[0].contains("_Source_Time") && warnings[0].contains("_source_time_1"), "{warnings:?}");
    assert!(warnings[1].contains("_uuid"), "{warnings:?}");
}

#[test]
fn a_remark_cannot_break_out_of_its_line() {
    let mut table = orders();
    table.remarks = vec!["a\nDROP TABLE x;\r\n\u{2028}b\u{85}c -- d".into(), " \n ".into()];
    let text = sql::write(&table);
    let notes: Vec<&str> = text.lines().filter(|line| line.starts_with("-- topica: note:")).collect();
    assert_eq!(notes, ["-- topica: note: a DROP TABLE x,   b c -- d"]);
    assert_eq!(text.matches(';').count(), 1, "{text}");
    assert_eq!(read_one(&text).remarks, ["a DROP TABLE x,   b c -- d"]);
}

#[test]
fn a_secret_is_not_written() {
    let mut table = orders();
    table.properties = BTreeMap::from([
        ("sasl.password".into(), "hunter2".into()),
        ("sasl.username".into(), "bob".into()),
        ("ssl.key.password".into(), "${KEY}".into()),
    ]);
    let text = sql::write(&table);
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("'properties.sasl.password' = '${KAFKA_SASL_PASSWORD}'"), "{text}");
    assert!(text.contains("'properties.ssl.key.password' = '${KEY}'"), "{text}");
    assert!(text.contains("-- topica: note: sasl.password is a secret"), "{text}");
    assert!(!format!("{table:?}").contains("hunter2"));
}

#[test]
fn what_sql_cannot_name_is_left_out_of_json_and_renamed_in_csv() {
    let mut table = orders();
    let inner = Type::Row(vec![Field { name: "a\nb".into(), ty: Type::BigInt, nullable: true }]);
    table.schema = schema(vec![
        column("ok", Type::BigInt),
        column("", Type::BigInt),
        column("x", inner),
        column("l\nf", Type::Double),
    ]);
    let text = sql::write(&table);
    assert_eq!(read_one(&text).schema.columns.len(), 1, "{text}");
    assert_eq!(text.matches("is left out").count(), 3, "{text}");
    let plain = Dialect { delimiter: ',', quote: Some('"'), escape: None, comment: None, header: Header::Given };
    table.encoding = Encoding::Csv(plain);
    table.schema = schema(vec![column("c2", Type::BigInt), column("", Type::BigInt), column("l\nf", Type::Double)]);
    let names: Vec<String> = read_one(&sql::write(&table)).schema.columns.into_iter().map(|c| c.field.name).collect();
    assert_eq!(names, ["c2", "c2_2", "c3"]);
}

#[test]
fn what_people_write_is_read() {
    let text = include_str!("data/catalog/by_hand.table.sql");
    assert!(!sql::is_generated(text));
    let tables = sql::read(text, "by_hand.table.sql").unwrap();
    assert_eq!(tables.len(), 2);
    let table = &tables[0];
    assert_eq!((table.name.as_str(), table.topic.as_str(), table.role), ("Order's", "it's", Role::SourceAndSink));
    assert_eq!(table.servers, "${KAFKA_BOOTSTRAP_SERVERS}");
    assert_eq!(table.properties["group.id"], "${KAFKA_GROUP_ID}");
    let columns: Vec<(String, String)> =
        table.schema.columns.iter().map(|c| (c.field.name.clone(), c.field.to_string())).collect();
    let shown: Vec<&str> = columns.iter().map(|(_, field)| field.as_str()).collect();
    assert_eq!(
        shown,
        [
            "`id` BIGINT NOT NULL",
            "`small` BIGINT",
            "`name` STRING",
            "`amount` DECIMAL(10, 2)",
            "`naive` TIMESTAMP(3)",
            "`instant` TIMESTAMP_LTZ(3) NOT NULL",
            "`tags` ARRAY<STRING>",
            "`entries` ARRAY<ROW<`a` BIGINT NOT NULL, `b` MAP<STRING, DOUBLE>>>",
            "`clock` STRING",
            "`what` STRING",
            "`select` BOOLEAN",
        ]
    );
    let clauses = table.clauses.as_ref().unwrap();
    assert_eq!(clauses.declared["small"], "SMALLINT");
    assert_eq!(clauses.declared["clock"], "TIME(0)");
    assert_eq!(clauses.declared["what"], "RAW('java.lang.Object', 'x;y')");
    assert!(!clauses.declared.contains_key("amount") && !clauses.declared.contains_key("instant"));
    assert_eq!(clauses.primary_key, ["id"]);
    assert_eq!(clauses.options["scan.startup.mode"], "latest-offset");
    assert_eq!(clauses.options["format"], "flexible-json");
    assert_eq!(table.schema.timestamps, Some(TimestampStandard::Iso8601));
    assert_eq!(
        clauses.derived,
        [
            Derived {
                name: "et".into(),
                from: Origin::Expression("TO_TIMESTAMP_LTZ(`id`, 3) /* ), */ + f(',', ')')".into()),
                comment: Some("event time".into())
            },
            Derived {
                name: "offset".into(),
                from: Origin::Metadata { ty: "BIGINT NOT NULL".into(), key: None, only_read: true },
                comment: None
            },
            Derived {
                name: "ts".into(),
                from: Origin::Metadata {
                    ty: "TIMESTAMP_LTZ(3)".into(),
                    key: Some("timestamp".into()),
                    only_read: false
                },
                comment: None
            },
        ]
    );
    assert_eq!(clauses.watermark.as_ref().unwrap().expression, "et - INTERVAL '5' SECOND");
    // And once more from what we make of it.
    assert_eq!(&read_one(&sql::write(table)), table);

    let csv = &tables[1];
    assert_eq!(
        csv.encoding,
        Encoding::Csv(Dialect {
            delimiter: '\t',
            quote: None,
            escape: Some('\\'),
            comment: Some("#".into()),
            header: Header::Given
        })
    );
    assert!(csv.skip_misfits);
    assert_eq!(&read_one(&sql::write(csv)), csv);
}

#[test]
fn an_error_names_line_and_column_and_what_was_expected() {
    for (text, at, what) in [
        ("SELECT 1;", "1:1", "CREATE"),
        ("CREATE TABLE t (\n  id\n)", "3:1", "a type"),
        ("CREATE TABLE t (id BIGINT", "1:26", ", or )"),
        ("CREATE TABLE t (id BIGINT) WITH ('a' 'b')", "1:38", "="),
        ("CREATE TABLE t (id DECIMAL(50))", "1:27", "precision"),
        ("CREATE TABLE t (`id BIGINT)", "1:17", "quoted"),
        ("CREATE TABLE t (\n id BIGINT,\n id STRING) WITH ('connector' = 'kafka')", "3:2", "two columns `id`"),
        ("/* CREATE", "1:3", "*/"),
        ("CREATE TABLE t (id BIGINT) WITH ('connector' = 'filesystem')", "1:34", "not Kafka"),
        ("CREATE TABLE t (id BIGINT) WITH ('connector' = 'kafka')", "1:14", "no option 'topic'"),
        (
            "CREATE TABLE t (id BIGINT) WITH ('connector'='kafka','topic'='t','properties.bootstrap.servers'='h','format'='avro')",
            "1:101",
            "'avro' is not supported",
        ),
        (&format!("CREATE TABLE t (id {}", "ARRAY<".repeat(100_000)), "1:626", "nests"),
    ] {
        let error = sql::read(text, "f.sql").unwrap_err().to_string();
        assert!(error.starts_with(&format!("f.sql:{at}: ")), "{}: {error}", &text[..text.len().min(80)]);
        assert!(error.contains(what), "{error}");
        assert!(error.lines().count() <= 3, "{error}");
    }
}

// Names, notes and properties that somebody hostile has chosen.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,8}",
        "[ -~]{1,12}",
        "[`';\\\\ ,()\\-/*\"${}=]{1,8}",
        any::<String>().prop_map(|s| s.chars().take(12).collect()),
        Just("x') WITH ('connector' = 'evil".to_owned()),
        Just("`; DROP TABLE y; --".to_owned()),
        Just("_source_time".to_owned()),
    ]
}

fn name() -> impl Strategy<Value = String> {
    hostile().prop_map(|s| s.replace(['\n', '\r', '\0'], "_")).prop_filter("blank", |s| !s.trim().is_empty())
}

fn ty() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        Just(Type::Boolean),
        Just(Type::BigInt),
        (1_u8..=38)
            .prop_flat_map(|precision| (0..=precision).prop_map(move |scale| Type::Decimal { precision, scale })),
        Just(Type::Double),
        Just(Type::String),
        Just(Type::Bytes),
        Just(Type::Date),
        Just(Type::Timestamp),
        Just(Type::TimestampLtz),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| Type::Array(Box::new(ty))),
            inner.clone().prop_map(|ty| Type::Map(Box::new(ty))),
            proptest::collection::btree_map(name(), (inner, any::<bool>()), 0..4).prop_map(|fields| {
                Type::Row(fields.into_iter().map(|(name, (ty, nullable))| Field { name, ty, nullable }).collect())
            }),
        ]
    })
}

fn has_timestamp(ty: &Type) -> bool {
    match ty {
        Type::Timestamp | Type::TimestampLtz => true,
        Type::Array(item) | Type::Map(item) => has_timestamp(item),
        Type::Row(fields) => fields.iter().any(|field| has_timestamp(&field.ty)),
        _ => false,
    }
}

fn tables() -> impl Strategy<Value = Table> {
    let columns =
        proptest::collection::btree_map(name(), (ty(), any::<bool>(), proptest::option::of("[ -~]{0,9}[a-z]")), 1..5);
    let special =
        prop_oneof![Just(','), Just('\t'), Just(';'), Just('|'), Just('\\'), Just('\''), Just('\u{1}'), Just('é')];
    let dialect = (
        special,
        proptest::option::of(prop_oneof![Just('"'), Just('\'')]),
        proptest::option::of(Just('\\')),
        proptest::option::of(hostile()),
        0_usize..3,
    )
        .prop_map(|(delimiter, quote, escape, comment, header)| {
            let header = [Header::Given, Header::InStream, Header::None][header];
            Encoding::Csv(Dialect { delimiter, quote, escape, comment: comment.filter(|c| !c.is_empty()), header })
        });
    let encoding = prop_oneof![Just(Encoding::Json), dialect];
    let properties = proptest::collection::btree_map("[a-z]{1,5}\\.x[ -~]{0,5}", hostile(), 0..3);
    let roles = prop_oneof![Just(Role::Source), Just(Role::Sink), Just(Role::SourceAndSink)];
    (
        name(),
        "[a-zA-Z0-9._-]{1,20}",
        roles,
        (columns, any::<bool>()),
        encoding,
        properties,
        any::<bool>(),
        "[ -:<-~]{0,9}[a-z]",
        "[a-z0-9:,${}A-Z_]{1,20}",
    )
        .prop_map(|(name, topic, role, (columns, iso), encoding, properties, skip_misfits, remark, servers)| {
            let columns: Vec<Column> = columns
                .into_iter()
                .map(|(name, (ty, nullable, note))| Column {
                    field: Field { name, ty, nullable },
                    evidence: Evidence::default(),
                    notes: note.map(|n| n.replace([';', '|'], ",").trim().to_owned()).into_iter().collect(),
                })
                .collect();
            let standard =
                if iso && encoding == Encoding::Json { TimestampStandard::Iso8601 } else { TimestampStandard::Sql };
            let timestamps = columns.iter().any(|c| has_timestamp(&c.field.ty)).then_some(standard);
            let properties =
                properties.into_iter().filter(|(key, _)| !topica::catalog::secret::is_secret(key)).collect();
            Table {
                name,
                topic,
                role,
                servers,
                properties,
                schema: Schema { columns, timestamps },
                skip_misfits,
                empty_is_null: skip_misfits != iso && matches!(encoding, Encoding::Csv(_)),
                remarks: vec![remark.trim().to_owned()],
                encoding,
                clauses: None,
            }
        })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_as_it_was(table in tables()) {
        let text = sql::write(&table);
        let back = sql::read(&text, "t").map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(back, vec![table], "{}", text);
    }

    #[test]
    fn no_remark_breaks_out(remark in any::<String>(), note in any::<String>()) {
        let mut table = orders();
        table.remarks = vec![remark];
        table.schema.columns[0].notes = vec![note];
        let text = sql::write(&table);
        let back = read_one(&text);
        prop_assert_eq!(back.schema.columns.len(), 4);
        prop_assert!(back.remarks.len() <= 1);
        prop_assert!(text.lines().take_while(|line| !line.starts_with("CREATE")).all(|line| line.starts_with("-- topica: ")));
    }

    #[test]
    fn clauses_read_back_too(names in proptest::collection::btree_set(name(), 3), comment in hostile(), option in hostile()) {
        let names: Vec<String> = names.into_iter().collect();
        let mut table = orders();
        table.clauses = Some(Box::new(Clauses {
            derived: vec![Derived { name: names[0].clone(), from: Origin::Expression("PROCTIME()".into()), comment: Some(comment.clone()) }],
            watermark: Some(Watermark { column: "time".into(), expression: "`time`".into() }),
            primary_key: vec!["id".into(), names[1].clone()],
            declared: BTreeMap::from([("id".into(), "INT".into())]),
            options: BTreeMap::from([("sink.parallelism".into(), option), ("connector".into(), "upsert-kafka".into())]),
            like: Some("other".into()),
            comment: Some(comment),
        }));
        let text = sql::write(&table);
        prop_assume!(!["id", "customerid", "time", "entries"].contains(&names[0].as_str()));
        // By default a definition that is not all ours may go either way.
        prop_assert_eq!(read_one(&text), table, "{}", text);
    }

    #[test]
    fn nothing_makes_the_reader_panic(text in any::<String>(), cut in 0_usize..900) {
        let _ = sql::read(&text, "f");
        let whole = sql::write(&orders());
        let _ = sql::read(whole.get(..cut.min(whole.len())).unwrap_or(""), "f");
    }
}

#[test]
fn a_type_that_nests_without_end_is_an_error() {
    for ty in [format!("INT{}", " ARRAY".repeat(100_000)), format!("{}INT", "ARRAY<".repeat(100_000))] {
        let text = format!("CREATE TABLE t (a {ty}) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');");
        assert!(sql::read(&text, "t.table.sql").unwrap_err().to_string().contains("nests less deeply"));
    }
}
