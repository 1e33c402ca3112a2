/* SPDX-License-Identifier: MIT */
/* commands_slab - rows of the monitor's table that belong to buddy/slab.h. */
#ifndef BOOT_COMMANDS_SLAB_H
#define BOOT_COMMANDS_SLAB_H

#include "boot/monitor.h"

enum command_result run_slabinfo(unsigned nr_args, char **args);
enum command_result run_kmalloc(unsigned nr_args, char **args);
enum command_result run_kfree(unsigned nr_args, char **args);

#endif /* BOOT_COMMANDS_SLAB_H */
