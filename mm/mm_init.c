// SPDX-License-Identifier: MIT
/*
 * mm_init - from ranges of RAM to zones with free pages.
 *
 * Once, on one CPU, in this order: which sections hold RAM and whose they are;
 * one allocation from memblock for all tables; zones and their sizes; memblock is closed;
 * watermarks, zonelists; descriptors and hand-over of every free page (deferred.c);
 * per-CPU caches.
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

#if !BUDDY_TINY

struct mm_policy mm_policy;
struct zone *zones;
unsigned nr_zones;
struct node *nodes;
struct mm_cpu *mm_cpus[PORT_NR_CPUS];
unsigned nr_mm_cpus;

static const char *const zone_names[MAX_NR_ZONES] = {"DMA", "Normal", "HighMem", "Movable"};

/* Borders of the zone types, in frames: a type is [bound[t], bound[t + 1]). */
static unsigned long bound[MAX_NR_ZONES + 1];

/* ---- ranges and sections ---------------------------------------------- */

/*
 * Numbers the sections that hold RAM, lowest first.  section_zid says whose node each
 * is in, until the zones are numbered.
 */
#define section_nid section_zid

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

/*
 * What of all RAM is to be movable by movablecore and kernelcore: the smaller of both
 * wishes.
 */
static uint64_t movable_bytes(const struct mm_limits *limits)
{
	uint64_t total = memblock_phys_mem_size(), rest;

	if (!limits->kernelcore)
		return limits->movablecore;
	rest = total > limits->kernelcore ? total - limits->kernelcore : 0;
	return limits->movablecore && limits->movablecore < rest ? limits->movablecore : rest;
}

static int find_bounds(const struct mm_limits *limits)
{
	unsigned long dma = section_floor(limits->dma_limit);
	unsigned long high = limits->highmem_start ? section_floor(limits->highmem_start) : MAX_PFN;
	unsigned long movable = MAX_PFN;

	uint64_t core = movable_bytes(limits);

	if (core)
		movable = section_floor((uint64_t)top_pages((core + PAGE_SIZE - 1) >> PAGE_SHIFT)
					<< PAGE_SHIFT);
	if (!BUDDY_HIGHMEM && limits->highmem_start) {
		port_log("mm_init: highmem_start: 0 expected without BUDDY_HIGHMEM\n");
		return -EINVAL;
	}
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
#if BUDDY_HIGHMEM
	max_low_pfn = high;
#endif
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
		section_zid[map_to_section[i]] = *zid;
	}
	return nr;
}
#undef section_nid

/*
 * Spans, and the pages that are there and will be managed, section by section: a range may
 * cross zones.
 */
static void count_pages(void)
{
	unsigned long start, end;
	uint64_t iter = 0;
	unsigned nid;

	for (unsigned i = 0; ram_range(i, &start, &end, &nid); i++)
		while (start < end) {
			unsigned long next = (start | (PAGES_PER_SECTION - 1)) + 1;
			struct zone *zone = &zones[section_zid[start >> PFN_SECTION_SHIFT]];

			next = next < end ? next : end;
			if (!zone->present_pages)
				zone->zone_start_pfn = start;
			zone->present_pages += next - start;
			zone->spanned_pages = next - zone->zone_start_pfn;
			start = next;
		}
	while (next_free_frames(&iter, 0, MAX_PFN, &start, &end))
		for (; start < end;) {
			unsigned long next = (start | (PAGES_PER_SECTION - 1)) + 1;

			next = next < end ? next : end;
			zones[section_zid[start >> PFN_SECTION_SHIFT]].managed_pages +=
				next - start;
			start = next;
		}
}

static void init_zones(void)
{
	struct zone *zone;

	for (unsigned n = 0; n < BUDDY_MAX_NODES; n++)
		for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
			zone = &zones[zid_of[n][t]];
			if (zid_of[n][t] == 0xff)
				continue;
			zone->name = zone_names[t];
			zone->type = (enum zone_type)t;
			zone->nid = (uint8_t)n;
			zone->zid = zid_of[n][t];
			zone->low_flags = ALLOC_WMARK_LOW;
			zone->lock = (struct port_spinlock)PORT_SPINLOCK_INIT;
			/* Where there is a lower zone to turn to first, as Linux. */
			if (mm_policy.defrag_mode ||
			    (t == ZONE_NORMAL && zid_of[n][ZONE_DMA] != 0xff))
				zone->low_flags |= ALLOC_NOFRAGMENT;
			init_free_lists(zone);
		}
	count_pages();
	cma_init_areas();
	for_each_zone(zone)
		zone->nr_deferred = (uint32_t)zone->managed_pages;
}

