// SPDX-License-Identifier: MIT
// NEEDS: SLAB
/*
 * Caches of objects, written from slab.h: where objects lie, who made them, that all of their
 * pages come back; what is refused; what happens without memory, and in interrupts.
 */
/* NOLINTBEGIN(clang-analyzer-unix.Malloc): what is freed wrongly is so on purpose. */
#include <buddy/debug.h>
#include <buddy/reclaim.h>

#include "slab_fixture.h"

#ifndef TEST_HOST
#include <boot/smp.h>
#endif

#define NR 300

static void *object[NR];

/* ---- objects ----------------------------------------------------------------- */

static void fill_and_free(struct kmem_cache *s, unsigned size, unsigned align)
{
	for (unsigned i = 0; i < NR; i++) {
		object[i] = kmem_cache_alloc(s, GFP_KERNEL);
		REQUIRE(object[i]);
		CHECK_EQ((uintptr_t)object[i] & (align - 1), 0);
		slab_fill(object[i], size, i);
	}
	CHECK_EQ(mm_check_quiet(), 0);
	for (unsigned i = 0; i < NR; i++)
		CHECK(slab_verify(object[i], size, i));
	/* Every third one is exchanged: neighbours keep what they have. */
	for (unsigned i = 0; i < NR; i += 3)
		kmem_cache_free(s, object[i]);
	for (unsigned i = 0; i < NR; i += 3) {
		object[i] = kmem_cache_alloc(s, GFP_KERNEL);
		REQUIRE(object[i]);
		slab_fill(object[i], size, i);
	}
	for (unsigned i = 0; i < NR; i++) {
		CHECK(slab_verify(object[i], size, i));
		kmem_cache_free(s, object[i]);
	}
}

static void objects_lie_apart_and_aligned(void)
{
	static const struct {
		unsigned size, align, flags, expected;
	} c[] = {
		{1, 0, 0, 8},
		{8, 0, 0, 8},
		{24, 0, 0, 8},
		{40, 4, 0, 8},
		{64, 64, 0, 64},
		{100, 32, 0, 32},
		{513, 0, 0, 8},
		{1000, 256, 0, 256},
		{2048, 0, 0, 8},
		{3000, 0, 0, 8},
		{4096, 4096, 0, 4096},
		{8192, 0, 0, 8},
		{12, 0, SLAB_HWCACHE_ALIGN, 16},
		{33, 0, SLAB_HWCACHE_ALIGN, PORT_CACHELINE},
		{100, 0, SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER, 8},
	};

	slab_begin();
	for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct kmem_cache *s =
			kmem_cache_create("test", c[i].size, c[i].align, c[i].flags, NULL);

		REQUIRE(s);
		CHECK_EQ(kmem_cache_size(s), c[i].size);
		fill_and_free(s, c[i].size, c[i].expected);
		slab_end(s);
	}
}

static unsigned constructed;

static void construct(void *p)
{
	constructed++;
	slab_fill(p, 40, 7);
}

static void a_constructed_object_stays_constructed(void)
{
	struct slab_info info;
	struct kmem_cache *s;

	slab_begin();
	constructed = 0;
	s = kmem_cache_create("test", 40, 0, 0, construct);
	REQUIRE(s);
	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = 0; i < NR; i++) {
			object[i] = kmem_cache_alloc(s, GFP_KERNEL);
			REQUIRE(object[i]);
			CHECK(slab_verify(object[i], 40, 7));
		}
		info = slab_info_of("test");
		/* once each, although they were given three times */
		if (!turn)
			CHECK_EQ(constructed, info.nr_objects);
		kmem_cache_free_bulk(s, NR, object);
	}
	CHECK(!kmem_cache_alloc(s, GFP_KERNEL | __GFP_ZERO));
	CHECK_SAID("with a constructor");
	slab_end(s);
}

static void bulk_is_all_or_nothing(void)
{
	struct kmem_cache *s;

	slab_begin();
	s = kmem_cache_create("test", 200, 0, 0, NULL);
	REQUIRE(s);
	CHECK_EQ(kmem_cache_alloc_bulk(s, GFP_KERNEL, NR, object), NR);
	for (unsigned i = 0; i < NR; i++)
		slab_fill(object[i], 200, i);
	for (unsigned i = 0; i < NR; i++)
		CHECK(slab_verify(object[i], 200, i));
	kmem_cache_free_bulk(s, NR, object);
	CHECK_EQ(slab_info_of("test").nr_active, 0);
	CHECK_EQ(mm_debug_set("fail_page_alloc", "1,100,4,-1"), BUDDY_DEBUG_HOOKS ? 0 : -ENOENT);
	if (BUDDY_DEBUG_HOOKS) {
		kmem_cache_shrink(s);
		CHECK_EQ(kmem_cache_alloc_bulk(s, NOBODY, NR, object), 0);
		CHECK_EQ(mm_debug_set("fail_page_alloc", "0"), 0);
	}
	slab_end(s);
}

