/* SPDX-License-Identifier: MIT */
/*
 * The measuring programs of the image: mode=bench, and bench=NAME for another
 * than the first.  Each returns the image's exit status.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

int bench_main(void);	/* instructions of every operation, and dispatch by bench= */
int bench_smp(void);	/* bench=smp: for the memory model, on one core and on all */
int bench_irqoff(void); /* bench=irqoff: for the plugin that looks for the longest stretch */

struct page;
/* A part of the first: pages that are got back.  slots: nr pointers that are free to use. */
void bench_reclaim(struct page **slots, unsigned nr);

#endif /* BENCH_BENCH_H */
