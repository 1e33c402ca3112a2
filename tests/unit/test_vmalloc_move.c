// SPDX-License-Identifier: MIT
// NEEDS: VMALLOC COMPACTION
/*
 * vmalloc's pages move: under their addresses, not while they are held, not when they have
 * left; an access waits until its page is back; and all of it while everybody uses them.
 *
 * Not here: areas as such (test_vmalloc.c).
 */
#include <stdio.h>
#include <string.h>

#ifndef TEST_HOST
#include <boot/smp.h>
#endif

#include "vmalloc_fixture.h"

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

/*
 * The area goes, and its addresses come back with other pages, while a mover has the old
 * one.
 */
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
		/*
		 * Others' areas come and go meanwhile, and are moved, too, by nobody's
		 * plan.
		 */
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

static const struct test_case cases[] = {
	TEST(pages_move_under_their_addresses),	   TEST(a_reference_keeps_a_page_where_it_is),
	TEST(a_page_that_left_is_not_moved),	   TEST(an_access_waits_until_the_page_is_back),
	TEST(two_cpus_use_what_one_of_them_moves), TEST(four_cpus_use_what_one_of_them_moves),
};
TEST_SUITE(vmalloc_move, cases);
