// SPDX-License-Identifier: MIT
/*
 * sched - a QEMU TCG plugin: runs a multi-core guest under a seeded schedule.
 *
 * Under -icount QEMU gives each core turns of some 100,000 instructions, the
 * same in every run: a race with a window of two instructions is never met.
 * This plugin decides which core runs next and for how many instructions, from
 * one instruction up, at random, out of a seed.  The same seed is the same run
 * to the instruction; other seeds are other interleavings of the same image.
 *
 * Build  make build/a9mem/sched.so, or gcc -shared -fPIC -O2 -Wall -o sched.so sched.c
 * Use    qemu-system-arm -M vexpress-a9 -smp 4 -icount shift=0,align=off,sleep=off \
 *          -plugin build/a9mem/sched.so,seed=1,out=sched.csv -kernel image.elf ...
 *        -icount is needed (any shift), -singlestep is not and only slows it down:
 *        a turn ends after exactly its number of instructions because QEMU's own
 *        instruction budget is set to it, inside blocks too.
 * Test   tools/a9mem/selftest/selftest.sh
 * Speed  instructions a second on a 2-core host: 300 million outside of regions; inside
 *        140 at turns of 50 instructions on the average, 50 to 80 at 20, 15 at 5, 5 at 1
 *        (a turn costs some 0.2 us).  Which average a seed gives, the CSV says.
 *
 * Regions.  A store to the physical address roi= opens the region of the storing
 * core, the next store by that core closes it (as in a9mem.c; one image serves
 * both).  While at least one core is open every core that executes is scheduled
 * by the seed; outside they take fixed turns of bg= instructions in order, at
 * QEMU's full speed.  Region k of a run, counted from 0, runs under seed+k, so
 * that one run with n regions tries n schedules.  To replay region k repeat the
 * whole run, or, where the guest comes to its region in the same state every time,
 * run its first under seed+k.  Cores that shall meet in one region should wait for
 * each other after opening it and before closing it: a core that is done before
 * another has begun would close the region and leave the other one of its own.
 *
 * A schedule.  Each turn draws a length and an order of the cores; the first core
 * in that order that can execute has the turn.  Lengths: mostly geometric with a
 * small mean, one in `long` log-uniform up to maxturn.  The mean (1 to 32) and
 * `long` (4 to 128) are drawn once from the seed, since schedules that differ in
 * kind find more than schedules that differ in detail.  Now and then a core is
 * frozen for up to freeze= instructions, log-uniform: it stands in the middle of
 * something while all the others go far.  WFE and YIELD end a turn, WFI takes the
 * core out until its interrupt.  No starvation: a core that could execute and was
 * passed over 64 times in a row goes next, as soon as it is not frozen.
 *
 * Arguments, name=value, separated by commas
 *   seed=1        any 64-bit number
 *   roi=ADDR      0x10000008, the LED register of the vexpress boards; 0: all of
 *                 the run, from the first instruction, is one region
 *   maxturn=2000  longest turn, instructions (1 to 1,000,000)
 *   mean=0        mean of the short turns; 0: from the seed; 1: always 1
 *   long=0        one turn in so many is log-uniform; 0: from the seed
 *   freeze=20000  longest freeze, instructions of the others; 0: none
 *   monitor=1     STREX fails when another core has stored to the line since the LDREX,
 *                 as on silicon; 0: when the value has changed, as in QEMU
 *   lose=16       one in so many turns that end between LDREX and STREX makes the
 *                 STREX fail, as an eviction may; 0: none (needs monitor=1)
 *   bg=20000      turns outside of regions, instructions, core after core; 0: QEMU's
 *                 own, up to 2^31 instructions long where no timer runs (cores that
 *                 spin for each other then cost seconds), and cut short when QEMU's
 *                 main loop wants something, which a slow host or input can shift
 *   limit=0       instructions a region may take; when it takes more the guest
 *                 hangs, and QEMU is left with status 3; 0: no limit
 *   out=FILE      CSV there, else to standard error
 *
 * Columns: region, seed (its own), mean and long (as drawn), turns, switches
 * (turns that went to another core than the one before), insn (of all cores), hash
 * (of all turns, core and length: equal hashes are equal schedules), insn0... (of
 * each core).  A row is written when the last core closes its region.
 *
 * Modelled: sequential consistency at the grain of one instruction, and the exclusive
 * monitors with the A9's granule of 8 words (QEMU's own STREX only compares values:
 * what relies on it against ABA fails there though it is right on silicon, and the
 * retry for any other reason is never run).  Not modelled: weak memory order (a missing
 * DMB is not found), tearing inside LDM, STM and LDRD, caches.  An interrupt is taken
 * at the next boundary where QEMU looks for one: of a block or a turn.
 * A hang: replay it without limit=, then look with gdb (-s) where the cores are.
 * Under gdb a stop in a region hands the cores to QEMU; at the first store
 * after it goes on the schedule resumes, but is no longer the seed's.
 *
 * State: all of it belongs to QEMU's one vCPU thread (with -icount all cores share
 * it), so there is no lock here.  QEMU's big lock is held on entry to drive() and
 * given up around guest execution, as QEMU's own loop does.  Not here: how a core is
 * made to stop after n instructions (qemu_core.h), caches and costs (a9mem.c).
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "decode.h"
#include "plugin_api.h"
#include "qemu_core.h"

PLUGIN_EXPORT int qemu_plugin_version = 1;

#define MAX_CORES  8
#define STARVED	   64  /* turns */
#define FREEZE_ONE 256 /* one turn in so many begins a freeze */

