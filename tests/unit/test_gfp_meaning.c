// SPDX-License-Identifier: MIT
// NEEDS: HIGHMEM MISUSE_REPORT ORDER_10
// HOST ONLY
/*
 * What gfp flags mean, for all of their combinations: zone, mobility, node and whether a
 * request is served, beside a plain re-statement of gfp.h that shares no table with mm/.
 */
#include <mm/internal.h>

#include "../harness/hoard.h"

/* All four zones on each of two nodes, and no reserve of one zone from another. */
static const struct geometry all_zones = {
	.ram = {{0x60000000, 8 * MIB, 0},
		{0x60800000, 8 * MIB, 1},
		{0x61000000, 8 * MIB, 0},
		{0x61800000, 8 * MIB, 1},
		{0x62000000, 8 * MIB, 0},
		{0x62800000, 8 * MIB, 1},
		{0x63000000, 8 * MIB, 0},
		{0x63800000, 8 * MIB, 1}},
	.limits = {.dma_limit = 0x61000000,
		   .highmem_start = 0x62000000,
		   .movablecore = 16 * MIB,
		   .min_free_kbytes = 1024,
		   .lowmem_reserve_ratio = {100000, 100000, 0, 0},
		   .nr_cpus = 1},
};

static bool has_room(void)
{
	if (BUDDY_MAX_NODES >= 2 && PAGES_PER_SECTION * PAGE_SIZE <= 4 * MIB)
		return true;
	test_skip("two nodes of zones of 8 MiB needed");
	return false;
}

/* ---- the manual, once more ----------------------------------------------------- */

struct meaning {
	bool valid, contradicts;
	bool zone_contradicts; /* seen by every request, others only off the fast path */
	gfp_t gfp;	       /* without contradictions */
	enum zone_type zone;
	enum migratetype mobility;
};

static struct meaning meaning_of(gfp_t gfp)
{
	struct meaning m = {.valid = !(gfp & ~__GFP_BITS_MASK)};

	if ((gfp & __GFP_MOVABLE) && (gfp & __GFP_RECLAIMABLE)) {
		gfp &= ~(__GFP_MOVABLE | __GFP_RECLAIMABLE);
		m.zone_contradicts = true;
	}
	if ((gfp & __GFP_DMA) && (gfp & __GFP_HIGHMEM)) {
		gfp &= ~__GFP_HIGHMEM;
		m.zone_contradicts = true;
	}
	m.contradicts = m.zone_contradicts;
	if ((gfp & __GFP_ATOMIC) && (gfp & __GFP_DIRECT_RECLAIM)) {
		gfp &= ~__GFP_ATOMIC;
		m.contradicts = true;
	}
	if (gfp & __GFP_NOFAIL) {
		if (!(gfp & __GFP_DIRECT_RECLAIM)) {
			gfp &= ~__GFP_NOFAIL;
			m.contradicts = true;
		} else if (gfp & (__GFP_NORETRY | __GFP_RETRY_MAYFAIL)) {
			gfp &= ~(__GFP_NORETRY | __GFP_RETRY_MAYFAIL);
			m.contradicts = true;
		}
	}
	m.gfp = gfp;
	if (gfp & __GFP_DMA)
		m.zone = ZONE_DMA;
	else if ((gfp & __GFP_HIGHMEM) && (gfp & __GFP_MOVABLE))
		m.zone = ZONE_MOVABLE;
	else
		m.zone = gfp & __GFP_HIGHMEM ? ZONE_HIGHMEM : ZONE_NORMAL;
	m.mobility = gfp & __GFP_MOVABLE       ? MIGRATE_MOVABLE
		     : gfp & __GFP_RECLAIMABLE ? MIGRATE_RECLAIMABLE
					       : MIGRATE_UNMOVABLE;
	return m;
}

/* Pages that the request leaves in a zone. */
static unsigned long leaves(gfp_t gfp, unsigned long min)
{
	unsigned long mark = min;

	if ((gfp & __GFP_MEMALLOC) && !(gfp & __GFP_NOMEMALLOC))
		return 0;
	if (gfp & (__GFP_HIGH | __GFP_NOFAIL))
		mark -= mark / 2;
	if (gfp & (__GFP_ATOMIC | __GFP_NOFAIL))
		mark -= mark / 4;
	return mark;
}

/* ---- all combinations ------------------------------------------------------------ */

/* Bits that change nothing while there is memory: they vary without being nested. */
static gfp_t indifferent(unsigned i)
{
	i *= 0x9e3779b1u;
	return (i >> 31 & 1 ? __GFP_IO : 0) | (i >> 30 & 1 ? __GFP_FS : 0) |
	       (i >> 29 & 1 ? __GFP_NOWARN : 0) | (i >> 28 & 1 ? __GFP_WRITE : 0) |
	       (i >> 27 & 1 ? __GFP_KSWAPD_RECLAIM : 0) | (i >> 26 & 1 ? __GFP_HARDWALL : 0);
}

