// SPDX-License-Identifier: MIT
/*
 * The model test: random operations on the real allocator beside a trivial one.
 *
 *	model seed=1 runs=20 ops=100000 irq=0
 *
 * Each run makes up a memory and a start from its seed (seed, seed + 1, ...), plays
 * `ops` operations as one to four CPUs, gives everything back and expects the
 * state of the start.  A run that fails prints how to run it again, alone:
 * the same seed gives the same run on every machine.  irq=N: every Nth run has
 * simulated interrupts that allocate and free (0: none).
 *
 * State: the table of live blocks; its owner is the running operation, the
 * interrupt handler has a table of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mm/internal.h>

#include "model.h"

#define LIVE_MAX 20000
#define IRQ_MAX	 24

struct block {
	struct page *page;
	uint32_t pattern; /* 0: not filled */
	uint8_t order, refs;
};

static struct block live[LIVE_MAX];
static unsigned nr_live;
static struct block irq_live[IRQ_MAX];
static struct rng rng, irq_rng;
static unsigned irq_rate;
static struct page *stale[64]; /* freed lately: for double frees */
static unsigned nr_stale;

/* ---- one block in, one block out -------------------------------------------- */

static gfp_t random_gfp(struct rng *r)
{
	static const gfp_t base[] = {GFP_KERNEL,
				     GFP_KERNEL,
				     GFP_ATOMIC,
				     GFP_NOWAIT,
				     GFP_HIGHUSER,
				     GFP_HIGHUSER_MOVABLE,
				     GFP_HIGHUSER_MOVABLE,
				     GFP_KERNEL | GFP_DMA,
				     GFP_DMA,
				     GFP_NOIO,
				     GFP_NOFS};
	gfp_t gfp = base[rng_below(r, sizeof(base) / sizeof(base[0]))] | __GFP_NOWARN;

	if (!(gfp & __GFP_MOVABLE)) {
		unsigned mt = rng_below(r, 5);

		gfp |= mt == 0 ? __GFP_MOVABLE : mt == 1 ? __GFP_RECLAIMABLE : 0;
	}
	if (rng_below(r, 10) == 0)
		gfp |= __GFP_ZERO;
	if (rng_below(r, 10) == 0)
		gfp |= __GFP_COLD;
	if (rng_below(r, 40) == 0)
		gfp |= __GFP_HIGH;
	if (rng_below(r, 40) == 0)
		gfp |= __GFP_MEMALLOC;
	if (rng_below(r, 80) == 0)
		gfp |= __GFP_NOMEMALLOC;
	return gfp;
}

static unsigned random_order(struct rng *r)
{
	switch (rng_below(r, 8)) {
	case 0:
		return rng_below(r, NR_ORDERS);
	case 1:
	case 2:
		return rng_below(r, PCP_MAX_ORDER + 1);
	default:
		return 0;
	}
}

static bool is_zeroed(const struct page *page, unsigned order)
{
	const unsigned char *p = page_address(page);

	for (unsigned long i = 0; i < PAGE_SIZE << order; i += 509)
		if (p[i])
			return false;
	return !p[(PAGE_SIZE << order) - 1];
}

/* All that the request's flags promise of the block. */
static void check_block(struct page *page, gfp_t gfp, unsigned order, int nid)
{
	unsigned long pfn = page_to_pfn(page);
	enum zone_type type = ref_zone_type(pfn);

	ref_take(pfn, order);
	CHECK_EQ(page_word(page), PAGE_ALLOCATED(order));
	for (unsigned o = 0; o < order; o++)
		CHECK_EQ(page_word(page + (1UL << o)), 0);
	CHECK_EQ(ref_zone_type(pfn + (1UL << order) - 1), type);
	if (gfp & __GFP_DMA)
		CHECK_EQ(type, ZONE_DMA);
	else if (!(gfp & __GFP_HIGHMEM))
		CHECK(type <= ZONE_NORMAL);
	else if (!(gfp & __GFP_MOVABLE))
		CHECK(type <= ZONE_HIGHMEM);
	if (type <= ZONE_NORMAL)
		CHECK(virt_to_page(page_address(page)) == page);
	if (gfp & __GFP_ZERO)
		CHECK(is_zeroed(page, order));
	if (gfp & __GFP_THISNODE)
		CHECK_EQ(page_zone(page)->nid, nid);
}

