/* SPDX-License-Identifier: MIT */
/*
 * hoard - an owner that holds as many pages as it is told to, of each kind, and proves that
 * they were left alone.
 *
 *	unmovable	stays where it is
 *	movable		can be moved
 *	reclaimable	can be moved and given back, every fourth page is dirty
 *	vmalloc		areas of 16 pages, moved behind their addresses
 *
 * Every page is filled with what its place says, and verified whenever it is given back.
 * Each kind is one that can be sacrificed when memory runs out (buddy/oom.h).
 *
 * Context: task, interrupts on, one core at a time; what the allocator asks of it comes from
 * any core.
 */
#ifndef BOOT_HOARD_H
#define BOOT_HOARD_H

#include <stdbool.h>
#include <stdint.h>

enum hoard_kind {
	HOARD_UNMOVABLE,
	HOARD_MOVABLE,
	HOARD_RECLAIMABLE,
	HOARD_VMALLOC,
	NR_HOARD_KINDS
};

extern const char *const hoard_name[NR_HOARD_KINDS];

/* Takes nr more pages; how many it got.  Asks hard, but sacrifices nobody for it. */
unsigned long hoard_grow(enum hoard_kind kind, unsigned long nr);

/*
 * Gives back every second of its pages (areas, of vmalloc): free memory looks like a
 * checkerboard.  How many.
 */
unsigned long hoard_thin(enum hoard_kind kind);

/* Gives back all; how many pages it had. */
unsigned long hoard_drop(enum hoard_kind kind);

struct hoard_info {
	unsigned long pages;			      /* held now */
	uint32_t moved, evicted, written, sacrificed; /* pages, since start-up */
	uint32_t verified, wrong; /* pages given back; of these with other contents */
};

void hoard_info(enum hoard_kind kind, struct hoard_info *info);

#endif /* BOOT_HOARD_H */
