// SPDX-License-Identifier: MIT
// LINK: boot/fdt.c
/*
 * The device-tree reader: what is read from a tree that was accepted, sound or
 * damaged.
 *
 * cmocka; trees from fdt_build.h in heap blocks of exactly their size, so that
 * AddressSanitizer is the judge of every bound.
 *
 * Not here: what is refused (test_fdt_check.c), what the tree says about the
 * machine (test_fdt_scan.c), libfdt's opinion (tests/fuzz/diff_libfdt.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <boot/fdt.h>
#include <port/host/host.h>

#include "fdt_sample.h"

static struct build b;
static struct fdt t;

static int start(void **state)
{
	(void)state;
	build_start(&b);
	host_log_clear();
	return 0;
}

/* ---- what is read ----------------------------------------------------------- */

static void reading_nodes(void **state)
{
	uint8_t *blob = sample();
	int root, bus, serial, depth = 0, n;

	(void)state;
	assert_int_equal(fdt_open(&t, blob, build_size(blob)), 0);
	root = fdt_root(&t);
	assert_string_equal(fdt_name(&t, root), "");
	assert_int_equal(fdt_parent(&t, root), -ENOENT);
	assert_int_equal(fdt_sibling(&t, root), -ENOENT);
	n = fdt_child(&t, root);
	assert_string_equal(fdt_name(&t, n), "aliases");
	assert_int_equal(fdt_child(&t, n), -ENOENT);
	bus = fdt_sibling(&t, n);
	assert_string_equal(fdt_name(&t, bus), "bus@10000000");
	serial = fdt_child(&t, bus);
	assert_string_equal(fdt_name(&t, serial), "serial@9000");
	assert_int_equal(fdt_parent(&t, serial), bus);
	assert_int_equal(fdt_parent(&t, bus), root);
	n = fdt_sibling(&t, serial);
	assert_string_equal(fdt_name(&t, n), "serial@a000");
	assert_int_equal(fdt_parent(&t, n), bus);
	assert_int_equal(fdt_sibling(&t, n), -ENOENT);
	n = fdt_sibling(&t, bus);
	assert_string_equal(fdt_name(&t, n), "bus@20000000");
	assert_int_equal(fdt_sibling(&t, n), -ENOENT);
	assert_int_equal(fdt_parent(&t, fdt_child(&t, n)), n);

	/* one walk sees all seven, with their depths */
	{
		static const char *const names[] = {"aliases",	   "bus@10000000", "serial@9000",
						    "serial@a000", "bus@20000000", "dev"};
		static const int depths[] = {1, 1, 2, 2, 1, 2};

		n = root;
		for (unsigned i = 0; i < 6; i++) {
			n = fdt_walk(&t, n, &depth);
			assert_string_equal(fdt_name(&t, n), names[i]);
			assert_int_equal(depth, depths[i]);
		}
		assert_int_equal(fdt_walk(&t, n, &depth), -ENOENT);
	}
	/* nodes that are none */
	assert_int_equal(fdt_child(&t, -ENOENT), -ENOENT);
	assert_int_equal(fdt_sibling(&t, -1), -ENOENT);
	assert_int_equal(fdt_parent(&t, -1), -ENOENT);
	assert_int_equal(fdt_parent(&t, root + 4), -ENOENT);
	assert_int_equal(fdt_child(&t, root + 4), -ENOENT);
	assert_string_equal(fdt_name(&t, -1), "");
	free(blob);
}

