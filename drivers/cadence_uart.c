/* SPDX-License-Identifier: MIT */
/*
 * The Zynq-7000's UART (Cadence), below uart.h.  State: the base address.
 *
 * Its reference clock (SLCR UART_CLK_CTRL) and its pins (MIO) are the first-stage loader's
 * to set up.
 *
 * Source: Zynq-7000 Technical Reference Manual (UG585), "UART Controller" and "Register
 * Details", UART; registers cited.
 */
#include "drivers/io.h"
#include "drivers/uart.h"

#define CONTROL	   0x00
#define MODE	   0x04
#define INT_ENABLE 0x08
#define INT_OFF	   0x0c
#define INT_STATUS 0x14
#define BAUD_GEN   0x18
#define RX_TIMEOUT 0x1c
#define RX_TRIGGER 0x20
#define STATUS	   0x2c
#define FIFO	   0x30
#define BAUD_DIV   0x34

#define CONTROL_RXRST (1u << 0)
#define CONTROL_TXRST (1u << 1)
#define CONTROL_RXEN  (1u << 2)
#define CONTROL_RXDIS (1u << 3)
#define CONTROL_TXEN  (1u << 4)
#define CONTROL_TXDIS (1u << 5)

#define MODE_NO_PARITY (4u << 3) /* and 8 bits, one stop bit */

#define INT_RTRIG   (1u << 0)
#define INT_TIMEOUT (1u << 8)
#define INT_ALL	    0x1fffu
/* Received badly: overrun, framing, parity.  Which byte it was cannot be said. */
#define INT_ERRORS (7u << 5)

#define STATUS_RXEMPTY (1u << 1)
#define STATUS_TXEMPTY (1u << 3)
#define STATUS_TXFULL  (1u << 4)
#define STATUS_TACTIVE (1u << 11)

#define RESET_SPIN 100000u

const char *const uart_dev_compatible[] = {"xlnx,xuartps", "cdns,uart-r1p8", 0};

static uintptr_t uart;

bool uart_dev_take(uintptr_t base)
{
	uart = base;
	io_write32(uart + INT_OFF, INT_ALL);
	return (io_read32(uart + CONTROL) & (CONTROL_TXEN | CONTROL_TXDIS)) == CONTROL_TXEN &&
	       io_read32(uart + BAUD_GEN);
}

void uart_dev_setup(bool keep_rate, uint32_t clock_hz, uint32_t baud)
{
	const uint32_t div = 6; /* 7 samples of a bit */
	uint32_t i;

	if (!keep_rate) {
		/* "Baud Rate Generator": both off while it is changed; rate = clock / (gen * (div + 1)). */
		io_write32(uart + CONTROL, CONTROL_TXDIS | CONTROL_RXDIS);
		io_write32(uart + BAUD_GEN, (clock_hz + baud * (div + 1) / 2) / (baud * (div + 1)));
		io_write32(uart + BAUD_DIV, div);
		io_write32(uart + CONTROL,
			   CONTROL_TXDIS | CONTROL_RXDIS | CONTROL_TXRST | CONTROL_RXRST);
		for (i = 0;
		     i < RESET_SPIN && io_read32(uart + CONTROL) & (CONTROL_TXRST | CONTROL_RXRST);
		     i++)
			;
	}
	io_write32(uart + MODE, MODE_NO_PARITY);
	io_write32(uart + RX_TIMEOUT, 0);
	io_write32(uart + RX_TRIGGER, 1);
	io_write32(uart + INT_STATUS, INT_ALL);
	io_write32(uart + CONTROL, CONTROL_TXEN | CONTROL_RXEN);
}

bool uart_dev_full(void)
{
	return io_read32(uart + STATUS) & STATUS_TXFULL;
}

bool uart_dev_busy(void)
{
	return (io_read32(uart + STATUS) & (STATUS_TXEMPTY | STATUS_TACTIVE)) != STATUS_TXEMPTY;
}

void uart_dev_put(uint8_t byte)
{
	io_write32(uart + FIFO, byte);
}

int uart_dev_get(void)
{
	uint32_t byte;

	if (io_read32(uart + STATUS) & STATUS_RXEMPTY)
		return UART_DEV_EMPTY;
	byte = io_read32(uart + FIFO) & 0xff;
	if (!(io_read32(uart + INT_STATUS) & INT_ERRORS))
		return (int)byte;
	io_write32(uart + INT_STATUS, INT_ERRORS);
	return UART_DEV_DAMAGED;
}

void uart_dev_rx_enable(void)
{
	io_write32(uart + INT_ENABLE, INT_RTRIG);
}

/*
 * "Interrupt Status": set for as long as the FIFO holds a byte, so that the bit is back at
 * once and the interrupt comes once more, for nothing, after the last byte was read.
 */
void uart_dev_rx_ack(void)
{
	io_write32(uart + INT_STATUS, INT_RTRIG | INT_TIMEOUT);
}
