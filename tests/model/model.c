// SPDX-License-Identifier: MIT
/*
 * The model test: random operations on the real allocator beside a trivial one.
 *
 *	model seed=1 runs=20 ops=100000 irq=0
 *
 * Each run makes up a memory and a start from its seed (seed, seed + 1, ...), plays
 * `ops` operations as one to four CPUs, gives everything back and expects the
 * state of the start.  A run that fails prints how to run it again, alone:
 * the same seed gives the same run on every machine.  irq=N: every Nth run has
 * simulated interrupts that allocate and free (0: none).
 *
 * State: the generators, and the interrupt handler's table of blocks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mm/internal.h>

#include "model.h"

struct block irq_live[IRQ_MAX];
struct rng rng;
static struct rng irq_rng;
unsigned irq_rate;

/* ---- interrupts ---------------------------------------------------------- */

static void irq_handler(unsigned cpu)
{
	struct block *b = &irq_live[rng_below(&irq_rng, IRQ_MAX)];

	(void)cpu;
	if (b->page) {
		struct page *page = b->page;

		CHECK(verify_block(page, b->order, b->pattern));
		b->page = NULL;
		ref_give(page_to_pfn(page), b->order);
		__free_pages(page, b->order);
		return;
	}
	b->order = (uint8_t)(rng_below(&irq_rng, 4) ? 0 : rng_below(&irq_rng, NR_ORDERS));
	b->page = alloc_pages((rng_below(&irq_rng, 2) ? GFP_ATOMIC : GFP_NOWAIT) | __GFP_NOWARN,
			      b->order);
	if (!b->page)
		return;
	ref_take(page_to_pfn(b->page), b->order);
	b->pattern = rng_next(&irq_rng);
	fill_block(b->page, b->order, b->pattern);
}

static void set_irq(unsigned rate, unsigned cpu)
{
	/* before the first window of this CPU in this run, at each switch */
	host_irq_set_rate(rate, rng_next(&rng) + cpu);
}

/* ---- a run ------------------------------------------------------------------ */

static void play(unsigned long ops, unsigned nr_cpus)
{
	unsigned cpu = 0;
	unsigned pressure = 50;

	for (unsigned long i = 0; i < ops && !test_has_failed(); i++) {
		unsigned what = rng_below(&rng, 1000);

		if (i % 4096 == 0) /* waves: mostly filling, mostly emptying */
			pressure = 30 + rng_below(&rng, 40);
		if (what < 845) {
			if (what % 100 < pressure)
				op_alloc();
			else
				op_free();
		} else if (what < 850) {
			op_exact();
		} else if (what < 855) {
			op_list();
		} else if (what < 860) {
			op_split();
		} else if (what < 870) {
			op_bulk_free();
		} else if (what < 880) {
			op_bulk();
		} else if (what < 930) {
			op_wrong_free();
		} else if (what < 935) {
			op_wrong_alloc();
		} else if (what < 970) {
			op_ref();
		} else if (what < 972) {
			op_drain();
		} else if (nr_cpus > 1) {
			cpu = rng_below(&rng, nr_cpus);
			host_irq_set_rate(0, 1);
			play_cpu(cpu);
			set_irq(irq_rate, cpu);
		}
		if (i % 64 == 0)
			ref_check_sum();
		if (i % 8192 == 0) {
			CHECK_EQ(mm_check(), 0);
			host_irq_hold(true);
			CHECK_EQ(mm_check_quiet(), 0);
			host_irq_hold(false);
			host_log_clear();
		}
	}
}

