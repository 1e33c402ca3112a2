// SPDX-License-Identifier: MIT
/*
 * The host port, cold part, and its test side (host.h).
 *
 * Owned state:
 *   host_cpus[]	one entry per CPU, written by its own thread only, but for
 *			`mode` and the call slot, which are atomics: a caller takes
 *			the slot (EMPTY -> FILLING), fills it, publishes (PENDING);
 *			the target runs it (RUNNING) and says so (DONE); the caller
 *			reads that and empties the slot.
 *   log_text		under log_mutex.
 *
 * Not here: what the core calls on its hot path (port_impl.h); memory (phys.c, vmap.c); what
 * a context carries (context.c).
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <buddy/config.h>
#include <port/port.h>

#include "host.h"
#include "host_priv.h"

#define WAIT_SECS 60 /* a lock or a CPU that makes us wait longer is lost */

enum { CALL_EMPTY, CALL_FILLING, CALL_PENDING, CALL_RUNNING, CALL_DONE };

struct host_cpu host_cpus[PORT_NR_CPUS];
_Thread_local struct host_cpu *host_me;

static void (*_Atomic irq_handler)(unsigned cpu);
static unsigned jitter_rate;

static _Thread_local jmp_buf *panic_jump;
static _Thread_local char panic_text[512];

static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static char log_text[64 << 10];
static size_t log_bytes;
static unsigned log_lines;
static int log_to_stderr = -1; /* not yet known */

/* ---- messages and panics --------------------------------------------- */

/* The image's C library is newlib-nano: a format that it does not know is a fault here. */
static void check_format(const char *fmt)
{
	for (const char *p = fmt; *p; p++) {
		if (*p != '%')
			continue;
		p++;
		p += strspn(p, "-0");
		p += strspn(p, "0123456789*");
		if (*p == '.')
			p += 1 + strspn(p + 1, "0123456789*");
		if (*p == 'l')
			p++;
		if (!*p || !strchr("scduxp%", *p))
			host_fault("port_log() with a format that newlib-nano does not know");
	}
}

void port_log(const char *fmt, ...)
{
	va_list ap;
	char line[1024];
	size_t n;

	check_format(fmt);
	if (host_me && host_me->nr_locks)
		host_fault("port_log() under a lock");
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	n = strlen(line);

	pthread_mutex_lock(&log_mutex);
	if (log_to_stderr < 0)
		log_to_stderr = getenv("HOST_LOG") != NULL;
	log_lines++;
	if (n < sizeof(log_text) - log_bytes) {
		memcpy(log_text + log_bytes, line, n + 1);
		log_bytes += n;
	}
	if (log_to_stderr)
		fputs(line, stderr);
	pthread_mutex_unlock(&log_mutex);
}

_Noreturn void port_panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(panic_text, sizeof(panic_text), fmt, ap);
	va_end(ap);
	if (panic_jump)
		longjmp(*panic_jump, 1);
	fflush(stdout);
	fprintf(stderr, "panic on CPU %d: %s\n", host_me ? (int)host_me->id : -1, panic_text);
	abort();
}

_Noreturn void host_fault(const char *what)
{
	port_panic("host port: %s", what);
}

bool host_panics(void (*fn)(void *arg), void *arg)
{
	jmp_buf here;

	panic_text[0] = '\0';
	panic_jump = &here;
	if (setjmp(here) == 0) {
		fn(arg);
		panic_jump = NULL;
		return false;
	}
	panic_jump = NULL;
	if (host_me) {
		host_me->irq_depth = 0;
		host_me->nr_locks = 0;
		host_me->in_irq = false;
	}
	return true;
}

const char *host_panic_text(void)
{
	return panic_text;
}

const char *host_log_text(void)
{
	return log_text;
}

unsigned host_log_lines(void)
{
	return log_lines;
}

void host_log_clear(void)
{
	pthread_mutex_lock(&log_mutex);
	log_text[0] = '\0';
	log_bytes = 0;
	log_lines = 0;
	pthread_mutex_unlock(&log_mutex);
}

