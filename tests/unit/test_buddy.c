// SPDX-License-Identifier: MIT
// NEEDS: MOBILITY
/*
 * Free lists: splitting, merging, alignment, and what must never merge.  Works
 * on the lists themselves, under the zone's lock, so that no per-CPU cache
 * stands between.
 */
#include <string.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/peek.h"
#include "../harness/tap.h"

/* ---- the lists, directly -------------------------------------------------- */

static struct page *take(struct zone *zone, unsigned order, enum migratetype mt)
{
	port_irqflags_t flags = port_irq_save();
	struct page *page;

	port_spin_lock(&zone->lock);
	page = __rmqueue_smallest(zone, order, mt);
	if (page)
		set_page_word(page, PAGE_ALLOCATED(order));
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
	return page;
}

static void give(struct page *page, unsigned order)
{
	struct zone *zone = page_zone(page);
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&zone->lock);
	__free_one_page(zone, page, order);
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
}

static struct zone *some_zone(unsigned order)
{
	struct zone *zone;

	for_each_zone(zone)
		if (zone->nonempty[MIGRATE_MOVABLE] >> order)
			return zone;
	return NULL;
}

static uint32_t blocks(struct zone *zone, unsigned order)
{
	uint32_t nr = 0;

	for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
		nr += peek_blocks(zone, order, mt);
	return nr;
}

struct shape {
	uint32_t nr[NR_ORDERS];
};

static struct shape shape_of(struct zone *zone)
{
	struct shape s;

	for (unsigned order = 0; order < NR_ORDERS; order++)
		s.nr[order] = blocks(zone, order);
	return s;
}

static bool same_shape(const struct shape *a, const struct shape *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* ---- cases ---------------------------------------------------------------- */

static void split_and_merge_are_inverse(void)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		struct zone *zone = some_zone(order);
		struct shape before, after;
		struct page *page;

		if (!zone)
			continue;
		before = shape_of(zone);
		page = take(zone, order, MIGRATE_MOVABLE);
		REQUIRE(page);
		after = shape_of(zone);
		CHECK(!same_shape(&before, &after));
		CHECK_EQ(mm_check(), 0);
		give(page, order);
		after = shape_of(zone);
		CHECK(same_shape(&before, &after));
	}
}

static void the_smallest_fitting_block_is_split(void)
{
	struct zone *zone = some_zone(3);
	struct page *a, *b, *c;

	REQUIRE(zone);
	a = take(zone, 3, MIGRATE_MOVABLE); /* whatever is split for it, then give it back whole */
	REQUIRE(a);
	b = take(zone, 0, MIGRATE_MOVABLE);
	REQUIRE(b);
	/* now there is an order 0 block beside b: the next order 0 must be that one */
	if (!(page_index(b) & 1)) {
		c = take(zone, 0, MIGRATE_MOVABLE);
		CHECK(c && page_word_state(page_word(c)) == PAGE_STATE_ALLOCATED);
		give(c, 0);
	}
	give(b, 0);
	give(a, 3);
}

static void counters_follow_every_step(void)
{
	struct zone *zone = some_zone(4);
	uint32_t free;

	REQUIRE(zone);
	free = zone->nr_free_pages;
	for (unsigned order = 0; order <= 4; order++) {
		struct page *page = take(zone, order, MIGRATE_MOVABLE);

		REQUIRE(page);
		CHECK_EQ(zone->nr_free_pages, free - (1U << order));
		give(page, order);
		CHECK_EQ(zone->nr_free_pages, free);
	}
}

static void nonempty_bits_say_what_the_lists_hold(void)
{
	struct zone *zone;

	for_each_zone(zone)
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			for (unsigned order = 0; order < NR_ORDERS; order++)
				CHECK_EQ(zone->nonempty[mt] >> order & 1,
					 peek_blocks(zone, order, mt) != 0);
}

