/* SPDX-License-Identifier: MIT */
/*
 * Letting a core go that waits where the chip's or the loader's start-up code left it.
 *
 * Brought by one driver of the board: sysreg.c (a flag register that cores in WFI look
 * at), imx_src.c (cores held in reset), cpu_word.c (a word that cores in WFE look at).
 */
#ifndef DRIVERS_CPU_RELEASE_H
#define DRIVERS_CPU_RELEASE_H

#include <stdint.h>

/* base: BOARD_RELEASE_BASE.  Boot core, before the first cpu_release(). */
void cpu_release_init(uintptr_t base);

/*
 * Makes core `cpu` (MPIDR's affinity level 0) go to `entry`, a physical address, with MMU
 * and caches off.  What it is going to execute has been cleaned to memory.  The caller
 * sends an SGI afterwards, for those that sleep in WFI.  Boot core; the same entry for all.
 */
void cpu_release(unsigned cpu, uint32_t entry);

#endif /* DRIVERS_CPU_RELEASE_H */