static void reading_paths(void **state)
{
	static const struct {
		const char *path, *name;
	} cases[] = {
		{"/", ""},
		{"/aliases", "aliases"},
		{"/bus@10000000", "bus@10000000"},
		{"/bus", "bus@10000000"},
		{"//bus///serial@a000/", "serial@a000"},
		{"/bus/serial", "serial@9000"},
		{"/bus/serial@a000:115200n8", "serial@a000"},
		{"/bus@20000000/dev", "dev"},
		{"/:x", ""},
		{"serial0", "serial@9000"},
		{"serial0:115200", "serial@9000"},
		{"/bus/dev", NULL}, /* in the other bus only */
		{"/bus@1", NULL},
		{"/bu", NULL},
		{"/busy", NULL},
		{"/bus@", NULL},
		{"/nothing/below", NULL},
		{"serial0/below", NULL},
		{"serial", NULL},
		{"serial00", NULL},
		{"odd", NULL}, /* an alias has to be absolute */
		{"cut", NULL}, /* and a string */
		{"", NULL},
		{":x", NULL},
	};
	uint8_t *blob = sample();

	(void)state;
	assert_int_equal(fdt_open(&t, blob, build_size(blob)), 0);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int node = fdt_path(&t, cases[i].path);

		if (cases[i].name)
			assert_string_equal(fdt_name(&t, node), cases[i].name);
		if ((node < 0) != !cases[i].name)
			fail_msg("%s gave %d", cases[i].path, node);
	}
	assert_true(fdt_name_is(&t, fdt_path(&t, "/bus"), "bus"));
	assert_true(fdt_name_is(&t, fdt_path(&t, "/aliases"), "aliases"));
	assert_false(fdt_name_is(&t, fdt_path(&t, "/bus"), "bu"));
	assert_false(fdt_name_is(&t, fdt_path(&t, "/bus"), "bus@20000000"));
	free(blob);
}

static void reading_compatible_and_status(void **state)
{
	uint8_t *blob = sample();
	int node;

	(void)state;
	assert_int_equal(fdt_open(&t, blob, build_size(blob)), 0);
	node = fdt_find_compatible(&t, -1, "simple-bus");
	assert_int_equal(node, fdt_path(&t, "/bus@10000000"));
	node = fdt_find_compatible(&t, node, "simple-bus");
	assert_int_equal(node, fdt_path(&t, "/bus@20000000"));
	assert_int_equal(fdt_find_compatible(&t, node, "simple-bus"), -ENOENT);
	node = fdt_find_compatible(&t, -1, "arm,pl011");
	assert_int_equal(node, fdt_path(&t, "serial0"));
	/* serial@a000's string is not terminated; the next one is a bus */
	node = fdt_find_compatible(&t, node, "arm,pl011");
	assert_int_equal(node, fdt_path(&t, "/bus@20000000"));
	assert_int_equal(fdt_find_compatible(&t, -1, "arm,pl01"), -ENOENT);
	assert_int_equal(fdt_find_compatible(&t, -1, "arm,pl0111"), -ENOENT);
	assert_false(fdt_is_compatible(&t, -1, "arm,pl011"));

	assert_true(fdt_is_enabled(&t, fdt_path(&t, "/aliases")));
	assert_true(fdt_is_enabled(&t, fdt_path(&t, "/bus/serial@9000")));
	assert_true(fdt_is_enabled(&t, fdt_path(&t, "/bus@20000000")));
	assert_false(fdt_is_enabled(&t, fdt_path(&t, "/bus/serial@a000")));
	assert_false(fdt_is_enabled(&t, fdt_path(&t, "/bus@20000000/dev"))); /* no string */
	free(blob);
}

