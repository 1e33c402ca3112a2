// SPDX-License-Identifier: MIT
/*
 * demo_core - what one core does in the demonstration.
 *
 * An operation picks one of the core's slots: an empty one is filled with a new
 * block, a full one is verified and freed.  Now and then it asks for many pages
 * at once, swaps a block with what another core left, takes a second reference
 * or empties caches.  The timer interrupt does the same on slots of its own.
 *
 * A block that is held carries its proof: a random stamp in page->priv, its
 * order in page->index, and in every word of its memory a value made of
 * stamp and address.  Whoever frees it, on whichever core, needs nothing else
 * to verify it.  Memory without a permanent mapping is proven by the stamps in
 * the descriptors of all its pages.
 *
 * State: struct demo_core, its core's own; `handover`, swapped atomically.
 * Locks: none.
 *
 * Not here: cores, interrupts, the console, the verdict (demo.c).
 */
#include <string.h>

#include <buddy/mm.h>
#include <buddy/vmstat.h>

#include "boot/demo_core.h"

#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(uint32_t))
#define PATTERN_STEP   0x9e3779b1U /* odd: 2^32 different values before it repeats */

void (*demo_core_progress)(struct demo_core *core);

/* Blocks on their way from one core to another; NULL or owned by nobody else. */
static struct page *handover[DEMO_HANDOVER];