static void zeroed_objects_are(void)
{
	struct kmem_cache *s;

	slab_begin();
	s = kmem_cache_create("test", 100, 0, 0, NULL);
	REQUIRE(s);
	for (unsigned i = 0; i < NR; i++) {
		object[i] = kmem_cache_zalloc(s, GFP_KERNEL);
		REQUIRE(object[i]);
		for (unsigned k = 0; k < 100; k++)
			CHECK(!((char *)object[i])[k]);
		memset(object[i], 0xff, 100);
		if (i % 2)
			kmem_cache_free(s, object[i]);
	}
	for (unsigned i = 0; i < NR; i += 2)
		kmem_cache_free(s, object[i]);
	slab_end(s);
}

/* ---- pages ---------------------------------------------------------------------- */

static void few_empty_slabs_are_kept(void)
{
	struct kmem_cache *s;
	struct slab_info info;

	slab_begin();
	s = kmem_cache_create("test", 1024, 0, 0, NULL);
	REQUIRE(s);
	REQUIRE(kmem_cache_alloc_bulk(s, GFP_KERNEL, NR, object) == NR);
	info = slab_info_of("test");
	CHECK_EQ(info.nr_active, NR);
	CHECK(info.nr_slabs >= NR / info.objects);
	kmem_cache_free_bulk(s, NR, object);
	info = slab_info_of("test");
	CHECK_EQ(info.nr_active, 0);
	CHECK(info.nr_empty <= SLAB_MIN_EMPTY);
	CHECK(info.nr_cached <= SLAB_SLOTS);
	CHECK(info.nr_slabs <= info.nr_empty + info.nr_cached);
	CHECK_EQ(kmem_cache_shrink(s), info.nr_pages);
	info = slab_info_of("test");
	CHECK_EQ(info.nr_slabs + info.nr_cached + info.nr_pages, 0);
	slab_end(s);
}

static void reclaim_gets_them_back(void)
{
#if BUDDY_RECLAIM
	struct kmem_cache *s;

	slab_begin();
	s = kmem_cache_create("test", 512, 0, 0, NULL);
	REQUIRE(s);
	REQUIRE(kmem_cache_alloc_bulk(s, GFP_KERNEL, NR, object) == NR);
	kmem_cache_free_bulk(s, NR - 1, object + 1);
	CHECK(slab_info_of("test").nr_slabs > 1);
	for (unsigned i = 0; i < 20 && slab_info_of("test").nr_slabs > 1; i++)
		shrink_node_pages(-1, 64, GFP_KERNEL);
	CHECK_EQ(slab_info_of("test").nr_slabs, 1);
	CHECK_EQ(slab_info_of("test").nr_active, 1);
	kmem_cache_free(s, object[0]);
	slab_end(s);
#else
	test_skip("no reclaim in this build");
#endif
}

static void destroying_one_in_use_is_refused(void)
{
	struct kmem_cache *s;

	slab_begin();
	CHECK_EQ(kmem_cache_destroy(NULL), 0);
	s = kmem_cache_create("test", 48, 0, 0, NULL);
	REQUIRE(s);
	object[0] = kmem_cache_alloc(s, GFP_KERNEL);
	object[1] = kmem_cache_alloc(s, GFP_KERNEL);
	CHECK_REFUSED(CHECK_EQ(kmem_cache_destroy(s), -EBUSY));
	CHECK_SAID("2 objects are in use");
	kmem_cache_free(s, object[0]);
	CHECK_EQ(kmem_cache_destroy(s), -EBUSY);
	CHECK_SAID("1 object is in use");
	/* it goes on as before */
	object[0] = kmem_cache_alloc(s, GFP_KERNEL);
	CHECK(object[0]);
	kmem_cache_free_bulk(s, 2, object);
	slab_end(s);
	CHECK_REFUSED(CHECK_EQ(kmem_cache_destroy(s), -EINVAL));
	CHECK_SAID("no such cache");
	CHECK_REFUSED(CHECK_EQ(kmem_cache_destroy(&slab_boot), -EINVAL));
	CHECK_SAID("one of the allocator's own");
}

