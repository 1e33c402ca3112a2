/* SPDX-License-Identifier: MIT */
/*
 * What the tests of vmalloc share: a window, patterns, moves.
 *
 * On the host the window is small, so that it can be filled; on the target it is the
 * image's, whose records and page tables stay: both are there before the first count.
 */
#ifndef TESTS_VMALLOC_FIXTURE_H
#define TESTS_VMALLOC_FIXTURE_H

#include <buddy/buddy.h>
#include <mm/internal.h>

#ifndef TEST_HOST
#include <boot/vmap.h>
#endif

#include "../harness/fixture.h"
#include "../harness/fixture_priv.h"
#include "../harness/tap.h"

#define WORDS	 (PAGE_SIZE / sizeof(uint32_t))
#define NR_WARM	 120U
#define HOST_WIN 1024U /* pages */

/* Records and tables for all that a case needs at once. */
static inline void begin(void)
{
	char *warm_area[NR_WARM];
	void *large;

#ifdef TEST_HOST
	static const struct geometry memory = {.ram = {{0x60000000, 6144 * PAGE_SIZE, 0}}};
	void *window = host_vmap_window(HOST_WIN * PAGE_SIZE);

	CHECK_EQ(start(&memory), 0);
	CHECK_EQ(vmalloc_init(window, HOST_WIN * PAGE_SIZE), 0);
#endif
	large = vmalloc(500 * PAGE_SIZE);
	CHECK(large);
	for (unsigned i = 0; i < NR_WARM; i++)
		warm_area[i] = vmalloc(1);
	for (unsigned i = 0; i < NR_WARM; i++)
		vfree(warm_area[i]);
	vfree(large);
	fixture_count();
}

static inline unsigned hole_waits(void)
{
#ifdef TEST_HOST
	return host_vmap_waits();
#else
	unsigned sum = 0;

	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		sum += vmap_waits(cpu);
	return sum;
#endif
}

static inline bool mapped(const void *addr)
{
	return port_vmap_phys(addr) != UINT64_MAX;
}

static inline void fill(void *area, unsigned pages, uint32_t seed)
{
	uint32_t *p = area;

	for (unsigned i = 0; i < pages * WORDS; i++)
		p[i] = seed ^ i * 2654435761u;
}

static inline bool verify(const void *area, unsigned pages, uint32_t seed)
{
	const uint32_t *p = area;

	for (unsigned i = 0; i < pages * WORDS; i++)
		if (p[i] != (seed ^ i * 2654435761u))
			return false;
	return true;
}

/* ---- moving: targets from the allocator, as a contiguous allocation has them ------- */

static inline struct page *new_page(struct page *src, void *arg)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_HIGHMEM | __GFP_MOVABLE);

	if (page)
		set_page_word(page, PAGE_STATE_PCP);
	return page;
}

static inline void put_new_page(struct page *page, void *arg)
{
	set_page_word(page, PAGE_ALLOCATED(0));
	__free_page(page);
}

/* The page behind addr, if it can be had and moved. */
static inline bool move_one(const void *addr)
{
	struct page *page = vmalloc_get_page(addr);

	if (!page)
		return false;
	put_page(page);
	return isolate_movable(page, MIGRATE_SYNC) &&
	       migrate_pages(&page, 1, new_page, put_new_page, NULL, MIGRATE_SYNC) == 1;
}

#endif /* TESTS_VMALLOC_FIXTURE_H */
