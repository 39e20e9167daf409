//! `topica source`: a table's rows as JSON lines on stdout.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::cli::args::Source as Args;
use crate::cli::config::{Config, client_failure};
use crate::cli::discover::Found;
use crate::cli::exit::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::{Output, written};
use crate::cli::text::plural;
use crate::client::{Client, Isolation};
use crate::format::json;
use crate::source::{BadPosition, Content, Error, Options, Position, Row, Source};

/// How many records that are no rows are told one by one, if they go to no file.
const TOLD: u64 = 5;

pub(crate) async fn run(args: &Args, interrupt: &Interrupt, output: Output) -> Result<Exit, Failure> {
    let to = args.to.as_deref().map(|text| position("--to", text)).transpose()?;
    if to == Some(Position::Earliest) {
        return Err(Failure::usage("--to earliest: nothing lies before the earliest record")
            .hint("give an offset, a time such as 2026-11-01T08:00:00Z, or @ and milliseconds"));
    }
    let isolation = if args.read_uncommitted { Isolation::ReadUncommitted } else { Isolation::ReadCommitted };
    let options = Options {
        from: position("--from", &args.from)?,
        to,
        follow: args.follow,
        partition: args.partition,
        isolation,
        ..Options::default()
    };
    let config = Config::load(Some(&args.config), &args.connect)?;
    let mut printer = Printer::new(args)?;
    let opening = async {
        let (client, found) = find(&config, args, output).await?;
        let table = match found {
            Found::Table(table) => table,
            Found::Empty { topic } => return Ok(Err(topic)),
        };
        let source = Source::open(&client, &table, options).await.map_err(failure)?;
        Ok(Ok((source, table)))
    };
    let (mut source, table) = match interrupt.guard(opening).await? {
        Ok(opened) => opened,
        Err(topic) => {
            output.say(format_args!("topic {topic} has no records"));
            return Ok(Exit::Done);
        }
    };
    printer.topic.clone_from(&table.topic);

    let mut interrupted = false;
    while printer.wants_more() {
        let rows = tokio::select! {
            rows = source.fetch() => rows.map_err(failure),
            () = interrupt.wait() => {
                interrupted = true;
                break;
            }
        };
        let rows = match rows {
            Ok(Some(rows)) => rows,
            Ok(None) => break,
            Err(failure) if printer.rows > 0 => {
                printer.flush()?;
                output.say(format_args!("{} printed before that", plural(printer.rows, "row")));
                return Err(failure.half_way());
            }
            Err(failure) => return Err(failure),
        };
        let mut failed = None;
        let _ = rows.for_each(|row| match printer.take(&row, output) {
            Ok(flow) => flow,
            Err(failure) => {
                failed = Some(failure);
                ControlFlow::Break(())
            }
        });
        if let Some(failure) = failed {
            return Err(failure);
        }
        // Whoever follows a topic wants to see what is there.
        if args.follow || printer.to_terminal {
            printer.flush()?;
        }
    }
    printer.flush()?;
    if interrupted {
        output.say(format_args!("interrupted after {}", plural(printer.rows, "row")));
        return Ok(Exit::Interrupted);
    }
    if printer.rejected > 0 {
        output.say(format_args!(
            "not right: {} of topic {} rejected, as no rows of table {}",
            plural(printer.rejected, "record"),
            table.topic,
            table.name
        ));
        return Ok(Exit::NotRight);
    }
    Ok(Exit::Done)
}

fn position(option: &str, text: &str) -> Result<Position, Failure> {
    text.parse().map_err(|error: BadPosition| Failure::usage(format!("{option}: {error}")))
}

/// The table: as written down, or, with a data system only, as discovery would have it.
async fn find(config: &Config, args: &Args, output: Output) -> Result<(Client, Found), Failure> {
    let name = args.table.as_str();
    let written = config.package.table(name).map_err(|error| Failure::of(Exit::Usage, error))?;
    if let Some(loaded) = written {
        config.agrees_with(loaded)?;
        let table = loaded.table.clone();
        if !table.role.reads() {
            return Err(Failure::usage(format!("table {name} is a sink: rows are not read from it"))
                .hint("discover it again with \"type\": \"source_and_sink\" in the data system file, or without one"));
        }
        let client = config.connect_for(&table, Some(&loaded.file), output).await?;
        return Ok((client, Found::Table(Box::new(table))));
    }
    if !config.has_system {
        return Err(config.no_table(&args.config, name));
    }
    if !config.system.role.reads() {
        return Err(Failure::usage(format!(
            "the data system's type is {}: rows are not read from it",
            config.system.role.name()
        ))
        .hint("set \"type\" to \"source\" or \"source_and_sink\""));
    }
    let client = config.connect(output).await?;
    let found = crate::cli::discover::infer_table(config, &client, name, output).await?;
    Ok((client, found))
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Client(error) => client_failure(error),
        other => Failure::of(Exit::Usage, &other),
    }
}

