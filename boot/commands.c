// SPDX-License-Identifier: MIT
/*
 * commands - what the monitor understands: one table, a function to a row.
 *
 * What `alloc` got is remembered in `held`, so that `blocks` can list it and
 * nothing is lost by scrolling away.  `free` hands on what was typed, right or
 * wrong: the allocator is to refuse what is wrong, and the reader to see it.
 *
 * State: held[], the boot core's.  Context: the monitor's.
 *
 * Not here: reading lines (monitor.c), the pictures (mm/show_mem.c, memmap.c),
 * ranges and nodes (commands_range.c), reclaim and compaction (commands_reclaim.c), the
 * card (commands_fs.c), debugging options (commands_debug.c), objects (commands_slab.c).
 */
#include <string.h>

#include <buddy/buddy.h>
#include <buddy/vmalloc.h>
#include <port/port.h>

#include "boot/bootargs.h"
#include "boot/commands_debug.h"
#include "boot/commands_fs.h"
#include "boot/commands_range.h"
#include "boot/commands_reclaim.h"
#include "boot/commands_slab.h"
#include "boot/demo.h"
#include "boot/gfpname.h"
#include "boot/memmap.h"
#include "boot/monitor.h"
#include "boot/power.h"
#include "boot/smp.h"
#include "boot/vmap.h"
#include "drivers/a9timer.h"

#define NR_HELD 64

static struct {
	struct page *page; /* NULL: no block */
	unsigned order;
} held[NR_HELD];

/* ---- pictures ----------------------------------------------------------------- */

static enum command_result run_buddyinfo(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	show_buddyinfo();
	return COMMAND_OK;
}

static enum command_result run_pagetypeinfo(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	show_pagetypeinfo();
	return COMMAND_OK;
}

static enum command_result run_zoneinfo(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	show_zoneinfo();
	return COMMAND_OK;
}

static enum command_result run_vmstat(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	show_vmstat();
	return COMMAND_OK;
}

static enum command_result run_meminfo(unsigned nr_args, char **args)
{
	struct vmalloc_info info;

	(void)nr_args, (void)args;
	show_meminfo();
	vmalloc_info(&info);
	port_log("%-16s%8lu kB\n", "VmallocUsed:", info.nr_pages << (PAGE_SHIFT - 10));
	port_log("%-16s%8lu kB\n",
		 "VmallocKept:", (info.nr_kept + vmap_table_pages()) << (PAGE_SHIFT - 10));
	port_log("%-16s%8lu kB\n", "VmallocChunk:", info.largest_free_pages << (PAGE_SHIFT - 10));
	return COMMAND_OK;
}

static enum command_result run_memmap(unsigned nr_args, char **args)
{
	if (nr_args && strcmp(args[0], "plain"))
		return COMMAND_USAGE;
	memmap_show(!nr_args);
	return COMMAND_OK;
}

static const char *complete_memmap(unsigned nth, unsigned i)
{
	return nth == 0 && i == 0 ? "plain" : NULL;
}

/* ---- blocks --------------------------------------------------------------------- */

static const char *zone_name(unsigned long pfn)
{
	static struct zone_info zone; /* too large for a stack of a few KiB */

	for (unsigned i = 0; zone_info(i, &zone); i++)
		if (pfn - zone.start_pfn < zone.spanned)
			return zone.name;
	return "none";
}

static void show_block(const struct page *page, unsigned order)
{
	unsigned long pfn = page_to_pfn(page);

	port_log("  0x%08lx  order %u, %u %s, %lu KiB, zone %s%s\n", pfn << PAGE_SHIFT, order,
		 1U << order, order ? "pages" : "page", 1UL << order << (PAGE_SHIFT - 10),
		 zone_name(pfn), page_address(page) ? "" : ", not mapped");
}

/* Forgets blocks that have been freed. */
static void update_held(void)
{
	for (unsigned i = 0; i < NR_HELD; i++)
		if (held[i].page && !page_count(held[i].page))
			held[i].page = NULL;
}

