// SPDX-License-Identifier: MIT
/*
 * a9mem - a QEMU TCG plugin: the memory system of a Cortex-A9 MPCore.
 *
 * QEMU's -icount gives exact instruction counts, but no caches: the cost of a
 * miss and the traffic between cores do not show.  This plugin passes every
 * memory access of the guest through a model of the caches of four A9 cores
 * and a PL310, counts what happens, and estimates cycles.  Deterministic.
 *
 * Build  make build/a9mem/a9mem.so, or gcc -shared -fPIC -O2 -Wall -o a9mem.so a9mem.c
 *        (QEMU 7.2, plugin API 1; no header of QEMU's is needed)
 * Use    qemu-system-arm -M vexpress-a9 -smp 4 -icount shift=0,align=off,sleep=off \
 *          -singlestep -plugin build/a9mem/a9mem.so,out=counts.csv -kernel image.elf ...
 *        -icount gives the order and the repeatability.  -singlestep makes every
 *        instruction a block of its own.  Without it cores change at block ends only,
 *        and others see what a block stored too early: contention for a short lock
 *        came out up to 3x too cheap, though counts of a single core stay exact.
 * Test   tools/a9mem/selftest/selftest.sh
 * Speed  25 million instructions a second in registers, 7 where four cores contend
 *
 * Modelled
 *  - per core L1 D, 32 KiB 4-way, and L1 I, 32 KiB 4-way (icache=0: none), of
 *    32-byte lines, write-back, write-allocate, physically addressed.
 *  - the SCU: MESI between the L1 Ds.  A miss takes the line from another L1
 *    D if one has it (clean or dirty), else from L2, else from DRAM.  Reading
 *    another core's Modified line leaves both Shared and writes it to L2
 *    (dirty=share), or moves it, Modified, to the reader (dirty=move: a bound;
 *    a line once written and then read by all never settles).
 *  - a shared L2, 512 KiB 8-way, neither inclusive nor exclusive.
 *  - replacement: an invalid way, else round-robin per set (repl=rr), else
 *    pseudo-random, fixed seed (repl=rand; what the A9's TRM says of L1 D).
 *  - the exclusive monitors: a line that another core wrote makes STREX fail.
 *    (Where QEMU, which compares values, lets it succeed, the count says so
 *    but the guest does not retry.)
 *  - time: each core has a clock, instructions x insn + penalties.  While a
 *    region is open QEMU's cores are made to run in the order of these
 *    clocks, to within slice= cycles: a core that misses falls behind, one in
 *    WFE or WFI waits.
 * Not modelled
 *  - TLBs and walks, branches, dual issue, load-use delays, overlap of misses
 *    (a miss blocks), the store buffer (wpct= scales what write misses and
 *    upgrades cost), PLD and hardware prefetch, cache maintenance, memory
 *    attributes (all RAM is Normal, Write-Back, Shareable), bandwidth and
 *    queueing at SCU, L2 and DRAM, the cost of write-backs, DMA, the latency
 *    from SEV to WFE.
 *
 * Regions.  A store to the physical address roi= opens the region of the
 * storing core, the next store by that core closes it.  When no core is open
 * any more, a line per core and a total are printed.  The opening store is
 * outside, the closing one inside (one instruction, one device access).
 *
 * Arguments, name=value, separated by commas
 *   out=FILE        CSV there, else to standard error
 *   roi=ADDR        0x10000008, the LED register of the vexpress boards
 *   l1d=32 l2=512   KiB, powers of two         icache=1|0
 *   repl=rr|rand    dirty=share|move
 *   slice=10        cycles; bg=20000 the same while no region is open (turns,
 *                   not order); 0: QEMU's own turns
 *   codeoff=0       physical - virtual address of code, for the I cache: Linux
 *                   linked at 0x80000000 in RAM at 0x60000000: -0x20000000
 *   insn=0.8 l2hit=19 c2c=35 upg=20 dram=130 dmb=10 dsb=20 ldrex=2 strex=3
 *   cps=0 dev=50    cycles; wpct=100 percent
 * The costs are a nominal model.  l2hit and dram are 7-cpu.com's measurement
 * of an Exynos 4210 (L2 +19 cycles, then RAM +110 ns, at 1 GHz); for the rest
 * no published figure was found.
 *
 * Columns: region number, core or "all", then
 *   insn ld st          instructions; loads and stores to RAM, as QEMU splits
 *   rmiss wmiss         L1 D misses by loads, by stores
 *   upg                 stores to a Shared line, which had to be claimed
 *   c2cd c2cc           misses served by another core's L1 D: dirty, clean
 *   inval               lines lost to another core
 *   l2hit l2miss        L1 D misses served by L2, by DRAM
 *   wb                  dirty lines written from L1 D to L2
 *   imiss il2miss       L1 I misses, of them those that missed L2
 *   dev                 accesses to devices (not in ld, st)
 *   ldrex strex sxfail  those that reached memory; STREXs that failed
 *   dmb dsb cps wfe     executed (cps: CPS and MSR CPSR_c; wfe: WFE and WFI)
 *   busy wait span      cycles: executing, in WFE or WFI, from opening to
 *                       closing; for "all" sums, and first to last
 *
 * State: everything below belongs to QEMU's one vCPU thread (with -icount all cores
 * share it), so there is no lock.  Not here: the caches' arrays (cache.h), which
 * instructions are special (decode.h), random schedules (sched.c).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include "cache.h"
#include "decode.h"
#include "plugin_api.h"

PLUGIN_EXPORT int qemu_plugin_version = 1;

/* ---- counters ---- */
#define NCORE 4
/* clang-format off */
#define COUNTERS(X)                              \
	X(insn) X(ld) X(st)                      \
	X(rmiss) X(wmiss) X(upg) X(c2cd) X(c2cc) \
	X(inval) X(l2hit) X(l2miss) X(wb)        \
	X(imiss) X(il2miss) X(dev)               \
	X(ldrex) X(strex) X(sxfail)              \
	X(dmb) X(dsb) X(cps) X(wfe)              \
	X(busy) X(wait) X(span)
