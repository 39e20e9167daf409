//! Fuzz targets: each a plain function over bytes, so that it runs under libFuzzer (`cargo +nightly fuzz run NAME`)
//! and, over its committed corpus, in `cargo test` on stable.
//!
//! A target fails by panicking. What it may not do besides: allocate beyond the cap it names, or hang.

pub mod catalog;
pub mod broker;
pub mod format;
pub mod record;
pub mod schema;

/// A fuzz target.
pub struct Target {
    /// Its name: that of the binary in `fuzz_targets/` and of the folder in `corpus/`.
    pub name: &'static str,
    /// What it does with bytes.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "broker_requests", run: broker::broker_requests },
    Target { name: "conform_json", run: schema::conform_json },
    Target { name: "conform_row", run: schema::conform_row },
    Target { name: "csv_walker", run: format::csv_walker },
    Target { name: "json_against_serde", run: format::json_against_serde },
    Target { name: "json_walker", run: format::json_walker },
    Target { name: "profile_json", run: schema::profile_json },
    Target { name: "record_batches", run: record::record_batches },
    Target { name: "record_codecs", run: record::record_codecs },
    Target { name: "sniffer", run: format::sniffer },
];

/// Runs a target over the files named on the command line: what an input that libFuzzer left does without it.
pub fn replay(run: fn(&[u8])) -> std::io::Result<()> {
    for path in std::env::args_os().skip(1) {
        run(&std::fs::read(path)?);
    }
    Ok(())
}
