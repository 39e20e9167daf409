//! The values and names that break things: each written as it came, discovered, and read by real Flink without a digit lost.
use crate::discovered::Discovered;
use protocol_tests::{Flink, Kafka, Record, Table, compare};
use std::fmt::Write as _;

/// Writes these payloads to a topic, discovers it, and has Flink read back every value.
fn survives<V: AsRef<[u8]>>(name: &str, payloads: impl IntoIterator<Item = V>) -> Option<(Discovered, Table)> {
    let kafka = Kafka::shared()?;
    let flink = Flink::shared()?;
    let prefix = kafka.topic(&format!("{name}."));
    let written = kafka.write(&format!("{prefix}t"), payloads);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    let table = found.flink_reads_json(flink, "t", &written);
    Some((found, table))
}

/// One record a value, each an object with the members of `columns` whose values are given: `"a": [1, 2]` is `{"a":1}` and `{"a":2}`, joined by position.
fn columns(columns: &[(&str, &[&str])]) -> Vec<String> {
    let rows = columns.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let row = |at: usize| {
        let mut text = format!("{{\"row\":{at}");
        for (name, values) in columns {
            if let Some(value) = values.get(at) {
                let _ = write!(text, ",{}:{value}", serde_json::to_string(name).unwrap());
            }
        }
        text + "}"
    };
    (0..rows).map(row).collect()
}

#[test]
fn every_shape() {
    let payloads = [
        r#"{"id":1,"name":"plain","flag":true,"n":0,"price":1.5,"day":"2024-02-29","at":"2024-02-29T23:59:59Z","nested":{"a":1,"b":{"c":"x"}},"list":[1,2],"objects":[{"x":1},{"y":"s"}],"empty":"","nul":null,"none":[],"object":{}}"#,
        r#"{"id":2,"name":null,"flag":null,"n":-1,"price":2,"day":null,"at":"2024-02-29T23:59:59.123Z","nested":null,"list":[],"objects":[],"empty":"","nul":null,"none":[],"object":{}}"#,
        r#"{"id":3}"#,
        r#"{"id":4,"name":"","nested":{"a":null,"b":null},"list":[null,3],"objects":[null,{}],"matrix":[[1,2],[],[3]]}"#,
        r#"{"id":5,"nested":{},"matrix":[],"deep":{"a":{"b":{"c":{"d":[{"e":[1.5,null]}]}}}}}"#,
    ];
    let Some((_, table)) = survives("shapes", payloads) else { return };
    assert_eq!(
        ["id", "name", "flag", "price", "day", "at", "list", "objects", "nested"].map(|c| table.root(c)),
        ["BIGINT", "VARCHAR", "BOOLEAN", "DOUBLE", "DATE", "TIMESTAMP_WITH_LOCAL_TIME_ZONE", "ARRAY", "ARRAY", "ROW"]
    );
}

#[test]
fn numbers_at_the_edges() {
    let payloads = columns(&[
        ("max", &["9223372036854775807", "-9223372036854775808", "0"]),
        ("beyond", &["9223372036854775808", "-9223372036854775809", "1"]),
        ("u64", &["18446744073709551615", "0"]),
        ("digits38", &["99999999999999999999999999999999999999", "-1"]),
        ("digits39", &["100000000000000000000000000000000000000", "1"]),
        ("huge", &["1e400", "1"]),
        ("tiny", &["1e-400", "1"]),
        ("minus_zero", &["-0.0", "1.5", "0.0"]),
        ("minus_zero_int", &["-0", "5"]),
        ("tenth", &["0.1", "0.2", "0.30000000000000004"]),
        ("extremes", &["1.7976931348623157e308", "5e-324", "2.2250738585072014E-308"]),
        ("exact", &["12345678901234567.89", "0.01", "1.10"]),
        ("long_fraction", &["0.1234567890123456789012345678901234567890", "1.5"]),
        ("exponent", &["1E5", "2e0", "1.0e2"]),
        ("int_and_fraction", &["1", "1.75", "3000000000"]),
        ("int53", &["9007199254740993", "0.5"]),
        ("int_as_fraction", &["1.0", "2.0", "3.0"]),
        ("big_and_fraction", &["9223372036854775808", "0.25"]),
    ]);
    let Some((_, table)) = survives("edges", payloads) else { return };
    assert_eq!(
        ["max", "beyond", "u64", "tenth", "extremes"].map(|c| table.root(c)),
        ["BIGINT", "DECIMAL", "DECIMAL", "DOUBLE", "DOUBLE"]
    );
}

