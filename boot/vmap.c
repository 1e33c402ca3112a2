/* SPDX-License-Identifier: MIT */
/*
 * The pages of vmalloc's window: entries that come, go, and are away for the time of a
 * move.  See vmap.h.
 *
 * Owns the second-level tables of the window: four to a page, made when an area first needs
 * them, never freed; `tables`, those that are yet unused, and the first-level entries that
 * lead to them are written under its lock.  Second-level entries have no lock here:
 * vmalloc changes an entry only while the page is nobody else's.
 *
 * Break before make, ARMv7-A ARM (DDI0406C), B3.10.1, "General TLB maintenance requirements":
 * entry away, DSB, all TLBs told, DSB; copy; DSB, new entry, DSB.  What faults is never kept in
 * a TLB, so that neither a new entry nor a new table needs any of it but the DSB.
 * Tables are not cleaned to memory: walks of cores that have their MMUs on are coherent
 * (mmu_desc.h), and no core reads this window before.
 *
 * While a page moves its entry says V_MOVING, in bits that the hardware ignores.  Who
 * touches it then gets a translation fault, waits in vmap_fault() for the entry to become
 * another one, which takes a copy of a page and no more, as the mover has interrupts off, and
 * executes the instruction again: all registers and flags are as before (ARMv7-A ARM, B1.9.8,
 * "Data Abort exception": base registers are restored).
 *
 * No cache maintenance: the data caches behave as physically indexed and physically tagged
 * (Cortex-A9 TRM, DDI0388, "About the L1 memory system"), so the window and the permanent
 * mapping of a page, which have the same attributes, never disagree.  The instruction cache
 * holds nothing of the window, which is never executable.
 *
 * Not here: which addresses, which pages, when (mm/vmalloc.c).
 */
#include "boot/vmap.h"

#include <assert.h>

#include <stddef.h>

#include <board.h>
#include <buddy/errno.h>
#include <buddy/gfp.h>
#include <buddy/mm.h>
#include <port/port.h>

#include "boot/boot.h"
#include "boot/mmu.h"
#include "boot/mmu_desc.h"

/* An entry that faults (bits 1:0 are 0). */
#define V_NONE	 0u
#define V_MOVING (1u << 3)

static_assert((V_MOVING & TYPE_MASK) == 0 && V_MOVING != P_AWAY, "it faults, and says why");
static_assert(LAYOUT_VMAP_BASE % MIB == 0 && LAYOUT_VMAP_BYTES % MIB == 0, "whole tables");
static_assert((uint64_t)LAYOUT_VMAP_BASE + LAYOUT_VMAP_BYTES <= LAYOUT_KMAP_BASE,
	      "below the temporary mappings, and no higher than addresses go");
/* Virtual = physical for all else. */
#define VMAP_CLEAR_OF(base, bytes)                                                      \
	static_assert(LAYOUT_VMAP_BASE >= (uint64_t)(base) + (bytes) ||                 \
			      (uint64_t)LAYOUT_VMAP_BASE + LAYOUT_VMAP_BYTES <= (base), \
		      "vmalloc's window is neither RAM nor a device of this board");
VMAP_CLEAR_OF(BOARD_RAM_BASE, BOARD_RAM_END - BOARD_RAM_BASE)
BOARD_DEVICES(VMAP_CLEAR_OF)

#define TABLE_BYTES (L2_ENTRIES * sizeof(uint32_t))

static struct {
	struct port_spinlock lock;
	uint32_t next, end; /* unused tables */
	uint32_t nr_pages;  /* that were made into tables; read without the lock */
} tables = {.lock = PORT_SPINLOCK_INIT};

static struct {
	uint32_t n;
} __attribute__((aligned(PORT_CACHELINE))) waits[PORT_NR_CPUS];

static volatile uint32_t *first_level(uint32_t addr)
{
	return &mmu_l1[addr / MIB];
}

/* A MiB without a table gets one.  False: there is none left. */
static bool make_table(uint32_t addr)
{
	volatile uint32_t *entry = first_level(addr);
	port_irqflags_t flags = port_irq_save();
	bool ok;

	port_spin_lock(&tables.lock);
	ok = *entry || tables.next != tables.end;
	if (ok && !*entry) {
		dsb(); /* a walk that finds the table finds it empty */
		*entry = tables.next | TABLE_TYPE;
		tables.next += TABLE_BYTES;
		dsb();
		isb();
	}
	port_spin_unlock(&tables.lock);
	port_irq_restore(flags);
	return ok;
}