static void add_live(struct rng *r, struct page *page, unsigned order)
{
	struct block *b = &live[nr_live++];

	*b = (struct block){page, 0, (uint8_t)order, 1};
	if (rng_below(r, 4) == 0) {
		b->pattern = rng_next(r) | 1;
		fill_block(page, order, b->pattern);
	}
}

static void op_alloc(void)
{
	gfp_t gfp = random_gfp(&rng);
	unsigned order = random_order(&rng);
	struct page *page;
	int nid = 0;
	void *p;

	if (nr_live == LIVE_MAX)
		return;
	switch (rng_below(&rng, 8)) {
	case 0:
		nid = (int)rng_below(&rng, BUDDY_MAX_NODES);
		if (rng_below(&rng, 2))
			gfp |= __GFP_THISNODE;
		page = alloc_pages_node(nid, gfp, order);
		break;
	case 1:
		gfp &= ~__GFP_HIGHMEM;
		p = __get_free_pages(gfp, order);
		page = p ? virt_to_page(p) : NULL;
		CHECK(!p || page);
		break;
	case 2:
		order = 0;
		gfp &= ~__GFP_HIGHMEM;
		gfp |= __GFP_ZERO;
		p = get_zeroed_page(gfp);
		page = p ? virt_to_page(p) : NULL;
		break;
	case 3:
		order = 0;
		page = alloc_page(gfp);
		break;
	default:
		page = alloc_pages(gfp, order);
	}
	if (page) {
		check_block(page, gfp, order, nid);
		add_live(&rng, page, order);
	} else if ((gfp & __GFP_DIRECT_RECLAIM) && !irq_rate) {
		ref_check_failure(gfp, order, nid);
	}
}

static void op_bulk(void)
{
	struct page *pages[200] = {NULL};
	gfp_t gfp = random_gfp(&rng);
	unsigned nr = rng_below(&rng, 200), got;
	uint8_t given[200] = {0};

	if (nr_live + 200 > LIVE_MAX)
		return;
	for (unsigned i = 0; i < nr && nr_live; i++)
		if (rng_below(&rng, 16) == 0) {
			pages[i] = live[rng_below(&rng, nr_live)].page;
			given[i] = 1;
		}
	got = alloc_pages_bulk_array(gfp, nr, pages);
	CHECK(got <= nr);
	for (unsigned i = 0; i < nr; i++) {
		if (given[i])
			continue;
		CHECK_EQ(pages[i] != NULL, i < got);
		if (!pages[i])
			continue;
		check_block(pages[i], gfp, 0, 0);
		add_live(&rng, pages[i], 0);
	}
}

static void give_back(struct block *b)
{
	struct page *page = b->page;
	unsigned order = b->order;
	void *addr = page_address(page);

	if (b->pattern)
		CHECK(verify_block(page, order, b->pattern));
	poison_block(page, order);
	for (; b->refs > 1; b->refs--) {
		if (rng_below(&rng, 2))
			put_page(page);
		else
			__free_pages(page, order);
	}
	/* off the books first: in the next moment an interrupt may be given it */
	ref_give(page_to_pfn(page), order);
	stale[nr_stale++ % 64] = page;
	*b = live[--nr_live];
	switch (rng_below(&rng, 5)) {
	case 0:
		put_page(page);
		break;
	case 1:
		if (addr) {
			free_pages(addr, order);
			break;
		}
		/* fall through */
	case 2:
		if (!order) {
			__free_page(page);
			break;
		}
		/* fall through */
	default:
		__free_pages(page, order);
	}
}

