// SPDX-License-Identifier: MIT
/*
 * The public entry points: what they give, what they refuse, and that a refusal
 * changes nothing.  Written from the manuals in include/buddy/.
 */
#include <limits.h>
#include <string.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

#define MANY 64

static bool is_zeroed(const struct page *page, unsigned order)
{
	const uint32_t *p = page_address(page);

	for (unsigned long i = 0; i < (PAGE_SIZE << order) / sizeof(*p); i++)
		if (p[i])
			return false;
	return true;
}

static void every_order_is_aligned_and_writable(void)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			continue; /* a machine of 8 MiB may have no such block */
		CHECK_EQ(page_to_pfn(page) & ((1UL << order) - 1), 0);
		CHECK_EQ(page_count(page), 1);
		CHECK_EQ(page->word, PAGE_ALLOCATED(order));
		for (unsigned long i = 1; i < 1UL << order; i++)
			if (page_word(page + i))
				check_failed(__FILE__, __LINE__, "an interior page has a word");
		CHECK(virt_to_page(page_address(page)) == page);
		CHECK(pfn_to_page(page_to_pfn(page)) == page);
		fill_block(page, order, order);
		CHECK(verify_block(page, order, order));
		__free_pages(page, order);
	}
}

static void each_allocation_is_counted_once(void)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		uint32_t alloc = vm_events(PGALLOC), freed = vm_events(PGFREE);
		unsigned long free = nr_free_pages() + nr_pcp_pages();
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			continue;
		CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free - (1UL << order));
		CHECK_EQ(vm_events(PGALLOC) - alloc, 1);
		CHECK_EQ(vm_events(PGFREE) - freed, 0);
		__free_pages(page, order);
		CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free);
		CHECK_EQ(vm_events(PGALLOC) - alloc, 1);
		CHECK_EQ(vm_events(PGFREE) - freed, 1);
	}
}

static void zeroed_pages_are_zero_after_dirt(void)
{
	for (unsigned order = 0; order <= MAX_ORDER && order < 8; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			continue;
		fill_block(page, order, 77);
		__free_pages(page, order);
		page = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
		REQUIRE(page);
		CHECK(is_zeroed(page, order));
		__free_pages(page, order);
	}
}

static void get_zeroed_page_is_zero(void)
{
	for (int i = 0; i < MANY; i++) {
		uint32_t *p = get_zeroed_page(GFP_KERNEL);

		REQUIRE(p);
		CHECK(is_zeroed(virt_to_page(p), 0));
		fill_block(virt_to_page(p), 0, 3);
		free_page(p);
	}
}

static void addresses_work_as_pages_do(void)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		void *p = __get_free_pages(GFP_KERNEL, order);

		if (!p)
			continue;
		CHECK_EQ((uintptr_t)port_virt_to_phys(p) & ((PAGE_SIZE << order) - 1), 0);
		CHECK_EQ(page_word(virt_to_page(p)), PAGE_ALLOCATED(order));
		/* any address of the block finds its own page */
		CHECK(virt_to_page((char *)p + (PAGE_SIZE << order) - 1) ==
		      virt_to_page(p) + (1UL << order) - 1);
		free_pages(p, order);
	}
}

static void highmem_has_no_address_to_ask_for(void)
{
	uint32_t bad = vm_events(BAD_ALLOC);

	CHECK(!__get_free_pages(GFP_KERNEL | __GFP_HIGHMEM, 0));
	CHECK(!get_zeroed_page(GFP_HIGHUSER));
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, 2);
}

static void case_07_order_out_of_range(void)
{
	static const unsigned order[] = {MAX_ORDER + 1, 15,	      16,      31, 32, 33, 63, 64,
					 1U << 31,	UINT_MAX - 1, UINT_MAX};
	unsigned nr = sizeof(order) / sizeof(order[0]);
	uint32_t bad = vm_events(BAD_ALLOC);
	unsigned long free = nr_free_pages() + nr_pcp_pages();
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	for (unsigned i = 0; i < nr; i++) {
		CHECK(!alloc_pages(GFP_KERNEL, order[i]));
		CHECK(!alloc_pages(GFP_ATOMIC | __GFP_ZERO, order[i]));
		CHECK(!alloc_pages_node(0, GFP_KERNEL, order[i]));
		CHECK(!__get_free_pages(GFP_KERNEL, order[i]));
		CHECK(!__get_dma_pages(GFP_KERNEL, order[i]));
		CHECK_REFUSED(__free_pages(page, order[i]));
		CHECK_REFUSED(free_pages(page_address(page), order[i]));
	}
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, 5 * nr);
	__free_page(page);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free);
}

