/* SPDX-License-Identifier: MIT */
/*
 * Every build-time option: unit, range, default, cost.  Override any of them on
 * the compiler's command line (-DBUDDY_MAX_ORDER=8) or in a file of your own
 * named by -DBUDDY_CONFIG_FILE='"my_config.h"'.  Library and users must be
 * compiled with the same values.
 */
#ifndef BUDDY_CONFIG_H
#define BUDDY_CONFIG_H

#ifdef BUDDY_CONFIG_FILE
#include BUDDY_CONFIG_FILE
#endif

/* Beside an installed library: what it was built with; any other value is an #error. */
#ifdef __has_include
#if __has_include("config_built.h")
#include "config_built.h"
#endif
#endif

/*
 * Costs are of Thumb -Os code, in KiB, by `make size`: what the option adds to all of mm/.  How
 * many CPUs there are says the port (PORT_NR_CPUS): with one, locks and calls to other CPUs
 * are left out.
 */

/*
 * The smallest: one zone in one range of memory that is given by hand (mm_init_range(),
 * init.h), free lists without mobilities, nothing cached, 8 bytes per page; what remains is
 * said at the head of mm/tiny.c.  0 or 1; 0.  With 1 all options below that are 1 by
 * default are 0, and one that is set to 1 is an error.  For at most 65,534 pages.
 */
#ifndef BUDDY_TINY
#define BUDDY_TINY 0
#endif

/* log2 of the page size in bytes.  12 to 16; 12 is what the Cortex-A9 maps. */
#ifndef BUDDY_PAGE_SHIFT
#define BUDDY_PAGE_SHIFT 12
#endif

/*
 * The largest order that can be asked for: blocks are 2^0 to 2^MAX_ORDER pages
 * (inclusive, as in Linux from 6.4 on).  1 to 14.  10: 4 MiB.  It is also the
 * granularity of zones and of mem_map: holes smaller than this block still cost
 * descriptors, larger ones do not.  Costs 128 bytes per order
 * and zone, 16 without BUDDY_MOBILITY.
 */
#ifndef BUDDY_MAX_ORDER
#define BUDDY_MAX_ORDER 10
#endif

/*
 * log2 pages of a pageblock, the unit of mobility grouping: at most MAX_ORDER.
 * 9: 2 MiB, as Linux has it on ARM.  Costs one byte per pageblock.
 */
#ifndef BUDDY_PAGEBLOCK_ORDER
#define BUDDY_PAGEBLOCK_ORDER (BUDDY_MAX_ORDER < 9 ? BUDDY_MAX_ORDER : 9)
#endif

/* Memory nodes (fast on-chip RAM beside DDR, say).  1 to 4. */
#ifndef BUDDY_MAX_NODES
#define BUDDY_MAX_NODES 4
#endif

/*
 * Mobilities: requests of different migratetypes are kept apart by pageblocks, so that large
 * blocks last.  0: one kind of page, and flags that say movable choose a zone and nothing more.
 * 0 or 1; 1.  Costs 2.7 KiB of code beside HIGHATOMIC and CMA, which need it, and two thirds
 * of the per-CPU caches' slots.
 */
#ifndef BUDDY_MOBILITY
#define BUDDY_MOBILITY (!BUDDY_TINY)
#endif

/*
 * The reserve of pageblocks for atomic requests of order 1 and more.  0: they have only the
 * watermark's.  0 or 1; as MOBILITY.  Costs 0.5 KiB of code.
 */
#ifndef BUDDY_HIGHATOMIC
#define BUDDY_HIGHATOMIC BUDDY_MOBILITY
#endif

/*
 * contig.h: CMA areas, contiguous ranges, offlining.  0: left out; memblock's reusable ranges
 * stay reserved.  0 or 1; as MOBILITY.  Costs 7.9 KiB of code.
 */
#ifndef BUDDY_CMA
#define BUDDY_CMA BUDDY_MOBILITY
#endif

