// SPDX-License-Identifier: MIT
/*
 * port_selftest_cpus - what several CPUs find out about the port together, and what an
 * interrupt handler does.  See buddy/port_selftest.h.
 *
 * State: `selftest`, the run's (port_selftest.h), under its barriers.
 *
 * Interrupts are off in percpu_is_own() while CPUs wait for one another: their per-CPU
 * pointers are the test's then.
 *
 * Not here: what one CPU finds by itself (port_selftest.c).
 */
#include <mm/port_selftest.h>

#if !BUDDY_TINY

/* Rounds of port_cpu_relax() after which somebody who is waited for does not come. */
#ifndef PORT_SELFTEST_PATIENCE
#define PORT_SELFTEST_PATIENCE 50000000U
#endif

#define LOCK_TURNS 10000
#define HOLD	   20 /* rounds in which somebody who is not kept out comes in */

/* All of them arrive before any goes on; false: somebody does not. */
static bool meet(unsigned nr_cpus)
{
	uint32_t ticket = __atomic_fetch_add(&selftest.arrived, 1, __ATOMIC_ACQ_REL);
	uint32_t target = ticket - ticket % nr_cpus + nr_cpus, seen = ticket + 1, now;
	unsigned rounds = 0;

	while ((now = __atomic_load_n(&selftest.arrived, __ATOMIC_ACQUIRE)) < target) {
		if (now != seen)
			rounds = 0;
		seen = now;
		if (++rounds > PORT_SELFTEST_PATIENCE)
			__atomic_store_n(&selftest.lost, 1, __ATOMIC_RELAXED);
		if (__atomic_load_n(&selftest.lost, __ATOMIC_RELAXED))
			return false;
		port_cpu_relax();
	}
	return true;
}

/* What each CPU says of itself, compared with those before it. */
static bool cpu_differs(unsigned cpu)
{
	bool differs = selftest_expect_number(selftest.id_of[cpu], cpu, "port_cpu_id()",
					      "the number of this CPU");

	for (unsigned other = 0; PORT_NR_CPUS > 1 && other < cpu; other++) {
		if (selftest.id_of[other] == selftest.id_of[cpu]) {
			port_log("port self-test: port_cpu_id(): %u on CPU %u and on CPU %u; "
				 "expected: one number for each\n",
				 selftest.id_of[cpu], other, cpu);
			selftest_count();
			differs = false;
		}
		selftest_expect(selftest.task_scope[other] != selftest.task_scope[cpu],
				"port_alloc_scope()", "tasks of two CPUs share one scope",
				"one for each task");
	}
	return differs;
}

/*
 * Does each keep its own pointer while the others set theirs?  Nobody sets one before all
 * know what they have to put back.
 */
static bool percpu_is_own(unsigned cpu, unsigned nr_cpus)
{
	static char marks[PORT_NR_CPUS];
	port_irqflags_t flags = port_irq_save();
	void *before = port_percpu(), *seen = NULL;
	bool all = meet(nr_cpus);

	if (all) {
		port_set_percpu(&marks[cpu]);
		all = meet(nr_cpus);
		seen = port_percpu();
		all = all && meet(nr_cpus);
		port_set_percpu(before);
	}
	port_irq_restore(flags);
	return all && selftest_expect(seen == &marks[cpu], "port_percpu()",
				      "another CPU's port_set_percpu() changed it",
				      "each CPU has its own pointer");
}

static void compete(void)
{
	for (unsigned turn = 0; turn < LOCK_TURNS; turn++) {
		port_irqflags_t flags = port_irq_save();
		uint32_t seen;

		port_spin_lock(&selftest.lock);
		if (__atomic_fetch_add(&selftest.inside, 1, __ATOMIC_RELAXED))
			__atomic_store_n(&selftest.intruded, 1, __ATOMIC_RELAXED);
		seen = READ_ONCE(selftest.turns);
		/* Now and then long enough for a whole turn of somebody else's. */
		if (turn % 64 == 0)
			for (unsigned i = 0; i < HOLD; i++)
				port_cpu_relax();
		WRITE_ONCE(selftest.turns, seen + 1);
		__atomic_fetch_sub(&selftest.inside, 1, __ATOMIC_RELAXED);
		port_spin_unlock(&selftest.lock);
		port_irq_restore(flags);
	}
}

/* False: it ends here for all CPUs, as somebody did not come. */
static bool meet_and_compete(unsigned cpu, unsigned nr_cpus)
{
	if (!meet(nr_cpus))
		return false;
	if (!__atomic_load_n(&selftest.unfit, __ATOMIC_RELAXED) && !cpu_differs(cpu))
		__atomic_store_n(&selftest.unfit, 1, __ATOMIC_RELAXED);
	if (!meet(nr_cpus))
		return false;
	/* One whose lock or number is wrong has no business among the others. */
	if (__atomic_load_n(&selftest.unfit, __ATOMIC_RELAXED))
		return true;
	percpu_is_own(cpu, nr_cpus);
	if (!meet(nr_cpus))
		return false;
	compete();
	if (!meet(nr_cpus))
		return false;
	if (cpu == 0 && (selftest.intruded || selftest.turns != LOCK_TURNS * nr_cpus)) {
		port_log("port self-test: port_spin_lock(): %lu of %lu turns were counted, %s; "
			 "expected: one CPU at a time\n",
			 (unsigned long)selftest.turns, (unsigned long)LOCK_TURNS * nr_cpus,
			 selftest.intruded ? "two CPUs were inside at once" : "some were lost");
		selftest_count();
	}
	return meet(nr_cpus);
}

unsigned buddy_port_selftest_cpu(unsigned cpu, unsigned nr_cpus)
{
	const struct alloc_scope *scope = NULL;

	if (selftest_expect(cpu < nr_cpus && nr_cpus <= PORT_NR_CPUS, "buddy_port_selftest_cpu()",
			    "arguments that cannot be",
			    "cpu below nr_cpus, which is at most PORT_NR_CPUS")) {
		if (!selftest_one_cpu(&scope)) {
			__atomic_store_n(&selftest.unfit, 1, __ATOMIC_RELAXED);
		} else {
			selftest.id_of[cpu] = selftest_own_id();
			selftest.task_scope[cpu] = scope;
		}
		if (!meet_and_compete(cpu, nr_cpus))
			selftest_failed("buddy_port_selftest_cpu()",
					"not all of nr_cpus CPUs came in time",
					"each calls it once, at about the same time");
	}
	return buddy_port_selftest_failures();
}

unsigned buddy_port_selftest_irq(void)
{
	const struct alloc_scope *scope = port_alloc_scope();

	if (selftest_interrupts(port_irqs_disabled()))
		selftest_cpu_id();
	selftest_expect(scope != NULL, "port_alloc_scope()", "NULL in an interrupt handler",
			"a scope of this CPU's handlers");
	for (unsigned cpu = 0; scope && cpu < PORT_NR_CPUS; cpu++)
		selftest_expect(scope != selftest.task_scope[cpu], "port_alloc_scope()",
				"an interrupt handler has the scope of a task",
				"one that belongs to this CPU's handlers");
	return buddy_port_selftest_failures();
}

#endif /* !BUDDY_TINY */
