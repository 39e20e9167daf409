#!/bin/sh
# Builds the static topica for Linux (musl). The binary is linked from what rustup brings, musl's start files and rust-lld: no C library and no cross
# linker of the system takes part. Prints where the binary is and how large, having checked that it is static.
#
#   scripts/build-static.sh [TARGET]      TARGET defaults to this machine's architecture, e.g. x86_64-unknown-linux-musl
set -eu
cd "$(dirname "$0")/.."

target="${1:-$(uname -m)-unknown-linux-musl}"
if command -v rustup >/dev/null; then
  rustup target add "$target"
fi

# `link-self-contained` takes crt1.o and libc.a from the toolchain, `linker=rust-lld` its own linker.
flags="CARGO_TARGET_$(printf %s "$target" | tr 'a-z-' 'A-Z_')_RUSTFLAGS"
export "$flags=-C linker=rust-lld -C linker-flavor=ld.lld -C link-self-contained=yes -C target-feature=+crt-static"

cargo build --release --locked --package topica --bin topica --target "$target"

binary="${CARGO_TARGET_DIR:-target}/$target/release/topica"
# A dynamic binary carries the path of its interpreter, which the kernel would look for and an empty root has not.
if grep -q -a -e '/lib/ld-musl-' -e '/lib64/ld-linux-' "$binary"; then
  echo "$binary is not static" >&2
  exit 1
fi
printf '%s: %s bytes, static\n' "$binary" "$(wc -c <"$binary" | tr -d ' ')"
