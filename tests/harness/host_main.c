// SPDX-License-Identifier: MIT
/*
 * main() of a unit test program on the host: -DSUITE=suite_name is the one
 * suite in it.  Arguments: `only=TEXT` chooses cases, `name=number` is what
 * test_option() gives.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

extern const struct test_suite SUITE;

static char **args;

static const char *option_text(const char *name)
{
	size_t n = strlen(name);

	for (char **a = args; a && *a; a++)
		if (!strncmp(*a, name, n) && (*a)[n] == '=')
			return *a + n + 1;
	return NULL;
}

unsigned long test_option(const char *name, unsigned long dflt)
{
	const char *text = option_text(name);

	return text ? strtoul(text, NULL, 0) : dflt;
}

int main(int argc, char **argv)
{
	const struct test_suite *suites[] = {&SUITE};

	(void)argc;
	args = argv + 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	return run_suites(suites, 1, option_text("only")) != 0;
}
