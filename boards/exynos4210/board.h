/* SPDX-License-Identifier: MIT */
/*
 * exynos4210: Samsung's SMDKC210 with an Exynos 4210 (two Cortex-A9), and QEMU's smdkc210.
 * What each constant means: docs/BOARDS.md.
 *
 * Source: Exynos 4210 user's manual, "Memory Map", "Interrupt Controller", "Interrupt
 * Combiner".  MPIDR is 0x80000900: its cores are 0 and 1 of cluster 9.
 */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "exynos4210"

/* 1 GiB. */
#define BOARD_RAM_BASE 0x40000000
#define BOARD_RAM_END  0x80000000

#define BOARD_PERIPHBASE 0x10500000
#include <boards/a9mpcore.h>

/* PL310; latencies (cycles - 1: setup, read, write) as Linux sets them. */
#define BOARD_PL310_BASE 0x10502000
#define BOARD_PL310_TAG	 0x110
#define BOARD_PL310_DATA 0x110

/* The combiner before the A9's own interrupt controller: group 26, SPI 26, the UARTs. */
#define BOARD_EARLY_WRITES(X) X(0x10448060, 0x001f0000)

/* UART0, 100 MHz. */
#define BOARD_UART_BASE	 0x13800000
#define BOARD_UART_CLOCK 100000000
#define BOARD_UART_BAUD	 115200
#define BOARD_UART_IRQ	 58
/* Before any driver: data register, status register, its bits that say "not now". */
#define BOARD_UART_EARLY_DATA	0x20
#define BOARD_UART_EARLY_STATUS 0x18
#define BOARD_UART_EARLY_FULL	0x01000000
#define BOARD_UART_EARLY_INVERT 0x00

/* The multi-core timer's global counter. */
#define BOARD_REFCLK_BASE 0x10050000
#define BOARD_REFCLK_HZ	  24000000

/* Power management unit.  A core that waits looks at its INFORM5. */
#define BOARD_MACHINE_BASE 0x10020000
#define BOARD_RELEASE_BASE 0x10020000
#define BOARD_PEN_FLAG	   0x10020814

/* Devices to map, whole MiB: base, bytes. */
#define BOARD_DEVICES(X)                                                   \
	X(0x10000000, 0x00100000) /* power management, timer */            \
	X(0x10400000, 0x00200000) /* combiner, A9 private region, PL310 */ \
	X(0x13800000, 0x00100000) /* UARTs */

#endif /* BOARD_H */
