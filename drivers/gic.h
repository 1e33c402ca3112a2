/* SPDX-License-Identifier: MIT */
/*
 * The Cortex-A9's interrupt controller (GIC architecture 1.0).
 *
 * Owns distributor and CPU interfaces and the table of handlers.  The table is
 * written at start-up, by the boot core, before the interrupt in question is
 * enabled; after that it is only read, so it has no lock.  All interrupts are
 * group 0 and arrive as IRQ; FIQ is not used.
 *
 * Source: Cortex-A9 MPCore TRM (DDI0407), "Interrupt Controller"; GIC
 * architecture specification 1.0 (IHI0048A) for the registers.
 */
#ifndef DRIVERS_GIC_H
#define DRIVERS_GIC_H

#include <stdint.h>

#define GIC_NR_IRQS 256u /* IDs that can have a handler here */

/* IDs 0-15 are SGIs; what each means is smp.h's choice.  29 is the private timer. */
#define GIC_IRQ_PRIVATE_TIMER 29u

/*
 * A handler runs in IRQ mode with interrupts off; src is the sending core of an
 * SGI (0 to 7), else 0.
 */
typedef void (*gic_handler)(unsigned irq, unsigned src);

/* Distributor: all off, all to core 0, then on.  Boot core, once. */
void gic_init_dist(uintptr_t dist_base, uintptr_t cpu_base);

/* This core's interface and its banked interrupts.  Each core, once. */
void gic_init_cpu(void);

/* Sets the handler; irq < GIC_NR_IRQS. */
void gic_register(unsigned irq, gic_handler handler);

/* Lets an interrupt through: banked ones (below 32) on this core. */
void gic_enable(unsigned irq);
void gic_disable(unsigned irq);

/* SGI `sgi` (0-15) to the cores in mask; what was written before is visible to them. */
void gic_send_sgi(unsigned sgi, unsigned cpu_mask);

/* Takes one interrupt and runs its handler.  From the IRQ vector only. */
void gic_handle_irq(void);

/* Interrupts that had no handler, all cores. */
uint32_t gic_unhandled(void);

#endif /* DRIVERS_GIC_H */
