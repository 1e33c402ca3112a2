// SPDX-License-Identifier: MIT
// NEEDS: HIGHMEM
/*
 * Watermarks: their arithmetic at the borders, their defaults against Linux's
 * formulas worked out by hand, and that requests stop where they should.
 */
#include <string.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

#define MIB (1UL << 20)

/* A zone that exists only as numbers. */
static struct zone made_up(uint32_t free, uint32_t min, uint32_t low, uint32_t high)
{
	struct zone zone;

	memset(&zone, 0, sizeof(zone));
	zone.nr_free_pages = free;
	zone.watermark[WMARK_MIN] = min;
	zone.watermark[WMARK_LOW] = low;
	zone.watermark[WMARK_HIGH] = high;
	zone.nonempty[MIGRATE_MOVABLE] = (1U << NR_ORDERS) - 1;
	return zone;
}

static bool ok(uint32_t free, unsigned order, unsigned mark, unsigned flags)
{
	struct zone zone = made_up(free, 100, 125, 150);

	return zone_watermark_ok(&zone, order, ZONE_NORMAL, mark | flags);
}

static void the_page_that_reaches_the_mark_is_refused(void)
{
	CHECK(ok(101, 0, WMARK_MIN, 0));
	CHECK(!ok(100, 0, WMARK_MIN, 0));
	CHECK(ok(126, 0, WMARK_LOW, 0));
	CHECK(!ok(125, 0, WMARK_LOW, 0));
	CHECK(ok(151, 0, WMARK_HIGH, 0));
	CHECK(!ok(150, 0, WMARK_HIGH, 0));
	CHECK(!ok(0, 0, WMARK_MIN, 0));
}

static void an_order_counts_with_all_its_pages(void)
{
	for (unsigned order = 1; order <= MAX_ORDER; order++) {
		uint32_t need = 100 + (1U << order) - 1;

		CHECK(ok(need + 1, order, WMARK_MIN, 0));
		CHECK(!ok(need, order, WMARK_MIN, 0));
	}
	CHECK(!ok(3, MAX_ORDER, WMARK_MIN, 0)); /* less than the block itself: no wrap-around */
	CHECK(!ok(0, MAX_ORDER, WMARK_MIN, ALLOC_HIGH | ALLOC_HARDER));
}

static void reserves_open_by_the_kind_of_request(void)
{
	/* min 100: high to 50, harder to 75, both to 50 - 50/4 = 38 */
	CHECK(ok(51, 0, WMARK_MIN, ALLOC_HIGH));
	CHECK(!ok(50, 0, WMARK_MIN, ALLOC_HIGH));
	CHECK(ok(76, 0, WMARK_MIN, ALLOC_HARDER));
	CHECK(!ok(75, 0, WMARK_MIN, ALLOC_HARDER));
	CHECK(ok(39, 0, WMARK_MIN, ALLOC_HIGH | ALLOC_HARDER));
	CHECK(!ok(38, 0, WMARK_MIN, ALLOC_HIGH | ALLOC_HARDER));
}

static void the_lowmem_reserve_is_on_top(void)
{
	struct zone zone = made_up(140, 100, 125, 150);

	zone.lowmem_reserve[ZONE_HIGHMEM] = 40;
	zone.lowmem_reserve[ZONE_MOVABLE] = ~0U >> 1;
	CHECK(zone_watermark_ok(&zone, 0, ZONE_NORMAL, WMARK_MIN));
	CHECK(!zone_watermark_ok(&zone, 0, ZONE_HIGHMEM, WMARK_MIN));
	zone.nr_free_pages = 141;
	CHECK(zone_watermark_ok(&zone, 0, ZONE_HIGHMEM, WMARK_MIN));
	CHECK(!zone_watermark_ok(&zone, 0, ZONE_MOVABLE, WMARK_MIN));
	CHECK(!zone_watermark_ok(&zone, MAX_ORDER, ZONE_MOVABLE, WMARK_MIN));
}

