// SPDX-License-Identifier: MIT
/*
 * The debugging options: each does what debug.h says while it is on, costs nothing that can
 * be seen afterwards, and takes no wrong name or value.  What the reports say, and what a touch
 * of an unmapped page does, is looked at on the host.
 */
#include <string.h>

#include <buddy/highmem.h>
#include <mm/debug_state.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

#ifdef TEST_HOST
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#define VALUE_BYTES 48
#define POISON	    0xaa

/* Calls that end a function are jumps, as the entry points need it to name their caller. */
#if defined(TEST_RELEASE) || !defined(TEST_HOST)
#define CALLERS_ARE_EXACT 1
#else
#define CALLERS_ARE_EXACT 0
#endif

/* Pages are touched here that the fixture otherwise forbids: free ones. */
static void allow_free_pages(void)
{
#ifdef TEST_HOST
	for (unsigned long i = 0; i < nr_map_pages; i++)
		host_unpoison_phys((uint64_t)page_to_pfn(mem_map + i) << PAGE_SHIFT, PAGE_SIZE);
	host_log_clear();
#endif
}

static const char *value_of(const char *name)
{
	static char value[VALUE_BYTES];

	for (unsigned i = 0; mm_debug_name(i); i++)
		if (!strcmp(mm_debug_name(i), name)) {
			mm_debug_value(i, value, sizeof(value));
			return value;
		}
	return "no such option";
}

static void set(const char *name, const char *value)
{
	CHECK_EQ(mm_debug_set(name, value), 0);
}

static void all_off(void)
{
	CHECK_EQ(mm_debug_on, 0);
	for (unsigned i = 0; mm_debug_name(i); i++)
		CHECK(!strcmp(value_of(mm_debug_name(i)), "0"));
}

static bool is_full_of(struct page *page, unsigned order, uint8_t byte)
{
	bool good = true;

	for (unsigned long i = 0; i < 1UL << order; i++) {
		const uint8_t *p = kmap_local_page(page + i);

		for (unsigned long k = 0; k < PAGE_SIZE; k++)
			good &= p[k] == byte;
		kunmap_local(p);
	}
	return good;
}

static void fill_with(struct page *page, unsigned order, uint8_t byte)
{
	for (unsigned long i = 0; i < 1UL << order; i++) {
		void *p = kmap_local_page(page + i);

		memset(p, byte, PAGE_SIZE);
		kunmap_local(p);
	}
}

#define LARGEST (MAX_ORDER < 3 ? MAX_ORDER : 3U)

/* ---- names and values ---------------------------------------------------------- */

static void every_option_goes_on_and_off(void)
{
	static const char *const values[][2] = {
		{"init_on_alloc", "1"},
		{"init_on_free", "1"},
		{"page_poison", "1"},
		{"page_owner", "1"},
		{"trace", "16"},
		{"fail_page_alloc", "1000,100,0,-1"},
		{"fail_page_alloc.min_order", "1"},
		{"fail_page_alloc.ignore_gfp_wait", "1"},
	};

	allow_free_pages();
	all_off();
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *name = values[i][0];
		struct page *page;

		for (int twice = 0; twice < 2; twice++) {
			set(name, values[i][1]);
			CHECK(!strcmp(value_of(name), values[i][1]));
		}
		page = alloc_page(GFP_KERNEL);
		CHECK(page);
		CHECK_EQ(mm_check_quiet(), 0);
		__free_page(page);
		for (int twice = 0; twice < 2; twice++) {
			set(name, "0");
			all_off();
		}
		CHECK_EQ(mm_check_quiet(), 0);
		check_all_free();
	}
}

