// SPDX-License-Identifier: MIT
/*
 * memmap - a picture of all memory on one screen of 80 columns and 24 lines.
 *
 * Memory is cut into rows of 64 cells, a cell being a power of two of pages:
 * the smallest with which the rows that hold RAM are at most 16.  Rows without
 * RAM are left out, so that 8 MiB, 1 GiB and banks that lie far apart all fill
 * the same screen; the address at the left shows where something is missing.
 *
 * A cell's letter says what most of its pages are, its case how full it is and
 * its colour the mobility: U, M and R for Unmovable, Movable, Reclaimable, H for the
 * Highatomic reserve, A for CMA areas, I for what is isolated.
 *
 * State: none.  Locks: none; page_use() reads a page's word as it is.
 *
 * Not here: exact figures (buddyinfo, pagetypeinfo; mm/show_mem.c).
 */
#include <string.h>

#include <buddy/mm.h>
#include <buddy/vmstat.h>
#include <port/port.h>

#include "boot/memmap.h"

#define ROW_CELLS      64U
#define MAX_ROWS       16U
#define MAX_ZONE_LINES 4U

/* How a kind of cell looks; the letters alone must tell all of them apart. */
enum look {
	LOOK_HOLE,
	LOOK_RESERVED,
	LOOK_PCP,
	LOOK_FREE,			       /* + migratetype */
	LOOK_PART = LOOK_FREE + MIGRATE_TYPES, /* partly allocated, + migratetype */
	LOOK_FULL = LOOK_PART + MIGRATE_TYPES, /* wholly allocated, + migratetype */
	NR_LOOKS = LOOK_FULL + MIGRATE_TYPES
};

static const struct {
	char letter;
	const char *colour; /* ANSI attributes */
} looks[NR_LOOKS] = {
	[LOOK_HOLE] = {' ', "0"},
	[LOOK_RESERVED] = {'x', "0;37;100"},
	[LOOK_PCP] = {'c', "0;30;46"},
	[LOOK_FREE + MIGRATE_UNMOVABLE] = {':', "0;31"},
	[LOOK_FREE + MIGRATE_MOVABLE] = {'.', "0;32"},
	[LOOK_FREE + MIGRATE_RECLAIMABLE] = {',', "0;33"},
	[LOOK_FREE + MIGRATE_HIGHATOMIC] = {'-', "0;35"},
	[LOOK_FREE + MIGRATE_CMA] = {'~', "0;34"},
	[LOOK_FREE + MIGRATE_ISOLATE] = {'=', "0;37"},
	[LOOK_PART + MIGRATE_UNMOVABLE] = {'u', "0;1;31"},
	[LOOK_PART + MIGRATE_MOVABLE] = {'m', "0;1;32"},
	[LOOK_PART + MIGRATE_RECLAIMABLE] = {'r', "0;1;33"},
	[LOOK_PART + MIGRATE_HIGHATOMIC] = {'h', "0;1;35"},
	[LOOK_PART + MIGRATE_CMA] = {'a', "0;1;34"},
	[LOOK_PART + MIGRATE_ISOLATE] = {'i', "0;1;37"},
	[LOOK_FULL + MIGRATE_UNMOVABLE] = {'U', "0;37;41"},
	[LOOK_FULL + MIGRATE_MOVABLE] = {'M', "0;30;42"},
	[LOOK_FULL + MIGRATE_RECLAIMABLE] = {'R', "0;30;43"},
	[LOOK_FULL + MIGRATE_HIGHATOMIC] = {'H', "0;37;45"},
	[LOOK_FULL + MIGRATE_CMA] = {'A', "0;37;44"},
	[LOOK_FULL + MIGRATE_ISOLATE] = {'I', "0;30;47"},
};

struct tally {
	unsigned long use[PAGE_USE_ALLOCATED + 1];
	unsigned long mt[MIGRATE_TYPES]; /* of the pages that are not reserved */
};

/* The end of the part of [pfn, end) that lies in pfn's section. */
static unsigned long section_end(unsigned long pfn, unsigned long end)
{
	unsigned long next = (pfn | (PAGES_PER_SECTION - 1)) + 1;

	return next < end ? next : end;
}

static bool has_ram(unsigned long pfn, unsigned long end)
{
	for (; pfn < end; pfn = section_end(pfn, end))
		if (pfn_valid(pfn))
			return true;
	return false;
}

static void count_cell(unsigned long pfn, unsigned long end, struct tally *t)
{
	memset(t, 0, sizeof(*t));
	while (pfn < end) {
		struct page_use_info info;
		unsigned long nr = 1;

		if (!pfn_valid(pfn)) {
			nr = section_end(pfn, end) - pfn;
			t->use[PAGE_USE_HOLE] += nr;
			pfn += nr;
			continue;
		}
		page_use(pfn, &info);
		/* A block that came and went meanwhile may not stop us. */
		if (info.nr_pages > nr)
			nr = info.nr_pages < end - pfn ? info.nr_pages : end - pfn;
		t->use[info.use] += nr;
		if (info.use != PAGE_USE_HOLE && info.use != PAGE_USE_RESERVED &&
		    info.migratetype < MIGRATE_TYPES)
			t->mt[info.migratetype] += nr;
		pfn += nr;
	}
}

