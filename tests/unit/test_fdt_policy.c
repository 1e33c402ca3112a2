// SPDX-License-Identifier: MIT
// LINK: boot/fdt.c boot/fdt_scan.c boot/fdt_policy.c
/*
 * How far DMA reaches and how far nodes are apart, by the device tree; and that
 * what is wrong there is named, counted and left out.
 *
 * cmocka; trees from fdt_build.h, the answers from struct fdt_facts, the
 * complaints from the host port's log.
 *
 * Not here: RAM, CPUs, chosen (test_fdt_scan.c); buses in general (libfdt's own
 * opinion of random ones: tests/fuzz/diff_libfdt.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fdt_scan_fixture.h"

/* ---- dma-ranges --------------------------------------------------------------- */

/* Opens a bus; build_end() closes it. */
static void bus(const char *name, uint32_t address_cells, uint32_t size_cells)
{
	build_begin(&b, name);
	build_cells(&b, "#address-cells", address_cells);
	build_cells(&b, "#size-cells", size_cells);
}

/* Scans, closing the root; the only warning that may be missing is that there is no CPU. */
static void limit_is(uint64_t limit, unsigned warnings)
{
	assert_int_equal(scan(), 0);
	if (facts.dma_limit != limit || facts.nr_warnings != warnings + 1)
		fail_msg("limit %llx, %u warnings in:\n%s", (unsigned long long)facts.dma_limit,
			 facts.nr_warnings, host_log_text());
}

static void no_limit_where_nothing_is_said(void **state)
{
	(void)state;
	ram(64);
	bus("soc", 1, 1);
	build_flag(&b, "dma-ranges"); /* as on the parent's bus */
	build_end(&b);
	bus("other", 1, 1);
	build_end(&b);
	limit_is(0, 0);
}

static void the_end_of_the_highest_window(void **state)
{
	(void)state;
	ram(64);
	bus("soc", 1, 1);
	build_cells(&b, "dma-ranges", 0xc0000000, 0x60000000, 0x20000000, /* */
		    0, 0x80000000, 0x10000000,				  /* */
		    0xe0000000, 0x70000000, 0x1000);
	build_end(&b);
	limit_is(0x90000000, 0);
}

static void the_least_of_all_buses(void **state)
{
	(void)state;
	ram(64);
	bus("a", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0x60000000, 0x30000000);
	build_end(&b);
	bus("b", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0x60000000, 0x01000000);
	build_end(&b);
	bus("c", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0x60000000, 0x20000000);
	build_end(&b);
	limit_is(0x61000000, 0);
}

static void what_is_disabled_does_not_count(void **state)
{
	(void)state;
	ram(64);
	bus("a", 1, 1);
	build_str(&b, "status", "disabled");
	build_cells(&b, "dma-ranges", 0, 0x60000000, 0x1000);
	bus("beneath", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0, 0x1000);
	bus("deeper", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0, 0x1000);
	build_end(&b);
	build_end(&b);
	build_end(&b);
	bus("b", 1, 1);
	build_str(&b, "status", "okay");
	build_cells(&b, "dma-ranges", 0, 0x60000000, 0x02000000);
	build_end(&b);
	limit_is(0x62000000, 0);
}

static void cells_of_child_parent_and_size(void **state)
{
	(void)state;
	/* the parent's two, the child's one, sizes of two */
	root(2, 2);
	memory("memory@60000000", 0, RAM, 0, 64 * MIB);
	bus("soc", 1, 2);
	build_cells(&b, "dma-ranges", 0, /* */ 0, 0x60000000, /* */ 0, 0x04000000);
	build_end(&b);
	limit_is(0x64000000, 0);

	/* PCI: three, of which the first says which space */
	start(NULL);
	ram(64);
	bus("pcie@1", 3, 2);
	build_cells(&b, "dma-ranges", 0x43000000, 0, 0, /* */ 0x60000000, /* */ 0, 0x08000000);
	build_end(&b);
	limit_is(0x68000000, 0);

	/* not said: two and one, not what the parent has */
	start(NULL);
	ram(64);
	build_begin(&b, "soc");
	build_cells(&b, "dma-ranges", 0, 0, /* */ 0x60000000, /* */ 0x10000000);
	build_end(&b);
	limit_is(0x70000000, 0);
}

