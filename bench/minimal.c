// SPDX-License-Identifier: MIT
/*
 * The smallest program that allocates pages: what bench/size.py links to see how
 * much of libbuddy comes along.  It is measured, not run.
 */
#include <buddy/buddy.h>

int main(void)
{
	struct page *page;

	if (memblock_add(0x20000000, 0x100000, 0) || memblock_reserve(0x20000000, 0x8000, "me", 0))
		return 1;
	if (mm_init(&(struct mm_limits){.nr_cpus = 1}) || mm_init_cpu(0))
		return 2;
	page = alloc_pages(GFP_KERNEL, 0);
	if (!page)
		return 3;
	__free_pages(page, 0);
	return 0;
}
