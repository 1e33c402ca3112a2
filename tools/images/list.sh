#!/bin/sh
# SPDX-License-Identifier: MIT
# list.sh FOLDER FILE... - the images that were made, what takes each, and their bytes.
set -eu
dir=$1
shift
for f in "$@"; do
	case $f in
	*.elf) use="a debugger, QEMU's -kernel" ;;
	zImage) use="bootz ADDR - TREE; go ADDR TREE; QEMU's -kernel" ;;
	uImage) use="bootm ADDR - TREE" ;;
	zImage-dtb) use="go ADDR, bootz ADDR; at the start of NOR flash: its tree follows it" ;;
	*.dtb) use="the device tree" ;;
	boot.scr) use="source ADDR; found on the card by U-Boot" ;;
	sdcard.img) use="make flash FLASH_DEV=...: the four before, with an MBR and FAT16" ;;
	nor.img) use="the whole bank; make run FLASH=1 makes its own" ;;
	*) use="?" ;;
	esac
	printf '%-40s %9d  %s\n' "$dir/$f" "$(wc -c < "$dir/$f")" "$use"
done
