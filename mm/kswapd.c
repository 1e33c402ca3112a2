// SPDX-License-Identifier: MIT
/*
 * kswapd - each node's background reclaim, step by step.
 *
 * Woken when requests find their zones below low, it reclaims until every zone of the node
 * is at high, so that requests need not.  It is no thread: kswapd_step() does a little of
 * it and returns, and what comes next stands in struct node_daemon.
 *
 *	run	from being woken to balanced, or given up
 *	pass	priorities 12 to 1; a pass without a page is a failure, 16 of them
 *		in a row and kswapd gives up
 *	round	one priority: the zones that are below high, then the shrinkers
 *	step	at most 32 pages of a round, or KSWAPD_STEPS descriptors
 *
 * For a request of order o it stops reclaiming for that order after 2^(o+1) pages, which is
 * what compaction needs, or one pass, and goes on for single pages only (case 38); then it
 * wakes kcompactd for the rest.
 *
 * A zone that was looked at six times over without a page does not keep its node from being
 * balanced, unless none of its zones is.
 *
 * Failures are forgotten when a run ends balanced, or when somebody else reclaims a page of
 * the node; not for a page or two of its own (case 38).
 *
 * A boost of watermarks (fallback.c) is worked off: as many pages are reclaimed, clean
 * ones, without trying hard, and then the boost goes.
 *
 * After that dirty pages above dirty_background_ratio are written.
 *
 * State: struct node_daemon; the requests in it are atomic words of anybody's, the rest
 * belongs to the caller of kswapd_step().  Takes zone->lock to lower a boost.
 *
 * Follows Linux's wakeup_kswapd(), balance_pgdat() and kswapd_shrink_node() (6.1), by zone
 * as up to 4.7.
 */
#include <buddy/init.h>
#include <mm/reclaim_priv.h>

#if BUDDY_RECLAIM

#define KSWAPD_STEPS 1024UL

/* ---- balanced? ------------------------------------------------------------------------ */

/* A zone of the node that the run is for. */
static bool is_mine(const struct zone *zone, int nid, unsigned highest)
{
	return zone->nid == nid && (unsigned)zone->type <= highest &&
	       READ_ONCE(zone->managed_pages);
}

static bool zone_balanced(const struct zone *zone, unsigned order)
{
	return zone_watermark_ok(zone, order, zone->type, ALLOC_WMARK_HIGH);
}

/* Looked at often, and nothing came of it. */
static bool all_unreclaimable(const struct zone *zone, const struct node_daemon *d)
{
	return d->running && d->priority < DEF_PRIORITY - 2 &&
	       d->scanned[zone->type] >= 6UL * READ_ONCE(zone->nr_lru);
}

/* Every zone has its single pages, and one of them a block of the order. */
static bool node_balanced(int nid, const struct node_daemon *d, unsigned order, unsigned highest)
{
	bool all = true, any = false;
	struct zone *zone;

	for_each_zone(zone)
		if (is_mine(zone, nid, highest)) {
			any |= zone_balanced(zone, order);
			all &= zone_balanced(zone, 0) || all_unreclaimable(zone, d);
		}
	return all && any;
}

static unsigned long node_boost(int nid, unsigned highest)
{
	unsigned long boost = 0;
	struct zone *zone;

	for_each_zone(zone)
		if (is_mine(zone, nid, highest))
			boost += READ_ONCE(zone->watermark_boost);
	return boost;
}

/* ---- being woken ---------------------------------------------------------------------- */

