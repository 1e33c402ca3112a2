// SPDX-License-Identifier: MIT
/*
 * clock - where reclaim and writeback look next.
 *
 * A hand goes over a zone's descriptors, round and round.  Who looks for pages
 * claims the next stretch of it by moving the hand past it, so that several CPUs that do
 * so at once look at different pages, and none of them loses its second chance
 * because two came by.
 *
 * Pageblocks without a reclaimable page (their note says how many there are) cost one step,
 * and so does a block that is larger than a stretch.
 *
 * State: the hands, words in struct zone, moved by compare-and-swap.  No lock.
 * Bound: the turn that the caller gives.
 *
 * Not here: what is done with a page that the hand points to (vmscan.c, page_writeback.c).
 *
 * Follows the clock of 4.3BSD, which Linux's LRU lists approximate; the zone is never left
 * where zones interleave (case 36).
 */
#include <mm/reclaim_priv.h>

#if BUDDY_RECLAIM

/* The first frame after pfn that is a multiple of nr, a power of two. */
static unsigned long next_multiple(unsigned long pfn, unsigned long nr)
{
	return (pfn | (nr - 1)) + 1;
}

/*
 * Nothing from this page on, for so many frames: 0 if that is not known.  A guess: the word
 * may change under us, and what is passed over comes by in the next round.
 */
static unsigned long nothing_here(const struct page *page, const struct zone *zone)
{
	uint32_t word;

	/* The note first: where it says 0 the section may not even be initialised. */
	if (!(READ_ONCE(*pageblock_note(page)) & NOTE_LRU_MASK) || page_zone(page) != zone)
		return pageblock_nr_pages;
	word = page_word(page);
	if (page_word_state(word) == PAGE_STATE_INTERIOR ||
	    1UL << page_word_order(word) < CLOCK_STRETCH)
		return 0;
	return min_t(1UL << page_word_order(word), (unsigned long)pageblock_nr_pages);
}

static void passed(struct clock_turn *turn, unsigned long frames, unsigned long steps)
{
	turn->frames -= min_t(turn->frames, frames);
	turn->steps -= min_t(turn->steps, steps);
}

struct page *clock_claim(const struct zone *zone, unsigned long *hand, struct clock_turn *turn,
			 struct page **end)
{
	const unsigned long first = zone->zone_start_pfn;
	unsigned long old = READ_ONCE(*hand), pfn = old, next, nothing;

	if (!READ_ONCE(zone->nr_lru))
		return NULL;
	while (turn->frames && turn->steps) {
		struct page *page;

		if (pfn - first >= zone->spanned_pages)
			pfn = first;
		page = pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;
		nothing = page ? nothing_here(page, zone) : PAGES_PER_SECTION;
		if (nothing) {
			next = next_multiple(pfn, nothing);
			passed(turn, next - pfn, 1);
			pfn = next;
			continue;
		}
		next = next_multiple(pfn, CLOCK_STRETCH);
		if (__atomic_compare_exchange_n(hand, &old, next, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED)) {
			passed(turn, next - pfn, next - pfn);
			*end = page + (next - pfn);
			return page;
		}
		/* Another CPU has it: on from where that left the hand. */
		passed(turn, 0, 1);
		pfn = old;
	}
	/* The next one need not go over the same again. */
	__atomic_compare_exchange_n(hand, &old, pfn, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	return NULL;
}

void clock_unclaim(unsigned long *hand, const struct page *page, const struct page *end)
{
	unsigned long pfn = page_to_pfn(page), next = pfn + (unsigned long)(end - page);

	__atomic_compare_exchange_n(hand, &next, pfn, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

#endif /* BUDDY_RECLAIM */
