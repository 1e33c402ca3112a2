/* SPDX-License-Identifier: MIT */
/*
 * The Snoop Control Unit: coherence between the cores' L1 data caches.
 *
 * Owns the SCU's registers.  Called by the boot core with its MMU off, before
 * any core sets its SMP bit; no memory is touched.
 *
 * Source: Cortex-A9 MPCore TRM (DDI0407), "SCU registers" and "Multiprocessor
 * bring-up": tags of all cores invalid, own L1 invalid, SCU on, SMP bit, cache on.
 */
#ifndef DRIVERS_SCU_H
#define DRIVERS_SCU_H

#include <stdint.h>

/*
 * Invalidates the tags of all cores and turns the SCU on.  need_764369: the
 * erratum's bit in the diagnostic control register, "skipped" being the answer
 * false when it did not stick.
 */
int scu_init(uintptr_t base, int need_764369);

/* Cores in this cluster, 1 to 4: "SCU Configuration Register". */
unsigned scu_nr_cpus(uintptr_t base);

#endif /* DRIVERS_SCU_H */
