// SPDX-License-Identifier: MIT
/*
 * alloc_report - why a request failed, for who reads the console.
 *
 * A line with the request, a sentence with the cause, and the figures that it was
 * concluded from: two lines per zone, one for the per-CPU caches.  The cause is found
 * by judging every zone as zone_watermark_ok() would, once more and one condition after
 * the other, those included that the request may not have: what would have served it
 * there is what its caller wants to know.
 *
 * By the time of the report memory may have been freed, and between two zones it may
 * change again; each zone's figures and its judgement are of one moment.
 *
 * Bound: two copies of each zone's counters; 80 bytes a line on a slow console are the
 * larger part, which is why most failures of a long series are only counted.
 *
 * State: nr_failures, atomic.  Locks: none of its own, zone_info() takes a zone's.
 * Follows Linux's warn_alloc() and show_free_areas() (6.1).
 *
 * Not here: counting PGALLOC_FAIL (page_alloc.c), pictures on demand (show_mem.c).
 */
#include <mm/internal.h>

#if !BUDDY_TINY

#define ALWAYS_REPORTED 4U

static uint32_t nr_failures; /* that somebody wanted to hear of */

void alloc_report_init(void)
{
	__atomic_store_n(&nr_failures, 0, __ATOMIC_RELAXED);
}

/* Each of the first ones, then those whose number is a power of two. */
static bool report_due(unsigned *suppressed)
{
	uint32_t nr = __atomic_add_fetch(&nr_failures, 1, __ATOMIC_RELAXED);

	*suppressed = nr > ALWAYS_REPORTED ? nr / 2 - 1 : 0;
	return nr <= ALWAYS_REPORTED || !(nr & (nr - 1));
}

#if !BUDDY_ALLOC_REPORT

void warn_alloc(gfp_t gfp, unsigned order, unsigned alloc_flags, const struct alloc_context *ac)
{
	unsigned suppressed;

	if (!(gfp & __GFP_NOWARN) && report_due(&suppressed))
		port_log("alloc_pages: page allocation failure: order:%u, mode:0x%x, from %p\n",
			 order, (unsigned)gfp, ac->caller);
}

#else

#define FREE_TYPES ((1U << MIGRATE_ISOLATE) - 1) /* whose blocks somebody may have */

/* What refuses a request in a zone, by falling weight of what it tells about the cause. */
enum verdict { SERVES, NO_BLOCK, RESERVE, WATERMARK, OTHER_NODE, OTHER_ZONE, NR_VERDICTS };

struct request {
	gfp_t gfp;
	unsigned order, alloc_flags;
	const struct alloc_context *ac;
	nodemask_t nodes; /* that may serve it */
	unsigned types;	  /* migratetypes whose blocks it may take, a bit each */
};

/* All zones together, by what was said of them. */
struct tally {
	unsigned seen;			       /* verdicts, a bit each */
	unsigned long free, min;	       /* pages in zones that may serve it; their marks */
	unsigned long above;		       /* NO_BLOCK: free above mark and reserves */
	int largest;			       /* and the largest order there */
	unsigned long lowmem, highatomic, cma; /* RESERVE: what is kept from it */
	unsigned long other[NR_VERDICTS];      /* OTHER_*: free where it would have been served */
	unsigned other_types, other_nodes;     /* zone types, nodes, a bit each */
	unsigned long lru, dirty, writeback;   /* owners' pages where it may be served */
	bool deferred;			       /* compaction has failed too often there */
};

/* The largest order of which one of these types has a block; -1: none has any. */
static int largest_order(const struct zone_info *zone, unsigned types)
{
	int order = MAX_ORDER;

	for (; order >= 0; order--)
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			if (types >> mt & 1 && zone->nr_free[order][mt])
				return order;
	return order;
}

static unsigned long min_mark(const struct zone_info *zone, unsigned alloc_flags)
{
	unsigned long min = zone->wmark_min;

	if (alloc_flags & ALLOC_NO_WATERMARKS)
		return 0;
	if ((alloc_flags & ALLOC_WMARK_MASK) == ALLOC_WMARK_LOW)
		min = zone->wmark_low;
	else if ((alloc_flags & ALLOC_WMARK_MASK) == ALLOC_WMARK_HIGH)
		min = zone->wmark_high;
	if (alloc_flags & ALLOC_HIGH)
		min -= min / 2;
	if (alloc_flags & ALLOC_HARDER)
		min -= min / 4;
	return min;
}

/* Whether the request may have zone at all is not asked here. */
static enum verdict judge_memory(const struct zone_info *zone, const struct request *rq,
				 struct tally *t)
{
	unsigned long mark = min_mark(zone, rq->alloc_flags);
	unsigned long need = mark + (1UL << rq->order);
	unsigned long lowmem = zone->lowmem_reserve[rq->ac->highest];
	unsigned long cma = rq->types >> MIGRATE_CMA & 1 ? 0 : zone->free_cma;
	unsigned long highatomic = rq->types >> MIGRATE_HIGHATOMIC & 1 ? 0 : zone->free_highatomic;
	int largest = largest_order(zone, rq->types), order = (int)rq->order;
	bool enough;