static void reading_properties(void **state)
{
	static const char *const names[] = {"compatible", "reg",   "clock", "wide",
					    "status",	  "empty", "open"};
	uint8_t *blob = sample();
	struct fdt_prop prop;
	uint64_t base, size, v64;
	uint32_t len, v32 = 5;
	struct fdt_cells cells;
	unsigned i = 0;
	int node;

	(void)state;
	assert_int_equal(fdt_open(&t, blob, build_size(blob)), 0);
	node = fdt_path(&t, "serial0");
	for (bool more = fdt_first_prop(&t, node, &prop); more; more = fdt_next_prop(&t, &prop)) {
		assert_string_equal(prop.name, names[i++]);
		assert_int_equal((uintptr_t)prop.data & 3, 0);
	}
	assert_int_equal(i, 7);
	assert_false(fdt_first_prop(&t, -1, &prop));

	assert_non_null(fdt_get(&t, node, "empty", &len));
	assert_int_equal(len, 0);
	assert_null(fdt_get(&t, node, "model", &len)); /* the root's */
	assert_null(fdt_get(&t, node, "ope", NULL));
	assert_null(fdt_get(&t, fdt_path(&t, "/bus"), "reg", NULL)); /* the child's */
	assert_string_equal(fdt_str(&t, node, "compatible"), "arm,pl011");
	assert_null(fdt_str(&t, node, "open"));
	assert_null(fdt_str(&t, node, "empty"));
	assert_null(fdt_str(&t, node, "none"));

	assert_int_equal(fdt_u32(&t, node, "clock", &v32), 0);
	assert_int_equal(v32, 24000000);
	assert_int_equal(fdt_u32(&t, node, "wide", &v32), -EINVAL);
	assert_int_equal(fdt_u32(&t, node, "none", &v32), -ENOENT);
	assert_int_equal(v32, 24000000);
	assert_int_equal(fdt_number(&t, node, "clock", &v64), 0);
	assert_int_equal(v64, 24000000);
	assert_int_equal(fdt_number(&t, node, "wide", &v64), 0);
	assert_int_equal(v64, 0x100000002ULL);
	assert_int_equal(fdt_number(&t, node, "reg", &v64), -EINVAL);
	assert_int_equal(fdt_number(&t, node, "empty", &v64), -EINVAL);
	assert_int_equal(fdt_number(&t, node, "none", &v64), -ENOENT);

	assert_int_equal(fdt_reg(&t, node, 0, &base, &size), 0);
	assert_true(base == 0x110009000ULL && size == 0x1000);
	assert_int_equal(fdt_reg(&t, node, 1, &base, &size), 0);
	assert_true(base == 0x2000 && size == 0x10);
	assert_int_equal(fdt_reg(&t, node, 2, &base, &size), -ENOENT); /* one cell is left over */
	assert_int_equal(fdt_reg(&t, node, UINT32_MAX, &base, &size), -ENOENT);
	assert_int_equal(fdt_reg(&t, fdt_path(&t, "/bus"), 0, &base, &size), -ENOENT);
	assert_int_equal(fdt_reg(&t, fdt_path(&t, "/bus@20000000/dev"), 0, &base, &size), -EINVAL);

	assert_int_equal(fdt_cells(&t, node, &cells), 0); /* the defaults */
	assert_true(cells.address == 2 && cells.size == 1);
	cells = (struct fdt_cells){1, 0};
	assert_int_equal(fdt_range("\0\0\1\2", 4, cells, 0, &base, &size), 0);
	assert_true(base == 0x102 && size == 0);
	cells = (struct fdt_cells){0, 0};
	assert_int_equal(fdt_range("\0\0\1\2", 4, cells, 0, &base, &size), -ENOENT);
	free(blob);
}

static void cells_are_judged(void **state)
{
	static const struct {
		uint32_t address, size;
		int answer;
	} cases[] = {{1, 1, 0},
		     {1, 0, 0},
		     {2, 2, 0},
		     {0, 1, -EINVAL},
		     {3, 1, -EINVAL},
		     {1, 3, -EINVAL},
		     {0x40000001, 0x40000001, -EINVAL}};
	struct fdt_cells cells;
	uint8_t *blob;

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(NULL);
		build_begin(&b, "");
		build_cells(&b, "#address-cells", cases[i].address);
		build_cells(&b, "#size-cells", cases[i].size);
		build_end(&b);
		blob = build_finish(&b);
		assert_int_equal(fdt_open(&t, blob, build_size(blob)), 0);
		assert_int_equal(fdt_cells(&t, fdt_root(&t), &cells), cases[i].answer);
		free(blob);
	}
	for (unsigned i = 0; i < 2; i++) {
		start(NULL);
		build_begin(&b, "");
		build_prop(&b, i ? "#address-cells" : "#size-cells", "\0\0\1", 3);
		build_end(&b);
		blob = build_finish(&b);
		assert_int_equal(fdt_open(&t, blob, build_size(blob)), 0);
		assert_int_equal(fdt_cells(&t, fdt_root(&t), &cells), -EINVAL);
		free(blob);
	}
}

