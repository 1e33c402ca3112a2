/* SPDX-License-Identifier: MIT */
/* What clock.c, page_writeback.c, shrinker.c, vmscan.c and kswapd.c say to each other. */
#ifndef MM_RECLAIM_PRIV_H
#define MM_RECLAIM_PRIV_H

#include <mm/internal.h>

#define SWAP_CLUSTER_MAX 32U /* pages that are reclaimed at once */
#define DEF_PRIORITY \
	12U /* the first round looks at a 2^12th of the pages, the last one, 0, at all */

/* ---- clock.c: task context ------------------------------------------------ */

/* Descriptors that one claim gives: a part of one pageblock. */
#define CLOCK_STRETCH \
	(pageblock_nr_pages < SWAP_CLUSTER_MAX ? pageblock_nr_pages : SWAP_CLUSTER_MAX)

/* How far a hand may go: frames of the zone that it passes, and the work of it. */
struct clock_turn {
	unsigned long frames;
	unsigned long
		steps; /* descriptors to be looked at, and one for what was passed over at once */
};

/*
 * The next stretch of the zone that may have reclaimable pages is the caller's to look at:
 * its first page, *end is past its last one; the hand is there already.  NULL: none within
 * *turn, which becomes less by what was passed, or in the zone.
 */
struct page *clock_claim(const struct zone *zone, unsigned long *hand, struct clock_turn *turn,
			 struct page **end);
/*
 * The rest of a stretch, from page on, was not looked at: it comes next, if nobody has gone
 * on.
 */
void clock_unclaim(unsigned long *hand, const struct page *page, const struct page *end);

/* Once round. */
static inline struct clock_turn whole_turn(const struct zone *zone)
{
	return (struct clock_turn){.frames = zone->spanned_pages, .steps = ~0UL};
}

/*
 * The first page from `page` on, before end, that is reclaimable and has all of these
 * flags; NULL: none.
 */
static inline struct page *clock_next(struct page *page, const struct page *end, uint32_t flags)
{
	for (flags |= PAGE_MOVABLE | PAGE_LRU; page < end; page++)
		if ((page_word(page) & (PAGE_STATE_MASK | flags)) == (PAGE_STATE_ALLOCATED | flags))
			return page;
	return NULL;
}

/* ---- page_writeback.c: task context, interrupts on --------------------------- */

/*
 * A page that the caller has taken and that is dirty goes to its owner to be written.  0,
 * or what the owner says; whether it is on its way or there says its word.
 */
int write_taken_page(struct page *page);
/*
 * Writes at most `most` dirty pages of a stretch of the zone; *written grows.  False: none
 * within *turn.
 */
bool write_stretch(struct zone *zone, struct clock_turn *turn, unsigned most,
		   unsigned long *written);
/* Pages that are dirty beyond dirty_background_ratio, or dirty_ratio. */
unsigned long dirty_beyond(bool background);

/* ---- shrinker.c: task context, interrupts on --------------------------------- */

/* Each shrinker's share at this priority, of node nid.  Objects freed. */
unsigned long shrink_slab(gfp_t gfp, int nid, unsigned priority);
/* Nothing is registered. */
void shrinker_init(void);

/* ---- vmscan.c: task context, interrupts on, within memalloc_noreclaim_save() --- */

struct scan_control {
	gfp_t gfp;
	unsigned priority;
	bool kswapd;	/* who asks: for the events */
	bool may_write; /* dirty pages, too */
	unsigned long nr_to_reclaim;
	/* So far; an object of a shrinker counts as a page. */
	unsigned long nr_scanned, nr_reclaimed;
	unsigned long nr_dirty, nr_writeback, nr_pinned; /* of nr_scanned, passed over for it */
};

/*
 * One stretch: at most `scan` pages are looked at and `most` freed.  False: there was none
 * within *turn.
 */
bool shrink_stretch(struct zone *zone, struct scan_control *sc, unsigned scan, unsigned most,
		    struct clock_turn *turn);

#endif /* MM_RECLAIM_PRIV_H */
