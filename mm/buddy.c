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
 * Isolated blocks say so in their words, and merge only with each other.  So a
 * pageblock can be turned over to MIGRATE_ISOLATE and back a few blocks at a time: what
 * is still on the list of its former type is told by its word.
 *
 * Bounds: free MAX_ORDER merges, remove MAX_ORDER splits, move one pageblock
 * (to and from MIGRATE_ISOLATE: MOVE_STEPS at a time).
 *
 * Not here: which mobility may give to which (fallback.c), who may have the
 * pages (watermark.c).
 */
#include <mm/internal.h>

#if !BUDDY_TINY

/* The word of a free block, but for its order. */
static inline uint32_t free_state(enum migratetype mt)
{
	return mt == MIGRATE_ISOLATE ? PAGE_STATE_FREE | PAGE_ISOLATED : PAGE_STATE_FREE;
}

/* state: free_state(mt), which most callers know. */
ALWAYS_INLINE void list_block(struct zone *zone, struct page *page, unsigned order,
			      enum migratetype mt, uint32_t state)
{
	struct free_list *list = &zone->free_area[order].free_list[mt];

	set_page_word(page, state | order);
	list_add(&page->lru, &list->list);
	if (!list->nr_free++)
		WRITE_ONCE(zone->nonempty[mt], zone->nonempty[mt] | 1U << order);
}