#[test]
fn conflicting_types() {
    let payloads = columns(&[
        ("number_string", &["1", "\"one\"", "1.5"]),
        ("number_object", &["1", "{\"a\":[1,2.50]}", "null"]),
        ("string_object", &["\"s\"", "{\"a\":\"b\"}"]),
        ("array_object", &["[1,2]", "{\"a\":1}"]),
        ("array_scalar", &["[1,2]", "3"]),
        ("bool_number", &["true", "1"]),
        ("bool_string", &["true", "\"yes\"", "\"false\""]),
        ("all", &["1", "\"x\"", "{\"b\":[1,2]}", "true", "[null]", "null"]),
        ("in_array", &["[1,\"x\",{\"y\":1},null,[2]]", "[]"]),
        ("in_row", &["{\"v\":1,\"w\":1}", "{\"v\":\"1\",\"w\":{}}"]),
        ("number_in_string", &["\"42\"", "\"43\""]),
        ("number_and_its_string", &["42", "\"42\""]),
        ("depths", &["[[1]]", "[1]", "1"]),
        ("object_null_array", &["{}", "null", "[]"]),
        ("big_and_string", &["18446744073709551615", "\"x\""]),
        ("huge_and_object", &["1e400", "{\"n\":123456789012345678901234567890}"]),
    ]);
    survives("conflicts", payloads);
}

#[test]
fn moments() {
    let payloads = columns(&[
        ("z", &["\"2024-02-29T23:59:59Z\"", "\"1970-01-01T00:00:00Z\""]),
        ("z_millis", &["\"2024-02-29T23:59:59.001Z\"", "\"1969-12-31T23:59:59.999Z\""]),
        ("z_micros", &["\"2024-02-29T23:59:59.123456Z\"", "\"2024-02-29T23:59:59Z\""]),
        ("z_nanos", &["\"2024-02-29T23:59:59.123456789Z\""]),
        ("naive", &["\"2024-02-29T23:59:59\"", "\"2024-02-29T23:59:59.5\""]),
        ("naive_and_z", &["\"2024-02-29T23:59:59\"", "\"2024-02-29T23:59:59Z\""]),
        ("sql", &["\"2024-02-29 23:59:59\"", "\"2024-02-29 23:59:59.123\""]),
        ("sql_and_z", &["\"2024-02-29 23:59:59\"", "\"2024-02-29T23:59:59Z\""]),
        ("offset", &["\"2024-02-29T23:59:59+02:00\"", "\"2024-02-29T23:59:59Z\""]),
        ("no_seconds", &["\"2024-02-29T23:59Z\"", "\"2024-02-29T23:59:59Z\""]),
        ("lower", &["\"2024-02-29t23:59:59z\""]),
        ("no_such_day", &["\"2023-02-29T00:00:00Z\"", "\"2024-02-29T00:00:00Z\""]),
        ("leap", &["\"2016-12-31T23:59:60Z\"", "\"2016-12-31T23:59:59Z\""]),
        ("midnight24", &["\"2024-02-29T24:00:00Z\""]),
        ("early", &["\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.999Z\""]),
        ("beyond", &["\"10000-01-01T00:00:00Z\""]),
        ("date", &["\"2024-02-29\"", "\"0001-01-01\"", "\"9999-12-31\""]),
        ("date_and_z", &["\"2024-02-29\"", "\"2024-02-29T00:00:00Z\""]),
        ("bad_date", &["\"2023-02-29\"", "\"2024-13-01\""]),
        ("basic", &["\"20240229T235959Z\""]),
        ("time_only", &["\"23:59:59\""]),
        ("epoch", &["1709251199", "1709251199000"]),
    ]);
    let Some((_, table)) = survives("moments", payloads) else { return };
    assert_eq!(["z", "date"].map(|c| table.root(c)), ["TIMESTAMP_WITH_LOCAL_TIME_ZONE", "DATE"]);
}

#[test]
fn moments_of_one_form_are_moments() {
    let naive = columns(&[("at", &["\"2024-02-29T23:59:59\"", "\"2024-02-29T23:59:59.5\""])]);
    let Some((_, table)) = survives("naive", naive) else { return };
    assert_eq!(table.root("at"), "TIMESTAMP_WITHOUT_TIME_ZONE");
    let sql = columns(&[("at", &["\"2024-02-29 23:59:59\"", "\"2024-02-29 23:59:59.123\""])]);
    let Some((_, table)) = survives("sql-moments", sql) else { return };
    assert_eq!(table.root("at"), "TIMESTAMP_WITHOUT_TIME_ZONE");
}

