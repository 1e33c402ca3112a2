// SPDX-License-Identifier: MIT
/*
 * pcp - per-CPU caches of blocks of orders 0 to 3.
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
 * State: mm_cpu->list[][][].  Guard: its CPU, interrupts off.  Words of pages
 * in a cache say PAGE_STATE_PCP; they are this CPU's to write.
 *
 * Not here: the fast path (page_alloc.c), the watermarks that a refill has to
 * pass (zonelist.c).
 */
#include <mm/internal.h>

/* A block on its way between array and zone. */
struct chunk {
	struct page *page;
	unsigned order;
};

static inline unsigned list_order(const struct mm_cpu *cpu, const struct pcp_list *list)
{
	return (unsigned)(list - &cpu->list[0][0][0]) % NR_PCP_ORDERS;
}

static inline struct zone *list_zone(const struct mm_cpu *cpu, const struct pcp_list *list)
{
	return &zones[(unsigned)(list - &cpu->list[0][0][0]) / (NR_PCP_ORDERS * PCP_TYPES)];
}

/* The batch of a long run: half the array; the first of a run moves an eighth. */
static inline unsigned first_batch(const struct pcp_list *list)
{
	unsigned n = (unsigned)(list->end - list->base) / 8;

	return n ? n : 1;
}

static inline void grow_batch(struct pcp_list *list)
{
	unsigned half = (unsigned)(list->end - list->base) / 2;
	unsigned twice = 2U * list->batch;

	list->batch = (uint16_t)(twice < half ? twice : half);
}

static inline unsigned ilog2(unsigned n)
{
	return 31U - (unsigned)__builtin_clz(n);
}

/* Cuts a chunk into blocks of the list's order; the lowest comes out on top. */
static void push_chunk(struct pcp_list *list, struct page *page, unsigned chunk_order,
		       unsigned order)
{
	struct page **top = list->top;
	uint32_t word = PAGE_STATE_PCP | order;
	unsigned long step = 1UL << order;

	for (struct page *p = page + (1UL << chunk_order); p != page;) {
		p -= step;
		set_page_word(p, word);
		*top++ = p;
	}
	WRITE_ONCE(list->top, top);
}

/*
 * Fills an empty list from the zone's lists of the same mobility.  Returns a
 * block that is not to be cached, when only another mobility had one to give
 * (it would hand an unmovable request a page out of a movable block later on);
 * else NULL, and the list has blocks unless the zone had none.
 */
static struct page *pcp_refill(struct mm_cpu *cpu, struct pcp_list *list, struct zone *zone,
			       unsigned order, enum migratetype mt)
{
	struct chunk chunk[BUDDY_PCP_WORK];
	struct page *stolen = NULL;
	unsigned nr = 0, want;

	if (list->refills++ == 0)
		list->batch = (uint16_t)first_batch(list);
	else
		grow_batch(list);
	want = list->batch;

	port_spin_lock(&zone->lock);
	do {
		unsigned got;
		struct page *page =
			__rmqueue_smallest(zone, order, order + ilog2(want), mt, &got);

		if (!page) {
			if (!nr)
				stolen = __rmqueue_fallback(zone, order, mt);
			break;
		}
		set_page_word(page, PAGE_STATE_PCP | got);
		chunk[nr].page = page;
		chunk[nr++].order = got;
		want -= 1U << (got - order);
	} while (want && nr < BUDDY_PCP_WORK);
	port_spin_unlock(&zone->lock);

	count_vm_event(cpu, PCP_REFILL);
	while (nr--) {
		list->nr_in += 1U << (chunk[nr].order - order);
		push_chunk(list, chunk[nr].page, chunk[nr].order, order);
	}
	return stolen;
}

/*
 * A block of 2^order pages (at most PCP_MAX_ORDER) by way of this CPU's cache.
 * Its word is written.  NULL: neither cache nor zone has one.  Interrupts are
 * off.
 */
struct page *rmqueue_pcplist(struct mm_cpu *cpu, struct zone *zone, unsigned order,
			     enum migratetype mt)
{
	struct pcp_list *list = &cpu->list[zone->zid][mt][order];
	struct page *page = NULL;

