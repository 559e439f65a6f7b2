#!/bin/sh
# Runs every fuzz target over its stored corpus and then for some seconds more (default 60 each).
# Needs a nightly toolchain and cargo-fuzz. What is found on the way is kept out of the repository.
set -eu
cd "$(dirname "$0")"
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
for target in differential framer values writer; do
    mkdir "$found/$target"
    cargo +nightly fuzz run --fuzz-dir . "$target" "$found/$target" "corpus/$target" -- \
        -max_total_time="${1:-60}" -max_len=8192 -print_final_stats=1
done
