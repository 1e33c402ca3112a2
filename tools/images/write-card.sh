#!/bin/sh
# SPDX-License-Identifier: MIT
#
# write-card.sh IMAGE DEVICE - writes a card's image over DEVICE, after a question.
#
# Refused: what is no block device (a regular file is taken too: a copy of the image), what
# is mounted, is swapped on, is smaller than the image, or is not writable.  The answer is
# the device's name; without a terminal it is read from standard input all the same.
set -eu
image=$1 dev=$2
fail() {
	echo "flash: FLASH_DEV=$dev: $*" >&2
	exit 1
}

[ -e "$dev" ] || fail "there is no such device; lsblk lists them"
[ -b "$dev" ] || [ -f "$dev" ] || fail "expected a block device, such as a card reader's"
[ -w "$dev" ] || fail "not writable for $(id -un): become root, or join the device's group"
need=$(wc -c < "$image")
if [ -b "$dev" ]; then
	real=$(readlink -f "$dev")
	case $(cat "/sys/class/block/${real##*/}/partition" 2>/dev/null || :) in
	?*) fail "a partition: expected the whole device" ;;
	esac
	if grep -q "^$real" /proc/mounts /proc/swaps; then
		fail "in use: a part of it is mounted or swapped on"
	fi
	have=$(($(cat "/sys/class/block/${real##*/}/size") * 512))
	what="$((have >> 20)) MiB, $(cat "/sys/class/block/${real##*/}/device/model" 2>/dev/null || echo 'no model name')"
else
	have=$(wc -c < "$dev")
	what="a file of $have bytes"
fi
[ "$have" -ge "$need" ] || fail "$have bytes: the image has $need"

echo "All that is on $dev ($what) is lost when $image, $need bytes, is written to its start."
printf 'The name of the device, to go on: '
read -r answer || answer=
[ "$answer" = "$dev" ] || fail "the answer was '$answer': nothing was written"
dd if="$image" of="$dev" bs=1M conv=notrunc,fsync 2>/dev/null || fail "writing failed"
cmp -n "$need" "$image" "$dev" || fail "reads back as something else"
echo "written and read back: $need bytes"
