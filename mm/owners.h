/* SPDX-License-Identifier: MIT */
/*
 * What mm/ says to itself about pages whose owners can move them or give them back, and
 * about what is done with them when memory is short.
 *
 * Included by internal.h, at its end.  The owners' side of it is public: migrate.h,
 * reclaim.h.
 */
#ifndef MM_OWNERS_H
#define MM_OWNERS_H

#include <mm/internal.h>

/* ---- movable.c: flags of owners' pages, atomic, any context ----------------------- */

/* What the word of a movable page says besides PAGE_MOVABLE. */
#define MOVABLE_FLAGS (PAGE_LRU | PAGE_REFERENCED | PAGE_DIRTY | PAGE_WRITEBACK | PAGE_TAKEN)

/*
 * A pageblock's note: how many of its pages are reclaimable; and compaction has found
 * nothing to do there.
 */
#define NOTE_LRU_MASK 0x7fffU
#define NOTE_SKIP     0x8000U

static inline uint16_t *pageblock_note(const struct page *page)
{
	return &pageblock_notes[(page - mem_map) >> pageblock_order];
}

/*
 * Takes a movable page that has only its owner's reference and that nobody has taken: then
 * it has one more, and PAGE_TAKEN.  What is read of it afterwards is its owner's.
 */
bool movable_take(struct page *page);
/*
 * Second chance: the next time that reclaim comes by the page was not used, unless it is
 * again.  Of any page.
 */
void movable_clear_referenced(struct page *page);
/*
 * The same of a page of which the caller has the only other reference: that is the taker's
 * then.
 */
bool movable_take_held(struct page *page);
/* The last reference is gone, or about to be: off the counts.  word: the page's. */
void movable_forget(struct page *page, uint32_t word);

/* ---- page_ref.c --------------------------------------------------------------- */

/* One reference is dropped, the last one frees; order: what the caller says, or -1. */
void put_block(const char *what, struct page *page, int order, const void *caller);
/* Not to be moved or evicted after all: PAGE_TAKEN and its reference go. */
void movable_putback(struct page *page);
/*
 * Moved or evicted: the taker's and the owner's reference go.  True: these were all, the
 * page's word is PAGE_STATE_PCP, and the caller frees it; false: somebody has another one
 * for a moment, and will.
 */
bool movable_release(struct page *page, const void *caller);

/* ---- migrate.c -------------------------------------------------------------------- */

/*
 * Moves nr pages that were taken and whose owners agreed (isolate_movable()).
 * new_page(src, arg) gives a target, in the state of a block that left the lists
 * (PAGE_STATE_PCP), or NULL; put_new_page(dst, arg) takes one back that was not used (case
 * 37).  What cannot be moved is put back.  Sources are freed.  Returns how many were moved;
 * pages[] is used up.  At most MIGRATE_BATCH at once; task context, interrupts on.
 */
#define MIGRATE_BATCH 32
typedef struct page *(*new_page_fn)(struct page *src, void *arg);
typedef void (*put_new_page_fn)(struct page *dst, void *arg);
unsigned migrate_pages(struct page **pages, unsigned nr, new_page_fn new_page,
		       put_new_page_fn put_new_page, void *arg, enum migrate_mode mode);
/* The same, but the sources are not freed: they are the caller's, and say PAGE_HELD. */
#define PAGE_HELD (PAGE_STATE_PCP | 0x010U)
unsigned migrate_and_hold(struct page **pages, unsigned nr, new_page_fn new_page,
			  put_new_page_fn put_new_page, void *arg, enum migrate_mode mode);
/* movable_take() and the owner's consent; false: the page is as before. */
bool isolate_movable(struct page *page, enum migrate_mode mode);
/*
 * Moves src, taken by movable_take_held(), to dst (PAGE_STATE_PCP), which has a second
 * reference before anybody can find it: the caller's.  0; else the caller has dst, as it
 * was, and no reference of src any more.
 */
int migrate_and_pin(struct page *dst, struct page *src, enum migrate_mode mode);

/* ---- contig_migrate.c --------------------------------------------------------------- */

/*
 * A target for a page that is to leave its place: of its node, if there is one, and of a
 * zone that its owner can use as well as the page's.  gfp without __GFP_HIGHMEM.  NULL: no
 * memory.
 */
struct page *alloc_migration_target(const struct page *src, gfp_t gfp);
void free_migration_target(struct page *dst);

/* ---- page_writeback.c --------------------------------------------------------------- */

#define MAX_RECLAIM_RETRIES 16

/*
 * What could ever be reclaimed: else nobody need be woken.  Atomic: RECLAIM_PAGES from the
 * first reclaimable page on, and RECLAIM_SHRINKER for each shrinker.
 */
extern uint32_t nr_reclaim_sources; /* movable.c */
#define RECLAIM_PAGES	 1U
#define RECLAIM_SHRINKER 2U

#if BUDDY_RECLAIM

/*
 * The zone has less than its share of dirty pages: who will write may take from it
 * (__GFP_WRITE).
 */
bool zone_dirty_ok(const struct zone *zone);

/* ---- vmscan.c: task context, interrupts on ---------------------------------------- */

