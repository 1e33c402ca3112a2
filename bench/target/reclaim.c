// SPDX-License-Identifier: MIT
/*
 * reclaim - what a page costs that is got back: by kswapd, by a request itself.
 *
 * An owner of clean reclaimable pages, the least that one can be: a table of slots, and a
 * check in evict_page() that the page is still in its.  Everything is the owner's, kswapd is
 * woken and stepped until it has nothing to do, and the owner fills up again; then requests
 * of 32 pages.  Figures are for each page freed, on average of a step: kswapd's with its
 * steps that only look, and the whole of finding, taking, evicting and freeing.
 *
 * Second chances cost a look at a page more; pages here have had theirs.
 */
#include <stdio.h>

#include <buddy/buddy.h>
#include <mm/internal.h>

#include "bench/target/bench.h"
#include "bench/target/stats.h"
#include "bench/target/timed.h"

#if BUDDY_RECLAIM

#define REQUEST 32u

static struct page **table; /* by page->index */
static unsigned nr_slots;

static bool isolate_page(struct page *page, enum migrate_mode mode)
{
	(void)page;
	(void)mode;
	return false;
}

static int migrate_page(struct page *dst, struct page *src, enum migrate_mode mode)
{
	(void)dst;
	(void)src;
	(void)mode;
	return -EAGAIN;
}

static void putback_page(struct page *page)
{
	(void)page;
}

static int evict_page(struct page *page)
{
	if (table[page->index] != page || page_count(page) != 2)
		return -EAGAIN;
	table[page->index] = NULL;
	return 0;
}

static const struct movable_operations mops = {
	.isolate_page = isolate_page,
	.migrate_page = migrate_page,
	.putback_page = putback_page,
	.evict_page = evict_page,
};

/* Whatever can be had without going below min. */
static void fill(void)
{
	for (unsigned i = 0; i < nr_slots; i++) {
		struct page *page;

		if (table[i])
			continue;
		page = alloc_page((GFP_HIGHUSER_MOVABLE & ~__GFP_RECLAIM) | __GFP_NOWARN);
		if (!page)
			break;
		page->index = i;
		__SetPageMovable(page, &mops);
		lru_cache_add(page);
		table[i] = page;
	}
	drain_all_pages();
}

static void empty(void)
{
	for (unsigned i = 0; i < nr_slots; i++)
		if (table[i]) {
			put_page(table[i]);
			table[i] = NULL;
		}
}

static void by_kswapd(int nid, const struct alloc_context *ac)
{
	for (unsigned round = 0; round < 20; round++) {
		uint32_t before = vm_events(PGSTEAL_KSWAPD), cost = 0;
		uintptr_t more;

		fill();
		wake_all_kswapds(GFP_KERNEL, 0, ac);
		do {
			cost += timed_open((void *)kswapd_step, (uintptr_t)nid, 0, 0, &more);
		} while (more & 1);
		before = vm_events(PGSTEAL_KSWAPD) - before;
		if (before)
			stat_add_n(STAT_FREE, cost, before);
	}
	stats_print("kswapd");
}

static void by_requests(const struct alloc_context *ac)
{
	uintptr_t freed;

	fill();
	for (unsigned i = 0; i < 500; i++) {
		uint32_t cost =
			timed_open((void *)try_to_free_pages, GFP_KERNEL, 0, (uintptr_t)ac, &freed);

		if (freed)
			stat_add_n(STAT_FREE, cost, (unsigned)freed);
	}
	stats_print("direct_reclaim");
}

void bench_reclaim(struct page **slots, unsigned nr)
{
	const struct node *node = this_cpu_node();
	struct alloc_context ac = {
		.zonelist = node->zonelist[ZONE_MOVABLE],
		.nodemask = NODE_MASK_ALL,
		.highest = ZONE_MOVABLE,
		.migratetype = MIGRATE_MOVABLE,
		.nid = node->nid,
	};

	table = slots;
	nr_slots = nr;
	for (unsigned i = 0; i < nr; i++)
		table[i] = NULL;
	drain_all_pages();
	by_kswapd(node->nid, &ac);
	by_requests(&ac);
	empty();
	drain_all_pages();
}

#else

void bench_reclaim(struct page **slots, unsigned nr)
{
	(void)slots;
	(void)nr;
}

#endif /* BUDDY_RECLAIM */