/* ---- settings ---- */
static uint64_t seed = 1, roi = 0x10000008, maxturn = 2000, mean_arg, long_arg;
static uint64_t freeze_max = 20000, bg = 20000, limit, monitors = 1, lose = 16;
static const char *out_name;
static FILE *out;

static const struct {
	const char *name;
	uint64_t *value;
	uint64_t min, max;
} numbers[] = {
	{"seed", &seed, 0, UINT64_MAX},	       {"roi", &roi, 0, UINT32_MAX},
	{"maxturn", &maxturn, 1, 1000000},     {"mean", &mean_arg, 0, 1000000},
	{"freeze", &freeze_max, 0, 100000000}, {"bg", &bg, 0, 100000000},
	{"limit", &limit, 0, UINT64_MAX},      {"monitor", &monitors, 0, 1},
	{"lose", &lose, 0, 1000000},	       {"long", &long_arg, 0, 1000000},
};

/* ---- state ---- */
static unsigned int nr_cores;
static struct cpu *cpus[MAX_CORES];
static bool driving; /* drive() is on the stack */
static bool queued;  /* drive() will be called */
static bool over;    /* the turn is to end: a region was opened or closed */
static bool open_[MAX_CORES];
static unsigned int nr_open, region;

#define ERG 32 /* bytes: CTR.ERG of the A9 is 3, 8 words (Cortex-A9 TRM r4p1, 4.2) */
static struct {
	bool set;
	uint64_t line;	 /* physical address / ERG */
	uint64_t offset; /* in its page, / ERG: the same in the virtual address */
} monitor[MAX_CORES];
static unsigned int nr_monitors; /* that are set */

static struct { /* of the region */
	uint64_t rnd, seed, mean, longs;
	uint64_t turns, switches, insn, core_insn[MAX_CORES], hash;
	unsigned int last, age[MAX_CORES];
	unsigned int frozen; /* the core, or nr_cores */
	uint64_t thaw;	     /* when .insn reaches this */
} s;

__attribute__((format(printf, 1, 2), noreturn)) static void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("sched: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	if (out)
		fflush(out);
	exit(3);
}

