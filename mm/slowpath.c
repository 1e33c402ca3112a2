// SPDX-License-Identifier: MIT
/*
 * slowpath - the retry policy, nothing else.
 *
 * A request that found no zone above its low watermark wakes kswapd and goes down these
 * steps, until one of them has memory for it:
 *
 *	1. to the min watermark, and below it as far as __GFP_HIGH and __GFP_ATOMIC allow; all of
 *	   it for __GFP_MEMALLOC; then the same after initialising more of a memory that is still
 *	   being started, and after emptying this CPU's caches, whose pages may be of
 *	   another zone, order or mobility
 *	2. if it may wait (__GFP_DIRECT_RECLAIM, interrupts on, not for somebody who reclaims):
 *	   a. compaction at once, where reclaim would be a detour: costly orders (above 3),
 *	      and other high orders that are not movable
 *	   b. reclaim; the first time the caches of all CPUs, unless __GFP_NORETRY
 *	   c. compaction
 *	   d. b and c again, as long as should_retry() sees a point in it
 *	3. what was only held in reserve: a pageblock of each zone's highatomic reserve, the
 *	   boost of its watermarks; if mobilities had been kept apart until now (defrag_mode), by mixing
 *	   them; for __GFP_NOFAIL below the watermarks as an atomic request
 *	4. if may_oom(): out_of_memory(), and from the start
 *
 * __GFP_NOFAIL goes on for as long as 4 finds somebody, then it panics.
 *
 * Bounds, for each class of request, are in gfp.h.  A request that may not wait does step 1
 * and 3: two locks' worth of each zone and a batch of this CPU's cache.
 *
 * Whoever is entered from here (owners, shrinkers, the port) runs in a memalloc_noreclaim
 * scope: what they allocate takes reserves and comes no further than 1 and 3, so that
 * nothing recurses.
 *
 * Not here: how memory is got back (vmscan.c, compaction.c, oom.c).
 *
 * State and locks: none.  Follows Linux's __alloc_pages_slowpath() (6.1),
 * should_reclaim_retry() and should_compact_retry().
 */
#include <buddy/init.h>
#include <buddy/oom.h>
#include <mm/internal.h>

#if !BUDDY_TINY

/* Above this order blocks are a matter of luck: nobody is sacrificed for them. */
#define PAGE_ALLOC_COSTLY_ORDER 3

#define MAX_COMPACT_RETRIES 16
/*
 * A round that frees something may always be followed by another one, were it not for
 * these.
 */
#define MAX_ROUNDS     (8 * MAX_RECLAIM_RETRIES)
#define MAX_OOM_ROUNDS MAX_RECLAIM_RETRIES

/* One request on its way down the steps. */
struct slow {
	gfp_t gfp;
	unsigned order, alloc_flags;
	const struct alloc_context *ac;
	bool may_wait;
	bool drained;	/* this CPU's caches are known to be empty */
	bool drain_due; /* all CPUs' are yet to be emptied */
	/* of step 2 */
	unsigned rounds, oom_rounds;	/* in all */
	unsigned no_progress;		/* rounds without a page, in a row */
	unsigned compact_retries;	/* successes that others took, with this priority */
	unsigned long reclaimed;	/* in the last round */
	enum compact_priority priority; /* of the next */
	enum compact_result compacted;	/* the last */
};

static inline void step(const struct slow *s, enum mm_trace_kind kind, unsigned long nr)
{
	if (unlikely(mm_debug_on))
		trace_step(kind, nr, s->order, s->gfp, s->ac->caller);
}

/* What a request may do in the slow path. */
unsigned gfp_to_alloc_flags(gfp_t gfp)
{
	unsigned alloc_flags = ALLOC_WMARK_MIN;

	if (gfp & __GFP_HIGH)
		alloc_flags |= ALLOC_HIGH;
	if (gfp & __GFP_ATOMIC)
		alloc_flags |= ALLOC_HARDER;
	if (gfp & __GFP_MOVABLE)
		alloc_flags |= ALLOC_CMA;
	if ((gfp & (__GFP_MEMALLOC | __GFP_NOMEMALLOC)) == __GFP_MEMALLOC)
		alloc_flags |= ALLOC_NO_WATERMARKS;
	return alloc_flags;
}

