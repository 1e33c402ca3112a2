// SPDX-License-Identifier: MIT
/*
 * debugargs - the boot arguments that turn the allocator's debugging options on.
 *
 * Each option of buddy/debug.h is an argument of the same name; what its value may
 * be says, and refuses on the console, mm_debug_set().  They are taken in the order of that
 * list, so that requests are made to fail only when the tables are there.
 *
 * State: none.  Context: boot core, the others not yet started, so that nobody
 * allocates while free pages are treated.
 *
 * Not here: the line itself (bootargs.c), the monitor's `debug` (commands_debug.c).
 */
#include <buddy/debug.h>

#include "boot/boot.h"
#include "boot/bootargs.h"

void debug_from_bootargs(void)
{
	const char *name, *value;

	for (unsigned i = 0; (name = mm_debug_name(i)); i++) {
		value = bootarg_get(name);
		if (value)
			mm_debug_set(name, value);
	}
}
