/* SPDX-License-Identifier: MIT */
/*
 * Short-descriptor page tables, as start-up makes them.  See mmu.h.
 *
 * Owns mmu_l1 and the second-level tables.  Written here by the boot core alone,
 * before the others have their MMUs on, so there is no lock.
 *
 * Attributes (ARMv7-A ARM, "Short-descriptor translation table format", TRE = 0,
 * AFE = 0; domain 0, client):
 *	RAM	Normal, inner and outer write-back write-allocate, shareable,
 *		privileged read-write, never executable
 *	text	the same, read-only, executable;  rodata  read-only, never executable
 *	device	Device, shareable, read-write, never executable
 * Where RAM begins at 0 its first MiB is not managed, and read only at LAYOUT_LOW_BASE, where
 * a loader's tree may have to be looked for.
 * Everything else faults: page 0, holes, guard pages under the stacks, no-map
 * ranges, highmem.
 *
 * Not here: turning it on (start.S), who owns which RAM (memblock), what changes
 * later (mmu_pages.c).
 */
#include "boot/mmu.h"

#include <assert.h>
#include <stddef.h>

#include <board.h>
#include <buddy/errno.h>
#include <buddy/memblock.h>

#include "boot/boot.h"
#include "boot/bootargs.h"
#include "boot/cache.h"
#include "boot/console.h"
#include "boot/layout.h"
#include "boot/mmu_desc.h"
#include "drivers/io.h"

/* Section bits. */
#define S_B	(1u << 2)
#define S_C	(1u << 3)
#define S_XN	(1u << 4)
#define S_PRIV	(1u << 10) /* AP[1:0] = 1: privileged access only */
#define S_TEX1	(1u << 12)
#define S_RO	(1u << 15)
#define S_SHARE (1u << 16)

#define S_NORMAL (SECTION_TYPE | S_TEX1 | S_C | S_B | S_SHARE | S_PRIV)
#define S_DEVICE (SECTION_TYPE | S_B | S_XN | S_PRIV)

#define L2_STATIC 16u /* the image needs two or three; ragged ends of RAM the others */
#define L2_MORE	  16u

uint32_t mmu_l1[4096] __attribute__((aligned(16384), section(".noinit.tables")));
static uint32_t l2_static[L2_STATIC][L2_ENTRIES]
	__attribute__((aligned(1024), section(".noinit.tables")));

uint32_t mmu_kmap_l2[L2_ENTRIES] __attribute__((aligned(1024), section(".noinit.tables")));

static uint32_t (*l2_pool)[L2_ENTRIES]; /* what is left of the second-level tables */
static uint32_t l2_left;

/* ---- first step: MMU off --------------------------------------------------- */

static void map_sections(uint32_t start, uint32_t bytes, uint32_t attr)
{
	uint32_t i;

	for (i = start / MIB; i < start / MIB + bytes / MIB; i++)
		mmu_l1[i] = i * MIB | attr;
}

/* A table from the pool that maps its MiB as the section there did, if any. */
static uint32_t *l2_make(uint32_t mib)
{
	uint32_t *table = *l2_pool++, i;
	uint32_t attr = mmu_l1[mib / MIB] ? P_NORMAL | P_XN : 0;

	l2_left--;
	for (i = 0; i < L2_ENTRIES; i++)
		table[i] = attr ? (mib + i * PAGE) | attr : 0;
	return table;
}

/* Whole pages of the image; the static pool is enough, as linker.ld bounds its size. */
static void map_image_pages(const char *start, const char *end, uint32_t attr)
{
	uint32_t addr, *entry;

	for (addr = (uint32_t)start; addr < (uint32_t)end; addr += PAGE) {
		entry = &mmu_l1[addr / MIB];
		if ((*entry & TYPE_MASK) != TABLE_TYPE)
			*entry = (uint32_t)l2_make(addr & ~(MIB - 1)) | TABLE_TYPE;
		((uint32_t *)(*entry & ~0x3ffu))[addr / PAGE % L2_ENTRIES] = attr ? addr | attr : 0;
	}
}

#ifdef BOARD_RAM_AT_0
#define LOW_CLEAR_OF(base, bytes)                                        \
	static_assert(LAYOUT_LOW_BASE >= (uint64_t)(base) + (bytes) ||   \
			      (uint64_t)LAYOUT_LOW_BASE + MIB <= (base), \
		      "LAYOUT_LOW_BASE is neither RAM nor a device of this board");
