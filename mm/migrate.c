// SPDX-License-Identifier: MIT
/* migrate - moving pages. */
#include <buddy/highmem.h>
#include <mm/internal.h>

void migrate_page_copy(struct page *dst, struct page *src)
{
	copy_highpage(dst, src);
}
