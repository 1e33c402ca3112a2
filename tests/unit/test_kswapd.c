// SPDX-License-Identifier: MIT
// NEEDS: RECLAIM
// HOST ONLY
/*
 * kswapd: when it is woken, how far it goes, when it gives up and comes back; zones, nodes,
 * boosts; dirty pages in the background.
 */
#include <buddy/init.h>

#include "reclaim_fixture.h"

#define MIB   (1ULL << 20)
#define STEPS 20000u /* more than any run takes */

static struct zone *zone;
static unsigned woken[BUDDY_MAX_NODES];

static void note_wake(int nid)
{
	woken[nid]++;
}

static struct node_daemon *daemon_of(int nid)
{
	return &nodes[nid].daemon;
}

/* All memory is the owner's, down to the min mark, in the order of slots. */
static unsigned fill_up(void)
{
	unsigned nr = 0;

	host_kswapd_set_handler(note_wake);
	for (unsigned nid = 0; nid < BUDDY_MAX_NODES; nid++)
		woken[nid] = 0;
	zone = &zones[0];
	own(0);
	while (nr < MAX_SLOTS && owner_fill(&owner, nr, OWNED))
		nr++;
	drain_all_pages();
	return nr;
}

/* The same, to the last page. */
static unsigned fill_to_the_last(void)
{
	unsigned nr = fill_up();

	while (nr < MAX_SLOTS && owner_fill(&owner, nr, OWNED | __GFP_MEMALLOC))
		nr++;
	CHECK_EQ(zone->nr_free_pages, 0);
	return nr;
}

static void wake(gfp_t gfp, unsigned order)
{
	struct alloc_context ac = request(GFP_KERNEL);

	wake_all_kswapds(gfp, order, &ac);
}

/* Until there is nothing to do; how many steps. */
static unsigned run(int nid)
{
	unsigned n = 1;

	while (kswapd_step(nid) && n < STEPS)
		n++;
	CHECK(n < STEPS);
	CHECK(!daemon_of(nid)->running);
	return n;
}

static unsigned long high(const struct zone *z)
{
	return z->watermark[WMARK_HIGH];
}

/* ---- woken ------------------------------------------------------------------------ */

static void woken_for_a_reason_only(void)
{
	unsigned nr;

	host_kswapd_set_handler(note_wake);
	woken[0] = 0;
	nr_reclaim_sources = RECLAIM_PAGES;
	wake(GFP_KERNEL, 0); /* all is well */
	CHECK_EQ(woken[0], 0);
	CHECK(!kswapd_step(0));
	nr = fill_up();
	woken[0] = 0;
	wake(GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM, 0);
	CHECK_EQ(woken[0], 0);
	nr_reclaim_sources = 0;
	wake(GFP_KERNEL, 0);
	CHECK_EQ(woken[0], 0);
	nr_reclaim_sources = RECLAIM_PAGES;
	wake(GFP_NOWAIT, 0);
	CHECK_EQ(woken[0], 1);
	/* balanced by somebody else meanwhile */
	for (unsigned i = 0; i < nr / 2; i++)
		owner_drop(&owner, i);
	drain_all_pages();
	CHECK(!kswapd_step(0));
	CHECK_EQ(vm_events(PAGEOUTRUN), 0);
	CHECK(!kswapd_step(-1) && !kswapd_step(BUDDY_MAX_NODES));
	disown();
}

static void works_to_the_high_mark(void)
{
	unsigned long before, freed = 0;
	port_irqflags_t flags;

	fill_up();
	before = zone->nr_free_pages;
	CHECK(before < zone->watermark[WMARK_LOW]);
	wake(GFP_KERNEL, 0);
	flags = port_irq_save();
	CHECK(!kswapd_step(0)); /* not here */
	port_irq_restore(flags);
	for (bool more = true; more; freed = zone->nr_free_pages - before) {
		more = kswapd_step(0);
		CHECK(zone->nr_free_pages - before - freed <= SWAP_CLUSTER_MAX);
	}
	CHECK(zone_watermark_ok(zone, 0, zone->type, ALLOC_WMARK_HIGH));
	CHECK(zone->nr_free_pages <= high(zone) + SWAP_CLUSTER_MAX);
	CHECK_EQ(vm_events(PGSTEAL_KSWAPD), freed);
	CHECK_EQ(vm_events(PGSTEAL_DIRECT), 0);
	CHECK_EQ(vm_events(PAGEOUTRUN), 1);
	CHECK_EQ(daemon_of(0)->kswapd_failures, 0);
	CHECK_EQ(owner.evicted, freed);
	CHECK(!kswapd_step(0));
	CHECK(!port_alloc_scope()->flags);
	disown();
}