static void what_is_wrong_is_refused(void)
{
	static const struct {
		const char *name, *value;
		int err;
	} wrong[] = {
		{"", "1", -ENOENT},
		{"page_poiso", "1", -ENOENT},
		{"page_poisonn", "1", -ENOENT},
		{"PAGE_POISON", "1", -ENOENT},
		{"page_poison=1", "1", -ENOENT},
		{"page_poison", "", -EINVAL},
		{"page_poison", "2", -EINVAL},
		{"page_poison", "-1", -EINVAL},
		{"page_poison", "+1", -EINVAL},
		{"page_poison", " 1", -EINVAL},
		{"page_poison", "1 ", -EINVAL},
		{"page_poison", "on", -EINVAL},
		{"page_poison", "4294967297", -EINVAL},
		{"init_on_alloc", "0x1", -EINVAL},
		{"debug_pagealloc", "yes", -EINVAL},
		{"trace", "4097", -EINVAL},
		{"trace", "18446744073709551632", -EINVAL},
		{"trace", "16k", -EINVAL},
		{"fail_page_alloc", "1", -EINVAL},
		{"fail_page_alloc", "", -EINVAL},
		{"fail_page_alloc", "1,100,0", -EINVAL},
		{"fail_page_alloc", "1,100,0,", -EINVAL},
		{"fail_page_alloc", "1,100,0,1,", -EINVAL},
		{"fail_page_alloc", "1,100,0,-2", -EINVAL},
		{"fail_page_alloc", "1,100,0,-1x", -EINVAL},
		{"fail_page_alloc", "1,101,0,1", -EINVAL},
		{"fail_page_alloc", "0,100,0,1", -EINVAL},
		{"fail_page_alloc", "-1,100,0,1", -EINVAL},
		{"fail_page_alloc", "2147483648,100,0,1", -EINVAL},
		{"fail_page_alloc", ",,,", -EINVAL},
		{"fail_page_alloc.min_order", "15", -EINVAL},
		{"fail_page_alloc.min_order", "-1", -EINVAL},
		{"fail_page_alloc.ignore_gfp_wait", "2", -EINVAL},
	};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
#ifdef TEST_HOST
		host_log_clear();
#endif
		CHECK_EQ(mm_debug_set(wrong[i].name, wrong[i].value), wrong[i].err);
		all_off();
#ifdef TEST_HOST
		CHECK_EQ(host_log_lines(), 1);
		CHECK(host_log_has(wrong[i].err == -ENOENT ? "no such option" : "expected "));
		CHECK(host_log_has(wrong[i].name));
		CHECK(wrong[i].err == -ENOENT || host_log_has(wrong[i].value));
#endif
	}
	set("trace", "20");
	CHECK_EQ(mm_debug_set("trace", "many"), -EINVAL);
	CHECK(!strcmp(value_of("trace"), "32"));
	set("trace", "0");
}

static void values_fit_the_buffer(void)
{
	char buf[VALUE_BYTES];
	unsigned nr = 0;

	while (mm_debug_name(nr))
		nr++;
	CHECK_EQ(nr, NR_DEBUG_OPTIONS);
	CHECK(!mm_debug_name(~0U));
	set("fail_page_alloc", "12,34,2147483647,-1");
	for (unsigned size = 0; size < sizeof(buf); size++) {
		memset(buf, '#', sizeof(buf));
		mm_debug_value(OPT_FAIL, buf, size);
		CHECK_EQ(buf[size], '#');
		if (size)
			CHECK(!memcmp(buf, "12,34,2147483647,-1", strlen(buf)));
	}
	CHECK(!strcmp(value_of("fail_page_alloc"), "12,34,2147483647,-1"));
	mm_debug_value(nr, buf, sizeof(buf));
	CHECK_EQ(buf[0], 0);
	set("fail_page_alloc", "0");
}

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

/* ---- contents ------------------------------------------------------------------- */

static void init_on_alloc_zeroes(void)
{
	struct page *page;

	allow_free_pages();
	set("init_on_alloc", "1");
	for (unsigned order = 0; order <= LARGEST; order++)
		for (int again = 0; again < 3; again++) {
			page = alloc_pages(again == 2 ? GFP_KERNEL | __GFP_ZERO : GFP_KERNEL,
					   order);
			REQUIRE(page);
			CHECK(is_full_of(page, order, 0));
			fill_with(page, order, 0x5a);
			__free_pages(page, order);
		}
	set("init_on_alloc", "0");
}

