// SPDX-License-Identifier: MIT
// NEEDS: CMA HIGHATOMIC MOBILITY PCP
/*
 * The /proc pictures: each line against a regular expression for Linux's
 * format, each number against what it stands for.
 */
#include <buddy/buddy.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

/* What the pictures are made of has to add up, on any machine. */
static void zone_facts_add_up(void)
{
	static struct zone_info zone;
	unsigned long free = 0, managed = 0, cma = 0, highatomic = 0;

	drain_all_pages();
	for (unsigned i = 0; zone_info(i, &zone); i++) {
		unsigned long pages = 0, pageblocks = 0;

		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
			pageblocks += zone.nr_pageblocks[mt];
			if (mt == MIGRATE_ISOLATE)
				continue; /* listed, but not free */
			for (unsigned order = 0; order < NR_ORDERS; order++)
				pages += zone.nr_free[order][mt] << order;
		}
		CHECK_EQ(pages, zone.free);
		CHECK_EQ(zone.pcp, 0);
		CHECK(zone.managed <= zone.present && zone.present <= zone.spanned);
		CHECK(zone.free <= zone.managed);
		CHECK(zone.free_cma + zone.free_highatomic <= zone.free);
		CHECK(zone.free_cma <= zone.cma &&
		      zone.free_highatomic <= zone.reserved_highatomic);
		CHECK(zone.boost <= zone.wmark_min && zone.deferred <= zone.managed);
		CHECK(pageblocks * pageblock_nr_pages >= zone.present);
		CHECK(zone.wmark_min <= zone.wmark_low && zone.wmark_low <= zone.wmark_high);
		free += zone.free;
		managed += zone.managed;
		cma += zone.free_cma;
		highatomic += zone.free_highatomic;
	}
	CHECK_EQ(cma, nr_free_cma_pages());
	CHECK_EQ(highatomic, nr_free_highatomic_pages());
	CHECK_EQ(free, nr_free_pages());
	CHECK_EQ(managed, nr_managed_pages());
}

#ifdef TEST_HOST

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What zones are made of here: at least a section. */
#define UNIT \
	((uint64_t)PAGE_SIZE << MAX_ORDER > 1 << 20 ? (uint64_t)PAGE_SIZE << MAX_ORDER : 1 << 20)
#define NID1  (BUDDY_MAX_NODES > 1 ? 1 : 0)
#define LARGE (MAX_ORDER > 5 ? 5 : MAX_ORDER)

/* Four kinds of zones, on two nodes where there are two, and a hole between them. */
static const struct geometry zoo = {
	.ram = {{0x60000000, 16 * UNIT, 0}, {0x60000000 + 24 * UNIT, 16 * UNIT, NID1}},
	.reserved = {{0x60000000, 3 * PAGE_SIZE, 0}},
	.limits = {.dma_limit = 0x60000000 + 4 * UNIT,
		   .highmem_start = 0x60000000 + 28 * UNIT,
		   .movablecore = 4 * UNIT},
};

static const char *cursor; /* the text still to be read */

static void picture(void (*show)(void))
{
	host_log_clear();
	show();
	cursor = host_log_text();
}

/* The next line, without its end; "" past the last. */
static const char *next_line(void)
{
	static char line[1024];
	size_t len = strcspn(cursor, "\n");

	if (len >= sizeof(line))
		len = sizeof(line) - 1;
	memcpy(line, cursor, len);
	line[len] = '\0';
	cursor += strcspn(cursor, "\n");
	if (*cursor)
		cursor++;
	return line;
}

static bool matches(const char *line, const char *pattern)
{
	regex_t re;
	bool ok;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB)) {
		printf("# bad pattern %s\n", pattern);
		return false;
	}
	ok = !regexec(&re, line, 0, NULL, 0);
	regfree(&re);
	if (!ok)
		printf("# line '%s' does not match '%s'\n", line, pattern);
	return ok;
}

/* The value of the first line of the picture that starts with `name`. */
static unsigned long value_of(const char *name)
{
	for (const char *p = host_log_text(); *p;) {
		if (!strncmp(p, name, strlen(name)))
			return strtoul(p + strlen(name), NULL, 10);
		p += strcspn(p, "\n");
		if (*p)
			p++;
	}
	check_failed(__FILE__, __LINE__, name);
	return 0;
}

static unsigned count_zones(void)
{
	static struct zone_info zone;
	unsigned nr = 0;

	while (zone_info(nr, &zone))
		nr++;
	return nr;
}