/* Every request for pages fails once: nothing is lost, and the next try succeeds. */
static void failing_at_each_point_loses_nothing(void)
{
#if BUDDY_DEBUG_HOOKS
	unsigned failures = 0;
	char value[32] = "1,100,00,3";

	slab_begin();
	for (unsigned space = 0; space < 40; space++) {
		struct kmem_cache *s;
		unsigned nr = 0;

		value[6] = (char)('0' + space / 10);
		value[7] = (char)('0' + space % 10);
		CHECK_EQ(mm_debug_set("fail_page_alloc", value), 0);
		s = kmem_cache_create("test", 700, 0, 0, NULL);
		for (unsigned i = 0; s && i < 100; i++) {
			object[nr] = kmem_cache_alloc(s, NOBODY);
			if (object[nr])
				slab_fill(object[nr++], 700, i);
			else
				failures++;
		}
		failures += !s;
		CHECK_EQ(mm_debug_set("fail_page_alloc", "0"), 0);
		CHECK_EQ(mm_check_quiet(), 0);
		if (s)
			kmem_cache_free_bulk(s, nr, object);
		slab_end(s);
	}
	CHECK(failures > 10);
#else
	test_skip("no fail_page_alloc in this build");
#endif
}

/* ---- misuse ---------------------------------------------------------------------- */

static void wrong_requests_are_refused(void)
{
	uint32_t bad = vm_events(BAD_ALLOC);
	struct kmem_cache *s;

	slab_begin();
	CHECK(!kmem_cache_create(NULL, 8, 0, 0, NULL));
	CHECK_SAID("a name expected");
	CHECK(!kmem_cache_create("test", 0, 0, 0, NULL));
	CHECK(!kmem_cache_create("test", KMALLOC_MAX_CACHE_SIZE + 1, 0, 0, NULL));
	CHECK_SAID("1 to 8192 bytes");
	CHECK(!kmem_cache_create("test", 8, 12, 0, NULL));
	CHECK(!kmem_cache_create("test", 8, 2 * PAGE_SIZE, 0, NULL));
	CHECK_SAID("power of two");
	CHECK(!kmem_cache_create("test", 8, 0, 0x80000000U, NULL));
	CHECK_SAID("unknown flags");
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, 6);
	s = kmem_cache_create("test", 8, 0, 0, NULL);
	REQUIRE(s);
	CHECK(!kmem_cache_alloc(s, GFP_HIGHUSER));
	CHECK_SAID("neither __GFP_HIGHMEM nor");
	CHECK(!kmem_cache_alloc(s, GFP_KERNEL | __GFP_MOVABLE));
	CHECK_SAID("neither __GFP_HIGHMEM nor");
	CHECK(!kmem_cache_alloc(s, GFP_KERNEL | __GFP_DMA));
	CHECK_SAID("SLAB_CACHE_DMA");
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, 9);
	slab_end(s);
}

static void wrong_frees_are_refused(void)
{
	static uint32_t not_ours[64];
	struct kmem_cache *s, *other;
	struct page *page;
	char *p, *q;

	slab_begin();
	s = kmem_cache_create("test", 64, 0, 0, NULL);
	other = kmem_cache_create("other", 64, 0, 0, NULL);
	page = alloc_page(GFP_KERNEL);
	REQUIRE(s && other && page);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	q = kmem_cache_alloc(s, GFP_KERNEL);
	REQUIRE(p && q);
	kmem_cache_free(s, NULL);
	CHECK_REFUSED(kmem_cache_free(s, p + 8));
	CHECK_SAID("not the first byte of an object");
	CHECK_REFUSED(kmem_cache_free(s, p + 1));
	CHECK_REFUSED(kmem_cache_free(other, p));
	CHECK_SAID("of another cache");
	CHECK_REFUSED(kmem_cache_free(s, not_ours));
	CHECK_SAID("foreign");
	CHECK_REFUSED(kmem_cache_free(s, page_address(page)));
	CHECK_SAID("in a block of pages");
	/* in the array, in the slab, and when its page is gone */
	kmem_cache_free(s, p);
	CHECK_REFUSED(kmem_cache_free(s, p));
	CHECK_SAID("double free: the object is free");
	CHECK_REFUSED(kfree(p));
	kmem_cache_shrink(s);
	CHECK_REFUSED(kmem_cache_free(s, p));
	CHECK_SAID("double free: the object is free");
	kmem_cache_free(s, q);
	kmem_cache_shrink(s);
	CHECK_REFUSED(kmem_cache_free(s, q));
	CHECK_SAID("a page that no cache has");
	CHECK_EQ(mm_check_quiet(), 0);
	__free_page(page);
	CHECK_EQ(kmem_cache_destroy(other), 0);
	slab_end(s);
}

