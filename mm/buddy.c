// SPDX-License-Identifier: MIT
/*
 * buddy - the free lists of a zone, and the only code that edits them.
 *
 * Splitting and merging by the buddy rule: a block's neighbour is the one whose
 * index differs in the bit of its order.  All edits go through add_to_free_list()
 * and del_page_from_free_list(), which keep list, count and non-empty bit
 * together.  A bit per order and mobility makes the search for the smallest
 * fitting block one count-trailing-zeros instead of a walk.
 *
 * State: zone->free_area, nonempty, nr_free_pages, and the word of every page
 * that is free.  Guard: the zone's lock, interrupts off; every function here
 * is called with it.  A page that is not free may change its word at any time
 * on another CPU, but never into one that says free: that is why a glance at a
 * buddy's word is enough to decide.
 *
 * Bounds: free MAX_ORDER merges, remove MAX_ORDER splits, move one pageblock.
 *
 * Not here: which mobility may give to which (fallback.c), who may have the
 * pages (watermark.c).
 */
#include <mm/internal.h>

static inline void add_to_free_list(struct zone *zone, struct page *page, unsigned order,
				    enum migratetype mt)
{
	struct free_area *area = &zone->free_area[order];

	set_page_word(page, PAGE_STATE_FREE | order);
	list_add(&page->lru, &area->free_list[mt]);
	area->nr_free[mt]++;
	WRITE_ONCE(zone->nonempty[mt], zone->nonempty[mt] | 1U << order);
}

/* The caller writes the page's new word. */
static inline void del_page_from_free_list(struct zone *zone, struct page *page, unsigned order,
					   enum migratetype mt)
{
	struct free_area *area = &zone->free_area[order];

	list_del(&page->lru);
	if (!--area->nr_free[mt])
		WRITE_ONCE(zone->nonempty[mt], zone->nonempty[mt] & ~(1U << order));
}

void init_free_lists(struct zone *zone)
{
	for (unsigned order = 0; order < NR_ORDERS; order++)
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			INIT_LIST_HEAD(&zone->free_area[order].free_list[mt]);
}

/*
 * A merge has joined pageblocks of different mobility: the whole block takes
 * the type mt of the part that came last (as Linux does from 6.10 on).
 */
static void retype_block(struct page *page, unsigned order, enum migratetype mt)
{
	for (unsigned long i = 0; i < 1UL << order; i += pageblock_nr_pages)
		set_pageblock_migratetype(page + i, mt);
}

/*
 * Puts a block on its list, merged with its buddies as far as they are free.
 * The zone's sections are whole, so that a buddy's descriptor always exists.
 */
void __free_one_page(struct zone *zone, struct page *page, unsigned order)
{
	enum migratetype mt = get_pageblock_migratetype(page);
	struct page *map = index_to_page(0);
	unsigned long index = page_index(page);
	unsigned freed = 1U << order, joined = 0;

	MM_ASSERT_LOCKED(zone);
	MM_ASSERT(page_zone(page) == zone);
	MM_ASSERT(order < NR_ORDERS && !(index & ((1UL << order) - 1)));

	while (order < MAX_ORDER) {
		struct page *buddy = map + (index ^ 1UL << order);
		enum migratetype buddy_mt = mt;

		if (page_word(buddy) != (PAGE_STATE_FREE | order))
			break;
		if (unlikely(order >= pageblock_order)) {
			buddy_mt = get_pageblock_migratetype(buddy);
			joined |= buddy_mt != mt;
		}
		del_page_from_free_list(zone, buddy, order, buddy_mt);
		set_page_word(map + (index | 1UL << order), 0);
		index &= ~(1UL << order);
		order++;
	}
	page = map + index;
	if (unlikely(joined))
		retype_block(page, order, mt);
	add_to_free_list(zone, page, order, mt);
	WRITE_ONCE(zone->nr_free_pages, zone->nr_free_pages + freed);
}

/*
 * Takes a block of at least 2^order and at most 2^want pages (order <= want) of
 * mobility mt: the smallest on the lists, split in halves down to want.  The
 * head, its order in *got and its word up to the caller; NULL when there is none.
 * Follows Linux's __rmqueue_smallest() and expand() (6.1).
 */
struct page *__rmqueue_smallest(struct zone *zone, unsigned order, unsigned want,
				enum migratetype mt, unsigned *got)
{
	uint32_t fits = zone->nonempty[mt] >> order;
	struct page *page;

	MM_ASSERT_LOCKED(zone);
	if (!fits)
		return NULL;
	order += (unsigned)__builtin_ctz(fits);
	page = lru_to_page(zone->free_area[order].free_list[mt].next);
	del_page_from_free_list(zone, page, order, mt);
	while (order > want) {
		order--;
		add_to_free_list(zone, page + (1UL << order), order, mt);
	}
	WRITE_ONCE(zone->nr_free_pages, zone->nr_free_pages - (1U << order));
	*got = order;
	return page;
}

/* The page after the block that begins at page; a page with no block to speak of is one. */
static inline unsigned long block_step(const struct page *page)
{
	return 1UL << page_word_order(page_word(page));
}

static inline struct page *block_start(struct page *page)
{
	return index_to_page(page_index(page) & ~(unsigned long)(pageblock_nr_pages - 1));
}

/* Pages on free lists in the pageblock of page. */
unsigned count_free_in_block(struct page *page)
{
	struct page *p = block_start(page), *end = p + pageblock_nr_pages;
	unsigned nr = 0;

	for (; p < end; p += block_step(p))
		if (page_word_state(page_word(p)) == PAGE_STATE_FREE)
			nr += (unsigned)block_step(p);
	return nr;
}

/*
 * Turns the pageblock of page over to mobility mt, its free blocks with it.
 * Not for a pageblock that lies inside a larger free block.  Returns the number
 * of free pages moved.  One pageblock's descriptors at most.
 */
unsigned move_freepages_block(struct zone *zone, struct page *page, enum migratetype mt)
{
	struct page *p = block_start(page), *end = p + pageblock_nr_pages;
	enum migratetype old = get_pageblock_migratetype(page);
	unsigned nr = 0;

	MM_ASSERT_LOCKED(zone);
	while (p < end) {
		unsigned long step = block_step(p);

		if (page_word_state(page_word(p)) == PAGE_STATE_FREE) {
			unsigned order = page_word_order(page_word(p));

			del_page_from_free_list(zone, p, order, old);
			add_to_free_list(zone, p, order, mt);
			nr += (unsigned)step;
		}
		p += step;
	}
	set_pageblock_migratetype(page, mt);
	return nr;
}
