// SPDX-License-Identifier: MIT
/*
 * All CPUs at once: random mixes with patterns in every block, blocks handed from
 * CPU to CPU, drains, the end of memory, interrupts that allocate.
 *
 * The same on host threads and on the target's cores.  Options: ops (per CPU and case),
 * seed, cpus (all).  What a CPU does follows from the seed; how the CPUs meet does not,
 * but on the target under the schedule fuzzer it does, too.
 *
 * State: one struct worker per CPU, its own; mailboxes, exchanged atomically.
 */
#include <stddef.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"
#include "region.h"

#define SLOTS 48
#define BOXES 8

struct block {
	struct page *page;
	uint32_t pattern;
	unsigned order;
	bool light;
};

struct worker {
	struct rng rng;
	struct block slot[SLOTS];
	struct rng irq_rng;
	struct block irq_slot[4];
	unsigned irqs;
	bool in_case; /* interrupts find something to do */
	bool light;   /* mark the descriptor only: more of the allocator in fewer instructions */
	unsigned long allocs, failures;
} __attribute__((aligned(64)));

static struct worker worker[PORT_NR_CPUS];
static struct block *mailbox[BOXES];
static struct block letter[PORT_NR_CPUS][BOXES];
static struct test_barrier barrier;
static unsigned nr_cpus;
static unsigned long ops;

static unsigned long option_ops(unsigned long scale)
{
#ifdef TEST_HOST
	return test_option("ops", 20000) / scale;
#else
	return test_option("ops", 3000) / scale;
#endif
}

/* ---- one block -------------------------------------------------------------- */

static gfp_t random_gfp(struct rng *r)
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

static unsigned random_order(struct rng *r)
{
	unsigned x = rng_below(r, 16);

	if (x < 9)
		return 0;
	return x < 15 ? rng_below(r, PCP_MAX_ORDER + 1) : rng_below(r, NR_ORDERS);
}

static void mark(struct block *b)
{
	struct page *last = b->page + (1UL << b->order) - 1;

	if (!b->light) {
		fill_block(b->page, b->order, b->pattern);
		return;
	}
	last->private = ~b->pattern;
	b->page->private = b->pattern;
}

static bool is_marked(const struct block *b)
{
	const struct page *last = b->page + (1UL << b->order) - 1;

	if (!b->light)
		return verify_block(b->page, b->order, b->pattern);
	return b->page->private == b->pattern && (!b->order || last->private == ~b->pattern);
}

static bool fill_slot(struct worker *w, struct block *b, struct rng *r, gfp_t gfp, unsigned order)
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

static void empty_slot(struct block *b)
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
static struct worker *begin(unsigned cpu, bool irqs)
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

static void finish(struct worker *w)
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

static void on_all(void (*fn)(unsigned cpu, void *arg), unsigned long scale)
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

/* ---- mixes -------------------------------------------------------------------- */

static bool letter_is_out(const struct block *b)
{
	return __atomic_load_n(&b->page, __ATOMIC_ACQUIRE) != NULL;
}

/* Leaves a block for whoever comes by, and takes what lies there. */
static void exchange(struct worker *w, struct block *b, unsigned cpu)
{
	unsigned box = rng_below(&w->rng, BOXES);
	struct block *mine = &letter[cpu][box], *got;

	if (!b->page || letter_is_out(mine))
		return;
	*mine = *b;
	b->page = NULL;
	got = __atomic_exchange_n(&mailbox[box], mine, __ATOMIC_ACQ_REL);
	if (got) {
		struct block copy = *got;

		/* the letter is its writer's again once this says so */
		__atomic_store_n(&got->page, NULL, __ATOMIC_RELEASE);
		empty_slot(&copy);
	}
}

static void bulk(struct worker *w)
{
	struct page *pages[40] = {NULL};
	unsigned nr = rng_below(&w->rng, 40);
	unsigned got = alloc_pages_bulk_array(random_gfp(&w->rng), nr, pages);

	for (unsigned i = 0; i < got; i++)
		mark(&(struct block){pages[i], i, 0, w->light});
	for (unsigned i = 0; i < got; i++) {
		CHECK(is_marked(&(struct block){pages[i], i, 0, w->light}));
		poison_block(pages[i], 0);
	}
	free_pages_bulk_array(nr, pages);
}