	if (list->top == list->base)
		page = pcp_refill(cpu, list, zone, order, mt);
	if (!page) {
		page = list->top[-1];
		if (!page)
			return NULL;
		WRITE_ONCE(list->top, list->top - 1);
		list->nr_alloc++;
	} else {
		count_vm_event(cpu, PGALLOC);
	}
	set_page_word(page, PAGE_ALLOCATED(order));
	return page;
}

/*
 * The longest run of neighbours at the bottom of the array from slot i on, up or
 * down: its lowest block, and how many.
 */
static inline unsigned find_run(struct page **slot, unsigned nr, long step, struct page **lowest)
{
	struct page *page = slot[0];
	unsigned n = 1;

	*lowest = page;
	if (nr < 2)
		return 1;
	if (slot[1] == page + step) {
		while (n < nr && slot[n] == (page += step))
			n++;
	} else if (slot[1] == page - step) {
		while (n < nr && slot[n] == (page -= step))
			n++;
		*lowest = slot[n - 1];
	}
	return n;
}

/* The largest aligned block at the start of a run of n blocks of 2^order pages. */
static inline unsigned run_order(const struct page *page, unsigned n, unsigned order)
{
	unsigned long index = page_index(page) >> order;
	unsigned most = ilog2(n);
	unsigned aligned = index ? (unsigned)__builtin_ctzl(index) : most;

	most = min_t(aligned, most);
	return min_t(order + most, (unsigned)MAX_ORDER);
}

/* Makes one block of the blocks in it: only its first page keeps a word. */
static inline void join(struct page *page, unsigned joined, unsigned order)
{
	struct page *end = page + (1UL << joined);

	for (struct page *p = page + (1UL << order); p < end; p += 1UL << order)
		set_page_word(p, 0);
	set_page_word(page, PAGE_STATE_PCP | joined);
}

/* Drops the n coldest blocks' slots. */
static void close_gap(struct pcp_list *list, unsigned n)
{
	struct page **to = list->base, **from = list->base + n, **top = list->top;

	while (top - from >= 4) {
		struct page *a = from[0], *b = from[1], *c = from[2], *d = from[3];

		to[0] = a;
		to[1] = b;
		to[2] = c;
		to[3] = d;
		to += 4;
		from += 4;
	}
	while (from < top)
		*to++ = *from++;
	WRITE_ONCE(list->top, to);
	list->nr_out += n;
}

/* Gives back up to `want` of the coldest blocks, BUDDY_PCP_WORK list operations at most. */
static unsigned flush_some(struct pcp_list *list, struct zone *zone, unsigned order, unsigned want)
{
	struct chunk chunk[BUDDY_PCP_WORK];
	unsigned nr = 0, done = 0, left = 0;
	struct page *page = NULL;

	while (nr < BUDDY_PCP_WORK) {
		unsigned joined;

		if (!left) {
			if (done == want)
				break;
			left = find_run(list->base + done, want - done, 1L << order, &page);
			done += left;
		}
		joined = run_order(page, left, order);
		chunk[nr].page = page;
		chunk[nr++].order = joined;
		left -= 1U << (joined - order);
		page += 1UL << joined;
	}
	/* A run that did not go whole: what is left of it stays, at the bottom. */
	if (left) {
		struct page **slot = list->base + done - 1;

		done -= left;
		for (unsigned i = left; i--; slot--)
			*slot = page + ((unsigned long)i << order);
	}
	for (unsigned i = 0; i < nr; i++)
		if (chunk[i].order > order)
			join(chunk[i].page, chunk[i].order, order);
	close_gap(list, done);

	port_spin_lock(&zone->lock);
	for (unsigned i = 0; i < nr; i++)
		__free_one_page(zone, chunk[i].page, chunk[i].order);
	port_spin_unlock(&zone->lock);
	return done;
}

/* Makes room in a full list.  Interrupts are off. */
void pcp_flush(struct mm_cpu *cpu, struct pcp_list *list)
{
	if (list->refills) {
		list->refills = 0;
		list->batch = (uint16_t)first_batch(list);
	} else {
		grow_batch(list);
	}
	count_vm_event(cpu, PCP_FLUSH);
	flush_some(list, list_zone(cpu, list), list_order(cpu, list), list->batch);
}

