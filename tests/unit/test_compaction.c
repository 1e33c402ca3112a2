// SPDX-License-Identifier: MIT
// NEEDS: COMPACTION CMA HIGHATOMIC
// HOST ONLY
/*
 * Compaction: what requests get by it, what it leaves alone, and how its scanners go on.
 *
 * The owner of harness/owner.h holds the pages that are to move; its patterns have to
 * survive.
 */
#include "compact_fixture.h"

/* ---- blocks ------------------------------------------------------------------------ */

/* As many blocks as there are free pages for, by plain requests. */
static void all_blocks(unsigned order)
{
	unsigned long want = nr_free_pages() >> order;

	CHECK_EQ(hoard_all(MOVABLE, order), want);
	give_back();
}

static void a_request_gets_every_block_there_can_be(void)
{
	for (unsigned order = 1; order <= MAX_ORDER; order++) {
		checkerboard();
		all_blocks(order);
	}
}

/* Every second pageblock has a page that stays: those fill up, and the others become free. */
static void what_cannot_become_a_block_fills_up(void)
{
	unsigned long first = ~0UL, want;

	if (pageblock_order < 3) {
		test_skip("pageblocks of 8 pages needed");
		return;
	}
	fill_all();
	for (unsigned i = 0; i < nr_owned; i++) {
		unsigned long place = place_of(slots[i]);

		if (place % (2 * PB) != 2)
			continue;
		first = place < first ? place : first;
		owner_drop(&owner, i);
		hoard_add(alloc_page(LAST), 0);
	}
	CHECK(first != ~0UL);
	for (unsigned i = 0; i < nr_owned; i++)
		if (slots[i] && page_to_pfn(slots[i]) & 1)
			owner_drop(&owner, i);
	drain_all_pages();
	/* The last one may lack a few pages of some other. */
	want = nr_free_pages() >> pageblock_order;
	CHECK_EQ(hoard_all(MOVABLE, pageblock_order), want);
	give_back();
}

/* Case 35: pageblocks that were unmovable once, and are full of what others move. */
static void case_35_unmovable_pageblocks_are_used(void)
{
	static const struct geometry g = {.ram = {{0x60000000, 512 * MIB, 0}},
					  .limits = {.nr_cpus = 1}};
	unsigned long pages, want;

	CHECK_EQ(start(&g), 0);
	/* Of 131,072 pages: 120,000 and 60,000; 100 blocks of order 9. */
	pages = nr_managed_pages() * 120000 / 131072;
	want = PAGE_SHIFT == 12 && MAX_ORDER >= 9 ? 100 : pages * 2 / 5 / PB;
	memset(slots, 0, sizeof(slots));
	owner_init(&owner, slots, SLOTS, false);
	for (unsigned long i = 0; i < pages; i++) {
		slots[i] = alloc_page(LAST);
		REQUIRE(slots[i]);
	}
	for (unsigned long i = 0; i < pages; i += 2) {
		put_page(slots[i]);
		slots[i] = NULL;
	}
	nr_owned = (unsigned)pages;
	for (unsigned i = 0; i < pages; i += 2)
		CHECK(owner_fill(&owner, i, NOWAIT));
	for (unsigned long i = 1; i < pages; i += 2) {
		put_page(slots[i]);
		slots[i] = NULL;
	}
	for (unsigned long i = 0; i < want; i++) {
		unsigned order = pageblock_order < 9 ? pageblock_order : 9;
		struct page *page = alloc_pages(GFP_HIGHUSER_MOVABLE, order);

		REQUIRE(page);
		hoard_add(page, order);
	}
	give_back();
}

static void compact_memory_moves_what_it_can(void)
{
	unsigned long moved, blocks;

	checkerboard();
	blocks = nr_free_pages() >> pageblock_order;
	moved = compact_memory(-1);
	CHECK(moved >= blocks * (PB / 2) && moved <= nr_owned);
	/* The blocks are there already. */
	for (; blocks; blocks--) {
		struct page *page = alloc_pages(NOWAIT, pageblock_order);

		REQUIRE(page);
		hoard_add(page, pageblock_order);
	}
	CHECK_EQ(compact_memory(BUDDY_MAX_NODES), 0);
	give_back();
}

