//! The effective configuration of a command: flags, then `-X`, then `--command-config`, then the data system file,
//! then the environment, then defaults.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::catalog::{self, CsvOptions, DataSystem, Encoding, Loaded, Package, Table, env, secret};
use crate::cli::args::{Connect, FormatArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::text::some_of;
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
    /// What the data system's settings are said to be from.
    origin: String,
}

impl Config {
    /// Loads CONFIG, if there is one, and applies the flags.
    pub(crate) fn load(config: Option<&Path>, flags: &Connect) -> Result<Self, Failure> {
        let package = match config {
            Some(path) => catalog::load(path).map_err(|error| Failure::of(Exit::Usage, &error))?,
            None => Package::default(),
        };
        let has_system = package.system.is_some();
        let (mut system, origin) = match &package.system {
            Some((system, file)) => (system.clone(), file.display().to_string()),
            None => of_tables(&package.tables),
        };
        if let Some(servers) = &flags.servers {
            system.servers = vec![servers.clone()];
        }
        if let Some(prefix) = &flags.topic_prefix {
            system.topic_prefix.clone_from(prefix);
        }
        let mut csv = system.format.as_ref().map(|format| format.csv.clone()).unwrap_or_default();
        apply_csv_flags(&flags.format, &mut csv)?;
        match configured_format(&flags.format)? {
            Some(format) => system.format = Some(catalog::ConfiguredFormat { format, csv: csv.clone() }),
            None => {
                if let Some(configured) = &mut system.format {
                    configured.csv.clone_from(&csv);
                }
            }
        }
        Ok(Self { system, has_system, csv, package, flags: flags.clone(), origin })
    }

    /// A written table says itself how its rows are written: nothing else may say otherwise.
    pub(crate) fn agrees_with(&self, table: &Loaded) -> Result<(), Failure> {
        let flags = &self.flags.format;
        if flags.csv_delimiter.is_some() || flags.csv_quote.is_some() || flags.csv_header.is_some() {
            return Err(Failure::usage(format!(
                "--csv-...: {} says itself how the rows of table {} are written",
                table.file.display(),
                table.table.name
            ))
            .hint("leave these options out"));
        }
        let Some(asked) = configured_format(flags)? else { return Ok(()) };
        let written = match &table.table.encoding {
            Encoding::Json => Format::Json,
            Encoding::Csv(_) => Format::Csv,
            // One column of text or bytes: what the values are is not for the table to say.
            _ => return Ok(()),
        };
        if asked == written {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "--format {asked}: {} says that table {} is {written}",
            table.file.display(),
            table.table.name
        ))
        .hint(format!("leave --format out, or write the table anew: topica discover --format {asked} --overwrite")))
    }

    /// What a table that is not there is told as.
    pub(crate) fn no_table(&self, config: &Path, name: &str) -> Failure {
        let names: Vec<&str> = self.package.tables.iter().map(|loaded| loaded.table.name.as_str()).collect();
        Failure::usage(format!("there is no table {name} in {}", config.display()))
            .hint(format!("it has {}", some_of(&names, 20)))
    }

    /// The servers as they are to stand in written tables: as configured, wherever that was.
    pub(crate) fn servers_as_written(&self) -> Result<String, Failure> {
        let layers = self.layers(&self.system.servers.join(","), &self.system.properties, &self.origin)?;
        Ok(layers.get(SERVERS).map(|setting| setting.value.clone()).unwrap_or_default())
    }

    /// Connects to the data system's cluster.
    pub(crate) async fn connect(&self, output: Output) -> Result<Client, Failure> {
        let settings = self.layers(&self.system.servers.join(","), &self.system.properties, &self.origin)?;
        self.explain(output);
        self.connect_to(settings, output).await
    }

    /// Connects to the cluster that a table names, unless something that counts for more names another.
    pub(crate) async fn connect_for(
        &self,
        table: &Table,
        file: Option<&Path>,
        output: Output,
    ) -> Result<Client, Failure> {
        if file.is_none() {
            self.explain(output);
        }
        let origin = file.map_or_else(|| self.origin.clone(), |file| file.display().to_string());
        self.connect_to(self.layers(&table.servers, &table.properties, &origin)?, output).await
    }

    /// What is set besides client properties, with `-v`.
    fn explain(&self, output: Output) {
        let from = |flag: &'static str, given: bool| if given { flag } else { self.origin.as_str() };
        let system = &self.system;
        if self.has_system {
            output.explain(format_args!("type = {}  ({})", system.role.name(), self.origin));
        }
        if !system.topic_prefix.is_empty() {
            let origin = from("--topic-prefix", self.flags.topic_prefix.is_some());
            output.explain(format_args!("topic prefix = {}  ({origin})", system.topic_prefix));
        }
        if let Some(configured) = &system.format {
            let origin = from("--format", self.flags.format.format.is_some());
            output.explain(format_args!("format = {}  ({origin})", configured.format));
        }
    }

    async fn connect_to(&self, settings: BTreeMap<String, Setting>, output: Output) -> Result<Client, Failure> {
        if !settings.contains_key(SERVERS) {
            return Err(Failure::usage("no bootstrap servers are configured")
                .hint("name them with --servers HOST:PORT, KAFKA_BOOTSTRAP_SERVERS, or a data system file"));
        }
        let mut expanded = Vec::with_capacity(settings.len());
        for (key, Setting { value, origin }) in &settings {
            let place = format!("{origin}: {key}");
            let value = env::expand(value, &place, &env::process).map_err(|error| Failure::of(Exit::Usage, &error))?;
            let shown = secret::for_showing(key, &value);
            output.explain(format_args!("{key} = {shown}  ({origin})"));
            expanded.push((key.clone(), value));
        }
        let mut config = ClientConfig::from_properties(expanded).map_err(|error| {
            let failure = Failure::of(Exit::Usage, &error);
            match error.hint() {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })?;
        if let Some(timeout) = self.flags.timeout {
            config.timeout = timeout;
        }
        let origin = match self.flags.timeout {
            Some(_) => "--timeout",
            None if config.timeout == ClientConfig::new::<&str>([]).timeout => "default",
            None => "client property",
        };
        output.explain(format_args!("timeout = {} s  ({origin})", config.timeout.as_secs_f64()));
        Client::connect(config).await.map_err(client_failure)
    }

    /// Each client property with where it comes from, the higher layer's value.
    fn layers(
        &self,
        servers: &str,
        properties: &BTreeMap<String, String>,
        origin: &str,
    ) -> Result<BTreeMap<String, Setting>, Failure> {
        let mut settings = BTreeMap::new();
        let mut set = |key: &str, value: String, origin: &str| {
            settings.insert(key.to_owned(), Setting { value, origin: origin.to_owned() });
        };
        if let Some(value) = env::process(ENVIRONMENT).filter(|value| !value.is_empty()) {
            set(SERVERS, value, ENVIRONMENT);
        }
        for (key, value) in properties {
            set(canonical(key), value.clone(), origin);
        }
        if !servers.is_empty() {
            set(SERVERS, servers.to_owned(), origin);
        }
        if let Some(path) = &self.flags.command_config {
            for (key, value) in properties_file(path)? {
                set(canonical(&key), value, &path.display().to_string());
            }
        }
        for property in &self.flags.property {
            let (key, value) = property.split_once('=').ok_or_else(|| {
                // What follows the name may be a secret.
                let end = property.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
                let name = property.get(..end.unwrap_or(property.len())).unwrap_or_default();
                Failure::usage(format!("-X {name}: not KEY=VALUE"))
            })?;
            set(canonical(key.trim()), value.trim().to_owned(), "-X");
        }
        if let Some(servers) = &self.flags.servers {
            set(SERVERS, servers.clone(), "--servers");
        }
        Ok(settings)
    }
}

