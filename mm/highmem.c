// SPDX-License-Identifier: MIT
/*
 * highmem - an address, for a while, for pages that have none.
 *
 * Pages of the permanent mapping keep their address and cost a comparison; for the
 * others the port lends a place (port_kmap_local()).  Which of the two an address
 * was is seen when it is given back: the permanent mapping is RAM below
 * max_low_pfn, and the port's places lie outside of it.
 *
 * State: none; the port keeps the places of each CPU or task, in the order in
 * which they were taken.
 *
 * Not here: any check of that order; a port that can tell panics.
 */
#include <string.h>

#include <buddy/highmem.h>
#include <mm/internal.h>

#if !BUDDY_TINY

bool PageHighMem(const struct page *page)
{
	return BUDDY_HIGHMEM && page_to_pfn(page) >= max_low_pfn;
}

void *kmap_local_page(const struct page *page)
{
	void *addr = page_address(page);

	return !BUDDY_HIGHMEM || addr ? addr
				      : port_kmap_local((uint64_t)page_to_pfn(page) << PAGE_SHIFT);
}

void kunmap_local(const void *addr)
{
	if (BUDDY_HIGHMEM && !virt_to_page(addr))
		port_kunmap_local(addr);
}

void clear_highpage(struct page *page)
{
	void *addr = kmap_local_page(page);

	port_clear_page(addr);
	kunmap_local(addr);
}

void copy_highpage(struct page *to, struct page *from)
{
	const void *q = page_address(from);
	void *p = page_address(to);

	if (!BUDDY_HIGHMEM || likely(p && q)) {
		port_copy_page(p, q);
		return;
	}
	q = kmap_local_page(from);
	p = kmap_local_page(to);
	port_copy_page(p, q);
	kunmap_local(p);
	kunmap_local(q);
}

void memcpy_to_page(struct page *page, size_t offset, const void *from, size_t len)
{
	char *addr = kmap_local_page(page);

	MM_ASSERT(offset <= PAGE_SIZE && len <= PAGE_SIZE - offset);
	memcpy(addr + offset, from, len);
	kunmap_local(addr);
}

void memcpy_from_page(void *to, struct page *page, size_t offset, size_t len)
{
	const char *addr = kmap_local_page(page);

	MM_ASSERT(offset <= PAGE_SIZE && len <= PAGE_SIZE - offset);
	memcpy(to, addr + offset, len);
	kunmap_local(addr);
}

#endif /* !BUDDY_TINY */
