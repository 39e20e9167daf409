//! Table definitions into a directory: found out early whether that can work, and written all or not at all.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use crate::catalog::publish::{self, File, Generated, Published};
use crate::catalog::{self, Error};
use crate::cli::exit::{Exit, Failure};

/// Which files that are there with other content are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replace {
    Nothing,
    /// What topica generated, and nobody changed since.
    Generated,
    Everything,
}

/// Whether files can be put into `directory`, which need not be there yet. Better known before an hour of sampling.
pub(crate) fn check_writable(directory: &Path) -> Result<(), Failure> {
    let refused = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("-o {}: {error}", directory.display()))
            .hint("name a directory that can be written to, or use --dry-run")
    };
    let directory = std::path::absolute(directory).map_err(|error| refused(&error))?;
    let existing = directory.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(&directory);
    if !existing.is_dir() {
        return Err(refused(&format_args!("{} is no directory", existing.display())));
    }
    // Only trying tells: permissions, read-only file systems and the like are not to be computed.
    let trial = existing.join(format!(".topica-{}", std::process::id()));
    let tried = OpenOptions::new().write(true).create_new(true).open(&trial);
    match tried {
        Ok(_) => fs::remove_file(&trial).map_err(|error| refused(&error)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(refused(&error)),
    }
}

/// Writes the files, all of them or none.
pub(crate) fn write(directory: &Path, files: &[File], replace: Replace, dry_run: bool) -> Result<Published, Failure> {
    let overwrite = match replace {
        Replace::Nothing => false,
        Replace::Generated => all_generated(directory, files)?,
        Replace::Everything => true,
    };
    let options = publish::Options::default().overwrite(overwrite).dry_run(dry_run);
    publish::publish(directory, files, options, |staged| {
        if files.is_empty() {
            return Ok(());
        }
        let loaded = catalog::load(staged).map_err(|error| error.to_string())?;
        match loaded.broken.first() {
            Some(broken) => Err(broken.error.to_string()),
            None => Ok(()),
        }
    })
    .map_err(|error| failure(&error))
}

/// Whether no file of these names has another author.
fn all_generated(directory: &Path, files: &[File]) -> Result<bool, Failure> {
    let generated = Generated::load(directory).map_err(|error| failure(&error))?;
    Ok(files.iter().all(|file| match fs::read_to_string(directory.join(&file.name)) {
        Ok(content) => generated.covers(&file.name, &content),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }))
}

/// After an error the directory is as it was: what can be asked for in another way is wrong usage.
pub(crate) fn failure(error: &Error) -> Failure {
    let exit = match error {
        Error::Io { .. } | Error::ReadBack(_) => Exit::HalfWay,
        _ => Exit::Usage,
    };
    Failure::of(exit, error)
}
