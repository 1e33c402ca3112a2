/* SPDX-License-Identifier: MIT */
/*
 * i.MX6 UART, below uart.h.  State: the base address.
 *
 * Its clock (UART_CLK_ROOT, CCM) and its pins (IOMUXC) are the loader's to set up.
 *
 * Source: i.MX 6Dual/6Quad Reference Manual (IMX6DQRM), "Universal Asynchronous
 * Receiver/Transmitter (UART)"; registers cited.
 */
#include "drivers/io.h"
#include "drivers/uart.h"

#define URXD 0x00
#define UTXD 0x40
#define UCR1 0x80
#define UCR2 0x84
#define UCR3 0x88
#define UCR4 0x8c
#define UFCR 0x90
#define USR2 0x98
#define UBIR 0xa4
#define UBMR 0xa8
#define UTS  0xb4

#define URXD_CHARRDY (1u << 15)
#define URXD_ERR     (1u << 14)
#define UCR1_UARTEN  (1u << 0)
#define UCR1_RRDYEN  (1u << 9)
#define UCR2_NSRST   (1u << 0) /* 0: software reset */
#define UCR2_RXEN    (1u << 1)
#define UCR2_TXEN    (1u << 2)
#define UCR2_WS	     (1u << 5) /* 8 bits */
#define UCR2_IRTS    (1u << 14)
#define UCR3_MUXED   (1u << 2) /* RXDMUXSEL: "should always be set" */
#define UCR3_DEFAULT 0x700u
#define UFCR_RXTL_1  (1u << 0)
#define UFCR_DIV_1   (5u << 7)
#define UFCR_TXTL_2  (2u << 10)
#define USR2_TXDC    (1u << 3)
#define UTS_SOFTRST  (1u << 0)
#define UTS_TXFULL   (1u << 4)

#define RESET_SPIN 100000u /* a reset takes four cycles of the module's clock */

const char *const uart_dev_compatible[] = {"fsl,imx6q-uart", 0};

static uintptr_t uart;

bool uart_dev_take(uintptr_t base)
{
	uint32_t ucr1;

	uart = base;
	ucr1 = io_read32(uart + UCR1);
	/* All interrupts, wherever their enables are. */
	io_write32(uart + UCR1, ucr1 & UCR1_UARTEN);
	io_write32(uart + UCR3, UCR3_DEFAULT | UCR3_MUXED);
	io_write32(uart + UCR4, 0x8000); /* CTSTL as after reset */
	return ucr1 & UCR1_UARTEN && io_read32(uart + UBMR);
}

void uart_dev_setup(bool keep_rate, uint32_t clock_hz, uint32_t baud)
{
	const uint32_t ucr2 = UCR2_WS | UCR2_IRTS | UCR2_RXEN | UCR2_TXEN | UCR2_NSRST;
	uint32_t i;

	if (!keep_rate) {
		io_write32(uart + UCR1, 0);
		io_write32(uart + UCR2, 0);
		for (i = 0; i < RESET_SPIN && io_read32(uart + UTS) & UTS_SOFTRST; i++)
			;
		io_write32(uart + UCR1, UCR1_UARTEN);
		io_write32(uart + UCR2, ucr2);
		io_write32(uart + UCR3, UCR3_DEFAULT | UCR3_MUXED);
		io_write32(uart + UFCR, UFCR_TXTL_2 | UFCR_DIV_1 | UFCR_RXTL_1);
		/* "UBIR": written first.  rate = clock * (UBIR + 1) / (16 * (UBMR + 1)). */
		io_write32(uart + UBIR, 15);
		io_write32(uart + UBMR, (clock_hz + baud / 2) / baud - 1);
	} else {
		/* The divider belongs to the rate. */
		io_write32(uart + UFCR,
			   (io_read32(uart + UFCR) & (7u << 7)) | UFCR_TXTL_2 | UFCR_RXTL_1);
		io_write32(uart + UCR2, ucr2);
	}
}

bool uart_dev_full(void)
{
	return io_read32(uart + UTS) & UTS_TXFULL;
}

bool uart_dev_busy(void)
{
	return !(io_read32(uart + USR2) & USR2_TXDC);
}

void uart_dev_put(uint8_t byte)
{
	io_write32(uart + UTXD, byte);
}

int uart_dev_get(void)
{
	uint32_t data = io_read32(uart + URXD);

	if (!(data & URXD_CHARRDY))
		return UART_DEV_EMPTY;
	return data & URXD_ERR ? UART_DEV_DAMAGED : (int)(data & 0xff);
}

void uart_dev_rx_enable(void)
{
	io_write32(uart + UCR1, UCR1_UARTEN | UCR1_RRDYEN);
}

/* "USR1": RRDY goes by itself when the FIFO holds less than RXTL, one byte. */
void uart_dev_rx_ack(void)
{
}
