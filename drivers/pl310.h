/* SPDX-License-Identifier: MIT */
/*
 * PL310 (L2C-310): the outer, second-level cache.
 *
 * Owns its registers.  pl310_init() runs on the boot core with the MMU off,
 * when start.S has already cleaned and stopped a cache that the loader left on;
 * the range operations are for later and for any core: each address operation
 * is one store, atomic by itself, so there is no lock (TRM, "Atomic operations").
 *
 * A stub that reads as zero is tolerated (case 50): every wait is bounded.
 *
 * Source: CoreLink L2C-310 TRM (DDI0246), "register descriptions" and "enable
 * sequence"; erratum 727915 of r2p0 to r3p0 (background clean and invalidate by
 * way); 588369 and 753970 do not arise: neither clean and invalidate by address
 * nor writes to the sync register while a background operation runs are used.
 */
#ifndef DRIVERS_PL310_H
#define DRIVERS_PL310_H

#include <stdint.h>

/*
 * Invalidates everything and turns the cache on.  tag and data: the latency
 * registers' values.  1: on; 0: there is none, or it does not answer.
 */
int pl310_init(uintptr_t base, uint32_t tag_latency, uint32_t data_latency);

/* Size in KiB as the auxiliary control register says, 0 when off. */
unsigned pl310_size_kib(void);

/* Writes the lines of [start, end) back to memory; whole lines, edges included. */
void pl310_clean_range(uintptr_t start, uintptr_t end);

#endif /* DRIVERS_PL310_H */
