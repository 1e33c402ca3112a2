// SPDX-License-Identifier: MIT
/*
 * vmalloc: areas and their guards, addresses that come back, failures that lose nothing,
 * wrong frees, vmap(), pages that move while nobody, and while everybody, uses them.
 *
 * On the host the window is small, so that it can be filled; on the target it is the
 * image's, whose records and page tables stay: both are there before the first count.
 *
 * Not here: the ends of a run by a wrong access on the target (tests/target/crash.py).
 */
#include <stdio.h>
#include <string.h>

#include <buddy/buddy.h>
#include <mm/internal.h>

#ifdef TEST_HOST
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#else
#include <boot/layout.h>
#include <boot/smp.h>
#include <boot/vmap.h>
#endif

#include "../harness/fixture.h"
#include "../harness/fixture_priv.h"
#include "../harness/tap.h"

#define WORDS	 (PAGE_SIZE / sizeof(uint32_t))
#define NR_WARM	 120U
#define HOST_WIN 1024U /* pages */

static char *warm_area[NR_WARM];

#ifdef TEST_HOST
static const struct geometry memory = {.ram = {{0x60000000, 24 << 20, 0}}};
#endif

/* Records and tables for all that a case needs at once. */
static void begin(void)
{
	void *large;

#ifdef TEST_HOST
	void *window = host_vmap_window(HOST_WIN * PAGE_SIZE);

	CHECK_EQ(start(&memory), 0);
	CHECK_EQ(vmalloc_init(window, HOST_WIN * PAGE_SIZE), 0);
#endif
	large = vmalloc(500 * PAGE_SIZE);
	CHECK(large);
	for (unsigned i = 0; i < NR_WARM; i++)
		warm_area[i] = vmalloc(1);
	for (unsigned i = 0; i < NR_WARM; i++)
		vfree(warm_area[i]);
	vfree(large);
	fixture_count();
}

static unsigned hole_waits(void)
{
#ifdef TEST_HOST
	return host_vmap_waits();
#else
	unsigned sum = 0;

	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		sum += vmap_waits(cpu);
	return sum;
#endif
}

static bool mapped(const void *addr)
{
	return port_vmap_phys(addr) != UINT64_MAX;
}

static void fill(void *area, unsigned pages, uint32_t seed)
{
	uint32_t *p = area;

	for (unsigned i = 0; i < pages * WORDS; i++)
		p[i] = seed ^ i * 2654435761u;
}

static bool verify(const void *area, unsigned pages, uint32_t seed)
{
	const uint32_t *p = area;

	for (unsigned i = 0; i < pages * WORDS; i++)
		if (p[i] != (seed ^ i * 2654435761u))
			return false;
	return true;
}

/* ---- moving: targets from the allocator, as a contiguous allocation has them ------- */

static struct page *new_page(struct page *src, void *arg)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_HIGHMEM | __GFP_MOVABLE);

	if (page)
		set_page_word(page, PAGE_STATE_PCP);
	return page;
}

static void put_new_page(struct page *page, void *arg)
{
	set_page_word(page, PAGE_ALLOCATED(0));
	__free_page(page);
}

/* The page behind addr, if it can be had and moved. */
static bool move_one(const void *addr)
{
	struct page *page = vmalloc_get_page(addr);

	if (!page)
		return false;
	put_page(page);
	return isolate_movable(page, MIGRATE_SYNC) &&
	       migrate_pages(&page, 1, new_page, put_new_page, NULL, MIGRATE_SYNC) == 1;
}

/* ---- areas ----------------------------------------------------------------------- */