static enum look cell_look(const struct tally *t)
{
	unsigned long allocated = t->use[PAGE_USE_ALLOCATED], reserved = t->use[PAGE_USE_RESERVED];
	unsigned long pcp = t->use[PAGE_USE_PCP], free = t->use[PAGE_USE_FREE];
	unsigned mt = 0;

	if (!(allocated + reserved + pcp + free))
		return LOOK_HOLE;
	for (unsigned i = 1; i < MIGRATE_TYPES; i++)
		if (t->mt[i] > t->mt[mt])
			mt = i;
	/* A quarter will do: an image in a large memory is worth a cell. */
	if (reserved > allocated && reserved * 4 >= allocated + reserved + pcp + free)
		return LOOK_RESERVED;
	if (allocated)
		return (enum look)((pcp + free ? LOOK_PART : LOOK_FULL) + mt);
	if (pcp > free)
		return LOOK_PCP;
	return (enum look)(LOOK_FREE + mt);
}

static unsigned count_rows(unsigned long cell, unsigned long start, unsigned long end)
{
	unsigned long row = cell * ROW_CELLS;
	unsigned rows = 0;

	for (unsigned long pfn = start & ~(row - 1); pfn < end && rows <= MAX_ROWS; pfn += row)
		rows += has_ram(pfn, pfn + row);
	return rows;
}

static void show_row(unsigned long pfn, unsigned long cell, bool colour)
{
	char text[ROW_CELLS * 16 + 8];
	enum look before = NR_LOOKS;
	unsigned at = 0;

	for (unsigned i = 0; i < ROW_CELLS; i++, pfn += cell) {
		struct tally t;
		enum look look;

		count_cell(pfn, pfn + cell, &t);
		look = cell_look(&t);
		if (colour && look != before) {
			const char *attr = looks[look].colour;

			text[at++] = '\x1b';
			text[at++] = '[';
			while (*attr)
				text[at++] = *attr++;
			text[at++] = 'm';
			before = look;
		}
		text[at++] = looks[look].letter;
	}
	text[at] = '\0';
	/* In pieces: a port's log line may be shorter than a row full of colours. */
	for (unsigned i = 0; i < at; i += 100)
		port_log("%.100s", text + i);
	port_log(colour ? "\x1b[0m|\n" : "|\n");
}

static void show_key(enum look look, const char *what, bool colour)
{
	if (colour)
		port_log("\x1b[%sm%c\x1b[0m %s", looks[look].colour, looks[look].letter, what);
	else
		port_log("%c %s", looks[look].letter, what);
}

static void show_legend(bool colour)
{
	static const char *const name[MIGRATE_TYPES] = {
		[MIGRATE_UNMOVABLE] = "unmovable  ",
		[MIGRATE_MOVABLE] = "movable  ",
		[MIGRATE_RECLAIMABLE] = "reclaimable  (full, part, free)\n",
		[MIGRATE_HIGHATOMIC] = "atomic  ",
		[MIGRATE_CMA] = "cma  ",
		[MIGRATE_ISOLATE] = "isolated  ",
	};

	for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
		show_key((enum look)(LOOK_FULL + mt), "", colour);
		show_key((enum look)(LOOK_PART + mt), "", colour);
		show_key((enum look)(LOOK_FREE + mt), name[mt], colour);
	}
	show_key(LOOK_PCP, "cached  ", colour);
	show_key(LOOK_RESERVED, "reserved  ", colour);
	port_log("blank: no RAM\n");
}

/* The screen has four lines left for them; buddyinfo knows them all. */
static void show_zones(void)
{
	struct zone_info zone;

	if (zone_info(MAX_ZONE_LINES, &zone))
		return;
	for (unsigned i = 0; zone_info(i, &zone); i++) {
		unsigned long end = zone.start_pfn + zone.spanned - 1;

		port_log("%-8s 0x%08lx-0x%08lx  %7lu pages, %lu free\n", zone.name,
			 zone.start_pfn << PAGE_SHIFT, (end << PAGE_SHIFT) | (PAGE_SIZE - 1),
			 zone.managed, zone.free + zone.pcp);
	}
}

void memmap_show(bool colour)
{
	unsigned long start = 0, end = MAX_PFN, cell = 1;

	while (start < end && !pfn_valid(start))
		start = section_end(start, end);
	while (end > start && !pfn_valid(end - 1))
		end = (end - 1) & ~(unsigned long)(PAGES_PER_SECTION - 1);
	if (start == end) {
		port_log("no memory yet\n");
		return;
	}
	while (count_rows(cell, start, end) > MAX_ROWS)
		cell *= 2;

	port_log("one cell: %lu %s, %lu KiB\n", cell, cell == 1 ? "page" : "pages",
		 cell << (PAGE_SHIFT - 10));
	for (unsigned long pfn = start & ~(cell * ROW_CELLS - 1); pfn < end;
	     pfn += cell * ROW_CELLS) {
		if (!has_ram(pfn, pfn + cell * ROW_CELLS))
			continue;
		port_log("%08lx |", pfn << PAGE_SHIFT);
		show_row(pfn, cell, colour);
	}
	show_legend(colour);
	show_zones();
}
