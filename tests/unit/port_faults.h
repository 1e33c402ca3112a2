/* SPDX-License-Identifier: MIT */
/*
 * The host port with one fault of choice, for test_port_selftest.c: each function is the
 * host's own unless `fault` says what is wrong with it.  In the place of those of the port
 * where the self-test's source is included after this file.
 *
 * State: `fault`, set while one thread runs; what the simulated pieces need.
 */
#ifndef TESTS_PORT_FAULTS_H
#define TESTS_PORT_FAULTS_H

#include <string.h>

#include "mm/internal.h"

enum fault {
	NO_FAULT,
	/* interrupts: simulated, as the host's own panics at once */
	RESTORE_TURNS_ON,
	SAVE_DOES_NOTHING,
	SAVE_TOGGLES,
	RESTORE_LEAVES_OFF,
	NEVER_DISABLED,
	ALWAYS_DISABLED,
	LAST_IRQ_FAULT = ALWAYS_DISABLED,
	/* CPUs */
	ID_TOO_LARGE,
	ID_CHANGES,
	ID_THE_SAME,
	SET_PERCPU_IGNORED,
	PERCPU_LOST_BY_RESTORE,
	PERCPU_FORGETS,
	PERCPU_SHARED,
	/* locks */
	TRYLOCK_ALWAYS,
	TRYLOCK_NEVER,
	LOCKED_NEVER,
	LOCKED_ALWAYS,
	UNLOCK_IGNORED,
	ZERO_IS_LOCKED,
	LOCK_NOT_ATOMIC,
	/* memory */
	VIRT_OFF_BY_A_PAGE,
	PHYS_WITHOUT_OFFSET,
	PHYS_NOT_LINEAR,
	PHYS_BEYOND_4_GIB,
	CLEARS_HALF,
	CLEARS_TOO_MUCH,
	CLEARS_BEFORE,
	COPIES_HALF,
	COPIES_TOO_MUCH,
	COPIES_BACK,
	COPY_CLEARS_BEFORE,
	CLEAN_IGNORED,
	INVALIDATE_DROPS_EDGES,
	FLUSH_LOSES,
	KMAP_NULL,
	KMAP_NULL_INSIDE,
	KMAP_ONE_PLACE,
	KMAP_WRONG_PAGE,
	KUNMAP_ALL,
	/* calls between CPUs */
	CALL_NOT_RUN,
	CALL_RUNS_TWICE,
	CALL_RUNS_HERE,
	CALL_WITH_INTERRUPTS_ON,
	CALL_DENIED,
	CALL_LEAVES_OFF,
	CALL_NOT_TO_ITSELF,
	CALL_RUNS_LATER,
	/* contexts */
	SCOPE_NULL,
	SCOPE_CHANGES,
	SCOPE_GARBAGE,
	SCOPE_THE_SAME,
	SCOPE_OF_TASK_IN_HANDLER,
	RESCHED_LEAVES_OFF,
	NR_FAULTS,
};

static enum fault fault;

/* ---- interrupts --------------------------------------------------------- */

static bool simulated_off;

static inline bool irqs_simulated(void)
{
	return fault > NO_FAULT && fault <= LAST_IRQ_FAULT;
}

static void *the_percpu; /* of all CPUs, or of the last one that set it */

static inline port_irqflags_t fault_irq_save(void)
{
	bool was = simulated_off;

	if (!irqs_simulated())
		return port_irq_save();
	if (fault == SAVE_TOGGLES)
		simulated_off = !simulated_off;
	else if (fault != SAVE_DOES_NOTHING)
		simulated_off = true;
	return was;
}

static inline void fault_irq_restore(port_irqflags_t flags)
{
	if (fault == PERCPU_LOST_BY_RESTORE && flags)
		the_percpu = NULL;
	if (!irqs_simulated())
		port_irq_restore(flags);
	else if (fault == RESTORE_TURNS_ON)
		simulated_off = false;
	else if (fault != RESTORE_LEAVES_OFF)
		simulated_off = flags;
}

static bool lies_about_interrupts; /* as if they were on (a call), or off (after one) */
static bool the_lie;

static inline bool fault_irqs_disabled(void)
{
	if (lies_about_interrupts)
		return the_lie;
	if (fault == NEVER_DISABLED || fault == ALWAYS_DISABLED)
		return fault == ALWAYS_DISABLED;
	return irqs_simulated() ? simulated_off : port_irqs_disabled();
}

/* ---- CPUs --------------------------------------------------------------- */

