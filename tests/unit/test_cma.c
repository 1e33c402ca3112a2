// SPDX-License-Identifier: MIT
// NEEDS: CMA
/*
 * CMA areas: who may borrow, what counts for whom, buffers that are contiguous and nobody
 * else's, and frees that go the right way.  On the target where the board has an area.
 */
#include <string.h>

#include <buddy/contig.h>
#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

#define PB ((unsigned long)pageblock_nr_pages)

#ifdef TEST_HOST
#define BASE (0x60000000UL >> PAGE_SHIFT)

/* 64 MiB, 16 of them an area, and a second one of a pageblock. */
static void start_areas(const struct mm_limits *limits)
{
	map_geometry(&default_geometry);
	CHECK_EQ(cma_declare_contiguous(0x61000000, 16 << 20, 0, 0, "video"), 0);
	CHECK_EQ(cma_declare_contiguous(0x63000000, PB << PAGE_SHIFT, 0, 0, "audio"), 0);
	CHECK_EQ(start_mm(limits), 0);
}

static struct cma *an_area(void)
{
	start_areas(&default_geometry.limits);
	return cma_area(0);
}
#else
static struct cma *an_area(void)
{
	if (!cma_area(0))
		test_skip("no area on this board");
	return cma_area(0);
}
#endif

static unsigned long first_pfn(const struct cma *cma)
{
	return (unsigned long)(cma_base(cma) >> PAGE_SHIFT);
}

static bool inside(const struct cma *cma, const struct page *page, unsigned long nr)
{
	unsigned long pfn = page_to_pfn(page);

	return pfn >= first_pfn(cma) && pfn + nr <= first_pfn(cma) + cma_nr_pages(cma);
}

static void buffers_of_all_sizes(void)
{
	static const unsigned long sizes[] = {1, 2, 7, 64, 255, 256, 257, 511, 512, 513, 1025};
	struct cma *cma = an_area();

	for (unsigned i = 0; cma && i < sizeof(sizes) / sizeof(*sizes); i++)
		for (unsigned align = 0; align <= pageblock_order; align += 3) {
			unsigned long nr = sizes[i], free = nr_free_cma_pages();
			struct page *page;

			if (nr > cma_nr_pages(cma))
				continue;
			page = cma_alloc(cma, nr, align, false);
			REQUIRE(page);
			CHECK(inside(cma, page, nr));
			CHECK_EQ(page_to_pfn(page) & ((1UL << align) - 1), 0);
			CHECK_EQ(cma_nr_alloced(cma), nr);
			CHECK_EQ(nr_free_cma_pages(), free - nr);
			for (unsigned long p = 0; p < nr; p++)
				CHECK_EQ(page_word(page + p), PAGE_ALLOCATED(0) | PAGE_CMA);
			CHECK_EQ(mm_check_quiet(), 0);
			CHECK(cma_release(cma, page, nr));
			CHECK_EQ(cma_nr_alloced(cma), 0);
			CHECK_EQ(nr_free_cma_pages(), free);
			CHECK_EQ(mm_check_quiet(), 0);
		}
}

static void all_of_it_and_no_more(void)
{
	struct cma *cma = an_area();
	unsigned long nr = cma ? cma_nr_pages(cma) : 0;
	uint32_t ok = vm_events(CMA_ALLOC_SUCCESS), fail = vm_events(CMA_ALLOC_FAIL);
	struct page *page;

	if (!cma)
		return;
	page = cma_alloc(cma, nr, 0, true);
	REQUIRE(page);
	CHECK_EQ(page_to_pfn(page), first_pfn(cma));
	CHECK(!cma_alloc(cma, 1, 0, true));
	CHECK(!strcmp(contig_busy_reason(), "in use, order 0"));
	CHECK(!cma_alloc(cma, 0, 0, true));
	CHECK(!cma_alloc(cma, nr + 1, 0, true));
	CHECK(!cma_alloc(cma, ~0UL, 0, true));
	CHECK(!cma_alloc(cma, 1, pageblock_order + 1, true));
	CHECK(!cma_alloc(NULL, 1, 0, true));
	CHECK_EQ(vm_events(CMA_ALLOC_SUCCESS) - ok, 1);
	CHECK_EQ(vm_events(CMA_ALLOC_FAIL) - fail, 6);
	CHECK(cma_release(cma, page + 3, 5)); /* in parts, and again */
	CHECK_EQ(cma_nr_alloced(cma), nr - 5);
	CHECK(cma_alloc(cma, 5, 0, true) == page + 3);
	CHECK(cma_release(cma, page, nr / 2));
	CHECK(cma_release(cma, page + nr / 2, nr - nr / 2));
}