static void case_07_absurd_bulk_counts(void)
{
	struct page *pages[4] = {NULL};
	struct page *full[2] = {(struct page *)1, (struct page *)2};

	CHECK_EQ(alloc_pages_bulk_array(GFP_KERNEL, 0, NULL), 0);
	CHECK_EQ(alloc_pages_bulk_array(GFP_KERNEL, 0, pages), 0);
	CHECK(!pages[0]);
	CHECK_EQ(alloc_pages_bulk_array(GFP_KERNEL, 2, full), 2);
	CHECK(full[0] == (struct page *)1 && full[1] == (struct page *)2);
}

static void invalid_gfp_and_nodes_are_refused(void)
{
	static const gfp_t wrong[] = {0x2000000,	  0x400,     0x800,
				      GFP_KERNEL | 0x400, 0x4000000, 0x80000000};
	unsigned nr = sizeof(wrong) / sizeof(wrong[0]), nodes = 0;
	uint32_t bad = vm_events(BAD_ALLOC), fail = vm_events(PGALLOC_FAIL);
	struct page *one[1] = {NULL};

	for (unsigned i = 0; i < nr; i++) {
		CHECK(!alloc_pages(wrong[i], 0));
		CHECK(!alloc_page(wrong[i]));
		CHECK(!alloc_pages(wrong[i], MAX_ORDER));
		CHECK_EQ(alloc_pages_bulk_array(wrong[i], 1, one), 0);
		CHECK(!one[0]);
	}
	for (int nid = BUDDY_MAX_NODES; nid < BUDDY_MAX_NODES + 100; nid += 33, nodes++)
		CHECK(!alloc_pages_node(nid, GFP_KERNEL, 0));
	CHECK(!alloc_pages_node(-2, GFP_KERNEL, 0));
	CHECK(!alloc_pages_node(INT_MIN, GFP_KERNEL, 0));
	CHECK(!alloc_pages_node(INT_MAX, GFP_KERNEL, 0));
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, 4 * nr + nodes + 3);
	CHECK_EQ(vm_events(PGALLOC_FAIL), fail);
}

/* ---- bulk ------------------------------------------------------------------ */

static void bulk_fills_only_the_gaps(void)
{
	static struct page *pages[3 * MANY];
	unsigned nr = sizeof(pages) / sizeof(pages[0]);
	unsigned long free = nr_free_pages() + nr_pcp_pages();
	struct page *kept;

	memset(pages, 0, sizeof(pages));
	kept = alloc_page(GFP_KERNEL);
	REQUIRE(kept);
	pages[0] = kept;
	pages[7] = kept;
	pages[nr - 1] = kept;
	CHECK_EQ(alloc_pages_bulk_array(GFP_KERNEL, nr, pages), nr);
	CHECK(pages[0] == kept && pages[7] == kept && pages[nr - 1] == kept);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free - (nr - 2));
	for (unsigned i = 1; i < nr - 1; i++) {
		if (i == 7)
			continue;
		REQUIRE(pages[i]);
		CHECK_EQ(page_word(pages[i]), PAGE_ALLOCATED(0));
		fill_block(pages[i], 0, i);
	}
	for (unsigned i = 1; i < nr - 1; i++) {
		if (i == 7)
			continue;
		CHECK(verify_block(pages[i], 0, i));
		__free_page(pages[i]);
	}
	__free_page(kept);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free);
}

static void bulk_zeroes_when_asked(void)
{
	struct page *pages[MANY] = {NULL};

	for (unsigned i = 0; i < MANY; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		REQUIRE(pages[i]);
		fill_block(pages[i], 0, 5);
	}
	for (unsigned i = 0; i < MANY; i++) {
		__free_page(pages[i]);
		pages[i] = NULL;
	}
	CHECK_EQ(alloc_pages_bulk_array(GFP_KERNEL | __GFP_ZERO, MANY, pages), MANY);
	for (unsigned i = 0; i < MANY; i++) {
		CHECK(is_zeroed(pages[i], 0));
		__free_page(pages[i]);
	}
}

