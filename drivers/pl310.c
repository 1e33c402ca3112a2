/* SPDX-License-Identifier: MIT */
/* PL310 cache controller.  See pl310.h. */
#include "drivers/pl310.h"
#include "drivers/io.h"

#define L2_CACHE_ID    0x000
#define L2_CONTROL     0x100
#define L2_AUX_CONTROL 0x104
#define L2_TAG_RAM     0x108
#define L2_DATA_RAM    0x10c
#define L2_INT_MASK    0x214
#define L2_INT_CLEAR   0x220
#define L2_SYNC	       0x730
#define L2_INV_WAY     0x77c
#define L2_CLEAN_PA    0x7b0

#define AUX_16WAY     (1u << 16)
#define AUX_SHARE_OVR (1u << 22) /* shared attribute override: see below */
#define LINE	      32u
#define SPIN_MAX      (1u << 24)

static uintptr_t l2; /* 0: off */

int pl310_init(uintptr_t base, uint32_t tag_latency, uint32_t data_latency)
{
	uint32_t aux, ways, i;

	/* "Cache ID Register": implementer ARM, part number 3 in bits 9:6. */
	if ((io_read32(base + L2_CACHE_ID) & 0xff0003c0) != 0x410000c0)
		return 0;
	/*
	 * The enable sequence: latencies and auxiliary control while it is off,
	 * invalidate by way, clear interrupts, on.  Shared attribute override
	 * makes the cache leave non-cacheable shared accesses uncached.
	 */
	io_write32(base + L2_CONTROL, 0);
	dsb();
	io_write32(base + L2_TAG_RAM, tag_latency);
	io_write32(base + L2_DATA_RAM, data_latency);
	aux = io_read32(base + L2_AUX_CONTROL);
	io_write32(base + L2_AUX_CONTROL, aux | AUX_SHARE_OVR);
	ways = aux & AUX_16WAY ? 0xffff : 0xff;
	io_write32(base + L2_INV_WAY, ways);
	for (i = 0; i < SPIN_MAX && (io_read32(base + L2_INV_WAY) & ways); i++)
		;
	if (i == SPIN_MAX)
		return 0;
	io_write32(base + L2_SYNC, 0);
	io_write32(base + L2_INT_MASK, 0);
	io_write32(base + L2_INT_CLEAR, 0x1ff);
	io_write32(base + L2_CONTROL, 1);
	dsb();
	if (!(io_read32(base + L2_CONTROL) & 1))
		return 0;
	l2 = base;
	return 1;
}

unsigned pl310_size_kib(void)
{
	uint32_t aux, way_kib;

	if (!l2)
		return 0;
	/* "Auxiliary Control Register": way size in bits 19:17, 1 is 16 KiB. */
	aux = io_read32(l2 + L2_AUX_CONTROL);
	way_kib = 8u << (aux >> 17 & 7);
	return way_kib * (aux & AUX_16WAY ? 16 : 8);
}

void pl310_clean_range(uintptr_t start, uintptr_t end)
{
	uintptr_t addr;

	if (!l2)
		return;
	for (addr = start & ~(uintptr_t)(LINE - 1); addr < end; addr += LINE)
		io_write32(l2 + L2_CLEAN_PA, addr);
	io_write32(l2 + L2_SYNC, 0);
	dsb();
}
