// SPDX-License-Identifier: MIT
// LINK: boot/memmap.c
/*
 * page_use() and the picture made of it: one screen whatever the memory, each
 * cell in its place, the colours only an addition.
 */
#include <string.h>

#include <buddy/buddy.h>

#include "boot/memmap.h"

#include "../harness/fixture.h"
#include "../harness/tap.h"

/* Walking all frames by page_use() finds every page once. */
static void page_use_accounts_for_every_page(void)
{
	static struct zone_info zone;
	struct page *page[PCP_MAX_ORDER + 1];
	unsigned long use[PAGE_USE_ALLOCATED + 1] = {0}, present = 0, managed = 0;
	struct page_use_info info;

	for (unsigned i = 0; i <= PCP_MAX_ORDER; i++)
		page[i] = alloc_pages(GFP_KERNEL, i);
	for (unsigned i = 0; zone_info(i, &zone); i++) {
		unsigned long pfn = zone.start_pfn, end = pfn + zone.spanned;

		present += zone.present;
		managed += zone.managed;
		while (pfn < end) {
			page_use(pfn, &info);
			REQUIRE(info.nr_pages);
			REQUIRE(info.nr_pages <= 1UL << info.order || info.use == PAGE_USE_HOLE);
			use[info.use] += info.nr_pages;
			pfn += info.nr_pages;
		}
	}
	CHECK_EQ(use[PAGE_USE_FREE], nr_free_pages());
	CHECK_EQ(use[PAGE_USE_PCP], nr_pcp_pages());
	CHECK(use[PAGE_USE_ALLOCATED] >= (2U << PCP_MAX_ORDER) - 1);
	CHECK_EQ(use[PAGE_USE_FREE] + use[PAGE_USE_PCP] + use[PAGE_USE_ALLOCATED], managed);
	CHECK_EQ(use[PAGE_USE_RESERVED], present - managed);
	for (unsigned i = 0; i <= PCP_MAX_ORDER; i++) {
		unsigned long pfn = page[i] ? page_to_pfn(page[i]) : 0;

		if (!page[i])
			continue;
		for (unsigned long p = 0; p < 1UL << i; p++) {
			page_use(pfn + p, &info);
			CHECK(info.use == PAGE_USE_ALLOCATED && info.order == i);
			CHECK_EQ(info.nr_pages, (1UL << i) - p);
		}
		__free_pages(page[i], i);
	}
}

#ifdef TEST_HOST

/* The picture in characters: rows[i] is 64 cells, address[i] the row's first byte. */
static char rows[16][65];
static unsigned long address[16];
static unsigned nr_rows, nr_lines;
static unsigned long cell_pages;

