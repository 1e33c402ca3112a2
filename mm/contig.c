// SPDX-License-Identifier: MIT
/*
 * contig - frames side by side, more than the largest block or at a place that is said.
 *
 * The pageblocks around a range are isolated, which keeps everybody else away from what is
 * free in them; if all of the range is free it is taken off the lists, and the rest goes
 * back.  Pages in per-CPU caches are got by having them emptied, but only where a
 * cached page is what is in the way; pages in use, if their owners can move them, by moving
 * them elsewhere (contig_migrate.c).
 *
 * Who does not care for the place looks for one first: by the words of the blocks, without
 * locks, as fast as blocks are large; at first for what is free, then for what is once
 * caches are emptied, then for what is once pages are moved.  That is a guess; isolation
 * finds out.  A pageblock that another caller has isolated is passed over, and looked at
 * again some rounds later.
 *
 * Out of service is a range that has been allocated so, with words that say it.
 *
 * State: none but the pages' words, zone->managed_pages and nr_offline.  Locks: the
 * zone's, for one block.
 *
 * Not here: moving what is in the way elsewhere (contig_migrate.c).
 *
 * Follows Linux's alloc_contig_range() and alloc_contig_pages() (6.1).
 */
#include <buddy/highmem.h>
#include <mm/contig_priv.h>

#if BUDDY_CMA

#define CONTENDED 1 /* as a result: another caller works there */

#define ROUNDS 64  /* that a search makes for pageblocks that others have isolated */
#define WAIT   500 /* glances at one of them in between */

static inline phys_addr_t to_phys(unsigned long pfn)
{
	return (phys_addr_t)pfn << PAGE_SHIFT;
}

/* ---- a range ------------------------------------------------------------------- */

/* Takes free and isolated pages off the lists; their words are then `word`. */
static void take_range(struct page *page, struct page *end, gfp_t gfp, uint32_t word,
		       const void *caller)
{
	struct zone *zone = page_zone(page);
	struct page *p = page;

	while (p < end) {
		port_irqflags_t flags = port_irq_save();
		unsigned nr;

		port_spin_lock(&zone->lock);
		nr = take_isolated(zone, p, end);
		port_spin_unlock(&zone->lock);
		port_irq_restore(flags);
		MM_ASSERT(nr);
		p += nr;
	}
	/* From the last, as split_page() does. */
	while (p > page)
		set_page_word(--p, word);
	for (; p < end && unlikely(mm_debug_on); p++)
		post_alloc_hook(p, 0, gfp, caller);
	for (p = page; p < end && gfp & __GFP_ZERO; p++)
		clear_highpage(p);
}

/*
 * Takes the frames [start, end); move: what is in use, too.  0, -EINVAL, -EBUSY, or
 * CONTENDED.
 */
static int take_frames(unsigned long start, unsigned long end, enum migratetype mt, bool move,
		       gfp_t gfp, uint32_t word, const void *caller)
{
	unsigned long from = start & ~(unsigned long)(pageblock_nr_pages - 1);
	unsigned long to = ((end - 1) | (pageblock_nr_pages - 1)) + 1;
	uint32_t busy;
	int err = start_isolate_page_range(from, to, mt);

	if (err)
		return err == -EBUSY ? CONTENDED : err;
	err = test_isolated(start, end, &busy);
	/* A word of 0: on its way between cache and lists at this moment. */
	if (err && (page_word_state(busy) == PAGE_STATE_PCP || !busy)) {
		drain_all_pages();
		err = test_isolated(start, end, &busy);
	}
	if (err && move)
		err = contig_move_range(start, end);
	if (!err) {
		struct page *page = pfn_to_page(start);

		take_range(page, page + (end - start), gfp, word, caller);
	}
	undo_isolate_page_range(from, to, mt);
	return err;
}

