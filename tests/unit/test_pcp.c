// SPDX-License-Identifier: MIT
// NEEDS: PCP ORDER_10 MOBILITY
/*
 * Per-CPU caches: filled and thinned out in batches, bounded, of one mobility
 * each, drained from near and far.
 */
#include <string.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/peek.h"
#include "../harness/tap.h"

#define MANY 600

static struct page *page[MANY];

static unsigned take(gfp_t gfp, unsigned order, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		page[i] = alloc_pages(gfp, order);
		if (!page[i])
			return i;
	}
	return nr;
}

/* As many as the memory lets go of easily. */
static unsigned some(unsigned order)
{
	unsigned long nr = fixture_free_pages() / 4 >> order;

	return nr < MANY ? (unsigned)nr : MANY;
}

static struct pcp_list *list_of(const struct page *p, unsigned order)
{
	port_irqflags_t flags = port_irq_save();
	struct mm_cpu *cpu = this_cpu();

	port_irq_restore(flags);
	return &cpu->list[page_zone(p)->zid][get_pageblock_migratetype(p)][order];
}

static unsigned slots_of(const struct page *p, unsigned order)
{
	const struct pcp_list *list = list_of(p, order);

	return (unsigned)(list->end - list->base);
}

/* ---- cases ---------------------------------------------------------------- */

static void a_freed_block_is_cached_and_comes_back_hot(void)
{
	for (unsigned order = 0; order <= PCP_MAX_ORDER; order++) {
		struct page *p = alloc_pages(GFP_KERNEL, order);
		unsigned long cached;

		REQUIRE(p);
		cached = nr_pcp_pages();
		__free_pages(p, order);
		CHECK_EQ(nr_pcp_pages(), cached + (1UL << order));
		CHECK_EQ(page_word(p), PAGE_STATE_PCP | order);
		CHECK(alloc_pages(GFP_KERNEL, order) == p);
		__free_pages(p, order);
	}
}

/* Of a larger order a CPU keeps one block at most, the one that it freed last. */
static void one_larger_block_is_kept(void)
{
	if (mm_policy.fair_zones) {
		test_skip("it is another zone's turn");
		return;
	}
	for (unsigned order = PCP_MAX_ORDER + 1; order <= MAX_ORDER; order++) {
		struct page *a, *b;
		unsigned long kept;

		drain_all_pages();
		a = alloc_pages(GFP_KERNEL, order);
		b = alloc_pages(GFP_KERNEL, order);
		if (a && b) {
			__free_pages(b, order);
			kept = nr_pcp_pages();
			CHECK(kept == 0 || kept == 1UL << order);
			CHECK_REFUSED(__free_pages(b, order));
			CHECK_EQ(mm_check_quiet(), 0);
			__free_pages(a, order);
			CHECK_EQ(nr_pcp_pages(), kept);
			CHECK_REFUSED(__free_pages(a, order));
			CHECK_REFUSED(__free_pages(b, order));
			CHECK_EQ(mm_check_quiet(), 0);
			if (kept) {
				CHECK(alloc_pages(GFP_KERNEL, order) == a); /* the hottest */
				CHECK_EQ(nr_pcp_pages(), 0);
				__free_pages(a, order);
			}
			CHECK_EQ(drain_all_pages(), kept);
			CHECK_EQ(nr_pcp_pages(), 0);
			continue;
		}
		if (a)
			__free_pages(a, order);
	}
}

static void a_kept_block_serves_no_other_order(void)
{
	unsigned order = PCP_MAX_ORDER + 1;
	struct page *kept, *page;

	if (order + 1 > MAX_ORDER) {
		test_skip("no such orders");
		return;
	}
	drain_all_pages();
	kept = alloc_pages(GFP_KERNEL, order);
	REQUIRE(kept);
	__free_pages(kept, order);
	page = alloc_pages(GFP_KERNEL, order + 1);
	if (page) {
		CHECK(page > kept || page + (2UL << order) <= kept);
		CHECK_EQ(page_word(page), PAGE_ALLOCATED(order + 1));
		__free_pages(page, order + 1);
	}
	page = alloc_pages(GFP_KERNEL, order);
	REQUIRE(page);
	CHECK_EQ(page_word(page), PAGE_ALLOCATED(order));
	__free_pages(page, order);
	CHECK_EQ(mm_check_quiet(), 0);
}

