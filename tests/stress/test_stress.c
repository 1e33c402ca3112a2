// SPDX-License-Identifier: MIT
// LINK: tests/stress/worker.c
/*
 * All CPUs at once: random mixes with patterns in every block, blocks handed from
 * CPU to CPU, drains, the end of memory, interrupts that allocate.
 *
 * The same on host threads and on the target's cores.  Options: ops (per CPU and case),
 * seed, cpus (all).  What a CPU does follows from the seed; how the CPUs meet does not,
 * but on the target under the schedule fuzzer it does, too.
 *
 * State: letters, exchanged atomically through mailboxes.
 */
#include <stddef.h>

#include "region.h"
#include "worker.h"

static struct block letter[PORT_NR_CPUS][BOXES];

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

/* ---- scopes ---------------------------------------------------------------------- */

#ifdef TEST_HOST
static struct alloc_scope *scope_of(unsigned cpu)
{
	return host_task_scope(cpu);
}

/* Two nodes where the configuration has them, and a zone that pinned pages stay out of. */
static void begin_with_nodes(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 48 << 20, 0}, {0x64000000, 48 << 20, BUDDY_MAX_NODES > 1}},
		.limits = {.movablecore = 32 << 20},
	};

	CHECK_EQ(start(&g), 0);
}
#else
static struct alloc_scope *scope_of(unsigned cpu)
{
	return cpu ? NULL : port_alloc_scope();
}

static void begin_with_nodes(void)
{
}
#endif

/* A few requests in a scope; what is given must be what the scope allows. */
static void in_a_scope(struct worker *w, unsigned cpu)
{
	bool pin = cpu % 3 == 0;
	unsigned saved = pin ? memalloc_pin_save() : memalloc_noio_save();

	for (unsigned i = rng_below(&w->rng, 8); i--;) {
		struct block *b = &w->slot[rng_below(&w->rng, SLOTS)];
		gfp_t gfp = pin ? GFP_HIGHUSER_MOVABLE | __GFP_NOWARN : random_gfp(&w->rng);

		empty_slot(b);
		if (fill_slot(w, b, &w->rng, gfp, random_order(&w->rng)) && pin)
			CHECK(page_zone(b->page)->type != ZONE_MOVABLE);
	}
	if (pin)
		memalloc_pin_restore(saved);
	else
		memalloc_noio_restore(saved);
}

/* Scopes open and close here, sets of nodes flip under the others. */
static void scoped_mix(unsigned cpu, void *arg)
{
	struct worker *w = begin(cpu, true);

	for (unsigned long i = 0; i < ops && !test_has_failed(); i++) {
		unsigned victim = (cpu + 1) % nr_cpus;

		if (cpu % 3 != 2 && rng_below(&w->rng, 4) == 0)
			in_a_scope(w, cpu);
		/* one setter for each context */
		if (scope_of(victim) && rng_below(&w->rng, 16) == 0)
			set_mems_allowed(scope_of(victim), 1U << rng_below(&w->rng, 2));
		mix_step(w, cpu);
	}
	/* nobody's any more before that CPU's last blocks go */
	test_barrier_wait(&barrier, nr_cpus);
	if (scope_of((cpu + 1) % nr_cpus))
		set_mems_allowed(scope_of((cpu + 1) % nr_cpus), 0);
	finish(w);
}

static void scopes_come_and_go(void)
{
	uint32_t unusual;

	begin_with_nodes();
	unusual = mm_unusual;
	on_all(scoped_mix, 16);
	/* every one was counted out again, and the fast paths are back */
	CHECK_EQ(mm_unusual, unusual);
	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++) {
		CHECK_EQ(mm_cpus[cpu]->map_base == map_base, !mm_cpus[cpu]->drained);
		CHECK(mm_policy.fair_zones ||
		      mm_cpus[cpu]->zonelist[0] == mm_cpus[cpu]->node->zonelist[ZONE_NORMAL]);
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

	on_all(hold_and_drop, 64);
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
	rounds = test_option("rounds", 16);
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
	TEST(scopes_come_and_go),
	TEST(the_last_reference_frees_once),
	TEST(short_encounters),
};
TEST_SUITE(stress, cases);