static void a_bulk_takes_what_was_wanted_in_few_blocks(void)
{
	struct zone *zone = some_zone(5);
	struct page *block[8];
	unsigned nr, pages;

	REQUIRE(zone);
	for (unsigned order = 0; order <= 2; order++)
		for (unsigned want = 1; want <= 8; want++) {
			port_irqflags_t flags = port_irq_save();
			uint32_t free = zone->nr_free_pages;

			nr = rmqueue_bulk(zone, order, want, MIGRATE_MOVABLE, block, 8);
			port_irq_restore(flags);
			CHECK(nr >= 1 && nr <= 8);
			pages = 0;
			for (unsigned i = 0; i < nr; i++) {
				unsigned got = page_word_order(page_word(block[i]));

				CHECK(got >= order && got <= order + 3);
				CHECK_EQ(page_word(block[i]), PAGE_STATE_PCP | got);
				CHECK_EQ(page_index(block[i]) & ((1UL << got) - 1), 0);
				pages += 1U << got;
			}
			/* the smallest blocks first; a large one is split only if it is the first */
			CHECK(pages <= want << order && pages >= 1U << order);
			CHECK_EQ(zone->nr_free_pages, free - pages);
			flags = port_irq_save();
			free_pcppages_bulk(zone, block, nr);
			port_irq_restore(flags);
			CHECK_EQ(zone->nr_free_pages, free);
			CHECK_EQ(mm_check(), 0);
		}
}

static void a_bulk_stops_at_the_room_there_is(void)
{
	struct zone *zone = some_zone(3);
	struct page *a, *b, *block[2];
	port_irqflags_t flags;
	unsigned nr;

	REQUIRE(zone);
	a = take(zone, 0, MIGRATE_MOVABLE); /* so that small blocks lie about */
	b = take(zone, 1, MIGRATE_MOVABLE);
	REQUIRE(a && b);
	flags = port_irq_save();
	nr = rmqueue_bulk(zone, 0, 64, MIGRATE_MOVABLE, block, 2);
	free_pcppages_bulk(zone, block, nr);
	port_irq_restore(flags);
	CHECK_EQ(nr, 2);
	give(a, 0);
	give(b, 1);
}

static void case_08_no_merge_past_the_largest_order(void)
{
	struct zone *zone = some_zone(MAX_ORDER);
	struct page *a, *b;
	struct shape before, after;

	if (!zone || blocks(zone, MAX_ORDER) < 2) {
		test_skip("this memory has no two largest blocks");
		return;
	}
	before = shape_of(zone);
	a = take(zone, MAX_ORDER, MIGRATE_MOVABLE);
	b = take(zone, MAX_ORDER, MIGRATE_MOVABLE);
	REQUIRE(a && b);
	give(a, MAX_ORDER);
	give(b, MAX_ORDER);
	after = shape_of(zone);
	CHECK(same_shape(&before, &after));
	CHECK_EQ(page_word(a), PAGE_STATE_FREE | MAX_ORDER);
	CHECK_EQ(page_word(b), PAGE_STATE_FREE | MAX_ORDER);
}

/* Heap's algorithm: each of the n! orders once. */
static unsigned long permute(struct page *const *piece, unsigned n, unsigned order,
			     struct zone *zone, const struct shape *whole, struct page *block)
{
	unsigned at[8] = {0}, perm[8], i = 0;
	unsigned long tried = 0;

	for (unsigned k = 0; k < n; k++)
		perm[k] = k;
	for (;;) {
		struct shape now;

		for (unsigned k = 0; k < n; k++)
			give(piece[perm[k]], order);
		now = shape_of(zone);
		if (!same_shape(&now, whole))
			check_failed_eq(__FILE__, __LINE__, "the state after an order of frees",
					tried, 0);
		tried++;
		/* the same block again, to be freed in pieces in the next order */
		if (take(zone, order + 3, MIGRATE_MOVABLE) != block) {
			check_failed(__FILE__, __LINE__,
				     "the block that was freed last comes back");
			return tried;
		}
		for (unsigned k = 0; k < n; k++)
			set_page_word(piece[k], PAGE_ALLOCATED(order));
		while (i < n && at[i] >= i) {
			at[i] = 0;
			i++;
		}
		if (i == n)
			return tried;
		{
			unsigned k = i & 1 ? at[i] : 0, t = perm[k];

			perm[k] = perm[i];
			perm[i] = t;
		}
		at[i]++;
		i = 0;
	}
}

static void case_09_eight_buddies_in_all_40320_orders(void)
{
	struct zone *zone = some_zone(3);
	struct page *block, *piece[8];
	struct shape whole;

	REQUIRE(zone);
	whole = shape_of(zone);
	block = take(zone, 3, MIGRATE_MOVABLE);
	REQUIRE(block);
	for (unsigned i = 0; i < 8; i++) {
		piece[i] = block + i;
		set_page_word(piece[i], PAGE_ALLOCATED(0));
	}
	CHECK_EQ(permute(piece, 8, 0, zone, &whole, block), 40320);
	for (unsigned i = 0; i < 8; i++)
		give(piece[i], 0);
	CHECK_EQ(mm_check(), 0);
}

