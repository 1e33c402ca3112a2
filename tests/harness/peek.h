/* SPDX-License-Identifier: MIT */
/* The allocator's insides as tests look at them: the one place that knows their shape. */
#ifndef TESTS_PEEK_H
#define TESTS_PEEK_H

#include <mm/internal.h>

static inline struct list_head *peek_list(struct zone *zone, unsigned order, unsigned mt)
{
	return &zone->free_area[order].free_list[mt].list;
}

static inline uint32_t *peek_nr_free(struct zone *zone, unsigned order, unsigned mt)
{
	return &zone->free_area[order].free_list[mt].nr_free;
}

static inline uint32_t peek_blocks(struct zone *zone, unsigned order, unsigned mt)
{
	return *peek_nr_free(zone, order, mt);
}

#endif /* TESTS_PEEK_H */