static void end_run(const struct ref_shape *start_shape)
{
	struct ref_shape end_shape;

	host_irq_set_rate(0, 1);
	while (nr_live && !test_has_failed())
		give_back(&live[nr_live - 1]);
	for (unsigned i = 0; i < IRQ_MAX; i++)
		if (irq_live[i].page) {
			ref_give(page_to_pfn(irq_live[i].page), irq_live[i].order);
			__free_pages(irq_live[i].page, irq_live[i].order);
			irq_live[i].page = NULL;
		}
	deferred_init();
	drain_all_pages();
	ref_give_up_reserves();
	CHECK_EQ(nr_pcp_pages(), 0);
	CHECK_EQ(nr_free_pages(), ref_managed);
	CHECK_EQ(vm_events(PGACCOUNT), vm_events(PGUNACCOUNT));
	CHECK_EQ(mm_unusual, ref_unusual());
	ref_check_zones();
	ref_take_shape(&end_shape);
	CHECK(!memcmp(start_shape, &end_shape, sizeof(end_shape)));
	CHECK_EQ(mm_check_quiet(), 0);
	if (test_has_failed())
		printf("# %s", host_log_text());
}

/* True if the memory was large enough to play in. */
static bool run(uint32_t seed, unsigned long ops, bool irqs)
{
	struct ref_shape shape;
	phys_addr_t size;
	bool deferred;
	int ret;

	rng = rng_seed(seed);
	irq_rng = rng_seed(~seed);
	nr_live = 0;
	nr_stale = 0;
	memset(irq_live, 0, sizeof(irq_live));
	ref_make_geometry(&rng);
	ref_make_policy(&rng);
	deferred = mm_policy.deferred;
	mm_policy.deferred = false;
	map_geometry(&ref_geometry);
	size = memblock_reserved_size();
	ret = start_mm(&ref_geometry.limits);
	if (ret) {
		/* refused as a whole, with a line, and memblock as it was */
		CHECK(ret == -12 || ret == -22);
		CHECK(!memblock_is_closed());
		CHECK_EQ(memblock_reserved_size(), size);
		CHECK(host_log_lines() > 0);
		return false;
	}
	ref_learn();
	ref_check_zones();
	ref_take_shape(&shape);
	CHECK_EQ(mm_check_quiet(), 0);
	if (deferred) {
		/* once more, to end as this one began */
		mm_policy.deferred = true;
		CHECK_EQ(start(&ref_geometry), 0);
		ref_learn();
		CHECK_EQ(mm_check_quiet(), 0);
	}
	irq_rate = irqs ? 3 + rng_below(&rng, 40) : 0;
	host_irq_set_handler(irq_handler);
	set_irq(irq_rate, 0);
	play(ops, ref_geometry.limits.nr_cpus);
	end_run(&shape);
	return true;
}

static char **args;

unsigned long test_option(const char *name, unsigned long dflt)
{
	size_t n = strlen(name);

	for (char **a = args; *a; a++) {
		const char *arg = *a + strspn(*a, "-");

		if (!strncmp(arg, name, n) && arg[n] == '=')
			return strtoul(arg + n + 1, NULL, 0);
	}
	return dflt;
}

/* The harness's hooks around cases are not used here: a run starts and ends itself. */
int main(int argc, char **argv)
{
	unsigned long seed, runs, ops, irq, bad = 0, played = 0;

	(void)argc;
	args = argv + 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = test_option("seed", 1);
	runs = test_option("runs", 1);
	ops = test_option("ops", 100000);
	irq = test_option("irq", 3);
	printf("TAP version 13\n1..%lu\n", runs + 1);
	for (unsigned long i = 0; i < runs; i++) {
		uint32_t s = (uint32_t)(seed + i);
		bool did;

		test_begin();
		did = run(s, ops, irq && s % irq == 0);
		played += did;
		printf("%s %lu - model: seed %u%s\n", test_has_failed() ? "not ok" : "ok", i + 1,
		       (unsigned)s, did ? "" : ", start refused");
		if (test_has_failed()) {
			printf("# again: %s seed=%u ops=%lu irq=%lu\n", argv[0], (unsigned)s, ops,
			       irq);
			bad++;
		}
	}
	/* a generator that makes memories nobody can start in would test nothing */
	printf("%s %lu - model: %lu of %lu memories were played in\n",
	       played * 4 >= runs * 3 ? "ok" : "not ok", runs + 1, played, runs);
	bad += played * 4 < runs * 3;
	printf("# closing: %lu runs of %lu operations, %lu failed\n", runs, ops, bad);
	return bad != 0;
}