static void init_on_free_zeroes(void)
{
	struct page *before, *page;

	allow_free_pages();
	before = alloc_pages(GFP_KERNEL, LARGEST);
	REQUIRE(before);
	fill_with(before, LARGEST, 0x5a);
	__free_pages(before, LARGEST);
	set("init_on_free", "1");
	CHECK(is_full_of(before, LARGEST, 0)); /* was free when it came on */
	for (unsigned order = 0; order <= LARGEST; order++) {
		page = alloc_pages(GFP_KERNEL, order);
		REQUIRE(page);
		fill_with(page, order, 0x5a);
		__free_pages(page, order);
		CHECK(is_full_of(page, order, 0));
	}
	set("init_on_free", "0");
}

/* Allocates until it gets `want`; the others go back. */
static struct page *alloc_this(struct page *want, unsigned order)
{
	struct page *got[64], *found = NULL;
	unsigned nr = 0;

	while (nr < 64 && !found) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			break;
		if (page == want)
			found = page;
		else
			got[nr++] = page;
	}
	while (nr--)
		__free_pages(got[nr], order);
	CHECK(found);
	return found;
}

/* What the log has said of poison since the last look; the target's cannot be asked. */
static void check_reported(const char *text)
{
#ifdef TEST_HOST
	CHECK_EQ(host_log_has("page_poison:"), text != NULL);
	if (text && !host_log_has(text))
		check_failed(__FILE__, __LINE__, host_log_text());
	host_log_clear();
#else
	(void)text;
#endif
}

static void poison_is_found(void)
{
	struct page *page;
	uint8_t *p;

	allow_free_pages();
	set("page_poison", "1");
	for (unsigned order = 0; order <= LARGEST; order++) {
		page = alloc_pages(GFP_KERNEL, order);
		REQUIRE(page);
		CHECK(is_full_of(page, order, POISON)); /* was free when it came on */
		fill_with(page, order, 0x5a);
		__free_pages(page, order);
		CHECK(is_full_of(page, order, POISON));
		check_reported(NULL);

		p = page_address(page + (1UL << order) - 1);
		p[PAGE_SIZE - 1] ^= 0x10;
		page = alloc_this(page, order);
		check_reported("fff, 1 bad bytes, one bit; given to ");
		REQUIRE(page);
		__free_pages(page, order);

		p = page_address(page);
		p[8] = 0x55; /* every bit */
		page = alloc_this(page, order);
		check_reported("0x55 at byte 0x8, 1 bad bytes; given to ");
		REQUIRE(page);
		__free_pages(page, order);

		p[3] = 0;
		p[4] = POISON;
		memset(p + 100, 1, 10);
		page = alloc_this(page, order);
		check_reported("0x00 at byte 0x3, 11 bad bytes; given to ");
		REQUIRE(page);
		__free_pages(page, order);
		page = alloc_this(page, order);
		check_reported(NULL);
		REQUIRE(page);
		__free_pages(page, order);
	}
	set("page_poison", "0");
	page = alloc_this(page, LARGEST);
	REQUIRE(page);
	memset(page_address(page), 1, PAGE_SIZE);
	__free_pages(page, LARGEST);
	page = alloc_this(page, LARGEST);
	check_reported(NULL);
	REQUIRE(page);
	__free_pages(page, LARGEST);
}

/* A free page cannot be both: poison wins, and what it leaves behind is zeroed. */
static void poison_goes_before_zeros(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	allow_free_pages();
	REQUIRE(page);
	set("init_on_free", "1");
	set("page_poison", "1");
	__free_page(page);
	CHECK(is_full_of(page, 0, POISON));
	set("init_on_alloc", "1");
	page = alloc_this(page, 0);
	REQUIRE(page);
	CHECK(is_full_of(page, 0, 0));
	__free_page(page);
	set("page_poison", "0");
	CHECK(is_full_of(page, 0, 0));
	set("init_on_alloc", "0");
	set("init_on_free", "0");
	check_reported(NULL);
}

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

