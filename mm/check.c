// SPDX-License-Identifier: MIT
/*
 * check - mm_check(), the validator.
 *
 * Walks what the other files maintain, recomputes every counter and names the
 * invariant that broke.  It trusts nothing: a list is followed only as long as
 * its links lead to descriptors, and never further than there are pages.
 *
 * State: a count of what was found wrong, on the caller's stack; the first
 * findings are kept there too and printed after the lock is dropped.
 *
 * Locks: one zone's at a time, interrupts off while it is walked.
 */
#include <buddy/check.h>
#include <buddy/migrate.h>
#include <mm/internal.h>

#if !BUDDY_TINY

#define MAX_REPORTS 8

struct report {
	const char *what; /* the invariant, as a sentence that is false */
	const struct zone *zone;
	unsigned long index, found, expected;
};

struct result {
	unsigned broken;
	struct report report[MAX_REPORTS];
};

static void broken(struct result *r, const char *what, const struct zone *zone, unsigned long index,
		   unsigned long found, unsigned long expected)
{
	if (r->broken < MAX_REPORTS)
		r->report[r->broken] = (struct report){what, zone, index, found, expected};
	r->broken++;
}

static unsigned print_result(const struct result *r)
{
	for (unsigned i = 0; i < r->broken && i < MAX_REPORTS; i++) {
		const struct report *p = &r->report[i];

		port_log("mm_check: node %d, zone %s, page %lu of mem_map: %s (found 0x%lx, "
			 "expected 0x%lx)\n",
			 p->zone ? p->zone->nid : 0, p->zone ? p->zone->name : "-", p->index,
			 p->what, p->found, p->expected);
	}
	if (r->broken > MAX_REPORTS)
		port_log("mm_check: and %u more\n", r->broken - MAX_REPORTS);
	return r->broken;
}

/* Two free blocks of this order are of types that merge. */
static bool may_merge(const struct page *page, unsigned order, enum migratetype mt)
{
	const struct page *buddy = index_to_page(page_index(page) ^ 1UL << order);
	enum migratetype other = get_pageblock_migratetype(buddy);

	if (other == mt)
		return true;
	return order >= pageblock_order && other < MIGRATE_PCPTYPES && mt < MIGRATE_PCPTYPES;
}

/* One block on a free list, whose descriptor exists. */
static void check_free_block(struct result *r, struct zone *zone, struct page *page, unsigned order,
			     enum migratetype mt, bool quiet)
{
	const uint32_t isolated = mt == MIGRATE_ISOLATE ? PAGE_ISOLATED : 0;
	unsigned long index = page_index(page);
	uint32_t word = page_word(page);

	if (word != (PAGE_STATE_FREE | isolated | order))
		broken(r, "a listed block's word says it is not free, or of another order", zone,
		       index, word, PAGE_STATE_FREE | isolated | order);
	if (index & ((1UL << order) - 1))
		broken(r, "a listed block is not aligned to its order", zone, index, index, order);
	if (page_zone(page) != zone)
		broken(r, "a listed block belongs to another zone", zone, index,
		       page_zone(page)->zid, zone->zid);
	for (unsigned long i = 0;
	     i < 1UL << order && index + i < page_index(mem_map) + nr_map_pages;
	     i += pageblock_nr_pages)
		if (get_pageblock_migratetype(page + i) != mt &&
		    /* on its way to or from isolation, a few blocks at a time */
		    (quiet || ((get_pageblock_migratetype(page + i) == MIGRATE_ISOLATE) ==
			       (mt == MIGRATE_ISOLATE))))
			broken(r, "a listed block's pageblock has another migratetype", zone,
			       index + i, get_pageblock_migratetype(page + i), mt);
	if (order < MAX_ORDER && page_word(index_to_page(index ^ 1UL << order)) == word &&
	    may_merge(page, order, mt))
		broken(r, "two free buddies did not merge", zone, index, order, order + 1);
}

/* One list: its links, its blocks, its count.  Returns the pages on it. */
static unsigned long check_list(struct result *r, struct zone *zone, unsigned order,
				enum migratetype mt, bool quiet)
{
	struct free_list *list = &zone->free_area[order].free_list[mt];
	struct list_head *head = &list->list, *n;
	unsigned long nr = 0;

