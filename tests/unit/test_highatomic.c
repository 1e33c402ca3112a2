// SPDX-License-Identifier: MIT
// NEEDS: HIGHATOMIC ORDER_10
// HOST ONLY
/*
 * The highatomic reserve: who fills it, who may have it, how it is counted, and that it is
 * given up before anybody fails for it.
 */
#include <string.h>

#include <mm/internal.h>

#include "../harness/hoard.h"

#define PB ((unsigned long)pageblock_nr_pages)

static const struct geometry one_zone = {
	.ram = {{0x60000000, 64 * MIB, 0}},
	.limits = {.nr_cpus = 1, .min_free_kbytes = 8192},
};

static struct zone *zone;

/*
 * All movable pages are out but for two pageblocks' worth and some, in single pageblocks:
 * above min less a quarter, below low, so that an atomic request goes deeper.
 */
static bool nearly_all_out(void)
{
	if (pageblock_order < 3 || pageblock_order >= MAX_ORDER) {
		test_skip("pageblocks of at least eight pages and smaller than the largest block");
		return false;
	}
	CHECK_EQ(start(&one_zone), 0);
	zone = &zones[0];
	hoard_all(GFP_NOWAIT | __GFP_MOVABLE | __GFP_MEMALLOC, 0);
	CHECK_EQ(zone->nr_free_pages, 0);
	return true;
}

/*
 * Frees the hoarded pages of the pageblocks from..from + nr - 1 of the zone, but `kept` of
 * each.
 */
static void free_pageblocks(unsigned long from, unsigned long nr, unsigned kept)
{
	unsigned long first = zone->zone_start_pfn + from * PB, end = first + nr * PB;
	struct page **at = &hoard;

	while (*at) {
		struct page *page = *at;
		unsigned long pfn = page_to_pfn(page);

		if (pfn < first || pfn >= end || pfn % PB < kept) {
			at = (struct page **)&page->mapping;
			continue;
		}
		*at = page->mapping;
		__free_page(page);
	}
	drain_all_pages();
}

/* An atomic request of order 1 that has to go below the low mark. */
static struct page *atomic_block(unsigned order)
{
	return alloc_pages(GFP_ATOMIC | __GFP_COLD | __GFP_NOWARN, order);
}

static bool reserve_one(struct page **page)
{
	if (!nearly_all_out())
		return false;
	/* pageblocks 8 to 10, a page of each in use */
	free_pageblocks(8, 3, 1);
	CHECK(zone->nr_free_pages <= zone->watermark[WMARK_MIN]);
	*page = atomic_block(1);
	CHECK(*page != NULL);
	return *page != NULL;
}

static void an_atomic_request_below_the_mark_reserves_its_pageblock(void)
{
	struct page *page;

	if (!reserve_one(&page))
		return;
	CHECK_EQ(vm_events(HIGHATOMIC_RESERVE), 1);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_HIGHATOMIC);
	CHECK_EQ(zone->nr_reserved_highatomic, PB);
	CHECK_EQ(zone->nr_free_highatomic, PB - 1 - 2);
	CHECK_EQ(nr_free_highatomic_pages(), PB - 1 - 2);
	CHECK_EQ(mm_check_quiet(), 0);
	__free_pages(page, 1);
	hoard_give_all();
	drain_all_pages();
	CHECK_EQ(zone->nr_free_highatomic, PB); /* it is kept until it is needed */
	CHECK_EQ(mm_check_quiet(), 0);
}

static void requests_that_do_not_qualify_reserve_nothing(void)
{
	struct page *page;

	if (!nearly_all_out())
		return;
	free_pageblocks(8, 3, 1);
	page = atomic_block(0);
	CHECK(page);
	__free_page(page);
	page = alloc_pages(GFP_NOWAIT | __GFP_HIGH | __GFP_NOWARN, 1);
	CHECK(page);
	__free_pages(page, 1);
	page = alloc_pages(GFP_KERNEL | __GFP_MEMALLOC, 1);
	CHECK(page);
	__free_pages(page, 1);
	CHECK_EQ(vm_events(HIGHATOMIC_RESERVE), 0);
	/* with memory enough an atomic one does not either */
	hoard_give_all();
	page = atomic_block(3);
	CHECK(page);
	__free_pages(page, 3);
	CHECK_EQ(vm_events(HIGHATOMIC_RESERVE), 0);
}

