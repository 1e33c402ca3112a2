// SPDX-License-Identifier: MIT
/*
 * vmscan - getting memory back.
 *
 * Reclaimable pages are chosen by each zone's clock (clock.c).  A page that was used since
 * the hand came by last stays; one that is dirty is written first, if the request may; one
 * under writeback or with a reference besides its owner's is passed over.  The rest is
 * taken, its owner is asked to forget it, and the pages of a stretch go back to the free
 * lists in batches.  What an owner refuses to give stays as it was.
 *
 * How hard is tried says the priority: at 12 a 4,096th of the pages is looked at, at 0 all of
 * them; each round asks shrinkers for their share too.  All rounds together look at each page
 * twice, which is what the second chance needs.
 *
 * Three who ask: a request that found nothing (try_to_free_pages()), a user
 * (shrink_node_pages()), and node_reclaim(), before a request leaves its node.  kswapd has
 * its own loop (kswapd.c).
 *
 * Nothing recurses: all of it is in a memalloc_noreclaim scope, so that requests made in
 * callbacks do not come here.  Interrupts are on, but for a batch of BUDDY_PCP_WORK frees.
 *
 * State: zone->clock_hand (clock.c).  No lock of its own.
 * Bound: DEF_PRIORITY + 1 rounds, each at most one turn of each zone's hand.
 *
 * Follows Linux's shrink_page_list(), shrink_zones(), do_try_to_free_pages() and
 * node_reclaim() (6.1).
 */
#include <mm/reclaim_priv.h>

#if !BUDDY_TINY

#define ZONE_RECLAIM_PRIORITY 4U /* node_reclaim() begins there, as in Linux */

#if BUDDY_RECLAIM

/* ---- one page -------------------------------------------------------------------- */

/*
 * A page that was taken: to its owner, who forgets it.  True: it is free, but for the
 * lists; else it is its owner's as before.
 */
static bool evict_taken(struct page *page, struct scan_control *sc)
{
	const struct movable_operations *mops = page->mapping;
	uint32_t word = page_word(page);

	if (!(word & PAGE_LRU) || word & PAGE_WRITEBACK || !mops->evict_page)
		goto keep;
	if (word & PAGE_DIRTY) {
		if (!sc->may_write || write_taken_page(page))
			goto keep;
		word = page_word(page);
		if (word & (PAGE_DIRTY | PAGE_WRITEBACK)) {
			sc->nr_writeback += !!(word & PAGE_WRITEBACK);
			goto keep;
		}
	}
	if (!mops->evict_page(page))
		return movable_release(page, CALLER);
keep:
	movable_putback(page);
	return false;
}

/* The hand points to it. */
static bool shrink_page(struct page *page, struct scan_control *sc)
{
	uint32_t word = page_word(page);

	if (word & PAGE_REFERENCED) {
		movable_clear_referenced(page);
		return false;
	}
	if (word & PAGE_WRITEBACK) {
		sc->nr_writeback++;
		return false;
	}
	if (word & PAGE_DIRTY && !sc->may_write) {
		sc->nr_dirty++;
		return false;
	}
	if (!movable_take(page)) {
		sc->nr_pinned++;
		return false;
	}
	return evict_taken(page, sc);
}

/* ---- a stretch ---------------------------------------------------------------------- */

/* Pages whose words say PAGE_STATE_PCP, to the zone's lists. */
static void free_reclaimed(struct zone *zone, struct page **page, unsigned nr)
{
	for (unsigned i = 0, n; i < nr; i += n) {
		port_irqflags_t flags = port_irq_save();

		n = min_t(nr - i, (unsigned)BUDDY_PCP_WORK);
		free_pcppages_bulk(zone, page + i, n);
		port_irq_restore(flags);
	}
	if (nr)
		count_rare_events(PGFREE, nr);
}

bool shrink_stretch(struct zone *zone, struct scan_control *sc, unsigned scan, unsigned most,
		    struct clock_turn *turn)
{
	struct page *freed[SWAP_CLUSTER_MAX], *end;
	struct page *page = clock_claim(zone, &zone->clock_hand, turn, &end);
	unsigned nr = 0, scanned = 0;