static void sizes_are_rounded_up_and_guarded(void)
{
	static const unsigned pages[] = {1, 1, 2, 3, 16, 17, 64, 200};
	size_t bytes[] = {1,
			  PAGE_SIZE,
			  PAGE_SIZE + 1,
			  3 * PAGE_SIZE - 5,
			  16 * PAGE_SIZE,
			  17 * PAGE_SIZE,
			  64 * PAGE_SIZE,
			  200 * PAGE_SIZE};
	struct vmalloc_info before, info;
	char *area[8];
	unsigned sum = 0;

	begin();
	vmalloc_info(&before);
	for (unsigned i = 0; i < 8; i++) {
		area[i] = vmalloc(bytes[i]);
		REQUIRE(area[i]);
		CHECK_EQ((uintptr_t)area[i] & (PAGE_SIZE - 1), 0);
		CHECK(is_vmalloc_addr(area[i]) && is_vmalloc_addr(area[i] + bytes[i] - 1));
		fill(area[i], pages[i], i);
		sum += pages[i];
	}
	vmalloc_info(&info);
	CHECK_EQ(info.nr_areas - before.nr_areas, 8);
	CHECK_EQ(info.nr_pages - before.nr_pages, sum);
	CHECK_EQ(before.free_pages - info.free_pages, sum + 8);
	for (unsigned i = 0; i < 8; i++) {
		CHECK(verify(area[i], pages[i], i));
		CHECK(!mapped(area[i] - PAGE_SIZE));
		CHECK(!mapped(area[i] + pages[i] * PAGE_SIZE));
		for (unsigned n = 0; n < pages[i]; n++)
			CHECK(mapped(area[i] + n * PAGE_SIZE));
	}
	for (unsigned i = 0; i < 8; i++)
		vfree(area[i]);
	for (unsigned i = 0; i < 8; i++)
		CHECK(!mapped(area[i]));
	vmalloc_info(&info);
	CHECK(!memcmp(&info, &before, sizeof(info)));
	vfree(NULL);
}

static void what_has_no_size_or_no_room_is_refused(void)
{
	struct vmalloc_info info;
	int on_stack;

	begin();
	vmalloc_info(&info);
	CHECK(!vmalloc(0));
	CHECK(!vmalloc(SIZE_MAX));
	CHECK(!vmalloc((info.largest_free_pages + 1) * PAGE_SIZE));
	CHECK(!vmap(NULL, 0));
	CHECK(!is_vmalloc_addr(&on_stack) && !is_vmalloc_addr(NULL));
	CHECK(!vmalloc_get_page(&on_stack));
	CHECK_EQ(vmalloc_init(NULL, 4 * PAGE_SIZE), -EINVAL);
	CHECK_EQ(vmalloc_init((void *)(16 * PAGE_SIZE + 1), 4 * PAGE_SIZE), -EINVAL);
	CHECK_EQ(vmalloc_init((void *)(16 * PAGE_SIZE), 2 * PAGE_SIZE), -EINVAL);
}

static void vzalloc_is_zero_even_where_pages_were_used(void)
{
	const uint32_t *p;
	char *area;

	begin();
	area = vmalloc(40 * PAGE_SIZE);
	REQUIRE(area);
	memset(area, 0xff, 40 * PAGE_SIZE);
	vfree(area);
	p = vzalloc(40 * PAGE_SIZE);
	REQUIRE(p);
	for (unsigned i = 0; i < 40 * WORDS; i++)
		if (p[i]) {
			CHECK_EQ(p[i], 0);
			break;
		}
	vfree(p);
}

static void addresses_come_back(void)
{
	char *a, *b, *c;

	begin();
	a = vmalloc(3 * PAGE_SIZE);
	b = vmalloc(5 * PAGE_SIZE);
	c = vmalloc(2 * PAGE_SIZE);
	REQUIRE(a && b && c);
	vfree(b);
	CHECK(vmalloc(5 * PAGE_SIZE) == b);
	vfree(a);
	CHECK(vmalloc(3 * PAGE_SIZE) == a);
	vfree(a);
	vfree(b);
	vfree(c);
}

/* A request in the middle of which memory runs out, at each place. */
static void a_failure_anywhere_loses_nothing(void)
{
	struct vmalloc_info before, info;
	unsigned failures = 0;
	char text[32];
	void *area;

	begin();
	vmalloc_info(&before);
	for (unsigned after = 0; after < 40; after++) {
		/* Each one from then on, but for those of a context that must not fail. */
		snprintf(text, sizeof(text), "1,100,%u,-1", after);
		REQUIRE(!mm_debug_set("fail_page_alloc", text));
		area = __vmalloc(33 * PAGE_SIZE,
				 GFP_KERNEL | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_NOWARN);
		mm_debug_set("fail_page_alloc", "0");
		failures += !area;
		vfree(area);
		vmalloc_info(&info);
		CHECK(!memcmp(&info, &before, sizeof(info)));
		check_all_free();
	}
	CHECK(failures >= 32 && failures < 40);
}