int alloc_contig_range(unsigned long start, unsigned long end, enum migratetype mt, gfp_t gfp)
{
	int err = -EINVAL;

	if (start < end && memblock_is_region_memory(to_phys(start), to_phys(end - start)))
		err = take_frames(start, end, mt, true, gfp, PAGE_ALLOCATED(0), CALLER);
	if (err > 0)
		err = -EBUSY;
	if (err == -EBUSY && !(gfp & __GFP_NOWARN))
		port_log("alloc_contig_range: frames 0x%lx to 0x%lx from %p: frame 0x%lx: %s\n",
			 start, end, CALLER, contig_busy_pfn(), contig_busy_reason());
	return err;
}

/*
 * Frees nr pages of one zone side by side that are all the caller's, in the largest blocks.
 */
void contig_free(struct page *page, unsigned long nr, const void *caller)
{
	struct page *block[BUDDY_PCP_WORK];
	struct zone *zone = page_zone(page);
	unsigned n = 0;

	for (unsigned long i = 0; i < nr && unlikely(mm_debug_on); i++)
		free_pages_prepare(page + i, 0, caller);
	while (nr) {
		unsigned order =
			(unsigned)__builtin_ctzl(page_index(page) | 1UL << pageblock_order);

		while (1UL << order > nr)
			order--;
		block[n++] = page;
		for (struct page *p = page + (1UL << order); --p > page;)
			set_page_word(p, 0);
		set_page_word(page, PAGE_STATE_PCP | order);
		page += 1UL << order;
		nr -= 1UL << order;
		if (n == BUDDY_PCP_WORK || !nr) {
			port_irqflags_t flags = port_irq_save();

			free_pcppages_bulk(zone, block, n);
			port_irq_restore(flags);
			n = 0;
		}
	}
}

void free_contig_range(unsigned long pfn, unsigned long nr)
{
	while (nr) {
		/* One section at most, and what of it is single pages with one reference. */
		unsigned long most = PAGES_PER_SECTION - (pfn & (PAGES_PER_SECTION - 1)), n = 0;
		struct page *page = pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;

		most = min_t(most, nr);
		while (page && n < most && section_ready(page) &&
		       page_word(page + n) == PAGE_ALLOCATED(0))
			n++;
		if (n) {
			contig_free(page, n, CALLER);
		} else if (page) {
			n = 1;
			free_pages_from(page, 0, CALLER);
		} else {
			n = pfn < MAX_PFN ? most : nr;
			bad_free("free_contig_range", (void *)(pfn << PAGE_SHIFT), 0, 0,
				 "foreign: no RAM there", CALLER);
		}
		pfn += n;
		nr -= n;
	}
}

/* ---- some range ------------------------------------------------------------------ */

/* Frames from pfn on that are alike; *fits: they could be taken, as far as a glance tells. */
static unsigned long look_at(struct contig_search *s, unsigned long pfn, bool *fits)
{
	unsigned long left = PAGES_PER_SECTION - (pfn & (PAGES_PER_SECTION - 1));
	uint32_t word = 0;

	*fits = false;
	if (pfn_valid(pfn)) {
		struct page *page = pfn_to_page(pfn);
		enum migratetype mt = get_pageblock_migratetype(page);

		left = pageblock_nr_pages - (pfn & (pageblock_nr_pages - 1));
		word = PAGE_STATE_RESERVED; /* for others */
		if (mt == MIGRATE_ISOLATE) {
			s->isolated = page;
			word = PAGE_STATE_FREE | PAGE_ISOLATED;
		} else if (page_zone(page) == s->zone &&
			   (s->cma ? mt == MIGRATE_CMA : mt < MIGRATE_PCPTYPES)) {
			word = block_word(page, &left);
			*fits = page_word_state(word) == PAGE_STATE_FREE ||
				(s->cached && page_word_state(word) == PAGE_STATE_PCP) ||
				(s->moving && contig_may_move(word));
		}
	}
	if (!*fits)
		contig_busy(pfn, word);
	return left;
}

/*
 * Takes pages somewhere in [start, end) of s->zone.  The first one, or NULL: each place was
 * tried once.
 */
struct page *contig_try(struct contig_search *s, unsigned long start, unsigned long end)
{
	unsigned long at = (start + s->align - 1) & ~(s->align - 1), pfn = at;

