// SPDX-License-Identifier: MIT
// LINK: tests/stress/worker.c
/*
 * All CPUs at once where memory is short: owners whose pages are moved and reclaimed under
 * them, and fail at it now and then; dirty pages, shrinkers, kswapd, compaction, contiguous
 * allocations, pageblocks that go out of service and come back.
 *
 * Options as test_stress.c's.  On the host a memory with a CMA area; on the target the one
 * there is, most of it put aside.
 *
 * State: three owners; stock, pages that a shrinker gives up, exchanged atomically.
 */
#include <stddef.h>

#include "../harness/hoard.h"
#include "../harness/owner.h"
#include "region.h"
#include "worker.h"

#define OWNERS	   3
#define MOST_SLOTS 2048
#define STOCK	   64
#define LEAVE	   2048UL /* pages that are not put aside */

static struct test_owner owner[OWNERS];
static struct page *slots[OWNERS][MOST_SLOTS];
static unsigned nr_slots;
static struct page *stock[STOCK];

/* ---- a shrinker ------------------------------------------------------------------ */

static unsigned long count_stock(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long nr = 0;

	for (unsigned i = 0; i < STOCK; i++)
		nr += READ_ONCE(stock[i]) != NULL;
	return nr;
}

static bool sell(unsigned i)
{
	struct page *page = __atomic_exchange_n(&stock[i], NULL, __ATOMIC_ACQ_REL);

	if (page)
		__free_page(page);
	return page;
}

static unsigned long scan_stock(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long nr = 0;

	for (unsigned i = 0; i < STOCK && nr < sc->nr_to_scan; i++)
		nr += sell(i);
	return nr;
}

static struct shrinker shrinker = {.count_objects = count_stock, .scan_objects = scan_stock};

/* ---- what a CPU does ---------------------------------------------------------------- */

static struct test_owner *some_owner(struct worker *w)
{
	return &owner[rng_below(&w->rng, OWNERS)];
}

static void use(struct worker *w, struct test_owner *o, unsigned i)
{
	struct page *page = owner_get(o, i);

	if (!page)
		return;
	CHECK_EQ(page->index, i);
	CHECK(owner_pattern_ok(page, i));
	mark_page_accessed(page);
	if (o->reclaimable && rng_below(&w->rng, 4) == 0)
		set_page_dirty(page);
	if (rng_below(&w->rng, 4) == 0) {
		page = pin_page_longterm(page);
		CHECK(!page || owner_pattern_ok(page, i));
	}
	put_page(page);
}

static void own(struct worker *w)
{
	struct test_owner *o = some_owner(w);
	unsigned i = rng_below(&w->rng, nr_slots), what = rng_below(&w->rng, 8);

	if (what < 4)
		owner_fill(o, i,
			   (what ? GFP_HIGHUSER_MOVABLE : GFP_NOWAIT | __GFP_MOVABLE) |
				   __GFP_NOWARN);
	else if (what < 5)
		owner_drop(o, i);
	else
		use(w, o, i);
}

static void contiguous(struct worker *w)
{
	struct cma *cma = cma_area(0);
	unsigned nr = 1 + rng_below(&w->rng, 16);
	struct page *page = cma ? cma_alloc(cma, nr, 0, true) : NULL;

	if (page) {
		for (unsigned i = 0; i < nr; i++)
			CHECK_EQ(page_word(page + i), PAGE_ALLOCATED(0) | PAGE_CMA);
		CHECK(cma_release(cma, page, nr));
	}
}

static void out_and_in(struct worker *w)
{
	struct zone *zone = &zones[rng_below(&w->rng, nr_zones)];
	unsigned long nr = zone->spanned_pages >> pageblock_order;
	unsigned long pfn = zone->zone_start_pfn +
			    ((unsigned long)rng_below(&w->rng, (uint32_t)nr) << pageblock_order);

	/* Another CPU may come between only while the pageblock is isolated: it then says -EBUSY. */
	if (!offline_pages(pfn, pageblock_nr_pages))
		while (online_pages(pfn, pageblock_nr_pages) == -EBUSY && !test_has_failed())
			test_idle();
}

static void stock_up(struct worker *w)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NOWARN | __GFP_RECLAIMABLE);

	if (page)
		page = __atomic_exchange_n(&stock[rng_below(&w->rng, STOCK)], page,
					   __ATOMIC_ACQ_REL);
	if (page)
		__free_page(page);
}

static void large(struct worker *w)
{
	unsigned order = pageblock_order - rng_below(&w->rng, 2);
	struct page *page =
		alloc_pages((rng_below(&w->rng, 2) ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE) |
				    __GFP_NOWARN | __GFP_NORETRY,
			    order);

	if (page)
		__free_pages(page, order);
}

static void any_block(struct worker *w)
{
	struct block *b = &w->slot[rng_below(&w->rng, SLOTS)];

	if (b->page)
		empty_slot(b);
	else
		fill_slot(w, b, &w->rng, random_gfp(&w->rng) | __GFP_NORETRY,
			  random_order(&w->rng));
}

