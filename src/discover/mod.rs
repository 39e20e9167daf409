//! Topics to samples to formats to schemas to tables: the plan, its budgets, its result.

mod fetched;
pub mod naming;
pub mod plan;
mod report;
mod sample;
mod sampling;

pub use report::{ClusterReport, Fault, Report, Skipped, Why};