/*
 * RAM without a permanent mapping (highmem.h).  0: all has one, and mm_init() refuses a
 * highmem_start; the port needs no port_kmap_local().  0 or 1; 1.  Costs 0.2 KiB of code.
 */
#ifndef BUDDY_HIGHMEM
#define BUDDY_HIGHMEM (!BUDDY_TINY)
#endif

/*
 * Per-CPU caches.  0: requests go straight to the free lists, under the zone's lock, which
 * other CPUs wait for.  0 or 1; 1.  Costs 4.9 KiB of code, and BUDDY_PCP_SLOTS.
 */
#ifndef BUDDY_PCP
#define BUDDY_PCP (!BUDDY_TINY)
#endif

/*
 * Slots of one per-CPU cache of order 0 (half as many for each order above it): 8 to
 * 1024, a power of two.  It is the most that can be cached; a small zone uses less.  Costs
 * 4 bytes a slot per CPU, populated zone and mobile type.  Half of it is the largest
 * batch, and that is the longest time with interrupts off (make bench): 4,600
 * instructions at 256, 2,300 at 128; four cores that take and give 4,096 pages each scale
 * 3.9-fold at 256, 3.6-fold at 128.
 */
#ifndef BUDDY_PCP_SLOTS
#define BUDDY_PCP_SLOTS 256
#endif

/*
 * List operations in one refill or flush of a per-CPU cache: 2 to 64.  It bounds
 * how long interrupts are off; a batch of contiguous pages counts once.
 */
#ifndef BUDDY_PCP_WORK
#define BUDDY_PCP_WORK 5
#endif

/*
 * The hooks of debug.h: 1: there, off until they are turned on, without cost for the fast
 * path; 0: left out.  0 or 1; 1.  Costs 5.1 KiB of code.
 */
#ifndef BUDDY_DEBUG_HOOKS
#define BUDDY_DEBUG_HOOKS (!BUDDY_TINY)
#endif

/*
 * Misuse is told in words: what, where, by whom.  0: it is refused and counted (BAD_FREE,
 * BAD_ALLOC, BAD_GFP), nothing more.  0 or 1; 1.  Costs 3.7 KiB of code.
 */
#ifndef BUDDY_MISUSE_REPORT
#define BUDDY_MISUSE_REPORT 1
#endif

/*
 * A failed request says why, zone by zone, with flags in names; 0: in one line with its
 * numbers.  0 or 1; 1.  Costs 2.9 KiB of code, twice that in a program that shows nothing else.
 */
#ifndef BUDDY_ALLOC_REPORT
#define BUDDY_ALLOC_REPORT (!BUDDY_TINY)
#endif

/*
 * Reclaim (reclaim.h): pages that owners can give back, shrinkers, kswapd, writeback of dirty
 * pages.  0: left out; only per-CPU caches are emptied.  0 or 1; 1.  Costs 5.6 KiB of code.
 */
#ifndef BUDDY_RECLAIM
#define BUDDY_RECLAIM (!BUDDY_TINY)
#endif

/*
 * Pages in use are moved: compaction, contiguous allocation, offlining and pinning move
 * what their owners have made movable (migrate.h); 0: none is, and who needs the place gets
 * -EBUSY (or NULL).  Owners are the same with both.  0 or 1; 1.  Costs
 * 6.8 KiB of code.
 */
#ifndef BUDDY_COMPACTION
#define BUDDY_COMPACTION (!BUDDY_TINY)
#endif

/*
 * vmalloc() and vmap() (vmalloc.h); 0: left out, and the port needs no port_vmap_*().
 * 0 or 1; 1.  Costs 2.4 KiB of code.
 */
#ifndef BUDDY_VMALLOC
#define BUDDY_VMALLOC (!BUDDY_TINY)
#endif

/* The page cache over block devices (filemap.h); 0: left out.  Costs 2.3 KiB. */
#ifndef BUDDY_FILEMAP
#define BUDDY_FILEMAP (!BUDDY_TINY)
#endif

