// SPDX-License-Identifier: MIT
/*
 * The fixture on the target: one allocator, alive since the boot, from which
 * each case takes and to which it gives everything back; cores that sit idle until a
 * case wants them.
 *
 * State: the job of run_on_cpus(), one at a time, the boot core's.
 */
#include <stddef.h>

#include <boot/smp.h>

#include "fixture.h"
#include "fixture_priv.h"
#include "tap.h"

void fixture_begin(void)
{
	fixture_count();
}

void fixture_settle(void)
{
	tick_hook = NULL;
}

/* There is no sanitizer to tell. */
void unpoison_block(struct page *page, unsigned order)
{
}

void poison_block(struct page *page, unsigned order)
{
}

/* ---- CPUs ------------------------------------------------------------ */

struct job {
	unsigned nr; /* of those that take part */
	unsigned core;
	void (*fn)(unsigned cpu, void *arg);
	void *arg;
};

static struct job job[PORT_NR_CPUS];

/* Cores may be numbered with gaps: tests count them without. */
static unsigned nth_core(unsigned nr)
{
	for (unsigned core = 0; core < PORT_NR_CPUS; core++)
		if (smp_online(core) && !nr--)
			return core;
	return 0;
}

unsigned test_nr_cpus(void)
{
	return smp_nr_online();
}

static void run_job(void *arg)
{
	struct job *j = arg;

	j->fn(j->nr, j->arg);
}

void run_on_cpus(unsigned nr, void (*fn)(unsigned cpu, void *arg), void *arg)
{
	for (unsigned i = 1; i < nr; i++) {
		job[i] = (struct job){.nr = i, .core = nth_core(i), .fn = fn, .arg = arg};
		CHECK(smp_call(job[i].core, run_job, &job[i]));
	}
	fn(0, arg);
	for (unsigned i = 1; i < nr; i++)
		smp_wait(job[i].core);
}

void test_idle(void)
{
	port_cpu_relax();
}
