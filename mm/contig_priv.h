/* SPDX-License-Identifier: MIT */
/* What page_isolation.c, contig_migrate.c, contig.c and cma.c say to each other. */
#ifndef MM_CONTIG_PRIV_H
#define MM_CONTIG_PRIV_H

#include <buddy/contig.h>
#include <mm/internal.h>

/* For who wants to look at any descriptor.  Interrupts are on. */
static inline void complete_deferred(void)
{
	while (deferred_grow())
		port_cond_resched();
}

/* ---- page_isolation.c ---- */

/*
 * As the word that was in the way: there was no memory to move a page to.  No page has it:
 * movable ones are of order 0.
 */
#define CONTIG_NO_MEMORY (PAGE_STATE_ALLOCATED | PAGE_MOVABLE | 1)

int contig_busy(unsigned long pfn, uint32_t word);
uint32_t block_word(const struct page *page, unsigned long *left);
int test_isolated(unsigned long start, unsigned long end, uint32_t *word);

/* ---- contig_migrate.c ---- */

#if BUDDY_COMPACTION
/* A block with this word is a page that could be moved now, as far as the word tells. */
bool contig_may_move(uint32_t word);
/*
 * Moves what is in use in [start, end), of one zone and isolated.  0: all of it was free and
 * isolated afterwards; -EBUSY.
 */
int contig_move_range(unsigned long start, unsigned long end);
#else
static inline bool contig_may_move(uint32_t word)
{
	(void)word;
	return false;
}

static inline int contig_move_range(unsigned long start, unsigned long end)
{
	(void)start;
	(void)end;
	return -EBUSY;
}
#endif

/* ---- contig.c ---- */

/*
 * A search for pages side by side, as contig_try() and contig_again() keep it for their
 * callers.
 */
struct contig_search {
	struct zone *zone;
	unsigned long nr, align; /* frames: how many, at a multiple of */
	gfp_t gfp;
	uint32_t word; /* what the pages' words are to be */
	const void *caller;
	bool cma;	       /* in pageblocks of MIGRATE_CMA, and in no others */
	bool cached;	       /* blocks in caches may be got, too */
	bool moving;	       /* and movable pages moved elsewhere */
	unsigned rounds;       /* that were made for others' sake */
	struct page *isolated; /* by another caller: passed over in this round */
};

struct page *contig_try(struct contig_search *s, unsigned long start, unsigned long end);
bool contig_again(struct contig_search *s);
void contig_free(struct page *page, unsigned long nr, const void *caller);

#endif /* MM_CONTIG_PRIV_H */