static void wrong_frees_are_refused(void)
{
	struct cma *cma = an_area();
	unsigned long nr = cma ? cma_nr_pages(cma) : 0;
	struct page *page, *other, word = {.word = PAGE_ALLOCATED(0) | PAGE_CMA};

	if (!cma)
		return;
	other = alloc_page(GFP_KERNEL);
	page = cma_alloc(cma, 16, 0, true);
	REQUIRE(page && other);
	CHECK_REFUSED(__free_page(page));
	CHECK_REFUSED(__free_pages(page, 4));
	CHECK_REFUSED(put_page(page + 1));
	CHECK_REFUSED(free_page(page_address(page)));
	CHECK_REFUSED(free_pages_bulk_array(1, &page));
	CHECK_REFUSED(free_contig_range(page_to_pfn(page), 1));
	CHECK_REFUSED(CHECK(!cma_release(cma, page, 17)));
	CHECK_REFUSED(CHECK(!cma_release(cma, page, 0)));
	CHECK_REFUSED(CHECK(!cma_release(cma, page, ~0UL)));
	CHECK_REFUSED(CHECK(!cma_release(cma, page - 1, 16)));
	CHECK_REFUSED(CHECK(!cma_release(cma, NULL, 1)));
	CHECK_REFUSED(CHECK(!cma_release(cma, &word, 1)));
	CHECK_REFUSED(CHECK(!cma_release(cma, other, 1)));
	CHECK_REFUSED(CHECK(!cma_release(NULL, page, 1)));
	CHECK_REFUSED(CHECK(!cma_release(cma, pfn_to_page(first_pfn(cma)), nr + 1)));
	get_page(page + 9); /* who holds a reference still uses it */
	CHECK_REFUSED(CHECK(!cma_release(cma, page, 16)));
	put_page(page + 9);
	CHECK_EQ(cma_nr_alloced(cma), 16);
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK(cma_release(cma, page, 16));
	CHECK_REFUSED(CHECK(!cma_release(cma, page, 16)));
	__free_page(other);
}

/* ---- many CPUs ------------------------------------------------------------------ */

#define SLOTS 4

static struct cma *shared;
static unsigned given;

static void take_and_verify(unsigned cpu, void *arg)
{
	struct rng r = rng_seed(cpu + 5);
	struct page *page[SLOTS] = {NULL}, *lent[SLOTS] = {NULL};
	unsigned long nr[SLOTS] = {0};

	for (unsigned i = 0; i < 200; i++) {
		unsigned k = rng_below(&r, SLOTS);
		uint32_t seed = cpu << 8 | k;

		if (page[k]) {
			for (unsigned long p = 0; p < nr[k]; p++)
				CHECK(verify_block(page[k] + p, 0, seed));
			CHECK(cma_release(shared, page[k], nr[k]));
			page[k] = NULL;
		} else {
			nr[k] = 1 + rng_below(&r, 100);
			page[k] = cma_alloc(shared, nr[k], rng_below(&r, 4), true);
			for (unsigned long p = 0; page[k] && p < nr[k]; p++)
				fill_block(page[k] + p, 0, seed);
			if (page[k])
				__atomic_add_fetch(&given, 1, __ATOMIC_RELAXED);
		}
		if (lent[k])
			__free_page(lent[k]);
		lent[k] = alloc_page(GFP_KERNEL | __GFP_MOVABLE | __GFP_NOWARN);
	}
	for (unsigned k = 0; k < SLOTS; k++) {
		if (page[k])
			CHECK(cma_release(shared, page[k], nr[k]));
		if (lent[k])
			__free_page(lent[k]);
	}
}

