/* SPDX-License-Identifier: MIT */
/*
 * The other cores.  See smp.h.
 *
 * State, and who writes it:
 *	online		bit per core, set by that core when it is ready, atomically
 *	core[n].fn,arg	work for an idle core: written by the boot core while
 *			busy is 0, handed over by busy = 1, taken back by busy = 0
 *	request[n]	core n's call to another, one at a time; its state word is
 *			the handshake
 * No lock: each word has one writer at a time, and the release store or the
 * compare and swap that hands it over orders what goes with it.
 *
 * How a core is let go: the board's way (drivers/cpu_release.h, and an SGI for those that
 * sleep in WFI) or, where the device tree names an address, by writing the entry
 * there.  An idle core sleeps in WFI and looks for work whenever anything wakes it: what
 * smp_call() gave it first, then the allocator's background work (daemon.h), step by step.
 *
 * Not here: what a core does to itself before C runs (start.S).
 */
#include "boot/smp.h"

#include <stddef.h>

#include <board.h>
#include <buddy/init.h>
#include <buddy/memblock.h>
#include <port/port.h>

#include "boot/boot.h"
#include "boot/cache.h"
#include "boot/console.h"
#include "boot/daemon.h"
#include "boot/exception.h"
#include "boot/mmu.h"
#include "drivers/a9timer.h"
#include "drivers/cpu_release.h"
#include "drivers/gic.h"
#include "drivers/io.h"
#include "drivers/scu.h"

#define START_TIMEOUT_US 1000000u

enum { REQ_FREE, REQ_PENDING, REQ_RUNNING };

struct core {
	void (*fn)(void *arg);
	void *arg;
	uint32_t busy;
	uint32_t ticks;
	uint32_t tick_hz; /* what this core's timer runs at; a change is taken up when idle */
} __attribute__((aligned(64)));

struct request {
	uint32_t state; /* REQ_* */
	uint32_t cpu;	/* who is to run it */
	void (*fn)(void *arg);
	void *arg;
} __attribute__((aligned(64)));

static struct core cores[PORT_NR_CPUS];
static struct request requests[PORT_NR_CPUS];
static uint32_t online = 1;

void (*tick_hook)(unsigned cpu);

/* ---- letting them go -------------------------------------------------------- */

/* 0: the core is this one or may be started; else why it cannot. */
static const char *unusable(const struct smp_cpu *cpu)
{
	unsigned n = cpu->mpidr & 0xff;
	uint32_t own;

	__asm__ volatile("mrc p15, 0, %0, c0, c0, 5" : "=r"(own)); /* MPIDR */
	if ((cpu->mpidr ^ own) & 0xffff00)
		return "of another cluster than the boot core";
	if (n >= PORT_NR_CPUS)
		return "beyond PORT_NR_CPUS";
	if (n >= scu_nr_cpus(BOARD_SCU_BASE))
		return "not in this chip (SCU configuration)";
	return NULL;
}

/*
 * The cores to start, as a mask with the boot core in it; says who is left out, if so told.
 */
static uint32_t choose(const struct smp_cpu *cpus, unsigned nr_cpus, unsigned maxcpus, bool say)
{
	uint32_t want = 1;
	const char *why;
	unsigned i, n;

	for (i = 0; i < nr_cpus; i++) {
		why = unusable(&cpus[i]);
		n = cpus[i].mpidr & 0xff;
		if (why) {
			if (say)
				console_printf("core %u: left out, %s\n", n, why);
		} else if (!(want >> n & 1)) {
			if ((unsigned)__builtin_popcount(want) < maxcpus)
				want |= 1u << n;
			else if (say)
				console_printf("core %u: left out, maxcpus=%u\n", n, maxcpus);
		}
	}
	return want;
}

unsigned smp_nr_numbers(const struct smp_cpu *cpus, unsigned nr_cpus, unsigned maxcpus)
{
	return 32u - (unsigned)__builtin_clz(choose(cpus, nr_cpus, maxcpus, false));
}

/* The tree's word to write the entry to, if that can be done without harm. */
static uint32_t *release_word(const struct smp_cpu *cpu)
{
	uint64_t addr = cpu->release_addr;

	if (!addr)
		return NULL;
	/*
	 * Writable for us, and nobody else's: neither the image nor a page to be allocated.
	 */
	if (addr >= BOARD_RAM_BASE && addr < BOARD_RAM_END - 3 && !(addr & 3) &&
	    (addr + 4 <= (uint32_t)_start || addr >= (uint32_t)_end) &&
	    mmu_is_mapped((uint32_t)addr) && memblock_is_region_reserved(addr, 4))
		return (uint32_t *)(uintptr_t)addr;
	console_printf(
		"core %u: cpu-release-addr 0x%08x is no reserved memory, using the board's way\n",
		(unsigned)cpu->mpidr & 0xff, (unsigned)addr);
	return NULL;
}

