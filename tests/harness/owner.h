/* SPDX-License-Identifier: MIT */
/*
 * An owner of movable and reclaimable pages, for tests: numbered slots, each with a page or
 * without, under one lock.  Every page holds a pattern of its slot, which has to survive
 * whatever moves it.  What it does can be made to fail.
 */
#ifndef TESTS_OWNER_H
#define TESTS_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#include <buddy/buddy.h>
#include <port/port.h>

struct test_owner {
	struct movable_operations mops;
	struct port_spinlock lock;
	struct page **slot; /* [lock] */
	unsigned nr_slots;
	bool reclaimable; /* its pages go on the clock */
	/* One in so many calls fails; 0: none.  -EAGAIN, and for isolate_page false. */
	unsigned fail_isolate, fail_migrate, fail_evict, fail_write;
	/* How often (atomic). */
	uint32_t isolated, migrated, putback, evicted, written, failed, not_mine;
};

/* slots: nr_slots pointers, all NULL, the caller's. */
void owner_init(struct test_owner *o, struct page **slots, unsigned nr_slots, bool reclaimable);

/*
 * Fills a slot that is empty with a page of its own, marked by the pattern.  False: no
 * memory.
 */
bool owner_fill(struct test_owner *o, unsigned i, gfp_t gfp);
/* Empties a slot (nothing if it is: reclaim may have been there). */
void owner_drop(struct test_owner *o, unsigned i);
void owner_drop_all(struct test_owner *o);
/* The slot's page with a reference, or NULL. */
struct page *owner_get(struct test_owner *o, unsigned i);
/* Of a page that is held, or that nobody moves meanwhile: it has the pattern of slot i. */
bool owner_pattern_ok(const struct page *page, unsigned i);
/* All slots that have a page have the right one; how many do not. */
unsigned owner_verify(struct test_owner *o);
unsigned owner_nr_pages(const struct test_owner *o);

#endif /* TESTS_OWNER_H */
