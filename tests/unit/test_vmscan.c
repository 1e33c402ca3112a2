// SPDX-License-Identifier: MIT
// NEEDS: RECLAIM
/*
 * Reclaim: who is chosen and who is spared, how many are looked at, what owners refuse, what
 * requests may not; and all of it by several CPUs at once.
 */
#include "reclaim_fixture.h"

#define N 256u

static struct page *pinned[N];

static void pin(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		pinned[i] = owner_get(&owner, i);
}

static void unpin(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		put_page(pinned[i]);
}

static unsigned present(unsigned from, unsigned to)
{
	unsigned nr = 0;

	for (unsigned i = from; i < to; i++)
		nr += slots[i] != NULL;
	return nr;
}

/* ---- who ------------------------------------------------------------------------ */

/*
 * Each zone has a clock of its own: how much each of them gives is nobody's order, but none gives
 * a page that was used while it has one that was not.
 */
static void check_chances(const struct zone *const *where)
{
	const struct zone *zone;

	for_each_zone(zone) {
		unsigned used_gone = 0, unused_left = 0;

		for (unsigned i = 0; i < N; i++)
			if (where[i] == zone) {
				used_gone += !(i & 1) && !slots[i];
				unused_left += (i & 1) && slots[i];
			}
		CHECK(!used_gone || !unused_left);
	}
}

static void what_was_used_gets_a_second_chance(void)
{
	uint32_t scan = vm_events(PGSCAN_DIRECT), steal = vm_events(PGSTEAL_DIRECT);
	static const struct zone *where[N];
	bool in_one_zone = true;
	uint32_t freed;

	if (!own(N))
		return;
	for (unsigned i = 0; i < N; i++) {
		where[i] = page_zone(slots[i]);
		in_one_zone &= where[i] == where[0];
	}
	for (unsigned i = 0; i < N; i += 2)
		mark_page_accessed(slots[i]);
	freed = vm_events(PGFREE);
	CHECK_EQ(shrink_node_pages(-1, N / 2, GFP_KERNEL), N / 2);
	CHECK_EQ(vm_events(PGFREE) - freed, N / 2);
	check_chances(where);
	CHECK_EQ(nr_lru_pages(), N / 2);
	if (in_one_zone) {
		/* each was looked at once at most, and has nothing to say for itself any more */
		CHECK_EQ(present(0, N), N / 2);
		for (unsigned i = 0; i < N; i += 2)
			CHECK(slots[i] != NULL);
		CHECK(vm_events(PGSCAN_DIRECT) - scan <= N);
	}
	CHECK_EQ(vm_events(PGSTEAL_DIRECT) - steal, N / 2);
	CHECK_EQ(shrink_node_pages(-1, N, GFP_KERNEL), N / 2);
	CHECK_EQ(owner_nr_pages(&owner), 0);
	CHECK_EQ(owner.evicted, N);
	disown();
}

static void one_after_the_other(void)
{
	uint32_t scan = vm_events(PGSCAN_DIRECT);

	if (!own(N))
		return;
	for (unsigned i = 0; i < N; i++) {
		CHECK_EQ(shrink_node_pages(-1, 1, GFP_KERNEL), 1);
		CHECK_EQ(owner_nr_pages(&owner), N - i - 1);
	}
	/* where one ends the next one begins: none was passed over, none came by twice */
	CHECK_EQ(vm_events(PGSCAN_DIRECT) - scan, N);
	CHECK_EQ(shrink_node_pages(-1, 1, GFP_KERNEL), 0);
	disown();
}

static void each_round_looks_at_twice_as_many(void)
{
	uint32_t scan = vm_events(PGSCAN_DIRECT), stall = vm_events(ALLOCSTALL);

	if (!own(N))
		return;
	pin(0, N);
	CHECK_EQ(reclaim_for(GFP_KERNEL, 0), 0);
	unpin(0, N);
#ifdef TEST_HOST /* several zones have each their part of it */
	CHECK_EQ(vm_events(PGSCAN_DIRECT) - scan, looked_at(N, 0));
#else
	CHECK(vm_events(PGSCAN_DIRECT) - scan <= looked_at(N, 0));
#endif
	CHECK_EQ(vm_events(ALLOCSTALL) - stall, 1);
	CHECK_EQ(owner_nr_pages(&owner), N);
	/* the least that is enough: 32, or the order's */
	CHECK_EQ(reclaim_for(GFP_KERNEL, 0), SWAP_CLUSTER_MAX);
	CHECK_EQ(reclaim_for(GFP_KERNEL, 6), 64);
	disown();
}

