/* SPDX-License-Identifier: MIT */
/*
 * The board as a whole: off, and again.
 *
 * Brought by one driver of the board: vexpress.c, realview.c, imx_wdog.c, zynq_slcr.c,
 * npcm_timer.c.  Used by the last core standing, so no lock.
 */
#ifndef DRIVERS_MACHINE_H
#define DRIVERS_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* base: BOARD_MACHINE_BASE.  Boot core, once. */
void machine_init(uintptr_t base);

/* Ask for it; the board takes its time, so these return.  false: it cannot do that. */
bool machine_off(void);
bool machine_reset(void);

#endif /* DRIVERS_MACHINE_H */
