// SPDX-License-Identifier: MIT
/*
 * main() of one program with all suites of mm/ on the host, for configurations in which
 * many are built and each runs once (tests/configs.py).  Arguments: the suite's name, then
 * as host_main.c; without any the names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

extern const struct test_suite *const all_suites[];

static char **args;

unsigned long test_option(const char *name, unsigned long dflt)
{
	size_t n = strlen(name);

	for (char **a = args; *a; a++)
		if (!strncmp(*a, name, n) && (*a)[n] == '=')
			return strtoul(*a + n + 1, NULL, 0);
	return dflt;
}

int main(int argc, char **argv)
{
	args = argv + (argc > 1 ? 2 : 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (const struct test_suite *const *s = all_suites; *s; s++) {
		if (argc < 2)
			puts((*s)->name);
		else if (!strcmp((*s)->name, argv[1]))
			return run_suites(s, 1, NULL) != 0;
	}
	if (argc > 1)
		fprintf(stderr, "%s: no such suite\n", argv[1]);
	return argc > 1 ? 2 : 0;
}