static void reading_the_reservation_block(void **state)
{
	uint8_t *blob = sample();
	uint64_t base, size;

	(void)state;
	assert_int_equal(fdt_open(&t, blob, build_size(blob)), 0);
	assert_int_equal(fdt_rsv(&t, 0, &base, &size), 0);
	assert_true(base == 0x61000000 && size == 0x1000);
	assert_int_equal(fdt_rsv(&t, 1, &base, &size), 0);
	assert_true(base == 0x123456789abcULL && size == 0x10);
	assert_int_equal(fdt_rsv(&t, 2, &base, &size), -ENOENT);
	assert_int_equal(fdt_rsv(&t, UINT32_MAX, &base, &size), -ENOENT);
	free(blob);
}

/* ---- damaged at random -------------------------------------------------------- */

static uint32_t seed;

static uint32_t rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

/* Asks everything of every node: whatever the bytes say, no answer leaves the blob. */
static unsigned read_all(const uint8_t *blob, uint32_t total)
{
	struct fdt_prop prop;
	struct fdt_cells cells;
	uint64_t x, y;
	uint32_t len;
	unsigned nr = 0;
	int depth = 0;

	assert_int_equal(fdt_open(&t, blob, total), 0);
	for (int n = fdt_root(&t); n >= 0; n = fdt_walk(&t, n, &depth), nr++) {
		assert_true(depth >= 0 && depth < FDT_MAX_DEPTH);
		assert_true(strlen(fdt_name(&t, n)) <= FDT_MAX_NAME);
		for (bool m = fdt_first_prop(&t, n, &prop); m; m = fdt_next_prop(&t, &prop)) {
			const uint8_t *data = prop.data;

			assert_true(data >= blob && prop.len <= total - (data - blob));
			fdt_number(&t, n, prop.name, &x);
			if (fdt_str(&t, n, prop.name)) {
				fdt_get(&t, n, prop.name, &len);
				assert_true(strlen(fdt_str(&t, n, prop.name)) < len);
			}
		}
		if (!fdt_cells(&t, n, &cells))
			for (uint32_t i = 0; !fdt_reg(&t, n, i, &x, &y); i++)
				;
		fdt_is_enabled(&t, n);
		fdt_is_compatible(&t, n, "arm,pl011");
	}
	for (uint32_t i = 0; !fdt_rsv(&t, i, &x, &y); i++)
		;
	fdt_path(&t, "serial0");
	fdt_path(&t, "/bus/serial@a000");
	return nr;
}

static void damaged_trees_are_refused_or_read(void **state)
{
	uint8_t *blob = sample();
	uint32_t total = build_size(blob);
	unsigned sound = 0, refusals = 0;

	(void)state;
	seed = 20261;
	print_message("# seed %u\n", (unsigned)seed);
	assert_int_equal(read_all(blob, total), 7);
	for (unsigned i = 0; i < 30000; i++) {
		uint8_t *copy = malloc(total);

		memcpy(copy, blob, total);
		for (unsigned n = 1 + rnd(3); n > 0; n--) {
			if (rnd(2))
				copy[rnd(total)] = (uint8_t)rnd(256);
			else
				build_store32(copy + 4 * rnd(total / 4),
					      rnd(3) ? rnd(16) : 0xffffffff - rnd(16));
		}
		host_log_clear();
		if (fdt_check(copy, total)) {
			assert_int_equal(host_log_lines(), 1);
			refusals++;
		} else {
			read_all(copy, total);
			sound++;
		}
		free(copy);
	}
	/* both kinds came up, or nothing was tested */
	assert_true(sound > 1000 && refusals > 1000);
	free(blob);
}

#define T(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(reading_nodes),
		T(reading_paths),
		T(reading_compatible_and_status),
		T(reading_properties),
		T(cells_are_judged),
		T(reading_the_reservation_block),
		T(damaged_trees_are_refused_or_read),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