static void used_pages_come_last(void)
{
	unsigned nr = fill_up();

	for (unsigned i = 0; i < nr - 600; i++)
		mark_page_accessed(slots[i]);
	wake(GFP_KERNEL, 0);
	run(0);
	CHECK(zone_watermark_ok(zone, 0, zone->type, ALLOC_WMARK_HIGH));
	for (unsigned i = 0; i < nr - 600; i++)
		CHECK(slots[i] != NULL);
	disown();
}

/* ---- high orders (case 38) --------------------------------------------------------- */

static struct page *pinned[MAX_SLOTS];

static unsigned long low_bits(const struct page *page, unsigned order)
{
	return page_to_pfn(page) & ((1UL << order) - 1);
}

/* No block of this order can come to be: one page of each is held. */
static void pin_one_of_each(unsigned nr, unsigned order)
{
	for (unsigned i = 0; i < nr; i++)
		pinned[i] = low_bits(slots[i], order) ? NULL : owner_get(&owner, i);
}

static void pin_all(unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		pinned[i] = owner_get(&owner, i);
}

static void unpin_all(unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		if (pinned[i])
			put_page(pinned[i]);
}

static void a_high_order_stops_after_twice_the_request(void)
{
	const unsigned order = 5;
	unsigned nr = fill_to_the_last(), dropped = 0;

	pin_one_of_each(nr, order);
	for (unsigned i = 0; i < nr && dropped < 500; i++)
		if (low_bits(slots[i], order) == 1) {
			owner_drop(&owner, i);
			dropped++;
		}
	drain_all_pages();
	CHECK(zone_watermark_ok(zone, 0, zone->type, ALLOC_WMARK_HIGH));
	wake(GFP_KERNEL, order);
	CHECK_EQ(woken[0], 1);
	CHECK_EQ(daemon_of(0)->kswapd_wanted, order + 1);
	run(0);
	CHECK_EQ(vm_events(PAGEOUTRUN), 1);
	CHECK(vm_events(PGSTEAL_KSWAPD) >= 2U << order);
	CHECK(vm_events(PGSTEAL_KSWAPD) < (2U << order) + SWAP_CLUSTER_MAX * 2);
	CHECK_EQ(daemon_of(0)->kswapd_failures, 0);
	unpin_all(nr);
	disown();
}

static void then_it_goes_on_for_single_pages(void)
{
	unsigned nr = fill_to_the_last();

	pin_one_of_each(nr, 3);
	wake(GFP_KERNEL, 3);
	run(0);
	/* far more than twice eight were missing */
	CHECK(vm_events(PGSTEAL_KSWAPD) > 64);
	CHECK(zone_watermark_ok(zone, 0, zone->type, ALLOC_WMARK_HIGH));
	CHECK(!zone_has_block(zone, 3));
	unpin_all(nr);
	disown();
}

/* There is nothing to reclaim for the order; single pages there are. */
static void a_high_order_alone_does_not_make_it_give_up(void)
{
	unsigned nr = fill_to_the_last(), dropped = 0;

	for (unsigned i = 0; i < nr && dropped < 500; i++)
		if (low_bits(slots[i], 5) == 1) {
			owner_drop(&owner, i);
			dropped++;
		}
	drain_all_pages();
	pin_all(nr);
	wake(GFP_KERNEL, 5);
	run(0);
	CHECK_EQ(vm_events(PAGEOUTRUN), 1);
	CHECK_EQ(vm_events(PGSTEAL_KSWAPD), 0);
	CHECK_EQ(vm_events(PGSCAN_KSWAPD), looked_at(nr - dropped, 1));
	CHECK_EQ(vm_events(KSWAPD_GIVE_UP), 0);
	CHECK_EQ(daemon_of(0)->kswapd_failures, 0);
	unpin_all(nr);
	disown();
}