	if (rq->alloc_flags & ALLOC_NO_WATERMARKS)
		lowmem = 0;
	t->free += zone->free;
	t->min += mark;
	if (zone->free < need)
		return WATERMARK;
	enough = zone->free >= need + lowmem + cma + highatomic;
	if (enough && largest >= order)
		return SERVES;
	/* A block in a reserve is one that is held back, however much else is free. */
	if (!enough || largest_order(zone, FREE_TYPES) >= order) {
		t->lowmem += enough ? 0 : lowmem;
		t->cma += cma;
		t->highatomic += highatomic;
		return RESERVE;
	}
	t->above += zone->free - mark - lowmem - cma - highatomic;
	if (t->largest < largest)
		t->largest = largest;
	return NO_BLOCK;
}

/* What reclaim and compaction had to do with; counts of about this moment. */
static void look_for_help(const struct zone *zone, const struct request *rq, struct tally *t)
{
	t->lru += READ_ONCE(zone->nr_lru);
	t->dirty += READ_ONCE(zone->nr_dirty);
	t->writeback += READ_ONCE(zone->nr_writeback);
	t->deferred |= READ_ONCE(zone->compact_defer_shift) &&
		       rq->order >= READ_ONCE(zone->compact_order_failed);
}

static enum verdict judge(const struct zone_info *zone, const struct request *rq, struct tally *t)
{
	bool node_ok = rq->nodes >> zone->nid & 1;
	struct tally unused = {0};
	enum verdict v;

	if (node_ok && zone->type <= rq->ac->highest)
		return judge_memory(zone, rq, t);
	v = zone->type > rq->ac->highest ? OTHER_ZONE : OTHER_NODE;
	/* Where both stand in the way, neither alone is the cause. */
	if ((v == OTHER_NODE || node_ok) && judge_memory(zone, rq, &unused) == SERVES) {
		t->other[v] += zone->free;
		if (v == OTHER_ZONE)
			t->other_types |= 1U << zone->type;
		else
			t->other_nodes |= 1U << zone->nid;
	}
	return v;
}

/* Nodes that the context may have. */
static nodemask_t context_nodes(const struct alloc_context *ac)
{
	nodemask_t nodes = ac->hardwall ? READ_ONCE(port_alloc_scope()->mems_allowed) : 0;

	return nodes ? nodes : NODE_MASK_ALL;
}

static void say_other_zones(const struct tally *t)
{
	const char *comma = "";
	unsigned types = t->other_types;
	struct zone *zone;

	port_log("zone limit: the flags exclude ");
	for_each_zone(zone) {
		if (!(types >> zone->type & 1))
			continue;
		types &= ~(1U << zone->type);
		port_log("%s%s", comma, zone->name);
		comma = ", ";
	}
	port_log(", where %lu pages are free\n", t->other[OTHER_ZONE]);
}

static void say_other_nodes(const struct request *rq, const struct tally *t)
{
	const char *who = "the nodemask excludes";
	const char *comma = " node ";

	if (rq->gfp & __GFP_THISNODE)
		who = "__GFP_THISNODE excludes";
	else if (!(t->other_nodes & context_nodes(rq->ac)))
		who = "the context's allowed nodes exclude";
	port_log("node limit: %s", who);
	for (unsigned nid = 0; nid < BUDDY_MAX_NODES; nid++) {
		if (!(t->other_nodes >> nid & 1))
			continue;
		port_log("%s%u", comma, nid);
		comma = ", ";
	}
	port_log(", where %lu pages are free\n", t->other[OTHER_NODE]);
}

static void say_held_back(const struct tally *t)
{
	const struct {
		unsigned long pages;
		const char *where;
	} part[] = {{t->lowmem, "as lowmem_reserve"},
		    {t->highatomic, "in the highatomic reserve"},
		    {t->cma, "in CMA areas"}};
	const char *comma = " ";

	port_log("reserve: enough is free, but held back:");
	for (unsigned i = 0; i < 3; i++) {
		if (!part[i].pages)
			continue;
		port_log("%s%lu pages %s", comma, part[i].pages, part[i].where);
		comma = ", ";
	}
	port_log("\n");
}

/* And what there was to be had, and why it was not. */
static void say_out_of_memory(const struct request *rq, const struct tally *t)
{
	port_log("out of memory: the zones that may serve it have %lu pages free, min "
		 "watermarks %lu",
		 t->free, t->min);
	if (t->lru)
		port_log("; %lu pages are reclaimable, of them %lu dirty, %lu being written",
			 t->lru, t->dirty, t->writeback);
	if (t->lru && !(rq->gfp & __GFP_DIRECT_RECLAIM))
		port_log("; the request may not wait for them");
	port_log("\n");
}

