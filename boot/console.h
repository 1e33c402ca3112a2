/* SPDX-License-Identifier: MIT */
/*
 * The console: formatted lines out, bytes in.
 *
 * Output of one call comes out in one piece, whichever cores print at once: it
 * is formatted on the caller's stack and sent under a lock, interrupts off, so
 * keep it to a line.  After console_panic() the lock is left alone: the last
 * words of a core must come out even if it held it.
 *
 * printf(), puts() and putchar() of the C library end here too.
 */
#ifndef BOOT_CONSOLE_H
#define BOOT_CONSOLE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/* The UART, polled.  Boot core, MMU on. */
void console_init(void);

/*
 * Goes on at another UART of the same kind, which has to be mapped, with its interrupt.  Boot
 * core, before console_rx_init().
 */
void console_move(uint32_t base, uint32_t irq);

/* Received bytes interrupt from now on.  Boot core, GIC on. */
void console_rx_init(void);

/* At most CONSOLE_LINE_MAX - 1 characters, the rest is cut with "...".  Any context. */
#define CONSOLE_LINE_MAX 512
int console_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int console_vprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* Bytes as they are, \n as \r\n, any length: locked in pieces of CONSOLE_LINE_MAX. */
void console_write(const char *text, unsigned len);

/*
 * One byte, or -1 if none is there; and waiting for one, asleep between
 * interrupts.  One reader; task context, interrupts on, boot core (where the
 * UART's interrupt goes).
 */
int console_getc(void);
int console_getc_wait(void);

/* No locks from here on. */
void console_panic(void);

/* Waits until the last byte is on the wire. */
void console_flush(void);

#endif /* BOOT_CONSOLE_H */
