/* SPDX-License-Identifier: MIT */
/*
 * PL181 multimedia card interface.  See mmci.h for state and contexts; register names are the
 * TRM's, commands and states the SD specification's.
 */
#include "drivers/mmci.h"
#include "drivers/a9timer.h"
#include "drivers/io.h"

#include <stdbool.h>
#include <stddef.h>

#define MCIPOWER      0x000
#define MCICLOCK      0x004
#define MCIARGUMENT   0x008
#define MCICOMMAND    0x00c
#define MCIRESPONSE0  0x014
#define MCIDATATIMER  0x024
#define MCIDATALENGTH 0x028
#define MCIDATACTRL   0x02c
#define MCISTATUS     0x034
#define MCICLEAR      0x038
#define MCIMASK0      0x03c
#define MCIMASK1      0x040
#define MCIFIFO	      0x080

#define POWER_OFF 0u
#define POWER_UP  2u
#define POWER_ON  3u

#define CLOCK_ENABLE (1u << 8)
#define CLOCK_DIV    0xffu

#define COMMAND_RESPONSE (1u << 6)
#define COMMAND_LONG	 (1u << 7)
#define COMMAND_ENABLE	 (1u << 10)

#define DATA_ENABLE    (1u << 0)
#define DATA_FROM_CARD (1u << 1)
#define DATA_BLOCK_512 (9u << 4) /* 2^9 bytes */

#define CMD_CRC_FAIL   (1u << 0)
#define DATA_CRC_FAIL  (1u << 1)
#define CMD_TIMEOUT    (1u << 2)
#define DATA_TIMEOUT   (1u << 3)
#define TX_UNDERRUN    (1u << 4)
#define RX_OVERRUN     (1u << 5)
#define CMD_RESP_END   (1u << 6)
#define CMD_SENT       (1u << 7)
#define START_BIT_ERR  (1u << 9)
#define DATA_BLOCK_END (1u << 10)
#define TX_FIFO_FULL   (1u << 16)
#define RX_DATA_AVLBL  (1u << 21)
#define CLEAR_ALL      0x7ffu
#define DATA_ERRORS    (DATA_CRC_FAIL | DATA_TIMEOUT | TX_UNDERRUN | RX_OVERRUN | START_BIT_ERR)

#define ID_HZ	      400000u	/* at most, while the card is being identified */
#define CARD_HZ	      25000000u /* at most, at default speed */
#define TRIES	      3u
#define WORDS	      (MMCI_BLOCK_BYTES / 4u)
#define SUPPLY	      10000u /* us: until it is gone, or stable */
#define WAKE	      2000u  /* us: 1 ms and 74 clocks before the first command */
#define ANSWER	      10000u /* us: a response starts within 64 clocks, 0.2 ms */
#define ACCESS	      500000u /* us: a block comes within 100 ms, is written within 250; some cards 500 */
#define SILENCE	      200u     /* us between two words of a block, which are 3 us at 12 MHz */
#define POWER_UP_TIME 1000000u /* us: until a card must have left its power-up */

/* What a card may be asked, with how it answers. */
enum answer {
	NONE = 0,
	SHORT = COMMAND_RESPONSE,
	LONG = COMMAND_RESPONSE | COMMAND_LONG,
	NO_CRC = COMMAND_RESPONSE | 1u << 16, /* R3: its CRC is all ones, always wrong */
	STATUS = COMMAND_RESPONSE | 1u << 17, /* R1: the card's status */
};

/* The errors in a card's status (R1), 31 down to 19 and 16; its state, and if it is ready. */
#define STATUS_ERRORS	0xfff90000u
#define STATUS_STATE(r) ((r) >> 9 & 0xfu)
#define STATUS_READY	(1u << 8)
#define STATE_TRAN	4u
#define STATE_DATA	5u
#define STATE_RCV	6u

#define OCR_33V	     0x00300000u /* 3.2 to 3.4 V */
#define OCR_CAPACITY (1u << 30)	 /* HCS in the question, CCS in the answer */
#define OCR_READY    (1u << 31)

static struct {
	uintptr_t base;
	uint32_t mclk, hz; /* the controller's clock, the card's */
	uint32_t rca;	   /* the card's address, in bits 31 to 16 */
	uint32_t nr_blocks;
	uint32_t status, retries; /* for who asks */
	bool high_capacity;
} mmci;

/* ---- registers --------------------------------------------------------------------- */

static uint32_t rd(unsigned reg)
{
	return io_read32(mmci.base + reg);
}

static void wr(unsigned reg, uint32_t value)
{
	io_write32(mmci.base + reg, value);
}

static void delay(uint32_t usec)
{
	const uint64_t end = a9timer_read() + a9timer_ticks(usec);

	while (a9timer_read() < end)
		;
}

