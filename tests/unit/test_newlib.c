// SPDX-License-Identifier: MIT
// TARGET ONLY: the image's C library, and C++
/*
 * malloc() and its like out of kmalloc(), on all cores at once and in interrupts; floats
 * printed by soft arithmetic; C++ objects.  Written from boot/malloc.c and boot/reent.h.
 */
/* NOLINTBEGIN(clang-analyzer-unix.Malloc): what is freed wrongly is so on purpose. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include <boot/reent.h>
#include <boot/smp.h>

#include "slab_fixture.h"

/* tests/cxx/objects.cpp */
unsigned cxx_global_value(void);
unsigned cxx_local_value(void);
unsigned cxx_locals_made(void);
unsigned cxx_sum_of_shapes(unsigned n);
bool cxx_arrays_and_alignment(void);

/* What %f works with stays with the core: once, before pages are counted. */
static void warm_up(unsigned cpu, void *arg)
{
	char buf[40];

	(void)cpu, (void)arg;
	for (unsigned i = 0; i < 300; i += 40)
		_snprintf_r(core_reent(), buf, sizeof(buf), "%.*e %g", (int)(i / 40), 1e-300,
			    1.7e308);
}

static void begin(void)
{
	run_on_cpus(test_nr_cpus(), warm_up, NULL);
	warm_up(0, NULL);
	slab_begin();
}

/* ---- floats ---------------------------------------------------------------- */

static void check_text(const char *got, const char *want)
{
	if (strcmp(got, want))
		printf("# '%s', not '%s'\n", got, want);
	CHECK(!strcmp(got, want));
}

static void print_and_read(void)
{
	volatile double third = 1.0 / 3;
	char buf[80];

	snprintf(buf, sizeof(buf), "%f %.3f %e %g", 3.25, -third, 123456.75, 1e-9);
	check_text(buf, "3.250000 -0.333 1.234568e+05 1e-09");
	snprintf(buf, sizeof(buf), "%.10f %8.2f|%-8.1f|", third * 2, 99.996, 0.05);
	check_text(buf, "0.6666666667   100.00|0.1     |");
	printf("# a float on the console: %.4f\n", third);
	CHECK(strtod("2.5e3", NULL) == 2500.0);
}

/* The second time all that the library keeps is there. */
static void floats_are_printed_and_read(void)
{
	print_and_read();
	slab_begin();
	print_and_read();
	slab_end(NULL);
}

static void print_many(unsigned cpu, void *arg)
{
	unsigned *failed = arg;

	for (unsigned i = 0; i < 200; i++) {
		char buf[40], want[40];
		unsigned whole = cpu * 1000 + i;

		_snprintf_r(core_reent(), buf, sizeof(buf), "%.3f", whole + 0.125);
		_snprintf_r(core_reent(), want, sizeof(want), "%u.125", whole);
		if (strcmp(buf, want))
			__atomic_add_fetch(failed, 1, __ATOMIC_RELAXED);
	}
}

static unsigned irq_failed;

static void print_in_interrupt(unsigned cpu)
{
	print_many(cpu + 10, &irq_failed);
}

static void floats_are_printed_on_all_cores_and_in_interrupts(void)
{
	unsigned failed = 0;

	run_on_cpus(test_nr_cpus(), warm_up, NULL);
	tick_hook = print_in_interrupt;
	/* until each core's handlers have what they keep */
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		for (uint32_t from = smp_ticks(cpu); smp_online(cpu) && smp_ticks(cpu) - from < 2;)
			port_cpu_relax();
	run_on_cpus(test_nr_cpus(), print_many, &failed);
	tick_hook = NULL;
	CHECK_EQ(failed, 0);
	CHECK_EQ(irq_failed, 0);
	/* It is kept, and is nobody's loss. */
	kmem_cache_shrink_all();
	fixture_count();
}

/* ---- malloc ------------------------------------------------------------------ */

/* By itself, as a compiler and its checkers know what free() means. */
static void (*volatile give_back)(void *) = free;

