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
 * that is free.  Guard: the zone's lock, interrupts off; functions with __ in
 * front are called with it, the others take it.  A page that is not free may
 * change its word at any time on another CPU, but never into one that says
 * free: that is why a glance at a buddy's word is enough to decide.
 *
 * A block that leaves has the word PAGE_STATE_PCP | order: its caller knows the
 * order by it and writes the word that it is to have.
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
	struct free_list *list = &zone->free_area[order].free_list[mt];

	set_page_word(page, PAGE_STATE_FREE | order);
	list_add(&page->lru, &list->list);
	if (!list->nr_free++)
		WRITE_ONCE(zone->nonempty[mt], zone->nonempty[mt] | 1U << order);
}

/* The caller writes the page's new word. */
static inline void del_page_from_free_list(struct zone *zone, struct page *page, unsigned order,
					   enum migratetype mt)
{
	struct free_list *list = &zone->free_area[order].free_list[mt];

	list_del(&page->lru);
	if (!--list->nr_free)
		WRITE_ONCE(zone->nonempty[mt], zone->nonempty[mt] & ~(1U << order));
}

void init_free_lists(struct zone *zone)
{
	for (unsigned order = 0; order < NR_ORDERS; order++)
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			INIT_LIST_HEAD(&zone->free_area[order].free_list[mt].list);
}

/* ---- free ------------------------------------------------------------------ */

/*
 * The rest of a merge, from a whole pageblock on: the buddy may be of another
 * mobility, and the joined block takes the type of the part that came last (as
 * in Linux from 6.10 on).
 */
static __attribute__((noinline)) void merge_pageblocks(struct zone *zone, unsigned long index,
						       unsigned order, enum migratetype mt)
{
	for (; order < MAX_ORDER; order++) {
		struct page *buddy = index_to_page(index ^ 1UL << order);
		enum migratetype other;

		if (page_word(buddy) != (PAGE_STATE_FREE | order))
			break;
		other = get_pageblock_migratetype(buddy);
		del_page_from_free_list(zone, buddy, order, other);
		if (other != mt)
			for (unsigned long i = 0; i < 1UL << order; i += pageblock_nr_pages)
				set_pageblock_migratetype(buddy + i, mt);
		set_page_word(index_to_page(index | 1UL << order), 0);
		index &= ~(1UL << order);
	}
	add_to_free_list(zone, index_to_page(index), order, mt);
}

/*
 * Puts a block on its list, merged with its buddies as far as they are free; the
 * caller counts it with free_counted().  The zone's sections are whole, so that
 * a buddy's descriptor always exists.
 */
static inline void free_block(struct zone *zone, struct page *page, unsigned order,
			      enum migratetype mt)
{
	struct page *map = index_to_page(0);
	unsigned long index = page_index(page);

	MM_ASSERT_LOCKED(zone);
	MM_ASSERT(page_zone(page) == zone);
	MM_ASSERT(order < NR_ORDERS && !(index & ((1UL << order) - 1)));

	for (; order < pageblock_order; order++) {
		struct page *buddy = map + (index ^ 1UL << order);

		if (page_word(buddy) != (PAGE_STATE_FREE | order)) {
			add_to_free_list(zone, map + index, order, mt);
			return;
		}
		del_page_from_free_list(zone, buddy, order, mt);
		set_page_word(map + (index | 1UL << order), 0);
		index &= ~(1UL << order);
	}
	merge_pageblocks(zone, index, order, mt);
}

/*
 * Pages are counted when they can be found (case 26): who reads the count and
 * then the non-empty bits, without the lock, finds both or neither.  The other
 * half of this is zone_watermark_ok()'s acquire.
 */
static inline void free_counted(struct zone *zone, unsigned nr)
{
	__atomic_store_n(&zone->nr_free_pages, zone->nr_free_pages + nr, __ATOMIC_RELEASE);
}

void __free_one_page(struct zone *zone, struct page *page, unsigned order)
{
	free_block(zone, page, order, get_pageblock_migratetype(page));
	free_counted(zone, 1U << order);
}

/* An allocated block goes straight back.  Interrupts are off. */
void free_one_page(struct zone *zone, struct page *page, unsigned order)
{
	port_spin_lock(&zone->lock);
	__free_one_page(zone, page, order);
	zone->nr_free_op++;
	port_spin_unlock(&zone->lock);
}

/* Blocks of a zone whose words say PAGE_STATE_PCP and their orders go back.  Interrupts are off. */
void free_pcppages_bulk(struct zone *zone, struct page **block, unsigned nr)
{
	unsigned pages = 0;

	port_spin_lock(&zone->lock);
	while (nr--) {
		struct page *page = *block++;
		unsigned order = page_word_order(page_word(page));

		free_block(zone, page, order, get_pageblock_migratetype(page));
		pages += 1U << order;
	}
	free_counted(zone, pages);
	port_spin_unlock(&zone->lock);
}

/* ---- allocate ---------------------------------------------------------------- */

