/* SPDX-License-Identifier: MIT */
/*
 * monitor - a prompt on the console to look inside and to play with the allocator.
 *
 * `help` lists what it understands.  The commands are tables of struct command
 * (commands.c); the rest of the monitor only reads lines and finds rows.
 */
#ifndef BOOT_MONITOR_H
#define BOOT_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#define MONITOR_MAX_ARGS 8

/*
 * Shows the prompt for ever; `poweroff` and `reboot` end it.  Boot core, task
 * context, interrupts on, the other cores idle.
 */
_Noreturn void monitor_main(void);

/* Runs one line as if it had been typed; false when it failed.  The same context. */
bool monitor_run(char *line);

/* What a command says of how it went. */
enum command_result {
	COMMAND_OK,
	COMMAND_FAILED, /* and has said why */
	COMMAND_USAGE,	/* the arguments are not what was expected */
};

struct command {
	const char *name;
	const char *args; /* as help shows them; "" for none */
	const char *help; /* one line */
	unsigned char min_args, max_args;
	enum command_result (*run)(unsigned nr_args, char **args);
	/* The i-th word to offer for the nth argument, NULL past the last; or no function. */
	const char *(*complete)(unsigned nth, unsigned i);
};

/* Ends with a row without a name. */
extern const struct command commands[];

/* An argument as a number; false after a line that calls it `what`. */
bool monitor_number(const char *what, const char *text, uint32_t *value);

/* Something was found broken: the image's exit status says so at the end. */
void monitor_failed(void);
int monitor_status(void);

#endif /* BOOT_MONITOR_H */
