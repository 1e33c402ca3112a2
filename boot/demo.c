// SPDX-License-Identifier: MIT
/*
 * demo - the director of the demonstration: start, progress, verdict.
 *
 * Takes down what memory looks like, sends all online cores to work
 * (demo_core.c), works itself, shows how far they are, collects what nobody
 * took, and then compares: every page is back, every zone has merged to the
 * same blocks, blocks allocated and freed are as many by the cores' count as by
 * the allocator's, and mm_check_quiet() finds nothing.  Then the policies
 * (demo_policy.c), the pressure (demo_pressure.c) and the mistakes (misuse.c).
 *
 * State: cores[], each its core's own while it runs; `before`, the boot core's.
 * Locks: none; smp_call() and smp_wait() order what cores see of one another.
 *
 * Not here: what a core does, how one is sent to work (smp.c).
 */
#include <string.h>

#include <buddy/check.h>
#include <buddy/debug.h>
#include <buddy/mm.h>
#include <buddy/vmstat.h>
#include <port/port.h>

#include "boot/bootargs.h"
#include "boot/daemon.h"
#include "boot/demo.h"
#include "boot/demo_core.h"
#include "boot/demo_pressure.h"
#include "boot/smp.h"
#include "drivers/a9timer.h"

#define NR_ZONES_SHOWN (BUDDY_MAX_NODES * MAX_NR_ZONES)
#define COLUMNS	       78U
#define STUCK_SECONDS  30U /* a block of the largest order takes a slow core far less */

static struct demo_core cores[PORT_NR_CPUS];
static unsigned nr_cores;

/* What memory looked like before: what it has to look like again. */
static struct {
	unsigned long free;
	uint32_t blocks[NR_ZONES_SHOWN][NR_ORDERS];
	uint32_t events[NR_VM_EVENT_ITEMS];
} before;

/* The first reason for a FAIL. */
static const char *verdict;

static bool quiet; /* but for what fails */

#define say(...)                               \
	do {                                   \
		if (!quiet)                    \
			port_log(__VA_ARGS__); \
	} while (0)

static void fail(const char *why)
{
	if (!verdict)
		verdict = why;
}

static uint32_t events_since(enum vm_event_item item)
{
	return vm_events(item) - before.events[item];
}

/* ---- progress ------------------------------------------------------------------ */

static bool progress_terminal;
static unsigned progress_shown; /* quarters, on a plain console; else bar characters of all */

static void show_bars(unsigned width)
{
	char line[COLUMNS + 1];
	unsigned at = 0;

	for (unsigned i = 0; i < nr_cores; i++) {
		uint32_t done = __atomic_load_n(&cores[i].done, __ATOMIC_RELAXED);
		unsigned full = (unsigned)((uint64_t)done * width / cores[i].ops);

		line[at++] = (char)('0' + cores[i].cpu % 10);
		line[at++] = '[';
		for (unsigned c = 0; c < width; c++)
			line[at++] = c < full ? '#' : '.';
		line[at++] = ']';
		line[at++] = ' ';
	}
	line[at] = '\0';
	say("\r%s", line);
}

/* Shows how far the cores are, when that has changed visibly. */
static void show_progress(void)
{
	unsigned width = COLUMNS / nr_cores - 4, sum = 0, all = 0;

	if (width > 40)
		width = 40;
	for (unsigned i = 0; i < nr_cores; i++) {
		uint32_t done = __atomic_load_n(&cores[i].done, __ATOMIC_RELAXED);

		sum += (unsigned)((uint64_t)done * width / cores[i].ops);
		all += (unsigned)((uint64_t)done * 100 / cores[i].ops);
	}
	if (progress_terminal) {
		if (sum != progress_shown)
			show_bars(width);
		progress_shown = sum;
		return;
	}
	while (progress_shown < 4 && all / nr_cores >= 25 * (progress_shown + 1)) {
		progress_shown++;
		say("  %3u %% of all operations done\n", 25 * progress_shown);
	}
}

/* Between the boot core's own operations; not after each one, it costs. */
static void progress(struct demo_core *core)
{
	if (core != &cores[0] || core->done % 64)
		return;
	show_progress();
	/* Once in the middle of it, all others at work. */
	if (core->done == (core->ops / 2 & ~63U) && mm_check())
		fail("mm_check found a broken invariant while all cores were at work");
}

static bool all_finished(void)
{
	for (unsigned i = 0; i < nr_cores; i++)
		if (!__atomic_load_n(&cores[i].finished, __ATOMIC_ACQUIRE))
			return false;
	return true;
}

