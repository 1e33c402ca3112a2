// SPDX-License-Identifier: MIT
/*
 * mm_init - from ranges of RAM to zones with free pages.
 *
 * Once, on one CPU, in this order: which sections hold RAM and whose they are;
 * one allocation from memblock for all tables; zones; descriptors; hand-over of
 * every free page; watermarks, zonelists, per-CPU caches; memblock is closed.
 *
 * Sections (PAGES_PER_SECTION pages) are the unit: each belongs to one zone of
 * one node, so that blocks, buddies and pageblocks never straddle a border and
 * a buddy's descriptor always exists.  A section that two nodes share goes to
 * the first of them, with a line on the console.
 *
 * State: everything marked [I] in mmzone.h.  Locks: none are needed yet; the
 * zones' are taken where the callee asks for it.
 */
#include <string.h>

#include <buddy/init.h>
#include <mm/internal.h>

struct zone *zones;
unsigned nr_zones;
struct node *nodes;
struct mm_cpu *mm_cpus[PORT_NR_CPUS];
unsigned nr_mm_cpus;

static const char *const zone_names[MAX_NR_ZONES] = {"DMA", "Normal", "HighMem", "Movable"};

/* Borders of the zone types, in frames: a type is [bound[t], bound[t + 1]). */
static unsigned long bound[MAX_NR_ZONES + 1];

/* ---- ranges and sections ---------------------------------------------- */

/* The i-th range of RAM in whole frames; false past the end.  May be empty. */
static bool ram_range(unsigned i, unsigned long *start, unsigned long *end, unsigned *nid)
{
	const struct memblock_region *r = memblock_memory(i);
	uint64_t last = (uint64_t)MAX_PFN << PAGE_SHIFT, to;

	if (!r)
		return false;
	to = r->base + r->size < last ? r->base + r->size : last;
	*start = (unsigned long)(((r->base < last ? r->base : last) + PAGE_SIZE - 1) >> PAGE_SHIFT);
	*end = (unsigned long)(to >> PAGE_SHIFT);
	*nid = r->nid >= 0 && r->nid < BUDDY_MAX_NODES ? (unsigned)r->nid : 0;
	if (*end < *start)
		*end = *start;
	return true;
}

/*
 * Numbers the sections that hold RAM, lowest first.  While mm_init() runs
 * section_nid says whose each one is.
 */
static uint8_t section_nid[NR_MEM_SECTIONS];

static unsigned find_sections(void)
{
	unsigned long start, end;
	unsigned nid, nr = 0;

	memset(section_to_map, 0xff, sizeof(section_to_map));
	for (unsigned i = 0; ram_range(i, &start, &end, &nid); i++) {
		for (unsigned long s = start >> PFN_SECTION_SHIFT;
		     start < end && s <= (end - 1) >> PFN_SECTION_SHIFT; s++) {
			if (section_to_map[s] == SECTION_NONE) {
				section_to_map[s] = (uint16_t)nr;
				map_to_section[nr++] = (uint16_t)s;
				section_nid[s] = (uint8_t)nid;
			} else if (section_nid[s] != nid) {
				port_log("mm: 0x%lx KiB: nodes %u and %u share %u KiB, all of it "
					 "goes to node %u\n",
					 s << PFN_SECTION_SHIFT << (PAGE_SHIFT - 10),
					 section_nid[s], nid,
					 PAGES_PER_SECTION << (PAGE_SHIFT - 10), section_nid[s]);
			}
		}
	}
	return nr;
}

/* ---- zones --------------------------------------------------------------- */

static unsigned long section_floor(uint64_t phys)
{
	uint64_t pfn = phys >> PAGE_SHIFT;

	if (pfn > MAX_PFN)
		pfn = MAX_PFN;
	return (unsigned long)pfn & ~(unsigned long)(PAGES_PER_SECTION - 1);
}

/* The lowest frame such that RAM from there on is at least `pages`. */
static unsigned long top_pages(uint64_t pages)
{
	unsigned long start, end, pfn = MAX_PFN;
	unsigned nid, n = 0;

	while (ram_range(n, &start, &end, &nid))
		n++;
	while (n-- && pages) {
		ram_range(n, &start, &end, &nid);
		if (pages <= end - start)
			return end - (unsigned long)pages;
		pages -= end - start;
		pfn = start;
	}
	return pfn;
}

