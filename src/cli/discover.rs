//! `topica discover`: topics to tables.

use std::time::Instant;

use regex_lite::Regex;

use crate::catalog::publish::{self, Published};
use crate::catalog::{Dialect, Schemas, Table, env};
use crate::cli::args::{Discover as Args, OutputForm};
use crate::cli::config::{Config, client_failure};
use crate::cli::exit::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Output;
use crate::cli::package::{self, Replace};
use crate::cli::progress::Bar;
use crate::cli::text::{self, plural, thousands};
use crate::client::Client;
use crate::discover::plan::Budget;
use crate::discover::{Discovery, Error, Fault, Options, Report, Why, naming};

/// What a program that runs discovery for a purpose of its own sets.
#[derive(Debug)]
pub(crate) struct Manner<'a> {
    /// The servers that are to stand in the written tables, if not those that are configured.
    pub(crate) servers: Option<&'a str>,
    pub(crate) replace: Replace,
}

pub(crate) async fn run(args: &Args, interrupt: &Interrupt, output: Output) -> Result<Exit, Failure> {
    let replace = if args.overwrite { Replace::Everything } else { Replace::Nothing };
    run_as(args, &Manner { servers: None, replace }, interrupt, output).await
}

pub(crate) async fn run_as(
    args: &Args,
    manner: &Manner<'_>,
    interrupt: &Interrupt,
    output: Output,
) -> Result<Exit, Failure> {
    let config = Config::load(args.config.as_deref(), &args.connect)?;
    let options = options(args, &config, manner.servers)?;
    if !args.dry_run {
        package::check_writable(&args.output_dir)?;
    }
    let cancel = options.cancel.clone();
    let client = interrupt.guard(config.connect(output)).await?;

    let bar = Bar::new(output);
    let start = Instant::now();
    let report = {
        let discovery = Discovery::new(&client, options).run(|progress| bar.show(progress));
        tokio::pin!(discovery);
        tokio::select! {
            report = &mut discovery => report,
            () = interrupt.wait() => {
                bar.say(output, "interrupted: what was sampled is used; Ctrl-C again stops at once");
                cancel.cancel();
                discovery.await
            }
        }
    };
    drop(bar);
    let report = report.map_err(failure)?;
    if report.tables.is_empty() && report.skipped.is_empty() && !report.interrupted && start.elapsed() >= args.limit {
        return Err(Failure::new(Exit::NotRight, "--limit was over before the cluster had said which topics it has")
            .hint("allow more time"));
    }
    let published = publish(args, manner.replace, &report)?;
    print(args, &config, &report, &published, output)?;
    if report.interrupted {
        return Ok(Exit::Interrupted);
    }
    let faults = report.faults();
    for fault in &faults {
        output.say(format_args!("not right: {}", told(fault)));
    }
    Ok(if faults.is_empty() { Exit::Done } else { Exit::NotRight })
}

/// What stands for a table that is not written down.
pub(crate) enum Found {
    Table(Box<Table>),
    /// There is a topic for it, without a record.
    Empty {
        topic: String,
    },
}

/// The table that discovery would give this name, inferred from a sample.
pub(crate) async fn infer_table(
    config: &Config,
    client: &Client,
    name: &str,
    output: Output,
) -> Result<Found, Failure> {
    let mut options = Options::of(&config.system);
    options.csv = config.csv.clone();
    options.schemas = config.package.schemas.clone();
    let topics = client.topics(None).await.map_err(client_failure)?;
    let mut tables = Vec::new();
    // Topics of other tables may collide as they like.
    let candidates = topics.iter().filter(|topic| !topic.internal).filter(|topic| {
        let rest = topic.name.strip_prefix(options.rules.prefix.as_str());
        let table = rest.map(|rest| naming::split_extension(rest).0).filter(|table| !table.is_empty());
        tables.extend(table);
        table == Some(name)
    });
    let candidates: Vec<_> = candidates.map(|topic| (topic.name.as_str(), false)).collect();
    let selection = naming::select(candidates, &options.rules).map_err(|error| failure(error.into()))?;
    let Some(chosen) = selection.chosen.first() else {
        tables.sort_unstable();
        tables.dedup();
        return Err(Failure::usage(format!("no topic gives a table {name}")).hint(match tables.as_slice() {
            [] => format!("no topic starts with the prefix '{}'", options.rules.prefix),
            tables => format!("topics give: {}", text::some_of(tables, 20)),
        }));
    };
    let topic = chosen.topic.clone();
    let pattern = format!("^{}$", regex_lite::escape(&topic));
    options.rules.pattern = Some(Regex::new(&pattern).map_err(|error| Failure::usage(error.to_string()))?);
    let report = Discovery::new(client, options).run(|_| ()).await.map_err(failure)?;
    for warning in report.tables.iter().flat_map(|table| &table.warnings) {
        output.explain(format_args!("{name}: {warning}"));
    }
    if let Some(definition) = report.definitions.into_iter().next() {
        return Ok(Found::Table(Box::new(definition.table)));
    }
    match report.skipped.into_iter().next() {
        Some(skipped) if skipped.why != Why::Empty => {
            Err(Failure::new(Exit::HalfWay, format!("topic {topic} gives no table: {}", skipped.reason)))
        }
        _ => Ok(Found::Empty { topic }),
    }
}