static void step(struct worker *w, unsigned cpu)
{
	unsigned what = rng_below(&w->rng, 512);

	if (what < 340)
		own(w);
	else if (what < 460)
		any_block(w);
	else if (what < 480)
		stock_up(w);
	else if (what < 484)
		large(w);
	else if (what < 488)
		contiguous(w);
	else if (what < 490)
		out_and_in(w);
	else if (what < 492)
		shrink_node_pages(-1, 1 + rng_below(&w->rng, 32), GFP_KERNEL);
	else if (what < 494)
		balance_dirty_pages();
	else if (what < 495)
		compact_memory(-1);
	else if (what < 498)
		drain_all_pages();
	else if (cpu == 0)
		kswapd_step(0);
	else if (cpu == 1)
		kcompactd_step(0); /* a caller each: both are one task's */
}

/* ---- around it ------------------------------------------------------------------------ */

/* All stop; the counts are exact, and every page has what its owner wrote. */
static void pause_and_check(struct worker *w, unsigned cpu, bool irqs)
{
	WRITE_ONCE(w->in_case, false);
	test_barrier_wait(&barrier, nr_cpus);
	if (cpu == 0) {
		CHECK_EQ(mm_check(), 0);
		CHECK_EQ(mm_check_quiet(), 0);
		for (unsigned i = 0; i < OWNERS; i++)
			CHECK_EQ(owner_verify(&owner[i]), 0);
	}
	test_barrier_wait(&barrier, nr_cpus);
	WRITE_ONCE(w->in_case, irqs);
}

static void mix(unsigned cpu, void *arg)
{
	struct worker *w = begin(cpu, true);
	unsigned long between = ops / 8 + 1;

	w->light = true;
	for (unsigned long i = 0; i < ops; i++) {
		if (!test_has_failed())
			step(w, cpu);
		if (i % between == between - 1)
			pause_and_check(w, cpu, true);
	}
	finish(w);
}

static unsigned long rounds;

static void encounter(unsigned cpu, void *arg)
{
	bool irqs = test_option("irqs", 1) != 0;
	struct worker *w = begin(cpu, irqs);

	w->light = true;
	for (unsigned long round = 0; round < rounds; round++) {
		region_mark();
		test_barrier_wait(&barrier, nr_cpus);
		for (unsigned i = 0; i < 12 && !test_has_failed(); i++)
			step(w, cpu);
		test_barrier_wait(&barrier, nr_cpus);
		region_mark();
		if (round % 16 == 15)
			pause_and_check(w, cpu, irqs);
	}
	finish(w);
}

static void setup(void)
{
#ifdef TEST_HOST
	static const struct geometry g = {
		.ram = {{0x60000000, 24 << 20, 0}},
		.limits = {.movablecore = 8 << 20},
	};

	map_geometry(&g);
	CHECK_EQ(cma_declare_contiguous(0x60800000, 4 << 20, 0, 0, "area"), 0);
	CHECK_EQ(start_mm(&g.limits), 0);
#endif
	/* the largest first, so that it takes few */
	for (unsigned order = MAX_ORDER + 1; order-- > 0;)
		while (nr_free_pages() > LEAVE + (1UL << order)) {
			struct page *page = alloc_pages(
				GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY | __GFP_HIGHMEM, order);

			if (!page)
				break;
			hoard_add(page, order);
		}
	/* more slots than pages */
	nr_slots = (unsigned)min_t(nr_free_pages() / 2, (unsigned long)MOST_SLOTS);
	for (unsigned i = 0; i < OWNERS; i++) {
		owner_init(&owner[i], slots[i], nr_slots, i != 0);
		owner[i].fail_isolate = i == 1 ? 0 : 31;
		owner[i].fail_migrate = 17;
		owner[i].fail_evict = i == 1 ? 0 : 23;
		owner[i].fail_write = 5;
	}
	for (unsigned i = 0; i < nr_slots; i++)
		for (unsigned k = 0; k < OWNERS; k++)
			if (nr_free_pages() > 256)
				owner_fill(&owner[k], i,
					   GFP_HIGHUSER_MOVABLE | __GFP_NOWARN | __GFP_NORETRY);
	CHECK_EQ(register_shrinker(&shrinker), 0);
}

static void teardown(uint32_t bad)
{
	unregister_shrinker(&shrinker);
	for (unsigned i = 0; i < STOCK; i++)
		sell(i);
	for (unsigned i = 0; i < OWNERS; i++) {
		CHECK_EQ(owner_verify(&owner[i]), 0);
		owner_drop_all(&owner[i]);
	}
	hoard_give_all();
	CHECK_EQ(vm_events(BAD_FREE), bad);
	CHECK_EQ(mm_check_quiet(), 0);
	check_all_free();
}

static void memory_is_short_for_all(void)
{
	uint32_t bad = vm_events(BAD_FREE);
	unsigned done = 0;

	setup();
	on_all(mix, 2);
	for (unsigned i = 0; i < OWNERS; i++)
		done += !!owner[i].migrated + !!owner[i].evicted + !!owner[i].written;
	/* It was, in a small machine: each has been moved, two of them evicted and written. */
	if (BUDDY_RECLAIM && test_option("ops", 20000) >= 2000 && nr_managed_pages() <= 32768)
		CHECK(done >= 5);
	teardown(bad);
}

static void short_reclaim_encounters(void)
{
	uint32_t bad = vm_events(BAD_FREE);

#ifdef TEST_HOST
	rounds = test_option("rounds", 100);
#else
	rounds = test_option("rounds", 30);
#endif
	setup();
	on_all(encounter, 1);
	teardown(bad);
}

static const struct test_case cases[] = {
	TEST(memory_is_short_for_all),
	TEST(short_reclaim_encounters),
};
TEST_SUITE(reclaim_stress, cases);