static void op_free(void)
{
	if (nr_live)
		give_back(&live[rng_below(&rng, nr_live)]);
}

/* Single pages off the books and back in one call, some gaps and some misuse between them. */
static void op_bulk_free(void)
{
	struct page *pages[100];
	unsigned nr = 1 + rng_below(&rng, 100), wrong = 0;
	uint32_t bad;

	host_irq_hold(true); /* the misuse must stay misuse */
	for (unsigned i = 0; i < nr; i++) {
		unsigned n = nr_live ? rng_below(&rng, nr_live) : 0;

		pages[i] = NULL;
		if (!nr_live || rng_below(&rng, 8) == 0)
			continue;
		if (live[n].order || live[n].refs > 1) {
			if (live[n].order && rng_below(&rng, 2)) {
				pages[i] = live[n].page; /* the wrong order */
				wrong++;
			}
			continue;
		}
		if (live[n].pattern)
			CHECK(verify_block(live[n].page, 0, live[n].pattern));
		poison_block(live[n].page, 0);
		ref_give(page_to_pfn(live[n].page), 0);
		pages[i] = live[n].page;
		stale[nr_stale++ % 64] = live[n].page;
		live[n] = live[--nr_live];
		if (i + 1 < nr && rng_below(&rng, 16) == 0) {
			pages[i + 1] = pages[i]; /* twice */
			wrong++;
			i++;
		}
	}
	bad = vm_events(BAD_FREE);
	free_pages_bulk_array(nr, pages);
	CHECK_EQ(vm_events(BAD_FREE) - bad, wrong);
	ref_check_sum();
	host_irq_hold(false);
}

static void op_ref(void)
{
	struct block *b;

	if (!nr_live)
		return;
	b = &live[rng_below(&rng, nr_live)];
	if (b->refs > 1 && rng_below(&rng, 2)) {
		put_page(b->page);
		b->refs--;
	} else if (b->refs < 200) {
		get_page(b->page);
		b->refs++;
	}
	CHECK_EQ(page_count(b->page), b->refs);
}

static void op_drain(void)
{
	unsigned long cached = nr_pcp_pages(), got;

	if (rng_below(&rng, 2)) {
		got = drain_all_pages();
		if (!irq_rate) {
			CHECK_EQ(got, cached);
			CHECK_EQ(nr_pcp_pages(), 0);
		}
	} else {
		got = drain_local_pages();
		if (!irq_rate)
			CHECK_EQ(nr_pcp_pages(), cached - got);
	}
}

/* ---- misuse -------------------------------------------------------------- */

/* Whether a free of this page with this order would be right: then it is no misuse. */
static bool is_live(const struct page *page, unsigned order)
{
	for (unsigned i = 0; i < nr_live; i++)
		if (live[i].page == page && live[i].order == order)
			return true;
	for (unsigned i = 0; i < IRQ_MAX; i++)
		if (irq_live[i].page == page && irq_live[i].order == order)
			return true;
	return false;
}

static struct page *random_victim(void)
{
	struct page *page;

	switch (rng_below(&rng, 5)) {
	case 0: /* freed lately */
		return nr_stale ? stale[rng_below(&rng, nr_stale < 64 ? nr_stale : 64)] : NULL;
	case 1: /* anything that has a descriptor: holes, reserved, interior, cached, free */
		return mem_map + rng_below(&rng, nr_map_pages);
	case 2: /* a live block, or inside of it */
		if (!nr_live)
			return NULL;
		page = live[rng_below(&rng, nr_live)].page;
		return page + (rng_below(&rng, 2) ? 0 : rng_below(&rng, 1U << rng_below(&rng, 5)));
	case 3: /* between descriptors */
		return (struct page *)((char *)(mem_map + rng_below(&rng, nr_map_pages)) + 1 +
				       rng_below(&rng, sizeof(struct page) - 1));
	default: /* not in mem_map at all */
		return (struct page *)(uintptr_t)(rng_below(&rng, 2)
							  ? (uintptr_t)rng_next(&rng) * 16
							  : (uintptr_t)(mem_map + nr_map_pages) +
								    rng_below(&rng, 1 << 20));
	}
}

