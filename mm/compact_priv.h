/* SPDX-License-Identifier: MIT */
/* What compaction.c and compact_scan.c say to each other. */
#ifndef MM_COMPACT_PRIV_H
#define MM_COMPACT_PRIV_H

#include <mm/internal.h>

/* One call's work in one zone. */
struct compact_control {
	struct zone *zone;
	unsigned order;	      /* of the blocks to be made */
	unsigned alloc_flags; /* with `highest`, the request's: when it is enough */
	enum zone_type highest;
	enum migrate_mode mode;
	bool whole;		   /* from both ends of the zone, hints ignored */
	bool to_end;		   /* and until the scanners meet, whatever there is */
	unsigned sources, targets; /* types of pageblocks, a bit each */
	bool may_capture;	   /* the first block is for a request of `mt`, not for the lists */
	enum migratetype mt;
	unsigned long budget; /* pages to move at most; words to look at: eight times that */

	/* compact_scan.c's */
	unsigned long first, end; /* the zone's part of mem_map, and perhaps others' in between */
	unsigned long source;	  /* the range that is looked at, or emptied */
	unsigned long spare;	  /* pages below it: from here on some may be free */
	unsigned long high, at;	  /* the pageblock with free pages, and where in it */
	uint32_t fixed_bits;	  /* of a word: what must be as in a page that can be moved */
	bool useful;		  /* something was found in this pageblock's ranges up to here */
	unsigned nr_target;
	struct page *target[MIGRATE_BATCH]; /* PAGE_STATE_PCP */

	/* Results. */
	bool more;	       /* the budget is used up */
	struct page *captured; /* PAGE_STATE_PCP | order */
	unsigned long nr_moved, nr_taken, migrate_scanned, free_scanned;
};

#define COMPACT_SCAN_PER_MOVE 8
#define COMPACT_NO_BUDGET     (~0UL / COMPACT_SCAN_PER_MOVE)

/* Types of pageblocks out of which pages may be moved, or into which. */
#define COMPACT_ORDINARY \
	(1U << MIGRATE_UNMOVABLE | 1U << MIGRATE_MOVABLE | 1U << MIGRATE_RECLAIMABLE)
#define COMPACT_MOVABLE (1U << MIGRATE_MOVABLE | 1U << MIGRATE_CMA)

/* ---- what all scanners look at -------------------------------------------------- */

static inline unsigned long range_pages(const struct compact_control *cc)
{
	return 1UL << cc->order;
}

static inline unsigned long pageblock_of(unsigned long place)
{
	return place & ~(unsigned long)(pageblock_nr_pages - 1);
}

static inline bool is_marked(const struct page *page)
{
	return __atomic_load_n(pageblock_note(page), __ATOMIC_RELAXED) & NOTE_SKIP;
}

/* The type of a pageblock of this zone; PB_NONE: it is another's, or not initialised yet. */
static inline unsigned type_at(const struct compact_control *cc, unsigned long place)
{
	const unsigned long mask = PAGES_PER_SECTION - 1;
	unsigned byte;

	if (!section_ready(mem_map + (place & ~mask)))
		return PB_NONE;
	byte = page_pageblock(mem_map + place);
	return byte >> PB_ZONE_SHIFT == cc->zone->zid ? byte & PB_TYPE_MASK : PB_NONE;
}

static inline bool may_use(const struct compact_control *cc, unsigned long place, unsigned types)
{
	return types >> type_at(cc, place) & 1 && (cc->whole || !is_marked(mem_map + place));
}

/* Free blocks as large as what is to be made stay whole. */
static inline bool is_target(const struct compact_control *cc, uint32_t word)
{
	return (word & ~PAGE_ORDER_MASK) == PAGE_STATE_FREE && page_word_order(word) < cc->order;
}

/* ---- compact_targets.c ------------------------------------------------------------ */

/* Targets for `want` pages, MIGRATE_BATCH at most; false: there is not one. */
bool get_targets(struct compact_control *cc, unsigned want);
void put_targets(struct compact_control *cc);
/* For migrate_pages(): arg is cc. */
struct page *new_target(struct page *src, void *arg);
void put_target(struct page *dst, void *arg);

/* ---- compact_scan.c --------------------------------------------------------------- */

/* The zone has what the request wants. */
bool compact_finished(const struct compact_control *cc);
/* One pass, or the rest of one; zone->compact_busy is the caller's. */
enum compact_result compact_zone(struct compact_control *cc);
/* The next pass begins at both ends; hints are forgotten. */
void compact_reset(struct zone *zone);

#endif /* MM_COMPACT_PRIV_H */
