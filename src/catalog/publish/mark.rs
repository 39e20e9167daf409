//! Which files in a directory topica generated, so that a second discovery infers them afresh.
//!
//! A `.table.sql` says so in a comment. The classic dialect's files cannot: they are to be what DataSQRL wrote, byte
//! for byte. For them, and for any other file without room for a mark, `.topica-generated` has a line each: a
//! checksum, a length and a name. A file that somebody has changed since no longer agrees with its line, and is
//! theirs.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use super::File;
use crate::catalog::{Error, sql};

/// The name of the list.
pub(super) const LIST: &str = ".topica-generated";

const HEAD: &str = "\
# What topica generated here. A file that agrees with its line is inferred afresh by the next discovery; one that was
# changed since, or has no line, is a configured schema. Checksum (CRC-32C), length in bytes, name.
";

/// What topica generated in a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    lines: BTreeMap<String, (u32, u64)>,
}

impl Generated {
    /// Reads a directory's list; there may be none.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn load(directory: &Path) -> Result<Generated, Error> {
        let path = directory.join(LIST);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Generated::parse(&text)),
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(Generated::default())
            }
            Err(e) => Err(Error::io("read", path)(e)),
        }
    }

    fn parse(text: &str) -> Generated {
        let line = |line: &str| {
            let (checksum, rest) = line.split_once(' ')?;
            let (length, name) = rest.split_once(' ')?;
            Some((name.to_owned(), (u32::from_str_radix(checksum, 16).ok()?, length.parse().ok()?)))
        };
        Generated { lines: text.lines().filter_map(line).collect() }
    }

    /// Whether a file of this name and content is topica's own.
    pub fn covers(&self, name: &str, content: &str) -> bool {
        sql::is_generated(content) || self.lines.get(name) == Some(&fingerprint(content))
    }

    /// The names of the files in the directory that are topica's own.
    pub(super) fn files(&self, directory: &Path) -> Result<Vec<String>, Error> {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(Error::io("read", directory)(e)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Error::io("read", directory))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let candidate = name.ends_with(".table.sql") || self.lines.contains_key(&name);
            if candidate && fs::read_to_string(entry.path()).is_ok_and(|content| self.covers(&name, &content)) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// The list with these files in it.
    pub(super) fn with(mut self, files: &[File]) -> Generated {
        for file in files {
            if sql::is_generated(&file.content) {
                self.lines.remove(&file.name);
            } else {
                self.lines.insert(file.name.clone(), fingerprint(&file.content));
            }
        }
        self
    }

    /// The list as a file; none if there is nothing in it.
    pub(super) fn file(&self) -> Option<File> {
        if self.lines.is_empty() {
            return None;
        }
        let mut content = String::from(HEAD);
        for (name, (checksum, length)) in &self.lines {
            // Writing to a String cannot fail.
            let _ = writeln!(content, "{checksum:08x} {length} {name}");
        }
        Some(File { name: LIST.into(), content })
    }
}

fn fingerprint(content: &str) -> (u32, u64) {
    (crc32c::crc32c(content.as_bytes()), content.len() as u64)
}
