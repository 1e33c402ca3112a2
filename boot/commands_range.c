// SPDX-License-Identifier: MIT
/*
 * commands_range - the monitor on ranges of frames and on nodes.
 *
 *	cma				the areas
 *	cma alloc NAME PAGES [ALIGN]	ALIGN is an order: at a multiple of 2^ALIGN pages
 *	cma release ADDR PAGES		all of them or a part
 *	offline ADDR MIB		out of service, if nothing in them is in use
 *	online ADDR MIB			and back
 *	nodes				how far they are apart, what is in them
 *
 * Only what cannot be said in the library's terms is refused here; the rest is
 * passed on as it was typed, for the library to refuse and the reader to see why.
 *
 * State: none.  Context: the monitor's, interrupts on, no lock: the library waits
 * for other cores.
 *
 * Not here: blocks (commands.c), reading lines (monitor.c).
 */
#include "boot/commands_range.h"

#include <string.h>

#include <buddy/buddy.h>
#include <port/port.h>

/* Pages of a MiB; more MiB than this there are not. */
#define MIB_PAGES (1UL << (20 - PAGE_SHIFT))
#define MAX_MIB	  (1UL << 12)

static unsigned long kib(unsigned long nr_pages)
{
	return nr_pages << (PAGE_SHIFT - 10);
}

static unsigned long address(unsigned long pfn)
{
	return pfn << PAGE_SHIFT;
}

/* An address as a frame; false after a line. */
static bool frame(const char *text, unsigned long *pfn)
{
	uint32_t value;

	if (!monitor_number("ADDR", text, &value))
		return false;
	if (value & (PAGE_SIZE - 1)) {
		port_log("%s: ADDR is to be a multiple of 0x%lx, a page\n", text, PAGE_SIZE);
		return false;
	}
	*pfn = value >> PAGE_SHIFT;
	return true;
}

/* ---- CMA ------------------------------------------------------------------------ */

static unsigned long cma_pfn(const struct cma *cma)
{
	return (unsigned long)(cma_base(cma) >> PAGE_SHIFT);
}

/* Pages that nobody has at this moment, be they in a CPU's cache. */
static unsigned long count_free(const struct cma *cma)
{
	unsigned long pfn = cma_pfn(cma), end = pfn + cma_nr_pages(cma), nr = 0;
	struct page_use_info info;

	for (; pfn < end; pfn += info.nr_pages ? info.nr_pages : 1) {
		page_use(pfn, &info);
		if (info.use == PAGE_USE_FREE || info.use == PAGE_USE_PCP)
			nr += info.nr_pages < end - pfn ? info.nr_pages : end - pfn;
	}
	return nr;
}

static void list_areas(void)
{
	const struct cma *cma;

	for (unsigned i = 0; (cma = cma_area(i)); i++)
		port_log("  %-16s 0x%08lx  %lu pages, %lu KiB: %lu allocated, %lu free%s\n",
			 cma_name(cma), address(cma_pfn(cma)), cma_nr_pages(cma),
			 kib(cma_nr_pages(cma)), cma_nr_alloced(cma), count_free(cma),
			 cma == cma_default() ? ", default" : "");
	if (!cma_area(0))
		port_log("none: the boot argument cma=SIZE makes one, and the device tree may\n");
}

static enum command_result alloc_from_area(unsigned nr_args, char **args)
{
	struct cma *cma = cma_find(args[0]);
	uint32_t nr, align = 0;
	struct page *page;

	if (!monitor_number("PAGES", args[1], &nr) ||
	    (nr_args > 2 && !monitor_number("ALIGN", args[2], &align)))
		return COMMAND_USAGE;
	if (!cma) {
		port_log("%s: no such area; `cma` lists them\n", args[0]);
		return COMMAND_FAILED;
	}
	if (align > pageblock_order) {
		port_log("refused: ALIGN is an order, 0 to %u\n", pageblock_order);
		return COMMAND_FAILED;
	}
	if (!nr || nr > cma_nr_pages(cma)) {
		port_log("refused: PAGES is 1 to %lu, all of the area\n", cma_nr_pages(cma));
		return COMMAND_FAILED;
	}
	page = cma_alloc(cma, nr, align, true);
	if (!page) {
		port_log("no %lu free pages in a row: %lu of %lu are allocated%s%s\n",
			 (unsigned long)nr, cma_nr_alloced(cma), cma_nr_pages(cma),
			 *contig_busy_reason() ? "; last seen in the way: " : "",
			 contig_busy_reason());
		return COMMAND_FAILED;
	}
	port_log("  0x%08lx  %lu pages, %lu KiB; give them back with: cma release 0x%lx %lu\n",
		 address(page_to_pfn(page)), (unsigned long)nr, kib(nr), address(page_to_pfn(page)),
		 (unsigned long)nr);
	return COMMAND_OK;
}

static enum command_result release_to_area(char **args)
{
	unsigned long pfn;
	struct cma *cma;
	uint32_t nr;

