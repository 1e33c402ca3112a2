// SPDX-License-Identifier: MIT
// NEEDS: CMA HIGHMEM
/*
 * Memory for devices: where coherent memory comes from, what is done to it on the way, that
 * a failure leaves nothing behind and a wrong free changes nothing; which
 * cache operation each direction of streaming needs.  Written from dma.h.
 *
 * On the target a port that cannot map pages without caches skips the coherent half.
 */
#include <string.h>

#include <buddy/contig.h>
#include <buddy/dma.h>
#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

static bool is_zeroed(const void *addr, size_t bytes)
{
	const uint32_t *p = addr;

	for (size_t i = 0; i < bytes / sizeof(*p); i++)
		if (p[i])
			return false;
	return true;
}

static void coherent_memory_is_whole_zeroed_pages(void)
{
	static const size_t size[] = {1, 64, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE};

	for (unsigned i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		unsigned long nr = bytes_to_pages(size[i]);
		struct page *dirty = alloc_pages(GFP_KERNEL, 2);
		dma_addr_t handle = 0;
		char *p;

		REQUIRE(dirty);
		fill_block(dirty, 2, 9);
		__free_pages(dirty, 2);
		p = dma_alloc_coherent(size[i], &handle, GFP_KERNEL);
		if (!p) {
			test_skip("this port has no coherent memory");
			return;
		}
		CHECK(handle == port_virt_to_phys(p));
		CHECK_EQ(handle & ((PAGE_SIZE << order_of_pages((unsigned)nr)) - 1), 0);
		CHECK(is_zeroed(p, nr * PAGE_SIZE));
		memset(p, 0x55, nr * PAGE_SIZE);
		dma_free_coherent(size[i], p, handle);
	}
}

static void streaming_translates_and_keeps_what_is_there(void)
{
	static const enum dma_data_direction dirs[] = {DMA_TO_DEVICE, DMA_FROM_DEVICE,
						       DMA_BIDIRECTIONAL};
	struct page *page = alloc_page(GFP_KERNEL);
	char *p;

	REQUIRE(page);
	p = page_address(page);
	fill_block(page, 0, 4);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned at = 0; at < 100; at += 33) {
			dma_addr_t handle = dma_map_single(p + at, 100, dirs[i]);

			CHECK(handle == port_virt_to_phys(p + at));
			dma_sync_single_for_cpu(handle, 100, dirs[i]);
			dma_sync_single_for_device(handle, 100, dirs[i]);
			dma_unmap_single(handle, 100, dirs[i]);
			CHECK(verify_block(page, 0, 4)); /* no device wrote, nothing is lost */
		}
	__free_page(page);
}

#ifdef TEST_HOST

enum { CLEAN, INVALIDATE, FLUSH };

static void coherent_memory_costs_its_pages_and_a_flush(void)
{
	for (unsigned long nr = 1; nr <= 9; nr++) {
		unsigned long left = nr_free_pages() + nr_pcp_pages();
		unsigned long flushes = host_cache_ops(FLUSH);
		dma_addr_t handle;
		void *p = dma_alloc_coherent(nr * PAGE_SIZE, &handle, GFP_KERNEL);

		REQUIRE(p);
		CHECK_EQ(host_cache_ops(FLUSH) - flushes, 1);
		CHECK_EQ(nr_free_pages() + nr_pcp_pages(), left - nr);
		dma_free_coherent(nr * PAGE_SIZE, p, handle);
		CHECK_EQ(nr_free_pages() + nr_pcp_pages(), left);
	}
}

