/* SPDX-License-Identifier: MIT */
/*
 * libbuddy's port to this kernel, compile-time half: the contract is <port/port.h>.
 *
 * Written in the processor's words, not in the kernel's, so that the library needs none of
 * its headers; what the kernel has to keep to is the same: interrupts off is no preemption
 * (cpu.h), TPIDRPRW is nobody else's, cores are numbered from 0 by MPIDR, virtual = physical.
 * MMU, caches and ACTLR.SMP are on before the first use (start.S): LDREX and STREX need it
 * (Cortex-A9 MPCore TRM; ARMv7-A ARM, "Synchronization and semaphores").
 */
#ifndef PORT_IMPL_H
#define PORT_IMPL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PORT_NR_CPUS   4
#define PORT_CACHELINE 32

/* ---- the lock: test and set, DMB after it is taken and before it is let go --- */

struct port_spinlock {
	uint32_t locked;
};

/* clang-format off: it takes the braces for a block */
#define PORT_SPINLOCK_INIT \
	{                  \
		0          \
	}
/* clang-format on */

static inline bool port_spin_trylock(struct port_spinlock *lock)
{
	uint32_t failed;

	__asm__ volatile("1:	ldrex	%0, [%1]\n"
			 "	cmp	%0, #0\n"
			 "	bne	2f\n" /* held */
			 "	strex	%0, %2, [%1]\n"
			 "	cmp	%0, #0\n"
			 "	bne	1b\n" /* somebody was in between */
			 "	dmb\n"
			 "2:"
			 : "=&r"(failed)
			 : "r"(&lock->locked), "r"(1)
			 : "cc", "memory");
	return !failed;
}

static inline bool port_spin_is_locked(struct port_spinlock *lock)
{
	return *(volatile uint32_t *)&lock->locked != 0;
}

static inline void port_spin_lock(struct port_spinlock *lock)
{
	while (!port_spin_trylock(lock))
		while (port_spin_is_locked(lock)) /* by a load that stays in this core's cache */
			__asm__ volatile("yield" ::: "memory");
}

static inline void port_spin_unlock(struct port_spinlock *lock)
{
	__asm__ volatile("dmb\n\tstr %1, [%0]" : : "r"(&lock->locked), "r"(0) : "memory");
}

/* ---- interrupts --------------------------------------------------------- */

typedef uint32_t port_irqflags_t;

static inline port_irqflags_t port_irq_save(void)
{
	uint32_t cpsr;

	__asm__ volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(cpsr) : : "memory");
	return cpsr;
}

static inline void port_irq_restore(port_irqflags_t flags)
{
	__asm__ volatile("msr cpsr_c, %0" : : "r"(flags) : "memory");
}

static inline bool port_irqs_disabled(void)
{
	uint32_t cpsr;

	__asm__ volatile("mrs %0, cpsr" : "=r"(cpsr));
	return cpsr & 0x80;
}

/* ---- this core ---------------------------------------------------------- */

static inline unsigned port_cpu_id(void)
{
	uint32_t mpidr;

	__asm__ volatile("mrc p15, 0, %0, c0, c0, 5" : "=r"(mpidr));
	return mpidr & 3;
}

static inline void *port_percpu(void)
{
	void *base;

	__asm__ volatile("mrc p15, 0, %0, c13, c0, 4" : "=r"(base)); /* TPIDRPRW */
	return base;
}

static inline void port_set_percpu(void *base)
{
	__asm__ volatile("mcr p15, 0, %0, c13, c0, 4" : : "r"(base) : "memory");
}

static inline void port_cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

/* ---- memory ------------------------------------------------------------- */

static inline void *port_phys_to_virt(uint64_t phys)
{
	return (void *)(uintptr_t)phys;
}

static inline uint64_t port_virt_to_phys(const void *virt)
{
	return (uintptr_t)virt;
}

static inline void port_clear_page(void *page)
{
	memset(page, 0, 4096);
}

static inline void port_copy_page(void *to, const void *from)
{
	memcpy(to, from, 4096);
}

#endif /* PORT_IMPL_H */