	if (!frame(args[0], &pfn) || !monitor_number("PAGES", args[1], &nr))
		return COMMAND_USAGE;
	for (unsigned i = 0; (cma = cma_area(i)); i++)
		if (pfn - cma_pfn(cma) < cma_nr_pages(cma))
			break;
	if (!cma) {
		port_log("refused: 0x%08lx lies in no area; `cma` lists them\n", address(pfn));
		return COMMAND_FAILED;
	}
	if (!cma_release(cma, pfn_to_page(pfn), nr)) {
		port_log("refused; nothing was changed\n");
		return COMMAND_FAILED;
	}
	port_log("released\n");
	return COMMAND_OK;
}

enum command_result run_cma(unsigned nr_args, char **args)
{
	if (!nr_args) {
		list_areas();
		return COMMAND_OK;
	}
	if (!strcmp(args[0], "alloc") && nr_args >= 3)
		return alloc_from_area(nr_args - 1, args + 1);
	if (!strcmp(args[0], "release") && nr_args == 3)
		return release_to_area(args + 1);
	port_log("cma: alone, or followed by: alloc NAME PAGES [ALIGN], or: release ADDR PAGES\n");
	return COMMAND_USAGE;
}

const char *complete_cma(unsigned nth, unsigned i)
{
	static const char *const how[] = {"alloc", "release"};
	struct cma *cma;

	if (nth == 0)
		return i < 2 ? how[i] : NULL;
	cma = nth == 1 ? cma_area(i) : NULL;
	return cma ? cma_name(cma) : NULL;
}

/* ---- out of service and back ------------------------------------------------------ */

/* ADDR and MIB as frames; false after a line. */
static bool range(char **args, unsigned long *pfn, unsigned long *nr)
{
	uint32_t mib;

	if (!frame(args[0], pfn) || !monitor_number("MIB", args[1], &mib))
		return false;
	if (!mib || mib > MAX_MIB || mib * MIB_PAGES > MAX_PFN - *pfn) {
		port_log("%s: MIB is to be 1 or more, and the range is to end at 4 GiB\n", args[1]);
		return false;
	}
	*nr = mib * MIB_PAGES;
	return true;
}

enum command_result run_offline(unsigned nr_args, char **args)
{
	unsigned long pfn, nr;
	int err;

	(void)nr_args;
	if (!range(args, &pfn, &nr))
		return COMMAND_USAGE;
	err = offline_pages(pfn, nr);
	if (err == -EBUSY) {
		port_log("in use: %s, at 0x%08lx; nothing was changed\n", contig_busy_reason(),
			 address(contig_busy_pfn()));
	} else if (err) {
		port_log("refused: expected whole pageblocks (%lu KiB) of RAM in one zone, none of "
			 "it reserved\n",
			 kib(pageblock_nr_pages));
	} else {
		port_log("%lu pages are out of service; back with: online 0x%lx %s\n", nr,
			 address(pfn), args[1]);
	}
	return err ? COMMAND_FAILED : COMMAND_OK;
}

enum command_result run_online(unsigned nr_args, char **args)
{
	unsigned long pfn, nr;

	(void)nr_args;
	if (!range(args, &pfn, &nr))
		return COMMAND_USAGE;
	if (online_pages(pfn, nr)) {
		port_log("refused: not what `offline` took\n");
		return COMMAND_FAILED;
	}
	port_log("%lu pages are back\n", nr);
	return COMMAND_OK;
}

/* ---- nodes -------------------------------------------------------------------------- */

static struct zone_info zone; /* too large for a stack of a few KiB */

static unsigned long node_pages(int nid)
{
	unsigned long nr = 0;

	for (unsigned i = 0; zone_info(i, &zone); i++)
		if (zone.nid == nid)
			nr += zone.present;
	return nr;
}

static unsigned distance(int from, int to)
{
	unsigned given = mm_policy.distance[from][to];

	if (given)
		return given;
	return from == to ? 10 : 20;
}

static void show_node(int nid)
{
	const char *joint = "";

	port_log("node %d: %lu KiB; distance ", nid, kib(node_pages(nid)));
	for (int to = 0; to < BUDDY_MAX_NODES; to++) {
		if (!node_pages(to))
			continue;
		port_log("%s%u to ", joint, distance(nid, to));
		if (to == nid)
			port_log("itself");
		else
			port_log("node %d", to);
		joint = ", ";
	}
	port_log("\n");
	for (unsigned i = 0; zone_info(i, &zone); i++)
		if (zone.nid == nid)
			port_log("  %-8s 0x%08lx-0x%08lx  %lu pages, %lu free\n", zone.name,
				 address(zone.start_pfn),
				 address(zone.start_pfn + zone.spanned) - 1, zone.managed,
				 zone.free + zone.pcp);
}

enum command_result run_nodes(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	for (int nid = 0; nid < BUDDY_MAX_NODES; nid++)
		if (node_pages(nid))
			show_node(nid);
	return COMMAND_OK;
}