bool host_log_has(const char *text)
{
	return strstr(log_text, text) != NULL;
}

/* ---- CPUs ------------------------------------------------------------ */

static void run_call(struct host_cpu *cpu)
{
	unsigned pending = CALL_PENDING;

	if (atomic_load_explicit(&cpu->call_state, memory_order_relaxed) != CALL_PENDING)
		return;
	if (!atomic_compare_exchange_strong_explicit(&cpu->call_state, &pending, CALL_RUNNING,
						     memory_order_acquire, memory_order_relaxed))
		return; /* the caller gave up just now */
	cpu->irq_depth++;
	cpu->call_fn(cpu->call_arg);
	if (--cpu->irq_depth)
		host_fault("a call from another CPU left interrupts off");
	atomic_store_explicit(&cpu->call_state, CALL_DONE, memory_order_release);
}

static uint32_t next_random(struct host_cpu *me)
{
	me->rnd ^= me->rnd << 13;
	me->rnd ^= me->rnd >> 17;
	me->rnd ^= me->rnd << 5;
	return me->rnd;
}

void host_irq_window(struct host_cpu *me)
{
	void (*handler)(unsigned cpu);

	run_call(me);
	if (!me->irq_rate || me->in_irq || next_random(me) % me->irq_rate)
		return;
	handler = atomic_load_explicit(&irq_handler, memory_order_acquire);
	if (!handler)
		return;
	me->in_irq = true;
	me->irq_depth = 1;
	me->nr_irqs++;
	handler(me->id);
	if (me->irq_depth != 1 || me->nr_locks)
		host_fault("the interrupt handler came back with a lock or another depth");
	me->irq_depth = 0;
	me->in_irq = false;
}

void host_jitter(struct host_cpu *me)
{
	if (jitter_rate && next_random(me) % jitter_rate == 0)
		sched_yield();
}

void host_set_jitter(unsigned rate)
{
	jitter_rate = rate;
}

static bool waited_too_long(unsigned *rounds)
{
	static _Thread_local time_t since;
	struct timespec now;

	if (++*rounds % 1024)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (*rounds == 1024)
		since = now.tv_sec;
	return now.tv_sec - since > WAIT_SECS;
}

/* Lets others run, for longer where that did not help: there may be few real CPUs. */
static void back_off(unsigned rounds)
{
	struct timespec nap = {.tv_nsec = 20000};

	if (rounds < 20)
		sched_yield();
	else
		nanosleep(&nap, NULL);
}

void host_lock_wait(unsigned *rounds, unsigned holder)
{
	back_off(*rounds);
	if (waited_too_long(rounds))
		port_panic("host port: deadlock, CPU %u waits for a lock of CPU %d", host_me->id,
			   (int)holder - 1);
}

void host_cpu_idle(void)
{
	struct host_cpu *me = host_self();

	if (me->irq_depth)
		host_fault("waiting with interrupts off");
	host_irq_window(me);
	back_off(me->waits++);
}

void port_cpu_relax(void)
{
	struct host_cpu *me = host_self();

	if (!me->irq_depth)
		host_irq_window(me);
	back_off(me->waits++);
}

/* Nobody's CPU: this thread lends itself, the interrupted identity comes back after. */
static void run_virtual(struct host_cpu *cpu, void (*fn)(void *arg), void *arg)
{
	struct host_cpu *me = host_me;

	host_me = cpu;
	cpu->irq_depth = 1;
	fn(arg);
	if (cpu->irq_depth != 1 || cpu->nr_locks)
		host_fault("a call to a virtual CPU came back with a lock or another depth");
	cpu->irq_depth = 0;
	host_me = me;
}