/* ---- wrong frees ------------------------------------------------------------------- */

static void wrong_frees_are_refused(void)
{
	struct page *page = NULL;
	char *area, *map;
	int on_stack;

	begin();
	page = alloc_page(GFP_KERNEL);
	area = vmalloc(4 * PAGE_SIZE);
	map = vmap(&page, 1);
	REQUIRE(page && area && map);
	fill(area, 4, 7);
	CHECK_REFUSED(vfree(area + 1));
	CHECK_REFUSED(vfree(area + PAGE_SIZE));
	CHECK_REFUSED(vfree(area - PAGE_SIZE));
	CHECK_REFUSED(vfree(area + 4 * PAGE_SIZE));
	CHECK_REFUSED(vfree(&on_stack));
	CHECK_REFUSED(vfree(page_address(page)));
	CHECK_REFUSED(vfree(map));
	CHECK_REFUSED(vunmap(area));
	CHECK_REFUSED(vunmap(page_address(page)));
	CHECK(verify(area, 4, 7));
	CHECK(mapped(map));
	vfree(area);
	CHECK_REFUSED(vfree(area));
	vunmap(map);
	CHECK_REFUSED(vunmap(map));
	__free_page(page);
}

/* ---- vmap --------------------------------------------------------------------------- */

static void vmap_shows_the_callers_pages(void)
{
	struct page *block, *pages[6];
	struct page *got;
	uint32_t *map;

	begin();
	block = alloc_pages(GFP_KERNEL, 2);
	pages[0] = alloc_page(GFP_KERNEL);
	REQUIRE(block && pages[0]);
	for (unsigned i = 0; i < 4; i++)
		pages[1 + i] = block + 3 - i;
	pages[5] = pages[0]; /* twice */
	map = vmap(pages, 6);
	REQUIRE(map);
	fill(map, 5, 9);
	for (unsigned i = 0; i < 5; i++)
		CHECK(!memcmp(page_address(pages[i]), map + i * WORDS, PAGE_SIZE));
	map[5 * WORDS + 3] = 77;
	CHECK_EQ(map[3], 77);
	got = vmalloc_get_page(map);
	CHECK(!got);
	CHECK(!mapped((char *)map + 6 * PAGE_SIZE));
	vunmap(map);
	CHECK(!mapped(map));
	CHECK_EQ(page_count(pages[0]), 1);
	__free_page(pages[0]);
	__free_pages(block, 2);
}

static void vmap_refuses_what_could_go_away(void)
{
	struct page *ok, *pages[2];
	char *area;

	begin();
	area = vmalloc(1);
	ok = alloc_page(GFP_KERNEL);
	REQUIRE(area && ok);
	pages[0] = ok;
	pages[1] = vmalloc_get_page(area);
	CHECK_REFUSED(CHECK(!vmap(pages, 2)));
	put_page(pages[1]);
	vfree(area);
	pages[1] = NULL;
	CHECK_REFUSED(CHECK(!vmap(pages, 2)));
	pages[1] = (struct page *)((char *)ok + 1);
	CHECK_REFUSED(CHECK(!vmap(pages, 2)));
	__free_page(ok);
	pages[1] = ok;
	CHECK_REFUSED(CHECK(!vmap(pages + 1, 1)));
}

/* ---- pages that move ----------------------------------------------------------------- */

