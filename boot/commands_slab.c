// SPDX-License-Identifier: MIT
/*
 * commands_slab - the monitor's commands for small objects.
 *
 * `kfree` hands on what was typed, right or wrong: the allocator is to refuse what is wrong,
 * and the reader to see it.
 *
 * State: none.  Context: the monitor's.
 *
 * Not here: the table of commands (commands.c), the picture (mm/slab_show.c).
 */
#include "boot/commands_slab.h"

#include <buddy/slab.h>
#include <buddy/vmstat.h>
#include <port/port.h>

#if BUDDY_SLAB

enum command_result run_slabinfo(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	show_slabinfo();
	return COMMAND_OK;
}

enum command_result run_kmalloc(unsigned nr_args, char **args)
{
	uint32_t bytes;
	void *p;

	(void)nr_args;
	if (!monitor_number("BYTES", args[0], &bytes))
		return COMMAND_USAGE;
	p = kmalloc(bytes, GFP_KERNEL);
	if (!p) {
		port_log("no memory for %lu bytes\n", (unsigned long)bytes);
		return COMMAND_FAILED;
	}
	port_log("  0x%08lx  %lu bytes, room for %lu; give it back with: kfree 0x%lx\n",
		 (unsigned long)(uintptr_t)p, (unsigned long)bytes, (unsigned long)ksize(p),
		 (unsigned long)(uintptr_t)p);
	return COMMAND_OK;
}

enum command_result run_kfree(unsigned nr_args, char **args)
{
	uint32_t address, refused = vm_events(BAD_FREE);

	(void)nr_args;
	if (!monitor_number("ADDR", args[0], &address))
		return COMMAND_USAGE;
	kfree((const void *)(uintptr_t)address);
	if (vm_events(BAD_FREE) != refused) {
		port_log("refused; nothing was changed\n");
		return COMMAND_FAILED;
	}
	port_log("freed\n");
	return COMMAND_OK;
}

#else

static enum command_result none(void)
{
	port_log("this image has no caches of objects (BUDDY_SLAB is 0)\n");
	return COMMAND_FAILED;
}

enum command_result run_slabinfo(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	return none();
}

enum command_result run_kmalloc(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	return none();
}

enum command_result run_kfree(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	return none();
}

#endif /* BUDDY_SLAB */
