// SPDX-License-Identifier: MIT
/*
 * run_on_cpus() with threads: the calling thread is CPU 0 and takes part, the
 * others are started for each run, become CPUs, and go offline at the end.
 *
 * State: none between runs.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"
#include "fixture_priv.h"
#include "tap.h"

struct job {
	pthread_t thread;
	unsigned cpu;
	void (*fn)(unsigned cpu, void *arg);
	void *arg;
	unsigned *running;
};

unsigned test_nr_cpus(void)
{
	return PORT_NR_CPUS;
}

static void *run_job(void *arg)
{
	struct job *job = arg;

	host_cpu_enter(job->cpu);
	init_this_cpu(job->cpu);
	job->fn(job->cpu, job->arg);
	/* its cache must stay reachable while others still run */
	__atomic_sub_fetch(job->running, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(job->running, __ATOMIC_ACQUIRE))
		host_cpu_idle();
	host_cpu_exit();
	return NULL;
}

void run_on_cpus(unsigned nr, void (*fn)(unsigned cpu, void *arg), void *arg)
{
	struct job job[PORT_NR_CPUS];
	unsigned running = nr;

	for (unsigned cpu = 1; cpu < nr; cpu++) {
		job[cpu] = (struct job){.cpu = cpu, .fn = fn, .arg = arg, .running = &running};
		if (pthread_create(&job[cpu].thread, NULL, run_job, &job[cpu])) {
			printf("Bail out! no thread for CPU %u\n", cpu);
			exit(1);
		}
	}
	fn(0, arg);
	__atomic_sub_fetch(&running, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&running, __ATOMIC_ACQUIRE))
		host_cpu_idle();
	for (unsigned cpu = 1; cpu < nr; cpu++)
		pthread_join(job[cpu].thread, NULL);
	/* threads gone, their caches are still there: reachable through this thread */
	for (unsigned cpu = 1; cpu < nr; cpu++)
		atomic_store(&host_cpus[cpu].mode, HOST_CPU_VIRTUAL);
}

void test_idle(void)
{
	host_cpu_idle();
}
