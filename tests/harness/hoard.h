/* SPDX-License-Identifier: MIT */
/*
 * Blocks that a case holds, chained through their own descriptors, and zones by name.  One
 * hoard for each file that includes this.
 */
#ifndef TESTS_HOARD_H
#define TESTS_HOARD_H

#include "fixture.h"
#include "peek.h"
#include "tap.h"

#define MIB (1ULL << 20)

static struct page *hoard;

static inline void hoard_add(struct page *page, unsigned order)
{
	page->mapping = hoard;
	page->index = order;
	hoard = page;
}

/* Takes until NULL; how many blocks. */
static inline unsigned long hoard_all(gfp_t gfp, unsigned order)
{
	unsigned long nr = 0;
	struct page *page;

	while ((page = alloc_pages(gfp | __GFP_NOWARN, order))) {
		hoard_add(page, order);
		nr++;
	}
	return nr;
}

static inline void hoard_give_all(void)
{
	struct page *page;

	while ((page = hoard)) {
		hoard = page->mapping;
		__free_pages(page, (unsigned)page->index);
	}
}

/* Frees the first `nr` blocks of a zone, back to its lists. */
static inline void hoard_give(const struct zone *zone, unsigned long nr)
{
	struct page **at = &hoard;

	while (nr && *at) {
		struct page *page = *at;

		if (page_zone(page) != zone) {
			at = (struct page **)&page->mapping;
			continue;
		}
		*at = page->mapping;
		__free_pages(page, (unsigned)page->index);
		nr--;
	}
	CHECK_EQ(nr, 0);
	drain_all_pages();
}

/* NULL: there is none. */
static inline struct zone *zone_of(int nid, enum zone_type type)
{
	struct zone *zone;

	for_each_zone(zone)
		if (zone->nid == nid && zone->type == type)
			return zone;
	return NULL;
}

#endif /* TESTS_HOARD_H */