bool port_run_on_cpu(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	struct host_cpu *me = host_self(), *to = &host_cpus[cpu];
	unsigned rounds = 0, state;

	if (me->irq_depth || me->nr_locks)
		host_fault("port_run_on_cpu() with interrupts off or under a lock");
	if (cpu >= PORT_NR_CPUS)
		host_fault("port_run_on_cpu() to no CPU");
	if (to == me) {
		port_irqflags_t flags = port_irq_save();

		fn(arg);
		port_irq_restore(flags);
		return true;
	}

	for (;;) {
		unsigned mode = atomic_load(&to->mode);

		if (mode == HOST_CPU_OFFLINE)
			return false;
		if (mode == HOST_CPU_VIRTUAL) {
			run_virtual(to, fn, arg);
			return true;
		}
		state = CALL_EMPTY;
		if (atomic_compare_exchange_strong(&to->call_state, &state, CALL_FILLING))
			break;
		if (waited_too_long(&rounds))
			port_panic("host port: CPU %u's call slot is never free", cpu);
		port_cpu_relax(); /* it may be waiting for us */
	}
	to->call_fn = fn;
	to->call_arg = arg;
	atomic_store(&to->call_state, CALL_PENDING);

	while ((state = atomic_load(&to->call_state)) != CALL_DONE) {
		bool lost = waited_too_long(&rounds);

		/* once it runs it must be waited for: arg is the caller's */
		if (state == CALL_PENDING && (lost || atomic_load(&to->mode) != HOST_CPU_THREAD) &&
		    atomic_compare_exchange_strong(&to->call_state, &state, CALL_EMPTY))
			return false;
		port_cpu_relax();
	}
	atomic_store(&to->call_state, CALL_EMPTY);
	return true;
}

static struct host_cpu *enter(unsigned cpu, unsigned mode)
{
	struct host_cpu *me = &host_cpus[cpu];

	if (cpu >= PORT_NR_CPUS)
		host_fault("no such CPU");
	me->id = cpu;
	if (!me->rnd)
		me->rnd = 0x9e3779b9u * (cpu + 1);
	host_me = me;
	atomic_store(&me->mode, mode);
	return me;
}

void host_cpu_enter(unsigned cpu)
{
	if (cpu < PORT_NR_CPUS && atomic_load(&host_cpus[cpu].mode) == HOST_CPU_THREAD)
		host_fault("two threads for one CPU");
	enter(cpu, HOST_CPU_THREAD);
}

void host_cpu_exit(void)
{
	struct host_cpu *me = host_self();

	if (me->irq_depth || me->nr_locks)
		host_fault("a CPU goes offline with interrupts off or with a lock");
	atomic_store(&me->mode, HOST_CPU_OFFLINE);
	/* a caller that saw us online either finds its call done or takes it back */
	run_call(me);
	me->irq_rate = 0;
	host_me = NULL;
}

void host_cpu_switch(unsigned cpu)
{
	struct host_cpu *me = host_self();

	if (me->irq_depth || me->nr_locks)
		host_fault("CPU switched with interrupts off or with a lock");
	if (me->id == cpu)
		return;
	atomic_store(&me->mode, HOST_CPU_VIRTUAL);
	enter(cpu, HOST_CPU_THREAD);
}

void host_cpu_reset(void)
{
	host_context_reset();
	for (unsigned i = 0; i < PORT_NR_CPUS; i++) {
		memset(&host_cpus[i], 0, sizeof(host_cpus[i]));
		host_cpus[i].id = i;
	}
	irq_handler = NULL;
	jitter_rate = 0;
	enter(0, HOST_CPU_THREAD);
}

/* ---- interrupts ------------------------------------------------------ */

void host_irq_set_handler(void (*handler)(unsigned cpu))
{
	irq_handler = handler;
}

void host_irq_set_rate(unsigned rate, uint32_t seed)
{
	struct host_cpu *me = host_self();

	me->irq_rate = rate;
	me->rnd = seed ? seed : 1;
}

void host_irq_hold(bool hold)
{
	host_self()->in_irq = hold;
}

__attribute__((constructor)) static void host_start(void)
{
	host_cpu_reset();
}
