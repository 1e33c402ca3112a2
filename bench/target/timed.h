/* SPDX-License-Identifier: MIT */
/*
 * Counting the instructions of one call.
 *
 * Under QEMU's `-icount shift=7` an executed instruction is 128 ns of virtual
 * time and the A9's global timer ticks every 10 ns, so that
 *
 *	instructions = (ticks * 10 + 64) >> 7
 *
 * is exact to the single instruction; what the two readings cost themselves is
 * measured and taken off.  The branch that calls is counted, as is the return:
 * a function that only returns costs 2.
 *
 * Where time is not made of instructions (a real board, QEMU without -icount)
 * timed_init() notices, and all figures are nanoseconds.
 */
#ifndef BENCH_TIMED_H
#define BENCH_TIMED_H

#include <stdbool.h>
#include <stdint.h>

/* Laid out for timed_call.S. */
struct timed {
	void *fn;
	uintptr_t arg[3];
	uintptr_t ret;
	uintptr_t timer; /* address of the global timer's low word */
};

/*
 * Ticks from just before the call to just after it; of nothing; two functions of known
 * length.
 */
uint32_t timed_call(struct timed *t);
uint32_t timed_nothing(struct timed *t);
void timed_1001(void);
void timed_1(void);

/* Measures the readings' own cost.  True: figures are exact instruction counts. */
bool timed_init(void);

/* Instructions (or ns) of a span of the global timer, the readings' cost included. */
uint32_t timed_units(uint64_t ticks);

/*
 * fn(a0, a1, a2), interrupts off: what it cost, and in *ret what it returned.  timed_open():
 * interrupts on, for what does nothing without; there are none, the tick being off.
 */
uint32_t timed(void *fn, uintptr_t a0, uintptr_t a1, uintptr_t a2, uintptr_t *ret);
uint32_t timed_open(void *fn, uintptr_t a0, uintptr_t a1, uintptr_t a2, uintptr_t *ret);

#endif /* BENCH_TIMED_H */
