/* SPDX-License-Identifier: MIT */
/*
 * The console.  See console.h.
 *
 * Owns console_lock, which guards the order of bytes to the UART.  It is a leaf:
 * nothing is called under it but the driver, and it is never taken under a zone
 * lock (port_log()'s contract).  Interrupts are off while it is held, as the
 * handlers print too: for one line, and 80 characters take 21 ms at 38,400 baud.  That
 * is the price of readable lines, paid only where something is printed.
 *
 * Not here: editing (lineedit.c), commands (monitor.c).
 */
#include "boot/console.h"

#include <stdio.h>
#include <string.h>

#include <board.h>
#include <port/port.h>

#include "boot/daemon.h"
#include "boot/reent.h"
#include "boot/smp.h"
#include "drivers/gic.h"
#include "drivers/uart.h"

static struct port_spinlock console_lock = PORT_SPINLOCK_INIT;
static volatile bool panicking;
static unsigned uart_irq = BOARD_UART_IRQ; /* written before there are others */

void console_init(void)
{
	uart_init(BOARD_UART_BASE, BOARD_UART_CLOCK, BOARD_UART_BAUD);
}

void console_move(uint32_t base, uint32_t irq)
{
	uart_flush();
	uart_init(base, BOARD_UART_CLOCK, BOARD_UART_BAUD);
	uart_irq = irq;
}

static void rx_irq(unsigned irq, unsigned src)
{
	(void)irq;
	(void)src;
	uart_rx_irq();
}

void console_rx_init(void)
{
	gic_register(uart_irq, rx_irq);
	gic_enable(uart_irq);
	uart_rx_enable();
}

static void send(const char *text, unsigned len)
{
	port_irqflags_t flags = port_irq_save();
	bool locked = !panicking;
	unsigned i;

	if (locked)
		port_spin_lock(&console_lock);
	for (i = 0; i < len; i++) {
		if (text[i] == '\n')
			uart_putc('\r');
		uart_putc(text[i]);
	}
	if (locked)
		port_spin_unlock(&console_lock);
	port_irq_restore(flags);
}

void console_write(const char *text, unsigned len)
{
	unsigned n;

	for (; len; text += n, len -= n) {
		n = len < CONSOLE_LINE_MAX ? len : CONSOLE_LINE_MAX;
		send(text, n);
	}
}

int console_vprintf(const char *fmt, va_list ap)
{
	char line[CONSOLE_LINE_MAX];
	int n = _vsnprintf_r(core_reent(), line, sizeof(line), fmt, ap);

	if (n < 0)
		return n;
	if ((unsigned)n >= sizeof(line)) {
		memcpy(line + sizeof(line) - 5, "...\n", 5);
		n = sizeof(line) - 1;
	}
	console_write(line, (unsigned)n);
	return n;
}

int console_printf(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = console_vprintf(fmt, ap);
	va_end(ap);
	return n;
}

int console_getc(void)
{
	port_irqflags_t flags = port_irq_save();
	int c = uart_getc();

	port_irq_restore(flags);
	return c;
}

/*
 * The core that waits here has keys to be quick with; only where it is the only one, or so
 * told.
 */
static bool may_do_background(void)
{
	return smp_nr_online() == 1 || daemon_cpu() == 0;
}

int console_getc_wait(void)
{
	port_irqflags_t flags;
	bool background;
	int c;

	for (;;) {
		/*
		 * Interrupts off between looking and sleeping: one that comes in
		 * between stays pending and ends the WFI at once.
		 */
		flags = port_irq_save();
		c = uart_getc();
		background = c < 0 && may_do_background() && daemon_enter_idle();
		if (c < 0 && !background)
			__asm__ volatile("dsb\n\twfi" ::: "memory");
		port_irq_restore(flags);
		if (c >= 0) {
			daemon_leave_idle();
			return c;
		}
		if (background)
			daemon_step();
	}
}

void console_panic(void)
{
	panicking = true;
}

void console_flush(void)
{
	uart_flush();
}

/*
 * The C library's own would share one FILE among all cores, without a lock.
 */
int printf(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = console_vprintf(fmt, ap);
	va_end(ap);
	return n;
}

int vprintf(const char *fmt, va_list ap)
{
	return console_vprintf(fmt, ap);
}

int puts(const char *s)
{
	return console_printf("%s\n", s);
}

int putchar(int c)
{
	char ch = (char)c;

	console_write(&ch, 1);
	return (unsigned char)ch;
}
