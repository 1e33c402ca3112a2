// SPDX-License-Identifier: MIT
/*
 * compact_scan - the scanners: one zone is compacted.
 *
 * The migrate scanner goes up from the zone's start, a range of the wanted block's size at
 * a time, the free scanner down from its end, a pageblock at a time: pages move from where
 * the one is to where the other is, until they meet.  Before anything is moved out of a
 * range all of its words are looked at.  If there is a page that cannot be moved, no block
 * can come of it, and nothing is; what is free in it is good for targets, and so is all
 * else that the migrate scanner has passed: the spare scanner follows it and takes those
 * first.  So what cannot become a block fills up, and as many blocks are made as there is
 * free memory for.
 *
 * Ranges are places in mem_map, where sections of one zone may lie between those of others
 * (case 36): each pageblock is asked for its zone, and passed over if it is another's,
 * isolated, of the highatomic reserve, or not initialised yet.  Words are read without
 * lock: a guess, which taking the page (movable_take()) or the block (take_free_blocks())
 * finds out about.
 *
 * A pageblock in which there was neither a page to move nor a free one is marked
 * (NOTE_SKIP), and passed over by both until the hints are forgotten.
 *
 * State: zone->compact_at[], the marks; targets that were taken are in struct
 * compact_control, and go back to the lists at the end.  Guard: zone->compact_busy.
 * Locks: the zone's, for BUDDY_PCP_WORK list operations at a time.
 * Bound: one pass looks at each descriptor six times at most (a rest, and a whole pass).
 *
 * Not here: whether to compact, and how hard (compaction.c); moving (migrate.c).
 *
 * Follows Linux's isolate_migratepages(), isolate_freepages() and compact_zone() (6.1).
 */
#include <mm/compact_priv.h>

#if BUDDY_COMPACTION

/* ---- hints ---------------------------------------------------------------------- */

static void mark_skip(struct page *page)
{
	__atomic_fetch_or(pageblock_note(page), (uint16_t)NOTE_SKIP, __ATOMIC_RELAXED);
}

static void unmark_skip(struct page *page)
{
	__atomic_fetch_and(pageblock_note(page), (uint16_t)~NOTE_SKIP, __ATOMIC_RELAXED);
}

/* ---- pageblocks ------------------------------------------------------------------ */

/* The zone's descriptors, to whole sections. */
static void zone_places(const struct zone *zone, unsigned long *first, unsigned long *end)
{
	const unsigned long mask = PAGES_PER_SECTION - 1;
	unsigned long last = zone->zone_start_pfn + zone->spanned_pages - 1;

	*first = (unsigned long)(pfn_to_page(zone->zone_start_pfn) - mem_map) & ~mask;
	*end = ((unsigned long)(pfn_to_page(last) - mem_map) | mask) + 1;
}

/*
 * The types of all the pageblocks in which a range lies allow it, and that it becomes one
 * block.
 */
static bool may_empty(const struct compact_control *cc, unsigned long range)
{
	unsigned long place = pageblock_of(range);
	unsigned type = type_at(cc, place);

	for (; place < range + range_pages(cc); place += pageblock_nr_pages) {
		unsigned other = type_at(cc, place);

		if (!may_use(cc, place, cc->sources) ||
		    (other != type && (other >= MIGRATE_PCPTYPES || type >= MIGRATE_PCPTYPES)))
			return false;
	}
	return true;
}

/* ---- ranges ------------------------------------------------------------------------ */

/* What a range, or a part of it in one pageblock, holds. */
struct contents {
	unsigned movable, free, cached; /* pages; blocks, for the last two */
	unsigned busy;			/* movable, but held, taken or being written just now */
	unsigned fixed;			/* blocks that stay where they are */
};

static inline bool can_move(const struct compact_control *cc, uint32_t word)
{
	return (word & cc->fixed_bits) == (PAGE_ALLOCATED(0) | PAGE_MOVABLE);
}

/*
 * Movable, one reference, nobody has taken it; and not being written, unless its owner is to
 * wait for that.
 */