static void several_callers_take_different_places(void)
{
	shared = an_area();
	given = 0;
	if (!shared)
		return;
	run_on_cpus(min_t(4U, test_nr_cpus()), take_and_verify, NULL);
	CHECK(given > 50);
	CHECK_EQ(cma_nr_alloced(shared), 0);
	CHECK_EQ(mm_check_quiet(), 0);
}

#ifdef TEST_HOST

/* ---- areas ------------------------------------------------------------------------ */

static void areas_by_address_and_by_name(void)
{
	struct cma *video = an_area(), *audio = cma_area(1);

	REQUIRE(video && audio);
	CHECK(!cma_area(2));
	CHECK(cma_find("video") == video && cma_find("audio") == audio);
	CHECK(!cma_find("vide") && !cma_find("videos") && !cma_find(""));
	CHECK(!strcmp(cma_name(video), "video"));
	CHECK(cma_base(video) == 0x61000000);
	CHECK_EQ(cma_nr_pages(video), 16UL << 20 >> PAGE_SHIFT);
	CHECK(cma_default() == video);
	cma_set_default(audio);
	CHECK(cma_default() == audio);
	CHECK_EQ(zones[0].cma_pages, cma_nr_pages(video) + cma_nr_pages(audio));
	CHECK_EQ(nr_free_cma_pages(), zones[0].cma_pages);
	CHECK_EQ(get_pageblock_migratetype(pfn_to_page(first_pfn(audio))), MIGRATE_CMA);
	CHECK_EQ(start(&default_geometry), 0); /* the next system knows nothing of them */
	CHECK(!cma_area(0) && !cma_default() && !cma_find("video"));
	CHECK_EQ(nr_free_cma_pages(), 0);
}

static void declarations_that_are_refused(void)
{
	const phys_addr_t pb = PB << PAGE_SHIFT;
	phys_addr_t free;

	map_geometry(&default_geometry);
	free = memblock_reserved_size();
	CHECK_EQ(cma_declare_contiguous(0, 0, 0, 0, "x"), -EINVAL);
	CHECK_EQ(cma_declare_contiguous(0, pb, 0, 3 * pb, "x"), -EINVAL);
	CHECK_EQ(cma_declare_contiguous(0, pb, 0, 3, "x"), -EINVAL);
	CHECK_EQ(cma_declare_contiguous(0x60001000, pb, 0, 0, "x"), -EINVAL);
	CHECK_EQ(cma_declare_contiguous(0, UINT64_MAX, 0, 0, "x"), -EINVAL);
	CHECK_EQ(cma_declare_contiguous(0x50000000, pb, 0, 0, "x"), -EBUSY);
	CHECK_EQ(cma_declare_contiguous(0x64000000 - pb, 2 * pb, 0, 0, "x"), -EBUSY);
	CHECK_EQ(cma_declare_contiguous(0x62000000, pb, 0x62000000, 0, "x"), -EBUSY);
	CHECK_EQ(cma_declare_contiguous(0, 128 << 20, 0, 0, "x"), -ENOMEM);
	CHECK_EQ(cma_declare_contiguous(0, pb, 0x60000000, 0, "x"), -ENOMEM);
	CHECK(memblock_reserved_size() == free);
	CHECK_EQ(cma_declare_contiguous(0, 1, 0x62000000, 4 * pb, "anywhere"), 0);
	CHECK(memblock_reserved_size() == free + pb);
	CHECK_EQ(cma_declare_contiguous(0x62000000, pb, 0, 0, "here"), 0);
	CHECK_EQ(cma_declare_contiguous(0x62000000, pb, 0, 0, "twice"), -EBUSY);
	CHECK_EQ(start_mm(&default_geometry.limits), 0);
	REQUIRE(cma_find("anywhere") && cma_find("here"));
	CHECK(cma_base(cma_find("anywhere")) < 0x62000000);
	CHECK(!(cma_base(cma_find("anywhere")) & (4 * pb - 1)));
	CHECK(!cma_find("x") && !cma_find("twice"));
	CHECK_EQ(cma_declare_contiguous(0, pb, 0, 0, "late"), -ENOMEM);
}

