// SPDX-License-Identifier: MIT
/*
 * tiny - the whole allocator in its smallest configuration (BUDDY_TINY=1).
 *
 * For a system with a few hundred pages and no policy: one zone in one range, one kind of
 * page, a list of free blocks for each order and nothing in front of it or behind it.  What
 * it has in common with the large one is what its user sees: the same calls, flags, words of
 * pages (mm_types.h) and refusals.  It has its own free lists, because buddy.c's are made
 * for what is left out here: pointers in 16-byte descriptors, mobilities, batches.
 *
 * A descriptor is 8 bytes: the word, and two links of 16 bits, places in mem_map; hence at
 * most 65,534 pages.  Descriptors stand side by side from mem_map on; a buddy that lies
 * outside of the range has none, so that it is asked for by its frame number.
 *
 * Flags: zones, mobilities, COLD, THISNODE, ACCOUNT and WRITE mean nothing, COMP is refused.
 * A request leaves the watermark's pages alone (__GFP_HIGH: half of them; __GFP_ATOMIC:
 * three quarters of what is left; __GFP_MEMALLOC: none).  There is nothing to reclaim, so
 * that one that may wait, up to order 3 and with __GFP_FS, asks port_out_of_memory(), 16
 * times at most, and with __GFP_NOFAIL for as long as that gives something; then it
 * panics.  Contradictions that matter (ATOMIC with DIRECT_RECLAIM, NOFAIL without) are settled
 * as gfp.h says and counted (BAD_GFP), not told.
 *
 * State: tiny_zone, mem_map and its words.  Guard: the zone's lock, with interrupts off, for
 * MAX_ORDER splits or merges; on one CPU that is all of it.  Nothing is said or panics
 * under it.
 *
 * Not here: start-up (tiny_init.c), addresses and counters (tiny_map.c), exact sizes and arrays (tiny_util.c), the
 * validator (tiny_check.c), the words of a refusal (misuse.c).
 */
#include <mm/tiny.h>

#if BUDDY_TINY

#define MAX_OOM_ROUNDS 16
#define COSTLY_ORDER   3

gfp_t gfp_allowed_mask = __GFP_BITS_MASK;

/* ---- the free lists: only these three edit them -------------------------------- */

static void add_block(struct page *page, unsigned order)
{
	uint16_t *first = &tiny_zone.first[order], place = (uint16_t)(page - mem_map);

	tiny_set_word(page, PAGE_STATE_FREE | order);
	page->next = *first;
	page->prev = NO_PAGE;
	if (*first != NO_PAGE)
		mem_map[*first].prev = place;
	*first = place;
	tiny_zone.nonempty |= 1U << order;
}

static void del_block(struct page *page, unsigned order)
{
	if (page->next != NO_PAGE)
		mem_map[page->next].prev = page->prev;
	if (page->prev != NO_PAGE)
		mem_map[page->prev].next = page->next;
	else if ((tiny_zone.first[order] = page->next) == NO_PAGE)
		tiny_zone.nonempty &= ~(1U << order);
	tiny_set_word(page, 0);
}

void tiny_free(struct page *page, unsigned order)
{
	unsigned long pfn = page_to_pfn(page);

	tiny_zone.nr_free += 1U << order;
	tiny_set_word(page, 0);
	for (; order < MAX_ORDER; order++) {
		unsigned long buddy = pfn ^ 1UL << order;

		if (!pfn_valid(buddy) || tiny_word(pfn_to_page(buddy)) != (PAGE_STATE_FREE | order))
			break;
		del_block(pfn_to_page(buddy), order);
		pfn &= buddy;
	}
	add_block(pfn_to_page(pfn), order);
}

/* ---- allocate ------------------------------------------------------------------- */

/* The smallest block that fits, split, if `min` pages are left then; NULL: there is none. */
static struct page *take(unsigned order, unsigned min)
{
	port_irqflags_t flags = tiny_lock();
	uint32_t fits = tiny_zone.nonempty >> order;
	struct page *page = NULL;

	if (fits && tiny_zone.nr_free >= min + (1U << order)) {
		unsigned high = order + (unsigned)__builtin_ctz(fits);

		page = mem_map + tiny_zone.first[high];
		del_block(page, high);
		while (high > order) {
			high--;
			add_block(page + (1UL << high), high);
		}
		tiny_set_word(page, PAGE_ALLOCATED(order));
		tiny_zone.nr_free -= 1U << order;
		tiny_zone.events[PGALLOC]++;
	}
	tiny_unlock(flags);
	return page;
}

/* As zone_watermark_ok() has it: what stays free after a request of this kind. */
static unsigned pages_to_leave(gfp_t gfp)
{
	unsigned min = tiny_zone.watermark;

	if (gfp & __GFP_HIGH)
		min -= min / 2;
	if (gfp & __GFP_ATOMIC)
		min -= min / 4;
	return (gfp & (__GFP_MEMALLOC | __GFP_NOMEMALLOC)) == __GFP_MEMALLOC ? 0 : min;
}

/* May somebody be asked to give memory up for it? */
static bool may_oom(gfp_t gfp, unsigned order, unsigned rounds)
{
	if (!(gfp & __GFP_DIRECT_RECLAIM) || port_irqs_disabled())
		return false;
	return gfp & __GFP_NOFAIL ||
	       (gfp & __GFP_FS && order <= COSTLY_ORDER &&
		!(gfp & (__GFP_NORETRY | __GFP_RETRY_MAYFAIL)) && rounds < MAX_OOM_ROUNDS);
}

