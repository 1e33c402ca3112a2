// SPDX-License-Identifier: MIT
// LINK: boot/fdt.c boot/fdt_scan.c boot/fdt_policy.c
/*
 * The whole scan on device trees that were damaged at random: nothing crashes,
 * nothing wraps, every answer is sane.  Seeds are printed.
 *
 * cmocka; AddressSanitizer sees the first byte read beyond the blob.  Not here:
 * what is said about sound trees (test_fdt_scan.c, test_fdt_resv.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fdt_scan_fixture.h"

static uint32_t seed;

static uint32_t rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

/* With so many complaints before the rest that no further line is printed, or without. */
static uint8_t *tree_of_everything(bool flood)
{
	build_start(&b);
	root(1, 1);
	for (unsigned i = 0; flood && i < 60; i++)
		memory("memory@0", 0, 0);
	build_str(&b, "model", "everything");
	build_rsv(&b, RAM + 2 * MIB, 0x1000);
	build_begin(&b, "chosen");
	build_str(&b, "bootargs", "mode=demo");
	build_str(&b, "stdout-path", "serial0");
	build_cells(&b, "linux,initrd-start", RAM + 3 * MIB);
	build_cells(&b, "linux,initrd-end", RAM + 4 * MIB);
	build_end(&b);
	memory("memory@60000000", RAM, 32 * MIB, RAM + 64 * MIB, 32 * MIB);
	build_begin(&b, "memory@80000000");
	build_cells(&b, "reg", 0x80000000, 16 * MIB);
	build_cells(&b, "numa-node-id", 1);
	build_end(&b);
	reserved_memory(1, 1);
	place("a@60500000", "no-map", 0x60500000, 0x10000, 0x60700000, 0x1000);
	pool("pool@60800000", 0x60800000, 0x800000);
	request("b", 0x10000, 0x10000);
	build_cells(&b, "alloc-ranges", 0x80000000, MIB, RAM, MIB);
	build_end(&b);
	build_end(&b);
	build_begin(&b, "cpus");
	build_cells(&b, "#address-cells", 1);
	build_cells(&b, "#size-cells", 0);
	for (unsigned i = 0; i < 4; i++) {
		build_begin(&b, "cpu");
		build_str(&b, "device_type", "cpu");
		build_str(&b, "enable-method", "spin-table");
		build_cells(&b, "reg", i);
		build_cells(&b, "cpu-release-addr", 0x48000000);
		build_end(&b);
	}
	build_end(&b);
	build_end(&b);
	return build_finish(&b);
}

/* Whatever was accepted is sane: within 32 bits, no wrap, strings with an end. */
static void check_outcome(const uint8_t *tree)
{
	uint32_t total = build_size(tree);
	const struct memblock_region *r;

	for (unsigned i = 0; (r = memblock_memory(i)) != NULL; i++)
		assert_true(r->size && r->base + r->size <= 1ULL << 32 && r->nid < 4);
	for (unsigned i = 0; (r = memblock_reserved(i)) != NULL; i++)
		assert_true(r->size && r->base + r->size <= 1ULL << 32 && r->name);
	assert_true(facts.initrd_start <= facts.initrd_end);
	assert_true(strlen(facts.bootargs) < total && strlen(facts.model) < total &&
		    strlen(facts.stdout_path) < total);
	assert_true(facts.nr_cpus <= FDT_MAX_CPUS && facts.nr_cma <= FDT_MAX_CMA);
	for (unsigned i = 0; i < facts.nr_cma; i++)
		assert_true(memblock_is_region_memory(facts.cma[i].base, facts.cma[i].size));
	for (unsigned i = 0; i < facts.nr_cpus; i++)
		assert_true(strlen(facts.cpu[i].method) < total && facts.cpu[i].mpidr < 1 << 24);
}

static void damage(bool flood)
{
	uint8_t *whole = tree_of_everything(flood);
	uint32_t total = build_size(whole);
	unsigned sound = 0;

	memblock_reset();
	host_map_phys(0, 1ULL << 32); /* arrays may grow anywhere a damaged tree sees RAM */
	assert_int_equal(fdt_scan(whole, total, &facts), 0);
	assert_int_equal(facts.nr_warnings, flood ? 60 : 0);
	check_outcome(whole);
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t *copy = malloc(total);

		memcpy(copy, whole, total);
		for (unsigned n = 1 + rnd(4); n > 0; n--) {
			if (rnd(2))
				copy[rnd(total)] = (uint8_t)rnd(256);
			else
				build_store32(copy + 4 * rnd(total / 4),
					      rnd(2) ? rnd(16) : 0xffffffff - rnd(0x2000));
		}
		memblock_reset();
		host_log_clear();
		if (!fdt_scan(copy, total, &facts)) {
			check_outcome(copy);
			sound++;
		} else {
			assert_true(host_log_lines() > 0);
		}
		free(copy);
	}
	assert_true(sound > 1000);
	free(whole);
}

static void damaged_trees_harm_nothing(void **state)
{
	(void)state;
	seed = 4711;
	print_message("# seed %u\n", (unsigned)seed);
	damage(false);
}

static void damaged_trees_with_a_flood_of_complaints(void **state)
{
	(void)state;
	seed = 4712;
	print_message("# seed %u\n", (unsigned)seed);
	damage(true);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(damaged_trees_harm_nothing),
		T(damaged_trees_with_a_flood_of_complaints),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, finish);
}
