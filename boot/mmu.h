/* SPDX-License-Identifier: MIT */
/*
 * Page tables: one short-descriptor table for all cores, virtual = physical.
 *
 * Built in two steps.  With the MMU off, mmu_early_tables() maps the devices, the
 * image by its parts, and the whole window in which this board can have RAM:
 * the device tree has to be read, and memblock's arrays may grow, before anyone
 * knows what of it is there.  Then mmu_map_ram() takes away what is no RAM.
 * From then on nothing changes.
 */
#ifndef BOOT_MMU_H
#define BOOT_MMU_H

#include <stdbool.h>
#include <stdint.h>

/* The first-level table; start.S loads it into TTBR0. */
extern uint32_t mmu_l1[4096];

/* Boot core, MMU off. */
void mmu_early_tables(void);

/*
 * Leaves mapped only memblock's RAM below `highmem` (0: no limit), less NOMAP
 * ranges, and [keep_start, keep_end), the device tree; read-write, never
 * executable.  Boot core, others not yet running.  0, or -ENOMEM when memblock
 * has no room for a second-level table: then a MiB in question stays unchanged.
 */
int mmu_map_ram(uint32_t highmem, uint32_t keep_start, uint32_t keep_end);

/* The address is mapped: for a backtrace that must not fault.  Any context. */
bool mmu_is_mapped(uint32_t addr);

/* Which guard page an address lies in: "svc", ... and the core; NULL for none. */
const char *mmu_guard_name(uint32_t addr, unsigned *cpu);

/*
 * Writes [start, end) back to memory through L1 and L2, for a reader whose
 * caches are off.  By address, never by set and way, which other cores would
 * not take part in (case 48).  Any core.
 */
void cache_clean_range(const void *start, const void *end);
void *mmu_kmap_local(uint64_t phys);
void mmu_kunmap_local(const void *a);
bool mmu_map_pages(uint32_t a, unsigned n, int attr);
void cache_invalidate_range(void *s, void *e);
void cache_flush_range(void *s, void *e);

#endif /* BOOT_MMU_H */