static uint32_t fixed_bits(const struct compact_control *cc)
{
	return ~(uint32_t)(PAGE_FLAGS_MASK & ~(PAGE_MOVABLE | PAGE_TAKEN)) |
	       (cc->mode == MIGRATE_SYNC ? 0 : PAGE_WRITEBACK);
}

static void look_at(struct compact_control *cc, unsigned long place, unsigned long nr,
		    struct contents *c)
{
	struct page *p = mem_map + place, *end = p + nr;
	uint32_t word = page_word(p);
	unsigned words = 0;

	/* In the middle of a larger block: all of it is. */
	if (!word && block_head(p, &word)) {
		c->fixed = pageblock_nr_pages;
		return;
	}
	for (; p < end; p += 1UL << page_word_order(word), words++) {
		word = page_word(p);
		if (can_move(cc, word))
			c->movable++;
		else if ((word & ~PAGE_ORDER_MASK) == PAGE_STATE_FREE)
			c->free++;
		else if (page_word_state(word) == PAGE_STATE_PCP)
			c->cached++;
		else if ((word & (PAGE_STATE_MASK | PAGE_MOVABLE)) ==
			 (PAGE_STATE_ALLOCATED | PAGE_MOVABLE))
			c->busy++;
		else
			c->fixed++;
	}
	cc->migrate_scanned += words;
}

/* The same for the whole range; marks pageblocks that have nothing for anybody. */
static void look_at_range(struct compact_control *cc, struct contents *c)
{
	const unsigned long nr = range_pages(cc),
			    part = min_t(nr, (unsigned long)pageblock_nr_pages);

	*c = (struct contents){0};
	for (unsigned long place = cc->source; place < cc->source + nr; place += part) {
		struct contents here = {0};

		if (place == pageblock_of(place))
			cc->useful = false;
		look_at(cc, place, part, &here);
		cc->useful |= here.movable | here.free | here.cached | here.busy;
		if (!((place + part) & (pageblock_nr_pages - 1)) && !cc->useful)
			mark_skip(mem_map + pageblock_of(place));
		c->movable += here.movable;
		c->free += here.free;
		c->cached += here.cached;
		c->busy += here.busy;
		c->fixed += here.fixed;
	}
}

/*
 * Takes what is free in the range off the lists, so that nobody is given it while the rest
 * moves out: when memory is short others would fill the range as fast as it is emptied.
 */
static void hold_free(struct compact_control *cc)
{
	struct page *p = mem_map + cc->source, *end = p + range_pages(cc);

	while (p < end) {
		struct page *block[BUDDY_PCP_WORK];
		port_irqflags_t flags;
		unsigned nr = 0;

		for (; p < end && nr < BUDDY_PCP_WORK; p += 1UL << page_word_order(page_word(p)))
			if (is_target(cc, page_word(p)))
				block[nr++] = p;
		if (!nr)
			break;
		flags = port_irq_save();
		nr = take_free_blocks(cc->zone, block, nr, PAGES_PER_SECTION, cc->sources);
		port_irq_restore(flags);
		for (unsigned i = 0; i < nr; i++)
			set_page_word(block[i], PAGE_HELD | page_word(block[i]));
	}
}

static bool is_held(const struct compact_control *cc)
{
	struct page *p = mem_map + cc->source, *end = p + range_pages(cc);

	while (p < end && (page_word(p) & ~PAGE_ORDER_MASK) == PAGE_HELD)
		p += 1UL << page_word_order(page_word(p));
	return p >= end;
}

static void free_blocks(struct compact_control *cc, struct page **block, unsigned nr)
{
	port_irqflags_t flags = port_irq_save();

	free_pcppages_bulk(cc->zone, block, nr);
	port_irq_restore(flags);
}

