// SPDX-License-Identifier: MIT
// NEEDS: COMPACTION MOBILITY
// HOST ONLY
/*
 * Compaction: what a request is told, deferral, the background, figures of fragmentation.
 */
#include "compact_fixture.h"

#define FULL  COMPACT_PRIO_SYNC_FULL
#define LIGHT COMPACT_PRIO_SYNC_LIGHT
#define ASYNC COMPACT_PRIO_ASYNC

/* Every second page is free, and the others nobody can move. */
static void unmovable_checkerboard(void)
{
	struct page *page, *keep = NULL, *drop = NULL;

	drain_all_pages();
	while ((page = alloc_page(LAST))) {
		page->mapping = page_to_pfn(page) & 1 ? drop : keep;
		if (page_to_pfn(page) & 1)
			drop = page;
		else
			keep = page;
	}
	while ((page = drop)) {
		drop = page->mapping;
		__free_page(page);
	}
	while ((page = keep)) {
		keep = page->mapping;
		hoard_add(page, 0);
	}
	drain_all_pages();
}

/* ---- what a request is told --------------------------------------------------------- */

static void skipped_where_it_cannot_help(void)
{
	fill_all();
	CHECK_EQ(compact(1, LIGHT), COMPACT_SKIPPED); /* nothing is free */
	owner_drop(&owner, 0);
	drain_all_pages();
	CHECK_EQ(compact(1, FULL), COMPACT_SKIPPED); /* a page for a block of two */
	give_back();
	checkerboard();
	CHECK_EQ(compact(0, FULL), COMPACT_SKIPPED);
	CHECK_EQ(compact_gfp(MOVABLE & ~__GFP_DIRECT_RECLAIM, 1, ALLOC_NO_WATERMARKS, FULL),
		 COMPACT_SKIPPED);
	CHECK_EQ(compact_gfp(MOVABLE & ~__GFP_IO, 1, ALLOC_NO_WATERMARKS, FULL), COMPACT_SKIPPED);
	port_irqflags_t flags = port_irq_save();
	enum compact_result result = compact(1, FULL);

	CHECK_EQ(compact_memory(-1), 0);
	CHECK(!kcompactd_step(0));
	port_irq_restore(flags);
	CHECK_EQ(result, COMPACT_SKIPPED);
	CHECK_EQ(owner.migrated, 0);
	CHECK_EQ(compact(1, FULL), COMPACT_SUCCESS);
	CHECK(owner.migrated);
	/* There is one: nothing to do. */
	CHECK_EQ(compact(1, ASYNC), COMPACT_SUCCESS);
	give_back();
}

/* The request's mark has to be left; a block more than that has to be free. */
static void skipped_below_the_mark(void)
{
	struct zone *zone = &zones[0];
	unsigned need;

	fill_all();
	need = zone->watermark[WMARK_MIN] + zone->watermark_boost +
	       zone->lowmem_reserve[ZONE_MOVABLE] + (1U << pageblock_order);
	for (unsigned i = 0, nr = 0; i < nr_owned && nr < need; i++)
		if (page_to_pfn(slots[i]) & 1) {
			owner_drop(&owner, i);
			nr++;
		}
	drain_all_pages();
	REQUIRE(zone->nr_free_pages == need);
	CHECK_EQ(compact_gfp(GFP_HIGHUSER_MOVABLE, pageblock_order, ALLOC_WMARK_MIN, LIGHT),
		 COMPACT_SUCCESS);
	give_back();
	fill_all();
	for (unsigned i = 0, nr = 0; i < nr_owned && nr < need - 1; i++)
		if (page_to_pfn(slots[i]) & 1) {
			owner_drop(&owner, i);
			nr++;
		}
	drain_all_pages();
	CHECK_EQ(compact_gfp(GFP_HIGHUSER_MOVABLE, pageblock_order, ALLOC_WMARK_MIN, LIGHT),
		 COMPACT_SKIPPED);
	CHECK_EQ(owner.migrated, 0);
	give_back();
}

