// SPDX-License-Identifier: MIT
// NEEDS: COMPACTION
/*
 * Moving pages: one and many, whatever owner and a third one do meanwhile, and with each
 * operation failing in its turn.
 */
#include <string.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/owner.h"
#include "../harness/peek.h"
#include "../harness/tap.h"
#include "debug_fixture.h"
#include "movable_fixture.h"

#define SLOTS MIGRATE_BATCH
#define GFP   GFP_HIGHUSER_MOVABLE

static struct page *slot[SLOTS];
static struct test_owner owner;

static bool fill(unsigned nr, bool reclaimable)
{
	return fill_owner(&owner, slot, SLOTS, nr, reclaimable);
}

/* ---- moved ----------------------------------------------------------------------- */

/*
 * Targets: how many were asked for and came back, and which one is not to be had (1: the
 * first).
 */
static struct {
	unsigned given, back, fail_at;
} targets;

static struct page *new_page(struct page *src, void *arg)
{
	CHECK(arg == &targets);
	CHECK(PageIsolated(src));
	if (++targets.given == targets.fail_at)
		return NULL;
	return alloc_migration_target(src, GFP_USER | __GFP_MOVABLE);
}

static void put_new_page(struct page *dst, void *arg)
{
	CHECK(arg == &targets);
	CHECK_EQ(page_word(dst), PAGE_STATE_PCP);
	targets.back++;
	free_migration_target(dst);
}

/*
 * All of the first nr slots that agree.  Returns how many were moved; *taken: how many
 * agreed.
 */
static unsigned move_all(unsigned nr, enum migrate_mode mode, unsigned *taken)
{
	struct page *page[SLOTS];

	*taken = 0;
	targets.given = targets.back = 0;
	for (unsigned i = 0; i < nr; i++)
		if (slot[i] && isolate_movable(slot[i], mode))
			page[(*taken)++] = slot[i];
	return migrate_pages(page, *taken, new_page, put_new_page, &targets, mode);
}

static void any_number_is_moved(void)
{
	for (unsigned nr = 1; nr <= SLOTS; nr++) {
		uint32_t ok = vm_events(PGMIGRATE_SUCCESS), fail = vm_events(PGMIGRATE_FAIL);
		struct page *old[SLOTS];
		unsigned taken;

		REQUIRE(fill(nr, false));
		for (unsigned i = 0; i < nr; i++)
			old[i] = slot[i];
		CHECK_EQ(move_all(nr, MIGRATE_ASYNC, &taken), nr);
		CHECK_EQ(taken, nr);
		CHECK_EQ(targets.given, nr);
		CHECK_EQ(targets.back, 0);
		for (unsigned i = 0; i < nr; i++) {
			CHECK(slot[i] != old[i]);
			CHECK_EQ(page_word(slot[i]), PAGE_ALLOCATED(0) | PAGE_MOVABLE);
		}
		CHECK_EQ(owner_verify(&owner), 0);
		CHECK_EQ(owner.migrated, nr);
		CHECK_EQ(owner.putback, 0);
		CHECK_EQ(vm_events(PGMIGRATE_SUCCESS) - ok, nr);
		CHECK_EQ(vm_events(PGMIGRATE_FAIL), fail);
		owner_drop_all(&owner);
	}
}

