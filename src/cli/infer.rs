//! stub
use crate::cli::args::Infer;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
pub(crate) fn run(_: &Infer, _: Output) -> Result<Exit, Failure> { Err(Failure::usage("infer comes next")) }
