#!/bin/sh
# SPDX-License-Identifier: MIT
#
# mknor.sh BIN DTB OUT MIB [BOOTARGS [RAM_MIB]] - what goes into a bank of NOR flash.
#
# The raw image, which begins with the reset vectors, and right behind it the device tree,
# where the image looks for one; filled up to MIB (0: not).  DTB none: no tree.  BOOTARGS
# replace the tree's, RAM_MIB the size of its first range of memory.
set -eu
bin=$1 dtb=$2 out=$3 mib=$4 args=${5-} ram=${6-}

cp "$bin" "$out"
if [ "$dtb" != none ]; then
	tree=$(mktemp)
	trap 'rm -f "$tree"' EXIT
	cp "$dtb" "$tree"
	[ -z "$args" ] || fdtput -t s "$tree" /chosen bootargs "$args"
	if [ -n "$ram" ]; then
		node=/$(fdtget -l "$tree" / | grep -m1 '^memory')
		base=$(fdtget -t x "$tree" "$node" reg | cut -d' ' -f1)
		fdtput -t x "$tree" "$node" reg "$base" "$(printf '%x' $((ram << 20)))"
	fi
	cat "$tree" >> "$out"
fi
[ "$mib" -eq 0 ] && exit 0
if [ "$(wc -c < "$out")" -gt $((mib << 20)) ]; then
	echo "mknor: $out: $(wc -c < "$out") bytes do not fit into $mib MiB" >&2
	exit 1
fi
truncate -s "${mib}M" "$out"
