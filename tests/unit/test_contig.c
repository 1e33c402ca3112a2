// SPDX-License-Identifier: MIT
// NEEDS: CMA HIGHATOMIC
/*
 * Frames side by side: a range that is said, a range that is found, and pageblocks out of
 * service.  Whatever is refused has changed nothing.
 */
#include <string.h>

#include <buddy/contig.h>
#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

#define PB    ((unsigned long)pageblock_nr_pages)
#define QUIET (GFP_KERNEL | __GFP_NOWARN)

static void check_single_pages(unsigned long pfn, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++)
		CHECK_EQ(page_word(pfn_to_page(pfn + i)), PAGE_ALLOCATED(0));
}

static void pages_by_number(void)
{
	static const unsigned long sizes[] = {1, 2, 3, 31, 64, 65, 300};

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		unsigned long nr = sizes[i], align = 1UL << order_of_pages((unsigned)nr);
		struct page *page = alloc_contig_pages(nr, QUIET, -1, 0);

		if (!page && nr > 64)
			continue; /* a small board */
		REQUIRE(page);
		CHECK_EQ(page_to_pfn(page) & (align - 1), 0);
		check_single_pages(page_to_pfn(page), nr);
		CHECK_EQ(mm_check_quiet(), 0);
		free_contig_range(page_to_pfn(page), nr);
		CHECK_EQ(mm_check_quiet(), 0);
	}
}

static void each_is_a_page_of_its_own(void)
{
	struct page *page = alloc_contig_pages(24, QUIET, -1, 0);
	unsigned long pfn;

	REQUIRE(page);
	pfn = page_to_pfn(page);
	get_page(page + 5);
	__free_page(page + 7);
	put_page(page + 8);
	CHECK_REFUSED(__free_pages(page, 2));
	free_contig_range(pfn, 7);
	CHECK_EQ(page_count(page + 5), 1); /* the other reference holds it */
	free_contig_range(pfn + 9, 15);
	put_page(page + 5);
}

static void zeroed_where_it_is_asked_for(void)
{
	struct page *page = alloc_contig_pages(4, QUIET, -1, 0);
	unsigned long pfn;

	REQUIRE(page);
	pfn = page_to_pfn(page);
	for (unsigned i = 0; i < 4; i++)
		fill_block(page + i, 0, i);
	free_contig_range(pfn, 4);
	if (alloc_contig_range(pfn, pfn + 4, get_pageblock_migratetype(page), QUIET | __GFP_ZERO)) {
		test_skip("somebody has the place");
		return;
	}
	for (unsigned i = 0; i < 4 && page_address(page); i++)
		for (unsigned k = 0; k < PAGE_SIZE / 4; k++)
			CHECK_EQ(((uint32_t *)page_address(page + i))[k], 0);
	free_contig_range(pfn, 4);
}

static void what_is_not_allocated_is_not_freed(void)
{
	struct page *page = alloc_contig_pages(16, QUIET, -1, 0);
	struct page *block = alloc_pages(GFP_KERNEL, 2);
	unsigned long pfn;
	uint32_t bad;

	REQUIRE(page && block);
	pfn = page_to_pfn(page);
	CHECK_REFUSED(free_contig_range(page_to_pfn(block), 1));
	CHECK_REFUSED(free_contig_range(page_to_pfn(block) + 1, 1));
	CHECK_REFUSED(free_contig_range(MAX_PFN, ~0UL));
	__free_page(page + 3);
	bad = vm_events(BAD_FREE);
	free_contig_range(pfn, 16); /* all but that one */
	CHECK_EQ(vm_events(BAD_FREE) - bad, 1);
	CHECK_EQ(mm_check_quiet(), 0);
	__free_pages(block, 2);
}

static void absurd_requests_are_refused(void)
{
	uint32_t bad = vm_events(BAD_ALLOC);

	CHECK(!alloc_contig_pages(0, QUIET, -1, 0));
	CHECK(!alloc_contig_pages(MAX_PFN + 1, QUIET, -1, 0));
	CHECK(!alloc_contig_pages(~0UL, QUIET, -1, 0));
	CHECK(!alloc_contig_pages(1, QUIET, -2, 0));
	CHECK(!alloc_contig_pages(1, QUIET, BUDDY_MAX_NODES, 0));
	CHECK(!alloc_contig_pages(1, ~0U, -1, 0));
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, 6);
	CHECK(!alloc_contig_pages(MAX_PFN, QUIET, -1, 0)); /* there is not so much */
	CHECK_EQ(alloc_contig_range(0, 0, MIGRATE_MOVABLE, QUIET), -EINVAL);
	CHECK_EQ(alloc_contig_range(MAX_PFN, MAX_PFN + 1, MIGRATE_MOVABLE, QUIET), -EINVAL);
	CHECK_EQ(alloc_contig_range(0, MAX_PFN, MIGRATE_MOVABLE, QUIET), -EINVAL);
	CHECK_EQ(alloc_contig_range(1, 0, MIGRATE_MOVABLE, QUIET), -EINVAL);
	CHECK_EQ(alloc_contig_range(~0UL - 1, ~0UL, MIGRATE_MOVABLE, QUIET), -EINVAL);
}

