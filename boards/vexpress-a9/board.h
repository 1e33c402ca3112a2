/* SPDX-License-Identifier: MIT */
/*
 * vexpress-a9: ARM Versatile Express with the CoreTile CA9x4 (four Cortex-A9),
 * and QEMU's model of it.
 *
 * Constants only, for C and assembler alike: where things are and how the other
 * cores are let go.  RAM itself comes from the device tree; the window here is
 * where this board can have any, so that a forged tree or a wild pointer from a
 * loader does not make the image touch a device or an empty bus.
 * What each constant means: docs/BOARDS.md.
 *
 * Source: CoreTile Express A9x4 TRM (DUI0448) and Motherboard Express uATX TRM
 * (DUI0447), "memory map" (the legacy one), "interrupt assignment", "register
 * summary" of the system registers.
 */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "vexpress-a9"

/* Local DDR2: 1 GiB at most, nothing else is RAM that we would manage. */
#define BOARD_RAM_BASE 0x60000000
#define BOARD_RAM_END  0xa0000000

#define BOARD_PERIPHBASE 0x1e000000
#include <boards/a9mpcore.h>

/* PL310, with the latencies (cycles - 1: setup, read, write) that this tile needs. */
#define BOARD_PL310_BASE 0x1e00a000
#define BOARD_PL310_TAG	 0x000
#define BOARD_PL310_DATA 0x000

/* UART0: a PL011, 24 MHz, 38400 8n1 as the boot monitor and U-Boot have it. */
#define BOARD_UART_BASE	 0x10009000
#define BOARD_UART_CLOCK 24000000
#define BOARD_UART_BAUD	 38400
#define BOARD_UART_IRQ	 37
/* Before any driver: data register, status register, its bits that say "not now". */
#define BOARD_UART_EARLY_DATA	0x00
#define BOARD_UART_EARLY_STATUS 0x18
#define BOARD_UART_EARLY_FULL	0x20
#define BOARD_UART_EARLY_INVERT 0x00

/* The card slot: a PL181, its MCLK. */
#define BOARD_MMCI_BASE	 0x10005000
#define BOARD_MMCI_CLOCK 24000000

/* Motherboard system registers: flags, 24 MHz counter, card's switch, power. */
#define BOARD_SYSREG_BASE  0x10000000
#define BOARD_REFCLK_BASE  BOARD_SYSREG_BASE
#define BOARD_REFCLK_HZ	   24000000
#define BOARD_MACHINE_BASE BOARD_SYSREG_BASE
#define BOARD_RELEASE_BASE BOARD_SYSREG_BASE

/*
 * The holding pen: where a waiting core looks for its entry point (0: wait on),
 * here SYS_FLAGS, clear after reset.
 */
#define BOARD_PEN_FLAG 0x10000030

/* Devices to map, whole MiB: base, bytes. */
#define BOARD_DEVICES(X)                                              \
	X(0x10000000, 0x00100000) /* motherboard peripherals (CS7) */ \
	X(0x1e000000, 0x00100000) /* A9 private region, PL310 */

#endif /* BOARD_H */
