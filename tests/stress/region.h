/* SPDX-License-Identifier: MIT */
/*
 * What the stress tests ask of the machine: interrupts that come at any moment,
 * and marks for the tools that watch from outside.
 */
#ifndef TESTS_REGION_H
#define TESTS_REGION_H

#include <stdbool.h>
#include <stdint.h>

#ifdef TEST_HOST

#include "../../port/host/host.h"

/* This CPU's interrupts run handler(cpu) from now on, or no more. */
static inline void region_irqs(bool on, void (*handler)(unsigned cpu), uint32_t seed)
{
	if (on)
		host_irq_set_handler(handler);
	host_irq_set_rate(on ? 50 : 0, seed);
}

static inline void region_mark(void)
{
}

#else

#include <board.h>
#include <boot/smp.h>

static inline void region_irqs(bool on, void (*handler)(unsigned cpu), uint32_t seed)
{
	if (on)
		tick_hook = handler;
}

/* Opens and closes this core's region for tools/a9mem's plugins: a store to the LEDs. */
static inline void region_mark(void)
{
#ifdef BOARD_SYSREG_BASE
	*(volatile uint32_t *)(BOARD_SYSREG_BASE + 8) = 0;
#endif
}

#endif

#endif /* TESTS_REGION_H */
