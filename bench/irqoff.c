// SPDX-License-Identifier: MIT
/*
 * irqoff - a QEMU TCG plugin: how long interrupts are off, in instructions.
 *
 * Counts, on each core, what executes from the instruction after a `cpsid i` to
 * the `msr cpsr_c, rN` that undoes it, this one included, while that core's region
 * is open.  Sections nest as the port's save and restore do, and a nested one
 * belongs to the outermost; `cpsie i` ends them all.  ARM state; the plugin cannot
 * read registers, so an msr is taken for the restore of the last cpsid.
 *
 * Build  make build/bench/irqoff.so
 * Use    qemu-system-arm ... -icount shift=7,align=off,sleep=off \
 *          -plugin build/bench/irqoff.so,out=FILE[,lo=ADDR,hi=ADDR]
 *        A store to 0x10000008 (the board's LED register) opens the region of the
 *        storing core, the next one closes it.  lo, hi: only sections that begin
 *        at lo <= pc < hi.
 * Out    CSV `pc,length,count`: pc of the cpsid (hexadecimal), instructions, how
 *        often; the longest section first.  No line at all when nothing was counted.
 *
 * State: all of it belongs to QEMU's one vCPU thread (with -icount all cores share
 * it), so there is no lock.  Not here: names of functions, percentiles (irqoff.py).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/a9mem/plugin_api.h"

PLUGIN_EXPORT int qemu_plugin_version = 1;

#define NCORE	 4
#define ROI	 0x10000008
#define ARM_IT	 0xf10c0080u /* cpsid i */
#define ARM_IE	 0xf1080080u /* cpsie i */
#define ARM_MSR	 0xe121f000u /* msr cpsr_c, rN */
#define NBUCKETS 65536u	     /* of (pc, length), open addressing */

enum what { OFF = 1, ON, RESTORE };

struct core {
	uint64_t insn; /* executed */
	uint64_t since;
	uint32_t pc; /* of the cpsid that began the section */
	unsigned int depth;
	bool region;
};

struct bucket {
	uint32_t pc, length;
	uint64_t count; /* 0: free */
};

static struct core cores[NCORE];
static struct bucket buckets[NBUCKETS];
static unsigned int nr_buckets;
static uint64_t lo, hi = UINT32_MAX;
static FILE *out;

static void note(uint32_t pc, uint32_t length)
{
	uint32_t i = (pc * 2654435761u ^ length * 40503u) % NBUCKETS;

	while (buckets[i].count && (buckets[i].pc != pc || buckets[i].length != length))
		i = (i + 1) % NBUCKETS;
	if (!buckets[i].count && ++nr_buckets == NBUCKETS) {
		fprintf(stderr, "irqoff: too many different sections\n");
		exit(1);
	}
	buckets[i].pc = pc;
	buckets[i].length = length;
	buckets[i].count++;
}

static void on_insn(unsigned int c, void *udata)
{
	(void)udata;
	if (c < NCORE)
		cores[c].insn++;
}

/* udata: pc in the upper bits, enum what in the lowest two (instructions are words). */
static void on_mask(unsigned int c, void *udata)
{
	uint32_t pc = (uint32_t)(uintptr_t)udata & ~3u;
	enum what what = (uintptr_t)udata & 3;
	struct core *core = &cores[c];

	if (c >= NCORE || !core->region)
		return;
	if (what == OFF) {
		if (!core->depth++) {
			core->since = core->insn;
			core->pc = pc;
		}
		return;
	}
	if (!core->depth)
		return;
	core->depth = what == ON ? 0 : core->depth - 1;
	if (!core->depth && core->pc >= lo && core->pc < hi)
		note(core->pc, (uint32_t)(core->insn - core->since));
}

static void on_store(unsigned int c, qemu_plugin_meminfo_t info, uint64_t vaddr, void *udata)
{
	struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, vaddr);

	(void)udata;
	if (c >= NCORE || !hw || !qemu_plugin_hwaddr_is_io(hw) ||
	    qemu_plugin_hwaddr_phys_addr(hw) != ROI)
		return;
	cores[c].region = !cores[c].region;
	cores[c].depth = 0;
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *in = qemu_plugin_tb_get_insn(tb, i);
		uint32_t word = 0;
		uintptr_t what = 0;

		qemu_plugin_register_vcpu_insn_exec_cb(in, on_insn, CB_NO_REGS, NULL);
		qemu_plugin_register_vcpu_mem_cb(in, on_store, CB_NO_REGS, MEM_W, NULL);
		if (qemu_plugin_insn_size(in) != 4)
			continue;
		memcpy(&word, qemu_plugin_insn_data(in), 4);
		if (word == ARM_IT)
			what = OFF;
		else if (word == ARM_IE)
			what = ON;
		else if ((word & 0xfffffff0u) == ARM_MSR)
			what = RESTORE;
		if (what)
			qemu_plugin_register_vcpu_insn_exec_cb(
				in, on_mask, CB_NO_REGS,
				(void *)((uintptr_t)qemu_plugin_insn_vaddr(in) | what));
	}
}

static int longest_first(const void *a, const void *b)
{
	const struct bucket *x = a, *y = b;

	if (x->length != y->length)
		return x->length < y->length ? 1 : -1;
	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

static void on_exit_(qemu_plugin_id_t id, void *udata)
{
	(void)id;
	(void)udata;
	qsort(buckets, NBUCKETS, sizeof(*buckets), longest_first);
	for (unsigned int i = 0; i < NBUCKETS; i++)
		if (buckets[i].count)
			fprintf(out, "%08x,%u,%llu\n", buckets[i].pc, buckets[i].length,
				(unsigned long long)buckets[i].count);
	fflush(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	out = stderr;
	for (int i = 0; i < argc; i++) {
		bool ok = true;

		if (!strncmp(argv[i], "out=", 4))
			ok = (out = fopen(argv[i] + 4, "w"));
		else if (!strncmp(argv[i], "lo=", 3))
			lo = strtoull(argv[i] + 3, NULL, 0);
		else if (!strncmp(argv[i], "hi=", 3))
			hi = strtoull(argv[i] + 3, NULL, 0);
		else
			ok = false;
		if (!ok) {
			fprintf(stderr, "irqoff: bad argument %s\n", argv[i]);
			return -1;
		}
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_exit_, NULL);
	return 0;
}
