/* SPDX-License-Identifier: MIT */
/* Snoop Control Unit.  See scu.h. */
#include "drivers/scu.h"
#include "drivers/io.h"

#define SCU_CTRL       0x00
#define SCU_CONFIG     0x04
#define SCU_INVALIDATE 0x0c
#define SCU_DIAG       0x30

#define CTRL_ENABLE (1u << 0)

int scu_init(uintptr_t base, int need_764369)
{
	int ok = 1;

	/* "SCU Invalidate All Registers in Secure State": 4 ways for each of 4 cores. */
	io_write32(base + SCU_INVALIDATE, 0xffff);
	dsb();
	if (need_764369) {
		/* Maintenance by address could miss lines: migratory bit off. */
		io_write32(base + SCU_DIAG, io_read32(base + SCU_DIAG) | 1u);
		ok = (int)(io_read32(base + SCU_DIAG) & 1u);
	}
	io_write32(base + SCU_CTRL, io_read32(base + SCU_CTRL) | CTRL_ENABLE);
	dsb();
	return ok;
}

unsigned scu_nr_cpus(uintptr_t base)
{
	return (io_read32(base + SCU_CONFIG) & 3u) + 1u;
}
