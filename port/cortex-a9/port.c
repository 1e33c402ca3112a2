/* SPDX-License-Identifier: MIT */
/*
 * Port to the Cortex-A9 MPCore, link-time half: the image's console, its panic
 * and its calls between cores.
 *
 * Owns nothing: each function hands on to boot/.  An RTOS that links the
 * library on a Cortex-A9 takes port_impl.h as it is and brings its own three
 * functions: `make lib PORT=cortex-a9` leaves these out of libbuddy.a.
 */
#include <stdarg.h>

#include <port/port.h>

#include "boot/console.h"
#include "boot/exception.h"
#include "boot/smp.h"

void port_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	console_vprintf(fmt, ap);
	va_end(ap);
}

_Noreturn void port_panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vpanic(fmt, ap, __builtin_return_address(0));
}

bool port_run_on_cpu(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	return smp_run_on_cpu(cpu, fn, arg);
}
