/* SPDX-License-Identifier: MIT */
/*
 * PL011 UART, below uart.h.  State: the base address.
 *
 * Source: PrimeCell UART (PL011) TRM, DDI0183, "register descriptions"; registers cited.
 */
#include "drivers/io.h"
#include "drivers/uart.h"

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

const char *const uart_dev_compatible[] = {"arm,pl011", 0};

static uintptr_t uart;

bool uart_dev_take(uintptr_t base)
{
	uart = base;
	io_write32(uart + UARTIMSC, 0);
	return io_read32(uart + UARTCR) & CR_UARTEN && io_read32(uart + UARTIBRD);
}

void uart_dev_setup(bool keep_rate, uint32_t clock_hz, uint32_t baud)
{
	uint32_t divisor;

	if (!keep_rate) {
		/* "UARTCR": disable before reprogramming. */
		io_write32(uart + UARTCR, 0);
		/* "UARTFBRD": divisor = clock / (16 * baud), 6 bits of fraction. */
		divisor = (clock_hz * 4u + baud / 2u) / baud;
		io_write32(uart + UARTIBRD, divisor >> 6);
		io_write32(uart + UARTFBRD, divisor & 0x3f);
	}
	/* "UARTLCR_H": the write that makes the divisor take effect; always after it. */
	io_write32(uart + UARTLCR_H, LCR_8BIT | LCR_FEN);
	io_write32(uart + UARTIFLS, 0);
	io_write32(uart + UARTICR, 0x7ff);
	io_write32(uart + UARTCR, CR_UARTEN | CR_TXE | CR_RXE);
}

bool uart_dev_full(void)
{
	return io_read32(uart + UARTFR) & FR_TXFF;
}

bool uart_dev_busy(void)
{
	return io_read32(uart + UARTFR) & FR_BUSY;
}

void uart_dev_put(uint8_t byte)
{
	io_write32(uart + UARTDR, byte);
}

int uart_dev_get(void)
{
	uint32_t data;

	if (io_read32(uart + UARTFR) & FR_RXFE)
		return UART_DEV_EMPTY;
	data = io_read32(uart + UARTDR);
	if (data & DR_ERRORS) {
		io_write32(uart + UARTRSR, 0);
		return UART_DEV_DAMAGED;
	}
	return data & 0xff;
}

void uart_dev_rx_enable(void)
{
	io_write32(uart + UARTIMSC, INT_RX | INT_RT);
}

/* "UARTRIS": set when a byte arrives, so cleared before the FIFO is read. */
void uart_dev_rx_ack(void)
{
	io_write32(uart + UARTICR, INT_RX | INT_RT);
}
