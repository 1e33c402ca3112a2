/* SPDX-License-Identifier: MIT */
/*
 * The Cortex-A9's own timers: the global one as a clock for all cores, the
 * private one as each core's tick.
 *
 * Owns the control register of the global timer (running, never stopped) and
 * each core's private timer (banked: a core sees only its own, so no lock).
 * Both count PERIPHCLK, whose rate no register tells: a9timer_set_rate() gets
 * what the board measured.
 *
 * Source: Cortex-A9 MPCore TRM (DDI0407), "Global timer, private timers, and
 * watchdog registers".
 */
#ifndef DRIVERS_A9TIMER_H
#define DRIVERS_A9TIMER_H

#include <stdint.h>

/* Starts the global timer.  Boot core, once. */
void a9timer_init(uintptr_t gtimer_base, uintptr_t ptimer_base);

/* PERIPHCLK in Hz, measured by the caller. */
void a9timer_set_rate(uint32_t hz);
uint32_t a9timer_rate(void);

/* The global timer: 64 bits, one value for all cores, never goes back. */
uint64_t a9timer_read(void);

/* Ticks for so many microseconds, rounded up. */
uint64_t a9timer_ticks(uint32_t usec);

/* This core's private timer: interrupts hz times a second, or stops. */
void a9timer_tick_start(uint32_t hz);
void a9timer_tick_stop(void);

/* Acknowledges the tick, in its interrupt handler. */
void a9timer_tick_ack(void);

#endif /* DRIVERS_A9TIMER_H */
