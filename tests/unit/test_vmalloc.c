// SPDX-License-Identifier: MIT
// NEEDS: VMALLOC
/*
 * vmalloc: areas and their guards, addresses that come back, failures that lose nothing,
 * wrong frees, vmap().
 *
 * Not here: pages that move (test_vmalloc_move.c); the end of a run by a wrong access on the
 * target (tests/target/crash.py).
 */
#include <stdio.h>
#include <string.h>

#ifdef TEST_HOST
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "vmalloc_fixture.h"

/* ---- areas ----------------------------------------------------------------------- */

static void sizes_are_rounded_up_and_guarded(void)
{
	static const unsigned pages[] = {1, 1, 2, 3, 16, 17, 64, 200};
	size_t bytes[] = {1,
			  PAGE_SIZE,
			  PAGE_SIZE + 1,
			  3 * PAGE_SIZE - 5,
			  16 * PAGE_SIZE,
			  17 * PAGE_SIZE,
			  64 * PAGE_SIZE,
			  200 * PAGE_SIZE};
	struct vmalloc_info before, info;
	char *area[8];
	unsigned sum = 0;

	begin();
	vmalloc_info(&before);
	for (unsigned i = 0; i < 8; i++) {
		area[i] = vmalloc(bytes[i]);
		REQUIRE(area[i]);
		CHECK_EQ((uintptr_t)area[i] & (PAGE_SIZE - 1), 0);
		CHECK(is_vmalloc_addr(area[i]) && is_vmalloc_addr(area[i] + bytes[i] - 1));
		fill(area[i], pages[i], i);
		sum += pages[i];
	}
	vmalloc_info(&info);
	CHECK_EQ(info.nr_areas - before.nr_areas, 8);
	CHECK_EQ(info.nr_pages - before.nr_pages, sum);
	CHECK_EQ(before.free_pages - info.free_pages, sum + 8);
	for (unsigned i = 0; i < 8; i++) {
		CHECK(verify(area[i], pages[i], i));
		CHECK(!mapped(area[i] - PAGE_SIZE));
		CHECK(!mapped(area[i] + pages[i] * PAGE_SIZE));
		for (unsigned n = 0; n < pages[i]; n++)
			CHECK(mapped(area[i] + n * PAGE_SIZE));
	}
	for (unsigned i = 0; i < 8; i++)
		vfree(area[i]);
	for (unsigned i = 0; i < 8; i++)
		CHECK(!mapped(area[i]));
	vmalloc_info(&info);
	CHECK(!memcmp(&info, &before, sizeof(info)));
	vfree(NULL);
}

static void what_has_no_size_or_no_room_is_refused(void)
{
	struct vmalloc_info info;
	int on_stack;

	begin();
	vmalloc_info(&info);
	CHECK(!vmalloc(0));
	CHECK(!vmalloc(SIZE_MAX));
	CHECK(!vmalloc((info.largest_free_pages + 1) * PAGE_SIZE));
	CHECK(!vmap(NULL, 0));
	CHECK(!is_vmalloc_addr(&on_stack) && !is_vmalloc_addr(NULL));
	CHECK(!vmalloc_get_page(&on_stack));
	CHECK_EQ(vmalloc_init(NULL, 4 * PAGE_SIZE), -EINVAL);
	CHECK_EQ(vmalloc_init((void *)(16 * PAGE_SIZE + 1), 4 * PAGE_SIZE), -EINVAL);
	CHECK_EQ(vmalloc_init((void *)(16 * PAGE_SIZE), 2 * PAGE_SIZE), -EINVAL);
}

static void vzalloc_is_zero_even_where_pages_were_used(void)
{
	const uint32_t *p;
	char *area;

	begin();
	area = vmalloc(40 * PAGE_SIZE);
	REQUIRE(area);
	memset(area, 0xff, 40 * PAGE_SIZE);
	vfree(area);
	p = vzalloc(40 * PAGE_SIZE);
	REQUIRE(p);
	for (unsigned i = 0; i < 40 * WORDS; i++)
		if (p[i]) {
			CHECK_EQ(p[i], 0);
			break;
		}
	vfree(p);
}

static void addresses_come_back(void)
{
	char *a, *b, *c;

	begin();
	a = vmalloc(3 * PAGE_SIZE);
	b = vmalloc(5 * PAGE_SIZE);
	c = vmalloc(2 * PAGE_SIZE);
	REQUIRE(a && b && c);
	vfree(b);
	CHECK(vmalloc(5 * PAGE_SIZE) == b);
	vfree(a);
	CHECK(vmalloc(3 * PAGE_SIZE) == a);
	vfree(a);
	vfree(b);
	vfree(c);
}

