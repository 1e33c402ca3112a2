/* SPDX-License-Identifier: MIT */
/*
 * PL011 UART.  See pl011.h for state and contexts; sections of DDI0183 cited.
 * Not here: line endings, locking, line editing (console.c, the monitor).
 */
#include "drivers/pl011.h"
#include "drivers/io.h"

#define UARTDR	  0x000
#define UARTRSR	  0x004
#define UARTFR	  0x018
#define UARTIBRD  0x024
#define UARTFBRD  0x028
#define UARTLCR_H 0x02c
#define UARTCR	  0x030
#define UARTIFLS  0x034
#define UARTIMSC  0x038
#define UARTICR	  0x044

#define DR_ERRORS 0xf00u /* overrun, break, parity, framing */
#define FR_BUSY	  (1u << 3)
#define FR_RXFE	  (1u << 4)
#define FR_TXFF	  (1u << 5)
#define LCR_FEN	  (1u << 4)
#define LCR_8BIT  (3u << 5)
#define CR_UARTEN (1u << 0)
#define CR_TXE	  (1u << 8)
#define CR_RXE	  (1u << 9)
#define INT_RX	  (1u << 4)
#define INT_RT	  (1u << 6) /* receive timeout: fewer bytes than the FIFO level, then silence */

/* A byte at 1200 baud takes 8 ms; no loop here waits longer than some of those. */
#define SPIN_MAX (1u << 22)

/* Reads of the flags without a byte that count as silence: some 0.2 ms. */
#define QUIET 2000u

#define RING_BYTES 1024u /* power of two */

static uintptr_t uart;
static struct {
	volatile uint32_t head; /* written by the interrupt */
	volatile uint32_t tail; /* written by the reader */
	volatile uint32_t lost;
	uint8_t byte[RING_BYTES];
} ring;

void pl011_init(uintptr_t base, uint32_t clock_hz, uint32_t baud)
{
	uint32_t cr, divisor, i, n;

	uart = base;
	cr = io_read32(base + UARTCR);
	io_write32(base + UARTIMSC, 0);
	if (!(cr & CR_UARTEN) || !io_read32(base + UARTIBRD)) {
		/* "UARTCR": disable before reprogramming. */
		io_write32(base + UARTCR, 0);
		/* "UARTFBRD": divisor = clock / (16 * baud), 6 bits of fraction. */
		divisor = (clock_hz * 4u + baud / 2u) / baud;
		io_write32(base + UARTIBRD, divisor >> 6);
		io_write32(base + UARTFBRD, divisor & 0x3f);
	} else {
		pl011_flush(); /* the line control below empties the FIFOs */
	}
	/*
	 * The other FIFO too: keep what was typed, or piped in, while the image was
	 * loading.
	 */
	for (i = 0, n = 0; i < QUIET && n < RING_BYTES; i++)
		if (!(io_read32(base + UARTFR) & FR_RXFE)) {
			pl011_rx_irq();
			i = 0;
			n++;
		}
	/* "UARTLCR_H": the write that makes the divisor take effect; always after it. */
	io_write32(base + UARTLCR_H, LCR_8BIT | LCR_FEN);
	io_write32(base + UARTIFLS, 0);
	io_write32(base + UARTICR, 0x7ff);
	io_write32(base + UARTCR, CR_UARTEN | CR_TXE | CR_RXE);
}

void pl011_putc(char c)
{
	uint32_t i;

	for (i = 0; i < SPIN_MAX && (io_read32(uart + UARTFR) & FR_TXFF); i++)
		;
	io_write32(uart + UARTDR, (uint8_t)c);
}

void pl011_flush(void)
{
	uint32_t i;

	for (i = 0; i < SPIN_MAX && (io_read32(uart + UARTFR) & FR_BUSY); i++)
		;
}

void pl011_rx_enable(void)
{
	io_write32(uart + UARTIMSC, INT_RX | INT_RT);
}

void pl011_rx_irq(void)
{
	uint32_t n, data, head;

	io_write32(uart + UARTICR, INT_RX | INT_RT);
	/* Bounded by some FIFOs; what is left pl011_getc() finds. */
	for (n = 0; n < 64 && !(io_read32(uart + UARTFR) & FR_RXFE); n++) {
		head = ring.head;
		if (head - ring.tail == RING_BYTES)
			break; /* the FIFO holds them until pl011_getc() comes for more */
		data = io_read32(uart + UARTDR);
		if (data & DR_ERRORS) {
			io_write32(uart + UARTRSR, 0);
			ring.lost++;
			continue;
		}
		ring.byte[head % RING_BYTES] = (uint8_t)data;
		dmb(); /* the byte before the index that publishes it */
		ring.head = head + 1;
	}
}

int pl011_getc(void)
{
	uint32_t tail = ring.tail;
	int c;

	/*
	 * "UARTRIS": the interrupt comes when a byte arrives, not because one is
	 * there.  One that came before the interrupt was enabled, or was left when
	 * the ring was full, has to be looked for.
	 */
	if (tail == ring.head && !(io_read32(uart + UARTFR) & FR_RXFE))
		pl011_rx_irq();
	if (tail == ring.head)
		return -1;
	dmb(); /* the index before the byte */
	c = ring.byte[tail % RING_BYTES];
	dmb(); /* the byte is read before its place is given back */
	ring.tail = tail + 1;
	return c;
}

uint32_t pl011_rx_lost(void)
{
	return ring.lost;
}