static void reservations_that_are_no_area(void)
{
	if (!BUDDY_MISUSE_REPORT) {
		test_skip("needs BUDDY_MISUSE_REPORT");
		return;
	}
	static const struct mm_limits limits = {.dma_limit = 0x62000000};
	const phys_addr_t pb = PB << PAGE_SHIFT;

	map_geometry(&default_geometry);
	CHECK_EQ(memblock_reserve(0x61000000 + 0x1000, pb, "odd", MEMBLOCK_REUSABLE), 0);
	CHECK_EQ(memblock_reserve(0x62000000 - pb, 2 * pb, "zones", MEMBLOCK_REUSABLE), 0);
	CHECK_EQ(memblock_reserve(0x64000000 - pb, 2 * pb, "beyond", MEMBLOCK_REUSABLE), 0);
	CHECK_EQ(memblock_reserve(0x63000000, pb, "strict", MEMBLOCK_NOMAP), 0);
	CHECK_EQ(memblock_reserve(0x63000000, 2 * pb, "lent", MEMBLOCK_REUSABLE), 0);
	host_log_clear();
	CHECK_EQ(mm_init(&limits), 0);
	CHECK(host_log_has("odd") && host_log_has("zones") && host_log_has("beyond"));
	CHECK(!host_log_has("lent"));
	CHECK(cma_area(0) && !cma_area(1));
	CHECK(cma_area(0) == cma_find("lent") && cma_base(cma_area(0)) == 0x63000000 + pb);
	CHECK_EQ(start(&default_geometry), 0);
}

static void more_areas_than_there_is_room_for(void)
{
	static char name[BUDDY_MAX_CMA + 2][2];

	map_geometry(&default_geometry);
	for (unsigned i = 0; i < BUDDY_MAX_CMA + 2; i++) {
		name[i][0] = (char)('a' + i);
		CHECK_EQ(cma_declare_contiguous(0, PB << PAGE_SHIFT, 0, 0, name[i]), 0);
	}
	CHECK_EQ(start_mm(&default_geometry.limits), 0);
	CHECK(cma_area(BUDDY_MAX_CMA - 1) && !cma_area(BUDDY_MAX_CMA));
	CHECK_EQ(nr_free_cma_pages(), BUDDY_MAX_CMA * PB);
	CHECK_EQ(mm_check_quiet(), 0);
}

static void areas_of_memory_yet_to_come(void)
{
	struct page *page;

	mm_policy.deferred = true;
	start_areas(&default_geometry.limits);
	mm_policy.deferred = false;
	CHECK(!deferred_init_done());
	page = cma_alloc(cma_find("audio"), PB, 0, false);
	REQUIRE(page);
	CHECK(deferred_init_done());
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK(cma_release(cma_find("audio"), page, PB));
	CHECK_EQ(nr_free_cma_pages(), zones[0].cma_pages);
	start_areas(&default_geometry.limits);
}

/* ---- who borrows ------------------------------------------------------------------- */

static struct page *chain;

static void keep(struct page *page)
{
	page->mapping = chain;
	chain = page;
}

static void give_all(void)
{
	struct page *page;

	while ((page = chain)) {
		chain = page->mapping;
		__free_page(page);
	}
}

static bool in_area(const struct page *page)
{
	for (unsigned i = 0; cma_area(i); i++)
		if (inside(cma_area(i), page, 1))
			return true;
	return false;
}

static void movable_requests_borrow_and_others_never(void)
{
	struct cma *cma = an_area();
	unsigned long total = 0;
	struct page *page;

	while ((page = alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN))) {
		CHECK(!in_area(page));
		keep(page);
	}
	CHECK_EQ(nr_free_cma_pages(), zones[0].cma_pages);
	/* nothing else is left: the areas, to the last page */
	while ((page = alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN | __GFP_MOVABLE))) {
		CHECK(in_area(page));
		keep(page);
		total++;
	}
	CHECK_EQ(total, zones[0].cma_pages);
	CHECK(!cma_alloc(cma, 1, 0, true));
	give_all();
	drain_all_pages();
	CHECK_EQ(nr_free_cma_pages(), zones[0].cma_pages);
}

