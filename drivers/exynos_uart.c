/* SPDX-License-Identifier: MIT */
/*
 * The Exynos 4210's UART, below uart.h.  State: the base address.
 *
 * Its clock (CMU) and its pins (GPIO) are the first-stage loader's to set up.
 *
 * Source: Exynos 4210 user's manual, "Universal Asynchronous Receiver and Transmitter";
 * registers cited.  Received bytes interrupt when the FIFO holds many, or some and then
 * silence for some byte times.
 */
#include "drivers/io.h"
#include "drivers/uart.h"

#define ULCON	 0x00
#define UCON	 0x04
#define UFCON	 0x08
#define UMCON	 0x0c
#define UTRSTAT	 0x10
#define UERSTAT	 0x14
#define UFSTAT	 0x18
#define UTXH	 0x20
#define URXH	 0x24
#define UBRDIV	 0x28
#define UFRACVAL 0x2c
#define UINTP	 0x30
#define UINTM	 0x38

#define ULCON_8BIT    3u
#define UCON_POLL     5u /* both directions by interrupt or polling, no DMA */
#define UCON_TIMEOUT  (1u << 7)
#define UCON_LEVEL    (3u << 8)	 /* interrupts by level, not pulse */
#define UCON_SILENCE  (3u << 12) /* the time-out: 4 frames and 8 */
#define UFCON_ENABLE  1u
#define UFCON_CLEAR   (3u << 1)
#define UTRSTAT_EMPTY (1u << 2)
#define UFSTAT_RX     0x1ffu /* count, full */
#define UFSTAT_TXFULL (1u << 24)
#define UINT_RXD      (1u << 0)
#define UINT_ALL      0xfu

const char *const uart_dev_compatible[] = {"samsung,exynos4210-uart", 0};

static uintptr_t uart;

bool uart_dev_take(uintptr_t base)
{
	uart = base;
	io_write32(uart + UINTM, UINT_ALL);
	return (io_read32(uart + UCON) & UCON_POLL) == UCON_POLL && io_read32(uart + UBRDIV);
}

void uart_dev_setup(bool keep_rate, uint32_t clock_hz, uint32_t baud)
{
	uint32_t sixteenths = (clock_hz + baud / 2) / baud;

	if (!keep_rate) {
		/* "UBRDIVn, UFRACVALn": clock / (16 * baud) - 1, and its fraction in 16ths. */
		io_write32(uart + UBRDIV, sixteenths / 16 - 1);
		io_write32(uart + UFRACVAL, sixteenths % 16);
	}
	io_write32(uart + ULCON, ULCON_8BIT);
	io_write32(uart + UMCON, 0);
	io_write32(uart + UFCON, UFCON_ENABLE | UFCON_CLEAR);
	io_write32(uart + UFCON, UFCON_ENABLE);
	io_write32(uart + UCON, UCON_POLL | UCON_TIMEOUT | UCON_LEVEL | UCON_SILENCE);
	io_write32(uart + UINTP, UINT_ALL);
}

bool uart_dev_full(void)
{
	return io_read32(uart + UFSTAT) & UFSTAT_TXFULL;
}

bool uart_dev_busy(void)
{
	return !(io_read32(uart + UTRSTAT) & UTRSTAT_EMPTY);
}

void uart_dev_put(uint8_t byte)
{
	io_write32(uart + UTXH, byte);
}

int uart_dev_get(void)
{
	uint32_t bad, byte;

	if (!(io_read32(uart + UFSTAT) & UFSTAT_RX))
		return UART_DEV_EMPTY;
	bad = io_read32(uart + UERSTAT) & 0xf; /* of the byte that is read next */
	byte = io_read32(uart + URXH) & 0xff;
	return bad ? UART_DEV_DAMAGED : (int)byte;
}

void uart_dev_rx_enable(void)
{
	io_write32(uart + UINTM, UINT_ALL & ~UINT_RXD);
}

void uart_dev_rx_ack(void)
{
	io_write32(uart + UINTP, UINT_RXD);
}