static void zones_are_as_asked_for(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 64 << 20, 0}},
		.limits = {.dma_limit = 0x61000000, .highmem_start = 0x62000000},
	};
	dma_addr_t low, high;
	void *p, *q;

	CHECK_EQ(start(&g), 0);
	p = dma_alloc_coherent(3 * PAGE_SIZE, &low, GFP_KERNEL | __GFP_DMA);
	q = dma_alloc_coherent(3 * PAGE_SIZE, &high, GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
	REQUIRE(p && q);
	CHECK(low < 0x61000000);
	CHECK(high >= 0x61000000 && high < 0x62000000); /* HIGHMEM is ignored */
	dma_free_coherent(3 * PAGE_SIZE, p, low);
	dma_free_coherent(3 * PAGE_SIZE, q, high);
	p = dma_alloc_coherent(1, &low, GFP_ATOMIC);
	REQUIRE(p);
	dma_free_coherent(1, p, low);
}

static void a_port_that_cannot_map_gets_nothing(void)
{
	unsigned long left = nr_free_pages() + nr_pcp_pages();
	dma_addr_t handle = 42;
	void *p;

	host_refuse_map_pages(true);
	CHECK(!dma_alloc_coherent(5 * PAGE_SIZE, &handle, GFP_KERNEL));
	CHECK(host_log_has("dma_alloc_coherent: "));
	CHECK(host_log_has("cannot map"));
	CHECK_EQ(handle, 42);
	host_log_clear();
	CHECK(!dma_alloc_coherent(5 * PAGE_SIZE, &handle, GFP_KERNEL | __GFP_NOWARN));
	CHECK_EQ(host_log_lines(), 0);
	host_refuse_map_pages(false);
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), left);
	p = dma_alloc_coherent(5 * PAGE_SIZE, &handle, GFP_KERNEL);
	REQUIRE(p);
	dma_free_coherent(5 * PAGE_SIZE, p, handle);
}

static void absurd_sizes_get_nothing(void)
{
	unsigned long left = nr_free_pages() + nr_pcp_pages();
	uint32_t bad = vm_events(BAD_ALLOC);
	dma_addr_t handle;

	CHECK(!dma_alloc_coherent(0, &handle, GFP_KERNEL));
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, 1);
	CHECK(!dma_alloc_coherent((PAGE_SIZE << MAX_ORDER) + 1, &handle, GFP_KERNEL));
	CHECK(host_log_has("more than the largest block"));
	CHECK(!dma_alloc_coherent(SIZE_MAX, &handle, GFP_KERNEL));
	CHECK(!dma_alloc_coherent(SIZE_MAX - PAGE_SIZE, &handle, GFP_ATOMIC));
	CHECK_EQ(nr_free_pages() + nr_pcp_pages(), left);
}

static void out_of_memory_says_so(void)
{
	struct page *head = NULL, *page;
	dma_addr_t handle;

	while ((page = alloc_page(GFP_KERNEL | __GFP_NOWARN))) {
		page->priv = (uintptr_t)head;
		head = page;
	}
	host_log_clear();
	CHECK(!dma_alloc_coherent(1, &handle, GFP_KERNEL));
	CHECK(host_log_has("dma_alloc_coherent: 1 bytes"));
	CHECK(host_log_has("no memory"));
	for (; head; head = page) {
		page = (struct page *)head->priv;
		__free_page(head);
	}
}

