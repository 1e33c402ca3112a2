/* SPDX-License-Identifier: MIT */
/* For tests of compaction: an owner with all of memory, and compaction called directly. */
#ifndef TESTS_COMPACT_FIXTURE_H
#define TESTS_COMPACT_FIXTURE_H

#include <string.h>

#include <buddy/compaction.h>
#include <buddy/contig.h>

#include "../harness/hoard.h"
#include "../harness/owner.h"

#define PB	((unsigned long)pageblock_nr_pages)
#define MOVABLE (GFP_HIGHUSER_MOVABLE | __GFP_NOWARN | __GFP_MEMALLOC)
#define NOWAIT	(MOVABLE & ~__GFP_RECLAIM)
#define LAST	(GFP_NOWAIT | __GFP_NOWARN | __GFP_MEMALLOC)
#define SLOTS	131072U

static struct page *slots[SLOTS];
static struct test_owner owner;
static unsigned nr_owned; /* slots that were filled */

/* The owner takes all there is, in the order in which it comes. */
static inline void fill_all(void)
{
	memset(slots, 0, sizeof(slots));
	owner_init(&owner, slots, SLOTS, false);
	drain_all_pages();
	for (nr_owned = 0; nr_owned < SLOTS && owner_fill(&owner, nr_owned, NOWAIT);)
		nr_owned++;
}

/* And gives back every second frame. */
static inline void checkerboard(void)
{
	fill_all();
	for (unsigned i = 0; i < nr_owned; i++)
		if (slots[i] && page_to_pfn(slots[i]) & 1)
			owner_drop(&owner, i);
	drain_all_pages();
}

static inline unsigned long place_of(const struct page *page)
{
	return (unsigned long)(page - mem_map);
}

/* Slots whose pages are in the pageblock at this place of mem_map are emptied; how many. */
static inline unsigned drop_pageblock(unsigned long place)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < nr_owned; i++)
		if (slots[i] && place_of(slots[i]) - place < PB) {
			owner_drop(&owner, i);
			nr++;
		}
	drain_all_pages();
	return nr;
}

/* Everything comes back, and every pattern was right until then. */
static inline void give_back(void)
{
	CHECK_EQ(owner_verify(&owner), 0);
	owner_drop_all(&owner);
	hoard_give_all();
	drain_all_pages();
}

static inline enum compact_result compact_gfp(gfp_t gfp, unsigned order, unsigned alloc_flags,
					      enum compact_priority prio)
{
	struct alloc_context ac = {
		.zonelist = nodes[0].zonelist[gfp_zone(gfp)],
		.nodemask = NODE_MASK_ALL,
		.highest = gfp_zone(gfp),
		.migratetype = gfp_migratetype(gfp),
	};

	enum compact_result result;
	struct page *page;
	struct zone *zone;

	/* These are about what is done when there is something to look for. */
	for_each_zone(zone)
		WRITE_ONCE(zone->has_movable, 1);
	result = try_to_compact_pages(gfp, order, alloc_flags, &ac, prio, &page);
	if (page) { /* as if it had been for the lists */
		port_irqflags_t flags = port_irq_save();

		CHECK_EQ(page_word(page), PAGE_STATE_PCP | order);
		CHECK_EQ(result, COMPACT_SUCCESS);
		free_pcppages_bulk(page_zone(page), &page, 1);
		port_irq_restore(flags);
	}
	return result;
}

static inline enum compact_result compact(unsigned order, enum compact_priority prio)
{
	return compact_gfp(MOVABLE, order, ALLOC_NO_WATERMARKS | ALLOC_CMA, prio);
}

#endif /* TESTS_COMPACT_FIXTURE_H */