/* NR_ORDERS columns "%6lu " of a row, from its end; each must be what `want` says. */
static void check_columns(const char *line,
			  unsigned long (*want)(const struct zone_info *, unsigned order,
						unsigned mt),
			  const struct zone_info *zone, unsigned mt)
{
	size_t at = strlen(line);

	CHECK(at > 7 * NR_ORDERS);
	for (unsigned order = NR_ORDERS; at > 7 && order--;) {
		at -= 7;
		CHECK_EQ(strtoul(line + at, NULL, 10), want(zone, order, mt));
		CHECK(line[at + 6] == ' ');
	}
}

static unsigned long all_types(const struct zone_info *zone, unsigned order, unsigned mt)
{
	unsigned long sum = 0;

	(void)mt;
	for (unsigned i = 0; i < MIGRATE_TYPES; i++)
		sum += zone->nr_free[order][i];
	return sum;
}

static unsigned long one_type(const struct zone_info *zone, unsigned order, unsigned mt)
{
	return zone->nr_free[order][mt];
}

static void buddyinfo_has_linux_columns(void)
{
	static struct zone_info zone;
	char pattern[128];
	const char *line;

	REQUIRE(start(&zoo) == 0);
	CHECK_EQ(count_zones(), 4 + NID1);
	snprintf(pattern, sizeof(pattern), "^Node [01], zone {1,8}[A-Za-z]{3,8} ( *[0-9]+ ){%u}$",
		 (unsigned)NR_ORDERS);
	picture(show_buddyinfo);
	for (unsigned i = 0; zone_info(i, &zone); i++) {
		char word[16];
		int nid;

		line = next_line();
		CHECK(matches(line, pattern));
		CHECK_EQ(sscanf(line, "Node %d, zone %15s", &nid, word), 2);
		CHECK_EQ(nid, zone.nid);
		CHECK(!strcmp(word, zone.name));
		CHECK_EQ(strlen(line), 13 + 8 + 1 + 7 * NR_ORDERS);
		check_columns(line, all_types, &zone, 0);
	}
	CHECK(!*next_line());
}

static void pagetypeinfo_has_linux_tables(void)
{
	static const char *const type[] = {"Unmovable",	 "Movable", "Reclaimable",
					   "HighAtomic", "CMA",	    "Isolate"};
	static struct zone_info zone;
	char pattern[160], word[16], name[16];
	unsigned long number;
	const char *line;
	int nid;

	REQUIRE(start(&zoo) == 0);
	picture(show_pagetypeinfo);
	CHECK_EQ(sscanf(next_line(), "Page block order: %lu", &number), 1);
	CHECK_EQ(number, pageblock_order);
	CHECK_EQ(sscanf(next_line(), "Pages per block:  %lu", &number), 1);
	CHECK_EQ(number, pageblock_nr_pages);
	CHECK(!*next_line());

	snprintf(pattern, sizeof(pattern),
		 "^Free pages count per migrate type at order {1,2}( *[0-9]+ ){%u}$",
		 (unsigned)NR_ORDERS);
	CHECK(matches(next_line(), pattern));
	snprintf(pattern, sizeof(pattern),
		 "^Node    [01], zone {1,8}[A-Za-z]{3,8}, type {1,12}[A-Za-z]+ ( *[0-9]+ ){%u}$",
		 (unsigned)NR_ORDERS);
	for (unsigned i = 0; zone_info(i, &zone); i++) {
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
			line = next_line();
			CHECK(matches(line, pattern));
			CHECK_EQ(sscanf(line, "Node %d, zone %15[A-Za-z], type %15s", &nid, name,
					word),
				 3);
			CHECK(!strcmp(name, zone.name) && !strcmp(word, type[mt]));
			check_columns(line, one_type, &zone, mt);
		}
	}
	CHECK(!*next_line());
	CHECK(matches(next_line(), "^Number of blocks type( {1,12}[A-Za-z]+){6} $"));
	for (unsigned i = 0; zone_info(i, &zone); i++) {
		unsigned long blocks[MIGRATE_TYPES];

		line = next_line();
		CHECK_EQ(sscanf(line, "Node %d, zone %15s %lu %lu %lu %lu %lu %lu", &nid, name,
				&blocks[0], &blocks[1], &blocks[2], &blocks[3], &blocks[4],
				&blocks[5]),
			 8);
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			CHECK_EQ(blocks[mt], zone.nr_pageblocks[mt]);
		CHECK_EQ(strlen(line), 13 + 8 + 1 + 13 * MIGRATE_TYPES);
	}
	CHECK(!*next_line());
}