/*
 * Splits a block of 2^high pages, which is off the lists, down to 2^low: the
 * upper halves go on them.  No smaller block was there, so the lists are empty
 * from low to high - 1.
 */
static inline unsigned expand(struct zone *zone, struct page *page, unsigned high, unsigned low,
			      enum migratetype mt)
{
	struct free_list *list = &zone->free_area[high].free_list[mt];

	/* The bits from low to high - 1. */
	WRITE_ONCE(zone->nonempty[mt], zone->nonempty[mt] | ((1U << high) - (1U << low)));
	do {
		struct page *half = page + (1UL << --high);

		list = (struct free_list *)((char *)list - sizeof(struct free_area));
		set_page_word(half, PAGE_STATE_FREE | high);
		half->lru.next = half->lru.prev = &list->list;
		list->list.next = list->list.prev = &half->lru;
		list->nr_free = 1;
	} while (high > low);
	return low;
}

/*
 * Takes a block of at least 2^order and at most 2^want pages (order <= want) of
 * mobility mt: the smallest on the lists, split in halves down to want.  NULL
 * when there is none.  Follows Linux's __rmqueue_smallest() and expand() (6.1).
 */
static inline struct page *take_smallest(struct zone *zone, unsigned order, unsigned want,
					 enum migratetype mt)
{
	uint32_t fits = zone->nonempty[mt] >> order;
	struct page *page;

	MM_ASSERT_LOCKED(zone);
	if (unlikely(!fits))
		return NULL;
	order += (unsigned)__builtin_ctz(fits);
	page = lru_to_page(zone->free_area[order].free_list[mt].list.next);
	del_page_from_free_list(zone, page, order, mt);
	if (order > want)
		order = expand(zone, page, order, want, mt);
	set_page_word(page, PAGE_STATE_PCP | order);
	WRITE_ONCE(zone->nr_free_pages, zone->nr_free_pages - (1U << order));
	return page;
}

struct page *__rmqueue_smallest(struct zone *zone, unsigned order, enum migratetype mt)
{
	return take_smallest(zone, order, order, mt);
}

/* A block of exactly 2^order pages of mobility mt, or NULL.  Interrupts are off. */
struct page *rmqueue_buddy(struct zone *zone, unsigned order, enum migratetype mt)
{
	struct page *page;

	port_spin_lock(&zone->lock);
	page = take_smallest(zone, order, order, mt);
	zone->nr_alloc += !!page;
	port_spin_unlock(&zone->lock);
	return page;
}

/*
 * Up to `most` blocks of together at most `want` times 2^order pages, each a power of
 * two of them, the smallest first.  A larger block is split for the first of
 * them only: what does not fill up now leaves whole blocks for the next time.
 * Returns how many.  Interrupts are off.
 */
unsigned rmqueue_bulk(struct zone *zone, unsigned order, unsigned want, enum migratetype mt,
		      struct page **block, unsigned most)
{
	unsigned nr = 0;

	port_spin_lock(&zone->lock);
	do {
		unsigned largest = ilog2(want);
		struct page *page;

		/* The bits from order to order + largest. */
		if (nr && !(zone->nonempty[mt] >> order & ((2U << largest) - 1)))
			break;
		page = take_smallest(zone, order, order + largest, mt);
		if (!page)
			break;
		block[nr++] = page;
		want -= 1U << (page_word_order(page_word(page)) - order);
	} while (want && nr < most);
	port_spin_unlock(&zone->lock);
	return nr;
}

/* ---- whole pageblocks ---------------------------------------------------------- */

/* The page after the block that begins at page; a page with no block to speak of is one. */
static inline unsigned long block_step(const struct page *page)
{
	return 1UL << page_word_order(page_word(page));
}

static inline struct page *block_start(struct page *page)
{
	return index_to_page(page_index(page) & ~(unsigned long)(pageblock_nr_pages - 1));
}

/*
 * Pages on free lists in the pageblock of page; 0 if it is in more than `most`
 * pieces, free or not, which also bounds the walk.
 */
unsigned count_free_in_block(struct page *page, unsigned most)
{
	struct page *p = block_start(page), *end = p + pageblock_nr_pages;
	unsigned nr = 0;

	for (; p < end; p += block_step(p)) {
		if (!most--)
			return 0;
		if (page_word_state(page_word(p)) == PAGE_STATE_FREE)
			nr += (unsigned)block_step(p);
	}
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

/*
 * Turns a free block of one or more whole pageblocks over to mobility mt.  It
 * is off the lists while its types change: a block on a list matches them all.
 */
void move_free_block(struct zone *zone, struct page *page, enum migratetype mt)
{
	unsigned order = page_word_order(page_word(page));

	MM_ASSERT(order >= pageblock_order);
	del_page_from_free_list(zone, page, order, get_pageblock_migratetype(page));
	for (unsigned long i = 0; i < 1UL << order; i += pageblock_nr_pages)
		set_pageblock_migratetype(page + i, mt);
	add_to_free_list(zone, page, order, mt);
}
