/* SPDX-License-Identifier: MIT */
/*
 * The memory card's driver, compiled in, on a controller and a card of ours: commands and
 * words take their time on the bus, the FIFO holds 16 words and no more, and whatever can go
 * wrong does so when it is told to.  What the driver must not do (a clock too fast for a
 * card that is not identified, a register written too early, a command before the card is
 * awake) is noted in sim.broken.
 *
 * Time: sim.now, in ticks of 10 ns; it goes on with each access of a register and each look
 * at the clock.  State: sim, the running case's.  One thread.
 */
#ifndef TESTS_MMCI_CARD_H
#define TESTS_MMCI_CARD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

/* ---- the driver, on registers of ours -------------------------------------------------- */

#define DRIVERS_IO_H /* no drivers/io.h */

static uint32_t io_read32(uintptr_t addr);
static void io_write32(uintptr_t addr, uint32_t value);
static uint32_t irq_off(void);
static void irq_restore(uint32_t flags);

#include "drivers/mmci.c" // NOLINT(bugprone-suspicious-include): its registers are ours

/* ---- controller and card ----------------------------------------------------------- */

#define BASE	     0x10005000u
#define MCLK	     24000000u
#define TICKS_PER_US 100u
#define FIFO_WORDS   16u
#define NR_BLOCKS    32u
#define REG_PAUSE    21u /* 3 MCLK and 2 PCLK of 24 MHz, in ticks */

enum kind { SD_V1, SD_V2, SDHC };
enum card_state { IDLE, READY, IDENT, STBY, TRAN, DATA, RCV, PRG };
enum phase { QUIET, RX_WAIT, RX, TX_WAIT, TX, CRC };

/* What goes wrong, `times` times. */
enum fault {
	NOTHING,
	NO_SLOT, /* nobody answers */
	DEAD,	 /* the controller does nothing */
	COMMAND_LOST,
	COMMAND_DAMAGED,
	STATUS_ERROR,
	DATA_LATE, /* later than the data timer */
	DATA_DAMAGED,
	NO_START_BIT,
	INTERRUPT, /* a long handler, just when data arrive */
	STALLED,   /* the card takes no more data */
	BUSY_FOR_EVER,
	NEVER_READY,
	WRONG_VOLTAGE,
	WRONG_ECHO,
};

static struct {
	uint64_t now, irqs_off_since, irqs_off_most;
	const char *broken;
	enum kind kind;
	enum fault fault;
	unsigned times;
	bool irqs_off;
	/* registers */
	uint32_t power, clock, arg, timer, length, ctrl, status, resp[4];
	uint64_t written[0x30]; /* when */
	/* command and data on the bus */
	uint64_t awake, command_end, next, data_timeout;
	uint32_t command_status; /* what its end sets; 0: none is running */
	enum phase phase;
	bool to_card;
	uint32_t fifo[FIFO_WORDS];
	unsigned head, nr_fifo, words;
	/* card */
	enum card_state state;
	bool app, illegal;
	uint64_t ready, programmed;
	uint32_t at, csd[4], commands;
	uint32_t block[NR_BLOCKS][128];
} sim;

static void broken(const char *what)
{
	if (!sim.broken)
		sim.broken = what;
}

/* True as often as the fault has been ordered. */
static bool fails(enum fault fault)
{
	if (sim.fault != fault || !sim.times)
		return false;
	sim.times--;
	return true;
}

static uint32_t bus_hz(void)
{
	return MCLK / (2 * ((sim.clock & 0xff) + 1));
}

static uint64_t bits(unsigned nr)
{
	return (uint64_t)nr * TICKS_PER_US * 1000000 / bus_hz();
}

static void push(uint32_t word)
{
	sim.fifo[(sim.head + sim.nr_fifo++) % FIFO_WORDS] = word;
}

static uint32_t pop(void)
{
	sim.nr_fifo--;
	return sim.fifo[sim.head++ % FIFO_WORDS];
}

static void data_ends(uint32_t status)
{
	sim.status |= status;
	sim.phase = QUIET;
}

