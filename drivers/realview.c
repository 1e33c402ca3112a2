/* SPDX-License-Identifier: MIT */
/*
 * RealView PBX: reset, machine.h.  Power is a switch on the board.  State: the base address.
 *
 * Source: RealView Platform Baseboard Explore for Cortex-A9 user guide (DUI0440), "status
 * and system control registers": SYS_LOCK, SYS_RESETCTL.
 */
#include "drivers/io.h"
#include "drivers/machine.h"

#define SYS_LOCK     0x020
#define SYS_RESETCTL 0x040

#define LOCK_KEY       0xa05fu
#define RESETCTL_RESET (1u << 2)
#define RESETCTL_LEVEL 4u /* power-on reset */

static uintptr_t sysreg;

void machine_init(uintptr_t base)
{
	sysreg = base;
}

bool machine_off(void)
{
	return false;
}

bool machine_reset(void)
{
	dsb();
	io_write32(sysreg + SYS_LOCK, LOCK_KEY);
	io_write32(sysreg + SYS_RESETCTL, 0);
	io_write32(sysreg + SYS_RESETCTL, RESETCTL_RESET | RESETCTL_LEVEL);
	dsb();
	return true;
}
