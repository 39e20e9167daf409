//! Topics to samples to formats to schemas to tables: the plan, its budgets, its result.
//!
//! [`Discovery`] asks a cluster for its topics ([`naming`] chooses among them), lays out which records to look at
//! ([`plan`]), reads those and no more, has a table inferred from them ([`crate::infer`]), and gives a [`Report`]. It
//! writes nothing: the report carries the files, and who asked decides where they go.

mod error;
mod fetched;
pub mod naming;
mod options;
pub mod plan;
mod pool;
mod report;
mod run;
mod sample;
mod sampling;

pub use error::Error;
pub use options::{Cancel, Options};
pub use report::{ClusterReport, Definition, Fault, Report, Skipped, Why};
pub use run::{Discovery, Progress};
