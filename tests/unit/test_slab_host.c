// SPDX-License-Identifier: MIT
// NEEDS: SLAB
// HOST ONLY: memories of its own making, and allocators that are broken on purpose
/*
 * Caches of objects over nodes and zones; objects that were written to while they were
 * free; debugging; and whether the validator names what is broken.
 */
/* NOLINTBEGIN(clang-analyzer-unix.Malloc): what is freed wrongly is so on purpose. */
#include <buddy/debug.h>

#include "slab_fixture.h"

#define NR 200

static void *object[NR];

/* ---- zones and nodes ----------------------------------------------------------- */

static void zones_and_mobility_are_as_asked_for(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 64 << 20, 0}},
		.limits = {.dma_limit = 0x61000000},
	};
	struct kmem_cache *dma, *rcl, *s;
	void *p, *q, *r;

	CHECK_EQ(start(&g), 0);
	slab_begin();
	dma = kmem_cache_create("dma", 50, 0, SLAB_CACHE_DMA, NULL);
	rcl = kmem_cache_create("rcl", 50, 0, SLAB_RECLAIM_ACCOUNT, NULL);
	s = kmem_cache_create("test", 50, 0, SLAB_ACCOUNT, NULL);
	REQUIRE(dma && rcl && s);
	for (unsigned i = 0; i < NR; i++) {
		uint32_t accounted = vm_events(PGACCOUNT);

		p = kmem_cache_alloc(dma, GFP_KERNEL | (i % 2 ? __GFP_DMA : 0));
		q = kmem_cache_alloc(rcl, GFP_KERNEL);
		r = kmem_cache_alloc(s, GFP_KERNEL);
		REQUIRE(p && q && r);
		CHECK(port_virt_to_phys(p) < 0x61000000);
		CHECK(port_virt_to_phys(r) >= 0x61000000);
		CHECK_EQ(get_pageblock_migratetype(virt_to_page(q)), MIGRATE_RECLAIMABLE);
		CHECK_EQ(get_pageblock_migratetype(virt_to_page(r)), MIGRATE_UNMOVABLE);
		CHECK_EQ(vm_events(PGACCOUNT) - accounted, i ? 0 : 1);
		kmem_cache_free(dma, p);
		kmem_cache_free(rcl, q);
		kmem_cache_free(s, r);
	}
	p = kmalloc(50, GFP_KERNEL | __GFP_DMA);
	q = kmalloc(50, GFP_KERNEL | __GFP_RECLAIMABLE);
	r = kmalloc(KMALLOC_MAX_CACHE_SIZE + 1 < KMALLOC_MAX_SIZE ? KMALLOC_MAX_CACHE_SIZE + 1
								  : 100,
		    GFP_DMA);
	REQUIRE(p && q && r);
	CHECK(port_virt_to_phys(p) < 0x61000000 && port_virt_to_phys(r) < 0x61000000);
	CHECK_EQ(get_pageblock_migratetype(virt_to_page(q)), MIGRATE_RECLAIMABLE);
	CHECK_EQ(slab_info_of("dma-kmalloc-64").nr_active, 1);
	CHECK_EQ(slab_info_of("kmalloc-rcl-64").nr_active, 1);
	kfree(p);
	kfree(q);
	kfree(r);
	CHECK_EQ(kmem_cache_destroy(dma), 0);
	CHECK_EQ(kmem_cache_destroy(rcl), 0);
	slab_end(s);
}

static void objects_go_back_to_their_node(void)
{
#if BUDDY_MAX_NODES > 1
	static const struct geometry g = {
		.ram = {{0x60000000, 32 << 20, 0}, {0x64000000, 32 << 20, 1}},
	};
	struct kmem_cache *s;

	CHECK_EQ(start(&g), 0);
	CHECK_EQ(mm_set_cpu_node(1, 1), 0);
	slab_begin();
	s = kmem_cache_create("test", 256, 0, 0, NULL);
	REQUIRE(s);
	for (unsigned turn = 0; turn < 4; turn++) {
		for (unsigned i = 0; i < NR; i++) {
			play_cpu(i & 1);
			object[i] = kmem_cache_alloc(s, GFP_KERNEL);
			REQUIRE(object[i]);
			if (!turn)
				CHECK_EQ(page_zone(virt_to_page(object[i]))->nid, i & 1);
		}
		CHECK_EQ(mm_check_quiet(), 0);
		/* by the other one */
		for (unsigned i = 0; i < NR; i++) {
			play_cpu(~i & 1);
			kmem_cache_free(s, object[i]);
		}
		CHECK_EQ(mm_check_quiet(), 0);
	}
	play_cpu(0);
	slab_end(s);
#else
	test_skip("one node in this build");
#endif
}

