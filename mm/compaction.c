// SPDX-License-Identifier: MIT
/*
 * compaction - whether a zone is worth it, how hard it is tried, and for whom.
 *
 * A request compacts its zones one after the other, until one has a block: if the zone has
 * so many free pages that a block could be made of them, if it did not fail too often
 * lately (deferral: after each failure twice as many requests pass by, up to 64), and if
 * nobody else is at it.  kcompactd does the same beforehand, for what requests asked for, a
 * pageblock's pages at a time.
 *
 * How hard: COMPACT_PRIO_ASYNC takes only movable pageblocks as targets and waits for
 * nothing, neither owners nor other CPUs' caches, nor another compactor; SYNC_LIGHT takes
 * all; SYNC_FULL also begins at both ends, whatever was found out before, ignores deferral,
 * and has owners wait.
 *
 * State: the zone's compact_* fields.  Guard: compact_busy, one compactor per zone at a
 * time: who fails to get it waits for a bounded time if it may.  Deferral is words that
 * anybody may write: a request that succeeded takes it back.  A node's kcompactd_*:
 * requests' are words for anybody, the rest its one caller's. Locks: none here.
 *
 * Callbacks of owners run in the scope of who compacts, which allows their requests the
 * reserves and keeps them from coming here again.
 *
 * Not here: the scanners (compact_scan.c); when a request compacts (slowpath.c).
 *
 * Follows Linux's try_to_compact_pages(), __compaction_suitable(), defer_compaction() and
 * kcompactd() (6.1).  Not its fragmentation index: it refuses when memory is short, which
 * is when the last blocks have to be made.
 */
#include <buddy/compaction.h>
#include <mm/compact_priv.h>

#if BUDDY_COMPACTION

#define MAX_DEFER_SHIFT 6

#define WAIT_ROUNDS 64	/* for another compactor, with */
#define WAIT_SPINS  500 /* glances each */

/* ---- one at a time --------------------------------------------------------------- */

static bool is_busy(const struct zone *zone)
{
	return __atomic_load_n(&zone->compact_busy, __ATOMIC_RELAXED);
}

static bool begin(struct zone *zone, bool wait)
{
	for (unsigned round = 0; round <= (wait ? WAIT_ROUNDS : 0U); round++) {
		if (round) {
			for (unsigned i = 0; i < WAIT_SPINS && is_busy(zone); i++)
				port_cpu_relax();
			port_cond_resched();
		}
		if (!is_busy(zone) &&
		    !__atomic_exchange_n(&zone->compact_busy, 1, __ATOMIC_ACQUIRE))
			return true;
	}
	return false;
}

static void end(struct zone *zone)
{
	__atomic_store_n(&zone->compact_busy, 0, __ATOMIC_RELEASE);
}

/* ---- deferral -------------------------------------------------------------------- */

static void defer_compaction(struct zone *zone, unsigned order)
{
	uint32_t shift = READ_ONCE(zone->compact_defer_shift);

	WRITE_ONCE(zone->compact_considered, 0);
	if (shift < MAX_DEFER_SHIFT)
		WRITE_ONCE(zone->compact_defer_shift, shift + 1);
	if (order < READ_ONCE(zone->compact_order_failed))
		WRITE_ONCE(zone->compact_order_failed, order);
}

/* It failed for this order, and not enough requests have passed by since. */
static bool compaction_deferred(struct zone *zone, unsigned order)
{
	uint32_t limit = 1U << READ_ONCE(zone->compact_defer_shift);
	uint32_t considered = READ_ONCE(zone->compact_considered) + 1;

	if (order < READ_ONCE(zone->compact_order_failed))
		return false;
	WRITE_ONCE(zone->compact_considered, min_t(considered, limit));
	return considered < limit;
}

/* As many as there can be have passed by: this one is to try everything anew. */
static bool compaction_restarting(const struct zone *zone, unsigned order)
{
	return order >= READ_ONCE(zone->compact_order_failed) &&
	       READ_ONCE(zone->compact_defer_shift) == MAX_DEFER_SHIFT &&
	       READ_ONCE(zone->compact_considered) >= 1U << MAX_DEFER_SHIFT;
}

void compaction_defer_reset(struct zone *zone, unsigned order, bool alloc_success)
{
	if (alloc_success) {
		WRITE_ONCE(zone->compact_considered, 0);
		WRITE_ONCE(zone->compact_defer_shift, 0);
	}
	if (order >= READ_ONCE(zone->compact_order_failed))
		WRITE_ONCE(zone->compact_order_failed, order + 1);
}

/* ---- suitability ------------------------------------------------------------------- */

