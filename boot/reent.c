// SPDX-License-Identifier: MIT
/*
 * reent - the C library's state per core: see reent.h.
 *
 * State: reents[], each its own core's, and of that its tasks' or its handlers'.  The boot
 * core's task has the library's own, so that functions without the _r do on it what they
 * always do.
 */
#include "boot/reent.h"

#include <stdbool.h>

#include <port/port.h>

#define MODE_MASK 0x1fu
#define MODE_IRQ  0x12u

static struct {
	struct _reent task, irq;
	bool ready;
} reents[PORT_NR_CPUS];

struct _reent *core_reent(void)
{
	unsigned cpu = port_cpu_id();
	port_irqflags_t flags;
	uint32_t cpsr;

	if (!reents[cpu].ready) {
		flags = port_irq_save();
		_REENT_INIT_PTR(&reents[cpu].task);
		_REENT_INIT_PTR(&reents[cpu].irq);
		reents[cpu].ready = true;
		port_irq_restore(flags);
	}
	__asm__ volatile("mrs	%0, cpsr" : "=r"(cpsr));
	if ((cpsr & MODE_MASK) == MODE_IRQ)
		return &reents[cpu].irq;
	return cpu ? &reents[cpu].task : _GLOBAL_REENT;
}