static void flags_go_along_and_are_counted_once(void)
{
	for (unsigned flags = 0; flags < 8; flags++) {
		uint32_t want = PAGE_ALLOCATED(0) | PAGE_MOVABLE;
		struct page *old;
		unsigned taken;

		REQUIRE(fill(1, flags & 1));
		old = slot[0];
		want |= flags & 1 ? PAGE_LRU : 0;
		if (flags & 2) {
			CHECK(set_page_dirty(old));
			CHECK(!set_page_dirty(old));
			want |= PAGE_DIRTY;
		}
		if (flags & 4) {
			mark_page_accessed(old);
			want |= PAGE_REFERENCED;
		}
		old->priv = 12345;
		CHECK_EQ(move_all(1, MIGRATE_SYNC_LIGHT, &taken), 1);
		CHECK(slot[0] != old && slot[0]->priv == 12345);
		CHECK_EQ(page_word(slot[0]), want);
		CHECK_EQ(sum_of(PAGE_LRU), flags & 1);
		CHECK_EQ(sum_of(PAGE_DIRTY), flags >> 1 & 1);
		CHECK_EQ(page_zone(slot[0])->nr_lru, flags & 1);
		CHECK_EQ(*pageblock_note(slot[0]) & NOTE_LRU_MASK, flags & 1);
		CHECK_EQ(owner_verify(&owner), 0);
		CHECK_EQ(mm_check_quiet(), 0);
		owner_drop_all(&owner);
		CHECK_EQ(sum_of(PAGE_LRU) + sum_of(PAGE_DIRTY), 0);
	}
}

static void who_pays_goes_on_paying(void)
{
	unsigned long before = vm_events(PGACCOUNT) - vm_events(PGUNACCOUNT);
	unsigned taken;

	REQUIRE(fill(0, false));
	REQUIRE(owner_fill(&owner, 0, GFP | __GFP_ACCOUNT));
	CHECK_EQ(move_all(1, MIGRATE_SYNC, &taken), 1);
	CHECK_EQ(page_word(slot[0]), PAGE_ALLOCATED(0) | PAGE_MOVABLE | PAGE_ACCOUNT);
	CHECK_EQ(vm_events(PGACCOUNT) - vm_events(PGUNACCOUNT) - before, 1);
	owner_drop_all(&owner);
	CHECK_EQ(vm_events(PGACCOUNT) - vm_events(PGUNACCOUNT) - before, 0);
}

/* ---- what goes wrong ------------------------------------------------------------- */

static int (*really_migrate)(struct page *dst, struct page *src, enum migrate_mode mode);
static bool (*really_isolate)(struct page *page, enum migrate_mode mode);
/*
 * The calls from..to of migrate_page() (1: the first) give `err`; the isolate_at-th call of
 * isolate_page() refuses.
 */
static struct {
	unsigned calls, from, to, isolate_calls, isolate_at;
	int err;
	void (*first)(struct page *src); /* in the first call */
} wrong;

static int migrate_wrongly(struct page *dst, struct page *src, enum migrate_mode mode)
{
	wrong.calls++;
	CHECK_EQ(page_count(dst), 1);
	if (wrong.first && wrong.calls == 1)
		wrong.first(src);
	if (wrong.calls >= wrong.from && wrong.calls <= wrong.to)
		return wrong.err;
	return really_migrate(dst, src, mode);
}

static bool isolate_wrongly(struct page *page, enum migrate_mode mode)
{
	return ++wrong.isolate_calls != wrong.isolate_at && really_isolate(page, mode);
}

static bool fill_wrong(unsigned nr, unsigned from, unsigned to, int err)
{
	bool all = fill(nr, true);

	really_migrate = owner.mops.migrate_page;
	really_isolate = owner.mops.isolate_page;
	owner.mops.migrate_page = migrate_wrongly;
	owner.mops.isolate_page = isolate_wrongly;
	wrong.calls = wrong.isolate_calls = wrong.isolate_at = 0;
	wrong.from = from;
	wrong.to = to;
	wrong.err = err;
	wrong.first = NULL;
	targets.fail_at = 0;
	return all;
}

static void later_it_works(void)
{
	struct page *old;
	unsigned taken;

	REQUIRE(fill_wrong(1, 1, 9, -EAGAIN));
	old = slot[0];
	CHECK_EQ(move_all(1, MIGRATE_SYNC, &taken), 1);
	CHECK_EQ(wrong.calls, 10);
	CHECK(slot[0] != old);
	CHECK_EQ(targets.given, 1);
	owner_drop_all(&owner);

	REQUIRE(fill_wrong(1, 1, 2, -EAGAIN));
	CHECK_EQ(move_all(1, MIGRATE_ASYNC, &taken), 1);
	CHECK_EQ(wrong.calls, 3);
	owner_drop_all(&owner);
}

