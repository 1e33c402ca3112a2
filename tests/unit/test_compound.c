// SPDX-License-Identifier: MIT
/*
 * Compound pages, their destructors, and split_page(): what they say of every page of a
 * block, what is refused, and what others see meanwhile.  Written from mm.h.
 */
#include <string.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

static struct page *alloc_compound(unsigned order)
{
	return alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_NOWARN, order);
}

/* Refused: BAD_ALLOC, and the word is what it was. */
#define CHECK_NOT_DONE(page_, stmt)                              \
	do {                                                     \
		uint32_t bad_ = vm_events(BAD_ALLOC);            \
		uint32_t word_ = (page_) ? page_word(page_) : 0; \
                                                                 \
		stmt;                                            \
		CHECK_EQ(vm_events(BAD_ALLOC) - bad_, 1);        \
		CHECK_EQ((page_) ? page_word(page_) : 0, word_); \
	} while (0)

static void every_page_leads_to_the_first(void)
{
	for (unsigned order = 1; order <= MAX_ORDER; order++) {
		struct page *page = alloc_compound(order);

		if (!page)
			continue; /* a machine of 8 MiB may have no such block */
		CHECK_EQ(page_word(page), PAGE_ALLOCATED(order) | PAGE_COMP);
		CHECK(PageHead(page) && !PageTail(page) && PageCompound(page));
		CHECK_EQ(compound_order(page), order);
		CHECK_EQ(compound_nr(page), 1UL << order);
		CHECK(compound_head(page) == page);
		for (unsigned long i = 1; i < 1UL << order; i++)
			if (compound_head(page + i) != page || PageHead(page + i) ||
			    !PageTail(page + i) || !PageCompound(page + i) ||
			    compound_order(page + i) || compound_nr(page + i) != 1)
				check_failed(__FILE__, __LINE__, "a tail is not a tail");
		put_page(page);
		CHECK(!PageCompound(page) && !PageTail(page + 1));
	}
}

static void is_alone(const struct page *page)
{
	CHECK(compound_head(page) == page);
	CHECK(!PageHead(page) && !PageTail(page) && !PageCompound(page));
	CHECK_EQ(compound_order(page), 0);
	CHECK_EQ(compound_nr(page), 1);
}

static void other_pages_are_alone(void)
{
	struct page *one = alloc_compound(0), *plain = alloc_pages(GFP_KERNEL, 1);
	struct page *cached = alloc_page(GFP_KERNEL);

	REQUIRE(one && plain && cached);
	is_alone(one); /* order 0 is no compound page */
	CHECK_EQ(page_word(one), PAGE_ALLOCATED(0));
	is_alone(plain);
	is_alone(plain + 1);
	__free_page(cached);
	is_alone(cached);
	is_alone(virt_to_page((void *)((uintptr_t)mem_map & ~(uintptr_t)(PAGE_SIZE - 1))));
	for (unsigned long i = 0; i < nr_map_pages; i += 61)
		if (page_word_state(page_word(compound_head(mem_map + i))) != PAGE_STATE_ALLOCATED)
			is_alone(mem_map + i);
	__free_page(one);
	__free_pages(plain, 1);
}

static void what_is_no_descriptor_is_alone(void)
{
	static struct page mine;

	mine.word = PAGE_ALLOCATED(1) | PAGE_COMP; /* it even looks right */
	is_alone(&mine);
	is_alone(mem_map + nr_map_pages);
	is_alone(mem_map - 1);
	is_alone(NULL);
	is_alone((struct page *)UINTPTR_MAX);
	is_alone((struct page *)((char *)mem_map + 4));
}

static void references_of_a_tail_are_the_blocks(void)
{
	for (unsigned order = 1; order <= MAX_ORDER && order < 8; order++) {
		struct page *page = alloc_compound(order);
		unsigned long free = nr_free_pages() + nr_pcp_pages();
		struct page *last;

		if (!page)
			continue;
		last = page + (1UL << order) - 1;
		get_page(last);
		get_page(page + 1);
		CHECK_EQ(page_count(page), 3);
		CHECK_EQ(page_word(last), 0);
		put_page(page);
		put_page(last);
		CHECK_EQ(page_count(page), 1);
		CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free);
		put_page(page + 1);
		CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free + (1UL << order));
		CHECK_REFUSED(put_page(page));
		CHECK_REFUSED(put_page(last));
	}
}

