/* SPDX-License-Identifier: MIT */
/*
 * Exynos 4210 power management unit: the second core (cpu_release.h); off and reset
 * (machine.h).  State: the base address.
 *
 * The second core is powered, and then runs the boot ROM, which waits until INFORM5 holds
 * an address (revision 1.1; the first one had that word in on-chip memory, 0x02025000).
 *
 * Source: Exynos 4210 user's manual, "Power Management Unit": SWRESET, INFORM5,
 * ARM_CORE1_CONFIGURATION and _STATUS, PS_HOLD_CONTROL; Linux 6.1
 * arch/arm/mach-exynos/platsmp.c for what the boot ROM does.
 */
#include "drivers/cpu_release.h"
#include "drivers/io.h"
#include "drivers/machine.h"

#define SWRESET		0x0400
#define INFORM5		0x0814
#define CORE_CONFIG(n)	(0x2000 + 0x80 * (n))
#define CORE_STATUS(n)	(0x2004 + 0x80 * (n))
#define PS_HOLD_CONTROL 0x330c

#define CORE_ON	    3u
#define PS_HOLD_OUT (1u << 8) /* 0: the power chip turns everything off */
#define NR_CORES    2u
#define POWER_SPIN  1000000u

static uintptr_t pmu;

void cpu_release_init(uintptr_t base)
{
	pmu = base;
}

void cpu_release(unsigned cpu, uint32_t entry)
{
	uint32_t i;

	if (!cpu || cpu >= NR_CORES)
		return;
	io_write32(pmu + INFORM5, entry);
	dsb(); /* it is there before the core looks */
	if ((io_read32(pmu + CORE_STATUS(cpu)) & CORE_ON) != CORE_ON) {
		io_write32(pmu + CORE_CONFIG(cpu), CORE_ON);
		for (i = 0;
		     i < POWER_SPIN && (io_read32(pmu + CORE_STATUS(cpu)) & CORE_ON) != CORE_ON;
		     i++)
			;
	}
	__asm__ volatile("dsb\n\tsev" ::: "memory");
}

void machine_init(uintptr_t base)
{
	pmu = base;
}

bool machine_off(void)
{
	dsb();
	io_write32(pmu + PS_HOLD_CONTROL, io_read32(pmu + PS_HOLD_CONTROL) & ~PS_HOLD_OUT);
	dsb();
	return true;
}

bool machine_reset(void)
{
	dsb();
	io_write32(pmu + SWRESET, 1);
	dsb();
	return true;
}
