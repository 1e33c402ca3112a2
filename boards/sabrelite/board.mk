# SPDX-License-Identifier: MIT
# sabrelite: what the Makefile has to know of the board; the rest is board.h.

# Above RAM base by 1 MiB: QEMU puts the device tree of an ELF file below it.
LINK_ADDR    := 0x10100000
PORT         ?= cortex-a9
DRIVERS      := imx_uart imx_gpt imx_src imx_wdog
QEMU_MACHINE := sabrelite
# The console is the second UART, as on the board.
QEMU_EXTRA   := -serial null
# There is no driver for its card slots.
SD           ?= none
# Where U-Boot's own environment for this board loads a kernel and a device tree.
UBOOT_KERNEL_ADDR := 0x12000000
UBOOT_FDT_ADDR    := 0x18000000
