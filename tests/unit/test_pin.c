// SPDX-License-Identifier: MIT
// NEEDS: COMPACTION CMA
// HOST ONLY
/*
 * Pinning for long: out of CMA areas, ZONE_MOVABLE and isolated pageblocks, and nowhere
 * else; the pin's reference is there before anybody can find the page.
 */
#include <string.h>

#include <buddy/contig.h>
#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/owner.h"
#include "../harness/tap.h"
#include "movable_fixture.h"

#define PB   ((unsigned long)pageblock_nr_pages)
#define GFP  (GFP_NOWAIT | __GFP_MEMALLOC | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_NOWARN)
#define NR   64
#define MANY (64UL << 20 >> PAGE_SHIFT)

static struct page *slot[MANY];
static struct test_owner owner;

static bool in_area(const struct page *page)
{
	return get_pageblock_migratetype(page) == MIGRATE_CMA;
}

static void fill(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		CHECK(owner_fill(&owner, i, GFP));
}

/* Slots 0 to NR - 1 are in a CMA area. */
static void start_in_area(void)
{
	unsigned nr = 0;

	map_geometry(&default_geometry);
	CHECK_EQ(cma_declare_contiguous(0x62000000, 4 * PB << PAGE_SHIFT, 0, 0, "video"), 0);
	CHECK_EQ(start_mm(&default_geometry.limits), 0);
	memset(slot, 0, sizeof(slot));
	owner_init(&owner, slot, MANY, true);
	for (unsigned parked = NR; nr < NR && parked < MANY && owner_fill(&owner, nr, GFP);) {
		if (in_area(slot[nr])) {
			nr++;
			continue;
		}
		/* Elsewhere: kept until the end, so that it is not given again. */
		slot[parked++] = slot[nr];
		slot[nr] = NULL;
	}
	CHECK_EQ(nr, NR);
	for (unsigned i = NR; i < MANY; i++)
		owner_drop(&owner, i);
}

static void whole(void)
{
	CHECK_EQ(mm_check_quiet(), 0);
	owner_drop_all(&owner);
	CHECK_EQ(zones[0].nr_lru, 0);
}

static void out_of_an_area(void)
{
	struct page *old, *page;
	uint32_t ok;

	start_in_area();
	old = owner_get(&owner, 3);
	CHECK(set_page_dirty(old));
	ok = vm_events(PGMIGRATE_SUCCESS);
	page = pin_page_longterm(old);
	REQUIRE(page);
	CHECK(page != old && !in_area(page));
	CHECK(slot[3] == page && page_count(page) == 2 && page->index == 3);
	CHECK(PageMovable(page) && PageLRU(page) && PageDirty(page) && !PageIsolated(page));
	CHECK(page_word_state(page_word(old)) != PAGE_STATE_ALLOCATED);
	CHECK_EQ(vm_events(PGMIGRATE_SUCCESS) - ok, 1);
	CHECK_EQ(owner.migrated, 1);
	CHECK_EQ(zones[0].nr_dirty, 1);
	/* It stays there: nobody takes it, and to be pinned once more changes nothing. */
	CHECK(!movable_take(page));
	get_page(page);
	CHECK(pin_page_longterm(page) == page);
	put_page(page);
	owner_drop(&owner, 3);
	CHECK_EQ(page_count(page), 1);
	put_page(page);
	CHECK_EQ(zones[0].nr_dirty, 0);
	whole();
}

static void out_of_a_pageblock_that_is_isolated(void)
{
	struct page *old, *page;
	unsigned long block;

	start_in_area();
	owner_drop_all(&owner);
	fill(0, 1);
	CHECK(!in_area(slot[0]));
	old = owner_get(&owner, 0);
	CHECK(pin_page_longterm(old) == old); /* nothing is in its way */
	CHECK_EQ(owner.migrated, 0);
	block = page_to_pfn(old) & ~(PB - 1);
	CHECK_EQ(start_isolate_page_range(block, block + PB, MIGRATE_MOVABLE), 0);
	page = pin_page_longterm(old);
	REQUIRE(page);
	CHECK(page != old && page_to_pfn(page) - block >= PB);
	CHECK(owner_pattern_ok(page, 0));
	undo_isolate_page_range(block, block + PB, MIGRATE_MOVABLE);
	put_page(page);
	whole();
}

static void out_of_the_movable_zone(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 64 << 20, 0}},
		.limits = {.movablecore = 32 << 20},
	};
	struct page *old, *page;

	CHECK_EQ(start(&g), 0);
	memset(slot, 0, sizeof(slot));
	owner_init(&owner, slot, MANY, false);
	fill(0, 2);
	old = owner_get(&owner, 1);
	CHECK_EQ(page_zone(old)->type, ZONE_MOVABLE);
	page = pin_page_longterm(old);
	REQUIRE(page);
	CHECK(page_zone(page)->type != ZONE_MOVABLE && page_count(page) == 2);
	CHECK_EQ(owner_verify(&owner), 0);
	put_page(page);
	whole();
	CHECK_EQ(start(&default_geometry), 0);
}

/* Nothing is moved and the caller has no reference more. */
static void check_stays(struct page *old, unsigned count)
{
	unsigned long free = nr_free_pages() + nr_pcp_pages();

	CHECK(!pin_page_longterm(old));
	CHECK_EQ(page_count(old), count);
	CHECK(!PageIsolated(old));
	CHECK(slot[0] == old);
	CHECK_EQ(owner.migrated, 0);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free);
}

