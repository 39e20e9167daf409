//! `topica sink`: rows from files or stdin into a table's topic, and a count that can be relied on.

mod input;
mod rejects;

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::catalog::{Encoding, Table};
use crate::cli::args::{OutputForm, Sink as Args};
use crate::cli::config::{Config, client_failure};
use crate::cli::exit::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Output;
use crate::cli::text::{plural, thousands};
use crate::client::{Client, Kind, NewTopic};
use crate::discover::naming;
use crate::format::Format;
use crate::format::csv::{Dialect, Header};
use crate::record::Compression;
use crate::schema::Schema;
use crate::sink::{Error, Options, Sink};
use input::{Item, Reader};
use rejects::Rejects;

/// What became of the rows.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    table: &'a str,
    topic: &'a str,
    /// Rows of the input.
    read: u64,
    /// Rows that all in-sync replicas have.
    acknowledged: u64,
    /// Rows that were not sent, or that the brokers refused: they go to `--rejects`.
    rejected: u64,
    /// Rows that may or may not be in the topic, and rows that were not sent after that.
    unacknowledged: u64,
}

pub(crate) async fn run(args: &Args, interrupt: &Interrupt, output: Output) -> Result<Exit, Failure> {
    let compression = args.compression.parse::<Compression>().map_err(|error| Failure::of(Exit::Usage, &error))?;
    let config = Config::load(Some(&args.config), &args.connect)?;
    let (table, file) = table(&config, args)?;
    let mut reader = Reader::open(&args.files, args.input_format, &table)?;
    let mut rejects = Rejects::open(args.rejects.as_deref())?;

    let mut options = Options::default();
    options.key.clone_from(&args.key);
    options.partition = args.partition;
    options.compression = compression;
    options.linger = Duration::from_millis(args.linger);
    let opening = async {
        let client = config.connect_for(&table, file.as_deref(), output).await?;
        ensure_topic(&client, &table, args, &config, output).await?;
        Sink::open(&client, &table, options).await.map_err(opening_failure)
    };
    let mut sink = interrupt.guard(opening).await?;

    let mut summary =
        Summary { table: &table.name, topic: &table.topic, read: 0, acknowledged: 0, rejected: 0, unacknowledged: 0 };
    let ended = publish(&mut sink, &mut reader, &mut rejects, &mut summary, interrupt, output).await;
    // However it ended: what was handed over is answered for, and counted.
    let counts = sink.flush().await;
    let broken = sink.broken();
    let settled = settle(&mut sink, &mut rejects, &mut summary, output);
    let closed = rejects.close();
    summary.acknowledged = counts.acknowledged;
    print(&summary, args.output, output)?;
    if let Some(failure) = ended.and(settled).and(closed).err() {
        let done_nothing = summary.acknowledged + summary.rejected + summary.unacknowledged == 0;
        let exit = if done_nothing { failure.exit } else { Exit::HalfWay };
        return Err(failure.with_exit(exit));
    }
    if let Some(error) = broken {
        // Its rows are told as rejected, but it is not their fault.
        let denied = matches!(error.as_ref(), Error::Client(error) if error.is_unreachable_or_denied());
        let exit = if denied && summary.acknowledged == 0 { Exit::Unreachable } else { Exit::HalfWay };
        return Err(Failure::of(exit, error.as_ref()));
    }
    if interrupt.is_asked() {
        output.say("interrupted: what was read until then is counted above, the rest of the input was not read");
        return Ok(Exit::Interrupted);
    }
    if summary.rejected > 0 {
        output.say(format_args!("not right: {} rejected", plural(summary.rejected, "row")));
        return Ok(Exit::NotRight);
    }
    Ok(Exit::Done)
}

/// Hands over row by row, until there are no more, an end is asked for, or something ends it.
async fn publish(
    sink: &mut Sink,
    reader: &mut Reader,
    rejects: &mut Rejects,
    summary: &mut Summary<'_>,
    interrupt: &Interrupt,
    output: Output,
) -> Result<(), Failure> {
    loop {
        let item = tokio::select! {
            biased;
            () = interrupt.wait() => return Ok(()),
            item = reader.next() => item?,
        };
        let Some(item) = item else { return Ok(()) };
        let row = match &item {
            Item::Row { row, .. } => row,
            Item::Bad { reason, .. } => {
                summary.read += 1;
                summary.rejected += 1;
                rejects.row(item.place(), reason, item.text(), output)?;
                continue;
            }
        };
        let sent = tokio::select! {
            sent = sink.send(row) => sent,
            // While the brokers keep the sink waiting: the row was not taken, so it does not count as read.
            () = interrupt.wait() => return Ok(()),
        };
        summary.read += 1;
        match sent {
            Ok(_) => {}
            Err(error @ (Error::Misfit(_) | Error::Row(_))) => {
                summary.rejected += 1;
                let failure = Failure::of(Exit::NotRight, &error);
                rejects.row(item.place(), &failure.to_string(), item.text(), output)?;
            }
            Err(error) => {
                summary.unacknowledged += 1;
                return Err(Failure::of(Exit::HalfWay, &error));
            }
        }
        settle(sink, rejects, summary, output)?;
    }
}

/// Counts batches that the brokers did not take; the last one that may or may not be in the topic ends the run.
fn settle(sink: &mut Sink, rejects: &mut Rejects, summary: &mut Summary<'_>, output: Output) -> Result<(), Failure> {
    let mut broken = None;
    for failed in sink.take_failures() {
        broken = rejects.batch(&failed, &mut summary.rejected, &mut summary.unacknowledged, output)?.or(broken);
    }
    broken.map_or(Ok(()), Err)
}