static void the_heap_is_kmallocs(void)
{
	volatile size_t many = SIZE_MAX / 2, none = 0; /* or the compiler knows better */
	struct slab_info before, now;
	char *p, *q;

	begin();
	before = slab_info_of("kmalloc-128");
	p = malloc(100);
	REQUIRE(p);
	now = slab_info_of("kmalloc-128");
	CHECK_EQ(now.nr_active, before.nr_active + 1);
	CHECK_EQ(malloc_usable_size(p), 128);
	CHECK_EQ((uintptr_t)p & 7, 0);
	memcpy(p, "as it was", sizeof("as it was"));
	q = realloc(p, 5000);
	REQUIRE(q);
	check_text(q, "as it was");
	p = strdup(q);
	REQUIRE(p);
	check_text(p, "as it was");
	give_back(q);
	CHECK_REFUSED(give_back(q));
	q = realloc(p, none);
	CHECK(!q);
	CHECK_REFUSED(give_back(p));
	p = calloc(25, 40);
	REQUIRE(p);
	for (unsigned i = 0; i < 1000; i++)
		CHECK(!p[i]);
	give_back(p);
	p = malloc(0);
	q = malloc(0);
	CHECK(p && q && p != q);
	give_back(p);
	give_back(q);
	free(NULL);
	errno = 0;
	p = malloc(KMALLOC_MAX_SIZE + 1);
	CHECK(!p);
	CHECK_EQ(errno, ENOMEM);
	p = calloc(many, 3);
	CHECK(!p);
	for (unsigned align = 4; align <= 16384; align *= 2) {
		p = memalign(align, 24);
		REQUIRE(p);
		CHECK_EQ((uintptr_t)p & (align - 1), 0);
		give_back(p);
	}
	errno = 0;
	p = memalign(24, 24);
	CHECK(!p);
	CHECK_EQ(errno, EINVAL);
	slab_end(NULL);
}

#define PIECES 64u
static char *piece[PORT_NR_CPUS][PIECES];

static void allocate_many(unsigned cpu, void *arg)
{
	struct rng rng = rng_seed(cpu + 3);
	unsigned *failed = arg, nr = test_nr_cpus();

	for (unsigned i = 0; i < 3000; i++) {
		/* one's own place or a neighbour's: what one core took another gives back */
		char **slot = &piece[rng_below(&rng, nr)][rng_below(&rng, PIECES)], *p;
		unsigned bytes = 2 + rng_below(&rng, 400);

		p = malloc(bytes);
		if (p) {
			memset(p, 'a' + (int)(bytes % 26), bytes - 1);
			p[bytes - 1] = '\0';
		}
		p = __atomic_exchange_n(slot, p, __ATOMIC_ACQ_REL);
		if (!p)
			continue;
		for (unsigned k = 1; p[k]; k++)
			if (p[k] != p[0])
				__atomic_add_fetch(failed, 1, __ATOMIC_RELAXED);
		free(p);
	}
}

static void malloc_in_interrupt(unsigned cpu)
{
	char *p = malloc(30 + cpu), *q = strdup("in a handler");

	if (!p || !q || strcmp(q, "in a handler"))
		irq_failed++;
	free(p);
	free(q);
}

static void all_cores_and_handlers_share_the_heap(void)
{
	unsigned failed = 0;
	uint32_t bad;

	begin();
	irq_failed = 0;
	bad = vm_events(BAD_FREE) + vm_events(BAD_SLAB);
	smp_set_tick(2000);
	tick_hook = malloc_in_interrupt;
	run_on_cpus(test_nr_cpus(), allocate_many, &failed);
	tick_hook = NULL;
	smp_set_tick(SMP_TICK_HZ);
	CHECK_EQ(failed, 0);
	CHECK_EQ(irq_failed, 0);
	CHECK_EQ(vm_events(BAD_FREE) + vm_events(BAD_SLAB), bad);
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		for (unsigned i = 0; i < PIECES; i++) {
			free(piece[cpu][i]);
			piece[cpu][i] = NULL;
		}
	CHECK_EQ(mm_check_quiet(), 0);
	slab_end(NULL);
}

/* ---- C++ ----------------------------------------------------------------------- */

static void cxx_objects_just_work(void)
{
	begin();
	/* made before main: the start-up code has run its constructor */
	CHECK_EQ(cxx_global_value(), 42);
	CHECK_EQ(cxx_sum_of_shapes(20), 19 * 20 * 39 / 6);
	CHECK(cxx_arrays_and_alignment());
	slab_end(NULL);
}

static void make_local(unsigned cpu, void *arg)
{
	(void)cpu;
	if (cxx_local_value() != 7)
		__atomic_add_fetch((unsigned *)arg, 1, __ATOMIC_RELAXED);
}

static void a_static_of_a_function_is_made_once(void)
{
	unsigned before = cxx_locals_made(), failed = 0;

	run_on_cpus(test_nr_cpus(), make_local, &failed);
	CHECK_EQ(failed, 0);
	CHECK_EQ(cxx_locals_made(), before + 1);
}

static const struct test_case cases[] = {
	TEST(floats_are_printed_and_read), TEST(floats_are_printed_on_all_cores_and_in_interrupts),
	TEST(the_heap_is_kmallocs),	   TEST(all_cores_and_handlers_share_the_heap),
	TEST(cxx_objects_just_work),	   TEST(a_static_of_a_function_is_made_once),
};
TEST_SUITE(newlib, cases);
/* NOLINTEND(clang-analyzer-unix.Malloc) */