static void pages_move_under_their_addresses(void)
{
	char *area;

	begin();
	area = vmalloc(40 * PAGE_SIZE);
	REQUIRE(area);
	fill(area, 40, 3);
	for (unsigned i = 0; i < 40; i++) {
		uint64_t phys = port_vmap_phys(area + i * PAGE_SIZE);
		struct page *page;

		CHECK(move_one(area + i * PAGE_SIZE + 12));
		CHECK(port_vmap_phys(area + i * PAGE_SIZE) != phys);
		page = vmalloc_get_page(area + i * PAGE_SIZE);
		REQUIRE(page);
		CHECK(PageMovable(page));
		CHECK_EQ(page_count(page), 2);
		CHECK((uint64_t)page_to_pfn(page) << PAGE_SHIFT ==
		      port_vmap_phys(area + i * PAGE_SIZE));
		put_page(page);
	}
	CHECK(verify(area, 40, 3));
	fill(area, 40, 4);
	CHECK(verify(area, 40, 4));
	vfree(area);
}

static void a_reference_keeps_a_page_where_it_is(void)
{
	struct page *page, *taken;
	char *area;

	begin();
	area = vmalloc(2 * PAGE_SIZE);
	REQUIRE(area);
	page = vmalloc_get_page(area + 100);
	REQUIRE(page);
	CHECK(!isolate_movable(page, MIGRATE_SYNC));
	put_page(page);

	/* One that is taken after the mover has it. */
	REQUIRE(isolate_movable(page, MIGRATE_SYNC));
	CHECK(vmalloc_get_page(area) == page);
	taken = page;
	CHECK_EQ(migrate_pages(&taken, 1, new_page, put_new_page, NULL, MIGRATE_SYNC), 0);
	CHECK((uint64_t)page_to_pfn(page) << PAGE_SHIFT == port_vmap_phys(area));
	CHECK_EQ(page_count(page), 2);

	/* And one that outlives the area. */
	vfree(area);
	CHECK_EQ(page_count(page), 1);
	put_page(page);
}

/* The area goes, and its addresses come back with other pages, while a mover has the old one. */
static void a_page_that_left_is_not_moved(void)
{
	const struct movable_operations *ops;
	struct page *page, *dst;
	char *area;

	begin();
	area = vmalloc(PAGE_SIZE);
	REQUIRE(area);
	page = vmalloc_get_page(area);
	put_page(page);
	REQUIRE(isolate_movable(page, MIGRATE_SYNC));
	ops = page->mapping;
	vfree(area);
	CHECK_EQ(page_count(page), 1);
	CHECK(vmalloc(PAGE_SIZE) == area);
	fill(area, 1, 5);
	CHECK(port_vmap_phys(area) != (uint64_t)page_to_pfn(page) << PAGE_SHIFT);
	dst = alloc_page(GFP_KERNEL);
	REQUIRE(dst);
	CHECK_EQ(ops->migrate_page(dst, page, MIGRATE_SYNC), -EAGAIN);
	CHECK(!ops->isolate_page(page, MIGRATE_SYNC));
	CHECK(!PageMovable(dst));
	__free_page(dst);
	CHECK_EQ(migrate_pages(&page, 1, new_page, put_new_page, NULL, MIGRATE_SYNC), 0);
	CHECK(verify(area, 1, 5));
	vfree(area);
}

/* ---- the hole ------------------------------------------------------------------------- */

struct hole {
	uint32_t *area;
	uint32_t ready;	 /* the other CPU waits for the break */
	uint32_t broken; /* the page is away: go */
	uint32_t got;	 /* what the other CPU read */
	unsigned how;
	unsigned core; /* where an interrupt is to do it */
};

#define NR_BEFORE_GIVING_UP 200000000U

#ifndef TEST_HOST
/* The C library's state is Thumb, and it may be what touches the page. */
__attribute__((target("thumb"), noinline)) static uint32_t read_in_thumb(volatile uint32_t *p)
{
	return *p;
}

