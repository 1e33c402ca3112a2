// SPDX-License-Identifier: MIT
// NEEDS: RECLAIM DEBUG_HOOKS
// HOST ONLY
/*
 * The retry policy: which steps each class of request takes, in which order, and that it
 * comes to an end; that nobody who is entered for it comes in again.
 *
 * Memory is all out in a hoard; what can be had again is in the hands of a shrinker, of an
 * owner that can be sacrificed, or of an owner of movable pages.
 */
#include <stdio.h>
#include <string.h>

#include <buddy/oom.h>
#include <mm/internal.h>

#include "../harness/hoard.h"
#include "../harness/owner.h"
#include "../harness/steps.h"

/* ---- who has something -------------------------------------------------------------- */

static struct pool {
	struct shrinker shrinker;
	unsigned long says;  /* objects, ... */
	unsigned long gives; /* ... and how many pages of the hoard it really frees */
	bool lies;	     /* reports success without a page */
	void (*inside)(void);
	unsigned scans;
	unsigned depth, deepest;
	gfp_t gfp;
} pool;

static unsigned long pool_count(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	(void)sc;
	CHECK(port_alloc_scope()->flags & SCOPE_MEMALLOC);
	return pool.says;
}

static bool free_from_hoard(void)
{
	struct page *page = hoard;

	if (!page)
		return false;
	hoard = page->mapping;
	__free_pages(page, (unsigned)page->index);
	return true;
}

static unsigned long pool_scan(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long nr = 0;

	(void)s;
	CHECK(!port_irqs_disabled());
	CHECK(port_alloc_scope()->flags & SCOPE_MEMALLOC);
	pool.scans++;
	pool.gfp = sc->gfp_mask;
	if (++pool.depth > pool.deepest)
		pool.deepest = pool.depth;
	if (pool.inside)
		pool.inside();
	while (nr < sc->nr_to_scan && pool.gives && free_from_hoard()) {
		pool.gives--;
		nr++;
	}
	pool.depth--;
	sc->nr_scanned = sc->nr_to_scan;
	return pool.lies ? sc->nr_to_scan : nr;
}

static struct victim {
	struct oom_owner oom;
	unsigned long has, each; /* pages; how many of them at a time */
	void (*inside)(void);
	unsigned asked;
} victim;

static unsigned long victim_pages(struct oom_owner *o)
{
	(void)o;
	return victim.has;
}

static unsigned long victim_sacrifice(struct oom_owner *o)
{
	unsigned long nr = 0;

	(void)o;
	CHECK(!port_irqs_disabled());
	CHECK(port_alloc_scope()->flags & SCOPE_MEMALLOC);
	victim.asked++;
	if (victim.inside)
		victim.inside();
	while (nr < victim.each && victim.has && free_from_hoard()) {
		victim.has--;
		nr++;
	}
	return nr;
}

/* Reclaimable pages that cannot be had: their owner does not let go of them. */
#define NR_STUCK 2048
static struct test_owner stuck;
static struct page *stuck_slot[NR_STUCK];

static unsigned woken, port_asked;

static void wake(int nid)
{
	CHECK_EQ(nid, 0);
	woken++;
}

static bool port_says_no(unsigned order, uint32_t gfp)
{
	(void)order;
	(void)gfp;
	port_asked++;
	return false;
}

/* As many as stay free while an ordinary request gets one. */
static unsigned long above_min(void)
{
	return zones[0].watermark[WMARK_MIN] + 1;
}

/* All memory is out, in pages; a shrinker and an owner are there that have nothing yet. */
static void begin_untraced(void)
{
	hoard_all(GFP_NOWAIT | __GFP_MEMALLOC, 0);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), 0);
	pool = (struct pool){.shrinker = {.count_objects = pool_count,
					  .scan_objects = pool_scan,
					  .seeks = DEFAULT_SEEKS}};
	victim = (struct victim){.oom = {"victim", victim_pages, victim_sacrifice, .adj = 0},
				 .each = ~0UL};
	CHECK_EQ(register_shrinker(&pool.shrinker), 0);
	CHECK_EQ(register_oom_owner(&victim.oom), 0);
	host_kswapd_set_handler(wake);
	host_oom_set_handler(port_says_no);
	woken = port_asked = 0;
}

static void begin(void)
{
	steps_begin(); /* the ring wants memory */
	begin_untraced();
	steps_begin();
}

static void end(void)
{
	CHECK_EQ(port_alloc_scope()->flags, 0);
	if (mm_debug_on)
		steps_end();
	unregister_shrinker(&pool.shrinker);
	unregister_oom_owner(&victim.oom);
	hoard_give_all();
}