static int find_bounds(const struct mm_limits *limits)
{
	unsigned long dma = section_floor(limits->dma_limit);
	unsigned long high = limits->highmem_start ? section_floor(limits->highmem_start) : MAX_PFN;
	unsigned long movable = MAX_PFN;

	if (limits->movablecore)
		movable = section_floor(
			(uint64_t)top_pages((limits->movablecore + PAGE_SIZE - 1) >> PAGE_SHIFT)
			<< PAGE_SHIFT);
	if (high < dma) {
		port_log("mm_init: highmem_start lies below dma_limit: a page cannot be both\n");
		return -EINVAL;
	}
	if (movable < dma) {
		port_log("mm_init: movablecore reaches into ZONE_DMA: less than the RAM above "
			 "dma_limit expected\n");
		return -EINVAL;
	}
	bound[ZONE_DMA] = 0;
	bound[ZONE_NORMAL] = dma;
	bound[ZONE_HIGHMEM] = min_t(high, movable);
	bound[ZONE_MOVABLE] = movable;
	bound[MAX_NR_ZONES] = MAX_PFN;
	max_low_pfn = high;
	return 0;
}

static enum zone_type section_zone_type(unsigned section)
{
	unsigned long pfn = (unsigned long)section << PFN_SECTION_SHIFT;
	unsigned type = ZONE_MOVABLE;

	while (pfn < bound[type])
		type--;
	return (enum zone_type)type;
}

/* Which zones have a section, and their zids by rising address of the first one. */
static uint8_t zid_of[BUDDY_MAX_NODES][MAX_NR_ZONES];

static unsigned number_zones(unsigned nr_sections)
{
	unsigned nr = 0;

	memset(zid_of, 0xff, sizeof(zid_of));
	for (unsigned i = 0; i < nr_sections; i++) {
		uint8_t *zid = &zid_of[section_nid[map_to_section[i]]]
				      [section_zone_type(map_to_section[i])];

		if (*zid == 0xff)
			*zid = (uint8_t)nr++;
	}
	return nr;
}

static void init_zones(unsigned nr_sections)
{
	unsigned long start, end;
	unsigned nid;

	for (unsigned n = 0; n < BUDDY_MAX_NODES; n++)
		for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
			struct zone *zone = &zones[zid_of[n][t]];

			if (zid_of[n][t] == 0xff)
				continue;
			zone->name = zone_names[t];
			zone->type = (enum zone_type)t;
			zone->nid = (uint8_t)n;
			zone->zid = zid_of[n][t];
			zone->lock = (struct port_spinlock)PORT_SPINLOCK_INIT;
			init_free_lists(zone);
		}
	for (unsigned long i = 0; i < nr_sections; i++) {
		unsigned s = map_to_section[i];

		for (unsigned p = 0; p < PAGES_PER_SECTION; p += pageblock_nr_pages)
			init_pageblock(mem_map + (i << PFN_SECTION_SHIFT) + p,
				       zid_of[section_nid[s]][section_zone_type(s)],
				       MIGRATE_MOVABLE);
	}
	/* Spans and present pages, section by section: a range may cross zones. */
	for (unsigned i = 0; ram_range(i, &start, &end, &nid); i++)
		while (start < end) {
			unsigned long next = (start | (PAGES_PER_SECTION - 1)) + 1;
			struct zone *zone = page_zone(pfn_to_page(start));

			next = next < end ? next : end;
			if (!zone->present_pages)
				zone->zone_start_pfn = start;
			zone->present_pages += next - start;
			zone->spanned_pages = next - zone->zone_start_pfn;
			start = next;
		}
}

/* ---- tables: one allocation ------------------------------------------------ */

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

static size_t mm_cpu_bytes(void)
{
	return (size_t)round_up(sizeof(struct mm_cpu) + nr_zones * sizeof(mm_cpus[0]->list[0]),
				PORT_CACHELINE);
}

