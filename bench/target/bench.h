/* SPDX-License-Identifier: MIT */
/*
 * The measuring programs of the image: mode=bench, and bench=NAME for another
 * than the first.  Each returns the image's exit status.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>

#include <buddy/gfp.h>

int bench_main(void);	/* instructions of every operation, and dispatch by bench= */
int bench_smp(void);	/* bench=smp: for the memory model, on one core and on all */
int bench_irqoff(void); /* bench=irqoff: for the plugin that looks for the longest stretch */

/*
 * compact.c: bench=compact and bench=case35, whose slots are as many as there are pages;
 * and what bench=irqoff uses of it.
 */
void bench_compact(struct page **slots);
bool bench_case35(struct page **slots); /* false: less than 512 MiB */
unsigned compact_checkerboard(struct page **slots);
void compact_drop_all(unsigned nr);
unsigned compact_take(gfp_t gfp, unsigned order, unsigned most, struct page **blocks);
void compact_give(struct page *blocks, unsigned order);

/* A part of the first: pages that are got back.  slots: nr pointers that are free to use. */
void bench_reclaim(struct page **slots, unsigned nr);

/*
 * Another: requests that fail after everything was tried.  slots: as many as there are pages.
 * How many were served, and should not have been.
 */
unsigned bench_slow(struct page **slots);

/*
 * slab.c, bench=slab: objects; place: 1,024 pointers that are free to use.  How many requests
 * failed.  prepare: what it leaves behind, before pages are counted.
 */
void bench_slab_prepare(void);
unsigned bench_slab(void **place);

#endif /* BENCH_BENCH_H */
