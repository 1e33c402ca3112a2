/* SPDX-License-Identifier: MIT */
/*
 * Allocating and freeing pages.
 *
 * Names and meaning are Linux's (include/linux/gfp.h, 6.1); the bit values are
 * ours, chosen so that the fast path needs one AND and one TST.
 *
 * Contexts.  All functions may be called from tasks and from interrupt handlers
 * and with interrupts off, except where noted; none sleeps.  A request from an
 * interrupt handler passes GFP_ATOMIC or GFP_NOWAIT: only a request with
 * __GFP_DIRECT_RECLAIM waits, enters owners of pages, and asks other CPUs to empty their
 * caches.  With interrupts off it does not, whatever its flags are.
 *
 * Blocks.  2^order pages, aligned to their size.  A block is freed whole, with
 * the order it was allocated with.
 *
 * Misuse is caught in every build: a double free (also after the block merged
 * with its neighbours, or while it is in a per-CPU cache), a wrong order, a
 * page inside a block, a reserved page, a foreign or misaligned pointer, an
 * order out of range.  The call is refused, counted (BAD_FREE, BAD_ALLOC in
 * vmstat.h) and reported with the caller's address; the allocator stays whole.
 * One thing cannot be seen without an atomic operation in the fast path: two
 * CPUs that free the same block in the same few instructions.
 */
#ifndef BUDDY_GFP_H
#define BUDDY_GFP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <buddy/mm_types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t gfp_t;

/* ---- zone and mobility: the index of the fast path's table ----------- */

/* From ZONE_DMA only: below the device's limit. */
#define __GFP_DMA ((gfp_t)0x1)
/* HIGHMEM may serve it: the caller maps the page itself, page_address() is NULL. */
#define __GFP_HIGHMEM ((gfp_t)0x2)
/* The owner can move the page; with __GFP_HIGHMEM also from ZONE_MOVABLE. */
#define __GFP_MOVABLE ((gfp_t)0x4)
/* The owner can give the page back when asked. */
#define __GFP_RECLAIMABLE ((gfp_t)0x8)

#define GFP_ZONEMASK	 (__GFP_DMA | __GFP_HIGHMEM | __GFP_MOVABLE)
#define GFP_MOVABLE_MASK (__GFP_MOVABLE | __GFP_RECLAIMABLE)
#define GFP_FAST_MASK	 ((gfp_t)0xf)

/* ---- action: any of these leaves the shortest path -------------------- */

/* Zeroed, all 2^order pages. */
#define __GFP_ZERO ((gfp_t)0x10)
/* Not from the hot end of this CPU's cache: for a page that a device fills. */
#define __GFP_COLD ((gfp_t)0x20)
/* From the preferred node or not at all. */
#define __GFP_THISNODE ((gfp_t)0x40)
/* A compound page: its other pages know the first one (compound_head()), see mm.h. */
#define __GFP_COMP ((gfp_t)0x80)
/* Counted in nr_accounted for as long as it is allocated (whole kernel objects of users). */
#define __GFP_ACCOUNT ((gfp_t)0x100)

/*
 * The page will be made dirty soon: from a zone that has less than its share of dirty pages
 * (reclaim.h), as long as one that is above its low watermark has.
 */
#define __GFP_WRITE ((gfp_t)0x200)

#define GFP_NOT_FAST ((gfp_t)0xff0)

/* ---- reserves --------------------------------------------------------- */

/* May go below the min watermark, to a half of it. */
#define __GFP_HIGH ((gfp_t)0x1000)
/* Cannot wait: down to three quarters of it, with __GFP_HIGH to three eighths. */
#define __GFP_ATOMIC ((gfp_t)0x2000)
/* May use all of it: the request will free more than it takes. */
#define __GFP_MEMALLOC ((gfp_t)0x4000)
/* Never, whatever else is set. */
#define __GFP_NOMEMALLOC ((gfp_t)0x8000)

/* ---- waiting ---------------------------------------------------------- */

/*
 * May reclaim (shrinkers, owners of reclaimable pages), compact (owners of movable ones),
 * have the other CPUs empty their caches, and, with __GFP_FS, have an owner sacrificed
 * (oom.h).
 */
#define __GFP_DIRECT_RECLAIM ((gfp_t)0x10000)
/*
 * Wakes kswapd (reclaim.h) when its zones are below low, and kcompactd for blocks; without,
 * memory is left to run low.
 */