/* A node's CPUs without memory there live on the others' slabs. */
static void the_last_free_objects_are_found_anywhere(void)
{
#if BUDDY_MAX_NODES > 1 && BUDDY_DEBUG_HOOKS
	static const struct geometry g = {
		.ram = {{0x60000000, 32 << 20, 0}, {0x64000000, 32 << 20, 1}},
	};
	struct kmem_cache *s;
	unsigned nr = 0;

	CHECK_EQ(start(&g), 0);
	CHECK_EQ(mm_set_cpu_node(1, 1), 0);
	play_cpu(1);
	play_cpu(0);
	slab_begin();
	s = kmem_cache_create("test", 1024, 0, 0, NULL);
	REQUIRE(s);
	object[0] = kmem_cache_alloc(s, GFP_KERNEL);
	REQUIRE(object[0]);
	host_cpu_switch(0);
	CHECK_EQ(mm_debug_set("fail_page_alloc", "1,100,0,-1"), 0);
	kmem_cache_shrink(s); /* the rest of node 0's slab is on its list */
	host_cpu_switch(1);
	for (unsigned i = 1; i < NR; i++)
		if ((object[i] = kmem_cache_alloc(s, NOBODY)))
			nr++;
	CHECK_EQ(nr, s->objects - 1);
	CHECK_EQ(mm_debug_set("fail_page_alloc", "0"), 0);
	for (unsigned i = 0; i < NR; i++)
		kmem_cache_free(s, object[i]);
	host_cpu_switch(0);
	slab_end(s);
#else
	test_skip("one node, or no fail_page_alloc, in this build");
#endif
}

/* No block of the usual order: the smallest one does. */
static void a_smaller_slab_is_better_than_none(void)
{
#if BUDDY_DEBUG_HOOKS
	struct kmem_cache *s;
	unsigned nr = 0;

	slab_begin();
	s = kmem_cache_create("test", PAGE_SIZE / 2, 0, 0, NULL);
	REQUIRE(s);
	if (s->order == s->min_order) {
		test_skip("no orders to choose from");
	} else {
		CHECK_EQ(mm_debug_set("fail_page_alloc.min_order", "1"), 0);
		CHECK_EQ(mm_debug_set("fail_page_alloc", "1,100,0,-1"), 0);
		while (nr < 40 && (object[nr] = kmem_cache_alloc(s, NOBODY)))
			slab_fill(object[nr], PAGE_SIZE / 2, nr), nr++;
		CHECK_EQ(nr, 40);
		CHECK_EQ(mm_check_quiet(), 0);
		CHECK_EQ(mm_debug_set("fail_page_alloc", "0"), 0);
		while (nr < 80 && (object[nr] = kmem_cache_alloc(s, GFP_KERNEL)))
			slab_fill(object[nr], PAGE_SIZE / 2, nr), nr++;
		CHECK_EQ(mm_check_quiet(), 0);
		for (unsigned i = 0; i < nr; i++)
			CHECK(slab_verify(object[i], PAGE_SIZE / 2, i));
		CHECK_REFUSED(kfree((char *)object[0] + 8));
		kmem_cache_free_bulk(s, nr, object);
		kfree(object[nr]); /* NULL */
	}
	slab_end(s);
#else
	test_skip("no fail_page_alloc in this build");
#endif
}

/* ---- written to while it was free -------------------------------------------------- */

