/* SPDX-License-Identifier: MIT */
/*
 * Second-level entries and what has to be said to the TLBs, for mmu.c and
 * mmu_pages.c, which share the tables, and nobody else.
 *
 * The tables are not cleaned for the walks of cores that have their MMUs on: TTBR0
 * (start.S) makes walks write-back cacheable and shareable, and ID_MMFR3 says "coherent
 * walk", so that a store is seen once a DSB has completed it.
 *
 * Source: ARMv7-A ARM (DDI0406C), "Short-descriptor translation table format
 * descriptors", "TLB maintenance operations and barriers"; Cortex-A9 TRM (DDI0388),
 * "Memory Model Features Register 3".
 */
#ifndef BOOT_MMU_DESC_H
#define BOOT_MMU_DESC_H

#include <stddef.h>
#include <stdint.h>

#include "boot/layout.h"
#include "boot/mmu.h"
#include "drivers/io.h"

#define MIB	   0x100000u
#define PAGE	   0x1000u
#define L2_ENTRIES 256u

#define TABLE_TYPE   0x1u
#define SECTION_TYPE 0x2u
#define PAGE_TYPE    0x2u
#define TYPE_MASK    0x3u /* 0: faults, and the other bits are software's */

/* Bits of a small page. */
#define P_XN	(1u << 0)
#define P_B	(1u << 2)
#define P_C	(1u << 3)
#define P_PRIV	(1u << 4) /* AP[1:0] = 1: privileged access only */
#define P_TEX1	(1u << 6)
#define P_RO	(1u << 9)
#define P_SHARE (1u << 10)

#define P_NORMAL (PAGE_TYPE | P_TEX1 | P_C | P_B | P_SHARE | P_PRIV)

/* What RAM can be: as usual; without caches; not mapped now, but of the permanent mapping. */
#define P_RAM	   (P_NORMAL | P_XN)
#define P_UNCACHED (PAGE_TYPE | P_TEX1 | P_SHARE | P_PRIV | P_XN)
#define P_AWAY	   (1u << 2)

/* The table of the temporary mappings: LAYOUT_KMAP_BASE's MiB. */
extern uint32_t mmu_kmap_l2[L2_ENTRIES];

/* The page's entry, where the MiB is known to have a table. */
static inline volatile uint32_t *mmu_l2_slot(uint32_t addr)
{
	return (uint32_t *)(mmu_l1[addr / MIB] & ~0x3ffu) + addr / PAGE % L2_ENTRIES;
}

/* The same where it may have none: then NULL. */
static inline volatile uint32_t *mmu_l2_entry(uint32_t addr)
{
	return (mmu_l1[addr / MIB] & TYPE_MASK) == TABLE_TYPE ? mmu_l2_slot(addr) : NULL;
}

/*
 * Every core forgets what it translates this address to; complete with the next
 * DSB.  TLBIMVAAIS, which names no ASID: erratum 720789.
 */
static inline void tlb_forget(uint32_t addr)
{
	__asm__ volatile("mcr p15, 0, %0, c8, c3, 3" : : "r"(addr & ~(PAGE - 1)) : "memory");
}

#endif /* BOOT_MMU_DESC_H */
