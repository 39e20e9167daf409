//! `json_against_serde` under libFuzzer; without it, over the files that are named.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| topica_fuzz::format::json_against_serde(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    topica_fuzz::replay(topica_fuzz::format::json_against_serde)
}
