/* SPDX-License-Identifier: MIT */
/*
 * Errata by MIDR (case 56a).  See errata.h; the code that sets the bits is
 * cpu_errata in start.S, whose ranges must agree with the table here.
 *
 * A bit that does not stick (an emulator, or a core in the non-secure world,
 * where the secure firmware has to do it) is named and left at that.
 *
 * Source: Cortex-A9 MPCore Software Developers Errata Notice (UAN0009 rev. D),
 * "summary of errata" for the ranges.  No state.
 */
#include "boot/errata.h"

#include <stddef.h>

#include "boot/console.h"

static const struct erratum {
	uint32_t number;
	uint8_t first, last; /* 0xVR for rVpR, inclusive */
	uint32_t diag;	     /* bits of the diagnostic register; 0: see how */
	const char *how;
} errata[] = {
	{742230, 0x10, 0x22, 1u << 4, "DMB made strong"},
	{742231, 0x20, 0x22, 1u << 12 | 1u << 22, "no hit on lines on their way out"},
	{743622, 0x20, 0x2f, 1u << 6, "store buffer merging off"},
	{751472, 0x00, 0x2f, 1u << 11, "broadcast maintenance waits"},
	{643719, 0x00, 0x0f, 0, "not met: CLIDR.LoUIS is not used"},
	{720789, 0x00, 0x1f, 0, "not met: no TLB operation by ASID"},
	{754322, 0x20, 0x3f, 0, "not met: one ASID, never switched"},
};

static uint32_t midr(void)
{
	uint32_t v;

	__asm__ volatile("mrc p15, 0, %0, c0, c0, 0" : "=r"(v));
	return v;
}

static bool is_a9(void)
{
	return (midr() >> 4 & 0xfff) == 0xc09;
}

bool errata_need_764369(void)
{
	return is_a9(); /* every revision of the MPCore */
}

void errata_report(bool scu_bit_stuck)
{
	uint32_t id = midr(), rev = (id >> 16 & 0xf0) | (id & 0xf), diag;
	size_t i;

	console_printf("cpu: Cortex-A9 r%up%u (MIDR %08x)\n", (unsigned)(rev >> 4),
		       (unsigned)(rev & 0xf), (unsigned)id);
	if (!is_a9()) {
		console_printf("errata: not a Cortex-A9, none applied\n");
		return;
	}
	__asm__ volatile("mrc p15, 0, %0, c15, c0, 1" : "=r"(diag));
	for (i = 0; i < sizeof(errata) / sizeof(errata[0]); i++) {
		const struct erratum *e = &errata[i];

		if (rev < e->first || rev > e->last)
			continue;
		if (e->diag && (diag & e->diag) != e->diag)
			console_printf("erratum %u: skipped, the diagnostic register cannot be "
				       "written here\n",
				       (unsigned)e->number);
		else
			console_printf("erratum %u: %s\n", (unsigned)e->number, e->how);
	}
	console_printf("erratum 764369: %s\n",
		       scu_bit_stuck ? "SCU waits for maintenance by address"
				     : "skipped, the SCU's bit cannot be written here");
}
