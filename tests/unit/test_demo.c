// SPDX-License-Identifier: MIT
// LINK: boot/demo_core.c boot/misuse.c
/*
 * The demonstration's parts, where a debugger and the sanitizers can see them:
 * a core's random mix gives everything back, and it notices what it is there
 * to notice.
 */
#include <string.h>

#include <buddy/buddy.h>

#include "boot/demo.h"
#include "boot/demo_core.h"

#include "../harness/fixture.h"
#include "../harness/tap.h"

static struct demo_core cores[PORT_NR_CPUS];

/* The fixture's poison marks free memory; what is tested here knows nothing of it. */
static void unpoison(void)
{
#ifdef TEST_HOST
	host_unpoison_phys(0x60000000, 64 << 20);
#endif
}

static void run(unsigned cpu, void *arg)
{
	(void)arg;
	demo_core_run(&cores[cpu]);
}

static void check_no_error(const struct demo_actor *a)
{
	if (a->error.what)
		check_failed(__FILE__, __LINE__, a->error.what);
	CHECK_EQ(a->count.pages_written, a->count.pages_checked + 0UL);
}

static void run_all(unsigned nr, uint32_t ops)
{
	struct demo_counts sum = {0};
	uint32_t allocated = vm_events(PGALLOC), failed = vm_events(PGALLOC_FAIL);

	for (unsigned cpu = 0; cpu < nr; cpu++)
		demo_core_init(&cores[cpu], cpu, (uint32_t)test_option("seed", 0x5eed), ops);
	demo_core_progress = NULL;
	unpoison();
	run_on_cpus(nr, run, NULL);
	demo_core_collect(&cores[0]);
	for (unsigned cpu = 0; cpu < nr; cpu++) {
		const struct demo_counts *c = &cores[cpu].task.count;

		CHECK_EQ(cores[cpu].done, ops);
		CHECK(!cores[cpu].task.error.what);
		CHECK(c->allocated && c->bulk);
		sum.allocated += c->allocated;
		sum.freed += c->freed;
		sum.failed += c->failed;
		sum.pages_written += c->pages_written;
		sum.pages_checked += c->pages_checked;
	}
	CHECK_EQ(sum.allocated, sum.freed);
	CHECK_EQ(sum.pages_written, sum.pages_checked);
	CHECK_EQ(vm_events(PGALLOC) - allocated, sum.allocated);
	CHECK_EQ(vm_events(PGALLOC_FAIL) - failed, sum.failed);
	check_all_free();
}

static void one_core_gives_everything_back(void)
{
	run_all(1, 1500);
	check_no_error(&cores[0].task);
}

static void all_cores_give_everything_back(void)
{
	run_all(test_nr_cpus() < 4 ? test_nr_cpus() : 4, 1000);
}

static void the_same_seed_makes_the_same_mix(void)
{
	struct demo_counts first;

	run_all(1, 500);
	first = cores[0].task.count;
	run_all(1, 500);
	/* Where memory ran out what one gets also depends on where the blocks lie. */
	if (!first.failed && !cores[0].task.count.failed)
		CHECK(!memcmp(&first, &cores[0].task.count, sizeof(first)));
}

static void every_mistake_is_refused(void)
{
	CHECK_EQ(demo_misuse(), 0);
}

/* A core is blind to nothing: change what it holds, and it must say so. */
static void check_noticed(void (*spoil)(struct page *page, unsigned order), const char *what)
{
	struct demo_core *core = &cores[0];

	unpoison();
	demo_core_init(core, 0, 7, 200);
	core->tick_on = true;
	for (unsigned i = 0; !core->irq_slot[0] && i < 10000; i++)
		demo_core_tick(core);
	REQUIRE(core->irq_slot[0]);
	spoil(core->irq_slot[0], (unsigned)core->irq_slot[0]->index);
	core->ops = 0;
	demo_core_run(core);
	REQUIRE(core->irq.error.what);
	CHECK(!strcmp(core->irq.error.what, what));
}

static uint32_t *last_word(struct page *page, unsigned order)
{
	return (uint32_t *)page_address(page) + (PAGE_SIZE << order) / sizeof(uint32_t) - 1;
}

static void spoil_last_bit(struct page *page, unsigned order)
{
	*last_word(page, order) ^= 0x80000000;
}

static void spoil_first_word(struct page *page, unsigned order)
{
	(void)order;
	*(uint32_t *)page_address(page) += 1;
}

static void spoil_stamp(struct page *page, unsigned order)
{
	(void)order;
	page->priv ^= 1;
}

static void spoil_owner(struct page *page, unsigned order)
{
	(void)order;
	page->mapping = NULL;
}

static void a_changed_block_is_noticed(void)
{
	check_noticed(spoil_last_bit, "memory of a held block changed");
	check_noticed(spoil_first_word, "memory of a held block changed");
	check_noticed(spoil_stamp, "memory of a held block changed");
	check_noticed(spoil_owner, "the owner's words in a descriptor changed");
}

#ifdef TEST_HOST

static void tick(unsigned cpu)
{
	if (cpu < PORT_NR_CPUS)
		demo_core_tick(&cores[cpu]);
}

static void interrupts_allocate_too(void)
{
	memset(cores, 0, sizeof(cores));
	unpoison();
	demo_core_init(&cores[0], 0, 3, 1000);
	host_irq_set_handler(tick);
	host_irq_set_rate(20, 1);
	demo_core_run(&cores[0]);
	host_irq_set_rate(0, 1);
	demo_core_collect(&cores[0]);
	CHECK(cores[0].irq.count.allocated > 10);
	CHECK(!cores[0].irq.error.what && !cores[0].task.error.what);
	CHECK_EQ(cores[0].irq.count.allocated + cores[0].task.count.allocated,
		 cores[0].irq.count.freed + cores[0].task.count.freed);
}

/* Zones of every kind, one of them without addresses, and too little of each. */
static void a_small_zoo_is_exhausted_and_recovers(void)
{
	const struct geometry g = {
		.ram = {{0x60000000, 12 << 20, 0}},
		.limits = {.dma_limit = 0x60400000, .highmem_start = 0x60800000},
	};

	if (MAX_ORDER != 10 || PAGE_SHIFT != 12)
		return; /* zones and blocks of other sizes */
	REQUIRE(start(&g) == 0);
	run_all(4, 1500);
	CHECK(cores[0].task.count.failed + cores[1].task.count.failed + cores[2].task.count.failed +
	      cores[3].task.count.failed);
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(one_core_gives_everything_back),	TEST(all_cores_give_everything_back),
	TEST(the_same_seed_makes_the_same_mix), TEST(every_mistake_is_refused),
	TEST(a_changed_block_is_noticed),
#ifdef TEST_HOST
	TEST(interrupts_allocate_too),		TEST(a_small_zoo_is_exhausted_and_recovers),
#endif
};
TEST_SUITE(demo, cases);
