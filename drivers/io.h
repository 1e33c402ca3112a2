/* SPDX-License-Identifier: MIT */
/*
 * Device registers: one aligned access, never merged, never dropped.
 *
 * Device memory keeps the order of accesses to the same device by itself
 * (ARMv7-A ARM, "Memory types and attributes"); where an access has to be
 * ordered against normal memory or another device, the driver says dsb() or
 * dmb() and why.
 */
#ifndef DRIVERS_IO_H
#define DRIVERS_IO_H

#include <stdint.h>

static inline uint32_t io_read32(uintptr_t addr)
{
	return *(volatile uint32_t *)addr;
}

static inline void io_write32(uintptr_t addr, uint32_t value)
{
	*(volatile uint32_t *)addr = value;
}

static inline void dsb(void)
{
	__asm__ volatile("dsb" ::: "memory");
}

static inline void dmb(void)
{
	__asm__ volatile("dmb" ::: "memory");
}

static inline void isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}

#endif /* DRIVERS_IO_H */