static void wrong_frees_are_refused(void)
{
	if (!BUDDY_MISUSE_REPORT) {
		test_skip("needs BUDDY_MISUSE_REPORT");
		return;
	}
	size_t size = 3 * PAGE_SIZE;
	dma_addr_t handle, other;
	char *p = dma_alloc_coherent(size, &handle, GFP_KERNEL), on_stack[4];
	char *q = dma_alloc_coherent(size, &other, GFP_KERNEL);
	char *plain = __get_free_page(GFP_KERNEL);
	uint32_t bad = vm_events(BAD_FREE);

	REQUIRE(p && q && plain);
	dma_free_coherent(size, NULL, handle);
	CHECK_EQ(vm_events(BAD_FREE), bad);
	CHECK_REFUSED(dma_free_coherent(size + 1, p, handle));
	CHECK_REFUSED(dma_free_coherent(2 * PAGE_SIZE, p, handle));
	CHECK_REFUSED(dma_free_coherent(0, p, handle));
	CHECK_REFUSED(dma_free_coherent(SIZE_MAX, p, handle));
	CHECK(host_log_has("another size"));
	CHECK_REFUSED(dma_free_coherent(size, p, other));
	CHECK_REFUSED(dma_free_coherent(size, p, handle + 1));
	CHECK_REFUSED(dma_free_coherent(size, p, handle | 1ULL << 40));
	CHECK(host_log_has("handle"));
	CHECK_REFUSED(dma_free_coherent(size, p + 1, handle + 1));
	CHECK_REFUSED(dma_free_coherent(2 * PAGE_SIZE, p + PAGE_SIZE, handle + PAGE_SIZE));
	CHECK_REFUSED(dma_free_coherent(PAGE_SIZE, plain, port_virt_to_phys(plain)));
	CHECK_REFUSED(dma_free_coherent(PAGE_SIZE, on_stack, 0));
	CHECK(host_log_has("no coherent memory"));
	CHECK(host_log_has(" from 0x"));
	memset(p, 1, size);			/* still there */
	dma_free_coherent(size - 1, p, handle); /* as many pages */
	CHECK_REFUSED(dma_free_coherent(size, p, handle));
	drain_all_pages();
	CHECK_REFUSED(dma_free_coherent(size, p, handle));
	dma_free_coherent(size, q, other);
	free_page(plain);
	CHECK_EQ(mm_check_quiet(), 0);
}

struct block {
	void *addr;
	dma_addr_t handle;
	struct test_barrier barrier;
};

static void free_at_once(unsigned cpu, void *arg)
{
	struct block *b = arg;

	(void)cpu;
	test_barrier_wait(&b->barrier, 4);
	dma_free_coherent(2 * PAGE_SIZE, b->addr, b->handle);
}

static void of_four_who_free_one_does(void)
{
	for (int round = 0; round < 20; round++) {
		struct block b = {.addr = NULL};
		uint32_t bad = vm_events(BAD_FREE);

		b.addr = dma_alloc_coherent(2 * PAGE_SIZE, &b.handle, GFP_KERNEL);
		REQUIRE(b.addr);
		run_on_cpus(4, free_at_once, &b);
		CHECK_EQ(vm_events(BAD_FREE) - bad, 3);
	}
}

/* ---- from areas ---------------------------------------------------------- */

#define AREA ((phys_addr_t)4 * pageblock_nr_pages * PAGE_SIZE)

/* The allocator anew, with an area of AREA bytes at base (0: anywhere). */
static struct cma *start_with_area(const struct geometry *g, phys_addr_t base)
{
	struct cma *cma;

	map_geometry(g);
	CHECK_EQ(cma_declare_contiguous(base, AREA, 0, 0, "dma test"), 0);
	CHECK_EQ(start_mm(&g->limits), 0);
	cma = cma_area(0);
	CHECK(cma && cma == cma_default());
	if (cma)
		host_unpoison_phys(cma_base(cma), AREA);
	return cma;
}

static bool in_area(const struct cma *cma, dma_addr_t handle)
{
	return handle >= cma_base(cma) && handle < cma_base(cma) + cma_nr_pages(cma) * PAGE_SIZE;
}

