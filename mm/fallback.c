// SPDX-License-Identifier: MIT
/*
 * fallback - taking a block of another mobility; the highatomic reserve.
 *
 * When the lists of the wanted mobility are empty, a block of another one must
 * serve.  To keep unmovable pages together, the largest foreign block is looked
 * for first and, if it is worth it, its whole pageblock is claimed: its free
 * blocks change lists and later requests find them without falling back.  If
 * nothing can be claimed, the smallest fitting foreign block is stolen, and
 * the rest of it stays where it was.
 *
 * Worth it: a pageblock that is wholly free, or, if half of it is free, any
 * request that is not movable (movable pages do least harm among others) or
 * any block of at least half the pageblock's order.
 *
 * Follows Linux's __rmqueue_claim() and __rmqueue_steal() (6.15), the half rule
 * of try_to_claim_block() included; which allocated pages are movable is not
 * known yet, so none counts in its favour.
 *
 * Every block that is taken so counts as a fragmentation event (ALLOC_EXTFRAG, and
 * in the trace).  With ALLOC_NOFRAGMENT only whole pageblocks are taken; a boost of the
 * watermarks answers each mixing, where it is configured (boost_watermark(), 5.0).
 *
 * The reserve: up to 1 % of a zone, in pageblocks, is kept for atomic requests of order 1
 * and more once one of them had to go below the watermarks (6.1), and given up again
 * before another request fails for it (case 28).
 *
 * State: the zone's nr_reserved_highatomic and watermark_boost.  Guard: the zone's lock.
 * Bound: one claim is tried for each other mobility, a walk over CLAIM_PIECES blocks each.
 */
#include <buddy/init.h>
#include <mm/internal.h>

#if BUDDY_MOBILITY

/*
 * A pageblock in more pieces than this, free or not, is not claimed: it has mixed
 * already, and moving its free blocks one by one would keep interrupts off for long.
 */
#define CLAIM_PIECES 64

static const uint8_t fallbacks[MIGRATE_PCPTYPES][MIGRATE_PCPTYPES - 1] = {
	[MIGRATE_UNMOVABLE] = {MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE},
	[MIGRATE_MOVABLE] = {MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE},
	[MIGRATE_RECLAIMABLE] = {MIGRATE_UNMOVABLE, MIGRATE_MOVABLE},
};

/*
 * Mobilities have been mixed: more than usual is to stay free for a while.  The caller
 * updates nothing; small zones are left alone, as they have no choice.
 */
static void boost_watermark(struct zone *zone)
{
	uint64_t most =
		(uint64_t)zone->watermark[WMARK_HIGH] * mm_policy.watermark_boost_factor / 10000;
	uint32_t boost = zone->watermark_boost + pageblock_nr_pages;

	if (!mm_policy.watermark_boost_factor ||
	    pageblock_nr_pages * 4 > READ_ONCE(zone->managed_pages))
		return;
	most = most < pageblock_nr_pages ? pageblock_nr_pages : most;
	WRITE_ONCE(zone->watermark_boost, (uint32_t)min_t((uint64_t)boost, most));
	update_fast_mark(zone);
}

/* Claims the pageblock of the largest block of mobility `from`.  False: not worth it. */
static bool try_to_claim(struct zone *zone, unsigned order, enum migratetype from,
			 enum migratetype mt)
{
	unsigned largest = 31U - (unsigned)__builtin_clz(zone->nonempty[from]);
	struct page *page = lru_to_page(zone->free_area[largest].free_list[from].list.next);

	MM_ASSERT(largest >= order);
	if (largest >= pageblock_order) {
		move_free_block(zone, page, mt);
		zone->nr_steal += 1U << (largest - pageblock_order);
		return true;
	}
	/* About to be isolated: its type is no longer its lists'. */
	if (unlikely(get_pageblock_migratetype(page) != from))
		return false;
	if (mt == MIGRATE_MOVABLE && largest + 1 <= pageblock_order / 2)
		return false;
	if (count_free_in_block(page, CLAIM_PIECES) < pageblock_nr_pages / 2)
		return false;
	move_freepages_block(zone, page, mt);
	zone->nr_steal++;
	boost_watermark(zone);
	return true;
}

static struct page *__rmqueue_fallback(struct zone *zone, unsigned order, enum migratetype mt,
				       unsigned alloc_flags)
{
	const bool whole = alloc_flags & ALLOC_NOFRAGMENT && order < pageblock_order;
	unsigned smallest = MAX_ORDER + 1;
	enum migratetype from = mt;

	MM_ASSERT_LOCKED(zone);
	for (unsigned i = 0; i < MIGRATE_PCPTYPES - 1; i++) {
		enum migratetype other = (enum migratetype)fallbacks[mt][i];
		uint32_t fits = zone->nonempty[other] >> order;

		if (!fits || (whole && !(fits >> (pageblock_order - order))))
			continue;
		if (try_to_claim(zone, order, other, mt)) {
			from = mt;
			smallest = order;
			break;
		}
		if (order + (unsigned)__builtin_ctz(fits) < smallest) {
			smallest = order + (unsigned)__builtin_ctz(fits);
			from = other;
		}
	}
	if (smallest > MAX_ORDER || (whole && from != mt))
		return NULL;
	zone->nr_extfrag++;
	if (from != mt)
		boost_watermark(zone);
	return __rmqueue_smallest(zone, order, from);
}

