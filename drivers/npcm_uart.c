/* SPDX-License-Identifier: MIT */
/*
 * The NPCM7xx's UART, below uart.h: a 16550 with a register in each word and a divisor of
 * its own.  State: the base address.
 *
 * Source: NS16550D data sheet (PC16550D), "registers"; for the divisor, rate = clock /
 * (16 * (divisor + 2)), which a 16550 has without the 2, Linux 6.1
 * drivers/tty/serial/8250/8250_of.c (nuvoton,npcm750-uart).
 */
#include "drivers/io.h"
#include "drivers/uart.h"

#define DATA 0x00 /* with DLAB: the divisor's low byte */
#define IER  0x04 /* with DLAB: its high byte */
#define FCR  0x08
#define LCR  0x0c
#define MCR  0x10
#define LSR  0x14

#define IER_RX	   (1u << 0)
#define FCR_ENABLE (1u << 0) /* and an interrupt for each byte */
#define FCR_CLEAR  (3u << 1)
#define LCR_8N1	   (3u << 0)
#define LCR_DLAB   (1u << 7)
#define LSR_DR	   (1u << 0)
#define LSR_ERRORS (0xfu << 1) /* overrun, parity, framing, break */
#define LSR_THRE   (1u << 5)
#define LSR_TEMT   (1u << 6)

const char *const uart_dev_compatible[] = {"nuvoton,npcm750-uart", 0};

static uintptr_t uart;

bool uart_dev_take(uintptr_t base)
{
	uint32_t lcr, divisor;

	uart = base;
	io_write32(uart + IER, 0);
	/* It has no switch: what it was set to has to do. */
	lcr = io_read32(uart + LCR);
	io_write32(uart + LCR, lcr | LCR_DLAB);
	divisor = (io_read32(uart + DATA) & 0xff) | (io_read32(uart + IER) & 0xff) << 8;
	io_write32(uart + LCR, lcr & ~LCR_DLAB);
	return (lcr & LCR_8N1) == LCR_8N1 && divisor;
}

void uart_dev_setup(bool keep_rate, uint32_t clock_hz, uint32_t baud)
{
	uint32_t divisor = (clock_hz + 8 * baud) / (16 * baud) - 2;

	if (!keep_rate) {
		io_write32(uart + LCR, LCR_8N1 | LCR_DLAB);
		io_write32(uart + DATA, divisor & 0xff);
		io_write32(uart + IER, divisor >> 8);
	}
	io_write32(uart + LCR, LCR_8N1);
	io_write32(uart + FCR, FCR_ENABLE | FCR_CLEAR);
	io_write32(uart + MCR, 0);
}

/* Not full, in truth, but with anything in it: the FIFO's fill level is not to be had. */
bool uart_dev_full(void)
{
	return !(io_read32(uart + LSR) & LSR_THRE);
}

bool uart_dev_busy(void)
{
	return !(io_read32(uart + LSR) & LSR_TEMT);
}

void uart_dev_put(uint8_t byte)
{
	io_write32(uart + DATA, byte);
}

int uart_dev_get(void)
{
	uint32_t status = io_read32(uart + LSR), byte;

	if (!(status & LSR_DR))
		return UART_DEV_EMPTY;
	byte = io_read32(uart + DATA) & 0xff;
	return status & LSR_ERRORS ? UART_DEV_DAMAGED : (int)byte;
}

void uart_dev_rx_enable(void)
{
	io_write32(uart + IER, IER_RX);
}

/* The interrupt goes by itself when the FIFO is empty. */
void uart_dev_rx_ack(void)
{
}