/* Neither is given again, nor is anything else lost. */
static void damage_costs_one_object(void)
{
	struct kmem_cache *s;
	unsigned nr = 0;
	uint32_t *hurt;

	slab_begin();
	s = kmem_cache_create("test", 128, 0, 0, NULL);
	REQUIRE(s);
	REQUIRE(kmem_cache_alloc_bulk(s, GFP_KERNEL, 20, object) == 20);
	hurt = object[10];
	kmem_cache_free_bulk(s, 20, object);
	hurt[0] ^= 0x100; /* in the CPU's array */
	CHECK(mm_check_quiet() > 0);
	CHECK_SAID("an object in an array was written to");
	for (unsigned i = 0; i < 100; i++) {
		object[i] = kmem_cache_alloc(s, GFP_KERNEL);
		CHECK(object[i] && object[i] != hurt);
	}
	CHECK_EQ(vm_events(BAD_SLAB), 1);
	CHECK_SAID("was written to while it was free");
	CHECK_EQ(mm_check_quiet(), 0);
	kmem_cache_free_bulk(s, 100, object);
	CHECK_EQ(kmem_cache_destroy(s), -EBUSY);
	CHECK_SAID("1 object is in use");

	/* On a slab's list: what came after it there is lost, too. */
	s = kmem_cache_create("test2", 128, 0, 0, NULL);
	REQUIRE(s && kmem_cache_alloc_bulk(s, GFP_KERNEL, 3, object) == 3);
	kmem_cache_free_bulk(s, 2, object);
	kmem_cache_shrink(s);
	hurt = object[0]; /* the second one there */
	hurt[1] ^= 0x100000;
	CHECK(mm_check_quiet() > 0);
	CHECK_SAID("a free object was written to");
	for (unsigned i = 10; i < 110; i++) {
		object[i] = kmem_cache_alloc(s, GFP_KERNEL);
		CHECK(object[i] && object[i] != hurt);
		nr += object[i] != NULL;
	}
	CHECK_EQ(nr, 100);
	CHECK_EQ(vm_events(BAD_SLAB), 2);
	CHECK_EQ(mm_check_quiet(), 0);
	CHECK_EQ(start(&default_geometry), 0);
}

/* Freed, written to, freed again: it is in the array twice, and yet nobody shares it. */
static void twice_freed_and_written_is_given_once(void)
{
	struct kmem_cache *s;
	unsigned given = 0;
	uint32_t *p;

	for (unsigned flush = 0; flush < 2; flush++) {
		CHECK_EQ(start(&default_geometry), 0);
		slab_begin();
		s = kmem_cache_create("test", 64, 0, 0, NULL);
		REQUIRE(s);
		p = kmem_cache_alloc(s, GFP_KERNEL);
		REQUIRE(p);
		kmem_cache_free(s, p);
		*p = 1;
		kmem_cache_free(s, p);
		if (flush)
			kmem_cache_shrink(s);
		given = 0;
		for (unsigned i = 0; i < 150; i++) {
			object[i] = kmem_cache_alloc(s, GFP_KERNEL);
			REQUIRE(object[i]);
			given += object[i] == p;
			*(uint32_t *)object[i] = i;
		}
		CHECK_EQ(given, 1);
		CHECK_EQ(vm_events(BAD_SLAB), 1);
		CHECK_SAID("or freed twice");
		CHECK_EQ(mm_check_quiet(), 0);
	}
	CHECK_EQ(start(&default_geometry), 0);
}

static void debugging_finds_what_was_written(void)
{
#if BUDDY_DEBUG_HOOKS
	struct kmem_cache *s;
	char *p, *q;

	slab_begin();
	CHECK_EQ(mm_debug_set("slab_debug", "1"), 0);
	s = kmem_cache_create("test", 33, 0, 0, NULL);
	CHECK_EQ(mm_debug_set("slab_debug", "0"), 0);
	REQUIRE(s);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	REQUIRE(p);
	CHECK_EQ((uint8_t)p[5], 0x6b);
	CHECK_EQ((uint8_t)p[32], 0xa5);
	p[33] = 0; /* one too far */
	CHECK_EQ(mm_check_quiet(), 0);
	kmem_cache_free(s, p);
	CHECK_EQ(vm_events(BAD_SLAB), 1);
	CHECK_SAID("beyond its end: 0x00 at byte 33");
	p[7] = 1;
	q = kmem_cache_alloc(s, GFP_KERNEL);
	CHECK(p == q);
	CHECK_EQ(vm_events(BAD_SLAB), 2);
	CHECK_SAID("while it was free: 0x01 at byte 7");
	kmem_cache_free(s, q);
	CHECK_REFUSED(kmem_cache_free(s, q));
	CHECK_REFUSED(kmem_cache_free(s, q + 8));
	CHECK_EQ(vm_events(BAD_SLAB), 2);
	slab_end(s);
#else
	test_skip("no debugging in this build");
#endif
}

/* ---- the validator -------------------------------------------------------------------- */

