/* SPDX-License-Identifier: MIT */
/*
 * Ranges of frames: isolation, contiguous allocation beyond the largest order,
 * CMA areas, taking memory out of service and back.
 *
 * Frames are pfn, ranges [start, end).  What works on pageblocks wants ranges of
 * whole pageblocks (pageblock_nr_pages, 2 MiB by default) inside one zone.
 *
 * Isolation.  The free pages of an isolated pageblock are on lists of their own:
 * nobody is given them and they do not count as free.  What is freed into it
 * joins them.  Two users of one pageblock exclude each other: the later one gets
 * -EBUSY.  A pageblock is turned over a few dozen blocks at a time: interrupts are
 * never off for longer than elsewhere.
 *
 * -EBUSY is always said with a reason: contig_busy_reason() has it in words, and
 * contig_busy_pfn() the frame.
 *
 * Context of all: task, interrupts on, no lock held: they wait for other CPUs to empty
 * their caches.  Exceptions are named.  Follows Linux's mm/page_isolation.c, mm/cma.c,
 * alloc_contig_range() and memory_hotplug.c (6.1).
 */
#ifndef BUDDY_CONTIG_H
#define BUDDY_CONTIG_H

#include <stdbool.h>

#include <buddy/alloc_scope.h>
#include <buddy/memblock.h>
#include <buddy/mm.h>
#include <buddy/vmstat.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- isolation ---------------------------------------------------------- */

/*
 * Isolates the pageblocks of [start, end), whole pageblocks of one zone, which
 * will be of type mt when they come back.  0; -EINVAL: not whole pageblocks, no RAM, several
 * zones; -EBUSY: one of them is isolated already (then none is).  Pages in
 * per-CPU caches stay there: drain_all_pages() brings them.
 */
int start_isolate_page_range(unsigned long start, unsigned long end, enum migratetype mt);

/* The opposite: their free pages can be had again, as of type mt. */
void undo_isolate_page_range(unsigned long start, unsigned long end, enum migratetype mt);

/* 0 when every page of [start, end) is free and isolated, else -EBUSY. */
int test_pages_isolated(unsigned long start, unsigned long end);

/* ---- contiguous ranges ------------------------------------------------- */

/*
 * What is in use in a range is moved elsewhere if its owners can do that (migrate.h;
 * BUDDY_COMPACTION): single pages that nobody holds besides their owners, in batches of 32,
 * to pages of the same node if there are any, for which others may be reclaimed.  The range
 * is gone over five times at most.  A page that cannot be moved, or is held, is looked for
 * before: then nothing is moved, and it is -EBUSY with one of the reasons
 *	"in use, order N"
 *	"pinned, references besides its owner's: N"
 *	"movable, but being written"
 *	"movable, but its owner keeps it where it is"
 *	"movable, but there is no memory to move it to"
 *	"being moved or evicted by another caller"
 * After the last four some pages may have moved, which only their owners can tell.
 */

/*
 * Allocates the frames [start, end), which need not be aligned to anything, as pages of
 * order 0, one reference each.  mt: the type of its pageblocks (MIGRATE_MOVABLE, or
 * MIGRATE_CMA inside an area).  0; -EINVAL: no RAM, several zones; -EBUSY: a page in it is
 * in use and stays there, reserved, or another caller works there.  gfp: __GFP_ZERO,
 * __GFP_NOWARN.
 */
int alloc_contig_range(unsigned long start, unsigned long end, enum migratetype mt, gfp_t gfp);

/*
 * Finds such a range of nr pages, aligned to a power of two of at least nr, in the zones
 * that gfp allows, the preferred node nid (-1: this CPU's) first, and only in nodes of
 * nodemask (0: all).  Its first page, or NULL.  What is free is taken before caches are
 * emptied, and that before anything is moved.
 */
struct page *alloc_contig_pages(unsigned long nr, gfp_t gfp, int nid, nodemask_t nodemask);

/*
 * Frees nr single pages from pfn on.  A page that is not one is refused and
 * reported, the others are freed.  Any context.
 */
void free_contig_range(unsigned long pfn, unsigned long nr);

const char *contig_busy_reason(void); /* of the last -EBUSY on any CPU; "" before the first */
unsigned long contig_busy_pfn(void);

/* ---- CMA ------------------------------------------------------------------ */

/*
 * A CMA area is memory kept for large contiguous buffers and lent to movable requests
 * meanwhile.  Each range that memblock has as MEMBLOCK_REUSABLE (from /reserved-memory,
 * from cma=, or by cma_declare_contiguous()) and that is whole pageblocks becomes one at
 * mm_init(), named as its reservation is.
 *
 * Movable requests take from an area when more than half of the zone's free
 * pages lie in areas, and when nothing else is left.  Other requests never do, and
 * their watermarks do not count its pages.
 */
struct cma;
#define BUDDY_MAX_CMA 16

/*
 * Before mm_init(): reserves an area.  size is rounded up to pageblocks; base 0: anywhere,
 * below limit (0: none), aligned to align (a power of two, 0: a pageblock); else at base
 * exactly.  name is kept by pointer.  0, or -EINVAL, -EBUSY (not free RAM), -ENOMEM, with a
 * line.
 */
int cma_declare_contiguous(phys_addr_t base, phys_addr_t size, phys_addr_t limit, phys_addr_t align,
			   const char *name);

/* The i-th area by address, NULL past the last; the one of that name, or NULL. */
struct cma *cma_area(unsigned i);
struct cma *cma_find(const char *name);
/* The one that dma_alloc_coherent() uses; the first one unless it was set. */
struct cma *cma_default(void);
void cma_set_default(struct cma *cma);

const char *cma_name(const struct cma *cma);
phys_addr_t cma_base(const struct cma *cma);	     /* bytes */
unsigned long cma_nr_pages(const struct cma *cma);   /* all of it */
unsigned long cma_nr_alloced(const struct cma *cma); /* by cma_alloc() */

/*
 * count contiguous pages, aligned to 2^align_order pages (at most a pageblock).  The first
 * one, or NULL: count is 0, larger than the area, or every place has a page that is in
 * use and stays there (contig_busy_reason(); a line unless no_warn).  Pages that were lent
 * are moved out of the way.  The pages are freed by cma_release()
 * only: any other free of them is refused.  Several callers of one area take different
 * places.  Not zeroed.
 */
struct page *cma_alloc(struct cma *cma, unsigned long count, unsigned align_order, bool no_warn);

/*
 * Gives back count pages from `page` on: all of what cma_alloc() gave, or a part.  False,
 * and nothing has happened, after a line: not all of them are this area's and
 * allocated.  Any context.
 */
bool cma_release(struct cma *cma, struct page *page, unsigned long count);

/* ---- out of service and back ------------------------------------------------- */

/*
 * Takes the pageblocks of [start, start + nr) out of service: their pages are free and
 * nobody will be given them; they count as reserved, and watermarks follow the zone's new
 * size.  What is in use is moved elsewhere.  0; -EINVAL: not whole pageblocks, no RAM,
 * several zones, or reserved pages among them; -EBUSY: in use, and it stays.
 */
int offline_pages(unsigned long start, unsigned long nr);

/* Takes them back.  0; -EINVAL: not what offline_pages() took. */
int online_pages(unsigned long start, unsigned long nr);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_CONTIG_H */
