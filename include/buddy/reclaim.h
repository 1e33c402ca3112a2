/* SPDX-License-Identifier: MIT */
/*
 * Reclaim: getting back what others hold but could do without.
 *
 * Two kinds of holders: owners of reclaimable pages (a page cache), which reclaim finds one
 * by one, and shrinkers (caches of objects), which are asked for a share.
 *
 * Pages are chosen by a clock: a hand goes over each zone's descriptors, and a page that was
 * used since the hand came by last (PAGE_REFERENCED) gets a second round.  So a page
 * needs two bits and no links; using one costs one atomic operation at most, and no lock.
 *
 * Follows Linux's mm/vmscan.c, mm/shrinker.c and mm/page-writeback.c (6.1); the clock is
 * what its LRU lists approximate.
 */
#ifndef BUDDY_RECLAIM_H
#define BUDDY_RECLAIM_H

#include <stdbool.h>

#include <buddy/gfp.h>
#include <buddy/migrate.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- reclaimable pages: any context ----------------------------------- */

/*
 * A movable page whose operations have evict_page(): from now on (from now on not) reclaim
 * may take it.
 */
void lru_cache_add(struct page *page);
void lru_cache_del(struct page *page);
/* It was used. */
void mark_page_accessed(struct page *page);

/*
 * Its contents are newer than where it comes from; they are about to be written there;
 * are being written; have been.  Of movable pages, by who holds a reference.  The first two
 * return true when that changed something.
 */
bool set_page_dirty(struct page *page);
bool clear_page_dirty_for_io(struct page *page);
void set_page_writeback(struct page *page);
void end_page_writeback(struct page *page);

/* ---- shrinkers ------------------------------------------------------------ */

struct shrink_control {
	gfp_t gfp_mask;		  /* of the request: without __GFP_FS no file system's locks */
	int nid;		  /* node, for SHRINKER_NUMA_AWARE; else 0 */
	unsigned long nr_to_scan; /* scan_objects(): how many to look at */
	unsigned long nr_scanned; /* and how many were: the shrinker may say fewer or more */
};

#define SHRINK_STOP  (~0UL)	/* scan_objects(): no progress possible now */
#define SHRINK_EMPTY (~0UL - 1) /* count_objects(): nothing there */

#define SHRINKER_NUMA_AWARE 1U /* counts and scans by node */

#define DEFAULT_SEEKS 2 /* what an object costs to be made again; 0: next to nothing */

struct shrinker {
	/*
	 * Objects that could be freed (a guess will do; no locks that scan holds); 0 or
	 * SHRINK_EMPTY: none.
	 */
	unsigned long (*count_objects)(struct shrinker *, struct shrink_control *);
	/*
	 * Frees about nr_to_scan of them, the least useful first; how many it freed, or
	 * SHRINK_STOP.
	 */
	unsigned long (*scan_objects)(struct shrinker *, struct shrink_control *);
	unsigned batch; /* objects for one scan_objects(); 0: 128 */
	int seeks;
	unsigned flags;
	/* The library's. */
	struct shrinker *next;
	uint32_t users; /* who are in it */
	bool leaving;	/* unregister_shrinker() waits for them */
	uint32_t nr_deferred[BUDDY_MAX_NODES];
};

/*
 * Both operations are called in task context, interrupts on, no lock held, by several CPUs
 * at once; they may free, and must not allocate with __GFP_DIRECT_RECLAIM (it is taken
 * off).  s is the library's until unregister_shrinker(), which waits (port_cond_resched())
 * until nobody is in it any more, and so is not to be called by s's own operations.  Of one
 * that is not registered: nothing. register: 0, or -EINVAL: an operation is missing, or it
 * is registered.  Both: task context, interrupts on.
 */
#if BUDDY_RECLAIM
int register_shrinker(struct shrinker *s);
void unregister_shrinker(struct shrinker *s);
#else
static inline int register_shrinker(struct shrinker *s)
{
	(void)s;
	return 0;
}
static inline void unregister_shrinker(struct shrinker *s)
{
	(void)s;
}
#endif

/* ---- asking for it --------------------------------------------------------- */

/*
 * Frees up to nr pages of node nid (-1: all); how many it freed, whatever has become of
 * them since; an object of a shrinker counts as one, and of these it may be more.  Writes
 * dirty pages only if gfp has __GFP_IO and __GFP_FS; frees nothing without
 * __GFP_DIRECT_RECLAIM.  Context: task, interrupts on; called in an operation of an owner
 * or a shrinker it frees nothing.
 */
#if BUDDY_RECLAIM
unsigned long shrink_node_pages(int nid, unsigned long nr, gfp_t gfp);
#else
static inline unsigned long shrink_node_pages(int nid, unsigned long nr, gfp_t gfp)
{
	(void)nid;
	(void)nr;
	(void)gfp;
	return 0;
}
#endif

/* ---- the background --------------------------------------------------------- */

/*
 * kswapd of a node: frees memory until every zone is at its high watermark, so that
 * requests need not.  It begins when a request finds all its zones below low
 * (port_wake_kswapd()), and stops, for a request of a high order, after twice that (and
 * goes on for single pages).  After 16 rounds over all pages without one it gives up until
 * a request reclaims something itself.  Then it writes dirty pages, if there are more than
 * dirty_background_ratio.
 *
 * One call frees at most 32 pages, looks at about 1,024 descriptors, and once in a while
 * asks each shrinker for its share; it returns true if there is more to do.  A task of an
 * RTOS, or an idle core:
 *
 *	for (;;) {
 *		wait_for_port_wake_kswapd();
 *		while (kswapd_step(nid) | kcompactd_step(nid))
 *			yield();
 *	}
 *
 * Task context, interrupts on; one caller per node at a time.
 */
#if BUDDY_RECLAIM
bool kswapd_step(int nid);
#else
static inline bool kswapd_step(int nid)
{
	(void)nid;
	return false;
}
#endif

/* ---- dirty pages -------------------------------------------------------------- */

/*
 * When more than dirty_background_ratio per cent of the memory that can be had (free above
 * the high marks, and reclaimable) is dirty or under writeback, kswapd writes; above
 * dirty_ratio, who makes pages dirty writes as many first (balance_dirty_pages(), to be
 * called by an owner after set_page_dirty(), in task context, no lock held; it returns at
 * once in a NOIO or NOFS scope, in an operation of an owner, and with interrupts off).
 * Example: 1,000 pages above the marks are free and 3,000 reclaimable: 400 dirty ones wake
 * kswapd, and who makes the 801st dirty writes one.  Only pages that are reclaimable
 * (lru_cache_add()) are found.
 *
 * A request with __GFP_WRITE goes to a zone below its share of dirty_ratio, as long as there
 * is one.
 */
#if BUDDY_RECLAIM
extern unsigned dirty_background_ratio; /* 10; 0 to 100 */
extern unsigned dirty_ratio;		/* 20; 0 to 100 */
void balance_dirty_pages(void);
#else
static inline void balance_dirty_pages(void)
{
}
#endif

/* Of all zones; any context. */
unsigned long nr_dirty_pages(void);
unsigned long nr_writeback_pages(void);
unsigned long nr_lru_pages(void);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_RECLAIM_H */
