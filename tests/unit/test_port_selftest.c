// SPDX-License-Identifier: MIT
// HOST ONLY
/*
 * The port's self-test: a good port passes, alone, by calls between CPUs and on four CPUs at
 * once; and of ports that are broken on purpose, in one function each, every one is found,
 * in a line that says which function and what was seen.
 *
 * The source under test is included here, with the functions of port_faults.h in the place of
 * the port's.
 */
#include "../harness/fixture.h"
#include "../harness/tap.h"

#include "port_faults.h"

static unsigned patience;
static struct page *tested_mem_map;

#define port_irq_save	      fault_irq_save
#define port_irq_restore      fault_irq_restore
#define port_irqs_disabled    fault_irqs_disabled
#define port_cpu_id	      fault_cpu_id
#define port_percpu	      fault_percpu
#define port_set_percpu	      fault_set_percpu
#define port_spin_lock	      fault_spin_lock
#define port_spin_trylock     fault_spin_trylock
#define port_spin_unlock      fault_spin_unlock
#define port_spin_is_locked   fault_spin_is_locked
#define port_phys_to_virt     fault_phys_to_virt
#define port_virt_to_phys     fault_virt_to_phys
#define port_clear_page	      fault_clear_page
#define port_copy_page	      fault_copy_page
#define port_cache_clean      fault_cache_clean
#define port_cache_invalidate fault_cache_invalidate
#define port_cache_flush      fault_cache_flush
#define port_kmap_local	      fault_kmap_local
#define port_kunmap_local     fault_kunmap_local
#define port_run_on_cpu	      fault_run_on_cpu
#define port_alloc_scope      fault_alloc_scope
#define port_cond_resched     fault_cond_resched
#undef PORT_SPINLOCK_INIT
#define PORT_SPINLOCK_INIT     fault_lock_init()
#define PORT_SELFTEST_PATIENCE patience
#define mem_map		       tested_mem_map

/* the library has its own of these names */
#define buddy_port_selftest	tested_selftest
#define buddy_port_selftest_cpu tested_selftest_cpu
#define buddy_port_selftest_irq tested_selftest_irq
#define selftest		tested_state
#define selftest_count		tested_count
#define selftest_failed		tested_failed
#define selftest_expect		tested_expect
#define selftest_expect_number	tested_expect_number
#define selftest_interrupts	tested_interrupts
#define selftest_cpu_id		tested_cpu_id
#define selftest_own_id		tested_own_id
#define selftest_one_cpu	tested_one_cpu

#define buddy_port_selftest_failures tested_selftest_failures
unsigned tested_selftest_failures(void);
unsigned tested_selftest(void *pages, unsigned nr, unsigned flags);
unsigned tested_selftest_cpu(unsigned cpu, unsigned nr_cpus);
unsigned tested_selftest_irq(void);

#include "mm/port_selftest.c"	   // NOLINT(bugprone-suspicious-include)
#include "mm/port_selftest_cpus.c" // NOLINT(bugprone-suspicious-include)

/* ---- running it --------------------------------------------------------- */

#define ROOM_ORDER 3

static struct page *room;

static char *take_room(enum fault next, bool allocator_runs)
{
	room = alloc_pages(GFP_KERNEL | __GFP_ZERO, ROOM_ORDER);
	fault_reset(next);
	patience = 10000000;
	/* CPU 1 is there to be called, as the same thread */
	play_cpu(1);
	play_cpu(0);
	tested_mem_map = allocator_runs ? room : NULL;
	last_page = (char *)page_address(room) + ((PAGE_SIZE << ROOM_ORDER) - PAGE_SIZE);
	host_log_clear();
	return page_address(room);
}

static void give_room(void)
{
	fault_reset(NO_FAULT);
	__free_pages(room, ROOM_ORDER);
}

static unsigned run(enum fault next, bool allocator_runs)
{
	char *pages = take_room(next, allocator_runs);

	if (next == PERCPU_SHARED && allocator_runs)
		the_percpu = room; /* as mm_init_cpu() of either CPU has set it */
	return tested_selftest(pages, 1U << ROOM_ORDER, PORT_SELFTEST_KMAP);
}

/* Was it found, in the words that are wanted? */
static void found(unsigned failures, const char *text)
{
	if (!failures || !host_log_has(text)) {
		check_failed(__FILE__, __LINE__, text);
		check_failed(__FILE__, __LINE__, host_log_text());
	}
}

/* ---- good ports --------------------------------------------------------- */

static void the_host_port_passes(void)
{
	CHECK_EQ(run(NO_FAULT, true), 0);
	CHECK_EQ(tested_selftest_cpu(0, 1), 0);
	in_handler = true;
	CHECK_EQ(tested_selftest_irq(), 0);
	CHECK(!host_log_has("expected"));
	give_room();
	CHECK_EQ(run(NO_FAULT, false), 0);
	CHECK(!host_log_has("expected"));
	give_room();
}

/* The one that is released, compiled with the port as it is. */
#undef buddy_port_selftest
#undef buddy_port_selftest_cpu
#undef buddy_port_selftest_irq