static void pages_of_slabs_are_the_caches(void)
{
	if (!BUDDY_MISUSE_REPORT) {
		test_skip("needs BUDDY_MISUSE_REPORT");
		return;
	}
	struct kmem_cache *s;
	struct page *page;
	void *p;

	slab_begin();
	s = kmem_cache_create("test", 64, 0, 0, NULL);
	REQUIRE(s);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	REQUIRE(p);
	page = virt_to_page(p);
	CHECK_REFUSED(__free_page(page));
	CHECK_SAID("kfree() or kmem_cache_free() expected");
	CHECK_REFUSED(__free_pages(page, 1));
	CHECK_REFUSED(put_page(page));
	CHECK_REFUSED(get_page(page));
	kmem_cache_free(s, p);
	slab_end(s);
}

/* What the owner wrote looks like a free object: it is none. */
static void contents_are_no_evidence(void)
{
	struct kmem_cache *s;
	uint32_t word, *p, *q;

	slab_begin();
	s = kmem_cache_create("test", 16, 0, 0, NULL);
	REQUIRE(s);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	REQUIRE(p);
	kmem_cache_free(s, p);
	word = *p;
	q = kmem_cache_alloc(s, GFP_KERNEL);
	CHECK(p == q && *q != word);
	*q = word;
	kmem_cache_free(s, q);
	CHECK_EQ(slab_info_of("test").nr_active, 0);
	slab_end(s);
}

/* ---- interrupts ------------------------------------------------------------------- */

#define IRQ_SLOTS 40

static struct kmem_cache *irq_cache;
static struct {
	void *p[IRQ_SLOTS];
	unsigned nr, runs, failed;
} irq_work[PORT_NR_CPUS];

/* Fills its slots, and then empties them: with the interrupted code the array runs over. */
static void in_interrupt(unsigned cpu)
{
	unsigned i = irq_work[cpu].runs++ % (2 * IRQ_SLOTS);

	if (i < IRQ_SLOTS) {
		void *p = kmem_cache_alloc(irq_cache, GFP_ATOMIC | __GFP_NOWARN);

		if (!p) {
			irq_work[cpu].failed++;
			return;
		}
		slab_fill(p, 80, cpu);
		irq_work[cpu].p[irq_work[cpu].nr++] = p;
	} else if (irq_work[cpu].nr) {
		void *p = irq_work[cpu].p[--irq_work[cpu].nr];

		irq_work[cpu].failed += !slab_verify(p, 80, cpu);
		kmem_cache_free(irq_cache, p);
	}
}

static void interrupted(unsigned cpu, void *arg)
{
	void *mine[60];

	(void)arg;
#ifdef TEST_HOST
	host_irq_set_rate(3, cpu + 1);
#endif
	for (unsigned turn = 0; turn < 40; turn++) {
		unsigned nr = 0;

		while (nr < 60 && (mine[nr] = kmem_cache_alloc(irq_cache, GFP_KERNEL)))
			slab_fill(mine[nr++], 80, cpu + 100);
		CHECK_EQ(nr, 60);
		while (nr--) {
			CHECK(slab_verify(mine[nr], 80, cpu + 100));
			kmem_cache_free(irq_cache, mine[nr]);
		}
	}
#ifdef TEST_HOST
	host_irq_set_rate(0, 1);
#endif
}

static void interrupts_come_to_all_cpus_at_once(void)
{
	unsigned nr = min_t(test_nr_cpus(), 4U);

	slab_begin();
	memset(irq_work, 0, sizeof(irq_work));
	irq_cache = kmem_cache_create("test", 80, 0, 0, NULL);
	REQUIRE(irq_cache);
#ifdef TEST_HOST
	host_irq_set_handler(in_interrupt);
	run_on_cpus(nr, interrupted, NULL);
	host_irq_set_handler(NULL);
#else
	smp_set_tick(2000);
	tick_hook = in_interrupt;
	run_on_cpus(nr, interrupted, NULL);
	tick_hook = NULL;
	smp_set_tick(SMP_TICK_HZ);
#endif
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++) {
		CHECK_EQ(irq_work[cpu].failed, 0);
		kmem_cache_free_bulk(irq_cache, irq_work[cpu].nr, irq_work[cpu].p);
	}
	CHECK_EQ(mm_check_quiet(), 0);
	slab_end(irq_cache);
}

/* ---- more CPUs ------------------------------------------------------------------- */

#define SHARED 64u