static void held_dirty_or_written_pages_stay(void)
{
	const gfp_t may_not[] = {GFP_NOIO, GFP_NOFS, GFP_KERNEL & ~__GFP_IO};

	if (!own(64))
		return;
	pin(0, 16);
	for (unsigned i = 16; i < 32; i++)
		CHECK(set_page_dirty(slots[i]));
	for (unsigned i = 32; i < 48; i++)
		set_page_writeback(slots[i]);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(reclaim_for(may_not[i], 0), i ? 0 : 16);
	CHECK_EQ(present(0, 48), 48);
	CHECK_EQ(present(48, 64), 0);
	CHECK_EQ(owner.written, 0);
	CHECK_EQ(nr_dirty_pages(), 16);
	CHECK_EQ(nr_writeback_pages(), 16);
	/* what may be written is, and is free */
	CHECK_EQ(reclaim_for(GFP_KERNEL, 0), 16);
	CHECK_EQ(owner.written, 16);
	CHECK_EQ(nr_dirty_pages(), 0);
	CHECK(present(0, 16) == 16 && present(16, 32) == 0 && present(32, 48) == 16);
	for (unsigned i = 32; i < 48; i++)
		end_page_writeback(slots[i]);
	unpin(0, 16);
	CHECK_EQ(reclaim_for(GFP_NOIO, 0), 32);
	disown();
}

static void what_is_passed_over_is_counted(void)
{
	struct scan_control sc = {.gfp = GFP_NOFS};
	uint32_t isolated;
	struct zone *zone;

	if (!own(20))
		return;
	pin(0, 3);
	for (unsigned i = 3; i < 8; i++)
		set_page_dirty(slots[i]);
	for (unsigned i = 8; i < 15; i++)
		set_page_writeback(slots[i]);
	for (unsigned i = 15; i < 17; i++)
		mark_page_accessed(slots[i]);
	isolated = owner.evicted + owner.isolated;
	for_each_zone(zone) {
		struct clock_turn turn = whole_turn(zone);

		while (shrink_stretch(zone, &sc, SWAP_CLUSTER_MAX, SWAP_CLUSTER_MAX, &turn))
			;
	}
	CHECK_EQ(sc.nr_scanned, 20);
	CHECK_EQ(sc.nr_pinned, 3);
	CHECK_EQ(sc.nr_dirty, 5);
	CHECK_EQ(sc.nr_writeback, 7);
	CHECK_EQ(sc.nr_reclaimed, 3);
	CHECK_EQ(owner.evicted + owner.isolated - isolated, 3);
	unpin(0, 3);
	for (unsigned i = 8; i < 15; i++)
		end_page_writeback(slots[i]);
	disown();
}

static void what_left_the_clock_is_not_found(void)
{
	if (!own(32))
		return;
	for (unsigned i = 0; i < 31; i++)
		lru_cache_del(slots[i]);
	CHECK_EQ(shrink_node_pages(-1, 32, GFP_KERNEL), 1);
	CHECK_EQ(present(0, 31), 31);
	for (unsigned i = 0; i < 31; i++)
		lru_cache_add(slots[i]);
	CHECK_EQ(shrink_node_pages(-1, 32, GFP_KERNEL), 31);
	disown();
}

/* ---- owners ------------------------------------------------------------------------- */

/* Whatever fails, a page is its owner's or free. */
static void owners_that_fail_lose_nothing(void)
{
	for (unsigned n = 1; n <= 5; n++)
		for (unsigned what = 0; what < 3; what++) {
			unsigned long freed = 0, got;

			if (!own(N))
				return;
			owner.fail_evict = what != 1 ? n : 0;
			owner.fail_write = what != 0 ? n : 0;
			for (unsigned i = 0; i < N; i += what ? 1 : 3)
				set_page_dirty(slots[i]);
			for (unsigned i = 0; i < 20; i++) {
				got = shrink_node_pages(-1, 40, GFP_KERNEL);
				freed += got;
				CHECK(got <= 40);
				CHECK_EQ(owner_nr_pages(&owner), N - freed);
				CHECK_EQ(nr_lru_pages(), N - freed);
				CHECK_EQ(nr_writeback_pages(), 0);
				CHECK(nr_dirty_pages() <= N - freed);
				CHECK_EQ(owner_verify(&owner), 0);
			}
			CHECK_EQ(freed, owner.evicted);
			CHECK_EQ(freed, n == 1 ? 0 : N);
			disown();
		}
}

static struct page *grabbed;
static unsigned long nested;

/* Somebody has just looked the page up; and reclaim out of reclaim. */
static int evict_and_hold(struct page *page)
{
	grabbed = page;
	get_page(page);
	nested += shrink_node_pages(-1, 10, GFP_KERNEL) +
		  reclaim_for(current_gfp_context(GFP_KERNEL), 0);
	return 0;
}