static struct kmem_cache *some_cache(void)
{
	struct kmem_cache *s = kmem_cache_create("test", 512, 0, 0, NULL);

	if (s && kmem_cache_alloc_bulk(s, GFP_KERNEL, 30, object) == 30) {
		kmem_cache_free_bulk(s, 5, object);
		kmem_cache_shrink(s);
		kmem_cache_free_bulk(s, 5, object + 5);
	}
	return s;
}

#define CHECK_NAMED(change, undo, text)        \
	do {                                   \
		host_log_clear();              \
		CHECK_EQ(mm_check_quiet(), 0); \
		change;                        \
		CHECK(mm_check_quiet() > 0);   \
		CHECK(host_log_has(text));     \
		undo;                          \
		CHECK_EQ(mm_check_quiet(), 0); \
	} while (0)

static void what_is_broken_is_named(void)
{
	struct kmem_cache_node *n;
	struct kmem_cache *s;
	struct page *slab;
	uintptr_t priv;

	slab_begin();
	s = some_cache();
	REQUIRE(s);
	n = &s->node[0];
	slab = lru_to_page(n->partial.next);
	priv = slab->priv;
	CHECK_NAMED(n->nr_partial++, n->nr_partial--, "nr_partial is not");
	CHECK_NAMED(n->nr_empty++, n->nr_empty--, "nr_empty is not");
	CHECK_NAMED(n->nr_free++, n->nr_free--, "nr_free is not");
	CHECK_NAMED(n->nr_slabs++, n->nr_slabs--, "nr_slabs is not what pages say");
	CHECK_NAMED(slab->priv += 1 << 12, slab->priv = priv,
		    "free objects are not what it counts");
	CHECK_NAMED(slab->priv |= 0xfff000, slab->priv = priv,
		    "more objects are in use than a slab has");
	CHECK_NAMED(slab->priv ^= 0x70000000, slab->priv = priv, "none of the cache");
	CHECK_NAMED(s->cpu[0].top[-1] = (char *)s->cpu[0].top[-1] + PAGE_SIZE * 64,
		    s->cpu[0].top[-1] = (char *)s->cpu[0].top[-1] - PAGE_SIZE * 64,
		    "an array holds something");
	CHECK_NAMED(s->cpu[0].base[-1] = n, s->cpu[0].base[-1] = NULL, "sentinel");
	kmem_cache_free_bulk(s, 20, object + 10);
	slab_end(s);
}

static void a_picture_has_a_line_for_each(void)
{
	struct kmem_cache *s;

	slab_begin();
	s = some_cache();
	REQUIRE(s);
	host_log_clear();
	show_slabinfo();
	CHECK(host_log_has("slabinfo - version: 2.1\n"));
	CHECK(host_log_has("\ntest "));
	CHECK(host_log_has("\nkmalloc-192 "));
	CHECK(host_log_has("\nkmem_cache "));
	CHECK_EQ(slab_info_of("test").nr_active, 20);
	CHECK_EQ(slab_info_of("test").nr_cached, 5);
	kmem_cache_free_bulk(s, 20, object + 10);
	slab_end(s);
}

static void there_may_be_254_caches(void)
{
	static struct kmem_cache *s[SLAB_MAX_CACHES];
	unsigned nr = 0;

	slab_begin();
	while (nr < SLAB_MAX_CACHES && (s[nr] = kmem_cache_create("test", 8, 0, 0, NULL)))
		nr++;
	CHECK_EQ(nr, SLAB_MAX_CACHES - 1 - NR_KMALLOC_TYPES * (KMALLOC_NR_CLASSES - 1));
	CHECK_SAID("as many caches as there can be");
	while (nr)
		CHECK_EQ(kmem_cache_destroy(s[--nr]), 0);
	slab_end(NULL);
}

static const struct test_case cases[] = {
	TEST(zones_and_mobility_are_as_asked_for),
	TEST(objects_go_back_to_their_node),
	TEST(the_last_free_objects_are_found_anywhere),
	TEST(a_smaller_slab_is_better_than_none),
	TEST(damage_costs_one_object),
	TEST(twice_freed_and_written_is_given_once),
	TEST(debugging_finds_what_was_written),
	TEST(what_is_broken_is_named),
	TEST(a_picture_has_a_line_for_each),
	TEST(there_may_be_254_caches),
};
TEST_SUITE(slab_host, cases);
/* NOLINTEND(clang-analyzer-unix.Malloc) */