	complete_deferred();
	while (at + s->nr <= end) {
		bool fits = false;

		if (pfn < at + s->nr) {
			pfn += look_at(s, pfn, &fits);
		} else {
			struct page *page = pfn_to_page(at);
			enum migratetype mt = s->cma || s->nr < pageblock_nr_pages
						      ? get_pageblock_migratetype(page)
						      : MIGRATE_MOVABLE;
			int err = take_frames(at, at + s->nr, mt, s->moving, s->gfp, s->word,
					      s->caller);

			if (!err)
				return page;
			if (err == CONTENDED)
				s->isolated = page;
			/* Not the same page again in each place that has it. */
			pfn = contig_busy_pfn();
			pfn = (s->moving && pfn - at < s->nr ? pfn : at) + 1;
		}
		if (!fits)
			pfn = at = (pfn + s->align - 1) & ~(s->align - 1);
	}
	return NULL;
}

/*
 * After a round that found nothing: is another one worth it?  The first one took what was
 * free at once; the second one has caches emptied, the third one moves pages, and more wait
 * for those who were in the way.
 */
bool contig_again(struct contig_search *s)
{
	bool all = s->cached && (s->moving || !BUDDY_COMPACTION);

	if (all && (!s->isolated || s->rounds++ >= ROUNDS))
		return false;
	if (!s->cached)
		drain_all_pages();
	s->moving = s->cached && BUDDY_COMPACTION;
	for (unsigned i = 0;
	     s->isolated && i < WAIT && get_pageblock_migratetype(s->isolated) == MIGRATE_ISOLATE;
	     i++)
		port_cpu_relax();
	port_cond_resched();
	s->cached = true;
	s->isolated = NULL;
	return true;
}

/* The zone keeps its min mark and what only others may have. */
static bool zone_can_spare(const struct zone *zone, unsigned long nr, enum zone_type highest)
{
	return READ_ONCE(zone->nr_free_pages) >= nr + wmark_pages(zone, ALLOC_WMARK_MIN) +
							 zone->lowmem_reserve[highest] +
							 unusable_free(zone, 0);
}

struct page *alloc_contig_pages(unsigned long nr, gfp_t gfp, int nid, nodemask_t nodemask)
{
	struct contig_search s = {.nr = nr, .word = PAGE_ALLOCATED(0), .caller = CALLER};
	nodemask_t allowed = READ_ONCE(port_alloc_scope()->mems_allowed);
	struct zone *const *zonelist;
	const struct node *node;
	struct page *page = NULL;
	enum zone_type highest;

	if (unlikely(nid < -1 || nid >= BUDDY_MAX_NODES || gfp & ~__GFP_BITS_MASK))
		return bad_alloc(gfp & ~__GFP_BITS_MASK ? NULL : "no such node", gfp, 0, CALLER);
	if (unlikely(nr - 1 >= MAX_PFN))
		return bad_alloc("1 to MAX_PFN pages expected", gfp, 0, CALLER);
	if (unlikely(gfp_contradicts(gfp)))
		gfp = gfp_settle(gfp, CALLER);
	s.gfp = gfp = current_gfp_context(gfp & gfp_allowed_mask);
	s.align = 1UL << order_of_pages((unsigned)nr);
	highest = gfp_zone(gfp);
	node = nid < 0 ? this_cpu_node() : &nodes[nid];
	zonelist = gfp & __GFP_THISNODE ? node->thisnode[highest] : node->zonelist[highest];
	if (!nodemask)
		nodemask = NODE_MASK_ALL;
	if (allowed)
		nodemask &= allowed;
	do {
		for (struct zone *const *z = zonelist; *z && !page; z++) {
			s.zone = *z;
			if (nodemask >> s.zone->nid & 1 && zone_can_spare(s.zone, nr, highest))
				page = contig_try(&s, s.zone->zone_start_pfn,
						  s.zone->zone_start_pfn + s.zone->spanned_pages);
		}
	} while (!page && contig_again(&s));
	if (unlikely(!page)) {
		count_rare_event(PGALLOC_FAIL);
		if (!(gfp & __GFP_NOWARN))
			port_log("alloc_contig_pages: %lu pages, gfp 0x%x from %p: no place, "
				 "last frame 0x%lx: %s\n",
				 nr, (unsigned)gfp, CALLER, contig_busy_pfn(),
				 contig_busy_reason());
	}
	return page;
}

