// SPDX-License-Identifier: MIT
// NEEDS: PCP
// HOST ONLY
/*
 * Scopes: what a context says once holds for all its requests and for nobody else's, nests,
 * and costs nothing when it is over.
 */
#include <string.h>

#include <mm/internal.h>

#include "../harness/hoard.h"

/* Normal 32, Movable 32 MiB. */
static const struct geometry with_movable = {
	.ram = {{0x60000000, 64 * MIB, 0}},
	.limits = {.movablecore = 32 * MIB, .nr_cpus = 2},
};

static struct mm_cpu before[PORT_NR_CPUS];

/* The tables that the fast paths read, of all CPUs. */
static void note_tables(void)
{
	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++)
		memcpy(&before[cpu], mm_cpus[cpu], sizeof(before[0]));
}

static bool tables_are_as_before(void)
{
	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++)
		if (memcmp(before[cpu].fast, mm_cpus[cpu]->fast, sizeof(before[0].fast)) ||
		    memcmp(before[cpu].zonelist, mm_cpus[cpu]->zonelist,
			   sizeof(before[0].zonelist)))
			return false;
	return mm_unusual == 0;
}

static void flags_are_taken_off_and_come_back(void)
{
	unsigned noio, nofs, noreclaim, pin;

	CHECK_EQ(current_gfp_context(GFP_HIGHUSER_MOVABLE), GFP_HIGHUSER_MOVABLE);
	nofs = memalloc_nofs_save();
	CHECK_EQ(current_gfp_context(GFP_KERNEL), GFP_NOFS);
	noio = memalloc_noio_save();
	CHECK_EQ(current_gfp_context(GFP_KERNEL), GFP_NOIO);
	memalloc_noio_restore(noio);
	CHECK_EQ(current_gfp_context(GFP_KERNEL), GFP_NOFS);
	pin = memalloc_pin_save();
	CHECK_EQ(current_gfp_context(GFP_HIGHUSER_MOVABLE), (GFP_HIGHUSER & ~__GFP_FS));
	memalloc_nofs_restore(nofs);
	CHECK_EQ(current_gfp_context(GFP_HIGHUSER_MOVABLE), GFP_HIGHUSER);
	memalloc_pin_restore(pin);
	noreclaim = memalloc_noreclaim_save();
	CHECK_EQ(current_gfp_context(GFP_KERNEL),
		 (GFP_KERNEL & ~__GFP_DIRECT_RECLAIM) | __GFP_MEMALLOC);
	CHECK_EQ(current_gfp_context(GFP_NOWAIT | __GFP_NOMEMALLOC), GFP_NOWAIT | __GFP_NOMEMALLOC);
	memalloc_noreclaim_restore(noreclaim);
	CHECK_EQ(current_gfp_context(GFP_KERNEL), GFP_KERNEL);
	CHECK_EQ(host_task_scope(0)->flags, 0);
	CHECK_EQ(mm_unusual, 0);
}

static void the_same_scope_nests(void)
{
	static unsigned (*const save[])(void) = {memalloc_noio_save, memalloc_nofs_save,
						 memalloc_noreclaim_save, memalloc_pin_save};
	static void (*const restore[])(unsigned) = {memalloc_noio_restore, memalloc_nofs_restore,
						    memalloc_noreclaim_restore,
						    memalloc_pin_restore};

	note_tables();
	for (unsigned i = 0; i < 4; i++) {
		unsigned outer = save[i](), middle = save[i](), inner = save[i]();

		CHECK(host_task_scope(0)->flags);
		restore[i](inner);
		restore[i](middle);
		CHECK(host_task_scope(0)->flags);
		CHECK(mm_unusual);
		restore[i](outer);
		CHECK(!host_task_scope(0)->flags);
		CHECK(tables_are_as_before());
	}
}

/* ---- pinned pages ------------------------------------------------------------------ */

static void check_movable_requests(bool pinned)
{
	struct page *page, *pages[20] = {NULL};
	static const gfp_t more[] = {0, __GFP_ZERO, __GFP_COLD, __GFP_COMP};

	for (unsigned i = 0; i < 4; i++)
		for (unsigned order = 0; order <= MAX_ORDER; order++) {
			page = alloc_pages(GFP_HIGHUSER_MOVABLE | more[i], order);
			REQUIRE(page);
			CHECK_EQ(page_zone(page)->type, pinned ? ZONE_NORMAL : ZONE_MOVABLE);
			__free_pages(page, order);
		}
	CHECK_EQ(alloc_pages_bulk_array(GFP_HIGHUSER_MOVABLE, 20, pages), 20);
	for (unsigned i = 0; i < 20; i++)
		CHECK_EQ(page_zone(pages[i])->type, pinned ? ZONE_NORMAL : ZONE_MOVABLE);
	free_pages_bulk_array(20, pages);
}

