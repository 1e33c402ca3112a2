// SPDX-License-Identifier: MIT
/*
 * slowpath - the retry policy, nothing else.
 *
 * A request that found no zone above its low watermark comes here and goes
 * down a short list of steps, each tried once:
 *
 *	1. to the min watermark, and below it as far as __GFP_HIGH and
 *	   __GFP_ATOMIC allow; all of it for __GFP_MEMALLOC
 *	2. after initialising more of a memory that is still being started
 *	3. after emptying this CPU's caches, whose pages may be of another zone,
 *	   order or mobility than the request
 *	4. after emptying all CPUs' caches, if the request may wait and does not say __GFP_NORETRY
 *	5. after taking back what was only held in reserve: a pageblock of each zone's highatomic
 *	   reserve, the boost of its watermarks; and, if they had been kept apart
 *	   until now (defrag_mode), by mixing mobilities
 *	6. for __GFP_NOFAIL: below the watermarks as an atomic request, and after every memory
 *	   that port_out_of_memory() found; panics when that finds none
 *
 * Bound: five walks of the zonelist (each of two, if mobilities are kept apart); as many more as
 * the reserve has pageblocks; for __GFP_NOFAIL, for as long as the port says so.  Follows the outline of Linux's
 * __alloc_pages_slowpath() (6.1).
 *
 * State and locks: none.
 */
#include <buddy/init.h>
#include <mm/internal.h>

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

static struct page *try_once(gfp_t gfp, unsigned order, unsigned alloc_flags,
			     const struct alloc_context *ac, bool *drained)
{
	port_irqflags_t flags = port_irq_save();
	struct page *page = get_page_from_freelist(gfp, order, alloc_flags, ac);

	*drained = this_cpu()->drained;
	port_irq_restore(flags);
	return page;
}

/* Step 5: something that was held back can be had now. */
static bool release_reserves(const struct alloc_context *ac)
{
	bool any = false;

	for (struct zone *const *z = ac->zonelist; *z; z++) {
		struct zone *zone = *z;
		port_irqflags_t flags;

		if (likely(!(READ_ONCE(zone->watermark_boost) |
			     READ_ONCE(zone->nr_free_highatomic))) ||
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

/*
 * Of a memory that is still being started: the first zone that may serve the request grows before
 * another one is asked, or its reserve touched.  Interrupts are off for a section at a time.
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

static __attribute__((noinline)) struct page *
must_not_fail(gfp_t gfp, unsigned order, unsigned alloc_flags, const struct alloc_context *ac)
{
	struct page *page;
	bool drained;

	alloc_flags |= ALLOC_HIGH | ALLOC_HARDER;
	while (!(page = try_once(gfp, order, alloc_flags, ac, &drained))) {
		if (!port_out_of_memory(order, gfp))
			port_panic("alloc_pages: order %u, gfp 0x%x from %p: __GFP_NOFAIL, and "
				   "nothing is left",
				   order, (unsigned)gfp, ac->caller);
		drain_all_pages();
		port_cond_resched();
	}
	return page;
}

struct page *__alloc_pages_slowpath(gfp_t gfp, unsigned order, const struct alloc_context *ac)
{
	unsigned alloc_flags = gfp_to_alloc_flags(gfp);
	struct page *page;
	bool drained; /* this CPU's caches are known to be empty */

	if (unlikely(ac->unusual && mm_policy.defrag_mode))
		alloc_flags |= ALLOC_NOFRAGMENT;
	page = try_once(gfp, order, alloc_flags, ac, &drained);
	while (unlikely(ac->unusual && !page) && deferred_grow())
		page = try_once(gfp, order, alloc_flags, ac, &drained);
	if (!page && !drained && drain_and_note())
		page = try_once(gfp, order, alloc_flags, ac, &drained);
	if (!page && (gfp & (__GFP_DIRECT_RECLAIM | __GFP_NORETRY)) == __GFP_DIRECT_RECLAIM &&
	    drain_all_pages())
		page = try_once(gfp, order, alloc_flags, ac, &drained);
	while (!page && release_reserves(ac))
		page = try_once(gfp, order, alloc_flags, ac, &drained);
	if (unlikely(!page && alloc_flags & ALLOC_NOFRAGMENT)) {
		alloc_flags &= ~ALLOC_NOFRAGMENT;
		page = try_once(gfp, order, alloc_flags, ac, &drained);
	}
	if (unlikely(!page && gfp & __GFP_NOFAIL))
		page = must_not_fail(gfp, order, alloc_flags, ac);
	return page;
}
