// SPDX-License-Identifier: MIT
/*
 * zonelist - which zone may give, and getting it from there.
 *
 * A zonelist is an array of zones, the best first, made at start-up for each
 * node and each highest zone type.  The first zone that the request's nodes allow, that is
 * above its watermark and has the block gives it: through this CPU's cache for orders up to
 * PCP_MAX_ORDER, else straight from the free lists.
 *
 * Fair spread (mm_policy.fair_zones): each zone of the preferred node gives so many pages, by
 * its size, before the others have given theirs.  State: zone->fair_left, a relaxed
 * atomic, as it need not be exact.
 *
 * Pages that will be written to (ALLOC_SPREAD_DIRTY) come from zones that have less than
 * their share of dirty ones, if there are any.
 *
 * Locks: takes one zone's lock at a time, interrupts off.
 *
 * Not here: what to do when every zone refuses (slowpath.c).
 */
#include <buddy/init.h>
#include <mm/internal.h>

#if !BUDDY_TINY

/* ---- a fair spread -------------------------------------------------------- */

/*
 * The pages that a zone gives in one round: nothing on top, or small zones would give like
 * large ones.
 */
static uint32_t fair_share(const struct zone *zone)
{
	return (uint32_t)(READ_ONCE(zone->managed_pages) / 256) + 1;
}

/* A new round, when every zone of the node has given its share. */
static void fair_reset(const struct alloc_context *ac)
{
	for (struct zone *const *z = ac->zonelist; *z; z++)
		if ((*z)->nid == ac->nid)
			WRITE_ONCE((*z)->fair_left, fair_share(*z));
}

static void fair_count(struct zone *zone, unsigned order)
{
	uint32_t left = READ_ONCE(zone->fair_left), nr = 1U << order;

	WRITE_ONCE(zone->fair_left, left > nr ? left - nr : 0);
}

/* ---- the walk --------------------------------------------------------------- */

/* From this zone, whose watermark allows it. */
static inline struct page *rmqueue(struct zone *zone, gfp_t gfp, unsigned order,
				   unsigned alloc_flags, enum migratetype mt)
{
	struct page *page;

	if (unlikely(alloc_flags & ALLOC_HARDER && order)) {
		page = rmqueue_highatomic(zone, order);
		if (page)
			return page;
	}
	if (order <= PCP_MAX_ORDER && likely(!(gfp & __GFP_COLD))) {
		page = rmqueue_pcplist(zone, order, mt, alloc_flags);
	} else {
		page = rmqueue_buddy(zone, order, rmqueue_type(zone, order, mt));
		if (unlikely(!page))
			page = rmqueue_fallback(zone, order, mt, alloc_flags);
	}
	if (unlikely(alloc_flags & ALLOC_HARDER)) {
		if (!page)
			page = rmqueue_highatomic(zone, order);
		else if (order)
			reserve_highatomic_pageblock(zone, page);
	}
	return page;
}

/* The request's nodes have this zone, and it is its turn. */
static bool may_give(const struct zone *zone, unsigned alloc_flags, const struct alloc_context *ac)
{
	if (!(ac->nodemask >> zone->nid & 1))
		return false;
	if (alloc_flags & ALLOC_SPREAD_DIRTY && !zone_dirty_ok(zone))
		return false;
	return !(alloc_flags & ALLOC_FAIR) || (zone->nid == ac->nid && READ_ONCE(zone->fair_left));
}

static struct page *walk(gfp_t gfp, unsigned order, unsigned alloc_flags,
			 const struct alloc_context *ac)
{
	const bool all =
		ac->nodemask == NODE_MASK_ALL && !(alloc_flags & (ALLOC_FAIR | ALLOC_SPREAD_DIRTY));
	const bool stay = alloc_flags & ALLOC_NOFRAGMENT && !mm_policy.defrag_mode;
	struct zone *const *zonelist = ac->zonelist;
	struct page *page;
	struct zone *zone;
	int first = -1;

	while ((zone = *zonelist++)) {
		if (unlikely(!all) && !may_give(zone, alloc_flags, ac))
			continue;
		/* Memory that is near is worth a mix of mobilities, as in Linux. */
		if (unlikely(stay && zone->nid != first)) {
			if (first >= 0)
				break;
			first = zone->nid;
		}
		if (!(alloc_flags & ALLOC_NO_WATERMARKS) &&
		    !zone_watermark_ok(zone, order, ac->highest, alloc_flags))
			continue;
		page = rmqueue(zone, gfp, order, alloc_flags, ac->migratetype);
		if (likely(page)) {
			if (unlikely(zone->nid != ac->nid))
				count_vm_event(this_cpu(), NUMA_MISS);
			if (unlikely(ac->unusual && mm_policy.fair_zones))
				fair_count(zone, order);
			return page;
		}
	}
	return NULL;
}

/*
 * Without mixing mobilities if that is wished and possible; defrag_mode has the slow path
 * decide.
 */
static struct page *walk_mixing(gfp_t gfp, unsigned order, unsigned alloc_flags,
				const struct alloc_context *ac)
{
	struct page *page = walk(gfp, order, alloc_flags, ac);

	if (unlikely(!page && alloc_flags & ALLOC_NOFRAGMENT && !mm_policy.defrag_mode))
		page = walk(gfp, order, alloc_flags & ~ALLOC_NOFRAGMENT, ac);
	return page;
}

/*
 * The first zone of the list that may and can give a block of 2^order pages
 * gives it; NULL when none does.  alloc_flags: ALLOC_* (internal.h).  Its word
 * is the caller's to write.  Interrupts are off.  Bound: five walks of the list.
 * Follows Linux's get_page_from_freelist() and rmqueue() (6.1), the fair spread 3.12's.
 */
struct page *get_page_from_freelist(gfp_t gfp, unsigned order, unsigned alloc_flags,
				    const struct alloc_context *ac)
{
	struct page *page;

	if (unlikely(alloc_flags & ALLOC_FAIR)) {
		page = walk(gfp, order, alloc_flags, ac);
		if (page)
			return page;
		fair_reset(ac);
		alloc_flags &= ~ALLOC_FAIR;
	}
	page = walk_mixing(gfp, order, alloc_flags, ac);
	/* Dirty or not: what is near and above its mark is better than what is not. */
	if (unlikely(!page && alloc_flags & ALLOC_SPREAD_DIRTY))
		page = walk_mixing(gfp, order, alloc_flags & ~ALLOC_SPREAD_DIRTY, ac);
	return page;
}

#endif /* !BUDDY_TINY */
