// SPDX-License-Identifier: MIT
/*
 * tiny_check - mm_check() of the smallest configuration.
 *
 * Every list is followed as far as its links lead to descriptors and never further than
 * there are pages; then every descriptor is read once, block by block, and the sums are
 * compared.  Only the first finding of a walk is kept, and told when the lock is dropped.
 *
 * State: none.  Locks: the zone's, interrupts off, for the whole of it.
 */
#include <buddy/check.h>
#include <mm/tiny.h>

#if BUDDY_TINY

struct finding {
	unsigned broken;
	const char *what; /* the first */
	unsigned long place;
};

static void broken(struct finding *f, const char *what, unsigned long place)
{
	if (!f->broken++) {
		f->what = what;
		f->place = place;
	}
}

/* Pages on the list of an order. */
static unsigned long check_list(struct finding *f, unsigned order)
{
	unsigned long nr = 0;
	unsigned place = tiny_zone.first[order], prev = NO_PAGE;

	for (; place != NO_PAGE && nr <= nr_map_pages; nr++) {
		const struct page *page = mem_map + place;
		unsigned long pfn = mem_map_pfn + place, buddy = pfn ^ 1UL << order;

		if (place >= nr_map_pages || page->prev != prev) {
			broken(f, "a free list's links do not match", place);
			break;
		}
		if (tiny_word(page) != (PAGE_STATE_FREE | order))
			broken(f, "a listed block's word says it is not free, or of another order",
			       place);
		if (pfn & ((1UL << order) - 1))
			broken(f, "a listed block is not aligned to its order", place);
		if (order < MAX_ORDER && pfn_valid(buddy) &&
		    tiny_word(pfn_to_page(buddy)) == tiny_word(page))
			broken(f, "two free buddies did not merge", place);
		prev = place;
		place = page->next;
	}
	if (nr > nr_map_pages)
		broken(f, "a free list has no end", order);
	if (!!(tiny_zone.nonempty >> order & 1) != !!nr)
		broken(f, "a non-empty bit does not match its list", order);
	return nr << order;
}

static unsigned long check_map(struct finding *f, unsigned long *managed)
{
	unsigned long free = 0, next;

	for (unsigned long i = 0; i < nr_map_pages; i = next) {
		uint32_t word = tiny_word(mem_map + i), state = page_word_state(word);
		unsigned long nr = 1UL << page_word_order(word);

		next = i + 1;
		if (!word || i + nr > nr_map_pages) {
			broken(f, "a page belongs to no block, or its block ends outside", i);
			continue;
		}
		while (next < i + nr && !tiny_word(mem_map + next))
			next++;
		if (next < i + nr)
			broken(f, "two blocks overlap: a page inside one has a word", next);
		if (state == PAGE_STATE_FREE)
			free += nr;
		else if (state == PAGE_STATE_ALLOCATED ? !(word >> PAGE_REF_SHIFT)
						       : word != PAGE_STATE_RESERVED)
			broken(f, "a page's word has no known state", i);
		*managed += state == PAGE_STATE_RESERVED ? 0 : nr;
	}
	return free;
}

unsigned mm_check(void)
{
	port_irqflags_t flags = tiny_lock();
	struct finding f = {.broken = 0};
	unsigned long listed = 0, managed = 0;

	for (unsigned order = 0; order < NR_ORDERS; order++)
		listed += check_list(&f, order);
	if (listed != tiny_zone.nr_free)
		broken(&f, "nr_free is not what the free lists hold", listed);
	if (check_map(&f, &managed) != listed)
		broken(&f, "mem_map and the free lists disagree about free pages", listed);
	if (managed != tiny_zone.managed)
		broken(&f, "free and allocated pages are not the managed ones", managed);
	tiny_unlock(flags);
	if (f.broken)
		port_log("mm_check: %u broken, first at %lu: %s\n", f.broken, f.place, f.what);
	return f.broken;
}

unsigned mm_check_quiet(void)
{
	return mm_check();
}

#endif /* BUDDY_TINY */
