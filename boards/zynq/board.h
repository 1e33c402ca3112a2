/* SPDX-License-Identifier: MIT */
/*
 * zynq: ZedBoard with a Zynq-7020 (two Cortex-A9), and QEMU's xilinx-zynq-a9, which has
 * one.  What each constant means: docs/BOARDS.md.
 *
 * Source: Zynq-7000 Technical Reference Manual (UG585), "System Addresses", "Interrupts",
 * "Application Processing Unit", "On-Chip Memory".
 */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "zynq"

/*
 * DDR begins at 0, but its first MiB is not for us: on-chip memory lies over a part of it
 * and bus masters do not reach it ("System-Level Address Map").  So page 0, too, stays
 * unmapped.  1 GiB at most; a ZedBoard has 512 MiB.
 */
#define BOARD_RAM_BASE 0x00100000
#define BOARD_RAM_END  0x40000000
#define BOARD_RAM_AT_0 1

#define BOARD_PERIPHBASE 0xf8f00000
#include <boards/a9mpcore.h>

/* PL310 r3p2; latencies (cycles - 1: setup, read, write) from "L2-Cache, initialization". */
#define BOARD_PL310_BASE 0xf8f02000
#define BOARD_PL310_TAG	 0x111
#define BOARD_PL310_DATA 0x121

/* Before the cache is turned on, there too: SLCR unlocked, the RAMs' timing. */
#define BOARD_EARLY_WRITES(X)     \
	X(0xf8000008, 0x0000df0d) \
	X(0xf8000a1c, 0x00020202)

/* UART1, the ZedBoard's console; reference clock 50 MHz. */
#define BOARD_UART_BASE	 0xe0001000
#define BOARD_UART_CLOCK 50000000
#define BOARD_UART_BAUD	 115200
#define BOARD_UART_IRQ	 82
/* Before any driver: data register, status register, its bits that say "not now". */
#define BOARD_UART_EARLY_DATA	0x30
#define BOARD_UART_EARLY_STATUS 0x2c
#define BOARD_UART_EARLY_FULL	0x10
#define BOARD_UART_EARLY_INVERT 0x00

/* CPU_3x2x, half of the 667 MHz that the ZedBoard's first-stage loader sets. */
#define BOARD_PERIPHCLK_HZ 333333333

/* SLCR. */
#define BOARD_MACHINE_BASE 0xf8000000

/* CPU 1 waits in the BootROM, in WFE, for an address at the end of on-chip memory. */
#define BOARD_RELEASE_BASE 0xfffffff0
#define BOARD_PEN_FLAG	   0xfffffff0

/* Devices to map, whole MiB: base, bytes. */
#define BOARD_DEVICES(X)                                         \
	X(0xe0000000, 0x00100000) /* I/O peripherals: UARTs */   \
	X(0xf8000000, 0x00100000) /* SLCR, timers */             \
	X(0xf8f00000, 0x00100000) /* A9 private region, PL310 */ \
	X(0xfff00000, 0x00100000) /* on-chip memory, at its end */

#endif /* BOARD_H */