static void complete_where_nothing_moves(void)
{
	unmovable_checkerboard();
	CHECK_EQ(compact(1, FULL), COMPACT_COMPLETE);
	CHECK_EQ(compact(1, LIGHT), COMPACT_DEFERRED);
	give_back();
}

/*
 * Asynchronous work ends with what was left of the pass; who waits has the rest looked at,
 * too.
 */
static void partial_when_the_pass_had_begun(void)
{
	struct zone *zone = &zones[0];
	struct compact_cursor rest;

	unmovable_checkerboard();
	rest.migrate = place_of(pfn_to_page(zone->zone_start_pfn + zone->spanned_pages / 2));
	rest.migrate &= ~(PB - 1);
	rest.spare = rest.migrate;
	rest.high = rest.at = rest.migrate + zone->spanned_pages / 4 / PB * PB;
	zone->compact_at[0] = zone->compact_at[1] = rest;
	CHECK_EQ(compact(1, ASYNC), COMPACT_PARTIAL_SKIPPED);
	zone->compact_at[0] = zone->compact_at[1] = rest;
	CHECK_EQ(compact(1, LIGHT), COMPACT_COMPLETE);
	give_back();
}

static void contended_while_another_compacts(void)
{
	struct zone *zone = &zones[0];

	checkerboard();
	zone->compact_busy = 1;
	CHECK_EQ(compact(1, ASYNC), COMPACT_CONTENDED);
	CHECK_EQ(compact(1, LIGHT), COMPACT_CONTENDED); /* after a while */
	CHECK_EQ(compact(1, FULL), COMPACT_CONTENDED);
	CHECK_EQ(compact_memory(-1), 0);
	CHECK_EQ(owner.migrated, 0);
	/* It did not fail: nobody is put off. */
	CHECK_EQ(zone->compact_defer_shift, 0);
	zone->compact_busy = 0;
	CHECK_EQ(compact(1, LIGHT), COMPACT_SUCCESS);
	give_back();
}

static void asynchronous_work_keeps_to_movable_pageblocks(void)
{
	struct zone *zone = &zones[0];
	port_irqflags_t flags;

	checkerboard();
	flags = port_irq_save();
	port_spin_lock(&zone->lock);
	for (unsigned long pfn = zone->zone_start_pfn;
	     pfn < zone->zone_start_pfn + zone->spanned_pages; pfn += PB)
		if (get_pageblock_migratetype(pfn_to_page(pfn)) == MIGRATE_MOVABLE)
			move_freepages_block(zone, pfn_to_page(pfn), MIGRATE_UNMOVABLE);
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
	CHECK_EQ(compact(pageblock_order, ASYNC), COMPACT_COMPLETE);
	CHECK_EQ(owner.migrated, 0);
	CHECK_EQ(compact(pageblock_order, LIGHT), COMPACT_SUCCESS);
	CHECK(owner.migrated);
	give_back();
}

/* ---- deferral ---------------------------------------------------------------------- */

static void after_each_failure_twice_as_many_are_put_off(void)
{
	struct zone *zone = &zones[0];

	unmovable_checkerboard();
	for (unsigned shift = 1; shift <= 8; shift++) {
		unsigned put_off = 0;

		CHECK_EQ(compact(2, LIGHT), COMPACT_COMPLETE);
		CHECK_EQ(zone->compact_defer_shift, shift < 6 ? shift : 6);
		while (READ_ONCE(zone->compact_considered) + 1 < 1U << zone->compact_defer_shift) {
			CHECK_EQ(compact(2, LIGHT), COMPACT_DEFERRED);
			put_off++;
		}
		CHECK_EQ(put_off, (1U << (shift < 6 ? shift : 6)) - 1);
	}
	give_back();
}

