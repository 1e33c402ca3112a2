/* SPDX-License-Identifier: MIT */
/*
 * What stands in for parts that are left out (config.h): zeros for the fields that only
 * they have, so that the others' expressions stay as they are.
 *
 * Included by internal.h.  Empty functions of a file that is left out stand beside its
 * declarations there.
 */
#ifndef MM_OPTIONS_H
#define MM_OPTIONS_H

#include <mm/internal.h>

/*
 * With one CPU interrupts off is all that a lock needs (they are off where one is taken,
 * port.h), and a compiler barrier.
 */
#if PORT_NR_CPUS == 1
#define port_spin_lock(lock)	  ((void)(lock))
#define port_spin_trylock(lock)	  ((void)(lock), true)
#define port_spin_unlock(lock)	  ((void)(lock))
#define port_spin_is_locked(lock) ((void)(lock), true)
#endif

/* [Z], or a guess: free pages of CMA areas; isolated ones, which are not counted as free. */
static inline uint32_t zone_free_cma(const struct zone *zone)
{
#if BUDDY_CMA
	return READ_ONCE(zone->nr_free_cma);
#else
	(void)zone;
	return 0;
#endif
}

static inline uint32_t zone_isolated(const struct zone *zone)
{
#if BUDDY_CMA
	return READ_ONCE(zone->nr_isolated);
#else
	(void)zone;
	return 0;
#endif
}

/* [Z] pages out of service. */
static inline uint32_t zone_offline(const struct zone *zone)
{
#if BUDDY_CMA
	return zone->nr_offline;
#else
	(void)zone;
	return 0;
#endif
}

/* [Z], or a guess: free pages of the highatomic reserve; pages of its pageblocks. */
static inline uint32_t zone_free_highatomic(const struct zone *zone)
{
#if BUDDY_HIGHATOMIC
	return READ_ONCE(zone->nr_free_highatomic);
#else
	(void)zone;
	return 0;
#endif
}

static inline uint32_t zone_reserved_highatomic(const struct zone *zone)
{
#if BUDDY_HIGHATOMIC
	return READ_ONCE(zone->nr_reserved_highatomic);
#else
	(void)zone;
	return 0;
#endif
}

/* Some pageblocks are of types without caches.  [Z] */
#define BUDDY_SPECIAL (BUDDY_CMA || BUDDY_HIGHATOMIC)

static inline bool zone_has_special(const struct zone *zone)
{
#if BUDDY_SPECIAL
	return zone->nr_special_blocks;
#else
	(void)zone;
	return false;
#endif
}

/*
 * nr pages come onto lists of such a type (negative: leave): its count.  False: they are not
 * counted as free.  [Z]
 */
static inline bool zone_count_special(struct zone *zone, int nr, enum migratetype mt)
{
#if BUDDY_CMA
	if (mt == MIGRATE_ISOLATE)
		ADD_ONCE(zone->nr_isolated, (uint32_t)nr);
	if (mt == MIGRATE_CMA)
		ADD_ONCE(zone->nr_free_cma, (uint32_t)nr);
#endif
#if BUDDY_HIGHATOMIC
	if (mt == MIGRATE_HIGHATOMIC)
		ADD_ONCE(zone->nr_free_highatomic, (uint32_t)nr);
#endif
	(void)zone;
	(void)nr;
	return mt != MIGRATE_ISOLATE;
}

#endif /* MM_OPTIONS_H */
