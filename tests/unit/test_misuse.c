// SPDX-License-Identifier: MIT
/*
 * Misuse of the entry points, and references: every wrong free is refused,
 * counted and reported with its caller, and changes nothing.
 */
#include <limits.h>
#include <string.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

#define MANY 64

static void null_is_nothing(void)
{
	uint32_t bad = vm_events(BAD_FREE);

	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		__free_pages(NULL, order);
		free_pages(NULL, order);
	}
	__free_page(NULL);
	put_page(NULL);
	CHECK_EQ(vm_events(BAD_FREE), bad);
}

/* ---- misuse ---------------------------------------------------------------- */

static void case_17_double_free(void)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			continue;
		__free_pages(page, order); /* now in a cache, or merged */
		CHECK_REFUSED(__free_pages(page, order));
		CHECK_REFUSED(free_pages(page_address(page), order));
		drain_all_pages(); /* merged for certain */
		CHECK_REFUSED(__free_pages(page, order));
		CHECK_REFUSED(put_page(page));
		CHECK_EQ(mm_check_quiet(), 0);
	}
}

static void case_17_double_free_of_both_halves(void)
{
	for (unsigned order = 0; order < MAX_ORDER && order < 6; order++) {
		struct page *a = alloc_pages(GFP_KERNEL, order),
			    *b = alloc_pages(GFP_KERNEL, order);

		REQUIRE(a && b);
		__free_pages(b, order);
		__free_pages(a, order);
		drain_all_pages();
		CHECK_REFUSED(__free_pages(a, order));
		CHECK_REFUSED(__free_pages(b, order));
		CHECK_EQ(mm_check_quiet(), 0);
	}
}

static void case_17_double_free_then_no_page_is_given_twice(void)
{
	struct page *page[MANY];
	struct page *victim = alloc_page(GFP_KERNEL);

	REQUIRE(victim);
	__free_page(victim);
	CHECK_REFUSED(__free_page(victim));
	for (int i = 0; i < MANY; i++) {
		page[i] = alloc_page(GFP_KERNEL);
		REQUIRE(page[i]);
		for (int k = 0; k < i; k++)
			CHECK(page[k] != page[i]);
	}
	for (int i = 0; i < MANY; i++)
		__free_page(page[i]);
}

static void case_18_wrong_order(void)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			continue;
		for (unsigned wrong = 0; wrong <= MAX_ORDER; wrong++)
			if (wrong != order)
				CHECK_REFUSED(__free_pages(page, wrong));
		if (order)
			CHECK_REFUSED(__free_page(page));
		CHECK_EQ(page_word(page), PAGE_ALLOCATED(order));
		CHECK_EQ(mm_check_quiet(), 0);
		__free_pages(page, order);
	}
}

static void case_18_page_inside_a_block(void)
{
	for (unsigned order = 1; order <= MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			continue;
		for (unsigned at = 0; at < order; at++)
			for (unsigned as = 0; as <= order; as++)
				CHECK_REFUSED(__free_pages(page + (1UL << at), as));
		CHECK_REFUSED(__free_page(page + (1UL << order) - 1));
		CHECK_REFUSED(put_page(page + 1));
		CHECK_REFUSED(get_page(page + 1));
		__free_pages(page, order);
	}
}

static void case_18_foreign_pages_and_addresses(void)
{
	static struct page mine[2];
	static char text[3 * 4096];
	char *const aligned = (char *)(((uintptr_t)text + 4095) & ~(uintptr_t)4095);
	int on_stack;

	mine[0].word = PAGE_ALLOCATED(0); /* it even looks right */
	CHECK_REFUSED(__free_page(&mine[0]));
	CHECK_REFUSED(__free_pages(&mine[0], 0));
	CHECK_REFUSED(__free_page(mem_map + nr_map_pages));
	CHECK_REFUSED(__free_page(mem_map + nr_map_pages + 1));
	CHECK_REFUSED(__free_page(mem_map - 1));
	CHECK_REFUSED(__free_page((struct page *)UINTPTR_MAX));
	CHECK_REFUSED(__free_page((struct page *)1));
	CHECK_REFUSED(__free_pages((struct page *)&on_stack, 3));
	CHECK_REFUSED(__free_pages((struct page *)&on_stack, MAX_ORDER));
	CHECK_REFUSED(get_page(&mine[0]));
	CHECK_REFUSED(put_page(&mine[0]));
	CHECK_REFUSED(free_page(&on_stack));
	CHECK_REFUSED(free_page((void *)case_18_foreign_pages_and_addresses));
	CHECK_REFUSED(free_pages((void *)(UINTPTR_MAX & ~(uintptr_t)(PAGE_SIZE - 1)), 0));
#ifdef TEST_HOST
	CHECK_REFUSED(free_page(aligned)); /* on the target it is RAM, the image's: next case */
#else
	(void)aligned;
#endif
}

