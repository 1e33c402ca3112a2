// SPDX-License-Identifier: MIT
/*
 * exact - pages by bytes instead of by order, and by list instead of by array.
 *
 * Bytes: the smallest block that holds them is taken, split into single pages,
 * and what is too much goes back at once.  Lists: walked in runs that fit into an
 * array on the stack, each of which is one bulk call: the caches are entered once
 * for a run, as they are for arrays.
 *
 * A list is only followed where it is whole.  The links of a page that was freed
 * already may be those of a zone's free list, and would lead into it.
 *
 * State: none.
 *
 * Not here: whether a page may be freed; each is looked at by
 * free_pages_bulk_array(), which refuses and reports it.
 */
#include <mm/internal.h>

#if !BUDDY_TINY

/* Pages of one bulk call, and words of stack. */
#define RUN 32

#define MAX_BLOCK (1UL << MAX_ORDER)

/* Frees pages that stand side by side. */
static void free_side_by_side(struct page *page, unsigned long nr)
{
	struct page *run[RUN];

	while (nr) {
		unsigned n = 0;

		for (; n < RUN && nr; nr--)
			run[n++] = page++;
		free_pages_bulk_array(n, run);
	}
}

void *alloc_pages_exact(size_t bytes, gfp_t gfp)
{
	unsigned long nr = bytes_to_pages(bytes);
	/* None at all is as wrong as too many: an order that is refused. */
	unsigned order = nr - 1 < MAX_BLOCK ? order_of_pages((unsigned)nr) : MAX_ORDER + 1;
	/* Single pages: there is nothing for __GFP_COMP to hold together. */
	void *addr = __get_free_pages(gfp & ~__GFP_COMP, order);

	if (addr) {
		struct page *page = virt_to_page(addr);

		split_page(page, order);
		free_side_by_side(page + nr, (1UL << order) - nr);
	}
	return addr;
}

void free_pages_exact(void *addr, size_t bytes)
{
	unsigned long nr = bytes_to_pages(bytes);
	struct page *page;

	if (!addr)
		return;
	page = (uintptr_t)addr & (PAGE_SIZE - 1) ? NULL : virt_to_page(addr);
	/* Past the end of the largest block the next descriptors may be of other frames. */
	if (unlikely(!page || nr - 1 >= MAX_BLOCK - (page_to_pfn(page) & (MAX_BLOCK - 1)))) {
		count_rare_event(BAD_FREE);
		misuse_log(
			"free_pages_exact: %lu bytes at %p from %p: not of alloc_pages_exact()\n",
			(unsigned long)bytes, addr, CALLER);
		return;
	}
	free_side_by_side(page, nr);
}

/* ---- lists ------------------------------------------------------------- */

unsigned alloc_pages_bulk_list(gfp_t gfp, unsigned nr, struct list_head *list)
{
	unsigned done = 0, got, want;

	do {
		struct page *run[RUN] = {NULL};

		want = min_t(nr - done, RUN);
		got = alloc_pages_bulk_array(gfp, want, run);
		for (unsigned i = 0; i < got; i++)
			list_add(&run[i]->lru, list->prev);
		done += got;
	} while (got == want && done < nr);
	return done;
}

void free_unref_page_list(struct list_head *list)
{
	struct list_head *n = list->next, *prev = list;
	struct page *run[RUN];
	unsigned nr = 0;

	while (n != list) {
		struct page *page = lru_to_page(n);

		if (unlikely(!page_valid(page) || n->prev != prev ||
			     page_word_state(page_word(page)) == PAGE_STATE_FREE)) {
			count_rare_event(BAD_FREE);
			misuse_log(
				"free_unref_page_list: page %p from %p: free, or not linked to the "
				"one before: the list is left there\n",
				page, CALLER);
			break;
		}
		prev = n;
		n = n->next;
		run[nr++] = page;
		if (nr == RUN) {
			free_pages_bulk_array(nr, run);
			nr = 0;
		}
	}
	free_pages_bulk_array(nr, run);
	INIT_LIST_HEAD(list);
}

#endif /* !BUDDY_TINY */