#[test]
fn text_of_every_kind() {
    survives(
        "strings",
        columns(&[
            ("unicode", &["\"Grüße ☃ 😀 日本語\"", r#""\u00e9\ud83d\ude00""#, "\"\u{202e}rtl\u{200d}\""]),
            ("escapes", &[r#""a\"b\\c\/d\b\f\n\r\t""#, r#""\u0000\u001f""#, "\"\""]),
            ("quotes", &["\"it's\"", "\"`tick`\"", "\"-- no comment\"", "\"'; DROP TABLE t; --\""]),
            ("json_in_text", &[r#""{\"a\":1}""#, "\"[1,2]\"", "\"null\"", "\"true\""]),
            ("spaces", &["\" \"", "\" 1\"", "\"1 \"", "\"\\u00a0\""]),
            ("uuid", &["\"123e4567-e89b-12d3-a456-426614174000\"", "\"123E4567-E89B-12D3-A456-426614174000\""]),
            ("placeholder", &["\"${HOME}\"", "\"$1\""]),
        ]),
    );
}

#[test]
fn names_that_need_quoting() {
    let names = [
        "a.b",
        "a b",
        "back`tick",
        "``",
        "select",
        "FROM",
        "Id",
        "id",
        "ID",
        "日本",
        "it's",
        "\"quoted\"",
        "semi;colon",
        "-- comment",
        "/* comment */",
        "emoji 😀",
        "1st",
        "_",
        "-",
        "#",
        "a\tb",
        "%s",
        "ümlaut",
        "back\\slash",
        "timestamp",
        "value",
        "key",
        "offset",
        "partition",
        "headers",
        "topic",
        "_key",
        "raw",
        "$",
        " leading",
        "trailing ",
        "with,comma",
        "with(parens)",
        "with<angle>",
    ];
    let mut payload = String::from("{\"row\":1");
    for (at, name) in names.iter().enumerate() {
        let _ = write!(payload, ",{}:{at}", serde_json::to_string(name).unwrap());
    }
    let nested = names
        .iter()
        .enumerate()
        .map(|(at, name)| format!("{}:\"{at}\"", serde_json::to_string(name).unwrap()))
        .collect::<Vec<_>>()
        .join(",");
    payload += &format!(",\"nested\":{{{nested}}}}}");
    let Some((_, table)) = survives("names", [payload]) else { return };
    assert_eq!(table.columns.iter().filter(|c| c.stored).count(), names.len() + 2);
}

/// Flink has no identifier that is empty or holds a line break: such a member cannot be a column, and must not cost the table.
#[test]
fn names_that_no_column_can_have() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("no-names.");
    kafka.write(
        &format!("{prefix}t"),
        [r#"{"id":1,"":2,"new\nline":3,"a;\nb":4,"nested":{"":5,"x":6}}"#, r#"{"id":2}"#],
    );
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    assert!(!found.table("t")["warnings"].as_array().unwrap().is_empty(), "what is left out is said");
    let table = flink.read_one(&found.path("t"));
    assert_eq!(table.cells("id"), ["1", "2"]);
}

#[test]
fn a_member_named_twice_costs_no_other_record() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("twice.");
    let topic = format!("{prefix}t");
    kafka.write(&topic, [r#"{"a":1,"a":2}"#]);
    let written = kafka.produce((0..99).map(|i| Record::new(&topic, format!(r#"{{"a":{i},"b":"x"}}"#))).collect());
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    assert!(!found.table("t")["warnings"].as_array().unwrap().is_empty(), "that a member stood twice is said");
    let mut table = flink.read_one(&found.path("t"));
    // What Flink makes of that one record is its own affair.
    table.rows.retain(|row| row[1] != "0");
    compare::json_rows(&table, &written);
}

#[test]
fn whitespace_and_a_byte_order_mark() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("white.");
    let written = kafka.write(&format!("{prefix}t"), [" {\n \"a\" : 1 ,\r\n\t\"b\":[ ]}\n", "{\"a\":2}\n"]);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    found.flink_reads_json(flink, "t", &written);
}

#[test]
fn topics_with_names_that_need_care() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("Names_");
    let topics = ["UPPER", "dotted.name.json", "dash-ed", "under_score", "123", "table", "x"];
    let written: Vec<_> =
        topics.iter().map(|name| kafka.write(&format!("{prefix}{name}"), [r#"{"a":1}"#, r#"{"a":2}"#])).collect();
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    for (name, written) in topics.iter().zip(written) {
        let table = name.trim_end_matches(".json");
        assert_eq!(found.table(table)["topic"], format!("{prefix}{name}"));
        found.flink_reads_json(flink, table, &written);
    }
}
