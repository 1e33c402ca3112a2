/* SPDX-License-Identifier: MIT */
/*
 * i.MX6 watchdog: a reset of the chip, machine.h.  Power is the board's: none here.
 * State: the base address.
 *
 * Source: i.MX 6Dual/6Quad Reference Manual (IMX6DQRM), "Watchdog Timer (WDOG)": WDOG_WCR.
 * Registers of 16 bits, which may not be written in pairs.
 */
#include "drivers/io.h"
#include "drivers/machine.h"

#define WDOG_WCR 0x00

#define WCR_WDE (1u << 2)
/* SRS, bit 4: 0 is a reset now. */
#define WCR_WDA (1u << 5) /* 0: the pin that tells the board */

static uintptr_t wdog;

void machine_init(uintptr_t base)
{
	wdog = base;
}

bool machine_off(void)
{
	return false;
}

bool machine_reset(void)
{
	unsigned i;

	dsb();
	/* Three times: erratum ERR004346, one write may be lost (within a cycle of 32 kHz). */
	for (i = 0; i < 3; i++)
		io_write16(wdog + WDOG_WCR, WCR_WDE | WCR_WDA);
	dsb();
	return true;
}