static void what_cannot_move_stays(void)
{
	static const struct {
		enum migrate_mode mode;
		int err;
		unsigned calls;
	} how[] = {{MIGRATE_SYNC, -EAGAIN, 10},
		   {MIGRATE_SYNC_LIGHT, -EAGAIN, 10},
		   {MIGRATE_ASYNC, -EAGAIN, 3},
		   {MIGRATE_SYNC, -EIO, 1},
		   {MIGRATE_ASYNC, -EBUSY, 1}};

	for (unsigned i = 0; i < sizeof(how) / sizeof(*how); i++) {
		uint32_t fail = vm_events(PGMIGRATE_FAIL);
		struct page *old;
		unsigned taken;

		REQUIRE(fill_wrong(1, 1, ~0U, how[i].err));
		old = slot[0];
		CHECK_EQ(move_all(1, how[i].mode, &taken), 0);
		CHECK_EQ(wrong.calls, how[i].calls);
		CHECK(slot[0] == old && page_count(old) == 1 && !PageIsolated(old));
		CHECK_EQ(owner.putback, 1);
		CHECK_EQ(targets.given, 1);
		CHECK_EQ(targets.back, 1);
		CHECK_EQ(vm_events(PGMIGRATE_FAIL) - fail, 1);
		CHECK_EQ(owner_verify(&owner), 0);
		owner_drop_all(&owner);
	}
}

/* After whatever went wrong: all pages there, whole, and no target lost. */
static void check_nothing_lost(unsigned nr, unsigned moved, unsigned taken, unsigned least)
{
	unsigned none = targets.fail_at && targets.given >= targets.fail_at;

	CHECK_EQ(owner_nr_pages(&owner), nr);
	CHECK_EQ(owner_verify(&owner), 0);
	CHECK_EQ(owner.migrated, moved);
	CHECK(moved >= least && moved <= taken);
	CHECK_EQ(owner.putback, taken - moved);
	CHECK_EQ(targets.given - none - targets.back, moved);
	CHECK_EQ(sum_of(PAGE_LRU), nr);
	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(page_word(slot[i]), PAGE_ALLOCATED(0) | PAGE_MOVABLE | PAGE_LRU);
	CHECK_EQ(mm_check_quiet(), 0);
	owner_drop_all(&owner);
	targets.fail_at = 0;
}

static void each_operation_fails_in_its_turn(void)
{
	const unsigned nr = 7;
	unsigned taken, moved;

	for (unsigned n = 1; n <= nr; n++) {
		REQUIRE(fill_wrong(nr, n, n, -EAGAIN));
		moved = move_all(nr, MIGRATE_SYNC, &taken);
		check_nothing_lost(nr, moved, taken, nr);

		REQUIRE(fill_wrong(nr, n, n, -EIO));
		moved = move_all(nr, MIGRATE_SYNC, &taken);
		check_nothing_lost(nr, moved, taken, nr - 1);

		REQUIRE(fill_wrong(nr, n, ~0U, -EAGAIN));
		moved = move_all(nr, MIGRATE_ASYNC, &taken);
		CHECK_EQ(moved, n - 1);
		check_nothing_lost(nr, moved, taken, n - 1);

		REQUIRE(fill_wrong(nr, 0, 0, 0));
		wrong.isolate_at = n;
		moved = move_all(nr, MIGRATE_SYNC, &taken);
		CHECK_EQ(taken, nr - 1);
		check_nothing_lost(nr, moved, taken, nr - 1);

		REQUIRE(fill_wrong(nr, 0, 0, 0));
		targets.fail_at = n;
		moved = move_all(nr, MIGRATE_SYNC, &taken);
		check_nothing_lost(nr, moved, taken, nr - 1);
	}
}

static void drop_it(struct page *src)
{
	owner_drop(&owner, (unsigned)src->index);
}

