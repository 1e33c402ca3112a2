/* SPDX-License-Identifier: MIT */
/*
 * The processor: interrupts, this core, the running task, the kernel's lock.
 * Sections cited: ARMv7-A ARM, DDI0406C.
 */
#ifndef CPU_H
#define CPU_H

#include <stdbool.h>
#include <stdint.h>

#define CPSR_I 0x80u

/* Interrupts off is no preemption, too: a task is switched by itself or by an interrupt. */
static inline uint32_t irq_save(void)
{
	uint32_t cpsr;

	__asm__ volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(cpsr) : : "memory");
	return cpsr;
}

static inline void irq_restore(uint32_t flags)
{
	__asm__ volatile("msr cpsr_c, %0" : : "r"(flags) : "memory");
}

static inline bool irqs_off(void)
{
	uint32_t cpsr;

	__asm__ volatile("mrs %0, cpsr" : "=r"(cpsr));
	return cpsr & CPSR_I;
}

/* Interrupts off: a task may go on elsewhere at any time else. */
static inline unsigned cpu_id(void)
{
	uint32_t mpidr;

	__asm__ volatile("mrc p15, 0, %0, c0, c0, 5" : "=r"(mpidr));
	return mpidr & 3;
}

/*
 * TPIDRURO goes with the task (sched.c sets it on every switch), so it is right with
 * interrupts on, too.  TPIDRPRW is the port's, and goes with the core.
 */
struct task;
static inline struct task *current_task(void)
{
	struct task *task;

	__asm__ volatile("mrc p15, 0, %0, c13, c0, 3" : "=r"(task));
	return task;
}

static inline void set_current_task(struct task *task)
{
	__asm__ volatile("mcr p15, 0, %0, c13, c0, 3" : : "r"(task) : "memory");
}

/*
 * Taken with interrupts off.  The compiler makes LDREX, STREX and DMB of these
 * ("Load-Exclusive and Store-Exclusive usage", "Barriers"); they need Normal, shareable,
 * cacheable memory.
 */
struct spinlock {
	uint32_t held;
};

static inline void spin_lock(struct spinlock *lock)
{
	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
			__asm__ volatile("yield");
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

#endif /* CPU_H */
