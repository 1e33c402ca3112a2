// SPDX-License-Identifier: MIT
/*
 * The smallest program that allocates pages: what bench/size.py links to see how
 * much of libbuddy comes along.  It is measured, not run.
 */
#include <buddy/buddy.h>

int main(void)
{
	struct page *page;

	if (mm_init_range(0x20000000, 0x100000, 0))
		return 1;
	page = alloc_pages(GFP_KERNEL, 0);
	if (!page)
		return 3;
	__free_pages(page, 0);
	return 0;
}
