// SPDX-License-Identifier: MIT
// NEEDS: SLAB
/*
 * kmalloc(), written from slab.h: sizes, alignments, contents; whole pages beyond the largest
 * class; what is refused; and a random run that is compared with what was written down.
 */
/* NOLINTBEGIN(clang-analyzer-unix.Malloc): what is freed wrongly is so on purpose. */
#include <buddy/debug.h>

#include "slab_fixture.h"

/* For what takes more than the smallest of builds has in one piece. */
#define NEEDS_BLOCKS()                                               \
	do {                                                         \
		if (MAX_ORDER < 4) {                                 \
			test_skip("blocks are small in this build"); \
			return;                                      \
		}                                                    \
	} while (0)

static void every_size_is_served_and_aligned(void)
{
	static void *p[2100];
	unsigned nr = 0, size, i;

	NEEDS_BLOCKS();
	slab_begin();
	for (size = 1; size <= 2 * KMALLOC_MAX_CACHE_SIZE; size += size < 600 ? 1 : 97, nr++) {
		size_t all;

		p[nr] = kmalloc(size, GFP_KERNEL);
		REQUIRE(p[nr]);
		all = ksize(p[nr]);
		REQUIRE(all);
		CHECK(all >= size && all <= 2 * (size_t)size + 7);
		CHECK_EQ((uintptr_t)port_virt_to_phys(p[nr]) % (all & -all), 0);
		slab_fill(p[nr], (unsigned)all, size);
	}
	CHECK_EQ(mm_check_quiet(), 0);
	for (size = 1, i = 0; i < nr; size += size < 600 ? 1 : 97, i++) {
		CHECK(slab_verify(p[i], (unsigned)ksize(p[i]), size));
		kfree(p[i]);
	}
	slab_end(NULL);
}

static void classes_are_linuxs(void)
{
	static const unsigned c[] = {8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192};

	NEEDS_BLOCKS();
	slab_begin();
	for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		void *p = kmalloc(c[i], GFP_KERNEL), *q = kmalloc(c[i] + 1, GFP_KERNEL);

		REQUIRE(p && q);
		CHECK_EQ(ksize(p), c[i]);
		CHECK_EQ(ksize(q), i < 12 ? c[i + 1]
					  : PAGE_SIZE << order_of_pages((unsigned)bytes_to_pages(
						    KMALLOC_MAX_CACHE_SIZE + 1)));
		kfree(p);
		kfree(q);
	}
	CHECK(slab_info_of("kmalloc-96").name && slab_info_of("kmalloc-8k").name);
	slab_end(NULL);
}

