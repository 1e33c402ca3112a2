// SPDX-License-Identifier: MIT
/*
 * The smallest configuration (BUDDY_TINY=1): all of it, as its user sees it, and the
 * validator by damage done on purpose.
 */
#include <string.h>

#include <buddy/errno.h>
#include <buddy/init.h>
#include <buddy/port_selftest.h>
#include <mm/tiny.h>

#include "fixture_tiny.h"

/* ---- start-up ---------------------------------------------------------------- */

static void starts_in_what_it_is_given(void)
{
	CHECK_EQ(nr_managed_pages(), 1027 - 3); /* 8,216 bytes of descriptors: three pages */
	CHECK_EQ(nr_free_pages(), 1027 - 3);
	CHECK_EQ(sizeof(struct page), 8);
	CHECK_EQ(mm_init_range(TINY_BASE, TINY_BYTES, 0), -EPERM);
	CHECK(host_log_has("called twice"));
}

static void odd_ends_are_cut_off(void)
{
	REQUIRE(start_tiny(0x60000800, 16 * PAGE_SIZE, 0) == 0);
	CHECK_EQ(nr_managed_pages(), 15 - 1);
	CHECK_EQ(mem_map_pfn, 0x60001);
}

static void what_cannot_be_used_is_refused(void)
{
	CHECK_EQ(start_tiny(0x60000800, PAGE_SIZE, 0), -EINVAL);
	CHECK_EQ(start_tiny(0x60000000, PAGE_SIZE, 0), -ENOMEM);
	CHECK(host_log_has("no page is left beside the descriptors"));
	nr_map_pages = 0;
	CHECK_EQ(mm_init_range(0x60000000, 0, 0), -EINVAL);
	CHECK_EQ(mm_init_range(0x60000000, UINT64_MAX, 0), -EINVAL);
	REQUIRE(start_tiny(0x60000000, 2 * PAGE_SIZE, 4) == 0);
	CHECK_EQ(nr_managed_pages(), 1);
}

static void more_than_the_links_can_name_is_left_out(void)
{
	host_log_clear();
	REQUIRE(start_tiny(0x60000000, 65600 * (uint64_t)PAGE_SIZE, 0) == 0);
	CHECK_EQ(nr_map_pages, 65534);
	CHECK_EQ(mm_check(), 0);
	play_model(4, 2000);
}

/* ---- blocks ------------------------------------------------------------------- */

static void every_order_comes_aligned_and_whole(void)
{
	for (unsigned order = 0; order <= MAX_ORDER && order < 10; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		REQUIRE(page);
		CHECK_EQ(page_to_pfn(page) & ((1UL << order) - 1), 0);
		CHECK_EQ(nr_free_pages(), fixture_free_pages() - (1UL << order));
		CHECK(virt_to_page(page_address(page)) == page);
		fill_block(page, order, order);
		CHECK(verify_block(page, order, order));
		__free_pages(page, order);
		check_all_free();
	}
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER)); /* nowhere aligned */
}

static void zeroed_when_asked(void)
{
	char *addr;

	for (unsigned i = 0; i < 8; i++) {
		addr = (char *)__get_free_pages(GFP_KERNEL, 1);
		REQUIRE(addr);
		memset(addr, 0x5a, 2 * PAGE_SIZE);
		free_pages(addr, 1);
		addr = (char *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, 1);
		REQUIRE(addr);
		for (unsigned j = 0; j < 2 * PAGE_SIZE; j++)
			CHECK_EQ(addr[j], 0);
		free_pages(addr, 1);
	}
	addr = get_zeroed_page(GFP_KERNEL);
	REQUIRE(addr);
	CHECK_EQ(addr[PAGE_SIZE - 1], 0);
	free_page(addr);
}

static struct page *pages[1100];

/* Takes pages until there is none; what is left then. */
static unsigned long take_all(gfp_t gfp, unsigned *nr)
{
	struct page *page;

	while (*nr < 1100 && (page = alloc_page(gfp | __GFP_NOWARN)))
		pages[(*nr)++] = page;
	return nr_free_pages();
}

