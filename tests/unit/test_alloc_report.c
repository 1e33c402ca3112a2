// SPDX-License-Identifier: MIT
// NEEDS: ALLOC_REPORT CMA HIGHATOMIC MOBILITY PCP
/*
 * The report of a failed request: the right cause for each way to fail, the figures that
 * it was concluded from, and silence where it was asked for or would be too much.
 */
#include <stdio.h>
#include <string.h>

#include "../harness/fixture.h"
#include "../harness/owner.h"
#include "../harness/peek.h"
#include "../harness/tap.h"

#define CALLER_IS ((void *)0x60101234)

/* A request as the slow path has it when it gives up, of node nid. */
static struct alloc_context context(enum zone_type highest, int nid)
{
	return (struct alloc_context){
		.zonelist = nodes[nid].zonelist[highest],
		.nodemask = NODE_MASK_ALL,
		.highest = highest,
		.nid = nid,
		.caller = CALLER_IS,
	};
}

/* It holds no lock, waits for nobody and leaves the allocator as it was. */
static void any_context_may_report(void)
{
	struct alloc_context ac = context(ZONE_NORMAL, 0);
	unsigned long free = nr_free_pages();
	port_irqflags_t flags;

	alloc_report_init();
	warn_alloc(GFP_KERNEL, MAX_ORDER, ALLOC_WMARK_MIN, &ac);
	flags = port_irq_save();
	warn_alloc(GFP_ATOMIC, 0, ALLOC_WMARK_MIN | ALLOC_HIGH | ALLOC_HARDER, &ac);
	CHECK(port_irqs_disabled());
	port_irq_restore(flags);
	CHECK_EQ(nr_free_pages(), free);
	alloc_report_init();
}

#ifdef TEST_HOST

#define UNIT \
	((uint64_t)PAGE_SIZE << MAX_ORDER > 1 << 20 ? (uint64_t)PAGE_SIZE << MAX_ORDER : 1 << 20)
#define NID1 (BUDDY_MAX_NODES > 1 ? 1 : 0)

/* Node 0: DMA, Normal; node 1: Normal, HighMem, Movable. */
static const struct geometry zoo = {
	.ram = {{0x60000000, 16 * UNIT, 0}, {0x60000000 + 24 * UNIT, 16 * UNIT, NID1}},
	.limits = {.dma_limit = 0x60000000 + 4 * UNIT,
		   .highmem_start = 0x60000000 + 28 * UNIT,
		   .movablecore = 4 * UNIT},
};

static struct page *taken; /* blocks, linked by mapping; priv is the order */

/* All that these flags can get from node nid and nowhere else. */
static void take_all(gfp_t gfp, int nid)
{
	struct page *page;

	gfp |= __GFP_NOWARN | __GFP_THISNODE | __GFP_MEMALLOC;
	for (unsigned order = NR_ORDERS; order--;)
		while ((page = alloc_pages_node(nid, gfp, order))) {
			page->mapping = taken;
			page->priv = order;
			taken = page;
		}
	host_log_clear();
}

static void give_back(void)
{
	struct page *page;

	while ((page = taken)) {
		taken = page->mapping;
		__free_pages(page, (unsigned)page->priv);
	}
}

static void report(gfp_t gfp, unsigned order, unsigned alloc_flags, const struct alloc_context *ac)
{
	alloc_report_init();
	host_log_clear();
	warn_alloc(gfp, order, alloc_flags, ac);
}

static unsigned occurrences(const char *text)
{
	unsigned nr = 0;

	for (const char *p = host_log_text(); (p = strstr(p, text)); p += strlen(text))
		nr++;
	return nr;
}

static void check_cause(const char *cause)
{
	char line[200];

	snprintf(line, sizeof(line), "\ncause: %s\n", cause);
	if (!host_log_has(line))
		printf("# no '%s' in:\n%s", cause, host_log_text());
	CHECK(host_log_has(line));
	CHECK_EQ(occurrences("cause: "), 1);
}

