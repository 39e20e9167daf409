//! stub
use crate::catalog::Table;
use crate::cli::config::Config;
use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::client::Client;
pub(crate) async fn infer_table(_: &Config, _: &Client, _: &str, _: Output) -> Result<Table, Failure> { Err(Failure::usage("stub")) }
