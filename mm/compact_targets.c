// SPDX-License-Identifier: MIT
/*
 * compact_targets - the free scanner and the spare scanner: where pages are moved to.
 *
 * Free pages are taken off the lists a few blocks at a time, first those that the migrate
 * scanner has passed (the spare scanner follows it), then from the zone's end down.
 * Blocks are cut up outside of the lock; what is not used goes back, and the scanners with
 * it.
 *
 * State: cc->target[], at most MIGRATE_BATCH pages off the lists, and the scanners' places
 * in struct compact_control.  Guard: zone->compact_busy.  Locks: the zone's, for
 * BUDDY_PCP_WORK list operations at a time.
 *
 * Not here: what is moved there (compact_scan.c).
 *
 * Follows Linux's isolate_freepages(), compaction_alloc() and compaction_free() (6.1).
 */
#include <mm/compact_priv.h>

#if BUDDY_COMPACTION

/* The blocks, in single pages, are targets. */
static void keep_targets(struct compact_control *cc, struct page **block, unsigned nr)
{
	struct page **to = cc->target + cc->nr_target;

	for (unsigned i = 0; i < nr; i++) {
		struct page *page = block[i];
		unsigned order = page_word_order(page_word(page));

		*to++ = page;
		if (likely(!order))
			continue;
		set_page_word(page, PAGE_STATE_PCP);
		for (unsigned long n = (1UL << order) - 1; n; n--) {
			set_page_word(++page, PAGE_STATE_PCP);
			*to++ = page;
		}
	}
	cc->nr_target = (unsigned)(to - cc->target);
}

/*
 * Free blocks of [*at, end), of one pageblock, that are together enough for `room` pages, or
 * BUDDY_PCP_WORK of them.  *at: where to go on.
 */
static unsigned find_targets(struct compact_control *cc, struct page **at, struct page *end,
			     unsigned room, struct page **block)
{
	struct page *p = *at;
	unsigned nr = 0, words = 0;

	while (p < end) {
		uint32_t word = page_word(p);
		unsigned step = 1U << page_word_order(word);

		words++;
		if (is_target(cc, word)) {
			block[nr++] = p;
			if (step > room)
				break; /* in part: its rest is the next one */
			room -= step;
			if (nr == BUDDY_PCP_WORK || !room) {
				p += step;
				break;
			}
		}
		p += step;
	}
	cc->free_scanned += words;
	*at = p;
	return nr;
}

/*
 * Takes free pages of [place, end), of one pageblock, until there are `want` targets.
 * Returns where to go on.
 */
static unsigned long take_targets(struct compact_control *cc, unsigned long place,
				  unsigned long end, unsigned want)
{
	struct page *p = mem_map + place, *stop = mem_map + end;

	while (p < stop && cc->nr_target < want) {
		struct page *block[BUDDY_PCP_WORK];
		unsigned room = want - cc->nr_target, nr = find_targets(cc, &p, stop, room, block);
		port_irqflags_t flags;

		if (!nr)
			break;
		flags = port_irq_save();
		nr = take_free_blocks(cc->zone, block, nr, room, cc->targets);
		port_irq_restore(flags);
		keep_targets(cc, block, nr);
		/* Refused what was looked at last: not for ever. */
		if (unlikely(!nr))
			p++;
	}
	return p < stop ? (unsigned long)(p - mem_map) : end;
}

/* Pages that the migrate scanner has passed, up to the range that is being emptied. */
static void take_spare(struct compact_control *cc, unsigned want)
{
	while (cc->nr_target < want && cc->spare < cc->source) {
		unsigned long end = pageblock_of(cc->spare) + pageblock_nr_pages;

		end = min_t(end, cc->source);
		if (may_use(cc, pageblock_of(cc->spare), cc->targets))
			cc->spare = take_targets(cc, cc->spare, end, want);
		else
			cc->spare = end;
	}
}

/* Pages at the far end, down to the range that is being emptied. */
static void take_high(struct compact_control *cc, unsigned want)
{
	const unsigned long limit = cc->source + range_pages(cc);

	while (cc->nr_target < want) {
		unsigned long end = cc->high + pageblock_nr_pages;

		cc->at = cc->at < limit ? limit : cc->at;
		if (cc->at < end) {
			if (may_use(cc, cc->high, cc->targets))
				cc->at = take_targets(cc, cc->at, end, want);
			else
				cc->at = end;
			continue;
		}
		if (cc->high <= limit)
			return;
		cc->high -= pageblock_nr_pages;
		cc->at = cc->high;
	}
}

bool get_targets(struct compact_control *cc, unsigned want)
{
	unsigned had = cc->nr_target;

	want = min_t(want, (unsigned)MIGRATE_BATCH);
	take_spare(cc, want);
	take_high(cc, want);
	cc->nr_taken += cc->nr_target - had;
	return cc->nr_target;
}

struct page *new_target(struct page *src, void *arg)
{
	struct compact_control *cc = arg;

	(void)src;
	return cc->nr_target ? cc->target[--cc->nr_target] : NULL;
}

/* Case 37: it was not needed, or its source did not move. */
void put_target(struct page *dst, void *arg)
{
	struct compact_control *cc = arg;

	cc->target[cc->nr_target++] = dst;
}

/* What was not used goes back to the lists, and the scanners to where they find it again. */
void put_targets(struct compact_control *cc)
{
	while (cc->nr_target) {
		unsigned nr = min_t(cc->nr_target, (unsigned)BUDDY_PCP_WORK);
		struct page **block = cc->target + (cc->nr_target - nr);
		port_irqflags_t flags;

		for (unsigned i = 0; i < nr; i++) {
			unsigned long place = (unsigned long)(block[i] - mem_map);

			if (place < cc->source)
				cc->spare = min_t(cc->spare, place);
			else if (pageblock_of(place) > cc->high ||
				 (pageblock_of(place) == cc->high && place < cc->at)) {
				cc->high = pageblock_of(place);
				cc->at = place;
			}
		}
		flags = port_irq_save();
		free_pcppages_bulk(cc->zone, block, nr);
		port_irq_restore(flags);
		cc->nr_target -= nr;
	}
}

#endif /* BUDDY_COMPACTION */