static void a_reference_taken_meanwhile_frees_later(void)
{
	struct page *page;

	if (!own(8))
		return;
	page = slots[0];
	owner.mops.evict_page = evict_and_hold;
	nested = 0;
	for (unsigned i = 1; i < 8; i++)
		lru_cache_del(slots[i]);
	CHECK_EQ(shrink_node_pages(-1, 1, GFP_KERNEL), 0); /* not by us */
	CHECK(grabbed == page);
	CHECK_EQ(page_count(page), 1); /* the one that looked it up */
	CHECK(!PageIsolated(page));
	CHECK_EQ(nested, 0);
	CHECK(!port_alloc_scope()->flags);
	slots[0] = NULL;
	put_page(page);
	CHECK_EQ(nr_lru_pages(), 0);
	disown();
}

static void an_owner_without_operations_keeps_its_pages(void)
{
	if (!own(8))
		return;
	owner.mops.write_page = NULL;
	set_page_dirty(slots[3]);
	CHECK_EQ(shrink_node_pages(-1, 8, GFP_KERNEL), 7);
	CHECK(slots[3] != NULL);
	clear_page_dirty_for_io(slots[3]);
	owner.mops.evict_page = NULL;
	CHECK_EQ(shrink_node_pages(-1, 8, GFP_KERNEL), 0);
	disown();
}

/* ---- who may ----------------------------------------------------------------------- */

static void nothing_for_who_may_not_wait(void)
{
	uint32_t scan = vm_events(PGSCAN_DIRECT);
	port_irqflags_t flags;
	unsigned saved;

	if (!own(32))
		return;
	CHECK_EQ(reclaim_for(GFP_NOWAIT, 0), 0);
	CHECK_EQ(shrink_node_pages(-1, 1, GFP_ATOMIC), 0);
	CHECK_EQ(shrink_node_pages(BUDDY_MAX_NODES, 1, GFP_KERNEL), 0);
	CHECK_EQ(shrink_node_pages(-2, 1, GFP_KERNEL), 0);
	CHECK_EQ(shrink_node_pages(-1, 0, GFP_KERNEL), 0);
	flags = port_irq_save();
	CHECK_EQ(reclaim_for(GFP_KERNEL, 0), 0);
	CHECK_EQ(shrink_node_pages(-1, 1, GFP_KERNEL), 0);
	port_irq_restore(flags);
	saved = memalloc_noreclaim_save();
	CHECK_EQ(shrink_node_pages(-1, 1, GFP_KERNEL), 0);
	memalloc_noreclaim_restore(saved);
	CHECK_EQ(vm_events(PGSCAN_DIRECT), scan);
	/* a scope without I/O writes nothing */
	for (unsigned i = 0; i < 32; i++)
		set_page_dirty(slots[i]);
	saved = memalloc_noio_save();
	CHECK_EQ(shrink_node_pages(-1, 1, GFP_KERNEL), 0);
	memalloc_noio_restore(saved);
	CHECK_EQ(owner.written, 0);
	CHECK_EQ(shrink_node_pages(-1, 1, GFP_KERNEL), 1);
	disown();
}

#ifdef TEST_HOST

/* ---- zones and nodes --------------------------------------------------------------- */

#define MIB (1ULL << 20)

static void a_hand_stays_in_its_zone(void) /* case 36 */
{
	static const struct geometry g = {
		.ram = {{0x60000000, 8 * MIB, 0},
			{0x60800000, 8 * MIB, 1},
			{0x61000000, 8 * MIB, 0},
			{0x63000000, 8 * MIB, 1}},
	};
	unsigned mine = 0;

	if (BUDDY_MAX_NODES < 2) {
		test_skip("one node");
		return;
	}
	REQUIRE(start(&g) == 0);
	own(0);
	for (unsigned i = 0; i < MAX_SLOTS && owner_fill(&owner, i, OWNED); i++)
		;
	for (unsigned i = 0; i < MAX_SLOTS; i++)
		mine += slots[i] && page_zone(slots[i])->nid == 0;
	CHECK(mine > 500 && owner_nr_pages(&owner) > mine);
	CHECK_EQ(shrink_node_pages(0, 10000, GFP_KERNEL), mine);
	for (unsigned i = 0; i < MAX_SLOTS; i++)
		CHECK(!slots[i] || page_zone(slots[i])->nid == 1);
	CHECK_EQ(shrink_node_pages(0, 1, GFP_KERNEL), 0);
	CHECK(shrink_node_pages(1, 10, GFP_KERNEL) == 10);
	disown();
}

