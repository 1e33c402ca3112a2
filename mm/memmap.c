// SPDX-License-Identifier: MIT
/*
 * memmap - where the descriptors are: page <-> frame number <-> address.
 *
 * mem_map has the sections that hold RAM side by side, whatever holes lie
 * between them; two tables translate (mm.h).  The hot paths work on a page's
 * place in mem_map and never come here.
 *
 * State: the tables below, written by mm_init() and only read afterwards.
 */
#include <mm/internal.h>

#if !BUDDY_TINY

struct page *mem_map;
unsigned nr_map_pages;
uint16_t section_to_map[NR_MEM_SECTIONS];
uint16_t map_to_section[NR_MEM_SECTIONS];
#if BUDDY_HIGHMEM
unsigned long max_low_pfn;
#endif

void *page_address(const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);

	return !BUDDY_HIGHMEM || pfn < max_low_pfn ? port_phys_to_virt((uint64_t)pfn << PAGE_SHIFT)
						   : NULL;
}

struct page *virt_to_page(const void *addr)
{
	uint64_t pfn = port_virt_to_phys(addr) >> PAGE_SHIFT;

	if (pfn >= max_low_pfn || !pfn_valid((unsigned long)pfn))
		return NULL;
	return pfn_to_page((unsigned long)pfn);
}

/*
 * The first page of the block in which page lies, and its word as it was read; NULL and 0
 * when it lies in none.  The nearest word below decides: its block covers the page, or none
 * does.  Bound: NR_ORDERS words.  Without the zone's lock a guess.
 */
struct page *block_head(const struct page *page, uint32_t *word)
{
	unsigned long index = page_index(page);

	for (unsigned order = 0; order < NR_ORDERS; order++) {
		unsigned long head = index & ~((1UL << order) - 1);

		*word = page_word(index_to_page(head));
		if (!*word)
			continue;
		if (index - head < 1UL << page_word_order(*word))
			return index_to_page(head);
		break;
	}
	*word = 0;
	return NULL;
}

#endif /* !BUDDY_TINY */
