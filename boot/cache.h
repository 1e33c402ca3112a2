/* SPDX-License-Identifier: MIT */
/*
 * Cache maintenance to the point of coherency, through L1 of all cores and L2: for
 * readers and writers that do not look into the caches.
 *
 * By address, never by set and way, which other cores would not take part in
 * (case 48): each line of [start, end) has to be mapped, permanently or by
 * mmu_kmap_local(), in whatever way.  Any core, any context; cost: some operations per
 * line.
 */
#ifndef BOOT_CACHE_H
#define BOOT_CACHE_H

/* Writes back: afterwards memory is what the CPUs wrote. */
void cache_clean_range(const void *start, const void *end);

/*
 * Drops: afterwards a CPU reads what is in memory.  A line that [start, end) covers in
 * part is written back first, so that its other bytes are not lost.
 */
void cache_invalidate_range(void *start, void *end);

/* Writes back and drops. */
void cache_flush_range(void *start, void *end);

#endif /* BOOT_CACHE_H */