	for (n = head->next; n != head; n = n->next) {
		struct page *page = lru_to_page(n);

		if (!page_valid(page)) {
			broken(r, "a free list leads to something that is no descriptor", zone, nr,
			       (uintptr_t)n, order);
			break;
		}
		if (n->next->prev != n || n->prev->next != n) {
			broken(r, "a free list's links do not match", zone, page_index(page), order,
			       mt);
			break;
		}
		if (nr++ > nr_map_pages) {
			broken(r, "a free list has no end", zone, page_index(page), order, mt);
			break;
		}
		check_free_block(r, zone, page, order, mt, quiet);
	}
	if (nr != list->nr_free)
		broken(r, "a free list's length is not its count", zone, order, nr, list->nr_free);
	if (!!(zone->nonempty[mt] >> order & 1) != !!list->nr_free)
		broken(r, "a non-empty bit does not match its list", zone, order,
		       zone->nonempty[mt], list->nr_free);
	return nr << order;
}

/* What mem_map says of one zone. */
struct tally {
	unsigned long free, pcp, allocated, reserved, offline;
	unsigned long highatomic; /* in its pageblocks */
	unsigned long lru, dirty, writeback, noted;
};

/* A movable page; quiet: nobody is about to change it. */
static void check_movable(struct result *r, struct zone *zone, unsigned long i, struct tally *t)
{
	uint32_t word = page_word(mem_map + i);

	if (word & (PAGE_ORDER_MASK | PAGE_COMP))
		broken(r, "a movable page is not a single one", zone, i, word, 0);
	if (word & PAGE_TAKEN)
		broken(r, "a page was taken and not put back", zone, i, word, 0);
	if (!mem_map[i].mapping)
		broken(r, "a movable page has no operations", zone, i, 0, word);
	t->lru += !!(word & PAGE_LRU);
	t->dirty += !!(word & PAGE_DIRTY);
	t->writeback += !!(word & PAGE_WRITEBACK);
}

/* An allocated block. */
static void check_allocated(struct result *r, struct zone *zone, unsigned long i, struct tally *t)
{
	uint32_t word = page_word(mem_map + i);

	if (word & PAGE_MOVABLE)
		check_movable(r, zone, i, t);
	else if (word & MOVABLE_FLAGS & ~(PAGE_CMA | (word & PAGE_COMP ? PAGE_DTOR_MASK : 0)))
		broken(r, "a page that is not movable has flags of movable ones", zone, i, word, 0);
	t->allocated += 1UL << page_word_order(word);
}

/*
 * The pageblock that starts at first has as many reclaimable pages as is noted.  Where none
 * is noted none is looked for: the sum of all notes tells.
 */
static void check_note(struct result *r, struct zone *zone, unsigned long first, struct tally *t)
{
	unsigned long noted = *pageblock_note(mem_map + first) & NOTE_LRU_MASK, lru = 0;

	t->noted += noted;
	for (unsigned long i = first; noted && i < first + pageblock_nr_pages; i++)
		lru += PageLRU(mem_map + i);
	if (lru != noted)
		broken(r, "a pageblock's note is not its reclaimable pages", zone, first, noted,
		       lru);
}

/*
 * The descriptors of one section, block by block.  On a running system only
 * free blocks stand still; `quiet` takes every state at its word.
 */
static void check_section(struct result *r, struct zone *zone, unsigned long first, bool quiet,
			  struct tally *t)
{
	unsigned long end = first + PAGES_PER_SECTION, next;

	for (unsigned long i = first; i < end; i += pageblock_nr_pages)
		if (get_pageblock_migratetype(mem_map + i) == MIGRATE_HIGHATOMIC)
			t->highatomic += pageblock_nr_pages;
	for (unsigned long i = first; quiet && i < end; i += pageblock_nr_pages)
		check_note(r, zone, i, t);

