// SPDX-License-Identifier: MIT
// NEEDS: RECLAIM
/*
 * Shrinkers: how much each is asked for, worked out by hand; what is deferred; who stops, is
 * empty or tells lies; coming and going while others are in it.
 */
#include "reclaim_fixture.h"

struct cache {
	struct shrinker s; /* first */
	unsigned long objects;
	unsigned long stop_after; /* calls; 0: never */
	unsigned long calls, scanned, freed, smallest, largest;
	unsigned long says_scanned; /* ~0: the truth */
	unsigned nids;		    /* seen, a bit each */
	gfp_t gfp;
};

static unsigned long count_objects(struct shrinker *s, struct shrink_control *sc)
{
	struct cache *c = (struct cache *)s;

	c->nids |= 1U << sc->nid;
	return c->objects;
}

static unsigned long scan_objects(struct shrinker *s, struct shrink_control *sc)
{
	struct cache *c = (struct cache *)s;

	c->gfp = sc->gfp_mask;
	if (c->stop_after && c->calls == c->stop_after)
		return SHRINK_STOP;
	c->calls++;
	c->scanned += sc->nr_to_scan;
	c->smallest = c->calls == 1 ? sc->nr_to_scan : min_t(c->smallest, sc->nr_to_scan);
	c->largest = c->largest > sc->nr_to_scan ? c->largest : sc->nr_to_scan;
	CHECK_EQ(sc->nr_scanned, sc->nr_to_scan);
	if (c->says_scanned != ~0UL)
		sc->nr_scanned = c->says_scanned;
	c->freed += sc->nr_to_scan / 2;
	return sc->nr_to_scan / 2;
}

static void make(struct cache *c, unsigned long objects, int seeks, unsigned batch)
{
	*c = (struct cache){
		.s = {.count_objects = count_objects,
		      .scan_objects = scan_objects,
		      .seeks = seeks,
		      .batch = batch},
		.objects = objects,
		.says_scanned = ~0UL,
	};
	CHECK_EQ(register_shrinker(&c->s), 0);
}

/* At this priority so many calls, objects looked at, and deferred afterwards. */
static void asked(struct cache *c, unsigned priority, unsigned long calls, unsigned long scanned,
		  unsigned long deferred)
{
	unsigned long freed = c->freed;
	uint32_t slabs = vm_events(SLABS_SCANNED);

	c->calls = c->scanned = 0;
	freed = shrink_slab(GFP_KERNEL, 0, priority) - (c->freed - freed);
	CHECK_EQ(freed, 0);
	CHECK_EQ(c->calls, calls);
	CHECK_EQ(c->scanned, scanned);
	CHECK_EQ(c->s.nr_deferred[0], deferred);
	if (c->says_scanned == ~0UL)
		CHECK_EQ(vm_events(SLABS_SCANNED) - slabs, scanned);
}

/* ---- how much ---------------------------------------------------------------------- */

static void a_share_by_priority_and_seeks(void)
{
	struct cache c;

	make(&c, 10000, DEFAULT_SEEKS, 0);
	/* 10,000 >> 4 = 625, * 4 / 2 = 1,250: 9 batches of 128, 98 left */
	asked(&c, 4, 9, 1152, 98);
	/* and 98 >> 4 = 6 more: 1,256, again 9; 98 + 1,250 - 1,152 */
	asked(&c, 4, 9, 1152, 196);
	/* all of it twice, and no more: 196 + 20,000 is cut to 20,000: 156 batches */
	asked(&c, 0, 156, 19968, 228);
	/* 10,000 >> 12 = 2, * 2 = 4, and 228 >> 12: less than a batch; remembered */
	asked(&c, 12, 0, 0, 232);
	unregister_shrinker(&c.s);

	make(&c, 10000, 8, 0); /* dear: a fourth of it; 312 */
	asked(&c, 4, 2, 256, 56);
	unregister_shrinker(&c.s);

	make(&c, 10000, 0, 1000); /* for nothing: half, whatever the priority */
	asked(&c, 12, 5, 5000, 0);
	CHECK(c.largest == 1000 && c.smallest == 1000);
	unregister_shrinker(&c.s);
}

static void a_small_cache_is_asked_for_all_it_has(void)
{
	struct cache c;

	make(&c, 10, DEFAULT_SEEKS, 0);
	asked(&c, 12, 0, 0, 0);
	/* 10 >> 2 = 2, * 2 = 4: less than there is */
	asked(&c, 2, 0, 0, 4);
	/* 10 * 2 = 20, and 4, cut to 20: less than a batch but all of it */
	asked(&c, 0, 1, 20, 4);
	c.objects = 0;
	asked(&c, 0, 0, 0, 4);
	c.objects = SHRINK_EMPTY;
	asked(&c, 0, 0, 0, 4);
	unregister_shrinker(&c.s);
}

