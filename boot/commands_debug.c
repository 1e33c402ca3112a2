// SPDX-License-Identifier: MIT
/*
 * commands_debug - the monitor's commands for the allocator's debugging options.
 *
 * `debug` lists and sets them, `fail` is short for one of them, `owner` and `trace`
 * print what two of them noted.  A wrong name or value is refused on the console by
 * mm_debug_set(), which knows what it expected.
 *
 * State: none.  Context: the monitor's; the other cores idle, as setting an option
 * wants it.
 *
 * Not here: the table of commands (commands.c), the options (mm/debug_options.c).
 */
#include <string.h>

#include <buddy/debug.h>
#include <port/port.h>

#include "boot/commands_debug.h"
#include "boot/gfpname.h"

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
