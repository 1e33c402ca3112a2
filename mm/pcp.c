// SPDX-License-Identifier: MIT
/*
 * pcp - per-CPU caches of blocks of orders 0 to 4, and one larger block.
 *
 * A cache is an array of pointers used as a stack (mmzone.h, struct pcp_list).
 * alloc_pages() and __free_pages() push and pop it themselves; what is here
 * fills one that ran empty (refill), thins out one that ran full (flush) and
 * empties it (drain).
 *
 * Work is moved in runs.  A refill takes whole blocks off the free lists, as
 * large as the batch, and cuts them up after the lock is dropped; a flush looks
 * for neighbours in the array and joins them before the lock is taken.  Under
 * the lock there are at most BUDDY_PCP_WORK list operations, however many pages
 * they stand for: that bounds both the wait of other CPUs and the time that
 * interrupts are off.
 *
 * The batch starts small, so that one odd allocation does not pay for many,
 * and doubles in a run of refills (or of flushes), up to half the array.
 *
 * Of the orders above PCP_MAX_ORDER a CPU keeps the block that it freed last, one
 * for each zone and mobility: who frees a buffer and takes it again finds it
 * whole and without the lock.  It counts as cached, and a drain gives it back.
 *
 * State: mm_cpu->list[][][] and block[].  Guard: its CPU, interrupts off.  Words of pages
 * in a cache say PAGE_STATE_PCP; they are this CPU's to write.
 *
 * A CPU that has nothing cached says so (mm_cpu->drained), and its frees come off the
 * fast path: so that a request that is about to fail need not look through all arrays
 * each time.
 *
 * Not here: the fast path (page_alloc.c) and what leads it elsewhere (detour.c), the
 * watermarks that a refill has to pass (zonelist.c).
 */
#include <mm/internal.h>

#if BUDDY_PCP

/* The batch of a long run: half the array; the first of a run moves a sixteenth. */
static inline unsigned first_batch(const struct pcp_list *list)
{
	unsigned n = (unsigned)(list->end - list->base) / 16;

	return n ? n : 1;
}

static inline void grow_batch(struct pcp_list *list)
{
	/* Rounded up: a list of one slot moves that one. */
	unsigned half = ((unsigned)(list->end - list->base) + 1) / 2;
	unsigned twice = 2U * list->batch;

	list->batch = twice < half ? twice : half;
}

/*
 * Cuts a block off the free lists into blocks of the list's order; the lowest
 * comes out on top.
 */
static inline void push_pieces(struct pcp_list *list, struct page *page, unsigned order)
{
	struct page **top = list->top, *p;
	unsigned block_order = page_word_order(page_word(page));

	for (p = page + (1UL << block_order); p != page;) {
		p -= 1UL << order;
		set_page_word(p, PAGE_STATE_PCP | order);
		*top++ = p;
	}
	list->nr_in += 1U << (block_order - order);
	WRITE_ONCE(list->top, top);
}

/*
 * Fills an empty list from the zone's lists of type mt, which seem to have something;
 * with no more than was asked for when the zone is low: a batch never takes it below min.
 */
static void pcp_refill(struct pcp_list *list, struct zone *zone, unsigned order,
		       enum migratetype mt, bool batch)
{
	struct page *block[BUDDY_PCP_WORK];
	unsigned nr;

	if (list->refills++ == 0)
		list->batch = first_batch(list);
	else
		grow_batch(list);
	nr = rmqueue_bulk(zone, order, batch ? list->batch : 1, mt, block, BUDDY_PCP_WORK);
	if (unlikely(this_cpu()->drained))
		pcp_set_drained(this_cpu(), false);
	count_vm_event(this_cpu(), PCP_REFILL);
	while (nr)
		push_pieces(list, block[--nr], order);
}

/*
 * A block of 2^order pages (at most PCP_MAX_ORDER) by way of this CPU's cache. NULL:
 * neither cache nor zone has one.  Its word is the caller's to write.  Interrupts are off.
 *
 * A block that only another mobility had to give is not cached, but given at
 * once: it would hand an unmovable request a page out of a movable block later on.
 */
struct page *rmqueue_pcplist(struct zone *zone, unsigned order, enum migratetype mt,
			     unsigned alloc_flags)
{
	struct pcp_list *list = &this_cpu()->list[zone->zid][mt][order];
	struct page *page;

	KEEP(list);
	if (likely(list->top == list->base)) {
		enum migratetype from = rmqueue_type(zone, order, mt);

		if (READ_ONCE(zone->nonempty[from]) >> order)
			pcp_refill(list, zone, order, from, alloc_flags & ALLOC_WMARK_LOW);
	}
	page = list->top[-1];
	if (likely(page)) {
		WRITE_ONCE(list->top, list->top - 1);
		ADD_ONCE(list->nr_alloc, 1);
		return page;
	}
	return rmqueue_fallback(zone, order, mt, alloc_flags);
}