/* ---- what it leaves alone ---------------------------------------------------------- */

/* Case 36: sections of two zones take turns.  Pages stay in their zone. */
static void case_36_zones_that_interleave(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 8 * MIB, 0},
			{0x60800000, 8 * MIB, 1},
			{0x61000000, 8 * MIB, 0},
			{0x61800000, 8 * MIB, 1},
			{0x63000000, 8 * MIB, 0}},
		.limits = {.nr_cpus = 1},
	};
	static struct page *before[SLOTS];

	if (BUDDY_MAX_NODES < 2 || PAGES_PER_SECTION * PAGE_SIZE > 8 * MIB) {
		test_skip("two nodes of sections of 8 MiB needed");
		return;
	}
	CHECK_EQ(start(&g), 0);
	for (int nid = 0; nid < 2; nid++) {
		unsigned moved = 0;

		checkerboard();
		memcpy(before, slots, sizeof(before));
		CHECK(compact_memory(nid));
		for (unsigned i = 0; i < nr_owned; i++) {
			if (!slots[i])
				continue;
			CHECK_EQ(page_zone(slots[i])->nid, page_zone(before[i])->nid);
			CHECK(slots[i] == before[i] || page_zone(slots[i])->nid == nid);
			moved += slots[i] != before[i];
		}
		CHECK_EQ(moved, owner.migrated);
		CHECK_EQ(mm_check(), 0);
		give_back();
	}
	checkerboard();
	all_blocks(MAX_ORDER);
}

static void expect_untouched(unsigned long place, const struct page *const *before)
{
	for (unsigned i = 0; i < nr_owned; i++)
		if ((slots[i] && place_of(slots[i]) - place < PB) ||
		    (before[i] && place_of(before[i]) - place < PB))
			CHECK(slots[i] == before[i]);
}

static void isolated_and_offline_pageblocks_are_left_alone(void)
{
	static struct page *before[SLOTS];
	struct zone *zone = &zones[0];
	unsigned long isolated, offline, nr_isolated, pfn_i, pfn_o;

	checkerboard();
	/* In the middle of each half. */
	isolated =
		(place_of(pfn_to_page(zone->zone_start_pfn)) + zone->spanned_pages / 4) & ~(PB - 1);
	offline = (isolated + zone->spanned_pages / 2) & ~(PB - 1);
	pfn_i = page_to_pfn(mem_map + isolated);
	pfn_o = page_to_pfn(mem_map + offline);
	drop_pageblock(offline);
	CHECK_EQ(offline_pages(pfn_o, PB), 0);
	CHECK_EQ(start_isolate_page_range(pfn_i, pfn_i + PB, MIGRATE_MOVABLE), 0);
	nr_isolated = zone->nr_isolated;
	CHECK_EQ(nr_isolated, PB / 2);
	memcpy(before, slots, sizeof(before));
	CHECK(compact_memory(-1));
	CHECK_EQ(compact(pageblock_order, COMPACT_PRIO_SYNC_FULL), COMPACT_SUCCESS);
	expect_untouched(isolated, (const struct page *const *)before);
	expect_untouched(offline, (const struct page *const *)before);
	CHECK_EQ(zone->nr_isolated, nr_isolated);
	CHECK_EQ(mm_check(), 0);
	undo_isolate_page_range(pfn_i, pfn_i + PB, MIGRATE_MOVABLE);
	CHECK_EQ(online_pages(pfn_o, PB), 0);
	give_back();
}

