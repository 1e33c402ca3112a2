/* SPDX-License-Identifier: MIT */
/* Cortex-A9 global and private timer.  See a9timer.h. */
#include "drivers/a9timer.h"
#include "drivers/io.h"

#define GT_COUNT_LO 0x00
#define GT_COUNT_HI 0x04
#define GT_CTRL	    0x08

#define PT_LOAD	 0x00
#define PT_COUNT 0x04
#define PT_CTRL	 0x08
#define PT_INT	 0x0c

#define CTRL_ENABLE (1u << 0)
#define CTRL_RELOAD (1u << 1)
#define CTRL_IRQ    (1u << 2)

static uintptr_t gtimer, ptimer;
static uint32_t rate_hz = 100000000; /* until the board has measured it */

void a9timer_init(uintptr_t gtimer_base, uintptr_t ptimer_base)
{
	gtimer = gtimer_base;
	ptimer = ptimer_base;
	/* Prescaler 0, no comparator.  A loader may have it running: then it goes on. */
	io_write32(gtimer + GT_CTRL, CTRL_ENABLE);
}

void a9timer_set_rate(uint32_t hz)
{
	rate_hz = hz;
}

uint32_t a9timer_rate(void)
{
	return rate_hz;
}

uint64_t a9timer_read(void)
{
	uint32_t lo, hi, again;

	/* "Global Timer Counter Registers": high, low, high until it did not change. */
	again = io_read32(gtimer + GT_COUNT_HI);
	do {
		hi = again;
		lo = io_read32(gtimer + GT_COUNT_LO);
		again = io_read32(gtimer + GT_COUNT_HI);
	} while (again != hi);
	return (uint64_t)hi << 32 | lo;
}

uint64_t a9timer_ticks(uint32_t usec)
{
	return ((uint64_t)rate_hz * usec + 999999u) / 1000000u;
}

void a9timer_tick_start(uint32_t hz)
{
	uint32_t load = hz ? rate_hz / hz : 0;

	io_write32(ptimer + PT_CTRL, 0);
	io_write32(ptimer + PT_INT, 1);
	io_write32(ptimer + PT_LOAD, load > 1 ? load - 1 : 1);
	io_write32(ptimer + PT_CTRL, CTRL_ENABLE | CTRL_RELOAD | CTRL_IRQ);
}

void a9timer_tick_stop(void)
{
	io_write32(ptimer + PT_CTRL, 0);
	io_write32(ptimer + PT_INT, 1);
}

void a9timer_tick_ack(void)
{
	io_write32(ptimer + PT_INT, 1);
}