static void each_kind_of_request_leaves_its_share(void)
{
	unsigned nr = 0, mark;

	REQUIRE(start_tiny(TINY_BASE, TINY_BYTES, 256) == 0);
	mark = (256 << 10) / PAGE_SIZE;
	CHECK_EQ(tiny_zone.watermark, mark);
	CHECK_EQ(take_all(GFP_KERNEL, &nr), mark);
	CHECK_EQ(take_all(GFP_NOWAIT | __GFP_HIGH, &nr), mark / 2);
	CHECK_EQ(take_all(GFP_ATOMIC, &nr), mark / 2 - mark / 2 / 4);
	CHECK_EQ(take_all(GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOMEMALLOC, &nr),
		 mark / 2 - mark / 2 / 4);
	CHECK_EQ(take_all(GFP_NOWAIT | __GFP_MEMALLOC, &nr), 0);
	CHECK_EQ(mm_check(), 0);
	free_pages_bulk_array(nr, pages);
}

static void failures_are_counted_and_told(void)
{
	unsigned nr = 0;

	take_all(GFP_NOWAIT | __GFP_MEMALLOC, &nr);
	host_log_clear();
	CHECK_EQ(vm_events(PGALLOC_FAIL), 1);
	CHECK(!alloc_pages(GFP_NOWAIT, 3));
	CHECK_EQ(vm_events(PGALLOC_FAIL), 2);
	CHECK(host_log_has("page allocation failure: order:3"));
	CHECK(!alloc_page(GFP_NOWAIT));
	CHECK_EQ(host_log_lines(), 1);
	free_pages_bulk_array(nr, pages);
}

/* ---- out of memory --------------------------------------------------------------- */

static unsigned nr_oom, oom_gives;

static bool oom(unsigned order, uint32_t gfp)
{
	(void)order;
	(void)gfp;
	if (nr_oom++ < oom_gives)
		__free_page(pages[nr_oom]);
	return true;
}

static void who_may_wait_asks_for_memory(void)
{
	unsigned nr = 0;
	struct page *page;

	take_all(GFP_NOWAIT, &nr);
	host_oom_set_handler(oom);
	nr_oom = 0;
	oom_gives = 0;
	CHECK(!alloc_page(GFP_NOWAIT | __GFP_NOWARN));
	CHECK(!alloc_page(GFP_NOFS | __GFP_NOWARN));
	CHECK(!alloc_page(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN));
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, 4));
	CHECK_EQ(nr_oom, 0);
	CHECK(!alloc_page(GFP_KERNEL | __GFP_NOWARN));
	CHECK_EQ(nr_oom, 16);
	nr_oom = 0;
	oom_gives = 1;
	page = alloc_page(GFP_KERNEL);
	REQUIRE(page);
	CHECK_EQ(nr_oom, 1);
	pages[1] = page;
	free_pages_bulk_array(nr, pages);
}

static void take_nofail(void *arg)
{
	(void)arg;
	(void)alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 5);
}

static void nofail_takes_reserves_then_panics(void)
{
	unsigned nr = 0;

	take_all(GFP_NOWAIT, &nr);
	while (nr_free_pages() && nr < 1100) {
		pages[nr] = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
		REQUIRE(pages[nr]);
		nr++;
	}
	CHECK(host_panics(take_nofail, NULL));
	CHECK(strstr(host_panic_text(), "__GFP_NOFAIL, and nothing is left"));
	fixture_begin();
}

/* ---- misuse ------------------------------------------------------------------------- */

static void wrong_frees_are_refused(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);
	struct page copy = *page;

	CHECK_REFUSED(__free_pages(page, 1));
	CHECK_REFUSED(__free_pages(page, 3));
	CHECK_REFUSED(__free_pages(page, 16));
	CHECK_REFUSED(__free_pages(page, 18)); /* 2 in the bits of an order */
	CHECK_REFUSED(__free_page(page + 1));
	CHECK_REFUSED(put_page(page + 1));
	CHECK_REFUSED(__free_page(mem_map));
	CHECK(!BUDDY_MISUSE_REPORT || host_log_has("reserved page"));
	CHECK_REFUSED(__free_page(mem_map + nr_map_pages));
	CHECK_REFUSED(__free_page((struct page *)((char *)page + 1)));
	CHECK_REFUSED(__free_page(&copy));
	CHECK_REFUSED(get_page(&copy));
	CHECK_REFUSED(free_page((char *)page_address(page) + 1));
	CHECK_REFUSED(free_page(&copy));
	__free_pages(page, 2);
	CHECK_REFUSED(__free_pages(page, 2));
	CHECK_REFUSED(put_page(page));
	CHECK_REFUSED(get_page(page));
	__free_pages(NULL, 0);
	free_page(NULL);
	put_page(NULL);
}

