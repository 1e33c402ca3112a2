// SPDX-License-Identifier: MIT
// HOST ONLY
/*
 * Nodes: which comes first and which next, who is counted as a miss, masks and sets of nodes,
 * and what is taken back before a request leaves its node.
 */
#include <string.h>

#include <mm/internal.h>

#include "../harness/hoard.h"

#define ALL_NODES 4

/* 8 MiB on each of four nodes. */
static const struct geometry four_nodes = {
	.ram = {{0x60000000, 8 * MIB, 0},
		{0x62000000, 8 * MIB, 1},
		{0x64000000, 8 * MIB, 2},
		{0x66000000, 8 * MIB, 3}},
	.limits = {.nr_cpus = 2, .min_free_kbytes = 2048},
};

static bool has_nodes(const struct geometry *g)
{
	if (BUDDY_MAX_NODES < ALL_NODES || PAGES_PER_SECTION * PAGE_SIZE > 8 * MIB) {
		test_skip("four nodes of 8 MiB needed");
		return false;
	}
	CHECK_EQ(start(g), 0);
	return true;
}

static int node_of(const struct page *page)
{
	return page_zone(page)->nid;
}

/*
 * Takes all from node nid on; the nodes in the order of their first page, as decimal
 * digits.
 */
static unsigned order_from(int nid, gfp_t gfp, const nodemask_t *mask)
{
	unsigned seen = 0, turns = 0;
	struct page *page;

	while ((page = __alloc_pages(gfp | __GFP_NOWARN, 0, nid, mask))) {
		hoard_add(page, 0);
		if (seen & 1U << node_of(page))
			continue;
		seen |= 1U << node_of(page);
		turns = turns * 10 + 1 + (unsigned)node_of(page);
	}
	hoard_give_all();
	drain_all_pages();
	return turns;
}

/* ---- by distance -------------------------------------------------------------- */

static void equally_distant_nodes_follow_in_turn(void)
{
	static const unsigned want[ALL_NODES] = {1234, 2341, 3412, 4123};

	for (int nid = 0; nid < ALL_NODES; nid++) {
		if (!has_nodes(&four_nodes))
			return;
		CHECK_EQ(order_from(nid, GFP_NOWAIT, NULL), want[nid]);
	}
}

static void the_nearest_node_comes_next(void)
{
	static const uint8_t distance[ALL_NODES][ALL_NODES] = {
		{10, 40, 30, 20}, {15, 10, 15, 30}, {0, 0, 0, 0}, {12, 11, 40, 10}};
	static const unsigned want[ALL_NODES] = {1432, 2314, 3412, 4213};

	memset(mm_policy.distance, 0, sizeof(mm_policy.distance));
	for (unsigned a = 0; a < ALL_NODES && BUDDY_MAX_NODES >= ALL_NODES; a++)
		memcpy(mm_policy.distance[a], distance[a], ALL_NODES);
	for (int nid = 0; nid < ALL_NODES; nid++) {
		if (!has_nodes(&four_nodes))
			return;
		CHECK_EQ(order_from(nid, GFP_NOWAIT, NULL), want[nid]);
	}
}

static void this_node_or_none(void)
{
	for (int nid = 0; nid < ALL_NODES; nid++) {
		if (!has_nodes(&four_nodes))
			return;
		CHECK_EQ(order_from(nid, GFP_NOWAIT | __GFP_THISNODE, NULL), (unsigned)nid + 1);
	}
}

static void a_mask_leaves_out_nodes_and_keeps_the_order(void)
{
	if (!has_nodes(&four_nodes))
		return;
	for (nodemask_t mask = 0; mask <= NODE_MASK_ALL; mask++)
		for (int nid = 0; nid < ALL_NODES; nid++) {
			unsigned want = 0;

			for (int i = 0; i < ALL_NODES; i++)
				if (mask >> (nid + i) % ALL_NODES & 1)
					want = want * 10 + 1 + (unsigned)(nid + i) % ALL_NODES;
			CHECK_EQ(order_from(nid, GFP_NOWAIT, &mask), want);
			want = mask >> nid & 1 ? (unsigned)nid + 1 : 0;
			CHECK_EQ(order_from(nid, GFP_NOWAIT | __GFP_THISNODE, &mask), want);
		}
}

