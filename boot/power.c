/* SPDX-License-Identifier: MIT */
/* Off, again, and the status.  See power.h.  Owns one flag, set at start-up. */
#include "boot/power.h"

#include <stdbool.h>
#include <stdint.h>

#include <port/port.h>

#include "boot/bootargs.h"
#include "boot/console.h"
#include "drivers/io.h"
#include "drivers/machine.h"

static bool semihosting;

void power_init(void)
{
	semihosting = bootarg_get("semihosting") != NULL;
}

static _Noreturn void stop(void)
{
	(void)port_irq_save();
	for (;;)
		__asm__ volatile("dsb\n\twfi" ::: "memory");
}

/* Semihosting specification (ARM DUI0471), SYS_EXIT_EXTENDED. */
static void semihosting_exit(int status)
{
	const uint32_t block[2] = {0x20026 /* ADP_Stopped_ApplicationExit */, (uint32_t)status};
	register uint32_t r0 __asm__("r0") = 0x20;
	register const uint32_t *r1 __asm__("r1") = block;

	__asm__ volatile("svc 0x123456" : "+r"(r0) : "r"(r1) : "memory", "lr");
}

_Noreturn void board_poweroff(int status)
{
	if (status)
		console_printf("power off, status %d\n", status);
	console_flush();
	if (semihosting)
		semihosting_exit(status);
	if (!machine_off()) {
		console_printf("stopped; this board does not turn itself off\n");
		console_flush();
	}
	stop();
}

_Noreturn void board_reboot(void)
{
	console_flush();
	if (!machine_reset()) {
		console_printf("stopped; this board does not reset itself\n");
		console_flush();
	}
	stop();
}

_Noreturn void board_fail(int status)
{
	console_flush();
	if (semihosting)
		semihosting_exit(status);
	console_printf("stopped; reset the board to go on\n");
	console_flush();
	stop();
}