	if (!page)
		return false;
	while ((page = clock_next(page, end, 0))) {
		if (scanned >= scan || nr >= most) {
			clock_unclaim(&zone->clock_hand, page, end);
			break;
		}
		scanned++;
		if (shrink_page(page, sc))
			freed[nr++] = page;
		page++;
	}
	free_reclaimed(zone, freed, nr);
	sc->nr_scanned += scanned;
	sc->nr_reclaimed += nr;
	if (scanned)
		count_rare_events(sc->kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT, scanned);
	if (nr)
		count_rare_events(sc->kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT, nr);
	return true;
}

/* ---- a zone, a round ------------------------------------------------------------------ */

/* Its part at this priority; less if `enough` and there is enough. */
static void shrink_zone(struct zone *zone, struct scan_control *sc, bool enough)
{
	unsigned long left = READ_ONCE(zone->nr_lru) >> sc->priority;
	struct clock_turn turn = whole_turn(zone);
	unsigned long before;

	while (left && !(enough && sc->nr_reclaimed >= sc->nr_to_reclaim)) {
		unsigned most = SWAP_CLUSTER_MAX;

		if (enough)
			most = (unsigned)min_t(sc->nr_to_reclaim - sc->nr_reclaimed,
					       (unsigned long)most);
		before = sc->nr_scanned;
		if (!shrink_stretch(zone, sc,
				    (unsigned)min_t(left, (unsigned long)SWAP_CLUSTER_MAX), most,
				    &turn))
			break;
		left -= sc->nr_scanned - before;
		port_cond_resched();
	}
}

unsigned long zone_reclaimable_pages(const struct zone *zone)
{
	return READ_ONCE(zone->nr_lru);
}

/* Somebody else than kswapd had success there: it may try again. */
static void revive_kswapd(unsigned nid)
{
	if (READ_ONCE(nodes[nid].daemon.kswapd_failures))
		WRITE_ONCE(nodes[nid].daemon.kswapd_failures, 0);
}

/* Has something to reclaim, and may be entered. */
static bool may_reclaim(gfp_t gfp)
{
	return READ_ONCE(nr_reclaim_sources) && gfp & __GFP_DIRECT_RECLAIM && !port_irqs_disabled();
}

static void scan_begin(struct scan_control *sc, gfp_t gfp, unsigned long nr)
{
	*sc = (struct scan_control){
		.gfp = gfp,
		.may_write = (gfp & (__GFP_IO | __GFP_FS)) == (__GFP_IO | __GFP_FS),
		.nr_to_reclaim = nr,
	};
}

/* ---- for a request ----------------------------------------------------------------- */

/* One round over the zones of a request, and over the shrinkers of their nodes. */
static void shrink_zones(struct scan_control *sc, const struct alloc_context *ac)
{
	nodemask_t seen = 0;

	for (struct zone *const *z = ac->zonelist; *z; z++) {
		unsigned long before = sc->nr_reclaimed;
		unsigned nid = (*z)->nid;

		if (!(ac->nodemask >> nid & 1))
			continue;
		/*
		 * The first round, a small one, ages all zones alike, as Linux up to 4.7
		 * did.
		 */
		shrink_zone(*z, sc, sc->priority < DEF_PRIORITY);
		if (!(seen >> nid & 1)) {
			seen |= 1U << nid;
			sc->nr_reclaimed += shrink_slab(sc->gfp, (int)nid, sc->priority);
		}
		if (sc->nr_reclaimed > before)
			revive_kswapd(nid);
	}
}