/* Until all have finished; false if for STUCK_SECONDS none of them got anywhere. */
static bool wait_for_all(void)
{
	uint64_t since = a9timer_read();
	uint32_t last = 0;

	while (!all_finished()) {
		uint32_t sum = 0;

		for (unsigned i = 0; i < nr_cores; i++)
			sum += __atomic_load_n(&cores[i].done, __ATOMIC_RELAXED);
		if (sum != last)
			since = a9timer_read();
		last = sum;
		if (a9timer_read() - since > (uint64_t)STUCK_SECONDS * a9timer_rate())
			return false;
		show_progress();
		port_cpu_relax();
	}
	return true;
}

/* ---- the run -------------------------------------------------------------------- */

static void tick(unsigned cpu)
{
	for (unsigned i = 0; i < nr_cores; i++)
		if (cores[i].cpu == cpu)
			demo_core_tick(&cores[i]);
}

static void take_down(void)
{
	struct zone_info zone;

	drain_all_pages();
	memset(&before, 0, sizeof(before));
	before.free = nr_free_pages();
	for (unsigned i = 0; i < NR_ZONES_SHOWN && zone_info(i, &zone); i++)
		for (unsigned order = 0; order < NR_ORDERS; order++)
			for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
				before.blocks[i][order] += zone.nr_free[order][mt];
	for (unsigned item = 0; item < NR_VM_EVENT_ITEMS; item++)
		before.events[item] = vm_events((enum vm_event_item)item);
}

static bool run_cores(const struct demo_options *options)
{
	uint32_t online = smp_online_mask();

	nr_cores = 0;
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		if (online & 1U << cpu)
			demo_core_init(&cores[nr_cores++], cpu, options->seed, options->ops);
	progress_terminal = options->terminal;
	progress_shown = 0;
	demo_core_progress = progress;
	if (progress_terminal)
		show_bars(COLUMNS / nr_cores - 4 > 40 ? 40 : COLUMNS / nr_cores - 4);

	tick_hook = tick;
	for (unsigned i = 1; i < nr_cores; i++)
		if (!smp_call(cores[i].cpu, demo_core_run, &cores[i]))
			cores[i].finished = 1; /* and has done nothing: show_counts() sees it */
	demo_core_run(&cores[0]);
	if (!wait_for_all()) {
		fail("a core is stuck");
		return false;
	}
	for (unsigned i = 1; i < nr_cores; i++)
		smp_wait(cores[i].cpu);
	tick_hook = NULL;
	show_progress();
	if (progress_terminal)
		say("\n");
	demo_core_collect(&cores[0]);
	return true;
}

/* ---- the verdict ------------------------------------------------------------------ */

static void add_counts(struct demo_counts *sum, const struct demo_counts *c)
{
	sum->allocated += c->allocated;
	sum->freed += c->freed;
	sum->small += c->small;
	sum->failed += c->failed;
	sum->bulk += c->bulk;
	sum->received += c->received;
	sum->pages_written += c->pages_written;
	sum->pages_checked += c->pages_checked;
}

static void show_core(const char *name, uint32_t done, const struct demo_counts *c, uint32_t irq)
{
	say("  %-6s %10lu %10lu %10lu %8lu %8lu %8lu %8lu\n", name, (unsigned long)done,
	    (unsigned long)c->allocated, (unsigned long)c->freed, (unsigned long)c->failed,
	    (unsigned long)c->bulk, (unsigned long)c->received, (unsigned long)irq);
}

static void show_error(unsigned cpu, const struct demo_error *e)
{
	if (!e->what)
		return;
	port_log("  cpu%u: %s, at 0x%lx: 0x%lx expected, 0x%lx found\n", cpu, e->what,
		 (unsigned long)e->where, (unsigned long)e->want, (unsigned long)e->got);
	fail(e->what);
}

/* Prints what was done, and returns the sum. */
static struct demo_counts show_counts(void)
{
	struct demo_counts all = {0};
	uint32_t done = 0, irq = 0;

	say("\n  core   operations  allocated      freed   failed  by bulk received   in "
	    "irq\n");
	for (unsigned i = 0; i < nr_cores; i++) {
		struct demo_core *core = &cores[i];
		struct demo_counts own = core->task.count;
		char name[] = "cpu0";

		name[3] = (char)('0' + core->cpu % 10);
		add_counts(&own, &core->irq.count);
		show_core(name, core->done, &own, core->irq.count.allocated);
		add_counts(&all, &own);
		done += core->done;
		irq += core->irq.count.allocated;
	}
	show_core("all", done, &all, irq);
	for (unsigned i = 0; i < nr_cores; i++) {
		show_error(cores[i].cpu, &cores[i].task.error);
		show_error(cores[i].cpu, &cores[i].irq.error);
		if (cores[i].done < cores[i].ops)
			fail("a core did not do its work");
	}
	return all;
}