/*
 * With `more` pages, the zone has its mark and a block's pages above it, in whatever pieces.
 * CMA areas count, as they are good for targets; the highatomic reserve does not.
 */
static bool compaction_suitable(const struct zone *zone, unsigned order, enum zone_type highest,
				unsigned alloc_flags, unsigned long more)
{
	unsigned long need = (1UL << order) + unusable_free(zone, ALLOC_CMA);

	/* Nothing has ever been movable: a look at all of it would be for nothing. */
	if (!READ_ONCE(zone->has_movable))
		return false;
	if (!(alloc_flags & ALLOC_NO_WATERMARKS))
		need += wmark_pages(zone, alloc_flags) + READ_ONCE(zone->lowmem_reserve[highest]);
	return READ_ONCE(zone->nr_free_pages) + more >= need;
}

static bool may_use_zone(const struct alloc_context *ac, const struct zone *zone)
{
	return ac->nodemask >> zone->nid & 1;
}

bool compaction_zonelist_suitable(const struct alloc_context *ac, unsigned order,
				  unsigned alloc_flags)
{
	/*
	 * As in Linux: what reclaim gets is scattered, and counts the less the larger the
	 * block.
	 */
	const unsigned long part = order ? order : 1;

	for (struct zone *const *z = ac->zonelist; *z; z++)
		if (may_use_zone(ac, *z) && compaction_suitable(*z, order, ac->highest, alloc_flags,
								READ_ONCE((*z)->nr_lru) / part))
			return true;
	return false;
}

/* ---- for a request -------------------------------------------------------------------- */

static enum compact_result compact_for(struct compact_control *cc, bool wait)
{
	struct zone *zone = cc->zone;
	enum compact_result result;
	unsigned saved;

	if (compact_finished(cc))
		return COMPACT_SUCCESS;
	if (!cc->to_end && !compaction_suitable(zone, cc->order, cc->highest, cc->alloc_flags, 0))
		return COMPACT_SKIPPED;
	if (!begin(zone, wait))
		return COMPACT_CONTENDED;
	if (!cc->to_end && compaction_restarting(zone, cc->order))
		compact_reset(zone);
	cc->sources = COMPACT_ORDINARY;
	if (cc->to_end || cc->alloc_flags & ALLOC_CMA)
		cc->sources |= 1U << MIGRATE_CMA;
	cc->targets = COMPACT_MOVABLE | (cc->mode == MIGRATE_ASYNC ? 0 : COMPACT_ORDINARY);
	saved = memalloc_noreclaim_save();
	result = compact_zone(cc);
	memalloc_noreclaim_restore(saved);
	end(zone);
	return result;
}

enum compact_result try_to_compact_pages(gfp_t gfp, unsigned order, unsigned alloc_flags,
					 const struct alloc_context *ac, enum compact_priority prio,
					 struct page **capture)
{
	static const uint8_t mode[] = {
		[COMPACT_PRIO_SYNC_FULL] = MIGRATE_SYNC,
		[COMPACT_PRIO_SYNC_LIGHT] = MIGRATE_SYNC_LIGHT,
		[COMPACT_PRIO_ASYNC] = MIGRATE_ASYNC,
	};
	enum compact_result result = COMPACT_SKIPPED;

	*capture = NULL;
	/* Owners may hold locks of input and output. */
	if (!order ||
	    (gfp & (__GFP_DIRECT_RECLAIM | __GFP_IO)) != (__GFP_DIRECT_RECLAIM | __GFP_IO) ||
	    port_irqs_disabled())
		return COMPACT_SKIPPED;
	for (struct zone *const *z = ac->zonelist; *z; z++) {
		struct compact_control cc = {
			.zone = *z,
			.order = order,
			.alloc_flags = alloc_flags,
			.highest = ac->highest,
			.mode = (enum migrate_mode)mode[prio],
			.whole = prio == MIN_COMPACT_PRIORITY,
			.budget = COMPACT_NO_BUDGET,
			.may_capture = true,
			.mt = ac->migratetype,
		};
		enum compact_result here = COMPACT_DEFERRED;

		if (!may_use_zone(ac, *z))
			continue;
		if (prio == MIN_COMPACT_PRIORITY || !compaction_deferred(*z, order))
			here = compact_for(&cc, prio != COMPACT_PRIO_ASYNC);
		result = here > result ? here : result;
		if (here == COMPACT_SUCCESS) {
			compaction_defer_reset(*z, order, false);
			*capture = cc.captured;
			break;
		}
		if (prio != COMPACT_PRIO_ASYNC &&
		    (here == COMPACT_COMPLETE || here == COMPACT_PARTIAL_SKIPPED))
			defer_compaction(*z, order);
	}
	return result;
}