/* ---- many CPUs --------------------------------------------------------------- */

#define SLOTS 6

static void take_and_verify(unsigned cpu, void *arg)
{
	struct rng r = rng_seed(cpu + 77);
	struct page *page[SLOTS] = {NULL};
	unsigned long nr[SLOTS] = {0};

	for (unsigned i = 0; i < 150; i++) {
		unsigned k = rng_below(&r, SLOTS);
		uint32_t seed = cpu << 8 | k;

		if (page[k]) {
			for (unsigned long p = 0; p < nr[k]; p++)
				CHECK(verify_block(page[k] + p, 0, seed));
			free_contig_range(page_to_pfn(page[k]), nr[k]);
			page[k] = NULL;
		} else {
			nr[k] = i & 1 ? 1 + rng_below(&r, 40) : 1;
			page[k] = nr[k] > 1 ? alloc_contig_pages(nr[k], QUIET, -1, 0)
					    : alloc_page(QUIET);
			for (unsigned long p = 0; page[k] && p < nr[k]; p++)
				fill_block(page[k] + p, 0, seed);
		}
	}
	for (unsigned k = 0; k < SLOTS; k++)
		if (page[k])
			free_contig_range(page_to_pfn(page[k]), nr[k]);
}

static void no_page_is_given_twice(void)
{
	run_on_cpus(min_t(4U, test_nr_cpus()), take_and_verify, NULL);
}

#ifdef TEST_HOST

#define BASE (0x60000000UL >> PAGE_SHIFT)
#define RAM  (64UL << 20 >> PAGE_SHIFT)

/* Where all is free. */
static unsigned long somewhere(void)
{
	return BASE + 2 * (1UL << MAX_ORDER);
}

static void ranges_at_odd_borders(void)
{
	static const struct {
		long start, end; /* from a pageblock's start, beyond the end of another one */
		unsigned blocks;
	} at[] = {{0, 0, 1}, {1, 0, 1}, {-1, 1, 1}, {-3, 5, 2}, {3, -5, 2}, {0, 1, 3}, {-7, 0, 1}};

	for (unsigned i = 0; i < sizeof(at) / sizeof(*at); i++) {
		unsigned long start = somewhere() + PB + (unsigned long)at[i].start;
		unsigned long end =
			somewhere() + PB * (1 + at[i].blocks) + (unsigned long)at[i].end;
		unsigned long free = nr_free_pages();

		CHECK_EQ(alloc_contig_range(start, end, MIGRATE_MOVABLE, QUIET), 0);
		CHECK_EQ(nr_free_pages(), free - (end - start));
		CHECK_EQ(zones[0].nr_isolated, 0);
		check_single_pages(start, end - start);
		CHECK_EQ(mm_check_quiet(), 0);
		free_contig_range(start, end - start);
		CHECK_EQ(nr_free_pages(), free);
		CHECK_EQ(mm_check_quiet(), 0);
	}
}

static void every_short_range_around_a_border(void)
{
	unsigned long border = somewhere() + PB;

	for (unsigned long start = border - 5; start < border + 4; start++)
		for (unsigned long end = start + 1; end < border + 5; end++) {
			CHECK_EQ(alloc_contig_range(start, end, MIGRATE_MOVABLE, QUIET), 0);
			check_single_pages(start, end - start);
			free_contig_range(start, end - start);
		}
}

static void a_used_page_in_the_middle(void)
{
	unsigned long start = somewhere() - 3, end = start + 2 * PB + 9, used = start + PB + 1;
	unsigned long free;

	CHECK_EQ(alloc_contig_range(used, used + 1, MIGRATE_MOVABLE, QUIET), 0);
	free = nr_free_pages();
	host_log_clear();
	CHECK_EQ(alloc_contig_range(start, end, MIGRATE_MOVABLE, QUIET), -EBUSY);
	CHECK_EQ(host_log_lines(), 0);
	CHECK_EQ(contig_busy_pfn(), used);
	CHECK(!strcmp(contig_busy_reason(), "in use, order 0"));
	CHECK_EQ(nr_free_pages(), free);
	CHECK_EQ(zones[0].nr_isolated, 0);
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK_EQ(alloc_contig_range(start, end, MIGRATE_MOVABLE, GFP_KERNEL), -EBUSY);
	CHECK(host_log_has("in use, order 0"));
	CHECK_EQ(alloc_contig_range(used + 1, end, MIGRATE_MOVABLE, QUIET), 0); /* beside it */
	free_contig_range(used, end - used);
}

