// SPDX-License-Identifier: MIT
// NEEDS: MISUSE_REPORT
/*
 * Flags that contradict themselves: served as gfp.h says, told once, and nothing else is
 * touched.
 */
#include <stdio.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

/* All bits that are in a contradiction. */
static const gfp_t bits[] = {
	__GFP_DMA,	   __GFP_HIGHMEM, __GFP_MOVABLE,
	__GFP_RECLAIMABLE, __GFP_ATOMIC,  __GFP_DIRECT_RECLAIM,
	__GFP_NOFAIL,	   __GFP_NORETRY, __GFP_RETRY_MAYFAIL,
};
#define NR_BITS (sizeof(bits) / sizeof(bits[0]))

static bool has(gfp_t gfp, gfp_t flag)
{
	return (gfp & flag) != 0;
}

/* The list of gfp.h, line by line. */
static gfp_t as_written(gfp_t gfp)
{
	if (has(gfp, __GFP_MOVABLE) && has(gfp, __GFP_RECLAIMABLE))
		gfp &= ~(__GFP_MOVABLE | __GFP_RECLAIMABLE);
	if (has(gfp, __GFP_DMA) && has(gfp, __GFP_HIGHMEM))
		gfp &= ~__GFP_HIGHMEM;
	if (has(gfp, __GFP_ATOMIC) && has(gfp, __GFP_DIRECT_RECLAIM))
		gfp &= ~__GFP_ATOMIC;
	if (has(gfp, __GFP_NOFAIL) && !has(gfp, __GFP_DIRECT_RECLAIM))
		gfp &= ~__GFP_NOFAIL;
	if (has(gfp, __GFP_NOFAIL) && (has(gfp, __GFP_NORETRY) || has(gfp, __GFP_RETRY_MAYFAIL)))
		gfp &= ~(__GFP_NORETRY | __GFP_RETRY_MAYFAIL);
	return gfp;
}

/* Whatever else is set, and whatever is not. */
static void every_combination_is_settled_as_written(void)
{
	gfp_t relevant = 0, rest;

	for (unsigned i = 0; i < NR_BITS; i++)
		relevant |= bits[i];
	rest = __GFP_BITS_MASK & ~relevant;
	for (unsigned combination = 0; combination < 1U << NR_BITS; combination++) {
		gfp_t gfp = 0, want;

		for (unsigned i = 0; i < NR_BITS; i++)
			gfp |= combination >> i & 1 ? bits[i] : 0;
		want = as_written(gfp);
		CHECK_EQ(gfp_contradicts(gfp), want != gfp);
		CHECK_EQ(gfp_contradicts(gfp | rest), want != gfp);
		CHECK_EQ(gfp_settle(gfp, NULL), want);
		CHECK_EQ(gfp_settle(gfp | rest, NULL), want | rest);
		CHECK(!gfp_contradicts(want) && !gfp_contradicts(want | rest));
	}
	CHECK(!gfp_contradicts(rest));
	gfpflags_init();
}

static void the_usual_combinations_are_left_alone(void)
{
	for (unsigned i = 0; gfp_name(i); i++) {
		gfp_t gfp = gfp_flag(i);

		if (gfp == __GFP_NOFAIL) /* needs somebody who may wait */
			continue;
		CHECK(!gfp_contradicts(gfp));
		CHECK(!gfp_contradicts(gfp | __GFP_ZERO | __GFP_NOWARN | __GFP_COMP));
	}
	CHECK(!gfp_contradicts(GFP_KERNEL | __GFP_NOFAIL));
	CHECK(!gfp_contradicts(GFP_KERNEL | __GFP_NORETRY | __GFP_RETRY_MAYFAIL));
	CHECK(!gfp_contradicts(__GFP_MEMALLOC | __GFP_NOMEMALLOC));
}

#ifdef TEST_HOST

static unsigned told(gfp_t gfp, const char *what, const char *served)
{
	char caller[32];

	snprintf(caller, sizeof(caller), "gfp 0x%x from %p", (unsigned)gfp, (void *)bits);
	host_log_clear();
	gfp_settle(gfp, bits);
	if (host_log_lines())
		CHECK(host_log_has(what) && host_log_has(served) && host_log_has(caller));
	return host_log_lines();
}

/* One after the other, each with a line of its own, and that only once. */
static void each_kind_is_told_once(void)
{
	static const struct {
		gfp_t gfp;
		const char *what, *served;
	} kind[] = {
		{GFP_KERNEL | __GFP_MOVABLE | __GFP_RECLAIMABLE,
		 "__GFP_MOVABLE with __GFP_RECLAIMABLE", "as unmovable"},
		{GFP_HIGHUSER | __GFP_DMA, "__GFP_DMA with __GFP_HIGHMEM", "from ZONE_DMA only"},
		{GFP_ATOMIC | __GFP_DIRECT_RECLAIM, "__GFP_ATOMIC with __GFP_DIRECT_RECLAIM",
		 "without __GFP_ATOMIC"},
		{GFP_NOWAIT | __GFP_NOFAIL, "__GFP_NOFAIL without __GFP_DIRECT_RECLAIM",
		 "without __GFP_NOFAIL"},
		{GFP_KERNEL | __GFP_NOFAIL | __GFP_NORETRY, "__GFP_NOFAIL with __GFP_NORETRY",
		 "as __GFP_NOFAIL"},
	};

	for (unsigned boot = 0; boot < 2; boot++) {
		gfpflags_init();
		for (unsigned i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
			CHECK_EQ(told(kind[i].gfp, kind[i].what, kind[i].served), 1);
			CHECK_EQ(told(kind[i].gfp, kind[i].what, kind[i].served), 0);
		}
	}
	/* the same kind in another shape */
	CHECK_EQ(told(GFP_KERNEL | __GFP_NOFAIL | __GFP_RETRY_MAYFAIL, "", ""), 0);
	gfpflags_init();
}

/* Several in one request are several mistakes. */
static void all_kinds_of_a_request_are_told(void)
{
	gfpflags_init();
	host_log_clear();
	CHECK_EQ(gfp_settle(__GFP_BITS_MASK, NULL), as_written(__GFP_BITS_MASK));
	CHECK_EQ(host_log_lines(), 4); /* NOFAIL is with or without */
	gfpflags_init();
}

static void settle_on_a_cpu(unsigned cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	for (unsigned i = 0; i < 1000; i++)
		CHECK_EQ(gfp_settle(GFP_DMA | __GFP_HIGHMEM, NULL), GFP_DMA);
}

static void many_cpus_tell_it_once(void)
{
	gfpflags_init();
	host_log_clear();
	run_on_cpus(test_nr_cpus(), settle_on_a_cpu, NULL);
	CHECK_EQ(host_log_lines(), 1);
	gfpflags_init();
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(every_combination_is_settled_as_written),
	TEST(the_usual_combinations_are_left_alone),
#ifdef TEST_HOST
	TEST(each_kind_is_told_once),
	TEST(all_kinds_of_a_request_are_told),
	TEST(many_cpus_tell_it_once),
#endif
};
TEST_SUITE(gfpflags, cases);
