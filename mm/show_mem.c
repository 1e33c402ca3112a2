// SPDX-License-Identifier: MIT
/*
 * show_mem - the pictures of memory that Linux shows in /proc, in its formats.
 *
 * buddyinfo, pagetypeinfo, zoneinfo, vmstat and meminfo, so that a script that
 * reads those files reads this console too: the columns, the widths and the
 * words are Linux 6.1's (mm/vmstat.c, fs/proc/meminfo.c); a row is there where
 * this allocator has something to say.
 *
 * State: none.  Locks: none of its own; zone_info() takes one zone's lock for
 * the copy, so that a zone's figures agree with one another, while two zones
 * may have been read some operations apart.
 *
 * It stands on vmstat.h's public functions alone and can be left out of a
 * build that has no console.
 *
 * Not here: the counters (vmstat.c), the validator (check.c), the coloured
 * map of the monitor (boot/memmap.c).
 */
#include <buddy/mm.h>
#include <buddy/vmstat.h>
#include <port/port.h>

#if !BUDDY_TINY

/* Linux's words in pagetypeinfo. */
static const char *const migratetype_name[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = "Unmovable",
#if BUDDY_MOBILITY
	[MIGRATE_MOVABLE] = "Movable",	     [MIGRATE_RECLAIMABLE] = "Reclaimable",
	[MIGRATE_HIGHATOMIC] = "HighAtomic", [MIGRATE_CMA] = "CMA",
	[MIGRATE_ISOLATE] = "Isolate",
#endif
};

static unsigned long free_blocks(const struct zone_info *zone, unsigned order)
{
	unsigned long sum = 0;

	for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
		sum += zone->nr_free[order][mt];
	return sum;
}

/* Movable pages lie wherever the top of memory does, so its name does not tell. */
static bool zone_is_high(const struct zone_info *zone)
{
	return pfn_valid(zone->start_pfn) && !page_address(pfn_to_page(zone->start_pfn));
}

/* Pages in KiB: at most 4 GiB in all, so 32 bits hold it. */
static unsigned long kib(unsigned long nr_pages)
{
	return nr_pages << (PAGE_SHIFT - 10);
}

/*
 * One line per zone: free blocks of order 0, 1, ... MAX_ORDER.
 * Follows Linux 6.1, frag_show_print().
 */
void show_buddyinfo(void)
{
	struct zone_info zone;

	for (unsigned i = 0; zone_info(i, &zone); i++) {
		port_log("Node %d, zone %8s ", zone.nid, zone.name);
		for (unsigned order = 0; order < NR_ORDERS; order++)
			port_log("%6lu ", free_blocks(&zone, order));
		port_log("\n");
	}
}

static void show_free_by_type(void)
{
	struct zone_info zone;

	port_log("%-43s ", "Free pages count per migrate type at order");
	for (unsigned order = 0; order < NR_ORDERS; order++)
		port_log("%6u ", order);
	port_log("\n");

	for (unsigned i = 0; zone_info(i, &zone); i++) {
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
			port_log("Node %4d, zone %8s, type %12s ", zone.nid, zone.name,
				 migratetype_name[mt]);
			for (unsigned order = 0; order < NR_ORDERS; order++)
				port_log("%6lu ", zone.nr_free[order][mt]);
			port_log("\n");
		}
	}
}

static void show_blocks_by_type(void)
{
	struct zone_info zone;

	port_log("\n%-23s", "Number of blocks type ");
	for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
		port_log("%12s ", migratetype_name[mt]);
	port_log("\n");

	for (unsigned i = 0; zone_info(i, &zone); i++) {
		port_log("Node %d, zone %8s ", zone.nid, zone.name);
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			port_log("%12lu ", zone.nr_pageblocks[mt]);
		port_log("\n");
	}
}

/*
 * Free blocks by mobility and order, then pageblocks by mobility.
 * Follows Linux 6.1, pagetypeinfo_show().
 */
void show_pagetypeinfo(void)
{
	port_log("Page block order: %d\n", pageblock_order);
	port_log("Pages per block:  %lu\n", (unsigned long)pageblock_nr_pages);
	port_log("\n");
	show_free_by_type();
	show_blocks_by_type();
}

/*
 * Watermarks and sizes of every zone, in pages.  nr_free_pages counts the
 * zone's lists, nr_free_pcp what the per-CPU caches hold of it, nr_lru what reclaim may take.
 * The frames at the end are where the clock and compaction's two scanners go on.
 * Follows Linux 6.1, zoneinfo_show_print().
 */
