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
mod output;
mod progress;
mod sink;
mod source;
mod text;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::{Exit, Failure};
use output::Output;

/// Runs the command that `args` (the program's name first) ask for, and gives the exit code of the contract.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are what was asked for; a closed pipe does not matter for any of them.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    let output = Output::new(&cli.global);
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

fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Infer(args) => infer::run(&args, output),
        Command::Completions(args) => completions::run(&args, output),
        Command::Demo(args) => block_on(demo::run(&args, output)),
        Command::Discover(args) => block_on(discover::run(&args, output)),
        Command::Source(args) => block_on(source::run(&args, output)),
        Command::Sink(args) => block_on(sink::run(&args, output)),
        Command::Broker(args) => block_on(broker::run(&args, output)),
    }
}

/// Two threads: one for the network, one for what is done with the bytes.
fn block_on(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(command);
    // A thread that still waits for stdin must not hold the process.
    runtime.shutdown_background();
    result
}