/* All registers and the flags are what they were; returns what was read, or 0. */
static uint32_t read_with_all_registers(volatile uint32_t *p)
{
	uint32_t result;

	__asm__ volatile("push	{r11}\n"
			 "	mov	r1, %1\n"
			 "	mov	r0, #0x10\n"
			 "	mov	r2, #0x12\n"
			 "	mov	r3, #0x13\n"
			 "	mov	r4, #0x14\n"
			 "	mov	r5, #0x15\n"
			 "	mov	r6, #0x16\n"
			 "	mov	r7, #0x17\n"
			 "	mov	r8, #0x18\n"
			 "	mov	r9, #0x19\n"
			 "	mov	r10, #0x1a\n"
			 "	mov	r11, #0x1b\n"
			 "	mov	r12, #0x1c\n"
			 "	mov	lr, #0x1e\n"
			 "	msr	cpsr_f, #0xa0000000\n" /* N and C */
			 "	ldr	r12, [r1], #4\n"       /* with write-back */
			 "	push	{r12}\n"
			 "	mrs	r12, cpsr\n"
			 "	lsr	r12, r12, #28\n"
			 "	teq	r12, #0xa\n"
			 "	teqeq	r0, #0x10\n"
			 "	teqeq	r2, #0x12\n"
			 "	teqeq	r3, #0x13\n"
			 "	teqeq	r4, #0x14\n"
			 "	teqeq	r5, #0x15\n"
			 "	teqeq	r6, #0x16\n"
			 "	teqeq	r7, #0x17\n"
			 "	teqeq	r8, #0x18\n"
			 "	teqeq	r9, #0x19\n"
			 "	teqeq	r10, #0x1a\n"
			 "	teqeq	r11, #0x1b\n"
			 "	teqeq	lr, #0x1e\n"
			 "	pop	{r12}\n"
			 "	movne	r12, #0\n"
			 "	ldr	r0, [r1, #-4]\n" /* written back once */
			 "	teq	r0, r12\n"
			 "	movne	r12, #0\n"
			 "	pop	{r11}\n"
			 "	mov	%0, r12\n"
			 : "=r"(result)
			 : "r"(p)
			 : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r12",
			   "lr", "cc", "memory");
	return result;
}
#endif

#ifndef TEST_HOST
static bool store_of_a_pair_fails(struct hole *h)
{
	uint32_t failed, tmp;

	__asm__ volatile("	ldrex	%1, [%2]\n"
			 "	str	%2, [%3]\n"
			 "1:	ldr	%0, [%4]\n"
			 "	teq	%0, #0\n"
			 "	beq	1b\n"
			 "	strex	%0, %2, [%2]"
			 : "=&r"(failed), "=&r"(tmp)
			 : "r"(h->area), "r"(&h->ready), "r"(&h->broken)
			 : "cc", "memory");
	return failed;
}
#endif

static struct hole *irq_hole;

static void read_in_interrupt(unsigned cpu)
{
	struct hole *h = __atomic_load_n(&irq_hole, __ATOMIC_ACQUIRE);

	if (h && cpu == h->core && !h->got)
		__atomic_store_n(&h->got, __atomic_load_n(h->area, __ATOMIC_RELAXED),
				 __ATOMIC_RELEASE);
}

static void access_page(struct hole *h)
{
	port_irqflags_t flags = port_irq_save();
	uint32_t got = 0;

	h->core = port_cpu_id();
	port_irq_restore(flags);
	switch (h->how) {
	case 0:
		got = __atomic_load_n(h->area, __ATOMIC_RELAXED);
		break;
	case 1: /* an exclusive pair */
		got = __atomic_add_fetch(h->area, 1, __ATOMIC_RELAXED);
		break;
	case 2: /* a store, and a load of it */
		__atomic_store_n(h->area + 1, 5, __ATOMIC_RELAXED);
		got = __atomic_load_n(h->area, __ATOMIC_RELAXED);
		break;
#ifndef TEST_HOST
	case 3:
		got = read_in_thumb(h->area);
		break;
	case 4:
		got = read_with_all_registers(h->area);
		break;
	case 5: /* between the two of a pair: the store must fail */
		got = store_of_a_pair_fails(h) ? h->area[0] : 0xbad;
		break;
	case 6:
		__atomic_store_n(&irq_hole, h, __ATOMIC_RELEASE);
		while (!__atomic_load_n(&h->got, __ATOMIC_ACQUIRE))
			test_idle();
		return;
#endif
	}
	__atomic_store_n(&h->got, got, __ATOMIC_RELEASE);
}

#ifdef TEST_HOST
#define NR_HOWS 3
#else
#define NR_HOWS 7
#endif