/* The i-th combination of the flags in `mask`. */
static gfp_t spread(unsigned i, gfp_t mask)
{
	gfp_t gfp = 0;

	for (; mask; mask &= mask - 1, i >>= 1)
		if (i & 1)
			gfp |= mask & -mask;
	return gfp;
}

static unsigned count_of(gfp_t mask)
{
	return 1U << __builtin_popcount(mask);
}

static void check_served(gfp_t gfp, int nid)
{
	struct meaning m = meaning_of(gfp);
	uint32_t bad = vm_events(BAD_GFP), word = PAGE_ALLOCATED(0);
	struct page *page = nid < 0 ? alloc_pages(gfp, 0) : alloc_pages_node(nid, gfp, 0);

	REQUIRE(page);
	bad = vm_events(BAD_GFP) - bad;
	if (gfp & __GFP_ACCOUNT)
		word |= PAGE_ACCOUNT;
	if (page_zone(page)->type != m.zone || page_zone(page)->nid != (nid < 0 ? 0 : nid) ||
	    get_pageblock_migratetype(page) != m.mobility || page_word(page) != word)
		check_failed_eq(__FILE__, __LINE__, "zone, node, mobility, word of gfp",
				page_pageblock(page), gfp);
	/* Only what a cache can serve at once is served without a look at the other kinds. */
	if (bad > (m.contradicts ? 1U : 0U) ||
	    (m.contradicts && !bad &&
	     (m.zone_contradicts || nid >= 0 ||
	      gfp & (__GFP_COLD | __GFP_THISNODE | __GFP_COMP | __GFP_ACCOUNT))))
		check_failed_eq(__FILE__, __LINE__, "BAD_GFP counts for gfp", bad, gfp);
	__free_page(page);
}

static void every_combination_is_served_as_the_manual_says(void)
{
	static const gfp_t kind =
		GFP_FAST_MASK | __GFP_COLD | __GFP_THISNODE | __GFP_COMP | __GFP_ACCOUNT;
	static const gfp_t depth = __GFP_HIGH | __GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOMEMALLOC |
				   __GFP_DIRECT_RECLAIM | __GFP_NORETRY | __GFP_RETRY_MAYFAIL |
				   __GFP_NOFAIL;
	unsigned n = 0;

	if (!has_room())
		return;
	CHECK_EQ(start(&all_zones), 0);
	for (unsigned i = 0; i < count_of(kind); i++)
		for (unsigned j = 0; j < count_of(depth) && !test_has_failed(); j++, n++) {
			gfp_t gfp = spread(i, kind) | spread(j, depth) | indifferent(n);

			check_served(gfp, n % 3 ? (int)(n % 3) - 1 : -1);
			/* zeroing is slow: now and then */
			if (n % 16 == 0)
				check_served(gfp | __GFP_ZERO, (int)(n / 16 % 3) - 1);
		}
	CHECK_EQ(vm_events(BAD_ALLOC), 0);
	CHECK_EQ(vm_events(PGALLOC_FAIL), 0);
}

static void each_kind_of_contradiction_is_reported_once(void)
{
	static const struct {
		gfp_t gfp;
		const char *what;
	} kinds[] = {
		{GFP_KERNEL | __GFP_MOVABLE | __GFP_RECLAIMABLE,
		 "__GFP_MOVABLE with __GFP_RECLAIMABLE"},
		{GFP_KERNEL | __GFP_DMA | __GFP_HIGHMEM, "__GFP_DMA with __GFP_HIGHMEM"},
		{GFP_KERNEL | __GFP_ATOMIC, "__GFP_ATOMIC with __GFP_DIRECT_RECLAIM"},
		{GFP_ATOMIC | __GFP_NOFAIL, "__GFP_NOFAIL without __GFP_DIRECT_RECLAIM"},
		{GFP_KERNEL | __GFP_NOFAIL | __GFP_NORETRY, "__GFP_NOFAIL with __GFP_NORETRY"},
	};

	if (!has_room())
		return;
	CHECK_EQ(start(&all_zones), 0);
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (unsigned turn = 0; turn < 3; turn++) {
			uint32_t bad = vm_events(BAD_GFP);

			host_log_clear();
			__free_page(alloc_pages(kinds[i].gfp | __GFP_COLD, 0));
			CHECK_EQ(vm_events(BAD_GFP) - bad, 1);
			CHECK_EQ(host_log_lines(), turn == 0);
			CHECK_EQ(host_log_has(kinds[i].what), turn == 0);
		}
}

