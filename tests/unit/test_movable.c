// SPDX-License-Identifier: MIT
// NEEDS: COMPACTION DEBUG_HOOKS
/*
 * The words of movable pages: taken, put back, released, in every order that owner, taker
 * and a third one can have; and what is refused.
 */
#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/owner.h"
#include "../harness/peek.h"
#include "../harness/tap.h"
#include "movable_fixture.h"

#define SLOTS 2
#define GFP   GFP_HIGHUSER_MOVABLE

static struct page *slot[SLOTS];
static struct test_owner owner;

static bool fill(unsigned nr, bool reclaimable)
{
	return fill_owner(&owner, slot, SLOTS, nr, reclaimable);
}

/* ---- taken ----------------------------------------------------------------------- */

static void one_at_a_time_has_a_page(void)
{
	struct page *page;

	REQUIRE(fill(1, false));
	page = slot[0];
	for (unsigned i = 0; i < 3; i++) {
		CHECK(movable_take(page));
		CHECK(PageIsolated(page) && page_count(page) == 2);
		CHECK(!movable_take(page) && !movable_take_held(page));
		movable_putback(page);
		CHECK(!PageIsolated(page) && PageMovable(page) && page_count(page) == 1);
	}
	get_page(page); /* ours: we may take it with that, others may not */
	CHECK(!movable_take(page));
	CHECK(movable_take_held(page));
	CHECK(PageIsolated(page) && page_count(page) == 2);
	CHECK(!movable_take_held(page) && !movable_take(page));
	movable_putback(page);
	CHECK_EQ(page_count(page), 1);
	CHECK(!movable_take_held(page));
	get_page(page);
	get_page(page);
	CHECK(!movable_take_held(page));
	put_page(page);
	put_page(page);
	owner_drop_all(&owner);
}

static void what_is_not_movable_is_not_taken(void)
{
	struct page *page = alloc_page(GFP_KERNEL), *block = alloc_pages(GFP_KERNEL, 1);

	REQUIRE(page && block);
	CHECK(!movable_take(page) && !movable_take(block) && !movable_take(block + 1));
	CHECK(!isolate_movable(page, MIGRATE_SYNC));
	get_page(page);
	CHECK(!movable_take_held(page));
	put_page(page);
	CHECK_EQ(page_word(page), PAGE_ALLOCATED(0));
	__free_page(page);
	CHECK(!movable_take(page)); /* in a cache, or free */
	__free_pages(block, 1);
	CHECK(!movable_take(block));
}

static void the_owner_frees_what_is_taken(void)
{
	struct page *page;

	REQUIRE(fill(1, true));
	page = slot[0];
	CHECK(set_page_dirty(page));
	set_page_writeback(page);
	CHECK(movable_take(page));
	owner_drop(&owner, 0);
	CHECK(allocated(page) && PageIsolated(page) && page_count(page) == 1);
	CHECK_EQ(sum_of(PAGE_LRU), 1);
	movable_putback(page);
	CHECK(!allocated(page));
	CHECK_EQ(sum_of(PAGE_LRU) + sum_of(PAGE_DIRTY) + sum_of(PAGE_WRITEBACK), 0);
}

static void somebody_holds_what_is_taken(void)
{
	struct page *page;

	REQUIRE(fill(2, true));
	page = slot[0];
	CHECK(movable_take(page));
	get_page(page);
	CHECK_EQ(page_count(page), 3);
	movable_putback(page);
	CHECK_EQ(page_count(page), 2);
	CHECK(!movable_take(page));
	put_page(page);
	CHECK(movable_take(page));
	/* Evicted while it is held: the holder frees it, and until then it counts. */
	get_page(page);
	slot[0] = NULL;
	CHECK(!movable_release(page, NULL));
	CHECK(allocated(page) && page_count(page) == 1 && !PageIsolated(page) && PageLRU(page));
	CHECK_EQ(sum_of(PAGE_LRU), 2);
	CHECK(owner_pattern_ok(page, 0));
	put_page(page);
	CHECK(!allocated(page));
	CHECK_EQ(sum_of(PAGE_LRU), 1);
	/* And where nobody holds it, it is the taker's to free. */
	page = slot[1];
	CHECK(movable_take(page));
	slot[1] = NULL;
	CHECK(movable_release(page, NULL));
	CHECK_EQ(page_word(page), PAGE_STATE_PCP);
	CHECK_EQ(sum_of(PAGE_LRU), 0);
	free_block_now(page, 0, page_pageblock(page));
}

static void mistakes_are_refused(void)
{
	struct page *page = alloc_page(GFP_KERNEL), *block = alloc_pages(GFP_KERNEL, 2);
	struct movable_operations none = {0};

	REQUIRE(page && block && fill(1, false));
	none = owner.mops;
	none.migrate_page = NULL;
	CHECK_REFUSED(__SetPageMovable(NULL, &owner.mops));
	CHECK_REFUSED(__SetPageMovable(block, &owner.mops));
	CHECK_REFUSED(__SetPageMovable(block + 1, &owner.mops));
	CHECK_REFUSED(__SetPageMovable(slot[0], &owner.mops));
	CHECK_REFUSED(__SetPageMovable(page, NULL));
	CHECK_REFUSED(__SetPageMovable(page, &none));
	get_page(page);
	CHECK_REFUSED(__SetPageMovable(page, &owner.mops));
	put_page(page);
	CHECK_REFUSED(lru_cache_add(page));
	CHECK_REFUSED(lru_cache_del(page));
	CHECK_REFUSED(mark_page_accessed(page));
	CHECK_REFUSED(CHECK(!set_page_dirty(page)));
	CHECK_REFUSED(CHECK(!clear_page_dirty_for_io(page)));
	CHECK_REFUSED(set_page_writeback(page));
	CHECK_REFUSED(end_page_writeback(page));
	CHECK_REFUSED(set_page_dirty(NULL));
	CHECK_EQ(page_word(page), PAGE_ALLOCATED(0));
	__free_page(page);
	CHECK_REFUSED(lru_cache_add(page));
	__free_pages(block, 2);
	page = slot[0];
	owner_drop(&owner, 0);
	CHECK_REFUSED(put_page(page));
	CHECK_EQ(sum_of(PAGE_LRU) + sum_of(PAGE_DIRTY) + sum_of(PAGE_WRITEBACK), 0);
}

static const struct test_case cases[] = {
	TEST(one_at_a_time_has_a_page),	     TEST(what_is_not_movable_is_not_taken),
	TEST(the_owner_frees_what_is_taken), TEST(somebody_holds_what_is_taken),
	TEST(mistakes_are_refused),
};
TEST_SUITE(movable, cases);