static void release(const struct smp_cpu *cpu)
{
	uint32_t *word = release_word(cpu);

	if (word) {
		/* Case 47: the waiting core reads memory, not our cache. */
		io_write32((uintptr_t)word, (uint32_t)secondary_entry);
		cache_clean_range(word, word + 1);
		__asm__ volatile("dsb\n\tsev" ::: "memory");
		return;
	}
	cpu_release(cpu->mpidr & 0xff, (uint32_t)secondary_entry);
	gic_send_sgi(SGI_WAKE, 1u << (cpu->mpidr & 0xff));
}

unsigned smp_boot(const struct smp_cpu *cpus, unsigned nr_cpus, unsigned maxcpus)
{
	uint32_t want = choose(cpus, nr_cpus, maxcpus, true), done = 1, missing;
	uint64_t deadline;
	unsigned i, n;

	cpu_release_init(BOARD_RELEASE_BASE);
	for (i = 0; i < nr_cpus; i++) {
		n = cpus[i].mpidr & 0xff;
		if (n < 32 && (want & ~done) >> n & 1) {
			done |= 1u << n;
			release(&cpus[i]);
		}
	}
	deadline = a9timer_read() + a9timer_ticks(START_TIMEOUT_US);
	while (smp_online_mask() != want && a9timer_read() < deadline)
		port_cpu_relax();
	missing = want & ~smp_online_mask();
	for (n = 0; n < PORT_NR_CPUS; n++)
		if (missing >> n & 1)
			console_printf(
				"core %u: did not come up within %u ms, going on without it\n", n,
				START_TIMEOUT_US / 1000);
	return smp_nr_online();
}

unsigned smp_nr_online(void)
{
	return (unsigned)__builtin_popcount(smp_online_mask());
}

uint32_t smp_online_mask(void)
{
	return __atomic_load_n(&online, __ATOMIC_ACQUIRE);
}

/* ---- a secondary's life ------------------------------------------------------- */

static void set_own_tick(struct core *me, uint32_t hz)
{
	me->tick_hz = hz;
	if (hz)
		a9timer_tick_start(hz);
	else
		a9timer_tick_stop();
}

static uint32_t wanted_tick_hz;

static _Noreturn void idle(struct core *me)
{
	bool background;
	uint32_t hz;

	for (;;) {
		/*
		 * Looked at with interrupts off: an SGI that comes after the look
		 * stays pending and WFI falls through.
		 */
		(void)port_irq_save();
		hz = __atomic_load_n(&wanted_tick_hz, __ATOMIC_ACQUIRE);
		if (hz != me->tick_hz)
			set_own_tick(me, hz);
		background = daemon_enter_idle();
		if (!background && !__atomic_load_n(&me->busy, __ATOMIC_ACQUIRE))
			__asm__ volatile("dsb\n\twfi" ::: "memory");
		__asm__ volatile("cpsie i" ::: "memory");
		if (__atomic_load_n(&me->busy, __ATOMIC_ACQUIRE)) {
			daemon_leave_idle();
			me->fn(me->arg);
			__atomic_store_n(&me->busy, 0, __ATOMIC_RELEASE);
			gic_send_sgi(SGI_WAKE, 1u << 0); /* smp_wait() sleeps too */
		} else if (background) {
			daemon_step();
		}
	}
}

_Noreturn void secondary_main(unsigned cpu)
{
	struct core *me = &cores[cpu];

	smp_init_irqs();
	if (mm_init_cpu(cpu))
		smp_park(); /* never online: the boot core names it */
	__asm__ volatile("cpsie a" ::: "memory");
	__atomic_or_fetch(&online, 1u << cpu, __ATOMIC_ACQ_REL);
	idle(me);
}

bool smp_call(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	struct core *core;

	if (cpu == port_cpu_id() || !smp_online(cpu) || !smp_idle_now(cpu))
		return false;
	core = &cores[cpu];
	core->fn = fn;
	core->arg = arg;
	__atomic_store_n(&core->busy, 1, __ATOMIC_RELEASE);
	gic_send_sgi(SGI_WAKE, 1u << cpu);
	return true;
}

bool smp_idle_now(unsigned cpu)
{
	return !__atomic_load_n(&cores[cpu % PORT_NR_CPUS].busy, __ATOMIC_ACQUIRE);
}

