// SPDX-License-Identifier: MIT
/*
 * compound - many pages that count as one, and one block made into many pages.
 *
 * A compound block is an allocated block whose head's word has PAGE_COMP, and
 * above it the number of a destructor.  Its other pages have the word 0, as
 * those of any block: their head is found by looking at the NR_ORDERS places
 * where one could stand, which costs a little on the rare way in through a tail
 * page and no word in each descriptor.
 *
 * State: the destructors, written before the first use of each and only read
 * afterwards.  The words of allocated blocks belong to their holders: bits of
 * one change by compare-and-swap beside references that others take; a block
 * that is split has one holder, so that plain stores do.
 *
 * Not here: who sets PAGE_COMP, and the references (page_alloc.c).
 */
#include <mm/internal.h>

#if !BUDDY_TINY

#define NR_DTORS ((PAGE_DTOR_MASK >> PAGE_DTOR_SHIFT) + 1)

/* dtors[0] stays NULL: a block without one. */
static compound_page_dtor dtors[NR_DTORS];

/* page may be anything. */
static void refuse(const char *what, const struct page *page, unsigned nr, const char *why,
		   const void *caller)
{
	count_rare_event(BAD_ALLOC);
	misuse_log("%s: page %p, %u from %p: %s (word 0x%08x)\n", what, page, nr, caller, why,
		   page_valid(page) ? (unsigned)page_word(page) : 0);
}

static inline bool is_compound_head(uint32_t word)
{
	return (word & (PAGE_STATE_MASK | PAGE_COMP)) == (PAGE_STATE_ALLOCATED | PAGE_COMP);
}

/* ---- heads and tails --------------------------------------------------- */

struct page *compound_head(const struct page *page)
{
	struct page *head = NULL;
	uint32_t word = 0;

	if (likely(page_valid(page)))
		head = block_head(page, &word);
	return head && is_compound_head(word) ? head : (struct page *)page;
}

bool PageHead(const struct page *page)
{
	return page_valid(page) && is_compound_head(page_word(page));
}

bool PageTail(const struct page *page)
{
	return compound_head(page) != page;
}

bool PageCompound(const struct page *page)
{
	return PageHead(compound_head(page));
}

unsigned compound_order(const struct page *page)
{
	return PageHead(page) ? page_word_order(page_word(page)) : 0;
}

unsigned long compound_nr(const struct page *page)
{
	return 1UL << compound_order(page);
}

/* ---- destructors ------------------------------------------------------- */

int register_compound_page_dtor(unsigned nr, compound_page_dtor dtor)
{
	if (!nr || nr >= NR_DTORS)
		return -EINVAL;
	dtors[nr] = dtor;
	return 0;
}

void set_compound_page_dtor(struct page *page, unsigned nr)
{
	const char *why = !PageHead(page)    ? "not the first page of a compound one"
			  : nr >= NR_DTORS   ? "destructor 0 to 7 expected"
			  : nr && !dtors[nr] ? "no such destructor"
					     : NULL;
	uint32_t word;

	if (unlikely(why)) {
		refuse(__func__, page, nr, why, CALLER);
		return;
	}
	word = page_word(page);
	while (!__atomic_compare_exchange_n(&page->word, &word,
					    (word & ~PAGE_DTOR_MASK) | nr << PAGE_DTOR_SHIFT, true,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/*
 * The number goes first: a destructor that wrongly drops the last reference does not call
 * itself.
 */
void destroy_compound_page(struct page *head)
{
	uint32_t word = __atomic_fetch_and(&head->word, ~PAGE_DTOR_MASK, __ATOMIC_RELAXED);
	compound_page_dtor dtor = dtors[(word & PAGE_DTOR_MASK) >> PAGE_DTOR_SHIFT];

	if (dtor)
		dtor(head);
}

/* ---- one block, many pages --------------------------------------------- */

void split_page(struct page *page, unsigned order)
{
	uint32_t word = page_valid(page) ? page_word(page) : 0;

	if (unlikely(order > MAX_ORDER || (word & ~PAGE_ACCOUNT) != PAGE_ALLOCATED(order))) {
		refuse(__func__, page, order,
		       "not an allocated block of this order, with one reference, not compound",
		       CALLER);
		return;
	}
	/*
	 * The head comes last and says what it was until then: at no moment is a page
	 * neither in that block nor one by itself.
	 */
	word = PAGE_ALLOCATED(0) | (word & PAGE_ACCOUNT);
	for (unsigned long i = 1UL << order; --i;)
		set_page_word(page + i, word);
	__atomic_store_n(&page->word, word, __ATOMIC_RELEASE);
}

#endif /* !BUDDY_TINY */
