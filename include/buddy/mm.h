/* SPDX-License-Identifier: MIT */
/*
 * Pages, frame numbers and addresses; references.
 *
 * mem_map is one array.  Its sections (one largest block each, 4 MiB) are those that hold
 * RAM, in ascending order: a hole of whole sections has no descriptors.  Within a section
 * the descriptors stand side by side, so that a block's pages are page, page + 1, ...  Two
 * tables of one halfword per section translate; they are read only after mm_init().
 *
 * All functions: any context, no lock.
 */
#ifndef BUDDY_MM_H
#define BUDDY_MM_H

#include <stdbool.h>

#include <buddy/gfp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Frames a 32-bit physical address can name, and sections of them. */
#define MAX_PFN (1UL << (32 - PAGE_SHIFT))
/* A largest block, and 256 KiB at least: their numbers have 16 bits. */
#define PFN_SECTION_SHIFT (MAX_ORDER > 18 - PAGE_SHIFT ? MAX_ORDER : 18 - PAGE_SHIFT)
#define PAGES_PER_SECTION (1U << PFN_SECTION_SHIFT)
#define NR_MEM_SECTIONS	  (MAX_PFN >> PFN_SECTION_SHIFT)
#define SECTION_NONE	  0xffffU
static_assert(NR_MEM_SECTIONS < SECTION_NONE, "section numbers are halfwords");

extern struct page *mem_map;  /* set by mm_init() */
extern unsigned nr_map_pages; /* descriptors in it */

#if BUDDY_TINY

extern unsigned long mem_map_pfn; /* the frame of the first one: they stand side by side */

/* The frame has a descriptor. */
static inline bool pfn_valid(unsigned long pfn)
{
	return pfn - mem_map_pfn < nr_map_pages;
}

/* pfn must be valid. */
static inline struct page *pfn_to_page(unsigned long pfn)
{
	return mem_map + (pfn - mem_map_pfn);
}

static inline unsigned long page_to_pfn(const struct page *page)
{
	return mem_map_pfn + (unsigned long)(page - mem_map);
}

#else

extern uint16_t section_to_map[NR_MEM_SECTIONS]; /* section -> place in mem_map */
extern uint16_t map_to_section[NR_MEM_SECTIONS]; /* and back */

/* The frame has a descriptor (it is RAM or shares a section with RAM). */
static inline bool pfn_valid(unsigned long pfn)
{
	return pfn < MAX_PFN && section_to_map[pfn >> PFN_SECTION_SHIFT] != SECTION_NONE;
}

/* pfn must be valid. */
static inline struct page *pfn_to_page(unsigned long pfn)
{
	return mem_map +
	       (((unsigned long)section_to_map[pfn >> PFN_SECTION_SHIFT] << PFN_SECTION_SHIFT) |
		(pfn & (PAGES_PER_SECTION - 1)));
}

static inline unsigned long page_to_pfn(const struct page *page)
{
	unsigned long i = (unsigned long)(page - mem_map);

	return ((unsigned long)map_to_section[i >> PFN_SECTION_SHIFT] << PFN_SECTION_SHIFT) |
	       (i & (PAGES_PER_SECTION - 1));
}

#endif /* BUDDY_TINY */

/* The page's place in the permanent mapping; NULL for a page of highmem. */
void *page_address(const struct page *page);

/*
 * The page of an address in the permanent mapping; NULL for an address that is
 * no RAM of the allocator's.
 */
struct page *virt_to_page(const void *addr);

/*
 * References.  An allocated block has one; each get_page() adds one, each
 * put_page() drops one, and the last put frees the block with its own order.
 * Called by a holder of a reference, with the block's first page.  Refused and
 * reported: a page that is not allocated, more than PAGE_REF_MAX references.
 * Atomic, any context.
 */
void get_page(struct page *page);
void put_page(struct page *page);

/*
 * Compound pages (none with BUDDY_TINY, which refuses __GFP_COMP): blocks allocated with __GFP_COMP, of order 1 at least.  Every page of
 * one leads to its first page; get_page() and put_page() of any of them count on that
 * one.  Before the block is freed its destructor is called, in the context of the last
 * put: set_compound_page_dtor(page, nr) gives it the one that was registered as nr (1 to
 * 7; 0: none).  A destructor may not free the block.
 */
#if !BUDDY_TINY
typedef void (*compound_page_dtor)(struct page *page);
/* Before the first use of nr.  0, or -EINVAL: nr is not 1 to 7. */
int register_compound_page_dtor(unsigned nr, compound_page_dtor dtor);
void set_compound_page_dtor(struct page *page, unsigned nr);
/* The first page of the block in which page lies, if it is compound; else page itself. */
struct page *compound_head(const struct page *page);
/* Of a compound page's first page: its order, its pages; 0 and 1 of any other. */
unsigned compound_order(const struct page *page);
unsigned long compound_nr(const struct page *page);
bool PageCompound(const struct page *page);
bool PageHead(const struct page *page);
bool PageTail(const struct page *page);
#endif

/*
 * Makes 2^order single pages of an allocated block, one reference each.  The block has one
 * reference, this order, and is not compound; else it is refused and reported.
 */
void split_page(struct page *page, unsigned order);

/*
 * References of an allocated block; 0 for any other page.  Acquire: who finds that nobody else
 * has one sees all that they did with it (migrate.h).
 */
static inline unsigned page_count(const struct page *page)
{
	return __atomic_load_n(&page->word, __ATOMIC_ACQUIRE) >> PAGE_REF_SHIFT;
}

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_MM_H */