static void buses_within_buses(void **state)
{
	(void)state;
	ram(64);
	bus("outer", 1, 1);
	build_cells(&b, "dma-ranges", 0x80000000, 0x60000000, 0x20000000, 0, 0x90000000, 0x1000);
	bus("as-it-is", 1, 1);
	build_flag(&b, "dma-ranges");
	bus("silent", 1, 1);
	bus("inner", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0x81000000, 0x00800000);
	build_end(&b);
	build_end(&b);
	build_end(&b);
	build_end(&b);
	limit_is(0x61800000, 0);

	/* through PCI, whose windows have an address of three cells */
	start(NULL);
	ram(64);
	bus("pcie@1", 3, 2);
	build_cells(&b, "dma-ranges", 0x02000000, 0, 0x80000000, 0x60000000, 0, 0x20000000);
	bus("bridge", 1, 1);
	build_cells(&b, "dma-ranges", 0, /* */ 0x02000000, 0, 0x82000000, /* */ 0x1000);
	build_end(&b);
	build_end(&b);
	limit_is(0x62001000, 0);
}

static void the_roots_own_is_not_above_its_children(void **state)
{
	(void)state;
	build_begin(&b, "");
	build_cells(&b, "#address-cells", 1);
	build_cells(&b, "#size-cells", 1);
	build_cells(&b, "dma-ranges", 0, 0, 0xf0000000);
	memory("memory@60000000", RAM, 64 * MIB);
	bus("soc", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0xf8000000, 0x1000);
	build_end(&b);
	limit_is(0xf0000000, 0);
}

static void all_of_4_GiB_is_no_limit(void **state)
{
	(void)state;
	root(2, 2);
	memory("memory@60000000", 0, RAM, 0, 64 * MIB);
	bus("a", 2, 2);
	build_cells(&b, "dma-ranges", 0, 0, 0, 0, 1, 0);
	build_end(&b);
	bus("b", 2, 2);
	build_cells(&b, "dma-ranges", 0, 0, 1, 0, 0, 0x1000);
	build_end(&b);
	bus("c", 2, 2);
	build_cells(&b, "dma-ranges", 0, 0, 0, 0, 0xffffffff, 0xffffffff);
	build_end(&b);
	limit_is(0, 0);

	start(NULL);
	ram(64);
	bus("a", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0, 0xffffffff);
	build_end(&b);
	limit_is(0xffffffff, 0);
}

static void windows_that_lead_nowhere_are_left_out(void **state)
{
	(void)state;
	root(2, 2);
	memory("memory@60000000", 0, RAM, 0, 64 * MIB);
	bus("soc", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0, 0x60000000, 0,	 /* empty */
		    0, 0xffffffff, 0xfffff000, 0x1001,		 /* wraps */
		    0x80000000, 0, 0x60000000, 0x10000000,	 /* */
		    0xf0000000, 0xffffffff, 0xfffff000, 0x2000); /* wraps */
	bus("a", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0x70000000, 0x1000); /* where the bus has no window */
	build_end(&b);
	bus("b", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0xf0001800, 0x100); /* one that would wrap on the way */
	build_end(&b);
	build_end(&b);
	limit_is(0x70000000, 5);
	complains("fdt: soc: dma-ranges: 0x00000000 bytes at 0x60000000 are empty, wrap around or "
		  "lead nowhere, left out");
	complains("fdt: soc: dma-ranges: 0x00001001 bytes at 0xfffffffffffff000 are empty");
	complains("fdt: soc: dma-ranges: 0x00002000 bytes at 0xfffffffffffff000 are empty");
	complains("fdt: a: dma-ranges: 0x00001000 bytes at 0x70000000 are empty");
	complains("fdt: b: dma-ranges: 0x00000100 bytes at 0xf0001800 are empty");
}

