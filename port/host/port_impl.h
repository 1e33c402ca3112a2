/* SPDX-License-Identifier: MIT */
/*
 * The host port, hot part: the core runs as a Linux program, threads as CPUs.
 *
 * It exists to find mistakes, so every rule of the contract (include/port/port.h)
 * that silicon would punish much later is checked at once: a lock taken with
 * interrupts on, a restore without its save, per-CPU data used while an
 * interrupt could still come, a message under a lock.  A broken rule is a
 * panic (port.c).
 *
 * "Interrupts off" is a depth per CPU.  While it is 0 a simulated interrupt may
 * arrive: just before a save and just after a restore, which is as good as
 * anywhere between them.  A thread becomes a CPU with host_cpu_enter(); the main
 * thread is CPU 0 from the start.
 *
 * Locks are C11 atomics, so that ThreadSanitizer sees the order they give.
 * Physical memory is fake: on 64 bit one window of 4 GiB (phys = virt - base),
 * on 32 bit a table of banks.
 *
 * Owned state: host_cpus[] (each entry by its own thread, but for the atomics),
 * the window.  Not here: everything for tests only, see host.h.
 */
#ifndef PORT_IMPL_H
#define PORT_IMPL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#ifndef PORT_NR_CPUS /* a test of fewer says so */
#define PORT_NR_CPUS 8
#endif
#define PORT_CACHELINE 64

struct host_cpu {
	unsigned id;
	unsigned irq_depth; /* saves that wait for their restore; 0: interrupts on */
	unsigned nr_locks;  /* held */
	void *percpu;	    /* port_set_percpu() */

	/* chance is one in irq_rate (0: never) that an interrupt arrives in a window */
	unsigned irq_rate;
	uint32_t rnd;
	bool in_irq;
	unsigned nr_kmaps; /* port_kmap_local() that wait for their unmap */
	unsigned long nr_irqs;
	unsigned waits; /* rounds of waiting since the last lock */

	atomic_uint mode;	/* enum host_cpu_mode */
	atomic_uint call_state; /* of the slot below, enum in port.c */
	void (*call_fn)(void *arg);
	void *call_arg;
} __attribute__((aligned(PORT_CACHELINE)));

extern struct host_cpu host_cpus[PORT_NR_CPUS];
extern _Thread_local struct host_cpu *host_me;

/* A rule of the contract was broken: port_panic() that names it. */
_Noreturn void host_fault(const char *what);
/* Interrupts are on: run what has come meanwhile. */
void host_irq_window(struct host_cpu *me);
/* Another round of waiting for a lock: gives up with a panic after a minute. */
void host_lock_wait(unsigned *rounds, unsigned holder);
/* Sometimes lets another thread run, where a test asked for it. */
void host_jitter(struct host_cpu *me);

static inline struct host_cpu *host_self(void)
{
	struct host_cpu *me = host_me;

	if (__builtin_expect(!me, 0))
		host_fault("this thread is no CPU: host_cpu_enter() first");
	return me;
}

/* ---- interrupts ------------------------------------------------------ */

typedef unsigned port_irqflags_t; /* the depth before */

static inline port_irqflags_t port_irq_save(void)
{
	struct host_cpu *me = host_self();

	if (!me->irq_depth)
		host_irq_window(me);
	atomic_signal_fence(memory_order_seq_cst);
	return me->irq_depth++;
}

static inline void port_irq_restore(port_irqflags_t flags)
{
	struct host_cpu *me = host_self();

	if (me->irq_depth != flags + 1)
		host_fault("port_irq_restore() does not match its save");
	if (!flags && me->nr_locks)
		host_fault("interrupts turned on under a lock");
	atomic_signal_fence(memory_order_seq_cst);
	me->irq_depth = flags;
	if (!flags)
		host_irq_window(me);
}

static inline bool port_irqs_disabled(void)
{
	return host_self()->irq_depth != 0;
}

/* ---- CPUs ------------------------------------------------------------ */

static inline unsigned port_cpu_id(void)
{
	struct host_cpu *me = host_self();

	if (!me->irq_depth)
		host_fault("port_cpu_id() with interrupts on");
	return me->id;
}

static inline void *port_percpu(void)
{
	struct host_cpu *me = host_self();

	if (!me->irq_depth)
		host_fault("port_percpu() with interrupts on");
	return me->percpu;
}

static inline void port_set_percpu(void *percpu)
{
	struct host_cpu *me = host_self();

	if (!me->irq_depth)
		host_fault("port_set_percpu() with interrupts on");
	me->percpu = percpu;
}

void port_cpu_relax(void);

/* ---- locks ----------------------------------------------------------- */

struct port_spinlock {
	atomic_uint holder; /* CPU + 1, 0: free */
};

#define PORT_SPINLOCK_INIT \
	{                  \
		0          \
	}

static inline bool port_spin_trylock(struct port_spinlock *lock)
{
	struct host_cpu *me = host_self();
	unsigned unlocked = 0;

	if (!me->irq_depth)
		host_fault("lock taken with interrupts on");
	if (!atomic_compare_exchange_strong_explicit(&lock->holder, &unlocked, me->id + 1,
						     memory_order_acquire, memory_order_relaxed))
		return false;
	me->nr_locks++;
	me->waits = 0;
	return true;
}

static inline void port_spin_lock(struct port_spinlock *lock)
{
	unsigned rounds = 0;

	host_jitter(host_self());
	if (atomic_load_explicit(&lock->holder, memory_order_relaxed) == host_self()->id + 1)
		host_fault("lock taken twice by one CPU");
	while (!port_spin_trylock(lock))
		host_lock_wait(&rounds, atomic_load_explicit(&lock->holder, memory_order_relaxed));
}

static inline void port_spin_unlock(struct port_spinlock *lock)
{
	struct host_cpu *me = host_self();

	if (atomic_load_explicit(&lock->holder, memory_order_relaxed) != me->id + 1)
		host_fault("unlock of a lock that this CPU does not hold");
	me->nr_locks--;
	atomic_store_explicit(&lock->holder, 0, memory_order_release);
	host_jitter(me);
}

static inline bool port_spin_is_locked(struct port_spinlock *lock)
{
	return atomic_load_explicit(&lock->holder, memory_order_relaxed) != 0;
}

/* ---- memory ---------------------------------------------------------- */

#if UINTPTR_MAX > UINT32_MAX
extern uintptr_t host_phys_window;

static inline void *port_phys_to_virt(uint64_t phys)
{
	return (void *)(host_phys_window + (uintptr_t)phys);
}

/* An address outside of the window gives a number beyond 4 GiB. */
static inline uint64_t port_virt_to_phys(const void *virt)
{
	return (uintptr_t)virt - host_phys_window;
}
#else
/* NULL and UINT64_MAX for what no host_map_phys() covers. */
void *port_phys_to_virt(uint64_t phys);
uint64_t port_virt_to_phys(const void *virt);
#endif

void port_clear_page(void *page);
void port_copy_page(void *to, const void *from);

#endif /* PORT_IMPL_H */