/* The same, but that memory is in pages that look reclaimable. */
static void begin_stuck(void)
{
	steps_begin();
	owner_init(&stuck, stuck_slot, NR_STUCK, true);
	stuck.fail_evict = 1;
	for (unsigned i = 0; i < NR_STUCK; i++)
		CHECK(owner_fill(&stuck, i, GFP_HIGHUSER_MOVABLE));
	CHECK(NR_STUCK > above_min());
	begin();
}

static void end_stuck(void)
{
	CHECK_EQ(stuck.evicted, 0);
	CHECK_EQ(owner_verify(&stuck), 0);
	owner_drop_all(&stuck);
	end();
}

static struct page *want(gfp_t gfp, unsigned order)
{
	return alloc_pages(gfp | __GFP_NOWARN, order);
}

/* ---- requests that may not wait ---------------------------------------------------- */

static void who_may_not_wait_enters_nobody(void)
{
	static const gfp_t gfp[] = {GFP_ATOMIC, GFP_NOWAIT, GFP_ATOMIC | __GFP_NOMEMALLOC};
	port_irqflags_t flags;
	unsigned saved;

	begin();
	pool.says = pool.gives = 1000;
	victim.has = 1000;
	for (unsigned i = 0; i < sizeof(gfp) / sizeof(gfp[0]); i++)
		CHECK(!want(gfp[i], i));
	CHECK(woken);
	/* with interrupts off, or for somebody who frees memory, as well */
	flags = port_irq_save();
	CHECK(!want(GFP_KERNEL, 0));
	port_irq_restore(flags);
	saved = memalloc_noreclaim_save();
	CHECK(!want(GFP_KERNEL, 0));
	memalloc_noreclaim_restore(saved);
	CHECK_EQ(pool.scans, 0);
	CHECK_EQ(victim.asked, 0);
	CHECK_EQ(port_asked, 0);
	for (unsigned k = TRACE_DRAIN; k <= TRACE_OOM; k++)
		CHECK_EQ(steps_nr((enum mm_trace_kind)k), 0);
	CHECK_EQ(vm_events(ALLOCSTALL), 0);
	end();
}

static void polling_wakes_kswapd_once(void)
{
	begin_untraced(); /* the shortest way out, for which nothing may be going on */
	pool.says = pool.gives = 1000;
	for (unsigned i = 0; i < 10; i++)
		CHECK(!want(GFP_NOWAIT, 0));
	CHECK_EQ(woken, 1);
	/* a larger order is news */
	for (unsigned i = 0; i < 10; i++)
		CHECK(!want(GFP_NOWAIT, 2));
	CHECK_EQ(woken, 2);
	CHECK(!want(0, 3));
	CHECK_EQ(woken, 2);
	end();
}

/* ---- order 0 ----------------------------------------------------------------------- */

static void an_ordinary_request_reclaims(void)
{
	uint32_t stalls = vm_events(ALLOCSTALL);
	struct page *page;

	begin();
	pool.says = pool.gives = 4 * above_min();
	page = want(GFP_KERNEL, 0);
	REQUIRE(page);
	CHECK(strstr(steps(), "SKR") && strstr(steps(), "Ra"));
	CHECK_EQ(steps_nr(TRACE_SLOWPATH), 1);
	CHECK_EQ(pool.gfp & (__GFP_IO | __GFP_FS), __GFP_IO | __GFP_FS);
	CHECK(vm_events(ALLOCSTALL) > stalls);
	CHECK(vm_events(SLOWPATH) >= 1);
	CHECK_EQ(victim.asked, 0);
	__free_page(page);
	end();
}

/* Nothing is free, nothing can be: a look, and it knows. */
static void nothing_reclaimable_is_no_reason_to_retry(void)
{
	begin();
	CHECK(!want(GFP_NOFS, 0));
	CHECK(steps_nr(TRACE_RECLAIM) <= 1);
	CHECK_EQ(steps_nr(TRACE_DRAIN), 1);
	CHECK_EQ(victim.asked, 0);
	CHECK_EQ(port_asked, 0);
	end();
}

/* It is said that there is something, and nothing comes. */
static void without_progress_it_gives_up_after_some_rounds(void)
{
	begin_stuck();
	victim.has = 4 * above_min();
	CHECK(!want(GFP_NOFS, 0));
	CHECK_EQ(steps_nr(TRACE_RECLAIM), MAX_RECLAIM_RETRIES + 1);
	CHECK_EQ(victim.asked, 0);
	steps_begin();
	CHECK(!want(GFP_KERNEL | __GFP_RETRY_MAYFAIL, 0));
	CHECK_EQ(steps_nr(TRACE_RECLAIM), MAX_RECLAIM_RETRIES + 1);
	CHECK_EQ(victim.asked, 0);
	steps_begin();
	CHECK(!want(GFP_KERNEL | __GFP_THISNODE, 0));
	CHECK_EQ(victim.asked, 0);
	end_stuck();
}