/*
 * Of a memory that is still being started: the first zone that may serve the request
 * grows before another one is asked, or its reserve touched.  Interrupts are off for a
 * section at a time.
 */
void grow_first_zone(unsigned order, const struct alloc_context *ac)
{
	struct zone *const *z = ac->zonelist;

	while (*z && !(ac->nodemask >> (*z)->nid & 1))
		z++;
	while (*z && READ_ONCE((*z)->nr_deferred) &&
	       !zone_watermark_ok(*z, order, ac->highest, ALLOC_WMARK_LOW) && deferred_grow())
		;
}

/* ---- step 1: at once ------------------------------------------------------------- */

static struct page *try_once(struct slow *s)
{
	port_irqflags_t flags = port_irq_save();
	struct page *page = get_page_from_freelist(s->gfp, s->order, s->alloc_flags, s->ac);

	s->drained = cpu_drained(this_cpu());
	port_irq_restore(flags);
	return page;
}

static struct page *at_once(struct slow *s)
{
	struct page *page = try_once(s);

	while (unlikely(s->ac->unusual && !page) && deferred_grow())
		page = try_once(s);
	if (!page && !s->drained && drain_and_note())
		page = try_once(s);
	return page;
}

/* Who sleeps may do something about it, if there is anything to reclaim. */
static void wake_kswapds(const struct slow *s)
{
	if (!(s->gfp & __GFP_KSWAPD_RECLAIM) || !READ_ONCE(nr_reclaim_sources))
		return;
	step(s, TRACE_KSWAPD, 0);
	wake_all_kswapds(s->gfp, s->order, s->ac);
}

/* ---- step 2: reclaim and compaction ------------------------------------------------- */

static struct page *direct_reclaim(struct slow *s)
{
	struct page *page = NULL;
	unsigned long nr;

	s->reclaimed = 0;
	if (READ_ONCE(nr_reclaim_sources)) {
		s->reclaimed = try_to_free_pages(s->gfp, s->order, s->ac);
		step(s, TRACE_RECLAIM, s->reclaimed);
		if (s->reclaimed)
			page = try_once(s);
		/* What was freed here is off the zones' counts until it is back there. */
		if (s->reclaimed && !page && !s->drained && drain_and_note())
			page = try_once(s);
	}
	if (page || s->gfp & __GFP_NORETRY || !s->drain_due)
		return page;
	/* Others are disturbed once. */
	s->drain_due = false;
	nr = drain_all_pages();
	step(s, TRACE_DRAIN, nr);
	return nr ? try_once(s) : NULL;
}

static struct page *direct_compact(struct slow *s, enum compact_priority priority)
{
	struct page *page;

	if (!s->order)
		return NULL;
	s->compacted =
		try_to_compact_pages(s->gfp, s->order, s->alloc_flags, s->ac, priority, &page);
	step(s, TRACE_COMPACT, s->compacted);
	if (s->compacted == COMPACT_SKIPPED || s->compacted == COMPACT_DEFERRED)
		return NULL;
	count_rare_event(COMPACTSTALL);
	if (page)
		count_rare_event(
			PGALLOC); /* straight from its range: nobody else can have had it */
	else
		page = try_once(s);
	if (page)
		compaction_defer_reset(page_zone(page), s->order, true);
	count_rare_event(page ? COMPACTSUCCESS : COMPACTFAIL);
	return page;
}

/*
 * The zone would be above its mark were all free that can be reclaimed, and has such a
 * block.
 */