static void the_area_gives_to_who_may_wait(void)
{
	struct cma *cma = start_with_area(&default_geometry, 0);
	unsigned long flushes = host_cache_ops(FLUSH);
	dma_addr_t handle, other;
	port_irqflags_t flags;
	void *p, *q;

	REQUIRE(cma);
	p = dma_alloc_coherent(3 * PAGE_SIZE, &handle, GFP_KERNEL);
	REQUIRE(p);
	CHECK(in_area(cma, handle) && handle == port_virt_to_phys(p));
	CHECK_EQ(handle & (4 * PAGE_SIZE - 1), 0); /* aligned as a block would be */
	CHECK_EQ(cma_nr_alloced(cma), 3);
	CHECK_EQ(host_cache_ops(FLUSH) - flushes, 1);
	CHECK(is_zeroed(p, 3 * PAGE_SIZE));
	memset(p, 0x33, 3 * PAGE_SIZE);

	q = dma_alloc_coherent(PAGE_SIZE, &other, GFP_ATOMIC);
	REQUIRE(q);
	CHECK(!in_area(cma, other));
	dma_free_coherent(PAGE_SIZE, q, other);
	flags = port_irq_save();
	q = dma_alloc_coherent(PAGE_SIZE, &other, GFP_KERNEL);
	port_irq_restore(flags);
	REQUIRE(q);
	CHECK(!in_area(cma, other));
	dma_free_coherent(PAGE_SIZE, q, other);

	CHECK_REFUSED(dma_free_coherent(2 * PAGE_SIZE, p, handle));
	CHECK_EQ(cma_nr_alloced(cma), 3);
	dma_free_coherent(3 * PAGE_SIZE, p, handle);
	CHECK_EQ(cma_nr_alloced(cma), 0);
	CHECK_REFUSED(dma_free_coherent(3 * PAGE_SIZE, p, handle));
}

static void the_area_gives_more_than_a_block(void)
{
	struct cma *cma = start_with_area(&default_geometry, 0);
	size_t size = AREA - PAGE_SIZE;
	dma_addr_t handle, other;
	void *p, *q;

	REQUIRE(cma);
	p = dma_alloc_coherent(size, &handle, GFP_KERNEL);
	REQUIRE(p);
	CHECK(in_area(cma, handle));
	CHECK(is_zeroed(p, size));
	/* the area is full: from the zones, or not at all */
	q = dma_alloc_coherent(2 * PAGE_SIZE, &other, GFP_KERNEL);
	REQUIRE(q);
	CHECK(!in_area(cma, other));
	if (AREA > PAGE_SIZE << MAX_ORDER) {
		host_log_clear();
		CHECK(!dma_alloc_coherent(size, &other, GFP_KERNEL));
		CHECK(host_log_has("no CMA area gave it"));
	}
	dma_free_coherent(2 * PAGE_SIZE, q, port_virt_to_phys(q));
	dma_free_coherent(size, p, handle);
	CHECK(!dma_alloc_coherent(SIZE_MAX, &other, GFP_KERNEL));
	CHECK_EQ(cma_nr_alloced(cma), 0);
}

static void an_area_that_lies_wrong_is_not_asked(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 64 << 20, 0}},
		.limits = {.dma_limit = 0x61000000, .highmem_start = 0x63000000},
	};
	/* in DMA, Normal, HighMem: does it serve a request for DMA, and any other? */
	static const struct {
		phys_addr_t base;
		bool dma, normal;
	} place[] = {
		{0x60800000, true, true}, {0x61800000, false, true}, {0x63000000, false, false}};

	for (unsigned i = 0; i < sizeof(place) / sizeof(place[0]); i++) {
		struct cma *cma = start_with_area(&g, place[i].base);
		dma_addr_t low, high;
		void *p, *q;

		REQUIRE(cma);
		p = dma_alloc_coherent(PAGE_SIZE, &low, GFP_KERNEL | __GFP_DMA);
		q = dma_alloc_coherent(PAGE_SIZE, &high, GFP_HIGHUSER);
		REQUIRE(p && q);
		CHECK_EQ(in_area(cma, low), place[i].dma);
		CHECK_EQ(in_area(cma, high), place[i].normal);
		CHECK(low < 0x61000000 && high < 0x63000000);
		dma_free_coherent(PAGE_SIZE, p, low);
		dma_free_coherent(PAGE_SIZE, q, high);
		CHECK_EQ(cma_nr_alloced(cma), 0);
	}
}