static void ranges_that_nobody_can_read(void **state)
{
	static const uint32_t wrong[][2] = {{0, 1}, {4, 1}, {0x80000001, 1}, {1, 0}, {1, 3}};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		start(state);
		ram(64);
		bus("soc", wrong[i][0], wrong[i][1]);
		build_cells(&b, "dma-ranges", 0, 0x60000000, 0x1000);
		bus("a", 1, 1); /* whose windows then lead nowhere */
		build_cells(&b, "dma-ranges", 0, 0, 0x1000);
		build_end(&b);
		build_end(&b);
		limit_is(0, 2);
		complains("fdt: soc: dma-ranges left out, addresses are to have 1 to 3 cells and "
			  "sizes 1 or 2");
		complains("fdt: a: dma-ranges");
	}
	start(state);
	ram(64);
	build_begin(&b, "soc");
	build_str(&b, "#address-cells", "no number");
	build_cells(&b, "dma-ranges", 0, 0, 0x60000000, 0x1000);
	build_end(&b);
	limit_is(0, 1);

	/* the parent's cells: bad where nobody has asked for them before */
	start(state);
	ram(64);
	bus("soc", 5, 1);
	bus("a", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0, 0, 0, 0, 0x60000000, 0x1000);
	build_end(&b);
	build_end(&b);
	limit_is(0, 1);
	complains("fdt: a: dma-ranges left out");

	start(state);
	ram(64);
	build_begin(&b, "soc");
	build_prop(&b, "#address-cells", "\0\1", 2); /* not even a number */
	bus("a", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0, 0x60000000, 0x1000);
	build_end(&b);
	build_end(&b);
	limit_is(0, 1);
	complains("fdt: a: dma-ranges left out");
}

static void a_window_that_is_cut_short(void **state)
{
	(void)state;
	ram(64);
	bus("a", 1, 1);
	build_cells(&b, "dma-ranges", 0, 0x60000000, 0x100000, 0x80000000, 0x70000000);
	build_end(&b);
	bus("b", 1, 1);
	build_prop(&b, "dma-ranges", "\0\0", 2);
	build_end(&b);
	limit_is(0x60100000, 2);
	complains("fdt: a: dma-ranges has 20 bytes, expected a multiple of 12");
	complains("fdt: b: dma-ranges has 2 bytes, expected a multiple of 12");
}

static void more_windows_than_anyone_needs(void **state)
{
	uint32_t list[3 * 65];

	(void)state;
	for (unsigned i = 0; i < 65; i++) {
		list[3 * i] = i << 20;
		list[3 * i + 1] = RAM + (i << 20);
		list[3 * i + 2] = MIB;
	}
	ram(64);
	bus("a", 1, 1);
	build_cell_list(&b, "dma-ranges", list, 3 * 65);
	build_end(&b);
	limit_is(RAM + 64 * MIB, 1);
	complains("fdt: a: dma-ranges has 65 windows, 64 of them count");
}

static void as_deep_as_a_tree_may_be(void **state)
{
	(void)state;
	ram(64);
	for (unsigned i = 1; i < FDT_MAX_DEPTH; i++) {
		bus("bus", 1, 1);
		build_cells(&b, "dma-ranges", 0, i == 1 ? RAM : 0x1000, 0x10000000);
	}
	for (unsigned i = 1; i < FDT_MAX_DEPTH; i++)
		build_end(&b);
	limit_is(0x70000000, 0);
}

/* ---- distances ------------------------------------------------------------------ */

static void distance_is(unsigned from, unsigned to, unsigned distance)
{
	if (facts.distance[from][to] != distance)
		fail_msg("%u from %u to %u, not %u", facts.distance[from][to], from, to, distance);
}

#define matrix(name, ...)                                            \
	do {                                                         \
		build_begin(&b, (name));                             \
		build_str(&b, "compatible", "numa-distance-map-v1"); \
		build_cells(&b, "distance-matrix", __VA_ARGS__);     \
		build_end(&b);                                       \
	} while (0)

static void no_map_no_distances(void **state)
{
	(void)state;
	ram(64);
	limit_is(0, 0);
	for (unsigned i = 0; i < BUDDY_MAX_NODES * BUDDY_MAX_NODES; i++)
		distance_is(i / BUDDY_MAX_NODES, i % BUDDY_MAX_NODES, 0);
}

