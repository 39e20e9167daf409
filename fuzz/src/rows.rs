//! Rows into records and records into rows, in tables of each format.
//!
//! Beyond not panicking: what is given as a row is a JSON object on one line, what is written reads back, and an error
//! leaves its output as it was.

use topica::catalog::{Encoding, Role, Table};
use topica::format::csv::{Dialect, Header};
use topica::format::json;
use topica::rows::{Decoded, Decoder, Encoder};
use topica::schema::{Column, Evidence, Field, Schema, Type};

/// A table that `choice` picks: JSON, CSV in some dialect, or one raw column; typed or not.
fn table(choice: u8) -> Table {
    let pick = |names: &[char], by: u8| names.get(usize::from(by) % names.len()).copied().unwrap_or(',');
    let encoding = match choice & 3 {
        0 => Encoding::Json,
        3 => Encoding::Raw,
        _ => Encoding::Csv(Dialect {
            delimiter: pick(&[',', '\t', ';', '§'], choice >> 5),
            escape: (choice & 4 != 0).then_some('\\'),
            header: if choice & 8 != 0 { Header::InStream } else { Header::None },
            ..Dialect::default()
        }),
    };
    let column = |name: &str, ty: Type| Column {
        field: Field { name: name.to_owned(), ty, nullable: name != "s" },
        evidence: Evidence::default(),
        notes: Vec::new(),
    };
    let columns = match (&encoding, choice & 16 != 0) {
        (Encoding::Raw, typed) => vec![column("v", if typed { Type::Bytes } else { Type::String })],
        (_, false) => Vec::new(),
        _ => vec![
            column("i", Type::BigInt),
            column("d", Type::Double),
            column("n", Type::Decimal { precision: 38, scale: 9 }),
            column("b", Type::Boolean),
            column("s", Type::String),
            column("t", Type::Timestamp),
        ],
    };
    let mut table = Table::new("t", "t", Role::SourceAndSink, encoding, Schema { columns, timestamps: None });
    table.empty_is_null = choice & 32 != 0;
    table
}

/// Writes any bytes as a row of a table that the first byte picks, keyed or not; what is written reads back as a row.
pub fn rows_encode(data: &[u8]) {
    let Some((&choice, row)) = data.split_first() else { return };
    let table = table(choice);
    let key = if choice & 64 != 0 { vec!["s".to_owned()] } else { Vec::new() };
    let Ok(mut encoder) = Encoder::new(&table, &key) else { return };
    let (mut key, mut value) = (b"key".to_vec(), b"value".to_vec());
    match encoder.encode(row, &mut key, &mut value) {
        Err(_) => assert_eq!((&key[..], &value[..]), (&b"key"[..], &b"value"[..])),
        Ok(keyed) => {
            assert!(keyed || key == b"key");
            let record = value.get(5..).unwrap_or_default();
            // A dynamic table has no columns to read CSV by.
            if !table.schema.columns.is_empty() || matches!(table.encoding, Encoding::Json) {
                let mut back = Vec::new();
                assert_eq!(Decoder::new(&table).decode(record, &mut back), Ok(Decoded::Row));
                assert!(json::members(&back).is_some());
            }
            // The same row is the same record.
            let mut again = Vec::new();
            assert!(encoder.encode(row, &mut Vec::new(), &mut again).is_ok());
            assert_eq!(again, record);
        }
    }
}

/// Reads any bytes as a record of a table that the first byte picks. A row is one JSON object on one line.
pub fn rows_decode(data: &[u8]) {
    let Some((&choice, record)) = data.split_first() else { return };
    let mut out = b"before".to_vec();
    let decoded = Decoder::new(&table(choice)).decode(record, &mut out);
    let row = out.strip_prefix(b"before").unwrap_or_default();
    match decoded {
        Ok(Decoded::Row) => {
            assert_eq!(json::validate(row, json::DEPTH_LIMIT), Ok(()));
            assert!(row.starts_with(b"{") && row.ends_with(b"}"));
            assert!(!row.contains(&b'\n') && !row.contains(&b'\r'));
        }
        Ok(Decoded::HeaderRow) | Err(_) => assert!(row.is_empty()),
    }
}
