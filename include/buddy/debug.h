/* SPDX-License-Identifier: MIT */
/*
 * What helps to find who does what to memory: options that are off, and then cost
 * nothing, until they are turned on.
 *
 * While any of them is on, every allocation and free goes the longer way, past the hooks;
 * the fast path has no test for it.  -DBUDDY_DEBUG_HOOKS=0 leaves all of it out of a build
 * (mm_debug_set() then returns -ENOENT).
 *
 * name                  value           what it does init_on_alloc      0|1
 * every block is zeroed when it is given init_on_free             0|1             ... when
 * it comes back (with page_poison: filled with that instead) page_poison         0|1
 * a free page is full of 0xaa; what was written to it meanwhile is
 *				      reported (first byte, how many, if one bit only) when it is given
 *				      again.  It is given all the same
 * debug_pagealloc    0|1        a free page is unmapped: a touch of it faults at once.  The
 * port has to be able to
 *				      (port_map_pages()); the image is, with debug_pagealloc=1 among the boot arguments
 * page_owner            0|1             who allocated each block, and with which flags,
 * from now on: 8 bytes a page trace               0|N             a ring of the last N
 * (rounded to a power of two, 16 to 4,096) events per CPU fail_page_alloc    I,P,S,T
 * as Linux's: every I-th request fails with a probability of P %, not before
 *				      S pages were allocated, T times at most (-1: for ever); 0: off.
 *				      __GFP_NOFAIL is spared.  Read, it says what is left of S and T
 * fail_page_alloc.min_order N           only orders from N on (default 0)
 * fail_page_alloc.ignore_gfp_wait 0|1  spare requests that may wait (default 0: none is
 * spared)
 * slab_debug         0|1        caches of objects that are made from now on look for what is
 *				      written behind objects and to free ones (slab.h)
 *
 * Follows Linux 6.1 mm/page_poison.c, page_owner.c, debug_page_alloc.c, lib/fault-inject.c.
 */
#ifndef BUDDY_DEBUG_H
#define BUDDY_DEBUG_H

#include <stdbool.h>

#include <buddy/alloc_scope.h>
#include <buddy/vmstat.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Sets an option.  0; -EINVAL after a line: the value is not one of those above; -ENOENT
 * after a line: no such option; -ENOMEM: no room for its tables; -EPERM: the port cannot
 * unmap pages. Context: task, interrupts on.  page_poison, debug_pagealloc and
 * init_on_free treat all pages that are free now, and want nobody to allocate or free
 * meanwhile; so does turning anything off.
 */
int mm_debug_set(const char *name, const char *value);

/* The i-th option's name, NULL past the last; its value as text. */
const char *mm_debug_name(unsigned i);
void mm_debug_value(unsigned i, char *buf, unsigned size);

/*
 * Prints who holds what, by caller and flags, the largest first; at most `max` lines (0:
 * all).  Needs page_owner; "not known" is what was allocated before it was on.  Task
 * context, one at a time; no memory needed.
 */
void show_page_owner(unsigned max);
/*
 * Who allocated this block, named by its first page: the caller and the flags; false when
 * it is not known.
 */
bool page_owner_of(const struct page *page, const void **caller, gfp_t *gfp);

enum mm_trace_kind {
	TRACE_ALLOC,
	TRACE_FREE,
	TRACE_FAIL,
	TRACE_EXTFRAG,
	/* Steps of a request that finds no memory at once, each with a number. */
	TRACE_SLOWPATH, /* it begins: 0 */
	TRACE_KSWAPD,	/* background work is woken */
	TRACE_DRAIN,	/* caches were emptied: pages */
	TRACE_RECLAIM,	/* it reclaimed: pages */
	TRACE_COMPACT,	/* it compacted: enum compact_result (internal.h) */
	TRACE_RESERVES, /* reserves were released */
	TRACE_OOM,	/* an owner gave all it had: pages */
	NR_TRACE_KINDS
};

/*
 * Prints the last `max` events of all CPUs (0: all there are), oldest first.  Needs trace.
 * Task context.
 */
void show_trace(unsigned max);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_DEBUG_H */