static void enough_is_a_block_of_the_order(void)
{
	fill_up();
	wake(GFP_KERNEL, 1);
	wake(GFP_KERNEL, 4);
	wake(GFP_KERNEL, 0); /* the largest counts */
	run(0);
	CHECK(zone_watermark_ok(zone, 4, zone->type, ALLOC_WMARK_HIGH) ||
	      vm_events(PGSTEAL_KSWAPD) >= 32);
	CHECK(zone_watermark_ok(zone, 0, zone->type, ALLOC_WMARK_HIGH));
	disown();
}

/* ---- giving up --------------------------------------------------------------------- */

static void gives_up_and_comes_back(void)
{
	unsigned nr = fill_up();

	pin_all(nr);
	wake(GFP_KERNEL, 0);
	run(0);
	CHECK_EQ(daemon_of(0)->kswapd_failures, MAX_RECLAIM_RETRIES);
	CHECK_EQ(vm_events(KSWAPD_GIVE_UP), 1);
	CHECK_EQ(vm_events(PGSTEAL_KSWAPD), 0);
	/* 16 times over everything, and no more */
	CHECK_EQ(vm_events(PGSCAN_KSWAPD), MAX_RECLAIM_RETRIES * looked_at(nr, 1));
	woken[0] = 0;
	wake(GFP_KERNEL, 0);
	CHECK_EQ(woken[0], 0);
	CHECK(!kswapd_step(0));
	unpin_all(nr);
	wake(GFP_KERNEL, 0); /* nobody tells it */
	CHECK_EQ(woken[0], 0);
	CHECK_EQ(reclaim_for(GFP_KERNEL, 0), SWAP_CLUSTER_MAX);
	CHECK_EQ(daemon_of(0)->kswapd_failures, 0);
	wake(GFP_KERNEL, 0);
	CHECK_EQ(woken[0], 1);
	run(0);
	CHECK(zone_watermark_ok(zone, 0, zone->type, ALLOC_WMARK_HIGH));
	disown();
}

static void a_few_pages_of_its_own_are_no_balance(void) /* case 38 */
{
	unsigned nr = fill_up(), least = 100;

	pin_all(nr);
	for (unsigned i = 0; i < 3; i++)
		put_page(pinned[i * 1000]);
	daemon_of(0)->kswapd_failures = 5;
	wake(GFP_KERNEL, 0);
	while (kswapd_step(0))
		least = min_t(least, (unsigned)daemon_of(0)->kswapd_failures);
	CHECK_EQ(vm_events(PGSTEAL_KSWAPD), 3);
	CHECK_EQ(least, 5);
	CHECK_EQ(daemon_of(0)->kswapd_failures, MAX_RECLAIM_RETRIES);
	for (unsigned i = 0; i < nr; i++)
		if (i % 1000 || i >= 3000)
			put_page(pinned[i]);
	/* real balance is */
	daemon_of(0)->kswapd_failures = 7;
	wake(GFP_KERNEL, 0);
	run(0);
	CHECK_EQ(daemon_of(0)->kswapd_failures, 0);
	disown();
}

static void nothing_there_at_all(void)
{
	struct page *page, *all = NULL;

	fill_up();
	owner_drop_all(&owner);
	while ((page = alloc_page(OWNED))) {
		page->mapping = all;
		all = page;
	}
	wake(GFP_KERNEL, 0);
	CHECK(run(0) < 1000);
	CHECK_EQ(vm_events(KSWAPD_GIVE_UP), 1);
	CHECK_EQ(vm_events(PGSCAN_KSWAPD), 0);
	while ((page = all)) {
		all = page->mapping;
		__free_page(page);
	}
}

/* ---- zones and nodes --------------------------------------------------------------- */