static void deferral_is_of_an_order_and_taken_back(void)
{
	struct zone *zone = &zones[0];

	if (MAX_ORDER < 3) {
		test_skip("three orders needed");
		return;
	}
	unmovable_checkerboard();
	zone->compact_order_failed = 3;
	CHECK_EQ(compact(2, LIGHT), COMPACT_COMPLETE); /* smaller: not asked; fails, too */
	CHECK_EQ(zone->compact_order_failed, 2);
	CHECK_EQ(compact(2, LIGHT), COMPACT_DEFERRED);
	CHECK_EQ(compact(3, LIGHT), COMPACT_COMPLETE); /* the second since */
	CHECK_EQ(compact(3, ASYNC), COMPACT_DEFERRED);
	CHECK_EQ(compact(1, ASYNC), COMPACT_COMPLETE); /* and asynchronous work defers nobody */
	CHECK_EQ(zone->compact_order_failed, 2);
	CHECK_EQ(compact(2, FULL), COMPACT_COMPLETE); /* does not ask */
	compaction_defer_reset(zone, 2, false);
	CHECK_EQ(zone->compact_order_failed, 3);
	CHECK(zone->compact_defer_shift);
	compaction_defer_reset(zone, 3, true);
	CHECK_EQ(zone->compact_order_failed, 4);
	CHECK_EQ(zone->compact_defer_shift | zone->compact_considered, 0);
	give_back();
}

static void suitable_with_what_reclaim_could_get(void)
{
	struct alloc_context ac = {
		.zonelist = nodes[0].zonelist[ZONE_MOVABLE],
		.nodemask = NODE_MASK_ALL,
		.highest = ZONE_MOVABLE,
	};

	fill_all();
	CHECK(!compaction_zonelist_suitable(&ac, 1, ALLOC_NO_WATERMARKS));
	owner_drop(&owner, 0);
	drain_all_pages();
	CHECK(!compaction_zonelist_suitable(&ac, 1, ALLOC_NO_WATERMARKS));
	lru_cache_add(slots[1]);
	CHECK(compaction_zonelist_suitable(&ac, 1, ALLOC_NO_WATERMARKS));
	CHECK(!compaction_zonelist_suitable(&ac, 1, ALLOC_WMARK_MIN));
	ac.nodemask = 0;
	CHECK(!compaction_zonelist_suitable(&ac, 1, ALLOC_NO_WATERMARKS));
	give_back();
}

/* ---- in the background ------------------------------------------------------------- */

static void kcompactd_works_in_steps_and_stops(void)
{
	unsigned steps = 0;
	uint32_t woken = vm_events(KCOMPACTD_WAKE);

	CHECK(!kcompactd_step(0)); /* nobody asked */
	CHECK(!kcompactd_step(-1));
	CHECK(!kcompactd_step(BUDDY_MAX_NODES));
	wakeup_kcompactd(0, 0, ZONE_MOVABLE);
	wakeup_kcompactd(0, MAX_ORDER, ZONE_MOVABLE); /* there is one */
	CHECK_EQ(vm_events(KCOMPACTD_WAKE), woken);
	checkerboard();
	wakeup_kcompactd(0, pageblock_order, ZONE_MOVABLE);
	CHECK_EQ(vm_events(KCOMPACTD_WAKE), woken + 1);
	for (;;) {
		uint32_t moved = owner.migrated;
		bool more = kcompactd_step(0);

		CHECK(owner.migrated - moved < PB + MIGRATE_BATCH);
		if (!more)
			break;
		if (++steps == 1000)
			break;
	}
	CHECK(steps < 1000);
	CHECK(steps);
	CHECK(zone_has_block(&zones[0], pageblock_order));
	CHECK(!kcompactd_step(0));
	give_back();
}

static void kcompactd_gives_up_where_nothing_moves(void)
{
	struct zone *zone = &zones[0];
	unsigned steps = 0;

	unmovable_checkerboard();
	zone->has_movable = 1; /* once there was something */
	wakeup_kcompactd(0, 1, ZONE_MOVABLE);
	while (steps < 10 + zone->spanned_pages / PB && kcompactd_step(0))
		steps++;
	CHECK(steps < 10 + zone->spanned_pages / PB);
	CHECK_EQ(zone->compact_defer_shift, 1);
	/* The next one is put off, and ends at once. */
	wakeup_kcompactd(0, 1, ZONE_MOVABLE);
	CHECK(!kcompactd_step(0));
	CHECK_EQ(zone->compact_defer_shift, 1);
	give_back();
}

