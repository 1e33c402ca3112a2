# SPDX-License-Identifier: MIT
# zynq: what the Makefile has to know of the board; the rest is board.h.

LINK_ADDR    := 0x00100000
PORT         ?= cortex-a9
DRIVERS      := cadence_uart zynq_slcr cpu_word
QEMU_MACHINE := xilinx-zynq-a9
# The console is the second UART, as on the ZedBoard.
QEMU_EXTRA   := -serial null
MEM          ?= 512
# QEMU 7.2 has one of the two cores.
SMP          ?= 1
# QEMU's timers run at 100 MHz, whatever the board's do.
APPEND       ?= cma=16M periphclk=100000000
# There is no driver for its card slot.
SD           ?= none
# Where U-Boot's own environment for this board loads a kernel and a device tree.
UBOOT_KERNEL_ADDR := 0x02080000
UBOOT_FDT_ADDR    := 0x02000000