static void a_cpu_turns_to_its_own_node(void)
{
	if (!has_nodes(&four_nodes))
		return;
	CHECK_EQ(mm_set_cpu_node(1, 2), 0);
	CHECK_EQ(mm_set_cpu_node(2, 0), -EINVAL);
	CHECK_EQ(mm_set_cpu_node(0, ALL_NODES), -EINVAL);
	CHECK_EQ(mm_set_cpu_node(0, -1), -EINVAL);
	play_cpu(1);
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		static const gfp_t gfp[] = {GFP_KERNEL, GFP_KERNEL | __GFP_ZERO,
					    GFP_HIGHUSER_MOVABLE, GFP_KERNEL | __GFP_COLD,
					    GFP_KERNEL | __GFP_THISNODE};

		for (unsigned i = 0; i < sizeof(gfp) / sizeof(gfp[0]); i++) {
			struct page *page = alloc_pages(gfp[i], order);

			REQUIRE(page);
			CHECK_EQ(node_of(page), 2);
			__free_pages(page, order);
			drain_all_pages();
		}
	}
	play_cpu(0);
}

static void a_block_from_elsewhere_counts_as_a_miss(void)
{
	uint32_t miss;
	unsigned long here, nr = 0;
	struct page *page;

	if (!has_nodes(&four_nodes))
		return;
	miss = vm_events(NUMA_MISS);
	while ((page = alloc_pages_node(1, GFP_NOWAIT | __GFP_THISNODE | __GFP_NOWARN, 0))) {
		hoard_add(page, 0);
		nr++;
	}
	CHECK_EQ(vm_events(NUMA_MISS), miss);
	for (here = 0; here < 100; here++) {
		page = alloc_pages_node(1, GFP_NOWAIT, 0);
		REQUIRE(page);
		CHECK_EQ(node_of(page), 2);
		hoard_add(page, 0);
	}
	CHECK_EQ(vm_events(NUMA_MISS) - miss, 100);
	CHECK(nr);
	hoard_give_all();
}

static void near_memory_is_mixed_before_far_memory_is_asked(void)
{
	/* A DMA zone below: a request for Normal keeps mobilities apart first. */
	static const struct geometry g = {
		.ram = {{0x60000000, 16 * MIB, 0}, {0x62000000, 16 * MIB, 1}},
		.limits = {.dma_limit = 0x60800000,
			   .nr_cpus = 1,
			   .min_free_kbytes = 256,
			   .lowmem_reserve_ratio = {100000, 100000, 0, 0}},
	};
	struct page *page;

	if (!has_nodes(&g))
		return;
	/* movable pages everywhere in Normal, and all of DMA */
	while ((page = alloc_pages_node(
			0, GFP_NOWAIT | __GFP_MOVABLE | __GFP_THISNODE | __GFP_NOWARN, 0)))
		hoard_add(page, 0);
	hoard_give(zone_of(0, ZONE_NORMAL), 200); /* of some pageblock, not all of it */
	page = alloc_pages_node(0, GFP_NOWAIT, 0);
	REQUIRE(page);
	CHECK_EQ(node_of(page), 0);
	CHECK_EQ(page_zone(page)->type, ZONE_NORMAL);
	__free_page(page);
	hoard_give_all();
}

/* ---- sets of nodes that a context may have ----------------------------------------- */

static void a_set_keeps_a_context_on_its_nodes(void)
{
	struct alloc_scope *scope = host_task_scope(0);

	if (!has_nodes(&four_nodes))
		return;
	CHECK_EQ(set_mems_allowed(scope, 0xc), 0);
	CHECK_EQ(order_from(0, GFP_NOWAIT, NULL), 34);
	CHECK_EQ(order_from(3, GFP_NOWAIT, NULL), 43);
	CHECK_EQ(order_from(0, GFP_HIGHUSER_MOVABLE, NULL), 34);
	CHECK_EQ(order_from(0, GFP_ATOMIC | __GFP_HARDWALL, NULL), 34);
	/* one that cannot wait goes beyond when it must */
	CHECK_EQ(order_from(0, GFP_ATOMIC, NULL), 3412);
	CHECK_EQ(set_mems_allowed(scope, 0), 0);
	CHECK_EQ(order_from(0, GFP_NOWAIT, NULL), 1234);
	CHECK_EQ(mm_unusual, 0);
}

