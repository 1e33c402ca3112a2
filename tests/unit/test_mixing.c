// SPDX-License-Identifier: MIT
// NEEDS: MOBILITY HIGHMEM
// HOST ONLY
/*
 * When mobilities mix: what is tried before, what it counts as, and what it raises.
 */
#include <mm/internal.h>

#include "../harness/hoard.h"

#define PB ((unsigned long)pageblock_nr_pages)

/* DMA 16, Normal 48 MiB: with a zone below, Normal keeps mobilities apart first. */
static const struct geometry two_zones = {
	.ram = {{0x60000000, 64 * MIB, 0}},
	.limits = {.dma_limit = 0x61000000,
		   .lowmem_reserve_ratio = {100000, 0, 0, 0},
		   .nr_cpus = 1,
		   .min_free_kbytes = 256},
};

static const struct geometry one_zone = {
	.ram = {{0x60000000, 64 * MIB, 0}},
	.limits = {.nr_cpus = 1, .min_free_kbytes = 256},
};

/* Normal is full of movable pages, but for every 64th one: nothing there can be claimed. */
static bool scatter(const struct geometry *g)
{
	struct zone *normal;
	struct page **at = &hoard;

	if (pageblock_order < 7 || PAGES_PER_SECTION * PAGE_SIZE > 4 * MIB) {
		test_skip("pageblocks of 512 pages wanted");
		return false;
	}
	CHECK_EQ(start(g), 0);
	normal = zone_of(0, ZONE_NORMAL);
	hoard_all(GFP_NOWAIT | __GFP_MOVABLE | __GFP_MEMALLOC, 0);
	while (*at) {
		struct page *page = *at;

		if (page_zone(page) == normal && page_to_pfn(page) % 64) {
			at = (struct page **)&page->mapping;
			continue;
		}
		*at = page->mapping;
		__free_page(page); /* and all of DMA */
	}
	drain_all_pages();
	return true;
}

static uint32_t mixed(void)
{
	return vm_events(ALLOC_EXTFRAG);
}

static void the_zone_below_gives_before_a_zone_mixes(void)
{
	struct page *page;
	uint32_t extfrag, steal;

	if (!scatter(&two_zones))
		return;
	extfrag = mixed();
	steal = vm_events(PAGEBLOCK_STEAL);
	page = alloc_page(GFP_NOWAIT);
	REQUIRE(page);
	CHECK_EQ(page_zone(page)->type, ZONE_DMA);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_UNMOVABLE);
	CHECK_EQ(mixed() - extfrag, 1); /* whole pageblocks */
	CHECK(vm_events(PAGEBLOCK_STEAL) > steal);
	hoard_add(page, 0);
	/* a movable one finds its like in Normal */
	page = alloc_page(GFP_NOWAIT | __GFP_MOVABLE);
	REQUIRE(page);
	CHECK_EQ(page_zone(page)->type, ZONE_NORMAL);
	hoard_add(page, 0);
	/* DMA is out: mixed it is, one event for each block */
	hoard_all(GFP_NOWAIT | GFP_DMA | __GFP_MEMALLOC, 0);
	for (unsigned i = 0; i < 10; i++) {
		extfrag = mixed();
		page = alloc_page(GFP_NOWAIT);
		REQUIRE(page);
		CHECK_EQ(page_zone(page)->type, ZONE_NORMAL);
		CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_MOVABLE);
		CHECK_EQ(mixed() - extfrag, 1);
		hoard_add(page, 0);
	}
	CHECK_EQ(mm_check_quiet(), 0);
	hoard_give_all();
}

static void without_a_zone_below_there_is_nothing_to_wait_for(void)
{
	struct page *page;

	if (!scatter(&one_zone))
		return;
	page = alloc_page(GFP_NOWAIT);
	REQUIRE(page);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_MOVABLE);
	__free_page(page);
	hoard_give_all();
}

/* In defrag_mode mixing comes after everything else: after other CPUs' caches, too. */
static void defrag_mode_mixes_last(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	struct page *page;
	uint32_t drains;

	mm_policy.defrag_mode = true;
	if (!scatter(&one_zone))
		return;
	CHECK(zones[0].nr_free_pages > zones[0].watermark[WMARK_LOW]);
	/* something of another mobility in this CPU's cache: emptied first, and of no help */
	page = alloc_page(GFP_NOWAIT | __GFP_MOVABLE);
	__free_page(page);
	drains = vm_events(PCP_DRAIN);
	page = alloc_page(GFP_NOWAIT);
	REQUIRE(page);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_MOVABLE);
	CHECK(vm_events(PCP_DRAIN) > drains);
	__free_page(page);
	/* whole pageblocks are taken at once */
	hoard_give_all();
	drain_all_pages();
	drains = vm_events(PCP_DRAIN);
	page = alloc_page(GFP_NOWAIT);
	REQUIRE(page);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_UNMOVABLE);
	CHECK_EQ(vm_events(PCP_DRAIN), drains);
	__free_page(page);
}

