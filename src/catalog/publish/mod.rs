//! Files of a package into their directory: all of them or none, and nobody's work overwritten unasked.
//!
//! What is written is staged in a directory beside the target, read back there, and then moved file by file; when a
//! move fails, those before it are undone. A process that is killed between two moves leaves some files new and some old,
//! each of them whole; the staging directory `.<target>.topica-*` beside the target then still holds the rest, and the files that
//! were replaced in its `replaced`. A file that exists with the same content is left alone. One that exists
//! with other content is an error unless overwriting is asked for, whether topica generated it or not: a committed
//! table must not change because somebody ran discovery twice. Files of tables that are gone stay, and are named.

mod mark;
mod staging;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use mark::Generated;
use staging::Staging;

use crate::catalog::Error;

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name in the package's directory.
    pub name: String,
    /// All that is in it.
    pub content: String,
}

/// What [`publish`] may do.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Whether files with other content are replaced.
    pub overwrite: bool,
    /// Whether to find out what would be done, and do nothing.
    pub dry_run: bool,
}

impl Options {
    /// Whether files with other content are replaced.
    #[must_use]
    pub fn overwrite(self, overwrite: bool) -> Options {
        Options { overwrite, ..self }
    }

    /// Whether to find out what would be done, and do nothing.
    #[must_use]
    pub fn dry_run(self, dry_run: bool) -> Options {
        Options { dry_run, ..self }
    }
}

/// What [`publish`] did. Names are in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Files that were not there.
    pub created: Vec<String>,
    /// Files that had other content.
    pub replaced: Vec<String>,
    /// Files that were there as they would have been written.
    pub unchanged: Vec<String>,
    /// Files that topica generated once and that are not of this package: of tables that are gone, say.
    pub stale: Vec<String>,
}

/// The longest file name, in bytes, on the file systems in use.
const LONGEST_NAME: usize = 255;

/// The name of a table's file; `extension` starts with a dot.
///
/// # Errors
/// [`Error::Invalid`] if no file can have it: a topic's name may have 249 characters, a file's 255.
pub fn file_name(table: &str, extension: &str) -> Result<String, Error> {
    let name = format!("{table}{extension}");
    if name.len() > LONGEST_NAME || matches!(name.as_str(), "" | "." | "..") || name.contains(['/', '\\', '\0']) {
        let what = format!("no file can be called {}", crate::catalog::error::shown(&name));
        return Err(Error::invalid(
            "package",
            None,
            what,
            "leave the topic out, or choose a prefix that shortens its table's name",
        ));
    }
    Ok(name)
}

/// Puts the files into `directory`, which is made if need be; `check` is shown where they are staged, and its
/// complaint ends it all.
///
/// # Errors
/// [`Error::Exists`] names the files that are in the way, [`Error::ReadBack`] is what `check` said, [`Error::Io`]
/// what the operating system said. After an error the directory is as it was.
pub fn publish(
    directory: &Path,
    files: &[File],
    options: Options,
    check: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<Published, Error> {
    let mut published = Published::default();
    let mut names = BTreeSet::new();
    for file in files {
        file_name(&file.name, "")?;
        if !names.insert(file.name.as_str()) {
            let what = format!("two tables would be written as {}", file.name);
            return Err(Error::invalid("package", None, what, "ask for one of the dialects at a time"));
        }
    }
    let mut wanted: Vec<&File> = Vec::new();
    let mut in_the_way = Vec::new();
    for file in files {
        let path = directory.join(&file.name);
        match fs::read(&path) {
            Ok(content) if content == file.content.as_bytes() => published.unchanged.push(file.name.clone()),
            Ok(_) => {
                in_the_way.push(file.name.clone());
                wanted.push(file);
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                published.created.push(file.name.clone());
                wanted.push(file);
            }
            Err(e) => return Err(Error::io("read", path)(e)),
        }
    }
    if !in_the_way.is_empty() && !options.overwrite {
        in_the_way.sort();
        return Err(Error::Exists { directory: directory.into(), files: in_the_way });
    }
    published.replaced = in_the_way;
    let before = Generated::load(directory)?;
    published.stale = before.files(directory)?.into_iter().filter(|name| !names.contains(name.as_str())).collect();
    published.created.sort();
    published.replaced.sort();
    published.unchanged.sort();
    if options.dry_run {
        return Ok(published);
    }

    let marks = before.with(files).file();
    let staging = Staging::beside(directory)?;
    for file in files.iter().chain(&marks) {
        staging.put(file)?;
    }
    check(staging.path()).map_err(Error::ReadBack)?;
    let marks =
        marks.filter(|marks| fs::read(directory.join(&marks.name)).ok().as_deref() != Some(marks.content.as_bytes()));
    let moving: Vec<&str> =
        wanted.iter().map(|file| file.name.as_str()).chain(marks.iter().map(|f| f.name.as_str())).collect();
    staging.move_into(directory, &moving)?;
    Ok(published)
}

/// Where a relative directory is, for taking its parent.
fn absolute(directory: &Path) -> Result<PathBuf, Error> {
    let absolute = std::path::absolute(directory).map_err(Error::io("find", directory))?;
    Ok(fs::canonicalize(&absolute).unwrap_or(absolute))
}
