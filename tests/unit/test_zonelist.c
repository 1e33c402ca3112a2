// SPDX-License-Identifier: MIT
// NEEDS: HIGHMEM
// HOST ONLY
/*
 * Which zone gives: the best that may, the next when it is low, never one that the
 * flags rule out; what a zone keeps for its own.
 */
#include "../harness/fixture.h"
#include "../harness/peek.h"
#include "../harness/tap.h"

#define MIB (1ULL << 20)

/* DMA 16, Normal 16, HighMem 16, Movable 16 MiB; marks so small that they do not matter. */
static const struct geometry four_zones = {
	.ram = {{0x60000000, 64 * MIB, 0}},
	.limits = {.dma_limit = 0x61000000,
		   .highmem_start = 0x62000000,
		   .movablecore = 16 * MIB,
		   .min_free_kbytes = 16,
		   .lowmem_reserve_ratio = {100000, 100000, 0, 0},
		   .nr_cpus = 1},
};

static struct page *head;

static enum zone_type type_of(const struct page *page)
{
	return page_zone(page)->type;
}

static void keep(struct page *page, unsigned order)
{
	page->mapping = head;
	page->index = order;
	head = page;
}

static void give_all(void)
{
	struct page *page;

	while ((page = head)) {
		head = page->mapping;
		__free_pages(page, (unsigned)page->index);
	}
}

/*
 * Takes until NULL; the zone types as hexadecimal digits, in the order of their first page.
 */
static unsigned take_all(gfp_t gfp, unsigned order)
{
	unsigned seen = 0, turns = 0;
	struct page *page;

	while ((page = alloc_pages(gfp | __GFP_NOWARN, order))) {
		keep(page, order);
		if (seen & 1U << type_of(page))
			continue;
		seen |= 1U << type_of(page);
		turns = turns << 4 | type_of(page);
	}
	return turns;
}

static void each_request_has_its_zones_best_first(void)
{
	static const struct {
		gfp_t gfp;
		unsigned turns; /* zone types as hexadecimal digits */
	} want[] = {
		{GFP_NOWAIT | GFP_DMA, 0x0},
		{GFP_NOWAIT, 0x10},
		{GFP_NOWAIT | __GFP_MOVABLE, 0x10},
		{GFP_NOWAIT | __GFP_RECLAIMABLE, 0x10},
		{GFP_NOWAIT | __GFP_HIGHMEM, 0x210},
		{GFP_NOWAIT | __GFP_HIGHMEM | __GFP_MOVABLE, 0x3210},
		{GFP_NOWAIT | __GFP_HIGHMEM | __GFP_MOVABLE | GFP_DMA, 0x0},
		{GFP_NOWAIT | __GFP_COLD, 0x10},
		{GFP_NOWAIT | __GFP_ZERO | __GFP_HIGHMEM, 0x210},
	};

	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		for (unsigned order = 0; order <= MAX_ORDER; order += 5) {
			CHECK_EQ(start(&four_zones), 0);
			head = NULL;
			CHECK_EQ(take_all(want[i].gfp, order), want[i].turns);
			CHECK(head);
			give_all();
		}
}

static void no_zone_no_page(void)
{
	static const struct geometry no_dma = {.ram = {{0x60000000, 16 * MIB, 0}}};
	uint32_t fail;

	CHECK_EQ(start(&no_dma), 0);
	fail = vm_events(PGALLOC_FAIL);
	for (unsigned order = 0; order <= MAX_ORDER; order++)
		CHECK(!alloc_pages(GFP_KERNEL | GFP_DMA | __GFP_NOWARN, order));
	CHECK(!__get_dma_pages(GFP_KERNEL | __GFP_NOWARN, 0));
	CHECK_EQ(vm_events(PGALLOC_FAIL) - fail, MAX_ORDER + 2);
	/* the other way round nothing is missing */
	CHECK(alloc_page(GFP_HIGHUSER_MOVABLE));
	CHECK_EQ(start(&default_geometry), 0);
}

static void only_highmem_is_left_for_nobody_else(void)
{
	CHECK_EQ(start(&four_zones), 0);
	head = NULL;
	CHECK_EQ(take_all(GFP_NOWAIT | __GFP_MEMALLOC, 0), 0x10);
	CHECK(!alloc_page(GFP_KERNEL | __GFP_NOWARN));
	CHECK(alloc_page(GFP_HIGHUSER)); /* lost on purpose: the next start forgets it */
	CHECK_EQ(start(&default_geometry), 0);
}

/*
 * Everything is movable yet: Normal is claimed by whole pageblocks, and with a DMA zone below
 * DMA gives before a pageblock of Normal is mixed.
 */
static void a_zone_is_claimed_by_pageblocks_before_the_next_is_asked(void)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		struct page *page;

		CHECK_EQ(start(&four_zones), 0);
		page = alloc_pages(GFP_KERNEL, order);
		REQUIRE(page);
		CHECK_EQ(type_of(page), ZONE_NORMAL);
		__free_pages(page, order);
	}
}

static void the_own_node_is_that_of_minus_one(void)
{
	struct page *page = alloc_pages_node(-1, GFP_KERNEL, 2);

	REQUIRE(page);
	CHECK_EQ(page_zone(page)->nid, 0);
	__free_pages(page, 2);
	page = alloc_pages(GFP_KERNEL | __GFP_THISNODE, 0);
	REQUIRE(page);
	CHECK_EQ(page_zone(page)->nid, 0);
	__free_page(page);
}

static void a_low_zone_is_left_alone_while_another_has_more(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 32 * MIB, 0}},
		.limits = {.dma_limit = 0x61000000, .min_free_kbytes = 2048, .nr_cpus = 1},
	};
	struct zone_info info;
	struct page *page;

	/*
	 * Normal gives down to its low mark, then DMA does, and only then Normal to its min;
	 * movable, as all pageblocks are, so that nothing is mixed.
	 */
	CHECK_EQ(start(&g), 0);
	head = NULL;
	do {
		page = alloc_pages(GFP_NOWAIT | __GFP_MOVABLE | __GFP_COLD | __GFP_NOWARN, 0);
		REQUIRE(page);
		keep(page, 0);
	} while (type_of(page) == ZONE_NORMAL);
	REQUIRE(zone_info(1, &info));
	CHECK_EQ(info.free, info.wmark_low);
	while ((page = alloc_pages(GFP_NOWAIT | __GFP_MOVABLE | __GFP_COLD | __GFP_NOWARN, 0)))
		keep(page, 0);
	REQUIRE(zone_info(1, &info));
	CHECK_EQ(info.free, info.wmark_min);
	give_all();
}

static const struct test_case cases[] = {
	TEST(each_request_has_its_zones_best_first),
	TEST(no_zone_no_page),
	TEST(only_highmem_is_left_for_nobody_else),
	TEST(a_zone_is_claimed_by_pageblocks_before_the_next_is_asked),
	TEST(the_own_node_is_that_of_minus_one),
	TEST(a_low_zone_is_left_alone_while_another_has_more),
};
TEST_SUITE(zonelist, cases);
