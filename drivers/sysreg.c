/* SPDX-License-Identifier: MIT */
/* System registers of ARM's motherboards.  See sysreg.h. */
#include "drivers/sysreg.h"
#include "drivers/cpu_release.h"
#include "drivers/io.h"
#include "drivers/refclock.h"

#define SYS_FLAGS    0x030
#define SYS_FLAGSSET 0x030
#define SYS_FLAGSCLR 0x034
#define SYS_MCI	     0x048
#define SYS_24MHZ    0x05c

#define MCI_WPROT (1u << 1)

static uintptr_t sysreg;

void refclock_init(uintptr_t base)
{
	sysreg = base;
}

uint32_t refclock_read(void)
{
	return io_read32(sysreg + SYS_24MHZ);
}

bool sysreg_card_protected(void)
{
	return io_read32(sysreg + SYS_MCI) & MCI_WPROT;
}

void cpu_release_init(uintptr_t base)
{
	sysreg = base;
}

void cpu_release(unsigned cpu, uint32_t entry)
{
	(void)cpu;
	/*
	 * Once, before anyone is woken: a pen may drop the interrupt that finds no flag.  A
	 * device register: nothing to clean, and the SGI's DSB orders it.
	 */
	if (io_read32(sysreg + SYS_FLAGS) == entry)
		return;
	io_write32(sysreg + SYS_FLAGSCLR, 0xffffffff);
	io_write32(sysreg + SYS_FLAGSSET, entry);
}
