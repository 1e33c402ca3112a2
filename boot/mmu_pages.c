/* SPDX-License-Identifier: MIT */
/*
 * What changes in the page tables after start-up: temporary mappings, and
 * single pages of RAM.  See mmu.h.
 *
 * Owns depth[], how many temporary mappings each core has: written by that core only,
 * interrupts off.  No lock for the tables either: an entry is one word, a core
 * writes only those of its own slots and of pages that the caller owns.
 *
 * From a mapping to another there is a time without any, break before make, as the
 * ARMv7-A ARM (DDI0406C) asks for in B3.10.1, "General TLB maintenance requirements":
 * entry away, DSB, TLBs told, DSB, new entry, DSB, ISB.  From none to one no TLB
 * has to be told: an entry that faults is never kept in one (there too).
 *
 * TLBs of all cores are told, also of the slots that belong to one: any core may walk the
 * shared table at any time without being told to, and a page that somebody could still
 * read through the caches by an old translation must not become a device's.
 *
 * Not here: the tables as they are after start-up (mmu.c), caches (cache.c).
 */
#include <assert.h>

#include <board.h>
#include <port/port.h>

#include "boot/boot.h"
#include "boot/cache.h"
#include "boot/exception.h"
#include "boot/mmu.h"
#include "boot/mmu_desc.h"

/* ---- temporary mappings ------------------------------------------------------- */

/* Each slot's page has an unmapped one on both sides: a copy that runs over faults. */
#define KMAP_PAGES (LAYOUT_NR_CPUS * KMAP_LOCAL_MAX * 2 + 1)

static_assert(KMAP_PAGES <= L2_ENTRIES, "the slots of all cores fit into one table");
static_assert(LAYOUT_NR_CPUS >= PORT_NR_CPUS, "slots for every core");
static_assert(LAYOUT_KMAP_BASE % MIB == 0, "one table, one MiB");
/* Virtual = physical for all else: whatever the board has must not be where the window is. */
#define KMAP_CLEAR_OF(base, bytes)                                        \
	static_assert(LAYOUT_KMAP_BASE >= (uint64_t)(base) + (bytes) ||   \
			      (uint64_t)LAYOUT_KMAP_BASE + MIB <= (base), \
		      "LAYOUT_KMAP_BASE is neither RAM nor a device of this board");
KMAP_CLEAR_OF(BOARD_RAM_BASE, BOARD_RAM_END - BOARD_RAM_BASE)
BOARD_DEVICES(KMAP_CLEAR_OF)
static_assert(LAYOUT_KMAP_BASE + MIB <= 0xffff0000u, "nor the high vectors");

static struct {
	unsigned n;
} __attribute__((aligned(PORT_CACHELINE))) depth[LAYOUT_NR_CPUS];

static uint32_t slot_addr(unsigned cpu, unsigned slot)
{
	return LAYOUT_KMAP_BASE + ((cpu * KMAP_LOCAL_MAX + slot) * 2 + 1) * PAGE;
}

void *mmu_kmap_local(uint64_t phys)
{
	port_irqflags_t flags = port_irq_save();
	unsigned cpu = port_cpu_id();
	uint32_t addr;

	if (phys < BOARD_RAM_BASE || phys >= BOARD_RAM_END || phys % PAGE)
		panic("kmap_local of 0x%x%08x: no page of this board's RAM", (unsigned)(phys >> 32),
		      (unsigned)phys);
	if (depth[cpu].n == KMAP_LOCAL_MAX)
		panic("kmap_local of 0x%08x: core %u has %u temporary mappings already, the most",
		      (unsigned)phys, cpu, KMAP_LOCAL_MAX);
	addr = slot_addr(cpu, depth[cpu].n++);
	*mmu_l2_slot(addr) = (uint32_t)phys | P_RAM;
	dsb();
	isb();
	port_irq_restore(flags);
	return (void *)addr;
}

void mmu_kunmap_local(const void *addr)
{
	port_irqflags_t flags = port_irq_save();
	uint32_t page = (uint32_t)addr & ~(PAGE - 1), last;
	unsigned cpu = port_cpu_id();

	if (!depth[cpu].n)
		panic("kunmap_local of 0x%08x: core %u has no temporary mapping",
		      (unsigned)(uintptr_t)addr, cpu);
	last = slot_addr(cpu, depth[cpu].n - 1);
	if (page != last)
		panic("kunmap_local of 0x%08x: core %u mapped 0x%08x last, which goes first",
		      (unsigned)(uintptr_t)addr, cpu, (unsigned)last);
	*mmu_l2_slot(last) = 0;
	dsb();
	tlb_forget(last);
	dsb();
	isb();
	/* Only now: an interrupt's mapping in this slot would meet the old translation. */
	depth[cpu].n--;
	port_irq_restore(flags);
}