/// Without a data system file, written tables say where their cluster is, if they say the same.
fn of_tables(tables: &[Loaded]) -> (DataSystem, String) {
    let mut system = DataSystem::of_servers(Vec::<String>::new());
    let Some(first) = tables.first() else { return (system, "default".to_owned()) };
    let same = |loaded: &Loaded| {
        loaded.table.servers == first.table.servers && loaded.table.properties == first.table.properties
    };
    if tables.iter().all(same) && !first.table.servers.is_empty() {
        system.servers = vec![first.table.servers.clone()];
        system.properties.clone_from(&first.table.properties);
    }
    (system, first.file.display().to_string())
}

const ENVIRONMENT: &str = "KAFKA_BOOTSTRAP_SERVERS";
const SERVERS: &str = "bootstrap.servers";

#[derive(Debug)]
struct Setting {
    value: String,
    origin: String,
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
    if csv.delimiter.is_some() && csv.delimiter == csv.quote {
        return Err(Failure::usage("--csv-delimiter and --csv-quote are the same character"));
    }
    match flags.csv_header.as_deref() {
        None => {}
        Some("yes" | "true") => csv.header_in_stream = Some(true),
        Some("no" | "false") => csv.header_in_stream = Some(false),
        Some(names) => csv.header = Some(column_names(names)?),
    }
    Ok(())
}

fn column_names(list: &str) -> Result<Vec<String>, Failure> {
    let names: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
    let mut seen = BTreeSet::new();
    for name in &names {
        if name.is_empty() {
            return Err(Failure::usage(format!("--csv-header={list}: a column without a name"))
                .hint("give yes, no, or the names of all columns with commas between"));
        }
        if !seen.insert(name) {
            return Err(Failure::usage(format!("--csv-header={list}: two columns are called {name}")));
        }
    }
    Ok(names)
}

fn one_character(option: &str, text: &str) -> Result<char, Failure> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) if !matches!(character, '\n' | '\r') => Ok(character),
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
