/* SPDX-License-Identifier: MIT */
/*
 * realview-pbx-a9: RealView Platform Baseboard Explore for Cortex-A9 (four cores), and
 * QEMU's model of it.  What each constant means: docs/BOARDS.md.
 *
 * Source: RealView Platform Baseboard Explore for Cortex-A9 user guide (DUI0440), "memory
 * map", "interrupts", "status and system control registers".
 */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "realview-pbx-a9"

/*
 * 512 MiB of DDR at 0x70000000, of which the first 256 MiB are also at 0.  Loaders and their
 * device trees speak of the latter, so that is what is used: one address for each byte.  The
 * first MiB is left alone, so that page 0 stays unmapped.
 */
#define BOARD_RAM_BASE 0x00100000
#define BOARD_RAM_END  0x10000000
#define BOARD_RAM_AT_0 1

#define BOARD_PERIPHBASE 0x1f000000
#include <boards/a9mpcore.h>

/* PL310: no wait states. */
#define BOARD_PL310_BASE 0x1f002000
#define BOARD_PL310_TAG	 0x000
#define BOARD_PL310_DATA 0x000

/* UART0: a PL011, 24 MHz, 38400 8n1 as the boot monitor has it. */
#define BOARD_UART_BASE	 0x10009000
#define BOARD_UART_CLOCK 24000000
#define BOARD_UART_BAUD	 38400
#define BOARD_UART_IRQ	 44
/* Before any driver: data register, status register, its bits that say "not now". */
#define BOARD_UART_EARLY_DATA	0x00
#define BOARD_UART_EARLY_STATUS 0x18
#define BOARD_UART_EARLY_FULL	0x20
#define BOARD_UART_EARLY_INVERT 0x00

/* The card slot: a PL181, its MCLK. */
#define BOARD_MMCI_BASE	 0x10005000
#define BOARD_MMCI_CLOCK 24000000

/* System registers: flags, 24 MHz counter, card's switch, reset. */
#define BOARD_SYSREG_BASE  0x10000000
#define BOARD_REFCLK_BASE  BOARD_SYSREG_BASE
#define BOARD_REFCLK_HZ	   24000000
#define BOARD_MACHINE_BASE BOARD_SYSREG_BASE
#define BOARD_RELEASE_BASE BOARD_SYSREG_BASE

/* The holding pen looks at SYS_FLAGS, clear after reset. */
#define BOARD_PEN_FLAG 0x10000030

/* Devices to map, whole MiB: base, bytes. */
#define BOARD_DEVICES(X)                          \
	X(0x10000000, 0x00100000) /* baseboard */ \
	X(0x1f000000, 0x00100000) /* A9 private region, PL310 */

#endif /* BOARD_H */
