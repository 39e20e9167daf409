//! How far discovery is: a bar on a terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::output::Output;
use crate::discover;

/// A bar over the topics.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new(output: Output) -> Self {
        let target = if output.draws() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} topics  {msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// A line for people above the bar.
    pub(crate) fn say(&self, output: Output, line: &str) {
        self.0.suspend(|| output.say(line));
    }

    pub(crate) fn show(&self, progress: discover::Progress) {
        self.0.set_length(progress.topics as u64);
        self.0.set_position(progress.done as u64);
        self.0.set_message(format!(
            "{} records, {:.1} MiB",
            crate::cli::text::thousands(progress.records),
            progress.fetched as f64 / f64::from(1 << 20)
        ));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
