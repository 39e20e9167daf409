//! The effective configuration of a command: flags, then `-X`, then `--command-config`, then the data system file,
//! then the environment, then defaults.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::catalog::{self, CsvOptions, DataSystem, Package, Table, env, secret};
use crate::cli::args::{Connect, FormatArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::client::{Client, ClientConfig, properties};
use crate::format::Format;

/// Where the cluster is, what is known of its topics, and which tables are written down.
#[derive(Debug)]
pub(crate) struct Config {
    /// With the flags applied; servers and properties spelled as they stood.
    pub(crate) system: DataSystem,
    /// Whether a data system says what it is: without one, nobody has said which way rows go.
    pub(crate) has_system: bool,
    /// What is known about delimited text, whatever names the format.
    pub(crate) csv: CsvOptions,
    /// What CONFIG stands for.
    pub(crate) package: Package,
    flags: Connect,
}

impl Config {
    /// Loads CONFIG, if there is one, and applies the flags.
    pub(crate) fn load(config: Option<&Path>, flags: &Connect) -> Result<Self, Failure> {
        let package = match config {
            Some(path) => catalog::load(path).map_err(|error| Failure::of(Exit::Usage, &error))?,
            None => Package::default(),
        };
        let has_system = package.system.is_some();
        let mut system = match &package.system {
            Some((system, _)) => system.clone(),
            None => DataSystem::of_servers(Vec::<String>::new()),
        };
        if let Some(servers) = &flags.servers {
            system.servers = vec![servers.clone()];
        }
        if let Some(prefix) = &flags.topic_prefix {
            system.topic_prefix.clone_from(prefix);
        }
        let mut csv = system.format.as_ref().map(|format| format.csv.clone()).unwrap_or_default();
        apply_csv_flags(&flags.format, &mut csv)?;
        if let Some(format) = configured_format(&flags.format)? {
            system.format = Some(catalog::ConfiguredFormat { format, csv: csv.clone() });
        }
        Ok(Self { system, has_system, csv, package, flags: flags.clone() })
    }

    /// The servers as they are to stand in written tables: as configured, wherever that was.
    pub(crate) fn servers_as_written(&self) -> Result<String, Failure> {
        let layers = self.layers(&self.system.servers.join(","), &self.system.properties)?;
        Ok(layers.get(SERVERS).map(|setting| setting.value.clone()).unwrap_or_default())
    }

    /// Connects to the data system's cluster.
    pub(crate) async fn connect(&self, output: Output) -> Result<Client, Failure> {
        self.connect_to(&self.system.servers.join(","), &self.system.properties, output).await
    }

    /// Connects to the cluster that a written table names, unless a flag names another.
    pub(crate) async fn connect_for(&self, table: &Table, output: Output) -> Result<Client, Failure> {
        let servers = self.flags.servers.as_ref().unwrap_or(&table.servers);
        self.connect_to(servers, &table.properties, output).await
    }

    async fn connect_to(
        &self,
        servers: &str,
        properties: &BTreeMap<String, String>,
        output: Output,
    ) -> Result<Client, Failure> {
        let settings = self.layers(servers, properties)?;
        if settings.is_empty() || !settings.contains_key(SERVERS) {
            return Err(Failure::usage("no bootstrap servers are configured")
                .hint("name them with --servers HOST:PORT, KAFKA_BOOTSTRAP_SERVERS, or a data system file"));
        }
        let mut expanded = Vec::with_capacity(settings.len());
        for (key, Setting { value, origin }) in &settings {
            let shown = if secret::is_secret(key) { "***" } else { value };
            output.explain(format_args!("{key} = {shown}  ({origin})"));
            let value = env::expand(value, key, &env::process).map_err(|error| Failure::of(Exit::Usage, &error))?;
            expanded.push((key.clone(), value));
        }
        let mut config = ClientConfig::from_properties(expanded).map_err(|error| {
            let failure = Failure::of(Exit::Usage, &error);
            match error.hint() {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })?;
        if let Some(seconds) = self.flags.timeout {
            config.timeout = duration("--timeout", seconds)?;
        }
        Client::connect(config).await.map_err(client_failure)
    }

    /// Each client property with where it comes from, the higher layer's value.
    fn layers(
        &self,
        servers: &str,
        properties: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Setting>, Failure> {
        let mut settings = BTreeMap::new();
        let mut set = |key: &str, value: String, origin: &'static str| {
            settings.insert(key.to_owned(), Setting { value, origin });
        };
        if let Some(value) = env::process("KAFKA_BOOTSTRAP_SERVERS").filter(|value| !value.is_empty()) {
            set(SERVERS, value, "environment");
        }
        for (key, value) in properties {
            set(key, value.clone(), "data system");
        }
        if !servers.is_empty() {
            set(SERVERS, servers.to_owned(), "data system");
        }
        if let Some(path) = &self.flags.command_config {
            for (key, value) in properties_file(path)? {
                set(canonical(&key), value, "--command-config");
            }
        }
        for property in &self.flags.property {
            let (key, value) =
                property.split_once('=').ok_or_else(|| Failure::usage(format!("-X {property}: not KEY=VALUE")))?;
            set(canonical(key.trim()), value.trim().to_owned(), "-X");
        }
        if let Some(servers) = &self.flags.servers {
            set(SERVERS, servers.clone(), "--servers");
        }
        Ok(settings)
    }
}

const SERVERS: &str = "bootstrap.servers";

#[derive(Debug)]
struct Setting {
    value: String,
    origin: &'static str,
}

/// librdkafka's other name for the bootstrap servers; one setting must not stand beside itself.
fn canonical(key: &str) -> &str {
    if key == "metadata.broker.list" { SERVERS } else { key }
}

fn properties_file(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("--command-config {}: {error}", path.display())))?;
    properties::parse_file(&text)
        .map_err(|error| Failure::usage(format!("--command-config {}: {error}", path.display())))
}