static void the_owner_frees_what_is_being_moved(void)
{
	uint32_t ok = vm_events(PGMIGRATE_SUCCESS), fail = vm_events(PGMIGRATE_FAIL);
	struct page *old;
	unsigned taken;

	REQUIRE(fill_wrong(2, 0, 0, 0));
	wrong.first = drop_it;
	old = slot[0];
	CHECK_EQ(move_all(2, MIGRATE_SYNC, &taken), 1);
	CHECK(!slot[0] && !allocated(old));
	CHECK_EQ(vm_events(PGMIGRATE_SUCCESS) - ok, 1);
	CHECK_EQ(vm_events(PGMIGRATE_FAIL), fail); /* nobody is at a loss */
	owner_drop_all(&owner);
	CHECK_EQ(sum_of(PAGE_LRU), 0);

	/* Before it was looked at. */
	REQUIRE(fill_wrong(1, 0, 0, 0));
	old = slot[0];
	CHECK(isolate_movable(old, MIGRATE_SYNC));
	owner_drop(&owner, 0);
	CHECK_EQ(migrate_pages(&old, 1, new_page, put_new_page, &targets, MIGRATE_SYNC), 0);
	CHECK_EQ(wrong.calls, 0);

	/* And it takes itself in the last pass. */
	REQUIRE(fill_wrong(1, 1, ~0U, -EAGAIN));
	wrong.first = drop_it;
	wrong.from = 2;
	CHECK_EQ(move_all(1, MIGRATE_SYNC, &taken), 0);
	CHECK_EQ(wrong.calls, 1);
	CHECK_EQ(targets.back, 1);
}

static void hold_it(struct page *src)
{
	get_page(src);
}

static void what_is_held_stays(void)
{
	struct page *old;
	unsigned taken;

	REQUIRE(fill_wrong(1, 0, 0, 0));
	wrong.first = hold_it;
	old = slot[0];
	CHECK_EQ(move_all(1, MIGRATE_SYNC, &taken), 0);
	CHECK(slot[0] == old && page_count(old) == 2 && !PageIsolated(old));
	CHECK_EQ(wrong.calls, 10);
	put_page(old);
	set_page_writeback(old);
	CHECK_EQ(move_all(1, MIGRATE_ASYNC, &taken), 0);
	end_page_writeback(old);
	CHECK_EQ(move_all(1, MIGRATE_ASYNC, &taken), 1);
	owner_drop_all(&owner);
}

/*
 * Poison, owners, unmapped free pages: targets are allocated, and sources freed, as any
 * page is.
 */
static void with_debugging_on(void)
{
	if (!BUDDY_DEBUG_HOOKS) {
		test_skip("needs BUDDY_DEBUG_HOOKS");
		return;
	}
	static const char *const option[] = {"page_owner", "page_poison", "init_on_free",
					     "debug_pagealloc", "trace"};
	uint32_t ok = vm_events(PGMIGRATE_SUCCESS);
	unsigned taken;

	allow_free_pages();
	for (unsigned i = 0; i < sizeof(option) / sizeof(*option); i++) {
		int err = mm_debug_set(option[i], i == 4 ? "64" : "1");

		CHECK(!err || err == -EPERM || err == -ENOMEM);
	}
	for (unsigned n = 0; n < 3; n++) {
		REQUIRE(fill_wrong(8, 2, 4, -EAGAIN));
		CHECK_EQ(move_all(8, MIGRATE_SYNC, &taken), 8);
		REQUIRE(owner_nr_pages(&owner) == 8);
		CHECK_EQ(owner_verify(&owner), 0);
		owner_drop_all(&owner);
		REQUIRE(fill_wrong(2, 1, ~0U, -EIO));
		CHECK_EQ(move_all(2, MIGRATE_SYNC, &taken), 0);
		owner_drop_all(&owner);
	}
	CHECK_EQ(vm_events(PGMIGRATE_SUCCESS) - ok, 24);
#ifdef TEST_HOST
	CHECK(!strcmp(host_log_text(), ""));
#endif
	for (unsigned i = 0; i < sizeof(option) / sizeof(*option); i++)
		mm_debug_set(option[i], "0");
	all_off();
}