/* ---- out of service ---------------------------------------------------------------- */

#define OUT_OF_SERVICE (PAGE_STATE_RESERVED | PAGE_OFFLINE)

/*
 * The zone of whole pageblocks of RAM whose pages are out of service, or, if they are not
 * to be, none of them reserved; else NULL.
 */
static struct zone *service_zone(unsigned long start, unsigned long nr, bool offline)
{
	struct zone *zone = NULL;
	unsigned long left;

	if (!nr || (start | nr) & (pageblock_nr_pages - 1) ||
	    !memblock_is_region_memory(to_phys(start), to_phys(nr)) || !pfn_valid(start + nr - 1))
		return NULL;
	complete_deferred();
	for (unsigned long pfn = start; pfn < start + nr; pfn += left) {
		struct page *page = pfn_to_page(pfn);
		uint32_t word = block_word(page, &left);

		if (!zone)
			zone = page_zone(page);
		if (page_zone(page) != zone ||
		    (offline ? word != OUT_OF_SERVICE
			     : page_word_state(word) == PAGE_STATE_RESERVED))
			return NULL;
	}
	return zone;
}

/* nr pages more (or less) are out of service, and no longer managed. */
static void count_offline(struct zone *zone, long nr)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&zone->lock);
	zone->nr_offline += (uint32_t)nr;
	WRITE_ONCE(zone->managed_pages, zone->managed_pages - (unsigned long)nr);
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
}

/* A pageblock at a time, so that each keeps its type. */
static int offline_pageblock(struct zone *zone, unsigned long pfn, const void *caller)
{
	enum migratetype mt = get_pageblock_migratetype(pfn_to_page(pfn));
	int err;

	if (mt == MIGRATE_ISOLATE)
		return contig_busy(pfn, PAGE_STATE_FREE | PAGE_ISOLATED);
	if (mt == MIGRATE_HIGHATOMIC)
		mt = MIGRATE_MOVABLE;
	err = take_frames(pfn, pfn + pageblock_nr_pages, mt, true, 0, OUT_OF_SERVICE, caller);
	if (!err)
		count_offline(zone, pageblock_nr_pages);
	return err > 0 ? -EBUSY : err;
}

/* Isolated meanwhile: two callers exclude each other. */
static int online_pageblock(struct zone *zone, unsigned long pfn, const void *caller)
{
	struct page *page = pfn_to_page(pfn);
	enum migratetype mt = get_pageblock_migratetype(page);
	int err = start_isolate_page_range(pfn, pfn + pageblock_nr_pages, mt);

	if (err)
		return err;
	if (service_zone(pfn, pageblock_nr_pages, true)) {
		count_offline(zone, -(long)pageblock_nr_pages);
		contig_free(page, pageblock_nr_pages, caller);
	} else {
		err = -EINVAL;
	}
	undo_isolate_page_range(pfn, pfn + pageblock_nr_pages, mt);
	return err;
}

int offline_pages(unsigned long start, unsigned long nr)
{
	struct zone *zone = service_zone(start, nr, false);
	unsigned long done = 0;
	int err = zone ? 0 : -EINVAL;

	while (!err && done < nr) {
		err = offline_pageblock(zone, start + done, CALLER);
		done += err ? 0 : pageblock_nr_pages;
	}
	if (err && done)
		online_pages(start, done);
	else if (!err)
		wmark_update();
	return err;
}

int online_pages(unsigned long start, unsigned long nr)
{
	struct zone *zone = service_zone(start, nr, true);
	int err = zone ? 0 : -EINVAL;

	for (unsigned long pfn = start; !err && pfn < start + nr; pfn += pageblock_nr_pages)
		err = online_pageblock(zone, pfn, CALLER);
	if (zone)
		wmark_update();
	return err;
}

#endif /* BUDDY_CMA */
