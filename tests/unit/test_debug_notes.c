// SPDX-License-Identifier: MIT
// NEEDS: DEBUG_HOOKS ORDER_10
/*
 * The debugging options that note what happens or make it happen: page_owner, trace,
 * fail_page_alloc.  What is printed is looked at on the host.
 */
#include "debug_fixture.h"

#ifdef TEST_HOST
#include <stdio.h>
#endif

#if BUDDY_DEBUG_HOOKS

/* Calls that end a function are jumps, as the entry points need it to name their caller. */
#if defined(TEST_RELEASE) || !defined(TEST_HOST)
#define CALLERS_ARE_EXACT 1
#else
#define CALLERS_ARE_EXACT 0
#endif

/* ---- owners ---------------------------------------------------------------------- */

static __attribute__((noinline)) struct page *leak_a(gfp_t gfp, unsigned order)
{
	struct page *page = alloc_pages(gfp, order);

	__asm__ volatile("" ::: "memory"); /* a call, not a jump: the caller is here */
	return page;
}

static __attribute__((noinline)) struct page *leak_b(gfp_t gfp, unsigned order)
{
	struct page *page = alloc_pages(gfp, order);

	__asm__ volatile("" ::: "memory");
	return page;
}

static unsigned log_line_ends(void)
{
	unsigned nr = 0;

#ifdef TEST_HOST
	for (const char *p = host_log_text(); *p; p++)
		nr += *p == '\n';
	host_log_clear();
#endif
	return nr;
}

static void page_owner_knows_who_has_it(void)
{
	struct page *old = alloc_page(GFP_KERNEL), *a, *b;
	const void *caller, *caller_a;
	gfp_t gfp = 0;

	REQUIRE(old);
	CHECK(!page_owner_of(old, &caller, &gfp));
	set("page_owner", "1");
	CHECK(!page_owner_of(old, &caller, &gfp)); /* from before */
	__free_page(old);
	a = leak_a(GFP_USER, 1);
	b = leak_b(GFP_ATOMIC, 0);
	REQUIRE(a && b);
	CHECK(page_owner_of(a, &caller_a, &gfp));
	CHECK_EQ(gfp, GFP_USER);
	CHECK(!CALLERS_ARE_EXACT || (uintptr_t)caller_a - (uintptr_t)leak_a < 256);
	CHECK(page_owner_of(b, &caller, &gfp));
	CHECK_EQ(gfp, GFP_ATOMIC);
	CHECK(!CALLERS_ARE_EXACT || (uintptr_t)caller - (uintptr_t)leak_b < 256);
	CHECK(!page_owner_of(a + 1, &caller, &gfp)); /* no block */
	CHECK(!page_owner_of(mem_map + nr_map_pages, &caller, &gfp));
	split_page(a, 1);
	CHECK(page_owner_of(a + 1, &caller, &gfp));
	CHECK(caller == caller_a);
	__free_page(a + 1);
	CHECK(!page_owner_of(a + 1, &caller, &gfp));
	__free_page(b);
	CHECK(!page_owner_of(b, &caller, &gfp));
	b = alloc_this(b, 0);
	REQUIRE(b);
	CHECK(page_owner_of(b, &caller, &gfp));
	CHECK_EQ(gfp, GFP_KERNEL);
	set("page_owner", "0");
	CHECK(!page_owner_of(a, &caller, &gfp));
	__free_page(a);
	__free_page(b);
}

