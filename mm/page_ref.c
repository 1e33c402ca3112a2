// SPDX-License-Identifier: MIT
/*
 * page_ref - references of allocated blocks, and what happens to the last one.
 *
 * References stand in the block's word.  One is dropped by compare-and-swap,
 * except the last: then nobody else has the block, and its word is written as it is.
 * Movable pages are different: compaction and reclaim look for pages with one reference and
 * take them (movable.c).  So their last reference goes by compare-and-swap, too, to a
 * word that says nothing of movable any more.
 *
 * State: none.  Locks: none; frees into this CPU's cache with interrupts off.
 *
 * Not here: the free of a block with one reference and nothing special, the fast path
 * (page_alloc.c).
 *
 * Follows Linux's get_page(), put_page() and page_ref_freeze() (6.1).
 */
#include <mm/internal.h>

#if !BUDDY_TINY

/*
 * Nobody takes the page from here on: its word is that of an ordinary one.  False: it
 * changed, *word is anew.
 */
static inline bool freeze_movable(struct page *page, uint32_t *word)
{
	uint32_t old = *word;

	if (!__atomic_compare_exchange_n(&page->word, word,
					 PAGE_ALLOCATED(0) | (old & PAGE_ACCOUNT), false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	*word = PAGE_ALLOCATED(0) | (old & PAGE_ACCOUNT);
	if (unlikely(old & (PAGE_LRU | PAGE_DIRTY | PAGE_WRITEBACK)))
		movable_forget(page, old);
	return true;
}

/* The word of a block is its last holder's: what else there is to do before it is free. */
static void before_free(struct page *page, uint32_t word, const void *caller)
{
	if (unlikely(word & PAGE_ACCOUNT))
		count_rare_events(PGUNACCOUNT, 1U << page_word_order(word));
	if (unlikely(mm_debug_on))
		free_pages_prepare(page, page_word_order(word), caller);
}

static void put_last(const char *what, struct page *page, uint32_t word, const void *caller)
{
	/* What the other holders did comes before the free. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (unlikely(word & PAGE_COMP)) {
		destroy_compound_page(page);
		word = page_word(page);
		if (word >> PAGE_REF_SHIFT != 1 || page_word_state(word) != PAGE_STATE_ALLOCATED) {
			bad_free(what, page, page_word_order(word), word,
				 "its destructor took or freed it", caller);
			return;
		}
	}
	before_free(page, word, caller);
	free_block_now(page, page_word_order(word), page_pageblock(page));
}

void put_block(const char *what, struct page *page, int order, const void *caller)
{
	uint32_t word = page_word(page);

	for (;;) {
		unsigned said = order < 0 ? page_word_order(word) : (unsigned)order;

		if (page_word_state(word) != PAGE_STATE_ALLOCATED ||
		    page_word_order(word) != said ||
		    (word >> PAGE_REF_SHIFT == 1 &&
		     (word & (PAGE_CMA | PAGE_MOVABLE)) == PAGE_CMA)) {
			bad_free(what, page, said, word, why_not(word, said), caller);
			return;
		}
		if (word >> PAGE_REF_SHIFT == 1) {
			if (unlikely(word & PAGE_MOVABLE) && !freeze_movable(page, &word))
				continue;
			put_last(what, page, word, caller);
			return;
		}
		if (__atomic_compare_exchange_n(&page->word, &word, word - PAGE_REF_ONE, false,
						__ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return;
	}
}

/* ---- pages that were taken ------------------------------------------------- */

void movable_putback(struct page *page)
{
	__atomic_and_fetch(&page->word, ~PAGE_TAKEN, __ATOMIC_RELEASE);
	put_block("putback", page, 0, CALLER);
}

bool movable_release(struct page *page, const void *caller)
{
	uint32_t word = page_word(page);

	for (;;) {
		MM_ASSERT((word & PAGE_TAKEN) && word >> PAGE_REF_SHIFT >= 2);
		if (word >> PAGE_REF_SHIFT == 2) {
			if (!freeze_movable(page, &word))
				continue;
			before_free(page, word, caller);
			set_page_word(page, PAGE_STATE_PCP);
			return true;
		}
		if (__atomic_compare_exchange_n(&page->word, &word,
						(word & ~PAGE_TAKEN) - 2 * PAGE_REF_ONE, false,
						__ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return false;
	}
}

/* ---- references ---------------------------------------------------------- */

/* References of a compound page are its first page's. */
static inline struct page *head_of(struct page *page)
{
	return likely(page_word(page)) ? page : compound_head(page);
}

void get_page(struct page *page)
{
	uint32_t word;

	if (unlikely(!is_descriptor(page))) {
		bad_free("get_page", page, 0, 0, "foreign: no page descriptor", CALLER);
		return;
	}
	page = head_of(page);
	word = page_word(page);
	do {
		if (unlikely(page_word_state(word) != PAGE_STATE_ALLOCATED ||
			     word >> PAGE_REF_SHIFT >= PAGE_REF_MAX)) {
			bad_free("get_page", page, page_word_order(word), word,
				 page_word_state(word) == PAGE_STATE_ALLOCATED
					 ? "too many references"
					 : "not allocated",
				 CALLER);
			return;
		}
	} while (!__atomic_compare_exchange_n(&page->word, &word, word + PAGE_REF_ONE, false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

void put_page(struct page *page)
{
	if (!page)
		return;
	if (unlikely(!is_descriptor(page)))
		bad_free("put_page", page, 0, 0, "foreign: no page descriptor", CALLER);
	else
		put_block("put_page", head_of(page), -1, CALLER);
}

#endif /* !BUDDY_TINY */
