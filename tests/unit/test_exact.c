// SPDX-License-Identifier: MIT
/*
 * Pages by bytes, and pages by list: nothing too much is taken, all of it comes
 * back, and a wrong list leads nowhere.  Written from gfp.h.
 */
#include <string.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

#define MANY 70 /* more than two runs, and not whole ones */

static unsigned long pages_left(void)
{
	return nr_free_pages() + nr_pcp_pages();
}

/* ---- bytes --------------------------------------------------------------- */

static void exact_takes_the_pages_and_no_more(void)
{
	unsigned long most = MAX_ORDER < 6 ? 1UL << MAX_ORDER : 70;

	for (unsigned long nr = 1; nr <= most; nr++) {
		unsigned long left = pages_left();
		size_t bytes = nr * PAGE_SIZE - (nr % 3) * (PAGE_SIZE / 2 - 1);
		char *p = alloc_pages_exact(bytes, GFP_KERNEL);
		struct page *page;

		REQUIRE(p);
		CHECK_EQ(pages_left(), left - nr);
		page = virt_to_page(p);
		CHECK_EQ(page_to_pfn(page) & ((1UL << order_of_pages((unsigned)nr)) - 1), 0);
		for (unsigned long i = 0; i < nr; i++) {
			CHECK_EQ(page_word(page + i), PAGE_ALLOCATED(0));
			fill_block(page + i, 0, (uint32_t)nr);
		}
		for (unsigned long i = 0; i < nr; i++)
			CHECK(verify_block(page + i, 0, (uint32_t)nr));
		free_pages_exact(p, bytes);
		CHECK_EQ(pages_left(), left);
	}
}

static void exact_goes_up_to_the_largest_block(void)
{
	size_t most = PAGE_SIZE << MAX_ORDER;
	void *p = alloc_pages_exact(most, GFP_KERNEL | __GFP_NOWARN);
	unsigned long left = pages_left();

	if (!p) {
		test_skip("no block so large");
		return;
	}
	free_pages_exact(p, most);
	CHECK_EQ(pages_left(), left + (1UL << MAX_ORDER));
	p = alloc_pages_exact(most / 2 + 1, GFP_KERNEL);
	REQUIRE(p);
	CHECK_EQ(pages_left(), left + (1UL << MAX_ORDER) / 2 - 1);
	free_pages_exact(p, most / 2 + 1);
}

static void absurd_bytes_are_refused(void)
{
	static const size_t wrong[] = {0, (PAGE_SIZE << MAX_ORDER) + 1, SIZE_MAX / 2, SIZE_MAX - 1,
				       SIZE_MAX};
	unsigned nr = sizeof(wrong) / sizeof(wrong[0]);
	unsigned long left = pages_left();
	uint32_t bad = vm_events(BAD_ALLOC);

	for (unsigned i = 0; i < nr; i++)
		CHECK(!alloc_pages_exact(wrong[i], GFP_KERNEL));
	CHECK(!alloc_pages_exact(PAGE_SIZE, GFP_HIGHUSER)); /* it has no address */
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, nr + 1);
	CHECK_EQ(pages_left(), left);
}

static void exact_heeds_the_flags(void)
{
	uint32_t *p = alloc_pages_exact(2 * PAGE_SIZE, GFP_KERNEL);

	REQUIRE(p);
	fill_block(virt_to_page(p), 0, 1);
	fill_block(virt_to_page(p) + 1, 0, 1);
	free_pages_exact(p, 2 * PAGE_SIZE);
	p = alloc_pages_exact(2 * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO | __GFP_COMP);
	REQUIRE(p);
	for (unsigned long i = 0; i < 2 * PAGE_SIZE / sizeof(*p); i++)
		if (p[i])
			check_failed(__FILE__, __LINE__, "not zeroed");
	CHECK(!PageCompound(virt_to_page(p))); /* single pages */
	free_pages_exact(p, 2 * PAGE_SIZE);
}