static void pinned_pages_do_not_come_from_zone_movable(void)
{
	unsigned outer, inner, other;

	CHECK_EQ(start(&with_movable), 0);
	play_cpu(1);
	check_movable_requests(false);
	play_cpu(0);
	note_tables();
	check_movable_requests(false);
	outer = memalloc_pin_save();
	CHECK(!tables_are_as_before());
	check_movable_requests(true);
	/* others' do: on another CPU, and in an interrupt handler on this one */
	play_cpu(1);
	check_movable_requests(false);
	other = memalloc_pin_save();
	check_movable_requests(true);
	play_cpu(0);
	host_irq_hold(true);
	check_movable_requests(false);
	host_irq_hold(false);
	inner = memalloc_pin_save();
	memalloc_pin_restore(inner);
	check_movable_requests(true);
	memalloc_pin_restore(outer);
	CHECK(!tables_are_as_before()); /* the other one still pins */
	check_movable_requests(false);
	play_cpu(1);
	check_movable_requests(true);
	memalloc_pin_restore(other);
	check_movable_requests(false);
	play_cpu(0);
	CHECK(tables_are_as_before());
}

static void who_pins_leaves_other_requests_on_the_fast_path(void)
{
	unsigned saved;
	uint32_t refills;

	CHECK_EQ(start(&with_movable), 0);
	__free_page(alloc_page(GFP_KERNEL));
	__free_page(alloc_page(GFP_HIGHUSER_MOVABLE));
	saved = memalloc_pin_save();
	refills = vm_events(PCP_REFILL);
	__free_page(alloc_page(GFP_KERNEL));
	CHECK_EQ(vm_events(PCP_REFILL), refills);
	memalloc_pin_restore(saved);
	__free_page(alloc_page(GFP_HIGHUSER_MOVABLE));
	CHECK_EQ(vm_events(PCP_REFILL), refills);
}

static void a_scope_of_an_interrupt_handler_is_its_own(void)
{
	unsigned task = memalloc_noio_save(), irq;

	host_irq_hold(true);
	CHECK_EQ(current_gfp_context(GFP_KERNEL), GFP_KERNEL);
	irq = memalloc_nofs_save();
	CHECK_EQ(current_gfp_context(GFP_KERNEL), GFP_NOFS);
	host_irq_hold(false);
	CHECK_EQ(current_gfp_context(GFP_KERNEL), GFP_NOIO);
	memalloc_noio_restore(task);
	CHECK_EQ(current_gfp_context(GFP_KERNEL), GFP_KERNEL);
	host_irq_hold(true);
	CHECK_EQ(current_gfp_context(GFP_KERNEL), GFP_NOFS);
	memalloc_nofs_restore(irq);
	host_irq_hold(false);
	CHECK_EQ(mm_unusual, 0);
}

/* ---- reserves ------------------------------------------------------------------------ */

static void who_frees_memory_may_have_all_of_it(void)
{
	unsigned saved;

	hoard_all(GFP_KERNEL, 0);
	CHECK(nr_free_pages() > 0);
	CHECK(!alloc_page(GFP_KERNEL | __GFP_NOWARN));
	saved = memalloc_noreclaim_save();
	hoard_all(GFP_KERNEL | __GFP_NOMEMALLOC, 0);
	CHECK(nr_free_pages() > 0);
	hoard_all(GFP_KERNEL, 0);
	CHECK_EQ(nr_free_pages(), 0);
	memalloc_noreclaim_restore(saved);
	hoard_give_all();
}

/* ---- while others drain ---------------------------------------------------------------- */

static void pin_or_drain(unsigned cpu, void *arg)
{
	for (unsigned i = 0; i < 3000 && !test_has_failed(); i++) {
		struct page *page;

		if (cpu == 0) {
			memalloc_pin_restore(memalloc_pin_save());
			continue;
		}
		/*
		 * each time: a free that says that there is something, a drain before a
		 * failure that nothing is
		 */
		page = alloc_page(GFP_KERNEL);
		CHECK(page != NULL);
		__free_page(page);
		drain_and_note();
	}
}

static void a_detour_leaves_what_a_cpu_says_of_its_caches_alone(void)
{
	CHECK_EQ(start(&with_movable), 0);
	host_set_jitter(4);
	run_on_cpus(2, pin_or_drain, NULL);
	host_set_jitter(0);
	CHECK_EQ(mm_unusual, 0);
	/* empty ones say so and send frees the longer way, others do neither */
	for (unsigned cpu = 0; cpu < 2; cpu++)
		CHECK_EQ(mm_cpus[cpu]->map_base == map_base, !mm_cpus[cpu]->drained);
	CHECK_EQ(mm_cpus[1]->drained, 1);
}

static const struct test_case cases[] = {
	TEST(flags_are_taken_off_and_come_back),
	TEST(the_same_scope_nests),
	TEST(pinned_pages_do_not_come_from_zone_movable),
	TEST(who_pins_leaves_other_requests_on_the_fast_path),
	TEST(a_scope_of_an_interrupt_handler_is_its_own),
	TEST(who_frees_memory_may_have_all_of_it),
	TEST(a_detour_leaves_what_a_cpu_says_of_its_caches_alone),
};
TEST_SUITE(scope, cases);