static void op_wrong_free(void)
{
	struct page *page = random_victim();
	unsigned order = rng_below(&rng, 20) ? random_order(&rng) : rng_next(&rng) | 16;
	uint32_t bad = vm_events(BAD_FREE);

	if (!page || is_live(page, order))
		return;
	host_irq_hold(true); /* an interrupt could be given this very page */
	if (rng_below(&rng, 8) == 0)
		free_pages((char *)port_phys_to_virt(0x60000000) + 1 + rng_below(&rng, 1000),
			   order);
	else if (order == 0 && rng_below(&rng, 2))
		__free_page(page);
	else
		__free_pages(page, order);
	CHECK_EQ(vm_events(BAD_FREE) - bad, 1);
	ref_check_sum();
	host_irq_hold(false);
}

static void op_wrong_alloc(void)
{
	uint32_t bad = vm_events(BAD_ALLOC);

	CHECK(!alloc_pages(random_gfp(&rng), MAX_ORDER + 1 + rng_below(&rng, 60)));
	CHECK(!alloc_page(__GFP_MOVABLE | __GFP_RECLAIMABLE));
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, 2);
}

/* ---- interrupts ---------------------------------------------------------- */

static void irq_handler(unsigned cpu)
{
	struct block *b = &irq_live[rng_below(&irq_rng, IRQ_MAX)];

	(void)cpu;
	if (b->page) {
		struct page *page = b->page;

		CHECK(verify_block(page, b->order, b->pattern));
		b->page = NULL;
		ref_give(page_to_pfn(page), b->order);
		__free_pages(page, b->order);
		return;
	}
	b->order = (uint8_t)(rng_below(&irq_rng, 4) ? 0 : rng_below(&irq_rng, NR_ORDERS));
	b->page = alloc_pages((rng_below(&irq_rng, 2) ? GFP_ATOMIC : GFP_NOWAIT) | __GFP_NOWARN,
			      b->order);
	if (!b->page)
		return;
	ref_take(page_to_pfn(b->page), b->order);
	b->pattern = rng_next(&irq_rng);
	fill_block(b->page, b->order, b->pattern);
}

static void set_irq(unsigned rate, unsigned cpu)
{
	/* before the first window of this CPU in this run, at each switch */
	host_irq_set_rate(rate, rng_next(&rng) + cpu);
}

/* ---- a run ------------------------------------------------------------------ */

static void play(unsigned long ops, unsigned nr_cpus)
{
	unsigned cpu = 0;
	unsigned pressure = 50;

	for (unsigned long i = 0; i < ops && !test_has_failed(); i++) {
		unsigned what = rng_below(&rng, 1000);

		if (i % 4096 == 0) /* waves: mostly filling, mostly emptying */
			pressure = 30 + rng_below(&rng, 40);
		if (what < 860) {
			if (what % 100 < pressure)
				op_alloc();
			else
				op_free();
		} else if (what < 870) {
			op_bulk_free();
		} else if (what < 880) {
			op_bulk();
		} else if (what < 930) {
			op_wrong_free();
		} else if (what < 935) {
			op_wrong_alloc();
		} else if (what < 970) {
			op_ref();
		} else if (what < 972) {
			op_drain();
		} else if (nr_cpus > 1) {
			cpu = rng_below(&rng, nr_cpus);
			host_irq_set_rate(0, 1);
			play_cpu(cpu);
			set_irq(irq_rate, cpu);
		}
		if (i % 64 == 0)
			ref_check_sum();
		if (i % 8192 == 0) {
			CHECK_EQ(mm_check(), 0);
			host_irq_hold(true);
			CHECK_EQ(mm_check_quiet(), 0);
			host_irq_hold(false);
			host_log_clear();
		}
	}
}

