/* SPDX-License-Identifier: MIT */
/*
 * Cache maintenance by address.  See cache.h.
 *
 * Owns l2_lock, which only a PL310 of before r2p0 needs.
 *
 * In which order the levels come matters, as a dirty line may come down from L1 at
 * any time, and a CPU may fetch any line of cacheable memory at any time without being
 * told to (ARMv7-A ARM, "Behavior of the caches", speculation).  For the data to
 * get out L1 comes first, for stale data not to come back L2 does:
 *
 *	clean		L1, L2: what L1 writes back stops in L2
 *	flush		L1 clean, L2 flush, L1 flush: after the first L1 has nothing
 *			to add to L2, after the second L2 nothing stale for L1
 *	invalidate	L1, L2, L1: a line dirty in L1 that came down after L2 was
 *			done would stay there, stale; a line that is read from L2 before it
 *			is done would stay in L1
 *
 * Linux (6.1 arch/arm/mm/dma-mapping.c) halves the last: L1 then L2 when a buffer is
 * given to a device, L2 then L1 when it is taken back.  Who calls this here has not said
 * which it is.
 *
 * Each loop begins with a DSB: erratum 764369, whose other half is in scu.c.
 *
 * Sections: ARMv7-A ARM (DDI0406C), "Cache maintenance operations, functional group".
 */
#include "boot/cache.h"

#include <stdint.h>

#include <port/port.h>

#include "boot/mmu.h"
#include "drivers/io.h"
#include "drivers/pl310.h"

#define LINE	 32u
#define LINES(a) ((a) & ~(uintptr_t)(LINE - 1))

static struct port_spinlock l2_lock = PORT_SPINLOCK_INIT;

/* ---- L1: of all cores, as the memory is shareable ----------------------------- */

static void dccmvac(uintptr_t addr)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c10, 1" : : "r"(addr) : "memory");
}

static void dcimvac(uintptr_t addr)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c6, 1" : : "r"(addr) : "memory");
}

static void dccimvac(uintptr_t addr)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c14, 1" : : "r"(addr) : "memory");
}

static void l1_clean(uintptr_t start, uintptr_t end)
{
	uintptr_t addr;

	dsb();
	for (addr = LINES(start); addr < end; addr += LINE)
		dccmvac(addr);
	dsb();
}

static void l1_flush(uintptr_t start, uintptr_t end)
{
	uintptr_t addr;

	dsb();
	for (addr = LINES(start); addr < end; addr += LINE)
		dccimvac(addr);
	dsb();
}

static void l1_invalidate(uintptr_t start, uintptr_t end)
{
	uintptr_t addr;

	dsb();
	for (addr = LINES(start); addr < end; addr += LINE)
		if (addr < start || end - addr < LINE)
			dccimvac(addr);
		else
			dcimvac(addr);
	dsb();
}

/* ---- L2: by physical address, which the caller's range is contiguous in ------------ */

static void l2_do(void (*op)(uintptr_t start, uintptr_t end), uintptr_t start, uintptr_t end)
{
	uintptr_t phys = mmu_phys(start), bytes = end - start, some;
	port_irqflags_t flags;

	if (!pl310_needs_lock()) {
		op(phys, phys + bytes);
		return;
	}
	/* In pieces, so that interrupts are not off for long; a piece ends where a line does. */
	for (; bytes; bytes -= some, phys += some) {
		some = 1024 - phys % LINE;
		if (some > bytes)
			some = bytes;
		flags = port_irq_save();
		port_spin_lock(&l2_lock);
		op(phys, phys + some);
		port_spin_unlock(&l2_lock);
		port_irq_restore(flags);
	}
}

/* ---- both ---------------------------------------------------------------------------- */

void cache_clean_range(const void *start, const void *end)
{
	uintptr_t from = (uintptr_t)start, to = (uintptr_t)end;

	if (from >= to)
		return;
	l1_clean(from, to);
	/* Without the lock: a clean disturbs no flush. */
	pl310_clean_range(mmu_phys(from), mmu_phys(from) + (to - from));
}

void cache_invalidate_range(void *start, void *end)
{
	uintptr_t from = (uintptr_t)start, to = (uintptr_t)end;

	if (from >= to)
		return;
	l1_invalidate(from, to);
	l2_do(pl310_inv_range, from, to);
	l1_invalidate(from, to);
}

void cache_flush_range(void *start, void *end)
{
	uintptr_t from = (uintptr_t)start, to = (uintptr_t)end;

	if (from >= to)
		return;
	l1_clean(from, to);
	l2_do(pl310_flush_range, from, to);
	l1_flush(from, to);
}