/*
 * MCIPower, MCIClock, MCICommand, MCIDataCtrl: "after a data write, data cannot be written to
 * this register for three MCLK clock periods plus two PCLK clock periods".  At 24 MHz and any
 * bus that is not slower, 0.21 us.
 */
static void wr_and_wait(unsigned reg, uint32_t value)
{
	wr(reg, value);
	delay(1);
}

/*
 * The status when it has one of these bits, or 0 after so many microseconds.  The clock is
 * looked at first: if this core was away for long, what came meanwhile counts.
 */
static uint32_t wait_for(uint32_t bits, uint32_t usec)
{
	const uint64_t end = a9timer_read() + a9timer_ticks(usec);
	uint64_t now;
	uint32_t status;

	do {
		now = a9timer_read();
		status = rd(MCISTATUS);
		if (status & bits)
			return status;
	} while (now < end);
	return 0;
}

/* MCICLK = MCLK / (2 * (ClkDiv + 1)); 8 clocks of either kind for what is on its way. */
static void set_clock(uint32_t max_hz)
{
	uint32_t div = (mmci.mclk + 2u * max_hz - 1u) / (2u * max_hz);

	div = div ? div - 1u : 0u;
	div = div > CLOCK_DIV ? CLOCK_DIV : div;
	mmci.hz = mmci.mclk / (2u * (div + 1u));
	wr_and_wait(MCICLOCK, CLOCK_ENABLE | div);
	delay(8u * 1000000u / mmci.hz + 1u);
}

/* ---- commands ------------------------------------------------------------------------- */

/* response: four words if it is LONG, else one; or NULL. */
static enum mmci_error command(unsigned index, uint32_t arg, enum answer answer, uint32_t *response)
{
	uint32_t status, r1;

	wr(MCICLEAR, CLEAR_ALL);
	wr(MCIARGUMENT, arg);
	wr_and_wait(MCICOMMAND, COMMAND_ENABLE | (answer & LONG) | index);
	status = wait_for(CMD_TIMEOUT | CMD_CRC_FAIL | CMD_RESP_END | CMD_SENT, ANSWER);
	if (!status)
		return MMCI_STUCK;
	if (status & CMD_TIMEOUT)
		return MMCI_CMD_TIMEOUT;
	if (status & CMD_CRC_FAIL && answer != NO_CRC)
		return MMCI_CMD_CRC;
	if (response)
		for (unsigned i = 0; i < (answer == LONG ? 4u : 1u); i++)
			response[i] = rd(MCIRESPONSE0 + 4u * i);
	if (answer == STATUS) {
		r1 = rd(MCIRESPONSE0);
		if (r1 & STATUS_ERRORS) {
			mmci.status = r1;
			return MMCI_CARD_STATUS;
		}
	}
	return MMCI_OK;
}

/* CMD13 until the card has finished what it was doing. */
static enum mmci_error wait_for_card(void)
{
	const uint64_t end = a9timer_read() + a9timer_ticks(ACCESS);
	enum mmci_error err;
	uint32_t r1 = 0;
	uint64_t now;

	do {
		now = a9timer_read();
		err = command(13, mmci.rca, STATUS, &r1);
		if (err)
			return err;
		if (r1 & STATUS_READY && STATUS_STATE(r1) == STATE_TRAN)
			return MMCI_OK;
	} while (now < end);
	return MMCI_BUSY;
}

/* ---- start-up ---------------------------------------------------------------------- */

static void power_up(void)
{
	wr(MCIMASK0, 0);
	wr(MCIMASK1, 0);
	wr_and_wait(MCIDATACTRL, 0);
	/* A card that a loader has used starts anew. */
	wr_and_wait(MCICLOCK, 0);
	wr_and_wait(MCIPOWER, POWER_OFF);
	delay(SUPPLY);
	wr_and_wait(MCIPOWER, POWER_UP);
	delay(SUPPLY);
	wr_and_wait(MCIPOWER, POWER_ON);
	set_clock(ID_HZ);
	delay(WAKE);
}

/* CMD0, CMD8, ACMD41: "card initialization and identification flow". */
static enum mmci_error wake_card(void)
{
	const uint64_t end = a9timer_read() + a9timer_ticks(POWER_UP_TIME);
	uint32_t r = 0, arg = OCR_33V;
	enum mmci_error err = command(0, 0, NONE, NULL);
	uint64_t now;

