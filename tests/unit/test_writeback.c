// SPDX-License-Identifier: MIT
// NEEDS: RECLAIM
// HOST ONLY
/*
 * Dirty pages: limits worked out by hand, writers that have to write first, devices that
 * fail, and requests that spread what they will write to.
 */
#include "reclaim_fixture.h"

#define MIB (1ULL << 20)

static unsigned used; /* slots */

/* n more pages, dirty from the start or not. */
static void add(unsigned n, bool dirty)
{
	for (; n && used < MAX_SLOTS; n--, used++) {
		if (!owner_fill(&owner, used, OWNED))
			check_failed(__FILE__, __LINE__, "no memory");
		else if (dirty)
			set_page_dirty(slots[used]);
	}
}

static void begin(void)
{
	own(0);
	used = 0;
	dirty_background_ratio = 10;
	dirty_ratio = 20;
}

/* As page_writeback.c's head says it: free above high, and reclaimable. */
static unsigned long dirtyable(const struct zone *zone)
{
	return zone->nr_free_pages - zone->watermark[WMARK_HIGH] + zone->nr_lru;
}

/* ---- limits ------------------------------------------------------------------------ */

static void a_zone_is_ok_up_to_its_share(void)
{
	const struct zone *zone = &zones[0];
	unsigned long limit;

	begin();
	add(5000, false);
	drain_all_pages();
	limit = dirtyable(zone) * 20 / 100;
	CHECK(limit > 2000 && limit < 4000);
	for (unsigned i = 0; i < limit; i++) {
		set_page_dirty(slots[i]);
		if (i % 2)
			continue;
		/* on its way counts as well */
		clear_page_dirty_for_io(slots[i]);
		set_page_writeback(slots[i]);
	}
	CHECK(zone_dirty_ok(zone));
	set_page_dirty(slots[limit]);
	CHECK(!zone_dirty_ok(zone));
	dirty_ratio = 21;
	CHECK(zone_dirty_ok(zone));
	dirty_ratio = 1000; /* as 100 */
	CHECK(zone_dirty_ok(zone));
	for (unsigned i = 0; i < limit; i += 2)
		end_page_writeback(slots[i]);
	CHECK_EQ(nr_dirty_pages(), limit - (limit + 1) / 2 + 1);
	disown();
	dirty_ratio = 20;
}

static void the_lower_limit_is_below_the_upper_one(void)
{
	unsigned long beyond;

	begin();
	add(5000, false);
	drain_all_pages();
	dirty_background_ratio = 80;
	for (unsigned i = 0; i < 3000; i++)
		set_page_dirty(slots[i]);
	beyond = 3000 - dirtyable(&zones[0]) * 20 / 100 / 2;
	CHECK_EQ(dirty_beyond(true), beyond);
	dirty_background_ratio = 10;
	CHECK_EQ(dirty_beyond(true), 3000 - dirtyable(&zones[0]) * 10 / 100);
	CHECK_EQ(dirty_beyond(false), 0);
	disown();
}

/* ---- writers --------------------------------------------------------------------------- */

static void who_is_above_writes_as_many(void)
{
	unsigned long limit;

	begin();
	add(6000, false);
	drain_all_pages();
	limit = dirtyable(&zones[0]) * 20 / 100;
	for (unsigned i = 0; i < limit; i++)
		set_page_dirty(slots[i]);
	balance_dirty_pages();
	CHECK_EQ(owner.written, 0);
	CHECK_EQ(vm_events(DIRTY_THROTTLE), 0);
	for (unsigned n = 1; n < 100; n += 13) {
		unsigned before = owner.written;

		for (unsigned i = 0; i < n; i++)
			while (!set_page_dirty(slots[used - 1 - before - i]))
				break;
		balance_dirty_pages();
		CHECK_EQ(nr_dirty_pages(), limit);
	}
	CHECK_EQ(vm_events(DIRTY_THROTTLE), 8);
	CHECK_EQ(vm_events(PGWRITEBACK), owner.written);
	CHECK_EQ(owner_nr_pages(&owner), 6000);
	disown();
}

static struct page *was_dirty;

/* A file system that makes more dirty while it writes, and says so. */
static int write_and_balance(struct page *page)
{
	clear_page_dirty_for_io(page);
	was_dirty = page;
	balance_dirty_pages();
	return 0;
}

static void who_may_not_write_does_not(void)
{
	port_irqflags_t flags;
	unsigned saved;

	begin();
	add(8000, true);
	saved = memalloc_noio_save();
	balance_dirty_pages();
	memalloc_noio_restore(saved);
	saved = memalloc_nofs_save();
	balance_dirty_pages();
	memalloc_nofs_restore(saved);
	saved = memalloc_noreclaim_save();
	balance_dirty_pages();
	memalloc_noreclaim_restore(saved);
	flags = port_irq_save();
	balance_dirty_pages();
	port_irq_restore(flags);
	CHECK_EQ(owner.written, 0);
	CHECK_EQ(vm_events(DIRTY_THROTTLE), 0);
	/* nor in an owner's own operation */
	owner.mops.write_page = write_and_balance;
	balance_dirty_pages();
	CHECK(was_dirty != NULL);
	CHECK_EQ(vm_events(DIRTY_THROTTLE), 1);
	CHECK_EQ(dirty_beyond(false), 0);
	disown();
}