static void a_direction_that_is_missing_is_as_the_other(void **state)
{
	(void)state;
	ram(64);
	matrix("distance-map", 0, 0, 10, 0, 1, 20, 1, 1, 10, 2, 0, 255, 1, 2, 11, 2, 1, 12);
	limit_is(0, 0);
	distance_is(0, 0, 10);
	distance_is(1, 1, 10);
	distance_is(2, 2, 0); /* not given */
	distance_is(0, 1, 20);
	distance_is(1, 0, 20);
	distance_is(2, 0, 255);
	distance_is(0, 2, 255);
	distance_is(1, 2, 11); /* both given: both count */
	distance_is(2, 1, 12);
	distance_is(3, 0, 0);
}

static void wrong_distances_are_left_out(void **state)
{
	(void)state;
	ram(64);
	matrix("distance-map", 0, 0, 11,     /* local is 10 */
	       0, 1, 10, 0, 1, 0, 0, 1, 256, /* remote is more, in a byte */
	       0, 4, 20, 0xffffffff, 0, 20,  /* no such node */
	       1, 2, 30, 1, 2, 31, 1, 2, 30, /* the first counts */
	       2, 3, 0x80000014);
	limit_is(0, 8);
	complains("fdt: distance-map: distance 11 from node 0 to 0: a node is 10 from itself, "
		  "left out");
	complains("fdt: distance-map: distance 10 from node 0 to 1: expected 11 to 255, left out");
	complains("distance 0 from node 0 to 1: expected");
	complains("distance 256 from node 0 to 1: expected");
	complains("distance 20 from node 0 to 4: there are fewer nodes, left out");
	complains("distance 20 from node 4294967295 to 0: there are fewer nodes");
	complains("distance 31 from node 1 to 2: given before, and not the same, left out");
	complains("distance 2147483668 from node 2 to 3: expected");
	distance_is(0, 0, 0);
	distance_is(0, 1, 0);
	distance_is(1, 2, 30);
	distance_is(2, 1, 30);
	distance_is(2, 3, 0);
}

static void a_matrix_of_a_wrong_length(void **state)
{
	(void)state;
	ram(64);
	matrix("distance-map", 0, 1, 20, 1, 2);
	limit_is(0, 1);
	complains("fdt: distance-map: distance-matrix has 20 bytes, expected triples of cells");
	distance_is(1, 0, 20);
	distance_is(1, 2, 0);

	start(NULL);
	ram(64);
	build_begin(&b, "distance-map");
	build_str(&b, "compatible", "numa-distance-map-v1");
	build_end(&b);
	limit_is(0, 1);
	complains("distance-matrix has 0 bytes, expected triples of cells");
}

static void the_first_map_that_is_enabled(void **state)
{
	(void)state;
	ram(64);
	build_begin(&b, "off");
	build_str(&b, "compatible", "numa-distance-map-v1");
	build_str(&b, "status", "disabled");
	build_cells(&b, "distance-matrix", 0, 1, 30);
	build_end(&b);
	matrix("first", 0, 1, 20);
	matrix("second", 0, 2, 20);
	limit_is(0, 1);
	complains("fdt: second: second map of distances, left out");
	distance_is(0, 1, 20);
	distance_is(0, 2, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(no_limit_where_nothing_is_said),
		T(the_end_of_the_highest_window),
		T(the_least_of_all_buses),
		T(what_is_disabled_does_not_count),
		T(cells_of_child_parent_and_size),
		T(buses_within_buses),
		T(the_roots_own_is_not_above_its_children),
		T(all_of_4_GiB_is_no_limit),
		T(windows_that_lead_nowhere_are_left_out),
		T(ranges_that_nobody_can_read),
		T(a_window_that_is_cut_short),
		T(more_windows_than_anyone_needs),
		T(as_deep_as_a_tree_may_be),
		T(no_map_no_distances),
		T(a_direction_that_is_missing_is_as_the_other),
		T(wrong_distances_are_left_out),
		T(a_matrix_of_a_wrong_length),
		T(the_first_map_that_is_enabled),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, finish);
}