static void mix_step(struct worker *w, unsigned cpu)
{
	struct block *b = &w->slot[rng_below(&w->rng, SLOTS)];
	unsigned what = rng_below(&w->rng, 256);

	if (what < 200) {
		if (b->page)
			empty_slot(b);
		else
			fill_slot(w, b, &w->rng, random_gfp(&w->rng), random_order(&w->rng));
	} else if (what < 236) {
		exchange(w, b, cpu);
	} else if (what < 250) {
		bulk(w);
	} else if (what < 254) {
		drain_local_pages();
	} else {
		drain_all_pages();
	}
}

static void mix(unsigned cpu, void *arg)
{
	struct worker *w = begin(cpu, true);

	for (unsigned long i = 0; i < ops && !test_has_failed(); i++)
		mix_step(w, cpu);
	finish(w);
}

static void random_mix(void)
{
	on_all(mix, 1);
}

static void mix_while_checked(unsigned cpu, void *arg)
{
	struct worker *w = begin(cpu, true);

	for (unsigned long i = 0; i < ops && !test_has_failed(); i++) {
		mix_step(w, cpu);
		if (cpu == 0 && i % 64 == 0)
			CHECK_EQ(mm_check(), 0); /* while all others run */
	}
	finish(w);
}

static void the_validator_holds_on_a_running_system(void)
{
	on_all(mix_while_checked, 4);
}

static void drains(unsigned cpu, void *arg)
{
	struct worker *w = begin(cpu, false);

	for (unsigned long i = 0; i < ops && !test_has_failed(); i++) {
		struct block *b = &w->slot[rng_below(&w->rng, SLOTS)];

		if (b->page)
			empty_slot(b);
		else
			fill_slot(w, b, &w->rng, GFP_KERNEL | __GFP_NOWARN,
				  rng_below(&w->rng, PCP_MAX_ORDER + 1));
		if (rng_below(&w->rng, 8) == 0)
			drain_all_pages(); /* all ask all others at the same time */
	}
	finish(w);
}

static void everybody_drains_everybody(void)
{
	on_all(drains, 8);
}

/* Takes the letter out of a box and frees what it brought. */
static void empty_box(unsigned box)
{
	struct block *got = __atomic_exchange_n(&mailbox[box], NULL, __ATOMIC_ACQ_REL), copy;

	if (!got)
		return;
	copy = *got;
	__atomic_store_n(&got->page, NULL, __ATOMIC_RELEASE);
	empty_slot(&copy);
}

/* Each CPU takes, the next one frees: pages flow round. */
static void pass_on(unsigned cpu, void *arg)
{
	struct worker *w = begin(cpu, false);
	struct block *mine = &letter[cpu][0];

	for (unsigned long i = 0; i < ops && !test_has_failed(); i++) {
		struct block b;

		if (!fill_slot(w, &b, &w->rng, GFP_KERNEL | __GFP_NOWARN,
			       (unsigned)i % (PCP_MAX_ORDER + 1)))
			continue;
		/* our last letter still lies there: see to another's, at last to our own */
		for (unsigned waits = 0; letter_is_out(mine); waits++) {
			empty_box(waits < 100 ? (cpu + 1) % nr_cpus : cpu);
			test_idle();
		}
		mine->order = b.order;
		mine->pattern = b.pattern;
		mine->light = b.light;
		__atomic_store_n(&mine->page, b.page, __ATOMIC_RELEASE);
		CHECK(!__atomic_exchange_n(&mailbox[cpu], mine, __ATOMIC_ACQ_REL));
	}
	finish(w);
}

static void blocks_flow_from_cpu_to_cpu(void)
{
	on_all(pass_on, 4);
}

/* ---- the end of memory ------------------------------------------------------- */

static unsigned long taken[PORT_NR_CPUS];

