// SPDX-License-Identifier: MIT
// NEEDS: HIGHMEM
/*
 * Pages without a permanent mapping: how they are reached, in which order that is
 * undone, and that nothing beside them is touched.  Written from highmem.h.
 *
 * On the target all memory may have its mapping; there only the permanent half runs.
 */
#include <string.h>

#include <buddy/highmem.h>
#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

/*
 * Of what clear and copy do at the edges; both sides of the page are other pages of the
 * block.
 */
static void copies_stay_in(struct page *page)
{
	static unsigned char from[PAGE_SIZE], to[PAGE_SIZE];
	static const struct {
		size_t offset, len;
	} piece[] = {
		{0, PAGE_SIZE}, {0, 1}, {PAGE_SIZE - 1, 1},	  {PAGE_SIZE, 0},
		{0, 0},		{1, 7}, {PAGE_SIZE / 2 - 3, 101},
	};

	for (unsigned i = 0; i < PAGE_SIZE; i++)
		from[i] = (unsigned char)(i * 7 + 1);
	for (unsigned i = 0; i < sizeof(piece) / sizeof(piece[0]); i++) {
		size_t at = piece[i].offset, end = at + piece[i].len;

		clear_highpage(page);
		memcpy_to_page(page, at, from, piece[i].len);
		memset(to, 0xee, sizeof(to));
		memcpy_from_page(to, page, 0, PAGE_SIZE);
		for (size_t k = 0; k < PAGE_SIZE; k++)
			if (to[k] != (k >= at && k < end ? from[k - at] : 0))
				check_failed(__FILE__, __LINE__, "a byte is not what was written");
		memset(to, 0xee, sizeof(to));
		memcpy_from_page(to, page, at, piece[i].len);
		CHECK(!memcmp(to, from, piece[i].len));
		CHECK(end - at == PAGE_SIZE || to[end - at] == 0xee);
	}
}

static void permanent_pages_keep_their_address(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	char *addr;

	REQUIRE(page);
	CHECK(!PageHighMem(page));
	addr = kmap_local_page(page);
	CHECK(addr == page_address(page));
	/* as often and in whatever order: nothing is undone */
	CHECK(kmap_local_page(page) == addr);
	kunmap_local(addr + PAGE_SIZE - 1);
	kunmap_local(addr);
	kunmap_local(addr);
	__free_page(page);
}

static void copies_of_permanent_pages_stay_in(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	REQUIRE(page);
	fill_block(page, 0, 5);
	fill_block(page + 2, 0, 5);
	fill_block(page + 1, 0, 6);
	copies_stay_in(page + 1);
	CHECK(verify_block(page, 0, 5));
	CHECK(verify_block(page + 2, 0, 5));
	__free_pages(page, 2);
}

#ifdef TEST_HOST

#define DEEPEST 16 /* the host port's KMAP_LOCAL_MAX */

static const struct geometry half = {
	.ram = {{0x60000000, 64 << 20, 0}},
	.limits = {.highmem_start = 0x62000000},
};

/* A block of four in highmem, which may be touched. */
static struct page *highmem_block(void)
{
	struct page *page = alloc_pages(GFP_HIGHUSER, 2);

	if (page)
		host_unpoison_phys((uint64_t)page_to_pfn(page) << PAGE_SHIFT, 4 * PAGE_SIZE);
	return page;
}

static void highmem_is_mapped_where_it_is_needed(void)
{
	struct page *page;
	char *addr;

	CHECK_EQ(start(&half), 0);
	page = highmem_block();
	REQUIRE(page);
	CHECK(PageHighMem(page) && PageHighMem(page + 3));
	CHECK(!page_address(page));
	addr = kmap_local_page(page);
	REQUIRE(addr);
	memset(addr, 0x5a, PAGE_SIZE);
	kunmap_local(addr + PAGE_SIZE - 1); /* any address of it */
	addr = kmap_local_page(page);
	CHECK_EQ(addr[0], 0x5a);
	CHECK_EQ(addr[PAGE_SIZE - 1], 0x5a);
	kunmap_local(addr);
	CHECK_EQ(host_cpus[0].nr_kmaps, 0);
	__free_pages(page, 2);
}

static void the_border_is_where_it_was_set(void)
{
	CHECK_EQ(start(&half), 0);
	CHECK(!PageHighMem(pfn_to_page((0x62000000 >> PAGE_SHIFT) - 1)));
	CHECK(PageHighMem(pfn_to_page(0x62000000 >> PAGE_SHIFT)));
	CHECK(PageHighMem(pfn_to_page(0x63ffffff >> PAGE_SHIFT)));
}

