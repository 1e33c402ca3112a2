// SPDX-License-Identifier: MIT
/*
 * movable - what the words of owners' pages say, and the counts of it.
 *
 * A page is movable from __SetPageMovable() until its last reference goes; its flags are
 * changed by atomic operations, as several may look at it at once: its owner, a
 * user that marks it, compaction, reclaim.  Whoever wants to move or evict it takes it: one
 * compare-and-swap from "movable, one reference, not taken" that adds a reference and
 * PAGE_TAKEN.
 *
 * State: zone->nr_lru, nr_dirty, nr_writeback and the pageblocks' notes, relaxed atomics: the
 * sums of what words say, exact when nobody is between the two.
 *
 * Not here: references (page_ref.c), when a page moves (migrate.c), choosing (vmscan.c,
 * compaction.c).
 *
 * Follows Linux's __SetPageMovable(), isolate_movable_page() and the page flags' helpers
 * (6.1).
 */
#include <buddy/highmem.h>
#include <mm/internal.h>

#if !BUDDY_TINY

uint16_t *pageblock_notes;
uint32_t nr_reclaim_sources;

static bool has(uint32_t word, uint32_t flags)
{
	return (word & (PAGE_STATE_MASK | PAGE_MOVABLE | flags)) ==
	       (PAGE_STATE_ALLOCATED | PAGE_MOVABLE | flags);
}

/*
 * Sets `on` and clears `off` of a movable page.  Returns the word before; what is no
 * movable page is refused.
 */