static void a_block_goes_back_to_its_own_area(void)
{
	struct cma *first, *second;
	dma_addr_t handle, other;
	void *p, *q;

	map_geometry(&default_geometry);
	CHECK_EQ(cma_declare_contiguous(0x61000000, AREA, 0, 0, "first"), 0);
	CHECK_EQ(cma_declare_contiguous(0x62000000, AREA, 0, 0, "second"), 0);
	CHECK_EQ(start_mm(&default_geometry.limits), 0);
	first = cma_area(0);
	second = cma_area(1);
	REQUIRE(first && second);
	host_unpoison_phys(cma_base(first), AREA);
	host_unpoison_phys(cma_base(second), AREA);
	p = dma_alloc_coherent(PAGE_SIZE, &handle, GFP_KERNEL);
	cma_set_default(second);
	q = dma_alloc_coherent(PAGE_SIZE, &other, GFP_KERNEL);
	REQUIRE(p && q);
	CHECK(in_area(first, handle) && in_area(second, other));
	dma_free_coherent(PAGE_SIZE, p, handle);
	CHECK_EQ(cma_nr_alloced(first), 0);
	CHECK_EQ(cma_nr_alloced(second), 1);
	cma_set_default(first);
	dma_free_coherent(PAGE_SIZE, q, other);
	CHECK_EQ(cma_nr_alloced(second), 0);
}

static void what_cannot_be_mapped_goes_back_to_the_area(void)
{
	struct cma *cma = start_with_area(&default_geometry, 0);
	dma_addr_t handle;

	REQUIRE(cma);
	host_refuse_map_pages(true);
	CHECK(!dma_alloc_coherent(5 * PAGE_SIZE, &handle, GFP_KERNEL));
	host_refuse_map_pages(false);
	CHECK(host_log_has("cannot map"));
	CHECK_EQ(cma_nr_alloced(cma), 0);
}

/* ---- streaming ----------------------------------------------------------- */

static void each_direction_has_its_operation(void)
{
	static const struct {
		enum dma_data_direction dir;
		unsigned to_device, to_cpu; /* cleans at the one, invalidates at the other */
	} want[] = {{DMA_TO_DEVICE, 1, 0}, {DMA_FROM_DEVICE, 1, 1}, {DMA_BIDIRECTIONAL, 1, 1}};
	char *p = __get_free_page(GFP_KERNEL);

	REQUIRE(p);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned sync = 0; sync < 2; sync++) {
			unsigned long clean = host_cache_ops(CLEAN);
			unsigned long drop = host_cache_ops(INVALIDATE);
			dma_addr_t handle = port_virt_to_phys(p);

			if (sync)
				dma_sync_single_for_device(handle, 64, want[i].dir);
			else
				CHECK(dma_map_single(p, 64, want[i].dir) == handle);
			CHECK_EQ(host_cache_ops(CLEAN) - clean, want[i].to_device);
			CHECK_EQ(host_cache_ops(INVALIDATE), drop);
			if (sync)
				dma_sync_single_for_cpu(handle, 64, want[i].dir);
			else
				dma_unmap_single(handle, 64, want[i].dir);
			CHECK_EQ(host_cache_ops(CLEAN) - clean, want[i].to_device);
			CHECK_EQ(host_cache_ops(INVALIDATE) - drop, want[i].to_cpu);
		}
	free_page(p);
}

#endif /* TEST_HOST */

static const struct test_case cases[] = {
	TEST(coherent_memory_is_whole_zeroed_pages),
	TEST(streaming_translates_and_keeps_what_is_there),
#ifdef TEST_HOST
	TEST(coherent_memory_costs_its_pages_and_a_flush),
	TEST(zones_are_as_asked_for),
	TEST(a_port_that_cannot_map_gets_nothing),
	TEST(absurd_sizes_get_nothing),
	TEST(out_of_memory_says_so),
	TEST(wrong_frees_are_refused),
	TEST(of_four_who_free_one_does),
	TEST(the_area_gives_to_who_may_wait),
	TEST(the_area_gives_more_than_a_block),
	TEST(an_area_that_lies_wrong_is_not_asked),
	TEST(a_block_goes_back_to_its_own_area),
	TEST(what_cannot_be_mapped_goes_back_to_the_area),
	TEST(each_direction_has_its_operation),
#endif
};
TEST_SUITE(dma, cases);
