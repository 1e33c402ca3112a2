// SPDX-License-Identifier: MIT
/*
 * smp - the same work on one core and on all at once, for the memory model
 * (tools/a9mem) to count: misses, lines from other cores, waiting, scaling.
 *
 * Each core warms up, meets the others at a barrier, opens its region, works, and
 * closes it.  Every run is done twice: with the allocator, and with the calls left
 * out and nothing else changed (`loop_`), so that what the loop itself costs can
 * be taken off and the call, the function and its return remain.
 *
 * A line for each region says what it was, in the order of the model's output:
 *	bench-smp: region=N case=NAME cores=N ops=N
 * ops: allocations and frees of each core, each counting one.
 *
 * State: struct worker, one for each core, on cache lines of its own.  Not here:
 * the figures, which the image does not know (bench/smp.py).
 */
#include <stdio.h>
#include <string.h>

#include <buddy/buddy.h>
#include <port/port.h>

#include "bench/target/bench.h"
#include "bench/target/region.h"
#include "boot/smp.h"

#define SLOTS	     4096u
#define SLOTS_ORDER  2 /* the pages that hold them */
#define HOT_WARM     1000u
#define HOT_PAIRS    10000u
#define BATCH_ROUNDS 50u /* of 64 */
#define LARGE_ROUNDS 3u	 /* of 4096 */
#define CHURN_WARM   20000u
#define CHURN_OPS    400000u

struct worker {
	uint32_t seed;
	unsigned ops;
	unsigned lost; /* requests that failed */
	unsigned cores;
	void (*work)(struct worker *me);
	struct page **slot; /* SLOTS; the low bits are the order */
} __attribute__((aligned(64)));

static struct worker workers[PORT_NR_CPUS];
static unsigned arrived __attribute__((aligned(64)));
static unsigned region __attribute__((aligned(64)));

/* All cores of the run, each with interrupts on and nothing else to do. */
static void barrier(unsigned cores)
{
	unsigned me = __atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL);
	unsigned all = (me + cores - 1) / cores * cores;

	while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < all)
		port_cpu_relax();
}

/* ---- the call, or the hole that it leaves ------------------------------------- */

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Arguments and result in r0 and r1, the other registers of a call lost. */
ALWAYS_INLINE uintptr_t no_call(uintptr_t a, uintptr_t b)
{
	register uintptr_t r0 __asm__("r0") = a;
	register uintptr_t r1 __asm__("r1") = b;

	__asm__ volatile("" : "+r"(r0), "+r"(r1) : : "r2", "r3", "r12", "lr", "cc", "memory");
	return r0;
}

ALWAYS_INLINE struct page *get(bool real, unsigned order, bool only0)
{
	if (!real)
		return (struct page *)no_call(GFP_KERNEL, order);
	return only0 ? alloc_page(GFP_KERNEL) : alloc_pages(GFP_KERNEL, order);
}

ALWAYS_INLINE void put(bool real, struct page *page, unsigned order, bool only0)
{
	if (!real)
		no_call((uintptr_t)page, order);
	else if (only0)
		__free_page(page);
	else
		__free_pages(page, order);
}

/* ---- the workloads --------------------------------------------------------------- */

ALWAYS_INLINE void hot(struct worker *me, bool real)
{
	struct page *held = alloc_page(GFP_KERNEL);

	for (unsigned i = 0; i < HOT_WARM; i++)
		put(real, get(real, 0, true), 0, true);
	barrier(me->cores);
	region_toggle();
	for (unsigned i = 0; i < HOT_PAIRS; i++)
		put(real, get(real, 0, true), 0, true);
	region_toggle();
	me->ops = 2 * HOT_PAIRS;
	barrier(me->cores);
	__free_page(held);
}

ALWAYS_INLINE void batch_rounds(struct worker *me, bool real, unsigned nr, unsigned rounds)
{
	struct page **slot = me->slot;

	while (rounds--) {
		for (unsigned i = 0; i < nr; i++)
			slot[i] = get(real, 0, true);
		for (unsigned i = 0; i < nr; i++)
			put(real, slot[i], 0, true);
	}
}

ALWAYS_INLINE void batch(struct worker *me, bool real, unsigned nr, unsigned rounds)
{
	batch_rounds(me, real, nr, 2);
	barrier(me->cores);
	region_toggle();
	batch_rounds(me, real, nr, rounds);
	region_toggle();
	me->ops = 2 * nr * rounds;
	barrier(me->cores);
}

/* Orders 0 to 4 in 60, 15, 10, 10 and 5 of 100. */
static const uint8_t orders[20] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4};