/* CPU 0 breaks the entry and does not make it before the other one is known to wait. */
static void meet_the_hole(unsigned cpu, void *arg)
{
	struct hole *h = arg;
	unsigned before, rounds = 0;
	port_irqflags_t flags;
	uint64_t phys;

	if (cpu) {
		while (h->how != 5 && !__atomic_load_n(&h->broken, __ATOMIC_ACQUIRE))
			test_idle();
		access_page(h);
		return;
	}
	while (h->how == 5 && !__atomic_load_n(&h->ready, __ATOMIC_ACQUIRE))
		test_idle();
	before = hole_waits();
	flags = port_irq_save();
	phys = port_vmap_phys(h->area);
	port_vmap_break(h->area);
	CHECK(!mapped(h->area));
	__atomic_store_n(&h->broken, 1, __ATOMIC_RELEASE);
	while (hole_waits() == before && rounds++ < NR_BEFORE_GIVING_UP)
		port_cpu_relax();
	CHECK_EQ(hole_waits(), before + 1);
	CHECK_EQ(__atomic_load_n(&h->got, __ATOMIC_ACQUIRE), 0);
	port_vmap_set(h->area, phys);
	port_irq_restore(flags);
}

static void an_access_waits_until_the_page_is_back(void)
{
	struct hole h;

	if (test_nr_cpus() < 2) {
		test_skip("one CPU");
		return;
	}
	begin();
	for (unsigned how = 0; how < NR_HOWS; how++) {
		h = (struct hole){.how = how, .area = vmalloc(PAGE_SIZE)};
		REQUIRE(h.area);
		h.area[0] = 0x1234567;
#ifndef TEST_HOST
		if (how == 6)
			tick_hook = read_in_interrupt;
#else
		(void)read_in_interrupt;
#endif
		run_on_cpus(2, meet_the_hole, &h);
#ifndef TEST_HOST
		tick_hook = NULL;
		irq_hole = NULL;
#endif
		CHECK_EQ(h.got, 0x1234567 + (how == 1));
		vfree(h.area);
	}
}

/* ---- everybody at once ---------------------------------------------------------------- */

#define LIVE_PAGES 24U
#define MAX_USERS  8U
#define SLOT_WORDS 4U /* of each user, in each page; the first word is everybody's counter */

struct live {
	uint32_t *area;
	unsigned nr_cpus, rounds;
	uint32_t done, moved;
	uint32_t added[MAX_USERS];
};

static void use_area(struct live *l, unsigned cpu, uint32_t round)
{
	for (unsigned i = 0; i < LIVE_PAGES; i++) {
		uint32_t *page = l->area + i * WORDS, *mine = page + 1 + cpu * SLOT_WORDS;
		uint32_t *last = page + WORDS - 1 - cpu;

		__atomic_add_fetch(page, 1, __ATOMIC_RELAXED);
		l->added[cpu]++;
		for (unsigned w = 0; w < SLOT_WORDS; w++)
			mine[w] = round * 31 + i + w;
		*last = round;
		for (unsigned w = 0; w < SLOT_WORDS; w++)
			CHECK_EQ(mine[w], round * 31 + i + w);
		CHECK_EQ(*last, round);
	}
}

static void live(unsigned cpu, void *arg)
{
	struct live *l = arg;
	uint32_t round = 0;

	if (!cpu) {
		for (unsigned r = 0; r < l->rounds && !test_has_failed(); r++)
			for (unsigned i = 0; i < LIVE_PAGES; i++)
				l->moved += move_one(l->area + i * WORDS);
		__atomic_store_n(&l->done, 1, __ATOMIC_RELEASE);
		return;
	}
	while (!__atomic_load_n(&l->done, __ATOMIC_ACQUIRE) && !test_has_failed()) {
		void *own;

		use_area(l, cpu, ++round);
		if (round % 4)
			continue;
		/* Others' areas come and go meanwhile, and are moved, too, by nobody's plan. */
		own = vmalloc(3 * PAGE_SIZE);
		if (!own)
			continue;
		fill(own, 3, cpu);
		CHECK(move_one((char *)own + PAGE_SIZE));
		CHECK(verify(own, 3, cpu));
		vfree(own);
	}
}

