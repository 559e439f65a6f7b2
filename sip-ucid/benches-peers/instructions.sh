#!/bin/sh
# Counts instructions with callgrind: each task a hundred times on the first message, less what
# starting the program takes (measured with the cheapest task of all, done no times). Our own are printed beside
# those of before.
set -eu
cd "$(dirname "$0")"
cargo build --release --quiet
program=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/sip-ucid-peers
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" 2>&1 |
        sed -n 's/.*Collected : //p'
}
idle=$(count idle)
for parser in "sip-ucid" "httparse (header block)" "every line end (memchr)" parsip rsipstack sipx-sip rsip ezk-sip-types; do
    for task in parse typed valid extract; do
        total=$(count "$parser" "$task" carrier 2>/dev/null || true)
        each=$(((${total:-0} - idle) / 100))
        before=
        if [ "$parser" = sip-ucid ]; then
            before=$(awk -F '\t' -v task="sip $task" -v now="$each" \
                '$1 == task { printf ", %s before: %.3f x", $2, now / $2 }' ../../benches/before.tsv)
        fi
        if [ "$each" -gt 100 ]; then echo "$parser, $task: $each$before"; fi
    done
done
