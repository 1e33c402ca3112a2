// SPDX-License-Identifier: MIT
// NEEDS: HIGHMEM ORDER_10
// HOST ONLY
/*
 * A deferred start: memory is there when it is wanted, whoever brings it, and in the end it
 * is the same as of a start that did all at once.
 */
#include <string.h>

#include <mm/internal.h>

#include "../harness/hoard.h"

/* All zones on two nodes, holes and reserved ranges of all kinds; sections to spare. */
static const struct geometry ragged = {
	.ram = {{0x60001000, 40 * MIB - 0x3000, 0},
		{0x63000000, 60 * MIB, 1},
		{0x68000000, 80 * MIB, 0}},
	.reserved = {{0x60300000, 0x1800, 0},
		     {0x60ffe000, 0x4000, 0},
		     {0x64000000, 5 * MIB, 0},
		     {0x68000000, 4 * MIB, 0},
		     {0x6a000001, 1, 0},
		     {0x6cffffff, 2 * MIB, 0}},
	.limits = {.dma_limit = 0x61000000,
		   .highmem_start = 0x69000000,
		   .movablecore = 16 * MIB,
		   .lowmem_reserve_ratio = {100000, 100000, 0, 0},
		   .min_free_kbytes = 256},
};

/* Blocks by zone, order and migratetype: the form of memory. */
static struct zone_info shape[2][NR_ZONES];

static unsigned take_shape(struct zone_info *info)
{
	unsigned nr = 0;

	memset(info, 0, sizeof(shape[0]));
	while (nr < NR_ZONES && zone_info(nr, &info[nr]))
		nr++;
	return nr;
}

static void check_same_shape(void)
{
	unsigned nr = take_shape(shape[1]);

	for (unsigned i = 0; i < nr; i++) {
		struct zone_info *a = &shape[0][i], *b = &shape[1][i];

		CHECK_EQ(b->managed, a->managed);
		CHECK_EQ(b->free, a->free);
		CHECK_EQ(b->deferred, 0);
		CHECK_EQ(b->wmark_high, a->wmark_high);
		CHECK(!memcmp(a->nr_free, b->nr_free, sizeof(a->nr_free)));
		CHECK(!memcmp(a->nr_pageblocks, b->nr_pageblocks, sizeof(a->nr_pageblocks)));
	}
}

/* shape[0] is that of a whole start; then a deferred one. */
static bool begin(const struct geometry *g)
{
	if (PAGES_PER_SECTION * PAGE_SIZE > 4 * MIB || BUDDY_MAX_NODES < 2) {
		test_skip("sections of 4 MiB and two nodes wanted");
		return false;
	}
	mm_policy.deferred = false;
	CHECK_EQ(start(g), 0);
	CHECK(deferred_init_done());
	take_shape(shape[0]);
	mm_policy.deferred = true;
	CHECK_EQ(start(g), 0);
	CHECK(!deferred_init_done());
	return true;
}

/* fixture_end() counts against the start, which did not have all yet. */
static void end(void)
{
	CHECK(deferred_init_done());
	CHECK_EQ(mm_unusual, 0);
	drain_all_pages();
	CHECK_EQ(mm_check_quiet(), 0);
	mm_policy.deferred = false;
	CHECK_EQ(start(&default_geometry), 0);
}

static void the_first_page_is_there_and_the_sums_are_final(void)
{
	static const gfp_t gfp[] = {GFP_DMA, GFP_KERNEL, GFP_HIGHUSER, GFP_HIGHUSER_MOVABLE};
	struct zone_info *info = shape[1];
	unsigned nr;

	if (!begin(&ragged))
		return;
	nr = take_shape(info);
	for (unsigned i = 0; i < nr; i++) {
		CHECK_EQ(info[i].managed, shape[0][i].managed);
		CHECK_EQ(info[i].present, shape[0][i].present);
		CHECK_EQ(info[i].wmark_min, shape[0][i].wmark_min);
		CHECK_EQ(info[i].free + info[i].deferred, info[i].managed);
		CHECK(info[i].free > info[i].wmark_low || !info[i].deferred);
	}
	for (unsigned i = 0; i < 4; i++) {
		struct page *page = alloc_page(gfp[i]);

		CHECK(page != NULL);
		__free_page(page);
	}
	CHECK(!deferred_init_done()); /* nobody had to wait for more */
	CHECK_EQ(mm_check(), 0);
	CHECK_EQ(mm_check_quiet(), 0);
	deferred_init();
	drain_all_pages();
	end();
}

static void it_ends_as_a_start_that_did_all_at_once(void)
{
	if (!begin(&ragged))
		return;
	deferred_init();
	CHECK(deferred_init_done());
	check_same_shape();
	deferred_init(); /* again: nothing */
	check_same_shape();
	end();
}

static void requests_bring_what_they_need(void)
{
	unsigned long nr;

	if (!begin(&ragged))
		return;
	nr = hoard_all(GFP_HIGHUSER_MOVABLE | __GFP_MEMALLOC, 0);
	CHECK_EQ(nr, nr_managed_pages());
	CHECK(deferred_init_done());
	hoard_give_all();
	drain_all_pages();
	check_same_shape();
	end();
}

static void a_zone_grows_before_another_one_gives(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 128 * MIB, 0}},
		.limits = {.dma_limit = 0x62000000,
			   .lowmem_reserve_ratio = {100000, 0, 0, 0},
			   .min_free_kbytes = 256},
	};
	struct zone *normal;

	if (!begin(&g))
		return;
	normal = zone_of(0, ZONE_NORMAL);
	while (READ_ONCE(normal->nr_deferred)) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_MOVABLE, 0);

		REQUIRE(page);
		CHECK(page_zone(page) == normal);
		CHECK(normal->nr_free_pages >= normal->watermark[WMARK_MIN]);
		hoard_add(page, 0);
	}
	hoard_give_all();
	deferred_init();
	drain_all_pages();
	check_same_shape();
	end();
}