static void grab_all(unsigned cpu, void *arg)
{
	struct worker *w = begin(cpu, false);
	unsigned rounds = 1 + (unsigned)ops / 2000;

	for (unsigned round = 0; round < rounds && !test_has_failed(); round++) {
		struct page *head = NULL, *page;
		unsigned order = round % 3 == 2 ? 1 : 0;

		taken[cpu] = 0;
		test_barrier_wait(&barrier, nr_cpus);
		while ((page = alloc_pages(GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOWARN, order))) {
			page->mapping = head;
			page->index = cpu;
			head = page;
			taken[cpu] += 1UL << order;
		}
		test_barrier_wait(&barrier, nr_cpus);
		if (cpu == 0) {
			unsigned long sum = nr_free_pages() + nr_pcp_pages();

			for (unsigned i = 0; i < nr_cpus; i++)
				sum += taken[i];
			CHECK_EQ(sum, fixture_free_pages()); /* no page lost, none given twice */
		}
		test_barrier_wait(&barrier, nr_cpus);
		while ((page = head)) {
			head = page->mapping;
			CHECK_EQ(page->index, cpu);
			__free_pages(page, order);
		}
	}
	finish(w);
}

static void case_34_a_race_for_the_last_page(void)
{
	on_all(grab_all, 1);
}

/* All but a few pages are out, and everyone wants those: again and again. */
static void scramble(unsigned cpu, void *arg)
{
	struct worker *w = begin(cpu, true);

	for (unsigned long i = 0; i < ops && !test_has_failed(); i++) {
		struct block *b = &w->slot[rng_below(&w->rng, 4)];

		if (b->page)
			empty_slot(b);
		else
			fill_slot(w, b, &w->rng,
				  (rng_below(&w->rng, 2) ? GFP_KERNEL : GFP_ATOMIC) |
					  __GFP_MEMALLOC | __GFP_NOWARN,
				  rng_below(&w->rng, 2));
	}
	finish(w);
}

static void case_34_a_handful_of_pages_for_all(void)
{
	struct page *head = NULL, *page;
	unsigned spare = 3 * (unsigned)test_nr_cpus();

	while ((page = alloc_pages(GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOWARN, 0))) {
		page->mapping = head;
		head = page;
	}
	while (spare-- && (page = head)) {
		head = page->mapping;
		__free_page(page);
	}
	on_all(scramble, 4);
	while ((page = head)) {
		head = page->mapping;
		__free_page(page);
	}
}

/* The one free block: when the counter says that it is there, it can be had. */
#define BLOCK (MAX_ORDER > 4 ? 4U : MAX_ORDER)

static struct page *the_block;
static unsigned long without;

/*
 * Waits for a condition, not for ever: a minute or so of the host's naps, of the target's
 * spins (whose other core may be a thread that the host keeps waiting).
 */
#ifdef TEST_HOST
#define WAIT_ROUNDS 1000000U
#else
#define WAIT_ROUNDS 1000000000U
#endif
#define WAIT_FOR(cond)                                                       \
	do {                                                                 \
		for (unsigned n_ = 0; !(cond) && !test_has_failed(); n_++) { \
			CHECK(n_ < WAIT_ROUNDS);                             \
			test_idle();                                         \
		}                                                            \
	} while (0)

static void give_and_take(unsigned cpu, void *arg)
{
	struct worker *w = begin(cpu, false);

	for (unsigned long i = 0; i < ops && cpu < 2 && !test_has_failed(); i++) {
		if (cpu == 0) {
			struct page *page = the_block;

			__atomic_store_n(&the_block, NULL, __ATOMIC_RELEASE);
			__free_pages(page, BLOCK);
			drain_local_pages(); /* this CPU would keep it */
			WAIT_FOR(__atomic_load_n(&the_block, __ATOMIC_ACQUIRE));
		} else {
			struct page *page;

			WAIT_FOR(nr_free_pages() >= without + (1UL << BLOCK));
			page = alloc_pages(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN | __GFP_COLD,
					   BLOCK);
			CHECK(page != NULL);
			__atomic_store_n(&the_block, page, __ATOMIC_RELEASE);
		}
	}
	finish(w);
}