/* A cut off the front of [*at, ...), aligned to a cache line. */
static void *carve(char **at, size_t bytes)
{
	void *p = *at;

	*at += round_up(bytes, PORT_CACHELINE);
	return p;
}

/*
 * The caches' sizes depend on the zones, which lie in the same allocation: so
 * room is made as if every zone were large, less than 12 KiB per zone and CPU.
 */
static size_t slots_bytes(unsigned nr_cpus)
{
	struct zone large = {.present_pages = MAX_PFN};

	return pcp_bytes(&large, 1, nr_cpus) * nr_zones;
}

/* One allocation: tables, then from a whole section on the descriptors (pageblock.c). */
static int alloc_tables(unsigned nr_sections, unsigned nr_cpus)
{
	const uint64_t section_bytes = PAGES_PER_SECTION * sizeof(struct page);
	uint64_t cpu_bytes = round_up(mm_cpu_bytes() + slots_bytes(nr_cpus), PORT_CACHELINE);
	uint64_t lead = round_up(PB_BYTES, PORT_CACHELINE) +
			round_up(nr_zones * sizeof(struct zone), PORT_CACHELINE) +
			round_up(BUDDY_MAX_NODES * sizeof(struct node), PORT_CACHELINE) +
			cpu_bytes * nr_cpus;
	uint64_t bytes;
	phys_addr_t phys;
	char *at;

	lead = round_up(lead, section_bytes);
	MM_ASSERT(lead / sizeof(struct page) <= MAX_INDEX - MAX_PFN);
	bytes = round_up(lead + nr_sections * section_bytes, PAGE_SIZE);
	/* An end of 0 would be no limit at all: without lowmem there is no place. */
	phys = 0;
	if (max_low_pfn)
		phys = memblock_phys_alloc_range(bytes, PAGE_SIZE, 0,
						 (uint64_t)max_low_pfn << PAGE_SHIFT, "mem_map");
	if (!phys) {
		port_log("mm_init: %lu KiB for descriptors do not fit into the free RAM\n",
			 (unsigned long)(bytes >> 10));
		return -ENOMEM;
	}
	at = port_phys_to_virt(phys);
	for (uint64_t i = 0; i < bytes; i += PAGE_SIZE)
		port_clear_page(at + i);

	mem_map = (struct page *)(at + lead);
	nr_map_pages = nr_sections * PAGES_PER_SECTION;
	init_pageblocks(carve(&at, PB_BYTES));
	zones = carve(&at, nr_zones * sizeof(struct zone));
	nodes = carve(&at, BUDDY_MAX_NODES * sizeof(struct node));
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		mm_cpus[cpu] = carve(&at, (size_t)cpu_bytes);
	nr_mm_cpus = nr_cpus;
	return 0;
}

/* ---- descriptors and hand-over --------------------------------------------- */

