//! The only place that prints: stdout is data, stderr is for people, a closed pipe is a normal end.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal, Write};

use crate::cli::args::Global;
use crate::cli::exit::{Exit, Failure};

/// Where a command's words go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    quiet: bool,
    pub(crate) verbose: u8,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
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
        error(failure);
    }

    /// Whether progress may be drawn: on a terminal only.
    pub(crate) fn draws(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// How many characters a line of the text view has.
    pub(crate) fn width(&self) -> usize {
        match console::Term::stdout().size_checked() {
            Some((_, columns)) => usize::from(columns).clamp(60, 120),
            None => 100,
        }
    }
}

/// Sets colours as `--color` asks; `NO_COLOR` and the like are honoured where it does not ask.
pub(crate) fn choose_colors(args: &[OsString]) {
    let mut words = args.iter().filter_map(|arg| arg.to_str()).take_while(|word| *word != "--");
    let mut choice = None;
    while let Some(word) = words.next() {
        match word.strip_prefix("--color=") {
            Some(when) => choice = Some(when),
            None if word == "--color" => choice = words.next(),
            None => {}
        }
    }
    match choice {
        Some("always") => anstream::ColorChoice::Always.write_global(),
        Some("never") => anstream::ColorChoice::Never.write_global(),
        _ => {}
    }
}

/// Text of clap's, on stderr or stdout; that nobody reads it is no failure.
pub(crate) fn styled(text: &clap::builder::StyledStr, to_stderr: bool) {
    let text = text.ansi();
    let _ = if to_stderr {
        write!(anstream::stderr().lock(), "{text}")
    } else {
        write!(anstream::stdout().lock(), "{text}")
    };
}

/// An error, on stderr.
pub(crate) fn error(failure: &Failure) {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    let _ = writeln!(anstream::stderr().lock(), "{style}error:{style:#} {failure}");
}

/// A closed pipe ends a command, and ends it well.
pub(crate) fn written(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::closed_pipe(),
        _ => Failure::new(Exit::HalfWay, format!("stdout: {error}")),
    })
}
