// SPDX-License-Identifier: MIT
// NEEDS: CMA HIGHATOMIC ORDER_10
/*
 * Isolated pageblocks: what is free in them is nobody's, what is freed into them joins it,
 * two users exclude each other, and afterwards all is as it was.
 */
#include <string.h>

#include <buddy/contig.h>
#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/peek.h"
#include "../harness/tap.h"

#define PB   ((unsigned long)pageblock_nr_pages)
#define MANY 64

static unsigned long pb_of(const struct page *page)
{
	return page_to_pfn(page) & ~(PB - 1);
}

static bool is_isolated(const struct page *page)
{
	return !test_pages_isolated(page_to_pfn(page), page_to_pfn(page) + 1);
}

static void case_22_cached_pages_go_to_the_lists_of_what_the_pageblock_is_now(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	struct page *page[MANY];
	unsigned long pb, inside = 0, isolated;
	struct zone *zone;

	for (unsigned i = 0; i < MANY; i++) {
		page[i] = alloc_page(GFP_KERNEL);
		REQUIRE(page[i]);
	}
	pb = pb_of(page[MANY - 1]);
	zone = page_zone(page[MANY - 1]);
	for (unsigned i = 0; i < MANY; i++)
		__free_page(page[i]);
	CHECK_EQ(page_word_state(page_word(page[MANY - 1])), PAGE_STATE_PCP);
	CHECK_EQ(start_isolate_page_range(pb, pb + PB, MIGRATE_UNMOVABLE), 0);
	CHECK_EQ(mm_check_quiet(), 0);
	for (unsigned i = 0; i < MANY; i++)
		inside += pb_of(page[i]) == pb && !is_isolated(page[i]);
	CHECK(inside > 0);
	CHECK(!strcmp(contig_busy_reason(), "in a CPU's cache that could not be reached"));
	isolated = zone->nr_isolated;
	drain_all_pages();
	CHECK(zone->nr_isolated >= isolated + inside);
	for (unsigned i = 0; i < MANY; i++)
		CHECK(is_isolated(page[i]) == (pb_of(page[i]) == pb));
	CHECK_EQ(mm_check_quiet(), 0);
	undo_isolate_page_range(pb, pb + PB, MIGRATE_UNMOVABLE);
	CHECK_EQ(get_pageblock_migratetype(page[MANY - 1]), MIGRATE_UNMOVABLE);
	CHECK_EQ(zone->nr_isolated, 0);
}

static void what_is_freed_into_it_is_isolated_and_not_free(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long free, pb;
	enum migratetype mt;

	REQUIRE(page);
	pb = pb_of(page);
	mt = get_pageblock_migratetype(page);
	CHECK_EQ(start_isolate_page_range(pb, pb + PB, mt), 0);
	CHECK_EQ(test_pages_isolated(pb, pb + PB), -EBUSY);
	free = nr_free_pages();
	__free_page(page);
	drain_all_pages();
	CHECK(nr_free_pages() >= free); /* other pages of the cache may have been elsewhere */
	CHECK(is_isolated(page));
	CHECK_EQ(mm_check_quiet(), 0);
	undo_isolate_page_range(pb, pb + PB, mt);
	CHECK(!is_isolated(page));
}

static void a_used_page_is_named(void)
{
	for (unsigned order = 0; order <= MAX_ORDER && order <= pageblock_order; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);
		static char want[] = "in use, order 00";
		unsigned long pb;
		enum migratetype mt;

		if (!page)
			continue;
		want[14] = (char)(order < 10 ? '0' + order : '1');
		want[15] = (char)(order < 10 ? 0 : '0' + order - 10);
		pb = pb_of(page);
		mt = get_pageblock_migratetype(page);
		CHECK_EQ(start_isolate_page_range(pb, pb + PB, mt), 0);
		CHECK_EQ(test_pages_isolated(page_to_pfn(page) + (1UL << order) - 1, pb + PB),
			 -EBUSY);
		CHECK_EQ(contig_busy_pfn(), page_to_pfn(page) + (1UL << order) - 1);
		CHECK(!strcmp(contig_busy_reason(), want));
		undo_isolate_page_range(pb, pb + PB, mt);
		__free_pages(page, order);
	}
}