static uint32_t change(const char *what, struct page *page, uint32_t on, uint32_t off,
		       const void *caller)
{
	uint32_t word;

	if (unlikely(!is_descriptor(page))) {
		bad_free(what, page, 0, 0, "foreign: no page descriptor", caller);
		return on & ~off;
	}
	word = page_word(page);
	do {
		if (unlikely(!has(word, 0))) {
			bad_free(what, page, 0, word, "a movable page expected", caller);
			return on & ~off; /* for the caller nothing has changed */
		}
		if ((word & (on | off)) == on)
			return word;
	} while (!__atomic_compare_exchange_n(&page->word, &word, (word | on) & ~off, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	return word;
}

static void count(uint32_t *counter, int nr)
{
	__atomic_add_fetch(counter, (uint32_t)nr, __ATOMIC_RELAXED);
}

static void count_lru(struct page *page, int nr)
{
	struct zone *zone = page_zone(page);

	/* The first one ever: from now on there is something that kswapd could do. */
	if (nr > 0 && unlikely(!(READ_ONCE(nr_reclaim_sources) & RECLAIM_PAGES)))
		__atomic_or_fetch(&nr_reclaim_sources, RECLAIM_PAGES, __ATOMIC_RELAXED);
	count(&zone->nr_lru, nr);
	__atomic_add_fetch(pageblock_note(page), (uint16_t)nr, __ATOMIC_RELAXED);
}

static inline void note_movable(const struct page *page)
{
	struct zone *zone = page_zone(page);

	if (unlikely(!READ_ONCE(zone->has_movable)))
		WRITE_ONCE(zone->has_movable, 1);
}

void __SetPageMovable(struct page *page, const struct movable_operations *mops)
{
	uint32_t word;

	if (unlikely(!is_descriptor(page))) {
		bad_free("__SetPageMovable", page, 0, 0, "foreign: no page descriptor", CALLER);
		return;
	}
	word = page_word(page);
	if (unlikely((word & ~PAGE_ACCOUNT) != PAGE_ALLOCATED(0))) {
		bad_free("__SetPageMovable", page, 0, word,
			 "an allocated page of order 0 with one reference expected", CALLER);
		return;
	}
	if (unlikely(!mops || !mops->isolate_page || !mops->migrate_page || !mops->putback_page)) {
		bad_free("__SetPageMovable", page, 0, word, "an operation is missing", CALLER);
		return;
	}
	page->mapping = (void *)(uintptr_t)mops;
	note_movable(page);
	/* Release: who takes it finds what its owner wrote. */
	__atomic_or_fetch(&page->word, PAGE_MOVABLE, __ATOMIC_RELEASE);
}

bool __ClearPageMovable(struct page *page)
{
	uint32_t word;

	if (unlikely(!is_descriptor(page))) {
		bad_free("__ClearPageMovable", page, 0, 0, "foreign: no page descriptor", CALLER);
		return true;
	}
	word = page_word(page);
	do {
		if (unlikely(!has(word, 0))) {
			bad_free("__ClearPageMovable", page, 0, word, "a movable page expected",
				 CALLER);
			return true;
		}
		if (word & PAGE_TAKEN)
			return false;
	} while (!__atomic_compare_exchange_n(&page->word, &word,
					      word & ~(PAGE_MOVABLE | MOVABLE_FLAGS), false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	movable_forget(page, word);
	return true;
}

bool movable_take(struct page *page)
{
	uint32_t word = page_word(page);

	while (has(word, 0) && !(word & PAGE_TAKEN) && word >> PAGE_REF_SHIFT == 1)
		if (__atomic_compare_exchange_n(&page->word, &word,
						(word | PAGE_TAKEN) + PAGE_REF_ONE, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return true;
	return false;
}

void movable_clear_referenced(struct page *page)
{
	uint32_t word = page_word(page);

	/* Whoever has the page now: only the bit of one that is movable is touched. */
	while (has(word, PAGE_REFERENCED))
		if (__atomic_compare_exchange_n(&page->word, &word, word & ~PAGE_REFERENCED, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return;
}

bool movable_take_held(struct page *page)
{
	uint32_t word = page_word(page);

	while (has(word, 0) && !(word & PAGE_TAKEN) && word >> PAGE_REF_SHIFT == 2)
		if (__atomic_compare_exchange_n(&page->word, &word, word | PAGE_TAKEN, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return true;
	return false;
}

void movable_forget(struct page *page, uint32_t word)
{
	if (word & PAGE_LRU)
		count_lru(page, -1);
	if (word & PAGE_DIRTY)
		count(&page_zone(page)->nr_dirty, -1);
	if (word & PAGE_WRITEBACK)
		count(&page_zone(page)->nr_writeback, -1);
}

/* Here, so that owners are the same where nothing is moved (BUDDY_COMPACTION). */
void migrate_page_copy(struct page *dst, struct page *src)
{
	copy_highpage(dst, src);
}

void migrate_page_states(struct page *dst, struct page *src)
{
	uint32_t flags = page_word(src) & (PAGE_MOVABLE | PAGE_LRU | PAGE_REFERENCED | PAGE_DIRTY);

	MM_ASSERT(has(page_word(src), PAGE_TAKEN));
	dst->mapping = src->mapping;
	dst->index = src->index;
	dst->priv = src->priv;
	note_movable(dst);
	if (flags & PAGE_LRU)
		count_lru(dst, 1);
	if (flags & PAGE_DIRTY)
		count(&page_zone(dst)->nr_dirty, 1);
	__atomic_or_fetch(&dst->word, flags, __ATOMIC_RELEASE);
}

/* ---- reclaimable ---------------------------------------------------------------- */

void lru_cache_add(struct page *page)
{
	if (!(change("lru_cache_add", page, PAGE_LRU, 0, CALLER) & PAGE_LRU))
		count_lru(page, 1);
}

void lru_cache_del(struct page *page)
{
	if (change("lru_cache_del", page, 0, PAGE_LRU, CALLER) & PAGE_LRU)
		count_lru(page, -1);
}

void mark_page_accessed(struct page *page)
{
	change("mark_page_accessed", page, PAGE_REFERENCED, 0, CALLER);
}

bool set_page_dirty(struct page *page)
{
	if (change("set_page_dirty", page, PAGE_DIRTY, 0, CALLER) & PAGE_DIRTY)
		return false;
	count(&page_zone(page)->nr_dirty, 1);
	return true;
}

bool clear_page_dirty_for_io(struct page *page)
{
	if (!(change("clear_page_dirty_for_io", page, 0, PAGE_DIRTY, CALLER) & PAGE_DIRTY))
		return false;
	count(&page_zone(page)->nr_dirty, -1);
	return true;
}

void set_page_writeback(struct page *page)
{
	if (!(change("set_page_writeback", page, PAGE_WRITEBACK, 0, CALLER) & PAGE_WRITEBACK))
		count(&page_zone(page)->nr_writeback, 1);
}

void end_page_writeback(struct page *page)
{
	if (change("end_page_writeback", page, 0, PAGE_WRITEBACK, CALLER) & PAGE_WRITEBACK)
		count(&page_zone(page)->nr_writeback, -1);
}

#endif /* !BUDDY_TINY */
