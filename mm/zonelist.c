// SPDX-License-Identifier: MIT
/*
 * zonelist - which zone may give, and getting it from there.
 *
 * A zonelist is an array of zones, the best first, made at start-up for each
 * node and each highest zone type.  The first zone that is above its watermark
 * and has the block gives it: through this CPU's cache for orders up to
 * PCP_MAX_ORDER, else straight from the free lists.
 *
 * State: none.  Locks: takes one zone's lock at a time, interrupts off.
 *
 * Not here: what to do when every zone refuses (slowpath.c).
 */
#include <mm/internal.h>

/*
 * The first zone of the list that may and can give a block of 2^order pages
 * gives it; NULL when none does.  alloc_flags: ALLOC_* (internal.h).  Its word
 * is the caller's to write.  Interrupts are off.
 * Follows Linux's get_page_from_freelist() and rmqueue() (6.1).
 */
struct page *get_page_from_freelist(gfp_t gfp, unsigned order, unsigned alloc_flags,
				    struct zone *const *zonelist)
{
	enum migratetype mt = gfp_migratetype(gfp);
	enum zone_type highest = gfp_zone(gfp);
	struct page *page;
	struct zone *zone;

	while ((zone = *zonelist++)) {
		if (!(alloc_flags & ALLOC_NO_WATERMARKS) &&
		    !zone_watermark_ok(zone, order, alloc_flags & ALLOC_WMARK_MASK, highest,
				       alloc_flags))
			continue;
		if (order <= PCP_MAX_ORDER && likely(!(gfp & __GFP_COLD))) {
			page = rmqueue_pcplist(this_cpu(), zone, order, mt);
		} else {
			page = rmqueue_buddy(zone, order, mt);
			if (unlikely(!page))
				page = rmqueue_fallback(zone, order, mt);
		}
		if (likely(page))
			return page;
	}
	return NULL;
}
