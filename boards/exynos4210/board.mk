# SPDX-License-Identifier: MIT
# exynos4210: what the Makefile has to know of the board; the rest is board.h.

# Above RAM base by 1 MiB: QEMU puts the device tree of an ELF file below it.
LINK_ADDR    := 0x40100000
PORT         ?= cortex-a9
DRIVERS      := exynos_uart exynos_mct exynos_pmu
QEMU_MACHINE := smdkc210
QEMU_EXTRA   :=
SMP          ?= 2
# There is no driver for its card slots.
SD           ?= none
# Where U-Boot's own environment for this board loads a kernel and a device tree.
UBOOT_KERNEL_ADDR := 0x40200000
UBOOT_FDT_ADDR    := 0x46000000