/* ---- random numbers (splitmix64) ---- */
static uint64_t rnd(void)
{
	uint64_t z = s.rnd += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* 0 to n-1, by multiplication: a division costs as much as a short turn */
static uint64_t below(uint64_t n)
{
	return (unsigned __int128)rnd() * n >> 64;
}

/* 1 to max, every power of two's range equally likely */
static uint64_t log_uniform(uint64_t max)
{
	uint64_t top = 2ull << below(64 - __builtin_clzll(max)), n = 1 + below(top - 1);

	return n > max ? max : n;
}

/* 1 and up, mean m */
static uint64_t geometric(uint64_t m)
{
	uint64_t n = 1;

	while (n < maxturn && below(m))
		n++;
	return n;
}

/* ---- the schedule ---- */
static void region_begin(void)
{
	memset(&s, 0, sizeof(s));
	s.seed = s.rnd = seed + region;
	s.rnd = rnd(); /* neighbouring seeds apart */
	s.mean = 1ull << below(6);
	s.longs = 4ull << below(6);
	if (mean_arg)
		s.mean = mean_arg;
	if (long_arg)
		s.longs = long_arg;
	s.frozen = nr_cores;
	s.last = nr_cores;
	s.hash = 0xcbf29ce484222325;
}

static void region_end(void)
{
	fprintf(out, "%u,%llu,%llu,%llu,%llu,%llu,%llu,%016llx", region, (unsigned long long)s.seed,
		(unsigned long long)s.mean, (unsigned long long)s.longs,
		(unsigned long long)s.turns, (unsigned long long)s.switches,
		(unsigned long long)s.insn, (unsigned long long)s.hash);
	for (unsigned int c = 0; c < nr_cores; c++)
		fprintf(out, ",%llu", (unsigned long long)s.core_insn[c]);
	fputc('\n', out);
	fflush(out);
	region++;
}

/* One turn's length, and the cores in the order in which they are offered it. */
static uint64_t draw(unsigned int order[])
{
	uint64_t n = below(s.longs) ? geometric(s.mean) : log_uniform(maxturn);

	for (unsigned int i = 0; i < nr_cores; i++) {
		unsigned int j = below(i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	if (s.frozen < nr_cores && s.insn >= s.thaw)
		s.frozen = nr_cores;
	if (freeze_max && s.frozen == nr_cores && !below(FREEZE_ONE)) {
		s.frozen = below(nr_cores);
		s.thaw = s.insn + log_uniform(freeze_max);
	}
	/* the frozen one last; the starved one before all */
	for (unsigned int i = 0; i + 1 < nr_cores; i++)
		if (order[i] == s.frozen) {
			order[i] = order[i + 1];
			order[i + 1] = s.frozen;
		}
	for (unsigned int i = nr_cores; i-- > 1;)
		if (order[i] != s.frozen && s.age[order[i]] > STARVED) {
			unsigned int c = order[i];

			memmove(order + 1, order, i * sizeof(*order));
			order[0] = c;
		}
	return n < maxturn ? n : maxturn;
}

static void record(unsigned int c, uint64_t done)
{
	s.turns++;
	s.switches += c != s.last;
	s.insn += done;
	s.core_insn[c] += done;
	s.hash = (s.hash ^ (done * MAX_CORES + c)) * 0x100000001b3;
	s.last = c;
	for (unsigned int k = 0; k < nr_cores; k++)
		s.age[k]++;
	if (limit && s.insn > limit)
		fatal("region %u, seed %llu: more than limit=%llu instructions, the guest hangs",
		      region, (unsigned long long)s.seed, (unsigned long long)limit);
}

/* ---- exclusive monitors ---- */
static void monitor_clear(unsigned int c)
{
	nr_monitors -= monitor[c].set;
	monitor[c].set = false;
}

static void monitor_set(unsigned int c, qemu_plugin_meminfo_t info, uint64_t vaddr)
{
	struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, vaddr);

	monitor_clear(c);
	if (!hw)
		return;
	monitor[c].set = true;
	monitor[c].line = qemu_plugin_hwaddr_phys_addr(hw) / ERG;
	monitor[c].offset = (vaddr & 0xfff) / ERG;
	nr_monitors++;
}

/* Core c stores: to whom does that matter?  The others stand still, between instructions. */
static void snoop(unsigned int c, qemu_plugin_meminfo_t info, uint64_t vaddr)
{
	uint64_t last = vaddr + (1u << qemu_plugin_mem_size_shift(info)) - 1;

	for (unsigned int k = 0; k < nr_cores; k++) {
		if (k == c || !monitor[k].set)
			continue;
		if (monitor[k].offset != (vaddr & 0xfff) / ERG &&
		    monitor[k].offset != (last & 0xfff) / ERG)
			continue;

		struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, vaddr);
		uint64_t pa = hw ? qemu_plugin_hwaddr_phys_addr(hw) : 0;

		if (!hw || qemu_plugin_hwaddr_is_io(hw) ||
		    (pa / ERG != monitor[k].line && (pa + last - vaddr) / ERG != monitor[k].line))
			continue;
		lose_monitor(cpus[k]);
		monitor_clear(k);
	}
}

/* ---- running a core ---- */
/* Work for cores that other parts of QEMU queued: TLB maintenance by another core and such. */
static void do_queued_work(void)
{
	bool any = false;

	for (unsigned int c = 0; c < nr_cores; c++)
		any |= !q.no_work(cpus[c]);
	if (!any)
		return;
	q.lock(__FILE__, __LINE__);
	for (unsigned int c = 0; c < nr_cores; c++)
		q.process_work(cpus[c]);
	q.unlock();
}

/*
 * Core c runs n instructions, fewer if it waits, if the turn is over or if the
 * machine stops.  QEMU returns early for its own reasons too - a timer is due, the
 * main loop wants something - at moments that depend on the host: then the same
 * turn goes on.  Returns how many it ran; *stopped: QEMU must have the cores back.
 */
static uint64_t run(unsigned int c, uint64_t n, bool *stopped)
{
	struct cpu *cpu = cpus[c];
	uint64_t done = 0;

	while (done < n && !over) {
		do_queued_work();
		if (!q.can_run(cpu)) {
			*stopped = true;
			break;
		}

		int why;

		done += execute(cpu, n - done, &why);
		if (why == EXCP_ATOMIC) {
			q.step_atomic(cpu);
		} else if (why == EXCP_DEBUG) {
			q.lock(__FILE__, __LINE__);
			q.guest_debug(cpu);
			q.unlock();
			*stopped = true;
			break;
		} else if (why != EXCP_INTERRUPT) {
			break; /* WFI, WFE, YIELD */
		}
	}
	return done;
}

/* Every core waits: on to the next timer, or, when there is none, for the outside world. */
static void idle(void)
{
	q.lock(__FILE__, __LINE__);
	q.warp();
	q.run_timers();
	q.unlock();
}

/* One turn under the seed; false: nobody can execute. */
static bool seeded_turn(bool *stopped)
{
	unsigned int order[MAX_CORES] = {0};
	uint64_t n = draw(order), done = 0;

	for (unsigned int i = 0; i < nr_cores && !done && !*stopped; i++) {
		unsigned int c = order[i];

		done = run(c, n, stopped);
		s.age[c] = 0;
		if (done)
			record(c, done);
		if (done && monitor[c].set && lose && !below(lose)) {
			lose_monitor(cpus[c]);
			monitor_clear(c);
		}
	}
	return done;
}

/* One turn outside of regions. */
static bool plain_turn(bool *stopped)
{
	static unsigned int next;

	for (unsigned int i = 0; i < nr_cores && !*stopped; i++) {
		unsigned int c = next;

		next = (next + 1) % nr_cores;
		if (run(c, bg, stopped))
			return true;
	}
	return false;
}

/* QEMU's loop over the cores, replaced, until no region is open (or, with bg, the end). */
static void drive(struct cpu *cpu, union work_arg arg)
{
	bool stopped = false;
	unsigned int idles = 0;

	(void)arg;
	queued = false;
	if (driving)
		return;
	if (!calibrated && monitors)
		find_monitor(cpus, nr_cores);
	if (!calibrated && monitors && !at_monitor)
		fatal("this QEMU hides its exclusive monitor: use monitor=0");
	if (!calibrated && !calibrate(cpu))
		fatal("this QEMU keeps its instruction budget elsewhere (7.2 is known to work)");
	driving = true;
	*q.current_cpu = cpu;
	q.unlock();
	while (!stopped && (nr_open || bg)) {
		over = false;
		bool seeded = nr_open;

		if (seeded ? seeded_turn(&stopped) : plain_turn(&stopped)) {
			idles = 0;
			if (seeded && !nr_open)
				region_end();
		} else if (!stopped && !over) {
			idle();
			if (++idles > 1000) /* no timer either: leave the host alone */
				usleep(1000);
		}
	}
	q.lock(__FILE__, __LINE__);
	driving = false;
}

static void take_over(struct cpu *cpu)
{
	if (driving || queued)
		return;
	queued = true;
	q.async_run_on_cpu(cpu, drive, (union work_arg){0});
	q.cpu_exit(cpu);
}

/* ---- what QEMU calls ---- */
static void toggle(unsigned int c)
{
	open_[c] = !open_[c];
	nr_open += open_[c] ? 1 : -1;
	if (open_[c] && nr_open == 1)
		region_begin();
	if (!nr_open && !driving)
		region_end(); /* else drive() does, with this turn counted */
	over = true;
	q.cpu_exit(cpus[c]);
}

static void on_mem(unsigned int c, qemu_plugin_meminfo_t info, uint64_t vaddr, void *udata)
{
	if (c >= nr_cores)
		return;
	if (!qemu_plugin_mem_is_store(info)) {
		if ((uintptr_t)udata == LDREX && at_monitor)
			monitor_set(c, info, vaddr);
		return;
	}
	if ((uintptr_t)udata == STREX)
		monitor_clear(c);
	if (nr_monitors)
		snoop(c, info, vaddr);
	if (roi && (vaddr & 0xfff) == (roi & 0xfff)) {
		struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, vaddr);

		if (hw && qemu_plugin_hwaddr_is_io(hw) && qemu_plugin_hwaddr_phys_addr(hw) == roi)
			toggle(c);
	}
	if (nr_open && !driving)
		take_over(cpus[c]);
}

