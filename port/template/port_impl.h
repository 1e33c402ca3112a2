/* SPDX-License-Identifier: MIT */
/*
 * Template of a port, compile-time half.  It compiles as it is, for one core of
 * any Arm architecture from ARMv6-K on that runs privileged, without an MMU or
 * with virt = phys; copy the directory to port/<yours> and change what differs.
 * The contract, item by item, is include/port/port.h; docs/PORTING.md has the
 * usual mistakes.
 */
#ifndef PORT_TEMPLATE_PORT_IMPL_H
#define PORT_TEMPLATE_PORT_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <buddy/config.h>

/* CPUs that call the allocator.  More than one: every item marked SMP has to change. */
#define PORT_NR_CPUS   1
#define PORT_CACHELINE 32

/*
 * SMP: a real lock.  With one core, interrupts off is the exclusion, and the
 * word only serves the assertions.  The lock is always taken with interrupts
 * off, so no handler can find it held by the code that it interrupted.
 */
struct port_spinlock {
	uint32_t locked;
};

/* clang-format off: it takes the braces for a block */
#define PORT_SPINLOCK_INIT \
	{                  \
		0          \
	}
/* clang-format on */

static inline void port_spin_lock(struct port_spinlock *lock)
{
	lock->locked = 1;
	__asm__ volatile("" ::: "memory"); /* SMP: acquire order */
}

static inline bool port_spin_trylock(struct port_spinlock *lock)
{
	port_spin_lock(lock);
	return true;
}

static inline void port_spin_unlock(struct port_spinlock *lock)
{
	__asm__ volatile("" ::: "memory"); /* SMP: release order */
	lock->locked = 0;
}

static inline bool port_spin_is_locked(struct port_spinlock *lock)
{
	return lock->locked;
}

/*
 * Interrupts that may call the allocator (all of them, as a rule) and the
 * scheduler's preemption.  An RTOS has a pair of its own for this: use it, and
 * check that it nests, that it can be called from handlers, and that it gives
 * back what was, not "on".
 *
 *	FreeRTOS	ulPortSetInterruptMask(), vPortClearInterruptMask()
 *	Zephyr		arch_irq_lock(), arch_irq_unlock()
 *	bare metal	as below
 */
typedef uint32_t port_irqflags_t;

static inline port_irqflags_t port_irq_save(void)
{
	uint32_t cpsr = 0;

#if defined(__arm__) && (__ARM_ARCH_PROFILE == 'A' || __ARM_ARCH_PROFILE == 'R')
	__asm__ volatile("mrs	%0, cpsr\n"
			 "	cpsid	i"
			 : "=r"(cpsr)
			 :
			 : "memory");
#elif defined(__arm__)
	__asm__ volatile("mrs	%0, primask\n"
			 "	cpsid	i"
			 : "=r"(cpsr)
			 :
			 : "memory");
#else
#error "port_irq_save(): write down how this CPU turns its interrupts off"
#endif
	return cpsr;
}

static inline void port_irq_restore(port_irqflags_t flags)
{
#if defined(__arm__) && (__ARM_ARCH_PROFILE == 'A' || __ARM_ARCH_PROFILE == 'R')
	__asm__ volatile("msr	cpsr_c, %0" : : "r"(flags) : "memory");
#else
	__asm__ volatile("msr	primask, %0" : : "r"(flags) : "memory");
#endif
}

static inline bool port_irqs_disabled(void)
{
	uint32_t state;

#if defined(__arm__) && (__ARM_ARCH_PROFILE == 'A' || __ARM_ARCH_PROFILE == 'R')
	__asm__ volatile("mrs	%0, cpsr" : "=r"(state));
	return state & 0x80;
#else
	__asm__ volatile("mrs	%0, primask" : "=r"(state));
	return state & 1;
#endif
}

/* SMP: which core this is, 0 upward, without gaps. */
static inline unsigned port_cpu_id(void)
{
	return 0;
}

/* SMP: one pointer per core, in a spare register or an array by port_cpu_id(). */
extern void *port_template_percpu;

static inline void *port_percpu(void)
{
	return port_template_percpu;
}

static inline void port_set_percpu(void *base)
{
	port_template_percpu = base;
}

static inline void port_cpu_relax(void)
{
	__asm__ volatile("" ::: "memory");
}

/* The permanent mapping of RAM; an offset where virtual is not physical. */
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
	memset(page, 0, PAGE_SIZE);
}

/* As fast as the processor can: it is half of what it costs to move a page. */
static inline void port_copy_page(void *to, const void *from)
{
	memcpy(to, from, PAGE_SIZE);
}

#endif /* PORT_TEMPLATE_PORT_IMPL_H */
