//! The `topica` binary: parses arguments, runs the command, sets the exit code.

use std::process::ExitCode;

/// musl's own allocator is slow; this one is pure Rust.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    topica::cli::main(std::env::args_os())
}