	for (unsigned long i = first; i < end; i = next) {
		uint32_t word = page_word(mem_map + i);
		uint32_t state = page_word_state(word);
		unsigned long nr = 1UL << page_word_order(word);

		next = i + 1;
		if (!quiet && state != PAGE_STATE_FREE)
			continue;
		if (state == PAGE_STATE_INTERIOR) {
			if (word)
				broken(r, "an interior page's word is not 0", zone, i, word, 0);
			continue;
		}
		if (i & (nr - 1) || i + nr > end) {
			broken(r, "a block is not aligned to its order", zone, i, word, 0);
			continue;
		}
		while (next < i + nr && !page_word(mem_map + next))
			next++;
		if (next < i + nr)
			broken(r, "two blocks overlap: a page inside one has a word", zone, next,
			       page_word(mem_map + next), 0);
		if (state == PAGE_STATE_FREE)
			t->free += nr;
		else if (state == PAGE_STATE_PCP)
			t->pcp += nr;
		else if (state == PAGE_STATE_ALLOCATED)
			check_allocated(r, zone, i, t);
		else if (state == PAGE_STATE_SLAB)
			t->allocated += nr;
		else if (state == PAGE_STATE_RESERVED)
			*(word & PAGE_OFFLINE ? &t->offline : &t->reserved) += nr;
		else
			broken(r, "a page's word has no known state", zone, i, word, 0);
	}
}

static struct tally check_zone(struct result *r, struct zone *zone, bool quiet)
{
	port_irqflags_t flags = port_irq_save();
	struct tally t = {0};
	unsigned long listed[MIGRATE_ISOLATE + 1] = {0}, all = 0;

	port_spin_lock(&zone->lock);
	for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
		for (unsigned order = 0; order < NR_ORDERS; order++)
			listed[mt] += check_list(r, zone, order, (enum migratetype)mt, quiet);
		all += listed[mt];
	}
	if (all - listed[MIGRATE_ISOLATE] != zone->nr_free_pages)
		broken(r, "nr_free_pages is not what the free lists hold", zone, 0,
		       zone->nr_free_pages, all - listed[MIGRATE_ISOLATE]);
	if (listed[MIGRATE_ISOLATE] != zone_isolated(zone))
		broken(r, "nr_isolated is not what its lists hold", zone, 0, zone_isolated(zone),
		       listed[MIGRATE_ISOLATE]);
	if (listed[MIGRATE_CMA] != zone_free_cma(zone))
		broken(r, "nr_free_cma is not what its lists hold", zone, 0, zone_free_cma(zone),
		       listed[MIGRATE_CMA]);
	if (listed[MIGRATE_HIGHATOMIC] != zone_free_highatomic(zone))
		broken(r, "nr_free_highatomic is not what its lists hold", zone, 0,
		       zone_free_highatomic(zone), listed[MIGRATE_HIGHATOMIC]);
	if (zone->fast_mark != zone->watermark[WMARK_LOW] + zone->watermark_boost +
				       zone_free_cma(zone) + zone_free_highatomic(zone))
		broken(r, "the mark of the fast check is not the sum of its parts", zone, 0,
		       zone->fast_mark, zone->watermark[WMARK_LOW]);
	for (unsigned long i = 0; i < nr_map_pages; i += PAGES_PER_SECTION)
		if (section_ready(mem_map + i) && page_zone(mem_map + i) == zone)
			check_section(r, zone, i, quiet, &t);
	if (t.free != all)
		broken(r, "mem_map and the free lists disagree about free pages", zone, 0, t.free,
		       all);
	if (t.highatomic != zone_reserved_highatomic(zone))
		broken(r, "nr_reserved_highatomic is not what its pageblocks are", zone, 0,
		       zone_reserved_highatomic(zone), t.highatomic);
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);

	if (zone->watermark[WMARK_MIN] > zone->watermark[WMARK_LOW] ||
	    zone->watermark[WMARK_LOW] > zone->watermark[WMARK_HIGH])
		broken(r, "the watermarks are not in order", zone, 0, zone->watermark[WMARK_MIN],
		       zone->watermark[WMARK_HIGH]);
	return t;
}

