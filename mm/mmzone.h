/* SPDX-License-Identifier: MIT */
/*
 * Nodes, zones, free lists and per-CPU caches: the shapes that mm/ shares.
 *
 * Every field carries the letter of what guards it:
 *
 *	[Z]  the zone's lock, interrupts off.  Read without it only where it says so.
 *	[C]  its own CPU, interrupts off.  Others may read it, and get a guess.
 *	[I]  written by mm_init(), only read afterwards.
 *
 * Fields that are read without their guard are read and written as relaxed
 * atomics, which cost what a plain access costs.
 */
#ifndef MM_MMZONE_H
#define MM_MMZONE_H

#include <buddy/mm.h>
#include <buddy/vmstat.h>
#include <port/port.h>

#define NR_ZONES (BUDDY_MAX_NODES * MAX_NR_ZONES) /* at most */

enum zone_watermarks { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

/*
 * The free blocks of one order, by mobility.  Only buddy.c writes here.
 * Invariant: a block on free_list[mt] lies in pageblocks of type mt.
 */
struct free_list {
	struct list_head list; /* [Z] of page->lru */
	uint32_t nr_free;      /* [Z] blocks on it */
	uint32_t pad;	       /* powers of two, so that finding a list takes two shifts */
};

struct free_area {
	struct free_list free_list[BUDDY_MOBILITY ? 8 : 1];
};
static_assert(MIGRATE_TYPES <= 8, "struct free_area has room for eight");

/* Compaction's scanners in one zone, as places in mem_map (compact_scan.c). */
struct compact_cursor {
	unsigned long migrate; /* the first range that was not looked at */
	unsigned long spare;   /* below it: the first page that may be free, but was passed over */
	unsigned long high;    /* the pageblock out of which pages are taken */
	unsigned long at;      /* and where in it; 0: begin anew */
};

struct zone {
	/* One cache line: what every holder of the lock writes. */
	struct port_spinlock lock;
	uint32_t nonempty[MIGRATE_TYPES]; /* [Z] a bit per order: has a block; read without */
	uint32_t nr_free_pages;		  /* [Z] but for isolated ones; read without */

	uint32_t nr_alloc;   /* [Z] for vmstat: blocks given straight from the lists */
	uint32_t nr_free_op; /* [Z] and straight back to them */
	uint32_t nr_extfrag; /* [Z] ALLOC_EXTFRAG */
	uint32_t nr_steal;   /* [Z] PAGEBLOCK_STEAL */

	/* [Z] of nr_free_pages, what only some requests may have; read without (options.h) */
#if BUDDY_CMA
	uint32_t nr_free_cma;
	uint32_t nr_isolated; /* [Z] free pages that are isolated */
	uint32_t nr_offline;  /* [Z] pages out of service: reserved, not managed */
	uint32_t cma_pages;   /* [I] in CMA areas */
#endif
#if BUDDY_HIGHATOMIC
	uint32_t nr_free_highatomic;
	uint32_t nr_reserved_highatomic; /* [Z] pages of its pageblocks; read without */
#endif
#if BUDDY_CMA || BUDDY_HIGHATOMIC
	uint32_t nr_special_blocks; /* [Z] pageblocks of types without caches */
#endif
	uint32_t nr_deferred; /* atomic: managed pages yet to be initialised */
	uint32_t fair_left;   /* atomic: pages to give in this round (fair_zones) */

	/* [Z] pages; read without */
	uint32_t fast_mark;		       /* see update_fast_mark() */
	uint32_t watermark[NR_WMARK];	       /* without the boost */
	uint32_t watermark_boost;	       /* on top of them */
	uint32_t lowmem_reserve[MAX_NR_ZONES]; /* by the request's highest zone type */
	unsigned long managed_pages;	       /* handed over by memblock, and not offline */

	struct free_area free_area[NR_ORDERS];

	/* atomic, relaxed: pages of owners */
	uint32_t nr_lru;       /* reclaimable (PAGE_LRU) */
	uint32_t nr_dirty;     /* PAGE_DIRTY */
	uint32_t nr_writeback; /* PAGE_WRITEBACK */
	uint32_t has_movable;  /* 1: a page was movable once: compaction may find something */

	/* clock.c: pfns, atomic */
	unsigned long clock_hand; /* where reclaim looks next; */
	unsigned long write_hand; /* and writeback */

	/* compaction.c; who has set compact_busy writes, others read */
	uint32_t compact_busy;		     /* atomic: somebody compacts this zone */
	struct compact_cursor compact_at[2]; /* where to go on: without waiting, and with it */
	uint32_t compact_considered, compact_defer_shift, compact_order_failed; /* deferral */