static struct kmem_cache *cache[3];
static const unsigned cache_size[3] = {24, 200, 1500};
static void *shared[3][SHARED];
static uint32_t wrong;

struct head {
	uint32_t seed;
};

/* Objects go from hand to hand: what one puts down another takes, looks at, and frees. */
static void pass_around(unsigned cpu, void *arg)
{
	struct rng rng = rng_seed(cpu + 77);
	unsigned ops = *(unsigned *)arg;

	for (unsigned i = 0; i < ops; i++) {
		unsigned k = rng_below(&rng, 3);
		void **slot = &shared[k][rng_below(&rng, SHARED)], *p = NULL;

		if (rng_below(&rng, 5) < 3) {
			uint32_t seed = rng_next(&rng);

			p = kmem_cache_alloc(cache[k], GFP_KERNEL);
			if (p) {
				((struct head *)p)->seed = seed;
				slab_fill((struct head *)p + 1, cache_size[k] - 4, seed);
			}
		}
		p = __atomic_exchange_n(slot, p, __ATOMIC_ACQ_REL);
		if (!p)
			continue;
		if (!slab_verify((struct head *)p + 1, cache_size[k] - 4, ((struct head *)p)->seed))
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		kmem_cache_free(cache[k], p);
		if (!(i % 500))
			kmem_cache_shrink(cache[k]);
	}
}

static void other_cpus_free_objects_at_once(void)
{
	unsigned nr = min_t(test_nr_cpus(), 4U), ops = (unsigned)test_option("ops", 4000);
	uint32_t bad;

	slab_begin();
	bad = vm_events(BAD_FREE) + vm_events(BAD_SLAB);
	wrong = 0;
	for (unsigned k = 0; k < 3; k++) {
		cache[k] = kmem_cache_create("test", cache_size[k], 0, 0, NULL);
		REQUIRE(cache[k]);
	}
	run_on_cpus(nr, pass_around, &ops);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(vm_events(BAD_FREE) + vm_events(BAD_SLAB), bad);
	CHECK_EQ(mm_check_quiet(), 0);
	for (unsigned k = 0; k < 3; k++) {
		kmem_cache_free_bulk(cache[k], SHARED, shared[k]);
		memset(shared[k], 0, sizeof(shared[k]));
		CHECK_EQ(kmem_cache_destroy(cache[k]), 0);
	}
	slab_end(NULL);
}

/* One makes caches and destroys them, the others look at all there are, and shrink them. */
static void come_and_go(unsigned cpu, void *arg)
{
	unsigned turns = *(unsigned *)arg;

	for (unsigned turn = 0; turn < turns; turn++) {
		struct kmem_cache *s;
		struct slab_info info;
		void *p[5];

		if (cpu % 2) {
			for (unsigned i = 0; slab_info(i, &info); i++)
				CHECK(info.name && info.object_size <= info.size);
			kmem_cache_shrink_all();
			shrink_node_pages(-1, 1, GFP_KERNEL);
			continue;
		}
		s = kmem_cache_create("test", 16 + 8 * (turn % 20), 0, 0, NULL);
		if (!s || kmem_cache_alloc_bulk(s, GFP_KERNEL, 5, p) != 5) {
			CHECK(false);
			continue;
		}
		kmem_cache_free_bulk(s, 5, p);
		CHECK_EQ(kmem_cache_destroy(s), 0);
	}
}

static void caches_come_and_go_at_once(void)
{
	unsigned nr = min_t(test_nr_cpus(), 4U), turns = 60;

	slab_begin();
	run_on_cpus(nr, come_and_go, &turns);
	CHECK_EQ(mm_check_quiet(), 0);
	slab_end(NULL);
}

static const struct test_case cases[] = {
	TEST(objects_lie_apart_and_aligned),
	TEST(a_constructed_object_stays_constructed),
	TEST(bulk_is_all_or_nothing),
	TEST(zeroed_objects_are),
	TEST(few_empty_slabs_are_kept),
	TEST(reclaim_gets_them_back),
	TEST(destroying_one_in_use_is_refused),
	TEST(failing_at_each_point_loses_nothing),
	TEST(wrong_requests_are_refused),
	TEST(wrong_frees_are_refused),
	TEST(pages_of_slabs_are_the_caches),
	TEST(contents_are_no_evidence),
	TEST(interrupts_come_to_all_cpus_at_once),
	TEST(other_cpus_free_objects_at_once),
	TEST(caches_come_and_go_at_once),
};
TEST_SUITE(slab, cases);
/* NOLINTEND(clang-analyzer-unix.Malloc) */