static void live_on(unsigned nr_cpus)
{
	struct live l = {.nr_cpus = nr_cpus, .rounds = test_option("rounds", 60)};
	unsigned before = hole_waits();

	if (test_nr_cpus() < nr_cpus) {
		test_skip("too few CPUs");
		return;
	}
	begin();
	l.area = vzalloc(LIVE_PAGES * PAGE_SIZE);
	REQUIRE(l.area);
	run_on_cpus(nr_cpus, live, &l);
	for (unsigned i = 0; i < LIVE_PAGES; i++) {
		uint32_t sum = 0;

		/* Each page was visited as often as the first, by everybody. */
		for (unsigned cpu = 1; cpu < nr_cpus; cpu++)
			sum += l.added[cpu] / LIVE_PAGES;
		CHECK_EQ(l.area[i * WORDS], sum);
	}
	CHECK(l.moved > l.rounds * LIVE_PAGES / 2);
	printf("# %u CPUs: %u moves, %u accesses met one\n", nr_cpus, (unsigned)l.moved,
	       hole_waits() - before);
	vfree(l.area);
}

static void two_cpus_use_what_one_of_them_moves(void)
{
	live_on(2);
}

static void four_cpus_use_what_one_of_them_moves(void)
{
	live_on(4);
}

/* ---- the host alone ---------------------------------------------------------------------- */

#ifdef TEST_HOST

static void on_fault(int sig)
{
	_exit(42);
}

static bool faults(char *p)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		signal(SIGSEGV, on_fault);
		*(volatile char *)p;
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status) == 42;
}

static void the_guards_fault(void)
{
	char *area;

	begin();
	area = vmalloc(2 * PAGE_SIZE);
	REQUIRE(area);
	CHECK(faults(area - 1));
	CHECK(!faults(area));
	CHECK(!faults(area + 2 * PAGE_SIZE - 1));
	CHECK(faults(area + 2 * PAGE_SIZE));
	vfree(area);
	CHECK(faults(area));
}