static void a_compound_page_is_freed_as_what_it_is(void)
{
	struct page *page = alloc_compound(1);

	REQUIRE(page);
	CHECK_REFUSED(__free_page(page));
	CHECK_REFUSED(__free_pages(page, MAX_ORDER > 1 ? 2 : 0));
	CHECK_REFUSED(__free_page(page + 1));
	CHECK(PageHead(page));
	__free_pages(page, 1);
	CHECK_REFUSED(__free_pages(page, 1));
}

/* ---- destructors ------------------------------------------------------- */

static struct page *destroyed;
static unsigned nr_destroyed;

static void note(struct page *page)
{
	/* whole, and the last reference is still there */
	CHECK_EQ(page_count(page), 1);
	CHECK(compound_head(page + 1) == page);
	destroyed = page;
	nr_destroyed++;
}

static void note_seven(struct page *page)
{
	note(page);
	nr_destroyed += 6;
}

static void register_both(void)
{
	CHECK_EQ(register_compound_page_dtor(1, note), 0);
	CHECK_EQ(register_compound_page_dtor(7, note_seven), 0);
	nr_destroyed = 0;
	destroyed = NULL;
}

static void the_destructor_comes_with_the_last_reference(void)
{
	register_both();
	for (unsigned order = 1; order <= MAX_ORDER; order++) {
		struct page *page = alloc_compound(order);

		if (!page)
			continue;
		nr_destroyed = 0;
		set_compound_page_dtor(page, 1);
		CHECK_EQ(page_word(page),
			 PAGE_ALLOCATED(order) | PAGE_COMP | 1U << PAGE_DTOR_SHIFT);
		CHECK_EQ(compound_order(page), order);
		get_page(page + 1);
		__free_pages(page, order); /* drops one */
		CHECK_EQ(nr_destroyed, 0);
		put_page(page + 1);
		CHECK_EQ(nr_destroyed, 1);
		CHECK(destroyed == page);
		CHECK_EQ(page_count(page), 0);
		CHECK_REFUSED(__free_pages(page, order));
		CHECK_EQ(nr_destroyed, 1);
	}
}

static void the_next_owner_has_no_destructor(void)
{
	struct page *page = alloc_compound(1);

	register_both();
	REQUIRE(page);
	set_compound_page_dtor(page, 7);
	__free_pages(page, 1);
	CHECK_EQ(nr_destroyed, 7);
	for (int i = 0; i < 8; i++) {
		page = alloc_compound(1);
		REQUIRE(page);
		CHECK_EQ(page_word(page), PAGE_ALLOCATED(1) | PAGE_COMP);
		__free_pages(page, 1);
	}
	CHECK_EQ(nr_destroyed, 7);
}

static void a_destructor_can_be_changed_and_taken_off(void)
{
	struct page *page = alloc_compound(1);

	register_both();
	REQUIRE(page);
	get_page(page);
	set_compound_page_dtor(page, 7);
	set_compound_page_dtor(page, 1);
	set_compound_page_dtor(page, 0);
	CHECK_EQ(page_word(page), (PAGE_ALLOCATED(1) | PAGE_COMP) + PAGE_REF_ONE);
	put_page(page);
	put_page(page);
	CHECK_EQ(nr_destroyed, 0);
}

static void destructors_are_one_to_seven(void)
{
	if (!BUDDY_MISUSE_REPORT) {
		test_skip("needs BUDDY_MISUSE_REPORT");
		return;
	}
	static const unsigned wrong[] = {8, 9, 16, 1U << 27, 1U << 31, ~0U};
	struct page *page = alloc_compound(1), *plain = alloc_pages(GFP_KERNEL, 1);
	struct page *one = alloc_page(GFP_KERNEL);

	register_both();
	REQUIRE(page && plain && one);
	CHECK_EQ(register_compound_page_dtor(0, note), -EINVAL);
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CHECK_EQ(register_compound_page_dtor(wrong[i], note), -EINVAL);
		CHECK_NOT_DONE(page, set_compound_page_dtor(page, wrong[i]));
	}
	CHECK_EQ(register_compound_page_dtor(5, NULL), 0);
	CHECK_NOT_DONE(page, set_compound_page_dtor(page, 5)); /* nobody registered it */
	CHECK_NOT_DONE(page + 1, set_compound_page_dtor(page + 1, 1));
	CHECK_NOT_DONE(plain, set_compound_page_dtor(plain, 1));
	CHECK_NOT_DONE(one, set_compound_page_dtor(one, 1));
	CHECK_NOT_DONE((struct page *)NULL, set_compound_page_dtor(NULL, 1));
	CHECK_NOT_DONE(page, set_compound_page_dtor(mem_map + nr_map_pages, 1));
