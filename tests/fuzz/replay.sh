#!/bin/sh
# SPDX-License-Identifier: MIT
# replay.sh FUZZER DIRECTORY... - runs the fuzzer once on every .dtb; prints TAP.
fuzzer=$1
shift
trees=$(find "$@" -name '*.dtb' | sort)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
count=$(echo "$trees" | grep -c .)
echo 1..1
# shellcheck disable=SC2086 # one word per file: no name has a space
if [ "$count" -gt 0 ] && timeout 300 "$fuzzer" $trees >"$log" 2>&1; then
	echo "ok 1 - fuzz corpus, $count trees"
else
	sed 's/^/# /' "$log"
	echo "not ok 1 - fuzz corpus, $count trees"
	exit 1
fi
