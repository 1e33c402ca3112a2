#!/bin/sh
# SPDX-License-Identifier: MIT
#
# compdb.sh SOURCE... - compile_commands.json for these sources: $CC, $FLAGS.
set -eu

flags=$(printf '%s' "$FLAGS" | sed 's/[\\"]/\\&/g')
sep='['
for f in "$@"; do
	printf '%s\n {"directory": "%s", "file": "%s", "command": "%s %s -c %s"}' \
		"$sep" "$PWD" "$f" "$CC" "$flags" "$f"
	sep=','
done
printf '\n]\n'