static void the_highatomic_reserve_is_left_alone(void)
{
	static struct page *before[SLOTS];
	struct zone *zone = &zones[0];
	unsigned long place;
	port_irqflags_t flags;

	checkerboard();
	place = (place_of(pfn_to_page(zone->zone_start_pfn)) + zone->spanned_pages / 4) & ~(PB - 1);
	flags = port_irq_save();
	port_spin_lock(&zone->lock);
	move_freepages_block(zone, mem_map + place, MIGRATE_HIGHATOMIC);
	zone->nr_reserved_highatomic += pageblock_nr_pages;
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
	memcpy(before, slots, sizeof(before));
	CHECK(compact_memory(-1));
	CHECK_EQ(zone->nr_free_highatomic, PB / 2);
	expect_untouched(place, (const struct page *const *)before);
	CHECK_EQ(mm_check(), 0);
	flags = port_irq_save();
	CHECK(unreserve_highatomic_pageblock(zone));
	port_irq_restore(flags);
	give_back();
}

/* Areas take pages in; only who may have their blocks has them emptied. */
static void cma_areas_are_targets_and_movable_requests_sources(void)
{
	struct zone *zone;
	unsigned long want;

	map_geometry(&default_geometry);
	CHECK_EQ(cma_declare_contiguous(0x63000000, 8 << 20, 0, 0, "area"), 0);
	CHECK_EQ(start_mm(&default_geometry.limits), 0);
	zone = &zones[0];
	checkerboard();
	CHECK_EQ(zone->nr_free_cma, (8UL << 20 >> PAGE_SHIFT) / 2);
	/*
	 * Unmovable: what is free in the area is room for others', but cannot be had
	 * itself.
	 */
	want = (zone->nr_free_pages - zone->nr_free_cma) >> pageblock_order;
	CHECK(want);
	for (unsigned long i = 0; i < want; i++) {
		struct page *page =
			alloc_pages(LAST | __GFP_DIRECT_RECLAIM | __GFP_IO, pageblock_order);

		REQUIRE(page);
		CHECK(get_pageblock_migratetype(page) != MIGRATE_CMA);
		hoard_add(page, pageblock_order);
	}
	CHECK(zone->nr_free_cma < (8UL << 20 >> PAGE_SHIFT) / 2);
	CHECK_EQ(mm_check(), 0);
	give_back();
	checkerboard();
	all_blocks(pageblock_order);
}

/* A reference from elsewhere keeps the page, and so its range as it is. */
static void a_pinned_page_keeps_its_range(void)
{
	unsigned kept = SLOTS;
	struct page *pinned;

	checkerboard();
	/* In the lowest pageblock: the first to be passed. */
	for (unsigned i = 0; i < nr_owned; i++)
		if (slots[i] && place_of(slots[i]) % PB == 0 &&
		    (kept == SLOTS || slots[i] < slots[kept]))
			kept = i;
	REQUIRE(kept < SLOTS);
	pinned = owner_get(&owner, kept);
	compact_memory(-1);
	CHECK(slots[kept] == pinned);
	/* It fills up instead. */
	for (unsigned long i = 0; i < PB; i++)
		CHECK(page_word_state(page_word(pinned + i)) == PAGE_STATE_ALLOCATED);
	put_page(pinned);
	give_back();
}

/* A page in another CPU's cache is in the way: who may wait has it emptied. */
static void cached_pages_are_fetched(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	struct geometry g = default_geometry;
	unsigned order = pageblock_order;
	unsigned long want;

	g.limits.nr_cpus = 2;
	CHECK_EQ(start(&g), 0);
	play_cpu(1);
	play_cpu(0);
	checkerboard();
	want = nr_free_pages() >> order;
	/* All the free pages that CPU 1 can have in its cache. */
	play_cpu(1);
	for (unsigned i = 0; i < 64; i++)
		hoard_add(alloc_page(NOWAIT), 0);
	hoard_give_all();
	play_cpu(0);
	CHECK(nr_pcp_pages());
	CHECK_EQ(hoard_all(MOVABLE, order), want);
	give_back();
}

/* ---- how the scanners go on ---------------------------------------------------------- */

