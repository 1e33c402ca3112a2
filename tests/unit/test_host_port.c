// SPDX-License-Identifier: MIT
// HOST ONLY
/*
 * The host port itself: it exists to catch broken rules, so each rule is broken once
 * and the panic must name it; calls between CPUs and simulated interrupts arrive.
 */
#include <string.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

static struct port_spinlock lock;

/* ---- broken rules ---------------------------------------------------------- */

static void restore_twice(void *arg)
{
	port_irqflags_t flags = port_irq_save();

	port_irq_restore(flags);
	port_irq_restore(flags);
}

static void restore_out_of_order(void *arg)
{
	port_irqflags_t outer = port_irq_save();

	(void)port_irq_save();
	port_irq_restore(outer);
}

static void lock_with_interrupts_on(void *arg)
{
	port_spin_lock(&lock);
}

static void lock_twice(void *arg)
{
	(void)port_irq_save();
	port_spin_lock(&lock);
	port_spin_lock(&lock);
}

static void unlock_a_free_lock(void *arg)
{
	(void)port_irq_save();
	port_spin_unlock(&lock);
}

static void interrupts_on_under_a_lock(void *arg)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&lock);
	port_irq_restore(flags);
}

static void log_under_a_lock(void *arg)
{
	(void)port_irq_save();
	port_spin_lock(&lock);
	port_log("not now\n");
}

static void log_what_newlib_nano_cannot(void *arg)
{
	const char *fmt = arg;

	port_log(fmt, 1ULL);
}

static void percpu_with_interrupts_on(void *arg)
{
	(void)port_percpu();
}

static void cpu_id_with_interrupts_on(void *arg)
{
	(void)port_cpu_id();
}

static void nothing(void *arg)
{
}

static void call_with_interrupts_off(void *arg)
{
	(void)port_irq_save();
	port_run_on_cpu(1, nothing, NULL);
}

static void call_to_no_cpu(void *arg)
{
	port_run_on_cpu(PORT_NR_CPUS, nothing, NULL);
}

static void wait_with_interrupts_off(void *arg)
{
	(void)port_irq_save();
	host_cpu_idle();
}

static void clear_half_a_page(void *arg)
{
	port_clear_page((char *)page_address(mem_map) + PAGE_SIZE / 2);
}

static void every_broken_rule_is_a_panic_that_names_it(void)
{
	static const struct {
		void (*fn)(void *arg);
		void *arg;
		const char *name;
	} rule[] = {
		{restore_twice, NULL, "does not match its save"},
		{restore_out_of_order, NULL, "does not match its save"},
		{lock_with_interrupts_on, NULL, "lock taken with interrupts on"},
		{lock_twice, NULL, "lock taken twice"},
		{unlock_a_free_lock, NULL, "does not hold"},
		{interrupts_on_under_a_lock, NULL, "interrupts turned on under a lock"},
		{log_under_a_lock, NULL, "port_log() under a lock"},
		{log_what_newlib_nano_cannot, "%llu\n", "newlib-nano"},
		{log_what_newlib_nano_cannot, "%zu\n", "newlib-nano"},
		{log_what_newlib_nano_cannot, "%f\n", "newlib-nano"},
		{log_what_newlib_nano_cannot, "100%", "newlib-nano"},
		{percpu_with_interrupts_on, NULL, "port_percpu() with interrupts on"},
		{cpu_id_with_interrupts_on, NULL, "port_cpu_id() with interrupts on"},
		{call_with_interrupts_off, NULL, "port_run_on_cpu() with interrupts off"},
		{call_to_no_cpu, NULL, "port_run_on_cpu()"},
		{wait_with_interrupts_off, NULL, "waiting with interrupts off"},
		{clear_half_a_page, NULL, "not page aligned"},
	};

	for (unsigned i = 0; i < sizeof(rule) / sizeof(rule[0]); i++) {
		memset(&lock, 0, sizeof(lock));
		if (!host_panics(rule[i].fn, rule[i].arg))
			check_failed(__FILE__, __LINE__, rule[i].name);
		if (!strstr(host_panic_text(), rule[i].name))
			check_failed(__FILE__, __LINE__, rule[i].name);
	}
	memset(&lock, 0, sizeof(lock));
	CHECK(!host_panics(nothing, NULL));
}