static inline unsigned fault_cpu_id(void)
{
	static unsigned calls;

	switch (fault) {
	case ID_TOO_LARGE:
		return PORT_NR_CPUS;
	case ID_CHANGES:
		return calls++ % 2;
	case ID_THE_SAME:
		return 0;
	default:
		return port_cpu_id();
	}
}

static inline bool percpu_simulated(void)
{
	return fault >= SET_PERCPU_IGNORED && fault <= PERCPU_SHARED;
}

static inline void *fault_percpu(void)
{
	return percpu_simulated() ? __atomic_load_n(&the_percpu, __ATOMIC_RELAXED) : port_percpu();
}

static inline void fault_set_percpu(void *base)
{
	if (!percpu_simulated())
		port_set_percpu(base);
	else if (fault != SET_PERCPU_IGNORED)
		__atomic_store_n(&the_percpu, base, __ATOMIC_RELAXED);
}

/* ---- locks -------------------------------------------------------------- */

#define UPSIDE_DOWN 99U /* unlocked, for ZERO_IS_LOCKED */

static inline struct port_spinlock fault_lock_init(void)
{
	struct port_spinlock lock = PORT_SPINLOCK_INIT;

	if (fault == ZERO_IS_LOCKED)
		atomic_store(&lock.holder, UPSIDE_DOWN);
	return lock;
}

static inline bool fault_spin_is_locked(struct port_spinlock *lock)
{
	if (fault == LOCKED_ALWAYS || fault == LOCKED_NEVER)
		return fault == LOCKED_ALWAYS;
	return atomic_load(&lock->holder) != (fault == ZERO_IS_LOCKED ? UPSIDE_DOWN : 0);
}

static inline void fault_spin_lock(struct port_spinlock *lock)
{
	if (fault == ZERO_IS_LOCKED) {
		atomic_store(&lock->holder, 1);
	} else if (fault == LOCK_NOT_ATOMIC) {
		/* what a load and a store make of it: one CPU alone does not notice */
		while (atomic_load(&lock->holder))
			port_cpu_relax();
		port_cpu_relax(); /* the window, long enough for threads */
		atomic_store(&lock->holder, 1);
	} else {
		port_spin_lock(lock);
	}
}

static inline bool fault_spin_trylock(struct port_spinlock *lock)
{
	if (fault == TRYLOCK_ALWAYS || fault == TRYLOCK_NEVER)
		return fault == TRYLOCK_ALWAYS && (port_spin_trylock(lock) || true);
	if (fault == ZERO_IS_LOCKED || fault == LOCK_NOT_ATOMIC) {
		if (fault_spin_is_locked(lock))
			return false;
		atomic_store(&lock->holder, 1);
		return true;
	}
	return port_spin_trylock(lock);
}

static inline void fault_spin_unlock(struct port_spinlock *lock)
{
	if (fault == ZERO_IS_LOCKED || fault == LOCK_NOT_ATOMIC) {
		atomic_store(&lock->holder, fault == ZERO_IS_LOCKED ? UPSIDE_DOWN : 0);
		return;
	}
	/* the host's own count of locks must come out even: the word is put back */
	port_spin_unlock(lock);
	if (fault == UNLOCK_IGNORED)
		atomic_store(&lock->holder, 1);
}

/* ---- memory ------------------------------------------------------------- */

static char *last_page; /* of those that the self-test was given */

static inline void *fault_phys_to_virt(uint64_t phys)
{
	return (char *)port_phys_to_virt(phys) + (fault == VIRT_OFF_BY_A_PAGE ? PAGE_SIZE : 0);
}

static inline uint64_t fault_virt_to_phys(const void *virt)
{
	uint64_t phys = port_virt_to_phys(virt);

	switch (fault) {
	case PHYS_WITHOUT_OFFSET:
		return phys & ~(uint64_t)(PAGE_SIZE - 1);
	case PHYS_NOT_LINEAR:
		return phys + ((const char *)virt >= last_page ? 16 * PAGE_SIZE : 0);
	case PHYS_BEYOND_4_GIB:
		return phys + (1ULL << 32);
	default:
		return phys;
	}
}

static inline void fault_clear_page(void *page)
{
	char *p = page;

	memset(p, 0, fault == CLEARS_HALF ? PAGE_SIZE / 2 : PAGE_SIZE);
	if (fault == CLEARS_TOO_MUCH)
		p[PAGE_SIZE] = 0;
	if (fault == CLEARS_BEFORE)
		p[-1] = 0;
}

