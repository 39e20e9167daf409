//! The command line's definitions: one place gives parsing, `--help` and completions.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};

/// The tables in your Kafka topics.
#[derive(Debug, Parser)]
#[command(
    name = "topica",
    version,
    about = "Finds the tables in Kafka topics",
    long_about = "Finds the tables in Kafka topics: samples each topic, tells the payload format from the bytes, infers a \
                  schema, and writes table definitions that Apache Flink and DataSQRL load. In the other direction it \
                  publishes rows to a table's topic.",
    after_help = "Start here:\n  topica demo                                     see it work, without Kafka\n  \
                  topica discover --servers host:9092 -o kafka/   tables of a cluster\n  \
                  topica source kafka/ orders --limit 5           rows of a table\n\n\
                  Exit codes: 0 all done; 1 done, but something is not right; 2 wrong usage or configuration;\n\
                  3 the cluster could not be reached or refused us; 4 failed half way; 130 interrupted.",
    propagate_version = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command has.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Say nothing but errors
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub(crate) quiet: bool,
    /// Say more: the effective configuration with its origins, what is asked of the cluster (-vv: each request)
    #[arg(short, long, action = ArgAction::Count, global = true, help_heading = "Everywhere")]
    pub(crate) verbose: u8,
    /// When to use colours (NO_COLOR is honoured)
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true, help_heading = "Everywhere")]
    pub(crate) color: ColorWhen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputForm {
    /// For people
    Text,
    /// One JSON document
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See it work: an embedded broker with topics that look real, discovered
    Demo(Demo),
    /// Topics to tables: sample, detect, infer, write definitions
    Discover(Box<Discover>),
    /// The same engine over files or stdin, without Kafka
    Infer(Box<Infer>),
    /// Rows of a table as JSON lines on stdout
    Source(Box<Source>),
    /// Rows from files or stdin into a table's topic; returns when all are acknowledged
    Sink(Box<Sink>),
    /// An embedded broker on a port, in memory: for demos and tests only
    Broker(BrokerArgs),
    /// Shell completions on stdout
    Completions(Completions),
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where the package is left
    #[arg(short, long, value_name = "DIR", default_value = "topica-demo", value_hint = ValueHint::DirPath)]
    pub(crate) output_dir: PathBuf,
}

/// How the cluster is reached and what is known of its payloads beforehand.
#[derive(Clone, Debug, Args)]
pub(crate) struct Connect {
    /// Bootstrap servers; port 9092 if absent [env: KAFKA_BOOTSTRAP_SERVERS]
    #[arg(long, value_name = "HOST[:PORT],...", help_heading = "Kafka")]
    pub(crate) servers: Option<String>,
    /// Only topics that start with it; it is no part of the table's name
    #[arg(long, value_name = "PREFIX", help_heading = "Kafka")]
    pub(crate) topic_prefix: Option<String>,
    /// A Kafka client property in Java's or librdkafka's spelling (repeatable)
    #[arg(short = 'X', value_name = "KEY=VALUE", help_heading = "Kafka")]
    pub(crate) property: Vec<String>,
    /// A client.properties (Java) or a librdkafka/kcat configuration file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Kafka")]
    pub(crate) command_config: Option<PathBuf>,
    /// How long one operation may take, retries included
    #[arg(long, value_name = "SECONDS", help_heading = "Kafka")]
    pub(crate) timeout: Option<f64>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// A configured format.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct FormatArgs {
    /// The payload format: takes precedence over the topic's extension and over the bytes
    #[arg(long, value_name = "FORMAT", help_heading = "Format")]
    pub(crate) format: Option<String>,
    /// The delimiter of CSV fields: a character, or tab
    #[arg(long, value_name = "CHAR", help_heading = "Format")]
    pub(crate) csv_delimiter: Option<String>,
    /// The quote character of CSV
    #[arg(long, value_name = "CHAR", help_heading = "Format")]
    pub(crate) csv_quote: Option<String>,
    /// Whether the stream has a header row (yes, no), or the column names
    #[arg(long, value_name = "yes|no|NAME,...", num_args = 0..=1, require_equals = true, default_missing_value = "yes",
          help_heading = "Format")]
    pub(crate) csv_header: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  topica discover datasystem.json -o kafka/\n  \
                        topica discover --servers host:9092 --topic-prefix shop. -o kafka/\n  \
                        topica discover --servers host:9092 --topic '^orders' --dry-run --output json")]