static void a_large_block_grows_the_zone_too(void)
{
	unsigned nr = 0;

	if (!begin(&ragged))
		return;
	while (hoard_all(GFP_HIGHUSER_MOVABLE, MAX_ORDER))
		nr++;
	CHECK(nr);
	CHECK(deferred_init_done());
	hoard_give_all();
	drain_all_pages();
	check_same_shape();
	end();
}

/* Misuse of what is not there yet is refused. */
static void pages_to_come_are_no_pages(void)
{
	struct page *page = NULL;

	if (!begin(&ragged))
		return;
	for (unsigned long i = 0; i < nr_map_pages && !page; i += PAGES_PER_SECTION)
		if (!section_ready(mem_map + i))
			page = mem_map + i;
	REQUIRE(page);
	for (unsigned i = 0; i < PAGES_PER_SECTION; i += 97) {
		struct page_use_info info;

		CHECK_REFUSED(__free_page(page + i));
		CHECK_REFUSED(put_page(page + i));
		CHECK_REFUSED(get_page(page + i));
		CHECK_REFUSED(__free_pages(page + i, 3));
		page_use(page_to_pfn(page + i), &info);
		CHECK_EQ(info.use, PAGE_USE_HOLE);
	}
	deferred_init();
	end();
}

/* ---- by several CPUs --------------------------------------------------------- */

static struct test_barrier barrier;
static unsigned nr_cpus;

static void bring(unsigned cpu, void *arg)
{
	test_barrier_wait(&barrier, nr_cpus);
	deferred_init();
	while (!deferred_init_done())
		test_idle();
}

static void all_cpus_at_once(void)
{
	nr_cpus = test_nr_cpus();
	for (unsigned round = 0; round < 2; round++) {
		if (!begin(&ragged))
			return;
		memset(&barrier, 0, sizeof(barrier));
		host_set_jitter(8);
		run_on_cpus(nr_cpus, bring, NULL);
		host_set_jitter(0);
		check_same_shape();
	}
	end();
}

static void bring_take_or_check(unsigned cpu, void *arg)
{
	struct page *mine = NULL, *page;
	unsigned nr = 0;

	test_barrier_wait(&barrier, nr_cpus);
	if (cpu % 4 == 0) {
		deferred_init();
	} else if (cpu % 4 == 3) {
		struct page_use_info info;

		for (unsigned i = 0; i < 20 && !test_has_failed(); i++) {
			CHECK_EQ(mm_check(), 0);
			for (unsigned long pfn = 0x60000; pfn < 0x6e000; pfn += 129)
				page_use(pfn, &info);
		}
	} else {
		/* more than the first stretch of any zone */
		while (nr < 6000 &&
		       (page = alloc_pages((cpu & 1 ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE) |
						   __GFP_NOWARN,
					   nr % 3))) {
			page->mapping = mine;
			page->index = nr++ % 3;
			mine = page;
		}
		CHECK(nr > 1000);
		while ((page = mine)) {
			mine = page->mapping;
			__free_pages(page, (unsigned)page->index);
		}
	}
	while (!deferred_init_done()) {
		deferred_init();
		test_idle();
	}
}

static void in_parallel_with_allocations_and_the_validator(void)
{
	nr_cpus = test_nr_cpus();
	for (unsigned round = 0; round < 2; round++) {
		if (!begin(&ragged))
			return;
		memset(&barrier, 0, sizeof(barrier));
		host_set_jitter(8);
		run_on_cpus(nr_cpus, bring_take_or_check, NULL);
		host_set_jitter(0);
		drain_all_pages();
		CHECK_EQ(nr_free_pages(), nr_managed_pages());
		CHECK_EQ(mm_check_quiet(), 0);
	}
	end();
}

/* ---- and with interrupts ------------------------------------------------------- */

static struct page *irq_pages[64];
static unsigned nr_irq_pages;

static void take_in_interrupt(unsigned cpu)
{
	struct page *page;

	if (nr_irq_pages < 64 && (page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 7)))
		irq_pages[nr_irq_pages++] = page;
}

static void an_interrupt_handler_may_need_more_meanwhile(void)
{
	if (!begin(&ragged))
		return;
	nr_irq_pages = 0;
	host_irq_set_handler(take_in_interrupt);
	host_irq_set_rate(3, 7);
	deferred_init();
	host_irq_set_rate(0, 1);
	CHECK(nr_irq_pages > 10);
	while (nr_irq_pages)
		__free_pages(irq_pages[--nr_irq_pages], 7);
	drain_all_pages();
	CHECK_EQ(nr_free_pages(), nr_managed_pages());
	end();
}

static const struct test_case cases[] = {
	TEST(the_first_page_is_there_and_the_sums_are_final),
	TEST(it_ends_as_a_start_that_did_all_at_once),
	TEST(requests_bring_what_they_need),
	TEST(a_zone_grows_before_another_one_gives),
	TEST(a_large_block_grows_the_zone_too),
	TEST(pages_to_come_are_no_pages),
	TEST(all_cpus_at_once),
	TEST(in_parallel_with_allocations_and_the_validator),
	TEST(an_interrupt_handler_may_need_more_meanwhile),
};
TEST_SUITE(deferred, cases);
