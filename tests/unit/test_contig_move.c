// SPDX-License-Identifier: MIT
// NEEDS: CMA COMPACTION
// HOST ONLY
/*
 * Ranges with pages in use that can be moved: CMA areas that are lent, pageblocks that go
 * out of service, frames that are asked for.  What was moved is whole; where one page
 * stays, all is as it was, and it is said why.
 */
#include <stdio.h>
#include <string.h>

#include <buddy/contig.h>
#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/owner.h"
#include "../harness/tap.h"

#define PB    ((unsigned long)pageblock_nr_pages)
#define QUIET (GFP_KERNEL | __GFP_NOWARN)
#define GFP   (GFP_HIGHUSER_MOVABLE | __GFP_NOWARN)
/* To the last page, and nothing that is there is reclaimed for it. */
#define FILL (GFP_NOWAIT | __GFP_MEMALLOC | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_NOWARN)
#define BASE (0x60000000UL >> PAGE_SHIFT)

#define SLOTS (64UL << 20 >> PAGE_SHIFT)
static struct page *slot[SLOTS];
static struct test_owner owner;

/* 64 MiB, an area at 32 MiB. */
static struct cma *an_area(phys_addr_t bytes)
{
	bytes = (bytes + (PB << PAGE_SHIFT) - 1) & ~((PB << PAGE_SHIFT) - 1);
	map_geometry(&default_geometry);
	CHECK_EQ(cma_declare_contiguous(0x62000000, bytes, 0, 0, "video"), 0);
	CHECK_EQ(start_mm(&default_geometry.limits), 0);
	memset(slot, 0, sizeof(slot));
	owner_init(&owner, slot, SLOTS, true);
	return cma_area(0);
}

static unsigned long first_pfn(const struct cma *cma)
{
	return (unsigned long)(cma_base(cma) >> PAGE_SHIFT);
}

static bool inside(unsigned long start, unsigned long nr, const struct page *page)
{
	return page_to_pfn(page) - start < nr;
}

static unsigned in_use_in(unsigned long start, unsigned long nr)
{
	unsigned n = 0;

	for (unsigned long i = 0; i < SLOTS; i++)
		n += slot[i] && inside(start, nr, slot[i]);
	return n;
}

/* Fills slots until [start, start + nr) is in use from end to end, or there is no memory. */
static unsigned fill_range(unsigned long start, unsigned long nr)
{
	unsigned in_use = 0, i = 0;

	while (in_use < nr && i < SLOTS && owner_fill(&owner, i, FILL))
		in_use += inside(start, nr, slot[i++]);
	return in_use;
}

/* Makes room again outside of the range. */
static void drop_outside(unsigned long start, unsigned long nr, unsigned keep)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (slot[i] && !inside(start, nr, slot[i]) && !(keep && keep--))
			owner_drop(&owner, i);
}

static unsigned slot_at(unsigned long pfn)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (slot[i] && page_to_pfn(slot[i]) == pfn)
			return i;
	CHECK(!"a slot");
	return 0;
}

/* The area with every page of it in use, and room elsewhere. */
static struct cma *a_full_area(void)
{
	struct cma *cma = an_area(4 << 20);
	unsigned long nr = cma_nr_pages(cma);

	CHECK_EQ(fill_range(first_pfn(cma), nr), nr);
	drop_outside(first_pfn(cma), nr, 100);
	return cma;
}

static void end_of_it(void)
{
	CHECK_EQ(owner_verify(&owner), 0);
	CHECK_EQ(mm_check_quiet(), 0);
	owner_drop_all(&owner);
	CHECK_EQ(zones[0].nr_lru, 0);
}

/* ---- areas --------------------------------------------------------------------------- */

static void a_lent_area_is_had_in_whole(void)
{
	struct cma *cma = a_full_area();
	unsigned long nr = cma_nr_pages(cma);
	unsigned pages = owner_nr_pages(&owner);
	struct page *page = cma_alloc(cma, nr, 0, false);

	REQUIRE(page);
	CHECK_EQ(page_to_pfn(page), first_pfn(cma));
	CHECK_EQ(owner_nr_pages(&owner), pages);
	CHECK_EQ(in_use_in(first_pfn(cma), nr), 0);
	CHECK_EQ(owner.migrated, nr);
	CHECK_EQ(zones[0].nr_lru, pages);
	CHECK_EQ(owner_verify(&owner), 0);
	CHECK_EQ(mm_check_quiet(), 0);
	for (unsigned long p = 0; p < nr; p++)
		CHECK_EQ(page_word(page + p), PAGE_ALLOCATED(0) | PAGE_CMA);
	CHECK(cma_release(cma, page, nr));
	end_of_it();
	CHECK_EQ(nr_free_cma_pages(), nr);
}

