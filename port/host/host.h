/* SPDX-License-Identifier: MIT */
/*
 * The host port's test side: fake physical memory, CPUs made of threads or of
 * one thread in turn, simulated interrupts, captured messages, expected panics.
 *
 * For host tests only; nothing in mm/ or boot/ includes it.
 */
#ifndef PORT_HOST_HOST_H
#define PORT_HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- physical memory --------------------------------------------------- */

/*
 * Makes [base, base + size) accessible (size and base in bytes, rounded outward
 * to host pages, end at most 4 GiB) and fills up to 64 MiB of it with garbage, as real
 * RAM is after power-on.  Aborts when the host cannot.  On 32 bit, ranges that
 * a block may cross must come in one call.
 */
void host_map_phys(uint64_t base, uint64_t size);

/* Forgets all of it, contents included. */
void host_unmap_all(void);

/* Any touch of the range from now on kills the program, until it is allowed again. */
void host_protect_phys(uint64_t base, uint64_t size, bool allow);

/* AddressSanitizer's view of the range; nothing without it. */
void host_poison_phys(uint64_t base, uint64_t size);
void host_unpoison_phys(uint64_t base, uint64_t size);

/* ---- CPUs ---------------------------------------------------------------- */

enum host_cpu_mode {
	HOST_CPU_OFFLINE,
	HOST_CPU_THREAD,  /* a thread is it: port_run_on_cpu() waits for that thread */
	HOST_CPU_VIRTUAL, /* nobody's: port_run_on_cpu() runs at once, in the caller's thread */
};

/* This thread is CPU `cpu` from here on, reachable until it leaves. */
void host_cpu_enter(unsigned cpu);
void host_cpu_exit(void);

/*
 * For one thread that plays several CPUs in turn: it is `cpu` now, the one before is
 * virtual.
 */
void host_cpu_switch(unsigned cpu);

/* All CPUs offline but this thread, which is CPU 0; depths, locks, rates back to 0. */
void host_cpu_reset(void);

/* Runs what other CPUs ask of this one; call it in every loop that waits. */
void host_cpu_idle(void);

/* ---- interrupts ----------------------------------------------------------- */

/*
 * From now on, in every window of this CPU, with a chance of one in `rate`
 * (0: never), handler(cpu) runs as an interrupt handler would.  One handler for
 * all CPUs; set before threads start.
 */
void host_irq_set_handler(void (*handler)(unsigned cpu));
void host_irq_set_rate(unsigned rate, uint32_t seed);
/* None on this CPU until it is let go. */
void host_irq_hold(bool hold);

/* One in `rate` lock operations lets another thread run first; 0: none. */
void host_set_jitter(unsigned rate);

/* ---- contexts, mappings, caches -------------------------------------------- */

/* All of this as at the start: host_cpu_reset() calls it. */
void host_context_reset(void);

/* The scope of the task on a CPU. */
struct alloc_scope;
struct alloc_scope *host_task_scope(unsigned cpu);
/* What port_out_of_memory() answers; NULL: false.  Forgotten by host_cpu_reset(). */
void host_oom_set_handler(bool (*handler)(unsigned order, uint32_t gfp));
/*
 * What port_wake_kswapd() calls, in the caller's context; NULL: nothing.  Forgotten by
 * host_cpu_reset().
 */
void host_kswapd_set_handler(void (*handler)(int nid));
/* port_map_pages() says no to anything but the usual mapping. */
void host_refuse_map_pages(bool refuse);
/* Calls of port_cache_clean() (0), invalidate (1), flush (2) since the program's start. */
unsigned long host_cache_ops(unsigned kind);

/* ---- vmalloc's window --------------------------------------------------------- */

/*
 * Addresses for vmalloc_init(), bytes rounded up to pages: the same ones, of the same size,
 * in each call.  RAM that is to be mapped there comes from host_map_phys() (start()) after
 * the first call.  Accesses to pages on the move wait from now on.
 */
void *host_vmap_window(size_t bytes);
/* Accesses that have met one; counted before they wait. */
unsigned host_vmap_waits(void);
/* port_vmap_prepare() finds no memory.  Forgotten by host_unmap_all(). */
void host_vmap_fail_prepare(bool fail);

/* ---- messages and panics ---------------------------------------------------- */

/* port_log()'s text since the last clear (the first 64 KiB), and the number of calls. */
const char *host_log_text(void);
unsigned host_log_lines(void);
void host_log_clear(void);
bool host_log_has(const char *text);

/*
 * Runs fn(arg) and returns true if it panicked; host_panic_text() says how.
 * The allocator is to be started anew after that.
 */
bool host_panics(void (*fn)(void *arg), void *arg);
const char *host_panic_text(void);

#endif /* PORT_HOST_HOST_H */
