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

/* A block straight from the free lists. */
static struct page *rmqueue_buddy(struct zone *zone, unsigned order, enum migratetype mt)
{
	port_irqflags_t flags = port_irq_save();
	struct page *page;
	unsigned got;

	port_spin_lock(&zone->lock);
	page = __rmqueue_smallest(zone, order, order, mt, &got);
	if (unlikely(!page))
		page = __rmqueue_fallback(zone, order, mt);
	if (likely(page)) {
		set_page_word(page, PAGE_ALLOCATED(order));
		zone->nr_alloc++;
	}
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
	return page;
}

/*
 * The first zone of the list that may and can give a block of 2^order pages
 * gives it; NULL when none does.  alloc_flags: ALLOC_* (internal.h).
 * Follows Linux's get_page_from_freelist() and rmqueue() (6.1).
 */
struct page *get_page_from_freelist(gfp_t gfp, unsigned order, unsigned alloc_flags,
				    struct zone *const *zonelist)
{
	enum migratetype mt = gfp_migratetype(gfp);
	enum zone_type highest = gfp_zone(gfp);
	struct zone *zone;

	while ((zone = *zonelist++)) {
		struct page *page;

		if (!(alloc_flags & ALLOC_NO_WATERMARKS) &&
		    !zone_watermark_ok(zone, order, alloc_flags & ALLOC_WMARK_MASK, highest,
				       alloc_flags))
			continue;
		if (order <= PCP_MAX_ORDER && !(gfp & __GFP_COLD)) {
			port_irqflags_t flags = port_irq_save();

			page = rmqueue_pcplist(this_cpu(), zone, order, mt);
			port_irq_restore(flags);
		} else {
			page = rmqueue_buddy(zone, order, mt);
		}
		if (likely(page))
			return page;
	}
	return NULL;
}

/* Gives an allocated block straight back to its zone.  Its word is still PAGE_ALLOCATED. */
void free_to_zone(struct page *page, unsigned order)
{
	port_irqflags_t flags = port_irq_save();
	struct zone *zone = page_zone(page);

	port_spin_lock(&zone->lock);
	__free_one_page(zone, page, order);
	zone->nr_free_op++;
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
}