static void of_a_part_only_that_is_moved(void)
{
	struct cma *cma = a_full_area();
	struct page *page = cma_alloc(cma, 7, 0, false);

	REQUIRE(page);
	CHECK_EQ(owner.migrated, 7);
	CHECK(cma_release(cma, page, 7));
	end_of_it();
}

static void what_is_free_goes_before_what_is_moved(void)
{
	struct cma *cma = a_full_area();
	unsigned long last = first_pfn(cma) + cma_nr_pages(cma) - 1;
	struct page *page;

	owner_drop(&owner, slot_at(last));
	page = cma_alloc(cma, 1, 0, false);
	REQUIRE(page);
	CHECK_EQ(page_to_pfn(page), last);
	CHECK_EQ(owner.migrated, 0);
	CHECK(cma_release(cma, page, 1));
	end_of_it();
}

static void a_pinned_page_keeps_all_as_it_was(void)
{
	struct cma *cma = a_full_area();
	unsigned long nr = cma_nr_pages(cma), at = first_pfn(cma) + nr - 3;
	struct page *pinned = pfn_to_page(at), *page;
	unsigned pages = owner_nr_pages(&owner);

	get_page(pinned);
	get_page(pinned);
	CHECK(!cma_alloc(cma, nr, 0, true));
	CHECK_EQ(contig_busy_pfn(), at);
	CHECK(!strcmp(contig_busy_reason(), "pinned, references besides its owner's: 2"));
	CHECK_EQ(alloc_contig_range(first_pfn(cma), first_pfn(cma) + nr, MIGRATE_CMA, QUIET),
		 -EBUSY);
	CHECK_EQ(contig_busy_pfn(), at);
	CHECK(!strcmp(contig_busy_reason(), "pinned, references besides its owner's: 2"));
	CHECK_EQ(owner.migrated, 0);
	CHECK_EQ(owner_nr_pages(&owner), pages);
	CHECK_EQ(in_use_in(first_pfn(cma), nr), nr);
	CHECK_EQ(zones[0].nr_isolated, 0);
	for (unsigned long pfn = first_pfn(cma); pfn < first_pfn(cma) + nr; pfn += PB)
		CHECK_EQ(get_pageblock_migratetype(pfn_to_page(pfn)), MIGRATE_CMA);
	CHECK_EQ(mm_check_quiet(), 0);
	/* What does not need it is had, on either side. */
	page = cma_alloc(cma, nr - 3, 0, false);
	REQUIRE(page);
	CHECK(!cma_alloc(cma, 3, 0, true));
	CHECK_EQ(owner_verify(&owner), 0);
	CHECK(page_count(pinned) == 3 && owner_pattern_ok(pinned, (unsigned)pinned->index));
	CHECK(cma_release(cma, page, nr - 3));
	put_page(pinned);
	put_page(pinned);
	page = cma_alloc(cma, nr, 0, false);
	REQUIRE(page);
	CHECK(cma_release(cma, page, nr));
	end_of_it();
}

static void digits_of_many_references(void)
{
	static const unsigned many[] = {9, 10, 99, 100, 12345};
	struct cma *cma = a_full_area();
	struct page *page = pfn_to_page(first_pfn(cma));
	unsigned held = 0;

	for (unsigned i = 0; i < sizeof(many) / sizeof(*many); i++) {
		char want[64];

		for (; held < many[i]; held++)
			get_page(page);
		snprintf(want, sizeof(want), "pinned, references besides its owner's: %u", held);
		CHECK_EQ(alloc_contig_range(first_pfn(cma), first_pfn(cma) + 1, MIGRATE_CMA, QUIET),
			 -EBUSY);
		CHECK(!strcmp(contig_busy_reason(), want));
	}
	while (held--)
		put_page(page);
	end_of_it();
}