static void movable_requests_borrow_by_the_balance(void)
{
	unsigned long borrowed = 0;
	struct page *page;

	an_area();
	/* nothing is borrowed before they are half of what is free */
	CHECK(zones[0].cma_pages < nr_free_pages() / 2);
	do {
		page = alloc_page(GFP_KERNEL | __GFP_MOVABLE);
		REQUIRE(page);
		keep(page);
	} while (!in_area(page));
	CHECK(nr_free_pages() <= 2 * (unsigned long)zones[0].cma_pages);
	CHECK(nr_free_pages() >= 2 * (unsigned long)zones[0].cma_pages - 2 * BUDDY_PCP_SLOTS);
	for (unsigned i = 0; i < 1000; i++) {
		page = alloc_page(GFP_KERNEL | __GFP_MOVABLE);
		REQUIRE(page);
		borrowed += in_area(page);
		keep(page);
	}
	CHECK(borrowed > 200 && borrowed < 1000);
	give_all();
}

/* Their pages are not what an ordinary request can count on. */
static void the_watermark_does_not_count_them(void)
{
	struct zone *zone;
	struct page *page;

	an_area();
	zone = &zones[0];
	while ((page = alloc_page(GFP_NOWAIT | __GFP_NOWARN)))
		keep(page);
	CHECK(zone->nr_free_pages - zone->nr_free_cma <= zone->watermark[WMARK_MIN] + 1);
	CHECK(zone->nr_free_pages - zone->nr_free_cma >= zone->watermark[WMARK_MIN] * 3 / 4);
	CHECK_EQ(zone->nr_free_cma, zone->cma_pages);
	CHECK(!zone_watermark_ok(zone, 0, ZONE_NORMAL, ALLOC_WMARK_LOW));
	CHECK(zone_watermark_ok(zone, 0, ZONE_NORMAL, ALLOC_WMARK_LOW | ALLOC_CMA));
	page = alloc_page(GFP_NOWAIT | __GFP_NOWARN | __GFP_MOVABLE);
	REQUIRE(page);
	CHECK(in_area(page));
	keep(page);
	give_all();
}

static void what_is_lent_is_in_the_way_and_what_is_cached_is_not(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	struct cma *audio;
	struct page *page, *lent = NULL;
	bool cached = false;

	an_area();
	audio = cma_find("audio");
	while ((page = alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN | __GFP_MOVABLE))) {
		if (!lent && inside(audio, page, 1))
			lent = page;
		else
			keep(page);
	}
	REQUIRE(lent);
	give_all();
	drain_all_pages();
	CHECK(!cma_alloc(audio, PB, 0, true));
	CHECK_EQ(contig_busy_pfn(), page_to_pfn(lent));
	CHECK_EQ(cma_nr_alloced(audio), 0);
	page = cma_alloc(audio, PB / 2, 0, true); /* beside it */
	REQUIRE(page);
	CHECK(cma_release(audio, page, PB / 2));
	/* what another CPU has in its cache for movable requests comes out */
	__free_page(lent);
	while ((page = alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN)))
		keep(page);
	play_cpu(3);
	lent = alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN | __GFP_MOVABLE);
	REQUIRE(lent && inside(audio, lent, 1));
	__free_page(lent);
	play_cpu(0);
	give_all();
	for (unsigned long i = 0; i < PB && !cached; i++)
		cached = page_word_state(page_word(pfn_to_page(first_pfn(audio) + i))) ==
			 PAGE_STATE_PCP;
	CHECK(cached);
	page = cma_alloc(audio, PB, 0, false);
	CHECK(page);
	CHECK(!page || cma_release(audio, page, PB));
}

