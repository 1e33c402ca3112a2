// SPDX-License-Identifier: MIT
/*
 * fallback - taking a block of another mobility.
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
 * State: none of its own.  Guard: the zone's lock.  Bound: one claim is tried
 * for each other mobility, a walk over CLAIM_PIECES blocks each.
 */
#include <mm/internal.h>

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
	if (mt == MIGRATE_MOVABLE && largest + 1 <= pageblock_order / 2)
		return false;
	if (count_free_in_block(page, CLAIM_PIECES) < pageblock_nr_pages / 2)
		return false;
	move_freepages_block(zone, page, mt);
	zone->nr_steal++;
	return true;
}

static struct page *__rmqueue_fallback(struct zone *zone, unsigned order, enum migratetype mt)
{
	unsigned smallest = MAX_ORDER + 1;
	enum migratetype from = mt;

	MM_ASSERT_LOCKED(zone);
	for (unsigned i = 0; i < MIGRATE_PCPTYPES - 1; i++) {
		enum migratetype other = (enum migratetype)fallbacks[mt][i];
		uint32_t fits = zone->nonempty[other] >> order;

		if (!fits)
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
	if (smallest > MAX_ORDER)
		return NULL;
	zone->nr_extfrag++;
	return __rmqueue_smallest(zone, order, from);
}

/*
 * A block of exactly 2^order pages for mobility mt, whose own lists had none
 * that fits a moment ago; NULL when no list has.  After a claim the lists of mt
 * may have more.  Interrupts are off.
 */
struct page *rmqueue_fallback(struct zone *zone, unsigned order, enum migratetype mt)
{
	struct page *page;

	if (!zone_has_block(zone, order))
		return NULL;
	port_spin_lock(&zone->lock);
	page = __rmqueue_smallest(zone, order, mt);
	if (!page)
		page = __rmqueue_fallback(zone, order, mt);
	zone->nr_alloc += !!page;
	port_spin_unlock(&zone->lock);
	return page;
}