uint32_t mmu_phys(uint32_t addr)
{
	if (addr - LAYOUT_KMAP_BASE >= MIB && addr - LAYOUT_VMAP_BASE >= LAYOUT_VMAP_BYTES)
		return addr;
	return (*mmu_l2_slot(addr) & ~(PAGE - 1)) | addr % PAGE;
}

/* ---- pages of the permanent mapping ---------------------------------------------- */

static bool is_away(uint32_t addr)
{
	return *mmu_l2_slot(addr) == P_AWAY;
}

static bool is_uncached(uint32_t addr)
{
	return *mmu_l2_slot(addr) == (addr | P_UNCACHED);
}

/* Each is a page of the permanent mapping (an entry 0 is none) with an entry of its own. */
static bool may_change(uint32_t addr, unsigned nr)
{
	volatile uint32_t *entry;
	uint64_t end = addr + (uint64_t)nr * PAGE;

	if (addr % PAGE || addr < BOARD_RAM_BASE || end > BOARD_RAM_END)
		return false;
	if (addr < (uint32_t)_end && end > (uint32_t)_start)
		return false;
	for (; addr < end; addr += PAGE) {
		entry = mmu_l2_entry(addr);
		if (!entry || !*entry)
			return false;
	}
	return true;
}

/* From here on no core has a translation of these pages. */
static void break_pages(uint32_t addr, unsigned nr)
{
	unsigned i;

	for (i = 0; i < nr; i++)
		*mmu_l2_slot(addr + i * PAGE) = P_AWAY;
	dsb();
	for (i = 0; i < nr; i++)
		tlb_forget(addr + i * PAGE);
	dsb();
	isb();
}

/* Pages that are away, or are already what they are to be. */
static void make_pages(uint32_t addr, unsigned nr, uint32_t attr)
{
	unsigned i;

	for (i = 0; i < nr; i++)
		*mmu_l2_slot(addr + i * PAGE) = (addr + i * PAGE) | attr;
	dsb();
	isb();
}

/*
 * ARMv7-A ARM, A3.5.7, "Memory access restrictions", on mismatched attributes:
 * before a location is written without the caches it has to be cleaned and
 * invalidated there, or a line written back later would
 * overwrite it.  That is done while it is cacheable; but until the break any core
 * may fetch its lines again, clean ones, without being told to, and what an uncached access
 * does that meets one is not defined.  So they are invalidated once more, by the new mapping,
 * as an operation by address needs one; after the break no line can come.
 */
static void to_uncached(uint32_t page)
{
	void *start = (void *)page, *end = (void *)(page + PAGE);

	if (is_uncached(page))
		return;
	if (is_away(page)) /* there may be dirty lines from before it went */
		make_pages(page, 1, P_RAM);
	cache_flush_range(start, end);
	break_pages(page, 1);
	make_pages(page, 1, P_UNCACHED);
	cache_invalidate_range(start, end);
}

/*
 * The same section: before it is read through the caches they must hold nothing old.
 * Nobody can have fetched a line meanwhile, unless by a second mapping, or a device by
 * the coherency port.  PL310's sync, at the end, has what was written uncached in memory.
 */
static void to_cached(uint32_t page)
{
	if (!is_uncached(page))
		return;
	cache_invalidate_range((void *)page, (void *)(page + PAGE));
	break_pages(page, 1);
}

bool mmu_map_pages(uint32_t addr, unsigned nr, enum port_page_attr attr)
{
	unsigned i;

	if (!may_change(addr, nr))
		return false;
	switch (attr) {
	case PORT_PAGE_NORMAL:
		for (i = 0; i < nr; i++)
			to_cached(addr + i * PAGE);
		make_pages(addr, nr, P_RAM);
		return true;
	case PORT_PAGE_UNMAPPED:
		break_pages(addr, nr);
		return true;
	case PORT_PAGE_UNCACHED:
		for (i = 0; i < nr; i++)
			to_uncached(addr + i * PAGE);
		return true;
	}
	return false;
}

bool mmu_is_unmapped_ram(uint32_t addr)
{
	volatile uint32_t *entry = mmu_l2_entry(addr);

	return entry && *entry == P_AWAY;
}