static void a_bulk_free_is_as_many_frees(void)
{
	static struct page *pages[5 * MANY];
	unsigned nr = sizeof(pages) / sizeof(pages[0]);
	unsigned long free = nr_free_pages() + nr_pcp_pages();
	uint32_t bad = vm_events(BAD_FREE), freed = vm_events(PGFREE), given = 0;

	/* all mobilities, in runs and in turns, and gaps */
	for (unsigned i = 0; i < nr; i++) {
		gfp_t gfp = i < nr / 2 ? (i / 50 % 3) << 2 : (i % 3) << 2;

		pages[i] = i % 11 == 7 ? NULL : alloc_page(GFP_KERNEL | gfp);
		given += pages[i] != NULL;
	}
	free_pages_bulk_array(nr, pages);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free);
	CHECK_EQ(vm_events(PGFREE) - freed, given);
	CHECK_EQ(vm_events(BAD_FREE), bad);
	CHECK_EQ(mm_check_quiet(), 0);
	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(pages[i] == NULL, i % 11 == 7); /* left as it was */
	free_pages_bulk_array(0, NULL);
}

static void a_bulk_free_drops_references(void)
{
	struct page *pages[3];

	for (int i = 0; i < 3; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		REQUIRE(pages[i]);
	}
	get_page(pages[1]);
	free_pages_bulk_array(3, pages);
	CHECK_EQ(page_count(pages[0]), 0);
	CHECK_EQ(page_count(pages[1]), 1);
	CHECK_EQ(page_count(pages[2]), 0);
	put_page(pages[1]);
}

/* ---- contexts ---------------------------------------------------------------- */

static void callable_with_interrupts_off(void)
{
	port_irqflags_t flags = port_irq_save();
	struct page *page[MAX_ORDER + 1], *pages[8] = {NULL};

	for (unsigned order = 0; order <= MAX_ORDER; order++)
		page[order] = alloc_pages(GFP_ATOMIC, order);
	CHECK_EQ(alloc_pages_bulk_array(GFP_ATOMIC, 8, pages), 8);
	for (unsigned i = 0; i < 8; i++)
		__free_page(pages[i]);
	for (unsigned order = 0; order <= MAX_ORDER; order++)
		if (page[order])
			__free_pages(page[order], order);
	drain_local_pages();
	CHECK(port_irqs_disabled());
	port_irq_restore(flags);
}

static void cold_pages_do_not_come_from_the_hot_end(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	struct page *hot = alloc_page(GFP_KERNEL), *cold;

	REQUIRE(hot);
	__free_page(hot); /* the hottest page there is */
	cold = alloc_page(GFP_KERNEL | __GFP_COLD);
	CHECK(cold && cold != hot);
	__free_page(cold);
	__free_page(alloc_page(GFP_KERNEL));
}

static void the_hottest_page_comes_back(void)
{
	for (unsigned order = 0; order <= PCP_MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		REQUIRE(page);
		__free_pages(page, order);
		CHECK(alloc_pages(GFP_KERNEL, order) == page);
		__free_pages(page, order);
	}
}

static void drain_gives_back_what_is_cached(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	struct page *page;
	unsigned long cached;

	page = alloc_page(GFP_KERNEL);
	REQUIRE(page);
	__free_page(page);
	cached = nr_pcp_pages();
	CHECK(cached > 0);
	CHECK_EQ(drain_all_pages(), cached);
	CHECK_EQ(nr_pcp_pages(), 0);
	CHECK_EQ(drain_all_pages(), 0);
	CHECK_EQ(drain_local_pages(), 0);
}

/* Chained through the pages' own descriptors, the owner's to use. */
static unsigned long take_all(gfp_t gfp, unsigned order, struct page **head)
{
	unsigned long nr = 0;
	struct page *page;

	*head = NULL;
	while ((page = alloc_pages(gfp, order))) {
		page->mapping = *head;
		*head = page;
		nr++;
	}
	return nr;
}

static void give_all(struct page *head, unsigned order)
{
	while (head) {
		struct page *next = head->mapping;

		__free_pages(head, order);
		head = next;
	}
}

static void case_20_out_of_memory_is_no_error(void)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		uint32_t fail = vm_events(PGALLOC_FAIL), bad = vm_events(BAD_ALLOC);
		struct page *head;

		take_all(GFP_KERNEL | __GFP_NOWARN, order, &head);
		CHECK(vm_events(PGALLOC_FAIL) - fail >= 1);
		CHECK_EQ(vm_events(BAD_ALLOC), bad);
		CHECK_EQ(mm_check(), 0);
		CHECK_EQ(mm_check_quiet(), 0);
		/* and again at the bottom, and from an interrupt's point of view */
		CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, order));
		give_all(head, order);
		check_all_free();
	}
}

