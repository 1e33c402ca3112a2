/* SPDX-License-Identifier: MIT */
/*
 * Cores that wait, in WFE or WFI, for one word to become an address: cpu_release.h.  The word
 * is BOARD_RELEASE_BASE, in a register or in on-chip memory:
 *
 *	Zynq-7000	0xfffffff0, on-chip memory (UG585, "Starting Code on CPU 1")
 *	NPCM7xx		0xf080013c, SCRPAD (Linux 6.1 arch/arm/mach-npcm/platsmp.c)
 *	Exynos 4210	0x10020814, INFORM5 (Linux 6.1 arch/arm/mach-exynos/platsmp.c)
 *
 * It is mapped as a device, so that the store goes past the caches, which hold no line of
 * it: start.S has cleaned and dropped what the loader left.  All who wait look at the one
 * word.  State: its address.
 */
#include "drivers/cpu_release.h"
#include "drivers/io.h"

static uintptr_t word;

void cpu_release_init(uintptr_t base)
{
	word = base;
}

void cpu_release(unsigned cpu, uint32_t entry)
{
	(void)cpu;
	io_write32(word, entry);
	dsb(); /* "Wait For Event and Send Event" (ARMv7-A ARM): the store before the event */
	__asm__ volatile("sev" ::: "memory");
}
