/* SPDX-License-Identifier: MIT */
/*
 * vmalloc: memory that is contiguous in virtual addresses only, of movable pages.
 *
 * An area is mapped page by page in a window of virtual addresses that the port gives
 * (vmalloc_init()).  Its pages are __GFP_HIGHMEM | __GFP_MOVABLE, and compaction and
 * contiguous allocations move them while they are in use: a page is unmapped, on all CPUs;
 * copied; mapped again at the same address.  An access in between waits in the port's abort
 * handler and goes on.  Pointers stay valid; physical addresses do not, so that who gives
 * such memory to a device pins it first (vmalloc_get_page(), pin_page_longterm()).
 *
 * The memory may be used anywhere: in tasks, in interrupt handlers, under locks.  The wait
 * for a page that moves is short, a copy of a page, and cannot deadlock: the CPU that
 * moves it has its interrupts off until the page is mapped again, takes no lock in between
 * and waits for nobody.  Only an access that must not fault at all is out of place here:
 * of the abort handler itself, of cache maintenance by address.
 *
 * Between any two areas, and before the first one, lies a page that is not mapped.
 *
 * Context: task, interrupts on, no lock held; is_vmalloc_addr(), vmalloc_get_page() and
 * vmalloc_info(): any, no lock held.  BUDDY_VMALLOC (config.h).
 * Follows Linux's mm/vmalloc.c (6.1).
 */
#ifndef BUDDY_VMALLOC_H
#define BUDDY_VMALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include <buddy/gfp.h>

#ifdef __cplusplus
extern "C" {
#endif

struct page;

/*
 * The window: three whole pages at least, of addresses that nobody else uses.  Once, after
 * mm_init(); before it the others give NULL.  0; -EINVAL with a line.
 */
int vmalloc_init(void *start, size_t bytes);

/*
 * bytes, rounded up to pages; page aligned.  NULL: no memory, or no addresses.  vzalloc():
 * zeroed.  gfp: how the pages are asked for, nothing added: vmalloc() says GFP_KERNEL |
 * __GFP_HIGHMEM | __GFP_MOVABLE.  Records of areas (36 bytes each on ARM, in pages that
 * are kept) and page tables are asked for with GFP_KERNEL in any case.
 */
void *vmalloc(size_t bytes);
void *vzalloc(size_t bytes);
void *__vmalloc(size_t bytes, gfp_t gfp);
/*
 * What vmalloc() gave; NULL is ignored.  Anything else is refused, counted and reported
 * (BAD_FREE).
 */
void vfree(const void *addr);

/*
 * Maps nr pages of the caller's, which stay where they are and the caller's; vunmap() takes
 * the mapping away.  NULL: no memory, or no addresses, or, refused like a wrong vfree(),
 * one is not an allocated page, or a movable one, whose owner would not know of this
 * mapping.
 */
void *vmap(struct page *const *pages, unsigned nr);
void vunmap(const void *addr);

/* Somewhere in the window, mapped or not. */
bool is_vmalloc_addr(const void *addr);
/*
 * The page behind an address of a vmalloc() area now, with a reference: it stays there until
 * put_page().  NULL: there is none, or it is vmap()'s.
 */
struct page *vmalloc_get_page(const void *addr);

/*
 * Pages mapped by vmalloc() now; areas, of both kinds; pages kept for records; addresses
 * left, in pages, of which each area needs one more than it has pages; the largest area
 * that would find a place.
 */
struct vmalloc_info {
	unsigned long nr_pages, nr_areas, nr_kept, free_pages, largest_free_pages;
};
void vmalloc_info(struct vmalloc_info *info);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_VMALLOC_H */