/* ---- everything at once ------------------------------------------------------------ */

static void work(unsigned cpu, void *arg)
{
	struct rng rng = rng_seed(cpu + 1);
	struct page *page[16] = {NULL};
	unsigned order[16];

	(void)arg;
	for (unsigned i = 0; i < 400; i++) {
		unsigned k = rng_below(&rng, 16);

		if (page[k]) {
			CHECK(verify_block(page[k], order[k], k));
			__free_pages(page[k], order[k]);
			page[k] = NULL;
			continue;
		}
		order[k] = rng_below(&rng, LARGEST + 1);
		page[k] = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, order[k]);
		if (page[k]) {
			CHECK(is_full_of(page[k], order[k], 0));
			fill_block(page[k], order[k], k);
		}
	}
	for (unsigned k = 0; k < 16; k++)
		__free_pages(page[k], order[k]);
}

static void all_of_them_at_once(void)
{
	unsigned nr = test_nr_cpus();
	int unmap;

	allow_free_pages();
	unmap = mm_debug_set("debug_pagealloc", "1");
	CHECK(!unmap || unmap == -EPERM);
	set("page_owner", "1");
	set("trace", "64");
	set("page_poison", "1");
	set("init_on_free", "1");
	set("init_on_alloc", "1");
	set("fail_page_alloc", "7,50,100,-1");
	run_on_cpus(nr < 4 ? nr : 4, work, NULL);
	set("fail_page_alloc", "0");
	CHECK_EQ(mm_check_quiet(), 0);
#ifdef TEST_HOST
	check_reported(NULL);
	show_trace(0);
	show_page_owner(0);
	host_log_clear();
#endif
	set("init_on_alloc", "0");
	set("init_on_free", "0");
	set("page_poison", "0");
	set("trace", "0");
	set("page_owner", "0");
	set("debug_pagealloc", "0");
	all_off();
}

/* ---- the host alone ------------------------------------------------------------------ */

#ifdef TEST_HOST

static void on_fault(int signal)
{
	(void)signal;
	_exit(42);
}

/* In a process of its own: does a touch of the page fault? */
static bool faults(struct page *page)
{
	volatile char *p = page_address(page);
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		signal(SIGSEGV, on_fault);
		*p = 1;
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status) == 42;
}

static void a_touch_of_a_free_page_faults(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1), *held = alloc_page(GFP_KERNEL);

	allow_free_pages();
	REQUIRE(page && held);
	__free_pages(page, 1);
	CHECK(!faults(page));
	set("debug_pagealloc", "1");
	CHECK(faults(page) && faults(page + 1)); /* was free when it came on */
	CHECK(!faults(held));
	__free_page(held);
	CHECK(faults(held));
	page = alloc_this(page, 1);
	REQUIRE(page);
	CHECK(!faults(page) && !faults(page + 1));
	set("page_poison", "1"); /* fills what is not mapped */
	CHECK(faults(held));
	__free_pages(page, 1);
	CHECK(faults(page));
	page = alloc_this(page, 1);
	REQUIRE(page);
	CHECK(is_full_of(page, 1, POISON));
	check_reported(NULL);
	__free_pages(page, 1);
	set("page_poison", "0");
	CHECK(faults(page));
	set("debug_pagealloc", "0");
	CHECK(!faults(page) && !faults(held));
	CHECK_EQ(mm_check_quiet(), 0);
}

static void a_port_that_cannot_unmap(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	__free_page(page);
	host_refuse_map_pages(true);
	CHECK_EQ(mm_debug_set("debug_pagealloc", "1"), -EPERM);
	CHECK(host_log_has("cannot unmap pages"));
	all_off();
	set("trace", "16");
	CHECK_EQ(mm_debug_set("debug_pagealloc", "1"), -EPERM);
	CHECK(!strcmp(value_of("trace"), "16"));
	CHECK(!strcmp(value_of("debug_pagealloc"), "0"));
	set("trace", "0");
	host_refuse_map_pages(false);
	all_off();
	CHECK(!faults(page));
}

