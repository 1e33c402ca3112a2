// SPDX-License-Identifier: MIT
/*
 * MMU and caches on, as any system has them: RAM virtual = physical, cacheable, nothing else
 * mapped.  On silicon the allocator's exclusive accesses (LDREX) need Normal, cacheable
 * memory.  One core alone: not shareable, so neither ACTLR.SMP nor the SCU is needed
 * (Cortex-A9 MPCore TRM, "Auxiliary Control Register").
 *
 * Sections cited: ARMv7-A ARM, DDI0406C.
 */
#include <stdint.h>

#define CP15_WRITE(value, where) __asm__ volatile("mcr p15, " where : : "r"(value) : "memory")
#define CP15_READ(value, where)	 __asm__ volatile("mrc p15, " where : "=r"(value))

/* "Short-descriptor translation table format": a section, Normal, Write-Back, Write-Allocate */
#define SECTION_NORMAL 0x1c0eu
#define RAM_MIB	       16u

static uint32_t table[4096] __attribute__((aligned(16384)));

void mmu_on(void)
{
	uint32_t ccsidr, sctlr;

	for (uint32_t mib = 0x600; mib < 0x600 + RAM_MIB; mib++)
		table[mib] = mib << 20 | SECTION_NORMAL;

	/* Nothing is invalidated by reset: L1 by set and way, then I, branch predictor, TLB. */
	CP15_WRITE(0, "2, %0, c0, c0, 0"); /* CSSELR: L1, data */
	__asm__ volatile("isb");
	CP15_READ(ccsidr, "1, %0, c0, c0, 0");
	for (uint32_t set = 0; set <= (ccsidr >> 13 & 0x7fff); set++)
		for (uint32_t way = 0; way < 4; way++)
			CP15_WRITE(way << 30 | set << 5, "0, %0, c7, c6, 2"); /* DCISW */
	CP15_WRITE(0, "0, %0, c7, c5, 0");				      /* ICIALLU */
	CP15_WRITE(0, "0, %0, c7, c5, 6");				      /* BPIALL */
	CP15_WRITE(0, "0, %0, c8, c7, 0");				      /* TLBIALL */

	CP15_WRITE(0, "0, %0, c2, c0, 2");		  /* TTBCR: TTBR0 for all */
	CP15_WRITE((uintptr_t)table, "0, %0, c2, c0, 0"); /* TTBR0, walks not cached */
	CP15_WRITE(1, "0, %0, c3, c0, 0");		  /* DACR: domain 0, by descriptor */
	__asm__ volatile("dsb\n\tisb" : : : "memory");
	CP15_READ(sctlr, "0, %0, c1, c0, 0");
	CP15_WRITE(sctlr | 1 << 0 | 1 << 2 | 1 << 11 | 1 << 12, "0, %0, c1, c0, 0"); /* M C Z I */
	__asm__ volatile("isb" : : : "memory");
}