static void whose_owner_refuses_stays(void)
{
	struct cma *cma = a_full_area();
	unsigned long start = first_pfn(cma), nr = cma_nr_pages(cma);
	struct page *page;

	owner.fail_isolate = 1;
	CHECK_EQ(alloc_contig_range(start, start + 9, MIGRATE_CMA, QUIET), -EBUSY);
	CHECK(!strcmp(contig_busy_reason(), "movable, but its owner keeps it where it is"));
	CHECK_EQ(contig_busy_pfn(), start);
	CHECK_EQ(owner.failed, 9 * 5); /* each of them five times */
	CHECK(!cma_alloc(cma, nr, 0, true));
	owner.fail_isolate = 0;
	owner.fail_migrate = 1;
	CHECK_EQ(alloc_contig_range(start, start + 9, MIGRATE_CMA, QUIET), -EBUSY);
	CHECK_EQ(owner.putback, 9 * 5);
	owner.fail_migrate = 0;
	set_page_writeback(pfn_to_page(start));
	CHECK_EQ(alloc_contig_range(start, start + 9, MIGRATE_CMA, QUIET), -EBUSY);
	CHECK(!strcmp(contig_busy_reason(), "movable, but being written"));
	CHECK_EQ(contig_busy_pfn(), start);
	end_page_writeback(pfn_to_page(start));
	CHECK(movable_take(pfn_to_page(start)));
	CHECK_EQ(alloc_contig_range(start, start + 9, MIGRATE_CMA, QUIET), -EBUSY);
	CHECK(!strcmp(contig_busy_reason(), "being moved or evicted by another caller"));
	movable_putback(pfn_to_page(start));
	/* Now and then is enough. */
	owner.fail_isolate = 50;
	owner.fail_migrate = 2;
	page = cma_alloc(cma, nr, 0, false);
	REQUIRE(page);
	CHECK(cma_release(cma, page, nr));
	end_of_it();
}

static void without_memory_elsewhere_nothing_moves(void)
{
	struct cma *cma = an_area(4 << 20);
	unsigned long nr = cma_nr_pages(cma), start = first_pfn(cma);
	struct page *chain = NULL, *page;
	unsigned pages;

	CHECK_EQ(fill_range(start, nr), nr);
	/* Nor by reclaim: it is all needed. */
	for (unsigned i = 0; i < SLOTS; i++)
		if (slot[i])
			lru_cache_del(slot[i]);
	while ((page = alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN))) {
		page->mapping = chain;
		chain = page;
	}
	pages = owner_nr_pages(&owner);
	CHECK_EQ(alloc_contig_range(start, start + nr, MIGRATE_CMA, QUIET), -EBUSY);
	CHECK(!strcmp(contig_busy_reason(), "movable, but there is no memory to move it to"));
	CHECK_EQ(owner_nr_pages(&owner), pages);
	CHECK(!cma_alloc(cma, nr, 0, true));
	while ((page = chain)) {
		chain = page->mapping;
		__free_page(page);
	}
	owner.reclaimable = false;
	end_of_it();
}

/* ---- other ranges ---------------------------------------------------------------------- */

static void frames_that_are_said(void)
{
	unsigned long start = BASE + 4 * (1UL << MAX_ORDER), nr = PB + 5;

	an_area(1);
	CHECK_EQ(fill_range(start, 2 * PB), 2 * PB);
	drop_outside(start, 2 * PB, 0);
	CHECK_EQ(alloc_contig_range(start + 3, start + 3 + nr, MIGRATE_MOVABLE, QUIET), 0);
	CHECK_EQ(in_use_in(start + 3, nr), 0);
	CHECK_EQ(owner_nr_pages(&owner), 2 * PB);
	CHECK_EQ(owner_verify(&owner), 0);
	for (unsigned long i = 0; i < nr; i++)
		CHECK_EQ(page_word(pfn_to_page(start + 3 + i)), PAGE_ALLOCATED(0));
	free_contig_range(start + 3, nr);
	/* A page in use that nobody can move. */
	owner_drop(&owner, slot_at(start + 2));
	CHECK_EQ(alloc_contig_range(start + 2, start + 3, MIGRATE_MOVABLE, QUIET), 0);
	owner.migrated = 0;
	CHECK_EQ(alloc_contig_range(start, start + 4, MIGRATE_MOVABLE, QUIET), -EBUSY);
	CHECK(!strcmp(contig_busy_reason(), "in use, order 0"));
	CHECK_EQ(contig_busy_pfn(), start + 2);
	CHECK_EQ(owner.migrated, 0);
	free_contig_range(start + 2, 1);
	end_of_it();
}

static void a_place_is_made(void)
{
	unsigned long nr = 2 * PB, free;
	struct page *page;

	an_area(1);
	while (owner_fill(&owner, owner_nr_pages(&owner),
			  GFP_USER | __GFP_MOVABLE | __GFP_NORETRY | __GFP_NOWARN))
		if (nr_free_pages() < 8 * PB + 4096)
			break;
	/* Every third one goes: there is room, and no place. */
	for (unsigned i = 0; i < SLOTS; i += 3)
		owner_drop(&owner, i);
	drain_all_pages();
	free = nr_free_pages();
	page = alloc_contig_pages(nr, QUIET, -1, 0);
	REQUIRE(page);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free - nr);
	CHECK_EQ(owner_verify(&owner), 0);
	free_contig_range(page_to_pfn(page), nr);
	end_of_it();
}