/* Counts it; tells the first, second, fourth, ... of those that want to be told. */
static void alloc_failed(gfp_t gfp, unsigned order, const void *caller)
{
	uint32_t nr = count_rare_event(PGALLOC_FAIL) + 1;

	if (!(gfp & __GFP_NOWARN) && !(nr & (nr - 1)))
		port_log("alloc_pages: page allocation failure: order:%u, mode:0x%x, from %p\n",
			 order, (unsigned)gfp, caller);
}

/* gfp without what contradicts itself; see gfp.h. */
static gfp_t settle(gfp_t gfp)
{
	gfp_t drop = gfp & __GFP_DIRECT_RECLAIM ? gfp & __GFP_ATOMIC : gfp & __GFP_NOFAIL;

	if (drop)
		count_rare_event(BAD_GFP);
	return gfp & ~drop & gfp_allowed_mask;
}

struct page *tiny_alloc(gfp_t gfp, unsigned order, const void *caller)
{
	struct page *page;

	if (order > MAX_ORDER || gfp & ~__GFP_BITS_MASK)
		return bad_alloc(NULL, gfp, order, caller);
	if (gfp & __GFP_COMP)
		return bad_alloc("there are no compound pages", gfp, order, caller);
	gfp = settle(gfp);
	page = take(order, pages_to_leave(gfp));
	for (unsigned i = 0; !page && may_oom(gfp, order, i); i++) {
		bool more = port_out_of_memory(order, gfp);

		page = take(order, gfp & __GFP_NOFAIL ? 0 : pages_to_leave(gfp));
		if (!more)
			break;
	}
	if (!page && gfp & __GFP_NOFAIL)
		port_panic("alloc_pages: order %u, gfp 0x%x from %p: __GFP_NOFAIL, and "
			   "nothing is left",
			   order, (unsigned)gfp, caller);
	if (!page)
		alloc_failed(gfp, order, caller);
	else if (gfp & __GFP_ZERO)
		for (unsigned i = 0; i < 1U << order; i++)
			port_clear_page(page_address(page + i));
	return page;
}

struct page *alloc_pages(gfp_t gfp, unsigned order)
{
	return tiny_alloc(gfp, order, __builtin_return_address(0));
}

struct page *alloc_page(gfp_t gfp)
{
	return tiny_alloc(gfp, 0, __builtin_return_address(0));
}

void *__get_free_pages(gfp_t gfp, unsigned order)
{
	struct page *page = gfp & __GFP_HIGHMEM
				    ? bad_alloc("memory of __GFP_HIGHMEM has no address", gfp,
						order, __builtin_return_address(0))
				    : tiny_alloc(gfp, order, __builtin_return_address(0));

	return page ? page_address(page) : NULL;
}

void *get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

/* ---- free and references ------------------------------------------------------- */

void tiny_put(const char *what, struct page *page, int order, const void *caller)
{
	port_irqflags_t flags;
	uint32_t word = 0;
	unsigned said;

	if (!tiny_valid(page)) {
		bad_free(what, page, (unsigned)order, 0, "foreign: no page descriptor", caller);
		return;
	}
	flags = tiny_lock();
	word = tiny_word(page);
	said = order < 0 ? page_word_order(word) : (unsigned)order;
	/* A word of an allocated block has references, or it would be another state's. */
	if ((word & (PAGE_STATE_MASK | PAGE_ORDER_MASK)) != (PAGE_STATE_ALLOCATED | said)) {
		tiny_unlock(flags);
		bad_free(what, page, said, word, why_not(word, said), caller);
		return;
	}
	if (word >> PAGE_REF_SHIFT > 1) {
		tiny_set_word(page, word - PAGE_REF_ONE);
	} else {
		tiny_free(page, said);
		tiny_zone.events[PGFREE]++;
	}
	tiny_unlock(flags);
}

void __free_pages(struct page *page, unsigned order)
{
	/* One larger than all is as wrong as it is, and fits beside the word's order. */
	if (page)
		tiny_put("__free_pages", page, (int)(order > MAX_ORDER ? MAX_ORDER + 1 : order),
			 __builtin_return_address(0));
}

void __free_page(struct page *page)
{
	if (page)
		tiny_put("__free_pages", page, 0, __builtin_return_address(0));
}

void free_pages(const void *addr, unsigned order)
{
	struct page *page = (uintptr_t)addr & (PAGE_SIZE - 1) ? NULL : virt_to_page(addr);

	if (page)
		tiny_put("free_pages", page, (int)(order > MAX_ORDER ? MAX_ORDER + 1 : order),
			 __builtin_return_address(0));
	else if (addr)
		bad_free("free_pages", addr, order, 0, "foreign: not the address of a page",
			 __builtin_return_address(0));
}

void put_page(struct page *page)
{
	if (page)
		tiny_put("put_page", page, -1, __builtin_return_address(0));
}

void get_page(struct page *page)
{
	const char *why = "foreign: no page descriptor";
	port_irqflags_t flags;
	uint32_t word = 0;

	if (tiny_valid(page)) {
		flags = tiny_lock();
		word = tiny_word(page);
		why = page_word_state(word) != PAGE_STATE_ALLOCATED ? "not allocated"
		      : word >> PAGE_REF_SHIFT >= PAGE_REF_MAX	    ? "too many references"
								    : NULL;
		if (!why)
			tiny_set_word(page, word + PAGE_REF_ONE);
		tiny_unlock(flags);
	}
	if (why)
		bad_free("get_page", page, page_word_order(word), word, why,
			 __builtin_return_address(0));
}

#endif /* BUDDY_TINY */
