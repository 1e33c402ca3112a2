/* SPDX-License-Identifier: MIT */
/*
 * The UART: polled transmit, interrupt-driven receive.
 *
 * One interface for all boards; a board's image holds one driver below it (pl011.c,
 * imx_uart.c, cadence_uart.c, npcm_uart.c, exynos_uart.c: DRIVERS in board.mk), so that
 * nothing is looked up at run time.
 *
 * State (uart.c): a receive ring with one writer (the interrupt, on the core that the
 * distributor sends it to) and one reader at a time (the monitor), so no lock.  A driver's
 * only state is its base address.  Serialising whole lines of output is console.c's job.
 */
#ifndef DRIVERS_UART_H
#define DRIVERS_UART_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes over the UART at `base`, 8n1.  A rate that the loader has set stays; else clock_hz
 * and baud are programmed, which needs the UART's clock and pins to be on, as boards
 * without such a choice have them and elsewhere the loader.  Boot core, before any output;
 * again for another UART of the same kind.
 */
void uart_init(uintptr_t base, uint32_t clock_hz, uint32_t baud);

/* What device trees call this kind of UART; 0 ends the list.  Brought by the driver. */
extern const char *const uart_dev_compatible[];

/* Sends one byte; waits for room, bounded: a dead UART loses output, no time. */
void uart_putc(char c);

/* Waits, bounded, until everything has left the wire: before a power-off. */
void uart_flush(void);

/* Lets received bytes interrupt.  The caller registers uart_rx_irq() first. */
void uart_rx_enable(void);

/* Interrupt handler: moves received bytes to the ring.  IRQ context. */
void uart_rx_irq(void);

/*
 * Next received byte, or -1 when neither ring nor FIFO holds one: whoever goes to
 * sleep on that is woken by the next.  One reader, on the core that takes the
 * interrupt, with interrupts off.
 */
int uart_getc(void);

/* Received bytes that were lost: overrun, framing. */
uint32_t uart_rx_lost(void);

/* ---- what a driver brings: for uart.c alone ------------------------------------ */

/*
 * From now on the one at `base`; its interrupts off.  true: it is running, at a rate that
 * somebody has set.
 */
bool uart_dev_take(uintptr_t base);

/*
 * 8n1, FIFOs on, an interrupt for each byte received, though not yet let through; the rate
 * too unless keep_rate.  What is in the FIFOs may be lost.
 */
void uart_dev_setup(bool keep_rate, uint32_t clock_hz, uint32_t baud);

/* No room for a byte; something has not left the wire yet. */
bool uart_dev_full(void);
bool uart_dev_busy(void);

void uart_dev_put(uint8_t byte);

/* The next byte received. */
#define UART_DEV_EMPTY	 (-1)
#define UART_DEV_DAMAGED (-2) /* there was one */
int uart_dev_get(void);

/* Received bytes interrupt; the interrupt is taken note of, before the FIFO is read. */
void uart_dev_rx_enable(void);
void uart_dev_rx_ack(void);

#endif /* DRIVERS_UART_H */