static void case_26_counters_rise_after_the_pages_are_there(void)
{
	struct page *head = NULL, *page;

	if (test_option("cpus", test_nr_cpus()) < 2 || test_nr_cpus() < 2) {
		test_skip("needs two CPUs");
		return;
	}
	drain_all_pages();
	while ((page = alloc_pages(GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOWARN, BLOCK))) {
		page->mapping = head;
		head = page;
	}
	REQUIRE(head);
	the_block = head;
	head = head->mapping;
	without = nr_free_pages();
	on_all(give_and_take, 8);
	__free_pages(the_block, BLOCK);
	while ((page = head)) {
		head = page->mapping;
		__free_pages(page, BLOCK);
	}
}

/* ---- references ---------------------------------------------------------------- */

static struct page *shared;

static void hold_and_drop(unsigned cpu, void *arg)
{
	struct worker *w = begin(cpu, false);

	for (unsigned long i = 0; i < ops && !test_has_failed(); i++) {
		unsigned order = (unsigned)i % (MAX_ORDER < 6 ? MAX_ORDER : 6);

		if (cpu == 0) {
			shared = alloc_pages(GFP_KERNEL, order);
			CHECK(shared != NULL);
			for (unsigned k = 1; k < nr_cpus; k++)
				get_page(shared);
		}
		test_barrier_wait(&barrier, nr_cpus);
		if (!shared)
			break;
		get_page(shared); /* each holds one already */
		put_page(shared);
		if (cpu % 2)
			__free_pages(shared, order);
		else
			put_page(shared); /* the last of all frees, whoever it is */
		test_barrier_wait(&barrier, nr_cpus);
		if (cpu == 0)
			CHECK_EQ(page_count(shared), 0);
	}
	finish(w);
}

static void the_last_reference_frees_once(void)
{
	uint32_t bad = vm_events(BAD_FREE);

	on_all(hold_and_drop, 16);
	CHECK_EQ(vm_events(BAD_FREE), bad);
}

/* ---- short encounters --------------------------------------------------------- */

/*
 * A few operations of each CPU from a common start, many times over: under the
 * schedule fuzzer each such region runs under a schedule of its own.
 */
static unsigned long rounds;

static void encounter(unsigned cpu, void *arg)
{
	bool irqs = test_option("irqs", 1) != 0;
	struct worker *w = begin(cpu, irqs);

	w->light = true;
	for (unsigned long round = 0; round < rounds && !test_has_failed(); round++) {
		region_mark();
		test_barrier_wait(&barrier, nr_cpus);
		for (unsigned i = 0; i < 12; i++) {
			if (i % 4 == 3)
				drain_local_pages();
			mix_step(w, cpu);
		}
		test_barrier_wait(&barrier, nr_cpus);
		region_mark();
		if (round % 16 == 15) {
			WRITE_ONCE(w->in_case, false); /* the quiet check needs it quiet */
			test_barrier_wait(&barrier, nr_cpus);
			if (cpu == 0) {
				CHECK_EQ(mm_check(), 0);
				CHECK_EQ(mm_check_quiet(), 0);
			}
			test_barrier_wait(&barrier, nr_cpus);
			WRITE_ONCE(w->in_case, irqs);
		}
	}
	finish(w);
}

static void short_encounters(void)
{
#ifdef TEST_HOST
	rounds = test_option("rounds", 100);
#else
	rounds = test_option("rounds", 40);
#endif
	on_all(encounter, 1);
}

static const struct test_case cases[] = {
	TEST(random_mix),
	TEST(the_validator_holds_on_a_running_system),
	TEST(everybody_drains_everybody),
	TEST(blocks_flow_from_cpu_to_cpu),
	TEST(case_34_a_race_for_the_last_page),
	TEST(case_34_a_handful_of_pages_for_all),
	TEST(case_26_counters_rise_after_the_pages_are_there),
	TEST(the_last_reference_frees_once),
	TEST(short_encounters),
};
TEST_SUITE(stress, cases);