static void cursors_go_on_and_are_reset(void)
{
	struct zone *zone = &zones[0];
	struct compact_cursor *at = zone->compact_at, was;

	checkerboard();
	CHECK_EQ(at[1].at, 0);
	CHECK_EQ(compact(pageblock_order, COMPACT_PRIO_ASYNC), COMPACT_SUCCESS);
	/* Asynchronous work is not what others go on from. */
	CHECK(at[0].at && at[0].migrate);
	CHECK_EQ(at[1].at, 0);
	hoard_all(NOWAIT, pageblock_order);
	CHECK_EQ(compact(pageblock_order, COMPACT_PRIO_SYNC_LIGHT), COMPACT_SUCCESS);
	CHECK(at[1].migrate && at[1].high > at[1].migrate);
	was = at[1];
	hoard_all(NOWAIT, pageblock_order);
	CHECK_EQ(compact(pageblock_order, COMPACT_PRIO_SYNC_LIGHT), COMPACT_SUCCESS);
	CHECK(at[1].migrate > was.migrate && at[1].high <= was.high);
	CHECK_EQ(at[0].migrate, at[1].migrate);
	/* The end of a pass. */
	compact_memory(-1);
	CHECK_EQ(at[0].at | at[0].migrate | at[1].at | at[1].migrate, 0);
	give_back();
}

static bool marked(const struct page *page)
{
	return *pageblock_note(page) & NOTE_SKIP;
}

static void pageblocks_without_anything_are_marked(void)
{
	struct zone *zone = &zones[0];
	unsigned long first, at;

	if (zone->managed_pages < 16 * PB) {
		test_skip("16 pageblocks needed");
		return;
	}
	fill_all();
	/* The first whole pageblock of the owner's, by address, becomes unmovable. */
	first = (place_of(pfn_to_page(zone->zone_start_pfn)) + zone->spanned_pages / 8) & ~(PB - 1);
	for (unsigned i = 0; i < nr_owned; i++)
		if (slots[i] && place_of(slots[i]) - first < PB) {
			owner_drop(&owner, i);
			hoard_add(alloc_page(LAST), 0);
		}
	for (unsigned i = 0; i < nr_owned; i++)
		if (slots[i] && page_to_pfn(slots[i]) & 1)
			owner_drop(&owner, i);
	drain_all_pages();
	while (zone->compact_at[1].migrate <= first + PB) {
		CHECK_EQ(compact(pageblock_order, COMPACT_PRIO_SYNC_LIGHT), COMPACT_SUCCESS);
		REQUIRE(hoard_all(NOWAIT, pageblock_order));
	}
	CHECK(marked(mem_map + first));
	/* Marked by hand: passed over, but not by who looks at everything. */
	at = (zone->compact_at[1].migrate + PB) & ~(PB - 1);
	*pageblock_note(mem_map + at) |= NOTE_SKIP;
	while (zone->compact_at[1].migrate <= at + PB) {
		CHECK_EQ(compact(pageblock_order, COMPACT_PRIO_SYNC_LIGHT), COMPACT_SUCCESS);
		REQUIRE(hoard_all(NOWAIT, pageblock_order));
	}
	CHECK(page_word(mem_map + at) == (PAGE_ALLOCATED(0) | PAGE_MOVABLE) ||
	      page_word_state(page_word(mem_map + at)) == PAGE_STATE_FREE);
	CHECK(marked(mem_map + at));
	compact_memory(-1);
	/* Forgotten at the end of the pass. */
	CHECK(!marked(mem_map + first));
	CHECK(!marked(mem_map + at));
	give_back();
}

static const struct test_case cases[] = {
	TEST(a_request_gets_every_block_there_can_be),
	TEST(what_cannot_become_a_block_fills_up),
	TEST(case_35_unmovable_pageblocks_are_used),
	TEST(compact_memory_moves_what_it_can),
	TEST(case_36_zones_that_interleave),
	TEST(isolated_and_offline_pageblocks_are_left_alone),
	TEST(the_highatomic_reserve_is_left_alone),
	TEST(cma_areas_are_targets_and_movable_requests_sources),
	TEST(a_pinned_page_keeps_its_range),
	TEST(cached_pages_are_fetched),
	TEST(cursors_go_on_and_are_reset),
	TEST(pageblocks_without_anything_are_marked),
};
TEST_SUITE(compaction, cases);