static void other_contexts_and_interrupt_handlers_are_not_bound(void)
{
	struct page *page;

	if (!has_nodes(&four_nodes))
		return;
	CHECK_EQ(set_mems_allowed(host_task_scope(0), 0x2), 0);
	play_cpu(1);
	page = alloc_page(GFP_KERNEL);
	CHECK(page && node_of(page) == 0);
	__free_page(page);
	play_cpu(0);
	host_irq_hold(true); /* in an interrupt handler's context */
	page = alloc_page(GFP_ATOMIC);
	CHECK(page && node_of(page) == 0);
	__free_page(page);
	host_irq_hold(false);
	page = alloc_page(GFP_KERNEL);
	CHECK(page && node_of(page) == 1);
	__free_page(page);
	CHECK_EQ(set_mems_allowed(host_task_scope(0), NODE_MASK_ALL), 0);
	CHECK_EQ(host_task_scope(0)->mems_allowed, 0);
	CHECK_EQ(mm_unusual, 0);
}

static void an_empty_set_is_refused(void)
{
	struct alloc_scope *scope = host_task_scope(0);

	CHECK_EQ(set_mems_allowed(scope, 0x2), -EINVAL); /* there is one node */
	CHECK(host_log_lines() == 1);
	CHECK_EQ(scope->mems_allowed, 0);
	CHECK_EQ(set_mems_allowed(scope, 0x3), 0); /* and here one that is all */
	CHECK_EQ(scope->mems_allowed, 0);
	CHECK_EQ(mm_unusual, 0);
}

/* ---- the set changes while a request fails -------------------------------------------- */

static unsigned flips;

static void flip(unsigned cpu)
{
	struct alloc_scope *scope = host_task_scope(0);

	(void)cpu;
	if (flips) {
		flips--;
		set_mems_allowed(scope, 0x8);
	}
}

static void a_request_that_failed_meanwhile_is_made_again(void)
{
	struct page *page;

	if (!has_nodes(&four_nodes))
		return;
	while ((page = alloc_pages_node(0, GFP_NOWAIT | __GFP_THISNODE | __GFP_NOWARN, 0)))
		hoard_add(page, 0);
	CHECK_EQ(set_mems_allowed(host_task_scope(0), 0x1), 0);
	CHECK(!alloc_page(GFP_NOWAIT | __GFP_NOWARN));
	/* an interrupt in its first window or a later one gives the context another node */
	host_irq_set_handler(flip);
	for (uint32_t seed = 1; seed < 200; seed++) {
		set_mems_allowed(host_task_scope(0), 0x1);
		flips = 1;
		host_irq_set_rate(3, seed);
		page = alloc_page(GFP_NOWAIT | __GFP_NOWARN);
		host_irq_set_rate(0, 1);
		/* not in its last window: then the answer was right when it was given */
		CHECK(page || !flips);
		if (page)
			CHECK_EQ(node_of(page), 3);
		__free_page(page);
	}
	set_mems_allowed(host_task_scope(0), 0);
	hoard_give_all();
	CHECK_EQ(mm_unusual, 0);
}

static unsigned long stop;

static void hold_and_flip(unsigned cpu, void *arg)
{
	unsigned long n = 0;
	struct page *page;

	if (cpu) {
		while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
			set_mems_allowed(host_task_scope(0), n++ & 1 ? 0x2 : 0x4);
			test_idle();
		}
		set_mems_allowed(host_task_scope(0), 0);
		return;
	}
	/* whichever it is, it has memory: no request fails */
	for (unsigned i = 0; i < 3000 && !test_has_failed(); i++) {
		unsigned saved = memalloc_noio_save();

		page = alloc_pages(GFP_KERNEL, i % 5);
		memalloc_noio_restore(saved);
		CHECK(page != NULL);
		__free_pages(page, i % 5);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
}

static void a_set_that_flips_under_a_busy_context(void)
{
	if (!has_nodes(&four_nodes))
		return;
	stop = 0;
	run_on_cpus(2, hold_and_flip, NULL);
	/* flags and sets have different writers: what they count may not get lost */
	CHECK_EQ(mm_unusual, 0);
	CHECK_EQ(host_task_scope(0)->mems_allowed, 0);
}

/* ---- what is taken back before a request leaves its node --------------------------- */

static uint32_t got(void)
{
	return vm_events(ZONE_RECLAIM_SUCCESS);
}

static uint32_t not_got(void)
{
	return vm_events(ZONE_RECLAIM_FAILED);
}

/* All of node 0 is out but what is in CPU 1's cache: `nr` pages. */
static void cache_elsewhere(unsigned nr)
{
	struct page *page, *pages[64];

	while ((page = alloc_pages_node(0, GFP_NOWAIT | __GFP_THISNODE | __GFP_NOWARN, 0)))
		hoard_add(page, 0);
	for (unsigned i = 0; i < nr; i++) {
		pages[i] = hoard;
		hoard = hoard->mapping;
	}
	play_cpu(1);
	for (unsigned i = 0; i < nr; i++)
		__free_page(pages[i]);
	CHECK_EQ(nr_pcp_pages(), nr);
	play_cpu(0);
}

