/* SPDX-License-Identifier: MIT */
/*
 * struct page - the descriptor of one page of RAM, 16 bytes on ARM (8 with BUDDY_TINY).
 *
 * One 32-bit word says all that the allocator knows of a block; it stands in
 * the descriptor of the block's first page (its head).  Every other page of a
 * block is interior and has the word 0, and so has every page that is a hole.
 * Because of that a pointer can be checked on every free by one comparison: a
 * block of order o that may be freed has exactly the word PAGE_ALLOCATED(o).
 *
 *	bit  31            16 15     12 11      4 3      0
 *	     +---------------+---------+---------+--------+
 *	     | references    | state   | flags   | order  |
 *	     +---------------+---------+---------+--------+
 *
 * The other three words belong to the owner while the block is allocated (and
 * to the allocator's lists while it is free): set mapping, index and priv
 * to what you like, of every page of the block.  They are not cleared.  With BUDDY_TINY there
 * is one, priv.
 */
#ifndef BUDDY_MM_TYPES_H
#define BUDDY_MM_TYPES_H

#include <stdint.h>

#include <buddy/config.h>

/* As <assert.h> has it, which is not among the headers of a freestanding compiler. */
#if !defined(static_assert) && !defined(__cplusplus)
#define static_assert _Static_assert
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A program with a struct list_head of its own, of the same two pointers, says so before. */
#ifndef BUDDY_HAVE_LIST_HEAD
struct list_head {
	struct list_head *next, *prev;
};
#endif

#if BUDDY_TINY

struct page {
	uint32_t word; /* [Z] while free, else its holder; see above */
	union {
		uint32_t priv; /* the owner's */
		struct {
			uint16_t next, prev; /* [Z] free: places in mem_map (mm/tiny.c) */
		};
	};
};
static_assert(sizeof(struct page) == 8, "a descriptor is 8 bytes");

#else

struct page {
	uint32_t word;	/* [Z] while free, else its holder; see above */
	uintptr_t priv; /* the owner's */
	union {
		struct list_head lru; /* [Z] free: link in a free list */
		__extension__ struct {
			void *mapping;	 /* the owner's: who it is */
			uintptr_t index; /* the owner's: which of its pages this is */
		};
	};
};

#if UINTPTR_MAX == UINT32_MAX
static_assert(sizeof(struct page) == 16, "a descriptor is 16 bytes");
#endif

#endif /* BUDDY_TINY */

#define PAGE_ORDER_MASK 0x0000000fU
#define PAGE_FLAGS_MASK 0x00000ff0U
#define PAGE_STATE_MASK 0x0000f000U
#define PAGE_REF_SHIFT	16
#define PAGE_REF_ONE	(1U << PAGE_REF_SHIFT)
#define PAGE_REF_MAX	0xff00U /* get_page() refuses beyond: the block would be leaked, not reused */

#define PAGE_STATE_INTERIOR  0x0000U /* not the head of a block, or no RAM at all */
#define PAGE_STATE_ALLOCATED 0x1000U
#define PAGE_STATE_FREE	     0x2000U /* on a zone's free list */
#define PAGE_STATE_PCP	     0x3000U /* in a per-CPU cache, or on its way there or back */
#define PAGE_STATE_RESERVED  0x4000U /* RAM that was never the allocator's; order is 0 */
#define PAGE_STATE_SLAB	     0x5000U /* allocated, and a slab's or a large kmalloc()'s (slab.h) */

/*
 * Flags.  Of an allocated block; each sends a free of it the longer way.
 * COMP: compound_head() and the destructor's number (mm.h).
 */
#define PAGE_COMP	0x010U
#define PAGE_DTOR_SHIFT 5
#define PAGE_DTOR_MASK	(7U << PAGE_DTOR_SHIFT)
#define PAGE_CMA	0x100U /* by cma_alloc(): cma_release() only */
#define PAGE_ACCOUNT	0x200U /* __GFP_ACCOUNT */
/*
 * MOVABLE: a page (order 0, not compound) whose owner can move it; mapping is its struct
 * movable_operations (migrate.h).  The others are of such pages only, in the places of
 * COMP's and CMA's, and changed atomically.
 */
#define PAGE_MOVABLE	0x400U
#define PAGE_LRU	0x800U /* its owner can give it back: reclaim looks at it (reclaim.h) */
#define PAGE_REFERENCED 0x020U /* used since reclaim looked last */
#define PAGE_DIRTY	0x040U /* not yet where it comes from */
#define PAGE_WRITEBACK	0x080U /* on its way there */
#define PAGE_TAKEN	0x100U /* by compaction or reclaim, with a reference (Linux: PG_isolated) */
/* Of a free block: it is on the list of isolated ones. */
#define PAGE_ISOLATED 0x010U
/* Of a reserved page: taken out of service by offline_pages(). */
#define PAGE_OFFLINE 0x010U

/* The whole word of a block that has just been allocated. */
#define PAGE_ALLOCATED(order) (PAGE_REF_ONE | PAGE_STATE_ALLOCATED | (order))

static inline unsigned page_word_order(uint32_t word)
{
	return word & PAGE_ORDER_MASK;
}

static inline uint32_t page_word_state(uint32_t word)
{
	return word & PAGE_STATE_MASK;
}

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_MM_TYPES_H */
