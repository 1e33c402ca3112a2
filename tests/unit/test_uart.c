// SPDX-License-Identifier: MIT
// HOST ONLY
/*
 * UARTs: the ring above a device of ours, and each driver's set-up on registers of ours: the
 * rate, which an emulator does not look at, and the order that the manuals ask for.
 *
 * State: regs, log and dev, the running case's.  One thread.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

/* ---- the drivers, on registers of ours, each with names of its own ---------------------- */

#define DRIVERS_IO_H /* no drivers/io.h */
#define dmb()

static uint32_t io_read32(uintptr_t addr);
static void io_write32(uintptr_t addr, uint32_t value);

#define NAME__(driver, what) driver##_##what
#define NAME_(driver, what)  NAME__(driver, what)
#define NAME(what)	     NAME_(DRIVER, what)
#define uart_dev_compatible  NAME(compatible)
#define uart_dev_take	     NAME(take)
#define uart_dev_setup	     NAME(setup)
#define uart_dev_full	     NAME(full)
#define uart_dev_busy	     NAME(busy)
#define uart_dev_put	     NAME(put)
#define uart_dev_get	     NAME(get)
#define uart_dev_rx_enable   NAME(rx_enable)
#define uart_dev_rx_ack	     NAME(rx_ack)

// NOLINTBEGIN(bugprone-suspicious-include): their registers are ours
#define DRIVER fake
#include "drivers/uart.c"
#undef DRIVER
#define DRIVER pl011
#include "drivers/pl011.c"
#undef DRIVER
#define DRIVER imx
#include "drivers/imx_uart.c"
#undef DRIVER
#define DRIVER cadence
#include "drivers/cadence_uart.c"
#undef DRIVER
#define DRIVER npcm
#include "drivers/npcm_uart.c"
#undef DRIVER
#define DRIVER exynos
#include "drivers/exynos_uart.c"
#undef DRIVER
// NOLINTEND(bugprone-suspicious-include)

/* ---- registers ------------------------------------------------------------------------- */

#define BASE	0x10009000u
#define NR_REGS 64u

struct write {
	uint32_t reg, value;
};

static uint32_t regs[NR_REGS];
static struct write writes[64];
static unsigned nr_writes;

static uint32_t io_read32(uintptr_t addr)
{
	CHECK(addr - BASE < 4 * NR_REGS);
	return regs[(addr - BASE) / 4 % NR_REGS];
}

static void io_write32(uintptr_t addr, uint32_t value)
{
	CHECK(addr - BASE < 4 * NR_REGS);
	CHECK(nr_writes < 64);
	regs[(addr - BASE) / 4 % NR_REGS] = value;
	writes[nr_writes++ % 64] = (struct write){(uint32_t)(addr - BASE), value};
}

static void begin(void)
{
	memset(regs, 0, sizeof(regs));
	nr_writes = 0;
}

/* When a register was written for the n-th time, 1 the first; 0: not so often. */
static unsigned when(uint32_t reg, unsigned n)
{
	for (unsigned i = 0; i < nr_writes; i++)
		if (writes[i].reg == reg && !--n)
			return i + 1;
	return 0;
}

/* What it was written with then. */
static uint32_t value(uint32_t reg, unsigned n)
{
	unsigned at = when(reg, n);

	CHECK(at);
	return at ? writes[at - 1].value : 0;
}

/* ---- the drivers ------------------------------------------------------------------------ */

static void pl011_rate(void)
{
	begin();
	CHECK(!pl011_take(BASE));
	pl011_setup(false, 24000000, 38400);
	CHECK_EQ(regs[UARTIBRD / 4], 39); /* 24 MHz / (16 * 38400) is 39 and 4 / 64 */
	CHECK_EQ(regs[UARTFBRD / 4], 4);
	CHECK_EQ(value(UARTCR, 1), 0);
	CHECK(when(UARTCR, 1) < when(UARTIBRD, 1));
	CHECK(when(UARTLCR_H, 1) > when(UARTFBRD, 1)); /* which takes the divisor over */
	CHECK_EQ(regs[UARTCR / 4], CR_UARTEN | CR_TXE | CR_RXE);
	/* Now it runs: whoever takes it keeps that. */
	CHECK(pl011_take(BASE));
	pl011_setup(true, 1, 1);
	CHECK_EQ(regs[UARTIBRD / 4], 39);
	CHECK_EQ(regs[UARTFBRD / 4], 4);
}