/* ---- the boost ------------------------------------------------------------------- */

static void mixing_raises_the_watermarks_up_to_a_limit(void)
{
	struct zone_info info;
	unsigned long most, min;
	struct page *page;

	mm_policy.watermark_boost_factor = 15000;
	if (!scatter(&one_zone))
		return;
	zone_info(0, &info);
	min = info.wmark_min;
	most = info.wmark_high * 15000 / 10000;
	most = most < PB ? PB : most;
	CHECK_EQ(info.boost, 0);
	for (unsigned i = 0; i < 4; i++) {
		page = alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_COLD);
		REQUIRE(page);
		hoard_add(page, 0);
		zone_info(0, &info);
		CHECK_EQ(info.boost, most < (i + 1) * PB ? most : (i + 1) * PB);
		CHECK_EQ(info.wmark_min, min + info.boost);
		CHECK_EQ(mm_check_quiet(), 0);
	}
	hoard_give_all();
}

static void a_boost_is_dropped_before_a_request_fails(void)
{
	struct zone *zone;
	unsigned long left;
	struct page *page;

	mm_policy.watermark_boost_factor = 15000;
	if (!scatter(&one_zone))
		return;
	zone = &zones[0];
	page = alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_COLD);
	REQUIRE(page);
	hoard_add(page, 0);
	CHECK(zone->watermark_boost > 0);
	/* scattered pages are fewer than the boost: nothing is above it */
	left = zone->nr_free_pages;
	CHECK(left > zone->watermark[WMARK_MIN] && left < zone->watermark_boost + 1);
	page = alloc_page(GFP_NOWAIT | __GFP_MOVABLE | __GFP_NOWARN);
	CHECK(page != NULL);
	CHECK_EQ(zone->watermark_boost, 0);
	__free_page(page);
	hoard_give_all();
}

static void no_boost_unless_asked_for(void)
{
	if (!scatter(&one_zone))
		return;
	hoard_add(alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_COLD), 0);
	CHECK(mixed() > 0);
	CHECK_EQ(zones[0].watermark_boost, 0);
	hoard_give_all();
}

/* ---- batches and marks ---------------------------------------------------------------- */

static void a_refill_does_not_take_a_zone_below_min(void)
{
	static const gfp_t gfp[] = {GFP_NOWAIT, GFP_KERNEL, GFP_NOWAIT | __GFP_MOVABLE};

	for (unsigned kbytes = 64; kbytes <= 2048; kbytes *= 4)
		for (unsigned order = 0; order <= PCP_MAX_ORDER; order++)
			for (unsigned i = 0; i < 3; i++) {
				struct geometry g = one_zone;
				struct page *page;

				g.ram[0].size = 16 * MIB;
				g.limits.min_free_kbytes = kbytes;
				CHECK_EQ(start(&g), 0);
				while ((page = alloc_pages(gfp[i] | __GFP_NOWARN, order))) {
					hoard_add(page, order);
					if (zones[0].nr_free_pages < zones[0].watermark[WMARK_MIN])
						break;
				}
				CHECK(zones[0].nr_free_pages >= zones[0].watermark[WMARK_MIN]);
				hoard_give_all();
			}
}

/* ---- fair zones, kernelcore -------------------------------------------------------- */

static void fair_zones_give_by_their_size(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 112 * MIB, 0}},
		.limits = {.dma_limit = 0x61000000,	/* 16 */
			   .highmem_start = 0x65000000, /* 64 */
			   .movablecore = 0,		/* 32 */
			   .lowmem_reserve_ratio = {100000, 100000, 0, 0},
			   .nr_cpus = 1},
	};
	unsigned long given[MAX_NR_ZONES] = {0}, all = 0, total = 0;
	struct zone *zone;
	struct page *page;

	mm_policy.fair_zones = true;
	CHECK_EQ(start(&g), 0);
	for_each_zone(zone)
		total += zone->managed_pages;
	REQUIRE(total);
	for (unsigned i = 0; i < total / 4; i++, all++) {
		page = alloc_page(GFP_HIGHUSER);
		REQUIRE(page);
		given[page_zone(page)->type]++;
		hoard_add(page, 0);
	}
	for_each_zone(zone) {
		unsigned long want = all * zone->managed_pages / total;

		/* within a tenth, and a round */
		CHECK(given[zone->type] * 10 >= want * 9 - 10 * (zone->managed_pages / 256 + 1));
		CHECK(given[zone->type] * 10 <= want * 11 + 10 * (zone->managed_pages / 256 + 1));
	}
	/* and what one may not have it does not get */
	page = alloc_page(GFP_KERNEL);
	CHECK(page && page_zone(page)->type <= ZONE_NORMAL);
	__free_page(page);
	hoard_give_all();
}

