// SPDX-License-Identifier: MIT
/*
 * The console: as much of printf as libbuddy's port_log() asks for, and the way out.
 *
 * State: console_lock, so that lines of several cores do not mix.  Any context.
 */
#include "board.h"
#include "kernel.h"

static struct spinlock console_lock;

static void put(char c)
{
	if (c == '\n')
		board_putc('\r');
	board_putc(c);
}

static void pad(int nr, char c)
{
	while (nr-- > 0)
		put(c);
}

static int parse_number(const char **fmt, va_list *ap)
{
	int n = 0;

	if (**fmt == '*') {
		(*fmt)++;
		return va_arg(*ap, int);
	}
	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		n = n * 10 + **fmt - '0';
	return n;
}

/* Right to left into the end of buf; where it begins. */
static char *digits(char *end, unsigned long n, unsigned base)
{
	do
		*--end = "0123456789abcdef"[n % base];
	while (n /= base);
	return end;
}

static void put_field(const char *text, int len, int width, bool left, char fill)
{
	if (!left)
		pad(width - len, fill);
	for (int i = 0; i < len; i++)
		put(text[i]);
	if (left)
		pad(width - len, ' ');
}

static void put_conversion(const char **fmt, va_list *ap)
{
	char buf[12], *end = buf + sizeof(buf), *text = buf;
	int width, precision = -1, len = 0;
	bool left = false, zero = false;
	unsigned long n;

	for (; **fmt == '-' || **fmt == '0'; (*fmt)++) {
		left |= **fmt == '-';
		zero |= **fmt == '0';
	}
	width = parse_number(fmt, ap);
	if (**fmt == '.') {
		(*fmt)++;
		precision = parse_number(fmt, ap);
	}
	if (**fmt == 'l')
		(*fmt)++; /* int and long are the same here */
	switch (*(*fmt)++) {
	case 's':
		text = va_arg(*ap, char *);
		while (text[len] && len != precision)
			len++;
		put_field(text, len, width, left, ' ');
		return;
	case 'c':
		buf[0] = (char)va_arg(*ap, int);
		put_field(buf, 1, width, left, ' ');
		return;
	case 'd':
		n = va_arg(*ap, unsigned long);
		text = digits(end, (long)n < 0 ? -n : n, 10);
		if ((long)n < 0)
			*--text = '-';
		break;
	case 'u':
		text = digits(end, va_arg(*ap, unsigned long), 10);
		break;
	case 'x':
	case 'p':
		text = digits(end, va_arg(*ap, unsigned long), 16);
		break;
	default:
		put('%');
		return;
	}
	put_field(text, (int)(end - text), width, left, zero && !left ? '0' : ' ');
}

void vprint(const char *fmt, va_list args)
{
	uint32_t flags = irq_save();
	va_list ap;

	va_copy(ap, args);
	spin_lock(&console_lock);
	while (*fmt) {
		char c = *fmt++;

		if (c == '%' && *fmt)
			put_conversion(&fmt, &ap);
		else
			put(c);
	}
	spin_unlock(&console_lock);
	irq_restore(flags);
	va_end(ap);
}

void print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
}

_Noreturn void vpanic(const char *fmt, va_list ap)
{
	(void)irq_save();
	console_lock.held = 0; /* whoever has it, this is more important */
	print("\npanic on core %u, task %s: ", cpu_id(),
	      current_task() ? current_task()->name : "none");
	vprint(fmt, ap);
	print("\n");
	board_exit(1);
}

_Noreturn void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vpanic(fmt, ap);
}
