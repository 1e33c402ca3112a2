/* SPDX-License-Identifier: MIT */
/*
 * Zynq-7000 system-level control registers: a reset of the processing system, machine.h.
 * Power is the board's.  State: the base address.
 *
 * Source: Zynq-7000 Technical Reference Manual (UG585), "System-Level Control Registers":
 * SLCR_UNLOCK, PSS_RST_CTRL, REBOOT_STATUS.
 */
#include "drivers/io.h"
#include "drivers/machine.h"

#define SLCR_UNLOCK   0x008
#define PSS_RST_CTRL  0x200
#define REBOOT_STATUS 0x258

#define UNLOCK_KEY 0xdf0du
#define SOFT_RST   (1u << 0)
#define STATE_MASK 0x0f000000u /* what the BootROM would take for an error of its own */

static uintptr_t slcr;

void machine_init(uintptr_t base)
{
	slcr = base;
}

bool machine_off(void)
{
	return false;
}

bool machine_reset(void)
{
	dsb();
	io_write32(slcr + SLCR_UNLOCK, UNLOCK_KEY);
	io_write32(slcr + REBOOT_STATUS, io_read32(slcr + REBOOT_STATUS) & ~STATE_MASK);
	io_write32(slcr + PSS_RST_CTRL, SOFT_RST);
	dsb();
	return true;
}
