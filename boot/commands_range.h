/* SPDX-License-Identifier: MIT */
/*
 * The monitor's commands on ranges and nodes, for the table in commands.c; what
 * they understand and say: commands_range.c.
 */
#ifndef BOOT_COMMANDS_RANGE_H
#define BOOT_COMMANDS_RANGE_H

#include "boot/monitor.h"

enum command_result run_cma(unsigned nr_args, char **args);
const char *complete_cma(unsigned nth, unsigned i);
enum command_result run_offline(unsigned nr_args, char **args);
enum command_result run_online(unsigned nr_args, char **args);
enum command_result run_nodes(unsigned nr_args, char **args);

#endif /* BOOT_COMMANDS_RANGE_H */
