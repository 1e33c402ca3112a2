// SPDX-License-Identifier: MIT
// NEEDS: PCP
// HOST ONLY
/*
 * The validator is validated: each invariant is broken by hand, one at a time,
 * and must be named.  An allocator that was broken is never used again: each
 * case starts the next one.
 */
#include <string.h>

#include "../harness/fixture.h"
#include "../harness/owner.h"
#include "../harness/peek.h"
#include "../harness/tap.h"

static struct zone *zone;

/* Both zones, all mobilities, pages in caches, blocks in use. */
static bool prepare(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 32 << 20, 0}, {0x68000000, 8 << 20, 0}},
		.reserved = {{0x60123000, 0x1000, 0}},
		.limits = {.dma_limit = 0x60800000, .nr_cpus = 2},
	};

	if (start(&g))
		return false;
	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
		gfp_t gfp = mt << 2;

		(void)alloc_pages(gfp, mt);
		__free_pages(alloc_pages(gfp, 0), 0);
		__free_pages(alloc_pages(gfp | GFP_DMA, 0), 0);
		__free_pages(alloc_pages(gfp | GFP_DMA, 1), 1);
	}
	zone = &zones[nr_zones - 1];
	return !mm_check() && !mm_check_quiet();
}

/* The first block of the first list that has one, from order least to most. */
static struct page *listed_within(unsigned least, unsigned most, unsigned *order, unsigned *mt)
{
	for (*order = least; *order <= most; (*order)++)
		for (*mt = 0; *mt < MIGRATE_TYPES; (*mt)++)
			if (peek_blocks(zone, *order, *mt))
				return lru_to_page(peek_list(zone, *order, *mt)->next);
	return NULL;
}

static struct page *listed(unsigned *order, unsigned *mt)
{
	return listed_within(0, MAX_ORDER - 1, order, mt);
}

static struct pcp_list *filled(void)
{
	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		for (unsigned order = 0; order <= PCP_MAX_ORDER; order++)
			if (pcp_count(&mm_cpus[0]->list[zone->zid][mt][order]))
				return &mm_cpus[0]->list[zone->zid][mt][order];
	return NULL;
}

/* A page of this state; the n-th. */
static struct page *in_state(uint32_t state, unsigned n)
{
	for (unsigned long i = 0; i < nr_map_pages; i++)
		if (page_word_state(page_word(mem_map + i)) == state && page_word(mem_map + i) &&
		    !n--)
			return mem_map + i;
	return NULL;
}

enum who { RUNNING = 1, QUIET = 2, BOTH = 3 };

/* What was just broken has this name, for the one validator or the other. */
static void expect(enum who who, const char *name, int line)
{
	if (who & RUNNING) {
		host_log_clear();
		if (!mm_check() || !host_log_has(name))
			check_failed(__FILE__, line, name);
	}
	host_log_clear();
	if (!mm_check_quiet() || !host_log_has(name)) {
		check_failed(__FILE__, line, name);
		check_failed(__FILE__, line, host_log_text());
	}
	(void)start(&default_geometry);
}
#define EXPECT(who, name) expect(who, name, __LINE__)

/* ---- lists ------------------------------------------------------------------ */

static void a_word_that_says_otherwise(void)
{
	static const uint32_t wrong[] = {PAGE_STATE_ALLOCATED, PAGE_STATE_PCP, PAGE_STATE_RESERVED,
					 0x5000};

	for (unsigned i = 0; i < 4; i++) {
		unsigned order, mt;
		struct page *page;

		REQUIRE(prepare());
		page = listed(&order, &mt);
		REQUIRE(page);
		page->word = wrong[i] | order;
		EXPECT(BOTH, "a listed block's word says it is not free");
		REQUIRE(prepare());
		page = listed(&order, &mt);
		page->word = PAGE_STATE_FREE | (order + 1);
		EXPECT(BOTH, "a listed block's word says it is not free");
	}
}

