// SPDX-License-Identifier: MIT
// HOST ONLY
/*
 * The memory card's driver against a controller and a card that keep to the specifications
 * more closely than QEMU's (mmci_card.h): every kind of card, every way to fail.
 */
#include <stdint.h>
#include <string.h>

#include "mmci_card.h"

/* ---- cases ------------------------------------------------------------------------- */

static void every_kind_of_card_is_made_ready(void)
{
	for (unsigned kind = SD_V1; kind <= SDHC; kind++) {
		insert((enum kind)kind);
		CHECK_EQ(mmci_init(BASE, MCLK), MMCI_OK);
		CHECK_EQ(mmci_nr_blocks(), kind == SDHC ? 8u << 20 : 2u << 20);
		CHECK_EQ(sim.state, TRAN);
		CHECK_EQ(bus_hz(), 12000000);
		check_broken();
	}
}

/* Sizes from the specification's formula, done by hand. */
static void sizes_are_read(void)
{
	static const struct {
		uint32_t csd[4], nr_blocks;
	} t[] = {
		{{0x00000000, 9u << 16, 0, 0}, 4},
		{{0x00000000, 9u << 16 | 0x3ff, 3u << 30 | 7u << 15, 0}, 4096u << 9},
		{{0x00000000, 10u << 16 | 0x3ff, 3u << 30 | 7u << 15, 0}, 4096u << 10},
		{{0x00000000, 11u << 16 | 0x3ff, 3u << 30 | 7u << 15, 0}, 4096u << 11},
		{{0x00000000, 9u << 16 | 0x001, 1u << 30 | 2u << 15, 0}, 6u << 4},
		{{0x00000000, 8u << 16, 0, 0}, 0},
		{{0x00000000, 12u << 16, 0, 0}, 0},
		{{0x40000000, 0, 0, 0}, 1024},
		{{0x40000000, 0, 0x1fff0000, 0}, 8192u << 10},
		{{0x40000000, 0x3f, 0xfffe0000, 0}, 0xfffffc00},
		{{0x40000000, 0x3f, 0xffff0000, 0}, 0xffffffff},
		{{0x80000000, 9u << 16, 0, 0}, 0},
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		CHECK_EQ(csd_nr_blocks(t[i].csd), t[i].nr_blocks);
	insert(SDHC);
	sim.csd[0] = 0x80000000;
	CHECK_EQ(mmci_init(BASE, MCLK), MMCI_CSD);
}

static void blocks_come_and_go_whole(void)
{
	uint32_t buf[128], want[128];

	for (unsigned kind = SD_V1; kind <= SDHC; kind++) {
		start_with((enum kind)kind, NOTHING, 0);
		for (unsigned b = 0; b < NR_BLOCKS; b++) {
			CHECK_EQ(mmci_read(b, buf), MMCI_OK);
			CHECK(!memcmp(buf, sim.block[b], 512));
		}
		for (unsigned b = 0; b < NR_BLOCKS; b += 3) {
			for (unsigned i = 0; i < 128; i++)
				want[i] = b << 16 ^ i * 40503u;
			CHECK_EQ(mmci_write(b, want), MMCI_OK);
			CHECK_EQ(sim.state, TRAN);
			CHECK(!memcmp(want, sim.block[b], 512));
			CHECK_EQ(mmci_read(b, buf), MMCI_OK);
			CHECK(!memcmp(want, buf, 512));
		}
		CHECK_EQ(mmci_retries(), 0);
		check_broken();
	}
}

/* As long as one block's 4096 bits and 17 of CRC take, and a little. */
static void interrupts_are_off_for_one_block(void)
{
	uint32_t buf[128] = {0};

	start_with(SD_V2, NOTHING, 0);
	CHECK_EQ(mmci_read(1, buf), MMCI_OK);
	CHECK_EQ(mmci_write(2, buf), MMCI_OK);
	CHECK(sim.irqs_off_most > 200 * TICKS_PER_US);
	CHECK(sim.irqs_off_most < 360 * TICKS_PER_US);
	CHECK(!sim.irqs_off);
}

static const struct {
	enum fault fault;
	bool write;
	enum mmci_error err;
} transfer_faults[] = {
	{COMMAND_LOST, false, MMCI_CMD_TIMEOUT}, {COMMAND_LOST, true, MMCI_CMD_TIMEOUT},
	{COMMAND_DAMAGED, false, MMCI_CMD_CRC},	 {COMMAND_DAMAGED, true, MMCI_CMD_CRC},
	{STATUS_ERROR, false, MMCI_CARD_STATUS}, {STATUS_ERROR, true, MMCI_CARD_STATUS},
	{DATA_LATE, false, MMCI_DATA_TIMEOUT},	 {DATA_DAMAGED, false, MMCI_DATA_CRC},
	{DATA_DAMAGED, true, MMCI_DATA_CRC},	 {NO_START_BIT, false, MMCI_START_BIT},
	{INTERRUPT, false, MMCI_OVERRUN},	 {STALLED, true, MMCI_DATA_TIMEOUT},
};

static enum mmci_error do_transfer(bool write, uint32_t *buf)
{
	return write ? mmci_write(5, buf) : mmci_read(5, buf);
}

static void what_fails_once_is_done_again(void)
{
	uint32_t buf[128], want[128];

	for (unsigned i = 0; i < sizeof(transfer_faults) / sizeof(transfer_faults[0]); i++) {
		start_with(SDHC, transfer_faults[i].fault, 1);
		for (unsigned k = 0; k < 128; k++)
			want[k] = buf[k] = transfer_faults[i].write ? k * 77 : sim.block[5][k];
		if (!transfer_faults[i].write)
			memset(buf, 0, sizeof(buf));
		CHECK_EQ(do_transfer(transfer_faults[i].write, buf), MMCI_OK);
		CHECK_EQ(sim.times, 0);
		CHECK_EQ(mmci_retries(), 1);
		CHECK(!memcmp(buf, want, 512) && !memcmp(sim.block[5], want, 512));
		check_broken();
	}
}

static void what_fails_always_is_named_in_time(void)
{
	uint32_t buf[128] = {0};
	uint64_t start;

	for (unsigned i = 0; i < sizeof(transfer_faults) / sizeof(transfer_faults[0]); i++) {
		start_with(SD_V2, transfer_faults[i].fault, 1000000);
		start = sim.now;
		CHECK_EQ(do_transfer(transfer_faults[i].write, buf), transfer_faults[i].err);
		CHECK(sim.now - start < 4ull * 1000000 * TICKS_PER_US);
		/* A card whose every response reports an error is left alone. */
		CHECK_EQ(mmci_retries(), transfer_faults[i].fault == STATUS_ERROR ? 0 : TRIES - 1);
		CHECK(!sim.irqs_off);
		if (transfer_faults[i].err == MMCI_CARD_STATUS)
			CHECK(mmci_card_status() & 1u << 19);
		/* And when it works again, it works. */
		sim.times = 0;
		CHECK_EQ(mmci_read(7, buf), MMCI_OK);
		CHECK(!memcmp(buf, sim.block[7], 512));
		check_broken();
	}
}

static void a_card_that_does_not_finish_is_named(void)
{
	uint32_t buf[128] = {0};

	start_with(SD_V2, BUSY_FOR_EVER, 1);
	CHECK_EQ(mmci_write(3, buf), MMCI_BUSY);
	CHECK_EQ(mmci_retries(), 0);
	check_broken();
}

/* Not filled in time: what nobody can do to the driver, whose interrupts are off. */
static void an_underrun_is_named(void)
{
	CHECK_EQ(data_error(TX_UNDERRUN), MMCI_UNDERRUN);
	CHECK_EQ(data_error(RX_OVERRUN | DATA_CRC_FAIL), MMCI_OVERRUN);
	CHECK_EQ(data_error(0), MMCI_DATA_TIMEOUT);
}

static void a_start_that_fails_is_named(void)
{
	static const struct {
		enum fault fault;
		enum mmci_error err;
	} t[] = {
		{NO_SLOT, MMCI_NO_CARD},       {DEAD, MMCI_STUCK},
		{NEVER_READY, MMCI_NOT_READY}, {WRONG_VOLTAGE, MMCI_VOLTAGE},
		{WRONG_ECHO, MMCI_VOLTAGE},
	};
	uint32_t buf[128];

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		insert(SD_V2);
		sim.fault = t[i].fault;
		CHECK_EQ(mmci_init(BASE, MCLK), t[i].err);
		CHECK(sim.now < 1300ull * 1000 * TICKS_PER_US);
		CHECK_EQ(sim.power, POWER_OFF);
		CHECK_EQ(mmci_nr_blocks(), 0);
		CHECK_EQ(mmci_read(0, buf), MMCI_NO_CARD);
		check_broken();
	}
}

