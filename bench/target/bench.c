// SPDX-License-Identifier: MIT
/*
 * bench - instructions of every operation: the workloads of docs/BENCHMARKS.md.
 *
 * Runs on the boot core of the release image; the others sleep, because the
 * clock counts the instructions of all.  Prints a line `bench: case,op,...` for
 * each figure and `bench: end` when all are there.
 *
 * Order 0 is measured through alloc_page() and __free_page(), its own entry
 * points, other orders through alloc_pages() and __free_pages().  Requests are
 * GFP_KERNEL; where memory is short on purpose they are GFP_NOWAIT, or, to take the
 * last page, __GFP_MEMALLOC.  The image is booted with a low min_free_kbytes,
 * so that one block of the largest order is above the watermarks.
 *
 * State: arrays taken from the allocator itself before the first case.
 */
#include "bench/target/bench.h"

#include <stdio.h>
#include <string.h>

#include <buddy/buddy.h>
#include <buddy/contig.h>

#include "bench/target/stats.h"
#include "bench/target/timed.h"
#include "boot/boot.h"
#include "boot/bootargs.h"
#include "boot/console.h"
#include "boot/smp.h"

#define SLOTS	4096u
#define LAST	(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN) /* to the last page */
#define LACKING (GFP_NOWAIT | __GFP_NOWARN)

static struct page **slot;  /* as many as there are pages */
static uint8_t *slot_order; /* SLOTS of them */
static unsigned lost;	    /* requests that failed and should not have */

/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
static const size_t slot_bytes = sizeof(*slot);

/* ---- one measured operation ------------------------------------------------ */

static uint32_t alloc_cost(gfp_t gfp, unsigned order, struct page **page)
{
	uintptr_t ret;
	uint32_t cost = order ? timed((void *)alloc_pages, gfp, order, 0, &ret)
			      : timed((void *)alloc_page, gfp, 0, 0, &ret);

	*page = (struct page *)ret;
	return cost;
}

static struct page *alloc_counted(gfp_t gfp, unsigned order)
{
	struct page *page;

	stat_add(STAT_ALLOC, alloc_cost(gfp, order, &page));
	lost += !page;
	return page;
}

static void free_counted(struct page *page, unsigned order)
{
	stat_add(STAT_FREE, order ? timed((void *)__free_pages, (uintptr_t)page, order, 0, NULL)
				  : timed((void *)__free_page, (uintptr_t)page, 0, 0, NULL));
}

/* ---- pairs and batches -------------------------------------------------------- */

/* One block of the order is held, so that the measured one's neighbour cannot merge away. */
static void hot(unsigned order)
{
	char name[16];
	struct page *a, *b, *held;

	drain_all_pages();
	a = alloc_pages(GFP_KERNEL, order);
	b = alloc_pages(GFP_KERNEL, order);
	held = a;
	__free_pages(b, order);
	for (unsigned i = 0; i < 10000; i++)
		free_counted(alloc_counted(GFP_KERNEL, order), order);
	__free_pages(held, order);
	snprintf(name, sizeof(name), "hot_o%u", order);
	stats_print(name);
}

static void batch(unsigned nr, bool fifo)
{
	char name[24];

	drain_all_pages();
	for (unsigned round = 0; round < 1 + 40960 / nr; round++) {
		if (round == 1)
			stats_forget(); /* the first warms up */
		for (unsigned i = 0; i < nr; i++)
			slot[i] = alloc_counted(GFP_KERNEL, 0);
		for (unsigned i = 0; i < nr; i++)
			free_counted(slot[fifo ? i : nr - 1 - i], 0);
	}
	snprintf(name, sizeof(name), "batch%u_o0%s", nr, fifo ? "" : "_lifo");
	stats_print(name);
}

static void bulk(unsigned nr)
{
	uintptr_t got;

	drain_all_pages();
	for (unsigned round = 0; round < 1000; round++) {
		memset(slot, 0, nr * slot_bytes);
		stat_add_n(STAT_ALLOC,
			   timed((void *)alloc_pages_bulk_array, GFP_KERNEL, nr, (uintptr_t)slot,
				 &got),
			   nr);
		lost += got != nr;
		stat_add_n(STAT_FREE,
			   timed((void *)free_pages_bulk_array, nr, (uintptr_t)slot, 0, NULL), nr);
	}
	stats_print("bulk64_o0");
}