	if (err)
		return err;
	/* 2.7 to 3.6 V, and a pattern to be repeated.  Cards before 2.00 do not know it. */
	err = command(8, 0x1aa, SHORT, &r);
	if (!err && (r & 0xfff) != 0x1aa)
		return MMCI_VOLTAGE;
	if (!err)
		arg |= OCR_CAPACITY;
	else if (err == MMCI_STUCK)
		return err;
	do {
		now = a9timer_read();
		/* Its status may tell of the CMD8 that was not understood. */
		err = command(55, 0, SHORT, NULL);
		if (err)
			return err == MMCI_CMD_TIMEOUT ? MMCI_NO_CARD : err;
		err = command(41, arg, NO_CRC, &r);
		if (err)
			return err;
		if (r & OCR_READY) {
			mmci.high_capacity = r & OCR_CAPACITY;
			return r & OCR_33V ? MMCI_OK : MMCI_VOLTAGE;
		}
		delay(1000);
	} while (now < end);
	return MMCI_NOT_READY;
}

/* "CSD register": bits 127 to 96 are in csd[0].  Blocks of 512 bytes; 0: unknown. */
static uint32_t csd_nr_blocks(const uint32_t *csd)
{
	uint32_t c_size, mult, len;

	switch (csd[0] >> 30) {
	case 0:
		c_size = (csd[1] & 0x3ff) << 2 | csd[2] >> 30;
		mult = csd[2] >> 15 & 7;
		len = csd[1] >> 16 & 0xf;
		if (len < 9 || len > 11)
			return 0;
		return (c_size + 1) << (mult + 2 + len - 9);
	case 1:
		c_size = (csd[1] & 0x3f) << 16 | csd[2] >> 16;
		/* 2 TiB is 2^32 blocks: the last one is not used. */
		return c_size == 0x3fffff ? 0xffffffff : (c_size + 1) << 10;
	}
	return 0;
}

static enum mmci_error identify(uint32_t *nr_blocks)
{
	uint32_t r[4] = {0};
	enum mmci_error err;

	err = command(2, 0, LONG, r);
	if (!err)
		err = command(3, 0, SHORT, r);
	if (err)
		return err;
	mmci.rca = r[0] & 0xffff0000;
	err = command(9, mmci.rca, LONG, r);
	if (err)
		return err;
	*nr_blocks = csd_nr_blocks(r);
	if (!*nr_blocks)
		return MMCI_CSD;
	set_clock(CARD_HZ);
	err = command(7, mmci.rca, STATUS, NULL);
	if (!err)
		err = wait_for_card();
	if (!err)
		err = command(16, MMCI_BLOCK_BYTES, STATUS, NULL);
	return err;
}

enum mmci_error mmci_init(uintptr_t base, uint32_t mclk_hz)
{
	enum mmci_error err;
	uint32_t nr_blocks;

	mmci.base = base;
	mmci.mclk = mclk_hz;
	mmci.nr_blocks = 0;
	power_up();
	err = wake_card();
	if (!err)
		err = identify(&nr_blocks);
	if (!err) {
		mmci.nr_blocks = nr_blocks;
		return MMCI_OK;
	}
	wr_and_wait(MCICLOCK, 0);
	wr_and_wait(MCIPOWER, POWER_OFF);
	return err;
}

uint32_t mmci_nr_blocks(void)
{
	return mmci.nr_blocks;
}

/* ---- data -------------------------------------------------------------------------- */

static enum mmci_error data_error(uint32_t status)
{
	return status & RX_OVERRUN	? MMCI_OVERRUN
	       : status & TX_UNDERRUN	? MMCI_UNDERRUN
	       : status & DATA_CRC_FAIL ? MMCI_DATA_CRC
	       : status & START_BIT_ERR ? MMCI_START_BIT
					: MMCI_DATA_TIMEOUT;
}

static void start_data(uint32_t direction)
{
	wr(MCIDATATIMER, mmci.hz / 1000u * (ACCESS / 1000u)); /* in clocks of the card */
	wr(MCIDATALENGTH, MMCI_BLOCK_BYTES);
	wr_and_wait(MCIDATACTRL, DATA_ENABLE | DATA_BLOCK_512 | direction);
}

/* With the last word the CRC is still on its way. */
static enum mmci_error end_data(void)
{
	uint32_t status = wait_for(DATA_ERRORS | DATA_BLOCK_END, ACCESS);

	wr_and_wait(MCIDATACTRL, 0);
	return !status || status & DATA_ERRORS ? data_error(status) : MMCI_OK;
}

/*
 * Interrupts are off from the first word on.  Until it is there they are let in after each
 * look; a handler that is long just then costs an overrun, and the block is read again.
 */
static enum mmci_error empty_fifo(uint32_t *to)
{
	const uint64_t end = a9timer_read() + a9timer_ticks(ACCESS);
	uint32_t flags, status;
	uint64_t now;