static void exact_pages_are_single_ones(void)
{
	size_t bytes = 2 * PAGE_SIZE;
	char *p = alloc_pages_exact(bytes, GFP_KERNEL);

	REQUIRE(p);
	get_page(virt_to_page(p));
	free_pages_exact(p, bytes); /* the second is free, the first has a holder */
	CHECK_EQ(page_count(virt_to_page(p)), 1);
	CHECK_EQ(page_count(virt_to_page(p) + 1), 0);
	free_page(p);
}

static void wrong_bytes_free_no_page_twice(void)
{
	unsigned long left = pages_left();
	char *p = alloc_pages_exact(PAGE_SIZE, GFP_KERNEL);
	uint32_t bad = vm_events(BAD_FREE);
	struct page *block = alloc_pages(GFP_KERNEL, 1);
	char on_stack[8];

	REQUIRE(p && block);
	free_pages_exact(NULL, 0);
	free_pages_exact(NULL, PAGE_SIZE);
	CHECK_EQ(vm_events(BAD_FREE), bad);
	CHECK_REFUSED(free_pages_exact(p, 0));
	CHECK_REFUSED(free_pages_exact(p, SIZE_MAX));
	CHECK_REFUSED(free_pages_exact(p, (PAGE_SIZE << MAX_ORDER) + 1));
	CHECK_REFUSED(free_pages_exact(p + 1, PAGE_SIZE));
	CHECK_REFUSED(free_pages_exact(on_stack, 1));
	CHECK_REFUSED(free_pages_exact(page_address(block), PAGE_SIZE)); /* of order 1 */
	/* past the largest block come other frames' descriptors */
	CHECK_REFUSED(free_pages_exact(
		p, (PAGE_SIZE << MAX_ORDER) + PAGE_SIZE -
			   ((uintptr_t)port_virt_to_phys(p) & ((PAGE_SIZE << MAX_ORDER) - 1))));
	__free_pages(block, 1);
	free_page(p);
	CHECK_REFUSED(free_pages_exact(p, PAGE_SIZE)); /* double */
	/* one page too many: it is free already */
	p = alloc_pages_exact(PAGE_SIZE, GFP_KERNEL);
	REQUIRE(p);
	free_pages_exact(p, PAGE_SIZE);
	CHECK_EQ(pages_left(), left);
	CHECK_EQ(mm_check_quiet(), 0);
}

/* ---- lists --------------------------------------------------------------- */

static unsigned length(const struct list_head *list)
{
	unsigned nr = 0;

	for (const struct list_head *n = list->next; n != list; n = n->next) {
		if (n->next->prev != n || n->prev->next != n)
			check_failed(__FILE__, __LINE__, "links do not match");
		nr++;
	}
	return nr;
}

static void a_list_grows_by_what_was_asked_for(void)
{
	static const unsigned ask[] = {0, 1, 2, 31, 32, 33, 63, 64, 65, MANY};
	struct list_head list;

	INIT_LIST_HEAD(&list);
	for (unsigned i = 0; i < sizeof(ask) / sizeof(ask[0]); i++) {
		unsigned long left = pages_left();

		CHECK_EQ(alloc_pages_bulk_list(GFP_KERNEL, ask[i], &list), ask[i]);
		CHECK_EQ(length(&list), ask[i]);
		CHECK_EQ(pages_left(), left - ask[i]);
		for (struct list_head *n = list.next; n != &list; n = n->next)
			CHECK_EQ(page_word(lru_to_page(n)), PAGE_ALLOCATED(0));
		free_unref_page_list(&list);
		CHECK_EQ(length(&list), 0);
		CHECK_EQ(pages_left(), left);
	}
}

static void what_was_on_the_list_stays_in_front(void)
{
	struct page *first = alloc_page(GFP_KERNEL);
	struct list_head list;

	REQUIRE(first);
	INIT_LIST_HEAD(&list);
	list_add(&first->lru, &list);
	CHECK_EQ(alloc_pages_bulk_list(GFP_KERNEL, 40, &list), 40);
	CHECK_EQ(length(&list), 41);
	CHECK(lru_to_page(list.next) == first);
	free_unref_page_list(&list);
}