static void a_zone_that_has_nothing_does_not_keep_the_others(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 64 * MIB, 0}},
		.limits = {.dma_limit = 0x61000000},
	};
	struct zone *dma, *normal;
	struct page *page, *all = NULL;

	REQUIRE(start(&g) == 0);
	REQUIRE(nr_zones == 2);
	dma = &zones[0];
	normal = &zones[1];
	while ((page = alloc_page(OWNED | GFP_DMA | __GFP_MEMALLOC))) {
		page->mapping = all;
		all = page;
	}
	fill_up();
	wake(GFP_KERNEL, 0);
	run(0);
	CHECK(dma->nr_free_pages < dma->watermark[WMARK_LOW]);
	CHECK(zone_watermark_ok(normal, 0, normal->type, ALLOC_WMARK_HIGH));
	CHECK_EQ(vm_events(KSWAPD_GIVE_UP), 0);
	CHECK_EQ(daemon_of(0)->kswapd_failures, 0);
	/* little enough was done for it */
	CHECK(normal->nr_free_pages <= high(normal) + SWAP_CLUSTER_MAX);
	while ((page = all)) {
		all = page->mapping;
		__free_page(page);
	}
	disown();
}

static void each_node_has_its_own(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 32 * MIB, 0}, {0x62000000, 32 * MIB, 1}},
	};
	unsigned nr, of_1 = 0;
	struct zone *other;

	if (BUDDY_MAX_NODES < 2) {
		test_skip("one node");
		return;
	}
	REQUIRE(start(&g) == 0);
	nr = fill_up();
	other = &zones[1];
	for (unsigned i = 0; i < nr; i++)
		if (page_zone(slots[i]) == other && of_1++ < 2000)
			owner_drop(&owner, i);
	drain_all_pages();
	wake(GFP_KERNEL, 0);
	CHECK(woken[0] == 1 && woken[1] == 0);
	CHECK(!kswapd_step(1));
	of_1 = other->nr_lru;
	run(0);
	CHECK(zone_watermark_ok(zone, 0, zone->type, ALLOC_WMARK_HIGH));
	CHECK_EQ(other->nr_lru, of_1);
	/* a request that may not have node 0 does not wake it */
	for (unsigned i = 0; i < 400 && owner_fill(&owner, i, OWNED); i++)
		;
	disown();
}

/* ---- boosts ------------------------------------------------------------------------ */

static void set_boost(uint32_t pages)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&zone->lock);
	zone->watermark_boost = pages;
	update_fast_mark(zone);
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
}

static void a_boost_is_worked_off(void)
{
	unsigned nr;

	mm_policy.watermark_boost_factor = 15000;
	REQUIRE(start(&default_geometry) == 0);
	nr = fill_up();
	for (unsigned i = 0; i < nr; i += 2)
		owner_drop(&owner, i);
	for (unsigned i = 1; i < nr; i += 4)
		set_page_dirty(slots[i]);
	drain_all_pages();
	CHECK(!kswapd_step(0));
	set_boost(300);
	/* nobody need wake it, who calls it finds it; dirty pages are left alone */
	run(0);
	CHECK_EQ(zone->watermark_boost, 0);
	CHECK(vm_events(PGSTEAL_KSWAPD) > 0 && vm_events(PGSTEAL_KSWAPD) <= 300 + SWAP_CLUSTER_MAX);
	CHECK_EQ(owner.written, 0);
	CHECK_EQ(vm_events(PAGEOUTRUN), 1);
	CHECK(!kswapd_step(0));
	CHECK_EQ(mm_check_quiet(), 0);
	disown();
}

static void a_boost_waits_where_memory_is_short(void)
{
	mm_policy.watermark_boost_factor = 15000;
	REQUIRE(start(&default_geometry) == 0);
	fill_up();
	for (unsigned i = 0; i < MAX_SLOTS && slots[i]; i++)
		set_page_dirty(slots[i]);
	set_boost(500);
	wake(GFP_KERNEL, 0);
	run(0);
	/* to high with the boost, and by writing */
	CHECK(owner.written > 500);
	CHECK_EQ(zone->watermark_boost, 0);
	CHECK(zone->nr_free_pages > high(zone) + 500);
	disown();
}

/* ---- dirty pages ------------------------------------------------------------------- */

