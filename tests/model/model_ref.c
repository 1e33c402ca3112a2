// SPDX-License-Identifier: MIT
/*
 * The reference: a byte per frame that says whose it is, and what follows from that.
 *
 * Nothing of mm/ is used to compute what is expected, but for memblock's list
 * of reserved ranges (where mm_init() put its tables) and zone_info().
 *
 * State: ref_map and its two sums, for one allocator at a time.  With simulated
 * interrupts they are changed by the handler, too, at points where the code
 * interrupted does not have them in hand.
 */
#include <string.h>

#include <mm/internal.h>

#include "model.h"

#define PAGE	 ((uint64_t)PAGE_SIZE)
#define SECTION	 (PAGE * PAGES_PER_SECTION)
#define MIB	 (1ULL << 20)
#define PHYS_TOP (1ULL << 32)

uint8_t ref_map[MAX_PFN];
unsigned long ref_managed, ref_owned;

static uint64_t dma_end, high_start, movable_start; /* bytes; 0 and PHYS_TOP: none */

/* ---- what follows from it ------------------------------------------------ */

static uint64_t section_down(uint64_t at)
{
	return at & ~(SECTION - 1);
}

/* The section that holds the page from which RAM upwards is movablecore. */
static uint64_t find_movable_start(uint64_t bytes)
{
	uint64_t pages = (bytes + PAGE - 1) / PAGE;
	unsigned long pfn = MAX_PFN;

	if (!pages)
		return PHYS_TOP;
	while (pages && pfn--)
		if (ref_map[pfn] != REF_NONE)
			pages--;
	return pages ? 0 : section_down((uint64_t)pfn * PAGE);
}

/* The smaller of both wishes, as kernelcore is the larger of what they leave. */
static uint64_t movable_bytes(const struct geometry *g)
{
	uint64_t total = 0, rest;

	for (const struct range *b = g->ram; b < g->ram + 8 && b->size; b++)
		total += b->size;
	if (!g->limits.kernelcore)
		return g->limits.movablecore;
	rest = total < g->limits.kernelcore ? 0 : total - g->limits.kernelcore;
	return g->limits.movablecore && g->limits.movablecore < rest ? g->limits.movablecore : rest;
}

void ref_learn(void)
{
	const struct geometry *g = &ref_geometry;
	const struct memblock_region *m;

	memset(ref_map, REF_NONE, sizeof(ref_map));
	ref_managed = 0;
	ref_owned = 0;
	for (const struct range *b = g->ram; b < g->ram + 8 && b->size; b++)
		for (uint64_t at = (b->base + PAGE - 1) & ~(PAGE - 1);
		     at + PAGE <= b->base + b->size; at += PAGE)
			ref_map[at / PAGE] = REF_FREE;
	for (unsigned i = 0; (m = memblock_reserved(i)); i++)
		for (uint64_t at = m->base & ~(PAGE - 1); at < m->base + m->size; at += PAGE)
			if (at < PHYS_TOP && ref_map[at / PAGE] == REF_FREE)
				ref_map[at / PAGE] = REF_RESERVED;
	for (unsigned long pfn = 0; pfn < MAX_PFN; pfn++)
		ref_managed += ref_map[pfn] == REF_FREE;
	dma_end = section_down(g->limits.dma_limit);
	high_start = g->limits.highmem_start ? section_down(g->limits.highmem_start) : PHYS_TOP;
	movable_start = find_movable_start(movable_bytes(g));
}

enum zone_type ref_zone_type(unsigned long pfn)
{
	uint64_t at = (uint64_t)pfn * PAGE;

	if (at < dma_end)
		return ZONE_DMA;
	if (at >= movable_start)
		return ZONE_MOVABLE;
	return at >= high_start ? ZONE_HIGHMEM : ZONE_NORMAL;
}

void ref_check_zones(void)
{
	struct zone_info info;
	unsigned long managed = 0, present = 0, expected = 0;

	CHECK_EQ(nr_managed_pages(), ref_managed);
	for (unsigned i = 0; zone_info(i, &info); i++) {
		unsigned long here = 0, ram = 0;

		managed += info.managed;
		present += info.present;
		for (unsigned long pfn = info.start_pfn; pfn < info.start_pfn + info.spanned;
		     pfn++) {
			if (ref_map[pfn] == REF_NONE || page_zone(pfn_to_page(pfn)) != &zones[i])
				continue;
			if (ref_zone_type(pfn) != info.type)
				check_failed_eq(__FILE__, __LINE__, "zone of a frame", info.type,
						ref_zone_type(pfn));
			ram++;
			here += ref_map[pfn] == REF_FREE;
		}
		CHECK_EQ(info.managed, here);
		CHECK_EQ(info.present, ram);
		CHECK_EQ(info.free, info.managed);
		CHECK(info.wmark_min <= info.wmark_low && info.wmark_low <= info.wmark_high);
	}
	for (unsigned long pfn = 0; pfn < MAX_PFN; pfn++)
		expected += ref_map[pfn] != REF_NONE;
	CHECK_EQ(managed, ref_managed);
	CHECK_EQ(present, expected);
}