static void two_users_exclude_each_other(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long pb;
	enum migratetype mt;

	REQUIRE(page);
	pb = pb_of(page);
	mt = get_pageblock_migratetype(page);
	CHECK_EQ(start_isolate_page_range(pb, pb + PB, mt), 0);
	CHECK_EQ(start_isolate_page_range(pb, pb + PB, mt), -EBUSY);
	CHECK_EQ(contig_busy_pfn(), pb);
	CHECK(!strcmp(contig_busy_reason(), "isolated by another caller"));
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_ISOLATE);
	undo_isolate_page_range(pb, pb + PB, mt);
	CHECK_EQ(start_isolate_page_range(pb, pb + PB, mt), 0);
	undo_isolate_page_range(pb, pb + PB, mt);
	undo_isolate_page_range(pb, pb + PB, mt); /* once too often: nothing */
	__free_page(page);
}

static void wrong_ranges_are_refused(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long pb;

	REQUIRE(page);
	pb = pb_of(page);
	CHECK_EQ(start_isolate_page_range(pb, pb, MIGRATE_MOVABLE), -EINVAL);
	CHECK_EQ(start_isolate_page_range(pb + PB, pb, MIGRATE_MOVABLE), -EINVAL);
	CHECK_EQ(start_isolate_page_range(pb + 1, pb + PB, MIGRATE_MOVABLE), -EINVAL);
	CHECK_EQ(start_isolate_page_range(pb, pb + PB - 1, MIGRATE_MOVABLE), -EINVAL);
	CHECK_EQ(start_isolate_page_range(pb, pb + PB, MIGRATE_ISOLATE), -EINVAL);
	CHECK_EQ(start_isolate_page_range(pb, pb + PB, MIGRATE_HIGHATOMIC), -EINVAL);
	CHECK_EQ(start_isolate_page_range(pb, pb + PB, MIGRATE_CMA), -EINVAL); /* is none */
	CHECK_EQ(start_isolate_page_range(0, MAX_PFN, MIGRATE_MOVABLE), -EINVAL);
	CHECK_EQ(start_isolate_page_range(MAX_PFN, MAX_PFN + PB, MIGRATE_MOVABLE), -EINVAL);
	CHECK_EQ(test_pages_isolated(MAX_PFN, MAX_PFN + PB), -EBUSY);
	CHECK(!strcmp(contig_busy_reason(), "no RAM"));
	CHECK_EQ(page_zone(page)->nr_isolated, 0);
	__free_page(page);
}

/*
 * The pageblocks of a largest block are isolated one by one, the block being whole or used.
 */
static void a_block_over_several_pageblocks_is_freed_by_what_each_is(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER);
	unsigned long pfn, all = 1UL << MAX_ORDER;
	struct zone *zone;
	enum migratetype mt;

	if (!page || MAX_ORDER == pageblock_order || mm_policy.fair_zones) {
		test_skip("no block of several pageblocks, or not the same one again");
		if (page)
			__free_pages(page, MAX_ORDER);
		return;
	}
	pfn = page_to_pfn(page);
	zone = page_zone(page);
	mt = get_pageblock_migratetype(page);
	for (unsigned long at = 0; at < all; at += all - PB) {
		unsigned long pb = pfn + at;

		CHECK_EQ(start_isolate_page_range(pb, pb + PB, mt), 0); /* in use */
		CHECK_EQ(mm_check_quiet(), 0);
		__free_pages(page, MAX_ORDER);
		drain_all_pages();
		CHECK_EQ(zone->nr_isolated, PB);
		CHECK_EQ(test_pages_isolated(pb, pb + PB), 0);
		CHECK_EQ(mm_check_quiet(), 0);
		undo_isolate_page_range(pb, pb + PB, mt);
		CHECK_EQ(zone->nr_isolated, 0);
		CHECK_EQ(mm_check_quiet(), 0);
		CHECK_EQ(start_isolate_page_range(pb, pb + PB, mt), 0); /* inside a free one */
		CHECK_EQ(mm_check_quiet(), 0);
		CHECK_EQ(test_pages_isolated(pb, pb + PB), 0);
		undo_isolate_page_range(pb, pb + PB, mt);
		CHECK_EQ(mm_check_quiet(), 0);
		page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER);
		REQUIRE(page); /* merged again */
		pfn = page_to_pfn(page);
		mt = get_pageblock_migratetype(page);
	}
	__free_pages(page, MAX_ORDER);
}