/* What the port's handler does not know ends the program as if it were not there. */
static void a_wrong_access_is_still_the_end(void)
{
	int status = 0;
	char *area;
	pid_t child;

	begin();
	area = vmalloc(PAGE_SIZE);
	REQUIRE(area);
	fflush(stdout);
	child = fork();
	if (!child) {
		close(2);
		area[PAGE_SIZE] = 1;
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(!(WIFEXITED(status) && WEXITSTATUS(status) == 0));
	vfree(area);
}

static void no_page_tables_no_area(void)
{
	struct vmalloc_info before, info;
	struct page *page;

	begin();
	page = alloc_page(GFP_KERNEL);
	vmalloc_info(&before);
	host_vmap_fail_prepare(true);
	CHECK(!vmalloc(5 * PAGE_SIZE));
	CHECK(!vmap(&page, 1));
	host_vmap_fail_prepare(false);
	vmalloc_info(&info);
	CHECK(!memcmp(&info, &before, sizeof(info)));
	__free_page(page);
}

static void areas_in_use_keep_the_window(void)
{
	char *area;

	begin();
	area = vmalloc(1);
	CHECK_EQ(vmalloc_init(area, 16 * PAGE_SIZE), -EINVAL);
	CHECK(host_log_has("1 areas are in use"));
	vfree(area);
}

static void the_window_can_be_filled_to_the_last_page(void)
{
	static char *area[HOST_WIN];
	struct vmalloc_info info;
	unsigned nr = 0;

	begin();
	while ((area[nr] = vmalloc(1)))
		nr++;
	/* Page 0 is never mapped; each area has a guard. */
	CHECK_EQ(nr, (HOST_WIN - 1) / 2);
	vmalloc_info(&info);
	CHECK_EQ(info.free_pages, (HOST_WIN - 1) % 2);
	CHECK_EQ(info.largest_free_pages, 0);
	for (unsigned i = 0; i < nr; i += 2) {
		vfree(area[i]);
		area[i] = NULL;
	}
	vmalloc_info(&info);
	CHECK(info.free_pages >= nr);
	CHECK(info.largest_free_pages <= 2);
	CHECK(!vmalloc(3 * PAGE_SIZE));
	vfree(area[101]);
	area[101] = vmalloc(5 * PAGE_SIZE);
	CHECK(area[101] == area[99] + 2 * PAGE_SIZE);
	for (unsigned i = 0; i < nr; i++)
		vfree(area[i]);
	vmalloc_info(&info);
	CHECK_EQ(info.largest_free_pages, HOST_WIN - 2);
	CHECK_EQ(info.nr_areas, 0);
	/* The records of so many areas were more than at the start: they stay. */
	fixture_count();
}

/* What the tree of areas says against a map of the window's pages. */
static void addresses_agree_with_a_map(void)
{
	static uint8_t used[HOST_WIN + 1];
	static struct {
		char *addr;
		unsigned pages;
	} a[300];
	struct rng rng = rng_seed((uint32_t)test_option("seed", 1));
	struct vmalloc_info info;
	struct page *one;
	char *base;

	begin();
	memset(used, 0, sizeof(used));
	memset(a, 0, sizeof(a));
	one = alloc_page(GFP_KERNEL);
	base = vmap(&one, 1);
	REQUIRE(base);
	base -= PAGE_SIZE;
	vunmap(base + PAGE_SIZE);
	used[0] = 1;
	for (unsigned ops = 0; ops < 6000 && !test_has_failed(); ops++) {
		unsigned i = rng_below(&rng, 300), run = 0, longest = 0, nr_free = 0;
		struct page *pages[24];

		if (a[i].addr) {
			memset(used + (a[i].addr - base) / PAGE_SIZE, 0, a[i].pages + 1);
			vunmap(a[i].addr);
			a[i].addr = NULL;
		} else {
			unsigned n = a[i].pages = 1 + rng_below(&rng, rng_below(&rng, 24) + 1);
			unsigned at;

			for (unsigned k = 0; k < n; k++)
				pages[k] = one;
			vmalloc_info(&info);
			a[i].addr = vmap(pages, n);
			CHECK(!a[i].addr == (info.largest_free_pages < n));
			at = a[i].addr ? (unsigned)((a[i].addr - base) / PAGE_SIZE) : 0;
			for (unsigned k = 0; a[i].addr && k <= n; k++) {
				CHECK_EQ(used[at + k], 0);
				used[at + k] = 1;
			}
		}
		for (unsigned k = 0; k < HOST_WIN; k++) {
			run = used[k] ? 0 : run + 1;
			longest = run > longest ? run : longest;
			nr_free += !used[k];
		}
		vmalloc_info(&info);
		CHECK_EQ(info.free_pages, nr_free);
		CHECK_EQ(info.largest_free_pages, longest ? longest - 1 : 0);
	}
	for (unsigned i = 0; i < 300; i++)
		if (a[i].addr)
			vunmap(a[i].addr);
	__free_page(one);
	fixture_count();
}

#endif

static const struct test_case cases[] = {
	TEST(sizes_are_rounded_up_and_guarded),
	TEST(what_has_no_size_or_no_room_is_refused),
	TEST(vzalloc_is_zero_even_where_pages_were_used),
	TEST(addresses_come_back),
	TEST(a_failure_anywhere_loses_nothing),
	TEST(wrong_frees_are_refused),
	TEST(vmap_shows_the_callers_pages),
	TEST(vmap_refuses_what_could_go_away),
	TEST(pages_move_under_their_addresses),
	TEST(a_reference_keeps_a_page_where_it_is),
	TEST(a_page_that_left_is_not_moved),
	TEST(an_access_waits_until_the_page_is_back),
	TEST(two_cpus_use_what_one_of_them_moves),
	TEST(four_cpus_use_what_one_of_them_moves),
#ifdef TEST_HOST
	TEST(the_guards_fault),
	TEST(a_wrong_access_is_still_the_end),
	TEST(no_page_tables_no_area),
	TEST(areas_in_use_keep_the_window),
	TEST(the_window_can_be_filled_to_the_last_page),
	TEST(addresses_agree_with_a_map),
#endif
};
TEST_SUITE(vmalloc, cases);
