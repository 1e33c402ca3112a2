/* SPDX-License-Identifier: MIT */
/*
 * Template of a port, link-time half: three functions to fill with what the
 * system has.  As they stand they are complete for a system that has neither a
 * console nor a second core.
 *
 * Owns the one per-CPU pointer of port_impl.h.
 */
#include <port/port.h>

void *port_template_percpu;

/*
 * One line, or part of one, for the log: vprintf(), vsnprintf() into a ring
 * buffer, or nothing at all, as here.  May be called with interrupts off.
 */
void port_log(const char *fmt, ...)
{
	(void)fmt;
}

/* The allocator found its own state broken: stop, where a debugger can see it. */
_Noreturn void port_panic(const char *fmt, ...)
{
	(void)fmt;
	(void)port_irq_save();
	for (;;)
		port_cpu_relax();
}

/*
 * There is no other core.  With others, but without interrupts between them,
 * false is still right: the allocator then leaves the pages in that core's
 * cache for the core itself to drain.
 */
bool port_run_on_cpu(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	(void)cpu;
	(void)fn;
	(void)arg;
	return false;
}
