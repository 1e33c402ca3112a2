/* SPDX-License-Identifier: MIT */
/*
 * demo_core - what one core does in the demonstration; demo.c is its director.
 *
 * Needs nothing but the allocator, so that a test can run it on host threads.
 */
#ifndef BOOT_DEMO_CORE_H
#define BOOT_DEMO_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include <buddy/gfp.h>
#include <port/port.h>

#define DEMO_SLOTS     128 /* blocks that a core holds at most */
#define DEMO_IRQ_SLOTS 8   /* and its interrupt handler */
#define DEMO_BULK      32  /* pages of one bulk request at most */
#define DEMO_HANDOVER  16  /* places where cores leave blocks for one another */

/* What was done. */
struct demo_counts {
	uint32_t allocated;	/* blocks */
	uint32_t freed;		/* blocks */
	uint32_t small;		/* of the allocated: of orders that are cached */
	uint32_t failed;	/* requests that got nothing */
	uint32_t bulk;		/* pages got by bulk requests, part of `allocated` */
	uint32_t received;	/* blocks that another core had left for us */
	uint32_t pages_written; /* pages filled with a pattern */
	uint32_t pages_checked; /* pages whose pattern was found whole */
};

/* The first thing that was wrong. */
struct demo_error {
	const char *what; /* NULL: nothing */
	uintptr_t where;
	uint32_t want, got;
};

/*
 * Task and interrupt handler of a core each count for themselves and draw their
 * own random numbers: neither needs an atomic operation, nor can the one split
 * what the other does.
 */
struct demo_actor {
	uint32_t random;
	unsigned long dma_end; /* first frame past zone DMA; 0: there is none to ask */
	struct demo_counts count;
	struct demo_error error;
};

struct demo_core {
	unsigned cpu;
	uint32_t ops;	   /* to do */
	uint32_t done;	   /* done so far: read by the director while we run */
	uint32_t finished; /* the last store of demo_core_run() */
	bool tick_on;	   /* the interrupt handler may work */
	struct demo_actor task, irq;
	struct page *slot[DEMO_SLOTS];
	struct page *irq_slot[DEMO_IRQ_SLOTS];
} __attribute__((aligned(64)));

/* Sets it up: to be called for each core before any of them runs. */
void demo_core_init(struct demo_core *core, unsigned cpu, uint32_t seed, uint32_t ops);

/* Does it all, on that core, interrupts on; arg is its struct demo_core. */
void demo_core_run(void *arg);

/* From that core's timer interrupt. */
void demo_core_tick(struct demo_core *core);

/* Frees what no core came to take, when all have finished; in the name of `core`. */
void demo_core_collect(struct demo_core *core);

/* Called by each core between operations, on that core; the director shows progress. */
extern void (*demo_core_progress)(struct demo_core *core);

#endif /* BOOT_DEMO_CORE_H */