/*
 * Small objects: kmem_cache and kmalloc() (slab.h); 0: left out.  Costs about 12 KiB of code
 * (Thumb; ARM 19), and 6 KiB of data, 4 of them a table with a word for each 4 MiB.
 */
#ifndef BUDDY_SLAB
#define BUDDY_SLAB (!BUDDY_TINY)
#endif

#if BUDDY_TINY && (BUDDY_MOBILITY || BUDDY_HIGHATOMIC || BUDDY_CMA || BUDDY_HIGHMEM || BUDDY_PCP)
#error "BUDDY_TINY has one zone with one kind of page: no MOBILITY, HIGHATOMIC, CMA, HIGHMEM, PCP"
#endif
#if BUDDY_TINY && (BUDDY_DEBUG_HOOKS || BUDDY_ALLOC_REPORT)
#error "BUDDY_TINY has nothing to show: no DEBUG_HOOKS, ALLOC_REPORT"
#endif
#if BUDDY_TINY && \
	(BUDDY_RECLAIM || BUDDY_COMPACTION || BUDDY_VMALLOC || BUDDY_FILEMAP || BUDDY_SLAB)
#error "BUDDY_TINY's pages have no owners: no RECLAIM, COMPACTION, VMALLOC, FILEMAP, SLAB"
#endif
#if BUDDY_HIGHATOMIC && !BUDDY_MOBILITY
#error "BUDDY_HIGHATOMIC is a migratetype of pageblocks: it needs BUDDY_MOBILITY"
#endif
#if BUDDY_CMA && !BUDDY_MOBILITY
#error "BUDDY_CMA and isolated pages are migratetypes of pageblocks: they need BUDDY_MOBILITY"
#endif
#if BUDDY_PAGE_SHIFT < 12 || BUDDY_PAGE_SHIFT > 16
#error "BUDDY_PAGE_SHIFT must be 12 to 16 (4 to 64 KiB pages)"
#endif
#if BUDDY_MAX_ORDER < 1 || BUDDY_MAX_ORDER > 14
#error "BUDDY_MAX_ORDER must be 1 to 14: the order has four bits in a page's word, 15 is kept free"
#endif
#if BUDDY_PAGEBLOCK_ORDER < 1 || BUDDY_PAGEBLOCK_ORDER > BUDDY_MAX_ORDER
#error "BUDDY_PAGEBLOCK_ORDER must be 1 to BUDDY_MAX_ORDER: a pageblock is at most the largest block"
#endif
#if BUDDY_MAX_NODES < 1 || BUDDY_MAX_NODES > 4
#error "BUDDY_MAX_NODES must be 1 to 4"
#endif
#if BUDDY_PCP_SLOTS < 8 || BUDDY_PCP_SLOTS > 1024 || (BUDDY_PCP_SLOTS & (BUDDY_PCP_SLOTS - 1))
#error "BUDDY_PCP_SLOTS must be a power of two, 8 to 1024"
#endif
#if BUDDY_PCP_WORK < 2 || BUDDY_PCP_WORK > 64
#error "BUDDY_PCP_WORK must be 2 to 64"
#endif

#define PAGE_SHIFT BUDDY_PAGE_SHIFT
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define MAX_ORDER  BUDDY_MAX_ORDER
#define NR_ORDERS  (MAX_ORDER + 1)

#define pageblock_order	   BUDDY_PAGEBLOCK_ORDER
#define pageblock_nr_pages (1U << pageblock_order)

/*
 * Orders that have per-CPU caches.  Linux's end at 3 (PAGE_ALLOC_COSTLY_ORDER); one
 * more takes the commonest of the rest off the zone's lock: random churn on four
 * cores scales 3.9-fold instead of 3.4.  Room is for a power of two of them.
 */
#define PCP_MAX_ORDER (MAX_ORDER < 4 ? MAX_ORDER : 4)
#define NR_PCP_ORDERS 8

#endif /* BUDDY_CONFIG_H */
