//! What is known about a topic before its payloads are looked at.

use std::collections::BTreeMap;

use crate::catalog::{Configured, CsvOptions, Role};
use crate::format::{Format, csv};

/// How deep JSON may nest unless something else is asked for.
pub const JSON_DEPTH: usize = 1000;

/// What is known about a topic, or another input, before its payloads are looked at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Given {
    /// The table's name.
    pub table: String,
    /// The exact topic, or the name of the input.
    pub topic: String,
    /// Which way rows go.
    pub role: Role,
    /// Nobody has said which way rows go: the table may be used both ways, whatever `role` says.
    pub role_is_open: bool,
    /// Bootstrap servers as configured, for the written table.
    pub servers: String,
    /// Kafka client properties as configured, for the written table.
    pub properties: BTreeMap<String, String>,
    /// A configured format: it takes precedence over the extension and over the bytes.
    pub format: Option<Format>,
    /// What is configured about delimited text, should that be the format.
    pub csv: CsvOptions,
    /// What the topic's extension says: it takes precedence over the bytes.
    pub extension: Option<Extension>,
    /// A configured schema: it is used, and none is inferred.
    pub schema: Option<Configured>,
    /// Declare `NOT NULL` what was never null.
    pub not_null_from_sample: bool,
    /// How deep JSON may nest.
    pub json_depth: usize,
    /// What was to be said about the topic already.
    pub warnings: Vec<String>,
}

/// A topic's extension that names a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extension {
    /// The format.
    pub format: Format,
    /// Delimited text whose delimiter is the tab, unless another one is configured.
    pub tabs: bool,
}

impl Given {
    /// Nothing but the names.
    pub fn new(table: impl Into<String>, topic: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            topic: topic.into(),
            role: Role::Source,
            role_is_open: false,
            servers: String::new(),
            properties: BTreeMap::new(),
            format: None,
            csv: CsvOptions::default(),
            extension: None,
            schema: None,
            not_null_from_sample: false,
            json_depth: JSON_DEPTH,
            warnings: Vec::new(),
        }
    }

    /// The format that is named beforehand and can be read, and who names it.
    pub(crate) fn named(&self) -> Option<(Format, &'static str)> {
        let configured = self.format.map(|format| (format, "config"));
        let extension = self.extension.map(|extension| (extension.format, "extension"));
        configured.or(extension).filter(|(format, _)| is_read(*format))
    }

    /// The format that is named beforehand but that nothing here reads, and who names it.
    pub(crate) fn unread(&self) -> Option<(Format, &'static str)> {
        let configured = self.format.map(|format| (format, "the configuration"));
        let extension = self.extension.map(|extension| (extension.format, "the topic's extension"));
        configured.or(extension).filter(|(format, _)| !is_read(*format))
    }

    /// What is known about the dialect of delimited text.
    pub(crate) fn hints(&self) -> csv::Hints {
        let mut hints = csv::Hints::default();
        let tabs = self.format.is_none() && self.extension.is_some_and(|extension| extension.tabs);
        hints.delimiter = self.csv.delimiter.or(tabs.then_some('\t'));
        hints.quote = self.csv.quote.map(Some);
        hints.comment.clone_from(&self.csv.comment_prefix);
        hints.header = match (self.csv.header_in_stream, &self.csv.header) {
            (Some(true), _) => Some(csv::Header::InStream),
            (_, Some(_)) => Some(csv::Header::Given),
            (Some(false), None) => Some(csv::Header::None),
            (None, None) => None,
        };
        hints
    }
}

/// Whether payloads of a format are read, be it as one column.
fn is_read(format: Format) -> bool {
    matches!(format, Format::Json | Format::Csv | Format::Text | Format::Binary)
}