void ref_take(unsigned long pfn, unsigned order)
{
	if (pfn & ((1UL << order) - 1))
		check_failed_eq(__FILE__, __LINE__, "alignment of a block", pfn, order);
	for (unsigned long i = 0; i < 1UL << order; i++) {
		if (pfn + i >= MAX_PFN || ref_map[pfn + i] != REF_FREE) {
			check_failed_eq(__FILE__, __LINE__, "a page given was not free",
					pfn + i < MAX_PFN ? ref_map[pfn + i] : 99, pfn + i);
			return;
		}
		ref_map[pfn + i] = REF_OWNED;
	}
	ref_owned += 1UL << order;
}

void ref_give(unsigned long pfn, unsigned order)
{
	memset(ref_map + pfn, REF_FREE, 1UL << order);
	ref_owned -= 1UL << order;
}

void ref_check_sum(void)
{
	unsigned long deferred = 0;
	struct zone *zone;

	for_each_zone(zone)
		deferred += READ_ONCE(zone->nr_deferred);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages() + ref_owned + deferred, ref_managed);
}

gfp_t ref_settle(gfp_t gfp)
{
	if ((gfp & __GFP_MOVABLE) && (gfp & __GFP_RECLAIMABLE))
		gfp &= ~(__GFP_MOVABLE | __GFP_RECLAIMABLE);
	if (gfp & __GFP_DMA)
		gfp &= ~__GFP_HIGHMEM;
	if (gfp & __GFP_DIRECT_RECLAIM)
		gfp &= ~__GFP_ATOMIC;
	return gfp;
}

/* Pages that such a request leaves in a zone, before what the zone keeps for its own. */
static unsigned long ref_mark(gfp_t gfp, unsigned long min)
{
	if ((gfp & (__GFP_MEMALLOC | __GFP_NOMEMALLOC)) == __GFP_MEMALLOC)
		return 0;
	if (gfp & __GFP_HIGH)
		min -= min / 2;
	if (gfp & __GFP_ATOMIC)
		min -= min / 4;
	return min;
}

/*
 * After a request that failed: everything is initialised, and each zone that might have
 * served is at its mark, or has no block that large; nothing is held back there for others.
 */
void ref_check_failure(gfp_t gfp, unsigned order, int nid, nodemask_t mask)
{
	enum zone_type highest;
	struct zone_info info;
	bool all;

	gfp = ref_settle(gfp);
	highest = gfp & __GFP_DMA	? ZONE_DMA
		  : gfp & __GFP_HIGHMEM ? (gfp & __GFP_MOVABLE ? ZONE_MOVABLE : ZONE_HIGHMEM)
					: ZONE_NORMAL;
	all = (gfp & (__GFP_MEMALLOC | __GFP_NOMEMALLOC)) == __GFP_MEMALLOC;
	for (unsigned i = 0; zone_info(i, &info); i++) {
		unsigned long need = ref_mark(gfp, info.wmark_min) + (1UL << order);
		bool has_block = false;

		if (info.type > highest || !(mask >> info.nid & 1) ||
		    ((gfp & __GFP_THISNODE) && info.nid != nid))
			continue;
		if (!all)
			need += info.lowmem_reserve[highest];
		CHECK_EQ(info.deferred, 0);
		CHECK_EQ(info.boost, 0);
		CHECK_EQ(info.free_highatomic, 0); /* case 28 */
		for (unsigned o = order; o < NR_ORDERS; o++)
			for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
				has_block |= info.nr_free[o][mt] != 0;
		if (has_block && info.free >= need)
			check_failed_eq(__FILE__, __LINE__, "NULL although a zone could give",
					info.free, need);
	}
}

void ref_give_up_reserves(void)
{
	struct zone *zone;

	for_each_zone(zone) {
		port_irqflags_t flags = port_irq_save();

		while (unreserve_highatomic_pageblock(zone))
			;
		port_irq_restore(flags);
		CHECK_EQ(zone_reserved_highatomic(zone), 0);
	}
}

void ref_take_shape(struct ref_shape *shape)
{
	struct zone_info info;

	memset(shape, 0, sizeof(*shape));
	for (unsigned i = 0; zone_info(i, &info); i++)
		for (unsigned o = 0; o < NR_ORDERS; o++)
			for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
				shape->nr[i][o] += info.nr_free[o][mt];
}