static void what_cannot_be_deferred_is_forgotten(void)
{
	struct cache c;

	make(&c, 100, DEFAULT_SEEKS, 1000);
	c.stop_after = 1;
	c.calls = 1;
	/* never more than twice what there is, however often it says stop */
	for (unsigned i = 0; i < 20; i++) {
		c.calls = 1;
		shrink_slab(GFP_KERNEL, 0, 0);
		CHECK_EQ(c.s.nr_deferred[0], 200);
	}
	/* large numbers neither wrap nor overflow */
	c.objects = 0xfffffff0;
	c.s.nr_deferred[0] = 0xfffffff0;
	c.calls = 1;
	shrink_slab(GFP_KERNEL, 0, 0);
	CHECK_EQ(c.s.nr_deferred[0], UINT32_MAX);
	unregister_shrinker(&c.s);
}

static void stop_ends_it_and_defers_the_rest(void)
{
	struct cache c;

	make(&c, 10000, DEFAULT_SEEKS, 0);
	c.stop_after = 3;
	asked(&c, 4, 3, 384, 866);
	unregister_shrinker(&c.s);
}

static void one_that_says_it_did_nothing_is_not_asked_for_ever(void)
{
	struct cache c;

	make(&c, 10000, DEFAULT_SEEKS, 0);
	c.says_scanned = 0;
	asked(&c, 4, 10, 1280, 1250);
	/* or far more than it was asked for */
	c.says_scanned = 1000000;
	asked(&c, 4, 1, 128, 0);
	unregister_shrinker(&c.s);
}

static void by_node_only_who_wishes_it(void)
{
	struct cache c, aware;
	int last = BUDDY_MAX_NODES - 1;

	make(&c, 1000, DEFAULT_SEEKS, 0);
	make(&aware, 1000, DEFAULT_SEEKS, 0);
	aware.s.flags = SHRINKER_NUMA_AWARE;
	shrink_slab(GFP_NOFS, last, 5); /* 31 * 2 = 62: deferred */
	CHECK_EQ(aware.nids, 1U << last);
	CHECK_EQ(c.nids, 1U);
	CHECK_EQ(aware.s.nr_deferred[last], 62);
	CHECK_EQ(c.s.nr_deferred[0], 62);
	shrink_slab(GFP_NOFS, last, 0);
	CHECK_EQ(aware.gfp, GFP_NOFS);
	unregister_shrinker(&c.s);
	unregister_shrinker(&aware.s);
}

/* ---- a part of reclaim ----------------------------------------------------------------- */

static void objects_are_progress(void)
{
	uint32_t slabs;
	struct cache c;

	own(0);
	make(&c, 3200, DEFAULT_SEEKS, 32);
	slabs = vm_events(SLABS_SCANNED);
	/*
	 * 3,200 >> 7 = 25, * 2 = 50: 32 at priority 7; 18 are left, and 100 + 0 at priority
	 * 6
	 */
	CHECK(shrink_node_pages(0, 32, GFP_KERNEL) >= 32);
	CHECK_EQ(vm_events(SLABS_SCANNED) - slabs, c.scanned);
	CHECK(c.scanned < 400);
	c.calls = 0;
	CHECK(reclaim_for(GFP_NOIO, 0) >= 32);
	CHECK(c.calls > 0);
	CHECK_EQ(c.gfp, GFP_NOIO);
	unregister_shrinker(&c.s);
	CHECK_EQ(reclaim_for(GFP_KERNEL, 0), 0);
}

/* ---- coming and going -------------------------------------------------------------- */

static void registering(void)
{
	uint32_t sources = nr_reclaim_sources;
	struct cache a, b, c;

	make(&a, 1000, 0, 0);
	make(&b, 1000, 0, 0);
	make(&c, 1000, 0, 0);
	CHECK_EQ(nr_reclaim_sources - sources, 3 * RECLAIM_SHRINKER);
	CHECK_EQ(register_shrinker(&b.s), -EINVAL);
	CHECK_EQ(nr_reclaim_sources - sources, 3 * RECLAIM_SHRINKER);
	unregister_shrinker(&b.s);
	unregister_shrinker(&b.s); /* nothing */
	CHECK_EQ(nr_reclaim_sources - sources, 2 * RECLAIM_SHRINKER);
	shrink_slab(GFP_KERNEL, 0, 0);
	CHECK(a.calls && !b.calls && c.calls);
	unregister_shrinker(&a.s);
	CHECK_EQ(register_shrinker(&b.s), 0);
	unregister_shrinker(&c.s);
	a.calls = c.calls = 0;
	shrink_slab(GFP_KERNEL, 0, 0);
	CHECK(!a.calls && b.calls && !c.calls);
	b.s.leaving = true; /* nobody goes in any more */
	b.calls = 0;
	shrink_slab(GFP_KERNEL, 0, 0);
	CHECK_EQ(b.calls, 0);
	unregister_shrinker(&b.s);
	b.s.scan_objects = NULL;
	CHECK_EQ(register_shrinker(&b.s), -EINVAL);
	b.s.scan_objects = scan_objects;
	b.s.count_objects = NULL;
	CHECK_EQ(register_shrinker(&b.s), -EINVAL);
	CHECK_EQ(nr_reclaim_sources, sources);
	CHECK_EQ(shrink_slab(GFP_KERNEL, 0, 0), 0);
}

