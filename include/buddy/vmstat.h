/* SPDX-License-Identifier: MIT */
/*
 * Counters, and the pictures of memory that Linux shows in /proc.
 *
 * Events are counted per CPU without atomics and added up by the reader, zone
 * counters under the zone's lock: a reader on a running system sees each one
 * exact or a few operations old.
 */
#ifndef BUDDY_VMSTAT_H
#define BUDDY_VMSTAT_H

#include <stdbool.h>
#include <stdint.h>

#include <buddy/config.h>

#ifdef __cplusplus
extern "C" {
#endif

enum zone_type { ZONE_DMA, ZONE_NORMAL, ZONE_HIGHMEM, ZONE_MOVABLE, MAX_NR_ZONES };

#if BUDDY_MOBILITY

enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_PCPTYPES,		       /* the types above have per-CPU caches */
	MIGRATE_HIGHATOMIC = MIGRATE_PCPTYPES, /* kept for atomic requests of order 1 and more */
	MIGRATE_CMA,			       /* contig.h */
	MIGRATE_ISOLATE,		       /* contig.h: not to be given, not counted as free */
	MIGRATE_TYPES
};

#else

/* One type; the last three are nobody's. */
enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE = MIGRATE_UNMOVABLE,
	MIGRATE_RECLAIMABLE = MIGRATE_UNMOVABLE,
	MIGRATE_PCPTYPES,
	MIGRATE_TYPES = MIGRATE_PCPTYPES,
	MIGRATE_HIGHATOMIC,
	MIGRATE_CMA,
	MIGRATE_ISOLATE
};

#endif

enum vm_event_item {
	PGALLOC,    /* blocks allocated */
	PGFREE,	    /* blocks freed */
	PCP_REFILL, /* times a per-CPU cache was filled: PGALLOC of orders 0-4 less this is the hits */
	PCP_FLUSH,	      /* times one was emptied in part */
	PCP_DRAIN,	      /* times one was emptied whole */
	PGALLOC_FAIL,	      /* requests that got NULL */
	ALLOC_EXTFRAG,	      /* blocks taken from another mobility type */
	PAGEBLOCK_STEAL,      /* pageblocks that changed their type for it */
	NUMA_MISS,	      /* blocks given from another node than the preferred one */
	ZONE_RECLAIM_SUCCESS, /* node_reclaim() got enough; */
	ZONE_RECLAIM_FAILED,  /* did not */
	HIGHATOMIC_RESERVE,   /* pageblocks put into the reserve; */
	HIGHATOMIC_UNRESERVE, /* and out of it */
	CMA_ALLOC_SUCCESS,    /* cma_alloc() gave pages; */
	CMA_ALLOC_FAIL,	      /* did not */
	PGACCOUNT,	      /* pages of __GFP_ACCOUNT allocated; */
	PGUNACCOUNT,	      /* and freed */
	/* the slow path */
	SLOWPATH,	/* requests that came to it; */
	ALLOCSTALL,	/* that reclaimed themselves */
	PAGEOUTRUN,	/* times kswapd was woken and went to work */
	KSWAPD_GIVE_UP, /* times it found nothing to do for it any more (kswapd_failures) */
	KCOMPACTD_WAKE,
	OOM_KILL, /* owners that gave all they had for others */
	/*
	 * reclaim: pages looked at, and freed, by kswapd and by requests; objects of
	 * shrinkers
	 */
	PGSCAN_KSWAPD,
	PGSCAN_DIRECT,
	PGSTEAL_KSWAPD,
	PGSTEAL_DIRECT,
	SLABS_SCANNED,
	PGWRITEBACK,	/* pages that reclaim and throttling had written */
	DIRTY_THROTTLE, /* writers that had to write first */
	/* compaction and migration */
	COMPACTSTALL,	/* requests that compacted themselves; */
	COMPACTSUCCESS, /* with success; */
	COMPACTFAIL,	/* without */
	COMPACTMIGRATE_SCANNED,
	COMPACTFREE_SCANNED,
	COMPACTISOLATED, /* pages taken as source or target */
	PGMIGRATE_SUCCESS,
	PGMIGRATE_FAIL,
	BAD_GFP,   /* requests that contradicted themselves (gfp.h) */
	BAD_FREE,  /* frees refused */
	BAD_ALLOC, /* requests refused: order or flags invalid */
	BAD_SLAB,  /* objects found to be written to while they were free (slab.h) */
	NR_VM_EVENT_ITEMS
};