pub(crate) struct Discover {
    /// A datasystem.json in any dialect, or a directory that holds one; without it, --servers
    #[arg(value_name = "CONFIG", value_hint = ValueHint::AnyPath)]
    pub(crate) config: Option<PathBuf>,
    /// Where table definitions are written
    #[arg(short, long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) output_dir: PathBuf,
    /// Which definitions: sql (<table>.table.sql), classic (<table>.table.json and <table>.schema.yml)
    #[arg(long, value_name = "DIALECT,...", default_value = "sql", value_delimiter = ',')]
    pub(crate) dialect: Vec<String>,
    /// Replace files that have other content
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What stdout gets
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: OutputForm,
    /// End sampling after it; the budgets end it long before
    #[arg(short, long, value_name = "SECONDS", default_value_t = 3600.0, help_heading = "Sample")]
    pub(crate) limit: f64,
    /// Records sampled of a topic
    #[arg(long, value_name = "N", default_value_t = 10_000, help_heading = "Sample")]
    pub(crate) records: u64,
    /// Bytes (keys and values) sampled of a topic
    #[arg(long, value_name = "N", default_value_t = 16 << 20, help_heading = "Sample")]
    pub(crate) bytes: u64,
    /// Only topics that match it (not anchored)
    #[arg(long, value_name = "REGEX", help_heading = "Which topics")]
    pub(crate) topic: Option<String>,
    /// Topics that are the cluster's own, too
    #[arg(long, help_heading = "Which topics")]
    pub(crate) include_internal: bool,
    /// Turn . and - in table names into _
    #[arg(long, help_heading = "Tables")]
    pub(crate) identifiers: bool,
    /// The share of rejected records above which the exit code is 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.05, help_heading = "Tables")]
    pub(crate) max_rejected: f64,
    /// A configured schema, which is used and not inferred: .schema.yml, .avsc, .table.sql, or a directory of them
    #[arg(long, value_name = "FILE|DIR", value_hint = ValueHint::AnyPath, help_heading = "Tables")]
    pub(crate) schema: Option<PathBuf>,
    /// Declare NOT NULL what was never null in the sample
    #[arg(long, help_heading = "Tables")]
    pub(crate) not_null_from_sample: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  topica infer dump.ndjson\n  kcat -C -b host -t orders -e | topica infer --name orders\n  \
                        topica infer --framing file events/*.json --output json"
)]
pub(crate) struct Infer {
    /// Files; - or none is stdin
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// What a message is: a line, a whole file, or what a varint length announces
    #[arg(long, value_name = "FRAMING", default_value = "lines")]
    pub(crate) framing: Framing,
    /// The table's name (default: the file's name without extension)
    #[arg(long, value_name = "TABLE")]
    pub(crate) name: Option<String>,
    /// Which definition is printed: sql or classic
    #[arg(long, value_name = "DIALECT", default_value = "sql")]
    pub(crate) dialect: String,
    /// Write the definition there instead of printing it
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output_dir: Option<PathBuf>,
    /// Replace files that have other content
    #[arg(long, requires = "output_dir")]
    pub(crate) overwrite: bool,
    /// What stdout gets
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: OutputForm,
    /// Messages read at most
    #[arg(long, value_name = "N")]
    pub(crate) records: Option<u64>,
    /// Bytes read at most
    #[arg(long, value_name = "N")]
    pub(crate) bytes: Option<u64>,
    /// Declare NOT NULL what was never null
    #[arg(long)]
    pub(crate) not_null_from_sample: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Framing {
    /// Each line is a message
    Lines,
    /// Each file is one message
    File,
    /// A varint length stands before each message
    Varint,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  topica source kafka/ orders --limit 20\n  \
                        topica source datasystem.json orders --from 2026-11-01T00:00:00Z --meta | jq .total")]
pub(crate) struct Source {
    /// A datasystem.json, or a directory of written tables
    #[arg(value_name = "CONFIG", value_hint = ValueHint::AnyPath)]
    pub(crate) config: PathBuf,
    /// The table
    #[arg(value_name = "TABLE")]
    pub(crate) table: String,
    /// Rows printed at most
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Where to start: earliest, latest, an offset, a time (ISO 8601), or @ and milliseconds
    #[arg(long, value_name = "WHERE", default_value = "earliest", allow_hyphen_values = true)]
    pub(crate) from: String,
    /// Where to end (exclusive): an offset, a time, or @ and milliseconds [default: the end seen at the start]
    #[arg(long, value_name = "WHERE", conflicts_with = "follow")]
    pub(crate) to: Option<String>,
    /// Go on as records arrive
    #[arg(long)]
    pub(crate) follow: bool,
    /// Only this partition
    #[arg(long, value_name = "N")]
    pub(crate) partition: Option<i32>,
    /// Add _topic, _partition, _offset, _timestamp, _key and _headers to each row
    #[arg(long)]
    pub(crate) meta: bool,
    /// Where records that do not decode go, as JSON lines
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rejects: Option<PathBuf>,
    /// Also records of transactions that are open or were aborted
    #[arg(long)]
    pub(crate) read_uncommitted: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  topica sink datasystem.json orders < orders.jsonl\n  \
                        topica sink kafka/ orders orders.csv --key id --create-topic --partitions 6")]
pub(crate) struct Sink {
    /// A datasystem.json whose type is sink or source_and_sink, or a directory of written tables
    #[arg(value_name = "CONFIG", value_hint = ValueHint::AnyPath)]
    pub(crate) config: PathBuf,
    /// The table; without a definition, a dynamic sink: the topic is the prefix and this name
    #[arg(value_name = "TABLE")]
    pub(crate) table: String,
    /// Files of rows; - or none is stdin
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// Columns that make the record's key
    #[arg(long, value_name = "COL,...", value_delimiter = ',')]
    pub(crate) key: Vec<String>,
    /// Send to this partition only
    #[arg(long, value_name = "N", conflicts_with = "partitions")]
    pub(crate) partition: Option<i32>,
    /// Where rows that cannot be sent go, with the reason, as JSON lines
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rejects: Option<PathBuf>,
    /// Create the topic if it does not exist
    #[arg(long)]
    pub(crate) create_topic: bool,
    /// Partitions of a created topic [default: the cluster's]
    #[arg(long, value_name = "N", requires = "create_topic")]
    pub(crate) partitions: Option<i32>,
    /// Replicas of a created topic [default: the cluster's]
    #[arg(long, value_name = "N", requires = "create_topic")]
    pub(crate) replication_factor: Option<i16>,
    /// How batches are compressed: none, gzip, snappy, lz4, zstd
    #[arg(long, value_name = "CODEC", default_value = "lz4")]
    pub(crate) compression: String,
    /// How long a batch waits for more rows
    #[arg(long, value_name = "MS", default_value_t = 50)]
    pub(crate) linger: u64,
    /// What the input is [default: by the file's extension, else json]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) input_format: Option<InputFormat>,
    /// What stdout gets at the end
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: OutputForm,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// One JSON object a line
    Json,
    /// Rows after a header row
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct BrokerArgs {
    /// Where it listens
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9092")]
    pub(crate) listen: String,
    /// A topic to create: NAME or NAME:PARTITIONS (repeatable)
    #[arg(long, value_name = "NAME[:PARTITIONS]")]
    pub(crate) topic: Vec<String>,
    /// Fill it with the topics of `topica demo`
    #[arg(long)]
    pub(crate) demo: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}