/*
 * The largest aligned block at the start of a run of n blocks of 2^order pages.
 * At most a pageblock: two of them may have become of different mobility.
 */
static inline unsigned run_order(const struct page *page, unsigned n, unsigned order)
{
	unsigned long index = page_index(page) >> order;
	unsigned most = ilog2(n);
	unsigned aligned = index ? (unsigned)__builtin_ctzl(index) : most;

	most = order + min_t(aligned, most);
	if (most > pageblock_order)
		most = order > pageblock_order ? order : pageblock_order;
	return most;
}

/* Makes one block of the blocks in it: only its first page keeps a word. */
static inline void join(struct page *page, unsigned joined, unsigned order)
{
	struct page *end = page + (1UL << joined);

	for (struct page *p = page + (1UL << order); p < end; p += 1UL << order)
		set_page_word(p, 0);
	set_page_word(page, PAGE_STATE_PCP | joined);
}

/*
 * Blocks at the top of an array whose order is worth moving them for: half of what L1
 * holds.
 */
#define HOT 4

/* Blocks of a run that make it worth keeping what follows in order. */
#define LONG_RUN 8

static inline void move_slots(struct page **to, struct page **from, unsigned nr)
{
	struct page **end = from + nr;

	while (end - from >= 4) {
		struct page *a = *from++, *b = *from++, *c = *from++, *d = *from++;

		*to++ = a;
		*to++ = b;
		*to++ = c;
		*to++ = d;
	}
	while (from < end)
		*to++ = *from++;
}

/*
 * Drops the n slots at the bottom.  The hot end moves down as it is; the gap
 * that is left is filled from below it, where one block is as cold as another.
 */
static void close_gap(struct pcp_list *list, unsigned n, bool in_runs)
{
	unsigned left = pcp_count(list) - n;

	/* Where there are runs the rest is to go in runs, too, and stays in order. */
	if (in_runs || left <= n + HOT) {
		move_slots(list->base, list->base + n, left);
	} else {
		move_slots(list->base, list->top - HOT - n, n);
		move_slots(list->top - HOT - n, list->top - HOT, HOT);
	}
	WRITE_ONCE(list->top, list->top - n);
	list->nr_out += n;
}

/*
 * slot[0] begins a run of neighbours, up or down, that goes on to `stop` at most:
 * joins it into aligned blocks, while there is room for them in block[].
 *
 * Long runs are flushed as they were refilled, one block each: a run that would
 * be cut at `stop` is left for the next time, or, if it is the first, cut where
 * its rest will begin aligned.  Returns the slot after the last one used; what
 * is left of the run when the room is used up stays in the slots from there on.
 */
static struct page **take_run(struct page **slot, struct page **stop, struct page **top,
			      unsigned order, struct page **block, unsigned *nr)
{
	long step = slot[1] > slot[0] ? 1L << order : -(1L << order);
	struct page **p = slot + 1, *page = *slot, *next = page + step;
	unsigned left;

	while (p < stop && *p == next) {
		next += step;
		p++;
	}
	left = (unsigned)(p - slot);
	if (step < 0)
		page = next - step;
	if (unlikely(p == stop && p < top && *p == next)) {
		unsigned long mask = (1UL << ilog2(left)) - 1, low = page_index(page) >> order;
		unsigned cut = (unsigned)((step > 0 ? low + left : -low) & mask);

		if (*nr)
			return stop;
		if (cut < left) {
			left -= cut;
			if (step < 0)
				page += (unsigned long)cut << order;
		}
		p = slot + left;
	}
	while (left && *nr < BUDDY_PCP_WORK) {
		unsigned joined = run_order(page, left, order);

		join(page, joined, order);
		block[(*nr)++] = page;
		left -= 1U << (joined - order);
		page += 1UL << joined;
	}
	for (unsigned i = left; i--; page += 1UL << order)
		*--p = page;
	return p;
}

/* Gives back up to `want` of the coldest blocks, BUDDY_PCP_WORK list operations at most. */
static unsigned flush_some(struct pcp_list *list, struct zone *zone, unsigned order, unsigned want)
{
	struct page *block[BUDDY_PCP_WORK], **slot = list->base, **stop = slot + want;
	const size_t step = sizeof(struct page) << order;
	bool in_runs = false;
	unsigned nr = 0, done;

	do {
		struct page *page = slot[0];

		/* A neighbour on either side: their distance is step or -step. */
		if (slot + 1 < stop && (uintptr_t)slot[1] - (uintptr_t)page + step <= 2 * step) {
			unsigned had = nr;
			struct page **next = take_run(slot, stop, list->top, order, block, &nr);

			in_runs |= nr == had || next - slot >= LONG_RUN;
			if (nr == had)
				break; /* left for the next time, when it will be the first */
			slot = next;
		} else {
			block[nr++] = page;
			slot++;
		}
	} while (slot < stop && nr < BUDDY_PCP_WORK);
	done = (unsigned)(slot - list->base);
	close_gap(list, done, in_runs);
	free_pcppages_bulk(zone, block, nr);
	return done;
}

