//! Rows into records and back: what a table's encoder writes, its decoder reads as it was; what would not read back is
//! refused, with the column.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::field_reassign_with_default)]

mod embedded;

use embedded::{csv, table};
use proptest::prelude::*;
use topica::catalog::{Encoding, Table};
use topica::format::csv::{Dialect, Header};
use topica::rows::{Decoded, Decoder, Encoder, Misfit};
use topica::schema::Type;

const DECIMAL: Type = Type::Decimal { precision: 38, scale: 9 };

fn encoded(table: &Table, row: &str) -> Result<String, Misfit> {
    let (mut key, mut value) = (Vec::new(), b"before".to_vec());
    let result = Encoder::new(table, &[]).unwrap().encode(row.as_bytes(), &mut key, &mut value);
    let text = String::from_utf8(value).unwrap();
    let appended = text.strip_prefix("before").unwrap();
    match result {
        Ok(keyed) => assert!(!keyed && key.is_empty()),
        Err(_) => assert_eq!(appended, "", "an error leaves nothing behind"),
    }
    result.map(|_| appended.to_owned())
}

fn key_of(table: &Table, key: &[&str], row: &str) -> Result<String, Misfit> {
    let names: Vec<String> = key.iter().map(|name| (*name).to_owned()).collect();
    let (mut key, mut value) = (Vec::new(), Vec::new());
    Encoder::new(table, &names)?.encode(row.as_bytes(), &mut key, &mut value)?;
    Ok(String::from_utf8(key).unwrap())
}

fn decoded(table: &Table, value: &[u8]) -> Result<String, Misfit> {
    let mut out = b"before".to_vec();
    let result = Decoder::new(table).decode(value, &mut out);
    let text = String::from_utf8(out).unwrap();
    let appended = text.strip_prefix("before").unwrap().to_owned();
    match result {
        Ok(Decoded::Row) => Ok(appended),
        Ok(Decoded::HeaderRow) => Ok("header".to_owned()),
        Err(misfit) => {
            assert_eq!(appended, "", "an error leaves nothing behind");
            Err(misfit)
        }
    }
}