static void without_fair_zones_the_best_one_gives(void)
{
	CHECK_EQ(start(&two_zones), 0);
	for (unsigned i = 0; i < 1000; i++) {
		struct page *page = alloc_page(GFP_NOWAIT | __GFP_MOVABLE);

		REQUIRE(page);
		CHECK_EQ(page_zone(page)->type, ZONE_NORMAL);
		hoard_add(page, 0);
	}
	hoard_give_all();
}

/* movablecore, kernelcore in MiB, and what ZONE_MOVABLE is then, of 64. */
static void the_larger_of_what_kernelcore_and_movablecore_leave(void)
{
	static const unsigned mib[][3] = {{0, 0, 0},	{16, 0, 16},  {0, 48, 16},  {16, 40, 16},
					  {32, 40, 24}, {24, 24, 24}, {0, 64, 0},   {0, 100, 0},
					  {8, 100, 0},	{0, 32, 32},  {48, 32, 32}, {8, 8, 8}};

	if (PAGES_PER_SECTION * PAGE_SIZE > 4 * MIB) {
		test_skip("sections of 4 MiB wanted");
		return;
	}
	for (unsigned i = 0; i < sizeof(mib) / sizeof(mib[0]); i++) {
		struct geometry g = {.ram = {{0x60000000, 64 * MIB, 0}},
				     .limits = {.movablecore = mib[i][0] * MIB,
						.kernelcore = mib[i][1] * MIB,
						.nr_cpus = 1}};
		struct zone *zone;

		CHECK_EQ(start(&g), 0);
		zone = zone_of(0, ZONE_MOVABLE);
		CHECK_EQ(zone ? zone->present_pages >> (20 - PAGE_SHIFT) : 0, mib[i][2]);
	}
}

/* ---- bytes of pageblocks ----------------------------------------------------------- */

static unsigned long stop;

static void set_type(struct page *page, enum migratetype mt)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&page_zone(page)->lock);
	set_pageblock_migratetype(page, mt);
	port_spin_unlock(&page_zone(page)->lock);
	port_irq_restore(flags);
}

/* One CPU turns a pageblock over and over; the others never see what it never was. */
static void turn_or_look(unsigned cpu, void *arg)
{
	struct page *block = arg;
	struct zone *zone = page_zone(block);

	if (cpu == 0) {
		for (unsigned i = 0; i < 20000; i++)
			set_type(block, (enum migratetype)(i % MIGRATE_PCPTYPES));
		__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
		return;
	}
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		CHECK(get_pageblock_migratetype(block) < MIGRATE_PCPTYPES);
		CHECK(page_zone(block) == zone);
		CHECK_EQ(get_pageblock_migratetype(block - pageblock_nr_pages), MIGRATE_UNMOVABLE);
		host_cpu_idle();
	}
}

static void a_pageblock_byte_does_not_tear(void)
{
	struct page *low, *page;
	enum migratetype mt;

	if (MAX_ORDER <= pageblock_order) {
		test_skip("a largest block of two pageblocks wanted");
		return;
	}
	low = alloc_pages(GFP_KERNEL, pageblock_order + 1);
	REQUIRE(low);
	page = low + pageblock_nr_pages;
	mt = get_pageblock_migratetype(page);
	stop = 0;
	run_on_cpus(3, turn_or_look, page);
	set_type(page, mt);
	__free_pages(low, pageblock_order + 1);
}

static const struct test_case cases[] = {
	TEST(the_zone_below_gives_before_a_zone_mixes),
	TEST(without_a_zone_below_there_is_nothing_to_wait_for),
	TEST(defrag_mode_mixes_last),
	TEST(mixing_raises_the_watermarks_up_to_a_limit),
	TEST(a_boost_is_dropped_before_a_request_fails),
	TEST(no_boost_unless_asked_for),
	TEST(a_refill_does_not_take_a_zone_below_min),
	TEST(fair_zones_give_by_their_size),
	TEST(without_fair_zones_the_best_one_gives),
	TEST(the_larger_of_what_kernelcore_and_movablecore_leave),
	TEST(a_pageblock_byte_does_not_tear),
};
TEST_SUITE(mixing, cases);
