/* SPDX-License-Identifier: MIT */
/*
 * Versatile Express: off and reboot, machine.h.  State: the base address.
 *
 * Source: Motherboard Express uATX TRM (DUI0447), "SYS_CFGCTRL".
 */
#include "drivers/io.h"
#include "drivers/machine.h"

#define SYS_CFGDATA 0x0a0
#define SYS_CFGCTRL 0x0a4
#define SYS_CFGSTAT 0x0a8

#define CFG_START    (1u << 31)
#define CFG_WRITE    (1u << 30)
#define CFG_SHUTDOWN (8u << 20) /* function codes */
#define CFG_REBOOT   (9u << 20)

static uintptr_t sysreg;

void machine_init(uintptr_t base)
{
	sysreg = base;
}

static void config(uint32_t function)
{
	io_write32(sysreg + SYS_CFGSTAT, 0);
	io_write32(sysreg + SYS_CFGDATA, 0);
	dsb(); /* everything else has reached its device before the lights go out */
	io_write32(sysreg + SYS_CFGCTRL, CFG_START | CFG_WRITE | function);
	dsb();
}

bool machine_off(void)
{
	config(CFG_SHUTDOWN);
	return true;
}

bool machine_reset(void)
{
	config(CFG_REBOOT);
	return true;
}