/* Four tables more, unless another core brought some meanwhile.  False: no memory. */
static bool more_tables(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	port_irqflags_t flags;
	bool used;

	if (!page)
		return false;
	flags = port_irq_save();
	port_spin_lock(&tables.lock);
	used = tables.next == tables.end;
	if (used) {
		tables.next = (uint32_t)page_address(page);
		tables.end = tables.next + PAGE_SIZE;
		__atomic_store_n(&tables.nr_pages, tables.nr_pages + 1, __ATOMIC_RELAXED);
	}
	port_spin_unlock(&tables.lock);
	port_irq_restore(flags);
	if (!used)
		__free_page(page);
	return true;
}

int vmap_prepare(uint32_t addr, uint32_t bytes)
{
	uint32_t mib, last = (addr + bytes - 1) / MIB;

	for (mib = addr / MIB; mib <= last; mib++)
		while (!*first_level(mib * MIB) && !make_table(mib * MIB))
			if (!more_tables())
				return -ENOMEM;
	return 0;
}

void vmap_set(uint32_t addr, uint32_t phys)
{
	dsb(); /* a walk that finds the page finds what was written to it, by its other address */
	*mmu_l2_slot(addr) = phys | P_RAM;
	dsb();
	isb();
}

/* From here on no core has a translation of it. */
static void forget(uint32_t addr, unsigned nr)
{
	unsigned i;

	dsb();
	for (i = 0; i < nr; i++)
		tlb_forget(addr + i * PAGE);
	dsb();
	isb();
}

void vmap_clear(uint32_t addr, unsigned nr)
{
	unsigned i;

	for (i = 0; i < nr; i++)
		*mmu_l2_slot(addr + i * PAGE) = V_NONE;
	forget(addr, nr);
}

void vmap_break(uint32_t addr)
{
	*mmu_l2_slot(addr) = V_MOVING;
	forget(addr, 1);
}

static bool in_window(uint32_t addr)
{
	return addr - LAYOUT_VMAP_BASE < LAYOUT_VMAP_BYTES;
}

/* 0 where there is not even a table. */
static uint32_t entry_of(uint32_t addr)
{
	volatile uint32_t *entry = mmu_l2_entry(addr);

	return entry ? *entry : V_NONE;
}

uint64_t vmap_phys(uint32_t addr)
{
	uint32_t entry = entry_of(addr);

	return entry & TYPE_MASK ? entry & ~(PAGE - 1) : UINT64_MAX;
}

/* ---- faults ------------------------------------------------------------------- */

/* DFSR: the fault's status is in bits 10 and 3:0. */
#define DFSR_STATUS	      0x40fu
#define DFSR_TRANSLATION_PAGE 0x007u

bool vmap_fault(uint32_t dfsr, uint32_t dfar)
{
	uint32_t entry;

	if ((dfsr & DFSR_STATUS) != DFSR_TRANSLATION_PAGE || !in_window(dfar))
		return false;
	entry = entry_of(dfar);
	if (entry == V_MOVING) {
		__atomic_store_n(&waits[port_cpu_id()].n, waits[port_cpu_id()].n + 1,
				 __ATOMIC_RELAXED);
		do
			port_cpu_relax();
		while ((entry = entry_of(dfar)) == V_MOVING);
	}
	/* There again; perhaps since before we looked. */
	return entry & TYPE_MASK;
}

uint32_t vmap_waits(unsigned cpu)
{
	return __atomic_load_n(&waits[cpu].n, __ATOMIC_RELAXED);
}

unsigned vmap_table_pages(void)
{
	return __atomic_load_n(&tables.nr_pages, __ATOMIC_RELAXED);
}

const char *vmap_fault_name(uint32_t addr)
{
	if (!in_window(addr))
		return NULL;
	if (entry_of(addr) & TYPE_MASK)
		return "mapped: the access was not allowed";
	if (in_window(addr - PAGE) && entry_of(addr - PAGE) & TYPE_MASK)
		return "not mapped: the guard page after an area";
	if (in_window(addr + PAGE) && entry_of(addr + PAGE) & TYPE_MASK)
		return "not mapped: the guard page before an area";
	return "not mapped";
}