/*
 * One batch of emptying this CPU's caches.  Interrupts are off; the caller may
 * turn them on between batches.  Returns the pages given back, 0 when the
 * caches are empty.
 */
unsigned pcp_drain_batch(struct mm_cpu *cpu)
{
	for (unsigned zid = 0; zid < nr_zones; zid++)
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			for (unsigned order = 0; order <= PCP_MAX_ORDER; order++) {
				struct pcp_list *list = &cpu->list[zid][mt][order];
				unsigned nr = pcp_count(list);

				if (!nr)
					continue;
				list->refills = 0;
				count_vm_event(cpu, PCP_DRAIN);
				return flush_some(list, &zones[zid], order, nr) << order;
			}
	return 0;
}

unsigned drain_local_pages(void)
{
	unsigned pages = 0, n;

	do {
		port_irqflags_t flags = port_irq_save();

		n = pcp_drain_batch(this_cpu());
		port_irq_restore(flags);
		pages += n;
	} while (n);
	return pages;
}

/* Runs on the CPU whose caches they are, interrupts off: one batch. */
static void drain_batch_here(void *pages)
{
	*(unsigned *)pages = pcp_drain_batch(this_cpu());
}

/* Pages in a CPU's caches: exact on that CPU with interrupts off, else a guess. */
unsigned pcp_nr_pages(const struct mm_cpu *cpu)
{
	unsigned pages = 0;

	for (unsigned zid = 0; zid < nr_zones; zid++)
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			for (unsigned order = 0; order <= PCP_MAX_ORDER; order++)
				pages += pcp_count(&cpu->list[zid][mt][order]) << order;
	return pages;
}

/*
 * Other CPUs are asked only when there is something to get, and a batch at a
 * time, so that they take interrupts in between.
 */
unsigned drain_all_pages(void)
{
	unsigned pages = drain_local_pages();
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
	return pages;
}

/* ---- start-up -------------------------------------------------------------- */

/*
 * Slots of a list.  A small zone caches less: no more than 1/64 of it for one CPU,
 * mobility and order, that is at most 3 * 4 / 64 of the zone over all CPUs' lists.
 */
static unsigned list_slots(unsigned long managed, unsigned order, unsigned nr_cpus)
{
	unsigned long most = managed / 64 / nr_cpus >> order;
	unsigned slots = BUDDY_PCP_SLOTS >> order;

	while (slots > 2 && slots > most)
		slots /= 2;
	return slots;
}

/* Bytes of one CPU's arrays, sentinels included. */
size_t pcp_bytes(const struct zone *z, unsigned nr, unsigned nr_cpus)
{
	size_t slots = 0;

	for (; nr--; z++)
		for (unsigned order = 0; order < NR_PCP_ORDERS; order++)
			slots += MIGRATE_PCPTYPES *
				 (list_slots(z->present_pages, order, nr_cpus) + 1);
	return slots * sizeof(struct page *);
}

/*
 * What cannot be cached has a list that is empty and full at the same time, so that both fast
 * paths leave it alone; nothing ever writes to it.
 */
static struct page *nothing[1]; /* its sentinel */
static struct pcp_list none[NR_PCP_ORDERS];

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
	struct page **slots = mem;

	for (unsigned order = 0; order < NR_PCP_ORDERS; order++)
		none[order].base = none[order].top = none[order].end = nothing + 1;
	for (unsigned zid = 0; zid < nr_zones; zid++)
		for (unsigned mt = 0; mt < PCP_TYPES; mt++)
			for (unsigned order = 0; order < NR_PCP_ORDERS; order++) {
				struct pcp_list *list = &cpu->list[zid][mt][order];

				if (mt < MIGRATE_PCPTYPES && order <= PCP_MAX_ORDER)
					slots = init_list(
						list, slots,
						list_slots(zones[zid].present_pages, order, nr_cpus));
				else
					*list = none[0];
			}
	for (unsigned bits = 0; bits <= GFP_FAST_MASK; bits++) {
		struct zone *zone = cpu->node->zonelist[gfp_zone(bits)][0];

		cpu->fast[bits] = none;
		if (zone && (bits & GFP_MOVABLE_MASK) != GFP_MOVABLE_MASK)
			cpu->fast[bits] = cpu->list[zone->zid][gfp_migratetype(bits)];
	}
}
