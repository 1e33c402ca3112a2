// SPDX-License-Identifier: MIT
/*
 * commands_reclaim - the monitor on memory that can be had back, or moved.
 *
 *	extfrag			why blocks would not be had, by zone and order
 *	compact [NODE]		moves pages together; buddyinfo before and after
 *	reclaim PAGES		has so many given back
 *	kswapd			the background work: what is asked for, who has done it
 *	lru			reclaimable, dirty pages, and where the clock's hand is
 *	hoard			what is held for these experiments
 *	hoard KIND PAGES [checkerboard]		more of it; every second page back
 *	hoard drop [KIND]	all back, verified
 *	oom			runs out of memory on purpose
 *
 * State: none; the hoards are hoard.c's.  Context: the monitor's, interrupts on, no lock.
 *
 * Not here: figures of single events (vmstat).
 */
#include "boot/commands_reclaim.h"

#include <string.h>

#include <buddy/buddy.h>
#include <buddy/compaction.h>
#include <buddy/reclaim.h>
#include <port/port.h>

#include "boot/daemon.h"
#include "boot/hoard.h"

static struct zone_info zone; /* too large for a stack of a few KiB */

static unsigned long kib(unsigned long nr_pages)
{
	return nr_pages << (PAGE_SHIFT - 10);
}

static bool node_exists(uint32_t nid)
{
	struct node_daemon_info info;

	return nid < BUDDY_MAX_NODES && node_daemon_info((int)nid, &info);
}

/* ---- compaction ------------------------------------------------------------------- */

enum command_result run_extfrag(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	show_extfrag();
	return COMMAND_OK;
}

enum command_result run_compact(unsigned nr_args, char **args)
{
	uint32_t nid = 0, failed = vm_events(PGMIGRATE_FAIL);
	unsigned long moved;

	if (nr_args && !monitor_number("NODE", args[0], &nid))
		return COMMAND_USAGE;
	if (nr_args && !node_exists(nid)) {
		port_log("%s: no such node; `nodes` lists them\n", args[0]);
		return COMMAND_FAILED;
	}
	drain_all_pages();
	show_buddyinfo();
	moved = compact_memory(nr_args ? (int)nid : -1);
	drain_all_pages();
	show_buddyinfo();
	port_log("%lu pages moved, %lu could not be\n", moved,
		 (unsigned long)(vm_events(PGMIGRATE_FAIL) - failed));
	return COMMAND_OK;
}

/* ---- reclaim ----------------------------------------------------------------------- */

enum command_result run_reclaim(unsigned nr_args, char **args)
{
	unsigned long before = nr_free_pages() + nr_pcp_pages(), freed;
	uint32_t nr, written = vm_events(PGWRITEBACK);

	(void)nr_args;
	if (!monitor_number("PAGES", args[0], &nr))
		return COMMAND_USAGE;
	if (!nr || nr > nr_managed_pages()) {
		port_log("refused: PAGES is 1 to %lu\n", nr_managed_pages());
		return COMMAND_FAILED;
	}
	freed = shrink_node_pages(-1, nr, GFP_KERNEL);
	port_log("%lu pages freed, %lu written first; free: %lu before, %lu now\n", freed,
		 (unsigned long)(vm_events(PGWRITEBACK) - written), before,
		 nr_free_pages() + nr_pcp_pages());
	return COMMAND_OK;
}

static void show_order(const char *what, int order)
{
	if (order < 0)
		port_log("%s: nothing wanted", what);
	else
		port_log("%s: order %d wanted", what, order);
}

enum command_result run_kswapd(unsigned nr_args, char **args)
{
	struct node_daemon_info node;
	struct daemon_info done;

	(void)nr_args, (void)args;
	for (int nid = 0; nid < BUDDY_MAX_NODES; nid++) {
		if (!node_daemon_info(nid, &node))
			continue;
		daemon_info(nid, &done);
		port_log("node %d: ", nid);
		show_order("kswapd", node.kswapd_order);
		port_log(", %lu failures; ", (unsigned long)node.kswapd_failures);
		show_order("kcompactd", node.kcompactd_order);
		port_log("; woken %lu times\n  steps done:", (unsigned long)done.wakes);
		for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++)
			port_log(" cpu%u %lu", cpu, (unsigned long)done.steps[cpu]);
		port_log("\n");
	}
	if (daemon_cpu() >= 0)
		port_log("on cpu%d only (kswapd.cpu=)\n", daemon_cpu());
	else
		port_log("on whichever core is idle\n");
	return COMMAND_OK;
}

enum command_result run_lru(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	for (unsigned i = 0; zone_info(i, &zone); i++)
		port_log("Node %d, zone %8s  reclaimable %lu, dirty %lu, writeback %lu of %lu "
			 "pages; hand at 0x%08lx\n",
			 zone.nid, zone.name, zone.lru, zone.dirty, zone.writeback, zone.managed,
			 (zone.clock_pfn ? zone.clock_pfn : zone.start_pfn) << PAGE_SHIFT);
	return COMMAND_OK;
}

