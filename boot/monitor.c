// SPDX-License-Identifier: MIT
/*
 * monitor - a prompt on the console: reads a line, finds its command, runs it.
 *
 * Characters come from the UART's interrupt; between them the core sleeps in
 * WFI.  A command runs in task context on the boot core, with interrupts on.
 *
 * State: the line editor with its history, and the status that the image ends
 * with; both this core's alone, no lock.
 *
 * Not here: the keys (lineedit.c), the commands (commands.c).
 */
#include <string.h>

#include <port/port.h>

#include "boot/console.h"
#include "boot/gfpname.h"
#include "boot/lineedit.h"
#include "boot/monitor.h"

static struct lineedit editor;
static int status;

void monitor_failed(void)
{
	status = 1;
}

int monitor_status(void)
{
	return status;
}

static const struct command *find_command(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

/* Cuts a line into words, in place; returns how many there are, of which `max` are stored. */
static unsigned split(char *line, char **words, unsigned max)
{
	unsigned nr = 0;

	for (;;) {
		line += strspn(line, " \t");
		if (!*line)
			return nr;
		if (nr < max)
			words[nr] = line;
		nr++;
		line += strcspn(line, " \t");
		if (*line)
			*line++ = '\0';
	}
}

bool monitor_number(const char *what, const char *text, uint32_t *value)
{
	if (parse_u32(text, (unsigned)strlen(text), value))
		return true;
	port_log("%s: %s is to be a number, decimal or 0x..., at most 0xffffffff\n", text, what);
	return false;
}

/* What was typed is no command; what begins like it may have been meant. */
static void unknown(const char *name)
{
	const char *joint = ". Did you mean ";

	port_log("%s: no such command", name);
	for (const struct command *c = commands; c->name; c++) {
		if (strncmp(c->name, name, strlen(name)))
			continue;
		port_log("%s%s", joint, c->name);
		joint = ", ";
	}
	port_log(*joint == '.' ? ". `help` lists them all.\n" : "?\n");
}

static void usage(const struct command *c)
{
	port_log("expected: %s%s%s\n", c->name, *c->args ? " " : "", c->args);
}

bool monitor_run(char *line)
{
	char *words[MONITOR_MAX_ARGS + 1];
	unsigned nr = split(line, words, MONITOR_MAX_ARGS + 1);
	const struct command *c;
	enum command_result result = COMMAND_USAGE;

	if (!nr)
		return true;
	c = find_command(words[0]);
	if (!c) {
		unknown(words[0]);
		return false;
	}
	if (nr - 1 < c->min_args)
		port_log("%s: an argument is missing\n", c->name);
	else if (nr - 1 > c->max_args)
		port_log("%s: too many arguments\n", c->name);
	else
		result = c->run(nr - 1, words + 1);
	if (result == COMMAND_USAGE)
		usage(c);
	return result == COMMAND_OK;
}

/* Words for the tab key: commands first, then what the command offers. */
static const char *candidate(const char *before, unsigned i)
{
	char copy[LINEEDIT_MAX + 1], *words[MONITOR_MAX_ARGS + 1];
	const struct command *c;
	unsigned nr;

	memcpy(copy, before, strlen(before) + 1); /* shorter than the line it is part of */
	/* Behind a | the word goes on: it belongs to the argument before. */
	nr = split(copy, words, MONITOR_MAX_ARGS + 1);
	if (!nr)
		return commands[i].name;
	c = find_command(words[0]);
	if (!c || !c->complete)
		return NULL;
	if (before[strlen(before) - 1] == '|')
		nr--;
	return c->complete(nr - 1, i);
}

_Noreturn void monitor_main(void)
{
	editor.prompt = "buddy> ";
	editor.write = console_write;
	editor.candidate = candidate;
	port_log("\nThis is the monitor. `help` lists the commands, tab completes them.\n");
	for (;;) {
		lineedit_start(&editor);
		while (!lineedit_feed(&editor, (unsigned char)console_getc_wait()))
			;
		monitor_run(editor.line);
	}
}