/* Pages of a zone that could be reclaimed; a guess. */
unsigned long zone_reclaimable_pages(const struct zone *zone);
/*
 * Direct reclaim for a request: about 32 pages, or its order's, of its zones.  Pages freed
 * (an object of a shrinker counts as one). Nothing without __GFP_DIRECT_RECLAIM or with
 * interrupts off.  Bound: DEF_PRIORITY + 1 rounds.
 */
unsigned long try_to_free_pages(gfp_t gfp, unsigned order, const struct alloc_context *ac);
/* At start-up. */
void reclaim_init(void);

/* ---- kswapd.c ----------------------------------------------------------------------- */

/*
 * The request, if it has __GFP_KSWAPD_RECLAIM, found its zones below low: kswapd of their
 * nodes.  Any context, no lock held.
 */
void wake_all_kswapds(gfp_t gfp, unsigned order, const struct alloc_context *ac);

#else

#define zone_dirty_ok(zone)		  ((void)(zone), true)
#define zone_reclaimable_pages(zone)	  ((void)(zone), 0UL)
#define try_to_free_pages(gfp, order, ac) ((void)(gfp), (void)(order), (void)(ac), 0UL)
#define reclaim_init()			  ((void)0)
#define wake_all_kswapds(gfp, order, ac)  ((void)(gfp), (void)(order), (void)(ac))

#endif /* BUDDY_RECLAIM */

/* ---- compaction.c: task context, interrupts on -------------------------------------- */

enum compact_result {
	COMPACT_SKIPPED,	 /* too little free memory in all zones for it to help */
	COMPACT_DEFERRED,	 /* it failed too often lately */
	COMPACT_CONTENDED,	 /* another CPU compacts there */
	COMPACT_COMPLETE,	 /* all was looked at, without success */
	COMPACT_PARTIAL_SKIPPED, /* the same, but not all */
	COMPACT_SUCCESS		 /* there is a block now, or was a moment ago */
};
enum compact_priority { COMPACT_PRIO_SYNC_FULL, COMPACT_PRIO_SYNC_LIGHT, COMPACT_PRIO_ASYNC };
#define MIN_COMPACT_PRIORITY COMPACT_PRIO_SYNC_FULL
#define DEF_COMPACT_PRIORITY COMPACT_PRIO_SYNC_LIGHT

#if BUDDY_COMPACTION

/*
 * Compacts the request's zones, one after the other, until one of them has a block of that
 * order above its mark (of alloc_flags).  *capture: the block itself, off the lists
 * (PAGE_STATE_PCP | order) and the caller's, or NULL.  In interrupt context, or under any
 * lock: never.
 */
enum compact_result try_to_compact_pages(gfp_t gfp, unsigned order, unsigned alloc_flags,
					 const struct alloc_context *ac, enum compact_priority prio,
					 struct page **capture);
/*
 * Some zone has enough free pages, or would have with those that can be reclaimed, for
 * compaction to make a block.
 */
bool compaction_zonelist_suitable(const struct alloc_context *ac, unsigned order,
				  unsigned alloc_flags);
/* A request succeeded after it: no deferral any more. */
void compaction_defer_reset(struct zone *zone, unsigned order, bool alloc_success);
/* Any context. */
void wakeup_kcompactd(int nid, unsigned order, enum zone_type highest);

#else

static inline enum compact_result try_to_compact_pages(gfp_t gfp, unsigned order,
						       unsigned alloc_flags,
						       const struct alloc_context *ac,
						       enum compact_priority prio,
						       struct page **capture)
{
	*capture = NULL;
	(void)gfp;
	(void)order;
	(void)alloc_flags;
	(void)ac;
	(void)prio;
	return COMPACT_SKIPPED;
}

#define compaction_zonelist_suitable(ac, order, alloc_flags) \
	((void)(ac), (void)(order), (void)(alloc_flags), false)
#define compaction_defer_reset(zone, order, alloc_success) \
	((void)(zone), (void)(order), (void)(alloc_success))
#define wakeup_kcompactd(nid, order, highest) ((void)(nid), (void)(order), (void)(highest))

#endif /* BUDDY_COMPACTION */

/* ---- oom.c --------------------------------------------------------------------------- */

/*
 * True: somebody gave memory up, or is about to, or there is some: try again.  False, too,
 * for who is called from in there.  Task context, interrupts on.
 */
bool out_of_memory(gfp_t gfp, unsigned order, const struct alloc_context *ac);
void oom_init(void);

/* ---- vmscan.c ------------------------------------------------------------------- */

/* node_reclaim()'s answers: not looked at; nothing there; something; enough. */
enum { NODE_RECLAIM_NOSCAN = -2, NODE_RECLAIM_FULL = -1, NODE_RECLAIM_SOME, NODE_RECLAIM_SUCCESS };
int node_reclaim(int nid, gfp_t gfp, unsigned order);

/* ---- slab_cache.c, slab_show.c ------------------------------------------------- */

#if BUDDY_SLAB
/* No cache is there yet. */
void slab_init(void);
/* mm_check()'s part of it: what is broken is printed and counted. */
unsigned slab_check(bool quiet);
#else
#define slab_init()	  ((void)0)
#define slab_check(quiet) ((void)(quiet), 0U)
#endif

#endif /* MM_OWNERS_H */