static void copies_of_highmem_stay_in(void)
{
	struct page *page;
	char *side;

	CHECK_EQ(start(&half), 0);
	page = highmem_block();
	REQUIRE(page);
	for (int i = 0; i < 3; i += 2) {
		side = kmap_local_page(page + i);
		memset(side, 0x77, PAGE_SIZE);
		kunmap_local(side);
	}
	copies_stay_in(page + 1);
	CHECK_EQ(host_cpus[0].nr_kmaps, 0);
	for (int i = 0; i < 3; i += 2) {
		side = kmap_local_page(page + i);
		for (unsigned long k = 0; k < PAGE_SIZE; k++)
			if (side[k] != 0x77)
				check_failed(__FILE__, __LINE__, "a page beside it was touched");
		kunmap_local(side);
	}
	__free_pages(page, 2);
}

static void mappings_nest(void)
{
	struct page *page, *low;
	void *addr[DEEPEST];

	CHECK_EQ(start(&half), 0);
	page = highmem_block();
	low = alloc_page(GFP_KERNEL);
	REQUIRE(page && low);
	for (unsigned i = 0; i < DEEPEST; i++) {
		addr[i] = kmap_local_page(page + i % 4);
		kunmap_local(kmap_local_page(low)); /* takes no place */
	}
	CHECK_EQ(host_cpus[0].nr_kmaps, DEEPEST);
	for (unsigned i = DEEPEST; i--;)
		kunmap_local(addr[i]);
	CHECK_EQ(host_cpus[0].nr_kmaps, 0);
	__free_pages(page, 2);
	__free_page(low);
}

static struct page *handlers;

static void map_in_a_handler(unsigned cpu)
{
	void *addr = kmap_local_page(handlers + 1);

	(void)cpu;
	kunmap_local(addr);
}

static void a_handler_undoes_its_own(void)
{
	void *addr;

	CHECK_EQ(start(&half), 0);
	handlers = highmem_block();
	REQUIRE(handlers);
	host_irq_set_handler(map_in_a_handler);
	host_irq_set_rate(1, 1);
	addr = kmap_local_page(handlers);
	port_irq_restore(port_irq_save());
	kunmap_local(addr);
	host_irq_set_rate(0, 1);
	CHECK(host_cpus[0].nr_irqs > 0);
	__free_pages(handlers, 2);
}

static void undo_the_first_of_two(void *arg)
{
	struct page *page = arg;
	void *first = kmap_local_page(page);

	kmap_local_page(page + 1);
	kunmap_local(first);
}

static void undo_twice(void *arg)
{
	void *addr = kmap_local_page(arg);

	kunmap_local(addr);
	kunmap_local(addr);
}

static void map_too_many(void *arg)
{
	for (unsigned i = 0; i <= DEEPEST; i++)
		kmap_local_page(arg);
}

#ifdef BUDDY_DEBUG

static char buffer[8];

static void write_past_the_end(void *arg)
{
	memcpy_to_page(arg, PAGE_SIZE - 4, buffer, 5);
}

static void read_past_the_end(void *arg)
{
	memcpy_from_page(buffer, arg, PAGE_SIZE + 1, 0);
}

static void write_absurdly_much(void *arg)
{
	memcpy_to_page(arg, 8, buffer, SIZE_MAX - 4);
}

#endif /* BUDDY_DEBUG */

static void misuse_panics(void)
{
	static const struct {
		void (*fn)(void *arg);
		const char *says;
	} wrong[] = {
		{undo_the_first_of_two, "not mapped last"},
		{undo_twice, "not mapped last"},
		{map_too_many, "more than 16"},
#ifdef BUDDY_DEBUG
		{write_past_the_end, "offset"},
		{read_past_the_end, "offset"},
		{write_absurdly_much, "offset"},
#endif
	};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CHECK_EQ(start(&half), 0);
		if (!host_panics(wrong[i].fn, highmem_block()) ||
		    !strstr(host_panic_text(), wrong[i].says))
			check_failed(__FILE__, __LINE__, wrong[i].says);
	}
	CHECK_EQ(start(&half), 0);
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(permanent_pages_keep_their_address),
	TEST(copies_of_permanent_pages_stay_in),
#ifdef TEST_HOST
	TEST(highmem_is_mapped_where_it_is_needed),
	TEST(the_border_is_where_it_was_set),
	TEST(copies_of_highmem_stay_in),
	TEST(mappings_nest),
	TEST(a_handler_undoes_its_own),
	TEST(misuse_panics),
#endif
};
TEST_SUITE(highmem, cases);