static void nothing_is_served_too(void)
{
	slab_begin();
	CHECK(kmalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR);
	CHECK(kzalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR);
	CHECK(kcalloc(0, 9, GFP_KERNEL) == ZERO_SIZE_PTR);
	CHECK_EQ(ksize(ZERO_SIZE_PTR), 0);
	CHECK_EQ(ksize(NULL), 0);
	kfree(ZERO_SIZE_PTR);
	kfree(NULL);
	CHECK(krealloc(NULL, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
	slab_end(NULL);
}

static bool is_zero(const char *p, size_t n)
{
	while (n && !*p++)
		n--;
	return !n;
}

static void zeroed_memory_is(void)
{
	NEEDS_BLOCKS();
	slab_begin();
	for (unsigned size = 5; size < 20000; size = size * 3 / 2) {
		char *p = kmalloc(size, GFP_KERNEL), *q;

		REQUIRE(p);
		memset(p, 0xff, ksize(p));
		kfree(p);
		p = kzalloc(size, GFP_KERNEL);
		q = kcalloc(size / 5, 5, GFP_KERNEL);
		REQUIRE(p && q);
		CHECK(is_zero(p, ksize(p)) && is_zero(q, ksize(q)));
		kfree(p);
		kfree(q);
	}
	CHECK(!kcalloc(SIZE_MAX / 2, 3, GFP_KERNEL));
	CHECK(!kmalloc_array(SIZE_MAX / 2, 3, GFP_KERNEL));
	slab_end(NULL);
}

static void large_ones_are_whole_pages(void)
{
	unsigned long left;
	struct page *page;
	char *p;

	NEEDS_BLOCKS();
	slab_begin();
	left = nr_free_pages() + nr_pcp_pages();
	p = kmalloc(5 * PAGE_SIZE, GFP_KERNEL);
	REQUIRE(p);
	page = virt_to_page(p);
	CHECK_EQ(ksize(p), 8 * PAGE_SIZE);
	CHECK_EQ(left - nr_free_pages() - nr_pcp_pages(), 8);
	CHECK_REFUSED(__free_pages(page, 3));
	CHECK_REFUSED(put_page(page));
	CHECK_REFUSED(kfree(p + PAGE_SIZE));
	CHECK_SAID("not the address that kmalloc() returned");
	CHECK_REFUSED(kfree(p + 8));
	CHECK_EQ(mm_check_quiet(), 0);
	kfree(p);
	CHECK_EQ(left, nr_free_pages() + nr_pcp_pages());
	CHECK_REFUSED(kfree(p));
	CHECK_SAID("a page that no cache has");
	CHECK(!kmalloc(KMALLOC_MAX_SIZE + 1, GFP_KERNEL));
	CHECK_SAID("more than the largest block");
	CHECK(!kmalloc(SIZE_MAX, GFP_KERNEL));
	CHECK(!kmalloc(5 * PAGE_SIZE, GFP_HIGHUSER));
	CHECK(!kmalloc(5, GFP_KERNEL | __GFP_MOVABLE));
	CHECK_SAID("neither __GFP_HIGHMEM nor");
	/* A block of pages is no object, whatever its owner keeps in its descriptor. */
	page = alloc_pages(GFP_KERNEL, 1);
	REQUIRE(page);
	page->priv = (uintptr_t)SLAB_ID_LARGE << 24;
	CHECK_REFUSED(kfree(page_address(page)));
	CHECK_SAID("in a block of pages");
	page->priv = 0;
	CHECK_REFUSED(kfree((char *)page_address(page) + PAGE_SIZE));
	__free_pages(page, 1);
	slab_end(NULL);
}

static void kfree_takes_objects_of_any_cache(void)
{
	struct kmem_cache *s;
	void *p;

	NEEDS_BLOCKS();
	slab_begin();
	s = kmem_cache_create("test", 72, 0, 0, NULL);
	REQUIRE(s);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	REQUIRE(p);
	CHECK_EQ(ksize(p), 72);
	kfree(p);
	CHECK_REFUSED(kfree(p));
	CHECK_SAID("double free");
	p = kmalloc(64, GFP_KERNEL);
	REQUIRE(p);
	CHECK_REFUSED(kmem_cache_free(s, p));
	kfree(p);
	p = kmalloc(3 * PAGE_SIZE, GFP_KERNEL);
	REQUIRE(p);
	CHECK_REFUSED(kmem_cache_free(s, p));
	CHECK_SAID("but of kmalloc()");
	kfree(p);
	slab_end(s);
}

static void reallocation_keeps_what_was_there(void)
{
	char *p = NULL;
	unsigned size = 3;

	NEEDS_BLOCKS();
	slab_begin();
	for (unsigned turn = 0; size < 40000; turn++) {
		char *old = p;
		size_t had = ksize(p);

		p = krealloc(p, size, GFP_KERNEL | (turn % 2 ? __GFP_ZERO : 0));
		REQUIRE(p);
		CHECK(size > had || p == old);
		CHECK(slab_verify(p, (unsigned)had, turn - 1));
		if (turn % 2 && had)
			CHECK(is_zero(p + had, ksize(p) - had));
		slab_fill(p, (unsigned)ksize(p), turn);
		size = size * 7 / 4;
	}
	/* smaller: it stays */
	CHECK(krealloc(p, 1, GFP_KERNEL) == p);
	CHECK(krealloc(p, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
	CHECK_REFUSED(kfree(p));
	/* a wrong one is no reason to lose memory */
	CHECK_REFUSED(CHECK(!krealloc(&size, 100, GFP_KERNEL)));
	p = kmalloc(100, GFP_KERNEL);
	REQUIRE(p);
	slab_fill(p, 100, 9);
	CHECK(!krealloc(p, KMALLOC_MAX_SIZE + 1, GFP_KERNEL));
	CHECK(slab_verify(p, 100, 9));
	kfree(p);
	slab_end(NULL);
}

/* Until there is none left, of all sizes: afterwards all of it is back. */
static void memory_may_run_out(void)
{
#ifdef TEST_HOST
	static const struct geometry small = {.ram = {{0x60000000, 8 << 20, 0}}};
	struct link {
		struct link *next;
	} *list = NULL, *l;
	unsigned nr = 0, size = 8;

	CHECK_EQ(start(&small), 0);
	slab_begin();
	for (; size <= 32768; size *= 2)
		while ((l = kmalloc(size, GFP_ATOMIC | __GFP_NOWARN))) {
			l->next = list;
			list = l;
			nr++;
			if (size < 256 && nr % 2000 == 0)
				break;
		}
	CHECK(nr > 2000);
	CHECK(nr_free_pages() < 400);
	CHECK_EQ(mm_check_quiet(), 0);
	while ((l = list)) {
		list = l->next;
		kfree(l);
	}
	slab_end(NULL);
#else
	test_skip("on the host, where memory is small");
#endif
}

/* ---- a random run -------------------------------------------------------------- */

#define SLOTS 256u

static struct slot {
	uint8_t *p;
	size_t size;
	uint32_t seed;
} slots[PORT_NR_CPUS][SLOTS];
static uint32_t differences;

static size_t random_size(struct rng *rng)
{
	switch (rng_below(rng, 10)) {
	case 0:
		return rng_below(rng, 4 * PAGE_SIZE);
	case 1:
	case 2:
		return rng_below(rng, KMALLOC_MAX_CACHE_SIZE);
	default:
		return rng_below(rng, 260);
	}
}

static void random_run(unsigned cpu, void *arg)
{
	struct rng rng = rng_seed(cpu + 5);
	unsigned ops = *(unsigned *)arg;

	for (unsigned i = 0; i < ops; i++) {
		struct slot *slot = &slots[cpu][rng_below(&rng, SLOTS)];
		size_t size = random_size(&rng), kept = slot->size < size ? slot->size : size;
		uint8_t *p;

		if (slot->p && !slab_verify(slot->p, (unsigned)slot->size, slot->seed))
			__atomic_add_fetch(&differences, 1, __ATOMIC_RELAXED);
		if (slot->p && rng_below(&rng, 4)) {
			kfree(slot->p);
			slot->p = NULL;
			slot->size = 0;
			continue;
		}
		p = slot->p ? krealloc(slot->p, size, NOBODY)
			    : kmalloc(size,
				      rng_below(&rng, 2) ? NOBODY : GFP_ATOMIC | __GFP_NOWARN);
		if (!p)
			continue;
		if (slot->p && !slab_verify(p, size ? (unsigned)kept : 0, slot->seed))
			__atomic_add_fetch(&differences, 1, __ATOMIC_RELAXED);
		*slot = (struct slot){p == ZERO_SIZE_PTR ? NULL : p, size, rng_next(&rng)};
		slab_fill(p, (unsigned)size, slot->seed);
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		kfree(slots[cpu][i].p);
		slots[cpu][i] = (struct slot){NULL, 0, 0};
	}
}

static void all_cpus_at_once_find_what_they_wrote(void)
{
	unsigned nr = min_t(test_nr_cpus(), 4U), ops = (unsigned)test_option("ops", 3000);
	uint32_t bad;

	NEEDS_BLOCKS();
	slab_begin();
	bad = vm_events(BAD_FREE) + vm_events(BAD_SLAB) + vm_events(BAD_ALLOC);
	differences = 0;
	run_on_cpus(nr, random_run, &ops);
	CHECK_EQ(differences, 0);
	CHECK_EQ(vm_events(BAD_FREE) + vm_events(BAD_SLAB) + vm_events(BAD_ALLOC), bad);
	CHECK_EQ(mm_check_quiet(), 0);
	slab_end(NULL);
}

static const struct test_case cases[] = {
	TEST(every_size_is_served_and_aligned),
	TEST(classes_are_linuxs),
	TEST(nothing_is_served_too),
	TEST(zeroed_memory_is),
	TEST(large_ones_are_whole_pages),
	TEST(kfree_takes_objects_of_any_cache),
	TEST(reallocation_keeps_what_was_there),
	TEST(memory_may_run_out),
	TEST(all_cpus_at_once_find_what_they_wrote),
};
TEST_SUITE(kmalloc, cases);
/* NOLINTEND(clang-analyzer-unix.Malloc) */
