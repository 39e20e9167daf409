//! Fuzz targets: each a plain function over bytes, so that it runs under libFuzzer (`cargo +nightly fuzz run NAME`)
//! and, over its committed corpus, in `cargo test` on stable.
//!
//! A target fails by panicking. What it may not do besides: allocate beyond the cap it names, or hang.

#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used)]

pub mod broker;
pub mod catalog;
pub mod format;
pub mod record;
pub mod rows;
pub mod schema;
pub mod wire;

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
    Target { name: "data_system_file", run: catalog::data_system_file },
    Target { name: "json_against_serde", run: format::json_against_serde },
    Target { name: "json_walker", run: format::json_walker },
    Target { name: "profile_json", run: schema::profile_json },
    Target { name: "record_batches", run: record::record_batches },
    Target { name: "record_codecs", run: record::record_codecs },
    Target { name: "rows_decode", run: rows::rows_decode },
    Target { name: "rows_encode", run: rows::rows_encode },
    Target { name: "schema_yml", run: catalog::schema_yml },
    Target { name: "sniffer", run: format::sniffer },
    Target { name: "table_sql", run: catalog::table_sql },
    Target { name: "wire_frames", run: wire::wire_frames },
    Target { name: "wire_replies", run: wire::wire_replies },
];

/// Runs a target over the files named on the command line: what an input that libFuzzer left does without it.
pub fn replay(run: fn(&[u8])) -> std::io::Result<()> {
    for path in std::env::args_os().skip(1) {
        run(&std::fs::read(path)?);
    }
    Ok(())
}