static void check_zone_line(const char *pattern, unsigned long want)
{
	const char *line = next_line();

	CHECK(matches(line, pattern));
	CHECK_EQ(strtoul(line + strcspn(line, "0123456789"), NULL, 10), want);
}

static void zoneinfo_has_linux_words(void)
{
	static struct zone_info zone;

	REQUIRE(start(&zoo) == 0);
	picture(show_zoneinfo);
	for (unsigned i = 0; zone_info(i, &zone); i++) {
		unsigned long r[4];

		CHECK(matches(next_line(), "^Node [01], zone {1,8}[A-Za-z]{3,8}$"));
		check_zone_line("^  pages free     [0-9]+$", zone.free);
		check_zone_line("^        boost    [0-9]+$", zone.boost);
		check_zone_line("^        min      [0-9]+$", zone.wmark_min);
		check_zone_line("^        low      [0-9]+$", zone.wmark_low);
		check_zone_line("^        high     [0-9]+$", zone.wmark_high);
		check_zone_line("^        spanned  [0-9]+$", zone.spanned);
		check_zone_line("^        present  [0-9]+$", zone.present);
		check_zone_line("^        managed  [0-9]+$", zone.managed);
		check_zone_line("^        cma      [0-9]+$", zone.cma);
		CHECK_EQ(sscanf(next_line(), "        protection: (%lu, %lu, %lu, %lu)", &r[0],
				&r[1], &r[2], &r[3]),
			 4);
		for (unsigned t = 0; t < MAX_NR_ZONES; t++)
			CHECK_EQ(r[t], zone.lowmem_reserve[t]);
		check_zone_line("^      nr_free_pages [0-9]+$", zone.free);
		check_zone_line("^      nr_free_pcp  [0-9]+$", zone.pcp);
		check_zone_line("^      nr_free_cma  [0-9]+$", zone.free_cma);
		check_zone_line("^      nr_lru       [0-9]+$", zone.lru);
		check_zone_line("^      nr_dirty     [0-9]+$", zone.dirty);
		check_zone_line("^      nr_writeback [0-9]+$", zone.writeback);
		check_zone_line("^  start_pfn:           [0-9]+$", zone.start_pfn);
		check_zone_line("^  clock_pfn:           [0-9]+$", zone.clock_pfn);
		check_zone_line("^  migrate_pfn:         [0-9]+$", zone.migrate_pfn);
		check_zone_line("^  free_pfn:            [0-9]+$", zone.free_pfn);
	}
	CHECK(!*next_line());
}

static void vmstat_counts_what_happens(void)
{
	unsigned long allocated, freed, refused;
	const char *line;
	unsigned lines = 0;
	struct page *page;

	picture(show_vmstat);
	while (*(line = next_line())) {
		CHECK(matches(line, "^[a-z_]+ [0-9]+$"));
		lines++;
	}
	CHECK_EQ(lines, 6 + NR_VM_EVENT_ITEMS);
	CHECK_EQ(value_of("nr_free_cma "), nr_free_cma_pages());
	CHECK_EQ(value_of("nr_free_highatomic "), nr_free_highatomic_pages());
	CHECK_EQ(value_of("nr_accounted "), 0);
	allocated = value_of("pgalloc ");
	freed = value_of("pgfree ");
	refused = value_of("bad_free ");

	page = alloc_pages(GFP_KERNEL, LARGE);
	REQUIRE(page);
	picture(show_vmstat);
	CHECK_EQ(value_of("pgalloc "), allocated + 1);
	CHECK_EQ(value_of("pgfree "), freed);
	CHECK_EQ(value_of("numa_hit ") + value_of("numa_miss "), allocated + 1);
	CHECK_EQ(value_of("nr_free_pages "), nr_free_pages());
	__free_pages(page, LARGE);
	__free_pages(page, LARGE);
	picture(show_vmstat);
	CHECK_EQ(value_of("pgfree "), freed + 1);
	CHECK_EQ(value_of("bad_free "), refused + 1);
}

/*
 * Each counter stands in every picture that has a row for it.  They are set by hand, as
 * the pictures must not depend on who counts.
 */