/*
 * A block of exactly 2^order pages for mobility mt, whose own lists had none that fits a
 * moment ago; NULL when no list has.  Movable requests turn to CMA areas first.  After a
 * claim the lists of mt may have more.  Interrupts are off.
 */
struct page *fallback_locked(struct zone *zone, unsigned order, enum migratetype mt,
			     unsigned alloc_flags)
{
	bool mixed = false;
	struct page *page;

	port_spin_lock(&zone->lock);
	page = __rmqueue_smallest(zone, order, rmqueue_type(zone, order, mt));
	if (!page) {
		page = __rmqueue_fallback(zone, order, mt, alloc_flags);
		mixed = page;
	}
	zone->nr_alloc += !!page;
	port_spin_unlock(&zone->lock);
	if (unlikely(mixed && mm_debug_on))
		trace_event(TRACE_EXTFRAG, page, order, 0, NULL);
	return page;
}

#if BUDDY_HIGHATOMIC

/* ---- the highatomic reserve ------------------------------------------------ */

/* A block out of the reserve, or NULL.  Interrupts are off. */
struct page *rmqueue_highatomic(struct zone *zone, unsigned order)
{
	struct page *page;

	if (likely(!(READ_ONCE(zone->nonempty[MIGRATE_HIGHATOMIC]) >> order)))
		return NULL;
	port_spin_lock(&zone->lock);
	page = __rmqueue_smallest(zone, order, MIGRATE_HIGHATOMIC);
	zone->nr_alloc += !!page;
	port_spin_unlock(&zone->lock);
	return page;
}

/*
 * An atomic request of order 1 or more has got `page` from below the watermarks: its
 * pageblock is kept for the next ones, if that is not too much, and if it is not in too
 * many pieces.  Interrupts are off.
 */
void reserve_highatomic_pageblock(struct zone *zone, struct page *page)
{
	/* At most 1 %, but a pageblock at least. */
	unsigned long most = READ_ONCE(zone->managed_pages) / 100 + pageblock_nr_pages;

	if (READ_ONCE(zone->nr_reserved_highatomic) + pageblock_nr_pages > most)
		return;
	port_spin_lock(&zone->lock);
	if (zone->nr_reserved_highatomic + pageblock_nr_pages <= most &&
	    get_pageblock_migratetype(page) < MIGRATE_PCPTYPES &&
	    page_word_order(page_word(page)) < pageblock_order &&
	    count_free_in_block(page, CLAIM_PIECES)) {
		move_freepages_block(zone, page, MIGRATE_HIGHATOMIC);
		ADD_ONCE(zone->nr_reserved_highatomic, pageblock_nr_pages);
		count_vm_event(this_cpu(), HIGHATOMIC_RESERVE);
	}
	port_spin_unlock(&zone->lock);
}

/*
 * Gives one pageblock of the reserve up, to unmovable requests as those have the hardest
 * lot, when it has a free block at all; the largest first.  False: there was
 * none.  Interrupts are off.
 */
bool unreserve_highatomic_pageblock(struct zone *zone)
{
	bool done = false;

	if (likely(!READ_ONCE(zone->nonempty[MIGRATE_HIGHATOMIC])))
		return false;
	port_spin_lock(&zone->lock);
	if (zone->nonempty[MIGRATE_HIGHATOMIC]) {
		unsigned largest = ilog2(zone->nonempty[MIGRATE_HIGHATOMIC]);
		struct page *page = lru_to_page(
			zone->free_area[largest].free_list[MIGRATE_HIGHATOMIC].list.next);

		/* Isolated meanwhile: not ours to give. */
		if (get_pageblock_migratetype(page) == MIGRATE_HIGHATOMIC) {
			if (largest >= pageblock_order)
				move_free_block(zone, page, MIGRATE_UNMOVABLE);
			else
				move_freepages_block(zone, page, MIGRATE_UNMOVABLE);
			ADD_ONCE(zone->nr_reserved_highatomic,
				 -(1U << (largest > pageblock_order ? largest : pageblock_order)));
			count_vm_event(this_cpu(), HIGHATOMIC_UNRESERVE);
			done = true;
		}
	}
	port_spin_unlock(&zone->lock);
	return done;
}

#endif /* BUDDY_HIGHATOMIC */

#endif /* BUDDY_MOBILITY */
