// SPDX-License-Identifier: MIT
// NEEDS: COMPACTION
// HOST ONLY
/*
 * Compaction among owners that refuse, and among CPUs that do other things: nothing is
 * lost, and no content changes.
 */
#include "compact_fixture.h"

#define NEVER 1000000U

/* The nth call from now on fails, and no other. */
static void fail_at(unsigned *one_in, unsigned nth)
{
	*one_in = nth ? NEVER : 0;
	owner.failed = NEVER - nth;
}

/* Every page is free, or the owner's: targets came back. */
static void expect_nothing_lost(unsigned long free)
{
	drain_all_pages();
	CHECK_EQ(nr_free_pages(), free);
	CHECK_EQ(owner_verify(&owner), 0);
	CHECK_EQ(mm_check(), 0);
	for (unsigned i = 0; i < nr_owned; i++)
		if (slots[i])
			CHECK_EQ(page_word(slots[i]), PAGE_ALLOCATED(0) | PAGE_MOVABLE);
}

static void an_owner_that_fails_once(bool isolating)
{
	static const struct geometry g = {.ram = {{0x60000000, 8 * MIB, 0}},
					  .limits = {.nr_cpus = 1}};
	unsigned most = pageblock_order < 5 ? 24 : 80;

	for (unsigned n = 1; n < most; n++) {
		unsigned long free, moved;
		uint32_t calls;

		if (PAGES_PER_SECTION * PAGE_SIZE <= 4 * MIB)
			CHECK_EQ(start(&g), 0);
		checkerboard();
		free = nr_free_pages();
		fail_at(isolating ? &owner.fail_isolate : &owner.fail_migrate, n);
		calls = owner.failed;
		moved = compact_memory(-1);
		CHECK(owner.failed - calls >= n);
		CHECK_EQ(moved, owner.migrated);
		CHECK_EQ(owner.isolated, owner.migrated + owner.putback);
		owner.fail_isolate = owner.fail_migrate = 0;
		expect_nothing_lost(free);
		give_back();
	}
}

static void an_owner_that_does_not_agree_once(void)
{
	an_owner_that_fails_once(true);
}

static void an_owner_that_does_not_move_once(void)
{
	an_owner_that_fails_once(false);
}

static void an_owner_that_never_moves(void)
{
	unsigned long free;

	checkerboard();
	free = nr_free_pages();
	owner.fail_migrate = 1;
	CHECK_EQ(compact_memory(-1), 0);
	CHECK_EQ(compact(1, COMPACT_PRIO_SYNC_FULL), COMPACT_COMPLETE);
	CHECK_EQ(owner.migrated, 0);
	CHECK(owner.putback);
	CHECK_EQ(owner.isolated, owner.putback);
	owner.fail_migrate = 0;
	owner.fail_isolate = 1;
	CHECK_EQ(compact(1, COMPACT_PRIO_SYNC_FULL), COMPACT_COMPLETE);
	owner.fail_isolate = 0;
	expect_nothing_lost(free);
	/* And later it does. */
	CHECK_EQ(compact(1, COMPACT_PRIO_SYNC_FULL), COMPACT_SUCCESS);
	give_back();
}

/* What was taken and not used is found again: one in three fails, all the time. */
static void an_owner_that_often_fails(void)
{
	unsigned long free;

	checkerboard();
	free = nr_free_pages();
	owner.fail_isolate = 61;
	owner.fail_migrate = 3;
	for (unsigned i = 0; i < 20; i++)
		compact_memory(-1);
	CHECK(owner.migrated);
	owner.fail_isolate = owner.fail_migrate = 0;
	expect_nothing_lost(free);
	give_back();
}

static void with_every_page_poisoned_when_free(void)
{
	unsigned long free;

	if (!BUDDY_DEBUG_HOOKS) {
		test_skip("no hooks");
		return;
	}
	host_unpoison_phys(0x60000000, 64 * MIB); /* what is free is written to */
	CHECK_EQ(mm_debug_set("page_poison", "1"), 0);
	checkerboard();
	free = nr_free_pages();
	owner.fail_migrate = 5;
	CHECK(compact_memory(-1));
	owner.fail_migrate = 0;
	expect_nothing_lost(free);
	give_back();
	CHECK_EQ(mm_debug_set("page_poison", "0"), 0);
}

/* ---- several CPUs ------------------------------------------------------------------ */

#define CPUS   4U
#define ROUNDS 60U

static void one_of_many(unsigned cpu, void *arg)
{
	struct rng rng = rng_seed(cpu + 1);
	const unsigned share = nr_owned / CPUS;

	(void)arg;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned order = 1 + rng_below(&rng, MAX_ORDER);
		struct page *page;

		switch (rng_below(&rng, 5)) {
		case 0:
			compact(order, COMPACT_PRIO_ASYNC);
			break;
		case 1:
			compact(order, COMPACT_PRIO_SYNC_FULL);
			break;
		case 2:
			wakeup_kcompactd(0, order, ZONE_MOVABLE);
			if (!cpu)
				for (unsigned i = 0; i < 4 && kcompactd_step(0); i++)
					;
			break;
		case 3:
			page = alloc_pages(MOVABLE, order);
			if (page)
				__free_pages(page, order);
			break;
		default:
			/* Of this CPU's own slots, so that each is filled once. */
			for (unsigned i = 0; i < 50; i++) {
				unsigned s = cpu * share + rng_below(&rng, share);

				if (slots[s])
					owner_drop(&owner, s);
				else
					owner_fill(&owner, s, NOWAIT);
			}
		}
	}
}

static void compacting_allocating_and_freeing_at_once(void)
{
	struct geometry g = default_geometry;

	g.limits.nr_cpus = CPUS;
	CHECK_EQ(start(&g), 0);
	checkerboard();
	run_on_cpus(CPUS, one_of_many, NULL);
	CHECK(owner.migrated);
	CHECK_EQ(zones[0].compact_busy, 0);
	CHECK_EQ(mm_check(), 0);
	give_back();
}

static const struct test_case cases[] = {
	TEST(an_owner_that_does_not_agree_once),  TEST(an_owner_that_does_not_move_once),
	TEST(an_owner_that_never_moves),	  TEST(an_owner_that_often_fails),
	TEST(with_every_page_poisoned_when_free), TEST(compacting_allocating_and_freeing_at_once),
};
TEST_SUITE(compact_fail, cases);
