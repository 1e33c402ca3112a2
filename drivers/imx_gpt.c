/* SPDX-License-Identifier: MIT */
/*
 * i.MX6 General Purpose Timer as a clock of 3 MHz, the crystal's 24 MHz by 8: refclock.h.
 * State: the base address.
 *
 * Source: i.MX 6Dual/6Quad Reference Manual (IMX6DQRM), "General Purpose Timer (GPT)":
 * GPT_CR, "operating mode".
 */
#include "drivers/io.h"
#include "drivers/refclock.h"

#define GPT_CR	0x00
#define GPT_PR	0x04
#define GPT_IR	0x0c
#define GPT_CNT 0x24

#define CR_EN	     (1u << 0)
#define CR_CLK_24M_8 (5u << 6)
#define CR_FREE_RUN  (1u << 9)
#define CR_SWR	     (1u << 15) /* clears itself */

#define RESET_SPIN 100000u

static uintptr_t gpt;

void refclock_init(uintptr_t base)
{
	uint32_t i;

	gpt = base;
	/* "Initialization": off, interrupts off, reset, source while it is off, on. */
	io_write32(gpt + GPT_CR, 0);
	io_write32(gpt + GPT_IR, 0);
	io_write32(gpt + GPT_CR, CR_SWR);
	for (i = 0; i < RESET_SPIN && io_read32(gpt + GPT_CR) & CR_SWR; i++)
		;
	io_write32(gpt + GPT_PR, 0);
	io_write32(gpt + GPT_CR, CR_CLK_24M_8 | CR_FREE_RUN);
	io_write32(gpt + GPT_CR, CR_CLK_24M_8 | CR_FREE_RUN | CR_EN);
}

uint32_t refclock_read(void)
{
	return io_read32(gpt + GPT_CNT);
}
