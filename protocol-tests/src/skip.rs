//! What is not tested here, and why: said where nobody can miss it, and an error where nobody would read it.
use std::io::Write;

/// Says that the calling test was skipped, past the test runner's capture; with `CI` set, fails it.
///
/// # Panics
/// With `CI` set.
pub fn skip(needs: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    assert!(std::env::var_os("CI").is_none(), "{test} needs {needs}");
    let _ = writeln!(std::io::stderr(), "skipped: {test} needs {needs}");
}

/// Whether `TOPICA_TEST_LONG=1` asks for what is too long for every day.
pub fn long() -> bool {
    std::env::var_os("TOPICA_TEST_LONG").is_some_and(|v| v == "1")
}
