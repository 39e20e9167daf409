#!/bin/sh
# Fails if anything in the build would compile C: topica needs rustc and a linker, never a C compiler.
set -eu
cd "$(dirname "$0")/.."
tree=$(cargo tree --locked -p topica -e normal,build --prefix none --target x86_64-unknown-linux-musl)
found=$(printf '%s\n' "$tree" | grep -E '^(cc|cmake|bindgen|pkg-config|ring|aws-lc[a-z-]*|[a-z0-9_-]+-sys) ' | grep -vE '^linux-raw-sys ' | sort -u || true)
if [ -n "$found" ]; then
    printf 'these would compile or link C:\n%s\n' "$found" >&2
    exit 1
fi
printf 'no C in %s packages\n' "$(printf '%s\n' "$tree" | sed 's/ (\*)$//' | sort -u | wc -l | tr -d ' ')"
