//! `topica infer`: the same engine over files or stdin, without Kafka.

use std::path::{Path, PathBuf};
use std::pin::Pin;

use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::catalog::{self, CsvOptions, Dialect, publish};
use crate::cli::args::{Framing as FramingArg, Infer as Args, OutputForm};
use crate::cli::config::{apply_csv_flags, configured_format};
use crate::cli::exit::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Output;
use crate::cli::package::{self, Replace};
use crate::cli::text::{self, plural};
use crate::discover::naming;
use crate::infer::{Framing, Given, Inferred, Stream, StreamLimits, TableReport, files, unsaid};

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// The document of `--output json`: as discovery's, without a cluster.
#[derive(Serialize)]
struct Document<'a> {
    tables: &'a [TableReport],
}

pub(crate) async fn run(args: &Args, interrupt: &Interrupt, output: Output) -> Result<Exit, Failure> {
    let dialects = Dialect::parse_list(&args.dialect).map_err(|error| Failure::of(Exit::Usage, &error))?;
    let [dialect] = dialects.as_slice() else {
        return Err(Failure::usage(format!("--dialect {}: infer writes one", args.dialect))
            .hint("run it once for each dialect"));
    };
    let inputs = if args.files.is_empty() { vec![PathBuf::from("-")] } else { args.files.clone() };
    let names: Vec<String> = inputs.iter().map(|path| input_name(path)).collect();
    let given = given(args, &inputs)?;
    if let Some(directory) = &args.output_dir {
        package::check_writable(directory)?;
    }
    let Some(mut inferred) = infer(args, &inputs, given, interrupt).await? else {
        if args.output == OutputForm::Json {
            document(&[], output)?;
        }
        let exit = if interrupt.is_asked() { Exit::Interrupted } else { Exit::NotRight };
        return Err(Failure::new(exit, format!("no messages in {}", text::some_of(&names, 3)))
            .hint("there is nothing to infer a table from"));
    };
    inferred.report.topic = names.first().cloned().unwrap_or_default();
    let written =
        files(&inferred, *dialect, "", args.not_null_from_sample).map_err(|error| Failure::of(Exit::Usage, &error))?;
    inferred.report.warnings.extend(unsaid(&inferred.table, *dialect));
    let published = match &args.output_dir {
        Some(directory) => {
            let replace = if args.overwrite { Replace::Everything } else { Replace::Nothing };
            Some(package::write(directory, &written, replace, false)?)
        }
        None => None,
    };
    if interrupt.is_asked() {
        output.say("interrupted: this is inferred from what was read until then");
    }
    match (args.output, &args.output_dir) {
        (OutputForm::Json, _) => document(std::slice::from_ref(&inferred.report), output)?,
        (OutputForm::Text, Some(_)) => output.data(text::table(&inferred.report, &names, output.width()))?,
        (OutputForm::Text, None) => {
            output.say(text::table(&inferred.report, &names, output.width()).trim_end());
            for file in &written {
                if written.len() > 1 {
                    output.data(format_args!("==> {} <==\n", file.name))?;
                }
                let end = if file.content.ends_with('\n') { "" } else { "\n" };
                output.data(format_args!("{}{end}", file.content))?;
            }
        }
    }
    if let (Some(published), Some(directory)) = (published, &args.output_dir) {
        let new = published.created.len() + published.replaced.len();
        let same = match published.unchanged.len() {
            0 => String::new(),
            unchanged => format!(", {unchanged} there already"),
        };
        output.say(format_args!("{} written to {}{same}", plural(new, "file"), directory.display()));
    }
    if interrupt.is_asked() {
        return Ok(Exit::Interrupted);
    }
    let sample = &inferred.report.sample;
    let right = inferred.report.format.mixed.is_empty() && sample.rejected_share() <= MAX_REJECTED;
    Ok(if right { Exit::Done } else { Exit::NotRight })
}

fn document(tables: &[TableReport], output: Output) -> Result<(), Failure> {
    let document =
        serde_json::to_string_pretty(&Document { tables }).map_err(|error| Failure::of(Exit::HalfWay, &error))?;
    output.data(format_args!("{document}\n"))
}