static void end_run(const struct ref_shape *start_shape)
{
	struct ref_shape end_shape;

	host_irq_set_rate(0, 1);
	while (nr_live && !test_has_failed())
		give_back(&live[nr_live - 1]);
	for (unsigned i = 0; i < IRQ_MAX; i++)
		if (irq_live[i].page) {
			ref_give(page_to_pfn(irq_live[i].page), irq_live[i].order);
			__free_pages(irq_live[i].page, irq_live[i].order);
			irq_live[i].page = NULL;
		}
	drain_all_pages();
	CHECK_EQ(nr_pcp_pages(), 0);
	CHECK_EQ(nr_free_pages(), ref_managed);
	ref_take_shape(&end_shape);
	CHECK(!memcmp(start_shape, &end_shape, sizeof(end_shape)));
	CHECK_EQ(mm_check_quiet(), 0);
	if (test_has_failed())
		printf("# %s", host_log_text());
}

/* True if the memory was large enough to play in. */
static bool run(uint32_t seed, unsigned long ops, bool irqs)
{
	struct ref_shape shape;
	phys_addr_t size;
	int ret;

	rng = rng_seed(seed);
	irq_rng = rng_seed(~seed);
	nr_live = 0;
	nr_stale = 0;
	memset(irq_live, 0, sizeof(irq_live));
	ref_make_geometry(&rng);
	map_geometry(&ref_geometry);
	size = memblock_reserved_size();
	ret = start_mm(&ref_geometry.limits);
	if (ret) {
		/* refused as a whole, with a line, and memblock as it was */
		CHECK(ret == -12 || ret == -22);
		CHECK(!memblock_is_closed());
		CHECK_EQ(memblock_reserved_size(), size);
		CHECK(host_log_lines() > 0);
		return false;
	}
	ref_learn();
	ref_check_zones();
	ref_take_shape(&shape);
	CHECK_EQ(mm_check_quiet(), 0);
	irq_rate = irqs ? 3 + rng_below(&rng, 40) : 0;
	host_irq_set_handler(irq_handler);
	set_irq(irq_rate, 0);
	play(ops, ref_geometry.limits.nr_cpus);
	end_run(&shape);
	return true;
}

static char **args;

unsigned long test_option(const char *name, unsigned long dflt)
{
	size_t n = strlen(name);

	for (char **a = args; *a; a++) {
		const char *arg = *a + strspn(*a, "-");

		if (!strncmp(arg, name, n) && arg[n] == '=')
			return strtoul(arg + n + 1, NULL, 0);
	}
	return dflt;
}

/* The harness's hooks around cases are not used here: a run starts and ends itself. */
int main(int argc, char **argv)
{
	unsigned long seed, runs, ops, irq, bad = 0, played = 0;

	(void)argc;
	args = argv + 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = test_option("seed", 1);
	runs = test_option("runs", 1);
	ops = test_option("ops", 100000);
	irq = test_option("irq", 3);
	printf("TAP version 13\n1..%lu\n", runs + 1);
	for (unsigned long i = 0; i < runs; i++) {
		uint32_t s = (uint32_t)(seed + i);
		bool did;

		test_begin();
		did = run(s, ops, irq && s % irq == 0);
		played += did;
		printf("%s %lu - model: seed %u%s\n", test_has_failed() ? "not ok" : "ok", i + 1,
		       (unsigned)s, did ? "" : ", start refused");
		if (test_has_failed()) {
			printf("# again: %s seed=%u ops=%lu irq=%lu\n", argv[0], (unsigned)s, ops,
			       irq);
			bad++;
		}
	}
	/* a generator that makes memories nobody can start in would test nothing */
	printf("%s %lu - model: %lu of %lu memories were played in\n",
	       played * 4 >= runs * 3 ? "ok" : "not ok", runs + 1, played, runs);
	bad += played * 4 < runs * 3;
	printf("# closing: %lu runs of %lu operations, %lu failed\n", runs, ops, bad);
	return bad != 0;
}