/* One word, or what follows the last. */
static void data_step(void)
{
	if (sim.words == 128) {
		sim.phase = CRC;
		sim.next += bits(17);
	} else if (sim.phase == RX && sim.nr_fifo == FIFO_WORDS) {
		data_ends(RX_OVERRUN);
	} else if (sim.phase == RX) {
		push(sim.block[sim.at][sim.words++]);
		sim.next += bits(32);
	} else if (!sim.nr_fifo) {
		data_ends(TX_UNDERRUN);
	} else {
		sim.block[sim.at][sim.words++] = pop();
		sim.next += bits(32);
	}
}

static void crc_step(void)
{
	if (fails(DATA_DAMAGED)) {
		data_ends(DATA_CRC_FAIL);
	} else if (fails(NO_START_BIT)) {
		data_ends(START_BIT_ERR);
	} else {
		data_ends(DATA_BLOCK_END);
		sim.state = sim.to_card ? PRG : TRAN;
		sim.programmed = sim.now + 1000 * TICKS_PER_US;
		if (fails(BUSY_FOR_EVER))
			sim.programmed = UINT64_MAX;
	}
}

static void advance(uint64_t ticks)
{
	enum phase before;

	sim.now += ticks;
	if (sim.command_status && sim.now >= sim.command_end) {
		sim.status |= sim.command_status;
		sim.command_status = 0;
	}
	if (sim.state == PRG && sim.now >= sim.programmed)
		sim.state = TRAN;
	if (sim.phase == TX_WAIT && sim.nr_fifo) {
		sim.phase = TX;
		sim.next = sim.now + bits(32);
	}
	if (sim.phase == RX_WAIT && sim.state == DATA && sim.next > sim.data_timeout &&
	    sim.now >= sim.data_timeout)
		data_ends(DATA_TIMEOUT);
	do {
		before = sim.phase;
		if (sim.phase == RX_WAIT && sim.state == DATA && sim.now >= sim.next)
			sim.phase = RX;
		while ((sim.phase == RX || sim.phase == TX) && sim.now >= sim.next)
			data_step();
		if (sim.phase == CRC && sim.now >= sim.next)
			crc_step();
	} while (sim.phase != before);
}

/* R1, or nothing when the command is not one for this state. */
static uint32_t short_answer(enum card_state from, enum card_state to)
{
	uint32_t r1 = (uint32_t)sim.state << 9;

	if (sim.state != from) {
		sim.illegal = true;
		return CMD_TIMEOUT;
	}
	sim.resp[0] = r1 | (sim.state == PRG ? 0 : STATUS_READY) | (sim.illegal ? 1u << 22 : 0);
	if (fails(STATUS_ERROR))
		sim.resp[0] |= 1u << 19;
	sim.illegal = false;
	sim.state = to;
	return CMD_RESP_END;
}

static void address_block(void)
{
	if (sim.kind != SDHC && sim.arg % 512)
		broken("a card that is addressed in bytes got no whole block");
	sim.at = sim.kind == SDHC ? sim.arg : sim.arg / 512;
	if (sim.at >= NR_BLOCKS)
		broken("beyond the blocks that there are");
	sim.at %= NR_BLOCKS;
	sim.words = 0;
}

static uint32_t read_command(void)
{
	uint32_t status = short_answer(TRAN, DATA);

	if (status != CMD_RESP_END)
		return status;
	if (sim.phase != RX_WAIT)
		broken("a read without a controller that waits for data");
	address_block();
	sim.next = sim.now + 300 * TICKS_PER_US;
	if (fails(DATA_LATE))
		sim.next = UINT64_MAX;
	return status;
}

static uint32_t app_command(unsigned index)
{
	sim.app = false;
	if (index != 41 || sim.state != IDLE)
		return CMD_TIMEOUT;
	if (sim.kind != SDHC || sim.arg & OCR_CAPACITY) {
		sim.resp[0] = sim.fault == WRONG_VOLTAGE ? 0x80 : 0x00ff8000;
		if (sim.now >= sim.ready && sim.fault != NEVER_READY) {
			sim.resp[0] |= OCR_READY | (sim.kind == SDHC ? OCR_CAPACITY : 0);
			sim.state = READY;
		}
	}
	return CMD_CRC_FAIL; /* R3 */
}