static void writes_in_the_background(void)
{
	unsigned long dirtyable, limit;

	fill_up();
	for (unsigned i = 0; i < 4000; i++)
		owner_drop(&owner, i);
	drain_all_pages();
	dirtyable = zone->nr_free_pages - high(zone) + zone->nr_lru;
	limit = dirtyable / 10;
	for (unsigned i = 4000; i < 4000 + limit; i++)
		set_page_dirty(slots[i]);
	balance_dirty_pages();
	CHECK_EQ(woken[0], 0);
	CHECK(!kswapd_step(0));
	for (unsigned i = 0; i < 50; i++)
		set_page_dirty(slots[4000 + limit + i]);
	balance_dirty_pages();
	CHECK_EQ(woken[0], 1);
	CHECK_EQ(owner.written, 0);
	CHECK_EQ(vm_events(DIRTY_THROTTLE), 0);
	run(0);
	CHECK_EQ(owner.written, 50);
	CHECK_EQ(vm_events(PGWRITEBACK), 50);
	CHECK_EQ(nr_dirty_pages(), limit);
	CHECK_EQ(vm_events(PAGEOUTRUN), 0);
	/* a device that has gone: once over everything, and no more until somebody asks */
	owner.fail_write = 1;
	for (unsigned i = 0; i < 50; i++)
		set_page_dirty(slots[6000 + i]);
	balance_dirty_pages();
	run(0);
	CHECK_EQ(owner.written, 50);
	CHECK_EQ(nr_dirty_pages(), limit + 50);
	CHECK(!kswapd_step(0));
	disown();
}

static void reclaims_and_writes_in_one(void)
{
	unsigned nr = fill_up();

	for (unsigned i = 0; i < nr; i++)
		set_page_dirty(slots[i]);
	memalloc_noio_save(); /* the writer may not */
	balance_dirty_pages();
	memalloc_noio_restore(0);
	CHECK_EQ(owner.written, 0);
	wake(GFP_KERNEL, 0);
	run(0);
	CHECK(zone_watermark_ok(zone, 0, zone->type, ALLOC_WMARK_HIGH));
	CHECK(!dirty_beyond(true));
	disown();
}

/* ---- with others ------------------------------------------------------------------- */

static void allocate_and_wake(unsigned cpu, void *arg)
{
	struct rng r = rng_seed(cpu);
	const unsigned ops = (unsigned)test_option("ops", 6000);

	for (unsigned n = 0; n < ops; n++) {
		unsigned i = rng_below(&r, MAX_SLOTS);
		struct page *page;

		if (!cpu) {
			kswapd_step(0);
		} else if (n % 3) {
			if (!owner_fill(&owner, i, GFP_NOWAIT | __GFP_MOVABLE | __GFP_NOWARN))
				wake(GFP_NOWAIT, rng_below(&r, 4));
		} else if ((page = owner_get(&owner, i))) {
			CHECK(owner_pattern_ok(page, i));
			set_page_dirty(page);
			mark_page_accessed(page);
			put_page(page);
			balance_dirty_pages();
		}
		test_idle();
	}
}

static void runs_beside_requests(void)
{
	fill_up();
	host_kswapd_set_handler(NULL);
	run_on_cpus(4, allocate_and_wake, NULL);
	CHECK(vm_events(PGSTEAL_KSWAPD) > 100);
	CHECK_EQ(nr_lru_pages(), owner_nr_pages(&owner));
	run(0);
	disown();
}

static const struct test_case cases[] = {
	TEST(woken_for_a_reason_only),
	TEST(works_to_the_high_mark),
	TEST(used_pages_come_last),
	TEST(a_high_order_stops_after_twice_the_request),
	TEST(then_it_goes_on_for_single_pages),
	TEST(a_high_order_alone_does_not_make_it_give_up),
	TEST(enough_is_a_block_of_the_order),
	TEST(gives_up_and_comes_back),
	TEST(a_few_pages_of_its_own_are_no_balance),
	TEST(nothing_there_at_all),
	TEST(a_zone_that_has_nothing_does_not_keep_the_others),
	TEST(each_node_has_its_own),
	TEST(a_boost_is_worked_off),
	TEST(a_boost_waits_where_memory_is_short),
	TEST(writes_in_the_background),
	TEST(reclaims_and_writes_in_one),
	TEST(runs_beside_requests),
};
TEST_SUITE(kswapd, cases);
