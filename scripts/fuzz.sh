#!/bin/sh
# Runs each fuzz target for so many seconds (default 20) on nightly, from its committed corpus; two at a time.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-20}
# What the optimiser would gain in a short run, it takes several times over in building an instrumented crate; and
# link-time optimisation would be done anew for each target.
export CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
cargo +nightly fuzz build --fuzz-dir fuzz
for target in fuzz/fuzz_targets/*.rs; do
    basename "$target" .rs
done | xargs -P 2 -I{} sh -c '
    scratch=$(mktemp -d)
    if cargo +nightly fuzz run --fuzz-dir fuzz "{}" "$scratch" "fuzz/corpus/{}" -- \
        -max_total_time="'"$seconds"'" -rss_limit_mb=1024 -malloc_limit_mb=256 -timeout=10 -print_final_stats=0 -verbosity=0 >"$scratch.log" 2>&1
    then echo "{}: nothing found in '"$seconds"' s"
    else echo "{}: FAILED"; tail -n 60 "$scratch.log"; exit 255
    fi
    rm -rf "$scratch" "$scratch.log"'
