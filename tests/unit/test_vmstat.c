// SPDX-License-Identifier: MIT
// NEEDS: PCP MOBILITY
/* Counters and facts: each event counted once and where it belongs, facts that agree. */
#include <string.h>

#include "../harness/fixture.h"
#include "../harness/peek.h"
#include "../harness/tap.h"

static void every_event_has_a_name(void)
{
	for (unsigned i = 0; i < NR_VM_EVENT_ITEMS; i++) {
		REQUIRE(vm_event_name[i] && *vm_event_name[i]);
		for (unsigned k = 0; k < i; k++)
			CHECK(strcmp(vm_event_name[i], vm_event_name[k]) != 0);
	}
	CHECK_EQ(vm_events((enum vm_event_item)NR_VM_EVENT_ITEMS), 0);
	CHECK_EQ(vm_events((enum vm_event_item) ~0U), 0);
}

static void pages_add_up(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);
	struct zone_info info;
	unsigned long free = 0, pcp = 0, managed = 0, above = 0;

	REQUIRE(page);
	__free_page(alloc_page(GFP_KERNEL));
	for (unsigned i = 0; zone_info(i, &info); i++) {
		unsigned long listed = 0;

		for (unsigned o = 0; o < NR_ORDERS; o++)
			for (unsigned mt = 0; mt < MIGRATE_ISOLATE; mt++)
				listed += info.nr_free[o][mt] << o;
		CHECK_EQ(listed, info.free);
		CHECK(info.managed <= info.present && info.present <= info.spanned);
		free += info.free;
		pcp += info.pcp;
		managed += info.managed;
		above += info.free > info.wmark_high ? info.free - info.wmark_high : 0;
	}
	CHECK_EQ(nr_free_pages(), free);
	CHECK_EQ(nr_pcp_pages(), pcp);
	CHECK_EQ(nr_managed_pages(), managed);
	CHECK_EQ(nr_free_buffer_pages(), above);
	CHECK(pcp > 0);
	__free_pages(page, 2);
}

static void blocks_in_and_out_are_counted_once(void)
{
	struct page *page[40];
	struct rng rng = rng_seed(7);
	uint32_t alloc = vm_events(PGALLOC), freed = vm_events(PGFREE), n = 0;

	for (int round = 0; round < 50; round++) {
		unsigned order[40];

		for (unsigned i = 0; i < 40; i++) {
			order[i] = rng_below(&rng, 6) ? rng_below(&rng, PCP_MAX_ORDER + 1)
						      : rng_below(&rng, NR_ORDERS);
			page[i] = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order[i]);
			n += page[i] != NULL;
		}
		CHECK_EQ(vm_events(PGALLOC) - alloc, n);
		for (unsigned i = 0; i < 40; i++)
			if (page[i])
				__free_pages(page[i], order[i]);
		CHECK_EQ(vm_events(PGFREE) - freed, n);
		if (round % 10 == 9)
			drain_all_pages(); /* which is neither */
		CHECK_EQ(vm_events(PGALLOC) - alloc, n);
		CHECK_EQ(vm_events(PGFREE) - freed, n);
	}
}

static void a_bulk_counts_each_page(void)
{
	struct page *pages[100] = {NULL};
	uint32_t alloc = vm_events(PGALLOC), freed = vm_events(PGFREE);

	CHECK_EQ(alloc_pages_bulk_array(GFP_KERNEL, 100, pages), 100);
	CHECK_EQ(vm_events(PGALLOC) - alloc, 100);
	for (unsigned i = 0; i < 100; i++)
		__free_page(pages[i]);
	CHECK_EQ(vm_events(PGFREE) - freed, 100);
}

static void failures_and_drains_are_counted(void)
{
	uint32_t drain, fail;
	struct page *head = NULL, *page;

	__free_page(alloc_page(GFP_KERNEL));
	drain = vm_events(PCP_DRAIN);
	drain_all_pages();
	CHECK(vm_events(PCP_DRAIN) > drain);
	drain = vm_events(PCP_DRAIN);
	drain_all_pages(); /* nothing there */
	CHECK_EQ(vm_events(PCP_DRAIN), drain);

	while ((page = alloc_pages(GFP_NOWAIT | __GFP_NOWARN | __GFP_MEMALLOC, 0))) {
		page->mapping = head;
		head = page;
	}
	fail = vm_events(PGALLOC_FAIL);
	for (int i = 0; i < 5; i++)
		CHECK(!alloc_page(GFP_KERNEL | __GFP_NOWARN));
	CHECK_EQ(vm_events(PGALLOC_FAIL) - fail, 5);
	while ((page = head)) {
		head = page->mapping;
		__free_page(page);
	}
}

static struct page *in_state_reserved(void)
{
	for (unsigned long i = 0; i < nr_map_pages; i++)
		if (page_word_state(page_word(mem_map + i)) == PAGE_STATE_RESERVED)
			return mem_map + i;
	return mem_map;
}

static void check_use(unsigned long pfn, enum page_use use, unsigned order, unsigned long nr)
{
	struct page_use_info info;

	page_use(pfn, &info);
	CHECK_EQ(info.use, use);
	CHECK_EQ(info.order, order);
	CHECK_EQ(info.nr_pages, nr);
}

static void a_picture_of_a_block(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);
	struct page_use_info info;
	unsigned long pfn;

	REQUIRE(page);
	pfn = page_to_pfn(page);
	for (unsigned i = 0; i < 8; i++)
		check_use(pfn + i, PAGE_USE_ALLOCATED, 3, 8 - i);
	page_use(pfn, &info);
	CHECK_EQ(info.migratetype, get_pageblock_migratetype(page));
	__free_pages(page, 3);
	for (unsigned i = 0; i < 8; i++)
		check_use(pfn + i, PAGE_USE_PCP, 3, 8 - i);
	drain_all_pages();
	page_use(pfn + 5, &info);
	CHECK_EQ(info.use, PAGE_USE_FREE);
	CHECK(info.order >= 3);
	page_use(page_to_pfn(in_state_reserved()), &info);
	CHECK_EQ(info.use, PAGE_USE_RESERVED);
	check_use(MAX_PFN - 1, PAGE_USE_HOLE, 0, 1);
	check_use(MAX_PFN, PAGE_USE_HOLE, 0, 1);
	check_use(~0UL, PAGE_USE_HOLE, 0, 1);
}

static const struct test_case cases[] = {
	TEST(every_event_has_a_name),
	TEST(pages_add_up),
	TEST(blocks_in_and_out_are_counted_once),
	TEST(a_bulk_counts_each_page),
	TEST(failures_and_drains_are_counted),
	TEST(a_picture_of_a_block),
};
TEST_SUITE(vmstat, cases);