static void case_09_eight_buddies_of_a_larger_order(void)
{
	unsigned order = MAX_ORDER >= 5 ? 2 : 0;
	struct zone *zone = some_zone(order + 3);
	struct page *block, *piece[8];
	struct shape whole;

	if (!zone || order + 3 > MAX_ORDER) {
		test_skip("no such block");
		return;
	}
	whole = shape_of(zone);
	block = take(zone, order + 3, MIGRATE_MOVABLE);
	REQUIRE(block);
	for (unsigned i = 0; i < 8; i++) {
		piece[i] = block + (i << order);
		set_page_word(piece[i], PAGE_ALLOCATED(order));
	}
	CHECK_EQ(permute(piece, 8, order, zone, &whole, block), 40320);
	for (unsigned i = 0; i < 8; i++)
		give(piece[i], order);
}

static void buddies_that_are_taken_or_of_another_order_do_not_merge(void)
{
	struct zone *zone = some_zone(3);
	struct page *block;

	REQUIRE(zone);
	block = take(zone, 3, MIGRATE_MOVABLE);
	REQUIRE(block);
	/* cut by hand: 0 0 1 2 as the block's pieces */
	set_page_word(block, PAGE_ALLOCATED(0));
	set_page_word(block + 1, PAGE_ALLOCATED(0));
	set_page_word(block + 2, PAGE_ALLOCATED(1));
	set_page_word(block + 4, PAGE_ALLOCATED(2));
	give(block + 4, 2);
	CHECK_EQ(page_word(block + 4), PAGE_STATE_FREE | 2);
	give(block, 0); /* its buddy is taken; the one of order 2 is no buddy of order 0 */
	CHECK_EQ(page_word(block), PAGE_STATE_FREE);
	CHECK_EQ(page_word(block + 4), PAGE_STATE_FREE | 2);
	give(block + 2, 1); /* buddy [0,2) is free only in part */
	CHECK_EQ(page_word(block + 2), PAGE_STATE_FREE | 1);
	CHECK_EQ(mm_check(), 0);
	give(block + 1, 0); /* and now all of them, three merges at once or more */
	CHECK(page_word(block + 1) == 0 && page_word(block + 2) == 0 && page_word(block + 4) == 0);
}

static void freed_blocks_leave_no_word_inside(void)
{
	struct zone *zone = some_zone(4);
	struct page *block;

	REQUIRE(zone);
	block = take(zone, 4, MIGRATE_MOVABLE);
	REQUIRE(block);
	for (unsigned i = 0; i < 16; i++)
		set_page_word(block + i, PAGE_ALLOCATED(0));
	for (unsigned i = 0; i < 16; i++)
		give(block + (i * 7 & 15), 0);
	for (unsigned i = 1; i < 16; i++)
		CHECK_EQ(page_word(block + i), 0);
}

static void moving_a_pageblock_moves_its_free_pages(void)
{
	struct zone *zone = some_zone(pageblock_order);
	struct page *block, *inside;
	port_irqflags_t flags;
	unsigned moved;

	if (!zone || pageblock_order < 2) {
		test_skip("no free pageblock");
		return;
	}
	block = take(zone, pageblock_order, MIGRATE_MOVABLE);
	REQUIRE(block);
	/* its upper half free, its lower half somebody's */
	set_page_word(block, PAGE_ALLOCATED(pageblock_order - 1));
	inside = block + (1UL << (pageblock_order - 1));
	set_page_word(inside, PAGE_ALLOCATED(pageblock_order - 1));
	give(inside, pageblock_order - 1);
	flags = port_irq_save();
	port_spin_lock(&zone->lock);
	CHECK_EQ(count_free_in_block(block, pageblock_nr_pages), pageblock_nr_pages / 2);
	moved = move_freepages_block(zone, block, MIGRATE_UNMOVABLE);
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
	CHECK_EQ(moved, pageblock_nr_pages / 2);
	CHECK_EQ(get_pageblock_migratetype(block), MIGRATE_UNMOVABLE);
	CHECK_EQ(get_pageblock_migratetype(inside), MIGRATE_UNMOVABLE);
	CHECK(peek_blocks(zone, pageblock_order - 1, MIGRATE_UNMOVABLE) >= 1);
	CHECK_EQ(mm_check(), 0);
	/* back, so that the memory is as it was */
	flags = port_irq_save();
	port_spin_lock(&zone->lock);
	move_freepages_block(zone, block, MIGRATE_MOVABLE);
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
	give(block, pageblock_order - 1);
}

