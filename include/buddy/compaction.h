/* SPDX-License-Identifier: MIT */
/*
 * Compaction: large free blocks made by moving the movable pages in between.
 *
 * A request that finds no block compacts by itself (gfp.h says which); this is for who
 * wants it beforehand, and for the background.
 *
 * Context: task, interrupts on, no lock held.  Follows Linux's mm/compaction.c (6.1).
 */
#ifndef BUDDY_COMPACTION_H
#define BUDDY_COMPACTION_H

#include <stdbool.h>

#include <buddy/config.h>
#include <buddy/vmstat.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Compacts every zone of node nid (-1: of all) as far as it goes, ignoring hints of earlier
 * passes.  Bound: one pass over each zone.  Returns the pages moved.
 */
#if BUDDY_COMPACTION
unsigned long compact_memory(int nid);
#else
static inline unsigned long compact_memory(int nid)
{
	(void)nid;
	return 0;
}
#endif

/*
 * Background compaction of a node: does some of what requests have asked for since, and
 * returns true if there is more to do.  Called like kswapd_step() (reclaim.h), by the same
 * task: bound for one call: one pageblock's pages are moved.
 */
#if BUDDY_COMPACTION
bool kcompactd_step(int nid);
#else
static inline bool kcompactd_step(int nid)
{
	(void)nid;
	return false;
}
#endif

/*
 * Why a request of this order would fail in the i-th zone (vmstat.h), in thousandths:
 * towards 0 for lack of memory, towards 1,000 because it is fragmented; -1,000: it would
 * not.  Linux's extfrag_index.
 */
int extfrag_index(unsigned zone, unsigned order);
/*
 * Of the zone's free pages the part, in thousandths, that no request of this order can use
 * (Linux's unusable_index).
 */
int unusable_free_index(unsigned zone, unsigned order);
/* Both for every zone and order, to port_log(), as Linux prints them. */
void show_extfrag(void);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_COMPACTION_H */
