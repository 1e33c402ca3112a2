// SPDX-License-Identifier: MIT
// NEEDS: MOBILITY ORDER_10
// HOST ONLY
/*
 * Taking from another mobility: what is claimed whole, what is only stolen, and
 * in which order the others are asked.  Memories of their own making: host only.
 */
#include <string.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/peek.h"
#include "../harness/tap.h"

#define PB (1UL << pageblock_order)

/* Two pageblocks in one largest block; one CPU, so that caches are small. */
static const struct geometry small = {
	.ram = {{0x60000000, 8 << 20, 0}},
	.limits = {.nr_cpus = 1, .min_free_kbytes = 16},
};

static const gfp_t gfp_of[] = {
	[MIGRATE_UNMOVABLE] = __GFP_MEMALLOC | __GFP_NOWARN,
	[MIGRATE_MOVABLE] = __GFP_MEMALLOC | __GFP_NOWARN | __GFP_MOVABLE,
	[MIGRATE_RECLAIMABLE] = __GFP_MEMALLOC | __GFP_NOWARN | __GFP_RECLAIMABLE,
};

static struct page *take(enum migratetype mt, unsigned order)
{
	/* cold: straight from the lists, no cache in between */
	return alloc_pages(gfp_of[mt] | __GFP_COLD, order);
}

static void give(struct page *page, unsigned order)
{
	__free_pages(page, order);
	drain_all_pages();
}

static unsigned long free_of(enum migratetype mt)
{
	unsigned long pages = 0;

	for (unsigned order = 0; order < NR_ORDERS; order++)
		pages += (unsigned long)peek_blocks(&zones[0], order, mt) << order;
	return pages;
}

static struct page *head;

/* Takes all that there is in blocks of one order, then in single pages. */
static void take_rest(enum migratetype mt, unsigned order)
{
	struct page *page;

	for (;; order = 0) {
		while ((page = take(mt, order))) {
			page->mapping = head;
			page->index = order;
			head = page;
		}
		if (!order)
			return;
	}
}

static void give_rest(void)
{
	struct page *page;

	while ((page = head)) {
		head = page->mapping;
		__free_pages(page, (unsigned)page->index);
	}
}

/* Takes the block off the chain and frees it. */
static void punch(struct page *page)
{
	struct page **at = &head;

	while (*at && *at != page)
		at = (struct page **)&(*at)->mapping;
	if (!*at)
		return;
	*at = page->mapping;
	__free_pages(page, (unsigned)page->index);
}

/* ---- cases ---------------------------------------------------------------- */

static void the_first_unmovable_page_claims_a_pageblock(void)
{
	uint32_t steals, extfrag;
	struct page *page;

	CHECK_EQ(start(&small), 0);
	steals = vm_events(PAGEBLOCK_STEAL);
	extfrag = vm_events(ALLOC_EXTFRAG);
	page = take(MIGRATE_UNMOVABLE, 0);
	REQUIRE(page);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_UNMOVABLE);
	CHECK(vm_events(PAGEBLOCK_STEAL) > steals);
	CHECK_EQ(vm_events(ALLOC_EXTFRAG) - extfrag, 1);
	CHECK(free_of(MIGRATE_UNMOVABLE) >= PB - 1); /* and the rest of it is ready for more */
	CHECK_EQ(mm_check_quiet(), 0);
	give(page, 0);
}

static void the_next_ones_need_no_fallback(void)
{
	struct page *first, *page[100];
	uint32_t extfrag;

	CHECK_EQ(start(&small), 0);
	first = take(MIGRATE_UNMOVABLE, 0);
	extfrag = vm_events(ALLOC_EXTFRAG);
	for (int i = 0; i < 100; i++) {
		page[i] = take(MIGRATE_UNMOVABLE, 0);
		REQUIRE(page[i]);
		CHECK_EQ(get_pageblock_migratetype(page[i]), MIGRATE_UNMOVABLE);
	}
	CHECK_EQ(vm_events(ALLOC_EXTFRAG), extfrag);
	for (int i = 0; i < 100; i++)
		give(page[i], 0);
	give(first, 0);
}

static void mobilities_stay_in_pageblocks_of_their_own(void)
{
	struct page *page[3][60];

	CHECK_EQ(start(&default_geometry), 0);
	for (int i = 0; i < 60; i++)
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
			page[mt][i] = take((enum migratetype)mt, (unsigned)i % 3);
			REQUIRE(page[mt][i]);
			CHECK_EQ(get_pageblock_migratetype(page[mt][i]), mt);
		}
	CHECK_EQ(mm_check_quiet(), 0);
	for (int i = 0; i < 60; i++)
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			__free_pages(page[mt][i], (unsigned)i % 3);
}

