/* SPDX-License-Identifier: MIT */
/*
 * i.MX6 System Reset Controller: cores 1 to 3 out of reset, cpu_release.h.  State: the base
 * address.
 *
 * A core that comes out of reset runs the boot ROM, which finds it is not the first and
 * goes to the address in its general purpose register, with the argument next to it in r0.
 *
 * Source: i.MX 6Dual/6Quad Reference Manual (IMX6DQRM), "System Reset Controller (SRC)":
 * SRC_SCR, SRC_GPR1 and following; "System Boot", "multicore".
 */
#include "drivers/cpu_release.h"
#include "drivers/io.h"

#define SRC_SCR		   0x00
#define SRC_GPR_ENTRY(n)   (0x20 + 8 * (n))
#define SRC_GPR_ARG(n)	   (0x24 + 8 * (n))
#define SCR_CORE_RST(n)	   (1u << (13 + (n))) /* clears itself */
#define SCR_CORE_ENABLE(n) (1u << (21 + (n)))

#define NR_CORES   4u
#define RESET_SPIN 100000u

static uintptr_t src;

void cpu_release_init(uintptr_t base)
{
	src = base;
}

void cpu_release(unsigned cpu, uint32_t entry)
{
	uint32_t i;

	if (!cpu || cpu >= NR_CORES)
		return;
	io_write32(src + SRC_GPR_ENTRY(cpu), entry);
	io_write32(src + SRC_GPR_ARG(cpu), 0);
	dsb(); /* both are there, and what the core will fetch, before it is let go */
	io_write32(src + SRC_SCR,
		   io_read32(src + SRC_SCR) | SCR_CORE_ENABLE(cpu) | SCR_CORE_RST(cpu));
	for (i = 0; i < RESET_SPIN && io_read32(src + SRC_SCR) & SCR_CORE_RST(cpu); i++)
		;
}
