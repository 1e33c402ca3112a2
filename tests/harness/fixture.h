/* SPDX-License-Identifier: MIT */
/*
 * What stands around every case: an allocator that is whole, and the proof
 * afterwards that it still is.
 *
 * On the host each case gets an allocator that has just started, in a fake
 * memory of its choice.  On the target there is one allocator, alive since the
 * boot: a case takes from it and gives everything back.
 */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <buddy/buddy.h>
#include <port/port.h>

/* Called by the harness around each case. */
void fixture_begin(void);
void fixture_end(void);

/* After drain_all_pages() every page must be back: free pages as at the case's start. */
void check_all_free(void);

/* Free pages when the case began, pcp empty. */
unsigned long fixture_free_pages(void);

/* Any CPU of the system, and how many. */
unsigned test_nr_cpus(void);

/*
 * Runs fn(cpu, arg) on CPUs 0 to nr - 1 at the same time, in thread context, and waits
 * for all of them.  nr is at most test_nr_cpus().
 */
void run_on_cpus(unsigned nr, void (*fn)(unsigned cpu, void *arg), void *arg);

/* In a loop that waits for another CPU of run_on_cpus(). */
void test_idle(void);

/* All nr CPUs of run_on_cpus() arrive before any of them goes on. */
struct test_barrier {
	unsigned arrived, round;
};
void test_barrier_wait(struct test_barrier *b, unsigned nr);

/*
 * A pattern that names the block and the seed, over all of it, and the check of it;
 * false when a word differs.  Highmem blocks, which have no address, pass.
 */
void fill_block(struct page *page, unsigned order, uint32_t seed);
bool verify_block(struct page *page, unsigned order, uint32_t seed);

/*
 * The block's pages may not be touched until the next fill (host: AddressSanitizer sees to
 * it).
 */
void poison_block(struct page *page, unsigned order);

/* The checks that every test that frees wrongly makes. */
#define CHECK_REFUSED(stmt)                                             \
	do {                                                            \
		uint32_t bad_ = vm_events(BAD_FREE);                    \
		unsigned long free_ = nr_free_pages() + nr_pcp_pages(); \
                                                                        \
		stmt;                                                   \
		CHECK_EQ(vm_events(BAD_FREE) - bad_, 1);                \
		CHECK_EQ(nr_free_pages() + nr_pcp_pages(), free_);      \
	} while (0)

#ifdef TEST_HOST

#include "../../port/host/host.h"

#if !BUDDY_TINY /* which has a fixture of its own, tests/tiny */

struct range {
	uint64_t base, size;
	int nid;
};

struct geometry {
	struct range ram[8];	  /* up to the first of size 0 */
	struct range reserved[8]; /* the same */
	struct mm_limits limits;
};

/* 64 MiB at 0x60000000, one zone: what each case starts with. */
extern const struct geometry default_geometry;

/*
 * Forgets the running allocator and starts one in this memory.  mm_init()'s
 * result; when it is 0 CPU 0 is ready, all free memory is poisoned, and the
 * count that check_all_free() compares with is taken anew.
 */
int start(const struct geometry *g);

/*
 * The end of start(): memblock is filled, the RAM mapped; for tests that do that
 * themselves.
 */
int start_mm(const struct mm_limits *limits);

/*
 * Maps the ranges (sorted, those that touch as one) and nothing else; resets CPUs and
 * memblock.
 */
void map_geometry(const struct geometry *g);

/* In a process of its own: does a read of this byte (a write to it) fault? */
bool touch_faults(char *p, bool write);

/* This thread plays CPU `cpu` from here on (mm_init_cpu() included, if it is new). */
void play_cpu(unsigned cpu);

#endif /* !BUDDY_TINY */

#endif /* TEST_HOST */

#endif /* TESTS_FIXTURE_H */
