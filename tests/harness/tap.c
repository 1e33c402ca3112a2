// SPDX-License-Identifier: MIT
/*
 * The TAP harness: runs the tables of cases, prints plan, results and the
 * closing line that the runners insist on.
 *
 * State: failed, skipped and shown belong to the running case; failed and shown
 * are atomics because a case may run on several CPUs.
 *
 * Not here: main(), options and CPUs, which differ between host and target.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "tap.h"

#define SHOWN_MAX 10 /* lines of detail for one case */

static unsigned failed;
static unsigned shown;
static const char *skipped;

static bool show(void)
{
	__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
	return __atomic_fetch_add(&shown, 1, __ATOMIC_RELAXED) < SHOWN_MAX;
}

void check_failed(const char *file, int line, const char *what)
{
	if (show())
		printf("# %s:%d: failed: %s\n", file, line, what);
}

void check_failed_eq(const char *file, int line, const char *what, unsigned long got,
		     unsigned long want)
{
	if (show())
		printf("# %s:%d: failed: %s: %lu (0x%lx), not %lu (0x%lx)\n", file, line, what, got,
		       got, want, want);
}

bool test_has_failed(void)
{
	return __atomic_load_n(&failed, __ATOMIC_RELAXED) != 0;
}

void test_begin(void)
{
	failed = 0;
	shown = 0;
	skipped = NULL;
}

void test_skip(const char *why)
{
	skipped = why;
}

/* The name holds one of the texts in `only`, which | parts; all do when there is none. */
static bool chosen(const struct test_suite *suite, const struct test_case *c, const char *only)
{
	char name[160], text[160];
	size_t len;

	snprintf(name, sizeof(name), "%s: %s", suite->name, c->name);
	for (; only; only += len + (only[len] == '|')) {
		len = strcspn(only, "|");
		snprintf(text, sizeof(text), "%.*s", (int)len, only);
		if (strstr(name, text))
			return true;
		if (!only[len])
			return false;
	}
	return true;
}

static void run_case(const struct test_suite *suite, const struct test_case *c, unsigned nr)
{
	test_begin();
	fixture_begin();
	c->fn();
	fixture_end();
	printf("%s %u - %s: %s%s%s\n", failed ? "not ok" : "ok", nr, suite->name, c->name,
	       skipped && !failed ? " # SKIP " : "", skipped && !failed ? skipped : "");
}

unsigned run_suites(const struct test_suite *const *suites, unsigned nr, const char *only)
{
	unsigned planned = 0, run = 0, bad = 0;

	for (unsigned s = 0; s < nr; s++)
		for (unsigned i = 0; i < suites[s]->nr; i++)
			planned += chosen(suites[s], &suites[s]->cases[i], only);
	printf("TAP version 13\n1..%u\n", planned);
	for (unsigned s = 0; s < nr; s++) {
		for (unsigned i = 0; i < suites[s]->nr; i++) {
			if (!chosen(suites[s], &suites[s]->cases[i], only))
				continue;
			run_case(suites[s], &suites[s]->cases[i], ++run);
			bad += failed;
		}
	}
	printf("# closing: %u of %u cases run, %u failed\n", run, planned, bad);
	return bad;
}