static enum command_result run_alloc(unsigned nr_args, char **args)
{
	gfp_t gfp = GFP_KERNEL;
	unsigned bad_len, i = 0;
	struct page *page;
	uint32_t order;
	const char *bad;
	char name[80];

	if (!monitor_number("ORDER", args[0], &order))
		return COMMAND_USAGE;
	if (nr_args > 1 && !gfp_parse(args[1], &gfp, &bad, &bad_len)) {
		args[1][(unsigned)(bad - args[1]) + bad_len] = '\0'; /* ends what is shown */
		port_log("'%s' is no gfp flag. Flags are joined by |, or given in hex:\n", bad);
		for (const char *n; (n = gfp_name(i)); i++)
			port_log(i % 3 == 2 || !gfp_name(i + 1) ? "%s\n" : "%-24s", n);
		return COMMAND_USAGE;
	}
	gfp_format(gfp, name, sizeof(name));
	page = alloc_pages(gfp, order);
	if (!page) {
		if (order > MAX_ORDER)
			port_log("refused: ORDER is 0 to %u\n", MAX_ORDER);
		else
			port_log("no block of order %lu for %s\n", (unsigned long)order, name);
		return COMMAND_FAILED;
	}
	update_held();
	for (i = 0; i < NR_HELD; i++) {
		if (!held[i].page) {
			held[i].page = page;
			held[i].order = order;
			break;
		}
	}
	show_block(page, order);
	port_log("  %s; give it back with: free 0x%lx %lu\n", name, page_to_pfn(page) << PAGE_SHIFT,
		 (unsigned long)order);
	return COMMAND_OK;
}

static const char *complete_alloc(unsigned nth, unsigned i)
{
	return nth == 1 ? gfp_name(i) : NULL;
}

static enum command_result run_free(unsigned nr_args, char **args)
{
	uint32_t address, order, refused = vm_events(BAD_FREE);
	unsigned long pfn;

	(void)nr_args;
	if (!monitor_number("ADDR", args[0], &address) || !monitor_number("ORDER", args[1], &order))
		return COMMAND_USAGE;
	pfn = address >> PAGE_SHIFT;
	if (!address) {
		port_log("NULL: nothing to free, and no mistake\n");
		return COMMAND_OK;
	}
	/* Memory without a mapping has no address: it is freed by its descriptor. */
	if (pfn_valid(pfn) && !page_address(pfn_to_page(pfn)) && !(address & (PAGE_SIZE - 1)))
		__free_pages(pfn_to_page(pfn), order);
	else
		free_pages((const void *)(uintptr_t)address, order);
	if (vm_events(BAD_FREE) != refused) {
		port_log("refused; nothing was changed\n");
		return COMMAND_FAILED;
	}
	update_held();
	port_log("freed\n");
	return COMMAND_OK;
}

static enum command_result run_blocks(unsigned nr_args, char **args)
{
	unsigned nr = 0;

	(void)nr_args, (void)args;
	update_held();
	for (unsigned i = 0; i < NR_HELD; i++) {
		if (!held[i].page)
			continue;
		show_block(held[i].page, held[i].order);
		nr++;
	}
	if (!nr)
		port_log("none: `alloc` gets some\n");
	return COMMAND_OK;
}

static enum command_result run_drain(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	port_log("%u pages went back from the CPUs' caches to their zones\n", drain_all_pages());
	return COMMAND_OK;
}

/* ---- checks --------------------------------------------------------------------- */

static enum command_result run_check(unsigned nr_args, char **args)
{
	unsigned broken = mm_check_quiet();

	(void)nr_args, (void)args;
	if (broken) {
		port_log("mm_check: %u invariants are broken\n", broken);
		monitor_failed();
		return COMMAND_FAILED;
	}
	port_log("mm_check: all invariants hold, every page is accounted for exactly once\n");
	return COMMAND_OK;
}