static void a_list_is_zeroed_when_asked(void)
{
	struct list_head list;

	INIT_LIST_HEAD(&list);
	CHECK_EQ(alloc_pages_bulk_list(GFP_KERNEL | __GFP_ZERO, 5, &list), 5);
	for (struct list_head *n = list.next; n != &list; n = n->next) {
		const uint32_t *p = page_address(lru_to_page(n));

		for (unsigned long i = 0; i < PAGE_SIZE / sizeof(*p); i++)
			if (p[i])
				check_failed(__FILE__, __LINE__, "not zeroed");
	}
	free_unref_page_list(&list);
}

static void wrong_flags_give_no_list(void)
{
	struct list_head list;
	uint32_t bad = vm_events(BAD_ALLOC);

	INIT_LIST_HEAD(&list);
	CHECK_EQ(alloc_pages_bulk_list((gfp_t)1 << 31 | __GFP_ZERO, 5, &list), 0);
	CHECK_EQ(length(&list), 0);
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, 1);
}

static void a_refused_page_does_not_stop_the_rest(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	struct page *block = alloc_pages(GFP_KERNEL, 1), *twice = alloc_page(GFP_KERNEL);
	unsigned long left = pages_left();
	uint32_t bad = vm_events(BAD_FREE);
	struct list_head list;

	REQUIRE(block && twice);
	INIT_LIST_HEAD(&list);
	CHECK_EQ(alloc_pages_bulk_list(GFP_KERNEL, 3, &list), 3);
	list_add(&block->lru, &list);
	list_add(&twice->lru, list.prev);
	CHECK_EQ(alloc_pages_bulk_list(GFP_KERNEL, MANY, &list), MANY);
	__free_page(twice); /* in a cache: its links are still the list's */
	free_unref_page_list(&list);
	CHECK_EQ(length(&list), 0);
	CHECK_EQ(vm_events(BAD_FREE) - bad, 2);
	CHECK_EQ(pages_left(), left + 1);
	CHECK_EQ(mm_check_quiet(), 0);
	__free_pages(block, 1);
}

static void references_keep_pages_of_a_list(void)
{
	struct list_head list;
	struct page *kept;

	INIT_LIST_HEAD(&list);
	CHECK_EQ(alloc_pages_bulk_list(GFP_KERNEL, 3, &list), 3);
	kept = lru_to_page(list.next->next);
	get_page(kept);
	free_unref_page_list(&list);
	CHECK_EQ(page_count(kept), 1);
	__free_page(kept);
}

/* A page that is on a zone's free list must not lead the walk into it. */
static void a_free_page_ends_the_walk(void)
{
	struct page *page[MANY];
	struct list_head list;
	unsigned at = MANY;
	uint32_t bad;

	for (unsigned i = 0; i < MANY; i++)
		page[i] = NULL;
	CHECK_EQ(alloc_pages_bulk_array(GFP_KERNEL, MANY, page), MANY);
	/* one whose buddy stays allocated, so that it does not merge into another head's block */
	for (unsigned i = 1; i < MANY; i++)
		for (unsigned k = 0; k < MANY; k++)
			if (page_index(page[i]) == (page_index(page[k]) ^ 1))
				at = i;
	REQUIRE(at < MANY);
	INIT_LIST_HEAD(&list);
	for (unsigned i = 0; i < MANY; i++)
		list_add(&page[i]->lru, list.prev);
	__free_page(page[at]);
	drain_all_pages();
	CHECK_EQ(page_word_state(page_word(page[at])), PAGE_STATE_FREE);
	bad = vm_events(BAD_FREE);
	free_unref_page_list(&list);
	CHECK_EQ(vm_events(BAD_FREE) - bad, 1);
	CHECK_EQ(length(&list), 0);
	CHECK_EQ(mm_check_quiet(), 0);
	for (unsigned i = 0; i < at; i++)
		CHECK_EQ(page_count(page[i]), 0);
	for (unsigned i = at + 1; i < MANY; i++) {
		CHECK_EQ(page_word(page[i]), PAGE_ALLOCATED(0));
		__free_page(page[i]);
	}
}

