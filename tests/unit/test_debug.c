// SPDX-License-Identifier: MIT
// NEEDS: DEBUG_HOOKS HIGHMEM
/*
 * The debugging options: names and values, what free pages are like (zeroed, poisoned,
 * unmapped), all of it at once.  What reports say, and what a touch of an unmapped page
 * does, is looked at on the host.  What is noted of requests, and requests made to fail:
 * test_debug_notes.c.
 */
#include <buddy/highmem.h>

#include "debug_fixture.h"

#ifdef TEST_HOST
#include <stdio.h>
#endif

#if BUDDY_DEBUG_HOOKS

#define POISON 0xaa

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
		check_reported("fff, 1 bad byte, one bit; given to ");
		REQUIRE(page);
		__free_pages(page, order);

		p = page_address(page);
		p[8] = 0x55; /* every bit */
		page = alloc_this(page, order);
		check_reported("0x55 at byte 0x8, 1 bad byte; given to ");
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

/* ---- everything at once ------------------------------------------------------------ */

static void work(unsigned cpu, void *arg)
{
	struct rng rng = rng_seed(cpu + 1);
	struct page *page[16] = {NULL};
	unsigned order[16];

	(void)arg;
	for (unsigned i = 0; i < 400; i++) {
		unsigned k = rng_below(&rng, 16);

#ifdef TEST_HOST
		if (cpu == 0 && i % 64 == 0) { /* while others write what it reads */
			show_trace(9);
			show_page_owner(3);
		}
#endif
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

static bool faults(struct page *page)
{
	return touch_faults(page_address(page), true);
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
	check_reported("0xab at byte 0x5, 1 bad byte, one bit");
	set("init_on_alloc", "1");
	page = alloc_pages(GFP_HIGHUSER, 0);
	REQUIRE(page);
	CHECK(is_full_of(page, 0, 0));
	__free_page(page);
	set("init_on_alloc", "0");
	set("page_poison", "0");
	set("debug_pagealloc", "0");
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
	TEST(all_is_off_at_first),
	TEST(every_option_goes_on_and_off),
	TEST(what_is_wrong_is_refused),
	TEST(values_fit_the_buffer),
	TEST(init_on_alloc_zeroes),
	TEST(init_on_free_zeroes),
	TEST(poison_is_found),
	TEST(poison_goes_before_zeros),
	TEST(all_of_them_at_once),
#ifdef TEST_HOST
	TEST(a_touch_of_a_free_page_faults),
	TEST(a_port_that_cannot_unmap),
	TEST(pages_without_an_address),
	TEST(what_is_deferred_is_treated_too),
#endif
};

#else

static void an_option_that_is_not_built_in_is_refused(void)
{
	char value[4] = "###";

	CHECK_EQ(mm_debug_set("page_poison", "1"), -ENOENT);
	CHECK(!mm_debug_name(0));
	mm_debug_value(0, value, sizeof(value));
	CHECK_EQ(value[0], 0);
}

static const struct test_case cases[] = {
	TEST(an_option_that_is_not_built_in_is_refused),
};

#endif /* BUDDY_DEBUG_HOOKS */

TEST_SUITE(debug, cases);
