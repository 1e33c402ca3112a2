/* SPDX-License-Identifier: MIT */
/*
 * memblock - what memory there is, before there is an allocator.
 *
 * The boot code says which ranges are RAM (memblock_add) and which of them are
 * taken (memblock_reserve); mm_init() allocates the descriptors from what is
 * left and hands every free page over to the zones.  From then on memblock is
 * closed: there is one owner of physical memory, and every call that would
 * change or allocate is refused with -EPERM (or 0 or NULL) and a line on the console.
 *
 * Addresses and sizes are physical bytes, 64 bits wide so that no sum of the
 * 32-bit world wraps.  Ranges may overlap, touch and come in any order: they
 * are kept sorted, merged where node, flags and name are alike.  Unaligned RAM
 * is kept as it is; only at hand-over does a RAM range lose the page that it
 * holds in part (its start rounds up, its end down), and a reserved range gain
 * it.  There is no limit on the number of ranges: the arrays grow.
 *
 * Context: start-up, one CPU, no lock.  Follows Linux's memblock (6.1).
 */
#ifndef BUDDY_MEMBLOCK_H
#define BUDDY_MEMBLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <buddy/errno.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t phys_addr_t;

#if !BUDDY_TINY

#define MEMBLOCK_NONE	  0x0
#define MEMBLOCK_NOMAP	  0x1 /* not to be touched, not even mapped: never the allocator's */
#define MEMBLOCK_REUSABLE 0x2 /* a CMA area: movable pages may borrow it */

struct memblock_region {
	phys_addr_t base;
	phys_addr_t size; /* bytes, never 0 */
	const char *name; /* who reserved it, for the boot log; NULL for RAM */
	uint16_t flags;	  /* MEMBLOCK_* */
	int16_t nid;	  /* node, 0 upward */
};

/*
 * RAM of node nid.  Where it overlaps RAM that was added before, the earlier
 * node stays.  0, or -EINVAL (size 0, the end beyond 2^64 - 1, a node that
 * cannot be), -EPERM (closed), -ENOMEM (the array cannot grow).  After an error
 * nothing has changed.
 */
int memblock_add(phys_addr_t base, phys_addr_t size, int nid);

/* The opposite: the range is no RAM (beyond `mem=`, say).  Errors as above. */
int memblock_remove(phys_addr_t base, phys_addr_t size);

/*
 * Takes a range away from the allocator, for the owner `name` (kept by
 * pointer: it must live as long as the system).  It need not be RAM.  Where it
 * overlaps an earlier one the earlier name stays and the stricter owner wins:
 * NOMAP if either says so, REUSABLE only if both do (what one owner never lends
 * is not lent).  Errors as above.
 */
int memblock_reserve(phys_addr_t base, phys_addr_t size, const char *name, unsigned flags);

/* Gives back what was reserved.  Errors as above. */
int memblock_free(phys_addr_t base, phys_addr_t size);

/*
 * Finds free RAM of `size` bytes at `align` (a power of two; 0: PORT_CACHELINE)
 * within [start, end) (end 0: no limit), and reserves it for `name`.  Highest
 * fit.  The physical address, or 0 when there is none.
 */
phys_addr_t memblock_phys_alloc_range(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				      phys_addr_t end, const char *name);

/*
 * The same in permanently mapped memory (below memblock_set_current_limit()),
 * as a pointer to zeroed bytes; NULL when there is none.
 */
void *memblock_alloc(phys_addr_t size, phys_addr_t align, const char *name);

/* Where memblock_alloc() must stay below; 0, the default: no limit. */
void memblock_set_current_limit(phys_addr_t limit);

/*
 * While the memory map is still being read not all reservations are known, and
 * neither an allocation nor an array that has to grow may land on one that is
 * yet to come.  Until it is set to NULL again, avoid(arg, base, size, &lowest)
 * is asked about every range found: true when it is taken, with `lowest` set to
 * the base of a range that overlaps it (below base + size; the search goes on
 * below that).
 */
void memblock_set_avoid(bool (*avoid)(void *arg, phys_addr_t base, phys_addr_t size,
				      phys_addr_t *lowest),
			void *arg);

/* Bytes of RAM, of reserved ranges; the lowest and the end of the highest RAM. */
phys_addr_t memblock_phys_mem_size(void);
phys_addr_t memblock_reserved_size(void);
phys_addr_t memblock_start_of_DRAM(void);
phys_addr_t memblock_end_of_DRAM(void);

/* The whole range is RAM; any byte of it is reserved. */
bool memblock_is_region_memory(phys_addr_t base, phys_addr_t size);
bool memblock_is_region_reserved(phys_addr_t base, phys_addr_t size);

/* The i-th RAM and reserved range, ascending; NULL past the end. */
const struct memblock_region *memblock_memory(unsigned i);
const struct memblock_region *memblock_reserved(unsigned i);

/*
 * Free ranges (RAM less reserved), ascending: start with *iter = 0, call until
 * false.  nid is that of the RAM.  Neither may memblock change meanwhile.
 */
bool memblock_next_free(uint64_t *iter, phys_addr_t *start, phys_addr_t *end, int *nid);

/* Closes memblock (mm_init() does).  memblock_is_closed() says so. */
void memblock_close(void);
bool memblock_is_closed(void);

/* Empties and opens it again: for tests, which start the system many times. */
void memblock_reset(void);

/* Prints all ranges in plain lines. */
void memblock_dump(void);

#endif /* !BUDDY_TINY */

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_MEMBLOCK_H */
