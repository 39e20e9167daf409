//! Data system and table files in JSON: which dialect one is in, and what it says in that dialect.

use std::collections::BTreeMap;

use super::{ConfiguredFormat, CsvOptions, DataSystem, Role, format};
use crate::catalog::document::{self, Members, Node, Reader, Value, nearest, unknown};
use crate::catalog::env::Lookup;
use crate::catalog::error::{Error, shown};
use crate::format::Format;

/// What a table file (`<table>.table.json`) says beyond a data system file.
#[derive(Debug)]
pub(crate) struct TableFile {
    pub(crate) system: DataSystem,
    /// The table's name, where the file says it; otherwise the file's name does.
    pub(crate) name: Option<String>,
    /// The exact topic, where the file is about one.
    pub(crate) topic: Option<String>,
}

const SYSTEM: [&str; 9] =
    ["type", "name", "charset", "canonicalizer", "connector", "datadiscovery", "format", "identifier", "schema"];
const CONNECTOR: [&str; 6] = ["systemType", "servers", "topicPrefix", "name", "bootstrap.servers", "prefix"];

pub(super) fn parse_system(text: &str, origin: &str, env: Lookup<'_>) -> Result<DataSystem, Error> {
    parse_table(text, origin, env).map(|file| file.system)
}

/// Reads a file of any dialect; one that is about a single topic says which.
pub(crate) fn parse_table(text: &str, origin: &str, env: Lookup<'_>) -> Result<TableFile, Error> {
    let root = document::parse_json(text, origin)?;
    let reader = Reader { origin, env };
    let members = reader.members(&root, "the file")?;
    if members.has("flink") { flink_file(reader, members) } else { connector_file(reader, members) }
}

fn role(reader: &Reader<'_>, members: &mut Members<'_>) -> Result<Role, Error> {
    let at = members.at;
    let Some(node) = members.take("type") else {
        return Err(reader.error(at, "`type` is missing", "add \"type\": \"source\" (or sink, or source_and_sink)"));
    };
    let text = reader.text(node, "type")?;
    Role::of_name(text.trim()).ok_or_else(|| {
        reader.error(node.at, format!("`type` is \"{}\"", shown(&text)), "it must be source, sink or source_and_sink")
    })
}

/// The classic dialect and that of 0.1 to 0.4: a `connector` and a `format`.
fn connector_file(reader: Reader<'_>, mut members: Members<'_>) -> Result<TableFile, Error> {
    let at = members.at;
    let connector = match (members.take("connector"), members.take("datadiscovery")) {
        (Some(one), None) | (None, Some(one)) => one,
        (Some(_), Some(two)) => {
            return Err(reader.error(
                two.at,
                "there are both `connector` and `datadiscovery`",
                "they mean the same: remove one",
            ));
        }
        (None, None) => {
            let advice = "add \"connector\": { \"systemType\": \"kafka\", \"servers\": [\"HOST:9092\"] }";
            return match members
                .rest()
                .into_iter()
                .find(|m| nearest(&m.name, &["connector", "datadiscovery"]).is_some())
            {
                Some(member) => Err(unknown(&reader, member, "the file", &SYSTEM)),
                None => Err(reader.error(at, "`connector` is missing", advice)),
            };
        }
    };
    let connector = connector_object(reader, connector)?;
    let role = role(&reader, &mut members)?;
    let name = members.take_text("name")?.filter(|name| !name.is_empty());
    format::charset(&reader, &mut members)?;
    if let Some(node) = members.take("canonicalizer") {
        let text = reader.text(node, "canonicalizer")?;
        if !["system", "lowercase", "case_sensitive"].contains(&text.as_str()) {
            let what = format!("`canonicalizer` is \"{}\"", shown(&text));
            return Err(reader.error(
                node.at,
                what,
                "it must be system, lowercase or case_sensitive; names are kept as they are with each",
            ));
        }
    }
    // Which schema a table has, the files beside it tell.
    members.take("schema");
    let identifier = members.take_text("identifier")?.filter(|identifier| !identifier.is_empty());
    // Versions 0.1 to 0.4 have `#` for a default; the classic dialect has none.
    let comment_prefix = (!connector.classic).then_some("#");
    let format = members.take("format").map(|node| format::configured(reader, node, comment_prefix)).transpose()?;
    members.finish(&SYSTEM)?;

    // A classic identifier is the topic without the prefix; a later one is the whole topic.
    let topic = identifier.map(|id| if connector.classic { format!("{}{id}", connector.prefix) } else { id });
    let system = DataSystem {
        role,
        name: name.clone(),
        servers: connector.servers,
        topic_prefix: connector.prefix,
        format,
        properties: connector.properties,
    };
    Ok(TableFile { system, name, topic })
}

