/* SPDX-License-Identifier: MIT */
/* What the suites about movable pages share. */
#ifndef TESTS_MOVABLE_FIXTURE_H
#define TESTS_MOVABLE_FIXTURE_H

#include <mm/internal.h>

#include "../harness/owner.h"

/* An owner of so many slots, the first nr of them with a page; false: some could not be had. */
static inline bool fill_owner(struct test_owner *o, struct page **slots, unsigned nr_slots,
			      unsigned nr, bool reclaimable)
{
	bool all = true;

	for (unsigned i = 0; i < nr_slots; i++)
		slots[i] = NULL;
	owner_init(o, slots, nr_slots, reclaimable);
	for (unsigned i = 0; i < nr; i++)
		all &= owner_fill(o, i, GFP_HIGHUSER_MOVABLE);
	return all;
}

static inline bool allocated(const struct page *page)
{
	return page_word_state(page_word(page)) == PAGE_STATE_ALLOCATED;
}

/* All zones' pages with PAGE_LRU, PAGE_DIRTY or PAGE_WRITEBACK. */
static inline unsigned long sum_of(uint32_t item)
{
	return item == PAGE_LRU	    ? nr_lru_pages()
	       : item == PAGE_DIRTY ? nr_dirty_pages()
				    : nr_writeback_pages();
}

#if BUDDY_COMPACTION
/* For migrate_pages(): from anywhere, and back. */
static inline struct page *get_target(struct page *src, void *arg)
{
	(void)arg;
	return alloc_migration_target(src, GFP_USER | __GFP_MOVABLE);
}

static inline void give_target(struct page *dst, void *arg)
{
	(void)arg;
	free_migration_target(dst);
}
#endif

#endif /* TESTS_MOVABLE_FIXTURE_H */