static void noretry_reclaims_once(void)
{
	begin();
	pool.says = 100 * above_min();
	victim.has = 1000;
	CHECK(!want(GFP_KERNEL | __GFP_NORETRY, 0));
	CHECK_STEPS("SKRx");
	CHECK_EQ(steps_nr(TRACE_RECLAIM), 1);
	CHECK_EQ(steps_nr(TRACE_KSWAPD), 1);
	CHECK_EQ(victim.asked, 0);
	end();
}

/* Reclaim says that it frees page after page, and others have them before this request. */
static void progress_without_a_page_ends_too(void)
{
	begin();
	pool.says = 100 * above_min();
	pool.lies = true;
	CHECK(!want(GFP_NOFS, 0));
	CHECK_EQ(steps_nr(TRACE_RECLAIM), 8 * MAX_RECLAIM_RETRIES);
	end();
}

static void sacrifices_without_a_page_end_too(void)
{
	begin();
	victim.has = ~0UL >> 2;
	victim.each = 1;
	CHECK(!want(GFP_KERNEL, 0));
	CHECK_EQ(victim.asked, MAX_RECLAIM_RETRIES);
	CHECK_EQ(steps_nr(TRACE_OOM), MAX_RECLAIM_RETRIES);
	CHECK_EQ(port_asked, 0);
	end();
}

/* ---- out of memory ----------------------------------------------------------------- */

static void a_sacrifice_comes_last(void)
{
	struct page *page;

	begin_stuck();
	victim.has = 4 * above_min();
	page = want(GFP_KERNEL, 0);
	REQUIRE(page);
	CHECK_EQ(victim.asked, 1);
	CHECK_EQ(vm_events(OOM_KILL), 1);
	CHECK_EQ(steps_nr(TRACE_RECLAIM), MAX_RECLAIM_RETRIES + 1);
	CHECK_EQ(strcmp(steps() + strlen(steps()) - 2, "Oa"), 0);
	__free_page(page);
	end_stuck();
}

/* The reserve of atomic requests goes before anybody's pages. */
static void reserves_come_before_a_sacrifice(void)
{
	struct page *page;

	begin();
	victim.has = 4 * above_min();
	zones[0].watermark_boost = 16;
	page = want(GFP_KERNEL, 0);
	REQUIRE(page);
	CHECK_EQ(zones[0].watermark_boost, 0);
	CHECK(strstr(steps(), "EO"));
	__free_page(page);
	end();
}

static void nofail_goes_on_until_it_has_one(void)
{
	struct page *page;

	begin();
	victim.has = 1000;
	victim.each = 1;
	page = want(GFP_NOIO | __GFP_NOFAIL, 0);
	REQUIRE(page);
	CHECK(victim.asked > MAX_RECLAIM_RETRIES);
	CHECK_EQ(port_asked, 0);
	__free_page(page);
	end();
}

static void must_have(void *arg)
{
	(void)arg;
	want(GFP_KERNEL | __GFP_NOFAIL, 0);
}

static void nofail_panics_when_nobody_has_anything(void)
{
	begin();
	pool.says = 1000;
	CHECK(host_panics(must_have, NULL));
	CHECK_EQ(port_asked, 1);
	CHECK(strstr(host_panic_text(), "nothing is left"));
	CHECK_EQ(start(&default_geometry), 0);
	hoard = NULL;
}

/* ---- blocks ------------------------------------------------------------------------ */

static void high_orders_that_do_not_move_compact_first(void)
{
	if (!BUDDY_MOBILITY) {
		test_skip("needs BUDDY_MOBILITY");
		return;
	}
	if (MAX_ORDER < 4)
		return;
	begin();
	pool.says = 100 * above_min();
	CHECK(!want(GFP_KERNEL | __GFP_NORETRY, 2));
	CHECK_STEPS("SKCRCx");
	steps_begin();
	CHECK(!want(GFP_KERNEL | __GFP_MOVABLE | __GFP_NORETRY, 2));
	CHECK_STEPS("SKRCx");
	steps_begin();
	CHECK(!want(GFP_KERNEL | __GFP_MOVABLE, 4));
	CHECK_STEPS("SKCRDCx");
	CHECK_EQ(steps_nr(TRACE_COMPACT), 2);
	CHECK_EQ(steps_nr(TRACE_RECLAIM), 1);
	/* with nothing free there is nothing to compact with */
	steps_begin();
	CHECK(!want(GFP_KERNEL | __GFP_NORETRY, 4));
	CHECK_STEPS("SKCx");
	end();
}