/* clang-format on */
enum {
#define X(n) K_##n,
	COUNTERS(X) NK
#undef X
};
static const char *const knames[NK] = {
#define X(n) #n,
	COUNTERS(X)
#undef X
};
static uint64_t cnt[NCORE][NK]; /* busy, wait, span: 1/1000 cycle */

/* ---- settings; costs and times in 1/1000 cycle ---- */
static uint64_t roi_addr = 0x10000008, slice = 10000, bg = 20000000;
static uint32_t codeoff;
static unsigned int l1d_kib = 32, l2_kib = 512, use_icache = 1;
static bool dirty_moves;
static uint64_t co_insn = 800, co_l2hit = 19000, co_c2c = 35000, co_upg = 20000, co_dram = 130000,
		co_dmb = 10000, co_dsb = 20000, co_ldrex = 2000, co_strex = 3000, co_cps = 0,
		co_dev = 50000, co_wpct = 100000;
static FILE *out;

static struct cache l1d[NCORE], l1i[NCORE], l2;
static uint32_t monitor[NCORE]; /* line of the last LDREX, or 0 */

/* A line arrives in L2, from DRAM or written back from an L1. */
static void l2_put(uint32_t line)
{
	uint32_t victim;

	if (lookup(&l2, line) < 0)
		insert(&l2, line, E, &victim);
}

/* ---- time ---- */
static uint64_t now[NCORE]; /* each core's clock, 1/1000 cycle */
static uint64_t turn_end;
static uint64_t executed, attributed; /* instructions, of all cores */
static unsigned int cur, passed;      /* the core whose turn it is; cores sent on since */
static bool kicked, ran[NCORE], active[NCORE], waits[NCORE];
static void (*p_cpu_exit)(void *cpu);
static void (*p_loop_exit)(void *cpu, uintptr_t host_pc);
static void *(*p_get_cpu)(int index);
static bool open_[NCORE];
static unsigned int n_open, region;
static uint64_t at_open[NCORE][NK], sum[NCORE][NK], t_open[NCORE], t_close[NCORE];

static inline void spend(unsigned int c, uint64_t t)
{
	now[c] += t;
	cnt[c][K_busy] += t;
}

static inline uint64_t wcost(uint64_t t, bool write)
{
	return write ? t * co_wpct / 100000 : t;
}

/* Gives the instructions that ran since the last call to the core that ran them. */
static inline void attribute(void)
{
	uint64_t n = executed - attributed;

	attributed = executed;
	cnt[cur][K_insn] += n;
	spend(cur, n * co_insn);
}

