/* SPDX-License-Identifier: MIT */
/*
 * Port to the Cortex-A9 MPCore, compile-time half: locks, interrupts, per-CPU
 * base, page clearing.  The contract is include/port/port.h.
 *
 * Everything here is on the allocator's hot path and is written for the fewest
 * instructions.  Requirements, met by boot/ before the first use (and by an RTOS
 * that links this port): MMU, data cache and ACTLR.SMP on, RAM mapped Normal,
 * cacheable, shareable, virtual address = physical address (case 40, 44: the
 * exclusive accesses need it, Cortex-A9 MPCore TRM, "exclusive accesses");
 * TPIDRPRW is ours; interrupts arrive as IRQ; all code runs privileged.
 *
 * Sections cited: ARMv7-A ARM, DDI0406C.
 */
#ifndef PORT_CORTEX_A9_PORT_IMPL_H
#define PORT_CORTEX_A9_PORT_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include <buddy/config.h>

#define PORT_NR_CPUS   4
#define PORT_CACHELINE 32

/* ---- lock ------------------------------------------------------------------ */

/*
 * Test and set, not fair: with four cores and sections of some tens of
 * instructions a ticket costs every uncontended lock more than it could ever
 * give back to an unlucky waiter.
 *
 * No WFE (case 41): a waiter spins on a plain load, which hits its own L1
 * until the owner writes the line, and so unlocking needs neither DSB nor SEV.
 * A STREX that failed although nobody holds the lock simply tries again.
 */
struct port_spinlock {
	uint32_t locked; /* 0 or 1 */
};

/* clang-format off: it takes the braces for a block */
#define PORT_SPINLOCK_INIT \
	{                  \
		0          \
	}
/* clang-format on */

/* Thumb wants to be told of conditional instructions; ARM state does not know the words. */
#ifdef __thumb__
#define PORT_ITT_EQ "	itt	eq\n"
#else
#define PORT_ITT_EQ ""
#endif

static inline void port_spin_lock(struct port_spinlock *lock)
{
	uint32_t seen;

	/* "Barriers and exclusives": DMB between taking the lock and using what it guards. */
	__asm__ volatile("1:	ldrex	%0, [%1]\n"
			 "	teq	%0, #0\n" PORT_ITT_EQ "	strexeq	%0, %2, [%1]\n"
			 "	teqeq	%0, #0\n"
			 "	bne	2f\n"
			 "	dmb\n"
			 "	.subsection 1\n"
			 "2:	yield\n"
			 "	ldr	%0, [%1]\n"
			 "	teq	%0, #0\n"
			 "	bne	2b\n"
			 "	b	1b\n"
			 "	.previous"
			 : "=&r"(seen)
			 : "r"(&lock->locked), "r"(1)
			 : "cc", "memory");
}

static inline bool port_spin_trylock(struct port_spinlock *lock)
{
	uint32_t failed;

	/* Again only when the STREX lost its reservation, not when the lock is held. */
	__asm__ volatile("1:	ldrex	%0, [%1]\n"
			 "	teq	%0, #0\n"
			 "	bne	2f\n"
			 "	strex	%0, %2, [%1]\n"
			 "	teq	%0, #0\n"
			 "	bne	1b\n"
			 "	dmb\n"
			 "2:"
			 : "=&r"(failed)
			 : "r"(&lock->locked), "r"(1)
			 : "cc", "memory");
	return !failed;
}

static inline void port_spin_unlock(struct port_spinlock *lock)
{
	__asm__ volatile("dmb\n"
			 "	str	%1, [%0]"
			 :
			 : "r"(&lock->locked), "r"(0)
			 : "memory");
}

static inline bool port_spin_is_locked(struct port_spinlock *lock)
{
	return *(volatile uint32_t *)&lock->locked != 0;
}

/* ---- interrupts: IRQ alone; FIQ is never enabled ----------------------------- */

typedef uint32_t port_irqflags_t;

static inline port_irqflags_t port_irq_save(void)
{
	uint32_t cpsr;

	__asm__ volatile("mrs	%0, cpsr\n"
			 "	cpsid	i"
			 : "=r"(cpsr)
			 :
			 : "memory");
	return cpsr;
}