static void show_page_owner_finds_a_leak(void)
{
	struct page *page[12];
	const void *caller;
	char line[80] = "";
	gfp_t gfp;

	show_page_owner(0); /* off: one line */
	log_line_ends();
	set("page_owner", "1");
	for (unsigned i = 0; i < 10; i++)
		page[i] = leak_a(GFP_KERNEL, 1);
	page[10] = leak_b(GFP_KERNEL, 1);
	page[11] = leak_b(GFP_ATOMIC | __GFP_ZERO, 0);
	REQUIRE(page[0] && page[11] && page_owner_of(page[0], &caller, &gfp));
#ifdef TEST_RELEASE
	show_page_owner(0);
	snprintf(line, sizeof(line), "caller %p: 10 blocks, 20 pages, gfp GFP_KERNEL\n", caller);
	CHECK(host_log_has(line));
	CHECK(host_log_has(": 1 blocks, 2 pages, gfp GFP_KERNEL\n"));
	CHECK(host_log_has(": 1 blocks, 1 pages, gfp GFP_ATOMIC|__GFP_ZERO\n"));
	CHECK(host_log_has("caller not known: ")); /* the tables themselves */
	CHECK(strstr(host_log_text(), " 20 pages") < strstr(host_log_text(), " 2 pages,"));
	CHECK(strstr(host_log_text(), " 2 pages,") < strstr(host_log_text(), " 1 pages,"));
	CHECK_EQ(log_line_ends(), 4);
#else
	(void)line;
#endif
	show_page_owner(2);
#ifdef TEST_HOST
	CHECK_EQ(log_line_ends(), 2);
#endif
	for (unsigned i = 0; i < 11; i++)
		__free_pages(page[i], 1);
	__free_page(page[11]);
	log_line_ends();
#ifdef TEST_HOST
	show_page_owner(0);
	CHECK_EQ(log_line_ends(), 1);
#endif
	set("page_owner", "0");
}

/* ---- failures -------------------------------------------------------------------- */

#define REQUESTS 12U

/* A small workload; a bit for each request that failed.  All pages go back. */
static uint32_t workload(gfp_t gfp)
{
	struct page *page[REQUESTS];
	uint32_t failed = 0;

	for (unsigned i = 0; i < REQUESTS; i++) {
		page[i] = i % 2 ? alloc_page(gfp) : alloc_pages(gfp, i % (LARGEST + 1));
		failed |= (uint32_t)!page[i] << i;
	}
	for (unsigned i = 0; i < REQUESTS; i++)
		__free_pages(page[i], i % 2 ? 0 : i % (LARGEST + 1));
	check_all_free();
	return failed;
}

static void exactly_the_nth_request_fails(void)
{
	char value[] = "00,100,0,1";

	for (unsigned n = 1; n <= REQUESTS; n++) {
		uint32_t fails = vm_events(PGALLOC_FAIL);

		value[0] = (char)('0' + n / 10);
		value[1] = (char)('0' + n % 10);
		set("fail_page_alloc", value);
		CHECK_EQ(workload(GFP_KERNEL | __GFP_NOWARN), 1U << (n - 1));
		CHECK_EQ(workload(GFP_KERNEL | __GFP_NOWARN), 0); /* once */
		CHECK_EQ(vm_events(PGALLOC_FAIL) - fails, 1);
		set("fail_page_alloc", "0");
		CHECK_EQ(workload(GFP_KERNEL), 0);
	}
	all_off();
}