static void unknown_bits_are_refused_whatever_else_is_set(void)
{
	uint32_t bad = vm_events(BAD_ALLOC), n = 0;
	unsigned long free;

	drain_all_pages();
	free = nr_free_pages();
	for (gfp_t bit = 1; bit; bit <<= 1) {
		if (bit & __GFP_BITS_MASK)
			continue;
		for (unsigned order = 0; order <= MAX_ORDER; order++, n += 5) {
			CHECK(!alloc_pages(bit, order));
			CHECK(!alloc_pages(bit | GFP_KERNEL, order));
			CHECK(!alloc_pages(bit | GFP_ATOMIC | __GFP_COLD, order));
			CHECK(!alloc_pages_node(0, bit | GFP_HIGHUSER_MOVABLE, order));
			CHECK(!__get_free_pages(bit | GFP_KERNEL, order));
		}
	}
	CHECK(n);
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, n);
	CHECK_EQ(nr_free_pages(), free);
}

static void bits_that_are_not_allowed_now_are_taken_off(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	struct page *page;

	gfp_allowed_mask = GFP_BOOT_MASK;
	/*
	 * may not wait, and so fails where another one would have emptied the other CPU's
	 * cache
	 */
	play_cpu(1);
	page = alloc_page(GFP_KERNEL);
	REQUIRE(page);
	__free_page(page);
	play_cpu(0);
	hoard_all(GFP_KERNEL | __GFP_MEMALLOC, 0);
	CHECK(nr_pcp_pages() > 0);
	CHECK(!alloc_page(GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOWARN));
	/* no mistake of the caller's */
	CHECK_EQ(vm_events(BAD_GFP), 0);
	gfp_allowed_mask = __GFP_BITS_MASK;
	page = alloc_page(GFP_KERNEL | __GFP_MEMALLOC);
	CHECK(page);
	__free_page(page);
	hoard_give_all();
}

/* ---- the end of memory --------------------------------------------------------- */

/*
 * All memory is out but for `nr` pages of one zone: every kind of request, from both nodes.
 */
static void check_depth(const struct zone *zone, unsigned long nr)
{
	static const gfp_t bits = GFP_FAST_MASK | __GFP_HIGH | __GFP_ATOMIC | __GFP_MEMALLOC |
				  __GFP_NOMEMALLOC | __GFP_DIRECT_RECLAIM | __GFP_THISNODE |
				  __GFP_NOFAIL;

	for (unsigned i = 0; i < count_of(bits) && !test_has_failed(); i++) {
		gfp_t gfp = spread(i, bits) | indifferent(i) | __GFP_NOWARN;
		struct meaning m = meaning_of(gfp);
		int nid = (int)(i / 7 % 2);
		bool served = m.zone >= zone->type &&
			      nr > leaves(m.gfp, zone->watermark[WMARK_MIN]) &&
			      (!(gfp & __GFP_THISNODE) || nid == zone->nid);
		struct page *page;

		if (m.gfp & __GFP_NOFAIL && !served)
			continue; /* it would panic */
		page = alloc_pages_node(nid, gfp, 0);
		if (!!page != served)
			check_failed_eq(__FILE__, __LINE__, "served, for gfp", page != NULL, gfp);
		if (!page)
			continue;
		CHECK(page_zone(page) == zone);
		__free_page(page);
		drain_local_pages();
	}
}

static void reserves_open_as_deep_as_the_flags_say(void)
{
	struct zone *zone;

	if (!has_room())
		return;
	CHECK_EQ(start(&all_zones), 0);
	hoard_all(GFP_HIGHUSER_MOVABLE | __GFP_MEMALLOC | __GFP_COLD, 0);
	CHECK_EQ(nr_free_pages(), 0);
	for_each_zone(zone) {
		unsigned long min = zone->watermark[WMARK_MIN], half = min - min / 2;
		const unsigned long level[] = {0,    1,	       half - half / 4, half - half / 4 + 1,
					       half, half + 1, min - min / 4,	min - min / 4 + 1,
					       min,  min + 1};

		for (unsigned i = 0; i < sizeof(level) / sizeof(level[0]); i++) {
			hoard_give(zone, level[i]);
			CHECK_EQ(zone->nr_free_pages, level[i]);
			check_depth(zone, level[i]);
			/* straight from the lists, so that they are empty again */
			hoard_all(GFP_HIGHUSER_MOVABLE | __GFP_MEMALLOC | __GFP_COLD, 0);
		}
	}
	CHECK_EQ(mm_check_quiet(), 0);
	hoard_give_all();
}

static const struct test_case cases[] = {
	TEST(every_combination_is_served_as_the_manual_says),
	TEST(each_kind_of_contradiction_is_reported_once),
	TEST(unknown_bits_are_refused_whatever_else_is_set),
	TEST(bits_that_are_not_allowed_now_are_taken_off),
	TEST(reserves_open_as_deep_as_the_flags_say),
};
TEST_SUITE(gfp_meaning, cases);
