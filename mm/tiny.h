/* SPDX-License-Identifier: MIT */
/*
 * What the files of the smallest configuration share (tiny.c says what that is).
 *
 * Not here: internal.h, which describes zones and caches that it has not.
 */
#ifndef MM_TINY_H
#define MM_TINY_H

#include <mm/misuse.h>
#include <port/port.h>

#define NO_PAGE 0xffffU /* a link's end */

/* [L] the lock, interrupts off; [I] written by mm_init_range(), only read afterwards. */
struct tiny_zone {
#if PORT_NR_CPUS > 1
	struct port_spinlock lock;
#endif
	uint32_t nonempty;	   /* [L] a bit per order: has a block */
	uint32_t nr_free;	   /* [L] pages */
	uint32_t managed;	   /* [I] pages: free or allocated */
	uint32_t watermark;	   /* [I] pages that ordinary requests leave */
	uint16_t first[NR_ORDERS]; /* [L] place of the first free block in mem_map; NO_PAGE */
	uint32_t events[NR_VM_EVENT_ITEMS]; /* [L] */
};
extern struct tiny_zone tiny_zone; /* tiny_map.c */

static inline port_irqflags_t tiny_lock(void)
{
	port_irqflags_t flags = port_irq_save();

#if PORT_NR_CPUS > 1
	port_spin_lock(&tiny_zone.lock);
#endif
	return flags;
}

static inline void tiny_unlock(port_irqflags_t flags)
{
#if PORT_NR_CPUS > 1
	port_spin_unlock(&tiny_zone.lock);
#endif
	port_irq_restore(flags);
}

/* Relaxed atomics, which cost what plain accesses cost: page_count() looks without the lock. */
static inline uint32_t tiny_word(const struct page *page)
{
	return __atomic_load_n(&page->word, __ATOMIC_RELAXED);
}

static inline void tiny_set_word(struct page *page, uint32_t word)
{
	__atomic_store_n(&page->word, word, __ATOMIC_RELAXED);
}

/* Whatever it points to: it is a descriptor of mem_map. */
static inline bool tiny_valid(const struct page *page)
{
	uintptr_t offset = (uintptr_t)page - (uintptr_t)mem_map;

	return offset < nr_map_pages * sizeof(*page) && !(offset % sizeof(*page));
}

/*
 * Puts a block on its list, merged with its buddies as far as they are free, and counts it.
 * [L].  Bound: MAX_ORDER merges.
 */
void tiny_free(struct page *page, unsigned order);
/* alloc_pages() and put_page() for a caller of theirs; order -1: the block's own. */
struct page *tiny_alloc(gfp_t gfp, unsigned order, const void *caller);
void tiny_put(const char *what, struct page *page, int order, const void *caller);

#endif /* MM_TINY_H */