/* Most accesses matter to nobody: a page's offset is the same in virtual and physical addresses. */
static void on_plain(unsigned int c, qemu_plugin_meminfo_t info, uint64_t vaddr, void *udata)
{
	if (__builtin_expect(nr_monitors || !((vaddr ^ roi) & 0xfff) || (nr_open && !driving), 0))
		on_mem(c, info, vaddr, udata);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	if (!cpus[0]) { /* the first block of all */
		for (unsigned int c = 0; c < nr_cores; c++)
			cpus[c] = q.get_cpu(c);
		if (!*q.use_icount)
			fatal("needs -icount");
		if (!roi) {
			region_begin();
			nr_open = nr_cores;
		}
		take_over(cpus[0]);
	}
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *in = qemu_plugin_tb_get_insn(tb, i);
		enum kind k = decode(qemu_plugin_insn_data(in), qemu_plugin_insn_size(in));

		/* not MEM_W: QEMU 7.2 takes that for both, and MEM_R for stores */
		qemu_plugin_register_vcpu_mem_cb(in, k == PLAIN ? on_plain : on_mem, CB_NO_REGS,
						 MEM_RW, (void *)(uintptr_t)k);
	}
}

static void on_exit_(qemu_plugin_id_t id, void *udata)
{
	(void)id;
	(void)udata;
	if (nr_open && roi)
		fprintf(out, "# region %u, seed %llu: %u core(s) still inside\n", region,
			(unsigned long long)s.seed, nr_open);
	if (nr_open)
		region_end();
	fflush(out);
}

