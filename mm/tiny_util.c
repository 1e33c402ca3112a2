// SPDX-License-Identifier: MIT
/*
 * tiny_util - the smallest configuration's pages by bytes and by array, and the split of a
 * block into single pages.
 *
 * State: none.  Locks: what it calls takes the zone's, for one page at a time.
 *
 * Not here: lists of pages; descriptors of 8 bytes have no list_head.
 */
#include <mm/tiny.h>

#if BUDDY_TINY

#define MAX_BLOCK (1UL << MAX_ORDER)

void split_page(struct page *page, unsigned order)
{
	const bool valid = tiny_valid(page) && order <= MAX_ORDER;

	if (!valid || tiny_word(page) != PAGE_ALLOCATED(order)) {
		(void)bad_alloc("split_page: an allocated block of this order with one reference "
				"expected",
				0, order, __builtin_return_address(0));
		return;
	}
	for (unsigned long i = 1UL << order; i--;)
		tiny_set_word(page + i, PAGE_ALLOCATED(0));
}

/* Pages of so many bytes; 0 for none, and for more than the largest block holds. */
static unsigned long pages_of(size_t bytes)
{
	unsigned long nr = (bytes >> PAGE_SHIFT) + !!(bytes & (PAGE_SIZE - 1));

	return nr <= MAX_BLOCK ? nr : 0;
}

void *alloc_pages_exact(size_t bytes, gfp_t gfp)
{
	unsigned long nr = pages_of(bytes);
	unsigned order = nr ? 0 : MAX_ORDER + 1;
	struct page *page;

	while (1UL << order < nr)
		order++;
	page = tiny_alloc(gfp & ~(__GFP_COMP | __GFP_HIGHMEM), order, __builtin_return_address(0));
	if (!page)
		return NULL;
	split_page(page, order);
	for (unsigned long i = nr; i < 1UL << order; i++)
		__free_page(page + i);
	return page_address(page);
}

void free_pages_exact(void *addr, size_t bytes)
{
	struct page *page = (uintptr_t)addr & (PAGE_SIZE - 1) ? NULL : virt_to_page(addr);
	unsigned long nr = pages_of(bytes);

	if (!addr)
		return;
	if (!page || !nr) {
		bad_free("free_pages_exact", addr, 0, 0, "not of alloc_pages_exact()",
			 __builtin_return_address(0));
		return;
	}
	while (nr--)
		tiny_put("free_pages_exact", page++, 0, __builtin_return_address(0));
}

unsigned alloc_pages_bulk_array(gfp_t gfp, unsigned nr, struct page **pages)
{
	unsigned i = 0;

	for (; i < nr; i++) {
		if (!pages[i])
			pages[i] = tiny_alloc(gfp, 0, __builtin_return_address(0));
		if (!pages[i])
			break;
	}
	return i;
}

void free_pages_bulk_array(unsigned nr, struct page **pages)
{
	for (unsigned i = 0; i < nr; i++)
		if (pages[i])
			tiny_put("free_pages_bulk_array", pages[i], 0, __builtin_return_address(0));
}

#endif /* BUDDY_TINY */
