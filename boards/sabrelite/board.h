/* SPDX-License-Identifier: MIT */
/*
 * sabrelite: Boundary Devices BD-SL-i.MX6 (SABRE Lite) with an i.MX6Q (four Cortex-A9),
 * and QEMU's model of it.  What each constant means: docs/BOARDS.md.
 *
 * Source: i.MX 6Dual/6Quad Reference Manual (IMX6DQRM), "Memory Maps", "Interrupts and DMA
 * Events", "ARM Cortex A9 MPCore Platform".
 */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "sabrelite"

/* 1 GiB of DDR3. */
#define BOARD_RAM_BASE 0x10000000
#define BOARD_RAM_END  0x50000000

#define BOARD_PERIPHBASE 0x00a00000
#include <boards/a9mpcore.h>

/* PL310 r3p1-50rel0; latencies (cycles - 1: setup, read, write) as U-Boot sets them. */
#define BOARD_PL310_BASE 0x00a02000
#define BOARD_PL310_TAG	 0x132
#define BOARD_PL310_DATA 0x132

/* UART2, the board's console; 80 MHz (PLL3 / 6), SPI 27. */
#define BOARD_UART_BASE	 0x021e8000
#define BOARD_UART_CLOCK 80000000
#define BOARD_UART_BAUD	 115200
#define BOARD_UART_IRQ	 59
/* Before any driver: data register, status register, its bits that say "not now". */
#define BOARD_UART_EARLY_DATA	0x40
#define BOARD_UART_EARLY_STATUS 0xb4
#define BOARD_UART_EARLY_FULL	0x10
#define BOARD_UART_EARLY_INVERT 0x00

/* GPT, from the crystal / 8. */
#define BOARD_REFCLK_BASE 0x02098000
#define BOARD_REFCLK_HZ	  3000000

/* WDOG1; SRC.  The other cores are held in reset: there is no pen. */
#define BOARD_MACHINE_BASE 0x020bc000
#define BOARD_RELEASE_BASE 0x020d8000

/* Devices to map, whole MiB: base, bytes. */
#define BOARD_DEVICES(X)                                              \
	X(0x00a00000, 0x00100000) /* A9 private region, PL310 */      \
	X(0x02000000, 0x00100000) /* AIPS-1: UART1, GPT, WDOG, SRC */ \
	X(0x02100000, 0x00100000) /* AIPS-2: UART2 */

#endif /* BOARD_H */
