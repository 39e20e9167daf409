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
/// they stood. [`DataSystem::bootstrap`] and [`DataSystem::client_properties`] give them for use.
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

    /// The servers for use: variables replaced, lists in a variable taken apart, port 9092 where none is given.
    ///
    /// # Errors
    /// [`Error::Unset`], and [`Error::Missing`] if nothing is left.
    pub fn bootstrap(&self, env: Lookup<'_>) -> Result<Vec<String>, Error> {
        bootstrap(&self.servers, env)
    }

    /// The client properties for use: variables replaced.
    ///
    /// # Errors
    /// [`Error::Unset`].
    pub fn client_properties(&self, env: Lookup<'_>) -> Result<BTreeMap<String, String>, Error> {
        client_properties(&self.properties, env)
    }
}

/// Servers for use; each text may hold several, with commas between.
pub(crate) fn bootstrap(servers: &[String], env: Lookup<'_>) -> Result<Vec<String>, Error> {
    let mut out = Vec::new();
    for text in servers {
        let text = env::expand(text, "servers", env)?;
        out.extend(text.split(',').map(str::trim).filter(|s| !s.is_empty()).map(with_port));
    }
    if out.is_empty() {
        return Err(Error::Missing {
            what: "no server is configured".into(),
            advice: "name one with --servers HOST:PORT".into(),
        });
    }
    Ok(out)
}

/// Client properties for use.
pub(crate) fn client_properties(
    properties: &BTreeMap<String, String>,
    env: Lookup<'_>,
) -> Result<BTreeMap<String, String>, Error> {
    properties.iter().map(|(key, value)| Ok((key.clone(), env::expand(value, key, env)?))).collect()
}

/// `HOST` as `HOST:9092`; `HOST:PORT`, `[IPv6]:PORT` as they are. A listener's name in front (`PLAINTEXT://`) goes.
fn with_port(server: &str) -> String {
    let server = server.split_once("://").map_or(server, |(_, rest)| rest);
    let has_port = match server.strip_prefix('[') {
        Some(v6) => v6.split_once(']').is_some_and(|(_, after)| after.starts_with(':')),
        // An IPv6 address without brackets has no port.
        None => server.bytes().filter(|&b| b == b':').count() == 1,
    };
    match has_port {
        true => server.into(),
        false if !server.starts_with('[') && server.contains(':') => format!("[{server}]:9092"),
        false => format!("{server}:9092"),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_server_without_a_port_has_kafkas() {
        let system = DataSystem::of_servers([
            "111.0.0.100",
            "a:1, b ,",
            "${MORE}",
            "[::1]",
            "[::1]:7",
            "::1",
            "PLAINTEXT://c:2",
        ]);
        let env = |name: &str| (name == "MORE").then(|| "d,e:3".to_owned());
        assert_eq!(
            system.bootstrap(&env).unwrap(),
            ["111.0.0.100:9092", "a:1", "b:9092", "d:9092", "e:3", "[::1]:9092", "[::1]:7", "[::1]:9092", "c:2"]
        );
        assert_eq!(system.servers[0], "111.0.0.100", "what is written stays");
    }

    #[test]
    fn an_unset_variable_in_servers_is_named() {
        let error = DataSystem::of_servers(["${KAFKA}"]).bootstrap(&|_| None).unwrap_err();
        assert!(error.to_string().contains("KAFKA is not set"), "{error}");
    }
}