#ifdef TEST_HOST

#define BASE (0x60000000UL >> PAGE_SHIFT)
#define RAM  (64UL << 20 >> PAGE_SHIFT)

static void isolated_pageblocks_merge_with_each_other_only(void)
{
	unsigned long at = BASE + (1UL << MAX_ORDER); /* a free largest block */
	struct page *page = pfn_to_page(at);

	if (pageblock_order != MAX_ORDER - 1)
		return;
	CHECK_EQ(page_word(page), PAGE_STATE_FREE | MAX_ORDER);
	CHECK_EQ(start_isolate_page_range(at, at + PB, MIGRATE_MOVABLE), 0);
	CHECK_EQ(page_word(page), PAGE_STATE_FREE | PAGE_ISOLATED | pageblock_order);
	CHECK_EQ(page_word(page + PB), PAGE_STATE_FREE | pageblock_order);
	CHECK_EQ(start_isolate_page_range(at + PB, at + 2 * PB, MIGRATE_MOVABLE), 0);
	CHECK_EQ(page_word(page), PAGE_STATE_FREE | PAGE_ISOLATED | MAX_ORDER);
	CHECK_EQ(zones[0].nr_isolated, 2 * PB);
	CHECK_EQ(mm_check_quiet(), 0);
	undo_isolate_page_range(at, at + PB, MIGRATE_RECLAIMABLE);
	CHECK_EQ(page_word(page), PAGE_STATE_FREE | pageblock_order);
	CHECK_EQ(page_word(page + PB), PAGE_STATE_FREE | PAGE_ISOLATED | pageblock_order);
	CHECK_EQ(mm_check_quiet(), 0);
	undo_isolate_page_range(at + PB, at + 2 * PB, MIGRATE_MOVABLE);
	CHECK_EQ(page_word(page), PAGE_STATE_FREE | MAX_ORDER);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_MOVABLE); /* that came last */
}

static void when_one_is_isolated_none_is(void)
{
	unsigned long free, at = BASE + (1UL << MAX_ORDER);

	CHECK_EQ(start_isolate_page_range(at + 2 * PB, at + 3 * PB, MIGRATE_MOVABLE), 0);
	free = nr_free_pages();
	CHECK_EQ(start_isolate_page_range(at, at + 4 * PB, MIGRATE_UNMOVABLE), -EBUSY);
	CHECK_EQ(contig_busy_pfn(), at + 2 * PB);
	CHECK_EQ(nr_free_pages(), free);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(get_pageblock_migratetype(pfn_to_page(at + i * PB)),
			 i == 2 ? MIGRATE_ISOLATE : MIGRATE_MOVABLE);
	undo_isolate_page_range(at + 2 * PB, at + 3 * PB, MIGRATE_MOVABLE);
}

static void nobody_is_given_an_isolated_page(void)
{
	unsigned long at = BASE + (1UL << MAX_ORDER), end = at + 4 * PB;
	struct page *page, *chain = NULL;

	CHECK_EQ(start_isolate_page_range(at, end, MIGRATE_MOVABLE), 0);
	CHECK_EQ(test_pages_isolated(at, end), 0);
	CHECK_EQ(nr_free_pages(), fixture_free_pages() - 4 * PB);
	while ((page = alloc_page(__GFP_MEMALLOC | __GFP_NOWARN | __GFP_MOVABLE))) {
		CHECK(page_to_pfn(page) < at || page_to_pfn(page) >= end);
		page->mapping = chain;
		chain = page;
	}
	while ((page = chain)) {
		chain = page->mapping;
		__free_page(page);
	}
	CHECK_EQ(mm_check_quiet(), 0);
	undo_isolate_page_range(at, end, MIGRATE_MOVABLE);
}

