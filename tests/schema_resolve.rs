//! What columns follow from which payloads, and that Flink reads every observed payload under them.
//!
//! The claims about Flink were tried on the `json` and `csv` formats of Flink 2.3.0 by giving them the payload and the
//! type; the comment at a case says what came out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use topica::format::Text;
use topica::format::json::DEPTH_LIMIT;
use topica::schema::{Conform, Encoding, Profile, ResolveOptions, Resolved, Root, TimestampStandard, resolve};

fn profile(payloads: &[&str]) -> Profile {
    let mut profile = Profile::new();
    for (i, payload) in payloads.iter().enumerate() {
        profile.observe_json(i as u64, payload.as_bytes(), DEPTH_LIMIT).unwrap();
    }
    profile
}

fn resolved(payloads: &[&str]) -> Resolved {
    resolve(&profile(payloads), &ResolveOptions::new(Encoding::Json))
}

/// `name TYPE, name TYPE`
fn columns(resolved: &Resolved) -> String {
    let columns: Vec<String> = resolved
        .schema
        .columns
        .iter()
        .map(|column| {
            let null = if column.field.nullable { "" } else { " NOT NULL" };
            format!("{} {}{null}", column.field.name, column.field.ty)
        })
        .collect();
    columns.join(", ")
}

/// Resolves to these columns, which read back all that was observed, without a warning.
#[track_caller]
fn check(payloads: &[&str], expected: &str) -> Resolved {
    let resolved = resolved(payloads);
    assert_eq!(columns(&resolved), expected);
    assert_eq!(resolved.warnings, Vec::<String>::new());
    assert_eq!(resolved.root, Root::Rows);
    for payload in payloads {
        let mut conform = Conform::json(&resolved.schema);
        let fit = conform.check_json(payload.as_bytes(), DEPTH_LIMIT).unwrap();
        assert!(fit.is_whole() && fit.extra.is_empty(), "{payload}: {fit:?}");
    }
    resolved
}

/// The note of the only column.
#[track_caller]
fn note(resolved: &Resolved) -> &str {
    &resolved.schema.columns[0].notes[0]
}

