/* SPDX-License-Identifier: MIT */
/*
 * What is common to UARTs: bounded waits, the receive ring.  See uart.h for state and
 * contexts.  Not here: registers (pl011.c and others), line endings, locking, line editing
 * (console.c, the monitor).
 */
#include "drivers/uart.h"
#include "drivers/io.h"

/* A byte at 1200 baud takes 8 ms; no loop here waits longer than some of those. */
#define SPIN_MAX (1u << 22)

/* Looks at the FIFO without a byte that count as silence: some 0.2 ms. */
#define QUIET 2000u

#define RING_BYTES 1024u /* power of two */

static struct {
	volatile uint32_t head; /* written by the interrupt */
	volatile uint32_t tail; /* written by the reader */
	volatile uint32_t lost;
	uint8_t byte[RING_BYTES];
} ring;

/* One byte from FIFO to ring.  False: there is none, or no room, and then it stays there. */
static bool receive(void)
{
	uint32_t head = ring.head;
	int c;

	if (head - ring.tail == RING_BYTES)
		return false;
	c = uart_dev_get();
	if (c == UART_DEV_EMPTY)
		return false;
	if (c == UART_DEV_DAMAGED) {
		ring.lost++;
		return true;
	}
	ring.byte[head % RING_BYTES] = (uint8_t)c;
	dmb(); /* the byte before the index that publishes it */
	ring.head = head + 1;
	return true;
}

void uart_init(uintptr_t base, uint32_t clock_hz, uint32_t baud)
{
	bool running = uart_dev_take(base);
	uint32_t i, n;

	/* Set-up may empty the FIFOs.  What was typed, or piped in, while the image loaded stays. */
	if (running)
		uart_flush();
	for (i = 0, n = 0; i < QUIET && n < RING_BYTES; i++)
		if (receive()) {
			i = 0;
			n++;
		}
	uart_dev_setup(running, clock_hz, baud);
}

void uart_putc(char c)
{
	uint32_t i;

	for (i = 0; i < SPIN_MAX && uart_dev_full(); i++)
		;
	uart_dev_put((uint8_t)c);
}

void uart_flush(void)
{
	uint32_t i;

	for (i = 0; i < SPIN_MAX && uart_dev_busy(); i++)
		;
}

void uart_rx_enable(void)
{
	uart_dev_rx_enable();
}

void uart_rx_irq(void)
{
	uint32_t n;

	uart_dev_rx_ack();
	/* Bounded by some FIFOs; what is left uart_getc() finds. */
	for (n = 0; n < 64 && receive(); n++)
		;
}

int uart_getc(void)
{
	uint32_t tail = ring.tail;
	int c;

	/*
	 * Some interrupt when a byte arrives, not because one is there.  One that came before
	 * the interrupt was enabled, or was left when the ring was full, has to be looked for.
	 */
	if (tail == ring.head)
		uart_rx_irq();
	if (tail == ring.head)
		return -1;
	dmb(); /* the index before the byte */
	c = ring.byte[tail % RING_BYTES];
	dmb(); /* the byte is read before its place is given back */
	ring.tail = tail + 1;
	return c;
}

uint32_t uart_rx_lost(void)
{
	return ring.lost;
}