static void case_20_the_owner_words_survive_oom(void)
{
	struct page *head;
	unsigned long nr = take_all(GFP_KERNEL | __GFP_NOWARN, 0, &head), seen = 0;

	for (struct page *p = head; p; p = p->mapping)
		seen++;
	CHECK_EQ(seen, nr);
	give_all(head, 0);
}

static void bulk_stops_when_memory_ends(void)
{
	struct page *pages[MANY] = {NULL}, *head, *spare[MANY / 2] = {NULL};
	unsigned got;

	CHECK_EQ(alloc_pages_bulk_array(GFP_KERNEL, MANY / 2, spare), MANY / 2);
	take_all(GFP_KERNEL | __GFP_NOWARN, 0, &head);
	for (unsigned i = 0; i < MANY / 2; i++)
		__free_page(spare[i]);
	got = alloc_pages_bulk_array(GFP_KERNEL | __GFP_NOWARN, MANY, pages);
	CHECK(got >= MANY / 2 && got < MANY);
	for (unsigned i = 0; i < MANY; i++) {
		CHECK(!!pages[i] == (i < got));
		__free_page(pages[i]);
	}
	give_all(head, 0);
}

#ifdef TEST_HOST

static void case_13_allocate_until_null(void)
{
	static const struct geometry odd = {
		.ram = {{0x60001000, (17 << 20) + 0x3000, 0}, {0x62345000, 0x2000, 0}},
	};
	static unsigned char seen[0x63000 - 0x60000];
	struct page *head;
	unsigned long nr, last = 0;

	CHECK_EQ(start(&odd), 0);
	memset(seen, 0, sizeof(seen));
	nr = take_all(__GFP_MEMALLOC | __GFP_NOWARN, 0, &head);
	CHECK_EQ(nr, nr_managed_pages());
	CHECK_EQ(nr_free_pages(), 0);
	CHECK_EQ(nr_pcp_pages(), 0);
	for (struct page *p = head; p; p = p->mapping) {
		unsigned long pfn = page_to_pfn(p);

		REQUIRE(pfn >= 0x60000 && pfn < 0x63000);
		CHECK_EQ(seen[pfn - 0x60000]++, 0);
		CHECK(memblock_is_region_memory((phys_addr_t)pfn << PAGE_SHIFT, PAGE_SIZE));
		CHECK(!memblock_is_region_reserved((phys_addr_t)pfn << PAGE_SHIFT, PAGE_SIZE));
		last = pfn > last ? pfn : last;
	}
	/* the last page of RAM that is nobody's was given too */
	for (unsigned long pfn = last + 1; pfn < 0x63000; pfn++)
		CHECK(!memblock_is_region_memory((phys_addr_t)pfn << PAGE_SHIFT, PAGE_SIZE) ||
		      memblock_is_region_reserved((phys_addr_t)pfn << PAGE_SHIFT, PAGE_SIZE));
	give_all(head, 0);
}

static void case_13_every_order_until_null(void)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		struct page *head, *rest;
		unsigned long nr;

		nr = take_all(__GFP_MEMALLOC | __GFP_NOWARN, order, &head) << order;
		nr += take_all(__GFP_MEMALLOC | __GFP_NOWARN, 0, &rest);
		CHECK_EQ(nr, nr_managed_pages());
		give_all(head, order);
		give_all(rest, 0);
		check_all_free();
	}
}

static void failure_says_so_once_unless_told_not_to(void)
{
	struct page *head;

	take_all(GFP_KERNEL | __GFP_NOWARN, 0, &head);
	host_log_clear();
	CHECK(!alloc_page(GFP_KERNEL | __GFP_NOWARN));
	CHECK_EQ(host_log_lines(), 0);
	CHECK(!alloc_page(GFP_KERNEL));
	CHECK(host_log_lines() > 0);
	give_all(head, 0);
}

static void dma_pages_lie_below_the_limit(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 64 << 20, 0}},
		.limits = {.dma_limit = 0x61000000},
	};

	CHECK_EQ(start(&g), 0);
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		void *p = __get_dma_pages(GFP_KERNEL, order), *q = get_dma_pages(0, order);
		struct page *normal = alloc_pages(GFP_KERNEL, order);

		REQUIRE(p && q && normal);
		CHECK(port_virt_to_phys(p) + (PAGE_SIZE << order) <= 0x61000000);
		CHECK(port_virt_to_phys(q) + (PAGE_SIZE << order) <= 0x61000000);
		CHECK(page_to_pfn(normal) >= 0x61000);
		free_pages(p, order);
		free_pages(q, order);
		__free_pages(normal, order);
	}
}

