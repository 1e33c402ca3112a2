// SPDX-License-Identifier: MIT
/*
 * slow - what a request costs that fails after everything was tried for it.
 *
 * Nothing is reclaimable and nothing movable: all memory is out in unmovable pages, or every
 * second page of it is.  So these are the fixed costs of the slow path: all that is left when
 * there is nobody to be entered.  Interrupts are on, or the requests would not wait.
 *
 *	fail_o0		  GFP_KERNEL, order 0, memory all out
 *	fail_o9		  the same for order 9: too little is free for compaction
 *	fail_o9_scattered order 9, every second page is free: compaction looks at all of it, and is
 *			  then deferred for ever longer
 */
#include <buddy/buddy.h>

#include "bench/target/bench.h"
#include "bench/target/stats.h"
#include "bench/target/timed.h"

#define LAST	(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN) /* to the last page */
#define LACKING (GFP_KERNEL | __GFP_NOWARN)
#define TIMES	100u

/* Requests that got something, and should not have. */
static unsigned fail(const char *name, unsigned order)
{
	unsigned served = 0;

	for (unsigned i = 0; i < TIMES; i++) {
		uintptr_t page;

		stat_add(STAT_ALLOC, timed_open((void *)alloc_pages, LACKING, order, 0, &page));
		if (page)
			__free_pages((struct page *)page, order);
		served += !!page;
	}
	stats_print(name);
	return served;
}

unsigned bench_slow(struct page **slots)
{
	unsigned served, nr = 0;

	drain_all_pages();
	while ((slots[nr] = alloc_page(LAST)))
		nr++;
	served = fail("fail_o0", 0) + fail("fail_o9", 9);
	for (unsigned i = 0; i < nr; i++)
		if (!(page_to_pfn(slots[i]) & 1)) {
			__free_page(slots[i]);
			slots[i] = NULL;
		}
	drain_all_pages();
	served += fail("fail_o9_scattered", 9);
	for (unsigned i = 0; i < nr; i++)
		if (slots[i])
			__free_page(slots[i]);
	drain_all_pages();
	return served;
}