	unsigned long zone_start_pfn; /* [I] */
	unsigned long spanned_pages;  /* [I] from there, holes included */
	unsigned long present_pages;  /* [I] RAM */
	const char *name;	      /* [I] */
	enum zone_type type;	      /* [I] */
	uint8_t low_flags;	      /* [I] ALLOC_WMARK_LOW, NOFRAGMENT where mixing can wait */
	uint8_t nid;		      /* [I] node */
	uint8_t zid;		      /* [I] place in zones[] */
} __attribute__((aligned(PORT_CACHELINE)));

#if BUDDY_PCP

/*
 * A per-CPU cache: blocks of one zone, mobility and order, as an array of
 * pointers that is used as a stack.  slot[-1], below base, is NULL for ever, so
 * that a pop needs no compare with base.  32 bytes on ARM: one cache line.
 */
struct pcp_list {
	struct page **top;  /* [C] the next free slot; top[-1] is the hottest block */
	struct page **end;  /* [I] past the last slot; base: nothing may be cached */
	struct page **base; /* [I] the first slot: the coldest block */
	uint32_t nr_alloc;  /* [C] blocks popped */
	uint32_t nr_in;	    /* [C] blocks that refills put in */
	uint32_t nr_out;    /* [C] blocks that flushes took out */
	uint32_t batch;	    /* [C] blocks to move next time: grows in a run of refills or flushes */
	uint32_t refills;   /* [C] since the last flush */
};

/*
 * One block of an order above PCP_MAX_ORDER, of one zone and mobility, that this
 * CPU freed last and will get first.  8 bytes on ARM.
 */
struct pcp_block {
	struct page *page;  /* [C] NULL: none */
	uint32_t max_order; /* [I] larger ones are not kept; 0: none are */
};

#endif /* BUDDY_PCP */

#define PCP_TYPES 8 /* pageblock bytes have three bits of mobility; unused ones cache nothing */

/*
 * All that one CPU touches on the fast path.  map_base is a copy of the global,
 * so that a free finds it beside the rest.
 */
struct mm_cpu {
	/* The first three lead elsewhere while there is a detour (detour.c). */
#if BUDDY_PCP
	struct pcp_list *fast[16]; /* [I] by gfp & GFP_FAST_MASK: the list of order 0 */
#endif
	struct zone **zonelist[8]; /* [I] by gfp & GFP_ZONEMASK: the node's, for these zones */
	const uint8_t *map_base;   /* [I] pageblock bytes, and where page indices count from */
#if BUDDY_PCP
	struct pcp_block *block; /* [I] by pageblock byte: PCP_TYPES for each zone */
#endif
	struct node *node;		    /* [I] whose zonelists this CPU uses */
	uint32_t events[NR_VM_EVENT_ITEMS]; /* [C] */
	uint32_t online;		    /* [C] mm_init_cpu() ran; read without */
#if BUDDY_PCP
	uint32_t drained; /* [C] nothing is cached, and frees go the longer way */
	struct pcp_list list[][PCP_TYPES][NR_PCP_ORDERS]; /* [C] by zid */
#endif
};

#define ZONELIST_MAX (NR_ZONES + 1)

/*
 * What a node's background work is asked for, and how far it is: vmscan.c, compaction.c.
 * The requests are words that anybody writes (relaxed; the last one counts, as a hint); the
 * rest is the caller's of kswapd_step() and kcompactd_step().
 */
struct node_daemon {
	uint32_t kswapd_wanted;	   /* 0, or 1 + the highest order asked for since */
	uint32_t kswapd_highest;   /* zone type */
	uint32_t kswapd_write;	   /* too much is dirty */
	uint32_t kswapd_failures;  /* passes in a row without a page; others reset it */
	uint32_t kcompactd_wanted; /* 0, or 1 + the highest order */
	uint32_t kcompactd_highest;
	/* kcompactd_step()'s */
	uint64_t kcompactd_done;     /* zones that were served, a bit each */
	struct zone *kcompactd_zone; /* and the one that is being */
	/* kswapd_step()'s: this run, */
	bool running, in_round, boosted, writing;
	unsigned highest, asked, order; /* zone type; order asked for, and reclaimed for now */
	unsigned long nr_boost;		/* pages to reclaim for boosts; 0: for the marks */
	uint32_t boost[MAX_NR_ZONES];	/* of the zones when the run began */
	/* this pass, */
	unsigned priority;
	unsigned long nr_reclaimed;
	unsigned long scanned[MAX_NR_ZONES]; /* of each zone since it last gave a page */
	/* this round, */
	unsigned long round_scanned, round_reclaimed, round_wanted;
	unsigned zid;		       /* the zone that is gone over, */
	unsigned long to_scan, frames; /* and what is left of its share, and of the bound */
	/* and writing */
	unsigned write_zid;
	unsigned long write_frames;
};

struct node {
	/*
	 * [I] by the request's highest zone type: zones that may serve it, best first, then
	 * NULL
	 */
	struct zone *zonelist[MAX_NR_ZONES][ZONELIST_MAX];
	/* [I] the same of this node only, for __GFP_THISNODE */
	struct zone *thisnode[MAX_NR_ZONES][MAX_NR_ZONES + 1];
	int nid; /* [I] place in nodes[] */
	struct node_daemon daemon;
};

#if BUDDY_CMA
/* A CMA area: see contig.h.  nr_alloced: atomic; the rest [I]. */
struct cma {
	unsigned long base_pfn, nr_pages;
	const char *name;
	uint32_t nr_alloced; /* pages that cma_alloc() gave */
};
extern struct cma cma_areas[]; /* cma.c: by address */
extern unsigned nr_cma_areas;
#endif

/* Set by mm_init(). */
extern struct zone *zones; /* populated ones, by rising address */
extern unsigned nr_zones;
extern struct node *nodes; /* BUDDY_MAX_NODES of them */
extern struct mm_cpu *mm_cpus[PORT_NR_CPUS];
extern unsigned nr_mm_cpus;
extern const uint8_t *fast_map_base; /* detour.c */
#if BUDDY_PCP
extern struct pcp_list pcp_none[NR_PCP_ORDERS]; /* pcp.c: empty and full for ever */
#endif
extern uint8_t *map_base; /* what page_index() counts from; see pageblock.c */
/* movable.c, a halfword per pageblock, from mem_map on; atomic */
extern uint16_t *pageblock_notes;
#if BUDDY_HIGHMEM
extern unsigned long max_low_pfn; /* frames from here on have no permanent mapping */
#else
#define max_low_pfn MAX_PFN
#endif

#define for_each_zone(z) for ((z) = zones; (z) < zones + nr_zones; (z)++)

#endif /* MM_MMZONE_H */