LOW_CLEAR_OF(BOARD_RAM_BASE, BOARD_RAM_END - BOARD_RAM_BASE)
LOW_CLEAR_OF(LAYOUT_KMAP_BASE, MIB)
BOARD_DEVICES(LOW_CLEAR_OF)
#endif

#define DEVICE_MAP(base, bytes) map_sections(base, bytes, S_DEVICE);

void mmu_early_tables(void)
{
	static const uint16_t guards[] = {STACK_UND_GUARD, STACK_ABT_GUARD, STACK_IRQ_GUARD,
					  STACK_SVC_GUARD};
	const char *stack;
	uint32_t i, cpu;

	for (i = 0; i < 4096; i++)
		mmu_l1[i] = 0;
	for (i = 0; i < L2_ENTRIES; i++)
		mmu_kmap_l2[i] = 0;
	mmu_l1[LAYOUT_KMAP_BASE / MIB] = (uint32_t)mmu_kmap_l2 | TABLE_TYPE;
	l2_pool = l2_static;
	l2_left = L2_STATIC;

	BOARD_DEVICES(DEVICE_MAP)
	map_sections(BOARD_RAM_BASE, BOARD_RAM_END - BOARD_RAM_BASE, S_NORMAL | S_XN);
#ifdef BOARD_RAM_AT_0
	mmu_l1[LAYOUT_LOW_BASE / MIB] = S_NORMAL | S_XN | S_RO;
#endif

	map_image_pages(_start, __text_end, P_NORMAL | P_RO);
	map_image_pages(__rodata_start, __rodata_end, P_NORMAL | P_RO | P_XN);
	map_image_pages(__data_start, _end, P_NORMAL | P_XN);
	for (cpu = 0; cpu < LAYOUT_NR_CPUS; cpu++)
		for (i = 0; i < sizeof(guards) / sizeof(guards[0]); i++) {
			stack = __stacks + cpu * STACK_CORE_BYTES + guards[i];
			map_image_pages(stack, stack + STACK_GUARD, 0);
		}
}

/* ---- second step: only what is RAM ------------------------------------------ */

struct keep {
	uint64_t limit;	     /* highmem begins */
	uint32_t start, end; /* stays mapped whatever memblock says of it: the device tree */
	bool all_pages;	     /* no sections at all */
};

static bool is_ram(uint32_t addr, uint32_t bytes, const struct keep *keep)
{
	const struct memblock_region *r;
	uint64_t end = (uint64_t)addr + bytes;
	unsigned i;

	if (end > keep->limit || !memblock_is_region_memory(addr, bytes))
		return false;
	for (i = 0; (r = memblock_reserved(i)); i++)
		if ((r->flags & MEMBLOCK_NOMAP) && r->base < end && r->base + r->size > addr)
			return false;
	return true;
}

static bool page_stays(uint32_t addr, const struct keep *keep)
{
	if (addr >= (uint32_t)_start && addr < (uint32_t)_end)
		return true;
	if (addr < keep->end && addr + PAGE > keep->start)
		return true;
	return is_ram(addr, PAGE, keep);
}

/* More tables, out of memblock; all RAM is still mapped while this can be called. */
static bool l2_more(const struct keep *keep)
{
	phys_addr_t got;

	got = memblock_phys_alloc_range(L2_MORE * sizeof(*l2_pool), 4096, BOARD_RAM_BASE,
					keep->limit, "page tables");
	if (!got)
		return false;
	l2_pool = (void *)(uintptr_t)got;
	l2_left = L2_MORE;
	return true;
}

/* mmu_map_pages() is going to be asked for pages of this MiB. */
static bool wants_pages(uint32_t mib, const struct keep *keep)
{
	const struct memblock_region *r;
	unsigned i;

	for (i = 0; !keep->all_pages && (r = memblock_reserved(i)); i++)
		if ((r->flags & MEMBLOCK_REUSABLE) && r->base < (uint64_t)mib + MIB &&
		    r->base + r->size > mib)
			return true;
	return keep->all_pages;
}