/* ---- figures --------------------------------------------------------------- */

/*
 * By hand, with blocks and pages free in all: order 0 only, f single pages: an order-o
 * request would need 2^o, the index is 1 - (1 + f / 2^o) / f.
 */
static void fragmentation_by_hand(void)
{
	unsigned long f;

	for (unsigned order = 0; order < NR_ORDERS && zone_has_block(&zones[0], order); order++)
		CHECK_EQ(extfrag_index(0, order), -1000);
	CHECK_EQ(unusable_free_index(0, 0), 0);
	CHECK_EQ(extfrag_index(nr_zones, 0), 0);
	CHECK_EQ(extfrag_index(0, NR_ORDERS), 0);
	CHECK_EQ(unusable_free_index(nr_zones, 0), 1000);
	fill_all();
	CHECK_EQ(extfrag_index(0, 1), 0); /* no memory */
	CHECK_EQ(unusable_free_index(0, 1), 1000);
	/* Four single pages: order 1 asks for two: 1 - (1 + 2) / 4 = 0.25. */
	for (unsigned i = 0, nr = 0; nr < 4; i++)
		if (page_to_pfn(slots[i]) & 1) {
			owner_drop(&owner, i);
			nr++;
		}
	drain_all_pages();
	CHECK_EQ(extfrag_index(0, 0), -1000);
	CHECK_EQ(unusable_free_index(0, 0), 0);
	CHECK_EQ(extfrag_index(0, 1), 250);
	CHECK_EQ(unusable_free_index(0, 1), 1000);
	give_back();
	checkerboard();
	f = nr_free_pages();
	for (unsigned order = 1; order < NR_ORDERS; order++) {
		CHECK_EQ(extfrag_index(0, order), 1000 - (1000 + f * 1000 / (1UL << order)) / f);
		CHECK_EQ(unusable_free_index(0, order), 1000);
	}
	/* A block of two among them: not a thing that fails. */
	CHECK_EQ(compact(1, LIGHT), COMPACT_SUCCESS);
	CHECK_EQ(extfrag_index(0, 1), -1000);
	CHECK(unusable_free_index(0, 1) < 1000 && unusable_free_index(0, 1) > 900);
	show_extfrag();
	give_back();
}

/* No owner has ever made a page movable: no zone is looked through for a block. */
static void nothing_was_ever_movable(void)
{
	struct alloc_context ac = {
		.zonelist = nodes[0].zonelist[gfp_zone(MOVABLE)],
		.nodemask = NODE_MASK_ALL,
		.highest = gfp_zone(MOVABLE),
		.migratetype = MIGRATE_MOVABLE,
	};
	uint32_t scanned = vm_events(COMPACTMIGRATE_SCANNED);
	struct page *page;

	CHECK_EQ(try_to_compact_pages(MOVABLE, MAX_ORDER, ALLOC_NO_WATERMARKS, &ac, FULL, &page),
		 zone_has_block(&zones[0], MAX_ORDER) ? COMPACT_SUCCESS : COMPACT_SKIPPED);
	CHECK(!page);
	CHECK_EQ(vm_events(COMPACTMIGRATE_SCANNED), scanned);
	CHECK(!compaction_zonelist_suitable(&ac, MAX_ORDER, ALLOC_NO_WATERMARKS));
}

static const struct test_case cases[] = {
	TEST(nothing_was_ever_movable),
	TEST(skipped_where_it_cannot_help),
	TEST(skipped_below_the_mark),
	TEST(complete_where_nothing_moves),
	TEST(partial_when_the_pass_had_begun),
	TEST(contended_while_another_compacts),
	TEST(asynchronous_work_keeps_to_movable_pageblocks),
	TEST(after_each_failure_twice_as_many_are_put_off),
	TEST(deferral_is_of_an_order_and_taken_back),
	TEST(suitable_with_what_reclaim_could_get),
	TEST(kcompactd_works_in_steps_and_stops),
	TEST(kcompactd_gives_up_where_nothing_moves),
	TEST(fragmentation_by_hand),
};
TEST_SUITE(compact_policy, cases);
