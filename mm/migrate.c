// SPDX-License-Identifier: MIT
/*
 * migrate - moving pages that were taken, from wherever they are to targets that the
 * caller has.
 *
 * Three callers: compaction, with targets from the other end of the zone; contiguous
 * allocation, with pages from elsewhere; pinning.  A page comes here taken
 * (PAGE_TAKEN, a reference) and with its owner's consent; it leaves moved, its old frame
 * free, or back with its owner.  The copy is the owner's to make, as only it can keep
 * others away meanwhile.
 *
 * State: none.  Locks: the zone's, for a batch of sources that are freed together; none
 * around the owners' operations.
 *
 * Bound: MIGRATE_BATCH pages, each tried PASSES_SYNC times (MIGRATE_ASYNC: PASSES_ASYNC).
 *
 * Not here: which pages, and where to (compaction.c, contig.c).
 *
 * Follows Linux's migrate_pages() and isolate_movable_page() (6.1).
 */
#include <mm/internal.h>

#if BUDDY_COMPACTION

#define PASSES_SYNC  10
#define PASSES_ASYNC 3

static const struct movable_operations *ops_of(const struct page *page)
{
	return page->mapping;
}

bool isolate_movable(struct page *page, enum migrate_mode mode)
{
	if (!movable_take(page))
		return false;
	if (likely(ops_of(page)->isolate_page(page, mode)))
		return true;
	movable_putback(page);
	return false;
}

/* Sources that were moved: freed a few at a time, under one lock. */
struct freed {
	struct page *page[BUDDY_PCP_WORK];
	unsigned nr;
};

static void free_sources(struct freed *f)
{
	port_irqflags_t flags;

	if (!f->nr)
		return;
	flags = port_irq_save();
	free_pcppages_bulk(page_zone(f->page[0]), f->page, f->nr);
	port_irq_restore(flags);
	f->nr = 0;
}

ALWAYS_INLINE void free_source(struct freed *f, struct page *page)
{
	if (f->nr && (page_pageblock(f->page[0]) ^ page_pageblock(page)) >> PB_ZONE_SHIFT)
		free_sources(f); /* another zone's */
	f->page[f->nr++] = page;
	if (f->nr == BUDDY_PCP_WORK)
		free_sources(f);
}

/*
 * 0: src has moved to dst, which has one reference, its owner's, and `more`; -EAGAIN and
 * others: dst is as before.  Who pays for src pays for dst: movable_release() takes src off
 * its account.
 */
ALWAYS_INLINE int move_page(struct page *dst, struct page *src, uint32_t more,
			    enum migrate_mode mode)
{
	uint32_t account = page_word(src) & PAGE_ACCOUNT;
	int err;

	set_page_word(dst, PAGE_ALLOCATED(0) + more * PAGE_REF_ONE + account);
	if (unlikely(mm_debug_on))
		post_alloc_hook(dst, 0, __GFP_MOVABLE, CALLER);
	err = ops_of(src)->migrate_page(dst, src, mode);
	if (likely(!err)) {
		if (unlikely(account))
			count_rare_event(PGACCOUNT);
		return 0;
	}
	if (unlikely(mm_debug_on))
		free_pages_prepare(dst, 0, CALLER);
	set_page_word(dst, PAGE_STATE_PCP);
	return err;
}

/* keep: a constant; sources are not freed but held (PAGE_HELD). */
ALWAYS_INLINE unsigned migrate(struct page **pages, unsigned nr, new_page_fn new_page,
			       put_new_page_fn put_new_page, void *arg, enum migrate_mode mode,
			       const bool keep)
{
	unsigned passes = mode == MIGRATE_ASYNC ? PASSES_ASYNC : PASSES_SYNC;
	unsigned moved = 0, left = nr, failed = 0;
	struct freed freed = {.nr = 0};
	struct page *dst = NULL;

	MM_ASSERT(nr <= MIGRATE_BATCH);
	while (left && passes--) {
		unsigned again = 0;

		for (unsigned i = 0; i < left; i++) {
			struct page *src = pages[i];
			int err;

			/* Its owner has freed it meanwhile: ours is the last reference. */
			if (unlikely(page_count(src) == 1)) {
				movable_putback(src);
				continue;
			}
			if (!dst)
				dst = new_page(src, arg);
			err = dst ? move_page(dst, src, 0, mode) : -ENOMEM;
			if (likely(!err)) {
				dst = NULL;
				moved++;
				if (!movable_release(src, CALLER))
					continue;
				if (keep)
					set_page_word(src, PAGE_HELD);
				else
					free_source(&freed, src);
			} else if (err == -EAGAIN) {
				pages[again++] = src;
			} else {
				failed++;
				ops_of(src)->putback_page(src);
				movable_putback(src);
			}
		}
		left = again;
		if (left && mode != MIGRATE_ASYNC)
			port_cond_resched();
	}
	for (unsigned i = 0; i < left; i++) {
		failed++;
		ops_of(pages[i])->putback_page(pages[i]);
		movable_putback(pages[i]);
	}
	if (dst)
		put_new_page(dst, arg);
	free_sources(&freed);
	if (moved)
		count_rare_events(PGMIGRATE_SUCCESS, moved);
	if (failed)
		count_rare_events(PGMIGRATE_FAIL, failed);
	return moved;
}

unsigned migrate_pages(struct page **pages, unsigned nr, new_page_fn new_page,
		       put_new_page_fn put_new_page, void *arg, enum migrate_mode mode)
{
	return migrate(pages, nr, new_page, put_new_page, arg, mode, false);
}

unsigned migrate_and_hold(struct page **pages, unsigned nr, new_page_fn new_page,
			  put_new_page_fn put_new_page, void *arg, enum migrate_mode mode)
{
	return migrate(pages, nr, new_page, put_new_page, arg, mode, true);
}

int migrate_and_pin(struct page *dst, struct page *src, enum migrate_mode mode)
{
	struct freed freed = {.nr = 0};
	int err = -EAGAIN;

	if (!ops_of(src)->isolate_page(src, mode)) {
		movable_putback(src);
		return -EBUSY;
	}
	for (unsigned passes = PASSES_SYNC; err == -EAGAIN && passes; passes--) {
		if (passes < PASSES_SYNC)
			port_cond_resched();
		err = move_page(dst, src, 1, mode);
	}
	count_rare_event(err ? PGMIGRATE_FAIL : PGMIGRATE_SUCCESS);
	if (err) {
		ops_of(src)->putback_page(src);
		movable_putback(src);
		return err;
	}
	if (movable_release(src, CALLER))
		free_source(&freed, src);
	free_sources(&freed);
	return 0;
}

#endif /* BUDDY_COMPACTION */
