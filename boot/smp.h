/* SPDX-License-Identifier: MIT */
/*
 * The other cores: letting them go, giving them work, calling into them.
 *
 *	smp_boot(...)			main.c, once
 *	smp_call(2, fn, arg)		core 2 runs fn(arg), interrupts on, when idle
 *	smp_wait(2)			until it has
 *	smp_run_on_cpu(2, fn, arg)	core 2 runs fn(arg) in an interrupt, now
 *
 * Cores are numbered as MPIDR's affinity level 0 does, 0 being the boot core;
 * numbers may have gaps where a core did not come up.
 */
#ifndef BOOT_SMP_H
#define BOOT_SMP_H

#include <stdbool.h>
#include <stdint.h>

/* How a core is described, by the device tree. */
struct smp_cpu {
	uint32_t mpidr;	       /* affinity fields */
	uint64_t release_addr; /* word to write the entry to ("spin-table"); 0: the board's way */
};

/* SGIs.  0 ends a wait for interrupt and means nothing else. */
enum { SGI_WAKE, SGI_RUN, SGI_STOP };

/*
 * Lets the cores go and waits for them, a second in all.  Those that stay away
 * are named on the console.  Boot core; GIC, timer and, as each core calls
 * mm_init_cpu(), the allocator are ready.  maxcpus: no more than so many in all.
 * Returns the cores online, this one included.
 */
unsigned smp_boot(const struct smp_cpu *cpus, unsigned nr_cpus, unsigned maxcpus);

/* One more than the highest number of a core that smp_boot() will try, 1 at least. */
unsigned smp_nr_numbers(const struct smp_cpu *cpus, unsigned nr_cpus, unsigned maxcpus);

/* Any context. */
unsigned smp_nr_online(void);
uint32_t smp_online_mask(void);

static inline bool smp_online(unsigned cpu)
{
	return cpu < 32 && smp_online_mask() >> cpu & 1;
}

/*
 * Has an idle core run fn(arg) on its own stack, interrupts on.  false: offline,
 * busy, or the calling core itself.  Boot core, task context.
 */
bool smp_call(unsigned cpu, void (*fn)(void *arg), void *arg);

/* The core has nothing to do: the last smp_call() is done.  smp_wait() sleeps until then. */
bool smp_idle_now(unsigned cpu);
void smp_wait(unsigned cpu);

/*
 * Has another core run fn(arg) in its interrupt handler and waits until it has;
 * the calling one runs it at once, interrupts off.
 * Interrupts on, no lock held; two cores may call one another at once, as the
 * waiting one answers meanwhile.  false: offline, or it did not take the request
 * within SMP_RUN_TIMEOUT_US, and then never will.
 */
#define SMP_RUN_TIMEOUT_US 5000000
bool smp_run_on_cpu(unsigned cpu, void (*fn)(void *arg), void *arg);

/* Called on every core on every tick, in its interrupt handler; NULL: nobody. */
extern void (*tick_hook)(unsigned cpu);

/* Ticks a second on all cores; 0 stops them.  Boot core, others idle. */
#define SMP_TICK_HZ 100u /* unless the bootarg tick= says otherwise */
void smp_set_tick(uint32_t hz);

/* Ticks that a core has had. */
uint32_t smp_ticks(unsigned cpu);

/* Stops the others for good: the end of a run.  Any context. */
void smp_stop_others(void);

/* Stops this core for good. */
_Noreturn void smp_park(void);

/* This core's interrupts: interface, SGIs, tick vector.  Each core, by its start-up. */
void smp_init_irqs(void);

/* From vectors.S and start.S only. */
void irq_dispatch(void);
_Noreturn void secondary_main(unsigned cpu);

#endif /* BOOT_SMP_H */
