//! The command line: a file per command, and the only place that prints.

mod args;
mod broker;
mod completions;
mod config;
mod demo;
mod discover;
mod exit;
mod infer;
mod interrupt;
mod log;
mod output;
mod package;
mod progress;
mod sink;
mod source;
mod text;
mod values;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use args::{Cli, Command};
use exit::{Exit, Failure};
use interrupt::Interrupt;
use output::Output;

/// Runs the command that `args` (the program's name first) ask for, and gives the exit code of the contract.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    // Help and errors in arguments have colours too, and come before the arguments are known.
    output::choose_colors(&args);
    let parsed = Cli::command().try_get_matches_from(&args).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let output = Output::new(&cli.global);
    log::listen(output);
    match run(cli.command, output) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if !failure.is_silent() {
                output.error(&failure);
            }
            failure.exit.into()
        }
    }
}

/// Help and version are what was asked for; anything else is an error like others.
fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            output::styled(&error.render(), false);
            Exit::Done.into()
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            output::styled(&error.render(), true);
            Exit::Usage.into()
        }
        _ => {
            output::error(&Failure::of_arguments(error));
            Exit::Usage.into()
        }
    }
}

fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    if let Command::Completions(args) = &command {
        return completions::run(args, output);
    }
    // Two threads: one for the network, one for what is done with the bytes.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(async {
        let interrupt = Interrupt::listen()?;
        match &command {
            Command::Infer(args) => infer::run(args, &interrupt, output).await,
            Command::Demo(args) => demo::run(args, &interrupt, output).await,
            Command::Discover(args) => discover::run(args, &interrupt, output).await,
            Command::Source(args) => source::run(args, &interrupt, output).await,
            Command::Sink(args) => sink::run(args, &interrupt, output).await,
            Command::Broker(args) => broker::run(args, &interrupt, output).await,
            Command::Completions(args) => completions::run(args, output),
        }
    });
    // A thread that still waits for stdin must not hold the process.
    runtime.shutdown_background();
    result
}