static void costly_orders_sacrifice_nobody(void)
{
	if (MAX_ORDER < 4)
		return;
	begin();
	pool.says = 100 * above_min();
	victim.has = 1000;
	CHECK(!want(GFP_KERNEL, 4));
	CHECK(!want(GFP_KERNEL | __GFP_RETRY_MAYFAIL, 4));
	CHECK_EQ(victim.asked, 0);
	CHECK_EQ(port_asked, 0);
	end();
}

/* ---- recursion --------------------------------------------------------------------- */

static unsigned inner_failed;

static void allocate_inside(void)
{
	for (unsigned order = 0; order <= 3 && order <= MAX_ORDER; order++) {
		struct page *page = want(GFP_KERNEL, order);

		if (page)
			__free_pages(page, order);
		else
			inner_failed++;
	}
}

static void who_frees_memory_is_not_entered_again(void)
{
	struct page *page;

	begin();
	pool.says = 1000;
	pool.inside = allocate_inside;
	victim.has = 4 * above_min();
	victim.inside = allocate_inside;
	inner_failed = 0;
	page = want(GFP_KERNEL, 0);
	REQUIRE(page);
	CHECK_EQ(pool.deepest, 1);
	CHECK_EQ(victim.asked, 1);
	CHECK(inner_failed > 4);
	__free_page(page);
	end();
}

static void must_have_inside(void)
{
	want(GFP_KERNEL | __GFP_NOFAIL, 0);
}

/* It has nobody left to ask but the port. */
static void nofail_inside_of_a_sacrifice_panics_and_does_not_recurse(void)
{
	begin();
	victim.has = 1000;
	victim.inside = must_have_inside;
	CHECK(host_panics(must_have, NULL));
	CHECK_EQ(victim.asked, 1);
	CHECK_EQ(port_asked, 1);
	port_alloc_scope()->flags = 0;
	CHECK_EQ(start(&default_geometry), 0);
	hoard = NULL;
}

static void take_a_page_inside(void)
{
	struct page *page = want(GFP_KERNEL, 0);

	CHECK(page);
	if (page)
		__free_page(page);
}

/* Whoever frees memory may have the last of it. */
static void who_frees_memory_has_all_reserves(void)
{
	begin();
	CHECK(free_from_hoard());
	CHECK(free_from_hoard());
	drain_all_pages();
	pool.says = 1000;
	pool.inside = take_a_page_inside;
	CHECK(!want(GFP_NOFS, 0));
	CHECK(pool.scans);
	end();
}

static void the_rings_show_it(void)
{
	begin();
	pool.says = 1000;
	victim.has = 4;
	CHECK(!want(GFP_KERNEL, 1));
	host_log_clear();
	show_trace(200);
	CHECK(host_log_has(" slow    order 1 nr 0 caller "));
	CHECK(host_log_has(" reclaim order 1 nr 0"));
	CHECK(host_log_has(" compact order 1 nr "));
	CHECK(host_log_has(" oom     order 1 nr 4"));
	CHECK(host_log_has(" kswapd  order 1 nr "));
	CHECK(host_log_has(" gfp GFP_KERNEL|__GFP_NOWARN\n"));
	end();
}

static const struct test_case cases[] = {
	TEST(who_may_not_wait_enters_nobody),
	TEST(polling_wakes_kswapd_once),
	TEST(an_ordinary_request_reclaims),
	TEST(nothing_reclaimable_is_no_reason_to_retry),
	TEST(without_progress_it_gives_up_after_some_rounds),
	TEST(noretry_reclaims_once),
	TEST(progress_without_a_page_ends_too),
	TEST(sacrifices_without_a_page_end_too),
	TEST(a_sacrifice_comes_last),
	TEST(reserves_come_before_a_sacrifice),
	TEST(nofail_goes_on_until_it_has_one),
	TEST(nofail_panics_when_nobody_has_anything),
	TEST(high_orders_that_do_not_move_compact_first),
	TEST(costly_orders_sacrifice_nobody),
	TEST(who_frees_memory_is_not_entered_again),
	TEST(nofail_inside_of_a_sacrifice_panics_and_does_not_recurse),
	TEST(who_frees_memory_has_all_reserves),
	TEST(the_rings_show_it),
};
TEST_SUITE(slowpath, cases);