static void zero(void)
{
	drain_all_pages();
	__free_page(alloc_page(GFP_KERNEL));
	for (unsigned i = 0; i < 1000; i++)
		free_counted(alloc_counted(GFP_KERNEL | __GFP_ZERO, 0), 0);
	stats_print("zero_o0");
}

/* ---- churn ---------------------------------------------------------------------- */

static uint32_t rng;

static uint32_t xorshift32(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 17;
	rng ^= rng << 5;
	return rng;
}

static unsigned mixed_order(void)
{
	unsigned d = xorshift32() % 100;

	return d < 60 ? 0 : d < 75 ? 1 : d < 85 ? 2 : d < 95 ? 3 : 4;
}

static void churn(bool mixed)
{
	drain_all_pages();
	rng = 2463534242u;
	memset(slot, 0, SLOTS * slot_bytes);
	for (unsigned i = 0; i < 420000; i++) {
		unsigned s = xorshift32() % SLOTS;

		if (i == 20000)
			stats_forget();
		if (slot[s]) {
			free_counted(slot[s], slot_order[s]);
			slot[s] = NULL;
		} else {
			slot_order[s] = (uint8_t)(mixed ? mixed_order() : 0);
			slot[s] = alloc_counted(GFP_KERNEL, slot_order[s]);
		}
	}
	for (unsigned s = 0; s < SLOTS; s++)
		if (slot[s])
			__free_pages(slot[s], slot_order[s]);
	stats_print(mixed ? "churn_mixed" : "churn_o0");
}

/* ---- the worst ------------------------------------------------------------------- */

/* Takes everything, the largest blocks first; slot[0..*large) are of MAX_ORDER. */
static unsigned take_all(unsigned *large)
{
	unsigned nr = 0;

	drain_all_pages();
	while ((slot[nr] = alloc_pages(LAST, MAX_ORDER)))
		nr++;
	*large = nr;
	while ((slot[nr] = alloc_page(LAST)))
		nr++;
	return nr;
}

static void give_all(unsigned large, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		__free_pages(slot[i], i < large ? MAX_ORDER : 0);
	drain_all_pages();
}

/* Only one block of the largest order is free, and no cache has anything. */
static void one_block(struct page **block)
{
	__free_pages(*block, MAX_ORDER);
	drain_all_pages();
}

static void block_back(struct page **block)
{
	drain_all_pages();
	*block = alloc_pages(LAST, MAX_ORDER);
	lost += !*block;
}

static void worst(void)
{
	unsigned large, nr = take_all(&large);
	struct page **block = &slot[large - 1], *page;
	static struct page *piece[1u << MAX_ORDER];

	for (unsigned i = 0; i < 100; i++) {
		one_block(block);
		page = alloc_counted(GFP_NOWAIT, 0);
		__free_page(page);
		block_back(block);
	}
	stats_print("worst_split");

	/*
	 * The block goes back in pages of order 0, from the cache at a time, and in
	 * blocks of order 4: the free that merges through all orders is among
	 * them; in the first case it is the drain.
	 */
	one_block(block);
	for (unsigned i = 0; i < 1u << MAX_ORDER; i++)
		piece[i] = alloc_page(LAST);
	for (unsigned i = 0; i < 1u << MAX_ORDER; i++)
		free_counted(piece[i], 0);
	stat_add(STAT_TOTAL, timed((void *)drain_local_pages, 0, 0, 0, NULL));
	block_back(block);
	stats_print("worst_merge");

	one_block(block);
	for (unsigned i = 0; i < 1u << (MAX_ORDER - 4); i++)
		piece[i] = alloc_pages(LAST, 4);
	for (unsigned i = 0; i < 1u << (MAX_ORDER - 4); i++)
		free_counted(piece[i], 4);
	block_back(block);
	stats_print("worst_merge_o4");

	for (unsigned i = 0; i < 100; i++)
		stat_add(STAT_ALLOC, alloc_cost(LACKING, 0, &page));
	stats_print("oom_o0");
	give_all(large, nr);
}

