# SPDX-License-Identifier: MIT
# vexpress-a9: what the Makefile has to know of the board; the rest is board.h.

# Where the image runs: above RAM base by 1 MiB, so that a loader (QEMU's for ELF
# files) has room for the device tree below it.
LINK_ADDR    := 0x60100000
PORT         ?= cortex-a9
DRIVERS      := pl011 sysreg vexpress mmci
QEMU_MACHINE := vexpress-a9
# The board has a sound chip: without this QEMU looks for something to play on.
QEMU_EXTRA   := -audiodev none,id=none -global pl041.audiodev=none
# Where U-Boot's own environment for this board loads a kernel and a device tree.
UBOOT_KERNEL_ADDR := 0x60100000
UBOOT_FDT_ADDR    := 0x60000000
# The bank of NOR flash that reset starts from, in MiB.
NOR_MIB      := 64
