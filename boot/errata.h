/* SPDX-License-Identifier: MIT */
/*
 * Errata of the Cortex-A9 that concern this image.  The bits are set by start.S
 * on each core, before its caches are on; here they are explained, and checked.
 */
#ifndef BOOT_ERRATA_H
#define BOOT_ERRATA_H

#include <stdbool.h>
#include <stdint.h>

/* Erratum 764369 needs a bit of the SCU's on this core.  No memory touched. */
bool errata_need_764369(void);

/* One line for each that applies to this core's MIDR: done, not needed, or skipped. */
void errata_report(bool scu_bit_stuck);

#endif /* BOOT_ERRATA_H */
