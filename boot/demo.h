/* SPDX-License-Identifier: MIT */
/*
 * demo - all cores allocate and free at once, and everything is checked.
 *
 *	int status = demo_run(&(struct demo_options){ .ops = 25000, .seed = 1 });
 *
 * Every core runs a seeded random mix: all orders, mobilities and gfp flags,
 * single and bulk, blocks handed from core to core, and from the timer
 * interrupt.  Every block is filled with a pattern that is verified before it
 * is freed.  At the end everything is freed and the allocator must be what it
 * was: all pages back, every zone merged to the same blocks, mm_check() whole.
 */
#ifndef BOOT_DEMO_H
#define BOOT_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#define DEMO_DEFAULT_OPS  25000U
#define DEMO_DEFAULT_SEED 0x5eedU

struct demo_options {
	uint32_t ops;	/* operations per core; 0: DEMO_DEFAULT_OPS */
	uint32_t seed;	/* the same seed gives each core the same mix; 0: DEMO_DEFAULT_SEED */
	bool terminal;	/* progress as a line that is rewritten; else as a few plain lines */
	bool no_misuse; /* leave out the policies and the deliberate mistakes at the end */
	bool quiet;	/* nothing on the console unless it fails */
};

/*
 * Runs it; 0, or -1 after a line that says why not ("demo: FAIL (...)").  On
 * the boot core, interrupts on, the other cores idle, nobody else allocating.
 */
int demo_run(const struct demo_options *options);

/*
 * The same with each request of it made to fail in turn, by fail_page_alloc (buddy/debug.h): the first, the second,
 * and so on until there is no such request.  Every page has to come back each time.  0, or -1.
 */
int demo_fail_each(const struct demo_options *options);

/* With what the bootargs say: demo.ops=, seed=; demo.fail: each request fails in turn. */
int demo_main(void);

/* The policies alone, on this core: NULL, or what was wrong. */
const char *demo_policies(void);

/*
 * The deliberate mistakes alone: each must be refused and reported, and leave
 * the allocator as it was.  Returns how many were not; prints a line for each.
 * Nobody else may allocate meanwhile.
 */
unsigned demo_misuse(void);

#endif /* BOOT_DEMO_H */