static bool set(const char *name, const char *value)
{
	char *end;

	if (!strcmp(name, "out"))
		return (out_name = value);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (!strcmp(name, numbers[i].name)) {
			*numbers[i].value = strtoull(value, &end, 0);
			return *value && !*end && *numbers[i].value >= numbers[i].min &&
			       *numbers[i].value <= numbers[i].max;
		}
	return false;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		char *eq = strchr(argv[i], '=');

		if (eq)
			*eq++ = 0;
		if (!eq || !set(argv[i], eq)) {
			fprintf(stderr, "sched: bad argument %s=%s\n", argv[i], eq ? eq : "");
			return -1;
		}
	}
	const char *missing = find_symbols();

	if (missing) {
		fprintf(stderr, "sched: this QEMU exports no %s\n", missing);
		return -1;
	}
	nr_cores = info->system.smp_vcpus;
	if (nr_cores > MAX_CORES) {
		fprintf(stderr, "sched: more than %d cores\n", MAX_CORES);
		return -1;
	}
	out = out_name ? fopen(out_name, "w") : stderr;
	if (!out) {
		perror(out_name);
		return -1;
	}
	fprintf(out, "region,seed,mean,long,turns,switches,insn,hash");
	for (unsigned int c = 0; c < nr_cores; c++)
		fprintf(out, ",insn%u", c);
	fputc('\n', out);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_exit_, NULL);
	return 0;
}