static void four_at_once(unsigned cpu, void *arg)
{
	unsigned *failures = arg;
	unsigned nr = buddy_port_selftest_cpu(cpu, 4);

	if (nr)
		__atomic_store_n(failures, nr, __ATOMIC_RELAXED);
}

static void handler(unsigned cpu)
{
	static unsigned done;

	(void)cpu;
	if (!__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED))
		CHECK_EQ(buddy_port_selftest_irq(), 0);
}

static void the_released_one_passes_on_four_cpus_and_in_a_handler(void)
{
	char *pages = take_room(NO_FAULT, true);
	unsigned failures = 0;

	CHECK_EQ(buddy_port_selftest(pages, 1U << ROOM_ORDER, PORT_SELFTEST_KMAP), 0);
	run_on_cpus(4, four_at_once, &failures);
	CHECK_EQ(failures, 0);
	host_irq_set_handler(handler);
	host_irq_set_rate(1, 1);
	host_cpu_idle();
	host_irq_set_rate(0, 0);
	CHECK(!host_log_has("expected"));
	give_room();
}

/* ---- one fault each ----------------------------------------------------- */

static const struct {
	enum fault fault;
	const char *text;
} faults[] = {
	{RESTORE_TURNS_ON, "port_irq_restore(): an inner restore turned interrupts on"},
	{SAVE_DOES_NOTHING, "port_irqs_disabled(): interrupts are not off after a save"},
	{SAVE_TOGGLES, "port_irq_save(): a save in a save turned interrupts on"},
	{RESTORE_LEAVES_OFF, "interrupts are off after the outer restore"},
	{NEVER_DISABLED, "port_irqs_disabled(): interrupts are not off after a save"},
	{ALWAYS_DISABLED, "port_irqs_disabled(): true in a task, before any save"},
	{ID_TOO_LARGE, "port_cpu_id(): 8; expected: 0 to 7"},
	{ID_CHANGES, "port_cpu_id(): the second answer of one CPU is 0x1; expected: 0x0"},
	{ID_THE_SAME, "port_cpu_id() of the CPU on which it ran is 0x0; expected: 0x1"},
	{SET_PERCPU_IGNORED, "port_percpu(): not what port_set_percpu() set"},
	{PERCPU_LOST_BY_RESTORE, "port_percpu(): lost by a port_irq_save() and its restore"},
	{PERCPU_SHARED, "port_percpu(): two CPUs share one pointer"},
	{TRYLOCK_ALWAYS, "port_spin_trylock(): true for a lock that is held"},
	{TRYLOCK_NEVER, "port_spin_trylock(): false for a lock that is free"},
	{LOCKED_NEVER, "port_spin_is_locked(): false for a lock that is held"},
	{LOCKED_ALWAYS, "port_spin_is_locked(): locked from the start"},
	{UNLOCK_IGNORED, "port_spin_is_locked(): still locked after the unlock"},
	{ZERO_IS_LOCKED, "port_spin_is_locked(): a lock of all bytes 0 is locked"},
	{VIRT_OFF_BY_A_PAGE, "port_phys_to_virt(): the first page's address is 0x"},
	{PHYS_WITHOUT_OFFSET, "port_virt_to_phys(): a page's last byte is not PAGE_SIZE - 1"},
	{PHYS_NOT_LINEAR, "port_virt_to_phys(): first and last page are not as far apart"},
	{PHYS_BEYOND_4_GIB, "expected: page aligned, below 4 GiB"},
	{CLEARS_HALF, "port_clear_page(): 512 of 1024 words of the page are wrong"},
	{CLEARS_TOO_MUCH, "port_clear_page(): 1 of 1024 words of the page after it are wrong"},
	{CLEARS_BEFORE, "port_clear_page(): 1 of 1024 words of the page before it are wrong"},
	{COPIES_HALF, "port_copy_page(): 1 of 1024 words of the copy are wrong"},
	{COPIES_TOO_MUCH, "port_copy_page(): 1 of 1024 words of the page after the copy"},
	{COPIES_BACK, "port_copy_page(): 1024 of 1024 words of the original are wrong"},
	{COPY_CLEARS_BEFORE, "port_copy_page(): 1 of 1024 words of the page before the original"},
	{CLEAN_IGNORED, "an invalidate after a clean lost what had been written"},
	{INVALIDATE_DROPS_EDGES, "port_cache_invalidate(): lost bytes of a line at the edge"},
	{FLUSH_LOSES, "port_cache_flush(): lost what had been written"},
	{KMAP_NULL, "port_kmap_local(): NULL; expected"},
	{KMAP_NULL_INSIDE, "port_kmap_local(): NULL in another mapping"},
	{KMAP_ONE_PLACE, "port_kmap_local(): an inner mapping took the place"},
	{KMAP_WRONG_PAGE, "port_kmap_local(): not the page that was asked for"},
	{KUNMAP_ALL, "port_kunmap_local(): the outer mapping is gone"},
	{CALL_NOT_RUN, "port_run_on_cpu(): true before the function has run"},
	{CALL_RUNS_TWICE, "port_run_on_cpu(): the number of runs for one call is 0x2"},
	{CALL_RUNS_HERE, "port_run_on_cpu(): port_cpu_id() of the CPU on which it ran is 0x0"},
	{CALL_WITH_INTERRUPTS_ON, "port_run_on_cpu(): the function ran with interrupts on"},
	{CALL_DENIED, "port_run_on_cpu(): false although the function ran"},
	{CALL_LEAVES_OFF, "port_run_on_cpu(): came back with interrupts off"},
	{CALL_NOT_TO_ITSELF, "port_run_on_cpu(): false for the calling CPU itself"},
	{CALL_RUNS_LATER, "port_run_on_cpu(): a function ran once more after the call"},
	{SCOPE_NULL, "port_alloc_scope(): NULL"},
	{SCOPE_CHANGES, "port_alloc_scope(): two answers in one task"},
	{SCOPE_GARBAGE, "port_alloc_scope(): a scope with bits that nobody sets"},
	{SCOPE_THE_SAME, "port_alloc_scope(): a function on another CPU has this task's scope"},
	{RESCHED_LEAVES_OFF, "port_wake_kswapd(): came back with interrupts off"},
};