static void a_block_that_is_not_aligned(void)
{
	struct page *page;
	unsigned order, mt;

	/* moved by a page, list links and word included */
	REQUIRE(prepare());
	page = listed_within(5, MAX_ORDER, &order, &mt);
	REQUIRE(page);
	page[1] = page[0];
	page[1].lru.prev->next = &page[1].lru;
	page[1].lru.next->prev = &page[1].lru;
	page[0].word = 0;
	EXPECT(BOTH, "not aligned to its order");
}

static void a_block_of_another_zone(void)
{
	unsigned order, mt;
	struct page *page;

	REQUIRE(prepare());
	page = listed(&order, &mt);
	map_base[page_index(page) >> pageblock_order] &= PB_TYPE_MASK; /* zone 0's */
	EXPECT(BOTH, "belongs to another zone");
}

static void a_block_of_another_mobility(void)
{
	if (!BUDDY_MOBILITY) {
		test_skip("needs BUDDY_MOBILITY");
		return;
	}
	unsigned order, mt;
	struct page *page;

	REQUIRE(prepare());
	page = listed(&order, &mt);
	map_base[page_index(page) >> pageblock_order] ^= mt == MIGRATE_MOVABLE ? 3 : 1;
	EXPECT(BOTH, "pageblock has another migratetype");
}

static void buddies_side_by_side(void)
{
	unsigned order, mt;
	struct page *page, *half;

	/* a block cut in two and both halves listed */
	REQUIRE(prepare());
	for (order = MAX_ORDER; order; order--)
		for (mt = 0; mt < MIGRATE_TYPES; mt++)
			if (peek_blocks(zone, order, mt))
				goto found;
found:
	REQUIRE(order);
	page = lru_to_page(peek_list(zone, order, mt)->next);
	half = page + (1UL << (order - 1));
	list_del(&page->lru);
	if (!--*peek_nr_free(zone, order, mt))
		zone->nonempty[mt] &= ~(1U << order);
	order--;
	page->word = half->word = PAGE_STATE_FREE | order;
	list_add(&page->lru, peek_list(zone, order, mt));
	list_add(&half->lru, peek_list(zone, order, mt));
	*peek_nr_free(zone, order, mt) += 2;
	zone->nonempty[mt] |= 1U << order;
	EXPECT(BOTH, "two free buddies did not merge");
}

static void a_link_into_nowhere(void)
{
	struct list_head nowhere = {&nowhere, &nowhere};
	unsigned order, mt;

	REQUIRE(prepare());
	REQUIRE(listed(&order, &mt));
	peek_list(zone, order, mt)->next = &nowhere;
	EXPECT(BOTH, "leads to something that is no descriptor");
}

static void links_that_do_not_match(void)
{
	unsigned order, mt;
	struct page *page;

	REQUIRE(prepare());
	page = listed(&order, &mt);
	page->lru.prev = &in_state(PAGE_STATE_ALLOCATED, 0)->lru;
	EXPECT(BOTH, "a free list's links do not match");
}

static void a_count_that_is_off_by_one(void)
{
	unsigned order, mt;

	for (int d = -1; d <= 1; d += 2) {
		REQUIRE(prepare());
		REQUIRE(listed(&order, &mt));
		*peek_nr_free(zone, order, mt) += (uint32_t)d;
		EXPECT(BOTH, "a free list's length is not its count");
	}
}

static void a_bit_that_lies(void)
{
	unsigned order, mt;

	REQUIRE(prepare());
	REQUIRE(listed(&order, &mt));
	zone->nonempty[mt] ^= 1U << order;
	EXPECT(BOTH, "a non-empty bit does not match its list");
	REQUIRE(prepare());
	for (order = 0; peek_blocks(zone, order, MIGRATE_RECLAIMABLE); order++)
		;
	zone->nonempty[MIGRATE_RECLAIMABLE] ^= 1U << order;
	EXPECT(BOTH, "a non-empty bit does not match its list");
}

static void a_sum_that_is_off(void)
{
	for (int d = -1; d <= 1; d += 2) {
		REQUIRE(prepare());
		zone->nr_free_pages += (uint32_t)d;
		EXPECT(BOTH, "nr_free_pages is not what the free lists hold");
	}
}

