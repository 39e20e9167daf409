//! How a command ends: exit codes, and errors in at most three lines.

use std::fmt;
use std::process::ExitCode;

/// The exit codes of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All done, nothing left out.
    Done = 0,
    /// Done, but something is not right.
    NotRight = 1,
    /// Wrong usage or configuration; nothing was sent or written.
    Usage = 2,
    /// The cluster could not be reached, or refused us.
    Unreachable = 3,
    /// Failed half way; what was done and what not is printed.
    HalfWay = 4,
    /// Interrupted.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command could not do its work: what failed, why, what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    lines: Vec<String>,
}

impl Failure {
    /// An error in usage or configuration, found before anything was sent or written.
    pub(crate) fn usage(what: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, what)
    }

    pub(crate) fn new(exit: Exit, what: impl fmt::Display) -> Self {
        Self { exit, lines: what.to_string().lines().map(str::to_owned).collect() }
    }

    /// Adds a line that says what to do.
    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.lines.push(hint.to_string());
        self
    }

    /// The same, when something was done before.
    pub(crate) fn half_way(mut self) -> Self {
        self.exit = Exit::HalfWay;
        self
    }

    /// Nobody reads the output any more: an end, but no error.
    pub(crate) fn closed_pipe() -> Self {
        Self { exit: Exit::Done, lines: Vec::new() }
    }

    /// Whether there is nothing to say about it.
    pub(crate) fn is_silent(&self) -> bool {
        self.lines.is_empty()
    }

    /// The failure of a layer, with the causes below it that it does not tell itself.
    pub(crate) fn of(exit: Exit, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            source = cause.source();
        }
        Self::new(exit, text)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, line) in self.lines.iter().take(3).enumerate() {
            if i > 0 {
                f.write_str("\n  ")?;
            }
            f.write_str(line)?;
        }
        Ok(())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::HalfWay, error)
    }
}
