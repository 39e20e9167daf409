//! CSV topics: the header given, found in the stream, or nowhere; the delimiter told or found.
use crate::discovered::{Discovered, data_system};
use protocol_tests::{Flink, Kafka, Record, compare};
use serde_json::json;

const PEOPLE: [&str; 6] = [
    "1,Ada,1815-12-10,36.5,true",
    "2,\"Hopper, Grace\",1906-12-09,85,false",
    "3,\"said \"\"no\"\"\",1912-06-23,41.25,true",
    "4,Grüße ☃,2000-02-29,0.1,false",
    "5,,1999-01-01,-1.5,true",
    "6,last,1970-01-01,100000,false",
];
const COLUMNS: [&str; 5] = ["id", "name", "born", "score", "active"];

/// One row, as RFC 4180 reads it.
fn cells(row: &str, delimiter: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut rest = row.chars().peekable();
    while let Some(c) = rest.next() {
        let cell = cells.last_mut().unwrap();
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => cell.extend(rest.next()),
            '"' => quoted = !quoted,
            c if c == delimiter && !quoted => cells.push(String::new()),
            c => cell.push(c),
        }
    }
    cells
}

#[test]
fn rows_without_a_header_get_numbered_columns_and_their_types() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("bare.");
    let written = kafka.write(&format!("{prefix}people.csv"), PEOPLE);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    let table = found.table("people");
    assert_eq!((&table["format"]["name"], &table["format"]["from"]), (&json!("csv"), &json!("extension")));
    assert_eq!(table["format"]["delimiter"], ",");
    assert!(!table["warnings"].as_array().unwrap().is_empty(), "that the names are made up is said");
    let names = ["c1", "c2", "c3", "c4", "c5"];
    let read = flink.read_one(&found.path("people"));
    assert_eq!(names.map(|n| read.root(n)), ["BIGINT", "VARCHAR", "DATE", "DOUBLE", "BOOLEAN"]);
    compare::csv_rows(&read, &written, &names, |row| Some(cells(row, ',')));
}

#[test]
fn a_header_in_the_stream_names_the_columns() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("headed.");
    let topic = format!("{prefix}people.csv");
    kafka.create(&[(&topic, 3)]);
    // The header lies in one partition, once: where the first message of a file went.
    let header = Record::new(&topic, COLUMNS.join(",")).partition(1);
    let rows =
        PEOPLE.iter().enumerate().map(|(i, row)| Record::new(&topic, row).partition(i32::try_from(i % 3).unwrap()));
    let written = kafka.produce(std::iter::once(header).chain(rows).collect());
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    let read = flink.read_one(&found.path("people"));
    assert_eq!(COLUMNS.map(|n| read.root(n)), ["BIGINT", "VARCHAR", "DATE", "DOUBLE", "BOOLEAN"]);
    compare::csv_rows(&without_header_row(read, "name"), &written, &COLUMNS, |row| {
        (row != COLUMNS.join(",")).then(|| cells(row, ','))
    });
    assert!(
        found.sql("people").contains("-- topica:"),
        "that the header row reads as nulls is said:\n{}",
        found.sql("people")
    );
}

/// Flink has no way to skip a header row: it reads as nulls, with its own text in the columns of text. That row is known, and taken away.
fn without_header_row(mut table: protocol_tests::Table, text_column: &str) -> protocol_tests::Table {
    let column = table.column(text_column) + 2;
    table.rows.retain(|row| row[column] != text_column);
    table
}

#[test]
fn a_configured_header_and_delimiter_are_taken() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("configured.");
    let rows = PEOPLE.map(|row| cells(row, ',').join("|"));
    let written = kafka.write(&format!("{prefix}people"), &rows);
    let (_directory, config) =
        data_system(kafka, "source", &prefix, &json!({"formatType": "csv", "delimiter": "|", "header": COLUMNS}));
    let found = Discovered::of(kafka, &[config.to_str().unwrap()]);
    assert_eq!(
        (&found.table("people")["format"]["name"], &found.table("people")["format"]["from"]),
        (&json!("csv"), &json!("config"))
    );
    let read = flink.read_one(&found.path("people"));
    // A quote inside an unquoted field stays as it is.
    compare::csv_rows(&read, &written, &COLUMNS, |row| Some(row.split('|').map(str::to_owned).collect()));
}

#[test]
fn a_delimiter_is_found_without_extension_or_configuration() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    for (name, delimiter) in [("semicolon", ';'), ("tab", '\t'), ("pipe", '|')] {
        let prefix = kafka.topic(&format!("found-{name}."));
        let rows: Vec<String> = (0..40).map(|i| format!("{i}{delimiter}user{i}{delimiter}{}.5", i * 3)).collect();
        let written = kafka.write(&format!("{prefix}people"), &rows);
        let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
        let format = &found.table("people")["format"];
        assert_eq!(
            (&format["name"], &format["from"], &format["delimiter"]),
            (&json!("csv"), &json!("bytes"), &json!(delimiter.to_string())),
            "{}",
            found.run
        );
        let read = flink.read_one(&found.path("people"));
        compare::csv_rows(&read, &written, &["c1", "c2", "c3"], |row| {
            Some(row.split(delimiter).map(str::to_owned).collect())
        });
    }
}

#[test]
fn cells_that_only_look_like_numbers_stay_text() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("lookalike.");
    let rows = ["007,1e400,9223372036854775808,0x10,+1,1_000,NaN", "010,1,1,2,2,3,4", "1,2,3,4,5,6,7"];
    let written = kafka.write(&format!("{prefix}codes.csv"), rows);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix, "--csv-header=a,b,c,d,e,f,g"]);
    let read = flink.read_one(&found.path("codes"));
    assert_eq!(read.root("a"), "VARCHAR", "leading zeros are not lost");
    compare::csv_rows(&read, &written, &["a", "b", "c", "d", "e", "f", "g"], |row| Some(cells(row, ',')));
}

#[test]
fn several_rows_a_message_are_one_raw_column() {
    let Some(kafka) = Kafka::shared() else { return };
    let Some(flink) = Flink::shared() else { return };
    let prefix = kafka.topic("many-rows.");
    let written = kafka.write(&format!("{prefix}people.csv"), ["1,a\n2,b\n", "3,c\n4,d\n", "5,e\n6,f\n"]);
    let found = Discovered::of(kafka, &["--topic-prefix", &prefix]);
    let read = flink.read_one(&found.path("people"));
    let stored: Vec<_> = read.columns.iter().filter(|c| c.stored).collect();
    assert_eq!(stored.len(), 1, "{stored:?}");
    assert_eq!(read.rows.len(), written.len());
    assert_eq!(read.cells(&stored[0].name), written.iter().map(|r| r.text()).collect::<Vec<_>>());
}
