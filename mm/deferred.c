// SPDX-License-Identifier: MIT
/*
 * deferred - initialising descriptors, a section at a time, now or later.
 *
 * A section (4 MiB) is initialised by clearing its descriptors, giving its pageblocks
 * their zone and type, marking what is reserved, and freeing the rest.  Until then its
 * pageblock bytes say PB_NONE: its pages are no pages to anybody.  Blocks never reach
 * beyond a section, so that sections can be initialised in any order and by several CPUs.
 *
 * mm_init() does all of them, or, with mm_policy.deferred, a first stretch of each zone;
 * the others are taken one by one, by rising address, by whoever comes: the other CPUs at
 * start-up, and requests that find too little.  Interrupts are off for one section: the
 * time of a batch or two, unless it is in very many pieces.
 *
 * State: next_section, nr_deferred_sections, zone->nr_deferred: atomics.  section_zid:
 * mm_init()'s.  Locks: the zone's, for each free range.
 *
 * Follows the idea of Linux's deferred_init_memmap() and deferred_grow_zone() (6.1).
 */
#include <string.h>

#include <buddy/init.h>
#include <mm/internal.h>

#if !BUDDY_TINY

uint8_t section_zid[NR_MEM_SECTIONS]; /* whose each section is; PB_NONE: nobody's */
uint32_t nr_deferred_sections;

static uint32_t next_section; /* place in mem_map, in sections */
static uint32_t all_sections;

/* ---- one section -------------------------------------------------------------- */

/* Descriptors of RAM frames in [from, to) are marked as reserved. */
static void mark_range(unsigned long from, unsigned long to)
{
	for (; from < to; from++)
		set_page_word(pfn_to_page(from), PAGE_STATE_RESERVED);
}

/* [from, to), the outer frames of [start, end). */
static void outer_frames(uint64_t start, uint64_t end, unsigned long *from, unsigned long *to)
{
	uint64_t last = (uint64_t)*to << PAGE_SHIFT, first = (uint64_t)*from << PAGE_SHIFT;

	start = start > first ? start : first;
	end = end < last ? end : last;
	*from = (unsigned long)(start >> PAGE_SHIFT);
	*to = start < end ? (unsigned long)((end + PAGE_SIZE - 1) >> PAGE_SHIFT) : *from;
}

bool ram_range(unsigned i, unsigned long *start, unsigned long *end, unsigned *nid)
{
	const struct memblock_region *r = memblock_memory(i);
	uint64_t last = (uint64_t)MAX_PFN << PAGE_SHIFT, to;

	if (!r)
		return false;
	to = r->base + r->size < last ? r->base + r->size : last;
	*start = (unsigned long)(((r->base < last ? r->base : last) + PAGE_SIZE - 1) >> PAGE_SHIFT);
	*end = (unsigned long)(to >> PAGE_SHIFT);
	*nid = r->nid >= 0 && r->nid < BUDDY_MAX_NODES ? (unsigned)r->nid : 0;
	if (*end < *start)
		*end = *start;
	return true;
}

/* Everything in [from, to) that is RAM and reserved. */
static void mark_reserved(unsigned long from, unsigned long to)
{
	unsigned long start, end, lo, hi;
	const struct memblock_region *r;
	unsigned nid;

	for (unsigned i = 0; ram_range(i, &start, &end, &nid); i++) {
		start = start > from ? start : from;
		end = end < to ? end : to;
		if (start >= end)
			continue;
		for (unsigned j = 0; (r = memblock_reserved(j)); j++) {
			if (r->base >= (uint64_t)end << PAGE_SHIFT)
				break;
			lo = start;
			hi = end;
			outer_frames(r->base, r->base + r->size, &lo, &hi);
			mark_range(lo, hi);
		}
	}
}

/* Frees [start, end) in the largest blocks that fit. */
static void free_range(unsigned long start, unsigned long end)
{
	while (start < end) {
		unsigned order = (unsigned)__builtin_ctzl(start | 1UL << MAX_ORDER);
		struct page *page = pfn_to_page(start);
		struct zone *zone = page_zone(page);

		while (1UL << order > end - start)
			order--;
		port_spin_lock(&zone->lock);
		__free_one_page(zone, page, order);
		port_spin_unlock(&zone->lock);
		start += 1UL << order;
	}
}

/*
 * The i-th free range of whole frames in [from, to): *iter is 0 at first; false past the
 * last. A range's start rounds up, its end down.
 */
bool next_free_frames(uint64_t *iter, unsigned long from, unsigned long to, unsigned long *start,
		      unsigned long *end)
{
	phys_addr_t a, b;
	int nid;

	while (memblock_next_free(iter, &a, &b, &nid)) {
		uint64_t lo = (a + PAGE_SIZE - 1) >> PAGE_SHIFT, hi = b >> PAGE_SHIFT;

		lo = lo > from ? lo : from;
		hi = hi < to ? hi : to;
		if (lo < hi) {
			*start = (unsigned long)lo;
			*end = (unsigned long)hi;
			return true;
		}
		if (a >= (uint64_t)to << PAGE_SHIFT)
			break;
	}
	return false;
}

static void clear_descriptors(struct page *first)
{
	char *at = (char *)first, *end = (char *)(first + PAGES_PER_SECTION);

	if (PAGES_PER_SECTION * sizeof(struct page) % PAGE_SIZE) {
		memset(first, 0, (size_t)(end - at));
		return;
	}
	for (; at < end; at += PAGE_SIZE)
		port_clear_page(at);
}

