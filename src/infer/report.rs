//! What was found out about one table, as `--output json` prints it.
//!
//! The fields stand in the order in which they are printed. What a document for machines has no place for (each
//! rejected record, say) is kept for the text view and not serialised.

use serde::Serialize;

use crate::schema::Type;

/// A table and the evidence for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TableReport {
    /// The table's name.
    pub table: String,
    /// The exact topic, or the name of the input.
    pub topic: String,
    /// `source`, `sink` or `source_and_sink`.
    #[serde(rename = "type")]
    pub role: &'static str,
    /// The format of the values.
    pub format: FormatReport,
    /// The keys, if any record has one.
    pub key: Option<KeyReport>,
    /// How much was looked at.
    pub sample: SampleReport,
    /// The columns as written in the table, with their evidence.
    pub columns: Vec<ColumnReport>,
    /// What a reader of the table should know, one line each.
    pub warnings: Vec<String>,
    /// The first rejected records, for people.
    #[serde(skip)]
    pub rejects: Vec<Reject>,
    /// Whether a partition could not be read, so that the table is from the others alone.
    #[serde(skip)]
    pub failed: bool,
}

/// A format, how it came to be known, and how much of the sample is in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FormatReport {
    /// `json`, `csv`, `text`, ...
    pub name: &'static str,
    /// `config`, `extension` or `bytes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<&'static str>,
    /// The share of the sampled values that are in this format, 0 to 1.
    pub share: f64,
    /// Between the fields of delimited text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Around fields of delimited text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<char>,
    /// Whether a row of column names is among the rows of delimited text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// What every text is: a number, a date, a UUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scalar: Option<&'static str>,
    /// All formats of a topic that has more than one, with the share of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mixed: Vec<FormatReport>,
}

/// The keys of a topic.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct KeyReport {
    /// Their format.
    pub format: FormatReport,
    /// Columns of the value that equal the key in every sampled record that has both.
    pub columns: Vec<String>,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SampleReport {
    /// Partitions that records were sampled from.
    pub partitions: u64,
    /// Records, tombstones and rejected ones included.
    pub records: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
    /// Records without a value.
    pub tombstones: u64,
    /// Records that do not fit the table or could not be decoded.
    pub rejected: u64,
    /// Whether every record that was there at the start has been looked at.
    pub complete: bool,
}

/// A column and its evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ColumnReport {
    /// The exact name.
    pub name: String,
    /// The type, in Flink SQL's terms.
    #[serde(rename = "type", serialize_with = "display")]
    pub ty: Type,
    /// Whether the written table lets it be null.
    pub nullable: bool,
    /// Records in which it is there, null or not.
    pub seen: u64,
    /// Records in which it is null.
    pub null: u64,
}

/// A record that is not in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Its partition; 0 where there are none.
    pub partition: i32,
    /// Its offset, or its number in the input.
    pub offset: i64,
    /// Why, without anything of the payload itself.
    pub reason: String,
}

fn display<S: serde::Serializer>(value: &Type, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

impl SampleReport {
    /// The share of the records that is not in the table, 0 to 1.
    pub fn rejected_share(&self) -> f64 {
        share(self.rejected, self.records)
    }

    /// The largest share of unseen records that a sample of this size cannot exclude, at 95 %: the rule of three.
    /// `None` when everything was seen.
    pub fn unseen(&self) -> Option<f64> {
        if self.complete || self.records == 0 { None } else { Some((3.0 / precise(self.records)).min(1.0)) }
    }
}

/// `part` of `whole`, 0 to 1; 1 where there is nothing.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { precise(part) / precise(whole) }
}

/// Counts of sampled records are far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn precise(count: u64) -> f64 {
    count as f64
}

/// A share as people read it: `0.2 %`, with more digits rather than `0 %` for what is there.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 100.0 && percent > 99.95 {
        return "more than 99.9 %".to_owned();
    }
    let shown = |digits: usize| format!("{percent:.digits$}");
    let is_zero = |text: &str| text.bytes().all(|b| matches!(b, b'0' | b'.'));
    let text = (1..9).map(shown).find(|text| percent <= 0.0 || !is_zero(text)).unwrap_or_else(|| shown(9));
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn the_document_has_the_keys_of_the_contract_in_its_order() {
        let report = TableReport {
            table: "orders".to_owned(),
            topic: "shop.orders.json".to_owned(),
            role: "source",
            format: FormatReport { name: "json", from: Some("extension"), share: 0.998, ..FormatReport::default() },
            key: Some(KeyReport {
                format: FormatReport { name: "int64", from: Some("bytes"), share: 1.0, ..FormatReport::default() },
                columns: vec!["id".to_owned()],
            }),
            sample: SampleReport {
                partitions: 3,
                records: 10003,
                bytes: 1_234_567,
                tombstones: 3,
                rejected: 20,
                complete: false,
            },
            columns: vec![ColumnReport {
                name: "id".to_owned(),
                ty: Type::BigInt,
                nullable: true,
                seen: 9980,
                null: 0,
            }],
            warnings: vec!["w".to_owned()],
            rejects: Vec::new(),
            failed: false,
        };
        assert_eq!(
            serde_json::to_string(&report).unwrap(),
            r#"{"table":"orders","topic":"shop.orders.json","type":"source","format":{"name":"json","from":"extension","share":0.998},"key":{"format":{"name":"int64","from":"bytes","share":1.0},"columns":["id"]},"sample":{"partitions":3,"records":10003,"bytes":1234567,"tombstones":3,"rejected":20,"complete":false},"columns":[{"name":"id","type":"BIGINT","nullable":true,"seen":9980,"null":0}],"warnings":["w"]}"#
        );
    }

    #[test]
    fn shares_read_as_people_write_them() {
        for (share, text) in [
            (0.0, "0 %"),
            (0.0001, "0.01 %"),
            (0.0003, "0.03 %"),
            (0.002, "0.2 %"),
            (0.5, "50 %"),
            (0.9999, "more than 99.9 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn the_rule_of_three_speaks_only_of_what_was_not_seen() {
        let mut sample = SampleReport { records: 10_000, ..SampleReport::default() };
        assert_eq!(sample.unseen(), Some(0.0003));
        sample.complete = true;
        assert_eq!(sample.unseen(), None);
    }
}
