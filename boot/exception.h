/* SPDX-License-Identifier: MIT */
/*
 * What ends the run: exceptions that nobody expected, and panic().
 *
 * Both print what happened, where and on which core, the registers and a
 * backtrace, stop the other cores and end with board_fail(): in QEMU a status
 * that is not 0, on a board a message that stays.  The first core to fail
 * speaks; a second one stops without a word.
 *
 * The backtrace is a scan of the stack for return addresses (words that follow
 * a call instruction in our text): it costs the code nothing, neither a frame
 * pointer nor tables, and may name a stale call or two.  `addr2line -e
 * build/vexpress-a9/libbuddy.elf` knows the lines.
 */
#ifndef BOOT_EXCEPTION_H
#define BOOT_EXCEPTION_H

#include <stdarg.h>
#include <stdint.h>

enum exc_kind { EXC_RESET, EXC_UNDEF, EXC_SVC, EXC_PABT, EXC_DABT, EXC_UNUSED, EXC_FIQ };

/* Laid out by vectors.S. */
struct exc_frame {
	uint32_t r[13];
	uint32_t sp, lr; /* of the interrupted mode */
	uint32_t pc;	 /* LR as the exception set it */
	uint32_t spsr;
	uint32_t kind; /* enum exc_kind */
};

/* Status of a run that ended like this. */
#define STATUS_EXCEPTION 70
#define STATUS_PANIC	 71

/* From vectors.S only. */
_Noreturn void exception_report(const struct exc_frame *frame);

/* Any context.  `from` is the caller to name. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void vpanic(const char *fmt, va_list ap, void *from)
	__attribute__((format(printf, 1, 0)));

/*
 * Goes wrong on purpose: kind is undef, dabt, pabt, stack, svc or panic.  Does
 * not return, or prints what it knows and does.
 */
void crash_on_purpose(const char *kind);

#endif /* BOOT_EXCEPTION_H */