static uint32_t answer_of(unsigned index)
{
	uint32_t status = CMD_TIMEOUT;

	if (index == 0) {
		sim.state = IDLE;
		return CMD_SENT;
	}
	if (sim.app)
		return app_command(index);
	switch (index) {
	case 8:
		if (sim.kind == SD_V1) {
			sim.illegal = true;
			return CMD_TIMEOUT;
		}
		sim.resp[0] = sim.fault == WRONG_ECHO ? 0x155 : sim.arg;
		return CMD_RESP_END;
	case 55:
		sim.app = true;
		return short_answer(sim.state, sim.state);
	case 2:
		status = short_answer(READY, IDENT);
		break;
	case 3:
		status = short_answer(IDENT, STBY);
		sim.resp[0] = 0x45670000;
		break;
	case 9:
		status = short_answer(STBY, STBY);
		memcpy(sim.resp, sim.csd, sizeof(sim.resp));
		break;
	case 7:
		status = short_answer(STBY, TRAN);
		break;
	case 13:
		status = short_answer(sim.state, sim.state);
		break;
	case 16:
		status = sim.arg == 512 ? short_answer(TRAN, TRAN) : CMD_TIMEOUT;
		break;
	case 17:
		return read_command();
	case 24:
		status = short_answer(TRAN, RCV);
		address_block();
		break;
	case 12:
		status = short_answer(sim.state == DATA ? DATA : RCV, TRAN);
		break;
	}
	if ((index == 9 || index == 7 || index == 13) && sim.arg != 0x45670000)
		return CMD_TIMEOUT; /* not this card's address */
	return status;
}

static void start_command(uint32_t value)
{
	const unsigned index = value & 0x3f;

	if (!(value & COMMAND_ENABLE) || sim.fault == DEAD)
		return;
	sim.commands++;
	if (sim.command_status)
		broken("a command while one is running");
	if (sim.power != POWER_ON || !(sim.clock & CLOCK_ENABLE) || sim.now < sim.awake)
		broken("a command before the card is awake");
	if (bus_hz() > (sim.state < STBY ? ID_HZ : CARD_HZ))
		broken("a clock that is too fast");
	sim.command_status = index && sim.fault == NO_SLOT ? CMD_TIMEOUT : answer_of(index);
	if (index == 0 && sim.fault == NO_SLOT)
		sim.command_status = CMD_SENT;
	if (index == 17 || index == 24) {
		if (fails(COMMAND_LOST))
			sim.command_status = CMD_TIMEOUT;
		else if (fails(COMMAND_DAMAGED))
			sim.command_status = CMD_CRC_FAIL;
	}
	if (!!(value & COMMAND_LONG) != (index == 2 || index == 9))
		broken("a response of the wrong length");
	sim.command_end = sim.now + bits(48 + 8 + (value & COMMAND_LONG ? 136 : 48));
}

static void start_phase(uint32_t value)
{
	sim.ctrl = value;
	sim.nr_fifo = 0;
	sim.phase = QUIET;
	if (!(value & DATA_ENABLE))
		return;
	if (value >> 4 != 9 || sim.length != 512)
		broken("no block of 512 bytes");
	sim.to_card = !(value & DATA_FROM_CARD);
	sim.phase = sim.to_card ? TX_WAIT : RX_WAIT;
	sim.data_timeout = sim.now + (uint64_t)sim.timer * 100000000 / bus_hz();
	if (sim.to_card && sim.state != RCV)
		broken("data for a card that does not expect any");
	if (sim.to_card && fails(STALLED))
		sim.phase = QUIET;
}

static uint32_t io_read32(uintptr_t addr)
{
	const unsigned reg = (unsigned)(addr - BASE);

	advance(8);
	if (reg >= MCIFIFO) {
		if (!sim.nr_fifo)
			broken("a read of an empty FIFO");
		return sim.nr_fifo ? pop() : 0;
	}
	if (reg >= MCIRESPONSE0 && reg < MCIRESPONSE0 + 16)
		return sim.resp[(reg - MCIRESPONSE0) / 4];
	if (reg == MCISTATUS)
		return sim.status | (sim.nr_fifo == FIFO_WORDS ? TX_FIFO_FULL : 0) |
		       (sim.nr_fifo && !sim.to_card ? RX_DATA_AVLBL : 0);
	broken("a read of another register");
	return 0;
}