static void refills_are_batches(void)
{
	uint32_t refills = vm_events(PCP_REFILL);
	unsigned nr = some(0);

	CHECK_EQ(take(GFP_KERNEL, 0, nr), nr);
	refills = vm_events(PCP_REFILL) - refills;
	CHECK(refills > 0);
	/* in the long run half of what the cache can hold at a time */
	CHECK(refills <= 4 * nr / slots_of(page[0], 0) + 8);
	for (unsigned i = 0; i < nr; i++)
		__free_page(page[i]);
}

static void flushes_are_batches_and_a_cache_is_bounded(void)
{
	for (unsigned order = 0; order <= PCP_MAX_ORDER; order++) {
		unsigned nr = some(order), most = 0;
		uint32_t flushes;

		CHECK_EQ(take(GFP_KERNEL, order, nr), nr);
		drain_all_pages();
		flushes = vm_events(PCP_FLUSH);
		for (unsigned i = 0; i < nr; i++) {
			__free_pages(page[i], order);
			if (nr_pcp_pages() > most)
				most = (unsigned)nr_pcp_pages();
		}
		CHECK(most <= BUDDY_PCP_SLOTS * MIGRATE_PCPTYPES * 2);
		CHECK_EQ(mm_check_quiet(), 0);
		/* one flush makes room for several */
		CHECK(vm_events(PCP_FLUSH) - flushes <= 4 * nr / slots_of(page[0], order) + 8);
		drain_all_pages();
	}
}

static void no_page_is_cached_twice_in_a_long_run(void)
{
	unsigned nr = some(0);

	for (int round = 0; round < 6; round++) {
		CHECK_EQ(take(GFP_KERNEL, 0, nr), nr);
		for (unsigned i = 0; i < nr; i++)
			fill_block(page[i], 0, i);
		for (unsigned i = 0; i < nr; i++)
			CHECK(verify_block(page[i], 0, i));
		for (unsigned i = 0; i < nr; i++) /* forwards, backwards, in strides */
			__free_page(page[round % 3 == 0	  ? i
					 : round % 3 == 1 ? nr - 1 - i
							  : (i * 7 + round) % nr]);
		if (nr % 7 == 0)
			break;
		CHECK_EQ(mm_check_quiet(), 0);
	}
}

static void flushing_merges_what_belongs_together(void)
{
	unsigned nr = some(0);
	unsigned long free_blocks = 0;
	struct zone *zone;

	CHECK_EQ(take(GFP_KERNEL, 0, nr), nr);
	for (unsigned i = 0; i < nr; i++)
		__free_page(page[i]);
	drain_all_pages();
	for_each_zone(zone)
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			free_blocks += peek_blocks(zone, 0, mt);
	CHECK(free_blocks < 32); /* not hundreds of single pages */
	CHECK_EQ(mm_check_quiet(), 0);
}

/* The first of `nr` pages side by side in page[], the first of them at a multiple of nr. */
static unsigned neighbours(unsigned nr, unsigned most)
{
	for (unsigned i = 0; i + nr <= most; i++) {
		unsigned n = 0;

		if (page_index(page[i]) % nr)
			continue;
		while (n < nr && page[i + n] == page[i] + n)
			n++;
		if (n == nr)
			return i;
	}
	return most;
}

/* Two pageblocks lie side by side in a cache, and become of different mobility meanwhile. */
static void joining_ends_at_a_pageblock(void)
{
	const unsigned both = 2 * pageblock_nr_pages;
	unsigned nr, first;
	port_irqflags_t flags;
	struct zone *zone;

	if (both > BUDDY_PCP_SLOTS / 2) {
		test_skip("two pageblocks do not fit into a cache");
		return;
	}
	nr = some(0);
	CHECK_EQ(take(GFP_KERNEL | __GFP_MOVABLE, 0, nr), nr);
	first = neighbours(both, nr);
	REQUIRE(first < nr);
	drain_all_pages();
	for (unsigned i = first; i < first + both; i++)
		__free_page(page[i]);
	zone = page_zone(page[first]);
	flags = port_irq_save();
	port_spin_lock(&zone->lock);
	set_pageblock_migratetype(page[first] + pageblock_nr_pages, MIGRATE_UNMOVABLE);
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
	drain_local_pages();
	CHECK_EQ(mm_check_quiet(), 0);
	for (unsigned i = 0; i < nr; i++)
		if (i < first || i >= first + both)
			__free_page(page[i]);
}

