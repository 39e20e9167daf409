#!/bin/sh
# Builds the static topica for Linux (musl) with nothing but rustup's toolchain: rustc brings musl's start files and rust-lld, so no C compiler and no
# system linker is asked for. Prints where the binary is and how large, having checked that it is static.
#
#   scripts/build-static.sh [TARGET]      TARGET defaults to this machine's architecture, e.g. x86_64-unknown-linux-musl
set -eu
cd "$(dirname "$0")/.."

target="${1:-$(uname -m)-unknown-linux-musl}"
if command -v rustup >/dev/null; then
  rustup target add "$target" >/dev/null
fi

# `link-self-contained=yes` takes crt1.o and libc.a from the toolchain, `linker=rust-lld` its own linker.
variable="CARGO_TARGET_$(printf %s "$target" | tr 'a-z-' 'A-Z_')_RUSTFLAGS"
export "$variable=-C linker=rust-lld -C linker-flavor=ld.lld -C link-self-contained=yes -C target-feature=+crt-static -C relocation-model=static"

cargo build --release --locked --package topica --bin topica --target "$target"

binary="${CARGO_TARGET_DIR:-target}/$target/release/topica"
# A dynamic binary names its interpreter (program header PT_INTERP): the kernel would need that file, and an empty root has none.
if readelf --program-headers "$binary" 2>/dev/null | grep -q INTERP; then
  echo "$binary is not static" >&2
  exit 1
fi
printf '%s: %s bytes, static\n' "$binary" "$(wc -c <"$binary")"
