// SPDX-License-Identifier: MIT
/*
 * vmscan - getting memory back.
 *
 * What can be got back today are the pages that lie in the CPUs' caches: node_reclaim()
 * empties those before a request leaves its node (mm_policy.node_reclaim), for boards whose
 * nodes differ so much that it pays.
 *
 * State and locks: none of its own.
 *
 * Follows the contract of Linux's node_reclaim() (6.1).
 */
#include <mm/internal.h>

static unsigned long node_free_pages(int nid)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		if (zone->nid == nid)
			pages += READ_ONCE(zone->nr_free_pages);
	return pages;
}

/*
 * Tries to free 2^order pages of node nid for a request that found none
 * there.  NODE_RECLAIM_NOSCAN: the request may not wait; FULL: there was nothing to get;
 * SOME: less than that; SUCCESS.  Waits for other CPUs.
 */
int node_reclaim(int nid, gfp_t gfp, unsigned order)
{
	unsigned long before = node_free_pages(nid), after;

	if (!(gfp & __GFP_DIRECT_RECLAIM) || port_irqs_disabled())
		return NODE_RECLAIM_NOSCAN;
	if (!drain_all_pages()) {
		count_rare_event(ZONE_RECLAIM_FAILED);
		return NODE_RECLAIM_FULL;
	}
	after = node_free_pages(nid);
	if (after < before + (1UL << order)) {
		count_rare_event(ZONE_RECLAIM_FAILED);
		return after > before ? NODE_RECLAIM_SOME : NODE_RECLAIM_FULL;
	}
	count_rare_event(ZONE_RECLAIM_SUCCESS);
	return NODE_RECLAIM_SUCCESS;
}