static void imx_rate(void)
{
	begin();
	CHECK(!imx_take(BASE));
	nr_writes = 0;
	imx_setup(false, 80000000, 115200);
	CHECK_EQ(regs[UBIR / 4], 15);
	CHECK_EQ(regs[UBMR / 4], 693); /* 80 MHz / 694 is 115,274 */
	CHECK(when(UBIR, 1) < when(UBMR, 1));
	CHECK_EQ(value(UCR2, 1) & UCR2_NSRST, 0);
	CHECK_EQ(regs[UFCR / 4] >> 7 & 7, 5); /* by 1 */
	CHECK_EQ(regs[UCR3 / 4] & UCR3_MUXED, UCR3_MUXED);
	CHECK(imx_take(BASE));
	regs[UFCR / 4] = 4u << 7; /* a loader that divides by 2 */
	imx_setup(true, 1, 1);
	CHECK_EQ(regs[UBMR / 4], 693);
	CHECK_EQ(regs[UFCR / 4] >> 7 & 7, 4);
	CHECK_EQ(regs[UCR1 / 4] & UCR1_RRDYEN, 0);
	imx_rx_enable();
	CHECK_EQ(regs[UCR1 / 4], UCR1_UARTEN | UCR1_RRDYEN);
}

static void cadence_rate(void)
{
	begin();
	CHECK(!cadence_take(BASE));
	cadence_setup(false, 50000000, 115200);
	CHECK_EQ(regs[BAUD_GEN / 4], 62); /* 50 MHz / (62 * 7) is 115,207 */
	CHECK_EQ(regs[BAUD_DIV / 4], 6);
	CHECK_EQ(value(CONTROL, 1), CONTROL_TXDIS | CONTROL_RXDIS);
	CHECK(when(CONTROL, 1) < when(BAUD_GEN, 1));
	CHECK(when(CONTROL, 3) > when(BAUD_DIV, 1));
	CHECK_EQ(regs[CONTROL / 4], CONTROL_TXEN | CONTROL_RXEN);
	CHECK(cadence_take(BASE));
	cadence_setup(true, 1, 1);
	CHECK_EQ(regs[BAUD_GEN / 4], 62);
	regs[CONTROL / 4] |= CONTROL_TXDIS; /* off again, whatever TXEN says */
	CHECK(!cadence_take(BASE));
}

static void npcm_rate(void)
{
	begin();
	CHECK(!npcm_take(BASE));
	nr_writes = 0;
	npcm_setup(false, 24000000, 115200);
	CHECK_EQ(value(DATA, 1), 11); /* 24 MHz / (16 * (11 + 2)) is 115,385 */
	CHECK_EQ(value(IER, 1), 0);
	CHECK_EQ(value(LCR, 1), LCR_8N1 | LCR_DLAB);
	CHECK(when(LCR, 1) < when(DATA, 1));
	CHECK_EQ(regs[LCR / 4], LCR_8N1);
	CHECK_EQ(regs[FCR / 4] & FCR_ENABLE, FCR_ENABLE);
	/* These registers have one address for two: what is there now is a divisor. */
	regs[DATA / 4] = 11;
	CHECK(npcm_take(BASE));
	nr_writes = 0;
	npcm_setup(true, 1, 1);
	CHECK_EQ(when(DATA, 1), 0);
}

static void exynos_rate(void)
{
	begin();
	CHECK(!exynos_take(BASE));
	exynos_setup(false, 100000000, 115200);
	CHECK_EQ(regs[UBRDIV / 4], 53); /* 100 MHz / (16 * 115200) is 54 and 4 / 16 */
	CHECK_EQ(regs[UFRACVAL / 4], 4);
	CHECK_EQ(regs[UINTM / 4], UINT_ALL); /* all masked */
	exynos_rx_enable();
	CHECK_EQ(regs[UINTM / 4], UINT_ALL & ~UINT_RXD);
	CHECK(exynos_take(BASE));
	exynos_setup(true, 1, 1);
	CHECK_EQ(regs[UBRDIV / 4], 53);
}

static void bytes_that_arrived_badly(void)
{
	begin();
	pl011_take(BASE);
	regs[UARTFR / 4] = FR_RXFE;
	CHECK_EQ(pl011_get(), UART_DEV_EMPTY);
	regs[UARTFR / 4] = 0;
	regs[UARTDR / 4] = 'a';
	CHECK_EQ(pl011_get(), 'a');
	regs[UARTDR / 4] = 'a' | 1u << 8;
	CHECK_EQ(pl011_get(), UART_DEV_DAMAGED);

	begin();
	imx_take(BASE);
	CHECK_EQ(imx_get(), UART_DEV_EMPTY);
	regs[URXD / 4] = URXD_CHARRDY | 0xff;
	CHECK_EQ(imx_get(), 0xff);
	regs[URXD / 4] |= URXD_ERR;
	CHECK_EQ(imx_get(), UART_DEV_DAMAGED);

	begin();
	cadence_take(BASE);
	regs[STATUS / 4] = STATUS_RXEMPTY;
	CHECK_EQ(cadence_get(), UART_DEV_EMPTY);
	regs[STATUS / 4] = 0;
	regs[FIFO / 4] = 'z';
	CHECK_EQ(cadence_get(), 'z');
	regs[INT_STATUS / 4] = 1u << 6;
	CHECK_EQ(cadence_get(), UART_DEV_DAMAGED);

	begin();
	npcm_take(BASE);
	CHECK_EQ(npcm_get(), UART_DEV_EMPTY);
	regs[DATA / 4] = 'q';
	regs[LSR / 4] = LSR_DR;
	CHECK_EQ(npcm_get(), 'q');
	regs[LSR / 4] = LSR_DR | 1u << 3;
	CHECK_EQ(npcm_get(), UART_DEV_DAMAGED);

	begin();
	exynos_take(BASE);
	CHECK_EQ(exynos_get(), UART_DEV_EMPTY);
	regs[UFSTAT / 4] = 1;
	regs[URXH / 4] = 'e';
	CHECK_EQ(exynos_get(), 'e');
	regs[UERSTAT / 4] = 1u << 2;
	CHECK_EQ(exynos_get(), UART_DEV_DAMAGED);
}