static void failures_have_their_limits(void)
{
	const gfp_t quiet = GFP_KERNEL | __GFP_NOWARN;
	uint32_t all = (1U << REQUESTS) - 1, some;
	struct page *page;

	set("fail_page_alloc", "1,100,0,-1");
	CHECK_EQ(workload(quiet), all);
	CHECK(!strcmp(value_of("fail_page_alloc"), "1,100,0,-1"));
	page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	CHECK(page);
	__free_page(page);

	set("fail_page_alloc.ignore_gfp_wait", "1");
	CHECK_EQ(workload(quiet), 0);
	CHECK_EQ(workload(GFP_ATOMIC | __GFP_NOWARN), all);
	set("fail_page_alloc.ignore_gfp_wait", "0");

	set("fail_page_alloc.min_order", "1");
	some = workload(quiet);
	for (unsigned i = 0; i < REQUESTS; i++)
		CHECK_EQ(some >> i & 1, i % 2 == 0 && i % (LARGEST + 1));
	set("fail_page_alloc.min_order", "0");

	set("fail_page_alloc", "5,100,0,-1");
	CHECK_EQ(workload(quiet), 1U << 4 | 1U << 9);
	set("fail_page_alloc", "1,100,0,3");
	CHECK_EQ(workload(quiet), 7);
	CHECK(!strcmp(value_of("fail_page_alloc"), "1,100,0,0"));
	set("fail_page_alloc", "1,0,0,-1");
	CHECK_EQ(workload(quiet), 0);
	set("fail_page_alloc", "1,50,0,-1");
	some = workload(quiet);
	CHECK(some && some != all);
	set("fail_page_alloc", "1,50,0,-1");
	CHECK_EQ(workload(quiet), some); /* the same again */

	set("fail_page_alloc", "1,100,2,-1");
	for (unsigned i = 0; i < 2; i++) {
		page = alloc_page(quiet);
		CHECK(page);
		__free_page(page);
	}
	CHECK(!strcmp(value_of("fail_page_alloc"), "1,100,0,-1"));
	CHECK(!alloc_page(quiet));
	set("fail_page_alloc", "0");
}

/* ---- trace ----------------------------------------------------------------------- */

static void trace_sizes_are_rounded(void)
{
	static const char *const sizes[][2] = {
		{"1", "16"}, {"16", "16"}, {"17", "32"}, {"100", "128"}, {"128", "128"}};

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		set("trace", sizes[i][0]);
		CHECK(!strcmp(value_of("trace"), sizes[i][1]));
	}
	set("trace", "0");
	check_all_free();
}

#ifdef TEST_HOST
/* The log's next line, cut out; NULL past the last. */
static char *next_line(const char **p)
{
	static char line[200];
	const char *end = strchr(*p, '\n');

	if (!end)
		return NULL;
	snprintf(line, sizeof(line), "%.*s", (int)(end - *p), *p);
	*p = end + 1;
	return line;
}

static void check_trace(unsigned max, unsigned want)
{
	unsigned long seq, last = 0;
	const char *p;
	char *line;
	unsigned nr = 0;

	host_log_clear();
	show_trace(max);
	for (p = host_log_text(); (line = next_line(&p)); nr++) {
		CHECK_EQ(sscanf(line, "%lu", &seq), 1);
		CHECK(!nr || seq == last + 1);
		last = seq;
	}
	CHECK_EQ(nr, want);
}
#endif

static void trace_keeps_what_happened_in_order(void)
{
	port_irqflags_t flags;
	struct page *page;

	show_trace(0); /* off: one line */
	set("trace", "16");
	page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);
	REQUIRE(page);
	flags = port_irq_save();
	port_spin_lock(&zones[0].lock); /* as a fragmentation event comes */
	trace_event(TRACE_EXTFRAG, page, 1, 0, NULL);
	port_spin_unlock(&zones[0].lock);
	port_irq_restore(flags);
	__free_pages(page, 1);
	set("fail_page_alloc", "1,100,0,1");
	CHECK(!alloc_page(GFP_ATOMIC | __GFP_NOWARN));
	set("fail_page_alloc", "0");
	show_trace(2);
#ifdef TEST_HOST
	check_trace(0, 4);
	CHECK(host_log_has("1 cpu0 alloc   order 1 pfn 0x"));
	CHECK(host_log_has(" gfp GFP_KERNEL|__GFP_ZERO\n"));
	CHECK(host_log_has("2 cpu0 extfrag order 1 pfn 0x"));
	CHECK(host_log_has("3 cpu0 free    order 1 pfn 0x"));
	CHECK(host_log_has("4 cpu0 fail    order 0 caller 0x"));
	check_trace(1, 1);
	for (unsigned i = 0; i < 40; i++)
		__free_page(alloc_page(GFP_KERNEL));
	check_trace(0, 16);
	check_trace(16, 16);
	check_trace(5, 5);
	check_trace(100, 16);
	set("trace", "128"); /* anew */
	check_trace(0, 0);
	for (unsigned i = 0; i < 60; i++) {
		play_cpu(i % 3);
		__free_page(alloc_page(GFP_KERNEL));
	}
	play_cpu(0);
	check_trace(0, 120);
	check_trace(7, 7);
	CHECK(host_log_has("cpu1") && host_log_has("cpu2"));
	host_log_clear();
