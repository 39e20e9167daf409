//! `topica discover`: topics to tables.

use regex_lite::Regex;

use crate::catalog::publish::{self, Published};
use crate::catalog::{self, Dialect, Schemas, Table, env};
use crate::cli::args::{Discover as Args, OutputForm};
use crate::cli::config::{Config, client_failure, duration};
use crate::cli::exit::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Output;
use crate::cli::progress::Bar;
use crate::cli::text;
use crate::client::Client;
use crate::discover::plan::Budget;
use crate::discover::{Discovery, Error, Fault, Options, Report, naming};

pub(crate) async fn run(args: &Args, output: Output) -> Result<Exit, Failure> {
    run_as(args, None, output).await
}

/// Runs discovery; `servers` are to stand in the written tables, if not those that are configured.
pub(crate) async fn run_as(args: &Args, servers: Option<&str>, output: Output) -> Result<Exit, Failure> {
    let config = Config::load(args.config.as_deref(), &args.connect)?;
    let options = options(args, &config, servers)?;
    let cancel = options.cancel.clone();
    let client = config.connect(output).await?;

    let mut interrupt = Interrupt::listen();
    let bar = Bar::new(output);
    let report = {
        let discovery = Discovery::new(&client, options).run(|progress| bar.show(progress));
        tokio::pin!(discovery);
        tokio::select! {
            report = &mut discovery => report,
            () = interrupt.wait() => {
                cancel.cancel();
                discovery.await
            }
        }
    };
    drop(bar);
    let report = report.map_err(failure)?;
    let published = publish(args, &report)?;
    print(args, &report, &published, output)?;
    if report.interrupted {
        return Ok(Exit::Interrupted);
    }
    let faults = report.faults();
    for fault in &faults {
        output.say(told(fault));
    }
    Ok(if faults.is_empty() { Exit::Done } else { Exit::NotRight })
}

/// The table that discovery would give this name, inferred from a sample.
pub(crate) async fn infer_table(
    config: &Config,
    client: &Client,
    name: &str,
    output: Output,
) -> Result<Table, Failure> {
    let mut options = Options::of(&config.system);
    options.csv = config.csv.clone();
    options.schemas = config.package.schemas.clone();
    let topics = client.topics(None).await.map_err(client_failure)?;
    let names = topics.iter().map(|topic| (topic.name.as_str(), topic.internal));
    let selection = naming::select(names, &options.rules).map_err(|error| failure(error.into()))?;
    let Some(chosen) = selection.chosen.iter().find(|chosen| chosen.table == name) else {
        let tables: Vec<&str> = selection.chosen.iter().map(|chosen| chosen.table.as_str()).take(20).collect();
        return Err(Failure::usage(format!("no topic gives a table {name}"))
            .hint(format!("topics give: {}", if tables.is_empty() { "none".to_owned() } else { tables.join(", ") })));
    };
    let pattern = format!("^{}$", regex_lite::escape(&chosen.topic));
    options.rules.pattern = Some(Regex::new(&pattern).map_err(|error| Failure::usage(error.to_string()))?);
    // Names are whole here, and other topics may collide as they like.
    let report = Discovery::new(client, options).run(|_| ()).await.map_err(failure)?;
    for warning in report.tables.iter().flat_map(|table| &table.warnings) {
        output.explain(format_args!("{name}: {warning}"));
    }
    let skipped = report.skipped.first().map(|skipped| skipped.reason.clone());
    report.definitions.into_iter().next().map(|definition| definition.table).ok_or_else(|| {
        let reason = skipped.unwrap_or_else(|| "it has no records".to_owned());
        Failure::new(Exit::NotRight, format!("topic {} gives no table: {reason}", chosen.topic))
    })
}

fn options(args: &Args, config: &Config, servers: Option<&str>) -> Result<Options, Failure> {
    let mut options = Options::of(&config.system);
    options.role_is_open = !config.has_system;
    options.servers = match servers {
        Some(servers) => servers.to_owned(),
        None => config.servers_as_written()?,
    };
    options.csv = config.csv.clone();
    options.rules.identifiers = args.identifiers;
    options.rules.include_internal = args.include_internal;
    if let Some(pattern) = &args.topic {
        let regex = Regex::new(pattern).map_err(|error| Failure::usage(format!("--topic '{pattern}': {error}")))?;
        options.rules.pattern = Some(regex);
    }
    options.budget = Budget { records: args.records, bytes: args.bytes };
    options.limit = duration("--limit", args.limit)?;
    if !(0.0..=1.0).contains(&args.max_rejected) {
        return Err(Failure::usage(format!("--max-rejected {}: not a share between 0 and 1", args.max_rejected)));
    }
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
fn publish(args: &Args, report: &Report) -> Result<Published, Failure> {
    let theirs: Vec<_> = report.definitions.iter().filter_map(|definition| definition.configured.as_deref()).collect();
    let files: Vec<publish::File> = report
        .definitions
        .iter()
        .flat_map(|definition| &definition.files)
        // A schema that somebody wrote into the output directory stays theirs.
        .filter(|file| !theirs.iter().any(|path| same_file(path, &args.output_dir.join(&file.name))))
        .cloned()
        .collect();
    let options = publish::Options::default().overwrite(args.overwrite).dry_run(args.dry_run);
    publish::publish(&args.output_dir, &files, options, |staged| {
        if files.is_empty() {
            return Ok(());
        }
        let loaded = catalog::load(staged).map_err(|error| error.to_string())?;
        match loaded.broken.first() {
            Some(broken) => Err(broken.error.to_string()),
            None => Ok(()),
        }
    })
    .map_err(|error| {
        let exit = match error {
            catalog::Error::Exists { .. } => Exit::Usage,
            _ => Exit::HalfWay,
        };
        Failure::of(exit, &error)
    })
}

fn same_file(a: &std::path::Path, b: &std::path::Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

fn print(args: &Args, report: &Report, published: &Published, output: Output) -> Result<(), Failure> {
    if args.output == OutputForm::Json {
        let document = serde_json::to_string_pretty(report).map_err(|error| Failure::of(Exit::HalfWay, &error))?;
        output.data(format_args!("{document}\n"))?;
    } else {
        output.data(text::report(report, output.width()))?;
    }
    if report.tables.is_empty() {
        output.say("no topic gives a table");
    }
    let written = published.created.len() + published.replaced.len();
    let verb = if args.dry_run { "would be written" } else { "written" };
    output.say(format_args!(
        "{} and {} without; {} {verb} to {}, {} unchanged",
        plural(report.tables.len(), "table"),
        plural(report.skipped.len(), "topic"),
        plural(written, "file"),
        args.output_dir.display(),
        published.unchanged.len()
    ));
    for stale in &published.stale {
        output.say(format_args!("warning: {stale} is from an earlier run, its table was not found now; it was left"));
    }
    Ok(())
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn told(fault: &Fault<'_>) -> String {
    match fault {
        Fault::NoTable(skipped) => format!("not right: topic {} has no table: {}", skipped.topic, skipped.reason),
        Fault::Mixed(table) => format!("not right: topic {} is in more than one format", table.topic),
        Fault::Rejected(table) => format!(
            "not right: {} of {} records of topic {} were rejected",
            text::thousands(table.sample.rejected),
            text::thousands(table.sample.records),
            table.topic
        ),
        _ => "not right".to_owned(),
    }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Topics(error) => client_failure(error),
        error if error.is_usage() => Failure::of(Exit::Usage, &error),
        error => Failure::of(Exit::HalfWay, &error),
    }
}
