//! Fuzz targets: each a plain function over bytes, so that it runs under libFuzzer (`cargo +nightly fuzz run NAME`)
//! and, over its committed corpus, in `cargo test` on stable.
//!
//! A target fails by panicking. What it may not do besides: allocate beyond the cap it names, or hang.

pub mod catalog;
pub mod format;
pub mod record;

/// A fuzz target.
pub struct Target {
    /// Its name: that of the binary in `fuzz_targets/` and of the folder in `corpus/`.
    pub name: &'static str,
    /// What it does with bytes.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[];