static void reserves_stand_in_every_picture(void)
{
	static struct zone_info zone, before;

	REQUIRE(zone_info(0, &before));
	zones[0].nr_free_cma = 96;
	zones[0].nr_free_highatomic = 32;
	zones[0].nr_reserved_highatomic = 64;
	zones[0].cma_pages = 128;
	zones[0].watermark_boost = 16;
	zones[0].nr_deferred = 8;
	mm_cpus[0]->events[PGACCOUNT] += 7;
	mm_cpus[0]->events[PGUNACCOUNT] += 4;

	REQUIRE(zone_info(0, &zone));
	CHECK(zone.free_cma == 96 && zone.free_highatomic == 32 && zone.cma == 128);
	CHECK(zone.reserved_highatomic == 64 && zone.boost == 16 && zone.deferred == 8);
	CHECK_EQ(zone.wmark_min, before.wmark_min + 16);
	CHECK_EQ(zone.wmark_low, before.wmark_low + 16);
	CHECK_EQ(zone.wmark_high, before.wmark_high + 16);
	CHECK_EQ(nr_free_buffer_pages(), zone.free - zone.wmark_high);
	picture(show_zoneinfo);
	CHECK_EQ(value_of("        boost"), 16);
	CHECK_EQ(value_of("        min"), before.wmark_min + 16);
	CHECK_EQ(value_of("        cma"), 128);
	CHECK_EQ(value_of("      nr_free_cma"), 96);
	picture(show_vmstat);
	CHECK_EQ(value_of("nr_free_cma "), 96);
	CHECK_EQ(value_of("nr_free_highatomic "), 32);
	CHECK_EQ(value_of("nr_accounted "), 3);
	picture(show_meminfo);
	CHECK_EQ(value_of("CmaTotal:"), 128 * PAGE_SIZE / 1024);
	CHECK_EQ(value_of("CmaFree:"), 96 * PAGE_SIZE / 1024);
	CHECK_EQ(value_of("MemAvailable:"), nr_free_buffer_pages() * (PAGE_SIZE / 1024));

	zones[0].nr_free_cma = zones[0].nr_free_highatomic = zones[0].nr_reserved_highatomic = 0;
	zones[0].cma_pages = zones[0].watermark_boost = zones[0].nr_deferred = 0;
}

static void meminfo_is_in_kilobytes(void)
{
	const unsigned long kib = PAGE_SIZE / 1024;
	unsigned long free, high;
	struct page *page;
	const char *line;

	REQUIRE(start(&zoo) == 0);
	picture(show_meminfo);
	while (*(line = next_line())) {
		CHECK(matches(line, "^[A-Z][A-Za-z]+: +[0-9]+ kB$"));
		CHECK_EQ(strlen(line), 16 + 8 + 3);
	}
	free = value_of("MemFree:");
	high = value_of("HighFree:");
	CHECK_EQ(value_of("MemTotal:"), nr_managed_pages() * kib);
	CHECK_EQ(free, nr_free_pages() * kib);
	CHECK_EQ(value_of("MemAvailable:"), nr_free_buffer_pages() * kib);
	CHECK_EQ(value_of("LowFree:"), free - high);
	/* The last 12 units have no mapping: HighMem and Movable, nothing reserved there. */
	CHECK_EQ(value_of("HighTotal:"), 12 * UNIT / 1024);
	CHECK_EQ(value_of("LowTotal:"), value_of("MemTotal:") - 12 * UNIT / 1024);

	page = alloc_pages_node(NID1, GFP_HIGHUSER, MAX_ORDER);
	REQUIRE(page);
	picture(show_meminfo);
	CHECK_EQ(value_of("MemFree:") + value_of("PcpFree:"), free - (kib << MAX_ORDER));
	CHECK(value_of("HighFree:") <= high - (kib << MAX_ORDER));
	__free_pages(page, MAX_ORDER);
}

/* A page that was freed lies in this CPU's cache. */
static void meminfo_shows_the_caches(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	__free_page(page);
	picture(show_meminfo);
	CHECK(nr_pcp_pages() > 0);
	CHECK_EQ(value_of("PcpFree:"), nr_pcp_pages() * (PAGE_SIZE / 1024));
	CHECK_EQ(value_of("MemFree:") + value_of("PcpFree:"), value_of("MemTotal:"));
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(zone_facts_add_up),
#ifdef TEST_HOST
	TEST(buddyinfo_has_linux_columns),
	TEST(pagetypeinfo_has_linux_tables),
	TEST(zoneinfo_has_linux_words),
	TEST(vmstat_counts_what_happens),
	TEST(meminfo_is_in_kilobytes),
	TEST(meminfo_shows_the_caches),
	TEST(reserves_stand_in_every_picture),
#endif
};
TEST_SUITE(show_mem, cases);
