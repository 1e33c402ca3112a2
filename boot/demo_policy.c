// SPDX-License-Identifier: MIT
/*
 * demo_policy - what no plain buddy allocator has, shown once each: a range larger than the
 * largest block, a CMA buffer, memory out of service and back, a request that
 * fails and says why, and a failure at each request in turn.
 *
 * After each step every page must be back and the validator find nothing.
 *
 * State: none.  Context: boot core, interrupts on, nobody else allocating.
 *
 * Not here: the load on all cores (demo.c, demo_core.c), mistakes (misuse.c).
 */
#include <stddef.h>

#include <buddy/buddy.h>
#include <port/port.h>

#include "boot/demo.h"

static unsigned long all_free(void)
{
	return nr_free_pages() + nr_pcp_pages();
}

static unsigned long phys_of(const struct page *page)
{
	return page_to_pfn(page) << PAGE_SHIFT;
}

/*
 * One and a half of the largest block; a machine that has no such range has shown nothing
 * wrong.
 */
static bool contiguous(void)
{
	unsigned long nr = 3UL << (MAX_ORDER - 1);
	struct page *page = alloc_contig_pages(nr, GFP_KERNEL, -1, 0);

	if (!page) {
		port_log("  no %lu KiB in one piece here\n", nr << (PAGE_SHIFT - 10));
		return true;
	}
	port_log("  %lu KiB in one piece, at 0x%08lx\n", nr << (PAGE_SHIFT - 10), phys_of(page));
	free_contig_range(page_to_pfn(page), nr);
	return true;
}

static bool cma_buffer(void)
{
	struct cma *cma = cma_default();
	unsigned long nr = 256, free = nr_free_cma_pages();
	struct page *page;
	bool whole;

	if (!cma) {
		port_log("  no CMA area: cma=16M among the boot arguments makes one\n");
		return true;
	}
	nr = nr < cma_nr_pages(cma) ? nr : cma_nr_pages(cma);
	page = cma_alloc(cma, nr, 0, false);
	if (!page)
		return false;
	port_log("  CMA area %s, %lu KiB: %lu KiB of it at 0x%08lx\n", cma_name(cma),
		 cma_nr_pages(cma) << (PAGE_SHIFT - 10), nr << (PAGE_SHIFT - 10), phys_of(page));
	whole = nr_free_cma_pages() == free - nr && cma_release(cma, page, nr);
	return whole && nr_free_cma_pages() == free;
}

/* A pageblock that is free at the moment. */
static bool out_of_service(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, pageblock_order);
	unsigned long managed = nr_managed_pages(), pfn, less;

	if (!page) {
		port_log("  no free pageblock to take out of service here\n");
		return true;
	}
	pfn = page_to_pfn(page);
	__free_pages(page, pageblock_order);
	if (offline_pages(pfn, pageblock_nr_pages)) {
		port_log("  offline: %s, at 0x%08lx\n", contig_busy_reason(),
			 contig_busy_pfn() << PAGE_SHIFT);
		return false;
	}
	less = nr_managed_pages();
	port_log("  %lu KiB at 0x%08lx out of service and back: %lu, %lu",
		 pageblock_nr_pages * (PAGE_SIZE / 1024), pfn << PAGE_SHIFT, managed, less);
	if (online_pages(pfn, pageblock_nr_pages))
		return false;
	port_log(", %lu pages managed\n", nr_managed_pages());
	return less == managed - pageblock_nr_pages && nr_managed_pages() == managed;
}

/* All that the flags allow, and a block more: the report is the allocator's own. */
static bool failure_explained(void)
{
	uint32_t failed = vm_events(PGALLOC_FAIL);
	struct page *page, *head = NULL;
	unsigned long nr = 0;

	port_log("  a request that fails, and why:\n");
	while ((page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER))) {
		page->mapping = head;
		head = page;
		nr++;
	}
	page = alloc_pages(GFP_KERNEL, MAX_ORDER);
	if (page)
		__free_pages(page, MAX_ORDER);
	while ((page = head)) {
		head = page->mapping;
		__free_pages(page, MAX_ORDER);
	}
	return vm_events(PGALLOC_FAIL) - failed == 2;
}

const char *demo_policies(void)
{
	static const struct {
		bool (*show)(void);
		const char *why;
	} steps[] = {
		{contiguous, "a contiguous range is not right"},
		{cma_buffer, "a CMA buffer is not right"},
		{out_of_service, "memory did not go out of service and come back"},
		{failure_explained, "a failed request was not counted once"},
	};
	unsigned long free;

	port_log("\npolicies:\n");
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		free = all_free();
		if (!steps[i].show())
			return steps[i].why;
		if (all_free() != free)
			return "a policy has kept pages";
		if (mm_check_quiet())
			return "mm_check found a broken invariant after a policy";
	}
	return NULL;
}