static void a_block_of_the_order_must_exist(void)
{
	struct zone zone = made_up(10000, 100, 125, 150);

	for (unsigned order = 1; order <= MAX_ORDER; order++)
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
			memset(zone.nonempty, 0, sizeof(zone.nonempty));
			zone.nonempty[mt] = 1U << (order - 1);
			CHECK(!zone_watermark_ok(&zone, order, ZONE_NORMAL, WMARK_MIN));
			zone.nonempty[mt] = 1U << order;
			CHECK(zone_watermark_ok(&zone, order, ZONE_NORMAL, WMARK_MIN));
			zone.nonempty[mt] = 1U << MAX_ORDER;
			CHECK(zone_watermark_ok(&zone, order, ZONE_NORMAL, WMARK_MIN));
		}
}

static void requests_stop_at_their_marks(void)
{
	/* cold: page by page from the lists, so that no batch overdraws the mark */
	static const gfp_t gfp[] = {GFP_NOWAIT | __GFP_COLD, GFP_NOWAIT | __GFP_HIGH | __GFP_COLD,
				    GFP_ATOMIC | __GFP_COLD,
				    GFP_NOWAIT | __GFP_MEMALLOC | __GFP_COLD};
	struct page *head = NULL, *page;
	struct zone_info info;

	if (zone_info(1, &info)) {
		test_skip("counts for a machine with one zone");
		return;
	}
	zone_info(0, &info);
	for (unsigned i = 0; i < 4; i++) {
		unsigned long half = info.wmark_min - info.wmark_min / 2;
		unsigned long want[] = {info.wmark_min, half, half - half / 4, 0};

		while ((page = alloc_pages(gfp[i] | __GFP_NOWARN, 0))) {
			page->mapping = head;
			head = page;
		}
		CHECK_EQ(nr_free_pages() - nr_free_cma_pages(), want[i]); /* movable only */
	}
	while ((page = head)) {
		head = page->mapping;
		__free_page(page);
	}
}

static void memalloc_is_overruled_by_nomemalloc(void)
{
	struct page *head = NULL, *page;

	while ((page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 0))) {
		page->mapping = head;
		head = page;
	}
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOMEMALLOC | __GFP_NOWARN, 0));
	page = alloc_pages(GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOWARN, 0);
	CHECK(page);
	__free_page(page);
	while ((page = head)) {
		head = page->mapping;
		__free_page(page);
	}
}

#ifdef TEST_HOST

static struct zone_info zone_of(enum zone_type type)
{
	struct zone_info info;

	for (unsigned i = 0; zone_info(i, &info); i++)
		if (info.type == type)
			return info;
	check_failed(__FILE__, __LINE__, "there is such a zone");
	return info;
}

static unsigned long root(unsigned long n)
{
	unsigned long r = 0;

	while ((r + 1) * (r + 1) <= n)
		r++;
	return r;
}

static void defaults_follow_linux(void)
{
	static const unsigned mib[] = {8, 16, 32, 64, 200, 512, 1000};

	for (unsigned i = 0; i < sizeof(mib) / sizeof(mib[0]); i++) {
		struct geometry g = {.ram = {{0x40000000, (uint64_t)mib[i] << 20, 0}},
				     .limits = {.nr_cpus = 4}};
		struct zone_info z;
		unsigned long kib, min, gap;

		CHECK_EQ(start(&g), 0);
		z = zone_of(ZONE_NORMAL);
		kib = z.managed * (PAGE_SIZE / 1024);
		kib = root(kib * 16);
		kib = kib < 128 ? 128 : kib;
		min = kib / (PAGE_SIZE / 1024);
		gap = min / 4 > z.managed / 1000 ? min / 4 : z.managed / 1000;
		CHECK_EQ(z.wmark_min, min);
		CHECK_EQ(z.wmark_low, min + gap);
		CHECK_EQ(z.wmark_high, min + 2 * gap);
	}
}

