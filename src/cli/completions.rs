//! `topica completions`: from the same definitions as `--help`.

use clap::CommandFactory;

use crate::cli::args::{Cli, Completions};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;

pub(crate) fn run(args: &Completions, output: Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "topica", &mut script);
    output.bytes(&script)?;
    Ok(Exit::Done)
}