/* The share of small blocks that a CPU's cache had ready, in tenths of a percent. */
static void show_hit_rate(const struct demo_counts *all)
{
	uint32_t refills = events_since(PCP_REFILL);
	uint32_t hits = refills < all->small ? all->small - refills : 0;
	unsigned rate = all->small ? (unsigned)((uint64_t)hits * 1000 / all->small) : 0;

	say("\n  cache hits       %u.%u %% of %lu blocks of order 0 to %u\n", rate / 10, rate % 10,
	    (unsigned long)all->small, PCP_MAX_ORDER);
	say("  patterns         %lu MiB written, %lu MiB verified\n",
	    (unsigned long)(all->pages_written >> (20 - PAGE_SHIFT)),
	    (unsigned long)(all->pages_checked >> (20 - PAGE_SHIFT)));
}

static void check_counts(const struct demo_counts *all)
{
	if (all->allocated != all->freed)
		fail("not every block was freed");
	if (events_since(PGALLOC) != all->allocated)
		fail("pgalloc does not count what was allocated");
	if (events_since(PGFREE) != all->freed)
		fail("pgfree does not count what was freed");
	if (events_since(PGALLOC_FAIL) != all->failed)
		fail("pgalloc_fail does not count what failed");
	if (events_since(BAD_FREE) || events_since(BAD_ALLOC))
		fail("a correct request was refused");
	if (all->pages_written != all->pages_checked)
		fail("not every pattern was verified");
}

static void check_memory(void)
{
	unsigned long free = nr_free_pages();
	struct zone_info zone;

	say("  pages free       %lu before, %lu after\n", before.free, free);
	if (free != before.free)
		fail("pages are missing");
	for (unsigned i = 0; i < NR_ZONES_SHOWN && zone_info(i, &zone); i++) {
		for (unsigned order = 0; order < NR_ORDERS; order++) {
			uint32_t blocks = 0;

			for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
				blocks += zone.nr_free[order][mt];
			if (blocks != before.blocks[i][order])
				fail("a zone did not merge to what it was");
		}
	}
	if (mm_check_quiet())
		fail("mm_check found a broken invariant");
	else
		say("  mm_check         all invariants hold\n");
}

static void compare_and_show(void)
{
	struct demo_counts all;

	drain_all_pages();
	all = show_counts();
	show_hit_rate(&all);
	check_counts(&all);
	check_memory();
	say("\n");
	if (!quiet)
		show_buddyinfo();
}

int demo_run(const struct demo_options *options)
{
	struct demo_options opt = *options;
	bool background;

	if (!opt.ops)
		opt.ops = DEMO_DEFAULT_OPS;
	if (!opt.seed)
		opt.seed = DEMO_DEFAULT_SEED;
	verdict = NULL;
	quiet = opt.quiet;
	say("demo: %u %s, %lu operations each, seed=0x%lx\n", smp_nr_online(),
	    smp_nr_online() == 1 ? "core" : "cores", (unsigned long)opt.ops,
	    (unsigned long)opt.seed);
	/* Up to the pressure nobody else may allocate: what is counted is exact. */
	background = daemon_stop();
	take_down();
	if (run_cores(&opt)) {
		compare_and_show();
		if (!opt.no_misuse) {
			const char *why = demo_policies();

			if (why)
				fail(why);
			why = demo_pressure(opt.seed);
			if (why)
				fail(why);
			say("\nmistakes on purpose, each with the allocator's own report:\n");
			if (demo_misuse())
				fail("a mistake was not refused");
		}
	} else {
		show_counts();
	}
	if (background)
		daemon_start();
	say("\n");
	if (verdict)
		port_log("demo: FAIL (%s)\n", verdict);
	else
		say("demo: PASS\n");
	return verdict ? -1 : 0;
}

/* n in decimal, at the end of buf; where it begins. */
static char *decimal(char *end, unsigned n)
{
	do
		*--end = (char)('0' + n % 10);
	while (n /= 10);
	return end;
}

int demo_fail_each(const struct demo_options *options)
{
	struct demo_options opt = *options;
	uint32_t failed;
	unsigned n = 0;
	int err;

	opt.quiet = true;
	opt.no_misuse = true;
	do {
		char value[20] = "          ,100,0,1", *at = decimal(value + 10, ++n);

		if (mm_debug_set("fail_page_alloc", at))
			return -1;
		failed = vm_events(PGALLOC_FAIL);
		err = demo_run(&opt);
		failed = vm_events(PGALLOC_FAIL) - failed;
		if (err)
			port_log("demo: request %u was made to fail\n", n);
	} while (!err && failed);
	if (mm_debug_set("fail_page_alloc", "0"))
		err = -1;
	port_log("demo: each of %u requests failed in turn, all pages back: %s\n", n - 1,
		 err || n < 2 ? "FAIL" : "PASS");
	return err || n < 2 ? -1 : 0;
}

int demo_main(void)
{
	struct demo_options options = {
		.ops = bootarg_uint("demo.ops", DEMO_DEFAULT_OPS),
		.seed = bootarg_uint("seed", DEMO_DEFAULT_SEED),
	};

	return bootarg_get("demo.fail") ? demo_fail_each(&options) : demo_run(&options);
}
