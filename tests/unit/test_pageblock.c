// SPDX-License-Identifier: MIT
// NEEDS: MOBILITY NODES
/*
 * Zone and mobility of each pageblock: who reads what, and that a write touches one
 * pageblock's mobility and nothing else.
 */
#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

static void set_type(struct page *page, enum migratetype mt)
{
	port_irqflags_t flags = port_irq_save();
	struct zone *zone = page_zone(page);

	port_spin_lock(&zone->lock);
	set_pageblock_migratetype(page, mt);
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
}

static void all_pages_of_a_pageblock_agree(void)
{
	for (unsigned long i = 0; i < nr_map_pages; i += pageblock_nr_pages) {
		struct page *first = mem_map + i, *last = first + pageblock_nr_pages - 1;

		CHECK_EQ(page_pageblock(first), page_pageblock(last));
		CHECK(page_zone(first) == page_zone(last));
		CHECK(page_zone(first) < zones + nr_zones);
		CHECK(get_pageblock_migratetype(first) < MIGRATE_TYPES);
	}
}

static void a_write_changes_one_mobility_only(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_MOVABLE, pageblock_order);
	struct page *before, *after;
	enum migratetype was, b, a;
	struct zone *zone;

	if (!page) {
		test_skip("no whole pageblock is free");
		return;
	}
	before = page - 1;
	after = page + pageblock_nr_pages;
	zone = page_zone(page);
	was = get_pageblock_migratetype(page);
	b = page > mem_map ? get_pageblock_migratetype(before) : 0;
	a = after < mem_map + nr_map_pages ? get_pageblock_migratetype(after) : 0;
	for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
		set_type(page + mt, (enum migratetype)mt); /* any page of it will do */
		CHECK_EQ(get_pageblock_migratetype(page), mt);
		CHECK_EQ(get_pageblock_migratetype(page + pageblock_nr_pages - 1), mt);
		CHECK(page_zone(page) == zone);
		if (page > mem_map)
			CHECK_EQ(get_pageblock_migratetype(before), b);
		if (after < mem_map + nr_map_pages)
			CHECK_EQ(get_pageblock_migratetype(after), a);
	}
	set_type(page, was);
	__free_pages(page, pageblock_order);
}

static void the_gfp_bits_are_the_mobility(void)
{
	CHECK_EQ(gfp_migratetype(GFP_KERNEL), MIGRATE_UNMOVABLE);
	CHECK_EQ(gfp_migratetype(GFP_HIGHUSER_MOVABLE), MIGRATE_MOVABLE);
	CHECK_EQ(gfp_migratetype(GFP_KERNEL | __GFP_RECLAIMABLE), MIGRATE_RECLAIMABLE);
	CHECK_EQ(gfp_zone(GFP_KERNEL), ZONE_NORMAL);
	CHECK_EQ(gfp_zone(GFP_KERNEL | __GFP_MOVABLE), ZONE_NORMAL);
	CHECK_EQ(gfp_zone(GFP_HIGHUSER), ZONE_HIGHMEM);
	CHECK_EQ(gfp_zone(GFP_HIGHUSER_MOVABLE), ZONE_MOVABLE);
	CHECK_EQ(gfp_zone(GFP_DMA), ZONE_DMA);
	CHECK_EQ(gfp_zone(GFP_DMA | __GFP_HIGHMEM | __GFP_MOVABLE), ZONE_DMA);
}

#ifdef TEST_HOST

static void all_of_memory_starts_movable(void)
{
	struct zone_info info;

	REQUIRE(zone_info(0, &info));
	CHECK_EQ(info.nr_pageblocks[MIGRATE_MOVABLE], nr_map_pages >> pageblock_order);
	CHECK_EQ(info.nr_pageblocks[MIGRATE_UNMOVABLE], 0);
	CHECK_EQ(info.nr_pageblocks[MIGRATE_RECLAIMABLE], 0);
}

static void each_zone_has_its_pageblocks(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 32 << 20, 0}, {0x68000000, 16 << 20, 1}},
		.limits = {.dma_limit = 0x60800000, .movablecore = 8 << 20},
	};
	struct zone_info info;
	unsigned long sum = 0;

	CHECK_EQ(start(&g), 0);
	for (unsigned i = 0; zone_info(i, &info); i++) {
		unsigned long here = 0;

		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			here += info.nr_pageblocks[mt];
		CHECK_EQ(here << pageblock_order, info.spanned);
		sum += here;
	}
	CHECK_EQ(sum << pageblock_order, nr_map_pages);
}

static void unlocked_write(void *page)
{
	set_pageblock_migratetype(page, MIGRATE_MOVABLE);
}

static void the_lock_is_asserted_in_test_builds(void)
{
#ifdef BUDDY_DEBUG
	CHECK(host_panics(unlocked_write, mem_map));
	CHECK_EQ(start(&default_geometry), 0);
#else
	(void)unlocked_write;
	test_skip("assertions are compiled out");
#endif
}

#endif

static const struct test_case cases[] = {
	TEST(all_pages_of_a_pageblock_agree),	   TEST(a_write_changes_one_mobility_only),
	TEST(the_gfp_bits_are_the_mobility),
#ifdef TEST_HOST
	TEST(all_of_memory_starts_movable),	   TEST(each_zone_has_its_pageblocks),
	TEST(the_lock_is_asserted_in_test_builds),
#endif
};
TEST_SUITE(pageblock, cases);