#if BUDDY_PCP
/* One per-CPU cache; returns the pages in it. */
static unsigned long check_pcp_list(struct result *r, const struct pcp_list *list,
				    struct zone *zone, unsigned order)
{
	if (list->base[-1])
		broken(r, "a per-CPU cache's sentinel was overwritten", zone, order,
		       (uintptr_t)list->base[-1], 0);
	if (list->top < list->base || list->top > list->end) {
		broken(r, "a per-CPU cache's top lies outside it", zone, order,
		       (unsigned long)(list->top - list->base),
		       (unsigned long)(list->end - list->base));
		return 0;
	}
	for (struct page **slot = list->base; slot < list->top; slot++) {
		if (!page_valid(*slot)) {
			broken(r, "a per-CPU cache holds something that is no descriptor", zone,
			       order, (uintptr_t)*slot, 0);
			continue;
		}
		if (page_word(*slot) != (PAGE_STATE_PCP | order))
			broken(r, "a cached block's word says it is elsewhere, or of another order",
			       zone, page_index(*slot), page_word(*slot), PAGE_STATE_PCP | order);
		if (page_zone(*slot) != zone)
			broken(r, "a cached block belongs to another zone", zone, page_index(*slot),
			       page_zone(*slot)->zid, zone->zid);
	}
	return (unsigned long)(list->top - list->base) << order;
}

/* A kept block; returns its pages. */
static unsigned long check_pcp_block(struct result *r, const struct pcp_block *block,
				     struct zone *zone)
{
	struct page *page = block->page;

	if (!page)
		return 0;
	if (!page_valid(page)) {
		broken(r, "a CPU keeps something that is no descriptor", zone, 0, (uintptr_t)page,
		       0);
		return 0;
	}
	if (page_word_state(page_word(page)) != PAGE_STATE_PCP ||
	    page_word_order(page_word(page)) <= PCP_MAX_ORDER ||
	    page_word_order(page_word(page)) > block->max_order)
		broken(r, "a kept block's word says it is elsewhere, or of an order not kept", zone,
		       page_index(page), page_word(page), PAGE_STATE_PCP);
	if (page_zone(page) != zone)
		broken(r, "a kept block belongs to another zone", zone, page_index(page),
		       page_zone(page)->zid, zone->zid);
	return pcp_block_pages(block);
}
#endif

static void check_quiet(struct result *r, struct zone *zone, const struct tally *t)
{
	unsigned long cached = 0;

#if BUDDY_PCP
	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++)
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
			cached += check_pcp_block(
				r, &mm_cpus[cpu]->block[(unsigned)zone->zid << PB_ZONE_SHIFT | mt],
				zone);
			for (unsigned order = 0; order <= PCP_MAX_ORDER; order++)
				cached += check_pcp_list(
					r, &mm_cpus[cpu]->list[zone->zid][mt][order], zone, order);
		}
#endif
	if (cached != t->pcp)
		broken(r, "mem_map and the per-CPU caches disagree about cached pages", zone, 0,
		       t->pcp, cached);
	if (t->lru != zone->nr_lru)
		broken(r, "nr_lru is not what pages say", zone, 0, zone->nr_lru, t->lru);
	if (t->noted != t->lru)
		broken(r, "pageblocks' notes are not the reclaimable pages", zone, 0, t->noted,
		       t->lru);
	if (t->dirty != zone->nr_dirty)
		broken(r, "nr_dirty is not what pages say", zone, 0, zone->nr_dirty, t->dirty);
	if (t->writeback != zone->nr_writeback)
		broken(r, "nr_writeback is not what pages say", zone, 0, zone->nr_writeback,
		       t->writeback);
	if (t->offline != zone_offline(zone))
		broken(r, "nr_offline is not what is out of service", zone, 0, zone_offline(zone),
		       t->offline);
	/* What is not initialised yet has no descriptors to count. */
	if (zone->nr_deferred)
		return;
	if (t->free + t->pcp + t->allocated != zone->managed_pages)
		broken(r, "free, cached and allocated pages are not the managed ones", zone, 0,
		       t->free + t->pcp + t->allocated, zone->managed_pages);
	if (nr_deferred_sections)
		return;
	if (zone->managed_pages + t->reserved + t->offline != zone->present_pages)
		broken(r, "managed and reserved pages are not the present ones", zone, 0,
		       zone->managed_pages + t->reserved + t->offline, zone->present_pages);
}

static unsigned check(bool quiet)
{
	struct result r = {.broken = 0};
	struct zone *zone;

	for_each_zone(zone) {
		struct tally t = check_zone(&r, zone, quiet);

		if (quiet)
			check_quiet(&r, zone, &t);
	}
	return print_result(&r) + slab_check(quiet);
}

unsigned mm_check(void)
{
	return check(false);
}

unsigned mm_check_quiet(void)
{
	return check(true);
}

#endif /* !BUDDY_TINY */