/* A page that is reclaimable counts by itself, whatever shrinkers come and go. */
static void sources_are_counted_apart(void)
{
	struct cache c;

	make(&c, 1000, 0, 0);
	if (own(1)) {
		unregister_shrinker(&c.s);
		CHECK(nr_reclaim_sources & RECLAIM_PAGES);
		CHECK_EQ(shrink_node_pages(-1, 1, GFP_KERNEL), 1);
		disown();
	}
}

static struct test_barrier in_it;
static uint32_t inside, gone, entered;

static unsigned long slow_scan(struct shrinker *s, struct shrink_control *sc)
{
	CHECK(!__atomic_load_n(&gone, __ATOMIC_ACQUIRE));
	__atomic_add_fetch(&inside, 1, __ATOMIC_RELAXED);
	if (!__atomic_fetch_add(&entered, 1, __ATOMIC_RELAXED)) {
		test_barrier_wait(&in_it, 2);
		/* the other one has found us here, and waits */
		while (!READ_ONCE(s->leaving))
			test_idle();
	}
	for (unsigned i = 0; i < 200; i++)
		test_idle();
	CHECK(!__atomic_load_n(&gone, __ATOMIC_ACQUIRE));
	__atomic_sub_fetch(&inside, 1, __ATOMIC_RELAXED);
	return sc->nr_to_scan;
}

static void leave_while_inside(unsigned cpu, void *arg)
{
	struct cache *c = arg;

	if (!cpu) {
		shrink_slab(GFP_KERNEL, 0, 0);
		return;
	}
	test_barrier_wait(&in_it, 2);
	unregister_shrinker(&c->s);
	__atomic_store_n(&gone, 1, __ATOMIC_RELEASE);
	CHECK_EQ(__atomic_load_n(&inside, __ATOMIC_RELAXED), 0);
	c->s.scan_objects = NULL; /* it may be anything now */
	c->s.next = (struct shrinker *)1;
}

static void unregistering_waits_for_who_is_inside(void)
{
	struct cache first, c, last;

	if (test_nr_cpus() < 2) {
		test_skip("one CPU");
		return;
	}
	make(&last, 1000, 0, 0);
	make(&c, 1000, 0, 500);
	make(&first, 1000, 0, 0);
	c.s.scan_objects = slow_scan;
	inside = gone = entered = 0;
	in_it = (struct test_barrier){0};
	run_on_cpus(2, leave_while_inside, &c);
	CHECK(first.calls && last.calls); /* the walk went on behind it */
	unregister_shrinker(&first.s);
	unregister_shrinker(&last.s);
}

#define COMERS 4u

/* Nobody is called who has gone. */
static unsigned long count_some(struct shrinker *s, struct shrink_control *sc)
{
	(void)sc;
	return s->batch * 3;
}

static unsigned long scan_some(struct shrinker *s, struct shrink_control *sc)
{
	CHECK(s->scan_objects != NULL);
	return sc->nr_to_scan;
}

static void come_and_go(unsigned cpu, void *arg)
{
	struct rng r = rng_seed(cpu + 3);

	for (unsigned n = 0; n < 300; n++) {
		struct shrinker mine = {count_some, scan_some, .batch = 1 + rng_below(&r, 50)};

		CHECK_EQ(register_shrinker(&mine), 0);
		for (unsigned i = rng_below(&r, 3); i; i--)
			shrink_slab(GFP_KERNEL, 0, rng_below(&r, 13));
		unregister_shrinker(&mine);
		mine.scan_objects = NULL;
		mine.next = (struct shrinker *)1;
		test_idle();
	}
}

static void several_come_and_go(void)
{
	uint32_t sources = nr_reclaim_sources;

	run_on_cpus(min_t(COMERS, test_nr_cpus()), come_and_go, NULL);
	CHECK_EQ(nr_reclaim_sources, sources);
	CHECK_EQ(shrink_slab(GFP_KERNEL, 0, 0), 0);
}

static const struct test_case cases[] = {
	TEST(a_share_by_priority_and_seeks),
	TEST(a_small_cache_is_asked_for_all_it_has),
	TEST(what_cannot_be_deferred_is_forgotten),
	TEST(stop_ends_it_and_defers_the_rest),
	TEST(one_that_says_it_did_nothing_is_not_asked_for_ever),
	TEST(by_node_only_who_wishes_it),
	TEST(objects_are_progress),
	TEST(registering),
	TEST(sources_are_counted_apart),
	TEST(unregistering_waits_for_who_is_inside),
	TEST(several_come_and_go),
};
TEST_SUITE(shrinker, cases);