/* ---- hoards --------------------------------------------------------------------------- */

static void list_hoards(void)
{
	struct hoard_info info;

	port_log("  kind             KiB    moved  evicted  written sacrificed verified   wrong\n");
	for (unsigned kind = 0; kind < NR_HOARD_KINDS; kind++) {
		hoard_info((enum hoard_kind)kind, &info);
		port_log("  %-11s %8lu %8lu %8lu %8lu   %8lu %8lu %7lu\n", hoard_name[kind],
			 kib(info.pages), (unsigned long)info.moved, (unsigned long)info.evicted,
			 (unsigned long)info.written, (unsigned long)info.sacrificed,
			 (unsigned long)info.verified, (unsigned long)info.wrong);
	}
}

static unsigned find_kind(const char *name)
{
	unsigned kind = 0;

	while (kind < NR_HOARD_KINDS && strcmp(name, hoard_name[kind]))
		kind++;
	return kind;
}

static enum command_result unknown_kind(const char *name)
{
	port_log("%s: no kind of hoard; there are: unmovable, movable, reclaimable, vmalloc\n",
		 name);
	return COMMAND_USAGE;
}

static enum command_result drop_hoards(unsigned nr_args, char **args)
{
	unsigned only = nr_args ? find_kind(args[0]) : NR_HOARD_KINDS;
	uint32_t wrong = 0;
	struct hoard_info info;

	if (nr_args && only == NR_HOARD_KINDS)
		return unknown_kind(args[0]);
	for (unsigned kind = 0; kind < NR_HOARD_KINDS; kind++) {
		unsigned long nr;

		if (nr_args && kind != only)
			continue;
		nr = hoard_drop((enum hoard_kind)kind);
		hoard_info((enum hoard_kind)kind, &info);
		if (nr)
			port_log("%s: %lu pages given back, %s\n", hoard_name[kind], nr,
				 info.wrong ? "some with WRONG CONTENTS" : "contents verified");
		wrong += info.wrong;
	}
	if (wrong) {
		monitor_failed();
		return COMMAND_FAILED;
	}
	return COMMAND_OK;
}

enum command_result run_hoard(unsigned nr_args, char **args)
{
	unsigned kind = nr_args ? find_kind(args[0]) : 0;
	unsigned long got, thinned;
	uint32_t nr;

	if (!nr_args) {
		list_hoards();
		return COMMAND_OK;
	}
	if (!strcmp(args[0], "drop"))
		return nr_args > 2 ? COMMAND_USAGE : drop_hoards(nr_args - 1, args + 1);
	if (kind == NR_HOARD_KINDS)
		return unknown_kind(args[0]);
	if (nr_args < 2 || !monitor_number("PAGES", args[1], &nr))
		return COMMAND_USAGE;
	if (nr_args > 2 && strcmp(args[2], "checkerboard")) {
		port_log("%s: only `checkerboard` may follow\n", args[2]);
		return COMMAND_USAGE;
	}
	got = hoard_grow((enum hoard_kind)kind, nr);
	port_log("%s: %lu of %lu pages", hoard_name[kind], got, (unsigned long)nr);
	if (nr_args > 2) {
		thinned = hoard_thin((enum hoard_kind)kind);
		port_log(", %lu given back, every second one", thinned);
	}
	port_log("; give them back with: hoard drop %s\n", hoard_name[kind]);
	return got ? COMMAND_OK : COMMAND_FAILED;
}

const char *complete_hoard(unsigned nth, unsigned i)
{
	if (nth == 0 && i == NR_HOARD_KINDS)
		return "drop";
	if (nth == 2)
		return i == 0 ? "checkerboard" : NULL;
	return nth < 2 && i < NR_HOARD_KINDS ? hoard_name[i] : NULL;
}

/* ---- out of memory ----------------------------------------------------------------- */

/* Pages until somebody had to give up theirs, or there are none; all go back at once. */
enum command_result run_oom(unsigned nr_args, char **args)
{
	uint32_t kills = vm_events(OOM_KILL);
	struct page *page, *head = NULL;
	unsigned long nr = 0;

	(void)nr_args, (void)args;
	while (vm_events(OOM_KILL) == kills && (page = alloc_page(GFP_HIGHUSER | __GFP_NOWARN))) {
		page->priv = (uintptr_t)head;
		head = page;
		nr++;
	}
	while ((page = head)) {
		head = (struct page *)page->priv;
		__free_page(page);
	}
	port_log("%lu pages taken, and given back: %s\n", nr,
		 vm_events(OOM_KILL) == kills
			 ? "nobody had anything to give up (`hoard` takes some)"
			 : "then the largest hoard was sacrificed");
	return COMMAND_OK;
}