static void both_halves_twice(void)
{
	struct page *a = alloc_page(GFP_KERNEL), *b = alloc_page(GFP_KERNEL);

	__free_page(a);
	__free_page(b);
	CHECK_REFUSED(__free_page(b));
	CHECK_REFUSED(__free_page(a));
	CHECK(!BUDDY_MISUSE_REPORT || host_log_has("from"));
}

static void wrong_requests_are_refused(void)
{
	uint32_t bad = vm_events(BAD_ALLOC);
	struct page *page;

	CHECK(!alloc_pages(GFP_KERNEL, MAX_ORDER + 1));
	CHECK(!alloc_pages(GFP_KERNEL | 0x80000000U, 0));
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_COMP, 1));
	CHECK(!__get_free_pages(GFP_KERNEL | __GFP_HIGHMEM, 0));
	split_page(mem_map, 0);
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, 5);
	page = alloc_page(GFP_KERNEL | __GFP_ATOMIC);
	REQUIRE(page);
	__free_page(page);
	page = alloc_page(GFP_NOWAIT | __GFP_NOFAIL);
	REQUIRE(page);
	__free_page(page);
	CHECK_EQ(vm_events(BAD_GFP), 2);
}

static void references_count(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1);

	REQUIRE(page);
	get_page(page);
	CHECK_EQ(page_count(page), 2);
	__free_pages(page, 1);
	CHECK_EQ(page_count(page), 1);
	CHECK_EQ(nr_free_pages(), fixture_free_pages() - 2);
	page->word |= PAGE_REF_MAX << PAGE_REF_SHIFT;
	CHECK_REFUSED(get_page(page));
	page->word = PAGE_ALLOCATED(1);
	put_page(page);
}

/* ---- by bytes and by array ------------------------------------------------------------ */

