// SPDX-License-Identifier: MIT
/*
 * bench_host - the pthread port: throughput of two threads over one.
 *
 * Pairs of order 0 (one block held), and churn of mixed orders as on the target.
 * The ratio is of interest, not the time: port/host checks every rule of the
 * contract on its way, and an operation costs several times what it costs
 * on the target.  One and two threads take turns, RUNS times, and the median counts.
 *
 * The machine may be busy with other things: `cpu` is the share of the time in
 * which the threads really ran, and `scaling` of a run with little of it says
 * nothing.  `scaling_cpu` counts CPU time instead: as if each thread had a CPU of
 * its own, but what a thread sleeps while it waits for a lock is lost to it.
 *
 * Out, CSV: case,threads,ops,ns,cpu,scaling,scaling_cpu; ns per operation (alloc
 * or free) of one thread.  The case `machine` allocates nothing: it is what two
 * threads that share nothing reach, less than 2 where two CPUs are one core's.
 *
 * State: struct worker, one a thread.  Not here: the port's own costs and rules
 * (port/host).
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <buddy/buddy.h>

#include "port/host/host.h"

#define THREADS	    2
#define RUNS	    5
#define RAM_BASE    0x60000000u
#define RAM_BYTES   (512u << 20)
#define PAIRS	    4000000u
#define CHURN_WARM  20000u
#define CHURN_OPS   4000000u
#define SLOTS	    4096u
#define MACHINE_OPS 20000000u

struct worker {
	unsigned cpu;
	unsigned lost;
	uint32_t seed;
	uint64_t ns, cpu_ns;
	void (*work)(struct worker *me);
	pthread_t thread;
	struct page *slot[SLOTS];
	uint8_t order[SLOTS];
} __attribute__((aligned(128)));

static struct worker workers[THREADS];
static pthread_barrier_t start;

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void clock_start(struct worker *me)
{
	pthread_barrier_wait(&start);
	me->cpu_ns = now(CLOCK_THREAD_CPUTIME_ID);
	me->ns = now(CLOCK_MONOTONIC);
}

static void clock_stop(struct worker *me)
{
	me->ns = now(CLOCK_MONOTONIC) - me->ns;
	me->cpu_ns = now(CLOCK_THREAD_CPUTIME_ID) - me->cpu_ns;
	pthread_barrier_wait(&start);
}

static void hot(struct worker *me)
{
	struct page *held = alloc_page(GFP_KERNEL);

	clock_start(me);
	for (unsigned i = 0; i < PAIRS; i++) {
		struct page *page = alloc_page(GFP_KERNEL);

		me->lost += !page;
		__free_page(page);
	}
	clock_stop(me);
	__free_page(held);
}

/* Orders 0 to 4 in 60, 15, 10, 10 and 5 of 100. */
static const uint8_t orders[20] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4};

static void churn_ops(struct worker *me, unsigned ops)
{
	uint32_t r = me->seed;

	while (ops--) {
		unsigned s;

		r ^= r << 13;
		r ^= r >> 17;
		r ^= r << 5;
		s = r % SLOTS;
		if (me->slot[s]) {
			__free_pages(me->slot[s], me->order[s]);
			me->slot[s] = NULL;
		} else {
			me->order[s] = orders[(r >> 16) * 20 >> 16];
			me->slot[s] = alloc_pages(GFP_KERNEL, me->order[s]);
			me->lost += !me->slot[s];
		}
	}
	me->seed = r;
}

static void churn(struct worker *me)
{
	memset(me->slot, 0, sizeof(me->slot));
	churn_ops(me, CHURN_WARM);
	clock_start(me);
	churn_ops(me, CHURN_OPS);
	clock_stop(me);
	for (unsigned s = 0; s < SLOTS; s++)
		if (me->slot[s])
			__free_pages(me->slot[s], me->order[s]);
}

