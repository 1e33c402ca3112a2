/* SPDX-License-Identifier: MIT */
/*
 * GIC of the Cortex-A9 MPCore.  See gic.h for state and contexts.
 * Not here: priorities and preemption (one level, handlers do not nest).
 */
#include "drivers/gic.h"
#include "drivers/io.h"

#define GICD_CTLR	0x000
#define GICD_TYPER	0x004
#define GICD_ISENABLER	0x100
#define GICD_ICENABLER	0x180
#define GICD_ICPENDR	0x280
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR	0x800
#define GICD_ICFGR	0xc00
#define GICD_SGIR	0xf00

#define GICC_CTLR 0x00
#define GICC_PMR  0x04
#define GICC_BPR  0x08
#define GICC_IAR  0x0c
#define GICC_EOIR 0x10

#define ID_SPURIOUS 1020u /* 1020-1023: nothing to acknowledge */

static uintptr_t dist, cpuif;
static gic_handler handlers[GIC_NR_IRQS];
static volatile uint32_t unhandled; /* statistics: lost increments do not matter */

void gic_init_dist(uintptr_t dist_base, uintptr_t cpu_base)
{
	uint32_t lines, i;

	dist = dist_base;
	cpuif = cpu_base;
	io_write32(dist + GICD_CTLR, 0);
	lines = ((io_read32(dist + GICD_TYPER) & 0x1f) + 1) * 32;
	for (i = 32; i < lines; i += 32) {
		io_write32(dist + GICD_ICENABLER + i / 8, 0xffffffff);
		io_write32(dist + GICD_ICPENDR + i / 8, 0xffffffff);
	}
	for (i = 32; i < lines; i += 4) {
		io_write32(dist + GICD_IPRIORITYR + i, 0xa0a0a0a0);
		io_write32(dist + GICD_ITARGETSR + i, 0x01010101);
	}
	for (i = 32; i < lines; i += 16)
		io_write32(dist + GICD_ICFGR + i / 4, 0); /* level */
	io_write32(dist + GICD_CTLR, 1);
	dsb();
}

void gic_init_cpu(void)
{
	uint32_t i;

	/* Banked: PPIs off until someone wants them, SGIs on. */
	io_write32(dist + GICD_ICENABLER, 0xffff0000);
	io_write32(dist + GICD_ISENABLER, 0x0000ffff);
	for (i = 0; i < 32; i += 4)
		io_write32(dist + GICD_IPRIORITYR + i, 0xa0a0a0a0);
	io_write32(cpuif + GICC_PMR, 0xf0);
	io_write32(cpuif + GICC_BPR, 0);
	io_write32(cpuif + GICC_CTLR, 1);
	dsb();
}

void gic_register(unsigned irq, gic_handler handler)
{
	handlers[irq % GIC_NR_IRQS] = handler;
	dmb(); /* before the enable that can make another core look it up */
}

void gic_enable(unsigned irq)
{
	io_write32(dist + GICD_ISENABLER + irq / 32 * 4, 1u << irq % 32);
}

void gic_disable(unsigned irq)
{
	io_write32(dist + GICD_ICENABLER + irq / 32 * 4, 1u << irq % 32);
	dsb();
}

void gic_send_sgi(unsigned sgi, unsigned cpu_mask)
{
	/*
	 * Case 49.  The register is Device memory, what the receiver will
	 * read is Normal: only a DSB makes sure that it is there first (ARMv7-A
	 * ARM, "Data Synchronization Barrier").
	 */
	dsb();
	io_write32(dist + GICD_SGIR, (cpu_mask & 0xff) << 16 | (sgi & 0xf));
}

void gic_handle_irq(void)
{
	uint32_t iar = io_read32(cpuif + GICC_IAR);
	uint32_t id = iar & 0x3ff;

	if (id >= ID_SPURIOUS)
		return;
	if (id < GIC_NR_IRQS && handlers[id]) {
		handlers[id](id, iar >> 10 & 7);
	} else {
		/* Not asked for: off with it, or it would come for ever. */
		gic_disable(id);
		unhandled++;
	}
	/*
	 * "End of Interrupt Register": the value as it was read, source core and
	 * all.  The device's own acknowledge must have arrived before, or a level
	 * would fire again.
	 */
	dsb();
	io_write32(cpuif + GICC_EOIR, iar);
}

uint32_t gic_unhandled(void)
{
	return unhandled;
}
