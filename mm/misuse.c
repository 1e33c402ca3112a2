// SPDX-License-Identifier: MIT
/*
 * misuse - refusing what must not be done, and saying so.
 *
 * The entry points find out that something is wrong by one comparison; here it is
 * told what it was, counted, and reported with the caller's address.  Nothing has
 * been changed by the call that is refused.
 *
 * State and locks: none.
 *
 * Not here: the comparisons (page_alloc.c, bulk.c, cma.c, tiny.c).
 */
#include <mm/misuse.h>
#include <port/port.h>

#if !BUDDY_TINY
#include <mm/internal.h>

uint32_t count_rare_events(enum vm_event_item item, uint32_t nr)
{
	port_irqflags_t flags = port_irq_save();
	struct mm_cpu *cpu = this_cpu();
	uint32_t before = cpu->events[item];

	ADD_ONCE(cpu->events[item], nr);
	port_irq_restore(flags);
	return before;
}
#endif

#if BUDDY_MISUSE_REPORT

static const char *what_is_wrong(gfp_t gfp, unsigned order)
{
	if (order > MAX_ORDER)
		return "order 0 to MAX_ORDER expected";
	if (gfp & ~__GFP_BITS_MASK)
		return "unknown bits in gfp";
	return NULL;
}

struct page *bad_alloc(const char *why, gfp_t gfp, unsigned order, const void *caller)
{
	count_rare_event(BAD_ALLOC);
	port_log("alloc_pages: order %u, gfp 0x%x from %p: %s\n", order, (unsigned)gfp, caller,
		 why ? why : what_is_wrong(gfp, order));
	return NULL;
}

/* Of an allocated block. */
static const char *why_not_allocated(uint32_t word, unsigned order)
{
	if (page_word_order(word) != order)
		return "wrong order";
	if (!BUDDY_TINY && word & PAGE_MOVABLE)
		return word & PAGE_TAKEN ? "a movable page that is being moved or evicted"
					 : "a movable page";
	return BUDDY_CMA && word & PAGE_CMA ? "of a CMA area: cma_release() expected"
					    : "no reference left";
}

const char *why_not(uint32_t word, unsigned order)
{
	switch (page_word_state(word)) {
	case PAGE_STATE_FREE:
		return "double free: the block is free";
	case PAGE_STATE_PCP:
		return "double free: the block is in a per-CPU cache";
	case PAGE_STATE_RESERVED:
		return "reserved page: never allocated";
	case PAGE_STATE_ALLOCATED:
		return why_not_allocated(word, order);
	case PAGE_STATE_SLAB:
		return "of small objects: kfree() or kmem_cache_free() expected";
	default:
		return "not the first page of an allocated block (inside one, freed and merged, "
		       "or no RAM)";
	}
}

void bad_free(const char *what, const void *page, unsigned order, uint32_t word, const char *why,
	      const void *caller)
{
	count_rare_event(BAD_FREE);
	if (word)
		port_log("%s: page %p pfn 0x%lx order %u from %p: %s (word 0x%08x, order %u)\n",
			 what, page, page_to_pfn(page), order, caller, why, (unsigned)word,
			 page_word_order(word));
	else
		port_log("%s: %p order %u from %p: %s\n", what, page, order, caller, why);
}

#else

struct page *bad_alloc_counted(void)
{
	count_rare_event(BAD_ALLOC);
	return NULL;
}

void bad_free_counted(void)
{
	count_rare_event(BAD_FREE);
}

#endif /* BUDDY_MISUSE_REPORT */
