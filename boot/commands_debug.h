/* SPDX-License-Identifier: MIT */
/* commands_debug - rows of the monitor's table that belong to buddy/debug.h and port_selftest.h. */
#ifndef BOOT_COMMANDS_DEBUG_H
#define BOOT_COMMANDS_DEBUG_H

#include "boot/monitor.h"

enum command_result run_debug(unsigned nr_args, char **args);
enum command_result run_owner(unsigned nr_args, char **args);
enum command_result run_trace(unsigned nr_args, char **args);
enum command_result run_fail(unsigned nr_args, char **args);
enum command_result run_selftest(unsigned nr_args, char **args);

const char *complete_debug(unsigned nth, unsigned i);

#endif /* BOOT_COMMANDS_DEBUG_H */