#ifdef TEST_HOST
	CHECK(host_log_has("set_compound_page_dtor: "));
	CHECK(host_log_has("destructor 0 to 7 expected"));
#endif
	__free_pages(page, 1);
	CHECK_NOT_DONE(page, set_compound_page_dtor(page, 1));
	__free_pages(plain, 1);
	__free_page(one);
	CHECK_EQ(nr_destroyed, 0);
}

#define ROUNDS 2000

/* One CPU changes the destructor while the others count. */
static void count_and_change(unsigned cpu, void *arg)
{
	struct page *page = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (!cpu) {
			set_compound_page_dtor(page, i % 2 ? 1 : 7);
			continue;
		}
		get_page(page + (i & 1));
		if (compound_head(page + 1) != page)
			check_failed(__FILE__, __LINE__, "a tail lost its head");
		put_page(page + 1);
	}
}

static void references_survive_a_change_of_destructor(void)
{
	struct page *page = alloc_compound(1);

	register_both();
	REQUIRE(page);
	run_on_cpus(test_nr_cpus(), count_and_change, page);
	CHECK_EQ(page_word(page), PAGE_ALLOCATED(1) | PAGE_COMP | 1U << PAGE_DTOR_SHIFT);
	put_page(page + 1);
	CHECK_EQ(nr_destroyed, 1);
}

/* ---- split_page() -------------------------------------------------------- */

static void split_pages_are_freed_in_any_order(void)
{
	struct rng rng = rng_seed(11);

	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);
		unsigned long nr = 1UL << order, step;

		if (!page)
			continue;
		fill_block(page, order, order);
		split_page(page, order);
		for (unsigned long i = 0; i < nr; i++)
			if (page_word(page + i) != PAGE_ALLOCATED(0))
				check_failed(__FILE__, __LINE__, "not a single page");
		CHECK(verify_block(page, order, order));
		if (order)
			CHECK_REFUSED(__free_pages(page, order));
		step = rng_next(&rng) | 1; /* odd: meets every page once */
		for (unsigned long i = 0; i < nr; i++)
			__free_page(page + (i * step & (nr - 1)));
		check_all_free();
	}
}

static void single_pages_have_references_of_their_own(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1);

	REQUIRE(page);
	split_page(page, 1);
	get_page(page + 1);
	CHECK_EQ(page_count(page), 1);
	CHECK_EQ(page_count(page + 1), 2);
	put_page(page);
	put_page(page + 1);
	CHECK_EQ(page_count(page + 1), 1);
	put_page(page + 1);
}

static void accounted_pages_stay_accounted(void)
{
	struct page *page = alloc_pages(GFP_KERNEL_ACCOUNT, 1);
	uint32_t account;

	REQUIRE(page);
	account = page_word(page) & PAGE_ACCOUNT;
	CHECK_EQ(account, PAGE_ACCOUNT);
	split_page(page, 1);
	CHECK_EQ(page_word(page), PAGE_ALLOCATED(0) | account);
	CHECK_EQ(page_word(page + 1), PAGE_ALLOCATED(0) | account);
	__free_page(page);
	__free_page(page + 1);
	CHECK_EQ(vm_events(PGACCOUNT), vm_events(PGUNACCOUNT));
}