/// An input as it is called in the report, in place of a topic.
fn input_name(path: &Path) -> String {
    if is_stdin(path) { "stdin".to_owned() } else { path.display().to_string() }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// As discovery's default.
const MAX_REJECTED: f64 = 0.05;

/// What is known beforehand: the flags, and the extension of the first input's name.
fn given(args: &Args, inputs: &[PathBuf]) -> Result<Given, Failure> {
    let first = inputs.first().map(PathBuf::as_path).unwrap_or(Path::new("-"));
    let file_name = match first.file_name() {
        Some(name) if !is_stdin(first) => name.to_string_lossy().into_owned(),
        _ => "stdin".to_owned(),
    };
    let (stem, extension) = naming::split_extension(&file_name);
    let table = args.name.clone().unwrap_or_else(|| stem.to_owned());
    // A table's name is its file's name, too.
    if table.is_empty() || publish::file_name(&table, "").is_err() {
        return Err(Failure::usage(format!("a table cannot be called '{table}'"))
            .hint("--name TABLE gives it a name that a file can have"));
    }
    // The definition is for a topic of the table's name: there is no topic yet.
    let mut given = Given::new(table.clone(), table);
    given.role_is_open = true;
    given.extension = extension;
    given.format = configured_format(&args.format)?;
    given.not_null_from_sample = args.not_null_from_sample;
    let mut csv = CsvOptions::default();
    apply_csv_flags(&args.format, &mut csv)?;
    given.csv = csv;
    Ok(given)
}

async fn infer(
    args: &Args,
    inputs: &[PathBuf],
    given: Given,
    interrupt: &Interrupt,
) -> Result<Option<Inferred>, Failure> {
    let framing = match args.framing {
        FramingArg::Lines => Framing::Lines,
        FramingArg::File => Framing::File,
        FramingArg::Varint => Framing::Varint,
    };
    let mut limits = StreamLimits::default();
    limits.records = args.records.unwrap_or(limits.records);
    limits.bytes = args.bytes.unwrap_or(limits.bytes);
    // A file that is not there is better known before others are read.
    for path in inputs.iter().filter(|path| !is_stdin(path)) {
        let failed = |error| Failure::usage(format!("{}: {error}", path.display()));
        if path.metadata().map_err(failed)?.is_dir() {
            return Err(Failure::usage(format!("{} is a directory", path.display()))
                .hint(format!("name its files: {}", path.join("*").display())));
        }
    }
    let mut stream = Stream::new(given, framing, limits);
    read_all(inputs, interrupt, |piece| match piece {
        Piece::Bytes(bytes) => stream.feed(bytes),
        Piece::End => stream.end_of_input(),
    })
    .await?;
    let half_way = |error: catalog::Error| Failure::of(Exit::HalfWay, &error);
    let Some(mut review) = stream.finish().map_err(half_way)? else { return Ok(None) };
    // Files can be read again, so every message is checked against the table; of stdin, those that voted.
    if !interrupt.is_asked() && inputs.iter().all(|path| path.is_file()) {
        read_all(inputs, interrupt, |piece| match piece {
            Piece::Bytes(bytes) => review.feed(bytes),
            Piece::End => review.end_of_input(),
        })
        .await?;
    }
    review.finish().map(Some).map_err(half_way)
}

enum Piece<'a> {
    Bytes(&'a [u8]),
    End,
}

/// Shows the inputs in pieces, until no more is wanted or an end is asked for.
async fn read_all(
    inputs: &[PathBuf],
    interrupt: &Interrupt,
    mut take: impl FnMut(Piece<'_>) -> bool,
) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK];
    for path in inputs {
        let failed = |error: std::io::Error| Failure::usage(format!("{}: {error}", input_name(path)));
        let mut input: Pin<Box<dyn AsyncRead + Send>> = if is_stdin(path) {
            Box::pin(tokio::io::stdin())
        } else {
            let mut file = tokio::fs::File::open(path).await.map_err(failed)?;
            file.set_max_buf_size(CHUNK);
            Box::pin(file)
        };
        loop {
            let read = tokio::select! {
                biased;
                () = interrupt.wait() => 0,
                read = input.read(&mut buffer) => read.map_err(failed)?,
            };
            if read == 0 {
                break;
            }
            if !take(Piece::Bytes(buffer.get(..read).unwrap_or_default())) {
                return Ok(());
            }
        }
        if !take(Piece::End) || interrupt.is_asked() {
            return Ok(());
        }
    }
    Ok(())
}
