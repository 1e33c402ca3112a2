// SPDX-License-Identifier: MIT
/*
 * The fixture of the smallest configuration: a fake memory for each case, with nothing
 * accessible around it, and an allocator that has just started in it.
 *
 * State: none but the allocator's, which it forgets from the inside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <buddy/init.h>
#include <mm/tiny.h>

#include "../harness/fixture_priv.h"
#include "fixture_tiny.h"

int start_tiny(uint64_t base, uint64_t bytes, unsigned min_free_kbytes)
{
	int ret;

	host_cpu_reset();
	host_unmap_all();
	memset(&tiny_zone, 0, sizeof(tiny_zone));
	nr_map_pages = 0;
	gfp_allowed_mask = __GFP_BITS_MASK;
	host_map_phys(base, bytes);
	ret = mm_init_range(base, bytes, min_free_kbytes);
	if (ret)
		return ret;
	fixture_count();
	host_log_clear();
	return 0;
}

void fixture_begin(void)
{
	int ret = start_tiny(TINY_BASE, TINY_BYTES, 0);

	if (ret) {
		printf("Bail out! mm_init_range() returned %d\n", ret);
		exit(1);
	}
}

void fixture_settle(void)
{
	host_irq_set_rate(0, 1);
	host_set_jitter(0);
}

/* Nothing is one CPU's own. */
void init_this_cpu(unsigned cpu)
{
	(void)cpu;
}

void unpoison_block(struct page *page, unsigned order)
{
	host_unpoison_phys((uint64_t)page_to_pfn(page) << PAGE_SHIFT, PAGE_SIZE << order);
}

void poison_block(struct page *page, unsigned order)
{
	host_poison_phys((uint64_t)page_to_pfn(page) << PAGE_SHIFT, PAGE_SIZE << order);
}