/* Random traffic of all kinds: the count of free area pages is what the pages say. */
static void free_cma_is_exact_through_churn(void)
{
	struct rng r = rng_seed(42);
	struct page *page[300] = {NULL};
	unsigned order[300] = {0};
	unsigned long cma_nr[300] = {0};
	struct cma *cma = an_area();

	for (unsigned i = 0; i < 20000; i++) {
		unsigned k = rng_below(&r, 300);

		if (page[k]) {
			if (cma_nr[k])
				CHECK(cma_release(cma, page[k], cma_nr[k]));
			else
				__free_pages(page[k], order[k]);
			page[k] = NULL;
		} else if (rng_below(&r, 20) == 0) {
			cma_nr[k] = 1 + rng_below(&r, 200);
			page[k] = cma_alloc(cma, cma_nr[k], rng_below(&r, 8), true);
		} else {
			cma_nr[k] = 0;
			order[k] = rng_below(&r, 8);
			page[k] = alloc_pages((rng_below(&r, 3) ? __GFP_MOVABLE : 0) | GFP_KERNEL |
						      __GFP_NOWARN,
					      order[k]);
			CHECK(!page[k] || get_pageblock_migratetype(page[k]) != MIGRATE_CMA ||
			      in_area(page[k]));
		}
		if (i % 1000 == 0)
			CHECK_EQ(mm_check_quiet(), 0);
	}
	for (unsigned k = 0; k < 300; k++)
		if (page[k] && cma_nr[k])
			CHECK(cma_release(cma, page[k], cma_nr[k]));
		else if (page[k])
			__free_pages(page[k], order[k]);
	drain_all_pages();
	CHECK_EQ(nr_free_cma_pages(), zones[0].cma_pages);
}

/* An area's pages stay its own, whoever isolates. */
static void areas_keep_their_type(void)
{
	struct cma *cma = an_area();
	unsigned long pfn = first_pfn(cma);

	CHECK_EQ(start_isolate_page_range(pfn, pfn + PB, MIGRATE_MOVABLE), -EINVAL);
	CHECK_EQ(alloc_contig_range(pfn, pfn + 8, MIGRATE_MOVABLE, GFP_KERNEL), -EINVAL);
	CHECK_EQ(alloc_contig_range(pfn, pfn + 8, MIGRATE_CMA, GFP_KERNEL), 0);
	CHECK(!cma_release(cma, pfn_to_page(pfn), 8)); /* not cma_alloc()'s */
	free_contig_range(pfn, 8);
	CHECK_EQ(offline_pages(pfn, PB), 0);
	CHECK(!cma_alloc(cma, cma_nr_pages(cma), 0, true));
	CHECK(!strcmp(contig_busy_reason(), "out of service"));
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK_EQ(online_pages(pfn, PB), 0);
	CHECK_EQ(nr_free_cma_pages(), zones[0].cma_pages);
}

/* Another one has the only pageblock: a bounded wait, a reason, and all is well later. */
static void contention_has_an_end(void)
{
	struct page *page;
	struct cma *audio;
	unsigned long pfn;

	an_area();
	audio = cma_find("audio");
	pfn = first_pfn(audio);
	CHECK_EQ(start_isolate_page_range(pfn, pfn + PB, MIGRATE_CMA), 0);
	CHECK(!cma_alloc(audio, 1, 0, true));
	CHECK(!strcmp(contig_busy_reason(), "isolated by another caller"));
	page = cma_alloc(cma_find("video"), 1, 0, true);
	CHECK(page && cma_release(cma_find("video"), page, 1));
	undo_isolate_page_range(pfn, pfn + PB, MIGRATE_CMA);
	page = cma_alloc(audio, 1, 0, true);
	CHECK(page && cma_release(audio, page, 1));
}

static void several_callers_of_one_pageblock(void)
{
	an_area();
	shared = cma_find("audio");
	given = 0;
	run_on_cpus(4, take_and_verify, NULL);
	CHECK(given > 50);
	CHECK_EQ(cma_nr_alloced(shared), 0);
}

#endif

static const struct test_case cases[] = {
	TEST(buffers_of_all_sizes),
	TEST(all_of_it_and_no_more),
	TEST(wrong_frees_are_refused),
	TEST(several_callers_take_different_places),
#ifdef TEST_HOST
	TEST(areas_by_address_and_by_name),
	TEST(declarations_that_are_refused),
	TEST(reservations_that_are_no_area),
	TEST(more_areas_than_there_is_room_for),
	TEST(areas_of_memory_yet_to_come),
	TEST(movable_requests_borrow_and_others_never),
	TEST(movable_requests_borrow_by_the_balance),
	TEST(the_watermark_does_not_count_them),
	TEST(what_is_lent_is_in_the_way_and_what_is_cached_is_not),
	TEST(free_cma_is_exact_through_churn),
	TEST(areas_keep_their_type),
	TEST(contention_has_an_end),
	TEST(several_callers_of_one_pageblock),
#endif
};
TEST_SUITE(cma, cases);
