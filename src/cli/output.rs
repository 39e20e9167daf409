//! The only place that prints: stdout is data, stderr is for people, a closed pipe is a normal end.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use crate::cli::args::{ColorWhen, Global};
use crate::cli::exit::{Exit, Failure};

/// Where a command's words go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    quiet: bool,
    pub(crate) verbose: u8,
}

impl Output {
    /// Sets colours as asked; `NO_COLOR` and the like are honoured where nothing was asked.
    pub(crate) fn new(global: &Global) -> Self {
        match global.color {
            ColorWhen::Auto => {}
            ColorWhen::Always => anstream::ColorChoice::Always.write_global(),
            ColorWhen::Never => anstream::ColorChoice::Never.write_global(),
        }
        Self { quiet: global.quiet, verbose: global.verbose }
    }

    /// Data, on stdout, with styles only if a terminal shows them.
    pub(crate) fn data(&self, text: impl fmt::Display) -> Result<(), Failure> {
        written(write!(anstream::stdout().lock(), "{text}"))
    }

    /// Raw bytes, on stdout.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        written(stdout.write_all(bytes).and_then(|()| stdout.flush()))
    }

    /// A line for people, on stderr. That nobody reads it is no failure.
    pub(crate) fn say(&self, line: impl fmt::Display) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr().lock(), "{line}");
        }
    }

    /// A line for people who asked for more.
    pub(crate) fn explain(&self, line: impl fmt::Display) {
        if self.verbose > 0 {
            self.say(line);
        }
    }

    /// An error, on stderr, also with `-q`.
    pub(crate) fn error(&self, failure: &Failure) {
        let style = anstyle::AnsiColor::Red.on_default().bold();
        let _ = writeln!(anstream::stderr().lock(), "{style}error:{style:#} {failure}");
    }

    /// Whether progress may be drawn: on a terminal only.
    pub(crate) fn draws(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// How many characters a line of the text view has.
    pub(crate) fn width(&self) -> usize {
        match console::Term::stdout().size_checked() {
            Some((_, columns)) => usize::from(columns).clamp(60, 200),
            None => 120,
        }
    }
}

/// A closed pipe ends a command, and ends it well.
pub(crate) fn written(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::closed_pipe(),
        _ => Failure::new(Exit::HalfWay, format!("stdout: {error}")),
    })
}