static void exact_takes_nothing_beyond(void)
{
	for (size_t bytes = 1; bytes <= 9 * PAGE_SIZE; bytes += PAGE_SIZE / 2) {
		unsigned long nr = (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
		void *addr = alloc_pages_exact(bytes, GFP_KERNEL);

		REQUIRE(addr);
		memset(addr, 1, bytes);
		CHECK_EQ(nr_free_pages(), fixture_free_pages() - nr);
		free_pages_exact(addr, bytes);
		check_all_free();
	}
	CHECK(!alloc_pages_exact(0, GFP_KERNEL));
	CHECK(!alloc_pages_exact((PAGE_SIZE << MAX_ORDER) + 1, GFP_KERNEL));
	CHECK_REFUSED(free_pages_exact(pages, 1));
	free_pages_exact(NULL, 1);
}

static void arrays_fill_their_gaps(void)
{
	struct page *some[40] = {NULL}, *mine = alloc_page(GFP_KERNEL);

	some[7] = mine;
	CHECK_EQ(alloc_pages_bulk_array(GFP_KERNEL, 40, some), 40);
	CHECK(some[7] == mine);
	CHECK_EQ(nr_free_pages(), fixture_free_pages() - 40);
	free_pages_bulk_array(40, some);
}

/* ---- everything at once ----------------------------------------------------------------- */

static void the_model_agrees(void)
{
	static const struct {
		uint64_t base, bytes;
	} memory[] = {
		{TINY_BASE, TINY_BYTES},
		{0x60000000, 4 << 20},
		{0x60000000, 2 * PAGE_SIZE},
		{0x60007000, 13 * PAGE_SIZE},
		{0x603ff000, (uint64_t)PAGE_SIZE * 1500},
		{0x7ffff000, 64 << 20},
	};

	for (uint32_t seed = 0; seed < 12; seed++) {
		REQUIRE(start_tiny(memory[seed % 6].base, memory[seed % 6].bytes,
				   seed / 6 ? 64 : 0) == 0);
		play_model(seed + 1, 4000);
	}
}

static void churn(unsigned cpu, void *arg)
{
	struct rng r = rng_seed(cpu + 1);
	struct page *mine[16] = {NULL};
	unsigned order[16];

	(void)arg;
	for (unsigned i = 0; i < 3000; i++) {
		unsigned j = rng_below(&r, 16);

		if (mine[j]) {
			if (!verify_block(mine[j], order[j], cpu))
				check_failed(__FILE__, __LINE__, "somebody else has it, too");
			__free_pages(mine[j], order[j]);
			mine[j] = NULL;
		} else {
			order[j] = rng_below(&r, 4);
			mine[j] = alloc_pages(GFP_NOWAIT | __GFP_NOWARN, order[j]);
			if (mine[j])
				fill_block(mine[j], order[j], cpu);
		}
		if (!(i % 512))
			CHECK_EQ(mm_check(), 0);
	}
	for (unsigned j = 0; j < 16; j++)
		if (mine[j])
			__free_pages(mine[j], order[j]);
}

static void cpus_share_it(void)
{
	run_on_cpus(4, churn, NULL);
	check_all_free();
}

/* ---- the validator ------------------------------------------------------------------------ */

/* *field is wrong: mm_check() says so, and no longer when it is right again. */
#define CHECK_DAMAGE(field, wrong)                    \
	do {                                          \
		__typeof__(field) was_ = (field);     \
                                                      \
		(field) = (__typeof__(field))(wrong); \
		CHECK(mm_check());                    \
		(field) = was_;                       \
		CHECK_EQ(mm_check(), 0);              \
	} while (0)

static void damage_is_found(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1), *free;
	unsigned order = (unsigned)__builtin_ctz(tiny_zone.nonempty);

	free = mem_map + tiny_zone.first[order];
	CHECK_DAMAGE(tiny_zone.nr_free, tiny_zone.nr_free + 1);
	CHECK_DAMAGE(tiny_zone.managed, tiny_zone.managed - 1);
	CHECK_DAMAGE(tiny_zone.nonempty, tiny_zone.nonempty & ~(1U << order));
	CHECK_DAMAGE(tiny_zone.nonempty, ~0U);
	CHECK_DAMAGE(tiny_zone.first[order], NO_PAGE);
	CHECK_DAMAGE(tiny_zone.first[order], nr_map_pages);
	CHECK_DAMAGE(free->prev, 1);
	CHECK_DAMAGE(free->next, free - mem_map);
	CHECK_DAMAGE(free->word, PAGE_ALLOCATED(order));
	CHECK_DAMAGE(free->word, PAGE_STATE_FREE | (order + 1));
	CHECK_DAMAGE(page->word, PAGE_ALLOCATED(0));
	CHECK_DAMAGE(page->word, PAGE_STATE_ALLOCATED | 1);
	CHECK_DAMAGE(page->word, PAGE_STATE_PCP | 1);
	CHECK_DAMAGE(page[1].word, PAGE_ALLOCATED(0));
	__free_pages(page, 1);
}

static void the_port_passes_its_selftest(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 2);

	REQUIRE(page);
	CHECK_EQ(buddy_port_selftest(page_address(page), 4, 0), 0);
	CHECK(buddy_port_selftest(page_address(page), 3, 0) == 1);
	CHECK(host_log_has("expected: at least 4, page aligned"));
	__free_pages(page, 2);
}

static const struct test_case cases[] = {
	TEST(starts_in_what_it_is_given),
	TEST(odd_ends_are_cut_off),
	TEST(what_cannot_be_used_is_refused),
	TEST(more_than_the_links_can_name_is_left_out),
	TEST(every_order_comes_aligned_and_whole),
	TEST(zeroed_when_asked),
	TEST(each_kind_of_request_leaves_its_share),
	TEST(failures_are_counted_and_told),
	TEST(who_may_wait_asks_for_memory),
	TEST(nofail_takes_reserves_then_panics),
	TEST(wrong_frees_are_refused),
	TEST(both_halves_twice),
	TEST(wrong_requests_are_refused),
	TEST(references_count),
	TEST(exact_takes_nothing_beyond),
	TEST(arrays_fill_their_gaps),
	TEST(the_model_agrees),
	TEST(cpus_share_it),
	TEST(damage_is_found),
	TEST(the_port_passes_its_selftest),
};
TEST_SUITE(tiny, cases);