#endif
	set("trace", "0");
}

/* ---- the host alone ------------------------------------------------------------------ */

#ifdef TEST_HOST

static void no_memory_for_tables(void)
{
	struct page *all = NULL, *page;

	while ((page = alloc_page(GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOWARN))) {
		page->priv = (uintptr_t)all;
		all = page;
	}
	REQUIRE(all);
	host_log_clear();
	CHECK_EQ(mm_debug_set("page_owner", "1"), -ENOMEM);
	CHECK_EQ(mm_debug_set("trace", "16"), -ENOMEM);
	CHECK(host_log_has("page_owner=1: no memory") && host_log_has("trace=16: no memory"));
	all_off();
	/* Enough for a part of them: that goes back. */
	for (unsigned i = 0; i < 3 && all; i++) {
		page = all;
		all = (struct page *)all->priv;
		__free_page(page);
	}
	CHECK_EQ(mm_debug_set("page_owner", "1"), -ENOMEM);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), 3);
	CHECK_EQ(mm_debug_set("trace", "4096"), -ENOMEM);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), 3);
	all_off();
	while ((page = all)) {
		all = (struct page *)page->priv;
		__free_page(page);
	}
}

/* More callers with different flags than there is room for: the rest is one line. */
static void more_owners_than_room(void)
{
	static const gfp_t bits[8] = {__GFP_NOWARN, __GFP_NORETRY,  __GFP_COLD,	 __GFP_IO,
				      __GFP_FS,	    __GFP_HARDWALL, __GFP_WRITE, __GFP_HIGH};
	struct page *page[256];

	set("page_owner", "1");
	for (unsigned i = 0; i < 256; i++) {
		gfp_t gfp = 0;

		for (unsigned k = 0; k < 8; k++)
			gfp |= i >> k & 1 ? bits[k] : 0;
		page[i] = alloc_page(gfp);
		REQUIRE(page[i]);
	}
	host_log_clear();
	show_page_owner(0);
	CHECK_EQ(host_log_has("other callers: "), PAGE_SIZE == 4096);
	for (unsigned i = 0; i < 256; i++)
		__free_page(page[i]);
	host_log_clear();
	set("page_owner", "0");
}

static void a_new_start_forgets_everything(void)
{
	allow_free_pages();
	set("page_owner", "1");
	set("trace", "16");
	set("fail_page_alloc", "1,100,0,-1");
	set("fail_page_alloc.min_order", "1");
	CHECK_EQ(start(&default_geometry), 0);
	all_off();
	CHECK_EQ(workload(GFP_KERNEL), 0);
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(all_is_off_at_first),
	TEST(page_owner_knows_who_has_it),
	TEST(show_page_owner_finds_a_leak),
	TEST(exactly_the_nth_request_fails),
	TEST(failures_have_their_limits),
	TEST(trace_sizes_are_rounded),
	TEST(trace_keeps_what_happened_in_order),
#ifdef TEST_HOST
	TEST(no_memory_for_tables),
	TEST(more_owners_than_room),
	TEST(a_new_start_forgets_everything),
#endif
};

#else

static void what_is_not_built_in_notes_nothing(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	const void *caller;
	gfp_t gfp;

	REQUIRE(page);
	CHECK(!page_owner_of(page, &caller, &gfp));
	show_page_owner(0);
	show_trace(0);
	__free_page(page);
}

static const struct test_case cases[] = {
	TEST(what_is_not_built_in_notes_nothing),
};

#endif /* BUDDY_DEBUG_HOOKS */

TEST_SUITE(debug_notes, cases);
