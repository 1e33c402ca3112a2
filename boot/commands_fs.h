/* SPDX-License-Identifier: MIT */
/*
 * The monitor's command on the memory card, for the table in commands.c; what it understands
 * and says: commands_fs.c.
 */
#ifndef BOOT_COMMANDS_FS_H
#define BOOT_COMMANDS_FS_H

#include "boot/monitor.h"

enum command_result run_sd(unsigned nr_args, char **args);
const char *complete_sd(unsigned nth, unsigned i);

#endif /* BOOT_COMMANDS_FS_H */
