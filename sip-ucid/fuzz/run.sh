#!/bin/sh
# Runs every fuzz target over its seeds and then for some seconds more (default 60 each).
# Needs a nightly toolchain and cargo-fuzz. Seeds are written out of the stored messages; what is found on the
# way is kept out of the repository. A crash becomes a test with a name.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo run --quiet --locked --manifest-path ../Cargo.toml --example seeds -- "$work/seeds"
for target in differential framer values writer; do
    mkdir "$work/$target"
    cargo +nightly fuzz run --fuzz-dir . "$target" "$work/$target" "$work/seeds/$target" -- \
        -max_total_time="${1:-60}" -max_len=8192 -print_final_stats=1
done
