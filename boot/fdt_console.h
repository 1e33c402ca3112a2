/* SPDX-License-Identifier: MIT */
/*
 * Which UART the device tree wants the console on: /chosen/stdout-path.
 */
#ifndef BOOT_FDT_CONSOLE_H
#define BOOT_FDT_CONSOLE_H

#include <boot/fdt.h>

struct fdt_console {
	uint32_t base; /* as the CPUs see it */
	uint32_t irq;  /* the interrupt controller's ID; 0: the tree does not say */
};

/*
 * Follows `path` (/chosen/stdout-path: a path or an alias, options after a colon) to a
 * UART that is compatible with one of `compatible`, which NULL ends.  0; else -ENOENT or
 * -EINVAL, and *why is a clause for the console.  Pure, any context.
 */
int fdt_console(const struct fdt *t, const char *path, const char *const *compatible,
		struct fdt_console *console, const char **why);

#endif /* BOOT_FDT_CONSOLE_H */
