//! A data system: where the topics are, which of them, and what is known about their payloads beforehand.

use std::collections::BTreeMap;

use crate::format::Format;

/// What a data system file says, whichever dialect it is in.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSystem {
    /// Whether tables are read, written or both (`type`).
    pub role: Role,
    /// The data set's name, if one is given.
    pub name: Option<String>,
    /// `HOST:PORT` each, with `${VAR}` as it stood in the file: tables are written with it.
    pub servers: Vec<String>,
    /// Topics that start with it; it is no part of a table's name.
    pub topic_prefix: String,
    /// A configured format takes precedence over the topic's extension and over the bytes.
    pub format: Option<ConfiguredFormat>,
    /// Further Kafka client properties, as written in the file.
    pub properties: BTreeMap<String, String>,
}

/// Which way rows go (`type` of a data system or table).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Rows are read.
    Source,
    /// Rows are written.
    Sink,
    /// Both.
    SourceAndSink,
}

/// A format that was configured, with its options.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfiguredFormat {
    /// Which format.
    pub format: Format,
    /// What was said about delimited text.
    pub csv: CsvOptions,
}

/// What was configured about delimited text; what is absent is found in the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// The field delimiter.
    pub delimiter: Option<char>,
    /// The quote character.
    pub quote: Option<char>,
    /// Lines that start with it are comments.
    pub comment_prefix: Option<String>,
    /// The column names.
    pub header: Option<Vec<String>>,
    /// Whether the stream has a header row (`--csv-header`).
    pub header_in_stream: Option<bool>,
}

impl Role {
    /// The spelling in data system files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Role::Source => "source",
            Role::Sink => "sink",
            Role::SourceAndSink => "source_and_sink",
        }
    }

    /// Whether rows may be read.
    pub fn reads(self) -> bool {
        self != Role::Sink
    }

    /// Whether rows may be written.
    pub fn writes(self) -> bool {
        self != Role::Source
    }
}