static void a_node_takes_back_its_own_caches_first(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	uint32_t yes, no;
	struct page *page;

	mm_policy.node_reclaim = true;
	if (!has_nodes(&four_nodes))
		return;
	cache_elsewhere(8);
	yes = got();
	no = not_got();
	/* one that may not wait goes to the next node at once, and nothing is counted */
	page = alloc_page(GFP_NOWAIT);
	CHECK(page && node_of(page) == 1);
	__free_page(page);
	CHECK(got() == yes && not_got() == no);
	drain_local_pages();
	CHECK_EQ(nr_pcp_pages(), 8);
	/* enough; the node is below its low mark still, so that the next one gives */
	page = alloc_page(GFP_KERNEL);
	CHECK_EQ(got() - yes, 1);
	CHECK_EQ(not_got(), no);
	CHECK(page && node_of(page) == 1);
	__free_page(page);
	drain_all_pages();
	/* nothing */
	page = alloc_page(GFP_KERNEL);
	CHECK(page && node_of(page) == 1);
	CHECK_EQ(not_got() - no, 1);
	__free_page(page);
	hoard_give_all();
}

static void node_reclaim_answers_how_much_it_got(void)
{
	if (!BUDDY_PCP) {
		test_skip("needs BUDDY_PCP");
		return;
	}
	port_irqflags_t flags;

	if (!has_nodes(&four_nodes))
		return;
	cache_elsewhere(4);
	CHECK_EQ(node_reclaim(0, GFP_NOWAIT, 0), NODE_RECLAIM_NOSCAN);
	flags = port_irq_save();
	CHECK_EQ(node_reclaim(0, GFP_KERNEL, 0), NODE_RECLAIM_NOSCAN);
	port_irq_restore(flags);
	CHECK(got() == 0 && not_got() == 0);
	CHECK_EQ(node_reclaim(0, GFP_KERNEL, 3), NODE_RECLAIM_SOME);
	CHECK(got() == 0 && not_got() == 1);
	CHECK_EQ(node_reclaim(0, GFP_KERNEL, 0), NODE_RECLAIM_FULL);
	CHECK(got() == 0 && not_got() == 2);
	cache_elsewhere(4);
	CHECK_EQ(node_reclaim(1, GFP_KERNEL, 0), NODE_RECLAIM_FULL); /* it was node 0's */
	CHECK(got() == 0 && not_got() == 3);
	cache_elsewhere(4);
	CHECK_EQ(node_reclaim(0, GFP_KERNEL, 2), NODE_RECLAIM_SUCCESS);
	CHECK(got() == 1 && not_got() == 3);
	hoard_give_all();
}

static void nothing_is_taken_back_for_a_node_that_may_not_give(void)
{
	static const struct geometry g = {
		.ram = {{0x62000000, 8 * MIB, 1}, {0x64000000, 8 * MIB, 2}},
		.limits = {.nr_cpus = 1},
	};
	const nodemask_t mask = 0x4;
	struct page *page;

	mm_policy.node_reclaim = true;
	if (!has_nodes(&g))
		return;
	/* a node without memory, then one that the request rules out */
	for (int nid = 0; nid < 2; nid++) {
		page = __alloc_pages(GFP_KERNEL, 0, nid, nid ? &mask : NULL);
		CHECK(page && node_of(page) == nid + 1);
		__free_page(page);
		CHECK(got() == 0 && not_got() == 0);
	}
}

static const struct test_case cases[] = {
	TEST(equally_distant_nodes_follow_in_turn),
	TEST(the_nearest_node_comes_next),
	TEST(this_node_or_none),
	TEST(a_mask_leaves_out_nodes_and_keeps_the_order),
	TEST(a_cpu_turns_to_its_own_node),
	TEST(a_block_from_elsewhere_counts_as_a_miss),
	TEST(near_memory_is_mixed_before_far_memory_is_asked),
	TEST(a_set_keeps_a_context_on_its_nodes),
	TEST(other_contexts_and_interrupt_handlers_are_not_bound),
	TEST(an_empty_set_is_refused),
	TEST(a_request_that_failed_meanwhile_is_made_again),
	TEST(a_set_that_flips_under_a_busy_context),
	TEST(a_node_takes_back_its_own_caches_first),
	TEST(node_reclaim_answers_how_much_it_got),
	TEST(nothing_is_taken_back_for_a_node_that_may_not_give),
};
TEST_SUITE(nodes, cases);
