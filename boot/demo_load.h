/* SPDX-License-Identifier: MIT */
/*
 * demo_load - what one core does to have memory overcommitted; demo_pressure.c is its
 * director.
 *
 * It has areas of vmalloc() of its own, in which it writes and verifies single pages, and a
 * share in a file that all cores read and write through the page cache.  Both are
 * made so that lost or stale contents show.
 */
#ifndef BOOT_DEMO_LOAD_H
#define BOOT_DEMO_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <buddy/filemap.h>
#include <buddy/gfp.h>

#define LOAD_AREA_PAGES 64u /* of one area */
#define LOAD_MAX_AREAS	512u

struct load_area {
	uint32_t *memory;
	uint32_t sum; /* of the versions of all its pages: how often they were written */
};

struct demo_load {
	unsigned cpu;
	uint32_t random;
	unsigned nr_areas, want_areas;
	uint32_t file_from, file_to; /* pages of the file that it reads first, at from */
	struct address_space *file;  /* NULL: there is none */
	uint32_t file_pages;
	uint32_t writes, verified, file_reads, file_writes; /* pages */
	uint32_t refused;				    /* requests that got nothing */
	const char *error;				    /* the first thing that was wrong */
	uintptr_t where;
	uint32_t filled, finished; /* read by the director while we run */
	struct load_area area[LOAD_MAX_AREAS];
} __attribute__((aligned(64)));

/*
 * One step of filling memory: an area, or some pages of the file; false: there is no more
 * to do.
 */
bool demo_load_fill(struct demo_load *load);

/*
 * One step of the load: a page of an area, or of the file.  Both: on that core, task
 * context.
 */
void demo_load_step(struct demo_load *load);

/* Verifies all areas and gives them back. */
void demo_load_end(struct demo_load *load);

/*
 * All of it, until *load_stop is set: to be given to smp_call(); arg is the struct
 * demo_load.
 */
void demo_load_run(void *arg);
extern uint32_t demo_load_stop; /* atomic */

#endif /* BOOT_DEMO_LOAD_H */
