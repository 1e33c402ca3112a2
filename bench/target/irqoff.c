// SPDX-License-Identifier: MIT
/*
 * irqoff - everything that may keep interrupts off for long, for the plugin
 * bench/irqoff.c to count.
 *
 * One core inside an open region: churn of all mobilities, bulk calls of all sizes, drains,
 * requests that other mobilities have to serve, blocks of the largest order cut up and
 * merged, memory used up, blocks made by compaction. mm_check() is not among it: its header
 * exempts it.  Nor is waiting for a lock: on one core nobody holds it, and QEMU's turns of
 * some 97,000 instructions would show as such on several.
 *
 * A section of known length goes first; bench/irqoff.py wants to see it counted.
 *
 * State: arrays taken from the allocator.  Not here: the figures, which the image
 * does not know.
 */
#include <stdio.h>
#include <string.h>

#include <buddy/buddy.h>

#include "bench/target/bench.h"
#include "bench/target/region.h"
#include "boot/smp.h"

#define SLOTS	4096u
#define BULK	700u /* pages: several caches full */
#define LAST	(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN)
#define LACKING (GFP_NOWAIT | __GFP_NOWARN)

static const gfp_t mobility[] = {0, __GFP_MOVABLE, __GFP_RECLAIMABLE};
#define NR_MOBILITIES (sizeof(mobility) / sizeof(*mobility))

static struct page **slot; /* as many as there are pages */
static uint8_t slot_order[SLOTS];
static uint32_t rng = 2463534242u;

static uint32_t xorshift32(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 17;
	rng ^= rng << 5;
	return rng;
}

/* From the instruction after cpsid to msr: 1001. */
static __attribute__((noinline)) void known_section(void)
{
	uint32_t cpsr;

	__asm__ volatile("mrs	%0, cpsr\n"
			 "	cpsid	i\n"
			 "	.rept	1000\n"
			 "	nop\n"
			 "	.endr\n"
			 "	msr	cpsr_c, %0"
			 : "=&r"(cpsr)
			 :
			 : "memory");
}

static void churn(unsigned ops, unsigned max_order)
{
	memset(slot, 0, SLOTS * sizeof(void *));
	for (unsigned i = 0; i < ops; i++) {
		unsigned s = xorshift32() % SLOTS;
		uint32_t r = xorshift32();

		if (slot[s]) {
			__free_pages(slot[s], slot_order[s]);
			slot[s] = NULL;
		} else {
			/* Half the requests of order 0, half of the rest of order 1, ... */
			unsigned order = (unsigned)__builtin_ctz(r | 1u << max_order);

			slot_order[s] = (uint8_t)order;
			slot[s] = alloc_pages(LACKING | mobility[(r >> 16) % NR_MOBILITIES], order);
		}
		if (i % 4096 == 4095)
			(void)(i & 4096 ? drain_local_pages() : drain_all_pages());
	}
	/*
	 * Pages of the caches' orders come in no order at all: nothing for a flush to join.
	 */
	for (unsigned s = 0; s < SLOTS; s++)
		if (slot[s])
			__free_pages(slot[s], slot_order[s]);
}

static void bulk(void)
{
	for (unsigned i = 0; i < 300; i++) {
		unsigned nr = xorshift32() % BULK + 1;

		memset(slot, 0, nr * sizeof(void *));
		alloc_pages_bulk_array(LACKING | mobility[i % NR_MOBILITIES], nr, slot);
		if (i & 1) /* out of order */
			for (unsigned n = nr; n > 1; n--) {
				unsigned other = xorshift32() % n;
				struct page *page = slot[other];

				slot[other] = slot[n - 1];
				slot[n - 1] = page;
			}
		free_pages_bulk_array(nr, slot);
		if (!(i % 16))
			drain_local_pages();
	}
}

/*
 * All memory in pages of one mobility; some go back and others ask for them: every
 * second page (single pages to steal), whole runs (pageblocks), all but a few.
 */
static void fallback(gfp_t owner, gfp_t asker, unsigned keep_every)
{
	struct page *page, *asked = NULL;
	unsigned nr = 0;

	while ((slot[nr] = alloc_page(LAST | owner)))
		nr++;
	for (unsigned i = 0; i < nr; i++)
		if (i % keep_every) {
			__free_page(slot[i]);
			slot[i] = NULL;
		}
	drain_local_pages();
	for (unsigned order = MAX_ORDER + 1; order--;)
		for (unsigned i = 0; i < 40; i++) {
			page = alloc_pages(LACKING | asker, order);
			if (!page)
				break;
			page->priv = order;
			page->mapping = asked;
			asked = page;
		}
	while (asked) {
		page = asked;
		asked = page->mapping;
		__free_pages(page, page->priv);
	}
	for (unsigned i = 0; i < nr; i++)
		if (slot[i])
			__free_page(slot[i]);
	drain_all_pages();
}

static void largest(void)
{
	unsigned nr = 0;

	while ((slot[nr] = alloc_pages(LAST, MAX_ORDER)))
		nr++;
	for (unsigned round = 0; round < 20; round++) {
		__free_pages(slot[nr - 1], MAX_ORDER);
		drain_local_pages();
		__free_page(alloc_page(LAST)); /* the split */
		drain_local_pages();	       /* the merge */
		slot[nr - 1] = alloc_pages(LAST, MAX_ORDER);
		__free_page(alloc_page(LACKING)); /* out of memory, but for what lies loose */
	}
	while (nr--)
		__free_pages(slot[nr], MAX_ORDER);
}

/* Every second page is free; blocks are made of them, until there are no more. */
static void compaction(void)
{
	unsigned nr = compact_checkerboard(slot);
	struct page *blocks = NULL;

	compact_take(GFP_HIGHUSER_MOVABLE | __GFP_MEMALLOC | __GFP_NOWARN, MAX_ORDER, UINT32_MAX,
		     &blocks);
	compact_give(blocks, MAX_ORDER);
	compact_drop_all(nr);
}

int bench_irqoff(void)
{
	size_t bytes = nr_managed_pages() * sizeof(void *);
	unsigned order = 0;
	unsigned long before;

	smp_set_tick(0);
	while (PAGE_SIZE << order < bytes)
		order++;
	slot = __get_free_pages(GFP_KERNEL, order);
	if (!slot)
		return 1;
	drain_all_pages();
	before = nr_free_pages();

	region_toggle();
	known_section();
	churn(100000, 4);
	churn(20000, MAX_ORDER);
	bulk();
	largest();
	for (unsigned i = 0; i < NR_MOBILITIES; i++) {
		fallback(mobility[i], mobility[(i + 1) % NR_MOBILITIES], 2);
		fallback(mobility[i], mobility[(i + 2) % NR_MOBILITIES], 700);
	}
	compaction();
	drain_all_pages();
	region_toggle();

	if (nr_free_pages() != before || mm_check_quiet()) {
		printf("bench-irqoff: %lu pages free, %lu before\n", nr_free_pages(), before);
		return 1;
	}
	printf("bench-irqoff: end\n");
	return 0;
}
