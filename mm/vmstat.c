// SPDX-License-Identifier: MIT
/*
 * vmstat - counters, and one zone's or one frame's facts.
 *
 * The fast path counts once per allocation (pcp_list->nr_alloc); frees follow
 * from what went in and out of a cache: what refills and frees put in, less
 * what allocations and flushes took out, is what lies there.
 *
 * State: none; reads everybody's, each under its own guard or as a guess.
 */
#include <mm/internal.h>

#if !BUDDY_TINY

const char *const vm_event_name[NR_VM_EVENT_ITEMS] = {
	[PGALLOC] = "pgalloc",
	[PGFREE] = "pgfree",
	[PCP_REFILL] = "pcp_refill",
	[PCP_FLUSH] = "pcp_flush",
	[PCP_DRAIN] = "pcp_drain",
	[PGALLOC_FAIL] = "pgalloc_fail",
	[ALLOC_EXTFRAG] = "alloc_extfrag",
	[PAGEBLOCK_STEAL] = "pageblock_steal",
	[NUMA_MISS] = "numa_miss",
	[ZONE_RECLAIM_SUCCESS] = "zone_reclaim_success",
	[ZONE_RECLAIM_FAILED] = "zone_reclaim_failed",
	[HIGHATOMIC_RESERVE] = "highatomic_reserve",
	[HIGHATOMIC_UNRESERVE] = "highatomic_unreserve",
	[CMA_ALLOC_SUCCESS] = "cma_alloc_success",
	[CMA_ALLOC_FAIL] = "cma_alloc_fail",
	[PGACCOUNT] = "pgaccount",
	[PGUNACCOUNT] = "pgunaccount",
	[SLOWPATH] = "slowpath",
	[ALLOCSTALL] = "allocstall",
	[PAGEOUTRUN] = "pageoutrun",
	[KSWAPD_GIVE_UP] = "kswapd_give_up",
	[KCOMPACTD_WAKE] = "compact_daemon_wake",
	[OOM_KILL] = "oom_kill",
	[PGSCAN_KSWAPD] = "pgscan_kswapd",
	[PGSCAN_DIRECT] = "pgscan_direct",
	[PGSTEAL_KSWAPD] = "pgsteal_kswapd",
	[PGSTEAL_DIRECT] = "pgsteal_direct",
	[SLABS_SCANNED] = "slabs_scanned",
	[PGWRITEBACK] = "pgwriteback",
	[DIRTY_THROTTLE] = "dirty_throttle",
	[COMPACTSTALL] = "compact_stall",
	[COMPACTSUCCESS] = "compact_success",
	[COMPACTFAIL] = "compact_fail",
	[COMPACTMIGRATE_SCANNED] = "compact_migrate_scanned",
	[COMPACTFREE_SCANNED] = "compact_free_scanned",
	[COMPACTISOLATED] = "compact_isolated",
	[PGMIGRATE_SUCCESS] = "pgmigrate_success",
	[PGMIGRATE_FAIL] = "pgmigrate_fail",
	[BAD_GFP] = "bad_gfp",
	[BAD_FREE] = "bad_free",
	[BAD_ALLOC] = "bad_alloc",
	[BAD_SLAB] = "bad_slab",
};

#if BUDDY_PCP
/* Blocks pushed by frees: the rest of the sum. */
static uint32_t list_frees(const struct pcp_list *list)
{
	return pcp_count(list) + READ_ONCE(list->nr_alloc) + READ_ONCE(list->nr_out) -
	       READ_ONCE(list->nr_in);
}
#endif

static uint32_t zone_events(enum vm_event_item item)
{
	uint32_t sum = 0;
	struct zone *zone;

	for_each_zone(zone) {
		sum += item == PGALLOC		 ? READ_ONCE(zone->nr_alloc)
		       : item == PGFREE		 ? READ_ONCE(zone->nr_free_op)
		       : item == ALLOC_EXTFRAG	 ? READ_ONCE(zone->nr_extfrag)
		       : item == PAGEBLOCK_STEAL ? READ_ONCE(zone->nr_steal)
						 : 0;
	}
	return sum;
}