/*
 * One page in each of the pageblocks, and the hand finds them all: what is empty costs
 * little.
 */
static void few_pages_far_apart(void)
{
	unsigned long nr;
	unsigned kept = 0;

	own(0);
	for (nr = 0; nr < MAX_SLOTS && owner_fill(&owner, (unsigned)nr, OWNED); nr++)
		;
	for (unsigned i = 0; i < nr; i++)
		if (page_to_pfn(slots[i]) % (4 * pageblock_nr_pages) !=
		    77 % (4 * pageblock_nr_pages))
			owner_drop(&owner, i);
		else
			kept++;
	drain_all_pages();
	CHECK(kept >= 8);
	CHECK_EQ(nr_lru_pages(), kept);
	CHECK_EQ(shrink_node_pages(-1, kept, GFP_KERNEL), kept);
	CHECK_EQ(owner_nr_pages(&owner), 0);
	disown();
}

static void node_reclaim_takes_clean_pages_only(void)
{
	own(0);
	for (unsigned i = 0; i < MAX_SLOTS && owner_fill(&owner, i, OWNED); i++)
		set_page_dirty(slots[i]);
	CHECK_EQ(node_reclaim(0, GFP_KERNEL, 0), NODE_RECLAIM_FULL);
	for (unsigned i = 0; i < 6; i++)
		clear_page_dirty_for_io(slots[i]);
	CHECK_EQ(node_reclaim(0, GFP_NOWAIT, 2), NODE_RECLAIM_NOSCAN);
	CHECK_EQ(node_reclaim(0, GFP_KERNEL, 2), NODE_RECLAIM_SUCCESS);
	CHECK_EQ(node_reclaim(0, GFP_KERNEL, 2), NODE_RECLAIM_SOME);
	CHECK_EQ(present(0, 6), 0);
	CHECK_EQ(owner.written, 0);
	disown();
}

#endif /* TEST_HOST */

/* ---- at once ----------------------------------------------------------------------- */

#define SHARED 200u

static unsigned long stolen;

static void use_one(unsigned i, bool dirty)
{
	struct page *page = owner_get(&owner, i);

	if (!page)
		return;
	CHECK(owner_pattern_ok(page, i));
	if (dirty) {
		set_page_dirty(page);
		balance_dirty_pages();
	} else {
		mark_page_accessed(page);
	}
	put_page(page);
}

static void work(unsigned cpu, void *arg)
{
	struct rng r = rng_seed(cpu + 77);
	unsigned ops = (unsigned)test_option("ops", 4000);

	for (unsigned n = 0; n < ops; n++) {
		unsigned i = rng_below(&r, SHARED);

		switch (rng_below(&r, 8)) {
		case 0:
			owner_drop(&owner, i);
			break;
		case 1:
			use_one(i, true);
			break;
		case 2:
		case 3:
			use_one(i, false);
			break;
		case 4:
			if (rng_below(&r, 4))
				break;
			__atomic_add_fetch(&stolen,
					   shrink_node_pages(-1, 1 + rng_below(&r, 20), GFP_KERNEL),
					   __ATOMIC_RELAXED);
			break;
		default:
			owner_fill(&owner, i, OWNED);
		}
		test_idle();
	}
}

static void several_cpus_at_once(void)
{
	uint32_t steal;

	if (!own(SHARED))
		return;
	steal = vm_events(PGSTEAL_DIRECT);
	owner.fail_evict = 7;
	owner.fail_write = 5;
	stolen = 0;
	run_on_cpus(min_t(4U, test_nr_cpus()), work, NULL);
	CHECK(stolen > 20);
	CHECK_EQ(vm_events(PGSTEAL_DIRECT) - steal, stolen);
	CHECK_EQ(nr_lru_pages(), owner_nr_pages(&owner));
	CHECK_EQ(nr_writeback_pages(), 0);
	disown();
}

static const struct test_case cases[] = {
	TEST(what_was_used_gets_a_second_chance),
	TEST(one_after_the_other),
	TEST(each_round_looks_at_twice_as_many),
	TEST(held_dirty_or_written_pages_stay),
	TEST(what_is_passed_over_is_counted),
	TEST(what_left_the_clock_is_not_found),
	TEST(owners_that_fail_lose_nothing),
	TEST(a_reference_taken_meanwhile_frees_later),
	TEST(an_owner_without_operations_keeps_its_pages),
	TEST(nothing_for_who_may_not_wait),
#ifdef TEST_HOST
	TEST(a_hand_stays_in_its_zone),
	TEST(few_pages_far_apart),
	TEST(node_reclaim_takes_clean_pages_only),
#endif
	TEST(several_cpus_at_once),
};
TEST_SUITE(vmscan, cases);