static void case_18_misaligned_descriptor(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	for (unsigned i = 1; i < sizeof(struct page); i++) {
		CHECK_REFUSED(__free_page((struct page *)((char *)page + i)));
		CHECK_REFUSED(__free_pages((struct page *)((char *)page + i), MAX_ORDER));
	}
	for (unsigned i = 1; i < PAGE_SIZE; i = 2 * i + 1)
		CHECK_REFUSED(free_page((char *)page_address(page) + i));
	__free_page(page);
}

static void case_18_reserved_pages(void)
{
	unsigned seen = 0;

	for (unsigned long i = 0; i < nr_map_pages; i++) {
		struct page *page = mem_map + i;

		if (page_word_state(page_word(page)) != PAGE_STATE_RESERVED)
			continue;
		if (++seen > 300 && seen % 97)
			continue;
		CHECK_REFUSED(__free_page(page));
		CHECK_REFUSED(__free_pages(page, 1));
		CHECK_REFUSED(put_page(page));
	}
	CHECK(seen > 0); /* mem_map itself is one */
	CHECK_REFUSED(free_page((void *)((uintptr_t)mem_map & ~(uintptr_t)(PAGE_SIZE - 1))));
}

static void case_18_page_in_a_pcp(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	for (unsigned order = 0; order <= PCP_MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		REQUIRE(page);
		__free_pages(page, order);
		CHECK_EQ(page_word_state(page_word(page)), PAGE_STATE_PCP);
		for (unsigned as = 0; as <= MAX_ORDER; as++)
			CHECK_REFUSED(__free_pages(page, as));
		CHECK_REFUSED(get_page(page));
		CHECK_EQ(page_count(page), 0);
	}
}

static void case_18_wrong_pages_in_a_bulk_free(void)
{
	static struct page forged;
	struct page *pages[20], *block = alloc_pages(GFP_KERNEL, 2);
	unsigned long free = nr_free_pages() + nr_pcp_pages();
	uint32_t bad = vm_events(BAD_FREE);

	REQUIRE(block);
	forged.word = PAGE_ALLOCATED(0);
	for (unsigned i = 0; i < 20; i++)
		pages[i] = i % 2 ? alloc_page(GFP_KERNEL) : NULL;
	pages[0] = &forged;
	pages[2] = pages[1];				    /* twice, one after the other */
	pages[4] = pages[19];				    /* twice, far apart */
	pages[6] = block;				    /* wrong order */
	pages[8] = block + 1;				    /* inside a block */
	pages[10] = mem_map + nr_map_pages;		    /* past the end */
	pages[12] = mem_map - 1;			    /* before the start */
	pages[14] = (struct page *)((char *)pages[15] + 4); /* no descriptor */
	pages[16] = virt_to_page((void *)((uintptr_t)mem_map & ~(uintptr_t)(PAGE_SIZE - 1)));
	free_pages_bulk_array(20, pages);
	CHECK_EQ(vm_events(BAD_FREE) - bad, 9);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free);
	CHECK_EQ(mm_check_quiet(), 0);
	free_pages_bulk_array(20, pages); /* and all of it again, but the block */
	CHECK_EQ(vm_events(BAD_FREE) - bad, 9 + 19);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free);
	__free_pages(block, 2);
}

/* ---- references ---------------------------------------------------------- */