#define __GFP_KSWAPD_RECLAIM ((gfp_t)0x20000)
#define __GFP_RECLAIM	     (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
/* The caller's own I/O and file system may be entered. */
#define __GFP_IO ((gfp_t)0x40000)
#define __GFP_FS ((gfp_t)0x80000)
/* No report on the console when it fails. */
#define __GFP_NOWARN ((gfp_t)0x100000)
/*
 * Gives up early: reclaims and compacts once, of an order above 3 not even that if compaction
 * has failed lately; leaves other CPUs alone.  For requests that have another way.
 */
#define __GFP_NORETRY ((gfp_t)0x200000)
/* Tries everything, of orders above 3 too, but may fail: nobody is sacrificed for it. */
#define __GFP_RETRY_MAYFAIL ((gfp_t)0x400000)
/*
 * Must not fail: takes reserves, then has owners sacrificed (oom.h) and asks
 * port_out_of_memory(), for as long as somebody has something; panics when nobody has.  Only
 * with DIRECT_RECLAIM.
 */
#define __GFP_NOFAIL ((gfp_t)0x800000)
/* Never from a node that the context is not allowed, whatever the need. */
#define __GFP_HARDWALL ((gfp_t)0x1000000)

#define __GFP_BITS_MASK ((gfp_t)0x1fff3ff)

/* ---- the usual combinations ------------------------------------------- */

#define GFP_ATOMIC	     (__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT	     (__GFP_KSWAPD_RECLAIM)
#define GFP_NOIO	     (__GFP_RECLAIM)
#define GFP_NOFS	     (__GFP_RECLAIM | __GFP_IO)
#define GFP_KERNEL	     (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_USER	     (GFP_KERNEL | __GFP_HARDWALL)
#define GFP_DMA		     __GFP_DMA
#define GFP_HIGHUSER	     (GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | __GFP_MOVABLE)
#define GFP_KERNEL_ACCOUNT   (GFP_KERNEL | __GFP_ACCOUNT)

/* What a request may ask for before there is anybody to wait for. */
#define GFP_BOOT_MASK (__GFP_BITS_MASK & ~(__GFP_RECLAIM | __GFP_IO | __GFP_FS))

/*
 * Bits that requests may use at this time; the others are taken off.  All of them
 * unless start-up code sets it to GFP_BOOT_MASK, as the image does until all cores are up.
 */
extern gfp_t gfp_allowed_mask;

/*
 * What a request does at most before it gets NULL, beyond the zones at their low mark.
 * A round is: about 32 pages (or the order's) reclaimed, this CPU's caches emptied, the first
 * time all CPUs', and the zones compacted, each followed by a try.  In short: who may not
 * wait does a fixed piece of work; who may, ends after 128 rounds, usually after one.
 *
 *	GFP_ATOMIC, GFP_NOWAIT, interrupts off, inside of reclaim	a try at the min mark (or the
 *		reserve's), this CPU's caches emptied and another one, and one for each
 *		pageblock of the highatomic reserve.  Locks held by others are all it waits for.
 *	__GFP_NORETRY	the same, and one round; of an order above 3 one compaction first,
 *		without waiting, and no round if that was skipped or deferred.
 *	orders above 3	one compaction without waiting, and one round.
 *	GFP_NOIO, GFP_NOFS, GFP_DMA, __GFP_THISNODE	rounds: until 16 in a row have freed nothing,
 *		or what is free and reclaimable together would not do; for a block, until compaction
 *		has been tried with every effort, and has succeeded 16 times for others; 128 rounds
 *		in all.
 *	GFP_KERNEL, orders up to 3	the same, and after it up to 16 sacrifices (oom.h), each
 *		followed by another try and a round.
 *	__GFP_RETRY_MAYFAIL	the same without sacrifices; orders above 3 as well, compaction
 *		succeeding 4 times for others.
 *	__GFP_NOFAIL	no bound but what there is to be given.
 */

/*
 * Combinations that contradict themselves are served as follows, and the first of each
 * kind is reported:
 *	MOVABLE with RECLAIMABLE	unmovable
 *	DMA with HIGHMEM		DMA
 *	ATOMIC with DIRECT_RECLAIM	not ATOMIC
 *	NOFAIL without DIRECT_RECLAIM	not NOFAIL
 *	NOFAIL with NORETRY or RETRY_MAYFAIL	NOFAIL
 * MEMALLOC with NOMEMALLOC is none: NOMEMALLOC wins.
 */

/* ---- names ------------------------------------------------------------- */

/*
 * The i-th name that there is for flags, as it is written above, the usual combinations
 * first, and the flags that it stands for; NULL and 0 past the last.
 */
#if !BUDDY_TINY
const char *gfp_name(unsigned i);
gfp_t gfp_flag(unsigned i);