/// The table of that name: as it is written down, with its file, or a dynamic sink.
fn table(config: &Config, args: &Args) -> Result<(Table, Option<PathBuf>), Failure> {
    let name = args.table.as_str();
    let written = config.package.table(name).map_err(|error| Failure::of(Exit::Usage, error))?;
    if let Some(loaded) = written {
        config.agrees_with(loaded)?;
        let table = loaded.table.clone();
        if !table.role.writes() {
            return Err(Failure::usage(format!("table {name} is a source: rows are not written to it"))
                .hint("discover it again with \"type\": \"source_and_sink\" in the data system file, or without one"));
        }
        return Ok((table, Some(loaded.file.clone())));
    }
    if !config.has_system {
        return Err(config.no_table(&args.config, name));
    }
    if !config.system.role.writes() {
        return Err(Failure::usage(format!(
            "the data system's type is {}: rows are not written to it",
            config.system.role.name()
        ))
        .hint("set \"type\" to \"sink\" or \"source_and_sink\""));
    }
    let Some(format) = &config.system.format else {
        return Err(Failure::usage(format!("sink {name} has no format"))
            .hint("add \"format\": {\"formatType\": \"json\"} to the data system file, or --format json"));
    };
    let topic = format!("{}{name}", config.system.topic_prefix);
    let encoding = encoding(format.format, &config.csv)?;
    let schema = config.package.schemas.of(name).map(|configured| configured.schema.clone()).unwrap_or_default();
    let mut table = Table::new(name, topic, config.system.role, encoding, schema);
    table.servers = config.system.servers.join(",");
    table.properties.clone_from(&config.system.properties);
    if let (Encoding::Csv(_), Some(names)) = (&table.encoding, &config.csv.header)
        && table.schema.columns.is_empty()
    {
        table.schema = Schema::of_strings(names);
    }
    Ok((table, None))
}

/// How rows are written in a format.
fn encoding(format: Format, csv: &crate::catalog::CsvOptions) -> Result<Encoding, Failure> {
    match format {
        Format::Json => Ok(Encoding::Json),
        Format::Csv => Ok(Encoding::Csv(Dialect {
            delimiter: csv.delimiter.unwrap_or(','),
            quote: Some(csv.quote.unwrap_or('"')),
            escape: None,
            comment: csv.comment_prefix.clone(),
            header: if csv.header.is_some() { Header::Given } else { Header::None },
        })),
        other => {
            Err(Failure::usage(format!("rows cannot be written as {other}")).hint("a sink's format is json or csv"))
        }
    }
}

/// Sees to it that the topic is there, if that is allowed.
async fn ensure_topic(
    client: &Client,
    table: &Table,
    args: &Args,
    config: &Config,
    output: Output,
) -> Result<(), Failure> {
    let topics = client.topics(None).await.map_err(client_failure)?;
    if topics.iter().any(|topic| topic.name == table.topic) {
        return Ok(());
    }
    let same_table = |topic: &&crate::client::Topic| {
        let rest = topic.name.strip_prefix(config.system.topic_prefix.as_str());
        rest.is_some_and(|rest| naming::split_extension(rest).0 == table.name)
    };
    let other = topics.iter().find(same_table);
    if !args.create_topic {
        let beside = other.map(|other| format!(" beside {}", other.name)).unwrap_or_default();
        return Err(Failure::usage(format!("topic {} does not exist", table.topic)).hint(format!(
            "--create-topic creates it{beside}, with --partitions and --replication-factor if they matter"
        )));
    }
    if let Some(other) = other {
        output.say(format_args!(
            "warning: topic {} is created beside {}, and both would be table {}: discover will refuse to choose",
            table.topic, other.name, table.name
        ));
    }
    let mut topic = NewTopic::new(&table.topic);
    if let Some(partitions) = args.partitions {
        topic = topic.partitions(partitions);
    }
    if let Some(replicas) = args.replication_factor {
        topic = topic.replication_factor(replicas);
    }
    for created in client.create_topics(&[topic]).await {
        created.map_err(|error| match error.kind() {
            // A name, a number or a policy that the brokers do not accept: nothing was created.
            Kind::Broker if !error.is_retriable() => client_failure(error).with_exit(Exit::Usage),
            _ => client_failure(error),
        })?;
    }
    Ok(())
}

/// Before the first row is sent, everything is usage or the cluster's refusal.
fn opening_failure(error: Error) -> Failure {
    match error {
        Error::Client(error) => client_failure(error),
        other => Failure::of(Exit::Usage, &other),
    }
}

fn print(summary: &Summary<'_>, form: OutputForm, output: Output) -> Result<(), Failure> {
    match form {
        OutputForm::Json => {
            let document = serde_json::to_string(summary).map_err(|error| Failure::of(Exit::HalfWay, &error))?;
            output.data(format_args!("{document}\n"))
        }
        OutputForm::Text => {
            let mut line = format!(
                "{}: {} read, {} acknowledged, {} rejected",
                summary.topic,
                thousands(summary.read),
                thousands(summary.acknowledged),
                thousands(summary.rejected)
            );
            if summary.unacknowledged > 0 {
                line.push_str(&format!(", {} not acknowledged", thousands(summary.unacknowledged)));
            }
            output.data(format_args!("{line}\n"))
        }
    }
}
