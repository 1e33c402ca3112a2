/* SPDX-License-Identifier: MIT */
/*
 * PL011 UART: polled transmit, interrupt-driven receive.
 *
 * State: the base address and a receive ring with one writer (the interrupt,
 * on the core that the distributor sends it to) and one reader at a time (the
 * monitor), so no lock.  Serialising whole lines of output is console.c's job.
 *
 * Source: PrimeCell UART (PL011) TRM, DDI0183, "register descriptions".
 */
#ifndef DRIVERS_PL011_H
#define DRIVERS_PL011_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes over the UART at `base`.  A rate that the loader has set stays; else
 * clock_hz / baud is programmed.  Boot core, before any output.
 */
void pl011_init(uintptr_t base, uint32_t clock_hz, uint32_t baud);

/* Sends one byte; waits for room, bounded: a dead UART loses output, no time. */
void pl011_putc(char c);

/* Waits, bounded, until everything has left the wire: before a power-off. */
void pl011_flush(void);

/* Lets received bytes interrupt.  The caller registers pl011_rx_irq() first. */
void pl011_rx_enable(void);

/* Interrupt handler: moves received bytes to the ring.  IRQ context. */
void pl011_rx_irq(void);

/*
 * Next received byte, or -1 when neither ring nor FIFO holds one: whoever goes to
 * sleep on that is woken by the next.  One reader, on the core that takes the
 * interrupt, with interrupts off.
 */
int pl011_getc(void);

/* Received bytes that were lost: overrun, framing. */
uint32_t pl011_rx_lost(void);

#endif /* DRIVERS_PL011_H */
