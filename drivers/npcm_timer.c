/* SPDX-License-Identifier: MIT */
/*
 * NPCM7xx timer module 0: timer 0 as a clock of 12.5 MHz (refclock.h), the watchdog as a reset
 * of the chip (machine.h).  State: the base address, and the counter made longer.
 *
 * Source: Linux 6.1 drivers/clocksource/timer-npcm7xx.c, drivers/watchdog/npcm_wdt.c, for
 * the registers: the chip's manual is not public.
 */
#include "drivers/io.h"
#include "drivers/machine.h"
#include "drivers/refclock.h"

#define TCSR0 0x00
#define TICR0 0x08
#define TDR0  0x10
#define WTCR  0x1c

#define TCSR_PERIODIC (1u << 27)
#define TCSR_ENABLE   (1u << 30)
#define TCSR_BY_2     1u /* prescaler: 25 MHz / (1 + 1) */
#define COUNT_MASK    0xffffffu
#define WTCR_RESET    (1u << 0) /* counter back to 0 */
#define WTCR_RESET_ON (1u << 1)
#define WTCR_ENABLE   (1u << 7)

static uintptr_t timer;
static uint32_t last, sum;

void refclock_init(uintptr_t base)
{
	timer = base;
	io_write32(timer + TCSR0, 0);
	io_write32(timer + TICR0, COUNT_MASK);
	io_write32(timer + TCSR0, TCSR_PERIODIC | TCSR_ENABLE | TCSR_BY_2);
	last = io_read32(timer + TDR0) & COUNT_MASK;
}

/* It counts down, 24 bits: read at least every 1.3 s while a time is taken. */
uint32_t refclock_read(void)
{
	uint32_t now = io_read32(timer + TDR0) & COUNT_MASK;

	sum += (last - now) & COUNT_MASK;
	last = now;
	return sum;
}

void machine_init(uintptr_t base)
{
	timer = base;
}

bool machine_off(void)
{
	return false;
}

bool machine_reset(void)
{
	dsb();
	/* The shortest time there is, 2^14 cycles: at once, for a person. */
	io_write32(timer + WTCR, WTCR_ENABLE | WTCR_RESET_ON | WTCR_RESET);
	dsb();
	return true;
}