unsigned long try_to_free_pages(gfp_t gfp, unsigned order, const struct alloc_context *ac)
{
	struct scan_control sc;
	unsigned saved;

	if (!may_reclaim(gfp))
		return 0;
	scan_begin(&sc, gfp, order < 5 ? SWAP_CLUSTER_MAX : 1UL << order);
	count_rare_event(ALLOCSTALL);
	saved = memalloc_noreclaim_save();
	for (sc.priority = DEF_PRIORITY;; sc.priority--) {
		shrink_zones(&sc, ac);
		if (sc.nr_reclaimed >= sc.nr_to_reclaim || !sc.priority)
			break;
		port_cond_resched();
	}
	memalloc_noreclaim_restore(saved);
	return sc.nr_reclaimed;
}

/* ---- for a user, of a node --------------------------------------------------------- */

/* From this priority on, until there is enough. */
static void shrink_nodes(int nid, struct scan_control *sc, unsigned priority, bool slab)
{
	unsigned saved = memalloc_noreclaim_save();
	struct zone *zone;

	for (sc->priority = priority;; sc->priority--) {
		unsigned long before = sc->nr_reclaimed;
		nodemask_t seen = 0;

		for_each_zone(zone) {
			if (nid >= 0 && zone->nid != nid)
				continue;
			shrink_zone(zone, sc, true);
			if (slab && sc->nr_reclaimed < sc->nr_to_reclaim &&
			    !(seen >> zone->nid & 1))
				sc->nr_reclaimed += shrink_slab(sc->gfp, zone->nid, sc->priority);
			seen |= 1U << zone->nid;
			if (sc->nr_reclaimed > before)
				revive_kswapd(zone->nid);
		}
		if (sc->nr_reclaimed >= sc->nr_to_reclaim || !sc->priority)
			break;
		port_cond_resched();
	}
	memalloc_noreclaim_restore(saved);
}

unsigned long shrink_node_pages(int nid, unsigned long nr, gfp_t gfp)
{
	struct scan_control sc;

	gfp = current_gfp_context(gfp);
	if (!nr || nid < -1 || nid >= BUDDY_MAX_NODES || !may_reclaim(gfp))
		return 0;
	scan_begin(&sc, gfp, nr);
	shrink_nodes(nid, &sc, DEF_PRIORITY, true);
	return sc.nr_reclaimed;
}

/* Clean pages only, and no shrinkers: the next node is not worth more than that. */
static unsigned long reclaim_clean_pages(int nid, gfp_t gfp, unsigned order)
{
	struct scan_control sc;

	if (!may_reclaim(gfp))
		return 0;
	scan_begin(&sc, gfp, 1UL << order);
	sc.may_write = false;
	shrink_nodes(nid, &sc, ZONE_RECLAIM_PRIORITY, false);
	return sc.nr_reclaimed;
}

void reclaim_init(void)
{
	shrinker_init();
	WRITE_ONCE(nr_reclaim_sources, 0);
}

#else

#define reclaim_clean_pages(nid, gfp, order) 0UL

#endif /* BUDDY_RECLAIM */

/* ---- before a request leaves its node ---------------------------------------------- */

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
 * Tries to free 2^order pages of node nid for a request that found none there: what lies in
 * CPUs' caches, then clean reclaimable pages of the node.  NODE_RECLAIM_NOSCAN: the request
 * may not wait; FULL: there was nothing to get; SOME: less than that; SUCCESS.  Waits for
 * other CPUs.
 */
int node_reclaim(int nid, gfp_t gfp, unsigned order)
{
	const unsigned long nr = 1UL << order, before = node_free_pages(nid);
	unsigned long after;

	if (!(gfp & __GFP_DIRECT_RECLAIM) || port_irqs_disabled())
		return NODE_RECLAIM_NOSCAN;
	drain_all_pages();
	after = node_free_pages(nid);
	if (after < before + nr && reclaim_clean_pages(nid, gfp, order))
		after = node_free_pages(nid);
	if (after < before + nr) {
		count_rare_event(ZONE_RECLAIM_FAILED);
		return after > before ? NODE_RECLAIM_SOME : NODE_RECLAIM_FULL;
	}
	count_rare_event(ZONE_RECLAIM_SUCCESS);
	return NODE_RECLAIM_SUCCESS;
}

#endif /* !BUDDY_TINY */
