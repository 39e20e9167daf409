//! A directory in which a package is put together before it goes where it belongs.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{File, absolute};
use crate::catalog::Error;

/// A directory of ours, removed when this is dropped.
pub(super) struct Staging {
    path: PathBuf,
}

impl Staging {
    /// Makes it beside `target`, or inside where the parent is not ours to write to or is another file system (a
    /// container's mounted directory), from which files cannot be moved.
    pub(super) fn beside(target: &Path) -> Result<Staging, Error> {
        let target = absolute(target)?;
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(parent) = target.parent() {
            if !target.exists() {
                fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
            }
            if one_file_system(parent, &target)
                && let Ok(staging) = Staging::create(parent, &name)
            {
                return Ok(staging);
            }
        }
        fs::create_dir_all(&target).map_err(Error::io("create", &target))?;
        Staging::create(&target, &name).map_err(Error::io("write to", &target))
    }

    fn create(parent: &Path, name: &str) -> io::Result<Staging> {
        // A process that was killed may have left one.
        let mut attempt = 0;
        loop {
            let path = parent.join(format!(".{name}.topica-{}-{attempt}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Staging { path }),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => attempt += 1,
                Err(e) => return Err(e),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file and reads it back.
    pub(super) fn put(&self, file: &File) -> Result<(), Error> {
        let path = self.path.join(&file.name);
        let mut out = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(out) => out,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                let what =
                    format!("{} and a file that differs in capitals alone are one on this file system", file.name);
                return Err(Error::invalid(
                    "package",
                    None,
                    what,
                    "write to a file system that tells them apart, or leave one out with --topic",
                ));
            }
            Err(e) => return Err(Error::io("create", path)(e)),
        };
        out.write_all(file.content.as_bytes()).map_err(Error::io("write", &path))?;
        drop(out);
        let back = fs::read(&path).map_err(Error::io("read", &path))?;
        if back != file.content.as_bytes() {
            return Err(Error::ReadBack(format!("{} has other bytes on disk", file.name)));
        }
        Ok(())
    }

    /// Moves files into `target`, replacing those of their names. When one cannot be moved, all stays as it was.
    pub(super) fn move_into(self, target: &Path, names: &[&str]) -> Result<(), Error> {
        let new_directory = !target.exists();
        let replaced = self.path.join("replaced");
        fs::create_dir(&replaced).map_err(Error::io("create", &replaced))?;
        let mut done: Vec<(&str, bool)> = Vec::with_capacity(names.len());
        let result = fs::create_dir_all(target).map_err(Error::io("create", target)).and_then(|()| {
            for &name in names {
                let path = target.join(name);
                let existed = match fs::rename(&path, replaced.join(name)) {
                    Ok(()) => true,
                    Err(e) if e.kind() == io::ErrorKind::NotFound => false,
                    Err(e) => return Err(Error::io("replace", path)(e)),
                };
                // From here on there is something to undo.
                done.push((name, existed));
                fs::rename(self.path.join(name), &path).map_err(Error::io("write", &path))?;
            }
            Ok(())
        });
        if result.is_err() {
            for &(name, existed) in done.iter().rev() {
                let path = target.join(name);
                // What cannot be undone either stays as it is: the first error is the one to report.
                let _ = match existed {
                    true => fs::rename(replaced.join(name), &path),
                    false => fs::remove_file(&path),
                };
            }
            if new_directory {
                let _ = fs::remove_dir(target);
            }
        }
        result
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(unix)]
fn one_file_system(parent: &Path, target: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(parent), fs::metadata(target)) {
        (Ok(parent), Ok(target)) => parent.dev() == target.dev(),
        // It will be made there.
        (Ok(_), Err(_)) => true,
        (Err(_), _) => false,
    }
}

#[cfg(not(unix))]
fn one_file_system(_: &Path, _: &Path) -> bool {
    true
}
