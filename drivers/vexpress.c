/* SPDX-License-Identifier: MIT */
/* Versatile Express system registers.  See vexpress.h. */
#include "drivers/vexpress.h"
#include "drivers/io.h"

#define SYS_MCI	    0x048
#define SYS_24MHZ   0x05c
#define SYS_CFGDATA 0x0a0
#define SYS_CFGCTRL 0x0a4
#define SYS_CFGSTAT 0x0a8

#define MCI_WPROT (1u << 1)

#define CFG_START    (1u << 31)
#define CFG_WRITE    (1u << 30)
#define CFG_SHUTDOWN (8u << 20) /* function codes */
#define CFG_REBOOT   (9u << 20)

static uintptr_t sysreg;

void vexpress_init(uintptr_t sysreg_base)
{
	sysreg = sysreg_base;
}

uint32_t vexpress_24mhz(void)
{
	return io_read32(sysreg + SYS_24MHZ);
}

bool vexpress_card_protected(void)
{
	return io_read32(sysreg + SYS_MCI) & MCI_WPROT;
}

static void config(uint32_t function)
{
	io_write32(sysreg + SYS_CFGSTAT, 0);
	io_write32(sysreg + SYS_CFGDATA, 0);
	dsb(); /* everything else has reached its device before the lights go out */
	io_write32(sysreg + SYS_CFGCTRL, CFG_START | CFG_WRITE | function);
	dsb();
}

void vexpress_poweroff(void)
{
	config(CFG_SHUTDOWN);
}

void vexpress_reboot(void)
{
	config(CFG_REBOOT);
}