ALWAYS_INLINE void churn_ops(struct worker *me, bool real, unsigned ops)
{
	struct page **slot = me->slot;
	uint32_t r = me->seed;

	while (ops--) {
		struct page **s, *page;
		unsigned order;

		r ^= r << 13;
		r ^= r >> 17;
		r ^= r << 5;
		s = slot + r % SLOTS;
		page = *s;
		if (page) {
			order = (uintptr_t)page & 15;
			put(real, (struct page *)((uintptr_t)page - order), order, false);
			*s = NULL;
		} else {
			order = orders[(r >> 16) * 20 >> 16];
			page = get(real, order, false);
			if (page)
				*s = (struct page *)((uintptr_t)page + order);
			else
				me->lost++;
		}
	}
	me->seed = r;
}

ALWAYS_INLINE void churn(struct worker *me, bool real)
{
	memset(me->slot, 0, PAGE_SIZE << SLOTS_ORDER);
	churn_ops(me, real, CHURN_WARM);
	barrier(me->cores);
	region_toggle();
	churn_ops(me, real, CHURN_OPS);
	region_toggle();
	me->ops = CHURN_OPS;
	barrier(me->cores);
	for (unsigned i = 0; real && i < SLOTS; i++) {
		unsigned order = (uintptr_t)me->slot[i] & 15;

		if (me->slot[i])
			__free_pages((struct page *)((uintptr_t)me->slot[i] - order), order);
	}
}

static void hot_o0(struct worker *me)
{
	hot(me, true);
}

static void batch64_o0(struct worker *me)
{
	batch(me, true, 64, BATCH_ROUNDS);
}

static void batch4096_o0(struct worker *me)
{
	batch(me, true, SLOTS, LARGE_ROUNDS);
}

static void churn_mixed(struct worker *me)
{
	churn(me, true);
}

static void loop_hot_o0(struct worker *me)
{
	hot(me, false);
}

static void loop_batch64_o0(struct worker *me)
{
	batch(me, false, 64, BATCH_ROUNDS);
}

static void loop_batch4096_o0(struct worker *me)
{
	batch(me, false, SLOTS, LARGE_ROUNDS);
}

static void loop_churn_mixed(struct worker *me)
{
	churn(me, false);
}

#define CASE(name)                         \
	{#name, name},                     \
	{                                  \
		"loop_" #name, loop_##name \
	}
static const struct {
	const char *name;
	void (*work)(struct worker *me);
} cases[] = {
	CASE(hot_o0),
	CASE(batch64_o0),
	CASE(batch4096_o0),
	CASE(churn_mixed),
};

/* ---- running them ------------------------------------------------------------------ */

static void worker_run(void *arg)
{
	struct worker *me = arg;

	me->work(me);
	drain_local_pages();
}

/* On cores 0 to cores - 1: all that are online or the boot core alone. */
static void run(const char *name, void (*work)(struct worker *me), unsigned cores)
{
	arrived = 0;
	for (unsigned cpu = 0; cpu < cores; cpu++) {
		workers[cpu].work = work;
		workers[cpu].cores = cores;
		workers[cpu].seed = 2463534242u + cpu * 2654435769u;
	}
	for (unsigned cpu = 1; cpu < cores; cpu++)
		smp_call(cpu, worker_run, &workers[cpu]);
	worker_run(&workers[0]);
	for (unsigned cpu = 1; cpu < cores; cpu++)
		smp_wait(cpu);
	drain_all_pages();
	printf("bench-smp: region=%u case=%s cores=%u ops=%u\n", region++, name, cores,
	       workers[0].ops);
}

int bench_smp(void)
{
	unsigned cores = smp_nr_online(), lost = 0;
	unsigned long before;

	/* No ticks: a core without work sleeps. */
	smp_set_tick(0);
	if (smp_online_mask() != (1u << cores) - 1) {
		printf("bench-smp: the cores online have gaps in their numbers\n");
		return 1;
	}
	for (unsigned cpu = 0; cpu < cores; cpu++) {
		workers[cpu].slot = __get_free_pages(GFP_KERNEL, SLOTS_ORDER);
		if (!workers[cpu].slot)
			return 1;
	}
	drain_all_pages();
	before = nr_free_pages();
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		run(cases[i].name, cases[i].work, 1);
		if (cores > 1)
			run(cases[i].name, cases[i].work, cores);
	}
	for (unsigned cpu = 0; cpu < cores; cpu++)
		lost += workers[cpu].lost;
	if (lost || nr_free_pages() != before || mm_check_quiet()) {
		printf("bench-smp: %u requests lost, %lu pages free, %lu before\n", lost,
		       nr_free_pages(), before);
		return 1;
	}
	printf("bench-smp: end\n");
	return 0;
}