static unsigned long hex(const char *p)
{
	unsigned long n = 0;

	for (; (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f'); p++)
		n = n * 16 + (unsigned long)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
	return n;
}

/* Draws it, and reads it as one would; colours are taken out. */
static void draw(bool colour)
{
	const char *p;

	host_log_clear();
	memmap_show(colour);
	nr_rows = nr_lines = 0;
	cell_pages = 0;
	for (p = host_log_text(); *p;) {
		char line[81] = "";
		unsigned len = 0;

		while (*p && *p != '\n') {
			if (*p == '\x1b') {
				CHECK(colour);
				p += strcspn(p, "m") + 1;
				continue;
			}
			REQUIRE(len < 80);
			line[len++] = *p++;
		}
		p += *p == '\n';
		line[len] = '\0';
		nr_lines++;
		if (!strncmp(line, "one cell: ", 10)) {
			for (const char *d = line + 10; *d >= '0' && *d <= '9'; d++)
				cell_pages = cell_pages * 10 + (unsigned long)(*d - '0');
		}
		if (len == 8 + 2 + 64 + 1 && line[9] == '|') {
			REQUIRE(nr_rows < 16);
			address[nr_rows] = hex(line);
			memcpy(rows[nr_rows], line + 10, 64);
			rows[nr_rows++][64] = '\0';
		}
	}
	CHECK(nr_lines <= 23);
	CHECK(nr_rows >= 1);
	CHECK(cell_pages && !(cell_pages & (cell_pages - 1)));
}

static char cell_of(unsigned long pfn)
{
	for (unsigned i = 0; i < nr_rows; i++) {
		unsigned long first = address[i] >> PAGE_SHIFT;

		if (pfn >= first && pfn - first < 64 * cell_pages)
			return rows[i][(pfn - first) / cell_pages];
	}
	return '?';
}

/* Every page of RAM is somewhere on the screen, and in the right kind of cell. */
static void check_picture(void)
{
	static struct zone_info zone;
	struct page_use_info info;

	draw(false);
	for (unsigned i = 0; zone_info(i, &zone); i++) {
		unsigned long end = zone.start_pfn + zone.spanned;

		for (unsigned long pfn = zone.start_pfn; pfn < end; pfn += info.nr_pages) {
			char c = cell_of(pfn);

			page_use(pfn, &info);
			if (info.use == PAGE_USE_HOLE)
				continue;
			if (!strchr("UMRHAIumrhai:.,-~=cx", c))
				check_failed(__FILE__, __LINE__, "RAM has a cell");
			if (info.use == PAGE_USE_FREE && c && strchr("UMRHAI", c))
				check_failed(__FILE__, __LINE__, "a full cell has a free page");
			if (info.use == PAGE_USE_ALLOCATED && c && strchr(":.,-~=c", c))
				check_failed(__FILE__, __LINE__,
					     "a free cell has an allocated page");
		}
	}
}

static void every_size_fits_one_screen(void)
{
	static const unsigned mib[] = {8, 12, 16, 64, 100, 256, 1024};

	for (unsigned i = 0; i < sizeof(mib) / sizeof(mib[0]); i++) {
		struct geometry g = {
			.ram = {{0x60000000, (uint64_t)mib[i] << 20, 0}},
			.reserved = {{0x60000000, 64 << 10, 0}},
		};
		struct page *page;

		if (start(&g)) /* too small for blocks as large as these are built for */
			continue;
		page = alloc_page(GFP_KERNEL);
		check_picture();
		if (MAX_ORDER == 10 && PAGE_SHIFT == 12) {
			CHECK(nr_rows > 8 || mib[i] == 12 || mib[i] == 100);
			CHECK_EQ(cell_pages * 64 * 16 >= (unsigned long)mib[i] << 8, true);
		}
		__free_page(page);
	}
}

static void banks_far_apart_fit_one_screen(void)
{
	const struct geometry g = {
		.ram = {{0, 32 << 20, 0},
			{0x40000000, 32 << 20, 0},
			{0x80000000, 16 << 20, 0},
			{0xfe000000, 32 << 20, 0}},
	};

	if (start(&g))
		return;
	check_picture();
	CHECK(cell_of(0x20000000 >> PAGE_SHIFT) == '?' || cell_of(0x20000000 >> PAGE_SHIFT) == ' ');
	CHECK(strchr(":.,cx", cell_of(0xffffffffU >> PAGE_SHIFT)));
}

static void cells_show_state_and_mobility(void)
{
	struct page *movable, *unmovable, *reclaimable;

	movable = alloc_pages(GFP_USER | __GFP_MOVABLE, pageblock_order);
	unmovable = alloc_pages(GFP_KERNEL, pageblock_order);
	reclaimable = alloc_pages(GFP_KERNEL | __GFP_RECLAIMABLE, pageblock_order);
	REQUIRE(movable && unmovable && reclaimable);
	draw(false);
	if (cell_pages <= pageblock_nr_pages) {
		CHECK_EQ(cell_of(page_to_pfn(movable)), 'M');
		CHECK_EQ(cell_of(page_to_pfn(unmovable)), 'U');
		CHECK_EQ(cell_of(page_to_pfn(reclaimable)), 'R');
	}
	__free_pages(movable, pageblock_order);
	__free_pages(unmovable, pageblock_order);
	__free_pages(reclaimable, pageblock_order);
}

static void colour_changes_no_character(void)
{
	char plain[16][65];
	struct page *page = alloc_pages(GFP_KERNEL, PCP_MAX_ORDER);

	draw(false);
	CHECK(!strchr(host_log_text(), '\x1b'));
	memcpy(plain, rows, sizeof(plain));
	draw(true);
	CHECK(strchr(host_log_text(), '\x1b'));
	CHECK(!memcmp(plain, rows, sizeof(plain[0]) * nr_rows));
	__free_pages(page, PCP_MAX_ORDER);
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(page_use_accounts_for_every_page),
#ifdef TEST_HOST
	TEST(every_size_fits_one_screen),	TEST(banks_far_apart_fit_one_screen),
	TEST(cells_show_state_and_mobility),	TEST(colour_changes_no_character),
#endif
};
TEST_SUITE(memory_map, cases);
