//! The dialects in which tables are written.

use std::fmt;
use std::str::FromStr;

use crate::catalog::Error;
use crate::catalog::error::shown;

/// A dialect in which tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Dialect {
    /// `<table>.table.sql`: DataSQRL 0.6 and later, and Flink.
    Sql,
    /// `<table>.table.json` and `<table>.schema.yml`: DataSQRL of early 2023.
    Classic,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Dialect; 2] = [Dialect::Sql, Dialect::Classic];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Sql => "sql",
            Dialect::Classic => "classic",
        }
    }

    /// What is put behind a table's name to have the names of its files.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Dialect::Sql => &[".table.sql"],
            Dialect::Classic => &[".table.json", ".schema.yml"],
        }
    }

    /// Reads a list with commas, as `--dialect` has it: each dialect once, in the order given.
    ///
    /// # Errors
    /// [`Error::Missing`] for a name that is not known, [`Error::Invalid`] for two dialects that write the same file.
    pub fn parse_list(list: &str) -> Result<Vec<Dialect>, Error> {
        let mut dialects: Vec<Dialect> = Vec::new();
        for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let dialect = name.parse()?;
            if !dialects.contains(&dialect) {
                dialects.push(dialect);
            }
        }
        if dialects.is_empty() {
            dialects.push(Dialect::Sql);
        }
        check_together(&dialects)?;
        Ok(dialects)
    }
}

/// Whether dialects can be asked for together: two that write the same file name cannot.
///
/// # Errors
/// [`Error::Invalid`] naming both and the file.
pub fn check_together(dialects: &[Dialect]) -> Result<(), Error> {
    for (i, one) in dialects.iter().enumerate() {
        for two in dialects.iter().skip(i + 1).filter(|two| *two != one) {
            if let Some(extension) = one.extensions().iter().find(|e| two.extensions().contains(e)) {
                let what = format!("the dialects {one} and {two} both write <table>{extension}");
                return Err(Error::invalid(
                    "--dialect",
                    None,
                    what,
                    "ask for one at a time, with a directory for each",
                ));
            }
        }
    }
    Ok(())
}

impl FromStr for Dialect {
    type Err = Error;

    fn from_str(name: &str) -> Result<Dialect, Error> {
        Dialect::ALL.into_iter().find(|dialect| dialect.name() == name).ok_or_else(|| Error::Missing {
            what: format!("there is no dialect `{}`", shown(name)),
            advice: format!("there are: {}", Dialect::ALL.map(Dialect::name).join(", ")),
        })
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