static bool could_serve(const struct zone *zone, const struct slow *s)
{
	unsigned long need = wmark_pages(zone, s->alloc_flags) +
			     READ_ONCE(zone->lowmem_reserve[s->ac->highest]) + (1UL << s->order) +
			     unusable_free(zone, s->alloc_flags);

	if (s->alloc_flags & ALLOC_NO_WATERMARKS)
		need = 1UL << s->order;
	/* Reclaim frees pages, not blocks. */
	if (s->order && !zone_has_block(zone, s->order) &&
	    !special_has_block(zone, s->order, s->alloc_flags))
		return false;
	return READ_ONCE(zone->nr_free_pages) + zone_reclaimable_pages(zone) >= need;
}

static bool should_reclaim_retry(struct slow *s)
{
	if (s->reclaimed && s->order <= PAGE_ALLOC_COSTLY_ORDER)
		s->no_progress = 0;
	else if (++s->no_progress > MAX_RECLAIM_RETRIES)
		return false;
	if (!READ_ONCE(nr_reclaim_sources))
		return false;
	/*
	 * What shrinkers have is not known beforehand (zone_reclaimable_pages()), but it
	 * came.
	 */
	if (s->reclaimed && !s->order)
		return true;
	for (struct zone *const *z = s->ac->zonelist; *z; z++)
		if (s->ac->nodemask >> (*z)->nid & 1 && could_serve(*z, s))
			return true;
	return false;
}

/*
 * Linux's rule, with two differences.  It needs no progress of reclaim where compaction had
 * free pages enough: a board may have owners whose pages can be moved, and nothing to
 * reclaim. And __GFP_RETRY_MAYFAIL, of any order, goes on at the last priority for as long
 * as reclaim gets something and its rounds last: others may have been faster.
 */
static bool should_compact_retry(struct slow *s)
{
	const bool costly = s->order > PAGE_ALLOC_COSTLY_ORDER,
		   persists = s->gfp & __GFP_RETRY_MAYFAIL;

	if (!s->order)
		return false;
	if (s->compacted == COMPACT_SKIPPED)
		return s->reclaimed &&
		       compaction_zonelist_suitable(s->ac, s->order, s->alloc_flags);
	if (s->compacted == COMPACT_SUCCESS &&
	    ++s->compact_retries <= MAX_COMPACT_RETRIES / (costly ? 4 : 1))
		return true;
	if (s->priority <= (costly && !persists ? COMPACT_PRIO_SYNC_LIGHT : MIN_COMPACT_PRIORITY))
		return persists && s->reclaimed && s->no_progress <= MAX_RECLAIM_RETRIES;
	s->priority--;
	s->compact_retries = 0;
	return true;
}

static bool should_retry(struct slow *s)
{
	s->rounds++;
	if (s->gfp & __GFP_NORETRY || s->rounds >= MAX_ROUNDS)
		return false;
	if (s->order > PAGE_ALLOC_COSTLY_ORDER && !(s->gfp & __GFP_RETRY_MAYFAIL))
		return false;
	if (!should_reclaim_retry(s) && !should_compact_retry(s))
		return false;
	port_cond_resched();
	wake_kswapds(s);
	return true;
}

static struct page *reclaim_and_compact(struct slow *s)
{
	const bool costly = s->order > PAGE_ALLOC_COSTLY_ORDER;
	struct page *page;

	if (s->order && (costly || s->ac->migratetype != MIGRATE_MOVABLE) &&
	    !(s->alloc_flags & ALLOC_NO_WATERMARKS)) {
		page = direct_compact(s, COMPACT_PRIO_ASYNC);
		if (page)
			return page;
		if (costly && s->gfp & __GFP_NORETRY) {
			/*
			 * Reclaiming what a costly block needs is not worth it to this
			 * request.
			 */
			if (s->compacted == COMPACT_SKIPPED || s->compacted == COMPACT_DEFERRED)
				return NULL;
			s->priority = COMPACT_PRIO_ASYNC;
		}
	}
	do {
		page = direct_reclaim(s);
		if (!page)
			page = direct_compact(s, s->priority);
	} while (!page && should_retry(s));
	return page;
}

/* ---- step 3: reserves ------------------------------------------------------------------ */