static inline void port_irq_restore(port_irqflags_t flags)
{
	/* The control byte only: mode and masks, as they were; flags are the compiler's. */
	__asm__ volatile("msr	cpsr_c, %0" : : "r"(flags) : "memory");
}

static inline bool port_irqs_disabled(void)
{
	uint32_t cpsr;

	__asm__ volatile("mrs	%0, cpsr" : "=r"(cpsr));
	return cpsr & 0x80;
}

/* ---- this CPU ----------------------------------------------------------------- */

static inline unsigned port_cpu_id(void)
{
	uint32_t mpidr;

	__asm__ volatile("mrc	p15, 0, %0, c0, c0, 5" : "=r"(mpidr)); /* MPIDR */
	return mpidr & 3;
}

static inline void *port_percpu(void)
{
	void *base;

	__asm__ volatile("mrc	p15, 0, %0, c13, c0, 4" : "=r"(base)); /* TPIDRPRW */
	return base;
}

static inline void port_set_percpu(void *base)
{
	__asm__ volatile("mcr	p15, 0, %0, c13, c0, 4" : : "r"(base) : "memory");
}

/*
 * A waiting loop.  YIELD does nothing on the A9, and makes an emulator that
 * runs one core at a time go on to the next.
 */
static inline void port_cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

/* ---- memory -------------------------------------------------------------------- */

static inline void *port_phys_to_virt(uint64_t phys)
{
	return (void *)(uintptr_t)phys;
}

static inline uint64_t port_virt_to_phys(const void *virt)
{
	return (uintptr_t)virt;
}

/* Written out: the compiler counts lines to know how far its short branches reach. */
#define CLEAR_LINE    "	stmia	%0!, {r2-r6, r8, r9, r12}\n"
#define CLEAR_4_LINES CLEAR_LINE CLEAR_LINE CLEAR_LINE CLEAR_LINE

/*
 * 128 stores of 32 bytes, 16 to a turn.  Whole lines: once the A9 sees a few of
 * them in a row it allocates without reading memory (Cortex-A9 TRM, "L1 memory
 * system", write streaming).  Not r7: unoptimised Thumb code keeps its frame pointer there.
 */
static inline void port_clear_page(void *page)
{
	uint32_t *p = (uint32_t *)page, *end = p + PAGE_SIZE / sizeof(*p);

	__asm__ volatile("mov	r2, #0\n"
			 "	mov	r3, #0\n"
			 "	mov	r4, #0\n"
			 "	mov	r5, #0\n"
			 "	mov	r6, #0\n"
			 "	mov	r8, #0\n"
			 "	mov	r9, #0\n"
			 "	mov	r12, #0\n"
			 "1:\n" CLEAR_4_LINES CLEAR_4_LINES CLEAR_4_LINES CLEAR_4_LINES
			 "	teq	%0, %1\n"
			 "	bne	1b"
			 : "+r"(p)
			 : "r"(end)
			 : "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r12", "cc", "memory");
}

#define COPY_LINE                            \
	"	pld	[%1, #64]\n"                   \
	"	ldmia	%1!, {r2-r6, r8, r9, r12}\n" \
	"	stmia	%0!, {r2-r6, r8, r9, r12}\n"
#define COPY_4_LINES COPY_LINE COPY_LINE COPY_LINE COPY_LINE

/* Copies a page; 64 bytes ahead are fetched meanwhile (Cortex-A9 TRM, "Preload data"). */
static inline void port_copy_page(void *to, const void *from)
{
	uint32_t *p = (uint32_t *)to, *end = p + PAGE_SIZE / sizeof(*p);
	const uint32_t *q = (const uint32_t *)from;

	/* Written out: by its lines the compiler knows how far a branch around it has to reach. */
	__asm__ volatile("1:\n" COPY_4_LINES COPY_4_LINES COPY_4_LINES COPY_4_LINES
			 "	teq	%0, %2\n"
			 "	bne	1b"
			 : "+r"(p), "+r"(q)
			 : "r"(end)
			 : "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r12", "cc", "memory");
}

#endif /* PORT_CORTEX_A9_PORT_IMPL_H */