static void pages_without_an_address(void)
{
	const struct geometry g = {
		.ram = {{0x60000000, 128 << 20, 0}},
		.limits = {.highmem_start = 0x64000000},
	};
	struct page *page;
	uint8_t *p;

	REQUIRE(!start(&g));
	allow_free_pages();
	set("debug_pagealloc", "1");
	set("page_poison", "1");
	page = alloc_pages(GFP_HIGHUSER, 1);
	REQUIRE(page && PageHighMem(page));
	CHECK(is_full_of(page, 1, POISON));
	__free_pages(page, 1);
	p = kmap_local_page(page + 1);
	p[5] = 0xab;
	kunmap_local(p);
	for (struct page *got = NULL; got != page;) {
		got = alloc_pages(GFP_HIGHUSER, 1);
		REQUIRE(got);
		__free_pages(got, 1);
	}
	check_reported("0xab at byte 0x5, 1 bad bytes, one bit");
	set("init_on_alloc", "1");
	page = alloc_pages(GFP_HIGHUSER, 0);
	REQUIRE(page);
	CHECK(is_full_of(page, 0, 0));
	__free_page(page);
	set("init_on_alloc", "0");
	set("page_poison", "0");
	set("debug_pagealloc", "0");
}

static void no_memory_for_tables(void)
{
	struct page *all = NULL, *page;

	while ((page = alloc_page(GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOWARN))) {
		page->private = (uintptr_t)all;
		all = page;
	}
	host_log_clear();
	CHECK_EQ(mm_debug_set("page_owner", "1"), -ENOMEM);
	CHECK_EQ(mm_debug_set("trace", "16"), -ENOMEM);
	CHECK(host_log_has("page_owner=1: no memory") && host_log_has("trace=16: no memory"));
	all_off();
	/* Enough for a part of them: that goes back. */
	for (unsigned i = 0; i < 3; i++) {
		page = all;
		all = (struct page *)all->private;
		__free_page(page);
	}
	CHECK_EQ(mm_debug_set("page_owner", "1"), -ENOMEM);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), 3);
	CHECK_EQ(mm_debug_set("trace", "4096"), -ENOMEM);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), 3);
	all_off();
	while ((page = all)) {
		all = (struct page *)page->private;
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

static void what_is_deferred_is_treated_too(void)
{
	mm_policy.deferred = true;
	CHECK_EQ(start(&default_geometry), 0);
	mm_policy.deferred = false;
	host_unpoison_phys(0x60000000, 64 << 20);
	set("page_poison", "1");
	CHECK(deferred_init_done());
	fixture_begin(); /* its count of free pages was that of a part */
	all_off();
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(every_option_goes_on_and_off),
	TEST(what_is_wrong_is_refused),
	TEST(values_fit_the_buffer),
	TEST(trace_sizes_are_rounded),
	TEST(init_on_alloc_zeroes),
	TEST(init_on_free_zeroes),
	TEST(poison_is_found),
	TEST(poison_goes_before_zeros),
	TEST(page_owner_knows_who_has_it),
	TEST(show_page_owner_finds_a_leak),
	TEST(exactly_the_nth_request_fails),
	TEST(failures_have_their_limits),
	TEST(trace_keeps_what_happened_in_order),
	TEST(all_of_them_at_once),
#ifdef TEST_HOST
	TEST(a_touch_of_a_free_page_faults),
	TEST(a_port_that_cannot_unmap),
	TEST(pages_without_an_address),
	TEST(no_memory_for_tables),
	TEST(more_owners_than_room),
	TEST(a_new_start_forgets_everything),
	TEST(what_is_deferred_is_treated_too),
#endif
};
TEST_SUITE(debug, cases);
