//! DataSQRL's own algorithm: what it found in its repository's samples, and where it is made sound.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use topica::format::Text;
use topica::format::json::DEPTH_LIMIT;
use topica::schema::classic::{self, ClassicColumn, ClassicKind, ClassicOptions};
use topica::schema::{Encoding, Profile};

fn profile(payloads: &[&str]) -> Profile {
    let mut profile = Profile::new();
    for (i, payload) in payloads.iter().enumerate() {
        profile.observe_json(i as u64, payload.as_bytes(), DEPTH_LIMIT).unwrap();
    }
    profile
}

fn show(columns: &[ClassicColumn]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| {
            let kind = match &column.kind {
                ClassicKind::Scalar { ty, array_depth } => {
                    let ty = format!("{ty:?}").to_uppercase();
                    format!("{}{ty}{}", "[".repeat(*array_depth), "]".repeat(*array_depth))
                }
                ClassicKind::Table { columns, single } => {
                    format!("{}{{{}}}", if *single { "one" } else { "" }, show(columns))
                }
            };
            format!("{} {kind}{}", column.name, if column.not_null { "!" } else { "" })
        })
        .collect();
    columns.join(", ")
}

fn options() -> ClassicOptions {
    ClassicOptions::new(Encoding::Json).not_null_from_sample(true)
}

#[track_caller]
fn check(payloads: &[&str], expected: &str) {
    assert_eq!(show(&classic::resolve(&profile(payloads), &options())), expected);
}

/// In the manner of the retail example's orders, which DataSQRL's own test of Kafka discovery reads.
const ORDERS: [&str; 4] = [
    r#"{"id":10007543,"customerid":1,"time":"2022-05-20T15:26:42.000Z","entries":[{"productid":7235,"quantity":1,"unit_price":17.35},{"productid":8757,"quantity":2,"unit_price":57.5,"discount":11.5}]}"#,
    r#"{"id":10008434,"customerid":2,"time":"2022-05-21T10:00:00.000Z","entries":[{"productid":3571,"quantity":1,"unit_price":41.95}]}"#,
    r#"{"id":10008231,"customerid":1,"time":"2022-05-22T12:33:18.000Z","entries":[{"productid":7552,"quantity":3,"unit_price":25,"discount":15.0},{"productid":3225,"quantity":1,"unit_price":105.0}]}"#,
    r#"{"id":10007140,"customerid":3,"time":"2022-05-23T08:12:01.000Z","entries":[{"productid":1332,"quantity":8,"unit_price":8.49}]}"#,
];

#[test]
fn retail_orders() {
    check(
        &ORDERS,
        "id INTEGER!, customerid INTEGER!, time DATETIME!, \
         entries {productid INTEGER!, quantity INTEGER!, unit_price FLOAT!, discount FLOAT}!",
    );
    let nullable = classic::resolve(&profile(&ORDERS), &ClassicOptions::new(Encoding::Json));
    assert_eq!(
        show(&nullable),
        "id INTEGER, customerid INTEGER, time DATETIME, \
         entries {productid INTEGER, quantity INTEGER, unit_price FLOAT, discount FLOAT}",
    );
}

/// In the manner of the nut shop's orders: the time is a number, the nested table has another name.
#[test]
fn nutshop_orders() {
    check(
        &[
            r#"{"id":152,"customerid":10,"time":1617774237,"items":[{"productid":1,"quantity":1,"unit_price":14.92,"discount":0.5}]}"#,
            r#"{"id":153,"customerid":9,"time":1617774245,"items":[{"productid":4,"quantity":3,"unit_price":9.25}]}"#,
        ],
        "id INTEGER!, customerid INTEGER!, time INTEGER!, \
         items {productid INTEGER!, quantity INTEGER!, unit_price FLOAT!, discount FLOAT}!",
    );
}