	do {
		now = a9timer_read();
		flags = irq_off();
		status = wait_for(DATA_ERRORS | RX_DATA_AVLBL, 0);
		for (unsigned i = 0; i < WORDS && status & RX_DATA_AVLBL; i++) {
			*to++ = rd(MCIFIFO);
			status = i + 1 < WORDS ? wait_for(DATA_ERRORS | RX_DATA_AVLBL, SILENCE)
					       : DATA_BLOCK_END;
			if (status & DATA_ERRORS)
				break;
			if (!status)
				status = DATA_TIMEOUT;
		}
		irq_restore(flags);
		if (status)
			return status & DATA_ERRORS ? data_error(status) : MMCI_OK;
	} while (now < end);
	return MMCI_DATA_TIMEOUT;
}

static enum mmci_error fill_fifo(const uint32_t *from)
{
	uint32_t flags = irq_off(), status = 0;
	uint64_t end = a9timer_read() + a9timer_ticks(SILENCE), now;
	unsigned i = 0;

	while (i < WORDS) {
		now = a9timer_read();
		status = rd(MCISTATUS);
		if (status & DATA_ERRORS)
			break;
		if (!(status & TX_FIFO_FULL)) {
			wr(MCIFIFO, from[i++]);
			end = now + a9timer_ticks(SILENCE);
		} else if (now >= end) {
			break;
		}
	}
	irq_restore(flags);
	return i == WORDS ? MMCI_OK : data_error(status);
}

/* After a failure: the card has to go back to where it waits for commands.  False: no way. */
static bool recover(void)
{
	uint32_t r1 = 0;

	wr_and_wait(MCIDATACTRL, 0);
	if (command(13, mmci.rca, SHORT, &r1))
		return false;
	if (STATUS_STATE(r1) == STATE_DATA || STATUS_STATE(r1) == STATE_RCV)
		command(12, 0, SHORT, NULL);
	return !wait_for_card();
}

static uint32_t address(uint32_t block)
{
	return mmci.high_capacity ? block : block * MMCI_BLOCK_BYTES;
}

static enum mmci_error read_block(uint32_t block, void *buf)
{
	enum mmci_error err;

	/* Before the command: data may follow its response at once. */
	wr(MCICLEAR, CLEAR_ALL);
	start_data(DATA_FROM_CARD);
	err = command(17, address(block), STATUS, NULL);
	if (!err)
		err = empty_fifo(buf);
	if (!err)
		err = end_data();
	return err;
}

static enum mmci_error write_block(uint32_t block, const void *buf)
{
	enum mmci_error err = command(24, address(block), STATUS, NULL);

	if (err)
		return err;
	/* Some have DataBlockEnd set again by the command. */
	wr(MCICLEAR, CLEAR_ALL);
	start_data(0);
	err = fill_fifo(buf);
	if (!err)
		err = end_data();
	if (!err)
		err = wait_for_card();
	return err;
}

/* Read, or write, whichever is not NULL. */
static enum mmci_error transfer(uint32_t block, void *to, const void *from)
{
	enum mmci_error err;

	if (block >= mmci.nr_blocks)
		return mmci.nr_blocks ? MMCI_RANGE : MMCI_NO_CARD;
	for (unsigned i = 1;; i++) {
		err = to ? read_block(block, to) : write_block(block, from);
		if (!err)
			return MMCI_OK;
		if (!recover() || i == TRIES)
			return err;
		mmci.retries++;
	}
}

enum mmci_error mmci_read(uint32_t block, void *buf)
{
	return transfer(block, buf, NULL);
}

enum mmci_error mmci_write(uint32_t block, const void *buf)
{
	return transfer(block, NULL, buf);
}

/* ---- for messages ------------------------------------------------------------------ */

const char *mmci_error_name(enum mmci_error err)
{
	static const char *const name[MMCI_NR_ERRORS] = {
		[MMCI_OK] = "no error",
		[MMCI_NO_CARD] = "no card",
		[MMCI_VOLTAGE] = "the card does not work at 3.3 V",
		[MMCI_NOT_READY] = "the card does not finish its power-up",
		[MMCI_CSD] = "the card describes its size in an unknown way",
		[MMCI_CMD_TIMEOUT] = "no response to a command",
		[MMCI_CMD_CRC] = "a response was damaged",
		[MMCI_CARD_STATUS] = "the card reports an error",
		[MMCI_DATA_TIMEOUT] = "data timeout",
		[MMCI_DATA_CRC] = "data were damaged",
		[MMCI_START_BIT] = "data without a start bit",
		[MMCI_OVERRUN] = "FIFO overrun",
		[MMCI_UNDERRUN] = "FIFO underrun",
		[MMCI_BUSY] = "the card does not finish a write",
		[MMCI_STUCK] = "the controller does not answer",
		[MMCI_RANGE] = "beyond the card's end",
	};

	return (unsigned)err < MMCI_NR_ERRORS ? name[err] : "unknown error";
}

uint32_t mmci_card_status(void)
{
	return mmci.status;
}

uint32_t mmci_retries(void)
{
	return mmci.retries;
}