/// A number of seconds from the command line.
pub(crate) fn duration(option: &str, seconds: f64) -> Result<Duration, Failure> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| Failure::usage(format!("{option} {seconds}: not a positive number of seconds")))
}

/// The format of `--format`.
pub(crate) fn configured_format(flags: &FormatArgs) -> Result<Option<Format>, Failure> {
    flags
        .format
        .as_deref()
        .map(|name| name.parse::<Format>().map_err(|error| Failure::of(Exit::Usage, &error)))
        .transpose()
}

/// Applies `--csv-delimiter`, `--csv-quote` and `--csv-header`.
pub(crate) fn apply_csv_flags(flags: &FormatArgs, csv: &mut CsvOptions) -> Result<(), Failure> {
    if let Some(text) = &flags.csv_delimiter {
        csv.delimiter = Some(match text.as_str() {
            "tab" | "\\t" => '\t',
            "space" => ' ',
            _ => one_character("--csv-delimiter", text)?,
        });
    }
    if let Some(text) = &flags.csv_quote {
        csv.quote = Some(one_character("--csv-quote", text)?);
    }
    match flags.csv_header.as_deref() {
        None => {}
        Some("yes" | "true") => csv.header_in_stream = Some(true),
        Some("no" | "false") => csv.header_in_stream = Some(false),
        Some(names) => {
            csv.header = Some(names.split(',').map(|name| name.trim().to_owned()).collect());
        }
    }
    Ok(())
}

fn one_character(option: &str, text: &str) -> Result<char, Failure> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(character),
        _ => Err(Failure::usage(format!("{option} '{text}': not one character"))),
    }
}

/// A client's error, by whose fault it is, with what to do.
pub(crate) fn client_failure(error: crate::client::Error) -> Failure {
    let exit = match error.kind() {
        crate::client::Kind::Usage => Exit::Usage,
        crate::client::Kind::Unreachable | crate::client::Kind::Denied => Exit::Unreachable,
        _ => Exit::HalfWay,
    };
    let failure = Failure::of(exit, &error);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