static uint32_t cpu_events(const struct mm_cpu *cpu, enum vm_event_item item)
{
	uint32_t sum = READ_ONCE(cpu->events[item]);

#if BUDDY_PCP
	if (item != PGALLOC && item != PGFREE)
		return sum;
	for (unsigned zid = 0; zid < nr_zones; zid++)
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			for (unsigned order = 0; order <= PCP_MAX_ORDER; order++) {
				const struct pcp_list *list = &cpu->list[zid][mt][order];

				sum += item == PGALLOC ? READ_ONCE(list->nr_alloc)
						       : list_frees(list);
			}
#endif
	return sum;
}

uint32_t vm_events(enum vm_event_item item)
{
	uint32_t sum;

	if ((unsigned)item >= NR_VM_EVENT_ITEMS)
		return 0;
	sum = zone_events(item);
	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++)
		sum += cpu_events(mm_cpus[cpu], item);
	return sum;
}

/* One counter of all zones, by its place in struct zone. */
static unsigned long sum_zones(size_t counter)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		pages += READ_ONCE(*(const uint32_t *)((const char *)zone + counter));
	return pages;
}

unsigned long nr_free_pages(void)
{
	return sum_zones(offsetof(struct zone, nr_free_pages));
}

#if BUDDY_CMA
unsigned long nr_free_cma_pages(void)
{
	return sum_zones(offsetof(struct zone, nr_free_cma));
}
#endif

#if BUDDY_HIGHATOMIC
unsigned long nr_free_highatomic_pages(void)
{
	return sum_zones(offsetof(struct zone, nr_free_highatomic));
}
#endif

unsigned long nr_lru_pages(void)
{
	return sum_zones(offsetof(struct zone, nr_lru));
}

unsigned long nr_dirty_pages(void)
{
	return sum_zones(offsetof(struct zone, nr_dirty));
}

unsigned long nr_writeback_pages(void)
{
	return sum_zones(offsetof(struct zone, nr_writeback));
}

#if BUDDY_PCP
unsigned long nr_pcp_pages(void)
{
	unsigned long pages = 0;

	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++)
		pages += pcp_nr_pages(mm_cpus[cpu]);
	return pages;
}
#endif

unsigned long nr_managed_pages(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		pages += READ_ONCE(zone->managed_pages);
	return pages;
}

unsigned long nr_free_buffer_pages(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long free = READ_ONCE(zone->nr_free_pages);
		unsigned long high =
			READ_ONCE(zone->watermark[WMARK_HIGH]) + READ_ONCE(zone->watermark_boost);

		if (free > high)
			pages += free - high;
	}
	return pages;
}

/* Pages of one zone in all CPUs' caches: a guess. */
static unsigned long zone_pcp_pages(const struct zone *zone)
{
	unsigned long pages = 0;

#if BUDDY_PCP
	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++)
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
			pages += pcp_block_pages(
				&mm_cpus[cpu]->block[(unsigned)zone->zid << PB_ZONE_SHIFT | mt]);
			for (unsigned order = 0; order <= PCP_MAX_ORDER; order++)
				pages += (unsigned long)pcp_count(
						 &mm_cpus[cpu]->list[zone->zid][mt][order])
					 << order;
		}
#else
	(void)zone;
#endif
	return pages;
}

