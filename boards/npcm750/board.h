/* SPDX-License-Identifier: MIT */
/*
 * npcm750: Nuvoton's evaluation board with an NPCM750 (two Cortex-A9), and QEMU's
 * npcm750-evb.  What each constant means: docs/BOARDS.md.
 *
 * Source: the chip's manual is not public; Linux 6.1
 * arch/arm/boot/dts/nuvoton-common-npcm7xx.dtsi and arch/arm/mach-npcm for the addresses.
 */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "npcm750"

/* DDR begins at 0; its first MiB is left alone, so that page 0 stays unmapped. */
#define BOARD_RAM_BASE 0x00100000
#define BOARD_RAM_END  0x80000000
#define BOARD_RAM_AT_0 1

/* CBAR reads 0xf03fe100 in QEMU: bits 12:0 are not the base's. */
#define BOARD_PERIPHBASE 0xf03fe000
#include <boards/a9mpcore.h>

/* PL310; its latencies as they are after reset, the longest: nobody says which are needed. */
#define BOARD_PL310_BASE 0xf03fc000
#define BOARD_PL310_TAG	 0x777
#define BOARD_PL310_DATA 0x777

/* UART0, 24 MHz, SPI 2. */
#define BOARD_UART_BASE	 0xf0001000
#define BOARD_UART_CLOCK 24000000
#define BOARD_UART_BAUD	 115200
#define BOARD_UART_IRQ	 34
/* Before any driver: data register, status register, its bits that say "not now", inverted. */
#define BOARD_UART_EARLY_DATA	0x00
#define BOARD_UART_EARLY_STATUS 0x14
#define BOARD_UART_EARLY_FULL	0x20
#define BOARD_UART_EARLY_INVERT 0x20

/* Timer module 0: a clock from the 25 MHz, the watchdog. */
#define BOARD_REFCLK_BASE  0xf0008000
#define BOARD_REFCLK_HZ	   12500000
#define BOARD_MACHINE_BASE 0xf0008000

/* Core 1 waits, in WFE, for an address in the global registers' scratch pad. */
#define BOARD_RELEASE_BASE 0xf080013c
#define BOARD_PEN_FLAG	   0xf080013c

/* Devices to map, whole MiB: base, bytes. */
#define BOARD_DEVICES(X)                                         \
	X(0xf0000000, 0x00100000) /* UARTs, timers */            \
	X(0xf0300000, 0x00100000) /* A9 private region, PL310 */ \
	X(0xf0800000, 0x00100000) /* global control registers */

#endif /* BOARD_H */
