/* SPDX-License-Identifier: MIT */
/*
 * What one CPU of a stress test has: blocks with a mark in each, a generator, and an
 * interrupt handler with blocks of its own.
 */
#ifndef TESTS_WORKER_H
#define TESTS_WORKER_H

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

#define SLOTS 48
#define BOXES 8

struct block {
	struct page *page;
	uint32_t pattern;
	unsigned order;
	bool light;
};

struct worker {
	struct rng rng;
	struct block slot[SLOTS];
	struct rng irq_rng;
	struct block irq_slot[4];
	unsigned irqs;
	bool in_case; /* interrupts find something to do */
	bool light;   /* mark the descriptor only: more of the allocator in fewer instructions */
	unsigned long allocs, failures;
} __attribute__((aligned(64)));

extern struct block *mailbox[BOXES];
extern struct test_barrier barrier;
extern unsigned nr_cpus;
extern unsigned long ops;

gfp_t random_gfp(struct rng *r);
unsigned random_order(struct rng *r);

/* The block says whose it is, and that it still is. */
void mark(struct block *b);
bool is_marked(const struct block *b);

bool fill_slot(struct worker *w, struct block *b, struct rng *r, gfp_t gfp, unsigned order);
void empty_slot(struct block *b);

/*
 * On each CPU, before and after what it does.  irqs: its interrupts allocate and free, too.
 */
struct worker *begin(unsigned cpu, bool irqs);
void finish(struct worker *w);

/* Runs fn on all CPUs with so many operations each: option ops through scale. */
void on_all(void (*fn)(unsigned cpu, void *arg), unsigned long scale);

#endif /* TESTS_WORKER_H */
