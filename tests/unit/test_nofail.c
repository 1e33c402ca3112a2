// SPDX-License-Identifier: MIT
// HOST ONLY
/*
 * Requests that must not fail, and those that give up early.
 */
#include <mm/internal.h>

#include "../harness/hoard.h"

static unsigned asked, asked_order;
static gfp_t asked_gfp;
static unsigned gives; /* times that the handler finds something */

/* Frees one page a time. */
static bool find_a_page(unsigned order, uint32_t gfp)
{
	struct page *page = hoard;

	asked++;
	asked_order = order;
	asked_gfp = gfp;
	if (!gives || !page)
		return false;
	gives--;
	hoard = page->mapping;
	__free_pages(page, (unsigned)page->index);
	return true;
}

static void all_out(void)
{
	asked = 0;
	hoard_all(GFP_KERNEL | __GFP_MEMALLOC, 0);
	CHECK_EQ(nr_free_pages(), 0);
	host_oom_set_handler(find_a_page);
}

static void nofail_asks_until_there_is_enough(void)
{
	/* down to three eighths of min: as many, and the one */
	unsigned long min = zones[0].watermark[WMARK_MIN], half = min - min / 2;
	unsigned long deep = half - half / 4;
	struct page *page;

	all_out();
	gives = ~0U;
	page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	REQUIRE(page);
	CHECK_EQ(asked, deep + 1);
	CHECK_EQ(asked_order, 0);
	CHECK_EQ(asked_gfp, GFP_KERNEL | __GFP_NOFAIL);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), deep);
	__free_page(page);
	hoard_give_all();
}

static void nofail_of_an_order_waits_for_a_block(void)
{
	struct page *page;

	all_out();
	gives = ~0U;
	page = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 3);
	REQUIRE(page);
	CHECK(asked >= 8);
	CHECK_EQ(asked_order, 3);
	__free_pages(page, 3);
	hoard_give_all();
	CHECK_EQ(vm_events(PGALLOC_FAIL), 1); /* all_out()'s last one */
}

static void must_have(void *arg)
{
	alloc_pages(GFP_KERNEL | __GFP_NOFAIL, *(unsigned *)arg);
}

static void nofail_panics_when_nothing_is_left(void)
{
	for (unsigned order = 0; order <= MAX_ORDER; order += MAX_ORDER) {
		all_out();
		gives = 3;
		CHECK(host_panics(must_have, &order));
		CHECK_EQ(asked, 4);
		CHECK_EQ(start(&default_geometry), 0);
		hoard = NULL;
	}
}

static void who_may_not_never_asks(void)
{
	static const gfp_t gfp[] = {GFP_NOIO,
				    GFP_NOFS,
				    GFP_NOWAIT,
				    GFP_ATOMIC,
				    GFP_KERNEL | __GFP_RETRY_MAYFAIL,
				    GFP_KERNEL | __GFP_NORETRY,
				    GFP_KERNEL | __GFP_THISNODE,
				    GFP_KERNEL | GFP_DMA,
				    GFP_NOWAIT | __GFP_MEMALLOC,
				    GFP_ATOMIC | __GFP_NOFAIL /* served without NOFAIL */};

	all_out();
	gives = ~0U;
	for (unsigned i = 0; i < sizeof(gfp) / sizeof(gfp[0]); i++)
		CHECK(!alloc_page(gfp[i] | __GFP_NOWARN));
	if (MAX_ORDER > 3)
		CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, 4));
	CHECK_EQ(asked, 0);
	hoard_give_all();
}

/* Not for ever: what it frees may go to others. */
static void an_ordinary_request_asks_a_number_of_times(void)
{
	struct page *page;

	all_out();
	gives = 3;
	CHECK(!alloc_page(GFP_KERNEL | __GFP_NOWARN));
	CHECK_EQ(asked, 4);
	asked = 0;
	gives = ~0U;
	CHECK(!alloc_page(GFP_KERNEL | __GFP_NOWARN));
	CHECK_EQ(asked, MAX_RECLAIM_RETRIES);
	asked = 0;
	/* from the very last page it does get one */
	page = alloc_page(GFP_KERNEL | __GFP_MEMALLOC);
	CHECK(page);
	CHECK_EQ(asked, 0);
	__free_page(page);
	hoard_give_all();
}

static void nofail_with_memory_asks_nobody(void)
{
	struct page *page;

	host_oom_set_handler(find_a_page);
	asked = 0;
	page = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 2);
	CHECK(page);
	CHECK_EQ(asked, 0);
	__free_pages(page, 2);
}

/* The last pages lie in the cache of another CPU. */
static void noretry_does_not_wait_for_other_cpus(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	struct page *page;

	all_out();
	page = hoard;
	hoard = page->mapping;
	play_cpu(1);
	__free_page(page);
	play_cpu(0);
	CHECK_EQ(nr_pcp_pages(), 1);
	CHECK(!alloc_page(GFP_KERNEL | __GFP_MEMALLOC | __GFP_NORETRY | __GFP_NOWARN));
	CHECK(!alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN));
	CHECK_EQ(nr_pcp_pages(), 1);
	page = alloc_page(GFP_KERNEL | __GFP_MEMALLOC | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	CHECK(page);
	CHECK_EQ(nr_pcp_pages(), 0);
	__free_page(page);
	hoard_give_all();
}

static const struct test_case cases[] = {
	TEST(nofail_asks_until_there_is_enough),
	TEST(nofail_of_an_order_waits_for_a_block),
	TEST(nofail_panics_when_nothing_is_left),
	TEST(who_may_not_never_asks),
	TEST(an_ordinary_request_asks_a_number_of_times),
	TEST(nofail_with_memory_asks_nobody),
	TEST(noretry_does_not_wait_for_other_cpus),
};
TEST_SUITE(nofail, cases);