static enum command_result run_demo(unsigned nr_args, char **args)
{
	struct demo_options options = {.terminal = true};

	if (nr_args > 0 && !monitor_number("OPS", args[0], &options.ops))
		return COMMAND_USAGE;
	if (nr_args > 1 && !monitor_number("SEED", args[1], &options.seed))
		return COMMAND_USAGE;
	if (demo_run(&options)) {
		monitor_failed();
		return COMMAND_FAILED;
	}
	return COMMAND_OK;
}

static enum command_result run_misuse(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	if (demo_misuse()) {
		monitor_failed();
		return COMMAND_FAILED;
	}
	return COMMAND_OK;
}

/* ---- the machine ------------------------------------------------------------------ */

static enum command_result run_cpus(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++) {
		if (!smp_online(cpu))
			port_log("cpu%u  offline\n", cpu);
		else
			port_log("cpu%u  online, %lu timer ticks%s\n", cpu,
				 (unsigned long)smp_ticks(cpu),
				 cpu == port_cpu_id() ? ", runs the monitor" : "");
	}
	port_log("%u of %u online\n", smp_nr_online(), PORT_NR_CPUS);
	return COMMAND_OK;
}

static enum command_result run_uptime(unsigned nr_args, char **args)
{
	uint64_t now = a9timer_read();
	uint32_t rate = a9timer_rate();

	(void)nr_args, (void)args;
	port_log("%lu.%02lu s, by the global timer at %lu kHz\n", (unsigned long)(now / rate),
		 (unsigned long)(now % rate * 100 / rate), (unsigned long)(rate / 1000));
	return COMMAND_OK;
}

/* Linked in where there is one (bench/), as for mode=bench. */
extern int bench_main(void) __attribute__((weak));

static enum command_result run_bench(unsigned nr_args, char **args)
{
	int failed;

	(void)nr_args, (void)args;
	if (!bench_main) {
		port_log("this image has no benchmark linked in\n");
		return COMMAND_FAILED;
	}
	failed = bench_main();
	smp_set_tick(bootarg_uint("tick", SMP_TICK_HZ)); /* it measures without */
	if (failed) {
		monitor_failed();
		return COMMAND_FAILED;
	}
	return COMMAND_OK;
}

static enum command_result run_reboot(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	board_reboot();
}

static enum command_result run_poweroff(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	board_poweroff(monitor_status());
}

/* ---- the table -------------------------------------------------------------------- */

static enum command_result run_help(unsigned nr_args, char **args);

static const char *complete_help(unsigned nth, unsigned i)
{
	return nth == 0 ? commands[i].name : NULL;
}

