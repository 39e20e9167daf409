//! The command line's definitions: one place gives parsing, `--help` and completions.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::cli::values;

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
                  topica discover --servers host:9092 -o kafka/   table definitions for a cluster's topics\n  \
                  topica source kafka/ orders --limit 5           rows of one of these tables\n  \
                  topica sink kafka/ orders < rows.jsonl          rows into it\n\n\
                  Exit codes:\n  \
                  0    all done, nothing left out\n  \
                  1    done, but something is not right: rows rejected, a topic without a table\n  \
                  2    wrong usage or configuration; nothing was sent or written\n  \
                  3    the cluster could not be reached, or refused us\n  \
                  4    failed half way; what was done and what not is printed\n  \
                  130  interrupted",
    propagate_version = true
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
    /// Say where each setting comes from (-vv: what happens on connections, too)
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
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show it at work on an embedded broker; no Kafka needed
    Demo(Demo),
    /// Write a table definition for each topic
    Discover(Box<Discover>),
    /// Write a table definition for files or stdin; no Kafka needed
    Infer(Box<Infer>),
    /// Print the rows of a table as JSON lines
    Source(Box<Source>),
    /// Publish rows to a table's topic
    Sink(Box<Sink>),
    /// Run the embedded broker on a port, for demos and tests
    Broker(BrokerArgs),
    /// Print a shell's completions
    Completions(Completions),
}

#[derive(Debug, Args)]
#[command(
    long_about = "Shows topica at work, without Kafka: starts the embedded broker in this process, fills topics that look \
                  real (JSON, CSV, text, keys, tombstones, a mixed and an empty one), and discovers them as on any \
                  cluster. The table definitions stay in DIR; files there that topica did not generate are not touched."
)]
pub(crate) struct Demo {
    /// Where the table definitions are left
    #[arg(short, long, value_name = "DIR", default_value = "topica-demo", value_hint = ValueHint::DirPath)]
    pub(crate) output_dir: PathBuf,
}

