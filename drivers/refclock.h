/* SPDX-License-Identifier: MIT */
/*
 * A counter of known rate, against which the Cortex-A9's own timers are measured: their
 * clock, PERIPHCLK, is told by no register.
 *
 * Brought by one driver of the board (sysreg.c, imx_gpt.c, npcm_timer.c); board.h gives its
 * base and rate, BOARD_REFCLK_BASE and BOARD_REFCLK_HZ.  A board without one says
 * BOARD_PERIPHCLK_HZ instead.
 */
#ifndef DRIVERS_REFCLOCK_H
#define DRIVERS_REFCLOCK_H

#include <stdint.h>

/* Starts it, if it is not running.  Boot core, once. */
void refclock_init(uintptr_t base);

/* Counts up and wraps at 32 bits.  One core at a time. */
uint32_t refclock_read(void);

#endif /* DRIVERS_REFCLOCK_H */
