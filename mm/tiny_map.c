// SPDX-License-Identifier: MIT
/*
 * tiny_map - where the smallest configuration's descriptors are, and its counters.
 *
 * State: tiny_zone and mem_map, as tiny.h says; the counters are the lock's, which is taken
 * here for as long as one is read.
 *
 * Not here: who fills them (tiny.c, tiny_init.c).
 */
#include <mm/tiny.h>

#if BUDDY_TINY

struct tiny_zone tiny_zone;
struct page *mem_map;
unsigned nr_map_pages;
unsigned long mem_map_pfn;

/* ---- addresses ----------------------------------------------------------------- */

void *page_address(const struct page *page)
{
	return port_phys_to_virt((uint64_t)page_to_pfn(page) << PAGE_SHIFT);
}

struct page *virt_to_page(const void *addr)
{
	uint64_t place = (port_virt_to_phys(addr) >> PAGE_SHIFT) - mem_map_pfn;

	return place < nr_map_pages ? mem_map + place : NULL;
}

/* ---- counters ------------------------------------------------------------------- */

uint32_t count_rare_events(enum vm_event_item item, uint32_t nr)
{
	port_irqflags_t flags = tiny_lock();
	uint32_t before = tiny_zone.events[item];

	tiny_zone.events[item] += nr;
	tiny_unlock(flags);
	return before;
}

uint32_t vm_events(enum vm_event_item item)
{
	return (unsigned)item < NR_VM_EVENT_ITEMS ? count_rare_events(item, 0) : 0;
}

unsigned long nr_free_pages(void)
{
	port_irqflags_t flags = tiny_lock();
	unsigned long nr = tiny_zone.nr_free;

	tiny_unlock(flags);
	return nr;
}

unsigned long nr_managed_pages(void)
{
	return tiny_zone.managed;
}

#endif /* BUDDY_TINY */