/* ---- for its own sake -------------------------------------------------------------- */

unsigned long compact_memory(int nid)
{
	unsigned long moved = 0;
	struct zone *zone;

	if (port_irqs_disabled())
		return 0;
	for_each_zone(zone) {
		struct compact_control cc = {
			.zone = zone,
			.order = pageblock_order,
			.mode = MIGRATE_SYNC,
			.whole = true,
			.to_end = true,
			.budget = COMPACT_NO_BUDGET,
		};

		if (nid != -1 && zone->nid != nid)
			continue;
		compact_for(&cc, true);
		moved += cc.nr_moved;
	}
	return moved;
}

/* ---- in the background ------------------------------------------------------------- */

/* The block is wanted at the min mark. */
static void kcompactd_control(struct compact_control *cc, struct zone *zone, unsigned order,
			      enum zone_type highest)
{
	*cc = (struct compact_control){
		.zone = zone,
		.order = order,
		.alloc_flags = ALLOC_WMARK_MIN,
		.highest = highest,
		.mode = MIGRATE_SYNC_LIGHT,
		.budget = pageblock_nr_pages,
	};
}

static bool needs_work(struct zone *zone, unsigned order, enum zone_type highest)
{
	struct compact_control cc;

	kcompactd_control(&cc, zone, order, highest);
	return !compact_finished(&cc) &&
	       compaction_suitable(zone, order, highest, cc.alloc_flags, 0);
}

static void raise_word(uint32_t *word, uint32_t to)
{
	uint32_t old = READ_ONCE(*word);

	while (old < to && !__atomic_compare_exchange_n(word, &old, to, false, __ATOMIC_RELAXED,
							__ATOMIC_RELAXED))
		;
}

void wakeup_kcompactd(int nid, unsigned order, enum zone_type highest)
{
	struct node_daemon *d = &nodes[nid].daemon;
	struct zone *zone;

	if (!order)
		return;
	for_each_zone(zone)
		if (zone->nid == nid && zone->type <= highest && needs_work(zone, order, highest)) {
			raise_word(&d->kcompactd_highest, highest);
			raise_word(&d->kcompactd_wanted, order + 1);
			count_rare_event(KCOMPACTD_WAKE);
			port_wake_kswapd(nid);
			return;
		}
}

/* Does some work in the zone.  True: it is not done yet. */
static bool kcompactd_zone(struct zone *zone, unsigned order, enum zone_type highest)
{
	struct compact_control cc;
	enum compact_result result;

	kcompactd_control(&cc, zone, order, highest);
	result = compact_for(&cc, false);
	if (cc.more && result != COMPACT_SUCCESS)
		return true;
	if (result == COMPACT_SUCCESS)
		compaction_defer_reset(zone, order, false);
	else if (result == COMPACT_COMPLETE || result == COMPACT_PARTIAL_SKIPPED)
		defer_compaction(zone, order);
	return false;
}

bool kcompactd_step(int nid)
{
	struct node_daemon *d;
	uint32_t wanted;
	struct zone *zone;

	if (nid < 0 || nid >= BUDDY_MAX_NODES || port_irqs_disabled())
		return false;
	d = &nodes[nid].daemon;
	wanted = READ_ONCE(d->kcompactd_wanted);
	if (!wanted)
		return false;
	for_each_zone(zone) {
		enum zone_type highest = (enum zone_type)READ_ONCE(d->kcompactd_highest);
		const uint64_t bit = 1ULL << zone->zid;

		if (zone->nid != nid || zone->type > highest || d->kcompactd_done & bit)
			continue;
		/* Begun work is gone on with; to begin, deferral is asked. */
		if (d->kcompactd_zone != zone && (compaction_deferred(zone, wanted - 1) ||
						  !needs_work(zone, wanted - 1, highest))) {
			d->kcompactd_done |= bit;
			continue;
		}
		d->kcompactd_zone = zone;
		if (!kcompactd_zone(zone, wanted - 1, highest)) {
			d->kcompactd_done |= bit;
			d->kcompactd_zone = NULL;
		}
		return true;
	}
	/* All zones were served: for what was asked for meanwhile once more. */
	d->kcompactd_done = 0;
	if (__atomic_compare_exchange_n(&d->kcompactd_wanted, &wanted, 0, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED)) {
		WRITE_ONCE(d->kcompactd_highest, 0);
		return false;
	}
	return true;
}

#endif /* BUDDY_COMPACTION */
