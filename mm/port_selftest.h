/* SPDX-License-Identifier: MIT */
/* What the halves of the port's self-test share: the run's state, how a mistake is told. */
#ifndef MM_PORT_SELFTEST_H
#define MM_PORT_SELFTEST_H

#include <buddy/port_selftest.h>

#include <mm/internal.h>

/*
 * The run's.  failures, arrived, lost, unfit, inside and intruded are atomic; id_of[] and
 * task_scope[] are each entry's CPU's, read by others after the barrier that follows; turns
 * is what the lock under test guards.
 */
struct selftest_state {
	uint32_t failures;
	uint32_t arrived; /* at barriers, all CPUs together */
	uint32_t lost;	  /* somebody waited in vain */
	uint32_t unfit;	  /* a CPU is too broken to compete with the others */
	uint32_t inside;  /* CPUs that hold the lock at this moment */
	uint32_t intruded;
	struct port_spinlock lock;
	uint32_t turns;
	unsigned id_of[PORT_NR_CPUS]; /* what CPU n takes itself for */
	const struct alloc_scope *task_scope[PORT_NR_CPUS];
};

extern struct selftest_state selftest;

/* One mistake, where no line below fits. */
void selftest_count(void);
void selftest_failed(const char *function, const char *seen, const char *expected);
/* Both return whether it holds. */
bool selftest_expect(bool holds, const char *function, const char *seen, const char *expected);
bool selftest_expect_number(unsigned long seen, unsigned long expected, const char *function,
			    const char *what);

/* Saves and restores within one another; before: interrupts are off already. */
bool selftest_interrupts(bool before);
bool selftest_cpu_id(void);
unsigned selftest_own_id(void);
/* True: whoever relies on interrupts, number, pointer and lock of this CPU may go on. */
bool selftest_one_cpu(const struct alloc_scope **scope);

#endif /* MM_PORT_SELFTEST_H */
