# SPDX-License-Identifier: MIT
# npcm750: what the Makefile has to know of the board; the rest is board.h.

LINK_ADDR    := 0x00100000
PORT         ?= cortex-a9
DRIVERS      := npcm_uart npcm_timer cpu_word
QEMU_MACHINE := npcm750-evb
QEMU_EXTRA   :=
MEM          ?= 512
SMP          ?= 2
# There is no driver for its card slot.
SD           ?= none
# Where U-Boot's own environment for this board loads a kernel and a device tree.
UBOOT_KERNEL_ADDR := 0x00200000
UBOOT_FDT_ADDR    := 0x06000000