/* Every second page is free: no block of order 1 anywhere. */
static void checkerboard(void)
{
	unsigned nr = 0;
	struct page *page;

	drain_all_pages();
	while ((slot[nr] = alloc_page(LAST)))
		nr++;
	for (unsigned i = 0; i < nr; i++)
		if (!(page_to_pfn(slot[i]) & 1)) {
			__free_page(slot[i]);
			slot[i] = NULL;
		}
	drain_all_pages();
	for (unsigned i = 0; i < 100; i++) {
		stat_add(STAT_ALLOC, alloc_cost(LACKING, 1, &page));
		lost += !!page;
	}
	stats_print("checkerboard_o1");
	for (unsigned i = 0; i < nr; i++)
		if (slot[i])
			__free_page(slot[i]);
	drain_all_pages();
}

/*
 * The real start-up, as boot_main() took the times of it: until there is an allocator, and
 * until all memory has been initialised by all cores; and a first page.
 */
/* ---- a CMA area, where the board is booted with one (cma=16M) -------------------- */

static struct page *take_256(struct cma *cma)
{
	return cma_alloc(cma, 256, 8, true);
}

static void cma256(void)
{
	struct cma *cma = cma_default();
	uintptr_t page;

	if (!cma)
		return;
	drain_all_pages();
	for (unsigned i = 0; i < 100; i++) {
		stat_add(STAT_ALLOC, timed((void *)take_256, (uintptr_t)cma, 0, 0, &page));
		stat_add(STAT_FREE, timed((void *)cma_release, (uintptr_t)cma, page, 256, NULL));
		lost += !page;
	}
	stats_print("cma256");
}

static void init(void)
{
	struct page *page;
	uint32_t first;

	drain_all_pages();
	first = alloc_cost(GFP_KERNEL, 0, &page);
	stat_add(STAT_ALLOC, timed_units(boot_mm_init_ticks) + first);
	stat_add(STAT_TOTAL, timed_units(boot_mm_ready_ticks));
	__free_page(page);
	stats_print("init");
}

/* ---- all of it --------------------------------------------------------------------- */

static unsigned array_order(size_t bytes)
{
	unsigned order = 0;

	while (PAGE_SIZE << order < bytes)
		order++;
	return order;
}

static void *array(size_t bytes)
{
	void *mem = __get_free_pages(GFP_KERNEL, array_order(bytes));

	if (!mem)
		printf("bench: no %u KiB for its arrays\n", (unsigned)(bytes >> 10));
	return mem;
}

static void all_cases(void)
{
	init();
	for (unsigned order = 0; order <= MAX_ORDER; order++)
		hot(order);
	batch(64, true);
	batch(512, true);
	batch(4096, true);
	batch(64, false);
	batch(512, false);
	batch(4096, false);
	bulk(64);
	churn(true);
	churn(false);
	zero();
	worst();
	checkerboard();
	lost += bench_slow(slot);
	bench_reclaim(slot, (unsigned)nr_managed_pages());
}

int bench_main(void)
{
	const char *which = bootarg_get("bench");
	unsigned long free_before;
	void *stats_mem;
	bool whole;

	if (which && !strcmp(which, "smp"))
		return bench_smp();
	if (which && !strcmp(which, "irqoff"))
		return bench_irqoff();

	smp_set_tick(0);
	stats_mem = array(STATS_BYTES);
	slot = array(nr_managed_pages() * slot_bytes);
	slot_order = array(SLOTS);
	if (!stats_mem || !slot || !slot_order)
		return 1;
	stats_init(stats_mem);
	printf("bench: unit %s\n", timed_init() ? "instructions" : "nanoseconds");
	if (which && !strcmp(which, "slab"))
		bench_slab_prepare();
	free_before = nr_free_pages() + nr_pcp_pages();

	if (which && !strcmp(which, "cma"))
		cma256();
	else if (which && !strcmp(which, "compact"))
		bench_compact(slot);
	else if (which && !strcmp(which, "slab"))
		lost += bench_slab((void **)slot);
	else if (which && !strcmp(which, "case35"))
		lost += !bench_case35(slot);
	else
		all_cases();

	drain_all_pages();
	whole = !lost && nr_free_pages() == free_before && !mm_check_quiet();
	if (whole)
		printf("bench: end\n");
	else
		printf("bench: %u requests lost, %lu pages free, %lu before\n", lost,
		       nr_free_pages(), free_before);
	free_pages(stats_mem, array_order(STATS_BYTES));
	free_pages(slot, array_order(nr_managed_pages() * slot_bytes));
	free_pages(slot_order, array_order(SLOTS));
	return whole ? 0 : 1;
}