static void what_is_no_page_ends_the_walk(void)
{
	static struct page mine;
	struct page *before = alloc_page(GFP_KERNEL), *after = alloc_page(GFP_KERNEL);
	uint32_t bad = vm_events(BAD_FREE);
	struct list_head list;

	REQUIRE(before && after);
	mine.word = PAGE_ALLOCATED(0);
	INIT_LIST_HEAD(&list);
	list_add(&before->lru, list.prev);
	list_add(&mine.lru, list.prev);
	list_add(&after->lru, list.prev);
	free_unref_page_list(&list);
	CHECK_EQ(vm_events(BAD_FREE) - bad, 1);
	CHECK_EQ(page_count(before), 0);
	CHECK_EQ(page_count(after), 1);
	/* its owner wrote to the words that are the links */
	list_add(&after->lru, &list);
	after->mapping = &mine;
	after->index = 7;
	free_unref_page_list(&list);
	CHECK_EQ(vm_events(BAD_FREE) - bad, 2);
	CHECK_EQ(page_count(after), 1);
	__free_page(after);
}

#ifdef TEST_HOST

static void memory_ends_in_the_middle_of_a_list(void)
{
	struct list_head all, more;
	unsigned nr;

	INIT_LIST_HEAD(&all);
	INIT_LIST_HEAD(&more);
	nr = alloc_pages_bulk_list(GFP_KERNEL | __GFP_NOWARN, ~0U, &all);
	CHECK(nr > 0 && nr <= nr_managed_pages());
	CHECK_EQ(length(&all), nr);
	CHECK_EQ(alloc_pages_bulk_list(GFP_KERNEL | __GFP_NOWARN, 3, &more), 0);
	CHECK_EQ(length(&more), 0);
	CHECK(!alloc_pages_exact(PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN));
	free_unref_page_list(&all);
}

static void exact_until_null(void)
{
	size_t bytes = 2 * PAGE_SIZE + 1; /* of a block of four one comes back */
	struct page *head = NULL, *page;
	unsigned long nr = 0;
	void *p;

	while ((p = alloc_pages_exact(bytes, __GFP_MEMALLOC | __GFP_NOWARN))) {
		page = virt_to_page(p);
		page->priv = (uintptr_t)head;
		head = page;
		nr += 3;
	}
	CHECK_EQ(nr_managed_pages() - nr, pages_left());
	for (; head; head = page) {
		page = (struct page *)head->priv;
		free_pages_exact(page_address(head), bytes);
	}
}

static void refusals_name_the_caller(void)
{
	if (!BUDDY_MISUSE_REPORT) {
		test_skip("needs BUDDY_MISUSE_REPORT");
		return;
	}
	char *p = alloc_pages_exact(1, GFP_KERNEL);

	REQUIRE(p);
	host_log_clear();
	free_pages_exact(p, 0);
	CHECK_EQ(host_log_lines(), 1);
	CHECK(host_log_has("free_pages_exact: 0 bytes at 0x"));
	CHECK(host_log_has(" from 0x"));
	free_pages_exact(p, 1);
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(exact_takes_the_pages_and_no_more),
	TEST(exact_goes_up_to_the_largest_block),
	TEST(absurd_bytes_are_refused),
	TEST(exact_heeds_the_flags),
	TEST(exact_pages_are_single_ones),
	TEST(wrong_bytes_free_no_page_twice),
	TEST(a_list_grows_by_what_was_asked_for),
	TEST(what_was_on_the_list_stays_in_front),
	TEST(a_list_is_zeroed_when_asked),
	TEST(wrong_flags_give_no_list),
	TEST(a_refused_page_does_not_stop_the_rest),
	TEST(references_keep_pages_of_a_list),
	TEST(a_free_page_ends_the_walk),
	TEST(what_is_no_page_ends_the_walk),
#ifdef TEST_HOST
	TEST(memory_ends_in_the_middle_of_a_list),
	TEST(exact_until_null),
	TEST(refusals_name_the_caller),
#endif
};
TEST_SUITE(exact, cases);