/* The largest that anybody asked for since. */
static void ask_for(uint32_t *wanted, uint32_t value)
{
	uint32_t old = __atomic_load_n(wanted, __ATOMIC_RELAXED);

	while (old < value && !__atomic_compare_exchange_n(wanted, &old, value, false,
							   __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

static void wakeup_kswapd(int nid, gfp_t gfp, unsigned order, enum zone_type highest)
{
	struct node_daemon *d = &nodes[nid].daemon;
	/* Only what a request says: kswapd's own state may change under us. */
	static const struct node_daemon idle = {.running = false};

	if (READ_ONCE(d->kswapd_failures) >= MAX_RECLAIM_RETRIES ||
	    (node_balanced(nid, &idle, order, highest) && !node_boost(nid, highest))) {
		/* Enough is free, in too small pieces; who waits compacts by itself. */
		if (order && !(gfp & __GFP_DIRECT_RECLAIM))
			wakeup_kcompactd(nid, order, highest);
		return;
	}
	ask_for(&d->kswapd_highest, highest);
	ask_for(&d->kswapd_wanted, order + 1);
	port_wake_kswapd(nid);
}

void wake_all_kswapds(gfp_t gfp, unsigned order, const struct alloc_context *ac)
{
	nodemask_t woken = 0;

	if (!(gfp & __GFP_KSWAPD_RECLAIM) || !READ_ONCE(nr_reclaim_sources))
		return;
	for (struct zone *const *z = ac->zonelist; *z; z++) {
		unsigned nid = (*z)->nid;

		if (woken >> nid & 1 || !(ac->nodemask >> nid & 1))
			continue;
		woken |= 1U << nid;
		wakeup_kswapd((int)nid, gfp, order, ac->highest);
	}
}

/* ---- a run ------------------------------------------------------------------------- */

static void begin_pass(int nid, struct node_daemon *d)
{
	struct zone *zone;

	d->priority = DEF_PRIORITY;
	d->in_round = false;
	d->nr_reclaimed = 0;
	for_each_zone(zone)
		if (zone->nid == nid)
			d->scanned[zone->type] = 0;
}

/* False: nobody asked, or for what is there, or it was tried too often. */
static bool begin_run(int nid, struct node_daemon *d)
{
	uint32_t wanted = READ_ONCE(d->kswapd_wanted);
	struct zone *zone;

	if (wanted) {
		/* Who asks writes them the other way round. */
		wanted = __atomic_exchange_n(&d->kswapd_wanted, 0, __ATOMIC_ACQUIRE);
		d->highest = __atomic_exchange_n(&d->kswapd_highest, 0, __ATOMIC_RELAXED);
	} else if (unlikely(mm_policy.watermark_boost_factor) && READ_ONCE(nr_reclaim_sources) &&
		   node_boost(nid, MAX_NR_ZONES)) {
		d->highest = MAX_NR_ZONES - 1;
		wanted = 1;
	}
	if (!wanted || READ_ONCE(d->kswapd_failures) >= MAX_RECLAIM_RETRIES)
		return false;
	d->order = d->asked = wanted - 1;
	d->nr_boost = 0;
	for_each_zone(zone)
		if (is_mine(zone, nid, d->highest))
			d->nr_boost += d->boost[zone->type] = READ_ONCE(zone->watermark_boost);
	if (!d->nr_boost && node_balanced(nid, d, d->order, d->highest))
		return false;
	d->boosted = d->nr_boost != 0;
	count_rare_event(PAGEOUTRUN);
	d->running = true;
	begin_pass(nid, d);
	return true;
}

/* The boost that was there when the run began goes; what has come since stays. */
static void lower_boost(struct zone *zone, uint32_t nr)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&zone->lock);
	WRITE_ONCE(zone->watermark_boost, zone->watermark_boost - min_t(zone->watermark_boost, nr));
	update_fast_mark(zone);
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
}

static void end_run(int nid, struct node_daemon *d, bool balanced)
{
	struct zone *zone;

	d->running = false;
	if (d->boosted)
		for_each_zone(zone)
			if (is_mine(zone, nid, d->highest) && d->boost[zone->type])
				lower_boost(zone, d->boost[zone->type]);
	if (!balanced)
		return;
	WRITE_ONCE(d->kswapd_failures, 0);
	/* Single pages there are: the rest of it is to put them together. */
	if (d->asked || d->boosted)
		wakeup_kcompactd(nid, d->asked ? d->asked : pageblock_order,
				 (enum zone_type)d->highest);
}

/* ---- a round ----------------------------------------------------------------------- */

static bool wants_pages(const struct zone *zone, const struct node_daemon *d, int nid)
{
	if (!is_mine(zone, nid, d->highest))
		return false;
	if (d->nr_boost)
		return d->boost[zone->type] != 0;
	return !zone_balanced(zone, d->order);
}

static void begin_zone(struct node_daemon *d, unsigned zid)
{
	d->zid = zid;
	if (zid < nr_zones) {
		d->to_scan = READ_ONCE(zones[zid].nr_lru) >> d->priority;
		d->frames = zones[zid].spanned_pages;
	}
}

/* False: the node is balanced, and the run over. */
static bool begin_round(int nid, struct node_daemon *d)
{
	bool balanced = node_balanced(nid, d, d->order, d->highest);
	struct zone *zone;

	/* Really short: the boost has to wait. */
	if (!balanced && d->nr_boost) {
		d->nr_boost = 0;
		begin_pass(nid, d);
	}
	if (balanced && !d->nr_boost) {
		end_run(nid, d, true);
		return false;
	}
	d->in_round = true;
	d->round_scanned = d->round_reclaimed = d->round_wanted = 0;
	for_each_zone(zone)
		if (wants_pages(zone, d, nid)) {
			unsigned long high = READ_ONCE(zone->watermark[WMARK_HIGH]);

			d->round_wanted += high > SWAP_CLUSTER_MAX ? high : SWAP_CLUSTER_MAX;
		}
	begin_zone(d, 0);
	return true;
}

/* A pass has come to its end without success.  False: that was the last one. */
static bool next_pass(int nid, struct node_daemon *d)
{
	if (!d->nr_reclaimed) {
		uint32_t failures = READ_ONCE(d->kswapd_failures) + 1;

		WRITE_ONCE(d->kswapd_failures, failures);
		if (failures >= MAX_RECLAIM_RETRIES) {
			count_rare_event(KSWAPD_GIVE_UP);
			end_run(nid, d, false);
			return false;
		}
	}
	/* Everything was looked at for the high order: what is left is for single pages. */
	d->order = 0;
	begin_pass(nid, d);
	return true;
}

/* The zones have been gone over.  False: the run is over. */
static bool end_round(int nid, struct node_daemon *d)
{
	bool raise = d->round_scanned < d->round_wanted;

	d->in_round = false;
	if (d->nr_boost) {
		/* What is not easily had is not worth it. */
		if (!d->round_reclaimed && d->priority <= DEF_PRIORITY - 2) {
			end_run(nid, d, node_balanced(nid, d, 0, d->highest));
			return false;
		}
		d->nr_boost -= min_t(d->nr_boost, d->round_reclaimed);
		raise &= d->priority > DEF_PRIORITY - 2;
	}
	if (d->order && d->nr_reclaimed >= 2UL << d->order)
		d->order = 0;
	if (!raise && d->round_reclaimed)
		return true;
	if (--d->priority)
		return true;
	return next_pass(nid, d);
}

/* A part of the zone's share, within the budget of steps. */
static void shrink_some(struct zone *zone, struct node_daemon *d, struct scan_control *sc,
			unsigned long *budget)
{
	const unsigned long scanned = sc->nr_scanned, reclaimed = sc->nr_reclaimed;
	struct clock_turn turn = {.frames = d->frames, .steps = *budget};

	if (!shrink_stretch(zone, sc, (unsigned)min_t(d->to_scan, SWAP_CLUSTER_MAX),
			    (unsigned)(sc->nr_to_reclaim - reclaimed), &turn) &&
	    turn.steps)
		turn.frames = 0; /* there is no such page any more */
	*budget = turn.steps;
	d->frames = turn.frames;
	d->to_scan -= sc->nr_scanned - scanned;
	d->scanned[zone->type] += sc->nr_scanned - scanned;
	if (sc->nr_reclaimed > reclaimed)
		d->scanned[zone->type] = 0;
}

/* True: there is more to do. */
static bool step_round(int nid, struct node_daemon *d)
{
	struct scan_control sc = {
		.gfp = GFP_KERNEL,
		.priority = d->priority,
		.kswapd = true,
		.may_write = !d->nr_boost,
		.nr_to_reclaim = SWAP_CLUSTER_MAX,
	};
	unsigned long budget = KSWAPD_STEPS;

	while (d->zid < nr_zones && budget && sc.nr_reclaimed < sc.nr_to_reclaim) {
		struct zone *zone = &zones[d->zid];

		if (!d->to_scan || !d->frames || !wants_pages(zone, d, nid)) {
			begin_zone(d, d->zid + 1);
			continue;
		}
		shrink_some(zone, d, &sc, &budget);
		port_cond_resched();
	}
	if (d->zid >= nr_zones)
		sc.nr_reclaimed += shrink_slab(sc.gfp, nid, d->priority);
	d->round_scanned += sc.nr_scanned;
	d->round_reclaimed += sc.nr_reclaimed;
	d->nr_reclaimed += sc.nr_reclaimed;
	return d->zid < nr_zones || end_round(nid, d);
}

/* ---- dirty pages ------------------------------------------------------------------- */

static void write_zone(struct node_daemon *d, unsigned zid)
{
	d->write_zid = zid;
	if (zid < nr_zones)
		d->write_frames = zones[zid].spanned_pages;
}

/*
 * Until so little is dirty that nobody minds, or everything was looked at once.  True:
 * there is more to do.
 */
static bool step_writing(int nid, struct node_daemon *d)
{
	unsigned long budget = KSWAPD_STEPS, written = 0;

	if (!d->writing) {
		WRITE_ONCE(d->kswapd_write, 0);
		d->writing = true;
		write_zone(d, 0);
	}
	while (budget && written < SWAP_CLUSTER_MAX) {
		struct zone *zone = &zones[d->write_zid];
		unsigned long most = min_t(SWAP_CLUSTER_MAX - written, dirty_beyond(true));
		struct clock_turn turn = {.frames = d->write_frames, .steps = budget};

		if (d->write_zid >= nr_zones || !most) {
			d->writing = false;
			return false;
		}
		if (zone->nid != nid || !READ_ONCE(zone->nr_dirty) || !turn.frames ||
		    (!write_stretch(zone, &turn, (unsigned)most, &written) && turn.steps)) {
			write_zone(d, d->write_zid + 1);
			continue;
		}
		budget = turn.steps;
		d->write_frames = turn.frames;
		port_cond_resched();
	}
	return true;
}

/* ---- a step ------------------------------------------------------------------------ */

static bool step(int nid, struct node_daemon *d)
{
	if (!d->running)
		return step_writing(nid, d);
	return (d->in_round || begin_round(nid, d)) && step_round(nid, d);
}

bool kswapd_step(int nid)
{
	struct node_daemon *d;
	unsigned saved;
	bool more;

	if (nid < 0 || nid >= BUDDY_MAX_NODES || port_irqs_disabled())
		return false;
	d = &nodes[nid].daemon;
	if (!d->running && !begin_run(nid, d) && !d->writing && !READ_ONCE(d->kswapd_write))
		return false;
	saved = memalloc_noreclaim_save();
	more = step(nid, d);
	memalloc_noreclaim_restore(saved);
	return more || READ_ONCE(d->kswapd_write) || READ_ONCE(d->kswapd_wanted);
}

#endif /* BUDDY_RECLAIM */