/* RAM frames of [base, base + size): each is marked as reserved. */
static void mark_reserved(uint64_t base, uint64_t size)
{
	uint64_t from = base >> PAGE_SHIFT, to = (base + size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	unsigned long start, end;
	unsigned nid;

	for (unsigned i = 0; ram_range(i, &start, &end, &nid); i++) {
		start = from > start ? (unsigned long)min_t(from, (uint64_t)end) : start;
		end = to < end ? (unsigned long)to : end;
		for (unsigned long pfn = start; pfn < end; pfn++)
			set_page_word(pfn_to_page(pfn), PAGE_STATE_RESERVED);
	}
}

/* Frees [start, end) in the largest blocks that fit. */
static void free_range(unsigned long start, unsigned long end)
{
	while (start < end) {
		unsigned order = start ? (unsigned)__builtin_ctzl(start) : MAX_ORDER;
		struct page *page = pfn_to_page(start);
		struct zone *zone = page_zone(page);
		port_irqflags_t flags;

		order = min_t(order, (unsigned)MAX_ORDER);
		while (1UL << order > end - start)
			order--;
		flags = port_irq_save();
		port_spin_lock(&zone->lock);
		__free_one_page(zone, page, order);
		port_spin_unlock(&zone->lock);
		port_irq_restore(flags);
		zone->managed_pages += 1UL << order;
		start += 1UL << order;
	}
}

/*
 * Every page of RAM that is not reserved goes to its zone: the start of a
 * free range rounds up, its end down.
 */
static void hand_over(void)
{
	const struct memblock_region *r;
	uint64_t iter = 0;
	phys_addr_t start, end;
	int nid;

	for (unsigned i = 0; (r = memblock_reserved(i)); i++)
		mark_reserved(r->base, r->size);
	while (memblock_next_free(&iter, &start, &end, &nid)) {
		uint64_t from = (start + PAGE_SIZE - 1) >> PAGE_SHIFT, to = end >> PAGE_SHIFT;

		to = min_t(to, (uint64_t)MAX_PFN);
		if (from < to)
			free_range((unsigned long)from, (unsigned long)to);
	}
	memblock_close();
}

/* ---- zonelists ---------------------------------------------------------------- */

/* Zones of node nid from type `highest` down. */
static struct zone **append_zones(struct zone **list, unsigned nid, int highest)
{
	for (; highest >= 0; highest--)
		if (zid_of[nid][highest] != 0xff)
			*list++ = &zones[zid_of[nid][highest]];
	return list;
}

/* This node first, then the others by distance: the difference of their numbers. */
static void build_zonelists(void)
{
	for (int nid = 0; nid < BUDDY_MAX_NODES; nid++)
		for (int highest = 0; highest < MAX_NR_ZONES; highest++) {
			struct node *node = &nodes[nid];
			struct zone **list = node->zonelist[highest];

			append_zones(node->thisnode[highest], (unsigned)nid, highest);
			list = append_zones(list, (unsigned)nid, highest);
			for (int d = 1; d < BUDDY_MAX_NODES; d++) {
				if (nid + d < BUDDY_MAX_NODES)
					list = append_zones(list, (unsigned)(nid + d), highest);
				if (nid - d >= 0)
					list = append_zones(list, (unsigned)(nid - d), highest);
			}
		}
}

static void init_cpus(void)
{
	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++) {
		struct mm_cpu *c = mm_cpus[cpu];

		c->map_base = map_base;
		c->node = &nodes[0];
		pcp_init_cpu(c, (char *)c + mm_cpu_bytes(), nr_mm_cpus);
	}
}

int mm_init(const struct mm_limits *limits)
{
	unsigned nr_cpus = limits->nr_cpus ? limits->nr_cpus : PORT_NR_CPUS;
	unsigned nr_sections;
	int err;

	if (memblock_is_closed()) {
		port_log("mm_init: called twice: the zones own the memory already\n");
		return -EPERM;
	}
	if (nr_cpus > PORT_NR_CPUS) {
		port_log("mm_init: nr_cpus %u: at most PORT_NR_CPUS, %u, expected\n", nr_cpus,
			 (unsigned)PORT_NR_CPUS);
		return -EINVAL;
	}
	err = find_bounds(limits);
	if (err)
		return err;
	nr_sections = find_sections();
	if (!nr_sections) {
		port_log("mm_init: no whole page of RAM: memblock_add() expected before\n");
		return -EINVAL;
	}
	nr_zones = number_zones(nr_sections);
	err = alloc_tables(nr_sections, nr_cpus);
	if (err)
		return err;
	init_zones(nr_sections);
	hand_over();
	setup_per_zone_wmarks(limits->min_free_kbytes);
	setup_lowmem_reserve(limits->lowmem_reserve_ratio);
	build_zonelists();
	init_cpus();
	return 0;
}

int mm_init_cpu(unsigned cpu)
{
	port_irqflags_t flags;

	if (cpu >= nr_mm_cpus) {
		port_log("mm_init_cpu: cpu %u: less than nr_cpus, %u, expected\n", cpu, nr_mm_cpus);
		return -EINVAL;
	}
	flags = port_irq_save();
	port_set_percpu(mm_cpus[cpu]);
	WRITE_ONCE(mm_cpus[cpu]->online, 1);
	port_irq_restore(flags);
	return 0;
}