static void references_keep_a_block(void)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);
		unsigned long free = nr_free_pages() + nr_pcp_pages();

		if (!page)
			continue;
		get_page(page);
		get_page(page);
		CHECK_EQ(page_count(page), 3);
		put_page(page);
		CHECK_EQ(page_count(page), 2);
		CHECK_REFUSED(__free_pages(page, order ? order - 1 : 1));
		__free_pages(page, order); /* drops one, frees nothing */
		CHECK_EQ(page_count(page), 1);
		CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free);
		put_page(page); /* with the block's own order */
		CHECK_EQ(page_count(page), 0);
		CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free + (1UL << order));
		CHECK_REFUSED(put_page(page));
	}
}

static void too_many_references_are_refused(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	uint32_t bad = vm_events(BAD_FREE);

	REQUIRE(page);
	for (unsigned i = 1; i < PAGE_REF_MAX; i++)
		get_page(page);
	CHECK_EQ(page_count(page), PAGE_REF_MAX);
	CHECK_EQ(vm_events(BAD_FREE), bad);
	CHECK_REFUSED(get_page(page));
	CHECK_EQ(page_count(page), PAGE_REF_MAX);
	for (unsigned i = 0; i < PAGE_REF_MAX; i++)
		put_page(page);
	CHECK_EQ(page_count(page), 0);
}

#ifdef TEST_HOST

/* The report must lead to the culprit. */
static __attribute__((noinline)) void culprit(struct page *page)
{
	__free_pages(page, 0);
	__asm__ volatile(""); /* no tail call: the return address stays in here */
}

static __attribute__((noinline)) void bulk_culprit(struct page *page)
{
	free_pages_bulk_array(1, &page);
	__asm__ volatile("");
}

static uintptr_t reported_address(void)
{
	const char *from = strstr(host_log_text(), "from 0x");
	uintptr_t addr = 0;

	for (from = from ? from + 7 : ""; *from; from++) {
		char *digits = "0123456789abcdef", *d = strchr(digits, *from);

		if (!d)
			break;
		addr = addr << 4 | (uintptr_t)(d - digits);
	}
	return addr;
}

static void misuse_is_reported_with_the_callers_address(void)
{
	struct page *page;
	uintptr_t addr;

#ifndef TEST_RELEASE
	test_skip("the address is right where calls at a function's end are jumps: -O2");
	return;
#endif
	page = alloc_page(GFP_KERNEL);
	REQUIRE(page);
	__free_page(page);
	host_log_clear();
	culprit(page);
	addr = reported_address();
	CHECK(addr > (uintptr_t)culprit && addr < (uintptr_t)culprit + 200);
	CHECK(host_log_has("double free"));
	host_log_clear();
	CHECK(!alloc_pages(GFP_KERNEL, MAX_ORDER + 1));
	addr = reported_address();
	CHECK(addr > (uintptr_t)misuse_is_reported_with_the_callers_address &&
	      addr < (uintptr_t)misuse_is_reported_with_the_callers_address + 4000);
	/* calls that go through another one of the library's */
	host_log_clear();
	bulk_culprit(page);
	addr = reported_address();
	CHECK(addr > (uintptr_t)bulk_culprit && addr < (uintptr_t)bulk_culprit + 200);
	host_log_clear();
	CHECK(!__get_free_pages(GFP_KERNEL, MAX_ORDER + 1));
	addr = reported_address();
	CHECK(addr > (uintptr_t)misuse_is_reported_with_the_callers_address &&
	      addr < (uintptr_t)misuse_is_reported_with_the_callers_address + 4000);
}

#endif

static const struct test_case cases[] = {
	TEST(null_is_nothing),
	TEST(case_17_double_free),
	TEST(case_17_double_free_of_both_halves),
	TEST(case_17_double_free_then_no_page_is_given_twice),
	TEST(case_18_wrong_order),
	TEST(case_18_page_inside_a_block),
	TEST(case_18_foreign_pages_and_addresses),
	TEST(case_18_misaligned_descriptor),
	TEST(case_18_reserved_pages),
	TEST(case_18_page_in_a_pcp),
	TEST(case_18_wrong_pages_in_a_bulk_free),
	TEST(references_keep_a_block),
	TEST(too_many_references_are_refused),
#ifdef TEST_HOST
	TEST(misuse_is_reported_with_the_callers_address),
#endif
};
TEST_SUITE(misuse, cases);
