// SPDX-License-Identifier: MIT
// NEEDS: ORDER_10
// HOST ONLY
/*
 * Memory that begins at address 0, as on a Zynq: frame 0 is RAM as any other, and yet NULL
 * is an answer of its own.
 */
#include <buddy/check.h>
#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/peek.h"
#include "../harness/tap.h"

#define MIB (1ULL << 20)

/* RAM from 0 on: frame 0 is served and freed as any other, unless its address is NULL. */
static void frame_0_is_ram(void)
{
	static const struct geometry g = {.ram = {{0, 16 * MIB, 0}}};
	static struct page *pages[16 * MIB / PAGE_SIZE];
	unsigned nr = 0;
	bool seen = false;

	CHECK_EQ(start(&g), 0);
	while (nr < 16 * MIB / PAGE_SIZE && (pages[nr] = alloc_page(GFP_NOWAIT)) != NULL)
		seen |= page_to_pfn(pages[nr++]) == 0;
	CHECK(seen);
	while (nr)
		__free_page(pages[--nr]);
	drain_all_pages();
	CHECK_EQ(nr_free_pages(), nr_managed_pages());
	CHECK_EQ(mm_check(), 0);
}

static void a_page_whose_address_is_null_is_nobodys(void)
{
#if UINTPTR_MAX == UINT32_MAX
	/* This port's frames have addresses where host_map_phys() gave them some. */
	map_geometry(&(struct geometry){.ram = {{64 * MIB, 16 * MIB, 0}}});
	CHECK_EQ(memblock_add(0, PAGE_SIZE, 0), 0);
	CHECK_EQ(start_mm(&(struct mm_limits){.nr_cpus = 1}), 0);
	CHECK(memblock_is_region_reserved(0, PAGE_SIZE));
	CHECK_EQ(page_word(pfn_to_page(0)), PAGE_STATE_RESERVED);
#else
	test_skip("no frame of this machine has the address NULL");
#endif
}

static const struct test_case cases[] = {
	TEST(frame_0_is_ram),
	TEST(a_page_whose_address_is_null_is_nobodys),
};
TEST_SUITE(frame_0, cases);
