//! A data system: where the topics are, which of them, and what is known about their payloads beforehand.

mod format;
mod parse;

use std::collections::BTreeMap;
use std::fmt;

use crate::catalog::env::{self, Lookup};
use crate::catalog::{Error, secret};
use crate::format::Format;

pub(crate) use parse::{is_kafka_connector, parse_table};

/// What a data system file says, whichever dialect it is in.
///
/// `${VAR}` is replaced when the file is read, but for `servers` and `properties`: tables are written with those as
/// they stood. [`env::expand`] gives them for use.
#[derive(Clone, PartialEq)]
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

impl DataSystem {
    /// Reads a data system file of any dialect: the classic one (`connector.systemType`), that of 0.1 to 0.4
    /// (`connector.name`) or a table file of 0.5 (`flink`). Which it is, its content tells.
    ///
    /// `origin` names the file in errors. Variables come from this process's environment.
    ///
    /// # Errors
    /// [`Error::Invalid`] with line and column, [`Error::Unset`] for a variable in a setting that is needed at once.
    pub fn parse(text: &str, origin: &str) -> Result<DataSystem, Error> {
        DataSystem::parse_with(text, origin, &env::process)
    }

    /// [`DataSystem::parse`] with variables from elsewhere.
    ///
    /// # Errors
    /// As [`DataSystem::parse`].
    pub fn parse_with(text: &str, origin: &str, env: Lookup<'_>) -> Result<DataSystem, Error> {
        parse::parse_system(text, origin, env)
    }

    /// A data system that only servers are known of.
    pub fn of_servers(servers: impl IntoIterator<Item = impl Into<String>>) -> DataSystem {
        DataSystem {
            role: Role::Source,
            name: None,
            servers: servers.into_iter().map(Into::into).collect(),
            topic_prefix: String::new(),
            format: None,
            properties: BTreeMap::new(),
        }
    }
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

    /// The role of this spelling; capitals, as early files have them, count as small letters.
    pub fn of_name(name: &str) -> Option<Role> {
        [Role::Source, Role::Sink, Role::SourceAndSink].into_iter().find(|role| role.name().eq_ignore_ascii_case(name))
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

impl fmt::Debug for DataSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataSystem")
            .field("role", &self.role)
            .field("name", &self.name)
            .field("servers", &self.servers)
            .field("topic_prefix", &self.topic_prefix)
            .field("format", &self.format)
            .field("properties", &secret::Redacted(&self.properties))
            .finish()
    }
}
