// SPDX-License-Identifier: MIT
/*
 * contig_migrate - taking a range of frames away from the pages in it.
 *
 * The pageblocks are isolated, so nobody is given what becomes free there; what is left
 * in them are pages in use.  If all of those are movable they go elsewhere, a batch at a
 * time: pages are taken, targets for them allocated by the front door (which may reclaim,
 * and takes nothing out of isolated pageblocks), then all are moved.  Nothing is moved
 * in vain as far as a look at the words can tell: a page that cannot move, or that somebody
 * holds, is looked for first.
 *
 * State: none.  Locks: none of its own.
 *
 * Bound: TRIES walks over the range, each with PASSES of migrate.c for each batch; a page
 * with further references is looked at GLANCES times.
 *
 * Not here: isolation (page_isolation.c), moving a page (migrate.c), where to look for a
 * range (contig.c).
 *
 * Follows Linux's __alloc_contig_migrate_range(), alloc_migration_target() and
 * has_unmovable_pages() (6.1).
 */
#include <mm/contig_priv.h>

#if BUDDY_COMPACTION

#define TRIES	5
#define GLANCES 5

/* Not as long as it takes: there may be another place. */
#define GFP_TARGET (GFP_USER | __GFP_MOVABLE | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/* ---- targets -------------------------------------------------------------------- */

struct page *alloc_migration_target(const struct page *src, gfp_t gfp)
{
	const struct zone *zone = page_zone(src);
	struct page *page;

	/* Pages of ZONE_MOVABLE were asked for with it. */
	if (zone->type >= ZONE_HIGHMEM)
		gfp |= __GFP_HIGHMEM;
	page = alloc_pages_node(zone->nid, gfp, 0);
	if (likely(page)) {
		/* migrate.c allocates it anew: it says whose it is. */
		if (unlikely(mm_debug_on))
			free_pages_prepare(page, 0, CALLER);
		set_page_word(page, PAGE_STATE_PCP);
	}
	return page;
}
static_assert(ZONE_MOVABLE > ZONE_HIGHMEM && ZONE_HIGHMEM > ZONE_NORMAL,
	      "alloc_migration_target() needs it");

void free_migration_target(struct page *dst)
{
	free_block_now(dst, 0, page_pageblock(dst));
}

#if BUDDY_CMA

/* ---- batches -------------------------------------------------------------------- */

struct batch {
	struct page *page[MIGRATE_BATCH], *target[MIGRATE_BATCH];
	unsigned nr, nr_targets;
	bool no_memory; /* for a target */
};

static struct page *next_target(struct page *src, void *arg)
{
	struct batch *b = arg;

	(void)src;
	return b->nr_targets ? b->target[--b->nr_targets] : NULL;
}

static void put_target(struct page *dst, void *arg)
{
	struct batch *b = arg;

	b->target[b->nr_targets++] = dst;
}

/*
 * The targets are allocated before, as what owners ask for while they move a page comes out
 * of reserves and does not reclaim.
 */
static void move_batch(struct batch *b)
{
	unsigned saved;

	while (b->nr_targets < b->nr && !b->no_memory) {
		struct page *dst = alloc_migration_target(b->page[b->nr_targets], GFP_TARGET);

		if (dst)
			b->target[b->nr_targets++] = dst;
		else
			b->no_memory = true;
	}
	saved = memalloc_noreclaim_save();
	migrate_pages(b->page, b->nr, next_target, put_target, b, MIGRATE_SYNC);
	memalloc_noreclaim_restore(saved);
	while (b->nr_targets)
		free_migration_target(b->target[--b->nr_targets]);
	b->nr = 0;
	port_cond_resched();
}

static bool isolate(struct page *page)
{
	unsigned saved = memalloc_noreclaim_save();
	bool isolated = isolate_movable(page, MIGRATE_SYNC);

	memalloc_noreclaim_restore(saved);
	return isolated;
}

/* ---- a range ---------------------------------------------------------------------- */

bool contig_may_move(uint32_t word)
{
	return (word & (PAGE_STATE_MASK | PAGE_MOVABLE)) == (PAGE_STATE_ALLOCATED | PAGE_MOVABLE) &&
	       word >> PAGE_REF_SHIFT == (word & PAGE_TAKEN ? 2 : 1);
}

/* A page with further references: held for a moment, or pinned? */
static bool stays_held(struct page *page)
{
	for (unsigned i = 0; i < GLANCES && PageMovable(page); i++) {
		if (contig_may_move(page_word(page)))
			return false;
		port_cond_resched();
	}
	return PageMovable(page);
}

/*
 * -EBUSY: something in the range cannot be moved, not even later; *cached: some is in
 * caches.
 */
static int can_move(unsigned long start, unsigned long end, bool *cached)
{
	unsigned long left;

	for (unsigned long pfn = start; pfn < end; pfn += left) {
		struct page *page = pfn_to_page(pfn);
		uint32_t word = block_word(page, &left);

		if (page_word_state(word) == PAGE_STATE_PCP || !word)
			*cached = true;
		else if (page_word_state(word) != PAGE_STATE_FREE && !contig_may_move(word) &&
			 (!(word & PAGE_MOVABLE) || stays_held(page)))
			return contig_busy(pfn, page_word_state(word) == PAGE_STATE_ALLOCATED &&
								word & PAGE_MOVABLE
							? page_word(page)
							: word);
	}
	return 0;
}

/*
 * Each movable page of the range is tried once.  False: there is no memory to move them to.
 */
static bool move_pages(unsigned long start, unsigned long end)
{
	struct batch b = {.nr = 0};
	unsigned long left;

	for (unsigned long pfn = start; pfn < end && !b.no_memory; pfn += left) {
		struct page *page = pfn_to_page(pfn);

		if (!contig_may_move(block_word(page, &left)) || !isolate(page))
			continue;
		b.page[b.nr++] = page;
		if (b.nr == MIGRATE_BATCH)
			move_batch(&b);
	}
	if (b.nr)
		move_batch(&b);
	return !b.no_memory;
}

int contig_move_range(unsigned long start, unsigned long end)
{
	int err = -EBUSY;

	for (unsigned tries = 0; err && tries < TRIES; tries++) {
		bool cached = false, enough;
		uint32_t word;

		if (can_move(start, end, &cached))
			return -EBUSY;
		enough = move_pages(start, end);
		if (cached)
			drain_all_pages();
		err = test_isolated(start, end, &word);
		if (err && !enough && contig_may_move(word))
			return contig_busy(contig_busy_pfn(), CONTIG_NO_MEMORY);
	}
	return err;
}

#endif /* BUDDY_CMA */

#endif /* BUDDY_COMPACTION */
