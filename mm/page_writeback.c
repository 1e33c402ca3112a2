// SPDX-License-Identifier: MIT
/*
 * page_writeback - how much may be dirty, and having it written.
 *
 * Of the memory that can be had (free above the high marks, and reclaimable) a part may be
 * dirty.  Above the lower limit kswapd is woken to write; above the upper one, who makes
 * pages dirty writes as many first.  Each zone has its share of the upper limit, and a
 * request that says that it will write goes to one that is below its.
 *
 * Pages to be written are found by a clock of their own, so that the second chance of
 * reclaim's is not disturbed.  What is not reclaimable (PAGE_LRU) is not found by it: its
 * owner writes it.
 *
 * State: dirty_background_ratio, dirty_ratio: anybody's to set.  Counts are movable.c's.
 * No lock; owners' operations are called with none, interrupts on, in a
 * memalloc_noreclaim scope.
 *
 * Not here: kswapd's part, when it writes (kswapd.c); pages written on the way of being freed
 * (vmscan.c).
 *
 * Follows Linux's mm/page-writeback.c (6.1): domain_dirty_limits(), node_dirty_ok() by zone
 * as zone_dirty_ok() up to 4.7, balance_dirty_pages().  There a writer sleeps until others
 * have written; here it does the work.
 */
#include <mm/reclaim_priv.h>

#if BUDDY_RECLAIM

unsigned dirty_background_ratio = 10, dirty_ratio = 20;

/* ---- limits ------------------------------------------------------------------ */

/* What could be dirty at all: the high mark's pages are not there to be used. */
static unsigned long zone_dirtyable(const struct zone *zone)
{
	unsigned long free = READ_ONCE(zone->nr_free_pages);
	unsigned long high = READ_ONCE(zone->watermark[WMARK_HIGH]);

	return (free > high ? free - high : 0) + READ_ONCE(zone->nr_lru);
}

static unsigned long zone_dirty(const struct zone *zone)
{
	return READ_ONCE(zone->nr_dirty) + READ_ONCE(zone->nr_writeback);
}

/* A part of pages in per cent; at most 2^20 of them. */
static unsigned long percent(unsigned long pages, unsigned ratio)
{
	return pages * min_t(ratio, 100U) / 100;
}

bool zone_dirty_ok(const struct zone *zone)
{
	return zone_dirty(zone) <= percent(zone_dirtyable(zone), READ_ONCE(dirty_ratio));
}

/* Of all zones.  The lower limit is at most half the upper one. */
unsigned long dirty_beyond(bool background)
{
	unsigned long dirty = 0, dirtyable = 0, limit, upper;
	struct zone *zone;

	for_each_zone(zone) {
		dirty += zone_dirty(zone);
		dirtyable += zone_dirtyable(zone);
	}
	limit = upper = percent(dirtyable, READ_ONCE(dirty_ratio));
	if (background) {
		limit = percent(dirtyable, READ_ONCE(dirty_background_ratio));
		if (limit >= upper)
			limit = upper / 2;
	}
	return dirty > limit ? dirty - limit : 0;
}

/* ---- writing ------------------------------------------------------------------- */

int write_taken_page(struct page *page)
{
	const struct movable_operations *mops = page->mapping;
	int err;

	if (!mops->write_page)
		return -EINVAL;
	err = mops->write_page(page);
	if (!err)
		count_rare_event(PGWRITEBACK);
	return err;
}

static bool write_page_at(struct page *page)
{
	uint32_t word = page_word(page);
	bool written;

	if (word & PAGE_WRITEBACK || !movable_take(page))
		return false;
	word = page_word(page);
	written = (word & (PAGE_LRU | PAGE_DIRTY | PAGE_WRITEBACK)) == (PAGE_LRU | PAGE_DIRTY) &&
		  !write_taken_page(page);
	movable_putback(page);
	return written;
}

bool write_stretch(struct zone *zone, struct clock_turn *turn, unsigned most,
		   unsigned long *written)
{
	struct page *end, *page = clock_claim(zone, &zone->write_hand, turn, &end);
	unsigned nr = 0;

	if (!page)
		return false;
	for (page = clock_next(page, end, PAGE_DIRTY); page;
	     page = clock_next(page, end, PAGE_DIRTY)) {
		nr += write_page_at(page++);
		if (nr >= most) {
			clock_unclaim(&zone->write_hand, page, end);
			break;
		}
	}
	*written += nr;
	return true;
}

/* ---- who makes pages dirty --------------------------------------------------------- */

static void wake_writers(void)
{
	nodemask_t woken = 0;
	struct zone *zone;

	for_each_zone(zone) {
		if (!READ_ONCE(zone->nr_dirty) || woken >> zone->nid & 1)
			continue;
		woken |= 1U << zone->nid;
		WRITE_ONCE(nodes[zone->nid].daemon.kswapd_write, 1);
		port_wake_kswapd(zone->nid);
	}
}

/*
 * This context may enter owners: it is not in one already, and waiting is not forbidden to
 * it.
 */
static bool may_write_here(void)
{
	const gfp_t all = __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS;

	return !port_irqs_disabled() && (current_gfp_context(all) & all) == all;
}

/* Until what is beyond the limit has been written, or everything was looked at once. */
static void write_until_below(void)
{
	struct zone *zone;

	for_each_zone(zone) {
		struct clock_turn turn = whole_turn(zone);
		unsigned long beyond, written = 0;

		while (READ_ONCE(zone->nr_dirty) && (beyond = dirty_beyond(false)) != 0) {
			if (!write_stretch(zone, &turn, (unsigned)min_t(beyond, SWAP_CLUSTER_MAX),
					   &written))
				break;
			port_cond_resched();
		}
	}
}

void balance_dirty_pages(void)
{
	unsigned saved;

	if (!dirty_beyond(true))
		return;
	wake_writers();
	if (!dirty_beyond(false) || !may_write_here())
		return;
	count_rare_event(DIRTY_THROTTLE);
	saved = memalloc_noreclaim_save();
	write_until_below();
	memalloc_noreclaim_restore(saved);
}

#endif /* BUDDY_RECLAIM */
