// SPDX-License-Identifier: MIT
/*
 * The CPUs of the stress tests: see worker.h.
 *
 * State: one struct worker per CPU, its own; mailboxes, exchanged atomically.
 */
#include "worker.h"
#include "region.h"

static struct worker worker[PORT_NR_CPUS];
struct block *mailbox[BOXES];
struct test_barrier barrier;
unsigned nr_cpus;
unsigned long ops;

static unsigned long option_ops(unsigned long scale)
{
#ifdef TEST_HOST
	return test_option("ops", 20000) / scale;
#else
	return test_option("ops", 3000) / scale;
#endif
}

/* ---- one block -------------------------------------------------------------- */

gfp_t random_gfp(struct rng *r)
{
	static const gfp_t gfp[] = {GFP_KERNEL,
				    GFP_KERNEL,
				    GFP_NOWAIT,
				    GFP_ATOMIC,
				    GFP_KERNEL | __GFP_MOVABLE,
				    GFP_KERNEL | __GFP_RECLAIMABLE,
				    GFP_KERNEL | __GFP_COLD,
				    GFP_HIGHUSER_MOVABLE};

	return gfp[rng_below(r, sizeof(gfp) / sizeof(gfp[0]))] | __GFP_NOWARN;
}

unsigned random_order(struct rng *r)
{
	unsigned x = rng_below(r, 16);

	if (x < 9)
		return 0;
	return x < 15 ? rng_below(r, PCP_MAX_ORDER + 1) : rng_below(r, NR_ORDERS);
}

void mark(struct block *b)
{
	struct page *last = b->page + (1UL << b->order) - 1;

	if (!b->light) {
		fill_block(b->page, b->order, b->pattern);
		return;
	}
	last->priv = ~b->pattern;
	b->page->priv = b->pattern;
}

bool is_marked(const struct block *b)
{
	const struct page *last = b->page + (1UL << b->order) - 1;

	if (!b->light)
		return verify_block(b->page, b->order, b->pattern);
	return b->page->priv == b->pattern && (!b->order || last->priv == ~b->pattern);
}

bool fill_slot(struct worker *w, struct block *b, struct rng *r, gfp_t gfp, unsigned order)
{
	b->page = alloc_pages(gfp, order);
	if (!b->page) {
		w->failures++;
		return false;
	}
	w->allocs++;
	b->order = order;
	b->pattern = rng_next(r);
	b->light = w->light;
	mark(b);
	return true;
}

void empty_slot(struct block *b)
{
	struct page *page = b->page;

	if (!page)
		return;
	CHECK(is_marked(b));
	CHECK_EQ(page_word(page), PAGE_ALLOCATED(b->order));
	poison_block(page, b->order);
	b->page = NULL;
	__free_pages(page, b->order);
}

/* ---- interrupts ----------------------------------------------------------- */

/*
 * As tests count CPUs, plus 1: a core that takes no part has interrupts, too, and none of
 * these workers.
 */
static unsigned cpu_index[PORT_NR_CPUS];

static void interrupt(unsigned core)
{
	unsigned index = READ_ONCE(cpu_index[core]);
	struct worker *w;
	struct block *b;

	if (!index)
		return;
	w = &worker[index - 1];
	if (!READ_ONCE(w->in_case))
		return;
	w->irqs++;
	b = &w->irq_slot[rng_below(&w->irq_rng, 4)];
	if (b->page)
		empty_slot(b);
	else
		fill_slot(w, b, &w->irq_rng,
			  (rng_below(&w->irq_rng, 2) ? GFP_ATOMIC : GFP_NOWAIT) | __GFP_NOWARN,
			  rng_below(&w->irq_rng, PCP_MAX_ORDER + 2));
}

/* On each CPU, before and after what it does. */
struct worker *begin(unsigned cpu, bool irqs)
{
	struct worker *w = &worker[cpu];
	port_irqflags_t flags;

	*w = (struct worker){.rng = rng_seed((uint32_t)(test_option("seed", 1) * 64 + cpu))};
	w->irq_rng = rng_seed(rng_next(&w->rng));
	w->in_case = irqs;
	flags = port_irq_save();
	WRITE_ONCE(cpu_index[port_cpu_id()], cpu + 1);
	port_irq_restore(flags);
	if (irqs)
		region_irqs(true, interrupt, rng_next(&w->rng));
	test_barrier_wait(&barrier, nr_cpus);
	return w;
}

void finish(struct worker *w)
{
	port_irqflags_t flags;

	region_irqs(false, NULL, 0);
	flags = port_irq_save();
	WRITE_ONCE(cpu_index[port_cpu_id()], 0);
	port_irq_restore(flags);
	w->in_case = false;
	for (unsigned i = 0; i < SLOTS; i++)
		empty_slot(&w->slot[i]);
	for (unsigned i = 0; i < 4; i++)
		empty_slot(&w->irq_slot[i]);
	test_barrier_wait(&barrier, nr_cpus);
}

void on_all(void (*fn)(unsigned cpu, void *arg), unsigned long scale)
{
	nr_cpus = (unsigned)test_option("cpus", test_nr_cpus());
	if (nr_cpus > test_nr_cpus())
		nr_cpus = test_nr_cpus();
	ops = option_ops(scale);
	barrier = (struct test_barrier){0};
	run_on_cpus(nr_cpus, fn, NULL);
	for (unsigned i = 0; i < BOXES; i++)
		if (mailbox[i]) {
			empty_slot(mailbox[i]);
			mailbox[i] = NULL;
		}
}