/*
 * QEMU turned to core c.  It runs its turn until its clock is slice past the
 * slowest core that is executing; a core that is already there is skipped.  A
 * core that sat in WFE or WFI catches up with the others, as waiting.
 */
static void turn(unsigned int c)
{
	uint64_t slowest = UINT64_MAX;

	if (c <= cur) /* a round is over */
		for (unsigned int k = 0; k < NCORE; k++) {
			active[k] = ran[k];
			ran[k] = false;
		}
	for (unsigned int k = 0; k < NCORE; k++)
		if (active[k] && !waits[k] && k != c && now[k] < slowest)
			slowest = now[k];
	if ((waits[c] || !active[c]) && slowest != UINT64_MAX && now[c] < slowest) {
		cnt[c][K_wait] += slowest - now[c];
		now[c] = slowest;
	}
	if (slowest > now[c] || !n_open)
		slowest = now[c];
	turn_end = slowest + (n_open ? slice : bg);
	cur = c;
	ran[c] = active[c] = true;
	waits[c] = false;
	kicked = false;
}

/* ---- one access of core c to one line of RAM ---- */
static void write_back(unsigned int c, uint32_t line)
{
	cnt[c][K_wb]++;
	l2_put(line);
}

/* Core c loses the line at index i of its L1 D, if that is one. */
static void invalidate(unsigned int c, int i)
{
	if (i < 0)
		return;
	l1d[c].state[i] = I;
	cnt[c][K_inval]++;
}

static void access_line(unsigned int c, uint32_t line, bool write)
{
	struct cache *d = &l1d[c];
	int i = lookup(d, line), best = I;
	uint32_t victim;

	for (unsigned int k = 0; write && k < NCORE; k++)
		if (monitor[k] == line)
			monitor[k] = 0;
	if (i >= 0) {
		if (!write || d->state[i] == M)
			return;
		if (d->state[i] == S) { /* claim it from the others */
			cnt[c][K_upg]++;
			spend(c, wcost(co_upg, true));
			for (unsigned int k = 0; k < NCORE; k++)
				if (k != c)
					invalidate(k, lookup(&l1d[k], line));
		}
		d->state[i] = M;
		return;
	}

	cnt[c][write ? K_wmiss : K_rmiss]++;
	for (unsigned int k = 0; k < NCORE; k++) { /* snoop */
		int j = k == c ? -1 : lookup(&l1d[k], line);

		if (j < 0)
			continue;
		if (l1d[k].state[j] > best)
			best = l1d[k].state[j];
		if (write || (dirty_moves && l1d[k].state[j] == M)) {
			invalidate(k, j);
		} else {
			if (l1d[k].state[j] == M)
				write_back(k, line);
			l1d[k].state[j] = S;
		}
	}
	if (best != I) {
		cnt[c][best == M ? K_c2cd : K_c2cc]++;
		spend(c, wcost(co_c2c, write));
	} else if (lookup(&l2, line) >= 0) {
		cnt[c][K_l2hit]++;
		spend(c, wcost(co_l2hit, write));
	} else {
		cnt[c][K_l2miss]++;
		spend(c, wcost(co_dram, write));
		l2_put(line);
	}
	if (insert(d, line, write || (dirty_moves && best == M) ? M : best != I ? S : E, &victim))
		write_back(c, victim);
}

static void fetch_line(unsigned int c, uint32_t line)
{
	uint32_t victim;

	if (lookup(&l1i[c], line) >= 0)
		return;
	cnt[c][K_imiss]++;
	if (lookup(&l2, line) >= 0) {
		spend(c, co_l2hit);
	} else {
		cnt[c][K_il2miss]++;
		spend(c, co_dram);
		l2_put(line);
	}
	insert(&l1i[c], line, S, &victim);
}

/* ---- regions ---- */
static void print_row(const char *who, const uint64_t *v)
{
	fprintf(out, "%u,%s", region, who);
	for (int k = 0; k < NK; k++)
		fprintf(out, ",%llu",
			(unsigned long long)(k >= K_busy ? (v[k] + 500) / 1000 : v[k]));
	fputc('\n', out);
}