static inline void add_to_free_list(struct zone *zone, struct page *page, unsigned order,
				    enum migratetype mt)
{
	list_block(zone, page, order, mt, free_state(mt));
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

/*
 * What zone_watermark_fast() compares with: the low mark, and the free pages that an
 * ordinary request may not have.
 */
void update_fast_mark(struct zone *zone)
{
	WRITE_ONCE(zone->fast_mark, zone->watermark[WMARK_LOW] + zone->watermark_boost +
					    zone_free_cma(zone) + zone_free_highatomic(zone));
}

/*
 * Pages of a type without caches come onto its lists (nr negative: leave): the type's own
 * count.  Returns what that is for nr_free_pages.
 */
static __attribute__((noinline)) int account_special(struct zone *zone, int nr, enum migratetype mt)
{
	if (!zone_count_special(zone, nr, mt))
		return 0;
	update_fast_mark(zone);
	return nr;
}

static inline int account_freepages(struct zone *zone, int nr, enum migratetype mt)
{
	return likely(mt < MIGRATE_PCPTYPES) ? nr : account_special(zone, nr, mt);
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
 * in Linux from 6.10 on).  What is kept for a purpose merges only with its like.
 */
static __attribute__((noinline)) void merge_pageblocks(struct zone *zone, unsigned long index,
						       unsigned order, enum migratetype mt)
{
	/* Its own pageblocks first: they may have become different while it was allocated. */
	for (unsigned long i = pageblock_nr_pages; i < 1UL << order; i += pageblock_nr_pages)
		if (get_pageblock_migratetype(index_to_page(index + i)) != mt)
			set_pageblock_migratetype(index_to_page(index + i), mt);
	for (; order < MAX_ORDER; order++) {
		struct page *buddy = index_to_page(index ^ 1UL << order);
		enum migratetype other;

		if (page_word(buddy) != (free_state(mt) | order))
			break;
		other = get_pageblock_migratetype(buddy);
		if (other != mt && (other >= MIGRATE_PCPTYPES || mt >= MIGRATE_PCPTYPES))
			break;
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
ALWAYS_INLINE void free_block(struct zone *zone, struct page *page, unsigned order,
			      enum migratetype mt, const uint32_t state)
{
	struct page *map = index_to_page(0);
	unsigned long index = page_index(page);

	MM_ASSERT_LOCKED(zone);
	MM_ASSERT(page_zone(page) == zone);
	MM_ASSERT(order < NR_ORDERS && !(index & ((1UL << order) - 1)));

	for (; order < pageblock_order; order++) {
		struct page *buddy = map + (index ^ 1UL << order);

		if (page_word(buddy) != (state | order)) {
			list_block(zone, map + index, order, mt, state);
			return;
		}
		del_page_from_free_list(zone, buddy, order, mt);
		set_page_word(map + (index | 1UL << order), 0);
		index &= ~(1UL << order);
	}
	merge_pageblocks(zone, index, order, mt);
}

/*
 * A block of any type goes onto the lists of what its pageblock is now: it may have changed
 * since the page was taken (case 22).  What that is for nr_free_pages.
 */
static __attribute__((noinline)) int free_typed(struct zone *zone, struct page *page,
						unsigned order)
{
	enum migratetype mt = get_pageblock_migratetype(page);

	free_block(zone, page, order, mt, free_state(mt));
	return account_freepages(zone, 1 << order, mt);
}

/* The same; of one larger than a pageblock some may have been isolated: piece by piece. */
static inline int free_any(struct zone *zone, struct page *page, unsigned order)
{
	int pages = 0;

	if (likely(order <= pageblock_order || !zone_has_special(zone)))
		return free_typed(zone, page, order);
	for (unsigned long i = 0; i < 1UL << order; i += pageblock_nr_pages)
		pages += free_typed(zone, page + i, pageblock_order);
	return pages;
}

/*
 * Pages are counted when they can be found (case 26): who reads the count and
 * then the non-empty bits, without the lock, finds both or neither.  The other
 * half of this is zone_watermark_ok()'s acquire.
 */
static inline void free_counted(struct zone *zone, int nr)
{
	__atomic_store_n(&zone->nr_free_pages, zone->nr_free_pages + (uint32_t)nr,
			 __ATOMIC_RELEASE);
}

void __free_one_page(struct zone *zone, struct page *page, unsigned order)
{
	free_counted(zone, free_any(zone, page, order));
}

/* An allocated block goes straight back.  Interrupts are off. */
void free_one_page(struct zone *zone, struct page *page, unsigned order)
{
	port_spin_lock(&zone->lock);
	__free_one_page(zone, page, order);
	zone->nr_free_op++;
	port_spin_unlock(&zone->lock);
}

/*
 * Blocks of a zone whose words say PAGE_STATE_PCP and their orders go back.  Interrupts are
 * off.
 */
void free_pcppages_bulk(struct zone *zone, struct page **block, unsigned nr)
{
	int pages = 0;

	port_spin_lock(&zone->lock);
	/*
	 * Types are asked for now: they may have changed since the pages were cached (case
	 * 22).
	 */
	if (unlikely(zone_has_special(zone))) {
		while (nr--) {
			struct page *page = *block++;

			pages += free_any(zone, page, page_word_order(page_word(page)));
		}
	} else {
		while (nr--) {
			struct page *page = *block++;
			unsigned order = page_word_order(page_word(page));

			free_block(zone, page, order, get_pageblock_migratetype(page),
				   PAGE_STATE_FREE);
			pages += 1 << order;
		}
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
 * Takes a block of at least 2^order and at most 2^want pages (order <= want) of mobility
 * mt: the smallest on the lists, split in halves down to want.  NULL when there is none.  A
 * special type's own count is the caller's.  Follows Linux's __rmqueue_smallest() and
 * expand() (6.1).
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
	struct page *page = take_smallest(zone, order, order, mt);

	if (unlikely(mt >= MIGRATE_PCPTYPES && page))
		account_special(zone, -(1 << order), mt);
	return page;
}

/* A block of exactly 2^order pages of mobility mt, or NULL.  Interrupts are off. */
struct page *rmqueue_buddy(struct zone *zone, unsigned order, enum migratetype mt)
{
	struct page *page;

	port_spin_lock(&zone->lock);
	page = __rmqueue_smallest(zone, order, mt);
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
	if (unlikely(mt >= MIGRATE_PCPTYPES))
		for (unsigned i = 0; i < nr; i++)
			account_special(zone, -(1 << page_word_order(page_word(block[i]))), mt);
	port_spin_unlock(&zone->lock);
	return nr;
}

/* ---- whole pageblocks ---------------------------------------------------------- */

/* The page after the block that begins at page; a page with no block to speak of is one. */
static inline unsigned long block_step(const struct page *page)
{
	return 1UL << page_word_order(page_word(page));
}

#if BUDDY_MOBILITY

static inline struct page *block_start(struct page *page)
{
	return index_to_page(page_index(page) & ~(unsigned long)(pageblock_nr_pages - 1));
}

/*
 * Pages on free lists in the pageblock of page; 0 if it is in more than `most`
 * pieces, free or not, which also bounds the walk, or on its way back from isolation: then
 * its free blocks are on lists of two types, and move_freepages_block() is not for it.
 */
unsigned count_free_in_block(struct page *page, unsigned most)
{
	struct page *p = block_start(page), *end = p + pageblock_nr_pages;
	unsigned nr = 0;

	for (; p < end; p += block_step(p)) {
		uint32_t word = page_word(p);

		if (!most-- || (word & ~PAGE_ORDER_MASK) == (PAGE_STATE_FREE | PAGE_ISOLATED))
			return 0;
		if (page_word_state(word) == PAGE_STATE_FREE)
			nr += (unsigned)block_step(p);
	}
	return nr;
}

/* nr pages change from one type's lists to another's. */
static void account_move(struct zone *zone, int nr, enum migratetype from, enum migratetype to)
{
	int less = account_freepages(zone, -nr, from);

	free_counted(zone, less + account_freepages(zone, nr, to));
}

/*
 * Turns the pageblock of page over to mobility mt, its free blocks with it. Not for a
 * pageblock that lies inside a larger free block, nor for MIGRATE_ISOLATE.  Returns the
 * number of free pages moved.  One pageblock's descriptors at most.
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
	if (unlikely(old >= MIGRATE_PCPTYPES || mt >= MIGRATE_PCPTYPES))
		account_move(zone, (int)nr, old, mt);
	return nr;
}

/*
 * Turns a free block of one or more whole pageblocks over to mobility mt, merged with
 * others as it can be now.  It is off the lists while its types change: a block on a list
 * matches them all.
 */
void move_free_block(struct zone *zone, struct page *page, enum migratetype mt)
{
	unsigned order = page_word_order(page_word(page));
	enum migratetype old = get_pageblock_migratetype(page);

	MM_ASSERT(order >= pageblock_order);
	del_page_from_free_list(zone, page, order, old);
	for (unsigned long i = 0; i < 1UL << order; i += pageblock_nr_pages)
		set_pageblock_migratetype(page + i, mt);
	/* What kept it apart from its buddy may be gone. */
	merge_pageblocks(zone, page_index(page), order, mt);
	if (unlikely(old >= MIGRATE_PCPTYPES))
		account_move(zone, 1 << order, old, mt);
}

#endif /* BUDDY_MOBILITY */

#if BUDDY_CMA || BUDDY_COMPACTION

/*
 * Puts [p, end), which is off the lists and uncounted, on the lists of mt in the largest
 * blocks that fit.
 */
static void list_range(struct zone *zone, struct page *p, struct page *end, enum migratetype mt)
{
	while (p < end) {
		unsigned order = (unsigned)__builtin_ctzl(page_index(p) | 1UL << MAX_ORDER);

		while (p + (1UL << order) > end)
			order--;
		add_to_free_list(zone, p, order, mt);
		p += 1UL << order;
	}
}

/*
 * Takes the free blocks that begin at block[0..nr), as far as they are still free and their
 * pageblocks of one of `types` (a bit each): of together at most `want` pages, what is more
 * of one stays on the lists.  Returns how many, the first in block[]; their words are
 * PAGE_STATE_PCP.
 */
unsigned take_free_blocks(struct zone *zone, struct page **block, unsigned nr, unsigned want,
			  unsigned types)
{
	unsigned got = 0, left = want;

	port_spin_lock(&zone->lock);
	for (struct page **b = block, **end = block + nr; b < end && left; b++) {
		struct page *page = *b;
		enum migratetype mt = get_pageblock_migratetype(page);
		uint32_t word = page_word(page);
		unsigned order = page_word_order(word);

		/* Nor what is on its way to or from isolation: its type is not its list's. */
		if ((word & ~PAGE_ORDER_MASK) != PAGE_STATE_FREE || !(types >> mt & 1))
			continue;
		del_page_from_free_list(zone, page, order, mt);
		if (unlikely(1U << order > left)) {
			unsigned most = ilog2(left);

			list_range(zone, page + (1UL << most), page + (1UL << order), mt);
			order = most;
		}
		set_page_word(page, PAGE_STATE_PCP | order);
		if (unlikely(mt >= MIGRATE_PCPTYPES))
			account_special(zone, -(1 << order), mt);
		left -= 1U << order;
		block[got++] = page;
	}
	WRITE_ONCE(zone->nr_free_pages, zone->nr_free_pages - (want - left));
	port_spin_unlock(&zone->lock);
	return got;
}
#endif

#if BUDDY_CMA

/* The free block in which page lies, or NULL.  The zone's lock is held. */
struct page *free_block_of(struct page *page)
{
	uint32_t word;
	struct page *head = block_head(page, &word);

	return page_word_state(word) == PAGE_STATE_FREE ? head : NULL;
}

/*
 * Makes a block of its own of the pageblock at `page` where it lies inside a
 * larger free block.
 */
void split_to_pageblock(struct zone *zone, struct page *page)
{
	struct page *head = free_block_of(page);
	enum migratetype mt = get_pageblock_migratetype(page);
	unsigned order;

	MM_ASSERT_LOCKED(zone);
	if (!head || page_word_order(page_word(head)) <= pageblock_order)
		return;
	order = page_word_order(page_word(head));
	del_page_from_free_list(zone, head, order, mt);
	set_page_word(head, 0);
	list_range(zone, head, page, mt);
	list_range(zone, page, page + pageblock_nr_pages, mt);
	list_range(zone, page + pageblock_nr_pages, head + (1UL << order), mt);
}

/*
 * The pageblock that ends at `end` has been turned over from or to MIGRATE_ISOLATE, old
 * being the type that is not: moves its free blocks from p on to the list of its type
 * now, merged as they can be.  Returns where to go on after the lock was let go for a
 * moment, or end.
 */
struct page *move_isolated(struct zone *zone, struct page *p, struct page *end,
			   enum migratetype old)
{
	enum migratetype to = get_pageblock_migratetype(p);

	MM_ASSERT_LOCKED(zone);
	for (unsigned steps = 0; p < end && steps < MOVE_STEPS; steps++) {
		uint32_t word = page_word(p);
		unsigned order = page_word_order(word);
		enum migratetype from = word & PAGE_ISOLATED ? MIGRATE_ISOLATE : old;
		struct page *block = p;

		p += 1UL << order;
		if (page_word_state(word) != PAGE_STATE_FREE || from == to)
			continue;
		steps += 3;
		del_page_from_free_list(zone, block, order, from);
		set_page_word(block, PAGE_STATE_PCP | order);
		free_block(zone, block, order, to, free_state(to));
		account_move(zone, 1 << order, from, to);
	}
	return p < end ? p : end;
}

/*
 * Takes the isolated free block in which page lies off its list, as far as it is within
 * [page, end); the rest stays.  Returns the number of pages taken, whose words
 * are 0 and the caller's; 0: page is not free and isolated.
 */
unsigned take_isolated(struct zone *zone, struct page *page, struct page *end)
{
	struct page *head = free_block_of(page), *stop;
	unsigned order;

	MM_ASSERT_LOCKED(zone);
	if (!head || !(page_word(head) & PAGE_ISOLATED))
		return 0;
	order = page_word_order(page_word(head));
	stop = head + (1UL << order);
	del_page_from_free_list(zone, head, order, MIGRATE_ISOLATE);
	set_page_word(head, 0);
	list_range(zone, head, page, MIGRATE_ISOLATE);
	if (stop > end)
		list_range(zone, end, stop, MIGRATE_ISOLATE);
	else
		end = stop;
	account_special(zone, (int)(page - end), MIGRATE_ISOLATE);
	return (unsigned)(end - page);
}

#endif /* BUDDY_CMA */

#endif /* !BUDDY_TINY */