static void draining_this_cpu_leaves_it_empty(void)
{
	port_irqflags_t flags;
	struct mm_cpu *cpu;

	for (unsigned order = 0; order <= PCP_MAX_ORDER; order++) {
		__free_pages(alloc_pages(GFP_KERNEL, order), order);
		__free_pages(alloc_pages(GFP_KERNEL | __GFP_MOVABLE, order), order);
		__free_pages(alloc_pages(GFP_KERNEL | __GFP_RECLAIMABLE, order), order);
	}
	flags = port_irq_save();
	cpu = this_cpu();
	port_irq_restore(flags);
	CHECK(pcp_nr_pages(cpu) > 0);
	CHECK(drain_local_pages() > 0);
	CHECK_EQ(drain_local_pages(), 0);
	CHECK_EQ(pcp_nr_pages(cpu), 0);
}

static void case_30_no_page_of_a_movable_block_for_an_unmovable_request(void)
{
	gfp_t kind[] = {GFP_KERNEL, GFP_KERNEL | __GFP_MOVABLE, GFP_KERNEL | __GFP_RECLAIMABLE};
	struct rng rng = rng_seed(30);
	unsigned nr = some(0) / 2, wrong = 0;

	/* all three through the same caches, in turns, freed and taken again */
	for (unsigned i = 0; i < nr; i++) {
		page[i] = alloc_page(kind[i % 3]);
		REQUIRE(page[i]);
	}
	for (int round = 0; round < 20 * (int)nr; round++) {
		unsigned i = rng_below(&rng, nr);

		__free_page(page[i]);
		page[i] = alloc_page(kind[i % 3]);
		REQUIRE(page[i]);
		wrong += get_pageblock_migratetype(page[i]) != gfp_migratetype(kind[i % 3]);
	}
	CHECK_EQ(wrong, 0);
	for (unsigned i = 0; i < nr; i++)
		__free_page(page[i]);
}

static void case_30_a_movable_page_is_cached_as_movable(void)
{
	struct page *movable = alloc_page(GFP_KERNEL | __GFP_MOVABLE), *p;

	REQUIRE(movable);
	CHECK_EQ(get_pageblock_migratetype(movable), MIGRATE_MOVABLE);
	drain_all_pages();
	__free_page(movable);
	CHECK_EQ(pcp_count(list_of(movable, 0)), 1);
	for (int i = 0; i < 8; i++) {
		p = alloc_page(GFP_KERNEL);
		REQUIRE(p);
		CHECK(p != movable);
		CHECK(get_pageblock_migratetype(p) != MIGRATE_MOVABLE);
		page[i] = p;
	}
	for (int i = 0; i < 8; i++)
		__free_page(page[i]);
	CHECK(alloc_page(GFP_KERNEL | __GFP_MOVABLE) == movable);
	__free_page(movable);
}

#ifdef TEST_HOST

static void case_30_a_stolen_page_is_not_cached_as_ours(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 8 << 20, 0}},
		.limits = {.nr_cpus = 1, .min_free_kbytes = 16},
	};
	struct page *head = NULL, *p;
	unsigned got = 0;

	/* movable pages everywhere, one hole of a page in each pageblock: nothing to claim */
	CHECK_EQ(start(&g), 0);
	while ((p = alloc_page(GFP_KERNEL | __GFP_MOVABLE | __GFP_MEMALLOC))) {
		p->mapping = head;
		head = p;
	}
	for (p = head; p; p = p->mapping)
		if (page_to_pfn(p) % 128 == 5 && got < MANY)
			page[got++] = p;
	for (unsigned i = 0; i < got; i++) {
		struct page **at = &head;

		while (*at != page[i])
			at = (struct page **)&(*at)->mapping;
		*at = page[i]->mapping;
		__free_page(page[i]);
	}
	drain_all_pages();
	/* an unmovable request must take one of them, and its cache must not keep any */
	p = alloc_page(GFP_KERNEL | __GFP_MEMALLOC);
	REQUIRE(p);
	CHECK_EQ(get_pageblock_migratetype(p), MIGRATE_MOVABLE);
	for (unsigned order = 0; order <= PCP_MAX_ORDER; order++)
		CHECK_EQ(pcp_count(&mm_cpus[0]->list[0][MIGRATE_UNMOVABLE][order]), 0);
	__free_page(p);
	CHECK_EQ(pcp_count(list_of(p, 0)), 1); /* back as what it is */
	CHECK_EQ(mm_check_quiet(), 0);
	while ((p = head)) {
		head = p->mapping;
		__free_page(p);
	}
}

