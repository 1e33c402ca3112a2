/* SPDX-License-Identifier: MIT */
/*
 * Lines about what is wrong in a device tree, for those who judge its values
 * (fdt_scan.c, fdt_policy.c).
 *
 *	fdt_complain(facts, "fdt: %.64s: no reg, left out\n", fdt_name(t, node));
 *
 * Each is counted in facts->nr_warnings.  A tree may have more wrong than anyone
 * would read: after FDT_MAX_LINES the rest is only counted.
 *
 * State: the count.  Context: start-up, one CPU, no lock.
 */
#ifndef BOOT_FDT_COMPLAIN_H
#define BOOT_FDT_COMPLAIN_H

#include <boot/fdt.h>
#include <port/port.h>

#define FDT_MAX_LINES 50

/* Counts a complaint; false when there were so many that the console is spared. */
static inline bool fdt_may_say(struct fdt_facts *facts)
{
	unsigned n = ++facts->nr_warnings;

	if (n == FDT_MAX_LINES + 1)
		port_log("fdt: more is wrong than is worth showing\n");
	return n <= FDT_MAX_LINES;
}

#define fdt_complain(facts, ...)               \
	do {                                   \
		if (fdt_may_say(facts))        \
			port_log(__VA_ARGS__); \
	} while (0)

#endif /* BOOT_FDT_COMPLAIN_H */