static void machine(struct worker *me)
{
	volatile uint8_t *order = me->order;
	uint32_t r = me->seed;

	clock_start(me);
	for (unsigned i = 0; i < MACHINE_OPS; i++) {
		r ^= r << 13;
		r ^= r >> 17;
		r ^= r << 5;
		order[r % SLOTS]++;
	}
	clock_stop(me);
}

static const struct {
	const char *name;
	void (*work)(struct worker *me);
	unsigned ops;
} cases[] = {
	{"hot_o0", hot, 2 * PAIRS},
	{"churn_mixed", churn, CHURN_OPS},
	{"machine", machine, MACHINE_OPS},
};

static void *thread(void *arg)
{
	struct worker *me = arg;

	if (me->cpu)
		host_cpu_enter(me->cpu);
	if (mm_init_cpu(me->cpu))
		abort();
	me->work(me);
	drain_local_pages();
	if (me->cpu)
		host_cpu_exit();
	return NULL;
}

struct result {
	double rate;	 /* operations per ns, of all threads together */
	double cpu_rate; /* the same by CPU time */
	double ns;	 /* per operation of one thread */
	double share;	 /* of it spent on a CPU */
};

static struct result run(void (*work)(struct worker *me), unsigned ops, unsigned threads)
{
	struct result r = {0};
	double all = 0, cpu = 0;

	pthread_barrier_init(&start, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		workers[i].cpu = i;
		workers[i].work = work;
		workers[i].seed = 2463534242u + i * 2654435769u;
	}
	for (unsigned i = 1; i < threads; i++)
		if (pthread_create(&workers[i].thread, NULL, thread, &workers[i]))
			abort();
	thread(&workers[0]); /* the main thread is CPU 0 */
	for (unsigned i = 1; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_barrier_destroy(&start);
	for (unsigned i = 0; i < threads; i++) {
		r.rate += (double)ops / (double)workers[i].ns;
		r.cpu_rate += (double)ops / (double)workers[i].cpu_ns;
		all += (double)workers[i].ns;
		cpu += (double)workers[i].cpu_ns;
	}
	r.ns = all / ops / threads;
	r.share = cpu / all;
	return r;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v)
{
	qsort(v, RUNS, sizeof(*v), ascending);
	return v[RUNS / 2];
}

int main(void)
{
	unsigned lost = 0;

	host_cpu_reset();
	host_map_phys(RAM_BASE, RAM_BYTES);
	if (memblock_add(RAM_BASE, RAM_BYTES, 0) ||
	    mm_init(&(struct mm_limits){.nr_cpus = THREADS}) || mm_init_cpu(0)) {
		fprintf(stderr, "bench_host: the allocator does not start\n%s", host_log_text());
		return 1;
	}
	printf("case,threads,ops,ns,cpu,scaling,scaling_cpu\n");
	for (unsigned c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		double ns[2][RUNS], share[2][RUNS], x[RUNS], cpu_x[RUNS];

		for (unsigned i = 0; i < RUNS; i++) {
			struct result one = run(cases[c].work, cases[c].ops, 1);
			struct result two = run(cases[c].work, cases[c].ops, THREADS);

			ns[0][i] = one.ns;
			ns[1][i] = two.ns;
			share[0][i] = one.share;
			share[1][i] = two.share;
			x[i] = two.rate / one.rate;
			cpu_x[i] = two.cpu_rate / one.cpu_rate;
		}
		printf("%s,1,%u,%.1f,%.2f,1.00,1.00\n", cases[c].name, cases[c].ops, median(ns[0]),
		       median(share[0]));
		printf("%s,%d,%u,%.1f,%.2f,%.2f,%.2f\n", cases[c].name, THREADS, cases[c].ops,
		       median(ns[1]), median(share[1]), median(x), median(cpu_x));
	}
	for (unsigned i = 0; i < THREADS; i++)
		lost += workers[i].lost;
	if (lost || mm_check_quiet()) {
		fprintf(stderr, "bench_host: %u requests lost\n%s", lost, host_log_text());
		return 1;
	}
	return 0;
}