static void other_cpus_caches_are_drained_from_far(void)
{
	unsigned long cached = 0;

	for (unsigned cpu = 1; cpu < 4; cpu++) {
		play_cpu(cpu);
		page[cpu] = alloc_pages(GFP_KERNEL, 1);
		REQUIRE(page[cpu]);
	}
	for (unsigned cpu = 1; cpu < 4; cpu++) {
		play_cpu(cpu);
		__free_pages(page[cpu % 3 + 1], 1); /* each another's */
	}
	play_cpu(0);
	cached = nr_pcp_pages();
	CHECK(cached >= 6);
	CHECK_EQ(drain_local_pages(), 0);
	CHECK_EQ(drain_all_pages(), cached);
	CHECK_EQ(nr_pcp_pages(), 0);
}

static void a_cpu_out_of_reach_keeps_its_pages(void)
{
	unsigned long cached;

	play_cpu(3);
	__free_page(alloc_page(GFP_KERNEL));
	cached = nr_pcp_pages();
	play_cpu(0);
	atomic_store(&host_cpus[3].mode, HOST_CPU_OFFLINE);
	CHECK_EQ(drain_all_pages(), 0);
	CHECK_EQ(nr_pcp_pages(), cached);
	atomic_store(&host_cpus[3].mode, HOST_CPU_VIRTUAL);
	CHECK_EQ(drain_all_pages(), cached);
}

static void pages_travel_from_cpu_to_cpu(void)
{
	for (int round = 0; round < 2000; round++) {
		struct page *p;

		play_cpu(round % 2);
		p = alloc_pages(GFP_KERNEL, (unsigned)round % 4);
		REQUIRE(p);
		play_cpu(1 - round % 2);
		__free_pages(p, (unsigned)round % 4);
	}
	play_cpu(0);
}

static void a_request_that_may_wait_gets_what_others_cached(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 4 << 20, 0}},
		.limits = {.nr_cpus = 2, .min_free_kbytes = 16},
	};
	struct page *head = NULL, *p;

	CHECK_EQ(start(&g), 0);
	play_cpu(1);
	REQUIRE(p = alloc_page(GFP_KERNEL));
	play_cpu(0);
	while ((p = alloc_page(GFP_NOWAIT))) { /* cannot wait: must leave CPU 1's cache alone */
		p->mapping = head;
		head = p;
	}
	CHECK(nr_pcp_pages() > 0 || nr_free_pages() > 0);
	if (nr_pcp_pages() > 1) {
		p = alloc_page(GFP_KERNEL);
		CHECK(p != NULL);
		if (p)
			__free_page(p);
	}
	while ((p = head)) {
		head = p->mapping;
		__free_page(p);
	}
	CHECK_EQ(start(&default_geometry), 0); /* CPU 1's page is still out */
}

/* The work under one lock, in list operations, is bounded: interrupts are off meanwhile. */
static void a_small_zone_caches_little(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 4 << 20, 0}},
		.limits = {.nr_cpus = 4},
	};

	CHECK_EQ(start(&g), 0);
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		play_cpu(cpu);
		for (unsigned order = 0; order <= PCP_MAX_ORDER; order++) {
			unsigned nr = 64 >> order;

			nr = take(GFP_KERNEL, order, nr);
			for (unsigned i = 0; i < nr; i++)
				__free_pages(page[i], order);
		}
	}
	play_cpu(0);
	CHECK(nr_pcp_pages() <= nr_managed_pages() * 3 * 4 / 64 + 4 * 3 * 2 * 15);
	CHECK_EQ(mm_check_quiet(), 0);
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(a_freed_block_is_cached_and_comes_back_hot),
	TEST(one_larger_block_is_kept),
	TEST(a_kept_block_serves_no_other_order),
	TEST(refills_are_batches),
	TEST(flushes_are_batches_and_a_cache_is_bounded),
	TEST(no_page_is_cached_twice_in_a_long_run),
	TEST(flushing_merges_what_belongs_together),
	TEST(joining_ends_at_a_pageblock),
	TEST(draining_this_cpu_leaves_it_empty),
	TEST(case_30_no_page_of_a_movable_block_for_an_unmovable_request),
	TEST(case_30_a_movable_page_is_cached_as_movable),
#ifdef TEST_HOST
	TEST(case_30_a_stolen_page_is_not_cached_as_ours),
	TEST(other_cpus_caches_are_drained_from_far),
	TEST(a_cpu_out_of_reach_keeps_its_pages),
	TEST(pages_travel_from_cpu_to_cpu),
	TEST(a_request_that_may_wait_gets_what_others_cached),
	TEST(a_small_zone_caches_little),
#endif
};
TEST_SUITE(pcp, cases);
