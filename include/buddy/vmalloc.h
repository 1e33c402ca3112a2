/* SPDX-License-Identifier: MIT */
/*
 * vmalloc: memory that is contiguous in virtual addresses only, of movable pages.
 *
 * An area is mapped page by page in a window of virtual addresses that the port gives
 * (vmalloc_init()).  Its pages are __GFP_HIGHMEM | __GFP_MOVABLE, and compaction and
 * contiguous allocations move them while they are in use: a page is unmapped, on all CPUs;
 * copied; mapped again at the same address.  An access in between waits in the port's abort
 * handler and goes on.  Pointers stay valid; physical addresses do not, so that who gives such memory to
 * a device pins it first (vmalloc_get_page(), pin_page_longterm()).
 *
 * An access may come from any context but one: not under a lock, or with interrupts off, of
 * which the CPU that moves the page could want to take an interrupt: it never does, its interrupts are off
 * for the copy, so that in fact any context may.
 *
 * Between any two areas lies a page that is not mapped.
 *
 * Context: task, interrupts on, no lock held.  Follows Linux's mm/vmalloc.c (6.1).
 */
#ifndef BUDDY_VMALLOC_H
#define BUDDY_VMALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include <buddy/gfp.h>

struct page;

/* Once, after mm_init(): the window, whole pages.  0; -EINVAL with a line; -ENOMEM. */
int vmalloc_init(void *start, size_t bytes);

/* bytes, rounded up to pages; NULL: no memory, or no addresses.  vzalloc(): zeroed.  gfp: how pages are asked for. */
void *vmalloc(size_t bytes);
void *vzalloc(size_t bytes);
void *__vmalloc(size_t bytes, gfp_t gfp);
/* What vmalloc() gave; NULL is ignored.  Anything else is refused, counted and reported (BAD_FREE). */
void vfree(const void *addr);

/* Maps nr pages of the caller's, which stay where they are and the caller's; vunmap() takes the mapping away. */
void *vmap(struct page *const *pages, unsigned nr);
void vunmap(const void *addr);

bool is_vmalloc_addr(const void *addr);
/* The page behind an address of an area now (NULL: none), with a reference: it stays there until put_page(). */
struct page *vmalloc_get_page(const void *addr);

/* Pages mapped by vmalloc() now; areas, of both kinds; addresses left, in pages. */
struct vmalloc_info {
	unsigned long nr_pages, nr_areas, free_pages, largest_free_pages;
};
void vmalloc_info(struct vmalloc_info *info);

#endif /* BUDDY_VMALLOC_H */
