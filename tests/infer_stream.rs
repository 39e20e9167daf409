//! Inference from files and pipes: what votes, what is counted, what is checked, and in how much memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use topica::catalog::Dialect;
use topica::format::Format;
use topica::infer::{Framing, Given, Inferred, Stream, StreamLimits, TableReport, files};

fn infer_in(
    given: Given,
    framing: Framing,
    limits: StreamLimits,
    inputs: &[&[u8]],
    step: usize,
    again: bool,
) -> Option<Inferred> {
    let mut stream = Stream::new(given, framing, limits);
    for input in inputs {
        for chunk in input.chunks(step) {
            stream.feed(chunk);
        }
        stream.end_of_input();
    }
    let mut review = stream.finish().unwrap()?;
    if again {
        for input in inputs {
            for chunk in input.chunks(step) {
                review.feed(chunk);
            }
            review.end_of_input();
        }
    }
    Some(review.finish().unwrap())
}

fn infer(framing: Framing, inputs: &[&[u8]]) -> TableReport {
    infer_in(Given::new("t", "t"), framing, StreamLimits::default(), inputs, 1 << 16, true).unwrap().report
}

fn columns(table: &TableReport) -> Vec<String> {
    table.columns.iter().map(|c| format!("{} {} {}/{}", c.name, c.ty, c.seen, c.null)).collect()
}

#[test]
fn lines_of_json_are_rows() {
    let report = infer(Framing::Lines, &[b"{\"a\":1}\n\n{\"a\":null,\"b\":\"x\"}\r\n{\"a\":3}"]);
    assert_eq!(columns(&report), ["a BIGINT 3/1", "b STRING 1/0"]);
    assert_eq!((report.format.name, report.format.from, report.format.share), ("json", Some("bytes"), 1.0));
    assert_eq!((report.sample.records, report.sample.complete, report.sample.rejected), (3, true, 0));
    assert_eq!(report.key, None);
}

#[test]
fn a_csv_file_has_its_header_first() {
    let report = infer(Framing::Lines, &[b"id;name\n1;ann\n2;bob\n3;\"eve; or not\"\n"]);
    assert_eq!(columns(&report), ["id BIGINT 3/0", "name STRING 3/0"]);
    assert_eq!((report.format.name, report.format.delimiter, report.format.header), ("csv", Some(';'), Some(true)));
    assert_eq!((report.sample.records, report.sample.rejected), (4, 0));
}

#[test]
fn an_empty_field_of_a_number_is_a_null() {
    let given = Given::new("t", "t");
    let input: &[&[u8]] = &[b"id,n\n1,5\n2,\n3,7\n4,8\n"];
    let inferred = infer_in(given, Framing::Lines, StreamLimits::default(), input, 100, true).unwrap();
    assert_eq!(columns(&inferred.report), ["id BIGINT 4/0", "n BIGINT 4/1"]);
    assert!(inferred.sql.contains("'csv.null-literal' = ''"), "{}", inferred.sql);
    assert_eq!(inferred.report.sample.rejected, 0);
}

#[test]
fn each_file_is_a_message_and_so_is_what_a_varint_announces() {
    let report = infer(Framing::File, &[b"{\n  \"a\": 1\n}\n", b"{\"a\": 2}"]);
    assert_eq!(columns(&report), ["a BIGINT 2/0"]);
    assert_eq!((report.sample.records, report.sample.partitions), (2, 2));
    let report = infer(Framing::Varint, &[b"\x07{\"a\":1}\x07{\"a\":2}\x09{\"a\":"]);
    assert_eq!(columns(&report), ["a BIGINT 2/0"]);
    assert_eq!((report.sample.records, report.sample.rejected), (3, 1));
    assert_eq!(report.rejects[0].reason, "the input ends inside the message");
}

#[test]
fn what_does_not_fit_after_the_vote_is_counted() {
    let mut text = String::new();
    for i in 0..5_000 {
        text.push_str(&format!("{{\"id\":{i}}}\n"));
    }
    text.push_str("{\"id\": broken\n{\"id\":1.5}\n");
    let report = infer(Framing::Lines, &[text.as_bytes()]);
    assert_eq!((report.sample.records, report.sample.rejected), (5_002, 1));
    assert_eq!(columns(&report), ["id DOUBLE 5001/0"], "what comes late still counts for the schema");
    assert_eq!((report.rejects[0].offset, report.format.mixed.len()), (5_001, 0));
}