/*
 * Puts a block into this CPU's cache of its zone and mobility (byte: its pageblock's),
 * making room first; false when nothing of the kind is cached.  Interrupts are off.
 */
bool free_to_pcp(struct mm_cpu *cpu, unsigned byte, struct page *page, unsigned order)
{
	struct pcp_list *list = &cpu->list[byte >> PB_ZONE_SHIFT][byte & PB_TYPE_MASK][order];

	KEEP(list);
	if (unlikely(list->end == list->base))
		return false;
	if (list->top == list->end) {
		if (list->refills) {
			list->refills = 0;
			list->batch = first_batch(list);
		} else {
			grow_batch(list);
		}
		count_vm_event(cpu, PCP_FLUSH);
		flush_some(list, &zones[byte >> PB_ZONE_SHIFT], order, list->batch);
	} else if (cpu->drained) {
		pcp_set_drained(cpu, false);
	}
	*list->top = page;
	WRITE_ONCE(list->top, list->top + 1);
	set_page_word(page, PAGE_STATE_PCP | order);
	return true;
}

/*
 * Nothing of the zone is cached here.  Requests that are about to fail ask this
 * every time: all of it is read, and one branch taken.
 */
static inline bool zone_is_drained(const struct mm_cpu *cpu, unsigned zid)
{
	const struct pcp_block *block = &cpu->block[zid << PB_ZONE_SHIFT];
	uintptr_t some = 0;

	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
		const struct pcp_list *list = cpu->list[zid][mt];

		some |= (uintptr_t)block[mt].page;
#pragma GCC unroll 5
		for (unsigned order = 0; order <= PCP_MAX_ORDER; order++)
			some |= (uintptr_t)list[order].top ^ (uintptr_t)list[order].base;
	}
	return !some;
}

/* A kept block of the zone goes back; pages given back. */
static unsigned drain_block(struct mm_cpu *cpu, struct zone *zone)
{
	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
		struct pcp_block *block = &cpu->block[(unsigned)zone->zid << PB_ZONE_SHIFT | mt];
		struct page *page = block->page;

		if (page) {
			unsigned pages = pcp_block_pages(block);

			WRITE_ONCE(block->page, NULL);
			free_pcppages_bulk(zone, &page, 1);
			return pages;
		}
	}
	return 0;
}

/*
 * One batch of emptying this CPU's caches.  Interrupts are off; the caller may
 * turn them on between batches.  Returns the pages given back, 0 when the
 * caches are empty.
 */
unsigned pcp_drain_batch(struct mm_cpu *cpu)
{
	if (cpu->drained)
		return 0;
	for (unsigned zid = 0; zid < nr_zones; zid++) {
		struct pcp_list *first = cpu->list[zid][0], *list = first;

		if (likely(zone_is_drained(cpu, zid)))
			continue;
		count_vm_event(cpu, PCP_DRAIN);
		for (; list < first + MIGRATE_PCPTYPES * NR_PCP_ORDERS; list++) {
			unsigned order = (unsigned)(list - first) % NR_PCP_ORDERS;

			if (list->top == list->base)
				continue;
			list->refills = 0;
			return flush_some(list, &zones[zid], order, pcp_count(list)) << order;
		}
		return drain_block(cpu, &zones[zid]);
	}
	return 0;
}

static unsigned drain_here(bool note)
{
	unsigned pages = 0, n;

	do {
		port_irqflags_t flags = port_irq_save();

		n = pcp_drain_batch(this_cpu());
		if (!n && note)
			pcp_set_drained(this_cpu(), true);
		port_irq_restore(flags);
		pages += n;
	} while (n);
	return pages;
}

unsigned drain_local_pages(void)
{
	return drain_here(false);
}

/*
 * For a request that is about to fail: others will be.  Until the first free or refill notes
 * that there is something, nobody has to look again.
 */
unsigned drain_and_note(void)
{
	return drain_here(true);
}

#if PORT_NR_CPUS > 1
/* Runs on the CPU whose caches they are, interrupts off: one batch. */
static void drain_batch_here(void *pages)
{
	*(unsigned *)pages = pcp_drain_batch(this_cpu());
}
#endif

/* Pages in a CPU's caches: exact on that CPU with interrupts off, else a guess. */
unsigned pcp_nr_pages(const struct mm_cpu *cpu)
{
	unsigned pages = 0;

	for (unsigned zid = 0; zid < nr_zones; zid++)
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			for (unsigned order = 0; order <= PCP_MAX_ORDER; order++)
				pages += pcp_count(&cpu->list[zid][mt][order]) << order;
	for (unsigned byte = 0; byte < nr_zones << PB_ZONE_SHIFT; byte++)
		pages += pcp_block_pages(&cpu->block[byte]);
	return pages;
}

