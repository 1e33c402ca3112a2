// SPDX-License-Identifier: MIT
/*
 * misuse - the mistakes that a release build must survive, made on purpose.
 *
 * Each row of the table makes one mistake.  It has to be refused (a request that
 * contradicts itself: served without the contradiction): counted once
 * in BAD_FREE, BAD_ALLOC or BAD_GFP, reported by a line of the allocator's own (which
 * names the caller), and without effect on what is free.  After the last one
 * the validator must find nothing broken.
 *
 * State: none.  Context: one core, the others idle, interrupts on; nobody else
 * allocates meanwhile.
 *
 * Not here: what refuses them (mm/page_alloc.c).
 */
#include <string.h>

#include <buddy/check.h>
#include <buddy/mm.h>
#include <buddy/vmstat.h>
#include <port/port.h>

#include "boot/demo.h"

/* A mistake, and the block that it is made with. */
struct mistake {
	const char *name;
	unsigned order;	   /* of the block it is made with */
	bool free_before;  /* the block was freed just before, and is still in this CPU's cache */
	bool drain_before; /* and has merged with its neighbours since */
	enum vm_event_item counted;
	void (*make)(struct page *page, unsigned order);
};

static void free_again(struct page *page, unsigned order)
{
	__free_pages(page, order);
}

static void free_too_small(struct page *page, unsigned order)
{
	__free_pages(page, order - 1);
}

static void free_too_large(struct page *page, unsigned order)
{
	__free_pages(page, order + 1);
}

static void free_interior(struct page *page, unsigned order)
{
	(void)order;
	__free_page(page + 1);
}

static void free_upper_half(struct page *page, unsigned order)
{
	__free_pages(page + (1UL << (order - 1)), order - 1);
}

static void free_no_order(struct page *page, unsigned order)
{
	(void)order;
	__free_pages(page, MAX_ORDER + 1);
}

static void free_reserved(struct page *page, unsigned order)
{
	(void)page;
	(void)order;
	/* This very function: the image lies in RAM that was never handed over. */
	free_page((const void *)((uintptr_t)&free_reserved & ~(uintptr_t)(PAGE_SIZE - 1)));
}

static void free_foreign(struct page *page, unsigned order)
{
	unsigned long pfn = 1;

	(void)page;
	(void)order;
	while (pfn < MAX_PFN && pfn_valid(pfn))
		pfn += PAGES_PER_SECTION;
	free_page((const void *)(uintptr_t)(pfn << PAGE_SHIFT));
}

static void free_foreign_descriptor(struct page *page, unsigned order)
{
	static struct page forged;

	(void)page;
	forged.word = PAGE_ALLOCATED(order);
	__free_pages(&forged, order);
}

static void free_crooked_descriptor(struct page *page, unsigned order)
{
	__free_pages((struct page *)(void *)((char *)page + 4), order);
}

static void put_free_page(struct page *page, unsigned order)
{
	(void)order;
	put_page(page);
}

static void alloc_no_order(struct page *page, unsigned order)
{
	(void)page;
	(void)order;
	alloc_pages(GFP_KERNEL, MAX_ORDER + 1);
}

/* Not refused: served as if it had said neither. */
static void alloc_two_mobilities(struct page *page, unsigned order)
{
	(void)page;
	__free_pages(alloc_pages(GFP_KERNEL | __GFP_MOVABLE | __GFP_RECLAIMABLE, order), order);
}

static void alloc_no_flags(struct page *page, unsigned order)
{
	(void)page;
	alloc_pages((gfp_t)0x80000000, order);
}

/* clang-format off */
static const struct mistake mistakes[] = {
	{"double free, block in a CPU's cache", 0, true, false, BAD_FREE, free_again},
	{"double free, block already merged", 4, true, true, BAD_FREE, free_again},
	{"put_page() of a free page", 0, true, false, BAD_FREE, put_free_page},
	{"free with a smaller order", 3, false, false, BAD_FREE, free_too_small},
	{"free with a larger order", 3, false, false, BAD_FREE, free_too_large},
	{"free of a page inside a block", 3, false, false, BAD_FREE, free_interior},
	{"free of a block's upper half", 3, false, false, BAD_FREE, free_upper_half},
	{"free with order MAX_ORDER + 1", 0, false, false, BAD_FREE, free_no_order},
	{"free of reserved memory (the image)", 0, false, false, BAD_FREE, free_reserved},
	{"free of a foreign address", 0, false, false, BAD_FREE, free_foreign},
	{"free of a forged descriptor", 0, false, false, BAD_FREE, free_foreign_descriptor},
	{"free of a misaligned descriptor", 0, false, false, BAD_FREE, free_crooked_descriptor},
	{"alloc of order MAX_ORDER + 1", 0, false, false, BAD_ALLOC, alloc_no_order},
	{"alloc movable and reclaimable", 0, false, false, BAD_GFP, alloc_two_mobilities},
	{"alloc with unknown flags", PCP_MAX_ORDER + 1, false, false, BAD_ALLOC, alloc_no_flags},
};

/* clang-format on */
#define NR_MISTAKES (sizeof(mistakes) / sizeof(mistakes[0]))

static unsigned long all_free(void)
{
	return nr_free_pages() + nr_pcp_pages();
}

/* NULL: refused as it should be; else what went wrong. */
static const char *try_mistake(const struct mistake *m)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, m->order);
	const char *wrong = NULL;
	unsigned long free;
	uint32_t counted;

	if (!page)
		return "no memory to try it with";
	if (m->free_before)
		__free_pages(page, m->order);
	if (m->drain_before)
		drain_all_pages();

	free = all_free();
	counted = vm_events(m->counted);
	m->make(page, m->order);
	if (vm_events(m->counted) != counted + 1)
		wrong = "it was not counted";
	else if (all_free() != free)
		wrong = "the number of free pages changed";
	if (!m->free_before)
		__free_pages(page, m->order);
	return wrong;
}

unsigned demo_misuse(void)
{
	unsigned nr_wrong = 0, broken;

	for (unsigned i = 0; i < NR_MISTAKES; i++) {
		const char *wrong;

		port_log("%s:\n", mistakes[i].name);
		wrong = try_mistake(&mistakes[i]);
		if (wrong)
			port_log("NOT REFUSED: %s\n", wrong);
		nr_wrong += wrong != NULL;
	}
	drain_all_pages();
	broken = mm_check_quiet();
	port_log("%u of %u mistakes were refused, counted and reported; %u invariants broken\n",
		 (unsigned)NR_MISTAKES - nr_wrong, (unsigned)NR_MISTAKES, broken);
	return nr_wrong + broken;
}
