//! `rows_decode` under libFuzzer; without it, over the files that are named.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| topica_fuzz::rows::rows_decode(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    topica_fuzz::replay(topica_fuzz::rows::rows_decode)
}