static void a_free_page_on_no_list(void)
{
	REQUIRE(prepare());
	in_state(PAGE_STATE_ALLOCATED, 0)->word = PAGE_STATE_FREE;
	EXPECT(BOTH, "mem_map and the free lists disagree");
}

static void watermarks_out_of_order(void)
{
	REQUIRE(prepare());
	zone->watermark[WMARK_MIN] = zone->watermark[WMARK_LOW] + 1;
	EXPECT(BOTH, "the watermarks are not in order");
	REQUIRE(prepare());
	zone->watermark[WMARK_HIGH] = zone->watermark[WMARK_LOW] - 1;
	EXPECT(BOTH, "the watermarks are not in order");
}

/* ---- descriptors -------------------------------------------------------------- */

static void a_word_inside_a_free_block(void)
{
	unsigned order, mt;
	struct page *page;

	REQUIRE(prepare());
	page = listed_within(1, MAX_ORDER, &order, &mt);
	REQUIRE(page);
	page[1].word = PAGE_ALLOCATED(0);
	EXPECT(BOTH, "two blocks overlap");
}

static void a_word_inside_an_allocated_block(void)
{
	struct page *page;

	REQUIRE(prepare());
	page = alloc_pages(GFP_KERNEL, 4);
	REQUIRE(page);
	page[7].word = PAGE_ALLOCATED(0);
	EXPECT(QUIET, "two blocks overlap");
}

static void an_interior_page_with_flags(void)
{
	struct page *page;

	REQUIRE(prepare());
	page = alloc_pages(GFP_KERNEL, 4);
	REQUIRE(page);
	page->word = 0x10;
	EXPECT(QUIET, "an interior page's word is not 0");
}

static void an_unknown_state(void)
{
	REQUIRE(prepare());
	in_state(PAGE_STATE_ALLOCATED, 0)->word = 0xf000;
	EXPECT(QUIET, "a page's word has no known state");
}

static void an_allocated_block_that_is_not_aligned(void)
{
	struct page *page;

	REQUIRE(prepare());
	page = alloc_pages(GFP_KERNEL, 4);
	REQUIRE(page);
	page[0].word = 0;
	page[1].word = PAGE_ALLOCATED(4);
	EXPECT(QUIET, "a block is not aligned to its order");
}

static void a_page_that_vanished(void)
{
	REQUIRE(prepare());
	in_state(PAGE_STATE_ALLOCATED, 0)->word = 0;
	EXPECT(QUIET, "free, cached and allocated pages are not the managed ones");
}

static void a_reserved_page_that_vanished(void)
{
	REQUIRE(prepare());
	pfn_to_page(0x60123)->word = 0;
	EXPECT(QUIET, "managed and reserved pages are not the present ones");
}

/* ---- per-CPU caches ------------------------------------------------------------- */

static void a_sentinel_overwritten(void)
{
	REQUIRE(prepare());
	filled()->base[-1] = mem_map;
	EXPECT(QUIET, "sentinel was overwritten");
}

static void a_top_outside(void)
{
	struct pcp_list *list;

	REQUIRE(prepare());
	list = filled();
	list->top = list->end + 1;
	EXPECT(QUIET, "top lies outside");
	REQUIRE(prepare());
	list = filled();
	list->top = list->base - 1;
	EXPECT(QUIET, "top lies outside");
}

static void a_slot_with_no_descriptor(void)
{
	REQUIRE(prepare());
	*filled()->base = (struct page *)((char *)mem_map + 1);
	EXPECT(QUIET, "holds something that is no descriptor");
	REQUIRE(prepare());
	*filled()->base = mem_map + nr_map_pages;
	EXPECT(QUIET, "holds something that is no descriptor");
}

static void a_cached_block_that_says_otherwise(void)
{
	REQUIRE(prepare());
	(*filled()->base)->word = PAGE_ALLOCATED(0);
	EXPECT(QUIET, "a cached block's word says it is elsewhere");
}

