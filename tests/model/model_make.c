// SPDX-License-Identifier: MIT
/*
 * Memories and policies made up from a seed.
 *
 * State: ref_geometry, and mm_policy for the next start.
 */
#include <string.h>

#include <mm/internal.h>

#include "model.h"

#define PAGE	 ((uint64_t)PAGE_SIZE)
#define SECTION	 (PAGE * PAGES_PER_SECTION)
#define MIB	 (1ULL << 20)
#define PHYS_TOP (1ULL << 32)

struct geometry ref_geometry;

static uint64_t below(struct rng *r, uint64_t n)
{
	return ((uint64_t)rng_next(r) << 16 ^ rng_next(r)) % n;
}

/*
 * A place for a bank of `size`: favours the ends of the address space and the board's base.
 */
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
	if (rng_below(r, 3) == 0 && BUDDY_HIGHMEM)
		l->highmem_start = bank->base + bank->size / 2 + below(r, bank->size / 2);
	if (rng_below(r, 3) == 0)
		l->movablecore = below(r, total / 3);
	if (rng_below(r, 6) == 0)
		l->kernelcore = total / 2 + below(r, total);
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

void ref_make_policy(struct rng *r)
{
	memset(&mm_policy, 0, sizeof(mm_policy));
	mm_policy.deferred = rng_below(r, 3) == 0;
	mm_policy.fair_zones = rng_below(r, 5) == 0;
	mm_policy.node_reclaim = rng_below(r, 5) == 0;
	mm_policy.defrag_mode = rng_below(r, 4) == 0;
	mm_policy.watermark_boost_factor = rng_below(r, 3) ? 0 : 15000;
	if (rng_below(r, 3) == 0)
		for (unsigned a = 0; a < BUDDY_MAX_NODES; a++)
			for (unsigned b = 0; b < BUDDY_MAX_NODES; b++)
				mm_policy.distance[a][b] =
					(uint8_t)(a == b ? 10 : 11 + rng_below(r, 30));
}

uint32_t ref_unusual(void)
{
	return mm_policy.defrag_mode + mm_policy.node_reclaim + mm_policy.fair_zones;
}
