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

static inline void io_write16(uintptr_t addr, uint16_t value)
{
	*(volatile uint16_t *)addr = value;
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

/* This core's interrupts off, and as they were before: what a FIFO holds is soon gone. */
static inline uint32_t irq_off(void)
{
	uint32_t flags;

	__asm__ volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(flags)::"memory");
	return flags;
}

static inline void irq_restore(uint32_t flags)
{
	__asm__ volatile("msr cpsr_c, %0" ::"r"(flags) : "memory");
}

#endif /* DRIVERS_IO_H */