static void say_cause(const struct request *rq, const struct tally *t)
{
	port_log("cause: ");
	if (t->seen & 1U << SERVES)
		port_log("gone: enough is free by now\n");
	else if (t->seen & 1U << NO_BLOCK)
		port_log("fragmented: %lu pages are free above the watermark, but the largest "
			 "block of them is of order %d%s\n",
			 t->above, t->largest,
			 t->deferred ? "; compaction is deferred, as it failed too often" : "");
	else if (t->seen & 1U << RESERVE)
		say_held_back(t);
	else if (t->other[OTHER_ZONE])
		say_other_zones(t);
	else if (t->other[OTHER_NODE])
		say_other_nodes(rq, t);
	else
		say_out_of_memory(rq, t);
}

/*
 * Free blocks by order, with the types that have some: U, M, E, H, C, I, as Linux writes
 * them.
 */
static void show_blocks(const struct zone_info *zone)
{
	unsigned long total = 0;
	int largest;

	port_log("Node %d %s:", zone->nid, zone->name);
	for (unsigned order = 0; order < NR_ORDERS; order++) {
		unsigned long kib = PAGE_SIZE / 1024 << order, sum = 0;
		char types[MIGRATE_TYPES + 1];
		unsigned n = 0;

		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
			sum += zone->nr_free[order][mt];
			if (zone->nr_free[order][mt])
				types[n++] = "UMEHCI"[mt];
		}
		types[n] = '\0';
		total += sum * kib;
		port_log(n ? " %lu*%lukB (%s)" : " %lu*%lukB", sum, kib, types);
	}
	largest = largest_order(zone, FREE_TYPES);
	port_log(largest < 0 ? " = %lukB, no block\n" : " = %lukB, largest order %d\n", total,
		 largest);
}

/*
 * Judges all zones, and shows them.  Not inline: these counters and the names of the flags
 * are never on the stack at the same time.
 */
static __attribute__((noinline)) void judge_zones(const struct request *rq, struct tally *t,
						  bool show)
{
	static const char *const refusal[NR_VERDICTS] = {
		[SERVES] = "nothing now",
		[NO_BLOCK] = "no block",
		[RESERVE] = "reserve",
		[WATERMARK] = "watermark",
		[OTHER_NODE] = "node not allowed",
		[OTHER_ZONE] = "zone not allowed",
	};
	struct zone_info zone;

	for (unsigned i = 0; zone_info(i, &zone); i++) {
		enum verdict v = judge(&zone, rq, t);

		t->seen |= 1U << v;
		if (!show) {
			if (v < OTHER_NODE)
				look_for_help(zones + i, rq, t);
			continue;
		}
		port_log("Node %d %s free:%lu boost:%lu min:%lu low:%lu high:%lu "
			 "lowmem_reserve:%lu free_highatomic:%lu free_cma:%lu free_pcp:%lu "
			 "managed:%lu pages, refused by: %s\n",
			 zone.nid, zone.name, zone.free, zone.boost, zone.wmark_min, zone.wmark_low,
			 zone.wmark_high, zone.lowmem_reserve[rq->ac->highest],
			 zone.free_highatomic, zone.free_cma, zone.pcp, zone.managed, refusal[v]);
		show_blocks(&zone);
	}
}

static void show_caches(void)
{
	port_log("per-CPU caches:");
	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++)
		port_log(" cpu%u:%u", cpu, pcp_nr_pages(mm_cpus[cpu]));
	port_log(" pages\n");
}

static __attribute__((noinline)) void show_request(const struct request *rq)
{
	port_irqflags_t flags = port_irq_save();
	unsigned cpu = port_cpu_id();
	char names[120];

	port_irq_restore(flags);
	gfp_format(rq->gfp, names, sizeof(names));
	port_log("alloc_pages: page allocation failure: order:%u, mode:0x%x(%s), cpu %u, from %p, "
		 "node %d, nodemask ",
		 rq->order, (unsigned)rq->gfp, names, cpu, rq->ac->caller, rq->ac->nid);
	port_log(rq->ac->nodemask != NODE_MASK_ALL ? "0x%x\n" : "all\n",
		 (unsigned)rq->ac->nodemask);
}

void warn_alloc(gfp_t gfp, unsigned order, unsigned alloc_flags, const struct alloc_context *ac)
{
	struct request rq = {gfp, order, alloc_flags, ac, .types = (1U << MIGRATE_PCPTYPES) - 1};
	struct tally t = {.largest = -1};
	unsigned suppressed;

	if (gfp & __GFP_NOWARN || !report_due(&suppressed))
		return;
	rq.nodes = ac->nodemask & context_nodes(ac);
	if (gfp & __GFP_THISNODE)
		rq.nodes &= 1U << ac->nid;
	if (alloc_flags & ALLOC_CMA)
		rq.types |= 1U << MIGRATE_CMA;
	if (alloc_flags & ALLOC_HARDER)
		rq.types |= 1U << MIGRATE_HIGHATOMIC;
	show_request(&rq);
	if (suppressed)
		port_log("%u failures since the last report went without one\n", suppressed);
	judge_zones(&rq, &t, false);
	say_cause(&rq, &t);
	judge_zones(&rq, &t, true);
	show_caches();
}

#endif /* BUDDY_ALLOC_REPORT */

#endif /* !BUDDY_TINY */