#[test]
fn types_combine_by_distance() {
    let pair = |a: &str, b: &str| {
        let payloads = [format!("{{\"a\":{a}}}"), format!("{{\"a\":{b}}}")];
        show(&classic::resolve(&profile(&[&payloads[0], &payloads[1]]), &ClassicOptions::new(Encoding::Json)))
    };
    for (a, b, expected) in [
        ("true", "1", "a INTEGER"),
        ("true", "1.5", "a FLOAT"),
        ("1", "1.5", "a FLOAT"),
        ("1", "\"5\"", "a INTEGER"),
        ("1.5", "\"5\"", "a FLOAT"),
        ("1", "\"abc\"", "a STRING"),
        ("1", "\"2022-07-15T10:15:30Z\"", "a STRING"),
        ("\"2022-07-15T10:15:30Z\"", "\"2022-07-15 10:15:30\"", "a DATETIME"),
        ("\"2022-07-15T10:15:30Z\"", "\"x\"", "a STRING"),
        ("\"2022-07-15T10:15:30Z\"", "\"true\"", "a STRING"),
        ("\"123e4567-e89b-12d3-a456-426614174000\"", "\"x\"", "a STRING"),
        ("\"123e4567-e89b-12d3-a456-426614174000\"", "null", "a UUID"),
        ("\"123e4567-e89b-12d3-a456-426614174000\"", "5", "a STRING"),
        ("\"TRUE\"", "false", "a BOOLEAN"),
        ("\"2022-07-15\"", "null", "a STRING"),
        ("null", "null", "a STRING"),
        // A value beside an array of the same type is an array.
        ("1", "[2,3]", "a [INTEGER]"),
        ("[[1]]", "[2]", "a [[INTEGER]]"),
        ("[1,2.5]", "[]", "a [FLOAT]"),
        ("[]", "[]", "a STRING"),
        ("[\"x\"]", "null", "a [STRING]"),
        // Made sound.
        ("\"true\"", "\"5\"", "a STRING"),
        ("\"007\"", "\"12e5\"", "a STRING"),
        ("\"1-1-1-1-1\"", "null", "a STRING"),
        ("9223372036854775808", "1", "a STRING"),
        ("9007199254740993", "0.5", "a STRING"),
    ] {
        assert_eq!(pair(a, b), expected, "{a} and {b}");
        assert_eq!(pair(b, a), expected, "{b} and {a}");
    }
}

#[test]
fn uuid_is_text_from_0_3_on() {
    let payloads = [r#"{"a":"123e4567-e89b-12d3-a456-426614174000"}"#];
    let columns = classic::resolve(&profile(&payloads), &options().uuid(false));
    assert_eq!(show(&columns), "a STRING!");
}

#[test]
fn objects() {
    check(&[r#"{"a":{"b":1}}"#, r#"{"a":{"b":2,"c":"x"}}"#], "a one{b INTEGER!, c STRING}!");
    check(&[r#"{"a":{"b":1}}"#, r#"{"a":[{"b":2}]}"#], "a {b INTEGER!}!");
    check(&[r#"{"a":{"b":1}}"#, r#"{"a":"x"}"#], "a one{b INTEGER!,  #value STRING}!");
    check(&[r#"{"a":{}}"#, r#"{"a":null}"#], "a STRING");
    check(&[r#"{"a":[[{"b":1}]]}"#], "a {b INTEGER!}!");
}

#[test]
fn absent_and_null_are_nullable() {
    check(&[r#"{"a":1,"b":1}"#, r#"{"a":null}"#], "a INTEGER, b INTEGER");
    check(&[r#"{"a":[1]}"#, r#"{"a":[]}"#], "a [INTEGER]");
    check(&[r#"{"a":[1]}"#, r#"{"a":[null]}"#], "a [INTEGER]");
    check(&[r#"{"a":[1,null]}"#], "a [INTEGER]!");
}

#[test]
fn spellings_are_one_column() {
    check(&[r#"{"ID":1}"#, r#"{"Id":2}"#, r#"{"Id":3}"#], "Id INTEGER!");
    check(&[r#"{"ID":1}"#, r#"{"Id":2.5}"#], "ID FLOAT!");
    // Both in one record count once: the field is not in the second record.
    check(&[r#"{"ID":1,"id":2}"#, r#"{"x":1}"#], "ID INTEGER, x INTEGER");
    check(&[r#"{"a":{"X":1}}"#, r#"{"A":{"x":2}}"#], "a one{X INTEGER!}!");
}

#[test]
fn spellings_add_up_over_merges() {
    let mut left = profile(&[r#"{"id":1,"Id":2,"ID":3}"#]);
    let mut right = Profile::new();
    for (position, payload) in [(1, r#"{"ID":1,"id":3}"#), (2, r#"{"iD":1}"#)] {
        right.observe_json(position, payload.as_bytes(), DEPTH_LIMIT).unwrap();
    }
    left.merge(&right);
    let columns = classic::resolve(&left, &options());
    assert_eq!(show(&columns), "id INTEGER!");
}

#[test]
fn csv_is_looked_into() {
    let names = ["a", "b", "c", "d"];
    let mut profile = Profile::new();
    for row in [["1", "", "true", "2022-07-15 10:15:30"], ["2", "2.5", "false", "2022-07-16 10:15:30"]] {
        let fields: Vec<Text<'_>> = row.iter().map(|field| Text::plain(field)).collect();
        profile.observe_row(0, &names, &fields).unwrap();
    }
    let options = ClassicOptions::new(Encoding::Csv).not_null_from_sample(true);
    assert_eq!(show(&classic::resolve(&profile, &options)), "a INTEGER!, b FLOAT, c BOOLEAN!, d DATETIME!");
}