static void pages_of_highmem_have_no_address(void)
{
	if (!BUDDY_HIGHMEM) {
		test_skip("needs BUDDY_HIGHMEM");
		return;
	}
	static const struct geometry g = {
		.ram = {{0x60000000, 64 << 20, 0}},
		.limits = {.highmem_start = 0x62000000},
	};
	struct page *page;

	CHECK_EQ(start(&g), 0);
	host_protect_phys(0x62000000, 32 << 20, false); /* nobody touches it unasked */
	page = alloc_pages(GFP_HIGHUSER, 2);
	REQUIRE(page);
	CHECK(page_to_pfn(page) >= 0x62000);
	CHECK(!page_address(page));
	CHECK(!virt_to_page(port_phys_to_virt(0x63000000)));
	CHECK_REFUSED(free_pages(port_phys_to_virt((uint64_t)page_to_pfn(page) << PAGE_SHIFT), 2));
	__free_pages(page, 2);
	/* zeroing it takes a mapping for a while */
	host_protect_phys(0x62000000, 32 << 20, true);
	page = alloc_pages(GFP_HIGHUSER | __GFP_ZERO, 1);
	REQUIRE(page);
	CHECK(page_to_pfn(page) >= 0x62000);
	for (unsigned i = 0; i < 2; i++) {
		const uint32_t *p =
			port_phys_to_virt((uint64_t)page_to_pfn(page + i) << PAGE_SHIFT);

		for (unsigned j = 0; j < PAGE_SIZE / sizeof(*p); j++)
			if (p[j])
				check_failed_eq(__FILE__, __LINE__, "zeroed", p[j], 0);
	}
	__free_pages(page, 1);
}

static void the_allocator_never_touches_free_pages(void)
{
	uint64_t iter = 0;
	phys_addr_t from, to;
	int nid;

	while (memblock_next_free(&iter, &from, &to, &nid)) {
		from = (from + PAGE_SIZE - 1) & ~(phys_addr_t)(PAGE_SIZE - 1);
		to &= ~(phys_addr_t)(PAGE_SIZE - 1);
		if (to > from)
			host_protect_phys(from, to - from, false);
	}
	for (int round = 0; round < 3; round++) {
		struct page *head[MAX_ORDER + 1];

		for (unsigned order = MAX_ORDER + 1; order--;) {
			struct page *page = alloc_pages(GFP_KERNEL, order);

			head[order] = page;
			REQUIRE(page);
		}
		for (unsigned order = 0; order <= MAX_ORDER; order++)
			__free_pages(head[order], order);
		drain_all_pages();
	}
	CHECK_EQ(mm_check_quiet(), 0);
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(every_order_is_aligned_and_writable),
	TEST(each_allocation_is_counted_once),
	TEST(zeroed_pages_are_zero_after_dirt),
	TEST(get_zeroed_page_is_zero),
	TEST(addresses_work_as_pages_do),
	TEST(highmem_has_no_address_to_ask_for),
	TEST(case_07_order_out_of_range),
	TEST(case_07_absurd_bulk_counts),
	TEST(invalid_gfp_and_nodes_are_refused),
	TEST(bulk_fills_only_the_gaps),
	TEST(bulk_zeroes_when_asked),
	TEST(a_bulk_free_is_as_many_frees),
	TEST(a_bulk_free_drops_references),
	TEST(callable_with_interrupts_off),
	TEST(cold_pages_do_not_come_from_the_hot_end),
	TEST(the_hottest_page_comes_back),
	TEST(drain_gives_back_what_is_cached),
	TEST(case_20_out_of_memory_is_no_error),
	TEST(case_20_the_owner_words_survive_oom),
	TEST(bulk_stops_when_memory_ends),
#ifdef TEST_HOST
	TEST(case_13_allocate_until_null),
	TEST(case_13_every_order_until_null),
	TEST(failure_says_so_once_unless_told_not_to),
	TEST(dma_pages_lie_below_the_limit),
	TEST(pages_of_highmem_have_no_address),
	TEST(the_allocator_never_touches_free_pages),
#endif
};
TEST_SUITE(page_alloc, cases);
