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

struct page *mem_map;
unsigned nr_map_pages;
uint16_t section_to_map[NR_MEM_SECTIONS];
uint16_t map_to_section[NR_MEM_SECTIONS];
unsigned long max_low_pfn;

void *page_address(const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);

	return pfn < max_low_pfn ? port_phys_to_virt((uint64_t)pfn << PAGE_SHIFT) : NULL;
}

struct page *virt_to_page(const void *addr)
{
	uint64_t pfn = port_virt_to_phys(addr) >> PAGE_SHIFT;

	if (pfn >= max_low_pfn || !pfn_valid((unsigned long)pfn))
		return NULL;
	return pfn_to_page((unsigned long)pfn);
}