static void toggle(unsigned int c)
{
	attribute();
	if (!open_[c]) {
		if (!n_open) { /* first of a region: clocks together */
			for (unsigned int k = 0; k < NCORE; k++) {
				now[k] = now[c];
				ran[k] = true;
				t_open[k] = t_close[k] = 0;
			}
			turn_end = now[c] + slice;
			memset(sum, 0, sizeof(sum));
		}
		memcpy(at_open[c], cnt[c], sizeof(cnt[c]));
		t_open[c] = now[c];
		open_[c] = true;
		n_open++;
		return;
	}
	for (int k = 0; k < NK; k++)
		sum[c][k] += cnt[c][k] - at_open[c][k];
	t_close[c] = now[c];
	sum[c][K_span] += t_close[c] - t_open[c];
	open_[c] = false;
	if (--n_open)
		return;

	uint64_t all[NK] = {0}, first = UINT64_MAX, last = 0;

	for (unsigned int k = 0; k < NCORE; k++) {
		char who[8];

		if (!t_close[k])
			continue;
		snprintf(who, sizeof(who), "%u", k);
		print_row(who, sum[k]);
		for (int j = 0; j < NK; j++)
			all[j] += sum[k][j];
		first = t_open[k] < first ? t_open[k] : first;
		last = t_close[k] > last ? t_close[k] : last;
	}
	all[K_span] = last - first;
	print_row("all", all);
	fflush(out);
	region++;
}

/* ---- what QEMU calls ---- */
static void on_mem(unsigned int c, qemu_plugin_meminfo_t info, uint64_t vaddr, void *udata)
{
	struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, vaddr);
	bool write = qemu_plugin_mem_is_store(info);
	enum kind kind = (uintptr_t)udata;

	if (c >= NCORE || !hw || (kind == STREX && !write))
		return; /* QEMU makes STREX a load and a store */
	uint64_t pa = qemu_plugin_hwaddr_phys_addr(hw);
	if (qemu_plugin_hwaddr_is_io(hw)) {
		cnt[c][K_dev]++;
		spend(c, co_dev);
		if (write && pa == roi_addr)
			toggle(c);
		return;
	}
	uint32_t first = pa >> LINE_SHIFT;
	uint32_t last = (pa + (1u << qemu_plugin_mem_size_shift(info)) - 1) >> LINE_SHIFT;
	cnt[c][write ? K_st : K_ld]++;
	if (kind == LDREX) {
		cnt[c][K_ldrex]++;
		spend(c, co_ldrex);
		monitor[c] = first;
	} else if (kind == STREX) {
		cnt[c][K_strex]++;
		spend(c, co_strex);
		if (monitor[c] != first) { /* fails, and leaves the line alone */
			cnt[c][K_sxfail]++;
			return;
		}
	}
	access_line(c, first, write);
	if (last != first)
		access_line(c, last, write);
}

static void on_tb(unsigned int c, void *udata)
{
	uint32_t line = (uintptr_t)udata >> 8, n = (uintptr_t)udata & 255;

	if (c >= NCORE)
		return;
	attribute();
	bool ours = p_loop_exit && (n_open ? slice : bg), pass = false;
	if (ours && n_open && c != cur && !kicked && !waits[cur] && passed < NCORE) {
		pass = true; /* QEMU's main loop cut a turn short: */
		passed++;    /* on to the core that had it */
	} else {
		if (c != cur || kicked)
			turn(c);
		passed = 0;
		waits[c] = false;
		pass = kicked = ours && now[c] >= turn_end;
	}
	if (pass) { /* leave, before the block's first instruction */
		p_cpu_exit(p_get_cpu(c));
		p_loop_exit(p_get_cpu(c), (uintptr_t)__builtin_return_address(0));
	}
	if (use_icache)
		while (n--)
			fetch_line(c, line++);
}

static void on_special(unsigned int c, void *udata)
{
	if (c >= NCORE)
		return;
	switch ((enum kind)(uintptr_t)udata) {
	case DMB:
		cnt[c][K_dmb]++;
		spend(c, co_dmb);
		break;
	case DSB:
		cnt[c][K_dsb]++;
		spend(c, co_dsb);
		break;
	case CPS:
		cnt[c][K_cps]++;
		spend(c, co_cps);
		break;
	case WFE:
		cnt[c][K_wfe]++;
		waits[c] = true;
		break;
	default:
		break;
	}
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	uint32_t first = 0, last = 0;

	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *in = qemu_plugin_tb_get_insn(tb, i);
		size_t size = qemu_plugin_insn_size(in);
		uint32_t pa = (uint32_t)qemu_plugin_insn_vaddr(in) + codeoff;
		enum kind k = decode(qemu_plugin_insn_data(in), size);

		if (!i)
			first = pa >> LINE_SHIFT;
		last = (pa + size - 1) >> LINE_SHIFT;
		qemu_plugin_register_vcpu_insn_exec_inline(in, INLINE_ADD_U64, &executed, 1);
		if (k >= DMB)
			qemu_plugin_register_vcpu_insn_exec_cb(in, on_special, CB_NO_REGS,
							       (void *)(uintptr_t)k);
		qemu_plugin_register_vcpu_mem_cb(in, on_mem, CB_NO_REGS, MEM_RW,
						 (void *)(uintptr_t)k);
	}
	if (n)
		qemu_plugin_register_vcpu_tb_exec_cb(
			tb, on_tb, CB_NO_REGS,
			(void *)((uintptr_t)first << 8 | ((last - first + 1) & 255)));
}