static void the_first_line_is_the_request(void)
{
	struct alloc_context ac = context(ZONE_NORMAL, 0);
	char line[200];

	report(GFP_KERNEL | __GFP_COMP, 1, ALLOC_WMARK_MIN, &ac);
	snprintf(line, sizeof(line),
		 "alloc_pages: page allocation failure: order:1, mode:0x%x(GFP_KERNEL|__GFP_COMP), "
		 "cpu 0, from 0x60101234, node 0, nodemask all\n",
		 (unsigned)(GFP_KERNEL | __GFP_COMP));
	CHECK(!strncmp(host_log_text(), line, strlen(line)));
	ac.nodemask = 1;
	report(~0U & ~__GFP_NOWARN & ~__GFP_THISNODE, 1, ALLOC_WMARK_MIN, &ac);
	CHECK(host_log_has(", cpu 0, from 0x60101234, node 0, nodemask 0x1\n"));
	/* as long as it may be, and not a line more for one zone */
	CHECK_EQ(occurrences("\n"), 5);
}

static void what_was_reclaimable_is_said(void)
{
	struct alloc_context ac = context(ZONE_NORMAL, 0);
	static struct test_owner owner;
	static struct page *slot[3];
	struct page *page;

	owner_init(&owner, slot, 3, true);
	for (unsigned i = 0; i < 3; i++)
		REQUIRE(owner_fill(&owner, i, GFP_KERNEL));
	take_all(GFP_NOWAIT, 0);
	page = owner_get(&owner, 1);
	set_page_dirty(page);
	report(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
	CHECK(host_log_has("; 3 pages are reclaimable, of them 1 dirty, 0 being written\n"));
	clear_page_dirty_for_io(page);
	set_page_writeback(page);
	report(GFP_NOWAIT, 0, ALLOC_WMARK_MIN, &ac);
	CHECK(host_log_has("; 3 pages are reclaimable, of them 0 dirty, 1 being written; the "
			   "request may not wait for them\n"));
	end_page_writeback(page);
	put_page(page);
	owner_drop_all(&owner);
	give_back();
}

static void memory_is_all_out(void)
{
	struct alloc_context ac = context(ZONE_NORMAL, 0);
	struct page *one = alloc_page(GFP_KERNEL);
	struct zone_info zone;
	char cause[120];

	REQUIRE(one);
	take_all(GFP_KERNEL, 0);
	report(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
	zone_info(0, &zone);
	snprintf(cause, sizeof(cause),
		 "out of memory: the zones that may serve it have 0 pages free, min watermarks %lu",
		 zone.wmark_min);
	check_cause(cause);
	CHECK(host_log_has("refused by: watermark\n"));
	CHECK(host_log_has(" = 0kB, no block\n"));
	/* what is left is there for who may have all of it */
	__free_page(one);
	drain_all_pages();
	report(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
	snprintf(cause, sizeof(cause),
		 "out of memory: the zones that may serve it have 1 pages free, min watermarks %lu",
		 zone.wmark_min);
	check_cause(cause);
	report(GFP_KERNEL | __GFP_MEMALLOC, 0, ALLOC_NO_WATERMARKS, &ac);
	check_cause("gone: enough is free by now");
	give_back();
}

/* Every second page is free: much of it, and nothing of order 1. */
static void fragmented(void)
{
	struct alloc_context ac = context(ZONE_NORMAL, 0);
	struct page *page, *odd = NULL, *even = NULL;
	struct zone_info zone;
	char cause[120];

	while ((page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_MEMALLOC, 0))) {
		struct page **list = page_to_pfn(page) & 1 ? &odd : &even;

		page->mapping = *list;
		*list = page;
	}
	while ((page = odd)) {
		odd = page->mapping;
		__free_page(page);
	}
	drain_all_pages();
	zone_info(0, &zone);
	report(GFP_KERNEL, 1, ALLOC_WMARK_MIN, &ac);
	snprintf(cause, sizeof(cause),
		 "fragmented: %lu pages are free above the watermark, but the largest block of "
		 "them is "
		 "of order 0",
		 zone.free - zone.wmark_min);
	check_cause(cause);
	CHECK(host_log_has("refused by: no block\n"));
	CHECK(host_log_has(", largest order 0\n"));
	while ((page = even)) {
		even = page->mapping;
		__free_page(page);
	}
}

static void kept_for_lower_zones(void)
{
	struct alloc_context ac = context(ZONE_NORMAL, 0);

	zones[0].lowmem_reserve[ZONE_NORMAL] = 1 << 24;
	report(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
	check_cause("reserve: enough is free, but held back: 16777216 pages as lowmem_reserve");
	CHECK(host_log_has("refused by: reserve\n"));
	CHECK(host_log_has(" lowmem_reserve:16777216 "));
	/* the reserve of other requests */
	zones[0].lowmem_reserve[ZONE_NORMAL] = 0;
	zones[0].lowmem_reserve[ZONE_HIGHMEM] = 1 << 24;
	report(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
	check_cause("gone: enough is free by now");
	/* who may take all of it has no reserve above it */
	ac = context(ZONE_HIGHMEM, 0);
	report(GFP_HIGHUSER | __GFP_MEMALLOC, 0, ALLOC_NO_WATERMARKS, &ac);
	check_cause("gone: enough is free by now");
	zones[0].lowmem_reserve[ZONE_HIGHMEM] = 0;
}

static void kept_for_others(void)
{
	struct alloc_context ac = context(ZONE_NORMAL, 0);
	uint32_t free = zones[0].nr_free_pages;
	char cause[160];

	zones[0].nr_free_cma = free - 8;
	zones[0].nr_free_highatomic = 8;
	snprintf(cause, sizeof(cause),
		 "reserve: enough is free, but held back: 8 pages in the highatomic reserve, %u "
		 "pages in "
		 "CMA areas",
		 (unsigned)free - 8);
	report(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
	check_cause(cause);
	report(GFP_KERNEL, 0, ALLOC_WMARK_MIN | ALLOC_CMA, &ac);
	check_cause("gone: enough is free by now");
	report(GFP_ATOMIC, 0, ALLOC_WMARK_MIN | ALLOC_HARDER, &ac);
	snprintf(cause, sizeof(cause),
		 "reserve: enough is free, but held back: %u pages in CMA areas",
		 (unsigned)free - 8);
	check_cause(cause);
	/* watermarks do not keep these from it, the areas do */
	report(GFP_KERNEL | __GFP_MEMALLOC, 3, ALLOC_NO_WATERMARKS, &ac);
	CHECK(host_log_has("cause: reserve: "));
	zones[0].nr_free_cma = zones[0].nr_free_highatomic = 0;
}

static unsigned largest_block(const struct zone_info *zone)
{
	for (unsigned order = NR_ORDERS; order--;)
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			if (zone->nr_free[order][mt])
				return order;
	return 0;
}

/* Enough is free for it elsewhere, but a block so large is only where it may not be taken. */
static void the_block_is_in_a_reserve(void)
{
	struct alloc_context ac = context(ZONE_NORMAL, 0);
	struct zone *zone = &zones[0];
	uint32_t blocks[MIGRATE_PCPTYPES], sum = 0;
	struct zone_info info;
	unsigned order;

	zone_info(0, &info);
	order = largest_block(&info);
	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
		sum += blocks[mt] = peek_blocks(zone, order, mt);
		*peek_nr_free(zone, order, mt) = 0;
	}
	*peek_nr_free(zone, order, MIGRATE_CMA) = sum;
	zone->nr_free_cma = 1;
	zone->lowmem_reserve[ZONE_NORMAL] = 1; /* which does not stand in the way */
	report(GFP_KERNEL, order, ALLOC_WMARK_MIN, &ac);
	check_cause("reserve: enough is free, but held back: 1 pages in CMA areas");
	CHECK(host_log_has("kB (C) "));
	report(GFP_KERNEL, order, ALLOC_WMARK_MIN | ALLOC_CMA, &ac);
	check_cause("gone: enough is free by now");
	zone->lowmem_reserve[ZONE_NORMAL] = 0;
	/* what is isolated is nobody's */
	*peek_nr_free(zone, order, MIGRATE_CMA) = 0;
	*peek_nr_free(zone, order, MIGRATE_ISOLATE) = sum;
	zone->nr_free_cma = 0;
	report(GFP_KERNEL, order, ALLOC_WMARK_MIN | ALLOC_CMA | ALLOC_HARDER, &ac);
	CHECK(host_log_has("cause: fragmented: "));
	CHECK(host_log_has("kB (I) "));
	*peek_nr_free(zone, order, MIGRATE_ISOLATE) = 0;
	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		*peek_nr_free(zone, order, mt) = blocks[mt];
}

static unsigned long free_in(enum zone_type first, int nid)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		if (zone->type >= first && (nid < 0 || zone->nid == nid))
			pages += zone->nr_free_pages;
	return pages;
}

static void zone_limit(void)
{
	struct alloc_context ac;
	char cause[160];

	REQUIRE(start(&zoo) == 0);
	ac = context(ZONE_DMA, 0);
	take_all(GFP_DMA, 0);
	report(GFP_DMA, 0, ALLOC_WMARK_MIN, &ac);
	snprintf(cause, sizeof(cause),
		 "zone limit: the flags exclude Normal, HighMem, Movable, where %lu pages are free",
		 free_in(ZONE_NORMAL, -1));
	check_cause(cause);
	CHECK_EQ(occurrences("refused by: zone not allowed\n"), 3 + NID1);
	CHECK_EQ(occurrences("refused by: watermark\n"), 1);
	/* Only those are named that would have helped. */
	take_all(GFP_KERNEL, NID1);
	take_all(GFP_KERNEL, 0);
	take_all(GFP_HIGHUSER, NID1);
	report(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
	snprintf(cause, sizeof(cause),
		 "zone limit: the flags exclude Movable, where %lu pages are free",
		 free_in(ZONE_MOVABLE, -1));
	check_cause(cause);
	take_all(GFP_HIGHUSER_MOVABLE, NID1);
	report(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
	CHECK(host_log_has("cause: out of memory: "));
	give_back();
}

static void node_limit(void)
{
	const struct alloc_scope saved = *port_alloc_scope();
	struct alloc_context ac;
	char free[80], cause[160];

	if (!NID1) {
		test_skip("one node");
		return;
	}
	REQUIRE(start(&zoo) == 0);
	ac = context(ZONE_NORMAL, 0);
	take_all(GFP_KERNEL, 0);
	snprintf(free, sizeof(free), "node 1, where %lu pages are free",
		 free_in(ZONE_NORMAL, 1) - free_in(ZONE_HIGHMEM, 1));
	snprintf(cause, sizeof(cause), "node limit: __GFP_THISNODE excludes %s", free);
	report(GFP_KERNEL | __GFP_THISNODE, 0, ALLOC_WMARK_MIN, &ac);
	check_cause(cause);
	CHECK_EQ(occurrences("refused by: node not allowed\n"), 1);
	CHECK_EQ(occurrences("refused by: zone not allowed\n"), 2);

	ac.nodemask = 1;
	snprintf(cause, sizeof(cause), "node limit: the nodemask excludes %s", free);
	report(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
	check_cause(cause);
	CHECK(host_log_has(", nodemask 0x1\n"));

	/* the context's nodes, whether they are in the mask already or not */
	port_alloc_scope()->mems_allowed = 1;
	ac.hardwall = true;
	snprintf(cause, sizeof(cause), "node limit: the context's allowed nodes exclude %s", free);
	report(GFP_USER, 0, ALLOC_WMARK_MIN, &ac);
	check_cause(cause);
	ac.nodemask = NODE_MASK_ALL;
	report(GFP_USER, 0, ALLOC_WMARK_MIN, &ac);
	check_cause(cause);
	ac.hardwall = false;
	report(GFP_ATOMIC, 0, ALLOC_WMARK_MIN, &ac);
	check_cause("gone: enough is free by now");
	*port_alloc_scope() = saved;

	/* Where node and zone both stand in the way, neither is the cause. */
	take_all(GFP_KERNEL, 1);
	report(GFP_KERNEL | __GFP_THISNODE, 0, ALLOC_WMARK_MIN, &ac);
	CHECK(host_log_has("cause: out of memory: the zones that may serve it have 0 pages free"));
	/* and a zone of an allowed node comes first */
	ac = context(ZONE_NORMAL, 1);
	report(GFP_KERNEL | __GFP_THISNODE, 0, ALLOC_WMARK_MIN, &ac);
	CHECK(host_log_has("cause: zone limit: the flags exclude HighMem, Movable, where "));
	give_back();
}

/* Zone by zone the report says what the check itself would say, at every mark and flag. */
static void it_judges_as_the_check_does(void)
{
	struct alloc_context ac = context(ZONE_NORMAL, 0);
	const struct zone saved = zones[0];
	struct zone *zone = &zones[0];
	struct rng rng = rng_seed((uint32_t)test_option("seed", 1));
	unsigned served = 0;

	for (unsigned i = 0; i < 3000; i++) {
		unsigned flags =
			rng_below(&rng, 3) | (rng_next(&rng) & (ALLOC_HIGH | ALLOC_HARDER));
		unsigned order = rng_below(&rng, NR_ORDERS);
		uint32_t near = zone->nr_free_pages + 4 - rng_below(&rng, 8) - (1U << order);
		bool ok;

		for (unsigned mark = 0; mark < NR_WMARK; mark++)
			zone->watermark[mark] = near * (rng_below(&rng, 2) + 1);
		zone->lowmem_reserve[ZONE_NORMAL] = rng_below(&rng, 2) ? rng_below(&rng, 8) : 0;
		ok = zone_watermark_ok(zone, order, ZONE_NORMAL, flags);
		report(GFP_KERNEL, order, flags, &ac);
		CHECK_EQ(host_log_has("refused by: nothing now\n"), ok);
		served += ok;
	}
	CHECK(served > 100 && served < 2900);
	for (unsigned mark = 0; mark < NR_WMARK; mark++)
		zone->watermark[mark] = saved.watermark[mark];
	zone->lowmem_reserve[ZONE_NORMAL] = saved.lowmem_reserve[ZONE_NORMAL];
}

/* Each figure where its name stands, and the blocks as buddyinfo has them. */
static void the_figures_are_the_zones(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	struct alloc_context ac;
	struct zone_info zone;
	char line[500];

	__free_page(page);
	zones[0].watermark_boost = 5;
	ac = context(ZONE_NORMAL, 0);
	report(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
	zone_info(0, &zone);
	snprintf(line, sizeof(line),
		 "\nNode 0 Normal free:%lu boost:5 min:%lu low:%lu high:%lu lowmem_reserve:%lu "
		 "free_highatomic:0 free_cma:0 free_pcp:%lu managed:%lu pages, refused by: nothing "
		 "now\n",
		 zone.free, zone.wmark_min, zone.wmark_low, zone.wmark_high,
		 zone.lowmem_reserve[ZONE_NORMAL], zone.pcp, zone.managed);
	CHECK(host_log_has(line));
	CHECK_EQ(zone.wmark_min, zones[0].watermark[WMARK_MIN] + 5);
	zones[0].watermark_boost = 0;

	snprintf(line, sizeof(line), " = %lukB, largest order %u\n", zone.free * (PAGE_SIZE / 1024),
		 largest_block(&zone));
	CHECK(host_log_has(line));
	CHECK_EQ(occurrences("\nNode 0 Normal: "), 1);
	for (unsigned order = 0; order < NR_ORDERS; order++) {
		unsigned long sum = 0;

		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			sum += zone.nr_free[order][mt];
		snprintf(line, sizeof(line), " %lu*%lukB ", sum, PAGE_SIZE / 1024 << order);
		CHECK(host_log_has(line));
	}
	CHECK(host_log_has("kB (M) ") || host_log_has("kB (U) "));
	snprintf(line, sizeof(line), "\nper-CPU caches: cpu0:%lu", nr_pcp_pages());
	CHECK(nr_pcp_pages() && host_log_has(line));
}

static void nowarn_says_nothing(void)
{
	struct alloc_context ac = context(ZONE_NORMAL, 0);

	report(GFP_KERNEL | __GFP_NOWARN, 0, ALLOC_WMARK_MIN, &ac);
	CHECK_EQ(host_log_lines(), 0);
	/* and does not use up what others may say */
	for (unsigned i = 0; i < 10; i++)
		warn_alloc(GFP_KERNEL | __GFP_NOWARN, 0, ALLOC_WMARK_MIN, &ac);
	warn_alloc(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
	CHECK_EQ(occurrences("page allocation failure"), 1);
	CHECK(!host_log_has("went without one"));
}

static void long_series_are_told_ever_more_rarely(void)
{
	struct alloc_context ac = context(ZONE_NORMAL, 0);

	alloc_report_init();
	for (unsigned nr = 1; nr <= 600; nr++) {
		bool due = nr <= 4 || !(nr & (nr - 1));
		char line[80];

		host_log_clear();
		warn_alloc(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
		CHECK_EQ(host_log_lines() > 0, due);
		snprintf(line, sizeof(line),
			 "\n%u failures since the last report went without one\n", nr / 2 - 1);
		CHECK_EQ(host_log_has(line), due && nr > 4);
		CHECK_EQ(host_log_has("went without one"), due && nr > 4);
	}
	alloc_report_init();
}

static void fail_on_a_cpu(unsigned cpu, void *arg)
{
	struct alloc_context ac = context(ZONE_NORMAL, 0);

	(void)cpu;
	(void)arg;
	for (unsigned i = 0; i < 64; i++) {
		struct page *page = alloc_page(GFP_KERNEL);

		warn_alloc(GFP_KERNEL, 0, ALLOC_WMARK_MIN, &ac);
		__free_page(page);
	}
}

/* Failures of all CPUs are one series: 1 to 4, 8, 16, ... */
static void all_cpus_count_together(void)
{
	unsigned nr = test_nr_cpus() * 64, reports = 4;

	for (unsigned n = 8; n <= nr; n *= 2)
		reports++;
	alloc_report_init();
	host_log_clear();
	run_on_cpus(test_nr_cpus(), fail_on_a_cpu, NULL);
	CHECK_EQ(occurrences("page allocation failure"), reports);
	alloc_report_init();
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(any_context_may_report),
#ifdef TEST_HOST
	TEST(the_first_line_is_the_request),
	TEST(memory_is_all_out),
	TEST(what_was_reclaimable_is_said),
	TEST(fragmented),
	TEST(kept_for_lower_zones),
	TEST(kept_for_others),
	TEST(the_block_is_in_a_reserve),
	TEST(zone_limit),
	TEST(node_limit),
	TEST(it_judges_as_the_check_does),
	TEST(the_figures_are_the_zones),
	TEST(nowarn_says_nothing),
	TEST(long_series_are_told_ever_more_rarely),
	TEST(all_cpus_count_together),
#endif
};
TEST_SUITE(alloc_report, cases);
