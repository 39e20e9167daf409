//! `topica infer`: the same engine over files or stdin, without Kafka.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::catalog::publish;
use crate::catalog::{self, CsvOptions, Dialect};
use crate::cli::args::{Framing as FramingArg, Infer as Args, OutputForm};
use crate::cli::config::{apply_csv_flags, configured_format};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::text;
use crate::discover::naming;
use crate::infer::{Framing, Given, Inferred, Stream, StreamLimits, TableReport, files};

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// The document of `--output json`: as discovery's, without a cluster.
#[derive(Serialize)]
struct Document<'a> {
    tables: &'a [TableReport],
}

pub(crate) fn run(args: &Args, output: Output) -> Result<Exit, Failure> {
    let dialects = Dialect::parse_list(&args.dialect).map_err(|error| Failure::of(Exit::Usage, &error))?;
    let [dialect] = dialects.as_slice() else {
        return Err(Failure::usage(format!("--dialect {}: infer prints one", args.dialect)));
    };
    let inputs = if args.files.is_empty() { vec![PathBuf::from("-")] } else { args.files.clone() };
    let Some(mut inferred) = infer(args, &inputs, given(args, &inputs)?)? else {
        return Err(Failure::new(Exit::NotRight, "the input has no messages"));
    };
    inferred.report.topic = input_name(&inputs);
    if args.output == OutputForm::Json {
        let tables = std::slice::from_ref(&inferred.report);
        let document =
            serde_json::to_string_pretty(&Document { tables }).map_err(|error| Failure::of(Exit::HalfWay, &error))?;
        output.data(format_args!("{document}\n"))?;
    }
    let written =
        files(&inferred, *dialect, "", args.not_null_from_sample).map_err(|error| Failure::of(Exit::Usage, &error))?;
    match (&args.output_dir, args.output) {
        (Some(directory), form) => {
            write(args, directory, &written)?;
            if form == OutputForm::Text {
                output.data(text::table(&inferred.report, output.width()))?;
            }
        }
        (None, OutputForm::Text) => {
            output.say(text::table(&inferred.report, output.width()).trim_end());
            for file in &written {
                if written.len() > 1 {
                    output.data(format_args!("==> {} <==\n", file.name))?;
                }
                let end = if file.content.ends_with('\n') { "" } else { "\n" };
                output.data(format_args!("{}{end}", file.content))?;
            }
        }
        (None, OutputForm::Json) => {}
    }
    let sample = &inferred.report.sample;
    let right = inferred.report.format.mixed.is_empty() && sample.rejected_share() <= MAX_REJECTED;
    Ok(if right { Exit::Done } else { Exit::NotRight })
}

/// The input in the report: its first file, in place of a topic.
fn input_name(inputs: &[PathBuf]) -> String {
    match inputs.first() {
        Some(path) if path.as_os_str() != "-" => path.display().to_string(),
        _ => "stdin".to_owned(),
    }
}

/// As discovery's default.
const MAX_REJECTED: f64 = 0.05;

/// What is known beforehand: the flags, and the extension of the first input's name.
fn given(args: &Args, inputs: &[PathBuf]) -> Result<Given, Failure> {
    let first = inputs.first().map(PathBuf::as_path).unwrap_or(Path::new("-"));
    let file_name = match first.file_name() {
        Some(name) if first.as_os_str() != "-" => name.to_string_lossy().into_owned(),
        _ => "stdin".to_owned(),
    };
    let (stem, extension) = naming::split_extension(&file_name);
    let table = args.name.clone().unwrap_or_else(|| stem.to_owned());
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

fn infer(args: &Args, inputs: &[PathBuf], given: Given) -> Result<Option<Inferred>, Failure> {
    let framing = match args.framing {
        FramingArg::Lines => Framing::Lines,
        FramingArg::File => Framing::File,
        FramingArg::Varint => Framing::Varint,
    };
    let mut limits = StreamLimits::default();
    limits.records = args.records.unwrap_or(limits.records);
    limits.bytes = args.bytes.unwrap_or(limits.bytes);
    let mut stream = Stream::new(given, framing, limits);
    read_all(inputs, |piece| match piece {
        Piece::Bytes(bytes) => stream.feed(bytes),
        Piece::End => stream.end_of_input(),
    })?;
    let half_way = |error: catalog::Error| Failure::of(Exit::HalfWay, &error);
    let Some(mut review) = stream.finish().map_err(half_way)? else { return Ok(None) };
    // Files can be read again, so every message is checked against the table; of stdin, those that voted.
    if inputs.iter().all(|path| path.is_file()) {
        read_all(inputs, |piece| match piece {
            Piece::Bytes(bytes) => review.feed(bytes),
            Piece::End => review.end_of_input(),
        })?;
    }
    review.finish().map(Some).map_err(half_way)
}

enum Piece<'a> {
    Bytes(&'a [u8]),
    End,
}

/// Shows the inputs in pieces, until no more is wanted.
fn read_all(inputs: &[PathBuf], mut take: impl FnMut(Piece<'_>) -> bool) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK];
    for path in inputs {
        let failed = |error: io::Error| Failure::usage(format!("{}: {error}", path.display()));
        let mut input: Box<dyn Read> = if path.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(path).map_err(failed)?)
        };
        loop {
            let read = match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(failed(error)),
            };
            if !take(Piece::Bytes(buffer.get(..read).unwrap_or_default())) {
                return Ok(());
            }
        }
        if !take(Piece::End) {
            return Ok(());
        }
    }
    Ok(())
}

fn write(args: &Args, directory: &Path, files: &[publish::File]) -> Result<(), Failure> {
    let options = publish::Options::default().overwrite(args.overwrite);
    let published = publish::publish(directory, files, options, |staged| {
        catalog::load(staged).map(|_| ()).map_err(|error| error.to_string())
    });
    match published {
        Ok(_) => Ok(()),
        Err(error @ catalog::Error::Exists { .. }) => Err(Failure::of(Exit::Usage, &error)),
        Err(error) => Err(Failure::of(Exit::HalfWay, &error)),
    }
}