/* clang-format off */
const struct command commands[] = {
	{ "help", "[COMMAND]", "this list, or one command's line", 0, 1, run_help, complete_help },
	{ "buddyinfo", "", "free blocks by zone and order", 0, 0, run_buddyinfo, NULL },
	{ "pagetypeinfo", "", "free blocks and pageblocks by mobility", 0, 0, run_pagetypeinfo, NULL },
	{ "zoneinfo", "", "sizes and watermarks of the zones, in pages", 0, 0, run_zoneinfo, NULL },
	{ "vmstat", "", "free pages, and events since start-up", 0, 0, run_vmstat, NULL },
	{ "meminfo", "", "what there is and what is left, in KiB", 0, 0, run_meminfo, NULL },
	{ "memmap", "[plain]", "a picture of all memory; plain: without colours", 0, 1, run_memmap, complete_memmap },
	{ "cpus", "", "the cores", 0, 0, run_cpus, NULL },
	{ "alloc", "ORDER [GFP]", "2^ORDER pages; GFP: GFP_ATOMIC|__GFP_ZERO or hex", 1, 2, run_alloc, complete_alloc },
	{ "free", "ADDR ORDER", "gives them back; try a wrong one", 2, 2, run_free, NULL },
	{ "blocks", "", "what `alloc` got and `free` has not had back", 0, 0, run_blocks, NULL },
	{ "drain", "", "empties the CPUs' caches into the zones", 0, 0, run_drain, NULL },
	{ "slabinfo", "", "caches of small objects, how full they are", 0, 0, run_slabinfo, NULL },
	{ "kmalloc", "BYTES", "a small object", 1, 1, run_kmalloc, NULL },
	{ "kfree", "ADDR", "gives it back; try a wrong one", 1, 1, run_kfree, NULL },
	{ "cma", "[HOW ...]", "CMA; alloc NAME PAGES [ALIGN]; release ADDR PAGES", 0, 4, run_cma, complete_cma },
	{ "offline", "ADDR MIB", "takes pageblocks out of service", 2, 2, run_offline, NULL },
	{ "online", "ADDR MIB", "takes them back", 2, 2, run_online, NULL },
	{ "nodes", "", "memory nodes, their distances and zones", 0, 0, run_nodes, NULL },
	{ "extfrag", "", "why blocks would not be had, by zone and order", 0, 0, run_extfrag, NULL },
	{ "compact", "[NODE]", "moves pages together; of one node", 0, 1, run_compact, NULL },
	{ "reclaim", "PAGES", "has so many given back by who can do without", 1, 1, run_reclaim, NULL },
	{ "kswapd", "", "background work: wanted, done, by which core", 0, 0, run_kswapd, NULL },
	{ "lru", "", "reclaimable and dirty pages, by zone", 0, 0, run_lru, NULL },
	{ "hoard", "[HOW ...]", "held; KIND PAGES [checkerboard]; drop [KIND]", 0, 3, run_hoard, complete_hoard },
	{ "oom", "", "takes memory until a hoard has to be given up", 0, 0, run_oom, NULL },
	{ "sd", "[HOW ...]", "the card; sum; scramble SEED N; sync; drop", 0, 3, run_sd, complete_sd },
	{ "check", "", "walks everything and names what is broken", 0, 0, run_check, NULL },
	{ "debug", "[NAME VALUE]", "debugging options; one of them set", 0, 2, run_debug, complete_debug },
	{ "owner", "[N]", "who holds what, the N largest; see page_owner", 0, 1, run_owner, NULL },
	{ "trace", "[N]", "the last N events of all cores; see trace", 0, 1, run_trace, NULL },
	{ "fail", "I,P,S,T", "each I-th fails: P %, after S pages, T times; or 0", 1, 1, run_fail, NULL },
	{ "selftest", "", "does the port do what the allocator asks of it?", 0, 0, run_selftest, NULL },
	{ "demo", "[OPS [SEED]]", "all cores allocate and free at once, verified", 0, 2, run_demo, NULL },
	{ "misuse", "", "double frees and other mistakes, to be refused", 0, 0, run_misuse, NULL },
	{ "bench", "", "counts what operations cost", 0, 0, run_bench, NULL },
	{ "uptime", "", "since the timer was started", 0, 0, run_uptime, NULL },
	{ "reboot", "", "starts the board anew", 0, 0, run_reboot, NULL },
	{ "poweroff", "", "the exit status tells if anything was broken", 0, 0, run_poweroff, NULL },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL },
};
/* clang-format on */

static void show_help(const struct command *c)
{
	port_log("  %-13s%-13s %s\n", c->name, c->args, c->help);
}

static enum command_result run_help(unsigned nr_args, char **args)
{
	for (const struct command *c = commands; c->name; c++) {
		if (!nr_args || !strcmp(args[0], c->name)) {
			show_help(c);
			if (nr_args)
				return COMMAND_OK;
		}
	}
	if (!nr_args)
		return COMMAND_OK;
	port_log("%s: no such command. `help` lists them all.\n", args[0]);
	return COMMAND_FAILED;
}
