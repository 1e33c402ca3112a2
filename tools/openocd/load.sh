#!/bin/sh
# SPDX-License-Identifier: MIT
#
# load.sh OPENOCD CFG ADAPTER ELF ENTRY DTB DTBADDR - loads an image over JTAG, starts it.
#
# The board's own boot loader has to have set up the DRAM: stop it at its prompt first.
# MMU and caches may be on, as for U-Boot's `go`: the image's entry turns them off.
# ADAPTER may be empty: the one that CFG has.  OPENOCD_DRY=1: the commands are printed.
set -eu
openocd=$1 cfg=$2 adapter=$3 elf=$4 entry=$5 dtb=$6 dtbaddr=$7

set -- -c "init" -c 'targets [buddy_core]' -c "halt" -c "load_image $elf 0 elf" \
	-c "load_image $dtb $dtbaddr bin" -c "reg r0 0" -c "reg r1 0" -c "reg r2 $dtbaddr" \
	-c "resume $entry" -c "shutdown"
set -- -f "$cfg" "$@"
[ -z "$adapter" ] || set -- -c "set ADAPTER $adapter" "$@"
if [ -n "${OPENOCD_DRY-}" ]; then
	printf '%s' "$openocd"
	printf " '%s'" "$@"
	echo
	exit 0
fi
command -v "$openocd" >/dev/null 2>&1 || {
	echo "flash: $openocd is not installed: JTAG=1 needs it (Debian's package openocd)" >&2
	exit 1
}
exec "$openocd" "$@"