struct Connector {
    classic: bool,
    servers: Vec<String>,
    prefix: String,
    properties: BTreeMap<String, String>,
}

fn connector_object(reader: Reader<'_>, node: &Node) -> Result<Connector, Error> {
    let mut members = reader.members(node, "`connector`")?;
    let at = members.at;
    let (classic, kind) = match (members.take("systemType"), members.take("name")) {
        (Some(kind), None) => (true, kind),
        (None, Some(kind)) => (false, kind),
        (Some(_), Some(two)) => {
            return Err(reader.error(
                two.at,
                "`connector` has both `systemType` and `name`",
                "they mean the same: remove one",
            ));
        }
        (None, None) => {
            return Err(reader.error(at, "`connector` does not say which system", "add \"systemType\": \"kafka\""));
        }
    };
    let text = reader.text(kind, "systemType")?;
    if !text.trim().eq_ignore_ascii_case("kafka") {
        return Err(not_kafka(&reader, kind, &text));
    }
    let servers = match (members.take("servers"), members.take("bootstrap.servers")) {
        (Some(one), None) | (None, Some(one)) => one,
        (Some(_), Some(two)) => {
            return Err(reader.error(
                two.at,
                "`connector` has both `servers` and `bootstrap.servers`",
                "they mean the same: remove one",
            ));
        }
        (None, None) => {
            let near =
                members.rest().into_iter().find(|m| nearest(&m.name, &["servers", "bootstrap.servers"]).is_some());
            return match near {
                Some(member) => Err(unknown(&reader, member, "`connector`", &CONNECTOR)),
                None => Err(reader.error(at, "`connector` names no servers", "add \"servers\": [\"HOST:9092\"]")),
            };
        }
    };
    let list: Vec<String> = reader
        .raw_list(servers, "servers")?
        .iter()
        .flat_map(|text| text.split(','))
        .map(|server| server.trim().to_owned())
        .collect();
    if list.is_empty() || list.iter().any(String::is_empty) {
        return Err(reader.error(
            servers.at,
            "`servers` has an empty entry or none",
            "write [\"HOST:9092\"], one text for each server",
        ));
    }
    let prefix = match (members.take_text("topicPrefix")?, members.take_text("prefix")?) {
        (Some(_), Some(_)) => {
            return Err(reader.error(
                at,
                "`connector` has both `topicPrefix` and `prefix`",
                "they mean the same: remove one",
            ));
        }
        (one, two) => one.or(two).unwrap_or_default(),
    };
    let mut properties = BTreeMap::new();
    for member in members.rest() {
        // Kafka's names are lower case with dots: what looks like one of ours is a slip.
        let slip = nearest(&member.name, &CONNECTOR).filter(|_| !member.name.contains('.') && member.name != "group");
        let foreign = member.name.contains(|c: char| c.is_uppercase() || c.is_whitespace()) || member.name.is_empty();
        if slip.is_some() || foreign {
            return Err(unknown(&reader, member, "`connector`", &CONNECTOR));
        }
        if member.node.value != Value::Null {
            properties.insert(member.name.clone(), reader.raw(&member.node, &member.name)?);
        }
    }
    Ok(Connector { classic, servers: list, prefix, properties })
}