void smp_wait(unsigned cpu)
{
	port_irqflags_t flags;

	while (!smp_idle_now(cpu)) {
		flags = port_irq_save();
		if (!smp_idle_now(cpu))
			__asm__ volatile("dsb\n\twfi" ::: "memory");
		port_irq_restore(flags);
	}
}

/* ---- calls into a core ---------------------------------------------------------- */

bool smp_run_on_cpu(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	unsigned self = port_cpu_id();
	struct request *req = &requests[self];
	uint64_t deadline;
	uint32_t state;

	if (cpu == self) {
		port_irqflags_t flags = port_irq_save();

		fn(arg);
		port_irq_restore(flags);
		return true;
	}
	if (!smp_online(cpu))
		return false;
	req->fn = fn;
	req->arg = arg;
	req->cpu = cpu;
	__atomic_store_n(&req->state, REQ_PENDING, __ATOMIC_RELEASE);
	gic_send_sgi(SGI_RUN, 1u << cpu);

	deadline = a9timer_read() + a9timer_ticks(SMP_RUN_TIMEOUT_US);
	for (;;) {
		state = __atomic_load_n(&req->state, __ATOMIC_ACQUIRE);
		if (state == REQ_FREE)
			return true;
		port_cpu_relax();
		if (a9timer_read() < deadline)
			continue;
		/* Withdrawn, if it has not been begun: fn must not run after we return. */
		state = REQ_PENDING;
		if (__atomic_compare_exchange_n(&req->state, &state, REQ_FREE, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return false;
		if (state == REQ_RUNNING)
			panic("core %u does not come back from %08x, called by core %u", cpu,
			      (unsigned)(uintptr_t)fn, self);
	}
}

static void sgi_wake(unsigned irq, unsigned src)
{
	(void)irq;
	(void)src;
}

static void sgi_run(unsigned irq, unsigned src)
{
	struct request *req = &requests[src % PORT_NR_CPUS];
	uint32_t expected = REQ_PENDING;

	(void)irq;
	/*
	 * The sender may have withdrawn it and sent another, even to another core;
	 * it is the state that counts, and whom it is for.
	 */
	if (__atomic_load_n(&req->state, __ATOMIC_ACQUIRE) != REQ_PENDING ||
	    req->cpu != port_cpu_id())
		return;
	if (!__atomic_compare_exchange_n(&req->state, &expected, REQ_RUNNING, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return;
	req->fn(req->arg);
	__atomic_store_n(&req->state, REQ_FREE, __ATOMIC_RELEASE);
}

static void sgi_stop(unsigned irq, unsigned src)
{
	(void)irq;
	(void)src;
	smp_park();
}

void smp_stop_others(void)
{
	uint32_t others = smp_online_mask() & ~(1u << port_cpu_id());

	if (others)
		gic_send_sgi(SGI_STOP, others);
}

_Noreturn void smp_park(void)
{
	__asm__ volatile("cpsid if" ::: "memory");
	for (;;)
		__asm__ volatile("dsb\n\twfi" ::: "memory");
}

/* ---- interrupts ------------------------------------------------------------------- */

static void tick(unsigned irq, unsigned src)
{
	unsigned cpu = port_cpu_id();
	void (*hook)(unsigned) = __atomic_load_n(&tick_hook, __ATOMIC_ACQUIRE);

	(void)irq;
	(void)src;
	a9timer_tick_ack();
	__atomic_store_n(&cores[cpu].ticks, cores[cpu].ticks + 1, __ATOMIC_RELAXED);
	if (hook)
		hook(cpu);
}

void smp_init_irqs(void)
{
	/* The table is the same for all; the boot core is first and alone. */
	if (port_cpu_id() == 0) {
		gic_register(SGI_WAKE, sgi_wake);
		gic_register(SGI_RUN, sgi_run);
		gic_register(SGI_STOP, sgi_stop);
		gic_register(GIC_IRQ_PRIVATE_TIMER, tick);
	}
	gic_init_cpu();
	gic_enable(GIC_IRQ_PRIVATE_TIMER);
}

void smp_set_tick(uint32_t hz)
{
	unsigned cpu;

	__atomic_store_n(&wanted_tick_hz, hz, __ATOMIC_RELEASE);
	set_own_tick(&cores[port_cpu_id()], hz);
	for (cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		if (cpu != port_cpu_id() && smp_online(cpu))
			gic_send_sgi(SGI_WAKE, 1u << cpu);
}

uint32_t smp_ticks(unsigned cpu)
{
	return __atomic_load_n(&cores[cpu % PORT_NR_CPUS].ticks, __ATOMIC_RELAXED);
}

void irq_dispatch(void)
{
	gic_handle_irq();
}
