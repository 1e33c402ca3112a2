/* SPDX-License-Identifier: MIT */
/*
 * Page tables: one short-descriptor table for all cores, virtual = physical.
 *
 * Built in two steps.  With the MMU off, mmu_early_tables() maps the devices, the
 * image by its parts, and the whole window in which this board can have RAM:
 * the device tree has to be read, and memblock's arrays may grow, before anyone
 * knows what of it is there.  Then mmu_map_ram() takes away what is no RAM.
 *
 * From then on only single pages change: temporary mappings come and go
 * (mmu_kmap_local()), and pages of RAM that have entries of their own can be
 * withdrawn or made uncached (mmu_map_pages()).
 */
#ifndef BOOT_MMU_H
#define BOOT_MMU_H

#include <stdbool.h>
#include <stdint.h>

#include <port/port.h>

/* The first-level table; start.S loads it into TTBR0. */
extern uint32_t mmu_l1[4096];

/* Boot core, MMU off. */
void mmu_early_tables(void);

/*
 * Leaves mapped only memblock's RAM below `highmem` (0: no limit), less NOMAP
 * ranges, and [keep_start, keep_end), the device tree; read-write, never
 * executable.  Mapped by single pages, not by sections, is what mmu_map_pages()
 * is going to be asked for: each MiB with a part of a REUSABLE range (a CMA area), all
 * RAM with the bootarg debug_pagealloc.  Boot core, others not yet running; all reserved
 * ranges known.
 *
 * 0, or -ENOMEM when memblock has no room for a second-level table: then a MiB in
 * question stays unchanged.  That sections could not be made pages is said on the
 * console, and is no error.
 */
int mmu_map_ram(uint32_t highmem, uint32_t keep_start, uint32_t keep_end);

/* The address is mapped: for a backtrace that must not fault.  Any context. */
bool mmu_is_mapped(uint32_t addr);

/* Which guard page an address lies in: "svc", ... and the core; NULL for none. */
const char *mmu_guard_name(uint32_t addr, unsigned *cpu);

/* The page is of the permanent mapping, and unmapped now by mmu_map_pages().  Any context. */
bool mmu_is_unmapped_ram(uint32_t addr);

/*
 * Maps a page of RAM, whether it has a permanent mapping or not, as RAM is: for
 * this core alone, until mmu_kunmap_local(anywhere in the page), in reverse
 * order.  At most KMAP_LOCAL_MAX at once, interrupt handlers on top of the task
 * included.  phys: page aligned.  panic() for what is not so.  Any context.
 */
#define KMAP_LOCAL_MAX 16
void *mmu_kmap_local(uint64_t phys);
void mmu_kunmap_local(const void *addr);

/*
 * The physical address of one that is mapped: permanently, by mmu_kmap_local(), or in
 * vmalloc's window (and pinned, or it may be another one at once).  Any context.
 */
uint32_t mmu_phys(uint32_t addr);

/*
 * Changes how nr pages of the permanent mapping are mapped; their contents stay.
 * Nobody touches them meanwhile, and nobody has them mapped by mmu_kmap_local() when
 * they become uncached.  false, and nothing has changed: one of them is in a section, is
 * not in the permanent mapping, or is the image's.  Any context, interrupts on or off;
 * cost: two barriers and an operation per page to unmap; 768 cache operations per page to
 * uncached, half as many back.
 *
 * What is written to an uncached page is in memory, where a device reads it, after
 * a DSB and pl310_sync().
 */
bool mmu_map_pages(uint32_t addr, unsigned nr, enum port_page_attr attr);

#endif /* BOOT_MMU_H */
