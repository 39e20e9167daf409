//! Every target over its committed corpus, on stable; and the corpus, the targets and the binaries are the same set.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;

use topica_fuzz::TARGETS;

#[test]
fn the_corpus_of_every_target_passes() {
    for target in TARGETS {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        let mut seeds: Vec<_> = std::fs::read_dir(&dir)
            .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
            .map(|entry| entry.unwrap().path())
            .collect();
        seeds.sort();
        assert!(!seeds.is_empty(), "{} has no seed", target.name);
        for seed in seeds {
            let bytes = std::fs::read(&seed).unwrap();
            (target.run)(&bytes);
            // Cut short and damaged, each seed says more than by itself.
            for cut in (0..bytes.len()).step_by(bytes.len() / 24 + 1) {
                (target.run)(&bytes[..cut]);
                let mut damaged = bytes.clone();
                damaged[cut] ^= 0xff;
                (target.run)(&damaged);
            }
        }
    }
}

#[test]
fn every_target_has_a_binary_and_every_binary_a_target() {
    let binaries: BTreeSet<String> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(binaries, targets);
}