/* One free page here and there in movable pageblocks that are full otherwise. */
static void nothing_to_claim(unsigned every)
{
	unsigned long from = small.ram[0].base >> PAGE_SHIFT;

	CHECK_EQ(start(&small), 0);
	head = NULL;
	take_rest(MIGRATE_MOVABLE, 0);
	CHECK_EQ(nr_free_pages(), 0);
	for (unsigned long pfn = from; pfn < from + (small.ram[0].size >> PAGE_SHIFT); pfn += every)
		if (page_word(pfn_to_page(pfn)) == PAGE_ALLOCATED(0))
			punch(pfn_to_page(pfn));
	drain_all_pages();
	CHECK(nr_free_pages() > 0);
}

static void a_full_pageblock_is_stolen_from_not_claimed(void)
{
	unsigned long free;
	uint32_t steals;
	struct page *page;

	nothing_to_claim(64);
	free = nr_free_pages();
	steals = vm_events(PAGEBLOCK_STEAL);
	page = take(MIGRATE_UNMOVABLE, 0);
	REQUIRE(page);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_MOVABLE); /* it stays what it is */
	CHECK_EQ(vm_events(PAGEBLOCK_STEAL), steals);
	CHECK_EQ(free_of(MIGRATE_MOVABLE), free - 1);
	CHECK_EQ(free_of(MIGRATE_UNMOVABLE), 0);
	CHECK_EQ(mm_check_quiet(), 0);
	give(page, 0);
	CHECK_EQ(free_of(MIGRATE_MOVABLE), free); /* and goes home */
	give_rest();
}

/*
 * One pageblock with `nr` free pages, in its lower part, all other memory movable pages
 * in use; `order` is the size of its pieces.
 */
static void one_free_part(unsigned nr, unsigned order)
{
	unsigned long from = small.ram[0].base >> PAGE_SHIFT;

	CHECK_EQ(start(&small), 0);
	head = NULL;
	take_rest(MIGRATE_MOVABLE, order);
	for (unsigned long pfn = from; pfn < from + nr; pfn += 1UL << order)
		punch(pfn_to_page(pfn));
	drain_all_pages();
	CHECK_EQ(nr_free_pages(), nr);
}

static void a_half_free_pageblock_is_claimed_for_unmovable(void)
{
	unsigned long from = small.ram[0].base >> PAGE_SHIFT;
	struct page *page;
	uint32_t steals;

	one_free_part(PB / 2, 4); /* exactly half of it */
	steals = vm_events(PAGEBLOCK_STEAL);
	page = take(MIGRATE_UNMOVABLE, 0);
	REQUIRE(page);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_UNMOVABLE);
	CHECK_EQ(get_pageblock_migratetype(pfn_to_page(from + PB - 1)), MIGRATE_UNMOVABLE);
	CHECK_EQ(vm_events(PAGEBLOCK_STEAL) - steals, 1);
	CHECK_EQ(free_of(MIGRATE_UNMOVABLE), PB / 2 - 1);
	CHECK_EQ(mm_check_quiet(), 0);
	give(page, 0);
	give_rest();
}

static void less_than_half_is_not_claimed(void)
{
	struct page *page;

	one_free_part(PB / 2 - 16, 4);
	page = take(MIGRATE_UNMOVABLE, 0);
	REQUIRE(page);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_MOVABLE);
	CHECK_EQ(free_of(MIGRATE_MOVABLE), PB / 2 - 17);
	give(page, 0);
	give_rest();
}

static void a_pageblock_in_many_pieces_is_not_claimed(void)
{
	struct page *page;

	/* half of it is free, but the other half is 256 single pages: a long walk */
	one_free_part(PB / 2, 0);
	page = take(MIGRATE_UNMOVABLE, 0);
	REQUIRE(page);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_MOVABLE);
	CHECK_EQ(free_of(MIGRATE_MOVABLE), PB / 2 - 1);
	CHECK_EQ(mm_check_quiet(), 0);
	give(page, 0);
	give_rest();
}

static void the_smallest_foreign_block_is_stolen(void)
{
	unsigned long from = small.ram[0].base >> PAGE_SHIFT;
	struct page *page;

	nothing_to_claim(64);
	/* a block of order 1 beside many of order 0: it must survive */
	punch(pfn_to_page(from + 33 * 2));
	punch(pfn_to_page(from + 33 * 2 + 1));
	drain_all_pages();
	CHECK(peek_blocks(&zones[0], 1, MIGRATE_MOVABLE) == 1);
	page = take(MIGRATE_UNMOVABLE, 0);
	REQUIRE(page);
	CHECK(peek_blocks(&zones[0], 1, MIGRATE_MOVABLE) == 1);
	give(page, 0);
	give_rest();
}

