//! From the vote to a way of reading: which format the table gets, and why.

use std::collections::{HashMap, HashSet};

use crate::format::csv::{Dialect, Header};
use crate::format::sniff::Verdict;
use crate::format::{Format, csv};
use crate::infer::given::Given;
use crate::infer::percent;

/// The least share of a topic that its first format must have for a table of its rows, if it has a second one.
const CLEAR: f64 = 0.9;

/// What is known once the votes are counted.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    /// The format, as reported.
    pub(crate) format: Format,
    /// `config`, `extension` or `bytes`.
    pub(crate) from: &'static str,
    /// How values are read.
    pub(crate) reading: Reading,
    /// Why, where that needs a word in the written table and the report.
    pub(crate) remarks: Vec<String>,
}

/// How values are read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reading {
    /// One JSON object each.
    Json,
    /// One row of delimited text each.
    Rows(Rows),
    /// One `STRING`.
    Text,
    /// One `BYTES`.
    Bytes,
}

/// Delimited text, and its columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rows {
    pub(crate) dialect: Dialect,
    pub(crate) columns: Vec<String>,
}

impl Decision {
    /// Decides by what was given and by the votes.
    pub(crate) fn new(given: &Given, verdict: &Verdict) -> Self {
        let mut remarks = Vec::new();
        if let Some((format, who)) = given.unread() {
            remarks.push(format!("{who} says {format}, which is not read: the bytes decide"));
        }
        let (format, from) = given.named().unwrap_or((verdict.format, "bytes"));
        let mut reading = match format {
            Format::Json => Reading::Json,
            Format::Csv => rows(given, verdict, &mut remarks),
            Format::Text => {
                remarks.push("each value is text without a structure of its own".to_owned());
                Reading::Text
            }
            Format::Empty => Reading::Bytes,
            _ => {
                remarks.push("the values are in no format that is known here".to_owned());
                Reading::Bytes
            }
        };
        if !verdict.mixed.is_empty() {
            let shares: Vec<String> =
                verdict.mixed.iter().map(|share| format!("{} {}", share.format, percent(share.share))).collect();
            let shares = shares.join(", ");
            if verdict.share >= CLEAR {
                remarks.push(format!("the topic is mixed ({shares}): this table reads {format} and skips the rest"));
            } else {
                remarks = vec![format!("the topic is mixed ({shares}): no format has {} of it", percent(CLEAR))];
                reading = Reading::Bytes;
            }
        }
        Self { format, from, reading, remarks }
    }
}

fn rows(given: &Given, verdict: &Verdict, remarks: &mut Vec<String>) -> Reading {
    let Some(found) = &verdict.csv else {
        return one_field(given, verdict, remarks);
    };
    if found.several * 2 > found.fits {
        remarks.push("values hold several rows each, which Flink's csv format does not read".to_owned());
        return Reading::Text;
    }
    let mut dialect = found.dialect.clone();
    let columns = match (&given.csv.header, &found.names, dialect.header) {
        (Some(names), ..) => names.clone(),
        (None, Some(names), Header::InStream) => distinct(names),
        _ => {
            dialect.header = Header::None;
            (1..=found.columns).map(|i| format!("c{i}")).collect()
        }
    };
    Reading::Rows(Rows { dialect, columns })
}

/// Delimited text by its name alone: rows of one column have no delimiter to be found by.
fn one_field(given: &Given, verdict: &Verdict, remarks: &mut Vec<String>) -> Reading {
    let header = given.csv.header.as_deref();
    if !matches!(verdict.format, Format::Csv | Format::Text) || header.is_some_and(|names| names.len() != 1) {
        remarks.push("no value is a row of delimited text".to_owned());
        return Reading::Bytes;
    }
    let hints = given.hints();
    let mut dialect = Dialect { comment: hints.comment, ..Dialect::default() };
    dialect.delimiter = hints.delimiter.unwrap_or(dialect.delimiter);
    dialect.quote = hints.quote.unwrap_or(dialect.quote);
    let columns = match header {
        Some(names) => {
            dialect.header = Header::Given;
            names.to_vec()
        }
        None => vec!["c1".to_owned()],
    };
    Reading::Rows(Rows { dialect, columns })
}

/// Column names from a header row: an empty one becomes `c` and its place, a repeated one gets a number.
fn distinct(names: &[String]) -> Vec<String> {
    let mut taken = HashSet::with_capacity(names.len());
    // The number to try next for a name that was there before: trying all from 2 on would be slow for many of one name.
    let mut next: HashMap<String, u32> = HashMap::new();
    let mut distinct = Vec::with_capacity(names.len());
    for (i, name) in (1..).zip(names) {
        let name = name.trim();
        let base = if name.is_empty() { format!("c{i}") } else { name.to_owned() };
        let mut free = base.clone();
        while !taken.insert(free.clone()) {
            let number = next.entry(base.clone()).or_insert(2);
            free = format!("{base}_{number}");
            *number += 1;
        }
        distinct.push(free);
    }
    distinct
}

