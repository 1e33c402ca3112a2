/* SPDX-License-Identifier: MIT */
/*
 * A store to the motherboard's LED register opens this core's region of interest,
 * the next one closes it: that is how the plugins tools/a9mem and bench/irqoff.c
 * know what to count.  On a board a light goes on and off.
 */
#ifndef BENCH_REGION_H
#define BENCH_REGION_H

#include <stdint.h>

#include <board.h>

static inline void region_toggle(void)
{
	/* SYS_LED: Motherboard Express uATX TRM (DUI0447), "register summary". */
#ifdef BOARD_SYSREG_BASE
	*(volatile uint32_t *)(BOARD_SYSREG_BASE + 8) = 0;
#endif
	__asm__ volatile("" ::: "memory");
}

#endif /* BENCH_REGION_H */