/* A request in the middle of which memory runs out, at each place. */
static void a_failure_anywhere_loses_nothing(void)
{
	if (!BUDDY_DEBUG_HOOKS) {
		test_skip("needs BUDDY_DEBUG_HOOKS");
		return;
	}
	struct vmalloc_info before, info;
	unsigned failures = 0;
	char text[32];
	void *area;

	begin();
	vmalloc_info(&before);
	for (unsigned after = 0; after < 40; after++) {
		/* Each one from then on, but for those of a context that must not fail. */
		snprintf(text, sizeof(text), "1,100,%u,-1", after);
		REQUIRE(!mm_debug_set("fail_page_alloc", text));
		area = __vmalloc(33 * PAGE_SIZE,
				 GFP_KERNEL | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_NOWARN);
		mm_debug_set("fail_page_alloc", "0");
		failures += !area;
		vfree(area);
		vmalloc_info(&info);
		CHECK(!memcmp(&info, &before, sizeof(info)));
		check_all_free();
	}
	CHECK(failures >= 32 && failures < 40);
}

/* ---- wrong frees ------------------------------------------------------------------- */

static void wrong_frees_are_refused(void)
{
	struct page *page = NULL;
	char *area, *map;
	int on_stack;

	begin();
	page = alloc_page(GFP_KERNEL);
	area = vmalloc(4 * PAGE_SIZE);
	map = vmap(&page, 1);
	REQUIRE(page && area && map);
	fill(area, 4, 7);
	CHECK_REFUSED(vfree(area + 1));
	CHECK_REFUSED(vfree(area + PAGE_SIZE));
	CHECK_REFUSED(vfree(area - PAGE_SIZE));
	CHECK_REFUSED(vfree(area + 4 * PAGE_SIZE));
	CHECK_REFUSED(vfree(&on_stack));
	CHECK_REFUSED(vfree(page_address(page)));
	CHECK_REFUSED(vfree(map));
	CHECK_REFUSED(vunmap(area));
	CHECK_REFUSED(vunmap(page_address(page)));
	CHECK(verify(area, 4, 7));
	CHECK(mapped(map));
	vfree(area);
	CHECK_REFUSED(vfree(area));
	vunmap(map);
	CHECK_REFUSED(vunmap(map));
	__free_page(page);
}

/* ---- vmap --------------------------------------------------------------------------- */

static void vmap_shows_the_callers_pages(void)
{
	struct page *block, *pages[4];
	struct page *got;
	uint32_t *map;

	begin();
	block = alloc_pages(GFP_KERNEL, 1);
	pages[0] = alloc_page(GFP_KERNEL);
	REQUIRE(block && pages[0]);
	for (unsigned i = 0; i < 2; i++)
		pages[1 + i] = block + 1 - i;
	pages[3] = pages[0]; /* twice */
	map = vmap(pages, 4);
	REQUIRE(map);
	fill(map, 3, 9);
	for (unsigned i = 0; i < 3; i++)
		CHECK(!memcmp(page_address(pages[i]), map + i * WORDS, PAGE_SIZE));
	map[3 * WORDS + 3] = 77;
	CHECK_EQ(map[3], 77);
	got = vmalloc_get_page(map);
	CHECK(!got);
	CHECK(!mapped((char *)map + 4 * PAGE_SIZE));
	vunmap(map);
	CHECK(!mapped(map));
	CHECK_EQ(page_count(pages[0]), 1);
	__free_page(pages[0]);
	__free_pages(block, 1);
}

static void vmap_refuses_what_could_go_away(void)
{
	struct page *ok, *pages[2];
	char *area;

	begin();
	area = vmalloc(1);
	ok = alloc_page(GFP_KERNEL);
	REQUIRE(area && ok);
	pages[0] = ok;
	pages[1] = vmalloc_get_page(area);
	CHECK_REFUSED(CHECK(!vmap(pages, 2)));
	put_page(pages[1]);
	vfree(area);
	pages[1] = NULL;
	CHECK_REFUSED(CHECK(!vmap(pages, 2)));
	pages[1] = (struct page *)((char *)ok + 1);
	CHECK_REFUSED(CHECK(!vmap(pages, 2)));
	__free_page(ok);
	pages[1] = ok;
	CHECK_REFUSED(CHECK(!vmap(pages + 1, 1)));
}

/* ---- the host alone ------------------------------------------------------------------ */

#ifdef TEST_HOST

static void the_guards_fault(void)
{
	char *area;

	begin();
	area = vmalloc(2 * PAGE_SIZE);
	REQUIRE(area);
	CHECK(touch_faults(area - 1, false));
	CHECK(!touch_faults(area, false));
	CHECK(!touch_faults(area + 2 * PAGE_SIZE - 1, false));
	CHECK(touch_faults(area + 2 * PAGE_SIZE, false));
	vfree(area);
	CHECK(touch_faults(area, false));
}