static void the_reserve_is_one_hundredth_at_most(void)
{
	unsigned long most;
	struct page *page;
	bool seen = false;

	if (!nearly_all_out())
		return;
	free_pageblocks(4, 4, 1);
	most = zone->managed_pages / 100 + PB;
	/* half a pageblock each time, so that the next one is often another's */
	for (unsigned turn = 0; turn < 2; turn++) {
		unsigned order = turn ? 1 : pageblock_order - 1;

		while ((page = atomic_block(order))) {
			hoard_add(page, order);
			CHECK(zone->nr_reserved_highatomic <= most);
			seen |= zone->nr_reserved_highatomic != 0;
		}
	}
	CHECK(seen);
	CHECK(vm_events(HIGHATOMIC_RESERVE) >= 1);
	CHECK_EQ(mm_check_quiet(), 0);
	hoard_give_all();
}

/* Only what is in the reserve is free. */
static bool only_the_reserve(struct page **page)
{
	struct page *p;

	if (!reserve_one(page))
		return false;
	/* all others' pages, by what never looks into the reserve */
	do {
		port_irqflags_t flags = port_irq_save();

		p = rmqueue_buddy(zone, 0, MIGRATE_MOVABLE);
		if (!p)
			p = rmqueue_fallback(zone, 0, MIGRATE_MOVABLE, 0);
		if (p)
			set_page_word(p, PAGE_ALLOCATED(0));
		port_irq_restore(flags);
		if (p)
			hoard_add(p, 0);
	} while (p);
	return true;
}

static void only_atomic_requests_of_an_order_get_it(void)
{
	struct page *page, *other;
	unsigned long reserved;
	uint32_t given_up;

	if (!only_the_reserve(&page))
		return;
	reserved = zone->nr_free_highatomic;
	CHECK_EQ(zone->nr_free_pages, reserved);
	given_up = vm_events(HIGHATOMIC_UNRESERVE);
	CHECK(!zone_watermark_ok(zone, 1, ZONE_NORMAL, ALLOC_WMARK_MIN));
	CHECK(!zone_watermark_ok(zone, 1, ZONE_NORMAL, ALLOC_WMARK_MIN | ALLOC_HIGH));
	CHECK(!zone_watermark_ok(zone, 0, ZONE_NORMAL, ALLOC_WMARK_MIN | ALLOC_CMA));
	other = alloc_pages(GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOWARN, 1);
	REQUIRE(other);
	CHECK_EQ(get_pageblock_migratetype(other), MIGRATE_HIGHATOMIC);
	CHECK_EQ(zone->nr_free_highatomic, reserved - 2);
	CHECK_EQ(vm_events(HIGHATOMIC_UNRESERVE), given_up);
	/* counted right when it comes back, by any way */
	__free_pages(other, 1);
	CHECK_EQ(zone->nr_free_highatomic, reserved);
	other = alloc_pages(GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOWARN, 3);
	REQUIRE(other);
	split_page(other, 3);
	for (unsigned i = 0; i < 8; i++)
		put_page(other + i);
	CHECK_EQ(zone->nr_free_highatomic, reserved);
	CHECK_EQ(nr_pcp_pages(), 0);
	CHECK_EQ(mm_check_quiet(), 0);
	__free_pages(page, 1);
	hoard_give_all();
}

static void case_28_a_single_page_is_given_before_a_request_fails(void)
{
	static const gfp_t gfp[] = {GFP_KERNEL, GFP_NOWAIT, GFP_HIGHUSER_MOVABLE,
				    GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL | __GFP_NORETRY};

	for (unsigned i = 0; i < sizeof(gfp) / sizeof(gfp[0]); i++) {
		struct page *page, *one;

		if (!only_the_reserve(&page))
			return;
		/* nothing else is above the mark: it is the reserve or NULL */
		one = alloc_pages(gfp[i] | __GFP_MEMALLOC | __GFP_NOWARN, 0);
		CHECK(one != NULL);
		CHECK_EQ(vm_events(HIGHATOMIC_UNRESERVE), 1);
		CHECK_EQ(zone->nr_reserved_highatomic, 0);
		CHECK_EQ(zone->nr_free_highatomic, 0);
		CHECK_EQ(mm_check_quiet(), 0);
		__free_page(one);
		__free_pages(page, 1);
		hoard_give_all();
	}
}

static void a_reserve_that_does_not_help_is_no_endless_hope(void)
{
	struct page *page;

	if (!only_the_reserve(&page))
		return;
	/* below min all the same */
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, 0));
	CHECK_EQ(zone->nr_reserved_highatomic, 0);
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER));
	__free_pages(page, 1);
	hoard_give_all();
}

