/* SPDX-License-Identifier: MIT */
/*
 * Movable pages: what an owner provides so that its pages can be moved while they are
 * in use, and pinning.
 *
 * A page of order 0 becomes movable when its owner says whose it is:
 *
 *	page = alloc_page(GFP_HIGHUSER_MOVABLE);
 *	page->index = which;  page->priv = whatever;
 *	__SetPageMovable(page, &my_ops);
 *
 * and stays so until its last reference is dropped.  page->mapping is then the
 * operations (an owner with several objects embeds the struct in each and finds the object
 * by the pointer); index and priv are the owner's.
 *
 * What happens to a page that is to be moved:
 *
 *	1. It is taken: PAGE_TAKEN and a reference, at once, only if it had one
 *	   reference (its owner's) and was not taken.  So one at a time has it: compaction, a
 *	   contiguous allocation, reclaim.
 *	2. isolate_page(page, mode): the owner agrees, or not.
 *	3. migrate_page(dst, src, mode): the owner copies and leads whoever finds src to
 *	   dst.  0: done.  dst has one reference, which is the owner's now (and a second one, if
 *	   it is being pinned: another's, there from the beginning); the owner's
 *	   reference of src goes to the caller, who frees src.  Else an error: nothing has
 *	   changed; -EAGAIN: it may work a little later.
 *	4. Failed or given up: putback_page(page).
 *
 * Between 1 and the end the owner may go on as usual, also free the page: it drops its
 * reference, and the page goes when the taker drops the other.  So each operation may be
 * called for a page that has just left its owner, and has to find out, under the owner's own
 * lock, whether it is still there: by page->index, not by following page->priv.
 *
 * In migrate_page(), under the owner's lock:
 *	- the page is still mine, it has exactly two references (mine and the taker's), and is
 *	  not under writeback (PageWriteback()); else -EAGAIN;
 *	- nobody can find or write src from now on;
 *	- migrate_page_copy(dst, src): contents;
 *	- migrate_page_states(dst, src): index, priv, mapping, flags; dst is movable now;
 *	- whoever looks finds dst.
 *
 * Operations are called in task context, interrupts on, no lock held, by any CPU, for
 * several pages at once; in MIGRATE_ASYNC they should not wait.  They must not allocate
 * with __GFP_DIRECT_RECLAIM (it is taken off), nor call compaction or reclaim.
 *
 * Follows Linux's struct movable_operations (6.0 to 6.16).
 */
#ifndef BUDDY_MIGRATE_H
#define BUDDY_MIGRATE_H

#include <stdbool.h>

#include <buddy/mm.h>

#ifdef __cplusplus
extern "C" {
#endif

enum migrate_mode {
	MIGRATE_ASYNC,	    /* without waiting for anything */
	MIGRATE_SYNC_LIGHT, /* waits for locks, not for devices */
	MIGRATE_SYNC	    /* waits */
};

struct movable_operations {
	bool (*isolate_page)(struct page *page, enum migrate_mode mode);
	int (*migrate_page)(struct page *dst, struct page *src, enum migrate_mode mode);
	void (*putback_page)(struct page *page);
	/*
	 * Of owners whose pages are reclaimable (lru_cache_add(), reclaim.h), else NULL.
	 * evict_page(): the page, taken, is clean and not needed: the owner forgets it,
	 * under its lock and if it has exactly two references.  0: its reference goes to
	 * the caller, who frees the page; else nothing has changed. write_page(): a dirty
	 * page is to be written to where it comes from, a reference is held by the caller:
	 * clear_page_dirty_for_io(), set_page_writeback(), and, at once or later,
	 * end_page_writeback(), with set_page_dirty() before it if that failed.  0 or -EIO
	 * ...
	 */
	int (*evict_page)(struct page *page);
	int (*write_page)(struct page *page);
};

/*
 * The page, of order 0, allocated, with mapping etc. as above, can be moved from now on.
 * Refused: else.
 */
void __SetPageMovable(struct page *page, const struct movable_operations *mops);

/*
 * The opposite: the page is an ordinary one again, and none of the operations will be
 * called for it any more.  False: it is taken just now; try again later.  An owner whose
 * operations stay for ever need not do it before it drops a page; one that goes away itself
 * must, for each of its pages, as a taker may otherwise call into what is gone.  Any
 * context.
 */
bool __ClearPageMovable(struct page *page);

/* For migrate_page(); see above.  copy: both may be highmem. */
void migrate_page_copy(struct page *dst, struct page *src);
void migrate_page_states(struct page *dst, struct page *src);

/*
 * Pinning.  A reference (get_page(), or what an owner's ..._get_page() returns) keeps a
 * page where it is for as long as it is held: short, as for a copy.  Who gives the page to
 * a device, or keeps it for long, must not stand in the way of ZONE_MOVABLE, CMA areas and
 * offlining: pin_page_longterm() moves the page out of there first.  page: movable, the
 * caller holds one reference besides its owner's, which is used up in any case. Returns the
 * page that has the contents now, with a reference to be dropped by put_page(); NULL: it
 * cannot be moved now (it has other references, its owner refuses or has freed it, there is
 * no memory, or nothing is ever moved: BUDDY_COMPACTION).  A page that is nowhere in the
 * way, or not movable, is returned as it is.  No page that is held: refused.  Context:
 * task, interrupts on; may reclaim.
 */
struct page *pin_page_longterm(struct page *page);

static inline uint32_t __page_flags(const struct page *page)
{
	return __atomic_load_n(&page->word, __ATOMIC_RELAXED);
}

#define __PAGE_MOVABLE_FLAG(name, flag)                                                    \
	static inline bool Page##name(const struct page *page)                             \
	{                                                                                  \
		return (__page_flags(page) & (PAGE_STATE_MASK | PAGE_MOVABLE | (flag))) == \
		       (PAGE_STATE_ALLOCATED | PAGE_MOVABLE | (flag));                     \
	}
__PAGE_MOVABLE_FLAG(Movable, 0U)
__PAGE_MOVABLE_FLAG(Isolated, PAGE_TAKEN)
__PAGE_MOVABLE_FLAG(LRU, PAGE_LRU)
__PAGE_MOVABLE_FLAG(Referenced, PAGE_REFERENCED)
__PAGE_MOVABLE_FLAG(Dirty, PAGE_DIRTY)
__PAGE_MOVABLE_FLAG(Writeback, PAGE_WRITEBACK)

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_MIGRATE_H */