/* ---- CPUs and interrupts ------------------------------------------------------ */

static unsigned calls[PORT_NR_CPUS];

static void count_call(void *arg)
{
	CHECK(port_irqs_disabled());
	__atomic_add_fetch(&calls[port_cpu_id()], 1, __ATOMIC_RELAXED);
}

static void call_all(unsigned cpu, void *arg)
{
	static struct test_barrier online;

	test_barrier_wait(&online, PORT_NR_CPUS);
	for (int i = 0; i < 50; i++)
		for (unsigned to = 0; to < PORT_NR_CPUS; to++)
			if (to != cpu)
				CHECK(port_run_on_cpu(to, count_call, NULL));
}

static void all_call_all(void)
{
	memset(calls, 0, sizeof(calls));
	run_on_cpus(PORT_NR_CPUS, call_all, NULL);
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		CHECK_EQ(calls[cpu], 50 * (PORT_NR_CPUS - 1));
}

static void a_cpu_that_is_offline_is_not_called(void)
{
	memset(calls, 0, sizeof(calls));
	CHECK(!port_run_on_cpu(5, count_call, NULL));
	play_cpu(5);
	play_cpu(0);
	CHECK(port_run_on_cpu(5, count_call, NULL));
	CHECK_EQ(calls[5], 1);
	CHECK_EQ(calls[0], 0);
}

static unsigned interrupts;

static void handler(unsigned cpu)
{
	CHECK(port_irqs_disabled());
	CHECK_EQ(cpu, port_cpu_id());
	interrupts++;
}

static void interrupts_come_when_they_may(void)
{
	port_irqflags_t flags;

	interrupts = 0;
	host_irq_set_handler(handler);
	host_irq_set_rate(1, 1); /* in every window */
	flags = port_irq_save();
	CHECK_EQ(interrupts, 1);
	port_irq_restore(port_irq_save()); /* nested: no window */
	CHECK_EQ(interrupts, 1);
	port_irq_restore(flags);
	CHECK_EQ(interrupts, 2);
	host_irq_hold(true);
	port_irq_restore(port_irq_save());
	CHECK_EQ(interrupts, 2);
	host_irq_hold(false);
	host_irq_set_rate(0, 1);
	port_irq_restore(port_irq_save());
	CHECK_EQ(interrupts, 2);
}

static unsigned long shared;

static void add(unsigned cpu, void *arg)
{
	for (int i = 0; i < 2000; i++) {
		port_irqflags_t flags = port_irq_save();

		port_spin_lock(&lock);
		shared++;
		port_spin_unlock(&lock);
		port_irq_restore(flags);
	}
}

static void the_lock_excludes(void)
{
	memset(&lock, 0, sizeof(lock));
	shared = 0;
	host_set_jitter(20);
	run_on_cpus(4, add, NULL);
	CHECK_EQ(shared, 8000);
}

/* ---- memory ------------------------------------------------------------------- */

static void addresses_translate_both_ways(void)
{
	static const struct geometry g = {
		.ram = {{0, 4 << 20, 0}, {0x80000000, 4 << 20, 0}, {0xffc00000, 4 << 20, 0}},
	};
	static const uint64_t at[] = {0, 1, 0x3fffff, 0x80000000, 0x80123456, 0xffffffff};
	int here;

	CHECK_EQ(start(&g), 0);
	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		CHECK(port_virt_to_phys(port_phys_to_virt(at[i])) == at[i]);
	CHECK(port_virt_to_phys(&here) > UINT32_MAX);
	CHECK(port_virt_to_phys(NULL) > UINT32_MAX);
	CHECK(!virt_to_page(&here));
}

static void fresh_memory_is_garbage(void)
{
	const unsigned char *p = page_address(alloc_page(GFP_KERNEL));

	host_unpoison_phys(port_virt_to_phys(p), PAGE_SIZE);
	CHECK_EQ(p[0], 0xa5);
	free_page(p);
}

static const struct test_case cases[] = {
	TEST(every_broken_rule_is_a_panic_that_names_it),
	TEST(all_call_all),
	TEST(a_cpu_that_is_offline_is_not_called),
	TEST(interrupts_come_when_they_may),
	TEST(the_lock_excludes),
	TEST(addresses_translate_both_ways),
	TEST(fresh_memory_is_garbage),
};
TEST_SUITE(host_port, cases);
