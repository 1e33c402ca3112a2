/* SPDX-License-Identifier: MIT */
/*
 * What a request may do about watermarks and reserves (ALLOC_*), and the check.
 *
 * Included by internal.h, at its end.  watermark.c has the rest of it, and the reasons.
 */
#ifndef MM_WATERMARK_H
#define MM_WATERMARK_H

#include <mm/internal.h>

#define ALLOC_WMARK_MIN	    WMARK_MIN
#define ALLOC_WMARK_LOW	    WMARK_LOW
#define ALLOC_WMARK_HIGH    WMARK_HIGH
#define ALLOC_WMARK_MASK    0x03U
#define ALLOC_NO_WATERMARKS 0x04U /* all of it */
#define ALLOC_HIGH	    0x10U /* __GFP_HIGH: down to half of min */
#define ALLOC_HARDER	    0x20U /* atomic: another quarter, and the highatomic reserve */
#define ALLOC_CMA	    (BUDDY_CMA ? 0x40U : 0U) /* movable: CMA areas count, too */
#define ALLOC_NOFRAGMENT    0x80U		     /* mixes mobilities by whole pageblocks only */
#define ALLOC_FAIR	    0x100U		     /* the zones of the node in turn */
#define ALLOC_SPREAD_DIRTY  0x200U /* __GFP_WRITE: zones with less than their share of dirty pages */

/*
 * The first zone of a CPU's own zonelist, at the low mark: no zone above it could have
 * served the request, so that it owes no reserve.  What only some may have counts as
 * taken.  zone NULL: there is none.
 */
static inline bool zone_watermark_fast(const struct zone *zone, unsigned order)
{
	return zone && READ_ONCE(zone->nr_free_pages) >= READ_ONCE(zone->fast_mark) + (1U << order);
}

/* Pages that must be free for a mark by the kind of request, before anybody's reserve. */
static inline unsigned wmark_pages(const struct zone *zone, unsigned alloc_flags)
{
	unsigned min = READ_ONCE(zone->watermark[alloc_flags & ALLOC_WMARK_MASK]) +
		       READ_ONCE(zone->watermark_boost);

	if (alloc_flags & (ALLOC_HIGH | ALLOC_HARDER)) {
		if (alloc_flags & ALLOC_HIGH)
			min -= min / 2;
		if (alloc_flags & ALLOC_HARDER)
			min -= min / 4;
	}
	return min;
}

unsigned unusable_free(const struct zone *zone, unsigned alloc_flags);
bool special_has_block(const struct zone *zone, unsigned order, unsigned alloc_flags);

/*
 * True if taking 2^order pages leaves zone with more than its mark (of alloc_flags) and
 * reserve, and a block that large exists.  highest: the request's highest zone type.
 * Constant time, no lock.  Follows Linux's __zone_watermark_ok() (6.1).
 *
 * Counts are exact, there is no drift of per-CPU counters: zone_watermark_ok_safe() is
 * the same.
 */
static inline bool zone_watermark_ok(const struct zone *zone, unsigned order,
				     enum zone_type highest, unsigned alloc_flags)
{
	unsigned need = wmark_pages(zone, alloc_flags) + READ_ONCE(zone->lowmem_reserve[highest]) +
			(1U << order);
	bool has_block;

	/*
	 * All added on one side, so that nothing goes below zero (case 25); acquire: case
	 * 26.
	 */
	if (unlikely(zone_free_cma(zone) | zone_free_highatomic(zone)))
		need += unusable_free(zone, alloc_flags);
	if (__atomic_load_n(&zone->nr_free_pages, __ATOMIC_ACQUIRE) < need)
		return false;
	has_block = zone_has_block(zone, order);
	return likely(has_block) || (alloc_flags & (ALLOC_CMA | ALLOC_HARDER) &&
				     special_has_block(zone, order, alloc_flags));
}
#define zone_watermark_ok_safe(zone, order, highest, alloc_flags) \
	zone_watermark_ok(zone, order, highest, alloc_flags)

#endif /* MM_WATERMARK_H */