static void reclaimable_helps_unmovable_before_movable_does(void)
{
	struct page *reclaimable, *page;
	unsigned long movable;

	CHECK_EQ(start(&small), 0);
	reclaimable = take(MIGRATE_RECLAIMABLE, 0); /* its pageblock is free but for this page */
	REQUIRE(reclaimable);
	movable = free_of(MIGRATE_MOVABLE);
	page = take(MIGRATE_UNMOVABLE, 0);
	REQUIRE(page);
	CHECK_EQ(free_of(MIGRATE_MOVABLE), movable);
	CHECK_EQ(mm_check_quiet(), 0);
	give(page, 0);
	give(reclaimable, 0);
}

static void small_movable_requests_do_not_claim(void)
{
	struct page *page;
	uint32_t steals;

	/*
	 * everything unmovable, every second block of eight pages free: no larger one, half
	 * in all
	 */
	CHECK_EQ(start(&small), 0);
	head = NULL;
	take_rest(MIGRATE_UNMOVABLE, 3);
	for (struct page *p = head, *next; p; p = next) {
		next = p->mapping;
		if (!(page_to_pfn(p) & 8) && p->index == 3)
			punch(p);
	}
	drain_all_pages();
	steals = vm_events(PAGEBLOCK_STEAL);
	page = take(MIGRATE_MOVABLE, 0);
	REQUIRE(page);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_UNMOVABLE);
	CHECK_EQ(vm_events(PAGEBLOCK_STEAL), steals);
	give(page, 0);
	/* for a request that is not movable the same is worth a claim */
	page = take(MIGRATE_RECLAIMABLE, 0);
	REQUIRE(page);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_RECLAIMABLE);
	CHECK(vm_events(PAGEBLOCK_STEAL) > steals);
	CHECK_EQ(mm_check_quiet(), 0);
	give(page, 0);
	give_rest();
}

static void a_largest_block_of_several_pageblocks_is_claimed_whole(void)
{
	struct page *page;

	CHECK_EQ(start(&default_geometry), 0);
	page = take(MIGRATE_UNMOVABLE, MAX_ORDER);
	REQUIRE(page);
	for (unsigned long i = 0; i < 1UL << MAX_ORDER; i += PB)
		CHECK_EQ(get_pageblock_migratetype(page + i), MIGRATE_UNMOVABLE);
	CHECK_EQ(mm_check_quiet(), 0);
	give(page, MAX_ORDER);
	CHECK_EQ(mm_check_quiet(), 0);
}

static void pageblocks_of_two_mobilities_merge_into_one(void)
{
	struct page *block, *half[2];

	if (MAX_ORDER <= pageblock_order) {
		test_skip("a pageblock is a largest block");
		return;
	}
	CHECK_EQ(start(&small), 0);
	block = take(MIGRATE_MOVABLE, pageblock_order + 1);
	REQUIRE(block);
	__free_pages(block, pageblock_order + 1);
	half[0] = take(MIGRATE_MOVABLE, pageblock_order);
	half[1] = take(MIGRATE_UNMOVABLE, pageblock_order);
	REQUIRE(half[0] && half[1]);
	give(half[0], pageblock_order);
	give(half[1], pageblock_order);
	CHECK_EQ(mm_check_quiet(), 0); /* the joined block lies on a list that all of it matches */
}

static void everything_can_be_had_by_any_mobility(void)
{
	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
		unsigned long nr = 0;

		CHECK_EQ(start(&small), 0);
		head = NULL;
		take_rest((enum migratetype)mt, 0);
		for (struct page *p = head; p; p = p->mapping)
			nr++;
		CHECK_EQ(nr, nr_managed_pages());
		give_rest();
		check_all_free();
	}
}

static const struct test_case cases[] = {
	TEST(the_first_unmovable_page_claims_a_pageblock),
	TEST(the_next_ones_need_no_fallback),
	TEST(mobilities_stay_in_pageblocks_of_their_own),
	TEST(a_full_pageblock_is_stolen_from_not_claimed),
	TEST(a_half_free_pageblock_is_claimed_for_unmovable),
	TEST(less_than_half_is_not_claimed),
	TEST(a_pageblock_in_many_pieces_is_not_claimed),
	TEST(the_smallest_foreign_block_is_stolen),
	TEST(reclaimable_helps_unmovable_before_movable_does),
	TEST(small_movable_requests_do_not_claim),
	TEST(a_largest_block_of_several_pageblocks_is_claimed_whole),
	TEST(pageblocks_of_two_mobilities_merge_into_one),
	TEST(everything_can_be_had_by_any_mobility),
};
TEST_SUITE(fallback, cases);