fn typed(ty: Type) -> [(&'static str, Type); 2] {
    [("a", ty), ("b", Type::String)]
}

#[test]
fn values_of_every_type_read_back_from_csv_as_they_were() {
    for (ty, value) in [
        (Type::Boolean, "true"),
        (Type::Boolean, "false"),
        (Type::BigInt, "-9223372036854775808"),
        (Type::BigInt, "0"),
        (DECIMAL, "12345678901234567890123456789.123456789"),
        (DECIMAL, "-0.5"),
        (Type::Double, "-123456.0625"),
        (Type::Double, "0.1"),
        (Type::String, r#""""#),
        (Type::String, r#""1.50""#),
        (Type::String, r#""a,b;\"c\"\nd\r\té日本🎉 ""#),
        (Type::String, r#""null""#),
        (Type::Bytes, r#""aGVsbG8=""#),
        (Type::Date, r#""2026-11-24""#),
        (Type::Timestamp, r#""2026-11-24 16:45:00.123""#),
        (Type::TimestampLtz, r#""2026-11-24 16:45:00Z""#),
    ] {
        let table = table(csv(), &typed(ty.clone()));
        let row = format!("{{\"a\":{value},\"b\":\"x\"}}");
        let record = encoded(&table, &row).unwrap_or_else(|misfit| panic!("{ty} {value}: {misfit}"));
        let back = decoded(&table, record.as_bytes()).unwrap();
        let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(same(&back), same(&row), "{ty}");
        if !value.starts_with('"') {
            assert_eq!(back, row, "numbers keep their digits");
        }
    }
}

#[test]
fn values_that_do_not_fit_their_column_are_refused() {
    for (ty, value) in [
        (Type::Boolean, "1"),
        (Type::Boolean, r#""yes""#),
        (Type::BigInt, "9223372036854775808"),
        (Type::BigInt, "1.5"),
        (Type::BigInt, r#""one""#),
        (Type::BigInt, "true"),
        (Type::Decimal { precision: 5, scale: 2 }, "1000"),
        (Type::Decimal { precision: 5, scale: 2 }, "1.234"),
        (Type::Double, "1e400"),
        (Type::Double, r#""NaN""#),
        (Type::Bytes, r#""no base64!""#),
        (Type::Date, r#""yesterday""#),
        (Type::Timestamp, r#""2026-11-24""#),
        (Type::TimestampLtz, r#""2026-11-24 16:45:00""#),
        (Type::BigInt, "[1]"),
        (Type::BigInt, "{}"),
        (Type::String, r#""\ud800""#),
        (Type::String, r#""\udc00\ud800""#),
        (Type::String, r#""\ud83dx\ude00""#),
    ] {
        for encoding in [Encoding::Json, csv()] {
            let table = table(encoding, &typed(ty.clone()));
            let misfit = encoded(&table, &format!("{{\"a\":{value},\"b\":\"x\"}}")).unwrap_err();
            assert!(matches!(&misfit, Misfit::Value { column, .. } if column == "a"), "{ty} {value}: {misfit}");
        }
    }
}

#[test]
fn what_is_nested_does_not_go_into_a_field() {
    for (ty, value) in [
        (Type::Array(Box::new(Type::BigInt)), "[1]"),
        (Type::Map(Box::new(Type::BigInt)), r#"{"x":1}"#),
        (Type::String, r#"{"x":1}"#),
        (Type::String, "[]"),
    ] {
        let misfit = encoded(&table(csv(), &typed(ty)), &format!("{{\"a\":{value}}}")).unwrap_err();
        assert_eq!(misfit.to_string(), "column a: an object or array does not fit a field");
    }
}

#[test]
fn nulls_and_empty_strings_in_csv() {
    let mut table = table(csv(), &[("n", Type::BigInt), ("s", Type::String), ("z", Type::String)]);
    // A table that does not read empty fields as nulls has none for a number.
    assert!(
        matches!(encoded(&table, r#"{"n":null,"s":"x","z":""}"#), Err(Misfit::Value { column, .. }) if column == "n")
    );
    assert_eq!(encoded(&table, r#"{"n":1,"s":"","z":""}"#).unwrap(), "1,,");
    // Nor has it one for a text, nor, where they are nulls, an empty text.
    for row in [r#"{"n":1,"s":null,"z":""}"#, r#"{"n":1,"z":""}"#] {
        let misfit = encoded(&table, row).unwrap_err();
        assert_eq!(misfit.to_string(), "column s: null reads back as an empty text in this table");
    }
    assert_eq!(decoded(&table, b"1,,").unwrap(), r#"{"n":1,"s":"","z":""}"#);
    assert_eq!(decoded(&table, b",\"\",").unwrap(), r#"{"n":null,"s":"","z":""}"#);
    table.empty_is_null = true;
    assert_eq!(encoded(&table, r#"{"n":null}"#).unwrap(), ",,");
    let misfit = encoded(&table, r#"{"z":"","n":null}"#).unwrap_err();
    assert_eq!(misfit.to_string(), "column z: an empty text reads back as null in this table");
    assert_eq!(decoded(&table, b",,").unwrap(), r#"{"n":null,"s":null,"z":null}"#);
    assert_eq!(decoded(&table, b",\"\",x").unwrap(), r#"{"n":null,"s":null,"z":"x"}"#);
    // A column that is NOT NULL has no null to write.
    table.schema.columns[1].field.nullable = false;
    for row in [r#"{"n":1}"#, r#"{"n":1,"s":null}"#] {
        let misfit = encoded(&table, row).unwrap_err();
        assert_eq!(misfit.to_string(), "column s: is absent or null, and NOT NULL");
    }
}

#[test]
fn a_single_empty_column_is_no_blank_line() {
    let table = table(csv(), &[("s", Type::String)]);
    assert_eq!(encoded(&table, r#"{"s":""}"#).unwrap(), "\"\"");
    assert_eq!(decoded(&table, b"\"\"").unwrap(), r#"{"s":""}"#);
    assert!(matches!(decoded(&table, b""), Err(Misfit::Malformed { format: "csv", .. })));
}

#[test]
fn columns_come_in_the_order_of_the_table_and_others_are_refused() {
    let table = table(csv(), &[("a", Type::BigInt), ("b \"x\"", Type::String)]);
    assert_eq!(encoded(&table, r#"{"b \"x\"":"é","a":1}"#).unwrap(), "1,é");
    assert_eq!(encoded(&table, r#"{"a":1,"c":2}"#), Err(Misfit::UnknownColumn("c".into())));
    assert_eq!(encoded(&table, r#"{"a":1,"\u0061":1}"#), Err(Misfit::Twice("a".into())));
    let json = embedded::table(Encoding::Json, &[("a", Type::BigInt)]);
    assert_eq!(encoded(&json, r#"{"A":1}"#), Err(Misfit::UnknownColumn("A".into())));
    assert_eq!(encoded(&json, r#"{"a":1,"a":2}"#), Err(Misfit::Twice("a".into())));
    for row in ["", "{", "[1]", "1", "null", "{}{}", "{\"a\":01}", "\u{feff}"] {
        for table in [&json, &table] {
            assert!(matches!(encoded(table, row), Err(Misfit::Malformed { .. } | Misfit::NotAnObject)), "{row}");
        }
    }
}

#[test]
fn keys() {
    let json = embedded::orders();
    for (key, row, expected) in [
        (&["a"][..], r#"{"a":"x","b":1}"#, "x"),
        (&["a"], r#"{"a":""}"#, ""),
        (&["a"], r#"{"a":1.50}"#, "1.50"),
        (&["a"], r#"{"a":"\u00e9\n"}"#, "é\n"),
        (&["a"], r#"{"a": {"x" : [ 1 ] } }"#, r#"{"x":[1]}"#),
        (&["b", "a"], r#"{"a":"\u0061\"","b":1}"#, r#"{"b":1,"a":"a\""}"#),
        (&["a", "b"], r#"{"a":true,"b":[ 1 , 2 ]}"#, r#"{"a":true,"b":[1,2]}"#),
    ] {
        assert_eq!(key_of(&json, key, row).unwrap(), expected, "{row}");
    }
    for row in [r#"{"b":1}"#, r#"{"a":null,"b":1}"#] {
        assert_eq!(key_of(&json, &["a"], row), Err(Misfit::NoKey("a".into())));
        assert_eq!(key_of(&json, &["b", "a"], row), Err(Misfit::NoKey("a".into())));
    }
    assert_eq!(key_of(&json, &["a"], r#"{"a":1,"a":2}"#), Err(Misfit::Twice("a".into())));
    assert!(matches!(key_of(&json, &["a"], r#"{"a":"\udfff"}"#), Err(Misfit::Value { .. })));
    let typed = table(csv(), &typed(Type::BigInt));
    assert_eq!(key_of(&typed, &["b"], r#"{"a":1,"b":"k"}"#).unwrap(), "k");
    assert_eq!(key_of(&typed, &["c"], "{}"), Err(Misfit::UnknownColumn("c".into())));
}

#[test]
fn a_dynamic_csv_sink_has_the_columns_of_its_first_row() {
    let mut encoder = Encoder::new(&table(csv(), &[]), &[]).unwrap();
    let mut encode = |row: &str| {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        encoder.encode(row.as_bytes(), &mut key, &mut value).map(|_| String::from_utf8(value).unwrap())
    };
    // A row that is not written leaves no columns behind.
    assert_eq!(encode("{}"), Err(Misfit::NoColumns));
    assert!(matches!(encode(r#"{"x":[]}"#), Err(Misfit::Value { .. })));
    assert_eq!(encode(r#"{"x":1,"x":2}"#), Err(Misfit::Twice("x".into())));
    assert_eq!(encode(r#"{"b":1.0,"a":"x,y"}"#).unwrap(), "1.0,\"x,y\"");
    assert_eq!(encode(r#"{"a":null,"b":true}"#).unwrap(), "true,");
    assert_eq!(encode(r#"{"a":1,"x":1}"#), Err(Misfit::UnknownColumn("x".into())));
}

#[test]
fn a_dynamic_json_sink_takes_any_object_as_it_is() {
    let table = embedded::orders();
    assert_eq!(
        encoded(&table, "\u{feff} { \"a\" : 1.10 , \"n\":{\"x\":[1e5, \"\\u00e9\"]} } ").unwrap(),
        r#"{"a":1.10,"n":{"x":[1e5,"\u00e9"]}}"#
    );
    assert_eq!(encoded(&table, "{}").unwrap(), "{}");
    assert_eq!(encoded(&table, "[]"), Err(Misfit::NotAnObject));
}

#[test]
fn numbers_of_csv_become_json_numbers_with_the_same_digits() {
    for (field, expected) in [
        ("1.50", "1.50"),
        (" 7 ", "7"),
        ("+1", "1"),
        (".5", "0.5"),
        ("-.5e3", "-0.5e3"),
        ("5.", "5"),
        ("007.10", "7.10"),
        ("+12345678901234567890.123456789", "12345678901234567890.123456789"),
        ("", "null"),
    ] {
        for ty in [DECIMAL, Type::Double] {
            assert_eq!(
                decoded(&table(csv(), &typed(ty)), format!("{field},x").as_bytes()).unwrap(),
                format!("{{\"a\":{expected},\"b\":\"x\"}}")
            );
        }
    }
    let double = table(csv(), &typed(Type::Double));
    for field in ["NaN", "Infinity", "-Infinity"] {
        assert_eq!(
            decoded(&double, format!("{field},x").as_bytes()).unwrap(),
            format!("{{\"a\":\"{field}\",\"b\":\"x\"}}")
        );
    }
    for field in ["one", "1e", "e1", ".", "-", "+", "1_000", "0x10", "--1"] {
        for ty in [DECIMAL, Type::Double, Type::BigInt] {
            let misfit = decoded(&table(csv(), &typed(ty)), format!("{field},x").as_bytes()).unwrap_err();
            assert!(matches!(misfit, Misfit::Value { .. }), "{field}: {misfit}");
        }
    }
    assert_eq!(decoded(&table(csv(), &typed(Type::BigInt)), b"+007,x").unwrap(), r#"{"a":7,"b":"x"}"#);
    assert_eq!(decoded(&table(csv(), &typed(Type::Boolean)), b"TRUE,x").unwrap(), r#"{"a":true,"b":"x"}"#);
}

#[test]
fn a_row_has_as_many_fields_as_the_table_has_columns() {
    let table = table(csv(), &typed(Type::String));
    assert_eq!(decoded(&table, b"1"), Err(Misfit::FieldCount { expected: 2, found: 1 }));
    assert_eq!(decoded(&table, b"1,2,3"), Err(Misfit::FieldCount { expected: 2, found: 3 }));
    assert_eq!(decoded(&table, b"1,2,").unwrap(), r#"{"a":"1","b":"2"}"#, "as Flink reads it");
    for value in [&b"1,2\n3,4"[..], b"\"1,2", b"\"1\"x,2", b"\xff,2", b""] {
        assert!(matches!(decoded(&table, value), Err(Misfit::Malformed { format: "csv", .. })), "{value:?}");
    }
}

#[test]
fn a_header_row_in_the_stream_is_told_and_no_row_may_look_like_it() {
    let dialect = Dialect { header: Header::InStream, ..Dialect::default() };
    let table = table(Encoding::Csv(dialect), &[("a", Type::String), ("b", Type::String)]);
    for header in ["a,b", "\u{feff}a,b", "\"a\", b "] {
        assert_eq!(decoded(&table, header.as_bytes()).unwrap(), "header", "{header}");
    }
    assert_eq!(decoded(&table, b"a,c").unwrap(), r#"{"a":"a","b":"c"}"#);
    assert_eq!(encoded(&table, r#"{"a":"a","b":"b"}"#), Err(Misfit::HeaderRow));
    assert_eq!(encoded(&table, r#"{"a":"b","b":"a"}"#).unwrap(), "b,a");
}

#[test]
fn one_value_alone() {
    let text = table(Encoding::Raw, &[("value", Type::String)]);
    let bytes = table(Encoding::Raw, &[("value", Type::Bytes)]);
    assert_eq!(encoded(&text, r#"{"value":"a\nb\u00e9"}"#).unwrap(), "a\nbé");
    assert_eq!(decoded(&text, "a\nbé\"".as_bytes()).unwrap(), r#"{"value":"a\nbé\""}"#);
    assert_eq!(encoded(&bytes, r#"{"value":"aGVsbG8="}"#).unwrap(), "hello");
    assert_eq!(decoded(&bytes, b"\xff\x00").unwrap(), r#"{"value":"/wA="}"#);
    assert_eq!(decoded(&bytes, b"").unwrap(), r#"{"value":""}"#);
    assert!(matches!(decoded(&text, b"\xff"), Err(Misfit::Malformed { format: "text", .. })));
    assert!(matches!(encoded(&bytes, r#"{"value":"%"}"#), Err(Misfit::Value { .. })));
    for row in ["{}", r#"{"value":null}"#, r#"{"value":[]}"#] {
        assert!(matches!(encoded(&text, row), Err(Misfit::Value { .. })), "{row}");
    }
    assert_eq!(encoded(&text, r#"{"value":"x","more":1}"#), Err(Misfit::UnknownColumn("more".into())));
}

#[test]
fn json_records_are_given_as_they_are() {
    let table = table(Encoding::Json, &typed(Type::BigInt));
    let value = b" {\"z\" : 1.10,\n \"a\":[ 1E400, {\"b\":\"\\u00e9\\n\"}], \"a\":1 }";
    assert_eq!(decoded(&table, value).unwrap(), "{\"z\":1.10,\"a\":[1E400,{\"b\":\"\\u00e9\\n\"}],\"a\":1}");
    for value in ["[1]", "1", "null", "\"x\""] {
        assert_eq!(decoded(&table, value.as_bytes()), Err(Misfit::NotAnObject));
    }
    for value in ["", " ", "{", "{}x", "{'a':1}"] {
        assert!(matches!(decoded(&table, value.as_bytes()), Err(Misfit::Malformed { format: "json", .. })));
    }
}

/// A JSON string of any characters, escaped in a way of its own.
fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~é日🎉\\n\\r\\t,;\"']{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        "[a-z]{0,5}"
            .prop_map(|text| text.chars().map(|c| format!("\\u{:04x}", c as u32)).collect::<String>())
            .prop_map(|text| format!("\"{text}\"")),
    ]
}

/// A column's type, and a value of it.
fn value() -> impl Strategy<Value = (Type, String)> {
    prop_oneof![
        any::<bool>().prop_map(|v| (Type::Boolean, v.to_string())),
        any::<i64>().prop_map(|v| (Type::BigInt, v.to_string())),
        (-1e9..1e9_f64).prop_map(|v| (Type::Double, v.to_string())),
        (any::<i64>(), "[0-9]{1,9}").prop_map(|(whole, fraction)| (DECIMAL, format!("{whole}.{fraction}"))),
        (1900..2100, 1..=12, 1..=28).prop_map(|(y, m, d)| (Type::Date, format!("\"{y}-{m:02}-{d:02}\""))),
        string().prop_map(|v| (Type::String, v)),
        string().prop_map(|_| (Type::String, "\"\"".to_owned())),
    ]
}

fn row_of(values: &[(Type, String)]) -> (Vec<(String, Type)>, String) {
    let columns: Vec<(String, Type)> =
        values.iter().enumerate().map(|(at, (ty, _))| (format!("c {at}é"), ty.clone())).collect();
    let members: Vec<String> =
        columns.iter().zip(values).map(|((name, _), (_, value))| format!("\"{name}\":{value}")).collect();
    (columns, format!("{{{}}}", members.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn a_json_record_reads_back_to_the_byte(values in prop::collection::vec(value(), 1..8)) {
        let (columns, row) = row_of(&values);
        let columns: Vec<(&str, Type)> = columns.iter().map(|(name, ty)| (name.as_str(), ty.clone())).collect();
        let table = table(Encoding::Json, &columns);
        let record = encoded(&table, &row).unwrap();
        prop_assert_eq!(decoded(&table, record.as_bytes()).unwrap(), row);
    }

    #[test]
    fn a_csv_record_reads_back_as_the_same_row(values in prop::collection::vec(value(), 1..8)) {
        let (columns, row) = row_of(&values);
        let columns: Vec<(&str, Type)> = columns.iter().map(|(name, ty)| (name.as_str(), ty.clone())).collect();
        let table = table(csv(), &columns);
        let record = encoded(&table, &row).unwrap();
        let back = decoded(&table, record.as_bytes()).unwrap();
        let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        prop_assert_eq!(same(&back), same(&row));
        // What comes out goes in again, to the same record.
        prop_assert_eq!(encoded(&table, &back).unwrap(), record);
    }

    #[test]
    fn equal_keys_are_equal_bytes(text in "[ -~é🎉\\n]{0,8}") {
        let plain = serde_json::to_string(&text).unwrap();
        let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        for key in [&["k"][..], &["k", "n"]] {
            let keys = [plain.clone(), format!("\"{units}\"")]
                .map(|value| key_of(&embedded::orders(), key, &format!("{{\"k\":{value},\"n\":1}}")).unwrap());
            prop_assert_eq!(&keys[0], &keys[1]);
        }
    }
}

#[test]
fn a_member_that_a_row_inside_the_row_has_not_is_refused() {
    let a = topica::schema::Field { name: "a".to_owned(), ty: Type::BigInt, nullable: true };
    let table = table(Encoding::Json, &[("o", Type::Row(vec![a]))]);
    assert_eq!(encoded(&table, r#"{"o":{"a":1}}"#).unwrap(), r#"{"o":{"a":1}}"#);
    let misfit = encoded(&table, r#"{"o":{"a":1,"zz":1}}"#).unwrap_err();
    assert!(matches!(&misfit, Misfit::UnknownColumn(path) if path.contains("zz")), "{misfit}");
}
