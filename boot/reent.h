/* SPDX-License-Identifier: MIT */
/*
 * The C library's state, one for each core's task and one for its interrupt handlers.
 *
 * newlib keeps what a call leaves behind (errno, what %f works with, strtok()'s place) in a
 * struct _reent.  The multilib of this processor is built with one for all (_impure_ptr), so
 * that functions without the _r are for one core at a time, in what they keep; that holds for
 * errno, too.  Functions with _r take the struct:
 *
 *	n = _snprintf_r(core_reent(), buf, sizeof(buf), "%.2f", x);
 *
 * printf(), puts(), console_printf() do so themselves: they may print anything, on all cores
 * at once and in interrupts.  malloc() and its like keep nothing (boot/malloc.c).
 */
#ifndef BOOT_REENT_H
#define BOOT_REENT_H

#include <reent.h>

/* The running context's.  Any context; the caller stays on its core meanwhile. */
struct _reent *core_reent(void);

#endif /* BOOT_REENT_H */