/* xorshift32 (Marsaglia 2003): never 0. */
static uint32_t next_random(uint32_t *state)
{
	uint32_t x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

/* 0 to n - 1; from the high bits, which are the better ones. */
static unsigned below(uint32_t *state, unsigned n)
{
	return (unsigned)(((uint64_t)next_random(state) * n) >> 32);
}

static void fail(struct demo_actor *me, const char *what, uintptr_t where, uint32_t want,
		 uint32_t got)
{
	if (!me->error.what)
		me->error = (struct demo_error){what, where, want, got};
}

/* ---- patterns --------------------------------------------------------------- */

static void fill_words(uint32_t *p, uint32_t *end, uint32_t value)
{
	for (; p < end; p += 4, value += 4 * PATTERN_STEP) {
		p[0] = value;
		p[1] = value + PATTERN_STEP;
		p[2] = value + 2 * PATTERN_STEP;
		p[3] = value + 3 * PATTERN_STEP;
	}
}

/* The first word that is not as it was filled, or NULL. */
static uint32_t *wrong_word(uint32_t *p, uint32_t *end, uint32_t value, uint32_t step)
{
	for (; p < end; p += 4, value += 4 * step) {
		uint32_t diff = (p[0] ^ value) | (p[1] ^ (value + step)) |
				(p[2] ^ (value + 2 * step)) | (p[3] ^ (value + 3 * step));

		if (diff)
			break;
	}
	for (; p < end && *p == value; p++)
		value += step;
	return p < end ? p : NULL;
}

static uint32_t first_value(const uint32_t *memory, uint32_t stamp)
{
	return stamp ^ ((uint32_t)(uintptr_t)memory * PATTERN_STEP);
}

/* The block is ours: gives it a stamp and fills it. */
static void mark(struct demo_actor *me, struct page *page, unsigned order, uint32_t stamp)
{
	uint32_t *memory = page_address(page);

	page->priv = stamp;
	page->index = order;
	page->mapping = handover;
	for (unsigned i = 1; !memory && i < 1U << order; i++)
		page[i].priv = stamp + i;
	if (memory)
		fill_words(memory, memory + (WORDS_PER_PAGE << order), first_value(memory, stamp));
	me->count.pages_written += 1U << order;
}

/* Before it is freed: is it still what mark() made of it? */
static void verify(struct demo_actor *me, struct page *page)
{
	uint32_t *memory = page_address(page), *wrong, stamp = page->priv;
	unsigned order = (unsigned)page->index;

	if (page->mapping != handover || order > MAX_ORDER) {
		fail(me, "the owner's words in a descriptor changed", page_to_pfn(page), 0, order);
		return;
	}
	if (!page_count(page))
		fail(me, "a block that is held has no reference", page_to_pfn(page), 1, 0);
	for (unsigned i = 1; !memory && i < 1U << order; i++)
		if (page[i].priv != stamp + i)
			fail(me, "the owner's words in a descriptor changed", page_to_pfn(page + i),
			     stamp + i, page[i].priv);
	if (memory) {
		uint32_t value = first_value(memory, stamp);

		wrong = wrong_word(memory, memory + (WORDS_PER_PAGE << order), value, PATTERN_STEP);
		if (wrong)
			fail(me, "memory of a held block changed", (uintptr_t)wrong,
			     value + (uint32_t)(wrong - memory) * PATTERN_STEP, *wrong);
	}
	me->count.pages_checked += 1U << order;
}

/* ---- one block ---------------------------------------------------------------- */

/* Weights of the orders, out of 1024: small ones are common, all up to 10 occur. */
static unsigned random_order(uint32_t *random)
{
	static const uint16_t weight[] = {560, 170, 100, 80, 40, 28, 18, 12, 8, 5};
	unsigned r = below(random, 1024), order = 0;

	while (order < MAX_ORDER && order < sizeof(weight) / sizeof(weight[0]) &&
	       r >= weight[order])
		r -= weight[order++];
	return order;
}

static gfp_t random_gfp(struct demo_actor *me)
{
	static const gfp_t kind[] = {
		GFP_KERNEL,
		GFP_KERNEL | __GFP_RECLAIMABLE,
		GFP_HIGHUSER_MOVABLE,
		GFP_USER | __GFP_MOVABLE,
		GFP_HIGHUSER,
		GFP_ATOMIC,
		GFP_NOWAIT,
		GFP_NOIO | __GFP_COLD,
		GFP_NOFS | __GFP_ZERO,
		GFP_KERNEL | __GFP_ZERO,
		__GFP_MOVABLE | __GFP_HIGHMEM | __GFP_ZERO,
		GFP_DMA | GFP_KERNEL, /* the last: only where there is such a zone */
	};
	unsigned nr = sizeof(kind) / sizeof(kind[0]) - (me->dma_end ? 0 : 1);

	return kind[below(&me->random, nr)] | __GFP_NOWARN;
}

/* What the manual promises of a block that was just allocated. */
static void check_new(struct demo_actor *me, struct page *page, unsigned order, gfp_t gfp)
{
	unsigned long pfn = page_to_pfn(page);
	uint32_t *memory = page_address(page), *wrong;

	if (pfn & ((1UL << order) - 1))
		fail(me, "a block is not aligned to its size", pfn, order, 0);
	if (page_count(page) != 1)
		fail(me, "a new block has not one reference", pfn, 1, page_count(page));
	if ((gfp & __GFP_DMA) && pfn >= me->dma_end)
		fail(me, "GFP_DMA gave a block above zone DMA", pfn, (uint32_t)me->dma_end, 0);
	if (!(gfp & __GFP_HIGHMEM) && !memory)
		fail(me, "highmem was given to one who cannot use it", pfn, gfp, 0);
	if ((gfp & __GFP_ZERO) && memory) {
		wrong = wrong_word(memory, memory + (WORDS_PER_PAGE << order), 0, 0);
		if (wrong)
			fail(me, "__GFP_ZERO gave a page that is not zero", (uintptr_t)wrong, 0,
			     *wrong);
	}
}

static void count_new(struct demo_actor *me, unsigned order)
{
	me->count.allocated++;
	if (order <= PCP_MAX_ORDER)
		me->count.small++;
}

static struct page *get_block(struct demo_actor *me, unsigned order, gfp_t gfp)
{
	struct page *page;

	if (below(&me->random, 4))
		page = order ? alloc_pages(gfp, order) : alloc_page(gfp);
	else
		page = alloc_pages_node(-1, gfp, order);
	if (!page) {
		me->count.failed++;
		return NULL;
	}
	count_new(me, order);
	check_new(me, page, order, gfp);
	mark(me, page, order, next_random(&me->random));
	return page;
}

/* Every way to give a block back. */
static void put_block(struct demo_actor *me, struct page *page)
{
	unsigned order = (unsigned)page->index;
	void *memory = page_address(page);

	verify(me, page);
	me->count.freed++;
	switch (below(&me->random, 8)) {
	case 0:
		if (memory) {
			free_pages(memory, order);
			return;
		}
		break;
	case 1: /* with a second reference; the last one to go frees, with the block's order */
		get_page(page);
		__free_pages(page, order);
		put_page(page);
		return;
	case 2:
		put_page(page);
		return;
	default:
		break;
	}
	if (order)
		__free_pages(page, order);
	else
		__free_page(page);
}

/* ---- operations ------------------------------------------------------------------ */

static void op_slot(struct demo_core *core)
{
	struct demo_actor *me = &core->task;
	struct page **slot = &core->slot[below(&me->random, DEMO_SLOTS)];

	if (*slot) {
		put_block(me, *slot);
		*slot = NULL;
	} else {
		*slot = get_block(me, random_order(&me->random), random_gfp(me));
	}
}

/* Many pages into the empty slots of a stretch, as a bulk request fills NULL entries. */
static void op_bulk(struct demo_core *core)
{
	struct demo_actor *me = &core->task;
	unsigned nr = 1 + below(&me->random, DEMO_BULK);
	unsigned from = below(&me->random, DEMO_SLOTS - nr + 1), got;
	gfp_t gfp = random_gfp(me);
	bool had[DEMO_BULK];

	for (unsigned i = 0; i < nr; i++)
		had[i] = core->slot[from + i];
	got = alloc_pages_bulk_array(gfp, nr, core->slot + from);
	if (got < nr)
		me->count.failed++;
	for (unsigned i = 0; i < nr; i++) {
		struct page *page = core->slot[from + i];

		if (i < got && !page)
			fail(me, "a bulk request counted a page it did not give", from + i, got, i);
		if (had[i] || !page)
			continue;
		count_new(me, 0);
		me->count.bulk++;
		check_new(me, page, 0, gfp);
		mark(me, page, 0, next_random(&me->random));
	}
}

/* Leaves a block for another core and takes what lies there. */
static void op_handover(struct demo_core *core)
{
	struct demo_actor *me = &core->task;
	struct page **slot = &core->slot[below(&me->random, DEMO_SLOTS)];
	struct page **place = &handover[below(&me->random, DEMO_HANDOVER)];

	/* Release: pattern and stamp first.  Acquire: then the other's are seen. */
	*slot = __atomic_exchange_n(place, *slot, __ATOMIC_ACQ_REL);
	if (*slot) {
		me->count.received++;
		put_block(me, *slot);
		*slot = NULL;
	}
}

static void one_op(struct demo_core *core)
{
	unsigned r = below(&core->task.random, 4096);

	if (r < 3500)
		op_slot(core);
	else if (r < 3900)
		op_handover(core);
	else if (r < 4080)
		op_bulk(core);
	else if (r < 4094)
		drain_local_pages();
	else
		drain_all_pages(); /* interrupts the other cores in the middle of theirs */
}

/* One block more or less, small: a handler is to be short. */
void demo_core_tick(struct demo_core *core)
{
	struct demo_actor *me = &core->irq;
	struct page **slot;

	if (!__atomic_load_n(&core->tick_on, __ATOMIC_RELAXED))
		return;
	slot = &core->irq_slot[below(&me->random, DEMO_IRQ_SLOTS)];
	if (*slot) {
		put_block(me, *slot);
		*slot = NULL;
	} else {
		*slot = get_block(me, below(&me->random, 3), GFP_ATOMIC | __GFP_NOWARN);
	}
}

/* ---- a core's life ----------------------------------------------------------------- */

static void init_actor(struct demo_actor *me, uint32_t seed)
{
	struct zone_info zone;

	me->random = seed ? seed : 1;
	for (unsigned i = 0; i < 8; i++) /* neighbouring seeds begin alike */
		next_random(&me->random);
	for (unsigned i = 0; zone_info(i, &zone); i++)
		if (zone.type == ZONE_DMA)
			me->dma_end = zone.start_pfn + zone.spanned;
}

void demo_core_init(struct demo_core *core, unsigned cpu, uint32_t seed, uint32_t ops)
{
	memset(core, 0, sizeof(*core));
	core->cpu = cpu;
	core->ops = ops;
	init_actor(&core->task, seed + 2 * cpu * PATTERN_STEP);
	init_actor(&core->irq, seed + (2 * cpu + 1) * PATTERN_STEP);
}

static void put_all(struct demo_actor *me, struct page **slot, unsigned nr)
{
	for (; nr--; slot++) {
		if (*slot)
			put_block(me, *slot);
		*slot = NULL;
	}
}

void demo_core_run(void *arg)
{
	struct demo_core *core = arg;

	__atomic_store_n(&core->tick_on, true, __ATOMIC_RELAXED);
	while (core->done < core->ops && !core->task.error.what && !core->irq.error.what) {
		one_op(core);
		__atomic_store_n(&core->done, core->done + 1, __ATOMIC_RELAXED);
		if (demo_core_progress)
			demo_core_progress(core);
	}
	/* The handler runs on this core: after this store it keeps its hands off. */
	__atomic_store_n(&core->tick_on, false, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);

	put_all(&core->task, core->slot, DEMO_SLOTS);
	put_all(&core->irq, core->irq_slot, DEMO_IRQ_SLOTS);
	__atomic_store_n(&core->finished, 1, __ATOMIC_RELEASE);
}

void demo_core_collect(struct demo_core *core)
{
	for (unsigned i = 0; i < DEMO_HANDOVER; i++) {
		struct page *page = __atomic_exchange_n(&handover[i], NULL, __ATOMIC_ACQ_REL);

		if (page)
			put_block(&core->task, page);
	}
}
