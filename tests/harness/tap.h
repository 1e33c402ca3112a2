/* SPDX-License-Identifier: MIT */
/*
 * A tiny TAP harness that is the same on a workstation and on the target: it
 * needs printf() of the plain formats and nothing else.
 *
 * A test file ends with a table of its cases:
 *
 *	static void case_08_no_merge_past_the_largest_order(void) { ... }
 *
 *	static const struct test_case cases[] = {
 *		TEST(case_08_no_merge_past_the_largest_order),
 *		...
 *	};
 *	TEST_SUITE(buddy, cases);
 *
 * and is compiled as a program of its own on the host (host_main.c) and into
 * the test image together with all others (target_main.c).  What needs a memory
 * of its own making (fixture.h) is compiled for the host only, #ifdef TEST_HOST.
 *
 * Before each case fixture_begin() runs, after it fixture_end(): it counts the
 * pages and validates the allocator, so a case that leaks or breaks something
 * fails even where it does not look.
 *
 * State: the running case's verdict, written by check_failed() from any CPU.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdbool.h>
#include <stdint.h>

struct test_case {
	const char *name;
	void (*fn)(void);
};

struct test_suite {
	const char *name;
	const struct test_case *cases;
	unsigned nr;
};

#define TEST(fn_)         \
	{                 \
#fn_, fn_ \
	}
#define TEST_SUITE(name_, cases_)                                \
	const struct test_suite suite_##name_ = {#name_, cases_, \
						 sizeof(cases_) / sizeof((cases_)[0])}

/* Runs all cases whose "suite: name" holds a text of `only` (A|B; NULL: all); how many failed. */
unsigned run_suites(const struct test_suite *const *suites, unsigned nr, const char *only);

/* The running case has failed: prints where and what.  Any CPU. */
void check_failed(const char *file, int line, const char *what);
void check_failed_eq(const char *file, int line, const char *what, unsigned long got,
		     unsigned long want);
bool test_has_failed(void);

/* A new case begins: no failure yet.  For programs that are not a table of cases. */
void test_begin(void);

/* The running case is reported as skipped (unless it fails). */
void test_skip(const char *why);

/* A number that the run was started with: `name=123` as argument or bootarg; else dflt. */
unsigned long test_option(const char *name, unsigned long dflt);

/* Records a failure and goes on. */
#define CHECK(cond)                                              \
	do {                                                     \
		if (!(cond))                                     \
			check_failed(__FILE__, __LINE__, #cond); \
	} while (0)

#define CHECK_EQ(got, want)                                                                  \
	do {                                                                                 \
		unsigned long got_ = (unsigned long)(got), want_ = (unsigned long)(want);    \
                                                                                             \
		if (got_ != want_)                                                           \
			check_failed_eq(__FILE__, __LINE__, #got " == " #want, got_, want_); \
	} while (0)

/* Records a failure and leaves the function. */
#define REQUIRE(cond)                                            \
	do {                                                     \
		if (!(cond)) {                                   \
			check_failed(__FILE__, __LINE__, #cond); \
			return;                                  \
		}                                                \
	} while (0)

/* ---- random numbers: the same sequence everywhere for the same seed ------- */

struct rng {
	uint32_t s;
};

static inline struct rng rng_seed(uint32_t seed)
{
	/* neighbouring seeds must not give neighbouring sequences */
	seed = (seed ^ 61) ^ (seed >> 16);
	seed *= 9;
	seed ^= seed >> 4;
	seed *= 0x27d4eb2d;
	seed ^= seed >> 15;
	return (struct rng){seed ? seed : 1};
}

static inline uint32_t rng_next(struct rng *r)
{
	r->s ^= r->s << 13;
	r->s ^= r->s >> 17;
	r->s ^= r->s << 5;
	return r->s;
}

/* 0 to n - 1 */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (rng_next(r) >> 4) % n;
}

#endif /* TESTS_TAP_H */