static void reserved_pages_and_holes(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 16 << 20, 0}, {0x61004000, (16 << 20) - 0x4000, 0}},
		.reserved = {{0x60803000, 0x1000, 0}},
		.limits = {.dma_limit = 0x61800000},
	};
	unsigned long res = 0x60803000UL >> PAGE_SHIFT, hole = 0x61000000UL >> PAGE_SHIFT;
	unsigned long border = 0x61800000UL >> PAGE_SHIFT;

	CHECK_EQ(start(&g), 0);
	CHECK_EQ(alloc_contig_range(res - 1, res + 2, MIGRATE_MOVABLE, QUIET), -EBUSY);
	CHECK_EQ(contig_busy_pfn(), res);
	CHECK(!strcmp(contig_busy_reason(), "reserved"));
	CHECK_EQ(alloc_contig_range(hole - 2, hole + 8, MIGRATE_MOVABLE, QUIET), -EINVAL);
	CHECK_EQ(alloc_contig_range(hole, hole + 1, MIGRATE_MOVABLE, QUIET), -EINVAL);
	CHECK_EQ(alloc_contig_range(border - 1, border + 1, MIGRATE_MOVABLE, QUIET), -EINVAL);
	CHECK_EQ(alloc_contig_range(hole + 4, hole + 8, MIGRATE_MOVABLE, QUIET), 0);
	CHECK_EQ(mm_check_quiet(), 0);
	free_contig_range(hole + 4, 4);
	CHECK_EQ(offline_pages(res & ~(PB - 1), PB), -EINVAL);
	CHECK_EQ(offline_pages(hole, PB), -EINVAL);
	CHECK_EQ(offline_pages(border - PB, 2 * PB), -EINVAL);
}

static void pages_in_the_caches_of_other_cpus_are_got(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	struct page *page[3];
	unsigned long pfn;

	for (unsigned cpu = 0; cpu < 3; cpu++) {
		play_cpu(cpu);
		page[cpu] = alloc_page(GFP_KERNEL | __GFP_MOVABLE);
		REQUIRE(page[cpu]);
		__free_page(page[cpu]);
	}
	play_cpu(0);
	CHECK_EQ(page_word_state(page_word(page[2])), PAGE_STATE_PCP);
	pfn = page_to_pfn(page[2]);
	CHECK_EQ(alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, QUIET), 0);
	free_contig_range(pfn, 1);
}

static void more_than_the_largest_block(void)
{
	unsigned long nr = 3 * (1UL << MAX_ORDER) - 5, align = 1UL << (MAX_ORDER + 2);
	unsigned long free = nr_free_pages();
	struct page *page = alloc_contig_pages(nr, QUIET | __GFP_ZERO, -1, 0);

	REQUIRE(page);
	CHECK_EQ(page_to_pfn(page) & (align - 1), 0);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free - nr);
	check_single_pages(page_to_pfn(page), nr);
	CHECK_EQ(mm_check_quiet(), 0);
	free_contig_range(page_to_pfn(page), nr);
	CHECK(!alloc_contig_pages(RAM, QUIET, -1, 0));
}

static void nodes_and_zones_are_kept_to(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 32 << 20, 0}, {0x62000000, 32 << 20, 1}},
		.limits = {.dma_limit = 0x61000000},
	};
	struct page *page;

	CHECK_EQ(start(&g), 0);
	page = alloc_contig_pages(100, QUIET, 0, 2);
	REQUIRE(page);
	CHECK_EQ(page_zone(page)->nid, 1);
	free_contig_range(page_to_pfn(page), 100);
	page = alloc_contig_pages(100, QUIET | __GFP_THISNODE, 1, 0);
	REQUIRE(page);
	CHECK_EQ(page_zone(page)->nid, 1);
	free_contig_range(page_to_pfn(page), 100);
	page = alloc_contig_pages(100, QUIET | __GFP_DMA, -1, 0);
	REQUIRE(page);
	CHECK_EQ(page_zone(page)->type, ZONE_DMA);
	free_contig_range(page_to_pfn(page), 100);
	CHECK(!alloc_contig_pages(100, QUIET | __GFP_THISNODE, 1, 1));
	CHECK(!alloc_contig_pages(20UL << 20 >> PAGE_SHIFT, QUIET | __GFP_DMA, -1, 0));
}