/// Prints rows, keeps rejects, counts both.
struct Printer {
    out: BufWriter<std::io::Stdout>,
    to_terminal: bool,
    rejects: Option<BufWriter<File>>,
    limit: Option<u64>,
    meta: bool,
    topic: String,
    rows: u64,
    rejected: u64,
    line: Vec<u8>,
}

impl Printer {
    fn new(args: &Args) -> Result<Self, Failure> {
        let stdout = std::io::stdout();
        Ok(Self {
            to_terminal: stdout.is_terminal(),
            out: BufWriter::with_capacity(1 << 16, stdout),
            rejects: args.rejects.as_deref().map(create).transpose()?,
            limit: args.limit,
            meta: args.meta,
            topic: String::new(),
            rows: 0,
            rejected: 0,
            line: Vec::new(),
        })
    }

    fn wants_more(&self) -> bool {
        self.limit.is_none_or(|limit| self.rows < limit)
    }

    fn take(&mut self, row: &Row<'_>, output: Output) -> Result<ControlFlow<()>, Failure> {
        match &row.content {
            Content::Row(json) => {
                self.line.clear();
                if self.meta {
                    meta(&self.topic, row, &mut self.line);
                    // The row's own members follow: without its opening brace, after a comma if it has any.
                    let members = json.get(1..).unwrap_or_default();
                    if members != b"}" {
                        self.line.push(b',');
                    }
                    self.line.extend_from_slice(members);
                } else {
                    self.line.extend_from_slice(json);
                }
                self.line.push(b'\n');
                written(self.out.write_all(&self.line))?;
                self.rows += 1;
            }
            Content::Tombstone | Content::HeaderRow => {}
            Content::Misfit(misfit) => self.reject(row, row.offset, &misfit.to_string(), output)?,
            Content::Unreadable { last_offset, reason } => self.reject(row, *last_offset, reason, output)?,
        }
        Ok(if self.wants_more() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    }

    fn reject(&mut self, row: &Row<'_>, last: i64, reason: &str, output: Output) -> Result<(), Failure> {
        let lost = u64::try_from(last - row.offset).unwrap_or(0) + 1;
        self.rejected += lost;
        if let Some(file) = &mut self.rejects {
            self.line.clear();
            meta(&self.topic, row, &mut self.line);
            self.line.extend_from_slice(b",\"reason\":");
            json::write_string(reason, &mut self.line);
            self.line.extend_from_slice(b",\"value\":");
            bytes(row.value, &mut self.line);
            self.line.extend_from_slice(b"}\n");
            file.write_all(&self.line)?;
        } else if self.rejected <= TOLD {
            output.say(format_args!("rejected {}[{}]@{}: {reason}", self.topic, row.partition, row.offset));
        } else if self.rejected - lost <= TOLD {
            output.say("further rejected records are counted only; --rejects FILE keeps them");
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if let Some(file) = &mut self.rejects {
            file.flush()?;
        }
        written(self.out.flush())
    }
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    File::create(path)
        .map(BufWriter::new)
        .map_err(|error| Failure::usage(format!("--rejects {}: {error}", path.display())))
}

/// Appends `{"_topic":...,"_headers":...`, without the closing brace.
fn meta(topic: &str, row: &Row<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"_topic\":");
    json::write_string(topic, out);
    let place = format!(
        ",\"_partition\":{},\"_offset\":{},\"_timestamp\":{},\"_key\":",
        row.partition, row.offset, row.timestamp
    );
    out.extend_from_slice(place.as_bytes());
    bytes(row.key, out);
    out.extend_from_slice(b",\"_headers\":{");
    for (i, (name, value)) in row.headers.into_iter().flatten().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        json::write_string(&String::from_utf8_lossy(name), out);
        out.push(b':');
        bytes(value, out);
    }
    out.push(b'}');
}

/// Bytes as a JSON string: as text where they are text, else in base64.
fn bytes(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    match bytes.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        None => out.extend_from_slice(b"null"),
        Some((_, Ok(text))) => json::write_string(text, out),
        Some((bytes, Err(_))) => json::write_string(&BASE64.encode(bytes), out),
    }
}