fn options(args: &Args, config: &Config, servers: Option<&str>) -> Result<Options, Failure> {
    let mut options = Options::of(&config.system);
    options.role_is_open = !config.has_system;
    options.servers = match servers {
        Some(servers) => servers.to_owned(),
        None => config.servers_as_written()?,
    };
    options.csv = config.csv.clone();
    options.rules.topic.clone_from(&config.package.topic);
    options.rules.identifiers = args.identifiers;
    options.rules.include_internal = args.include_internal;
    if let Some(pattern) = &args.topic {
        let regex = Regex::new(pattern).map_err(|error| Failure::usage(format!("--topic '{pattern}': {error}")))?;
        options.rules.pattern = Some(regex);
    }
    options.budget = Budget { records: args.records, bytes: args.bytes };
    options.limit = args.limit;
    options.threads = args.threads.unwrap_or_else(|| {
        std::thread::available_parallelism().map_or(options.threads, |processors| processors.get().min(8))
    });
    options.max_rejected = args.max_rejected;
    options.not_null_from_sample = args.not_null_from_sample;
    options.dialects =
        Dialect::parse_list(&args.dialect.join(",")).map_err(|error| Failure::of(Exit::Usage, &error))?;
    options.schemas = match &args.schema {
        Some(path) => Schemas::load(path, &env::process).map_err(|error| Failure::of(Exit::Usage, &error))?,
        None => config.package.schemas.clone(),
    };
    Ok(options)
}

/// Writes the package, all of it or nothing.
fn publish(args: &Args, replace: Replace, report: &Report) -> Result<Published, Failure> {
    let theirs: Vec<_> = report.definitions.iter().filter_map(|definition| definition.configured.as_deref()).collect();
    let files: Vec<publish::File> = report
        .definitions
        .iter()
        .flat_map(|definition| &definition.files)
        // A schema that somebody wrote into the output directory stays theirs.
        .filter(|file| !theirs.iter().any(|path| same_file(path, &args.output_dir.join(&file.name))))
        .cloned()
        .collect();
    if files.is_empty() {
        // Nor is a directory made for nothing.
        return Ok(Published::default());
    }
    package::write(&args.output_dir, &files, replace, args.dry_run)
}

fn same_file(a: &std::path::Path, b: &std::path::Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

fn print(args: &Args, config: &Config, report: &Report, published: &Published, output: Output) -> Result<(), Failure> {
    if args.output == OutputForm::Json {
        let document = serde_json::to_string_pretty(report).map_err(|error| Failure::of(Exit::HalfWay, &error))?;
        output.data(format_args!("{document}\n"))?;
    } else {
        output.data(text::report(report, output.width()))?;
    }
    if report.tables.is_empty() && report.skipped.is_empty() && !report.interrupted {
        output.say(no_topic(args, config));
        return Ok(());
    }
    let mut line = plural(report.tables.len(), "table");
    if !report.skipped.is_empty() {
        line.push_str(&format!(", {} without", plural(report.skipped.len(), "topic")));
    }
    let written = published.created.len() + published.replaced.len();
    let verb = if args.dry_run { "would be written" } else { "written" };
    line.push_str(&format!("; {} {verb} to {}", plural(written, "file"), args.output_dir.display()));
    if !published.unchanged.is_empty() {
        line.push_str(&format!(", {} there already", thousands(published.unchanged.len() as u64)));
    }
    output.say(line);
    if !published.stale.is_empty() {
        output.say(format_args!(
            "left as they were, from an earlier run and not of this one: {}",
            text::some_of(&published.stale, 10)
        ));
    }
    Ok(())
}

/// There may be topics, but none that was asked for.
fn no_topic(args: &Args, config: &Config) -> String {
    let mut which = Vec::new();
    if let Some(topic) = &config.package.topic {
        which.push(format!("is '{topic}', which the configuration names"));
    }
    if !config.system.topic_prefix.is_empty() {
        which.push(format!("starts with '{}'", config.system.topic_prefix));
    }
    if let Some(pattern) = &args.topic {
        which.push(format!("matches '{pattern}'"));
    }
    if which.is_empty() {
        return "the cluster has no topics; nothing was written".to_owned();
    }
    format!("no topic {}; nothing was written", which.join(" and "))
}

fn told(fault: &Fault<'_>) -> String {
    match fault {
        Fault::NoTable(skipped) => format!("topic {} has no table: {}", skipped.topic, skipped.reason),
        Fault::Mixed(table) => format!("topic {} is in more than one format", table.topic),
        Fault::Rejected(table) => format!(
            "{} of {} records of topic {} were rejected",
            thousands(table.sample.rejected),
            thousands(table.sample.records),
            table.topic
        ),
        Fault::Partial(table) => format!("topic {} was read in part only", table.topic),
    }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Topics(error) => client_failure(error),
        error if error.is_usage() => Failure::of(Exit::Usage, &error),
        error => Failure::of(Exit::HalfWay, &error),
    }
}