/* Something that was held back can be had now: at most a pageblock of each zone's. */
static bool release_reserves(const struct alloc_context *ac)
{
	bool any = false;

	for (struct zone *const *z = ac->zonelist; *z; z++) {
		struct zone *zone = *z;
		port_irqflags_t flags;

		if (likely(!(READ_ONCE(zone->watermark_boost) | zone_free_highatomic(zone))) ||
		    !(ac->nodemask >> zone->nid & 1))
			continue;
		flags = port_irq_save();
		any |= unreserve_highatomic_pageblock(zone);
		if (READ_ONCE(zone->watermark_boost)) {
			port_spin_lock(&zone->lock);
			WRITE_ONCE(zone->watermark_boost, 0);
			update_fast_mark(zone);
			port_spin_unlock(&zone->lock);
			any = true;
		}
		port_irq_restore(flags);
	}
	return any;
}

static struct page *from_reserves(struct slow *s)
{
	struct page *page = NULL;

	while (!page && release_reserves(s->ac)) {
		step(s, TRACE_RESERVES, 0);
		page = try_once(s);
	}
	if (unlikely(!page && s->alloc_flags & ALLOC_NOFRAGMENT)) {
		s->alloc_flags &= ~ALLOC_NOFRAGMENT;
		page = try_once(s);
	}
	if (unlikely(!page && s->gfp & __GFP_NOFAIL)) {
		s->alloc_flags |= ALLOC_HIGH | ALLOC_HARDER;
		page = try_once(s);
	}
	return page;
}

/* ---- step 4: out of memory --------------------------------------------------------- */

/* Whether anybody is to give up what is in use for it. */
static bool may_oom(const struct slow *s)
{
	if (s->gfp & __GFP_NOFAIL)
		return true;
	return s->may_wait && s->gfp & __GFP_FS && s->order <= PAGE_ALLOC_COSTLY_ORDER &&
	       !(s->gfp & (__GFP_NORETRY | __GFP_RETRY_MAYFAIL | __GFP_THISNODE)) &&
	       s->ac->highest > ZONE_DMA && s->oom_rounds < MAX_OOM_ROUNDS;
}

/* True: somebody gave memory up. */
static bool made_room(struct slow *s)
{
	unsigned saved;
	bool made;

	if (likely(!may_oom(s)))
		return false;
	s->oom_rounds++;
	s->no_progress = 0;
	s->drain_due = true;
	/* Who may not wait, and must not fail, has nobody but the port. */
	if (unlikely(!s->may_wait))
		return !port_irqs_disabled() && port_out_of_memory(s->order, s->gfp);
	saved = memalloc_noreclaim_save();
	made = out_of_memory(s->gfp, s->order, s->ac);
	memalloc_noreclaim_restore(saved);
	port_cond_resched();
	return made;
}

struct page *__alloc_pages_slowpath(gfp_t gfp, unsigned order, const struct alloc_context *ac)
{
	struct slow s = {
		.gfp = gfp,
		.order = order,
		.alloc_flags = gfp_to_alloc_flags(gfp),
		.ac = ac,
		.may_wait = gfp & __GFP_DIRECT_RECLAIM && !port_irqs_disabled(),
		.drain_due = true,
		.priority = DEF_COMPACT_PRIORITY,
	};
	struct page *page;

	if (unlikely(ac->unusual && mm_policy.defrag_mode))
		s.alloc_flags |= ALLOC_NOFRAGMENT;
	count_rare_event(SLOWPATH);
	step(&s, TRACE_SLOWPATH, 0);
	wake_kswapds(&s);
	do {
		page = at_once(&s);
		if (!page && s.may_wait) {
			unsigned saved = memalloc_noreclaim_save();

			page = reclaim_and_compact(&s);
			memalloc_noreclaim_restore(saved);
		}
		if (!page)
			page = from_reserves(&s);
	} while (!page && made_room(&s));
	if (unlikely(!page && gfp & __GFP_NOFAIL))
		port_panic("alloc_pages: order %u, gfp 0x%x from %p: __GFP_NOFAIL, and "
			   "nothing is left",
			   order, (unsigned)gfp, ac->caller);
	return page;
}

#endif /* !BUDDY_TINY */
