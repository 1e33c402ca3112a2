# SPDX-License-Identifier: MIT
# realview-pbx-a9: what the Makefile has to know of the board; the rest is board.h.

LINK_ADDR    := 0x00100000
PORT         ?= cortex-a9
DRIVERS      := pl011 sysreg realview mmci
QEMU_MACHINE := realview-pbx-a9
# The board has a sound chip: without this QEMU looks for something to play on.
QEMU_EXTRA   := -audiodev none,id=none -global pl041.audiodev=none
MEM          ?= 256
# Where the boot monitor or U-Boot may load a kernel and a device tree.
UBOOT_KERNEL_ADDR := 0x00200000
UBOOT_FDT_ADDR    := 0x06000000
