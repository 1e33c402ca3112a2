/* SPDX-License-Identifier: MIT */
/*
 * PL310 (L2C-310): the outer, second-level cache.
 *
 * Owns its registers.  pl310_init() runs on the boot core with the MMU off,
 * when start.S has already cleaned and stopped a cache that the loader left on;
 * the range operations are for later and for any core: each address operation
 * is one store, atomic by itself, so there is no lock (TRM, "Atomic operations").
 * The exception is a cache of before r2p0: pl310_needs_lock().
 *
 * A stub that reads as zero is tolerated (case 50): every wait is bounded.
 *
 * Source: CoreLink L2C-310 TRM (DDI0246), "register descriptions" and "enable
 * sequence".  Errata, with the revisions that have them (Linux 6.1
 * arch/arm/mm/cache-l2x0.c):
 *	588369	to r1p0	clean and invalidate leaves clean lines valid: two operations,
 *			with write-back and linefill off, or what is written in between
 *			would be lost
 *	727915	r2p0 to r3p0  background clean and invalidate by way: not used here
 *	752271	r3p0 to r3p1-50  double linefill: never turned on
 *	753970	r3p0	sync stops the merging of stores: its other address is used
 *	769419	to r3p1	the store buffer is not drained by itself: what was written to
 *			uncached memory may stay there until pl310_sync()
 */
#ifndef DRIVERS_PL310_H
#define DRIVERS_PL310_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Invalidates everything and turns the cache on, or takes it as it is where only secure
 * firmware may do that.  tag and data: the latency registers' values, which are the
 * chip's: cycles - 1 of setup in bits 2:0, read in 6:4, write in 10:8.  1: on; 0: there is
 * none, or it does not answer.
 */
int pl310_init(uintptr_t base, uint32_t tag_latency, uint32_t data_latency);

/* Size in KiB as the auxiliary control register says, 0 when off. */
unsigned pl310_size_kib(void);

/*
 * Physical addresses; each ends with a sync.  Writes the lines of [start, end) back to
 * memory, edges included; drops them, those that are covered in part (the
 * edges) written back before; writes back and drops.
 */
void pl310_clean_range(uintptr_t start, uintptr_t end);
void pl310_inv_range(uintptr_t start, uintptr_t end);
void pl310_flush_range(uintptr_t start, uintptr_t end);

/* Nothing is left in the buffers: what was written is in memory. */
void pl310_sync(void);

/* inv and flush one core at a time, interrupts off: erratum 588369. */
bool pl310_needs_lock(void);

#endif /* DRIVERS_PL310_H */
