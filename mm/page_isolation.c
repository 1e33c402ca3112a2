// SPDX-License-Identifier: MIT
/*
 * page_isolation - whole pageblocks whose free pages nobody is given.
 *
 * A pageblock is isolated by its type: from then on what is freed into it goes onto the
 * lists of MIGRATE_ISOLATE.  What was free before follows, MOVE_STEPS at a time, with
 * interrupts let in between; until then it is still on the lists of the former type and may
 * be given once more.  A block's word says which of both it is.  The way back is the same.
 *
 * The type is also what keeps two users of a pageblock apart: it is changed under the
 * zone's lock, and who finds it changed already gets -EBUSY.  Types are not kept meanwhile:
 * the user says what the pageblock will be afterwards.
 *
 * State: the frame and the word that were in the way last, for who asks why.  Locks: the
 * zone's, for one pageblock and a bounded number of blocks of it.
 *
 * Not here: the lists (buddy.c), what isolated pages are for (contig.c).
 *
 * Follows Linux's mm/page_isolation.c (6.1).
 */
#include <mm/contig_priv.h>

#if BUDDY_CMA

/* ---- why not ---------------------------------------------------------------- */

static uint32_t busy_word = PAGE_STATE_MASK; /* no state: nothing was in the way yet */
static unsigned long busy_pfn;

/* The frame pfn of a block with this word was in the way. */
int contig_busy(unsigned long pfn, uint32_t word)
{
	WRITE_ONCE(busy_pfn, pfn);
	WRITE_ONCE(busy_word, word);
	return -EBUSY;
}

/* A movable page that has stayed. */
static const char *why_not_moved(uint32_t word)
{
	static char pinned[] = "pinned, references besides its owner's: 00000";
	char *digit = pinned + sizeof(pinned) - 6;
	uint32_t more = (word >> PAGE_REF_SHIFT) - 1, unit = 1;

	if (word == CONTIG_NO_MEMORY)
		return "movable, but there is no memory to move it to";
	if (word & PAGE_TAKEN)
		return "being moved or evicted by another caller";
	if (!BUDDY_COMPACTION)
		return "movable, but nothing is moved (BUDDY_COMPACTION)";
	if (!more)
		return word & PAGE_WRITEBACK ? "movable, but being written"
					     : "movable, but its owner keeps it where it is";
	while (more / unit > 9)
		unit *= 10;
	for (; unit; unit /= 10)
		WRITE_ONCE(*digit++, (char)('0' + more / unit % 10));
	WRITE_ONCE(*digit, (char)0);
	return pinned;
}

const char *contig_busy_reason(void)
{
	static char in_use[] = "in use, order 00";
	uint32_t word = READ_ONCE(busy_word);
	unsigned order = page_word_order(word);
	char *const digit = in_use + sizeof(in_use) - 3;

	switch (page_word_state(word)) {
	case PAGE_STATE_INTERIOR:
		return "no RAM";
	case PAGE_STATE_ALLOCATED:
	case PAGE_STATE_SLAB:
		if (word & PAGE_MOVABLE)
			return why_not_moved(word);
		WRITE_ONCE(digit[0], (char)('0' + (order < 10 ? order : 1)));
		WRITE_ONCE(digit[1], (char)(order < 10 ? 0 : '0' + order - 10));
		return in_use;
	case PAGE_STATE_FREE:
		return word & PAGE_ISOLATED ? "isolated by another caller"
					    : "free, but not isolated";
	case PAGE_STATE_PCP:
		return "in a CPU's cache that could not be reached";
	case PAGE_STATE_RESERVED:
		return word & PAGE_OFFLINE ? "out of service" : "reserved";
	default:
		return "";
	}
}

unsigned long contig_busy_pfn(void)
{
	return READ_ONCE(busy_pfn);
}

/* ---- blocks and ranges -------------------------------------------------------- */

/*
 * The word of the block in which page lies, and how many pages it has from there on; 0
 * and one page when it is in none.  Without the zone's lock a guess.
 */
uint32_t block_word(const struct page *page, unsigned long *left)
{
	uint32_t word;
	const struct page *head = block_head(page, &word);

	*left = head ? (unsigned long)(head - page) + (1UL << page_word_order(word)) : 1;
	return word;
}

/*
 * The zone of a range of frames that all have descriptors, side by side and initialised;
 * NULL: there are none for some, or those of several zones.
 */
static struct zone *range_zone(unsigned long start, unsigned long end)
{
	struct zone *zone;

	if (start >= end || end > MAX_PFN || !pfn_valid(start))
		return NULL;
	complete_deferred();
	zone = page_zone(pfn_to_page(start));
	for (unsigned long pfn = start; pfn < end; pfn = (pfn | (PAGES_PER_SECTION - 1)) + 1)
		if (!pfn_valid(pfn) || page_zone(pfn_to_page(pfn)) != zone)
			return NULL;
	return zone;
}