/* A table in place of the section, the pages mapped as they were. */
static void split_section(uint32_t mib)
{
	uint32_t *table = l2_make(mib);

	cache_clean_range(table, table + L2_ENTRIES);
	/*
	 * ARMv7-A ARM, "TLB maintenance", changing the size of a mapping:
	 * no entry, no translation left over, and only then the new one.
	 * Nothing in this MiB is used meanwhile: the code, the stack and
	 * mmu_l1 are in MiBs that have tables already.
	 */
	mmu_l1[mib / MIB] = 0;
	dsb();
	tlb_forget(mib);
	dsb();
	mmu_l1[mib / MIB] = (uint32_t)table | TABLE_TYPE;
	dsb();
	isb();
}

enum narrowed { DONE, STAYS_SECTION, STAYS_TOO_LARGE };

/* The MiB keeps its section, loses it, or gets a table that maps all or some of its pages. */
static enum narrowed narrow_mib(uint32_t mib, const struct keep *keep)
{
	uint32_t *entry = &mmu_l1[mib / MIB], *table;
	bool whole = is_ram(mib, MIB, keep);
	uint32_t i, nr = 0;

	if ((*entry & TYPE_MASK) == SECTION_TYPE) {
		if (whole && !wants_pages(mib, keep))
			return DONE;
		for (i = 0; !whole && i < L2_ENTRIES; i++)
			nr += page_stays(mib + i * PAGE, keep);
		if (!whole && !nr) {
			*entry = 0;
			return DONE;
		}
		if (!l2_left && !l2_more(keep))
			return whole ? STAYS_SECTION : STAYS_TOO_LARGE;
		split_section(mib);
	}
	if (whole)
		return DONE;
	table = (uint32_t *)(*entry & ~0x3ffu);
	for (i = 0; i < L2_ENTRIES; i++)
		if (!page_stays(mib + i * PAGE, keep))
			table[i] = 0;
	cache_clean_range(table, table + L2_ENTRIES);
	return DONE;
}

int mmu_map_ram(uint32_t highmem, uint32_t keep_start, uint32_t keep_end)
{
	struct keep keep = {highmem ? highmem : 1ull << 32, keep_start, keep_end,
			    bootarg_uint("debug_pagealloc", 0) != 0};
	unsigned nr[STAYS_TOO_LARGE + 1] = {0};
	uint32_t mib;

	/* After an error the rest still goes: what is not RAM must not stay mapped. */
	for (mib = BOARD_RAM_BASE; mib < BOARD_RAM_END; mib += MIB)
		nr[narrow_mib(mib, &keep)]++;
	if (nr[STAYS_SECTION])
		console_printf("mmu: no room for page tables: in %u MiB no page can be unmapped or "
			       "made uncached\n",
			       nr[STAYS_SECTION]);

	/*
	 * "TLB maintenance operations and barriers": the entries are visible to
	 * the walks and the old translations gone before anyone goes on.
	 * TLBIALLIS, never the ASID forms: erratum 720789.  The tables are cleaned
	 * as well, for cores whose first walks come before their caches are on.
	 */
	cache_clean_range(mmu_l1, mmu_l1 + 4096);
	__asm__ volatile("mcr p15, 0, %0, c8, c3, 0" : : "r"(0) : "memory"); /* TLBIALLIS */
	__asm__ volatile("mcr p15, 0, %0, c7, c1, 6" : : "r"(0) : "memory"); /* BPIALLIS */
	dsb();
	isb();
	return nr[STAYS_TOO_LARGE] ? -ENOMEM : 0;
}

/* ---- questions ------------------------------------------------------------- */

bool mmu_is_mapped(uint32_t addr)
{
	volatile uint32_t *entry = mmu_l2_entry(addr);

	if (entry)
		return (*entry & TYPE_MASK) != 0;
	return (mmu_l1[addr / MIB] & TYPE_MASK) == SECTION_TYPE;
}

const char *mmu_guard_name(uint32_t addr, unsigned *cpu)
{
	uint32_t off = addr - (uint32_t)__stacks;

	if (off >= STACK_CORE_BYTES * LAYOUT_NR_CPUS)
		return NULL;
	*cpu = off / STACK_CORE_BYTES;
	switch (off % STACK_CORE_BYTES & ~0xfffu) {
	case STACK_UND_GUARD:
		return "und";
	case STACK_ABT_GUARD:
		return "abt";
	case STACK_IRQ_GUARD:
		return "irq";
	case STACK_SVC_GUARD:
		return "svc";
	}
	return NULL;
}
