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

    /// The same, as another exit code.
    pub(crate) fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
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

    /// Ctrl-C came before there was anything to finish.
    pub(crate) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted before anything was read or written")
    }

    /// What clap says of the arguments, without its blank lines: what is wrong, tips, the usage.
    pub(crate) fn of_arguments(error: &clap::Error) -> Self {
        let text = error.to_string();
        let mut lines = [String::new(), String::new(), String::new()];
        let mut at = 0;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if line.starts_with("For more information") {
                continue;
            }
            let line = line.strip_prefix("error: ").unwrap_or(line);
            if line.starts_with("tip: ") {
                at = 1;
            } else if line.starts_with("Usage: ") {
                at = 2;
            }
            let Some(joined) = lines.get_mut(at) else { continue };
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(line);
        }
        if lines.iter().all(|line| !line.starts_with("Usage: ")) {
            lines[2] = "--help says what there is".to_owned();
        }
        Self { exit: Exit::Usage, lines: lines.into_iter().filter(|line| !line.is_empty()).collect() }
    }

    /// Whether there is nothing to say about it.
    pub(crate) fn is_silent(&self) -> bool {
        self.lines.is_empty()
    }

    /// The failure of a layer, with the causes below it that it does not tell itself.
    pub(crate) fn of(exit: Exit, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut told = error;
        // A client's error tells its causes, in better words than theirs.
        while !told.is::<crate::client::Error>()
            && let Some(cause) = told.source()
        {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            told = cause;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("reading failed: {0}")]
    struct Tells(#[source] std::io::Error);

    #[derive(Debug, thiserror::Error)]
    #[error("reading failed")]
    struct Silent(#[source] std::io::Error);

    #[test]
    fn a_cause_is_told_once() {
        let cause = || std::io::Error::other("no such place");
        let told = [
            Failure::of(Exit::HalfWay, &Tells(cause())).to_string(),
            Failure::of(Exit::HalfWay, &Silent(cause())).to_string(),
        ];
        assert_eq!(told, ["reading failed: no such place", "reading failed: no such place"]);
    }

    #[test]
    fn an_error_has_three_lines_at_most() {
        let failure = Failure::usage("one\ntwo\nthree").hint("four");
        assert_eq!(failure.to_string(), "one\n  two\n  three");
    }
}