/* A free range that reaches over the next sections, too: the usual case, found out once. */
struct free_run {
	unsigned long start, end; /* frames */
};

static inline struct page *first_of(unsigned i)
{
	return mem_map + ((unsigned long)i << PFN_SECTION_SHIFT);
}

/*
 * The i-th section of mem_map, whose descriptors are still raw memory.  Interrupts are off.
 */
static void init_section(unsigned i, struct free_run *run)
{
	struct page *first = first_of(i);
	unsigned long from = (unsigned long)map_to_section[i] << PFN_SECTION_SHIFT;
	unsigned long to = from + PAGES_PER_SECTION, start, end;
	unsigned zid = section_zid[map_to_section[i]];
	uint64_t iter = 0;
	uint32_t nr = 0;

	clear_descriptors(first);
	for (unsigned p = 0; p < PAGES_PER_SECTION; p += pageblock_nr_pages)
		init_pageblock(first + p, zid, MIGRATE_MOVABLE);
	if (from >= run->start && to <= run->end) {
		free_range(from, to);
		__atomic_sub_fetch(&zones[zid].nr_deferred, PAGES_PER_SECTION, __ATOMIC_RELEASE);
		return;
	}
	while (next_free_frames(&iter, from, MAX_PFN, &start, &end) && start < to) {
		*run = (struct free_run){start, end};
		end = end < to ? end : to;
		free_range(start, end);
		nr += (uint32_t)(end - start);
	}
	if (nr < PAGES_PER_SECTION)
		mark_reserved(from, to);
#if BUDDY_CMA
	for (const struct cma *cma = cma_areas; cma < cma_areas + nr_cma_areas; cma++) {
		start = cma->base_pfn > from ? cma->base_pfn : from;
		end = cma->base_pfn + cma->nr_pages < to ? cma->base_pfn + cma->nr_pages : to;
		if (start >= end)
			continue;
		for (unsigned long pfn = start; pfn < end; pfn++)
			set_page_word(pfn_to_page(pfn), 0);
		for (unsigned long pfn = start; pfn < end; pfn += pageblock_nr_pages) {
			port_spin_lock(&zones[zid].lock);
			set_pageblock_migratetype(pfn_to_page(pfn), MIGRATE_CMA);
			port_spin_unlock(&zones[zid].lock);
		}
		free_range(start, end);
		nr += (uint32_t)(end - start);
	}
#endif
	__atomic_sub_fetch(&zones[zid].nr_deferred, nr, __ATOMIC_RELEASE);
}

/* ---- all of them ------------------------------------------------------------------- */

static void init_one(unsigned i, struct free_run *run)
{
	port_irqflags_t flags = port_irq_save();

	init_section(i, run);
	if (!__atomic_sub_fetch(&nr_deferred_sections, 1, __ATOMIC_RELEASE))
		count_unusual(false);
	port_irq_restore(flags);
}

/*
 * Takes the next section and initialises it; false: all are taken.  Taken ones may
 * still be at work on other CPUs.  An interrupt between taking and doing may need the very
 * memory, and takes another: only with interrupts off is a section taken.
 */
static bool init_next(struct free_run *run)
{
	bool found = false;
	uint32_t i;

	do {
		port_irqflags_t flags = port_irq_save();

		i = READ_ONCE(next_section);
		if (i < all_sections) {
			i = __atomic_fetch_add(&next_section, 1, __ATOMIC_RELAXED);
			found = i < all_sections && !section_ready(first_of(i));
			if (found)
				init_one(i, run);
		}
		port_irq_restore(flags);
	} while (!found && i < all_sections);
	return found;
}

/*
 * One more section for a request that found too little, or what another CPU is at; false:
 * there is none.
 */
bool deferred_grow(void)
{
	struct free_run run = {0, 0};

	if (init_next(&run))
		return true;
	if (!READ_ONCE(nr_deferred_sections))
		return false;
	/* Others do the last ones, with interrupts off: they come to an end. */
	while (__atomic_load_n(&nr_deferred_sections, __ATOMIC_ACQUIRE))
		port_cpu_relax();
	return true;
}

void deferred_init(void)
{
	struct free_run run = {0, 0};

	while (READ_ONCE(nr_deferred_sections) && init_next(&run))
		port_cond_resched();
}

bool deferred_init_done(void)
{
	return !__atomic_load_n(&nr_deferred_sections, __ATOMIC_ACQUIRE);
}

/*
 * From mm_init(): all sections are raw.  Initialises all of them, or enough of each zone to
 * be above its high watermark.
 */
void deferred_start(unsigned nr_sections)
{
	struct free_run run = {0, 0};
	struct zone *zone;

	all_sections = nr_sections;
	nr_deferred_sections = nr_sections;
	count_unusual(true);
	next_section = 0;
	if (!mm_policy.deferred) {
		deferred_init();
		return;
	}
	for_each_zone(zone)
		for (unsigned i = 0; i < nr_sections; i++) {
			if (section_zid[map_to_section[i]] != zone->zid)
				continue;
			if (zone->nr_free_pages - zone_free_cma(zone) >
			    zone->watermark[WMARK_HIGH] + PAGES_PER_SECTION)
				break;
			init_one(i, &run);
		}
}

#endif /* !BUDDY_TINY */