/* What the port's handler does not know ends the program as if it were not there. */
static void a_wrong_access_is_still_the_end(void)
{
	int status = 0;
	char *area;
	pid_t child;

	begin();
	area = vmalloc(PAGE_SIZE);
	REQUIRE(area);
	fflush(stdout);
	child = fork();
	if (!child) {
		close(2);
		area[PAGE_SIZE] = 1;
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(!(WIFEXITED(status) && WEXITSTATUS(status) == 0));
	vfree(area);
}

static void no_page_tables_no_area(void)
{
	struct vmalloc_info before, info;
	struct page *page;

	begin();
	page = alloc_page(GFP_KERNEL);
	vmalloc_info(&before);
	host_vmap_fail_prepare(true);
	CHECK(!vmalloc(5 * PAGE_SIZE));
	CHECK(!vmap(&page, 1));
	host_vmap_fail_prepare(false);
	vmalloc_info(&info);
	CHECK(!memcmp(&info, &before, sizeof(info)));
	__free_page(page);
}

static void areas_in_use_keep_the_window(void)
{
	char *area;

	begin();
	area = vmalloc(1);
	CHECK_EQ(vmalloc_init(area, 16 * PAGE_SIZE), -EINVAL);
	CHECK(host_log_has("1 areas are in use"));
	vfree(area);
}

static void the_window_can_be_filled_to_the_last_page(void)
{
	static char *area[HOST_WIN];
	struct vmalloc_info info;
	unsigned nr = 0;

	begin();
	while ((area[nr] = vmalloc(1)))
		nr++;
	/* Page 0 is never mapped; each area has a guard. */
	CHECK_EQ(nr, (HOST_WIN - 1) / 2);
	vmalloc_info(&info);
	CHECK_EQ(info.free_pages, (HOST_WIN - 1) % 2);
	CHECK_EQ(info.largest_free_pages, 0);
	for (unsigned i = 0; i < nr; i += 2) {
		vfree(area[i]);
		area[i] = NULL;
	}
	vmalloc_info(&info);
	CHECK(info.free_pages >= nr);
	CHECK(info.largest_free_pages <= 2);
	CHECK(!vmalloc(3 * PAGE_SIZE));
	vfree(area[101]);
	area[101] = vmalloc(5 * PAGE_SIZE);
	CHECK(area[101] == area[99] + 2 * PAGE_SIZE);
	for (unsigned i = 0; i < nr; i++)
		vfree(area[i]);
	vmalloc_info(&info);
	CHECK_EQ(info.largest_free_pages, HOST_WIN - 2);
	CHECK_EQ(info.nr_areas, 0);
	/* The records of so many areas were more than at the start: they stay. */
	fixture_count();
}

/* What the tree of areas says against a map of the window's pages. */
static void addresses_agree_with_a_map(void)
{
	static uint8_t used[HOST_WIN + 1];
	static struct {
		char *addr;
		unsigned pages;
	} a[300];
	struct rng rng = rng_seed((uint32_t)test_option("seed", 1));
	struct vmalloc_info info;
	struct page *one;
	char *base;

	begin();
	memset(used, 0, sizeof(used));
	memset(a, 0, sizeof(a));
	one = alloc_page(GFP_KERNEL);
	base = vmap(&one, 1);
	REQUIRE(base);
	base -= PAGE_SIZE;
	vunmap(base + PAGE_SIZE);
	used[0] = 1;
	for (unsigned ops = 0; ops < 6000 && !test_has_failed(); ops++) {
		unsigned i = rng_below(&rng, 300), run = 0, longest = 0, nr_free = 0;
		struct page *pages[24];

		if (a[i].addr) {
			memset(used + (a[i].addr - base) / PAGE_SIZE, 0, a[i].pages + 1);
			vunmap(a[i].addr);
			a[i].addr = NULL;
		} else {
			unsigned n = a[i].pages = 1 + rng_below(&rng, rng_below(&rng, 24) + 1);
			unsigned at;

			for (unsigned k = 0; k < n; k++)
				pages[k] = one;
			vmalloc_info(&info);
			a[i].addr = vmap(pages, n);
			CHECK(!a[i].addr == (info.largest_free_pages < n));
			at = a[i].addr ? (unsigned)((a[i].addr - base) / PAGE_SIZE) : 0;
			for (unsigned k = 0; a[i].addr && k <= n; k++) {
				CHECK_EQ(used[at + k], 0);
				used[at + k] = 1;
			}
		}
		for (unsigned k = 0; k < HOST_WIN; k++) {
			run = used[k] ? 0 : run + 1;
			longest = run > longest ? run : longest;
			nr_free += !used[k];
		}
		vmalloc_info(&info);
		CHECK_EQ(info.free_pages, nr_free);
		CHECK_EQ(info.largest_free_pages, longest ? longest - 1 : 0);
	}
	for (unsigned i = 0; i < 300; i++)
		if (a[i].addr)
			vunmap(a[i].addr);
	__free_page(one);
	fixture_count();
}

#endif

static const struct test_case cases[] = {
	TEST(sizes_are_rounded_up_and_guarded),
	TEST(what_has_no_size_or_no_room_is_refused),
	TEST(vzalloc_is_zero_even_where_pages_were_used),
	TEST(addresses_come_back),
	TEST(a_failure_anywhere_loses_nothing),
	TEST(wrong_frees_are_refused),
	TEST(vmap_shows_the_callers_pages),
	TEST(vmap_refuses_what_could_go_away),
#ifdef TEST_HOST
	TEST(the_guards_fault),
	TEST(a_wrong_access_is_still_the_end),
	TEST(no_page_tables_no_area),
	TEST(areas_in_use_keep_the_window),
	TEST(the_window_can_be_filled_to_the_last_page),
	TEST(addresses_agree_with_a_map),
#endif
};
TEST_SUITE(vmalloc, cases);
