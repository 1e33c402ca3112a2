// SPDX-License-Identifier: MIT
/*
 * A byte for each page, beside the real allocator: whose it is.  Every block that is given
 * must be whole, aligned and nobody's; every NULL must be right: by the mark, or because
 * no aligned run of free pages is that long.  An interrupt handler plays along.
 */
#include <string.h>

#include <mm/tiny.h>

#include "fixture_tiny.h"

#define MAX_PAGES 70000
#define MAX_LIVE  600
#define IRQ_LIVE  8

static uint8_t owned[MAX_PAGES]; /* by place in mem_map; descriptors' own pages, too */
static struct block {
	struct page *page;
	unsigned order, refs;
	uint32_t seed;
} live[MAX_LIVE];
static unsigned nr_live;
static struct page *irq_page[IRQ_LIVE];
static unsigned nr_irq_pages, nr_irqs;
static struct rng rng;

static void own(const struct page *page, unsigned order, bool take)
{
	unsigned long at = (unsigned long)(page - mem_map);

	REQUIRE(at + (1UL << order) <= nr_map_pages);
	for (unsigned long i = at; i < at + (1UL << order); i++) {
		CHECK_EQ(owned[i], !take);
		owned[i] = take;
	}
}

/* Pages are taken and given between any two instructions of the code under test. */
static void handler(unsigned cpu)
{
	(void)cpu;
	nr_irqs++;
	if (nr_irq_pages < IRQ_LIVE && nr_irqs % 3) {
		struct page *page = alloc_page(GFP_ATOMIC | __GFP_NOWARN);

		if (page)
			irq_page[nr_irq_pages++] = page;
	} else if (nr_irq_pages) {
		__free_page(irq_page[--nr_irq_pages]);
	}
}

static bool run_is_free(unsigned order)
{
	unsigned long step = 1UL << order, first = (step - (mem_map_pfn & (step - 1))) & (step - 1);

	for (unsigned long at = first; at + step <= nr_map_pages; at += step)
		if (!memchr(owned + at, 1, step))
			return true;
	return false;
}

/* What the handler took may be back by now: a NULL can be judged only where it is still. */
static void judge_failure(gfp_t gfp, unsigned order)
{
	unsigned long mark = tiny_zone.watermark;

	if (gfp & __GFP_HIGH)
		mark -= mark / 2;
	if (gfp & __GFP_ATOMIC)
		mark -= mark / 4;
	if (gfp & __GFP_MEMALLOC)
		mark = 0;
	if (!nr_irqs)
		CHECK(nr_free_pages() < mark + (1UL << order) || !run_is_free(order));
}

static void take_one(void)
{
	static const gfp_t kinds[] = {GFP_KERNEL,
				      GFP_NOWAIT,
				      GFP_ATOMIC,
				      GFP_HIGHUSER_MOVABLE,
				      GFP_KERNEL | __GFP_ZERO,
				      GFP_NOWAIT | __GFP_MEMALLOC};
	gfp_t gfp = kinds[rng_below(&rng, 6)] | __GFP_NOWARN;
	unsigned order = rng_below(&rng, 4) ? rng_below(&rng, 3) : rng_below(&rng, NR_ORDERS);
	struct page *page;

	if (nr_live == MAX_LIVE)
		return;
	if (order > MAX_ORDER)
		order = MAX_ORDER;
	page = alloc_pages(gfp, order);
	if (!page) {
		judge_failure(gfp, order);
		return;
	}
	CHECK_EQ(page_to_pfn(page) & ((1UL << order) - 1), 0);
	CHECK_EQ(page_count(page), 1);
	own(page, order, true);
	if (gfp & __GFP_ZERO)
		for (unsigned long i = 0; i < PAGE_SIZE << order; i += 512)
			CHECK_EQ(((const char *)page_address(page))[i], 0);
	live[nr_live] = (struct block){page, order, 1, rng_next(&rng)};
	fill_block(page, order, live[nr_live++].seed);
}

static void give_one(unsigned i)
{
	struct block b = live[i];

	if (b.refs == 1) {
		live[i] = live[--nr_live];
		CHECK(verify_block(b.page, b.order, b.seed));
		own(b.page, b.order, false);
	} else {
		live[i].refs--;
	}
	if (rng_below(&rng, 2))
		put_page(b.page);
	else
		__free_pages(b.page, b.order);
}

static void wrong_free(void)
{
	struct block *b = &live[rng_below(&rng, nr_live)];
	unsigned order = (b->order + 1 + rng_below(&rng, MAX_ORDER)) % NR_ORDERS;
	uint32_t bad = vm_events(BAD_FREE);

	if (order == b->order)
		return;
	__free_pages(b->page, order);
	if (b->order)
		__free_page(b->page + 1);
	__free_page((struct page *)((char *)b->page + 4));
	CHECK_EQ(vm_events(BAD_FREE) - bad, 2U + !!b->order);
	CHECK_EQ(page_count(b->page), b->refs);
}

void play_model(uint32_t seed, unsigned ops)
{
	unsigned rising = 1;

	REQUIRE(nr_map_pages <= MAX_PAGES);
	rng = rng_seed(seed);
	nr_live = nr_irq_pages = nr_irqs = 0;
	memset(owned, 0, sizeof(owned));
	memset(owned, 1, nr_map_pages - tiny_zone.managed);
	host_irq_set_handler(handler);
	host_irq_set_rate(seed % 2 ? 7 : 0, seed + 1);
	for (unsigned i = 0; i < ops && !test_has_failed(); i++) {
		if (!rng_below(&rng, 200))
			rising = !rising;
		if (!nr_live || rng_below(&rng, 8) < (rising ? 5 : 3))
			take_one();
		else if (!rng_below(&rng, 16))
			wrong_free();
		else if (!rng_below(&rng, 16))
			get_page(live[nr_live - 1].page), live[nr_live - 1].refs++;
		else
			give_one(rng_below(&rng, nr_live));
		if (!(i % 512))
			CHECK_EQ(mm_check(), 0);
	}
	host_irq_set_rate(0, 1);
	CHECK(!(seed % 2) || nr_irqs);
	while (nr_live)
		give_one(nr_live - 1);
	while (nr_irq_pages)
		__free_page(irq_page[--nr_irq_pages]);
	check_all_free();
}