/*
 * Other CPUs are asked only when there is something to get, and a batch at a
 * time, so that they take interrupts in between.
 */
unsigned drain_all_pages(void)
{
	unsigned pages = drain_local_pages();
#if PORT_NR_CPUS > 1
	port_irqflags_t flags;
	unsigned self;

	if (port_irqs_disabled())
		return pages;
	flags = port_irq_save();
	self = port_cpu_id();
	port_irq_restore(flags);
	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++) {
		/* An interrupt may have filled this CPU's caches again: not our pages. */
		unsigned n = cpu != self;

		while (n && READ_ONCE(mm_cpus[cpu]->online) && pcp_nr_pages(mm_cpus[cpu])) {
			n = 0;
			if (!port_run_on_cpu(cpu, drain_batch_here, &n))
				break;
			pages += n;
		}
	}
#endif
	return pages;
}

/* ---- start-up -------------------------------------------------------------- */

/*
 * Slots of a list.  A small zone caches less: no more than 1/64 of it for one CPU,
 * mobility and order, that is at most 3 * 4 / 64 of the zone over all CPUs' lists.
 */
static unsigned list_slots(const struct zone *zone, unsigned order, unsigned nr_cpus)
{
	unsigned long most = zone->present_pages / 64 / nr_cpus, gap;

	/* Half of the list, the largest batch, from low does not reach below min. */
	gap = 2UL * (zone->watermark[WMARK_LOW] - zone->watermark[WMARK_MIN]);
	most = (gap && gap < most ? gap : most) >> order;
	unsigned slots = BUDDY_PCP_SLOTS >> order ? BUDDY_PCP_SLOTS >> order : 1;

	while (slots > 2 && slots > most)
		slots /= 2;
	return slots;
}

/*
 * The largest order of which a CPU keeps a block: the same share.  0: there is
 * none above PCP_MAX_ORDER.
 */
static unsigned largest_kept(unsigned long managed, unsigned nr_cpus)
{
	unsigned long most = managed / 64 / nr_cpus;
	unsigned order = most ? ilog2((unsigned)most) : 0;

	return order > PCP_MAX_ORDER ? min_t(order, (unsigned)MAX_ORDER) : 0;
}

/* Bytes of one CPU's arrays, sentinels included. */
size_t pcp_bytes(const struct zone *z, unsigned nr, unsigned nr_cpus)
{
	size_t slots = 0, blocks = nr * PCP_TYPES * sizeof(struct pcp_block);

	for (; nr--; z++)
		for (unsigned order = 0; order <= PCP_MAX_ORDER; order++)
			slots += MIGRATE_PCPTYPES * (list_slots(z, order, nr_cpus) + 1);
	return blocks + slots * sizeof(struct page *);
}

/*
 * What cannot be cached has a list that is empty and full at the same time, so that both fast
 * paths leave it alone; nothing ever writes to it.
 */
static struct page *nothing[1]; /* its sentinel */
struct pcp_list pcp_none[NR_PCP_ORDERS];

static struct page **init_list(struct pcp_list *list, struct page **slots, unsigned nr)
{
	*slots++ = NULL;
	list->base = list->top = slots;
	list->end = slots + nr;
	list->batch = 1;
	return list->end;
}

/* Lays the arrays out in `slots` (pcp_bytes() zeroed bytes) and fills the table by gfp. */
void pcp_init_cpu(struct mm_cpu *cpu, void *mem, unsigned nr_cpus)
{
	struct page **slots;

	cpu->block = mem;
	slots = (struct page **)(cpu->block + nr_zones * PCP_TYPES);
	for (unsigned zid = 0; zid < nr_zones; zid++)
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			cpu->block[zid << PB_ZONE_SHIFT | mt].max_order =
				largest_kept(zones[zid].present_pages, nr_cpus);
	for (unsigned order = 0; order < NR_PCP_ORDERS; order++)
		pcp_none[order].base = pcp_none[order].top = pcp_none[order].end = nothing + 1;
	for (unsigned zid = 0; zid < nr_zones; zid++)
		for (unsigned mt = 0; mt < PCP_TYPES; mt++)
			for (unsigned order = 0; order < NR_PCP_ORDERS; order++) {
				struct pcp_list *list = &cpu->list[zid][mt][order];

				if (mt < MIGRATE_PCPTYPES && order <= PCP_MAX_ORDER)
					slots = init_list(list, slots,
							  list_slots(&zones[zid], order, nr_cpus));
				else
					*list = pcp_none[0];
			}
	pcp_set_tables(cpu);
}

#endif /* BUDDY_PCP */
