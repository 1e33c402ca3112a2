// SPDX-License-Identifier: MIT
/*
 * memblock: a random mix of all calls against a model that is an array of
 * bytes, one entry per 8 bytes of address space.
 *
 * cmocka, on the host port's fake physical memory.  Seeds are printed; a seed
 * replays its round.  Not here: the manual's promises one by one
 * (test_memblock.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <buddy/config.h>
#include <buddy/memblock.h>
#include <port/host/host.h>
#include <port/port.h>

#define RAM 0x60000000ULL
#define MIB (1ULL << 20)

static int start(void **state)
{
	(void)state;
	memblock_reset();
	host_unmap_all();
	host_log_clear();
	return 0;
}

#define UNITS	  3000
#define UNIT	  8ULL
#define ARRAYS_AT (RAM + 64 * MIB) /* where the arrays find room: above, so always taken first */

static struct {
	int nid;	   /* -1: no RAM */
	int flags;	   /* -1: not reserved */
	const char *owner; /* of the reservation */
} model[UNITS];

static const char *const owners[] = {"alpha", "beta", "gamma"};

static uint32_t seed;

static unsigned rnd(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

/* Compares an array with the model, unit by unit; neighbours that are alike must be one. */
static void check_array(const struct memblock_region *(*get)(unsigned i), bool ram)
{
	const struct memblock_region *r, *prev = NULL;
	unsigned unit = 0;

	for (unsigned i = 0; (r = get(i)) != NULL && r->base < ARRAYS_AT; prev = r, i++) {
		unsigned from = (unsigned)((r->base - RAM) / UNIT);
		unsigned to = from + (unsigned)(r->size / UNIT);

		assert_true(r->size > 0 && to <= UNITS);
		if (prev) {
			assert_true(prev->base + prev->size <= r->base);
			assert_false(prev->base + prev->size == r->base && prev->nid == r->nid &&
				     prev->flags == r->flags && prev->name == r->name);
		}
		for (; unit < from; unit++)
			assert_int_equal(ram ? model[unit].nid : model[unit].flags, -1);
		for (; unit < to; unit++) {
			assert_int_equal(r->nid, ram ? model[unit].nid : 0);
			assert_int_equal(r->flags, ram ? 0 : model[unit].flags);
			assert_ptr_equal(r->name, ram ? NULL : model[unit].owner);
		}
	}
	for (; unit < UNITS; unit++)
		assert_int_equal(ram ? model[unit].nid : model[unit].flags, -1);
}

static void check_free_walk(void)
{
	uint64_t iter = 0, lo, hi, pos = RAM;
	int nid;

	while (memblock_next_free(&iter, &lo, &hi, &nid) && lo < ARRAYS_AT) {
		for (; pos < lo; pos += UNIT)
			assert_false(model[(pos - RAM) / UNIT].nid >= 0 &&
				     model[(pos - RAM) / UNIT].flags < 0);
		for (; pos < hi; pos += UNIT) {
			assert_int_equal(model[(pos - RAM) / UNIT].nid, nid);
			assert_int_equal(model[(pos - RAM) / UNIT].flags, -1);
		}
	}
}

static uint64_t model_find(unsigned units, unsigned align, unsigned from, unsigned to)
{
	for (unsigned at = to >= units ? to - units + 1 : 0; at-- > from;) {
		unsigned n = 0;

		if (at % align)
			continue;
		while (n < units && model[at + n].nid >= 0 && model[at + n].flags < 0)
			n++;
		if (n == units)
			return RAM + at * UNIT;
	}
	return 0;
}

static void one_random_call(void)
{
	unsigned from = rnd(UNITS), max = rnd(20) ? 12 : UNITS;
	unsigned n = 1 + rnd(max < UNITS - from ? max : UNITS - from);
	uint64_t base = RAM + from * UNIT, size = n * UNIT, found;
	const char *owner = owners[rnd(3)];
	unsigned nid = rnd(3), flags = rnd(3), align = 1U << rnd(6), want = 1 + rnd(16);

	switch (rnd(8)) {
	case 0:
	case 1:
		assert_int_equal(memblock_add(base, size, (int)nid), 0);
		for (unsigned i = from; i < from + n; i++)
			if (model[i].nid < 0)
				model[i].nid = (int)nid;
		break;
	case 2:
		assert_int_equal(memblock_remove(base, size), 0);
		for (unsigned i = from; i < from + n; i++)
			model[i].nid = -1;
		break;
	case 3:
	case 4:
		assert_int_equal(memblock_reserve(base, size, owner, flags), 0);
		for (unsigned i = from; i < from + n; i++) {
			if (model[i].flags < 0) {
				model[i].flags = (int)flags;
				model[i].owner = owner;
			} else if (model[i].flags == MEMBLOCK_NOMAP || flags == MEMBLOCK_NOMAP) {
				model[i].flags = MEMBLOCK_NOMAP;
			} else if (flags == MEMBLOCK_NONE) {
				model[i].flags = MEMBLOCK_NONE;
			}
		}
		break;
	case 5:
		assert_int_equal(memblock_free(base, size), 0);
		for (unsigned i = from; i < from + n; i++)
			model[i].flags = -1;
		break;
	case 6:
		found = memblock_phys_alloc_range(want * UNIT, align * UNIT, base, base + size,
						  owner);
		assert_int_equal(found, model_find(want, align, from, from + n));
		for (unsigned i = 0; found && i < want; i++) {
			model[(found - RAM) / UNIT + i].flags = MEMBLOCK_NONE;
			model[(found - RAM) / UNIT + i].owner = owner;
		}
		break;
	default: {
		bool all_ram = true, any_reserved = false;

		for (unsigned i = from; i < from + n; i++) {
			all_ram &= model[i].nid >= 0;
			any_reserved |= model[i].flags >= 0;
		}
		assert_int_equal(memblock_is_region_memory(base, size), all_ram);
		assert_int_equal(memblock_is_region_reserved(base, size), any_reserved);
	}
	}
}

static void random_calls_against_a_model(void **state)
{
	(void)state;
	for (unsigned round = 1; round <= 12; round++) {
		start(NULL);
		host_map_phys(ARRAYS_AT, MIB);
		memblock_add(ARRAYS_AT, MIB, 0);
		for (unsigned i = 0; i < UNITS; i++) {
			model[i].nid = model[i].flags = -1;
			model[i].owner = NULL;
		}
		seed = round;
		print_message("# seed %u\n", seed);
		for (unsigned i = 0; i < 4000; i++) {
			one_random_call();
			if (i % 16 == 0) {
				check_array(memblock_memory, true);
				check_array(memblock_reserved, false);
				check_free_walk();
			}
		}
		assert_int_equal(memblock_phys_mem_size() > MIB, 1);
	}
}

#define T(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(random_calls_against_a_model),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
