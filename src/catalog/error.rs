//! What can be wrong with a file of the catalog, and what its owner can do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A place in a text: line and column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
}

impl Position {
    /// The first character of a text.
    pub const START: Position = Position { line: 1, column: 1 };

    /// Where byte `offset` of `text` is; the end if it lies beyond or inside a character.
    pub fn of(text: &str, offset: usize) -> Position {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Position { line: line.try_into().unwrap_or(u32::MAX), column: column.try_into().unwrap_or(u32::MAX) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a data system, a table or a schema could not be read, or a package not be written.
///
/// Shown, an error has at most three lines: what and where, and what to do. It never shows a property's value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file says something that it cannot mean.
    #[error("{0}")]
    Invalid(Box<Problem>),
    /// A file is about another system than Kafka.
    #[error("{0}")]
    NotKafka(Box<Problem>),
    /// A file refers to an environment variable that is not set.
    #[error("{place}: the environment variable {name} is not set\nset it, or write the value in its place")]
    Unset {
        /// The variable's name.
        name: String,
        /// Which setting refers to it.
        place: String,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: "read", "create", ...
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is nothing of the kind that was asked for.
    #[error("{what}\n{advice}")]
    Missing {
        /// What is not there, and where.
        what: String,
        /// What to do about it.
        advice: String,
    },
    /// Files of these names exist with other content, and may not be replaced.
    #[error("{}: {} with other content already; nothing was written\nuse --overwrite to replace {}, or -o with another directory", directory.display(), listed(files), if files.len() == 1 { "it" } else { "them" })]
    Exists {
        /// Where they are.
        directory: PathBuf,
        /// Their names.
        files: Vec<String>,
    },
    /// What was staged does not read back as what was meant.
    #[error(
        "the staged files do not read back as written, so nothing was published: {0}\nthis is a defect of topica: please report it"
    )]
    ReadBack(String),
}

/// What is wrong in which file, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as its owner named it.
    pub origin: String,
    /// The place in it, where there is one.
    pub at: Option<Position>,
    /// What is wrong.
    pub what: String,
    /// What to do; may be empty.
    pub advice: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        if let Some(at) = self.at {
            write!(f, ":{at}")?;
        }
        write!(f, ": {}", self.what)?;
        if !self.advice.is_empty() {
            write!(f, "\n{}", self.advice)?;
        }
        Ok(())
    }
}

impl Error {
    /// An [`Error::Invalid`].
    pub(crate) fn invalid(
        origin: &str,
        at: impl Into<Option<Position>>,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Error {
        Error::Invalid(Box::new(Problem {
            origin: origin.into(),
            at: at.into(),
            what: what.into(),
            advice: advice.into(),
        }))
    }

    /// What is wrong, as an [`Error::NotKafka`].
    pub(crate) fn not_kafka(self) -> Error {
        match self {
            Error::Invalid(problem) => Error::NotKafka(problem),
            other => other,
        }
    }

    /// An [`Error::Io`], to be used with `map_err`.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { action, path, source }
    }

    /// Where in its file the problem is, if it is one of a place.
    pub fn position(&self) -> Option<Position> {
        match self {
            Error::Invalid(problem) | Error::NotKafka(problem) => problem.at,
            _ => None,
        }
    }
}

/// "`a` exists", "`a` and `b` exist", "`a`, `b` and 7 more exist".
fn listed(files: &[String]) -> String {
    match files {
        [] => "a file exists".into(),
        [one] => format!("{one} exists"),
        [one, two] => format!("{one} and {two} exist"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more exist", rest.len()),
    }
}

/// Text from outside as it may stand in a message: one line, no control characters, not too long.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == LONGEST {
            out.push('…');
            break;
        }
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}