static void each_fault_of_one_cpu_is_found(void)
{
	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		found(run(faults[i].fault, true), faults[i].text);
		give_room();
	}
}

/* Before there is an allocator the test's own pointer is what is looked for. */
static void percpu_pointers_are_told_apart_before_mm_init(void)
{
	found(run(PERCPU_SHARED, false), "port_percpu(): two CPUs share one pointer");
	give_room();
	found(run(PERCPU_FORGETS, false), "port_percpu(): a pointer was lost between two calls");
	give_room();
}

static void a_handler_is_looked_at(void)
{
	CHECK_EQ(run(NO_FAULT, true), 0);
	fault = SCOPE_OF_TASK_IN_HANDLER;
	found(tested_selftest_irq(), "port_alloc_scope(): an interrupt handler has the scope of a");
	give_room();
	CHECK_EQ(run(NO_FAULT, true), 0);
	fault = SCOPE_NULL;
	found(tested_selftest_irq(), "port_alloc_scope(): NULL in an interrupt handler");
	give_room();
	CHECK_EQ(run(NO_FAULT, true), 0);
	fault = RESTORE_TURNS_ON;
	in_handler = true;
	simulated_off = true;
	found(tested_selftest_irq(), "port_irq_restore(): an inner restore turned interrupts on");
	give_room();
}

static void on_each(unsigned cpu, void *arg)
{
	(void)arg;
	tested_selftest_cpu(cpu, 4);
}

static void run_four(enum fault next)
{
	take_room(next, true);
	memset(&tested_state, 0, sizeof(tested_state));
	run_on_cpus(4, on_each, NULL);
}

static void what_only_several_cpus_notice_is_found(void)
{
	static const struct {
		enum fault fault;
		const char *text;
	} several[] = {
		{LOCK_NOT_ATOMIC, "two CPUs were inside at once; expected: one CPU at a time"},
		{PERCPU_SHARED, "port_percpu(): another CPU's port_set_percpu() changed it"},
		{ID_THE_SAME, "expected: one number for each"},
		{SCOPE_THE_SAME, "port_alloc_scope(): tasks of two CPUs share one scope"},
	};

	for (unsigned i = 0; i < sizeof(several) / sizeof(several[0]); i++) {
		run_four(several[i].fault);
		found(tested_state.failures, several[i].text);
		give_room();
	}
	run_four(NO_FAULT);
	CHECK_EQ(tested_state.failures, 0);
	give_room();
}

static void who_does_not_come_is_missed(void)
{
	take_room(NO_FAULT, true);
	memset(&tested_state, 0, sizeof(tested_state));
	patience = 100;
	found(tested_selftest_cpu(0, 4), "not all of nr_cpus CPUs came in time");
	give_room();
}

static void arguments_are_looked_at(void)
{
	char *pages = take_room(NO_FAULT, true);

	found(tested_selftest(pages, 3, 0), "expected: at least 4, page aligned");
	found(tested_selftest(pages + 4, 4, 0), "expected: at least 4, page aligned");
	found(tested_selftest(NULL, 4, 0), "expected: at least 4, page aligned");
	found(tested_selftest_cpu(1, 1), "arguments that cannot be");
	found(tested_selftest_cpu(0, PORT_NR_CPUS + 1), "arguments that cannot be");
	give_room();
}

static const struct test_case cases[] = {
	TEST(the_host_port_passes),
	TEST(the_released_one_passes_on_four_cpus_and_in_a_handler),
	TEST(each_fault_of_one_cpu_is_found),
	TEST(percpu_pointers_are_told_apart_before_mm_init),
	TEST(a_handler_is_looked_at),
	TEST(what_only_several_cpus_notice_is_found),
	TEST(who_does_not_come_is_missed),
	TEST(arguments_are_looked_at),
};
TEST_SUITE(port_selftest, cases);