#[test]
fn scalars() {
    check(&[r#"{"a":true}"#, r#"{"a":null}"#, "{}"], "a BOOLEAN");
    check(&[r#"{"a":1}"#, r#"{"a":-9223372036854775808}"#], "a BIGINT");
    check(&[r#"{"a":"x"}"#, r#"{"a":""}"#, r#"{"a":"5"}"#], "a STRING");
    check(&[r#"{"a":null}"#], "a STRING");
}

#[test]
fn columns_stand_as_they_first_stood() {
    check(&[r#"{"b":1}"#, r#"{"a":1,"b":2,"c":3}"#], "b BIGINT, a BIGINT, c BIGINT");
}

#[test]
fn names_are_exact() {
    // Flink reads fields by the exact name; `Id` and `id` are two.
    check(
        &[r#"{"Id":1,"id":"x","日本":true,"a.b":1,"a`b":2,"__proto__":3," a ":4}"#],
        "Id BIGINT, id STRING, 日本 BOOLEAN, a.b BIGINT, a`b BIGINT, __proto__ BIGINT,  a  BIGINT",
    );
    // An escaped spelling is the same key.
    check(&[r#"{"\u0061":1}"#, r#"{"a":2}"#], "a BIGINT");
}

#[test]
fn names_that_flink_cannot_have_are_left_out() {
    // Flink: "Field names must contain at least one non-whitespace character", "Lexical error", "Length of identifier".
    let long = "k".repeat(257);
    let payload = format!(r#"{{"":1," ":2,"\t":3,"\u2028":4,"a\nb":5,"{long}":6,"a":7}}"#);
    let resolved = resolved(&[&payload]);
    assert_eq!(columns(&resolved), "a BIGINT");
    assert_eq!(resolved.warnings.len(), 6, "{:?}", resolved.warnings);
    // These it has, in backticks.
    let long = "日".repeat(256);
    check(&[&format!(r#"{{"\u00a0":1,"a\tb":2,"\u0001":3,"a;b--/*'\"\\":4,"{long}":5}}"#)], &{
        format!("\u{a0} BIGINT, a\tb BIGINT, \u{1} BIGINT, a;b--/*'\"\\ BIGINT, {long} BIGINT")
    });
    // A nested object of nothing but such names stays whole, as text: Flink gives {"":1}.
    check(&[r#"{"a":{"":1}}"#], "a STRING");
}

#[test]
fn integers_beyond_64_bits() {
    // 18446744073709551615 into BIGINT fails, into DECIMAL(20, 0) it reads.
    check(&[r#"{"a":18446744073709551615}"#, r#"{"a":1}"#], "a DECIMAL(20, 0)");
    check(&[r#"{"a":9223372036854775808}"#], "a DECIMAL(20, 0)");
    check(&[r#"{"a":99999999999999999999999999999999999999}"#], "a DECIMAL(38, 0)");
    // A STRING column has a number's own text, however long.
    let resolved = check(&[r#"{"a":123456789012345678901234567890123456789}"#], "a STRING");
    assert_eq!(note(&resolved), "integers of 39 digits fit no number type");
}

#[test]
fn fractions() {
    check(&[r#"{"a":1.10}"#, r#"{"a":2}"#, r#"{"a":1e300}"#], "a DOUBLE");
    // DOUBLE makes 0.12345678901234568 of it, without a word.
    check(&[r#"{"a":0.1234567890123456789012345}"#], "a DECIMAL(25, 25)");
    check(&[r#"{"a":123456789012345678.25}"#, r#"{"a":0.125}"#], "a DECIMAL(21, 3)");
    // 2^53 + 1 beside a fraction: DOUBLE gives 9007199254740992.
    check(&[r#"{"a":9007199254740993}"#, r#"{"a":0.5}"#], "a DECIMAL(17, 1)");
    // DOUBLE reads Infinity, and 0; a STRING has 1E400.
    check(&[r#"{"a":1E400}"#, r#"{"a":1e-400}"#], "a STRING");
}

#[test]
fn conflicts_become_text() {
    // Flink's STRING from 1, "x", true, {"b":[1,2]}: 1, x, true, {"b":[1,2]}.
    let resolved = check(&[r#"{"a":1}"#, r#"{"a":"x"}"#, r#"{"a":null}"#], "a STRING");
    assert_eq!(note(&resolved), "1 string, 1 number: text");
    check(&[r#"{"a":{"b":1}}"#, r#"{"a":5}"#], "a STRING");
    check(&[r#"{"a":[1]}"#, r#"{"a":{"b":1}}"#], "a STRING");
    check(&[r#"{"a":true}"#, r#"{"a":1}"#], "a STRING");
    check(&[r#"{"a":[1,"x",{"b":1},null,[2]]}"#], "a ARRAY<STRING>");
}

#[test]
fn digits_that_flink_loses_inside_text_are_warned_of() {
    // {"b":0.1234567890123456789012345} as STRING is {"b":0.12345678901234568}.
    let payloads = [r#"{"a":{"b":0.1234567890123456789012345}}"#, r#"{"a":1}"#];
    let resolved = resolved(&payloads);
    assert_eq!(columns(&resolved), "a STRING");
    assert_eq!(resolved.warnings.len(), 1);
    let fit = Conform::json(&resolved.schema).check_json(payloads[0].as_bytes(), DEPTH_LIMIT).unwrap();
    assert_eq!(fit.misfits[0].path, "a");
}

#[test]
fn half_surrogates_are_warned_of() {
    // "a\ud800b" reads as a?b.
    let payload = r#"{"a":"a\ud800b"}"#;
    let resolved = resolved(&[payload, r#"{"a":"\ud83d\ude00"}"#]);
    assert_eq!(resolved.warnings.len(), 1);
    let mut conform = Conform::json(&resolved.schema);
    assert!(!conform.check_json(payload.as_bytes(), DEPTH_LIMIT).unwrap().is_whole());
}

#[test]
fn repeated_keys_are_warned_of() {
    // {"a":1,"a":2,"b":3} reads as a=2, b=null: the parser counts the fields that it has.
    let payload = r#"{"a":1,"a":2,"b":3}"#;
    let resolved = resolved(&[payload]);
    assert!(resolved.repeated_keys);
    assert_eq!(resolved.warnings.len(), 1);
    let mut conform = Conform::json(&resolved.schema);
    assert!(!conform.check_json(payload.as_bytes(), DEPTH_LIMIT).unwrap().is_whole());
}

#[test]
fn dates_and_timestamps() {
    check(&[r#"{"a":"2022-07-15"}"#, r#"{"a":"0001-01-01"}"#], "a DATE");
    let iso = check(&[r#"{"a":"2022-07-15T10:15:30.123Z"}"#], "a TIMESTAMP_LTZ(3)");
    assert_eq!(iso.schema.timestamps, Some(TimestampStandard::Iso8601));
    check(&[r#"{"a":"2022-07-15T10:15:30"}"#, r#"{"a":"2022-07-15T10:15"}"#], "a TIMESTAMP(3)");
    let sql = check(&[r#"{"a":"2022-07-15 10:15:30.5"}"#], "a TIMESTAMP(3)");
    assert_eq!(sql.schema.timestamps, Some(TimestampStandard::Sql));
    // 2022-07-15 10:15:30Z reads as TIMESTAMP_LTZ under the SQL standard.
    check(&[r#"{"a":"2022-07-15 10:15:30Z"}"#], "a TIMESTAMP_LTZ(3)");
    // Trailing zeros are nothing that could be lost.
    check(&[r#"{"a":"2022-07-15T10:15:30.120000Z"}"#], "a TIMESTAMP_LTZ(3)");
}

#[test]
fn timestamps_that_would_be_damaged_stay_text() {
    for text in [
        // TIMESTAMP(3) cuts it.
        "2022-07-15T10:15:30.123456Z",
        // Fails.
        "2022-07-15T10:15:30+02:00",
        "2022-07-15T10:15:30z",
        // Fails under SQL; it has no seconds.
        "2022-07-15 10:15",
        // Flink makes 28 February of it, without a word.
        "2022-02-30T10:15:30Z",
        "2022-02-30 10:15:30",
        // And the next day.
        "2022-07-15T24:00:00Z",
        "2022-07-15 24:00:00",
        // Fails.
        "2022-07-15T23:59:60Z",
        "2022-02-30",
        "2022-7-5",
    ] {
        check(&[&format!(r#"{{"a":"{text}"}}"#)], "a STRING");
    }
    // Naive ones fail as TIMESTAMP_LTZ, those with Z as TIMESTAMP.
    let mixed = check(&[r#"{"a":"2022-07-15T10:15:30Z"}"#, r#"{"a":"2022-07-15T10:15:30"}"#], "a STRING");
    assert_eq!(note(&mixed), "dates and timestamps in several forms: text");
    // An empty string is no date: fails.
    check(&[r#"{"a":"2022-07-15"}"#, r#"{"a":""}"#], "a STRING");
}

#[test]
fn one_timestamp_standard_a_table() {
    let both = check(
        &[r#"{"a":"2022-07-15 10:15:30","b":"2022-07-15T10:15:30","c":{"d":["2022-07-15T10:15:30Z"]}}"#],
        "a STRING, b TIMESTAMP(3), c ROW<`d` ARRAY<TIMESTAMP_LTZ(3)>>",
    );
    assert_eq!(note(&both), "timestamps in SQL form where the table reads the ISO 8601 form: text");
    check(
        &[r#"{"a":"2022-07-15 10:15:30","b":"2022-07-15T10:15:30","c":"2022-07-15 10:15:30Z"}"#],
        "a TIMESTAMP(3), b STRING, c TIMESTAMP_LTZ(3)",
    );
}

#[test]
fn nesting() {
    check(
        &[
            r#"{"e":[{"id":1,"p":1.5},{"id":2,"d":null}],"o":{"x":{"y":true}}}"#,
            r#"{"e":[],"o":{}}"#,
            r#"{"e":[null],"o":null}"#,
        ],
        "e ARRAY<ROW<`id` BIGINT, `p` DOUBLE, `d` STRING>>, o ROW<`x` ROW<`y` BOOLEAN>>",
    );
    check(&[r#"{"a":[[1],[],null]}"#], "a ARRAY<ARRAY<BIGINT>>");
    check(&[r#"{"a":[]}"#, r#"{"a":[null]}"#], "a ARRAY<STRING>");
    // {} into STRING: {}.
    check(&[r#"{"a":{}}"#, r#"{"a":null}"#], "a STRING");
}

#[test]
fn what_nests_too_deep_is_text() {
    let payload = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let resolved = check(&[&payload], &{
        let mut ty = String::from("STRING");
        for _ in 0..63 {
            ty = format!("ARRAY<{ty}>");
        }
        format!("a {ty}")
    });
    assert!(note(&resolved).contains("nested too deep"));
}

#[test]
fn roots_that_are_no_rows() {
    // Flink fails on a scalar, and makes several rows of an array.
    let resolved = resolved(&[r#"{"a":1}"#, "[1,2]", "5", "null"]);
    assert_eq!(resolved.root, Root::NotRows("1 object, 1 array, 1 number".into()));
    assert_eq!(columns(&resolved), "a BIGINT");
}

#[test]
fn evidence_is_kept() {
    let resolved = resolved(&[r#"{"a":1}"#, r#"{"a":null}"#, "{}"]);
    let evidence = resolved.schema.columns[0].evidence;
    assert_eq!((evidence.seen, evidence.null, evidence.of), (2, 1, 3));
}

#[test]
fn not_null_only_when_asked() {
    let payloads = [r#"{"a":1,"b":null,"c":{"d":1}}"#, r#"{"a":2,"b":1,"c":{"d":2},"e":1}"#];
    assert_eq!(columns(&resolved(&payloads)), "a BIGINT, b BIGINT, c ROW<`d` BIGINT>, e BIGINT");
    let options = ResolveOptions::new(Encoding::Json).not_null_from_sample(true);
    let asked = resolve(&profile(&payloads), &options);
    assert_eq!(columns(&asked), "a BIGINT NOT NULL, b BIGINT, c ROW<`d` BIGINT NOT NULL> NOT NULL, e BIGINT");
    let mut conform = Conform::json(&asked.schema);
    assert!(conform.check_json(payloads[0].as_bytes(), DEPTH_LIMIT).unwrap().is_whole());
    let fit = conform.check_json(br#"{"a":null,"c":{}}"#, DEPTH_LIMIT).unwrap();
    let places: Vec<String> = fit.misfits.iter().map(ToString::to_string).collect();
    assert_eq!(places, ["`a`: is null, and NOT NULL", "`c.d`: is not there, and NOT NULL"]);
}

#[test]
fn misfits_and_extra_fields_say_where() {
    let schema = resolved(&[r#"{"a":1,"b":[{"c":true,"d":"x"}]}"#]).schema;
    let mut conform = Conform::json(&schema);
    let payload = br#"{"b":[{"c":true,"z":1},{"d":"y","c":"yes"}],"a":1.75,"q":{"r":[1]}}"#;
    let fit = conform.check_json(payload, DEPTH_LIMIT).unwrap();
    let places: Vec<String> = fit.misfits.iter().map(ToString::to_string).collect();
    // Flink: "yes" into BOOLEAN is false, 1.75 into BIGINT is 1, both without a word.
    assert_eq!(
        places,
        ["`b[].c`: \"yes\" does not read back as BOOLEAN", "`a`: \"1.75\" does not read back as BIGINT"]
    );
    assert_eq!(fit.extra, ["b[].z", "q"]);
    for (payload, misfit) in [
        (&b"[1]"[..], "``: an array where ROW is expected"),
        (b"null", "``: null where a row is expected"),
        (br#"{"b":{}}"#, "`b`: an object where ARRAY is expected"),
        (br#"{"b":[[]]}"#, "`b[]`: an array where ROW is expected"),
        (br#"{"a":[]}"#, "`a`: an array where BIGINT is expected"),
    ] {
        let fit = conform.check_json(payload, DEPTH_LIMIT).unwrap();
        assert_eq!(fit.misfits[0].to_string(), misfit);
    }
    assert!(conform.check_json(b"{", DEPTH_LIMIT).is_err());
}

// ---- delimited text

fn csv(rows: &[&[&str]]) -> (Resolved, Vec<usize>) {
    let names: Vec<String> = (1..=rows[0].len()).map(|i| format!("c{i}")).collect();
    let mut profile = Profile::new();
    for (i, row) in rows.iter().enumerate() {
        let fields: Vec<Text<'_>> = row.iter().map(|field| Text::plain(field)).collect();
        profile.observe_row(i as u64, &names, &fields).unwrap();
    }
    let resolved = resolve(&profile, &ResolveOptions::new(Encoding::Csv));
    let conform = Conform::csv(&resolved.schema, resolved.empty_is_null);
    let misfits = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| {
            let fields: Vec<Text<'_>> = row.iter().map(|field| Text::plain(field)).collect();
            !conform.check_row(&fields).is_whole()
        })
        .map(|(i, _)| i)
        .collect();
    (resolved, misfits)
}

#[track_caller]
fn check_csv(rows: &[&[&str]], expected: &str, empty_is_null: bool) {
    let (resolved, misfits) = csv(rows);
    assert_eq!(columns(&resolved), expected);
    assert_eq!(resolved.empty_is_null, empty_is_null);
    assert_eq!(misfits, Vec::<usize>::new());
}

#[test]
fn csv_cells() {
    check_csv(
        &[&["1", "1.50", "true", "2022-07-15", "2022-07-15 10:15:30", "2022-07-15 10:15:30.5Z", "x"]],
        "c1 BIGINT, c2 DOUBLE, c3 BOOLEAN, c4 DATE, c5 TIMESTAMP(3), c6 TIMESTAMP_LTZ(3), c7 STRING",
        true,
    );
    check_csv(&[&["18446744073709551615"]], "c1 DECIMAL(20, 0)", true);
    check_csv(&[&["0.1234567890123456789"]], "c1 DECIMAL(19, 19)", true);
    check_csv(&[&["1"], &["2.5"]], "c1 DOUBLE", true);
}

#[test]
fn csv_text_that_would_change_stays_text() {
    // Flink reads 007 and +1 as 7 and 1, 1d as 1.0, `yes` as false, 2022-7-5 as 2022-07-05, 2022-02-30 as 2022-03-02,
    // 1582-10-10 as 1582-10-20, ` 1 ` as 1; it fails on 1e5 in a BIGINT and on every ISO 8601 timestamp.
    for text in [
        "007",
        "+1",
        "1e5",
        "NaN",
        "1d",
        "yes",
        "2022-7-5",
        "2022-02-30",
        "1582-10-10",
        " 1",
        "-0",
        ".5",
        "1,5",
        "2022-07-15T10:15:30",
        "2022-07-15T10:15:30Z",
        "2022-07-15 10:15",
        "2022-02-30 10:15:30",
        "2022-07-15 24:00:00",
    ] {
        check_csv(&[&[text]], "c1 STRING", false);
    }
    check_csv(&[&["1"], &["x"]], "c1 STRING", false);
    check_csv(&[&["1"], &["true"]], "c1 STRING", false);
}

#[test]
fn csv_empty_fields() {
    // Without null-literal '', Flink fails on an empty number or date, and reads an empty BOOLEAN as false. With it, an
    // empty text is null as well. So it is there if a typed column was empty, or no text was.
    check_csv(&[&["1", "x"], &["", ""]], "c1 BIGINT, c2 STRING", true);
    check_csv(&[&["1", "x"], &["2", ""]], "c1 BIGINT, c2 STRING", false);
    check_csv(&[&["1", "x"], &["2", "y"]], "c1 BIGINT, c2 STRING", true);
    check_csv(&[&["y", "x"], &["", ""]], "c1 STRING, c2 STRING", false);
    check_csv(&[&["", "true"], &["", ""]], "c1 STRING, c2 BOOLEAN", true);
    let (resolved, _) = csv(&[&["1", "x"], &["", ""]]);
    let evidence: Vec<_> = resolved.schema.columns.iter().map(|c| (c.evidence.seen, c.evidence.null)).collect();
    assert_eq!(evidence, [(2, 1), (2, 1)]);
}

#[test]
fn csv_rows_of_another_length_leave_no_trace() {
    let names = ["a", "b"];
    let mut profile = Profile::new();
    let text = Text::plain;
    assert!(profile.observe_row(0, &names, &[text("1")]).is_err());
    assert!(profile.observe_row(0, &names, &[text("1"), text("2"), text("3")]).is_err());
    assert_eq!(profile, Profile::new());
    // Flink passes over one empty field at the end.
    assert!(profile.observe_row(0, &names, &[text("1"), text("2"), text("")]).is_ok());
    let resolved = resolve(&profile, &ResolveOptions::new(Encoding::Csv));
    let conform = Conform::csv(&resolved.schema, false);
    assert!(conform.check_row(&[text("1"), text("2"), text("")]).is_whole());
    assert!(!conform.check_row(&[text("1")]).is_whole());
    assert!(!conform.check_row(&[text("1"), text("x")]).is_whole());
}
