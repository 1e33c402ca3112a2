// SPDX-License-Identifier: MIT
/*
 * tiny_init - the smallest configuration's start-up.
 *
 * The descriptors take the first pages of the range and stand for these, too, as reserved
 * ones, so that no address in it needs a special case.  Pages are freed one by one: the
 * free lists do the rest.
 *
 * State: what is [I] in tiny.h.  Guard: start-up, one CPU.
 *
 * Not here: requests and frees (tiny.c), addresses (tiny_map.c).
 */
#include <buddy/errno.h>
#include <buddy/init.h>
#include <mm/tiny.h>

#if BUDDY_TINY

static int refuse(int err, const char *why)
{
	port_log("mm_init_range: %s\n", why);
	return err;
}

int mm_init_range(phys_addr_t base, phys_addr_t bytes, unsigned min_free_kbytes)
{
	phys_addr_t end = base + bytes;
	unsigned long nr, tables;
	port_irqflags_t flags;

	if (nr_map_pages)
		return refuse(-EPERM, "called twice: the memory has its owner");
	base = (base + PAGE_SIZE - 1) & ~(phys_addr_t)(PAGE_SIZE - 1);
	end &= ~(phys_addr_t)(PAGE_SIZE - 1);
	if (end <= base)
		return refuse(-EINVAL, "a range of one whole page at least expected");
	if ((end - base) >> PAGE_SHIFT >= NO_PAGE) {
		(void)refuse(0, "65,534 pages are used, the rest is left out");
		end = base + ((phys_addr_t)(NO_PAGE - 1) << PAGE_SHIFT);
	}
	nr = (unsigned long)((end - base) >> PAGE_SHIFT);
	tables = (nr * sizeof(struct page) + PAGE_SIZE - 1) >> PAGE_SHIFT;
	if (tables >= nr)
		return refuse(-ENOMEM, "no page is left beside the descriptors");

	flags = tiny_lock();
	for (unsigned order = 0; order < NR_ORDERS; order++)
		tiny_zone.first[order] = NO_PAGE;
	mem_map = port_phys_to_virt(base);
	mem_map_pfn = (unsigned long)(base >> PAGE_SHIFT);
	nr_map_pages = (unsigned)nr;
	tiny_zone.managed = (uint32_t)(nr - tables);
	tiny_zone.watermark =
		min_free_kbytes ? min_free_kbytes >> (PAGE_SHIFT - 10) : tiny_zone.managed / 32;
	for (unsigned long i = 0; i < nr; i++)
		tiny_set_word(mem_map + i, i < tables ? PAGE_STATE_RESERVED : 0);
	for (unsigned long i = tables; i < nr; i++)
		tiny_free(mem_map + i, 0);
	tiny_unlock(flags);
	return 0;
}

#endif /* BUDDY_TINY */
