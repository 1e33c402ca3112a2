// SPDX-License-Identifier: MIT
/*
 * The reference: memories made up from a seed, a byte per frame that says whose
 * it is, and what follows from that.
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
struct geometry ref_geometry;

static uint64_t dma_end, high_start, movable_start; /* bytes; 0 and PHYS_TOP: none */

/* ---- making up a memory ----------------------------------------------- */

static uint64_t below(struct rng *r, uint64_t n)
{
	return ((uint64_t)rng_next(r) << 16 ^ rng_next(r)) % n;
}

/* A place for a bank of `size`: favours the ends of the address space and the board's base. */
static uint64_t place(struct rng *r, uint64_t size)
{
	switch (rng_below(r, 5)) {
	case 0:
		return 0;
	case 1:
		return PHYS_TOP - ((size + PAGE - 1) & ~(PAGE - 1));
	case 2:
		return 0x60000000;
	case 3:
		return below(r, (PHYS_TOP - size) / SECTION) * SECTION;
	default:
		return below(r, PHYS_TOP - size);
	}
}

static bool overlaps(const struct range *ranges, unsigned nr, uint64_t base, uint64_t size)
{
	for (unsigned i = 0; i < nr; i++)
		if (base < ranges[i].base + ranges[i].size + PAGE &&
		    ranges[i].base < base + size + PAGE)
			return true;
	return false;
}

static void make_limits(struct rng *r, struct mm_limits *l, const struct range *bank,
			uint64_t total)
{
	memset(l, 0, sizeof(*l));
	l->nr_cpus = 1 + rng_below(r, 4);
	if (rng_below(r, 2))
		l->dma_limit = bank->base + below(r, bank->size);
	if (rng_below(r, 3) == 0)
		l->highmem_start = bank->base + bank->size / 2 + below(r, bank->size / 2);
	if (rng_below(r, 3) == 0)
		l->movablecore = below(r, total / 3);
	if (rng_below(r, 2))
		l->min_free_kbytes = 16 + rng_below(r, 512);
	if (rng_below(r, 3) == 0)
		for (unsigned i = 0; i < 4; i++)
			l->lowmem_reserve_ratio[i] = 1 + rng_below(r, 300);
}

void ref_make_geometry(struct rng *r)
{
	struct geometry *g = &ref_geometry;
	unsigned banks = 1 + rng_below(r, 3), nodes = 1 + rng_below(r, BUDDY_MAX_NODES);
	uint64_t total = 0, unit = SECTION > 4 * MIB ? SECTION / 2 : 2 * MIB;

	memset(g, 0, sizeof(*g));
	for (unsigned i = 0; i < banks;) {
		uint64_t size =
			rng_below(r, 3) ? (1 + below(r, 12)) * unit : PAGE + below(r, 9 * unit);
		uint64_t base = place(r, size);

		if (i && rng_below(r, 3) == 0) { /* a little after the one before */
			uint64_t prev = g->ram[i - 1].base + g->ram[i - 1].size;

			base = ((prev + PAGE) & ~(PAGE - 1)) + below(r, 700) * PAGE;
			if (base + size > PHYS_TOP)
				continue;
		}
		if (overlaps(g->ram, i, base, size))
			continue;
		g->ram[i++] = (struct range){base, size, (int)rng_below(r, nodes)};
		total += size;
	}
	for (unsigned i = 0; i < rng_below(r, 7); i++) {
		const struct range *b = &g->ram[rng_below(r, banks)];
		uint64_t at = below(r, b->size);
		uint64_t size = 1 + below(r, rng_below(r, 2) ? 3 * PAGE : b->size / 8 + 1);

		size = size < b->size - at ? size : b->size - at;
		g->reserved[i] = (struct range){b->base + at, size, 0};
	}
	make_limits(r, &g->limits, &g->ram[rng_below(r, banks)], total);
}

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
	movable_start = find_movable_start(g->limits.movablecore);
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
	CHECK_EQ(nr_free_pages() + nr_pcp_pages() + ref_owned, ref_managed);
}

/*
 * After a request that could empty all caches: each zone that might have served
 * is at its mark, or has no block that large.
 */
void ref_check_failure(gfp_t gfp, unsigned order, int nid)
{
	enum zone_type highest = gfp & __GFP_DMA ? ZONE_DMA
				 : (gfp & __GFP_HIGHMEM) && !(gfp & __GFP_ZERO)
					 ? (gfp & __GFP_MOVABLE ? ZONE_MOVABLE : ZONE_HIGHMEM)
					 : ZONE_NORMAL;
	bool all = (gfp & (__GFP_MEMALLOC | __GFP_NOMEMALLOC)) == __GFP_MEMALLOC;
	struct zone_info info;

	for (unsigned i = 0; zone_info(i, &info); i++) {
		bool has_block = false;

		if (info.type > highest || ((gfp & __GFP_THISNODE) && info.nid != nid))
			continue;
		for (unsigned o = order; o < NR_ORDERS; o++)
			for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
				has_block |= info.nr_free[o][mt] != 0;
		if (has_block && (all || info.free > info.wmark_min + info.lowmem_reserve[highest] +
							     (1UL << order) - 1))
			check_failed_eq(__FILE__, __LINE__, "NULL although a zone could give",
					info.free, info.wmark_min);
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
