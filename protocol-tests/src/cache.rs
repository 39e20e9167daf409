//! Where jars, classes and logs live: under the target directory, shared by every test binary, one builder at a time.
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// `<target>/protocol-tests`, found from the running test binary.
pub(crate) fn directory() -> PathBuf {
    target().join("protocol-tests")
}

/// The profile's directory (`target/debug`), where cargo puts the workspace's binaries.
pub(crate) fn profile() -> PathBuf {
    let exe = std::env::current_exe().expect("a test knows its own path");
    let directory = exe.parent().expect("a binary lies in a directory");
    // Tests lie in `deps/`, examples and binaries one above.
    if directory.ends_with("deps") { directory.parent().unwrap_or(directory).to_owned() } else { directory.to_owned() }
}

fn target() -> PathBuf {
    let profile = profile();
    profile.parent().map_or_else(|| profile.clone(), Path::to_owned)
}

/// The repository's `protocol-tests/clients`.
pub(crate) fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// Makes `directory()/name` with `build`, once for these `inputs`: another process that wants the same waits; changed inputs build it anew.
pub(crate) fn built(name: &str, inputs: &[u8], build: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<PathBuf> {
    let place = directory().join(name);
    std::fs::create_dir_all(directory())?;
    let lock = File::create(directory().join(format!("{name}.lock")))?;
    lock.lock()?; // released when `lock` is dropped, or by the kernel when this process dies
    let mark = place.join("built-from");
    if std::fs::read(&mark).is_ok_and(|was| was == inputs) {
        return Ok(place);
    }
    if place.exists() {
        std::fs::remove_dir_all(&place)?;
    }
    std::fs::create_dir_all(&place)?;
    build(&place)?;
    std::fs::write(mark, inputs)?;
    Ok(place)
}

/// A directory for what one process of this test run needs and says. Those of runs more than a day ago are removed first.
pub(crate) fn run_directory(what: &str) -> io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let runs = directory().join("runs");
    let run = runs.join(std::process::id().to_string());
    std::fs::create_dir_all(&run)?;
    for entry in std::fs::read_dir(&runs)?.flatten() {
        let old = entry
            .metadata()
            .and_then(|m| m.modified())
            .is_ok_and(|t| t.elapsed().is_ok_and(|age| age.as_secs() > 86_400));
        if old {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let place = run.join(format!("{what}-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    if place.exists() {
        std::fs::remove_dir_all(&place)?;
    }
    std::fs::create_dir_all(&place)?;
    Ok(place)
}
