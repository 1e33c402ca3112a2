// SPDX-License-Identifier: MIT
/*
 * compact - large blocks out of scattered pages: how many, and what each page moved costs.
 *
 * All memory in movable pages of one owner, every second one freed: then nothing larger
 * than a page is free, and requests of a large order have compaction make their blocks.  They
 * are allowed the last page, so that as many have to come of it as free pages make.  What
 * the requests cost in all is divided by the pages that were moved, and beside it stands
 * the copy alone.
 *
 * Case 35 is the one of docs/CASES.md, on a board of 512 MiB: pageblocks that had been
 * unmovable.
 *
 * State: the owner, whose slots are the caller's array.  One core; interrupts stay on, as
 * compaction wants them, but nobody interrupts.
 */
#include <stdio.h>

#include <buddy/buddy.h>
#include <port/port.h>

#include "bench/target/bench.h"
#include "bench/target/stats.h"
#include "bench/target/timed.h"
#include "drivers/a9timer.h"

#define FILL  (GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN)
#define BLOCK (GFP_HIGHUSER_MOVABLE | __GFP_MEMALLOC | __GFP_NOWARN)

/* ---- the owner ------------------------------------------------------------------- */

static struct page **slot;
static struct port_spinlock slot_lock;

static bool isolate_page(struct page *page, enum migrate_mode mode)
{
	(void)mode;
	return slot[page->index] == page; /* a guess: migrate_page() finds out */
}

static int migrate_page(struct page *dst, struct page *src, enum migrate_mode mode)
{
	port_irqflags_t flags = port_irq_save();
	bool mine;

	(void)mode;
	port_spin_lock(&slot_lock);
	mine = slot[src->index] == src && page_count(src) == 2;
	if (mine) {
		migrate_page_copy(dst, src);
		migrate_page_states(dst, src);
		slot[dst->index] = dst;
	}
	port_spin_unlock(&slot_lock);
	port_irq_restore(flags);
	return mine ? 0 : -EAGAIN;
}

static void putback_page(struct page *page)
{
	(void)page;
}

static const struct movable_operations owner = {
	.isolate_page = isolate_page,
	.migrate_page = migrate_page,
	.putback_page = putback_page,
};

static bool own_page(unsigned i, gfp_t gfp)
{
	struct page *page = alloc_page(gfp);

	if (!page)
		return false;
	page->index = i;
	__SetPageMovable(page, &owner);
	slot[i] = page;
	return true;
}

static void drop(unsigned i)
{
	if (slot[i])
		put_page(slot[i]);
	slot[i] = NULL;
}

/* All memory is the owner's but for every second page.  How many slots there are. */
unsigned compact_checkerboard(struct page **slots)
{
	unsigned nr = 0;

	slot = slots;
	drain_all_pages();
	while (own_page(nr, FILL | __GFP_HIGHMEM | __GFP_MOVABLE))
		nr++;
	for (unsigned i = 0; i < nr; i += 2)
		drop(i);
	drain_all_pages();
	return nr;
}

void compact_drop_all(unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		drop(i);
	drain_all_pages();
}

/*
 * Takes blocks until there are no more (or `most`); chained, as they are movable by nobody.
 */
unsigned compact_take(gfp_t gfp, unsigned order, unsigned most, struct page **blocks)
{
	unsigned nr = 0;
	struct page *page;

	while (nr < most && (page = alloc_pages(gfp, order))) {
		page->mapping = *blocks;
		*blocks = page;
		nr++;
	}
	return nr;
}

void compact_give(struct page *blocks, unsigned order)
{
	while (blocks) {
		struct page *page = blocks;

		blocks = page->mapping;
		__free_pages(page, order);
	}
}

/* ---- the figures ---------------------------------------------------------------------- */

static void count_blocks(const char *name, unsigned got, unsigned want)
{
	unsigned lacking = want > got ? want - got : 0;

	printf("bench: %s,lacking,%u,%u.00,%u,%u,%u,%u\n", name, want, lacking, lacking, lacking,
	       lacking, lacking);
}

static void blocks_of(struct page **slots, unsigned order)
{
	unsigned nr = compact_checkerboard(slots), want, got = 0;
	struct page *blocks = NULL;
	uint64_t cost = 0;
	char name[16];

	want = (unsigned)(nr_free_pages() >> order);
	for (;;) {
		uint32_t moved = vm_events(PGMIGRATE_SUCCESS);
		uint64_t from = a9timer_read();
		unsigned one = compact_take(BLOCK, order, 1, &blocks);

		cost += a9timer_read() - from;
		moved = vm_events(PGMIGRATE_SUCCESS) - moved;
		got += one;
		if (moved || !one) {
			/* What moved nothing counts with the next that did, or the last. */
			stat_add_n(STAT_TOTAL, timed_units(cost), moved ? moved : 1);
			cost = 0;
		}
		if (!one)
			break;
	}
	snprintf(name, sizeof(name), "compact_o%u", order);
	stats_print(name);
	count_blocks(name, got, want);
	printf("order %u: %u of %u\n", order, got, want);
	compact_give(blocks, order);
	compact_drop_all(nr);
}

static void copy_alone(void)
{
	struct page *a = alloc_page(GFP_KERNEL), *b = alloc_page(GFP_KERNEL);

	for (unsigned i = 0; i < 100 && a && b; i++)
		stat_add(STAT_TOTAL,
			 timed((void *)migrate_page_copy, (uintptr_t)a, (uintptr_t)b, 0, NULL));
	put_page(a);
	put_page(b);
	stats_print("compact_copy");
}

void bench_compact(struct page **slots)
{
	blocks_of(slots, 9);
	blocks_of(slots, 10);
	copy_alone();
}

#define PAGES_35   120000u
#define MOVABLE_35 60000u
#define BLOCKS_35  100u

/* False: the board has too little memory. */
bool bench_case35(struct page **slots)
{
	unsigned got, movable = 0;
	struct page *blocks = NULL;

	slot = slots;
	drain_all_pages();
	for (unsigned i = 0; i < PAGES_35; i++) {
		slot[i] = alloc_page(FILL);
		if (!slot[i]) {
			while (i--)
				drop(i);
			return false;
		}
	}
	for (unsigned i = 0; i < PAGES_35; i += 2)
		drop(i);
	while (movable < MOVABLE_35 && own_page(2 * movable, FILL | __GFP_HIGHMEM | __GFP_MOVABLE))
		movable++;
	for (unsigned i = 1; i < PAGES_35; i += 2)
		drop(i);
	got = compact_take(GFP_HIGHUSER_MOVABLE | __GFP_NOWARN, 9, BLOCKS_35, &blocks);
	count_blocks("case_35", movable == MOVABLE_35 ? got : 0, BLOCKS_35);
	printf("case 35: %u of %u\n", got, BLOCKS_35);
	compact_give(blocks, 9);
	compact_drop_all(PAGES_35);
	return true;
}