static void on_exit_(qemu_plugin_id_t id, void *udata)
{
	(void)id;
	(void)udata;
	if (n_open)
		fprintf(out, "# %u core(s) still inside region %u\n", n_open, region);
	fflush(out);
}

static const struct {
	const char *name;
	uint64_t *milli;
} costs[] = {
	{"insn", &co_insn},   {"l2hit", &co_l2hit}, {"c2c", &co_c2c}, {"upg", &co_upg},
	{"dram", &co_dram},   {"dmb", &co_dmb},	    {"dsb", &co_dsb}, {"ldrex", &co_ldrex},
	{"strex", &co_strex}, {"cps", &co_cps},	    {"dev", &co_dev}, {"wpct", &co_wpct},
	{"slice", &slice},    {"bg", &bg},
};

static bool power_of_two(uint64_t n, unsigned int *to)
{
	*to = n;
	return n && n <= 65536 && !(n & (n - 1));
}

/* False: no such argument, or not such a value. */
static bool set(const char *k, const char *v)
{
	char *end;

	if (!strcmp(k, "out"))
		return (out = fopen(v, "w"));
	if (!strcmp(k, "dirty")) {
		dirty_moves = !strcmp(v, "move");
		return dirty_moves || !strcmp(v, "share");
	}
	if (!strcmp(k, "repl")) {
		repl_random = !strcmp(v, "rand");
		return repl_random || !strcmp(v, "rr");
	}
	for (size_t i = 0; i < COUNT(costs); i++)
		if (!strcmp(k, costs[i].name)) {
			double d = strtod(v, &end);

			*costs[i].milli = (uint64_t)(d * 1000 + 0.5);
			return *v && !*end && d >= 0;
		}

	int64_t n = strtoll(v, &end, 0);

	if (!*v || *end)
		return false;
	if (!strcmp(k, "roi"))
		roi_addr = n;
	else if (!strcmp(k, "codeoff"))
		codeoff = n;
	else if (!strcmp(k, "icache"))
		use_icache = n;
	else if (!strcmp(k, "l1d"))
		return power_of_two(n, &l1d_kib);
	else if (!strcmp(k, "l2"))
		return power_of_two(n, &l2_kib);
	else
		return false;
	return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	out = stderr;
	for (int i = 0; i < argc; i++) {
		char *eq = strchr(argv[i], '=');

		if (eq)
			*eq++ = 0;
		if (!eq || !set(argv[i], eq)) {
			fprintf(stderr, "a9mem: bad argument %s=%s\n", argv[i], eq ? eq : "");
			return -1;
		}
	}
	for (int c = 0; c < NCORE; c++) {
		cache_init(&l1d[c], l1d_kib, 4);
		cache_init(&l1i[c], 32, 4);
	}
	cache_init(&l2, l2_kib, 8);
	*(void **)&p_cpu_exit = dlsym(RTLD_DEFAULT, "cpu_exit");
	*(void **)&p_get_cpu = dlsym(RTLD_DEFAULT, "qemu_get_cpu");
	*(void **)&p_loop_exit = dlsym(RTLD_DEFAULT, "cpu_loop_exit_restore");
	if (!p_cpu_exit || !p_get_cpu || !p_loop_exit) {
		p_loop_exit = NULL;
		fprintf(stderr, "a9mem: this QEMU does not let a plugin choose the core: no slice, "
				"no bg\n");
	}
	fprintf(out, "region,core");
	for (int k = 0; k < NK; k++)
		fprintf(out, ",%s", knames[k]);
	fputc('\n', out);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_exit_, NULL);
	return 0;
}