/// How the cluster is reached and what is known of its payloads beforehand.
#[derive(Clone, Debug, Args)]
pub(crate) struct Connect {
    /// Where to connect first; the port is 9092 if absent [env: KAFKA_BOOTSTRAP_SERVERS]
    #[arg(long, value_name = "HOST[:PORT],...", help_heading = "Kafka")]
    pub(crate) servers: Option<String>,
    /// Only topics whose name starts with it; the table's name is without it
    #[arg(long, value_name = "PREFIX", help_heading = "Kafka")]
    pub(crate) topic_prefix: Option<String>,
    /// A Kafka client property, as Java's client or librdkafka spells it (repeatable)
    #[arg(short = 'X', value_name = "KEY=VALUE", help_heading = "Kafka")]
    pub(crate) property: Vec<String>,
    /// A file of such properties: Java's client.properties, or librdkafka's or kcat's
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Kafka")]
    pub(crate) command_config: Option<PathBuf>,
    /// How long one request to the cluster may take, retries included [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds, allow_negative_numbers = true,
          help_heading = "Kafka")]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// A configured format.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct FormatArgs {
    /// What the values are, if not to be told from names and bytes: json, csv, text, binary, ...
    #[arg(long, value_name = "FORMAT", help_heading = "Format")]
    pub(crate) format: Option<String>,
    /// What stands between CSV fields: a character, or tab
    #[arg(long, value_name = "CHAR", help_heading = "Format")]
    pub(crate) csv_delimiter: Option<String>,
    /// What stands around quoted CSV fields
    #[arg(long, value_name = "CHAR", help_heading = "Format")]
    pub(crate) csv_quote: Option<String>,
    /// Whether a row of column names is among the rows (yes, no), or the names themselves
    #[arg(long, value_name = "yes|no|NAME,...", num_args = 0..=1, require_equals = true, default_missing_value = "yes",
          help_heading = "Format")]
    pub(crate) csv_header: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    long_about = "Writes a table definition for each topic: reads a bounded sample, tells the format from the \
                  configuration, the topic's extension or the bytes, infers columns and types, and checks every \
                  sampled record against what it wrote. stdout gets what was found; files go to DIR.",
    after_help = "Examples:\n  topica discover datasystem.json -o kafka/\n  \
                        topica discover --servers host:9092 --topic-prefix shop. -o kafka/\n  \
                        topica discover --servers host:9092 --topic '^orders' --dry-run --output json"
)]
pub(crate) struct Discover {
    /// A datasystem.json (of any DataSQRL version), or a directory with one; without it, --servers
    #[arg(value_name = "CONFIG", value_hint = ValueHint::AnyPath)]
    pub(crate) config: Option<PathBuf>,
    /// Where the table definitions go
    #[arg(short, long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) output_dir: PathBuf,
    /// What is written: sql (TABLE.table.sql), classic (TABLE.table.json and TABLE.schema.yml)
    #[arg(long, value_name = "DIALECT,...", default_value = "sql", value_delimiter = ',')]
    pub(crate) dialect: Vec<String>,
    /// Replace files that have other content; without it they are an error, and nothing is written
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Only say what would be written
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What stdout gets: a view for people, or one JSON document
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: OutputForm,
    /// Stop sampling after so long, and use what was sampled; the budgets stop it long before
    #[arg(short, long, value_name = "SECONDS", default_value = "3600", value_parser = values::seconds,
          allow_negative_numbers = true, help_heading = "Sample")]
    pub(crate) limit: Duration,
    /// How many records of a topic are sampled at most
    #[arg(long, value_name = "N", default_value = "10000", value_parser = values::count, help_heading = "Sample")]
    pub(crate) records: u64,
    /// How many bytes (keys and values) of a topic are sampled at most
    #[arg(long, value_name = "N", default_value = "16777216", value_parser = values::count, help_heading = "Sample")]
    pub(crate) bytes: u64,
    /// How many topics are inferred at the same time [default: one a processor, at most 8]
    #[arg(long, value_name = "N", value_parser = values::threads, help_heading = "Sample")]
    pub(crate) threads: Option<usize>,
    /// Only topics in whose name it is found (^ and $ anchor it)
    #[arg(long, value_name = "REGEX", help_heading = "Which topics")]
    pub(crate) topic: Option<String>,
    /// Also topics that are the cluster's own, such as __consumer_offsets
    #[arg(long, help_heading = "Which topics")]
    pub(crate) include_internal: bool,
    /// Write . and - in table names as _
    #[arg(long, help_heading = "Tables")]
    pub(crate) identifiers: bool,
    /// Exit with 1 if a larger share of a topic's records than this, 0 to 1, is rejected
    #[arg(long, value_name = "SHARE", default_value = "0.05", value_parser = values::share,
          allow_negative_numbers = true, help_heading = "Tables")]
    pub(crate) max_rejected: f64,
    /// Schemas to use in place of inferring: a .schema.yml, .avsc or .table.sql, or a directory of them
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
    long_about = "Writes a table definition for messages from files or stdin, with the same engine as discover and \
                  without Kafka. All files together are one table. stdout gets the definition; a view of what was found \
                  goes to stderr.",
    after_help = "Examples:\n  topica infer dump.ndjson\n  kcat -C -b host -t orders -e | topica infer --name orders\n  \
                        topica infer --framing file events/*.json --output json"
)]
pub(crate) struct Infer {
    /// Files; - or none is stdin
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// What a message is: each of the lines, each file, or what a varint length stands before
    #[arg(long, value_name = "FRAMING", default_value = "lines")]
    pub(crate) framing: Framing,
    /// The table's name [default: the first file's name without its extension]
    #[arg(long, value_name = "TABLE")]
    pub(crate) name: Option<String>,
    /// What is written: sql, or classic (a .table.json and a .schema.yml)
    #[arg(long, value_name = "DIALECT", default_value = "sql")]
    pub(crate) dialect: String,
    /// Write the definition to files there; stdout gets the view of what was found
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output_dir: Option<PathBuf>,
    /// Replace files that have other content
    #[arg(long, requires = "output_dir")]
    pub(crate) overwrite: bool,
    /// What stdout gets: the definition, or one JSON document with what was found
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: OutputForm,
    /// How many messages are read at most [default: all]
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub(crate) records: Option<u64>,
    /// How many bytes of messages are read at most [default: all]
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub(crate) bytes: Option<u64>,
    /// Declare NOT NULL what was never null
    #[arg(long)]
    pub(crate) not_null_from_sample: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Framing {
    Lines,
    File,
    Varint,
}

#[derive(Debug, Args)]
#[command(
    long_about = "Prints the rows of a table as JSON lines, from the oldest record to the end that is there at the \
                  start. A table that is not written down is inferred from a sample of its topic first. Records that are \
                  no rows of the table are never printed half: they are counted, and the exit code is 1.",
    after_help = "Examples:\n  topica source kafka/ orders --limit 20\n  \
                        topica source datasystem.json orders --from 2026-11-01T00:00:00Z --meta | jq .total\n  \
                  topica source kafka/ orders --from latest --follow"
)]
pub(crate) struct Source {
    /// A directory that discover wrote, or a datasystem.json
    #[arg(value_name = "CONFIG", value_hint = ValueHint::AnyPath)]
    pub(crate) config: PathBuf,
    /// The table's name
    #[arg(value_name = "TABLE")]
    pub(crate) table: String,
    /// How many rows are printed at most; 0 only sees whether the table can be read
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Where to start: earliest, latest, an offset, a time (ISO 8601), or @ and milliseconds since 1970
    #[arg(long, value_name = "WHERE", default_value = "earliest", allow_hyphen_values = true)]
    pub(crate) from: String,
    /// Where to end, which is not printed: an offset, a time, or @ and milliseconds [default: the end as it is now]
    #[arg(long, value_name = "WHERE", conflicts_with = "follow", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,
    /// Do not end, but print rows as they arrive
    #[arg(long)]
    pub(crate) follow: bool,
    /// Only this partition
    #[arg(long, value_name = "N", value_parser = values::partition, allow_negative_numbers = true)]
    pub(crate) partition: Option<i32>,
    /// Add _topic, _partition, _offset, _timestamp, _key and _headers to each row
    #[arg(long)]
    pub(crate) meta: bool,
    /// Where records that are no rows go, with the reason, as JSON lines
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rejects: Option<PathBuf>,
    /// Also records of transactions that are open or were aborted
    #[arg(long)]
    pub(crate) read_uncommitted: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

#[derive(Debug, Args)]
#[command(
    long_about = "Publishes rows from files or stdin to a table's topic, and returns when all are acknowledged by every \
                  in-sync replica. Rows are JSON lines, or CSV with a header row. Ends with a count: read, acknowledged, \
                  rejected. A TABLE that is not written down is a dynamic sink: its topic is the prefix and its name.",
    after_help = "Examples:\n  topica sink datasystem.json orders < orders.jsonl\n  \
                        topica sink kafka/ orders orders.csv --key id --create-topic --partitions 6"
)]
pub(crate) struct Sink {
    /// A directory that discover wrote, or a datasystem.json of type sink or source_and_sink
    #[arg(value_name = "CONFIG", value_hint = ValueHint::AnyPath)]
    pub(crate) config: PathBuf,
    /// The table's name
    #[arg(value_name = "TABLE")]
    pub(crate) table: String,
    /// Files of rows; - or none is stdin
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// The columns that make a record's key [default: no key]
    #[arg(long, value_name = "COL,...", value_delimiter = ',')]
    pub(crate) key: Vec<String>,
    /// Send to this partition only
    #[arg(long, value_name = "N", conflicts_with = "partitions", value_parser = values::partition,
          allow_negative_numbers = true)]
    pub(crate) partition: Option<i32>,
    /// Where rows that cannot be sent go, with the reason, as JSON lines
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rejects: Option<PathBuf>,
    /// Create the topic if it does not exist
    #[arg(long)]
    pub(crate) create_topic: bool,
    /// Partitions of a created topic [default: the cluster's]
    #[arg(long, value_name = "N", requires = "create_topic", value_parser = values::at_least_one::<i32>,
          allow_negative_numbers = true)]
    pub(crate) partitions: Option<i32>,
    /// Replicas of a created topic [default: the cluster's]
    #[arg(long, value_name = "N", requires = "create_topic", value_parser = values::at_least_one::<i16>,
          allow_negative_numbers = true)]
    pub(crate) replication_factor: Option<i16>,
    /// How batches are compressed: none, gzip, snappy, lz4 or zstd
    #[arg(long, value_name = "CODEC", default_value = "lz4")]
    pub(crate) compression: String,
    /// How many milliseconds a batch waits for more rows
    #[arg(long, value_name = "MS", default_value_t = 50)]
    pub(crate) linger: u64,
    /// What the input is [default: csv for files that end in .csv, else json]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) input_format: Option<InputFormat>,
    /// How the count at the end is printed: a line, or one JSON document
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: OutputForm,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    Json,
    Csv,
}

#[derive(Debug, Args)]
#[command(
    long_about = "Runs the embedded broker on a port until it is interrupted. Any Kafka client may talk to it. All is in \
                  memory, without replication or security: for demos and tests only. stdout gets the address.",
    after_help = "Examples:\n  topica broker --demo\n  topica broker --listen 127.0.0.1:0 --topic orders:3"
)]
pub(crate) struct BrokerArgs {
    /// Where it listens; port 0 takes a free one
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
#[command(after_help = "Example:\n  topica completions bash > ~/.local/share/bash-completion/completions/topica")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}
