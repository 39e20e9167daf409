//! What a run of discovery found, as `--output json` prints it, and what that means for the exit status.

use std::path::PathBuf;

use serde::Serialize;

use crate::catalog::{Table, publish};
use crate::infer::TableReport;

/// Everything that a run found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The cluster that was looked at.
    pub cluster: ClusterReport,
    /// A table for each topic with a readable record, by table name.
    pub tables: Vec<TableReport>,
    /// Topics that gave no table, by name.
    pub skipped: Vec<Skipped>,
    /// The tables themselves and their files, in the order of `tables`.
    #[serde(skip)]
    pub definitions: Vec<Definition>,
    /// Whether the run was cancelled, and what was sampled until then was used.
    #[serde(skip)]
    pub interrupted: bool,
    /// The largest share of rejected records that a topic may have before the run counts as not clean.
    #[serde(skip)]
    pub max_rejected: f64,
}

/// A table, and the files that define it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Definition {
    /// The table.
    pub table: Table,
    /// Its files, in the dialects asked for.
    pub files: Vec<publish::File>,
    /// The file of the configured schema that was used, if there was one.
    pub configured: Option<PathBuf>,
}

/// A cluster in a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClusterReport {
    /// The cluster's id, where the broker tells it.
    pub id: Option<String>,
    /// How many brokers it has now.
    pub brokers: usize,
}

/// A topic that gave no table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The exact topic.
    pub topic: String,
    /// Why, for people.
    pub reason: String,
    /// Why, for the exit status.
    #[serde(skip)]
    pub why: Why,
}

/// Why a topic gave no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// It has no records, or none with a value.
    Empty,
    /// Nothing of its name is left for the table's.
    Nameless,
    /// It has records, but none could be read.
    Unreadable,
    /// The run ended before it was read.
    NotReached,
    /// Its table could not be written down so that it reads back, or topica itself is at fault.
    Defect,
}

/// Something about a run that is not right, though it is done.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault<'a> {
    /// A topic with records gave no table.
    NoTable(&'a Skipped),
    /// A topic is in more than one format.
    Mixed(&'a TableReport),
    /// Too large a share of a topic's records was rejected.
    Rejected(&'a TableReport),
    /// A partition could not be read.
    Partial(&'a TableReport),
}

impl Report {
    /// What is not right; empty when all was done and nothing left out.
    pub fn faults(&self) -> Vec<Fault<'_>> {
        let skipped = self
            .skipped
            .iter()
            .filter(|skipped| matches!(skipped.why, Why::Unreadable | Why::NotReached | Why::Defect))
            .map(Fault::NoTable);
        let tables = self.tables.iter().filter_map(|table| {
            if !table.format.mixed.is_empty() {
                Some(Fault::Mixed(table))
            } else if table.sample.rejected_share() > self.max_rejected {
                Some(Fault::Rejected(table))
            } else if table.failed {
                Some(Fault::Partial(table))
            } else {
                None
            }
        });
        skipped.chain(tables).collect()
    }

    /// The exit status that the command line documents: 0 all done, 1 something is not right, 130 interrupted.
    pub fn exit_status(&self) -> u8 {
        if self.interrupted { 130 } else { u8::from(!self.faults().is_empty()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn report() -> Report {
        Report {
            cluster: ClusterReport { id: Some("c".to_owned()), brokers: 3 },
            tables: Vec::new(),
            skipped: Vec::new(),
            definitions: Vec::new(),
            interrupted: false,
            max_rejected: 0.05,
        }
    }

    fn skipped(why: Why) -> Skipped {
        Skipped { topic: "empty.json".to_owned(), reason: "it has no records".to_owned(), why }
    }

    #[test]
    fn the_document_has_the_keys_of_the_contract_in_its_order() {
        let mut report = report();
        report.skipped.push(skipped(Why::Empty));
        assert_eq!(
            serde_json::to_string(&report).unwrap(),
            r#"{"cluster":{"id":"c","brokers":3},"tables":[],"skipped":[{"topic":"empty.json","reason":"it has no records"}]}"#
        );
    }

    #[test]
    fn an_empty_topic_is_reported_and_no_fault_and_an_unread_one_is_a_fault() {
        let mut report = report();
        report.skipped = vec![skipped(Why::Empty), skipped(Why::Nameless)];
        assert_eq!(report.exit_status(), 0);
        report.skipped.push(skipped(Why::Unreadable));
        assert_eq!(report.exit_status(), 1);
        report.interrupted = true;
        assert_eq!(report.exit_status(), 130);
    }
}
