/* SPDX-License-Identifier: MIT */
/*
 * What debug.c, which is called on every request while an option is on, shares with
 * debug_options.c, which turns options on and off, and debug_show.c, which prints what
 * was noted.
 *
 * One struct, mm_debug, forgotten whole by debug_reset().  Guards:
 *
 *	[O]  mm_debug_set(), one at a time.  The hooks read it: tables are filled
 *	     before their address is stored, and taken away from a quiet system.
 *	[A]  atomic, any CPU.
 *	[C]  its own CPU, interrupts off.  Others may read it, and get a guess.
 *
 * Not here: what the options mean (buddy/debug.h), the hooks (internal.h).
 */
#ifndef MM_DEBUG_STATE_H
#define MM_DEBUG_STATE_H

#include <mm/internal.h>

/* As in debug.h's list.  Those that can be on have a bit of mm_debug_on. */
enum debug_option {
	OPT_INIT_ON_ALLOC,
	OPT_INIT_ON_FREE,
	OPT_PAGE_POISON,
	OPT_PAGEALLOC,
	OPT_PAGE_OWNER,
	OPT_TRACE,
	OPT_FAIL,
	OPT_FAIL_MIN_ORDER,
	OPT_FAIL_IGNORE_WAIT,
	OPT_SLAB,
	NR_DEBUG_OPTIONS
};

#define DEBUG_INIT_ON_ALLOC (1U << OPT_INIT_ON_ALLOC)
#define DEBUG_INIT_ON_FREE  (1U << OPT_INIT_ON_FREE)
#define DEBUG_POISON	    (1U << OPT_PAGE_POISON)
#define DEBUG_PAGEALLOC	    (1U << OPT_PAGEALLOC)
#define DEBUG_OWNER	    (1U << OPT_PAGE_OWNER)
#define DEBUG_TRACE	    (1U << OPT_TRACE)
#define DEBUG_FAIL	    (1U << OPT_FAIL)
#define DEBUG_FILL	    (DEBUG_INIT_ON_FREE | DEBUG_POISON)

/*
 * Of every page of an allocated block, so that split_page() needs no word of it.  8 bytes
 * on ARM.
 */
struct page_owner {
	const void *caller; /* NULL: not known */
	gfp_t gfp;
};

/* 16 bytes on ARM. */
struct trace_entry {
	uint32_t seq;  /* over all CPUs; 0: none, or being written */
	uint32_t what; /* TRACE_WHAT() */
	uint32_t pfn;  /* PFN_NONE: no page; of a step of the slow path: its number */
	const void *caller;
};

/* gfp without the two bits that are no flags; order; kind. */
#define TRACE_GFP_LOW		     0x3ffU
#define TRACE_PACK(gfp)		     (((gfp)&TRACE_GFP_LOW) | ((gfp) >> 2 & ~TRACE_GFP_LOW))
#define TRACE_WHAT(kind, order, gfp) ((uint32_t)TRACE_PACK(gfp) << 9 | (order) << 5 | (kind))
#define TRACE_KIND(what)	     ((what)&31U)
#define TRACE_ORDER(what)	     ((what) >> 5 & PAGE_ORDER_MASK)
#define TRACE_UNPACK(g)		     (((g)&TRACE_GFP_LOW) | ((g) & ~TRACE_GFP_LOW) << 2)
#define TRACE_GFP(what)		     ((gfp_t)TRACE_UNPACK((what) >> 9))
#define PFN_NONE		     UINT32_MAX
static_assert(NR_TRACE_KINDS <= 32 && !(TRACE_PACK(__GFP_BITS_MASK) >> 23) &&
		      TRACE_UNPACK(TRACE_PACK(__GFP_BITS_MASK)) == __GFP_BITS_MASK,
	      "they fit into TRACE_WHAT()");

struct trace_ring {
	struct trace_entry *entry; /* [O] trace_size of them; NULL: no such CPU */
	uint32_t nr;		   /* [C] events ever */
};

/* Blocks of one caller with the same flags, added up.  16 bytes on ARM. */
struct owner_group {
	const void *caller; /* NULL: not known */
	gfp_t gfp;
	uint32_t nr_blocks, nr_pages;
};

#define FAIL_FOREVER UINT32_MAX

struct debug_fail {
	uint32_t interval, probability; /* [O] */
	uint32_t space;			/* [A] pages that are yet to be allocated */
	uint32_t times;			/* [A] failures that are left, or FAIL_FOREVER */
	uint32_t nr;			/* [A] requests looked at */
	uint32_t random;		/* [A] */
};

struct debug_state {
	struct page_owner **owner; /* [O] by section of mem_map */
	struct owner_group *group; /* [O] show_page_owner()'s own, nr_groups of them */
	uint32_t nr_groups;	   /* [O] */
	uint32_t trace_size;	   /* [O] entries of a ring, a power of two */
	uint32_t trace_seq;	   /* [A] */
	struct trace_ring ring[PORT_NR_CPUS];
	struct debug_fail fail;
	uint32_t fail_min_order, fail_ignore_wait; /* [O] */
	uint32_t slab;				   /* [O] caches are made with debugging */
};
extern struct debug_state mm_debug;

/* Where the page's owner is kept; page_owner is on. */
static inline struct page_owner *page_owner_entry(const struct page *page)
{
	unsigned long i = (unsigned long)(page - mem_map);

	return mm_debug.owner[i >> PFN_SECTION_SHIFT] + (i & (PAGES_PER_SECTION - 1));
}

/* The block that begins at or after page *i of mem_map; *i is then past it.  NULL: none. */
static inline struct page *next_block(unsigned long *i, uint32_t *word)
{
	while (*i < nr_map_pages) {
		struct page *page = mem_map + *i;

		if (!(*i & (PAGES_PER_SECTION - 1)))
			port_cond_resched();
		*word = page_word(page);
		*i += 1UL << page_word_order(*word);
		if (*word)
			return page;
	}
	return NULL;
}

/* Makes a free block what the options `on` want it to be; false: it cannot be unmapped. */
bool debug_fill_and_unmap(struct page *page, unsigned order, unsigned on);
/* The opposite of the unmapping. */
void debug_map(struct page *page, unsigned order);

#endif /* MM_DEBUG_STATE_H */