/* All of the range is held: one block, for the request that wants it, or for the lists. */
static void keep_block(struct compact_control *cc)
{
	struct page *first = mem_map + cc->source;

	for (struct page *p = first + range_pages(cc); --p > first;)
		if (page_word(p))
			set_page_word(p, 0);
	set_page_word(first, PAGE_STATE_PCP | cc->order);
	/*
	 * A small block of another mobility would mix them for a request that could do
	 * without.
	 */
	if (cc->may_capture &&
	    (cc->order >= pageblock_order || get_pageblock_migratetype(first) == cc->mt))
		cc->captured = first;
	else
		free_blocks(cc, &first, 1);
}

/* What is held goes back to the lists. */
static void give_back(struct compact_control *cc)
{
	struct page *p = mem_map + cc->source, *end = p + range_pages(cc);
	struct page *block[BUDDY_PCP_WORK];
	unsigned nr = 0;

	while (p < end) {
		uint32_t word = page_word(p);

		if ((word & ~PAGE_ORDER_MASK) == PAGE_HELD) {
			set_page_word(p, PAGE_STATE_PCP | page_word_order(word));
			block[nr++] = p;
		}
		p += 1UL << page_word_order(word);
		if (nr == BUDDY_PCP_WORK || (nr && p >= end)) {
			free_blocks(cc, block, nr);
			nr = 0;
		}
	}
}

/*
 * Moves out of the range what can be moved just now: without waiting, up to the first that
 * cannot.  False: there is nowhere to move it to.
 */
static bool move_out(struct compact_control *cc, unsigned left)
{
	struct page *p = mem_map + cc->source, *end = p + range_pages(cc);
	struct page *batch[MIGRATE_BATCH];
	unsigned nr, moved;
	bool room = true;

	do {
		bool stays = false;

		for (nr = 0; p < end && nr < MIGRATE_BATCH && !stays; p++) {
			uint32_t word;

			while (!can_move(cc, word = page_word(p)) &&
			       (p += 1UL << page_word_order(word)) < end)
				;
			if (p >= end)
				break;
			if (nr == cc->nr_target) {
				room = get_targets(cc, nr + (left ? left : 1));
				if (nr == cc->nr_target)
					break;
			}
			if (isolate_movable(p, cc->mode))
				batch[nr++] = p;
			else
				stays = cc->mode == MIGRATE_ASYNC;
			left -= !!left;
		}
		moved = nr ? migrate_and_hold(batch, nr, new_target, put_target, cc, cc->mode) : 0;
		cc->nr_moved += moved;
		if (stays || (moved < nr && cc->mode == MIGRATE_ASYNC))
			break;
	} while (p < end && nr);
	return room;
}

#define NEW_PAGES 4 /* that a range may have to be looked at twice */
#define ROUNDS	  4 /* for what was in somebody's hands, or in a cache */

/*
 * Makes a block of the range, or leaves it as it was but for what has moved.  False: there is
 * nowhere to move pages to.
 */
static bool empty_range(struct compact_control *cc, unsigned left)
{
	unsigned rounds = cc->mode == MIGRATE_ASYNC ? 1 : ROUNDS;
	bool room, done;

	do {
		hold_free(cc);
		room = move_out(cc, left);
		done = is_held(cc);
		if (done || !room || !--rounds)
			break;
		drain_all_pages();
		port_cond_resched();
	} while (true);
	if (done)
		keep_block(cc);
	else
		give_back(cc);
	cc->more = cc->nr_moved >= cc->budget;
	return room;
}

/* One range.  False: the scanners have met. */
static bool compact_range(struct compact_control *cc)
{
	struct contents c;

	if (cc->source >= cc->end || cc->source >= cc->high + pageblock_nr_pages)
		return false;
	if (may_empty(cc, cc->source)) {
		look_at_range(cc, &c);
		/*
		 * A few may just have been given out, to owners who have not said yet that
		 * they move.
		 */
		if (c.fixed && c.fixed <= NEW_PAGES && c.movable && cc->mode != MIGRATE_ASYNC) {
			port_cond_resched();
			look_at_range(cc, &c);
		}
		if (c.movable && !c.fixed && (!(c.cached | c.busy) || cc->mode != MIGRATE_ASYNC)) {
			if (!empty_range(cc, c.movable))
				return false;
			port_cond_resched();
		}
	} else if (range_pages(cc) < pageblock_nr_pages) {
		cc->source = pageblock_of(cc->source) + pageblock_nr_pages;
		return true;
	}
	cc->source += range_pages(cc);
	return true;
}