static void case_25_a_reserve_larger_than_what_is_free(void)
{
	/*
	 * numbers only: free 100, of which 200 are said to be reserved (as seen without the
	 * lock)
	 */
	struct zone z;

	memset(&z, 0, sizeof(z));
	z.nr_free_pages = 100;
	z.nr_free_highatomic = 200;
	z.nonempty[MIGRATE_MOVABLE] = z.nonempty[MIGRATE_HIGHATOMIC] = (2U << MAX_ORDER) - 1;
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		CHECK(!zone_watermark_ok(&z, order, ZONE_NORMAL, ALLOC_WMARK_MIN));
		CHECK(!zone_watermark_ok(&z, order, ZONE_NORMAL, ALLOC_WMARK_MIN | ALLOC_HIGH));
		CHECK_EQ(zone_watermark_ok(&z, order, ZONE_NORMAL, ALLOC_WMARK_MIN | ALLOC_HARDER),
			 1U << order <= 100);
	}
	z.fast_mark = 0;
	update_fast_mark(&z);
	CHECK(!zone_watermark_fast(&z, 0));
}

static void a_reserve_of_a_whole_largest_block_is_given_up_whole(void)
{
	unsigned nr = 1U << (MAX_ORDER - pageblock_order);
	/* a hundredth of it is more than a largest block */
	static const struct geometry g = {
		.ram = {{0x60000000, 512 * MIB, 0}},
		.limits = {.nr_cpus = 1, .min_free_kbytes = 65536},
	};
	struct page *page[4], *one;
	unsigned long first;

	if (MAX_ORDER != pageblock_order + 1 || PAGE_SHIFT != 12) {
		test_skip("a largest block of two pageblocks wanted");
		return;
	}
	CHECK_EQ(start(&g), 0);
	zone = &zones[0];
	hoard_all(GFP_NOWAIT | __GFP_MOVABLE | __GFP_MEMALLOC, 0);
	first = ((zone->zone_start_pfn >> MAX_ORDER) + 4) << MAX_ORDER;
	free_pageblocks((first - zone->zone_start_pfn) >> pageblock_order, nr, 0);
	/* more than half of a pageblock each: each is in one of its own, and reserves it */
	for (unsigned i = 0; i < nr; i++) {
		page[i] =
			alloc_pages(GFP_ATOMIC | __GFP_MEMALLOC | __GFP_COLD, pageblock_order - 1);
		REQUIRE(page[i]);
		CHECK_EQ(get_pageblock_migratetype(page[i]), MIGRATE_HIGHATOMIC);
		if (!i) /* so that the next one is in the other pageblock */
			hoard_add(alloc_pages(GFP_ATOMIC | __GFP_MEMALLOC | __GFP_COLD,
					      pageblock_order - 1),
				  pageblock_order - 1);
	}
	CHECK_EQ(zone->nr_reserved_highatomic, nr * PB);
	for (unsigned i = 0; i < nr; i++)
		__free_pages(page[i], pageblock_order - 1);
	one = hoard;
	hoard = one->mapping;
	__free_pages(one, pageblock_order - 1);
	drain_all_pages();
	CHECK_EQ(peek_blocks(zone, MAX_ORDER, MIGRATE_HIGHATOMIC), 1);
	CHECK_EQ(zone->nr_free_highatomic, nr * PB);
	one = alloc_pages(GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOWARN, 0);
	CHECK(one);
	CHECK_EQ(zone->nr_reserved_highatomic, 0);
	CHECK_EQ(mm_check_quiet(), 0);
	__free_page(one);
	hoard_give_all();
}

/* Its neighbour was free all the time, and could not merge with it. */
static void what_is_given_up_merges_with_its_neighbours(void)
{
	struct page *page, *block;
	unsigned long free;

	if (!reserve_one(&page))
		return;
	__free_pages(page, 1);
	hoard_give_all();
	drain_all_pages();
	free = nr_free_pages();
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK_EQ(zone->nr_free_highatomic, PB);
	/* all largest blocks that there are: the last one only with what is in the reserve */
	while ((block = alloc_pages(GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOWARN, MAX_ORDER)))
		hoard_add(block, MAX_ORDER);
	CHECK(nr_free_pages() < 2UL << MAX_ORDER);
	CHECK_EQ(zone->nr_reserved_highatomic, 0);
	CHECK_EQ(mm_check_quiet(), 0);
	hoard_give_all();
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK_EQ(nr_free_pages(), free);
}

static const struct test_case cases[] = {
	TEST(an_atomic_request_below_the_mark_reserves_its_pageblock),
	TEST(requests_that_do_not_qualify_reserve_nothing),
	TEST(the_reserve_is_one_hundredth_at_most),
	TEST(only_atomic_requests_of_an_order_get_it),
	TEST(case_28_a_single_page_is_given_before_a_request_fails),
	TEST(a_reserve_that_does_not_help_is_no_endless_hope),
	TEST(case_25_a_reserve_larger_than_what_is_free),
	TEST(what_is_given_up_merges_with_its_neighbours),
	TEST(a_reserve_of_a_whole_largest_block_is_given_up_whole),
};
TEST_SUITE(highatomic, cases);