static void zones_share_min_free_kbytes(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 96 * MIB, 0}},
		.limits = {.dma_limit = 0x61000000,
			   .highmem_start = 0x64000000,
			   .movablecore = 8 * MIB,
			   .min_free_kbytes = 4096},
	};
	struct zone_info dma, normal, high, movable;

	CHECK_EQ(start(&g), 0);
	dma = zone_of(ZONE_DMA);
	normal = zone_of(ZONE_NORMAL);
	high = zone_of(ZONE_HIGHMEM);
	movable = zone_of(ZONE_MOVABLE);
	CHECK_EQ(dma.wmark_min, 1024 * dma.managed / (dma.managed + normal.managed));
	CHECK_EQ(normal.wmark_min, 1024 * normal.managed / (dma.managed + normal.managed));
	/* 1/1024 of a zone that is no lowmem, 32 to 128 pages */
	CHECK_EQ(high.wmark_min, 32);
	CHECK_EQ(movable.wmark_min, 32);
}

static void lowmem_reserve_follows_linux(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 96 * MIB, 0}},
		.limits = {.dma_limit = 0x61000000,
			   .highmem_start = 0x64000000,
			   .movablecore = 8 * MIB,
			   .lowmem_reserve_ratio = {64, 16, 0, 0}},
	};
	struct zone_info dma, normal, high, movable;

	CHECK_EQ(start(&g), 0);
	dma = zone_of(ZONE_DMA);
	normal = zone_of(ZONE_NORMAL);
	high = zone_of(ZONE_HIGHMEM);
	movable = zone_of(ZONE_MOVABLE);
	CHECK_EQ(dma.lowmem_reserve[ZONE_DMA], 0);
	CHECK_EQ(dma.lowmem_reserve[ZONE_NORMAL], normal.managed / 64);
	CHECK_EQ(dma.lowmem_reserve[ZONE_HIGHMEM], (normal.managed + high.managed) / 64);
	CHECK_EQ(dma.lowmem_reserve[ZONE_MOVABLE],
		 (normal.managed + high.managed + movable.managed) / 64);
	CHECK_EQ(normal.lowmem_reserve[ZONE_NORMAL], 0);
	CHECK_EQ(normal.lowmem_reserve[ZONE_HIGHMEM], high.managed / 16);
	CHECK_EQ(normal.lowmem_reserve[ZONE_MOVABLE], (high.managed + movable.managed) / 16);
	CHECK_EQ(high.lowmem_reserve[ZONE_MOVABLE], 0);
	CHECK_EQ(movable.lowmem_reserve[ZONE_MOVABLE], 0);
}

static void a_higher_request_leaves_the_dma_zone_its_reserve(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 32 * MIB, 0}},
		.limits = {.dma_limit = 0x61000000,
			   .lowmem_reserve_ratio = {4, 0, 0, 0},
			   .nr_cpus = 1},
	};
	struct page *head = NULL, *page;
	struct zone_info dma;
	unsigned got = 0;

	CHECK_EQ(start(&g), 0);
	while ((page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 0))) {
		page->mapping = head;
		head = page;
	}
	dma = zone_of(ZONE_DMA);
	CHECK(dma.free + dma.pcp + BUDDY_PCP_SLOTS >=
	      dma.wmark_min + dma.lowmem_reserve[ZONE_NORMAL]);
	while ((page = alloc_pages(GFP_KERNEL | GFP_DMA | __GFP_NOWARN, 0))) {
		got++;
		page->mapping = head;
		head = page;
	}
	CHECK(got + BUDDY_PCP_SLOTS >= dma.lowmem_reserve[ZONE_NORMAL]);
	while ((page = head)) {
		head = page->mapping;
		__free_page(page);
	}
}

#endif

static const struct test_case cases[] = {
	TEST(the_page_that_reaches_the_mark_is_refused),
	TEST(an_order_counts_with_all_its_pages),
	TEST(reserves_open_by_the_kind_of_request),
	TEST(the_lowmem_reserve_is_on_top),
	TEST(a_block_of_the_order_must_exist),
	TEST(requests_stop_at_their_marks),
	TEST(memalloc_is_overruled_by_nomemalloc),
#ifdef TEST_HOST
	TEST(defaults_follow_linux),
	TEST(zones_share_min_free_kbytes),
	TEST(lowmem_reserve_follows_linux),
	TEST(a_higher_request_leaves_the_dma_zone_its_reserve),
#endif
};
TEST_SUITE(watermark, cases);
