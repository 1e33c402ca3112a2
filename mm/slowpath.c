// SPDX-License-Identifier: MIT
/*
 * slowpath - the retry policy, nothing else.
 *
 * A request that found no zone above its low watermark comes here and goes
 * down a short list of steps, each tried once:
 *
 *	1. to the min watermark, and below it as far as __GFP_HIGH and
 *	   __GFP_ATOMIC allow; all of it for __GFP_MEMALLOC
 *	2. after emptying this CPU's caches, whose pages may be of another zone,
 *	   order or mobility than the request
 *	3. after emptying all CPUs' caches, if the request may wait
 *
 * Bound: three walks of the zonelist.  Follows the outline of Linux's
 * __alloc_pages_slowpath() (6.1).
 *
 * State and locks: none.
 */
#include <mm/internal.h>

static unsigned gfp_to_alloc_flags(gfp_t gfp)
{
	unsigned alloc_flags = ALLOC_WMARK_MIN;

	if (gfp & __GFP_HIGH)
		alloc_flags |= ALLOC_HIGH;
	if (gfp & __GFP_ATOMIC)
		alloc_flags |= ALLOC_HARDER;
	if ((gfp & (__GFP_MEMALLOC | __GFP_NOMEMALLOC)) == __GFP_MEMALLOC)
		alloc_flags |= ALLOC_NO_WATERMARKS;
	return alloc_flags;
}

static struct page *try_once(gfp_t gfp, unsigned order, unsigned alloc_flags,
			     struct zone *const *zonelist)
{
	port_irqflags_t flags = port_irq_save();
	struct page *page = get_page_from_freelist(gfp, order, alloc_flags, zonelist);

	port_irq_restore(flags);
	return page;
}

struct page *__alloc_pages_slowpath(gfp_t gfp, unsigned order, struct zone *const *zonelist)
{
	unsigned alloc_flags = gfp_to_alloc_flags(gfp);
	struct page *page = try_once(gfp, order, alloc_flags, zonelist);

	if (!page && drain_local_pages())
		page = try_once(gfp, order, alloc_flags, zonelist);
	if (!page && (gfp & __GFP_DIRECT_RECLAIM) && drain_all_pages())
		page = try_once(gfp, order, alloc_flags, zonelist);
	return page;
}