static void several_zones_and_holes_are_refused(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 32 << 20, 0}, {0x64000000, 32 << 20, 0}},
		.limits = {.dma_limit = 0x61000000},
	};
	unsigned long dma_end = 0x61000000UL >> PAGE_SHIFT, hole = 0x62000000UL >> PAGE_SHIFT;

	CHECK_EQ(start(&g), 0);
	CHECK_EQ(start_isolate_page_range(dma_end - PB, dma_end + PB, MIGRATE_MOVABLE), -EINVAL);
	CHECK_EQ(start_isolate_page_range(hole - PB, hole + PB, MIGRATE_MOVABLE), -EINVAL);
	CHECK_EQ(start_isolate_page_range(hole, hole + PB, MIGRATE_MOVABLE), -EINVAL);
	CHECK_EQ(start_isolate_page_range(hole - PB, hole, MIGRATE_MOVABLE), 0);
	undo_isolate_page_range(hole - PB, hole, MIGRATE_MOVABLE);
}

static void a_pageblock_of_the_reserve_leaves_it(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	port_irqflags_t flags;
	struct zone *zone;
	unsigned long pb;

	REQUIRE(page);
	pb = pb_of(page);
	zone = page_zone(page);
	flags = port_irq_save();
	reserve_highatomic_pageblock(zone, page);
	port_irq_restore(flags);
	CHECK_EQ(zone->nr_reserved_highatomic, PB);
	CHECK_EQ(start_isolate_page_range(pb, pb + PB, MIGRATE_UNMOVABLE), 0);
	CHECK_EQ(zone->nr_reserved_highatomic, 0);
	CHECK_EQ(zone->nr_free_highatomic, 0);
	CHECK_EQ(mm_check_quiet(), 0);
	undo_isolate_page_range(pb, pb + PB, MIGRATE_UNMOVABLE);
	__free_page(page);
}

static void memory_yet_to_come_is_initialised_first(void)
{
	unsigned long last = BASE + RAM - PB;

	mm_policy.deferred = true;
	CHECK_EQ(start(&default_geometry), 0);
	mm_policy.deferred = false;
	CHECK(!deferred_init_done());
	CHECK_EQ(start_isolate_page_range(last - PB, last + PB, MIGRATE_MOVABLE), 0);
	CHECK(deferred_init_done());
	CHECK_EQ(test_pages_isolated(last - PB, last), 0);
	undo_isolate_page_range(last - PB, last + PB, MIGRATE_MOVABLE);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), nr_managed_pages());
	CHECK_EQ(start(&default_geometry), 0);
}

/* ---- while a pageblock turns over, the others go on ------------------------------- */

static struct page *held[MANY], *taken;
static unsigned long coming;
static unsigned nr_irq_allocs;

/* An unmovable request finds only what is half on its way back. */
static void alloc_in_irq(unsigned cpu)
{
	struct page *page;

	CHECK_EQ(mm_check(), 0);
	if (zones[0].nr_isolated == 0 ||
	    get_pageblock_migratetype(pfn_to_page(coming)) == MIGRATE_ISOLATE ||
	    nr_irq_allocs++ > 40)
		return;
	page = alloc_page(GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOWARN | __GFP_COLD);
	if (page) {
		page->mapping = taken;
		taken = page;
	}
	if (taken)
		reserve_highatomic_pageblock(&zones[0], taken);
}

/*
 * A pageblock of 32 free and 32 used blocks takes two steps to turn over, and is half free:
 * all other memory being used, it is what a fallback would claim.
 */