impl Rows {
    /// Shows a value's fields in `fields`.
    pub(crate) fn read<'a>(
        &'a self,
        value: &'a [u8],
        fields: &mut Vec<crate::format::Text<'a>>,
    ) -> Result<(), csv::Error> {
        fields.clear();
        csv::walk_row(value, &self.dialect, |_, field| fields.push(field)).map(|_| ())
    }

    /// Whether a row is the row of column names.
    pub(crate) fn is_header(&self, fields: &[crate::format::Text<'_>]) -> bool {
        self.dialect.header != Header::None
            && fields.len() == self.columns.len()
            && fields.iter().zip(&self.columns).all(|(field, name)| field.value().trim() == name.trim())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::format::sniff::{Options, Role, Sniffer};
    use crate::infer::given::Extension;

    fn decide(given: &Given, payloads: &[&str]) -> Decision {
        let named = given.named().map(|(format, _)| format);
        let mut sniffer = Sniffer::new(Options::new(Role::Value).format(named).csv(given.hints()));
        for payload in payloads {
            sniffer.add(payload.as_bytes());
        }
        Decision::new(given, &sniffer.verdict())
    }

    #[test]
    fn repeated_names_become_distinct_however_many_there_are() {
        let names = ["a", "", "a", "a_2", "a", " a "].map(str::to_owned);
        assert_eq!(distinct(&names), ["a", "c2", "a_2", "a_2_2", "a_3", "a_4"]);
        let many = vec!["a".to_owned(); 20_000];
        assert_eq!(distinct(&many).last().unwrap(), "a_20000");
    }

    #[test]
    fn a_configured_format_comes_before_the_extension_and_that_before_the_bytes() {
        let mut given = Given::new("t", "t");
        let json = [r#"{"a":1}"#, r#"{"a":2}"#];
        assert_eq!((decide(&given, &json).format, decide(&given, &json).from), (Format::Json, "bytes"));
        given.extension = Some(Extension { format: Format::Text, tabs: false });
        assert_eq!((decide(&given, &json).format, decide(&given, &json).from), (Format::Text, "extension"));
        given.format = Some(Format::Json);
        assert_eq!((decide(&given, &json).format, decide(&given, &json).from), (Format::Json, "config"));
    }

    #[test]
    fn a_format_that_is_not_read_leaves_it_to_the_bytes_and_says_so() {
        let mut given = Given::new("t", "t");
        given.extension = Some(Extension { format: Format::Avro, tabs: false });
        let decision = decide(&given, &[r#"{"a":1}"#]);
        assert_eq!((decision.format, decision.from), (Format::Json, "bytes"));
        assert_eq!(decision.remarks, ["the topic's extension says avro, which is not read: the bytes decide"]);
    }

    #[test]
    fn a_mixed_topic_is_read_if_nine_tenths_are_of_one_format() {
        let given = Given::new("t", "t");
        let mut payloads = vec![r#"{"a":1}"#; 95];
        payloads.extend(["some prose, with words"; 5]);
        let decision = decide(&given, &payloads);
        assert_eq!(decision.reading, Reading::Json);
        assert_eq!(
            decision.remarks,
            ["the topic is mixed (json 95 %, text 5 %): this table reads json and skips the rest"]
        );
        payloads.extend(["some prose, with words"; 10]);
        assert_eq!(decide(&given, &payloads).reading, Reading::Bytes);
    }

    #[test]
    fn rows_have_the_names_of_their_header_or_numbers() {
        let given = Given::new("t", "t");
        let rows = ["id;name;price", "1;ann;1.5", "2;bob;2.5", "3;eve;3.5", "4;joe;4.5"];
        let Reading::Rows(read) = decide(&given, &rows).reading else { panic!() };
        assert_eq!(read.columns, ["id", "name", "price"]);
        assert_eq!(read.dialect.header, Header::InStream);
        let Reading::Rows(read) = decide(&given, &rows[1..]).reading else { panic!() };
        assert_eq!(read.columns, ["c1", "c2", "c3"]);
        assert_eq!(read.dialect.header, Header::None);
    }

    #[test]
    fn rows_of_one_column_are_rows_where_that_is_known_beforehand() {
        let mut given = Given::new("t", "t");
        assert_eq!(decide(&given, &["1", "2", "3"]).reading, Reading::Text);
        given.format = Some(Format::Csv);
        let Reading::Rows(read) = decide(&given, &["1", "2", "3"]).reading else { panic!() };
        assert_eq!((read.columns, read.dialect.header), (vec!["c1".to_owned()], Header::None));
        given.csv.header = Some(vec!["id".to_owned()]);
        let Reading::Rows(read) = decide(&given, &["1", "2", "3"]).reading else { panic!() };
        assert_eq!((read.columns, read.dialect.header), (vec!["id".to_owned()], Header::Given));
    }

    #[test]
    fn names_of_a_header_row_are_made_distinct() {
        let names = ["a", "", "a", "a_2"].map(str::to_owned);
        assert_eq!(distinct(&names), ["a", "c2", "a_2", "a_2_2"]);
    }
}
