/* SPDX-License-Identifier: MIT */
/*
 * Exynos 4210 multi-core timer: its global counter as a clock of 24 MHz, refclock.h.
 * State: the base address.
 *
 * Source: Exynos 4210 user's manual, "Multi Core Timer (MCT)": G_CNT, G_TCON.
 */
#include "drivers/io.h"
#include "drivers/refclock.h"

#define G_CNT_L 0x100
#define G_TCON	0x240

#define TCON_START (1u << 8)

static uintptr_t mct;

void refclock_init(uintptr_t base)
{
	mct = base;
	io_write32(mct + G_TCON, io_read32(mct + G_TCON) | TCON_START);
}

uint32_t refclock_read(void)
{
	return io_read32(mct + G_CNT_L);
}