/* ---- tables: one allocation ------------------------------------------------ */

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

static size_t mm_cpu_bytes(void)
{
#if BUDDY_PCP
	const size_t lists = nr_zones * sizeof(mm_cpus[0]->list[0]);
#else
	const size_t lists = 0;
#endif

	return (size_t)round_up(sizeof(struct mm_cpu) + lists, PORT_CACHELINE);
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
#if BUDDY_PCP
	struct zone large = {.present_pages = MAX_PFN};

	return pcp_bytes(&large, 1, nr_cpus) * nr_zones;
#else
	(void)nr_cpus;
	return 0;
#endif
}

static phys_addr_t alloc_in_largest(uint64_t bytes)
{
	uint64_t limit = (uint64_t)max_low_pfn << PAGE_SHIFT;
	const struct memblock_region *r, *largest = NULL;

	for (unsigned i = 0; (r = memblock_memory(i)); i++)
		if (r->base < limit && (!largest || r->size > largest->size))
			largest = r;
	if (!largest)
		return 0;
	if (largest->base + largest->size < limit)
		limit = largest->base + largest->size;
	return memblock_phys_alloc_range(bytes, PAGE_SIZE, largest->base, limit, "mem_map");
}

/* One allocation: tables, then from a whole section on the descriptors (pageblock.c). */
static int alloc_tables(unsigned nr_sections, unsigned nr_cpus)
{
	const uint64_t section_bytes = PAGES_PER_SECTION * sizeof(struct page);
	const unsigned notes_bytes =
		(PAGES_PER_SECTION >> pageblock_order) * (unsigned)sizeof(*pageblock_notes);
	uint64_t cpu_bytes = round_up(mm_cpu_bytes() + slots_bytes(nr_cpus), PORT_CACHELINE);
	uint64_t lead = round_up(2 * PB_BYTES, PORT_CACHELINE) +
			round_up(nr_zones * sizeof(struct zone), PORT_CACHELINE) +
			round_up(BUDDY_MAX_NODES * sizeof(struct node), PORT_CACHELINE) +
			round_up(nr_sections * notes_bytes, PORT_CACHELINE) + cpu_bytes * nr_cpus;
	uint64_t bytes;
	phys_addr_t phys;
	char *at;

	lead = round_up(lead, section_bytes > PAGE_SIZE ? section_bytes : PAGE_SIZE);
	MM_ASSERT(lead / sizeof(struct page) <= MAX_INDEX - MAX_PFN);
	bytes = round_up(lead + nr_sections * section_bytes, PAGE_SIZE);
	/*
	 * In the largest range of RAM, so that a small fast node is not filled with it;
	 * else anywhere.
	 */
	phys = alloc_in_largest(bytes);
	/* An end of 0 would be no limit at all: without lowmem there is no place. */
	if (!phys && max_low_pfn)
		phys = memblock_phys_alloc_range(bytes, PAGE_SIZE, 0,
						 (uint64_t)max_low_pfn << PAGE_SHIFT, "mem_map");
	if (!phys) {
		port_log("mm_init: %lu KiB for descriptors do not fit into the free RAM\n",
			 (unsigned long)(bytes >> 10));
		return -ENOMEM;
	}
	at = port_phys_to_virt(phys);
	for (uint64_t i = 0; i < lead; i += PAGE_SIZE)
		port_clear_page(at + i);

	mem_map = (struct page *)(at + lead);
	nr_map_pages = nr_sections * PAGES_PER_SECTION;
	init_pageblocks(carve(&at, 2 * PB_BYTES));
	zones = carve(&at, nr_zones * sizeof(struct zone));
	nodes = carve(&at, BUDDY_MAX_NODES * sizeof(struct node));
	pageblock_notes = carve(&at, nr_sections * notes_bytes);
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		mm_cpus[cpu] = carve(&at, (size_t)cpu_bytes);
	nr_mm_cpus = nr_cpus;
	return 0;
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

/* From a to b: 10 to itself, 20 to others where nothing else was said. */
static unsigned distance(unsigned a, unsigned b)
{
	unsigned d = mm_policy.distance[a][b];

	return d ? d : a == b ? 10 : 20;
}

/*
 * The nearest node that is not yet in the list; among equals the next higher number, then the
 * lowest, so that not all turn to the same one (as Linux's find_next_best_node()).
 */
static int next_node(unsigned nid, unsigned used)
{
	unsigned best = ~0U;
	int found = -1;

	for (unsigned i = 0; i < BUDDY_MAX_NODES; i++) {
		unsigned n = (nid + i) % BUDDY_MAX_NODES;

		if (!(used >> n & 1) && distance(nid, n) < best) {
			best = distance(nid, n);
			found = (int)n;
		}
	}
	return found;
}

/* This node first, then the others by distance. */
static void build_zonelists(void)
{
	for (unsigned nid = 0; nid < BUDDY_MAX_NODES; nid++) {
		nodes[nid].nid = (int)nid;
		for (int highest = 0; highest < MAX_NR_ZONES; highest++) {
			struct zone **list = nodes[nid].zonelist[highest];
			unsigned used = 1U << nid;
			int n = (int)nid;

			append_zones(nodes[nid].thisnode[highest], nid, highest);
			for (; n >= 0; n = next_node(nid, used)) {
				used |= 1U << n;
				list = append_zones(list, (unsigned)n, highest);
			}
		}
	}
}

static void init_cpus(void)
{
	pcp_init_detours();
	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++) {
		struct mm_cpu *c = mm_cpus[cpu];

		c->map_base = map_base;
		c->node = &nodes[0];
#if BUDDY_PCP
		pcp_init_cpu(c, (char *)c + mm_cpu_bytes(), nr_mm_cpus);
#else
		pcp_set_tables(c);
#endif
	}
	if (mm_policy.fair_zones)
		pcp_detour(DETOUR_NODES, true);
}