static void what_cannot_be_split_stays_whole(void)
{
	if (!BUDDY_MISUSE_REPORT) {
		test_skip("needs BUDDY_MISUSE_REPORT");
		return;
	}
	static struct page mine[2];
	struct page *page = alloc_pages(GFP_KERNEL, 1), *compound = alloc_compound(1);

	REQUIRE(page && compound);
	mine[0].word = PAGE_ALLOCATED(1);
	CHECK_NOT_DONE(page, split_page(page, 0));
	CHECK_NOT_DONE(page, split_page(page, 2));
	CHECK_NOT_DONE(page, split_page(page, MAX_ORDER + 1));
	CHECK_NOT_DONE(page, split_page(page, 31));
	CHECK_NOT_DONE(page, split_page(page, ~0U));
	CHECK_NOT_DONE(page + 1, split_page(page + 1, 0));
	CHECK_NOT_DONE(compound, split_page(compound, 1));
	CHECK_NOT_DONE(&mine[0], split_page(&mine[0], 1));
	CHECK_NOT_DONE((struct page *)NULL, split_page(NULL, 0));
	CHECK_NOT_DONE(page, split_page((struct page *)((char *)page + 4), 1));
	get_page(page);
	CHECK_NOT_DONE(page, split_page(page, 1)); /* another holder would lose a half */
	put_page(page);
#ifdef TEST_HOST
	host_log_clear();
	CHECK_NOT_DONE(page, split_page(page, 0));
	CHECK_EQ(host_log_lines(), 1);
	CHECK(host_log_has("split_page: page 0x"));
	CHECK(host_log_has(" from 0x"));
#endif
	__free_pages(page, 1);
	CHECK_NOT_DONE(page, split_page(page, 1));
	__free_pages(compound, 1);
}

/*
 * One CPU splits, another looks: a page is in the whole block or by itself.  Who looks takes
 * several glances for one answer, and finds no head when the split went by between them: then
 * it looks again.
 */
#define LOOK_ORDER (MAX_ORDER < 6 ? MAX_ORDER : 6)

struct look {
	struct page *page;
	struct test_barrier barrier;
};

static void split_or_look(unsigned cpu, void *arg)
{
	struct look *look = arg;
	unsigned long first = page_to_pfn(look->page), nr = 1UL << LOOK_ORDER;

	test_barrier_wait(&look->barrier, 2);
	if (!cpu) {
		split_page(look->page, LOOK_ORDER);
		return;
	}
	for (unsigned long i = 0; i < 4 * nr; i++) {
		unsigned long pfn = first + i % nr;
		struct page_use_info info;

		for (int again = 0; again < 1000; again++) {
			page_use(pfn, &info);
			if (info.use != PAGE_USE_HOLE)
				break;
		}
		if (info.use != PAGE_USE_ALLOCATED ||
		    info.nr_pages != (info.order ? first + nr - pfn : 1) ||
		    (info.order && info.order != LOOK_ORDER))
			check_failed(__FILE__, __LINE__, "a page of neither");
	}
}

static void a_split_shows_no_block_between(void)
{
	if (test_nr_cpus() < 2) {
		test_skip("one CPU");
		return;
	}
	for (int round = 0; round < 20; round++) {
		struct look look = {.page = alloc_pages(GFP_KERNEL, LOOK_ORDER)};

		REQUIRE(look.page);
		run_on_cpus(2, split_or_look, &look);
		for (unsigned long i = 0; i < 1UL << LOOK_ORDER; i++)
			__free_page(look.page + i);
	}
}

static const struct test_case cases[] = {
	TEST(every_page_leads_to_the_first),
	TEST(other_pages_are_alone),
	TEST(what_is_no_descriptor_is_alone),
	TEST(references_of_a_tail_are_the_blocks),
	TEST(a_compound_page_is_freed_as_what_it_is),
	TEST(the_destructor_comes_with_the_last_reference),
	TEST(the_next_owner_has_no_destructor),
	TEST(a_destructor_can_be_changed_and_taken_off),
	TEST(destructors_are_one_to_seven),
	TEST(references_survive_a_change_of_destructor),
	TEST(split_pages_are_freed_in_any_order),
	TEST(single_pages_have_references_of_their_own),
	TEST(accounted_pages_stay_accounted),
	TEST(what_cannot_be_split_stays_whole),
	TEST(a_split_shows_no_block_between),
};
TEST_SUITE(compound, cases);
