// SPDX-License-Identifier: MIT
/*
 * commands_debug - the monitor's commands for the allocator's debugging options.
 *
 * `debug` lists and sets them, `fail` is short for one of them, `owner` and `trace`
 * print what two of them noted.  A wrong name or value is refused on the console by
 * mm_debug_set(), which knows what it expected.  `selftest` asks the image's own port what a
 * port has to answer: on this core, on all at once, in an interrupt handler.
 *
 * State: irq_asked, set by the one handler that was first.  Context: the monitor's; the other cores idle, as setting an option
 * wants it.
 *
 * Not here: the table of commands (commands.c), the options (mm/debug_options.c).
 */
#include <string.h>

#include <buddy/buddy.h>
#include <port/port.h>

#include "boot/commands_debug.h"
#include "boot/gfpname.h"
#include "boot/smp.h"
#include "drivers/a9timer.h"

#define VALUE_BYTES 48

static void show_option(unsigned i, int width)
{
	char value[VALUE_BYTES];

	mm_debug_value(i, value, sizeof(value));
	port_log("%-*s %s\n", width, mm_debug_name(i), value);
}

static enum command_result set_option(const char *name, const char *value)
{
	if (mm_debug_set(name, value))
		return COMMAND_FAILED;
	for (unsigned i = 0; mm_debug_name(i); i++)
		if (!strcmp(mm_debug_name(i), name))
			show_option(i, 0);
	return COMMAND_OK;
}

enum command_result run_debug(unsigned nr_args, char **args)
{
	if (nr_args == 1)
		return COMMAND_USAGE;
	if (nr_args)
		return set_option(args[0], args[1]);
	for (unsigned i = 0; mm_debug_name(i); i++)
		show_option(i, 32);
	return COMMAND_OK;
}

const char *complete_debug(unsigned nth, unsigned i)
{
	return nth == 0 ? mm_debug_name(i) : NULL;
}

enum command_result run_fail(unsigned nr_args, char **args)
{
	(void)nr_args;
	return set_option("fail_page_alloc", args[0]);
}

/* A picture of at most N lines; 0: all. */
static enum command_result show(void (*picture)(unsigned max), unsigned nr_args, char **args)
{
	uint32_t max = 0;

	if (nr_args && !parse_u32(args[0], (unsigned)strlen(args[0]), &max)) {
		port_log("%s: N is to be a number, decimal or 0x..., at most 0xffffffff\n",
			 args[0]);
		return COMMAND_USAGE;
	}
	picture(max);
	return COMMAND_OK;
}

enum command_result run_owner(unsigned nr_args, char **args)
{
	return show(show_page_owner, nr_args, args);
}

enum command_result run_trace(unsigned nr_args, char **args)
{
	return show(show_trace, nr_args, args);
}

/* ---- the port ------------------------------------------------------------------- */

#define TEST_ORDER 2
#define HANDLER_US 1000000

static uint32_t irq_asked; /* 0; 1: a handler is at it; 3: it has come back */

static void on_this_core(void *arg)
{
	port_irqflags_t flags = port_irq_save();
	unsigned cpu = port_cpu_id();

	port_irq_restore(flags);
	buddy_port_selftest_cpu(cpu, *(unsigned *)arg);
}

static void in_a_handler(unsigned cpu)
{
	(void)cpu;
	if (__atomic_fetch_or(&irq_asked, 1, __ATOMIC_ACQ_REL))
		return;
	buddy_port_selftest_irq();
	__atomic_store_n(&irq_asked, 3, __ATOMIC_RELEASE);
}

/* The next tick of any core; false: there is none. */
static bool ask_a_handler(void)
{
	uint64_t deadline = a9timer_read() + a9timer_ticks(HANDLER_US);
	uint32_t asked;

	__atomic_store_n(&irq_asked, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&tick_hook, in_a_handler, __ATOMIC_RELEASE);
	do {
		asked = __atomic_load_n(&irq_asked, __ATOMIC_ACQUIRE);
		port_cpu_relax();
	} while (asked != 3 && (asked || a9timer_read() < deadline));
	__atomic_store_n(&tick_hook, NULL, __ATOMIC_RELEASE);
	return asked == 3;
}

enum command_result run_selftest(unsigned nr_args, char **args)
{
	struct page *room = alloc_pages(GFP_KERNEL, TEST_ORDER);
	unsigned nr_cpus = smp_nr_online(), failures;
	bool handler;

	(void)nr_args, (void)args;
	if (!room) {
		port_log("no block of order %u for the self-test\n", TEST_ORDER);
		return COMMAND_FAILED;
	}
	buddy_port_selftest(page_address(room), 1U << TEST_ORDER, PORT_SELFTEST_KMAP);
	__free_pages(room, TEST_ORDER);
	/* Numbers with a gap are the board's, not the port's: then the cores are not compared. */
	if (smp_online_mask() == (1U << nr_cpus) - 1) {
		for (unsigned cpu = 1; cpu < nr_cpus; cpu++)
			smp_call(cpu, on_this_core, &nr_cpus);
		on_this_core(&nr_cpus);
		for (unsigned cpu = 1; cpu < nr_cpus; cpu++)
			smp_wait(cpu);
	}
	handler = ask_a_handler();
	failures = buddy_port_selftest_failures();
	port_log("port self-test: %u failures, %u core%s%s\n", failures, nr_cpus,
		 nr_cpus == 1 ? "" : "s",
		 handler ? ", and a handler" : "; no tick, so no handler was looked at");
	if (failures) {
		monitor_failed();
		return COMMAND_FAILED;
	}
	return COMMAND_OK;
}