/* The zone keeps what its min mark wants, and a failure is told. */
static void the_min_mark_is_kept(void)
{
	unsigned long nr = 0;
	struct page *page, *chain = NULL;

	while ((page = alloc_contig_pages(PB, QUIET, -1, 0))) {
		page->mapping = chain;
		chain = page;
		nr++;
	}
	CHECK(nr > 20);
	CHECK(nr_free_pages() >= zones[0].watermark[WMARK_MIN]);
	host_log_clear();
	CHECK(!alloc_contig_pages(4 * PB, GFP_KERNEL, -1, 0));
	CHECK(host_log_has("alloc_contig_pages"));
	while ((page = chain)) {
		chain = page->mapping;
		free_contig_range(page_to_pfn(page), PB);
	}
}

/* ---- out of service ------------------------------------------------------------ */

static void out_of_service_and_back(void)
{
	unsigned long start = somewhere(), nr = 4 * PB, free = nr_free_pages();
	unsigned long managed = nr_managed_pages(), min = zones[0].watermark[WMARK_MIN];
	struct page *page = pfn_to_page(start + PB);

	/* one of another mobility among them: it keeps it */
	CHECK_EQ(start_isolate_page_range(start + PB, start + 2 * PB, MIGRATE_MOVABLE), 0);
	CHECK_EQ(offline_pages(start, nr), -EBUSY); /* after one pageblock was done */
	undo_isolate_page_range(start + PB, start + 2 * PB, MIGRATE_UNMOVABLE);
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK_EQ(nr_managed_pages(), managed);
	CHECK_EQ(nr_free_pages(), free);

	CHECK_EQ(offline_pages(start, nr), 0);
	CHECK_EQ(nr_managed_pages(), managed - nr);
	CHECK_EQ(nr_free_pages(), free - nr);
	CHECK_EQ(zones[0].nr_offline, nr);
	CHECK(zones[0].watermark[WMARK_MIN] < min);
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK_REFUSED(__free_page(page));
	CHECK_EQ(offline_pages(start, nr), -EINVAL);
	CHECK_EQ(online_pages(start - PB, nr), -EINVAL);
	CHECK_EQ(online_pages(start + 1, nr), -EINVAL);
	CHECK_EQ(alloc_contig_range(start, start + 1, MIGRATE_MOVABLE, QUIET), -EBUSY);
	CHECK(!strcmp(contig_busy_reason(), "out of service"));

	CHECK_EQ(online_pages(start, 2 * PB), 0); /* in parts */
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK_EQ(get_pageblock_migratetype(page), MIGRATE_UNMOVABLE);
	CHECK_EQ(online_pages(start + 2 * PB, nr - 2 * PB), 0);
	CHECK_EQ(online_pages(start, nr), -EINVAL);
	CHECK_EQ(nr_managed_pages(), managed);
	CHECK_EQ(nr_free_pages(), free);
	CHECK_EQ(zones[0].watermark[WMARK_MIN], min);
	CHECK_EQ(zones[0].nr_offline, 0);
}

static void a_range_in_use_stays_in_service(void)
{
	unsigned long start = somewhere(), used = start + PB + 17, free;
	unsigned long managed = nr_managed_pages();

	CHECK_EQ(alloc_contig_range(used, used + 1, MIGRATE_MOVABLE, QUIET), 0);
	free = nr_free_pages();
	CHECK_EQ(offline_pages(start, 2 * PB), -EBUSY);
	CHECK_EQ(contig_busy_pfn(), used);
	CHECK_EQ(nr_managed_pages(), managed);
	CHECK_EQ(nr_free_pages(), free);
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK_EQ(offline_pages(start, 0), -EINVAL);
	CHECK_EQ(offline_pages(start, PB / 2), -EINVAL);
	CHECK_EQ(offline_pages(BASE + RAM, PB), -EINVAL);
	CHECK_EQ(offline_pages(~(PB - 1), PB), -EINVAL);
	CHECK_EQ(offline_pages(start, ~(PB - 1)), -EINVAL);
	free_contig_range(used, 1);
}

#endif

static const struct test_case cases[] = {
	TEST(pages_by_number),
	TEST(each_is_a_page_of_its_own),
	TEST(zeroed_where_it_is_asked_for),
	TEST(what_is_not_allocated_is_not_freed),
	TEST(absurd_requests_are_refused),
	TEST(no_page_is_given_twice),
#ifdef TEST_HOST
	TEST(ranges_at_odd_borders),
	TEST(every_short_range_around_a_border),
	TEST(a_used_page_in_the_middle),
	TEST(reserved_pages_and_holes),
	TEST(pages_in_the_caches_of_other_cpus_are_got),
	TEST(more_than_the_largest_block),
	TEST(nodes_and_zones_are_kept_to),
	TEST(the_min_mark_is_kept),
	TEST(out_of_service_and_back),
	TEST(a_range_in_use_stays_in_service),
#endif
};
TEST_SUITE(contig, cases);
