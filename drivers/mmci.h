/* SPDX-License-Identifier: MIT */
/*
 * PL181 multimedia card interface with an SD card: polled, a block of 512 bytes at a time.
 *
 * One card, one bit wide, at default speed: standard capacity (addressed in bytes) and high
 * capacity (in blocks).  Every wait has an end, by the global timer; every way to fail a
 * name. A block that was lost on its way is sent again, some times.
 *
 * State: base address, clock and what the card is.  One caller at a time, on any core, task
 * context, so no lock.  Interrupts are off while the FIFO is filled or emptied: it holds 64
 * bytes, so that a handler of 40 us loses some at 12 MHz.  For one block, 0.35 ms there.
 *
 * Not here: MMC cards, four bits, high speed, blocks in a row (CMD18, CMD25), the card's
 * switches for detection and write protection (vexpress.c).
 *
 * Sources: PrimeCell Multimedia Card Interface (PL180, PL181) TRM, DDI0172 and DDI0205;
 * SD Physical Layer Simplified Specification 2.00.
 */
#ifndef DRIVERS_MMCI_H
#define DRIVERS_MMCI_H

#include <stdint.h>

#define MMCI_BLOCK_BYTES 512u

enum mmci_error {
	MMCI_OK,
	MMCI_NO_CARD,	   /* nobody answers CMD55, which every SD card does */
	MMCI_VOLTAGE,	   /* the card does not work at 3.2 to 3.4 V */
	MMCI_NOT_READY,	   /* still powering up after a second */
	MMCI_CSD,	   /* it describes its size in a way that we do not know */
	MMCI_CMD_TIMEOUT,  /* no response */
	MMCI_CMD_CRC,	   /* a damaged one */
	MMCI_CARD_STATUS,  /* a response that reports an error: mmci_card_status() */
	MMCI_DATA_TIMEOUT, /* no data, or no room for them, in time */
	MMCI_DATA_CRC,	   /* damaged data */
	MMCI_START_BIT,	   /* data lines did not start together */
	MMCI_OVERRUN,	   /* the FIFO was not emptied in time */
	MMCI_UNDERRUN,	   /* nor filled */
	MMCI_BUSY,	   /* the card did not finish a write */
	MMCI_STUCK,	   /* the controller says nothing at all */
	MMCI_RANGE,	   /* beyond the card's end */
	MMCI_NR_ERRORS,
};

/*
 * Powers the card at `base` up and makes it ready for transfers; mclk_hz: what the controller
 * is clocked with.  Takes some 25 ms, up to a second if the card does.
 */
enum mmci_error mmci_init(uintptr_t base, uint32_t mclk_hz);

/* Blocks of the card; 0: none that is ready. */
uint32_t mmci_nr_blocks(void);

/* One block.  buf: MMCI_BLOCK_BYTES, at a multiple of 4. */
enum mmci_error mmci_read(uint32_t block, void *buf);
enum mmci_error mmci_write(uint32_t block, const void *buf);

/* In words, for a message. */
const char *mmci_error_name(enum mmci_error err);

/* The card's last status with an error in it, and blocks that were sent again. */
uint32_t mmci_card_status(void);
uint32_t mmci_retries(void);

#endif /* DRIVERS_MMCI_H */