static void nothing_is_asked_of_a_card_beyond_its_end(void)
{
	uint32_t buf[128] = {0}, before;

	start_with(SD_V1, NOTHING, 0);
	before = sim.commands;
	CHECK_EQ(mmci_read(2u << 20, buf), MMCI_RANGE);
	CHECK_EQ(mmci_write(0xffffffff, buf), MMCI_RANGE);
	CHECK_EQ(sim.commands, before);
}

static void every_error_has_a_name_of_its_own(void)
{
	for (unsigned i = 0; i < MMCI_NR_ERRORS; i++)
		for (unsigned k = 0; k < i; k++)
			CHECK(strcmp(mmci_error_name((enum mmci_error)i),
				     mmci_error_name((enum mmci_error)k)));
	CHECK(!strcmp(mmci_error_name(MMCI_NR_ERRORS), "unknown error"));
}

static const struct test_case cases[] = {
	TEST(every_kind_of_card_is_made_ready),
	TEST(sizes_are_read),
	TEST(blocks_come_and_go_whole),
	TEST(interrupts_are_off_for_one_block),
	TEST(what_fails_once_is_done_again),
	TEST(what_fails_always_is_named_in_time),
	TEST(a_card_that_does_not_finish_is_named),
	TEST(an_underrun_is_named),
	TEST(a_start_that_fails_is_named),
	TEST(nothing_is_asked_of_a_card_beyond_its_end),
	TEST(every_error_has_a_name_of_its_own),
};
TEST_SUITE(mmci, cases);