static void a_cached_block_of_another_zone(void)
{
	struct page **here, **there, *page;

	/* changed places: one of each */
	REQUIRE(prepare());
	here = mm_cpus[0]->list[zone->zid][MIGRATE_UNMOVABLE][0].base;
	there = mm_cpus[0]->list[0][MIGRATE_UNMOVABLE][0].base;
	page = *here;
	REQUIRE(page && *there);
	*here = *there;
	*there = page;
	EXPECT(QUIET, "a cached block belongs to another zone");
}

static void a_page_cached_twice(void)
{
	struct pcp_list *list;

	REQUIRE(prepare());
	list = filled();
	REQUIRE(list->top < list->end);
	list->top[0] = list->top[-1];
	list->top++;
	EXPECT(QUIET, "mem_map and the per-CPU caches disagree");
}

/* The large block that this CPU freed last, of an order that it keeps. */
static struct pcp_block *kept(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, PCP_MAX_ORDER + 1);

	__free_pages(page, PCP_MAX_ORDER + 1);
	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		if (mm_cpus[0]->block[zone->zid * PCP_TYPES + mt].page)
			return &mm_cpus[0]->block[zone->zid * PCP_TYPES + mt];
	return NULL;
}

static void a_kept_block_that_is_none(void)
{
	struct pcp_block *block;

	REQUIRE(prepare());
	block = kept();
	REQUIRE(block);
	CHECK_EQ(mm_check_quiet(), 0);
	block->page = (struct page *)((char *)mem_map + 4);
	EXPECT(QUIET, "a CPU keeps something that is no descriptor");
}

static void a_kept_block_that_says_otherwise(void)
{
	struct pcp_block *block;

	REQUIRE(prepare());
	block = kept();
	REQUIRE(block);
	block->page->word = PAGE_ALLOCATED(PCP_MAX_ORDER + 1);
	EXPECT(QUIET, "a kept block's word says it is elsewhere");
	REQUIRE(prepare());
	block = kept();
	block->max_order = PCP_MAX_ORDER;
	EXPECT(QUIET, "a kept block's word says it is elsewhere");
}

static void a_kept_block_of_another_zone(void)
{
	struct pcp_block *block;

	REQUIRE(prepare());
	block = kept();
	REQUIRE(block);
	mm_cpus[0]->block[MIGRATE_UNMOVABLE].page = block->page;
	block->page = NULL;
	EXPECT(QUIET, "a kept block belongs to another zone");
}

static void a_kept_block_that_was_lost(void)
{
	struct pcp_block *block;

	REQUIRE(prepare());
	block = kept();
	REQUIRE(block);
	block->page = NULL;
	EXPECT(QUIET, "mem_map and the per-CPU caches disagree");
}

/* ---- all in all ------------------------------------------------------------------ */

static void no_more_than_eight_lines(void)
{
	REQUIRE(prepare());
	for (unsigned order = 0; order < NR_ORDERS; order++)
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			*peek_nr_free(zone, order, mt) += 7;
	host_log_clear();
	CHECK(mm_check() >= NR_ORDERS * MIGRATE_TYPES);
	CHECK_EQ(host_log_lines(), 9); /* eight, and how many more */
	CHECK(host_log_has("more"));
	CHECK_EQ(start(&default_geometry), 0);
}

static void a_whole_allocator_says_nothing(void)
{
	REQUIRE(prepare());
	host_log_clear();
	CHECK_EQ(mm_check(), 0);
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK_EQ(host_log_lines(), 0);
	CHECK_EQ(start(&default_geometry), 0);
}

/* ---- pages of owners ----------------------------------------------------------- */

/* One with all flags, and one with none. */
static struct page *movable_page(void)
{
	static struct page *slot[2];
	static struct test_owner owner;
	struct page *page;