static void io_write32(uintptr_t addr, uint32_t value)
{
	const unsigned reg = (unsigned)(addr - BASE);

	advance(8);
	if (reg >= MCIFIFO) {
		if (sim.nr_fifo == FIFO_WORDS)
			broken("a write to a full FIFO");
		else
			push(value);
		return;
	}
	if (reg == MCIPOWER || reg == MCICLOCK || reg == MCICOMMAND || reg == MCIDATACTRL) {
		if (sim.written[reg / 4] && sim.now < sim.written[reg / 4] + REG_PAUSE)
			broken("a register written too early");
		sim.written[reg / 4] = sim.now;
	}
	switch (reg) {
	case MCIPOWER:
		if (value == POWER_ON && sim.power != POWER_UP)
			broken("on without power-up");
		sim.power = value;
		break;
	case MCICLOCK:
		if (!(sim.clock & CLOCK_ENABLE)) {
			sim.clock = value;
			sim.awake = sim.now + 1000 * TICKS_PER_US + bits(74);
		}
		sim.clock = value;
		break;
	case MCIARGUMENT:
		sim.arg = value;
		break;
	case MCICOMMAND:
		start_command(value);
		break;
	case MCIDATATIMER:
		sim.timer = value;
		break;
	case MCIDATALENGTH:
		sim.length = value;
		break;
	case MCIDATACTRL:
		start_phase(value);
		break;
	case MCICLEAR:
		sim.status &= ~value;
		break;
	}
}

static uint32_t irq_off(void)
{
	CHECK(!sim.irqs_off);
	sim.irqs_off = true;
	sim.irqs_off_since = sim.now;
	return 1;
}

static void irq_restore(uint32_t flags)
{
	CHECK_EQ(flags, 1);
	sim.irqs_off = false;
	if (sim.now - sim.irqs_off_since > sim.irqs_off_most)
		sim.irqs_off_most = sim.now - sim.irqs_off_since;
}

uint64_t a9timer_read(void)
{
	advance(4);
	/* The handler comes a moment before the first word. */
	if (!sim.irqs_off && sim.phase == RX_WAIT && sim.state == DATA &&
	    sim.now + 2 * bits(32) > sim.next && fails(INTERRUPT))
		advance(bits(32) * 30);
	return sim.now;
}

uint64_t a9timer_ticks(uint32_t usec)
{
	return (uint64_t)usec * TICKS_PER_US;
}

/* ---- cards ------------------------------------------------------------------------- */

/* 1 GiB as version 1 says it; 4 GiB as version 2 does. */
static const uint32_t csd_1g[4] = {0x002f0032, 0x5f59c000 | 0x3ff, 0xc0000000 | 7 << 15, 0};
static const uint32_t csd_4g[4] = {0x400e0032, 0x5b590000, 0x1fff7f80, 0};

static void insert(enum kind kind)
{
	memset(&sim, 0, sizeof(sim));
	memset(&mmci, 0, sizeof(mmci));
	sim.now = 12345;
	sim.kind = kind;
	sim.ready = 20000 * TICKS_PER_US;
	memcpy(sim.csd, kind == SDHC ? csd_4g : csd_1g, sizeof(sim.csd));
	for (unsigned i = 0; i < NR_BLOCKS * 128; i++)
		sim.block[i / 128][i % 128] = i * 2654435761u;
}

/* Puts the fault in when the card has been made ready. */
static void start_with(enum kind kind, enum fault fault, unsigned times)
{
	insert(kind);
	CHECK_EQ(mmci_init(BASE, MCLK), MMCI_OK);
	sim.fault = fault;
	sim.times = times;
}

static void check_broken(void)
{
	if (sim.broken)
		check_failed(__FILE__, __LINE__, sim.broken);
}

#endif /* TESTS_MMCI_CARD_H */