static void a_claim_leaves_a_pageblock_alone_that_comes_back(void)
{
	const gfp_t all = __GFP_MEMALLOC | __GFP_NOWARN | __GFP_MOVABLE | __GFP_COLD;
	unsigned order = pageblock_order - 6;
	struct page *page, *chain = NULL, *block;
	unsigned long pb;

	if (pageblock_order < 8) {
		test_skip("pageblocks too small");
		return;
	}
	CHECK_EQ(start(&(struct geometry){.ram = {{0x60000000, 16 << 20, 0}},
					  .limits = {.nr_cpus = 1}}),
		 0);
	block = alloc_pages(all, pageblock_order);
	REQUIRE(block);
	pb = page_to_pfn(block);
	while ((page = alloc_page(all))) {
		page->mapping = chain;
		chain = page;
	}
	__free_pages(block, pageblock_order);
	drain_all_pages();
	for (unsigned i = 0; i < MANY; i++) {
		held[i] = alloc_pages(all, order);
		REQUIRE(held[i] && pb_of(held[i]) == pb);
	}
	for (unsigned i = 0; i < MANY; i++)
		if ((page_to_pfn(held[i]) - pb) >> order & 1) {
			__free_pages(held[i], order);
			held[i] = NULL;
		}
	drain_all_pages();
	CHECK_EQ(nr_free_pages(), PB / 2);
	host_irq_set_handler(alloc_in_irq);
	for (unsigned round = 0; round < 3; round++) {
		coming = pb;
		nr_irq_allocs = 0;
		host_irq_set_rate(1, round);
		CHECK_EQ(start_isolate_page_range(pb, pb + PB, MIGRATE_MOVABLE), 0);
		undo_isolate_page_range(pb, pb + PB, MIGRATE_MOVABLE);
		host_irq_set_rate(0, 1);
		CHECK_EQ(mm_check_quiet(), 0);
		CHECK(nr_irq_allocs > 0);
		while ((page = taken)) {
			taken = page->mapping;
			__free_page(page);
		}
		drain_all_pages();
	}
	for (unsigned i = 0; i < MANY; i++)
		__free_pages(held[i], order);
	while ((page = chain)) {
		chain = page->mapping;
		__free_page(page);
	}
}

#endif

/* ---- and on other CPUs -------------------------------------------------------------- */

static struct page *meeting;

static void churn_or_turn(unsigned cpu, void *arg)
{
	struct rng r = rng_seed(cpu + 1);
	unsigned long pb = pb_of(meeting);
	enum migratetype mt = get_pageblock_migratetype(meeting);
	struct page *page[8] = {NULL};
	unsigned turns = 0;

	if (mt == MIGRATE_ISOLATE)
		mt = MIGRATE_MOVABLE;
	for (unsigned i = 0; i < 300; i++) {
		unsigned k = rng_below(&r, 8), order = rng_below(&r, 6);

		if (page[k]) {
			__free_pages(page[k], (unsigned)page[k]->index);
			page[k] = NULL;
		} else if ((page[k] = alloc_pages(GFP_KERNEL | __GFP_NOWARN |
							  (i & 1 ? __GFP_MOVABLE : 0),
						  order))) {
			page[k]->index = order;
		}
		if (!(cpu & 1) && i % 8 == 0 && !start_isolate_page_range(pb, pb + PB, mt)) {
			turns++;
			undo_isolate_page_range(pb, pb + PB, mt);
		}
	}
	for (unsigned k = 0; k < 8; k++)
		if (page[k])
			__free_pages(page[k], (unsigned)page[k]->index);
	CHECK(cpu || turns > 0);
}

static void pageblocks_turn_over_while_others_allocate(void)
{
	meeting = alloc_page(GFP_KERNEL);
	REQUIRE(meeting);
	run_on_cpus(min_t(4U, test_nr_cpus()), churn_or_turn, NULL);
	__free_page(meeting);
	CHECK_EQ(page_zone(meeting)->nr_isolated, 0);
}

static const struct test_case cases[] = {
	TEST(case_22_cached_pages_go_to_the_lists_of_what_the_pageblock_is_now),
	TEST(what_is_freed_into_it_is_isolated_and_not_free),
	TEST(a_used_page_is_named),
	TEST(two_users_exclude_each_other),
	TEST(wrong_ranges_are_refused),
	TEST(a_block_over_several_pageblocks_is_freed_by_what_each_is),
	TEST(pageblocks_turn_over_while_others_allocate),
#ifdef TEST_HOST
	TEST(isolated_pageblocks_merge_with_each_other_only),
	TEST(when_one_is_isolated_none_is),
	TEST(nobody_is_given_an_isolated_page),
	TEST(several_zones_and_holes_are_refused),
	TEST(a_pageblock_of_the_reserve_leaves_it),
	TEST(memory_yet_to_come_is_initialised_first),
	TEST(a_claim_leaves_a_pageblock_alone_that_comes_back),
#endif
};
TEST_SUITE(isolation, cases);