	slot[0] = slot[1] = NULL;
	if (!prepare())
		return NULL;
	owner_init(&owner, slot, 2, true);
	if (!owner_fill(&owner, 0, GFP_KERNEL) || !owner_fill(&owner, 1, GFP_KERNEL))
		return NULL;
	page = slot[0];
	zone = page_zone(page);
	set_page_dirty(page);
	set_page_writeback(page);
	mark_page_accessed(page);
	CHECK_EQ(mm_check_quiet(), 0);
	return page;
}

static void counts_of_owners_pages(void)
{
	struct page *page;

	REQUIRE(movable_page());
	zone->nr_lru++;
	EXPECT(QUIET, "nr_lru is not what pages say");
	REQUIRE(movable_page());
	zone->nr_dirty--;
	EXPECT(QUIET, "nr_dirty is not what pages say");
	REQUIRE(movable_page());
	zone->nr_writeback = 0;
	EXPECT(QUIET, "nr_writeback is not what pages say");
	page = movable_page();
	REQUIRE(page);
	*pageblock_note(page) += 1;
	EXPECT(QUIET, "a pageblock's note is not its reclaimable pages");
	page = movable_page();
	REQUIRE(page);
	*pageblock_note(page) = 0;
	EXPECT(QUIET, "pageblocks' notes are not the reclaimable pages");
	page = movable_page();
	REQUIRE(page);
	*pageblock_note(page) |= NOTE_SKIP; /* is compaction's */
	CHECK_EQ(mm_check_quiet(), 0);
	page->word &= ~PAGE_LRU;
	EXPECT(QUIET, "a pageblock's note is not its reclaimable pages");
}

static void words_of_owners_pages(void)
{
	static const uint32_t flags[] = {PAGE_LRU, PAGE_REFERENCED, PAGE_DIRTY, PAGE_WRITEBACK};
	struct page *page = movable_page();

	REQUIRE(page);
	page->word |= PAGE_TAKEN;
	EXPECT(QUIET, "a page was taken and not put back");
	page = movable_page();
	REQUIRE(page);
	page->mapping = NULL;
	EXPECT(QUIET, "a movable page has no operations");
	page = movable_page();
	REQUIRE(page);
	page->word |= PAGE_COMP;
	EXPECT(QUIET, "a movable page is not a single one");
	for (unsigned i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		REQUIRE(prepare());
		page = alloc_page(GFP_KERNEL);
		REQUIRE(page);
		page->word |= flags[i];
		EXPECT(QUIET, "a page that is not movable has flags of movable ones");
	}
}

static const struct test_case cases[] = {
	TEST(a_word_that_says_otherwise),
	TEST(a_block_that_is_not_aligned),
	TEST(a_block_of_another_zone),
	TEST(a_block_of_another_mobility),
	TEST(buddies_side_by_side),
	TEST(a_link_into_nowhere),
	TEST(links_that_do_not_match),
	TEST(a_count_that_is_off_by_one),
	TEST(a_bit_that_lies),
	TEST(a_sum_that_is_off),
	TEST(a_free_page_on_no_list),
	TEST(watermarks_out_of_order),
	TEST(a_word_inside_a_free_block),
	TEST(a_word_inside_an_allocated_block),
	TEST(an_interior_page_with_flags),
	TEST(an_unknown_state),
	TEST(an_allocated_block_that_is_not_aligned),
	TEST(a_page_that_vanished),
	TEST(a_reserved_page_that_vanished),
	TEST(a_sentinel_overwritten),
	TEST(a_top_outside),
	TEST(a_slot_with_no_descriptor),
	TEST(a_cached_block_that_says_otherwise),
	TEST(a_cached_block_of_another_zone),
	TEST(a_page_cached_twice),
	TEST(a_kept_block_that_is_none),
	TEST(a_kept_block_that_says_otherwise),
	TEST(a_kept_block_of_another_zone),
	TEST(a_kept_block_that_was_lost),
	TEST(counts_of_owners_pages),
	TEST(words_of_owners_pages),
	TEST(no_more_than_eight_lines),
	TEST(a_whole_allocator_says_nothing),
};
TEST_SUITE(check, cases);