static inline void fault_copy_page(void *to, const void *from)
{
	char *p = to;

	if (fault == COPIES_BACK)
		memcpy((void *)(uintptr_t)from, to, PAGE_SIZE);
	memcpy(p, from, fault == COPIES_HALF ? PAGE_SIZE - 4 : PAGE_SIZE);
	if (fault == COPIES_TOO_MUCH)
		p[PAGE_SIZE] = 0;
	if (fault == COPY_CLEARS_BEFORE)
		((char *)(uintptr_t)from)[-1] = 0;
}

/* A cache whose lines are all dirty until they are cleaned; what is dropped is zeroes. */
static inline void fault_cache_clean(const void *addr, size_t bytes)
{
	port_cache_clean(addr, bytes);
}

static inline void fault_cache_invalidate(void *addr, size_t bytes)
{
	uintptr_t from = (uintptr_t)addr & ~(uintptr_t)31;
	uintptr_t to = ((uintptr_t)addr + bytes + 31) & ~(uintptr_t)31;
	bool edges = (uintptr_t)addr % 32 || bytes % 32;

	if (fault == CLEAN_IGNORED || (fault == INVALIDATE_DROPS_EDGES && edges))
		memset((void *)from, 0, to - from);
}

static inline void fault_cache_flush(void *addr, size_t bytes)
{
	if (fault == FLUSH_LOSES && bytes)
		memset(addr, 0, bytes);
}

static unsigned nr_kmapped;
static char kmap_window[2][PAGE_SIZE];

static inline void *fault_kmap_local(uint64_t phys)
{
	unsigned nr = nr_kmapped++;

	if (fault == KMAP_NULL || (fault == KMAP_NULL_INSIDE && nr))
		return NULL;
	if (fault == KMAP_ONE_PLACE)
		nr = 0;
	if (fault == KMAP_WRONG_PAGE)
		phys += PAGE_SIZE;
	memcpy(kmap_window[nr], port_phys_to_virt(phys), PAGE_SIZE);
	return kmap_window[nr];
}

static inline void fault_kunmap_local(const void *addr)
{
	(void)addr;
	nr_kmapped--;
	if (fault == KUNMAP_ALL)
		memset(kmap_window, 0, sizeof(kmap_window));
}

/* ---- calls between CPUs ------------------------------------------------- */

static void (*later_fn)(void *arg);
static void *later_arg;

static inline bool fault_run_on_cpu(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	bool own = cpu == host_cpus[0].id, reached;

	if (fault == PERCPU_FORGETS && cpu)
		the_percpu = NULL;
	if (fault == CALL_NOT_TO_ITSELF && own)
		return false;
	if (fault == CALL_NOT_RUN && !own)
		return true;
	if (fault == CALL_RUNS_LATER && later_fn) {
		port_run_on_cpu(1, later_fn, later_arg);
		later_fn = NULL;
	}
	if (fault == CALL_RUNS_LATER && cpu == 1) {
		port_run_on_cpu(1, fn, arg);
		later_fn = fn;
		later_arg = arg;
		return true;
	}
	lies_about_interrupts = fault == CALL_WITH_INTERRUPTS_ON;
	the_lie = false;
	reached = port_run_on_cpu(fault == CALL_RUNS_HERE ? 0 : cpu, fn, arg);
	lies_about_interrupts = fault == CALL_LEAVES_OFF;
	the_lie = true;
	if (fault == CALL_RUNS_TWICE)
		port_run_on_cpu(cpu, fn, arg);
	return fault == CALL_DENIED && cpu ? false : reached;
}

/* ---- contexts ----------------------------------------------------------- */

static bool in_handler;

static inline struct alloc_scope *fault_alloc_scope(void)
{
	static struct alloc_scope one, other, garbage = {.flags = 0xa5a5a5a5};
	static unsigned calls;

	switch (fault) {
	case SCOPE_NULL:
		return NULL;
	case SCOPE_CHANGES:
		return calls++ % 2 ? &one : &other;
	case SCOPE_GARBAGE:
		return &garbage;
	case SCOPE_THE_SAME:
		return &one;
	case SCOPE_OF_TASK_IN_HANDLER:
		return host_task_scope(0);
	default:
		/* the host's knows a handler by its own interrupts only */
		return in_handler ? &other : port_alloc_scope();
	}
}

static inline void fault_cond_resched(void)
{
	port_cond_resched();
	lies_about_interrupts = fault == RESCHED_LEAVES_OFF;
	the_lie = true;
}

static inline void fault_reset(enum fault next)
{
	fault = next;
	simulated_off = lies_about_interrupts = in_handler = false;
	nr_kmapped = 0;
	later_fn = NULL;
	the_percpu = NULL;
}

#endif /* TESTS_PORT_FAULTS_H */