#[test]
fn a_second_format_that_comes_late_makes_the_input_mixed() {
    let mut text = "{\"id\":1}\n".repeat(2_000);
    text.push_str(&"it was a dark and stormy night\n".repeat(1_000));
    let report = infer(Framing::Lines, &[text.as_bytes()]);
    assert_eq!(report.format.mixed.len(), 2);
    assert_eq!(columns(&report), ["value BYTES 3000/0"]);
}

#[test]
fn pieces_of_any_size_and_a_second_reading_change_nothing() {
    let mut text = String::new();
    for i in 0..300 {
        text.push_str(&format!(
            "{{\"id\":{i},\"k{}\":[{i},null],\"t\":\"2024-01-0{}T00:00:00Z\"}}\n",
            i % 5,
            1 + i % 9
        ));
    }
    let run = |step, again| {
        let inferred =
            infer_in(Given::new("t", "t"), Framing::Lines, StreamLimits::default(), &[text.as_bytes()], step, again)
                .unwrap();
        (inferred.sql, serde_json::to_string(&inferred.report).unwrap())
    };
    let whole = run(text.len(), true);
    assert_eq!(run(1, true), whole);
    assert_eq!(run(1_000, false), whole);
}

#[test]
fn limits_end_the_reading_and_the_report_says_so() {
    let text = "{\"id\":1}\n".repeat(100);
    let limits = StreamLimits { records: 10, ..StreamLimits::default() };
    let report = infer_in(Given::new("t", "t"), Framing::Lines, limits, &[text.as_bytes()], 7, true).unwrap().report;
    assert_eq!((report.sample.records, report.sample.complete), (10, false));
    assert!(report.warnings.iter().any(|w| w.contains("30 %")), "{:?}", report.warnings);
    let limits = StreamLimits { bytes: 20, ..StreamLimits::default() };
    let report = infer_in(Given::new("t", "t"), Framing::Lines, limits, &[text.as_bytes()], 7, true).unwrap().report;
    assert_eq!((report.sample.records, report.sample.bytes), (2, 16));
}

#[test]
fn nothing_gives_nothing() {
    assert!(infer_in(Given::new("t", "t"), Framing::Lines, StreamLimits::default(), &[b"\n \n"], 10, true).is_none());
}

#[test]
fn a_format_that_was_named_and_that_nothing_is_in_leaves_one_column_and_a_fault() {
    let mut given = Given::new("t", "t");
    given.format = Some(Format::Json);
    let input: &[&[u8]] = &[b"hello there\nhow are you\n"];
    let report = infer_in(given, Framing::Lines, StreamLimits::default(), input, 10, true).unwrap().report;
    assert_eq!(columns(&report), ["value BYTES 2/0"]);
    assert_eq!((report.format.name, report.format.share, report.sample.rejected), ("json", 0.0, 2));
}

#[test]
fn both_dialects_are_written() {
    let input: &[&[u8]] = &[b"{\"id\":1,\"at\":\"2024-01-01T00:00:00Z\"}\n"];
    let inferred =
        infer_in(Given::new("orders", "shop.orders"), Framing::Lines, StreamLimits::default(), input, 10, true)
            .unwrap();
    let sql = files(&inferred, Dialect::Sql, "shop.", false).unwrap();
    assert_eq!(sql[0].name, "orders.table.sql");
    assert!(sql[0].content.contains("${KAFKA_BOOTSTRAP_SERVERS}"), "{}", sql[0].content);
    let classic = files(&inferred, Dialect::Classic, "shop.", true).unwrap();
    let names: Vec<_> = classic.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["orders.table.json", "orders.schema.yml"]);
    assert!(classic[0].content.contains("\"identifier\" : \"orders\""), "{}", classic[0].content);
    assert!(classic[1].content.contains("not_null"), "{}", classic[1].content);
}

#[test]
fn objects_and_other_documents_together_are_rows_if_nearly_all_are_objects() {
    let mut text = "{\"id\":1}\n".repeat(99);
    text.push_str("[1,2]\n");
    let report = infer(Framing::Lines, &[text.as_bytes()]);
    assert_eq!(columns(&report), ["id BIGINT 99/0"]);
    assert_eq!(report.sample.rejected, 1);
    let text = "{\"id\":1}\n[1,2]\n".repeat(50);
    let report = infer(Framing::Lines, &[text.as_bytes()]);
    assert_eq!(columns(&report), ["value STRING 100/0"]);
    assert_eq!(report.sample.rejected, 0);
}