#ifdef TEST_HOST

static void case_02_the_buddy_of_a_reserved_page(void)
{
	/* one page in the middle of everything is taken */
	static const struct geometry g = {
		.ram = {{0x60000000, 16 << 20, 0}},
		.reserved = {{0x60123000, 0x1000, 0}},
	};
	struct page *reserved, *buddy, *head = NULL, *page;

	CHECK_EQ(start(&g), 0);
	reserved = pfn_to_page(0x60123);
	buddy = pfn_to_page(0x60122);
	CHECK_EQ(page_word_state(page_word(reserved)), PAGE_STATE_RESERVED);
	CHECK_EQ(page_word(buddy), PAGE_STATE_FREE | 0); /* alone, for ever */
	while ((page = alloc_pages(__GFP_MEMALLOC | __GFP_NOWARN, 0))) {
		CHECK(page != reserved);
		page->mapping = head;
		head = page;
	}
	while ((page = head)) {
		head = page->mapping;
		__free_page(page);
	}
	drain_all_pages();
	CHECK_EQ(page_word_state(page_word(reserved)), PAGE_STATE_RESERVED);
	CHECK_EQ(page_word(buddy), PAGE_STATE_FREE | 0);
	CHECK_EQ(mm_check_quiet(), 0);
}

static void case_02_reserved_runs_of_all_lengths(void)
{
	for (unsigned pages = 1; pages < 40; pages += 1 + pages / 8) {
		struct geometry g = {
			.ram = {{0x60000000, 16 << 20, 0}},
			.reserved = {{0x60200000 - pages * 2048, pages * 4096, 0}},
		};

		CHECK_EQ(start(&g), 0);
		for (unsigned round = 0; round < 2; round++) {
			struct page *head = NULL, *page;

			while ((page = alloc_pages(__GFP_MEMALLOC | __GFP_NOWARN, 0))) {
				uint64_t at = (uint64_t)page_to_pfn(page) << PAGE_SHIFT;

				CHECK(!memblock_is_region_reserved(at, PAGE_SIZE));
				page->mapping = head;
				head = page;
			}
			while ((page = head)) {
				head = page->mapping;
				__free_page(page);
			}
			check_all_free();
		}
	}
}

static void a_freed_page_goes_to_the_list_of_its_pageblock(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	struct zone *zone;
	uint32_t unmovable = 0, sum = 0;

	REQUIRE(page);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_UNMOVABLE);
	__free_page(page);
	drain_all_pages();
	for_each_zone(zone)
		for (unsigned order = 0; order < NR_ORDERS; order++) {
			unmovable += peek_blocks(zone, order, MIGRATE_UNMOVABLE);
			sum += peek_blocks(zone, order, MIGRATE_UNMOVABLE) << order;
		}
	CHECK(unmovable > 0);
	CHECK_EQ(sum % pageblock_nr_pages, 0); /* whole pageblocks */
}

static void assert_lock(void *zone)
{
	struct page *page = alloc_pages(GFP_KERNEL, MAX_ORDER);

	__free_one_page(zone, page, MAX_ORDER); /* without the lock */
}

static void the_lock_is_asserted_in_test_builds(void)
{
#ifdef BUDDY_DEBUG
	CHECK(host_panics(assert_lock, &zones[0]));
	CHECK_EQ(start(&default_geometry), 0);
#else
	(void)assert_lock;
	test_skip("assertions are compiled out");
#endif
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(split_and_merge_are_inverse),
	TEST(the_smallest_fitting_block_is_split),
	TEST(counters_follow_every_step),
	TEST(nonempty_bits_say_what_the_lists_hold),
	TEST(a_bulk_takes_what_was_wanted_in_few_blocks),
	TEST(a_bulk_stops_at_the_room_there_is),
	TEST(case_08_no_merge_past_the_largest_order),
	TEST(case_09_eight_buddies_in_all_40320_orders),
	TEST(case_09_eight_buddies_of_a_larger_order),
	TEST(buddies_that_are_taken_or_of_another_order_do_not_merge),
	TEST(freed_blocks_leave_no_word_inside),
	TEST(moving_a_pageblock_moves_its_free_pages),
#ifdef TEST_HOST
	TEST(case_02_the_buddy_of_a_reserved_page),
	TEST(case_02_reserved_runs_of_all_lengths),
	TEST(a_freed_page_goes_to_the_list_of_its_pageblock),
	TEST(the_lock_is_asserted_in_test_builds),
#endif
};
TEST_SUITE(buddy, cases);