void show_zoneinfo(void)
{
	struct zone_info zone;

	for (unsigned i = 0; zone_info(i, &zone); i++) {
		port_log("Node %d, zone %8s\n", zone.nid, zone.name);
		port_log("  pages free     %lu\n", zone.free);
		port_log("        boost    %lu\n", zone.boost);
		port_log("        min      %lu\n", zone.wmark_min);
		port_log("        low      %lu\n", zone.wmark_low);
		port_log("        high     %lu\n", zone.wmark_high);
		port_log("        spanned  %lu\n", zone.spanned);
		port_log("        present  %lu\n", zone.present);
		port_log("        managed  %lu\n", zone.managed);
		port_log("        cma      %lu\n", zone.cma);
		port_log("        protection: (");
		for (unsigned type = 0; type < MAX_NR_ZONES; type++)
			port_log("%s%lu", type ? ", " : "", zone.lowmem_reserve[type]);
		port_log(")\n");
		port_log("      %-12s %lu\n", "nr_free_pages", zone.free);
		port_log("      %-12s %lu\n", "nr_free_pcp", zone.pcp);
		port_log("      %-12s %lu\n", "nr_free_cma", zone.free_cma);
		port_log("      %-12s %lu\n", "nr_lru", zone.lru);
		port_log("      %-12s %lu\n", "nr_dirty", zone.dirty);
		port_log("      %-12s %lu\n", "nr_writeback", zone.writeback);
		port_log("  start_pfn:           %lu\n", zone.start_pfn);
		port_log("  clock_pfn:           %lu\n", zone.clock_pfn);
		port_log("  migrate_pfn:         %lu\n", zone.migrate_pfn);
		port_log("  free_pfn:            %lu\n", zone.free_pfn);
	}
}

/*
 * One name and value per line: pages first, then events since start-up.  What Linux counts
 * in pages and by zone (pgalloc_normal) is here one count of blocks, pgalloc.  numa_hit is
 * what numa_miss leaves of them; nr_accounted, what of __GFP_ACCOUNT has not been freed.
 * Follows Linux 6.1, vmstat_show().
 */
void show_vmstat(void)
{
	const struct {
		const char *name;
		unsigned long value;
	} row[] = {
		{"nr_free_pages", nr_free_pages()},
		{"nr_free_pcp", nr_pcp_pages()},
		{"nr_free_cma", nr_free_cma_pages()},
		{"nr_free_highatomic", nr_free_highatomic_pages()},
		{"nr_accounted", vm_events(PGACCOUNT) - vm_events(PGUNACCOUNT)},
		{"numa_hit", vm_events(PGALLOC) - vm_events(NUMA_MISS)},
	};

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		port_log("%s %lu\n", row[i].name, row[i].value);
	for (unsigned item = 0; item < NR_VM_EVENT_ITEMS; item++)
		port_log("%s %lu\n", vm_event_name[item], (unsigned long)vm_events(item));
}

static void show_kib(const char *name, unsigned long nr_pages)
{
	port_log("%-16s%8lu kB\n", name, kib(nr_pages));
}

/*
 * What there is and what is left.  MemTotal is what the allocator manages,
 * MemFree what its lists hold, PcpFree what the per-CPU caches hold on top of
 * it, MemAvailable what is free above the high watermarks and what of the reclaimable can be
 * had without hurting.  High and Low are without and with a permanent mapping, Cma of CMA
 * areas.  Reclaimable is what Linux splits into Active and Inactive: a clock keeps no lists.
 * There is no swap, so its rows are missing.
 * Follows Linux 6.1, meminfo_proc_show().
 */
void show_meminfo(void)
{
	unsigned long high_total = 0, high_free = 0, total = 0, free = 0, cma = 0;
	unsigned long lru = 0, dirty = 0, writeback = 0, low = 0;
	struct zone_info zone;

	for (unsigned i = 0; zone_info(i, &zone); i++) {
		total += zone.managed;
		free += zone.free;
		cma += zone.cma;
		lru += zone.lru;
		dirty += zone.dirty;
		writeback += zone.writeback;
		low += zone.wmark_low;
		if (zone_is_high(&zone)) {
			high_total += zone.managed;
			high_free += zone.free;
		}
	}
	show_kib("MemTotal:", total);
	show_kib("MemFree:", free);
	/*
	 * Half of it, or as much as the low marks, is somebody's working set
	 * (si_mem_available()).
	 */
	show_kib("MemAvailable:", nr_free_buffer_pages() + lru - (lru / 2 < low ? lru / 2 : low));
	show_kib("PcpFree:", nr_pcp_pages());
	show_kib("HighTotal:", high_total);
	show_kib("HighFree:", high_free);
	show_kib("LowTotal:", total - high_total);
	show_kib("LowFree:", free - high_free);
	show_kib("Reclaimable:", lru);
	show_kib("Dirty:", dirty);
	show_kib("Writeback:", writeback);
	show_kib("CmaTotal:", cma);
	show_kib("CmaFree:", nr_free_cma_pages());
}

#endif /* !BUDDY_TINY */