/* ---- isolation ------------------------------------------------------------------ */

static inline bool may_become(enum migratetype mt)
{
	return mt < MIGRATE_PCPTYPES || mt == MIGRATE_CMA;
}

/*
 * Turns one pageblock over to `to`, from or to MIGRATE_ISOLATE.  False: it has been
 * already.
 */
static bool turn_over(struct zone *zone, struct page *page, enum migratetype to)
{
	struct page *p = page, *end = page + pageblock_nr_pages;
	port_irqflags_t flags = port_irq_save();
	enum migratetype old;
	bool turned;

	port_spin_lock(&zone->lock);
	old = get_pageblock_migratetype(page);
	turned = (old == MIGRATE_ISOLATE) != (to == MIGRATE_ISOLATE);
	if (turned) {
		split_to_pageblock(zone, page);
		set_pageblock_migratetype(page, to);
#if BUDDY_HIGHATOMIC
		if (old == MIGRATE_HIGHATOMIC)
			ADD_ONCE(zone->nr_reserved_highatomic, -pageblock_nr_pages);
#endif
		if (to != MIGRATE_ISOLATE)
			old = to;
	}
	/*
	 * The first blocks at once: a free pageblock on a list is never of another type.
	 * No further than the type is ours: who has isolated the pageblock again since
	 * moves the rest, and one that was claimed has none (count_free_in_block()), but
	 * lists that `old` does not say.
	 */
	while (turned && get_pageblock_migratetype(page) == to &&
	       (p = move_isolated(zone, p, end, old)) < end) {
		port_spin_unlock(&zone->lock);
		port_irq_restore(flags);
		port_cond_resched();
		flags = port_irq_save();
		port_spin_lock(&zone->lock);
	}
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
	return turned;
}

int start_isolate_page_range(unsigned long start, unsigned long end, enum migratetype mt)
{
	struct zone *zone = range_zone(start, end);
	struct page *first, *last, *p;

	if (!zone || (start | end) & (pageblock_nr_pages - 1) || !may_become(mt))
		return -EINVAL;
	first = pfn_to_page(start);
	last = first + (end - start);
	/* What can be known before is refused before: types are not kept. */
	for (p = first; p < last; p += pageblock_nr_pages) {
		enum migratetype old = get_pageblock_migratetype(p);

		if (old == MIGRATE_ISOLATE)
			return contig_busy(page_to_pfn(p), PAGE_STATE_FREE | PAGE_ISOLATED);
		if ((old == MIGRATE_CMA) != (mt == MIGRATE_CMA))
			return -EINVAL;
	}
	for (p = first; p < last && turn_over(zone, p, MIGRATE_ISOLATE);)
		p += pageblock_nr_pages;
	if (p == last)
		return 0;
	contig_busy(page_to_pfn(p), PAGE_STATE_FREE | PAGE_ISOLATED);
	while (p > first) {
		p -= pageblock_nr_pages;
		turn_over(zone, p, mt);
	}
	return -EBUSY;
}

void undo_isolate_page_range(unsigned long start, unsigned long end, enum migratetype mt)
{
	struct zone *zone = range_zone(start, end);
	struct page *p;

	MM_ASSERT(zone && may_become(mt));
	if (!zone || !may_become(mt))
		return;
	for (p = pfn_to_page(start); start < end; start += pageblock_nr_pages) {
		turn_over(zone, p, mt);
		p += pageblock_nr_pages;
	}
}

/*
 * 0, or -EBUSY and the word of the first block of [start, end) that is not free and
 * isolated.  Few blocks are looked at: isolated ones have merged, and the first of another
 * kind ends it.
 */
int test_isolated(unsigned long start, unsigned long end, uint32_t *word)
{
	struct zone *zone = range_zone(start, end);
	bool isolated = zone;

	*word = 0;
	while (isolated && start < end) {
		unsigned long stop = (start | (pageblock_nr_pages - 1)) + 1, nr;
		port_irqflags_t flags = port_irq_save();

		port_spin_lock(&zone->lock);
		while (isolated && start < min_t(stop, end)) {
			*word = block_word(pfn_to_page(start), &nr);
			isolated = (*word & ~PAGE_ORDER_MASK) == (PAGE_STATE_FREE | PAGE_ISOLATED);
			start += isolated ? nr : 0;
		}
		port_spin_unlock(&zone->lock);
		port_irq_restore(flags);
	}
	return isolated ? 0 : contig_busy(start, *word);
}

int test_pages_isolated(unsigned long start, unsigned long end)
{
	uint32_t word;

	return test_isolated(start, end, &word);
}

#endif /* BUDDY_CMA */
