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
#define L2_SYNC_DUMMY  0x740 /* no register; a store there syncs too */
#define L2_INV_PA      0x770
#define L2_INV_WAY     0x77c
#define L2_CLEAN_PA    0x7b0
#define L2_FLUSH_PA    0x7f0
#define L2_DEBUG       0xf40

#define ID_RELEASE 0x3fu
#define R2P0	   0x4u
#define R3P0	   0x5u

#define AUX_16WAY     (1u << 16)
#define AUX_SHARE_OVR (1u << 22) /* shared attribute override: see below */
#define LINE	      32u
#define SPIN_MAX      (1u << 24)

#define DEBUG_THROUGH 3u /* no write-back, no linefill */

static uintptr_t l2;	  /* 0: off */
static uint32_t sync_at;  /* where a store syncs */
static bool flush_in_two; /* erratum 588369 */

int pl310_init(uintptr_t base, uint32_t tag_latency, uint32_t data_latency)
{
	uint32_t id = io_read32(base + L2_CACHE_ID), aux, ways, i;

	/* "Cache ID Register": implementer ARM, part number 3 in bits 9:6, release in 5:0. */
	if ((id & 0xff0003c0) != 0x410000c0)
		return 0;
	flush_in_two = (id & ID_RELEASE) < R2P0;
	sync_at = (id & ID_RELEASE) == R3P0 ? L2_SYNC_DUMMY : L2_SYNC;
	/*
	 * The enable sequence: latencies and auxiliary control while it is off,
	 * invalidate by way, clear interrupts, on.  Shared attribute override
	 * makes the cache leave non-cacheable shared accesses uncached.
	 */
	io_write32(base + L2_CONTROL, 0);
	dsb();
	/*
	 * "Control Register": written in the secure world only.  One that stays on is run by
	 * secure firmware, and invalidating it would lose others' lines; operations by address
	 * are for all.
	 */
	if (io_read32(base + L2_CONTROL) & 1) {
		l2 = base;
		return 1;
	}
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
	io_write32(base + sync_at, 0);
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

bool pl310_needs_lock(void)
{
	return flush_in_two;
}

void pl310_sync(void)
{
	if (!l2)
		return;
	/* What the cores still hold goes out first. */
	dsb();
	io_write32(l2 + sync_at, 0);
	dsb();
}

/* The lines from a line's start on. */
static void each_line(uint32_t reg, uintptr_t addr, uintptr_t end)
{
	for (; addr < end; addr += LINE)
		io_write32(l2 + reg, addr);
}

static void flush_lines(uintptr_t addr, uintptr_t end)
{
	if (!flush_in_two) {
		each_line(L2_FLUSH_PA, addr, end);
		return;
	}
	io_write32(l2 + L2_DEBUG, DEBUG_THROUGH);
	for (; addr < end; addr += LINE) {
		io_write32(l2 + L2_CLEAN_PA, addr);
		io_write32(l2 + L2_INV_PA, addr);
	}
	io_write32(l2 + L2_DEBUG, 0);
}

void pl310_clean_range(uintptr_t start, uintptr_t end)
{
	if (!l2)
		return;
	each_line(L2_CLEAN_PA, start & ~(uintptr_t)(LINE - 1), end);
	pl310_sync();
}

void pl310_inv_range(uintptr_t start, uintptr_t end)
{
	if (!l2)
		return;
	if (start % LINE) {
		start &= ~(uintptr_t)(LINE - 1);
		flush_lines(start, start + LINE);
		start += LINE;
	}
	if (end % LINE && end > start) {
		end &= ~(uintptr_t)(LINE - 1);
		flush_lines(end, end + LINE);
	}
	each_line(L2_INV_PA, start, end);
	pl310_sync();
}

void pl310_flush_range(uintptr_t start, uintptr_t end)
{
	if (!l2)
		return;
	flush_lines(start & ~(uintptr_t)(LINE - 1), end);
	pl310_sync();
}