static void what_cannot_move_is_not_pinned(void)
{
	struct page *old, *chain = NULL, *page;

	start_in_area();
	old = owner_get(&owner, 0);
	get_page(old); /* another one has it */
	check_stays(old, 2);
	put_page(old);

	CHECK(movable_take(old)); /* compaction has it */
	get_page(old);
	CHECK(!pin_page_longterm(old));
	CHECK(page_count(old) == 2 && PageIsolated(old));
	movable_putback(old);

	owner.fail_isolate = 1;
	get_page(old);
	check_stays(old, 1);
	owner.fail_isolate = 0;
	owner.fail_migrate = 1;
	get_page(old);
	check_stays(old, 1);
	CHECK_EQ(owner.putback, 1);
	owner.fail_migrate = 0;
	set_page_writeback(old);
	get_page(old);
	check_stays(old, 1);
	end_page_writeback(old);

	while ((page = alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN))) {
		page->mapping = chain;
		chain = page;
	}
	lru_cache_del(old); /* or it would be reclaimed */
	for (unsigned i = 1; i < NR; i++)
		owner_drop(&owner, i);
	drain_all_pages();
	get_page(old);
	check_stays(old, 1);
	while ((page = chain)) {
		chain = page->mapping;
		__free_page(page);
	}
	/* Now and then is enough. */
	owner.fail_migrate = 2;
	get_page(old);
	page = pin_page_longterm(old);
	CHECK(page && page != old);
	put_page(page);
	whole();
}

static void whose_owner_is_gone_is_not_pinned(void)
{
	struct page *old;

	start_in_area();
	old = owner_get(&owner, 0);
	owner_drop(&owner, 0);
	CHECK(!pin_page_longterm(old));
	CHECK(page_word_state(page_word(old)) != PAGE_STATE_ALLOCATED);
	whole();
}

static void other_pages_are_what_they_are(void)
{
	struct page *page, *foreign = (struct page *)slot;

	start_in_area();
	page = cma_alloc(cma_area(0), 1, 0, true);
	REQUIRE(page);
	get_page(page);
	CHECK(pin_page_longterm(page) == page); /* a device's own buffer */
	put_page(page);
	CHECK(cma_release(cma_area(0), page, 1));
	CHECK_REFUSED(CHECK(!pin_page_longterm(page)));
	CHECK_REFUSED(CHECK(!pin_page_longterm(NULL)));
	CHECK_REFUSED(CHECK(!pin_page_longterm(foreign)));
	page = alloc_page(GFP_KERNEL);
	CHECK(pin_page_longterm(page) == page);
	__free_page(page);
	whole();
}

static void pins_do_not_keep_an_area(void)
{
	struct page *held[NR], *page;
	unsigned long nr;

	start_in_area();
	nr = cma_nr_pages(cma_area(0));
	for (unsigned i = 0; i < NR; i++) {
		page = owner_get(&owner, i);
		held[i] = pin_page_longterm(page);
		CHECK(held[i] && !in_area(held[i]));
	}
	page = cma_alloc(cma_area(0), nr, 0, false);
	REQUIRE(page);
	CHECK(cma_release(cma_area(0), page, nr));
	for (unsigned i = 0; i < NR; i++)
		put_page(held[i]);
	whole();
}

/* ---- many CPUs ------------------------------------------------------------------------- */

static unsigned pinned, moved;

static void pin_and_move(unsigned cpu, void *arg)
{
	struct rng r = rng_seed(cpu + 11);

	(void)arg;
	for (unsigned n = 0; n < 400; n++) {
		unsigned i = rng_below(&r, NR);
		struct page *page;

		switch (rng_below(&r, 4)) {
		case 0:
			owner_fill(&owner, i, GFP_HIGHUSER_MOVABLE);
			break;
		case 1:
			page = owner_get(&owner, i);
			page = page ? pin_page_longterm(page) : NULL;
			if (page) {
				CHECK(!in_area(page));
				CHECK(owner_pattern_ok(page, i));
				__atomic_add_fetch(&pinned, 1, __ATOMIC_RELAXED);
				put_page(page);
			}
			break;
		case 2:
			owner_drop(&owner, i);
			break;
		default:
			/* a guess, as compaction has it */
			page = owner_get(&owner, i);
			if (page)
				put_page(page);
			if (page && isolate_movable(page, MIGRATE_ASYNC))
				__atomic_add_fetch(&moved,
						   migrate_pages(&page, 1, get_target, give_target,
								 NULL, MIGRATE_ASYNC),
						   __ATOMIC_RELAXED);
		}
	}
}

static void pins_and_moves_on_many_cpus(void)
{
	start_in_area();
	pinned = moved = 0;
	run_on_cpus(min_t(4U, test_nr_cpus()), pin_and_move, NULL);
	CHECK(pinned > 50 && moved > 50);
	CHECK_EQ(zones[0].nr_lru, owner_nr_pages(&owner));
	whole();
}

static const struct test_case cases[] = {
	TEST(out_of_an_area),
	TEST(out_of_a_pageblock_that_is_isolated),
	TEST(out_of_the_movable_zone),
	TEST(what_cannot_move_is_not_pinned),
	TEST(whose_owner_is_gone_is_not_pinned),
	TEST(other_pages_are_what_they_are),
	TEST(pins_do_not_keep_an_area),
	TEST(pins_and_moves_on_many_cpus),
};
TEST_SUITE(pin, cases);