/* ---- a pass -------------------------------------------------------------------------- */

void compact_reset(struct zone *zone)
{
	unsigned long place, end;

	zone_places(zone, &place, &end);
	zone->compact_at[0] = zone->compact_at[1] = (struct compact_cursor){0};
	for (; place < end; place += pageblock_nr_pages)
		if (is_marked(mem_map + place))
			unmark_skip(mem_map + place);
}

/* False: not from both ends. */
static bool load_cursor(struct compact_control *cc)
{
	struct compact_cursor at = cc->zone->compact_at[cc->mode != MIGRATE_ASYNC];
	bool begin = cc->whole || !at.at;
	unsigned long last;

	zone_places(cc->zone, &cc->first, &cc->end);
	last = cc->end - pageblock_nr_pages;
	if (begin)
		at = (struct compact_cursor){cc->first, cc->first, last, last};
	cc->source = at.migrate & ~(range_pages(cc) - 1);
	cc->spare = min_t(at.spare, cc->source);
	cc->high = at.high;
	cc->at = at.at;
	return begin || (at.migrate == cc->first && at.at == last);
}

static void save_cursor(const struct compact_control *cc)
{
	struct compact_cursor at = {cc->source, cc->spare, cc->high, cc->at};

	cc->zone->compact_at[0] = at;
	if (cc->mode != MIGRATE_ASYNC)
		cc->zone->compact_at[1] = at;
}

bool compact_finished(const struct compact_control *cc)
{
	const struct zone *zone = cc->zone;

	if (cc->captured)
		return true;
	if (cc->to_end)
		return false;
	if (!(cc->alloc_flags & ALLOC_NO_WATERMARKS))
		return zone_watermark_ok(zone, cc->order, cc->highest, cc->alloc_flags);
	return zone_has_block(zone, cc->order) ||
	       special_has_block(zone, cc->order, cc->alloc_flags);
}

/*
 * From where the cursor is until there is a block, the budget is used up, or the scanners
 * have met (true).
 */
static bool compact_pass(struct compact_control *cc, bool *whole)
{
	bool met = false;

	*whole = load_cursor(cc);
	while (!met && !cc->more && !compact_finished(cc)) {
		met = !compact_range(cc);
		cc->more = !met && (cc->more || cc->migrate_scanned + cc->free_scanned >=
							COMPACT_SCAN_PER_MOVE * cc->budget);
	}
	put_targets(cc);
	if (met)
		compact_reset(cc->zone);
	else
		save_cursor(cc);
	return met;
}

enum compact_result compact_zone(struct compact_control *cc)
{
	bool whole, met;

	cc->fixed_bits = fixed_bits(cc);
	drain_local_pages();
	met = compact_pass(cc, &whole);
	/*
	 * The rest of a pass was not enough.  A request that waits has all of it looked at:
	 * it may be the only one that gets so far.
	 */
	if (met && !whole && cc->mode != MIGRATE_ASYNC && cc->budget == COMPACT_NO_BUDGET &&
	    !compact_finished(cc))
		met = compact_pass(cc, &whole);
	count_rare_events(COMPACTMIGRATE_SCANNED, (uint32_t)cc->migrate_scanned);
	count_rare_events(COMPACTFREE_SCANNED, (uint32_t)cc->free_scanned);
	count_rare_events(COMPACTISOLATED, (uint32_t)(cc->nr_taken + cc->nr_moved));
	if (compact_finished(cc))
		return COMPACT_SUCCESS;
	return met && whole ? COMPACT_COMPLETE : COMPACT_PARTIAL_SKIPPED;
}

#endif /* BUDDY_COMPACTION */