fn not_kafka(reader: &Reader<'_>, node: &Node, kind: &str) -> Error {
    let what = format!("the data system is \"{}\", not Kafka", shown(kind));
    let advice = match kind.trim().to_ascii_lowercase().as_str() {
        "file" | "dir" | "filesystem" => {
            "for files use `topica infer FILE...`; for Kafka write \"systemType\": \"kafka\""
        }
        _ => "topica reads Kafka only: write \"systemType\": \"kafka\"",
    };
    reader.error(node.at, what, advice).not_kafka()
}

/// A table file of 0.5: Flink's options as they are.
fn flink_file(reader: Reader<'_>, mut members: Members<'_>) -> Result<TableFile, Error> {
    let at = members.at;
    if let Some(node) = members.take("version")
        && reader.text(node, "version")? != "1"
    {
        return Err(reader.error(node.at, "`version` is not 1", "only version 1 of this file is known"));
    }
    let Some(table) = members.take("table") else {
        return Err(reader.error(at, "`table` is missing", "add \"table\": { \"type\": \"source\" }"));
    };
    let mut table = reader.members(table, "`table`")?;
    let role = role(&reader, &mut table)?;
    // What of these a table of ours can say, it says by itself.
    for key in ["primary-key", "partition-key", "timestamp", "watermark-millis"] {
        table.take(key);
    }
    table.finish(&["type", "primary-key", "partition-key", "timestamp", "watermark-millis"])?;
    members.take("metadata");
    let Some(flink) = members.take("flink") else {
        return Err(reader.error(at, "`flink` is empty", "add the options of Flink's Kafka connector"));
    };
    members.finish(&["version", "table", "flink", "metadata"])?;

    let mut options = reader.members(flink, "`flink`")?;
    let at = options.at;
    match options.take("connector") {
        Some(node) => {
            let text = reader.text(node, "connector")?;
            if !is_kafka_connector(&text) {
                return Err(not_kafka(&reader, node, &text));
            }
        }
        None => return Err(reader.error(at, "`flink` names no connector", "add \"connector\": \"kafka\"")),
    }
    let topic = options.take_text("topic")?;
    let servers = options
        .take("properties.bootstrap.servers")
        .map(|node| reader.raw(node, "properties.bootstrap.servers"))
        .transpose()?;
    let Some(servers) = servers.filter(|s| !s.trim().is_empty()) else {
        return Err(reader.error(
            at,
            "`flink` names no servers",
            "add \"properties.bootstrap.servers\": \"HOST:9092\"",
        ));
    };
    let format = match options.take("format").or_else(|| options.take("value.format")) {
        None => None,
        Some(node) => {
            let format = format::named(&reader, &reader.text(node, "format")?, node.at)?;
            let mut csv = CsvOptions::default();
            if format == Format::Csv {
                let option = |options: &mut Members<'_>, name: &str| {
                    options
                        .take_text(&format!("csv.{name}"))
                        .map(|text| text.and_then(|text| if text == "\\t" { Some('\t') } else { text.chars().next() }))
                };
                csv.delimiter = option(&mut options, "field-delimiter")?;
                csv.quote = option(&mut options, "quote-character")?;
            }
            Some(ConfiguredFormat { format, csv })
        }
    };
    let mut properties = BTreeMap::new();
    for member in options.rest() {
        // The rest is for Flink alone.
        if let Some(key) = member.name.strip_prefix("properties.") {
            properties.insert(key.to_owned(), reader.raw(&member.node, &member.name)?);
        }
    }
    let servers = servers.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect();
    let system = DataSystem { role, name: None, servers, topic_prefix: String::new(), format, properties };
    Ok(TableFile { system, name: None, topic })
}

/// Whether Flink's connector of this name reads or writes Kafka topics.
pub(crate) fn is_kafka_connector(name: &str) -> bool {
    matches!(name.trim(), "kafka" | "kafka-safe" | "upsert-kafka" | "upsert-kafka-safe")
}