static void a_device_that_fails_keeps_nobody(void)
{
	begin();
	add(8000, true);
	owner.fail_write = 1;
	balance_dirty_pages();
	CHECK_EQ(nr_dirty_pages(), 8000);
	CHECK_EQ(owner.failed, 8000); /* each once */
	CHECK_EQ(vm_events(PGWRITEBACK), 0);
	owner.fail_write = 3;
	balance_dirty_pages();
	CHECK_EQ(dirty_beyond(false), 0);
	CHECK_EQ(nr_dirty_pages(), 8000 - owner.written);
	disown();
}

static void held_pages_are_passed_over(void)
{
	static struct page *held[8000];

	begin();
	add(8000, true);
	for (unsigned i = 0; i < 7990; i++)
		held[i] = owner_get(&owner, i);
	balance_dirty_pages();
	CHECK_EQ(owner.written, 10);
	for (unsigned i = 0; i < 7990; i++)
		put_page(held[i]);
	disown();
}

/* ---- __GFP_WRITE ------------------------------------------------------------------- */

static struct zone *zone_of_new(gfp_t gfp)
{
	struct page *page = alloc_page(gfp);
	struct zone *zone;

	if (!page)
		return NULL;
	zone = page_zone(page);
	__free_page(page);
	return zone;
}

static void writers_spread_over_zones(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 64 * MIB, 0}},
		.limits = {.dma_limit = 0x62000000, .lowmem_reserve_ratio = {100000, 100000}},
	};
	struct zone *dma, *normal;

	REQUIRE(start(&g) == 0);
	REQUIRE(nr_zones == 2);
	dma = &zones[0];
	normal = &zones[1];
	begin();
	CHECK(zone_of_new(GFP_KERNEL | __GFP_WRITE) == normal);
	add(3000, true);
	drain_all_pages();
	CHECK(dma->nr_dirty == 0 && !zone_dirty_ok(normal) && zone_dirty_ok(dma));
	CHECK(zone_of_new(GFP_KERNEL) == normal);
	CHECK(zone_of_new(GFP_KERNEL | __GFP_WRITE) == dma);
	CHECK(zone_of_new(GFP_NOWAIT | __GFP_WRITE) == dma);
	CHECK(zone_of_new(GFP_KERNEL | __GFP_WRITE | __GFP_ZERO | __GFP_COLD) == dma);
	/* both: the better one again, and no trip to the slow path */
	for (unsigned i = 0; i < 3000; i++) {
		struct page *page = alloc_page(OWNED | GFP_DMA);

		REQUIRE(page);
		page->index = used;
		__SetPageMovable(page, &owner.mops);
		lru_cache_add(page);
		set_page_dirty(page);
		slots[used++] = page;
	}
	drain_all_pages();
	CHECK(!zone_dirty_ok(normal) && !zone_dirty_ok(dma));
	CHECK(zone_of_new(GFP_KERNEL | __GFP_WRITE) == normal);
	CHECK_EQ(vm_events(SLOWPATH), 0);
	/* written: as it was */
	for (unsigned i = 0; i < 3000; i++)
		clear_page_dirty_for_io(slots[i]);
	CHECK(zone_of_new(GFP_KERNEL | __GFP_WRITE) == normal);
	owner_drop_all(&owner); /* the DMA pages were never marked by a pattern */
	CHECK_EQ(nr_dirty_pages(), 0);
}

static void writers_of_a_node_only(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 32 * MIB, 0}, {0x62000000, 32 * MIB, 1}},
	};

	if (BUDDY_MAX_NODES < 2) {
		test_skip("one node");
		return;
	}
	REQUIRE(start(&g) == 0);
	begin();
	add(3000, true);
	drain_all_pages();
	CHECK(!zone_dirty_ok(&zones[0]));
	CHECK(zone_of_new(GFP_KERNEL | __GFP_WRITE) == &zones[1]);
	CHECK(zone_of_new(GFP_KERNEL | __GFP_WRITE | __GFP_THISNODE) == &zones[0]);
	disown();
}

static const struct test_case cases[] = {
	TEST(a_zone_is_ok_up_to_its_share),	TEST(the_lower_limit_is_below_the_upper_one),
	TEST(who_is_above_writes_as_many),	TEST(who_may_not_write_does_not),
	TEST(a_device_that_fails_keeps_nobody), TEST(held_pages_are_passed_over),
	TEST(writers_spread_over_zones),	TEST(writers_of_a_node_only),
};
TEST_SUITE(writeback, cases);