bool zone_info(unsigned i, struct zone_info *info)
{
	struct zone *zone = zones + i;
	port_irqflags_t flags;

	if (i >= nr_zones)
		return false;
	*info = (struct zone_info){
		.name = zone->name,
		.nid = zone->nid,
		.type = zone->type,
		.start_pfn = zone->zone_start_pfn,
		.spanned = zone->spanned_pages,
		.present = zone->present_pages,
		.pcp = zone_pcp_pages(zone),
		.deferred = READ_ONCE(zone->nr_deferred),
		.lru = READ_ONCE(zone->nr_lru),
		.dirty = READ_ONCE(zone->nr_dirty),
		.writeback = READ_ONCE(zone->nr_writeback),
		.clock_pfn = READ_ONCE(zone->clock_hand),
		.migrate_pfn = READ_ONCE(zone->compact_at[1].migrate),
		.free_pfn = READ_ONCE(zone->compact_at[1].high),
	};
#if BUDDY_CMA
	info->cma = zone->cma_pages;
#endif
	for (unsigned long i = 0; i < nr_map_pages; i += pageblock_nr_pages)
		if (section_ready(mem_map + i) && page_zone(mem_map + i) == zone)
			info->nr_pageblocks[get_pageblock_migratetype(mem_map + i)]++;
	flags = port_irq_save();
	port_spin_lock(&zone->lock);
	info->managed = READ_ONCE(zone->managed_pages);
	info->free = zone->nr_free_pages;
	info->free_cma = zone_free_cma(zone);
	info->free_highatomic = zone_free_highatomic(zone);
	info->reserved_highatomic = zone_reserved_highatomic(zone);
	info->boost = zone->watermark_boost;
	info->wmark_min = zone->watermark[WMARK_MIN] + info->boost;
	info->wmark_low = zone->watermark[WMARK_LOW] + info->boost;
	info->wmark_high = zone->watermark[WMARK_HIGH] + info->boost;
	for (unsigned t = 0; t < MAX_NR_ZONES; t++)
		info->lowmem_reserve[t] = zone->lowmem_reserve[t];
	for (unsigned order = 0; order < NR_ORDERS; order++)
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			info->nr_free[order][mt] = zone->free_area[order].free_list[mt].nr_free;
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
	return true;
}

bool node_daemon_info(int nid, struct node_daemon_info *info)
{
	const struct node_daemon *daemon;
	struct zone *zone = zones;

	while (zone < zones + nr_zones && zone->nid != nid)
		zone++;
	if (zone == zones + nr_zones)
		return false;
	daemon = &nodes[nid].daemon;
	info->kswapd_order = (int)READ_ONCE(daemon->kswapd_wanted) - 1;
	info->kcompactd_order = (int)READ_ONCE(daemon->kcompactd_wanted) - 1;
	info->kswapd_failures = READ_ONCE(daemon->kswapd_failures);
	return true;
}

static enum page_use use_of(uint32_t word)
{
	switch (page_word_state(word)) {
	case PAGE_STATE_ALLOCATED:
	case PAGE_STATE_SLAB:
		return PAGE_USE_ALLOCATED;
	case PAGE_STATE_FREE:
		return PAGE_USE_FREE;
	case PAGE_STATE_PCP:
		return PAGE_USE_PCP;
	case PAGE_STATE_RESERVED:
		return PAGE_USE_RESERVED;
	default:
		return PAGE_USE_HOLE;
	}
}

/* A frame inside a block is found by looking for the head that covers it, once per order. */
void page_use(unsigned long pfn, struct page_use_info *info)
{
	struct page *page, *head;
	uint32_t word;

	*info = (struct page_use_info){.use = PAGE_USE_HOLE, .nr_pages = 1};
	if (!pfn_valid(pfn))
		return;
	page = pfn_to_page(pfn);
	if (!section_ready(page))
		return;
	info->migratetype = get_pageblock_migratetype(page);
	head = block_head(page, &word);
	if (!head)
		return;
	info->use = use_of(word);
	info->order = page_word_order(word);
	info->nr_pages = (unsigned long)(head - page) + (1UL << info->order);
	if (info->use != PAGE_USE_ALLOCATED)
		return;
	info->movable = word & PAGE_MOVABLE;
	info->reclaimable = info->movable && word & PAGE_LRU;
	info->pinned = info->movable && !(word & PAGE_TAKEN) && word >> PAGE_REF_SHIFT > 1;
}

#endif /* !BUDDY_TINY */