/* ---- the ring, above a device that is none ----------------------------------------------- */

static struct {
	int in[2 * RING_BYTES]; /* what arrives */
	unsigned nr_in, next;
	unsigned acks, puts;
	bool running, kept, full;
} dev;

bool fake_take(uintptr_t base)
{
	CHECK_EQ(base, BASE);
	return dev.running;
}

void fake_setup(bool keep_rate, uint32_t clock_hz, uint32_t baud)
{
	dev.kept = keep_rate;
	dev.next = dev.nr_in; /* the FIFO is emptied */
}

bool fake_full(void)
{
	return dev.full;
}

bool fake_busy(void)
{
	return dev.full;
}

void fake_put(uint8_t byte)
{
	dev.puts++;
}

int fake_get(void)
{
	return dev.next < dev.nr_in ? dev.in[dev.next++] : UART_DEV_EMPTY;
}

void fake_rx_enable(void)
{
}

void fake_rx_ack(void)
{
	dev.acks++;
}

static void arrives(int c)
{
	dev.in[dev.nr_in++] = c;
}

static void fresh(void)
{
	memset(&dev, 0, sizeof(dev));
	memset(&ring, 0, sizeof(ring));
}

static void what_was_typed_meanwhile_stays(void)
{
	fresh();
	dev.running = true;
	arrives('o');
	arrives('k');
	uart_init(BASE, 1, 1);
	CHECK(dev.kept);
	CHECK_EQ(uart_getc(), 'o');
	CHECK_EQ(uart_getc(), 'k');
	CHECK_EQ(uart_getc(), -1);
	/* The same of one that nobody has set up: an emulator's works nevertheless. */
	dev.running = false;
	arrives('!');
	uart_init(BASE, 1, 1);
	CHECK(!dev.kept);
	CHECK_EQ(uart_getc(), '!');
}

static void a_full_ring_leaves_the_rest_in_the_fifo(void)
{
	fresh();
	for (unsigned i = 0; i < RING_BYTES + 100; i++)
		arrives((int)(i % 251));
	for (unsigned i = 0; i < RING_BYTES / 64 + 10; i++)
		uart_rx_irq();
	CHECK_EQ(dev.next, RING_BYTES);
	CHECK_EQ(dev.acks, RING_BYTES / 64 + 10);
	for (unsigned i = 0; i < RING_BYTES + 100; i++)
		CHECK_EQ(uart_getc(), i % 251);
	CHECK_EQ(uart_getc(), -1);
	CHECK_EQ(uart_rx_lost(), 0);
}

static void damaged_bytes_are_counted_and_left_out(void)
{
	fresh();
	arrives('a');
	arrives(UART_DEV_DAMAGED);
	arrives(0);
	CHECK_EQ(uart_getc(), 'a');
	CHECK_EQ(uart_getc(), 0); /* a byte as any other */
	CHECK_EQ(uart_getc(), -1);
	CHECK_EQ(uart_rx_lost(), 1);
}

static void a_dead_uart_costs_time_and_no_more(void)
{
	fresh();
	dev.full = true;
	uart_putc('x');
	uart_flush();
	CHECK_EQ(dev.puts, 1);
}

static const struct test_case cases[] = {
	TEST(pl011_rate),
	TEST(imx_rate),
	TEST(cadence_rate),
	TEST(npcm_rate),
	TEST(exynos_rate),
	TEST(bytes_that_arrived_badly),
	TEST(what_was_typed_meanwhile_stays),
	TEST(a_full_ring_leaves_the_rest_in_the_fifo),
	TEST(damaged_bytes_are_counted_and_left_out),
	TEST(a_dead_uart_costs_time_and_no_more),
};
TEST_SUITE(uart, cases);
