// SPDX-License-Identifier: MIT
/*
 * bulk - many pages of order 0 in one call, as an array.
 *
 * As alloc_page() and __free_page() over and over, but with the steps that are the
 * same for all pages done once for a run of BULK_RUN of them; in between interrupts
 * are let in.
 *
 * State: none of its own; pops and pushes mm_cpu->list[][][0].
 *
 * Not here: single blocks (page_alloc.c), lists (exact.c).
 */
#include <mm/internal.h>

#if !BUDDY_TINY

#if BUDDY_PCP

/* Pages of an array that are moved before interrupts are let in. */
#define BULK_RUN 64

/* Fills empty slots from this CPU's cache for as long as it has pages; where it stopped. */
static struct page **bulk_from_pcp(gfp_t gfp, struct page **slot, struct page **stop)
{
	port_irqflags_t flags = port_irq_save();
	struct pcp_list *list = READ_ONCE(this_cpu()->fast[gfp & GFP_FAST_MASK]);
	struct page **top = list->top;

	if (stop - slot > top - list->base)
		stop = slot + (top - list->base);
	for (; slot < stop; slot++) {
		if (likely(!*slot)) {
			struct page *page = *--top;

			set_page_word(page, PAGE_ALLOCATED(0));
			*slot = page;
		}
	}
	/* An empty one may be all CPUs' (pcp.c), and is not written to. */
	if (likely(list->top != top)) {
		ADD_ONCE(list->nr_alloc, (uint32_t)(list->top - top));
		WRITE_ONCE(list->top, top);
	}
	port_irq_restore(flags);
	return slot;
}

unsigned alloc_pages_bulk_array(gfp_t gfp, unsigned nr, struct page **pages)
{
	struct page **slot = pages, **end = pages + nr;

	while (slot < end) {
		struct page **stop = end - slot > BULK_RUN ? slot + BULK_RUN : end;

		if (!(gfp & GFP_NOT_FAST))
			slot = bulk_from_pcp(gfp, slot, stop);
		if (slot < stop) {
			if (!*slot)
				*slot = alloc_pages(gfp, 0);
			if (!*slot)
				break;
			slot++;
		}
	}
	return (unsigned)(slot - pages);
}

/*
 * Pushes pages of order 0 for as long as they are of one zone and mobility and
 * there is room; where it stopped.
 */
static struct page **bulk_to_pcp(struct page **slot, struct page **stop)
{
	port_irqflags_t flags = port_irq_save();
	struct mm_cpu *cpu = this_cpu();
	const uint8_t *base = READ_ONCE(cpu->map_base);
	unsigned byte = byte_of(base, *slot);
	struct pcp_list *list = &cpu->list[byte >> PB_ZONE_SHIFT][byte & PB_TYPE_MASK][0];
	struct page **top = list->top;

	if (stop - slot > list->end - top)
		stop = slot + (list->end - top);
	while (slot < stop) {
		struct page *page = *slot;

		/* In this order: what is no descriptor is not read. */
		if (byte_of(base, page) != byte || page_word(page) != PAGE_ALLOCATED(0))
			break;
		slot++;
		*top++ = page;
		set_page_word(page, PAGE_STATE_PCP);
	}
	WRITE_ONCE(list->top, top);
	port_irq_restore(flags);
	return slot;
}

void free_pages_bulk_array(unsigned nr, struct page **pages)
{
	struct page **end = pages + nr;

	while (pages < end) {
		struct page **stop = end - pages > BULK_RUN ? pages + BULK_RUN : end;
		struct page **next = bulk_to_pcp(pages, stop);

		if (next == pages)
			free_pages_from(*next++, 0, CALLER);
		pages = next;
	}
}

#else

unsigned alloc_pages_bulk_array(gfp_t gfp, unsigned nr, struct page **pages)
{
	unsigned i = 0;

	for (; i < nr; i++) {
		if (!pages[i])
			pages[i] = alloc_pages(gfp, 0);
		if (!pages[i])
			break;
	}
	return i;
}

void free_pages_bulk_array(unsigned nr, struct page **pages)
{
	for (unsigned i = 0; i < nr; i++)
		free_pages_from(pages[i], 0, CALLER);
}

#endif /* BUDDY_PCP */

#endif /* !BUDDY_TINY */