/* Whose address says "none", where RAM begins at 0 and is mapped there, is nobody's. */
static bool first_page_is_null(void)
{
	return memblock_is_region_memory(0, PAGE_SIZE) &&
	       !memblock_is_region_reserved(0, PAGE_SIZE) && !port_phys_to_virt(0);
}

int mm_init(const struct mm_limits *limits)
{
	unsigned nr_cpus = limits->nr_cpus ? limits->nr_cpus : PORT_NR_CPUS;
	unsigned nr_sections;
	bool null;
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
	null = first_page_is_null();
	err = null ? memblock_reserve(0, PAGE_SIZE, "NULL", MEMBLOCK_NONE) : 0;
	if (!err)
		err = alloc_tables(nr_sections, nr_cpus);
	if (err) {
		if (null)
			memblock_free(0, PAGE_SIZE);
		return err;
	}
	mm_unusual = mm_policy.defrag_mode + mm_policy.node_reclaim;
	gfpflags_init();
	alloc_report_init();
	oom_init();
	debug_reset();
	reclaim_init();
	init_zones();
	memblock_close();
	wmark_init(limits->min_free_kbytes, limits->lowmem_reserve_ratio);
	build_zonelists();
	deferred_start(nr_sections);
	init_cpus();
	slab_init();
	return 0;
}

int mm_set_cpu_node(unsigned cpu, int nid)
{
	if (cpu >= nr_mm_cpus || nid < 0 || nid >= BUDDY_MAX_NODES) {
		port_log("mm_set_cpu_node: cpu %u, node %d: less than %u and %u expected\n", cpu,
			 nid, nr_mm_cpus, (unsigned)BUDDY_MAX_NODES);
		return -EINVAL;
	}
	mm_cpus[cpu]->node = &nodes[nid];
	pcp_set_tables(mm_cpus[cpu]);
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

int mm_init_range(phys_addr_t base, phys_addr_t bytes, unsigned min_free_kbytes)
{
	const struct mm_limits limits = {.nr_cpus = 1, .min_free_kbytes = min_free_kbytes};
	int err = memblock_add(base, bytes, 0);

	if (!err)
		err = mm_init(&limits);
	return err ? err : mm_init_cpu(0);
}

#endif /* !BUDDY_TINY */
