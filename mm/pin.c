// SPDX-License-Identifier: MIT
/*
 * pin - pages that somebody is about to hold for long leave the places that must stay
 * movable.
 *
 * The reference that the caller has is the one that moves the page: with the owner's
 * it makes exactly the two that a page has while it is moved.  The new page
 * has its second reference before its owner can show it to anybody, so that nobody can
 * take it in between.
 *
 * State and locks: none.
 *
 * Bound: PIN_TRIES looks at a page that others hold, and a migration (migrate.c).
 *
 * Not here: who holds pages: a pin is a reference like others.
 *
 * Follows Linux's check_and_migrate_movable_pages() (mm/gup.c, 6.1).
 */
#include <buddy/migrate.h>
#include <mm/internal.h>

#if !BUDDY_TINY

#define PIN_TRIES 10

/* Where a page must not stay for long. */
static bool in_the_way(const struct page *page)
{
	enum migratetype mt = get_pageblock_migratetype(page);

	return PageMovable(page) && (mt == MIGRATE_CMA || mt == MIGRATE_ISOLATE ||
				     page_zone(page)->type == ZONE_MOVABLE);
}

#if BUDDY_COMPACTION
/* The caller's reference of page is used up. */
static struct page *move_and_pin(struct page *page)
{
	/* Not __GFP_MOVABLE, as in a memalloc_pin_save() scope. */
	struct page *dst = alloc_migration_target(page, GFP_USER | __GFP_NOWARN);
	unsigned saved, tries = PIN_TRIES;
	bool taken = false;
	int err = -EBUSY;

	/* Without another reference than its owner's and the caller's, or soon. */
	while (dst && !(taken = movable_take_held(page)) && page_count(page) > 1 && --tries)
		port_cond_resched();
	if (!taken) {
		put_page(page);
	} else {
		saved = memalloc_noreclaim_save();
		err = migrate_and_pin(dst, page, MIGRATE_SYNC);
		memalloc_noreclaim_restore(saved);
	}
	if (!err)
		return dst;
	if (dst)
		free_migration_target(dst);
	return NULL;
}
#else
static struct page *move_and_pin(struct page *page)
{
	put_page(page);
	return NULL;
}
#endif

struct page *pin_page_longterm(struct page *page)
{
	if (unlikely(!is_descriptor(page))) {
		bad_free("pin_page_longterm", page, 0, 0, "foreign: no page descriptor", CALLER);
		return NULL;
	}
	if (unlikely(page_word_state(page_word(page)) != PAGE_STATE_ALLOCATED)) {
		bad_free("pin_page_longterm", page, 0, page_word(page),
			 "a page that the caller holds expected", CALLER);
		return NULL;
	}
	return in_the_way(page) ? move_and_pin(page) : page;
}

#endif /* !BUDDY_TINY */