/* ---- many CPUs ------------------------------------------------------------------- */

#define MANY 64

static struct page *many_slot[MANY];
static struct test_owner many;
static unsigned moved_by_all;

static void live(unsigned cpu, void *arg)
{
	struct rng r = rng_seed(cpu + 31);

	(void)arg;
	for (unsigned n = 0; n < 400; n++) {
		unsigned i = rng_below(&r, MANY), nr = 0;
		struct page *page[8], *p;

		switch (rng_below(&r, 4)) {
		case 0:
			owner_fill(&many, i, GFP);
			break;
		case 1:
			owner_drop(&many, i);
			break;
		case 2:
			p = owner_get(&many, i);
			if (p) {
				CHECK(owner_pattern_ok(p, i));
				CHECK(p->index == i);
				put_page(p);
			}
			break;
		default:
			/* whatever it is by now: a look at a slot is a guess */
			for (unsigned k = 0; k < 8; k++) {
				p = owner_get(&many, (i + k) % MANY);
				if (p)
					put_page(p);
				if (p && isolate_movable(p, MIGRATE_SYNC))
					page[nr++] = p;
			}
			nr = migrate_pages(page, nr, get_target, give_target, NULL, MIGRATE_SYNC);
			__atomic_add_fetch(&moved_by_all, nr, __ATOMIC_RELAXED);
		}
	}
}

static void pages_move_among_many_cpus(void)
{
	for (unsigned i = 0; i < MANY; i++)
		many_slot[i] = NULL;
	moved_by_all = 0;
	owner_init(&many, many_slot, MANY, true);
	run_on_cpus(min_t(4U, test_nr_cpus()), live, NULL);
	CHECK(moved_by_all > 50);
	CHECK_EQ(owner_verify(&many), 0);
	CHECK_EQ(sum_of(PAGE_LRU), owner_nr_pages(&many));
	CHECK_EQ(mm_check_quiet(), 0);
	owner_drop_all(&many);
	CHECK_EQ(sum_of(PAGE_LRU), 0);
}

#ifdef TEST_HOST

static void pages_of_several_zones_at_once(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 32 << 20, 0}, {0x68000000, 32 << 20, 0}},
		.limits = {.dma_limit = 0x62000000},
	};
	unsigned in_dma = 0, taken;

	CHECK_EQ(start(&g), 0);
	REQUIRE(fill(0, true));
	for (unsigned i = 0; i < 16; i++)
		CHECK(owner_fill(&owner, i, i & 1 ? GFP_DMA | GFP_KERNEL : GFP));
	for (unsigned i = 0; i < 16; i++)
		in_dma += page_zone(slot[i])->type == ZONE_DMA;
	CHECK_EQ(in_dma, 8);
	CHECK_EQ(move_all(16, MIGRATE_SYNC, &taken), 16);
	CHECK_EQ(owner_verify(&owner), 0);
	CHECK_EQ(sum_of(PAGE_LRU), 16);
	CHECK_EQ(mm_check_quiet(), 0);
	owner_drop_all(&owner);
	check_all_free();
	CHECK_EQ(start(&default_geometry), 0);
}

#endif

static const struct test_case cases[] = {
	TEST(any_number_is_moved),
	TEST(flags_go_along_and_are_counted_once),
	TEST(who_pays_goes_on_paying),
	TEST(later_it_works),
	TEST(what_cannot_move_stays),
	TEST(each_operation_fails_in_its_turn),
	TEST(the_owner_frees_what_is_being_moved),
	TEST(what_is_held_stays),
	TEST(with_debugging_on),
	TEST(pages_move_among_many_cpus),
#ifdef TEST_HOST
	TEST(pages_of_several_zones_at_once),
#endif
};
TEST_SUITE(migrate, cases);
