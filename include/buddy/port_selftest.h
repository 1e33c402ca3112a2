/* SPDX-License-Identifier: MIT */
/*
 * Is the port what include/port/port.h asks for?  To be called before the allocator is
 * trusted: a wrong port shows itself much later, as a list that mm_check() calls broken.
 *
 *	static char room[4 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
 *
 *	buddy_port_selftest(room, 4, 0);			on one CPU, first
 *	buddy_port_selftest_cpu(cpu, nr_cpus);			then on all at the same time
 *	failures = buddy_port_selftest_irq();			once in an interrupt handler
 *
 * Each mistake is one line of port_log() that names the function, what was seen and what was
 * expected.  Each function returns the mistakes since buddy_port_selftest() began, those that
 * the others found included; 0: the port passed.  It goes on after a mistake, but for one
 * that would make everything after it wrong.  A program that calls none of these does not
 * link them.
 *
 * With BUDDY_TINY only the first is there, and looks at what that configuration asks for:
 * interrupts, the lock, addresses, port_clear_page().
 *
 * What it cannot find: a lock without its barriers (on most machines, most of the time), an
 * interrupt above the priority that port_irq_save() masks, memory that is not where
 * port_virt_to_phys() says although the way back agrees, caches that are not written back
 * (nobody but a device sees the difference).  docs/PORTING.md says how these show themselves.
 */
#ifndef BUDDY_PORT_SELFTEST_H
#define BUDDY_PORT_SELFTEST_H

#include <stdbool.h>

#include <buddy/config.h>

#ifdef __cplusplus
extern "C" {
#endif

/* buddy_port_selftest() also maps pages by port_kmap_local(): the port has highmem. */
#define PORT_SELFTEST_KMAP 0x1U

/*
 * All that one CPU can find out by itself, and by port_run_on_cpu() of those that it reaches.
 * pages: nr pages of RAM (4 at least) in the permanent mapping, page aligned.  The first four
 * are written to, and are the caller's to lose; the addresses of the first and the last go to
 * and fro, so nr may reach over the rest of RAM.
 *
 * Context: task, interrupts on, no lock held, nothing else uses the allocator.  Before
 * mm_init(), or when every CPU that can be reached has called mm_init_cpu().  Some thousand
 * instructions a CPU, and two passes over four of the pages.
 */
unsigned buddy_port_selftest(void *pages, unsigned nr, unsigned flags);

#if !BUDDY_TINY
/*
 * This CPU's part of what only several of them find: called once by each of nr_cpus CPUs,
 * after buddy_port_selftest() on one, with the number that it will give to mm_init_cpu().
 * Each waits for the others, with interrupts on at first and then off; who has waited too
 * long says so, which is a failure.  One CPU may call it with nr_cpus 1.
 *
 * Context: a task that stays on its CPU meanwhile, interrupts on, no lock held.  10,000 turns
 * of a lock a CPU.
 */
unsigned buddy_port_selftest_cpu(unsigned cpu, unsigned nr_cpus);

/*
 * What only an interrupt handler finds: the scope that it shares with a task, interrupts that
 * it turns on.  After buddy_port_selftest_cpu(), which notes the tasks' scopes: while those
 * tasks still run, so that it is one of them that is interrupted.
 *
 * Context: an interrupt handler of any CPU; one at a time.
 */
unsigned buddy_port_selftest_irq(void);
#endif

/* The mistakes so far, since buddy_port_selftest() began.  Any context. */
unsigned buddy_port_selftest_failures(void);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_PORT_SELFTEST_H */