/*
 * Writes gfp to buf in names joined by |, combinations where they fit, and what has no
 * name in hex; 0 is "0".  NUL-terminated, cut off at size bytes (at least 1); 400 hold
 * everything.
 */
void gfp_format(gfp_t gfp, char *buf, unsigned size);
#endif

/* ---- allocate ---------------------------------------------------------- */

/*
 * A block of 2^order pages (0 to MAX_ORDER), or NULL.  The descriptor of its
 * first page; page_address() gives the memory.
 *
 * Orders 0 to 4 come from this CPU's cache: about 20 instructions, no lock, no
 * atomic operation.  Otherwise the zone's lock is taken for at most one batch.
 *
 * NULL when no zone that the flags allow can give the block without going
 * below its watermark, after all that the flags allow was done about it (see above); or
 * when order or gfp is invalid (reported; what a cache can serve
 * at once is served without a look at flags that do not matter to it).
 */
struct page *alloc_pages(gfp_t gfp, unsigned order);

/* alloc_pages(gfp, 0) with the order compiled in. */
struct page *alloc_page(gfp_t gfp);

#if !BUDDY_TINY
/*
 * From node nid first (0 to BUDDY_MAX_NODES - 1; -1: this CPU's), then the others
 * by distance, unless __GFP_THISNODE.
 */
struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned order);

/*
 * The general form: preferred node nid (-1: this CPU's), and only nodes of nodemask
 * (alloc_scope.h; NULL: all).
 */
struct page *__alloc_pages(gfp_t gfp, unsigned order, int nid, const uint32_t *nodemask);
#endif

/*
 * bytes (rounded up to pages, at most 2^MAX_ORDER of them), contiguous, in single pages,
 * so that nothing beyond them is taken; NULL as alloc_pages().  Freed with the same number
 * of bytes.
 */
void *alloc_pages_exact(size_t bytes, gfp_t gfp);
void free_pages_exact(void *addr, size_t bytes);

/*
 * Fills the NULL entries of pages[0..nr) with pages of order 0.  Returns how
 * many entries, from the start of the array, are pages afterwards: nr, or fewer when memory
 * ran out (the rest is left as it was).  Interrupts are off for a batch at a time.
 */
unsigned alloc_pages_bulk_array(gfp_t gfp, unsigned nr, struct page **pages);

/*
 * Adds nr pages of order 0 to a list, linked by page->lru.  Returns how many; fewer when
 * memory ran out.
 */
#if !BUDDY_TINY
unsigned alloc_pages_bulk_list(gfp_t gfp, unsigned nr, struct list_head *list);
#endif

/*
 * The same as an address in the permanent mapping, NULL when there is none.
 * __GFP_HIGHMEM is refused: such memory has no address.
 */
void *__get_free_pages(gfp_t gfp, unsigned order);
void *get_zeroed_page(gfp_t gfp);

#define __get_free_page(gfp)	    __get_free_pages((gfp), 0)
#define __get_dma_pages(gfp, order) __get_free_pages((gfp) | GFP_DMA, (order))
#define get_dma_pages(gfp, order)   __get_dma_pages((gfp), (order))

/* ---- free -------------------------------------------------------------- */

/*
 * Gives back a block of 2^order pages; drops one reference if there are more
 * (get_page()), the last one frees.  page NULL is nothing.
 */
void __free_pages(struct page *page, unsigned order);

/* __free_pages(page, 0) with the order compiled in. */
void __free_page(struct page *page);

/*
 * Frees pages[0..nr) of order 0; NULL entries are nothing.  A page that is
 * refused is reported, and the rest is freed.  The array is left as it was.
 */
void free_pages_bulk_array(unsigned nr, struct page **pages);

/* Frees all pages of order 0 on a list (page->lru), and leaves it empty. */
#if !BUDDY_TINY
void free_unref_page_list(struct list_head *list);
#endif

/* The same by address, any address in the block's first page's first byte. */
void free_pages(const void *addr, unsigned order);
#define free_page(addr) free_pages((addr), 0)

/* ---- caches ------------------------------------------------------------- */

/*
 * Empties the per-CPU caches into the zones: of all CPUs; of this one.  For
 * drain_all_pages() interrupts are on and no lock is held; a CPU that the port
 * cannot reach keeps its pages.  Returns the number of pages given back.
 */
#if BUDDY_PCP
unsigned drain_all_pages(void);
unsigned drain_local_pages(void);
#else
static inline unsigned drain_all_pages(void)
{
	return 0;
}

static inline unsigned drain_local_pages(void)
{
	return 0;
}
#endif

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_GFP_H */
