// SPDX-License-Identifier: MIT
/*
 * timed - the readings of the global timer made into instructions.
 *
 * State: the unit and the readings' own cost, set by timed_init(), read only
 * afterwards.  One core measures; the others wait for interrupts meanwhile, as the
 * clock counts the instructions of all cores.
 */
#include "bench/target/timed.h"

#include <board.h>
#include <port/port.h>

#include "drivers/a9timer.h"

static bool exact; /* ticks are made of instructions */
static uint32_t overhead;

static uint32_t timed_raw(uint32_t (*call)(struct timed *), void *fn)
{
	struct timed t = {.fn = fn, .timer = BOARD_GTIMER_BASE};
	port_irqflags_t flags = port_irq_save();
	uint32_t ticks = call(&t);

	port_irq_restore(flags);
	return timed_units(ticks);
}

bool timed_init(void)
{
	exact = true;
	overhead = timed_raw(timed_nothing, NULL);
	for (unsigned i = 0; i < 100; i++)
		if (timed_raw(timed_nothing, NULL) != overhead ||
		    timed_raw(timed_call, timed_1001) - overhead != 1 + 1001 ||
		    timed_raw(timed_call, timed_1) - overhead != 1 + 1)
			exact = false;
	if (exact)
		return true;
	overhead = UINT32_MAX;
	for (unsigned i = 0; i < 100; i++) {
		uint32_t ns = timed_raw(timed_nothing, NULL);

		overhead = ns < overhead ? ns : overhead;
	}
	return false;
}

uint32_t timed_units(uint64_t ticks)
{
	if (exact)
		return (uint32_t)((ticks * 10 + 64) >> 7);
	return (uint32_t)(ticks * 1000000000 / a9timer_rate());
}

uint32_t timed_open(void *fn, uintptr_t a0, uintptr_t a1, uintptr_t a2, uintptr_t *ret)
{
	struct timed t = {.fn = fn, .arg = {a0, a1, a2}, .timer = BOARD_GTIMER_BASE};
	uint32_t units = timed_units(timed_call(&t));

	if (ret)
		*ret = t.ret;
	return units > overhead ? units - overhead : 0;
}

uint32_t timed(void *fn, uintptr_t a0, uintptr_t a1, uintptr_t a2, uintptr_t *ret)
{
	port_irqflags_t flags = port_irq_save();
	uint32_t units = timed_open(fn, a0, a1, a2, ret);

	port_irq_restore(flags);
	return units;
}