/* Linux's name of an event (or ours, where it has none). */
extern const char *const vm_event_name[NR_VM_EVENT_ITEMS];

/* The sum over all CPUs; wraps at 2^32. */
uint32_t vm_events(enum vm_event_item item);

/*
 * Free pages of all zones: in the zones; in per-CPU caches (an estimate while they are in
 * use).
 */
unsigned long nr_free_pages(void);
#if BUDDY_PCP
unsigned long nr_pcp_pages(void);
#else
static inline unsigned long nr_pcp_pages(void)
{
	return 0;
}
#endif

/* Pages that the allocator manages: handed over at start-up; free or allocated. */
unsigned long nr_managed_pages(void);

#if !BUDDY_TINY

/*
 * Of the free pages: in CMA areas, in the highatomic reserve (both only for those who may
 * have them).
 */
#if BUDDY_CMA
unsigned long nr_free_cma_pages(void);
#else
static inline unsigned long nr_free_cma_pages(void)
{
	return 0;
}
#endif
#if BUDDY_HIGHATOMIC
unsigned long nr_free_highatomic_pages(void);
#else
static inline unsigned long nr_free_highatomic_pages(void)
{
	return 0;
}
#endif

/* Free pages above the high watermarks: what a request can count on. */
unsigned long nr_free_buffer_pages(void);

struct zone_info {
	const char *name; /* "DMA", "Normal", "HighMem", "Movable" */
	int nid;
	enum zone_type type;
	unsigned long start_pfn, spanned, present, managed, free, pcp;
	unsigned long wmark_min, wmark_low, wmark_high; /* what holds now: with the boost */
	unsigned long lowmem_reserve[MAX_NR_ZONES];
	unsigned long nr_free[NR_ORDERS][MIGRATE_TYPES]; /* blocks */
	unsigned long nr_pageblocks[MIGRATE_TYPES];
	unsigned long free_cma, free_highatomic; /* of `free` */
	unsigned long reserved_highatomic;	 /* pages of its pageblocks */
	unsigned long cma;			 /* pages in CMA areas */
	unsigned long boost;			 /* of each of the watermarks */
	unsigned long deferred;			 /* of `managed`: not yet initialised */
	unsigned long lru, dirty, writeback;	 /* owners' pages: reclaimable, ... (reclaim.h) */
	/*
	 * Where reclaim's clock and compaction's scanners go on: frame numbers, 0: at the
	 * start.
	 */
	unsigned long clock_pfn, migrate_pfn, free_pfn;
};

/*
 * Facts of the i-th populated zone, by rising address; false past the last.  Takes its
 * lock.
 */
bool zone_info(unsigned i, struct zone_info *info);

/* What a node's background work (reclaim.h, compaction.h) was asked for, and has given up. */
struct node_daemon_info {
	int kswapd_order, kcompactd_order; /* the highest wanted now; -1: nothing is */
	uint32_t kswapd_failures;	   /* rounds in a row without a page; at 16 it gives up */
};

/* Any context, a guess; false: there is no such node, or it has no memory. */
bool node_daemon_info(int nid, struct node_daemon_info *info);

/*
 * What /proc/buddyinfo, pagetypeinfo, zoneinfo, vmstat and meminfo print, in
 * Linux's formats, to port_log().
 */
void show_buddyinfo(void);
void show_pagetypeinfo(void);
void show_zoneinfo(void);
void show_vmstat(void);
void show_meminfo(void);

/* One frame's state for a picture of memory. */
enum page_use { PAGE_USE_HOLE, PAGE_USE_RESERVED, PAGE_USE_FREE, PAGE_USE_PCP, PAGE_USE_ALLOCATED };
struct page_use_info {
	enum page_use use;
	unsigned order;		      /* of the block that it heads or lies in */
	enum migratetype migratetype; /* of its pageblock */
	unsigned long nr_pages;	      /* frames from here on of the same block */
	/* Of an allocated page: its owner can move it, can give it back; more references than its
	 * owner's keep it here. */
	bool movable, reclaimable, pinned;
};

/* Context: any; a running system may give a picture that is no longer true. */
void page_use(unsigned long pfn, struct page_use_info *info);

#endif /* !BUDDY_TINY */

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_VMSTAT_H */
