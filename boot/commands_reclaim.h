/* SPDX-License-Identifier: MIT */
/*
 * The monitor's commands on reclaim, compaction and what runs out of memory, for the table in
 * commands.c; what they understand and say: commands_reclaim.c.
 */
#ifndef BOOT_COMMANDS_RECLAIM_H
#define BOOT_COMMANDS_RECLAIM_H

#include "boot/monitor.h"

enum command_result run_extfrag(unsigned nr_args, char **args);
enum command_result run_compact(unsigned nr_args, char **args);
enum command_result run_reclaim(unsigned nr_args, char **args);
enum command_result run_kswapd(unsigned nr_args, char **args);
enum command_result run_lru(unsigned nr_args, char **args);
enum command_result run_hoard(unsigned nr_args, char **args);
const char *complete_hoard(unsigned nth, unsigned i);
enum command_result run_oom(unsigned nr_args, char **args);

#endif /* BOOT_COMMANDS_RECLAIM_H */