static void pageblocks_in_use_go_out_of_service(void)
{
	unsigned long start = BASE + 4 * (1UL << MAX_ORDER), nr = 3 * PB;
	struct page *pinned;

	an_area(1);
	CHECK_EQ(fill_range(start, nr), nr);
	drop_outside(start, nr, 0);
	pinned = pfn_to_page(start + PB + 1);
	get_page(pinned);
	CHECK_EQ(offline_pages(start, nr), -EBUSY);
	CHECK(!strcmp(contig_busy_reason(), "pinned, references besides its owner's: 1"));
	CHECK_EQ(zones[0].nr_offline, 0);
	CHECK_EQ(owner_nr_pages(&owner), nr);
	put_page(pinned);
	CHECK_EQ(offline_pages(start, nr), 0);
	CHECK_EQ(zones[0].nr_offline, nr);
	CHECK_EQ(in_use_in(start, nr), 0);
	CHECK_EQ(owner_nr_pages(&owner), nr);
	CHECK_EQ(owner_verify(&owner), 0);
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK_EQ(online_pages(start, nr), 0);
	end_of_it();
}

/* ---- many CPUs --------------------------------------------------------------------- */

static struct cma *shared;
static unsigned given, whole;

static void users_and_buffers(unsigned cpu, void *arg)
{
	struct rng r = rng_seed(cpu + 3);
	unsigned nr = *(unsigned *)arg;

	for (unsigned n = 0; n < 300; n++) {
		unsigned i = rng_below(&r, nr), most;
		struct page *page;

		switch (rng_below(&r, 8)) {
		case 0:
		case 1:
		case 2:
			owner_fill(&owner, i, GFP);
			break;
		case 3:
			owner_drop(&owner, i);
			break;
		case 4:
		case 5:
			page = owner_get(&owner, i);
			if (page) {
				CHECK(owner_pattern_ok(page, i));
				put_page(page);
			}
			break;
		case 6:
			most = 1 + rng_below(&r, 100);
			page = cma_alloc(shared, most, 0, true);
			for (unsigned long p = 0; page && p < most; p++)
				fill_block(page + p, 0, cpu);
			for (unsigned long p = 0; page && p < most; p++)
				CHECK(verify_block(page + p, 0, cpu));
			if (page) {
				CHECK(cma_release(shared, page, most));
				__atomic_add_fetch(&given, 1, __ATOMIC_RELAXED);
			}
			break;
		default:
			page = cma_alloc(shared, cma_nr_pages(shared), 0, true);
			if (page) {
				__atomic_add_fetch(&whole, 1, __ATOMIC_RELAXED);
				CHECK(cma_release(shared, page, cma_nr_pages(shared)));
			}
		}
	}
}

static void owners_and_buffers_on_many_cpus(void)
{
	unsigned nr;
	struct page *page;

	shared = a_full_area();
	given = whole = 0;
	nr = 1000;
	run_on_cpus(min_t(4U, test_nr_cpus()), users_and_buffers, &nr);
	CHECK(given > 10);
	CHECK_EQ(owner_verify(&owner), 0);
	CHECK_EQ(zones[0].nr_lru, owner_nr_pages(&owner));
	CHECK_EQ(cma_nr_alloced(shared), 0);
	/* In the end nobody is in the way any more. */
	page = cma_alloc(shared, cma_nr_pages(shared), 0, false);
	REQUIRE(page);
	CHECK(cma_release(shared, page, cma_nr_pages(shared)));
	end_of_it();
}

static const struct test_case cases[] = {
	TEST(a_lent_area_is_had_in_whole),
	TEST(of_a_part_only_that_is_moved),
	TEST(what_is_free_goes_before_what_is_moved),
	TEST(a_pinned_page_keeps_all_as_it_was),
	TEST(digits_of_many_references),
	TEST(whose_owner_refuses_stays),
	TEST(without_memory_elsewhere_nothing_moves),
	TEST(frames_that_are_said),
	TEST(a_place_is_made),
	TEST(pageblocks_in_use_go_out_of_service),
	TEST(owners_and_buffers_on_many_cpus),
};
TEST_SUITE(contig_move, cases);
