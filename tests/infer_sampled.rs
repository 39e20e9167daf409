//! Inference from a sample that was taken elsewhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use topica::infer::{Given, Message, Reject, Sampled, TableReport, infer};

fn message<'a>(offset: i64, key: Option<&'a str>, value: Option<&'a str>) -> Message<'a> {
    Message { partition: 0, offset, key: key.map(str::as_bytes), value: value.map(str::as_bytes) }
}

fn report(messages: &[Message<'_>], sampled: Sampled) -> TableReport {
    infer(messages.iter().copied(), &Given::new("t", "t"), sampled).unwrap().unwrap().report
}

#[test]
fn records_that_could_not_be_decoded_are_counted_with_the_place_of_the_first() {
    let mut messages = vec![message(0, None, Some("{\"id\":"))];
    messages.extend((1..20).map(|offset| message(offset, None, Some(r#"{"id":1}"#))));
    let mut sampled = Sampled::default();
    sampled.partitions = 1;
    sampled.undecoded = 5;
    sampled.complete = true;
    sampled.rejects = vec![Reject { partition: 0, offset: 20, reason: "unknown compression codec 7".to_owned() }];
    let t = report(&messages, sampled);
    assert_eq!((t.sample.records, t.sample.rejected), (25, 6));
    assert_eq!(t.format.share, 0.95, "of what could be looked at");
    let place = "5 records could not be decoded: partition 0, offset 20: unknown compression codec 7";
    assert!(t.warnings.iter().any(|warning| warning == place), "{:?}", t.warnings);
    let offsets: Vec<i64> = t.rejects.iter().map(|reject| reject.offset).collect();
    assert_eq!(offsets, [0, 20]);
}

#[test]
fn a_key_of_a_json_document_or_of_text_is_told_and_compared() {
    let messages = [
        message(0, Some("u1"), Some(r#"{"user":"u1","by":"u1"}"#)),
        message(1, Some("u2"), Some(r#"{"user":"u2","by":"u1"}"#)),
        message(2, Some("u3"), None),
        message(3, None, Some(r#"{"user":"u4"}"#)),
    ];
    let key = report(&messages, Sampled::default()).key.unwrap();
    assert_eq!((key.format.name, key.columns), ("text", vec!["user".to_owned()]));
}

#[test]
fn nothing_but_tombstones_is_no_table_and_nothing_but_empty_values_is_one() {
    let given = Given::new("t", "t");
    let none = infer([message(0, Some("a"), None)].into_iter(), &given, Sampled::default()).unwrap();
    assert!(none.is_none());
    let t = report(&[message(0, None, Some("")), message(1, None, Some(""))], Sampled::default());
    assert_eq!(
        (t.format.name, t.columns[0].name.as_str(), t.columns[0].ty.to_string().as_str()),
        ("empty", "value", "BYTES")
    );
}

#[test]
fn a_format_that_begins_after_the_vote_is_found() {
    // Payloads that vote are spread over the sample, so even one that changed once is seen.
    let text: Vec<String> = (0..3_000).map(|i| format!("{i},{}", i * 2)).collect();
    let json: Vec<String> = (0..7_000).map(|i| format!("{{\"id\":{i}}}")).collect();
    let all: Vec<Message<'_>> =
        (0..).zip(text.iter().chain(&json)).map(|(offset, value)| message(offset, None, Some(value))).collect();
    let t = report(&all, Sampled::default());
    assert_eq!(t.format.name, "json");
    assert_eq!(t.format.mixed.iter().map(|m| (m.name, m.share)).collect::<Vec<_>>(), [("json", 0.7), ("csv", 0.3)]);
}

#[test]
fn a_configured_schema_of_delimited_text_is_put_in_the_order_of_the_streams_names() {
    let rows = ["name,city,since", "Ann,Oslo,2020-01-02", "Bo,Rome,2021-03-04", "Cy,Bern,2019-05-06"];
    let messages: Vec<Message<'_>> = (0..).zip(rows).map(|(offset, row)| message(offset, None, Some(row))).collect();
    let mut given = Given::new("t", "t");
    given.csv.header_in_stream = Some(true);
    let directory = tempfile::tempdir().unwrap();
    let columns = "columns:\n- name: \"city\"\n  type: \"STRING\"\n- name: \"gone\"\n  type: \"STRING\"\n- name: \"name\"\n  type: \"STRING\"\n";
    std::fs::write(directory.path().join("t.schema.yml"), format!("---\nname: \"t\"\n{columns}")).unwrap();
    let schemas = topica::catalog::Schemas::load(directory.path(), &|_| None).unwrap();
    given.schema = schemas.of("t").cloned();
    let inferred = infer(messages.into_iter(), &given, Sampled::default()).unwrap().unwrap();
    let names: Vec<&str> = inferred.report.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["name", "city", "since"]);
    let said = |text: &str| inferred.report.warnings.iter().any(|warning| warning.contains(text));
    assert!(said("column since is in the stream, but not in the configured schema"), "{:?}", inferred.report.warnings);
    assert!(said("column gone of the configured schema is not in the stream"), "{:?}", inferred.report.warnings);
    assert_eq!(inferred.report.sample.rejected, 0);
}

#[test]
fn a_row_of_another_length_is_rejected_once() {
    let mut rows: Vec<String> = (0..96).map(|i| format!("{i},{},{}", i * 2, i * 3)).collect();
    rows.extend(["1,2".to_owned(), "1,2,3,4".to_owned(), "5,6,7,8".to_owned(), "1,2,3,".to_owned()]);
    let messages: Vec<Message<'_>> = (0..).zip(&rows).map(|(offset, row)| message(offset, None, Some(row))).collect();
    let t = report(&messages, Sampled::default());
    assert_eq!((t.sample.records, t.sample.rejected), (100, 3), "{:?} {:?}", t.rejects, t.warnings);
    let offsets: Vec<i64> = t.rejects.iter().map(|reject| reject.offset).collect();
    assert_eq!(offsets, [96, 97, 98]);
    assert!(!t.warnings.iter().any(|warning| warning.contains("as a whole")), "{:?}", t.warnings);
}

#[test]
fn what_becomes_of_the_row_of_column_names_is_told_as_flink_reads_it() {
    let told = |rows: &[&str]| {
        let messages: Vec<Message<'_>> = (0..).zip(rows).map(|(at, row)| message(at, None, Some(row))).collect();
        let start = "the row of column names in the stream reads as a row of its own: ";
        let warnings = report(&messages, Sampled::default()).warnings;
        warnings.iter().find_map(|warning| warning.strip_prefix(start)).unwrap().to_owned()
    };
    assert_eq!(
        told(&["id,name,open", "1,ann,true", "2,bob,false", "3,eve,true"]),
        "FALSE in `open`, the names themselves in STRING columns, null in the other columns"
    );
    assert_eq!(told(&["id,price", "1,1.5", "2,2.5", "3,3.5", "4,4.5"]), "null in all columns");
    assert_eq!(
        told(&["first_name,last_name,city", "Ada,Lovelace,London", "Alan,Turing,Wilmslow"]),
        "the names themselves in STRING columns"
    );
}

#[test]
fn a_declared_type_that_is_narrower_is_checked_or_told() {
    let directory = tempfile::tempdir().unwrap();
    let ddl = "CREATE TABLE t (id INT, name VARCHAR(3)) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json', \
               'properties.bootstrap.servers' = 'h');";
    std::fs::write(directory.path().join("t.table.sql"), ddl).unwrap();
    let schemas = topica::catalog::Schemas::load(directory.path(), &|_| None).unwrap();
    let mut given = Given::new("t", "t");
    given.schema = schemas.of("t").cloned();
    let messages =
        [message(0, None, Some(r#"{"id":3000000000,"name":"a"}"#)), message(1, None, Some(r#"{"id":1,"name":"b"}"#))];
    let report = infer(messages.into_iter(), &given, Sampled::default()).unwrap().unwrap().report;
    let said = |text: &str| report.warnings.iter().any(|warning| warning == text);
    assert!(said("`name` is declared VARCHAR(3), its values were only checked as STRING"), "{:?}", report.warnings);
    assert!(said("`id` does not fit the configured schema in 1 sampled records"), "{:?}", report.warnings);
    assert_eq!(report.sample.rejected, 1);
}
