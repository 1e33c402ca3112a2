// SPDX-License-Identifier: MIT
/*
 * The test image's program, chosen by the boot argument mode=test: all suites
 * that were linked in (the list is made by tests.mk), one after the other.
 *
 * Boot arguments: test.only=TEXT|TEXT... chooses cases, test.NAME=NUMBER is what test_option()
 * is asked for (ops, seed).
 */
#include <stddef.h>
#include <stdio.h>

#include <boot/boot.h>
#include <boot/bootargs.h>

#include "tap.h"

/* Made by the build: pointers to all suites, then NULL. */
extern const struct test_suite *const all_suites[];

int test_main(void);

unsigned long test_option(const char *name, unsigned long dflt)
{
	char full[32];

	snprintf(full, sizeof(full), "test.%s", name);
	return bootarg_uint(full, (unsigned)dflt);
}

int test_main(void)
{
	unsigned nr = 0;

	while (all_suites[nr])
		nr++;
	return run_suites(all_suites, nr, bootarg_get("test.only")) ? 1 : 0;
}
