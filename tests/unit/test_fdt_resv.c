// SPDX-License-Identifier: MIT
// LINK: boot/fdt.c boot/fdt_scan.c boot/fdt_policy.c
/*
 * What the device tree takes away: the reservation block and /reserved-memory,
 * with a place and without one, CMA areas, overlaps, more of them than fit.
 *
 * cmocka.  Not here: the rest of the scan (test_fdt_scan.c), damaged trees
 * (test_fdt_damage.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fdt_scan_fixture.h"

/* Free bytes as the hand-over will see them. */
static uint64_t free_bytes(void)
{
	uint64_t iter = 0, lo, hi, sum = 0;
	int nid;

	while (memblock_next_free(&iter, &lo, &hi, &nid))
		sum += hi - lo;
	return sum;
}

/* ---- with a place ------------------------------------------------------------- */

static void the_reservation_block(void **state)
{
	(void)state;
	ram(16);
	build_rsv(&b, 0x60100000, 0x1000);
	build_rsv(&b, 0x60101000, 0x1000);
	build_rsv(&b, 0x10000000, 0x1000); /* no RAM: taken all the same */
	build_rsv(&b, 0x60200000, 0);
	build_rsv(&b, 0, 0x1000);
	build_rsv(&b, 0x60300000, UINT64_MAX);
	build_rsv(&b, 0xfffff000, 0x2000);
	build_rsv(&b, 0x100000000, 0x1000);
	assert_int_equal(scan(), 0);
	reserved_is("0-1000:memreserve 10000000-10001000:memreserve 60100000-60102000:memreserve "
		    "fffff000-100000000:memreserve");
	complains("reservation block: range at 0x60200000 is empty, left out");
	complains(
		"reservation block: 0xffffffffffffffff bytes at 0x60300000 wrap around, left out");
	complains("reservation block: 0x00002000 bytes at 0xfffff000 cut at 4 GiB");
	complains("reservation block: 0x00001000 bytes at 0x0000000100000000 lie beyond 4 GiB");
	assert_int_equal(facts.nr_warnings, 4 + 1);
}

static void static_nodes_keep_their_names(void **state)
{
	(void)state;
	ram(16);
	reserved_memory(1, 1);
	place("framebuffer@60400000", NULL, 0x60400000, 0x200000);
	place("secure@60800000", "no-map", 0x60800000, 0x1000, 0x60900000, 0x1000);
	place("mailbox@48000000", "no-map", 0x48000000, 0x2000);
	build_begin(&b, "off@60c00000");
	build_str(&b, "status", "disabled");
	build_cells(&b, "reg", 0x60c00000, 0x1000);
	build_end(&b);
	build_end(&b);
	assert_int_equal(scan(), 0);
	reserved_is("48000000-48002000:mailbox@48000000! 60400000-60600000:framebuffer@60400000 "
		    "60800000-60801000:secure@60800000! 60900000-60901000:secure@60800000!");
	assert_int_equal(facts.nr_warnings, 1);
	assert_int_equal(facts.nr_cma, 0);
}

static void cells_of_reserved_memory(void **state)
{
	(void)state;
	/* its own, not the root's */
	ram(16);
	reserved_memory(2, 2);
	place("a", NULL, 0, 0x60400000, 0, 0x1000);
	build_end(&b);
	assert_int_equal(scan(), 0);
	reserved_is("60400000-60401000:a");
	assert_int_equal(facts.nr_warnings, 1);

	for (unsigned given = 0; given < 2; given++) {
		start(NULL);
		ram(16);
		build_begin(&b, "reserved-memory");
		if (given)
			build_cells(&b, "#address-cells", 1);
		place("a", NULL, 0x60400000, 0x1000);
		build_end(&b);
		assert_int_equal(scan(), 0);
		reserved_is("60400000-60401000:a");
		complains("/reserved-memory: cells not given, taken as the root's");
	}

	for (unsigned size = 0; size < 4; size += 3) {
		start(NULL);
		ram(16);
		reserved_memory(1, size);
		place("a", NULL, 0x60400000, 0x1000, 0, 0);
		build_end(&b);
		assert_int_equal(scan(), 0);
		reserved_is("");
		complains(
			"/reserved-memory: #address-cells or #size-cells is not 1 or 2, left out");
	}
}

static void wrong_places_are_left_out(void **state)
{
	(void)state;
	ram(16);
	reserved_memory(2, 2);
	place("empty", NULL, 0, 0x60400000, 0, 0);
	place("wraps", NULL, 0, 0x60400000, 0xffffffff, 0xffffffff);
	place("beyond", NULL, 1, 0, 0, 0x1000);
	place("short", NULL, 0, 0x60500000, 0, 0x1000, 0);
	place("cut", "no-map", 0, 0xfffff000, 1, 0);
	build_end(&b);
	assert_int_equal(scan(), 0);
	reserved_is("60500000-60501000:short fffff000-100000000:cut!");
	complains("empty: range at 0x60400000 is empty, left out");
	complains("wraps: 0xffffffffffffffff bytes at 0x60400000 wrap around, left out");
	complains("beyond: 0x00001000 bytes at 0x0000000100000000 lie beyond 4 GiB, left out");
	complains("short: reg has 20 bytes, expected a multiple of 16");
	complains("cut: 0x0000000100000000 bytes at 0xfffff000 cut at 4 GiB");
}

static void case_56_overlapping_nodes(void **state)
{
	(void)state;
	ram(16);
	build_rsv(&b, 0x60401000, 0x1000);
	reserved_memory(1, 1);
	place("first", NULL, 0x60400000, 0x10000);
	place("second", "no-map", 0x60408000, 0x10000);
	place("third", NULL, 0x60410000, 0x2000);
	build_end(&b);
	assert_int_equal(scan(), 0);
	reserved_is("60400000-60401000:first 60401000-60402000:memreserve 60402000-60408000:first "
		    "60408000-60410000:first! 60410000-60418000:second!");
	complains("first: 0x00010000 bytes at 0x60400000 overlap another reservation");
	complains("second: 0x00010000 bytes at 0x60408000 overlap another reservation");
	complains("third: 0x00002000 bytes at 0x60410000 overlap another reservation");
	assert_int_equal(free_bytes(), 16 * MIB - 0x18000);
}

static void case_56_more_than_64_nodes(void **state)
{
	char name[32];

	(void)state;
	ram(64);
	host_map_phys(RAM, 64 * MIB);
	reserved_memory(1, 1);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "node@%x", RAM + i * 0x10000);
		place(name, i % 3 ? NULL : "no-map", RAM + i * 0x10000, 0x1000,
		      RAM + i * 0x10000 + 0x4000, 0x1000);
	}
	build_end(&b);
	/* the arrays must not grow over a reservation that is yet to come, not even for a moment */
	for (unsigned i = 0; i < 300; i++) {
		host_protect_phys(RAM + i * 0x10000, 0x1000, false);
		host_protect_phys(RAM + i * 0x10000 + 0x4000, 0x1000, false);
	}
	assert_int_equal(scan(), 0);
	for (unsigned i = 0; i < 600; i++) {
		const struct memblock_region *r = memblock_reserved(i);

		assert_int_equal(r->base, RAM + i / 2 * 0x10000 + i % 2 * 0x4000);
		assert_int_equal(r->size, 0x1000);
		assert_int_equal(r->flags, i / 2 % 3 ? MEMBLOCK_NONE : MEMBLOCK_NOMAP);
		assert_int_equal(strtoul(r->name + 5, NULL, 16), RAM + i / 2 * 0x10000);
	}
	/* no memory lost: all but the nodes and memblock's own array is free */
	assert_string_equal(memblock_reserved(600)->name, "memblock");
	assert_null(memblock_reserved(601));
	assert_int_equal(free_bytes(), 64 * MIB - 600 * 0x1000 - memblock_reserved(600)->size);
	assert_int_equal(facts.nr_warnings, 1);
}

static void growth_stays_clear_of_all_that_is_to_come(void **state)
{
	(void)state;
	/* more banks than fit: their array grows before any reservation is made */
	root(1, 1);
	memory("memory@1", RAM + 16 * MIB, 4 * MIB);
	for (unsigned i = 0; i < 100; i++)
		memory("memory@0", RAM + i * 0x4000, 0x2000);
	build_rsv(&b, RAM + 19 * MIB, MIB);
	build_rsv(&b, RAM + 18 * MIB, UINT64_MAX); /* will be left out: does not count */
	build_rsv(&b, RAM + 18 * MIB, 0);
	build_begin(&b, "chosen");
	build_cells(&b, "linux,initrd-start", RAM + 18 * MIB);
	build_cells(&b, "linux,initrd-end", RAM + 19 * MIB);
	build_end(&b);
	reserved_memory(1, 1);
	place("top@0", NULL, RAM + 17 * MIB + MIB / 2, MIB / 2);
	build_begin(&b, "no-place");
	build_end(&b);
	build_end(&b);
	host_map_phys(RAM, 32 * MIB);
	host_protect_phys(RAM + 17 * MIB + MIB / 2, 2 * MIB + MIB / 2, false);
	assert_int_equal(scan(), 0);
	assert_int_equal(memblock_phys_mem_size(), 100 * 0x2000 + 4 * MIB);
	/* the array: as high as it can lie below the forbidden part, moved once more from there */
	assert_true(memblock_is_region_reserved(RAM + 17 * MIB + MIB / 2 - 0x2000, 0x2000));
	complains("no-place: neither reg nor size, left out");
}

static void no_room_to_note_it(void **state)
{
	(void)state;
	/* 300 crumbs and no place where an array could grow */
	root(1, 1);
	for (unsigned i = 0; i < 300; i++)
		memory("memory@0", RAM + i * 0x1000, 0x40);
	assert_int_equal(scan(), 0);
	assert_true(memblock_phys_mem_size() < 300 * 0x40);
	complains("memory@0: no room to note 0x00000040 bytes at 0x");

	start(NULL);
	ram(1);
	build_rsv(&b, RAM, MIB);
	for (unsigned i = 0; i < 100; i++)
		build_rsv(&b, 0x1000 + i * 0x2000, 0x1000);
	assert_int_equal(scan(), 0);
	complains("memreserve: no room to note 0x00001000 bytes at 0x");
	complains("NOT reserved");
}

/* ---- lent out ------------------------------------------------------------------ */

static void a_pool_with_a_place(void **state)
{
	(void)state;
	ram(64);
	reserved_memory(1, 1);
	build_begin(&b, "cma@61000000");
	build_str(&b, "compatible", "shared-dma-pool");
	build_flag(&b, "reusable");
	build_flag(&b, "linux,cma-default");
	build_cells(&b, "reg", 0x61000000, 0x1000000);
	build_end(&b);
	pool("video@63000000", 0x63000000, 0x400000);
	place("lent", "reusable", 0x60400000, 0x400000); /* reusable by its driver, not by us */
	build_begin(&b, "both");
	build_str(&b, "compatible", "shared-dma-pool");
	build_flag(&b, "reusable");
	build_flag(&b, "no-map");
	build_cells(&b, "reg", 0x60c00000, 0x400000);
	build_end(&b);
	build_end(&b);
	assert_int_equal(scan(), 0);
	reserved_is("60400000-60800000:lent 60c00000-61000000:both! "
		    "61000000-62000000:cma@61000000+ 63000000-63400000:video@63000000+");
	assert_int_equal(facts.nr_cma, 2);
	assert_int_equal(facts.cma[0].base, 0x61000000);
	assert_int_equal(facts.cma[0].size, 0x1000000);
	assert_string_equal(facts.cma[0].name, "cma@61000000");
	assert_true(facts.cma[0].is_default);
	assert_false(facts.cma[1].is_default);
	complains("both: both no-map and reusable, taken as no-map");
	assert_int_equal(facts.nr_warnings, 1 + 1);
}

static void a_pool_that_cannot_be_lent(void **state)
{
	(void)state;
	ram(64);
	build_rsv(&b, 0x61200000, 0x1000);
	reserved_memory(1, 1);
	pool("taken", 0x61000000, 0x400000);  /* part of it is reserved */
	pool("odd", 0x62000000, 0x300000);    /* no whole pageblocks */
	pool("above", 0x63e00000, 0x400000);  /* half of it is no RAM */
	pool("twin-a", 0x62800000, 0x400000); /* two over one another: the first has it */
	pool("twin-b", 0x62a00000, 0x400000);
	place("late", NULL, 0x63000000, 0x1000); /* stands behind, but is not lent: goes first */
	pool("over", 0x63000000, 0x200000);
	build_end(&b);
	assert_int_equal(scan(), 0);
	reserved_is("61000000-61200000:taken 61200000-61201000:memreserve 61201000-61400000:taken "
		    "62000000-62300000:odd 62800000-62a00000:twin-a+ 62a00000-62c00000:twin-a "
		    "62c00000-62e00000:twin-b 63000000-63001000:late 63001000-63200000:over "
		    "63e00000-64200000:above");
	complains("taken: 0x00400000 bytes at 0x61000000: overlaps another reservation, reserved, "
		  "but no CMA area");
	complains("odd: 0x00300000 bytes at 0x62000000: is not aligned to pageblocks, reserved");
	complains("above: 0x00400000 bytes at 0x63e00000: is not all RAM, reserved");
	complains("twin-b: 0x00400000 bytes at 0x62a00000: overlaps another reservation");
	complains("over: 0x00200000 bytes at 0x63000000: overlaps another reservation");
}

static void more_pools_than_entries(void **state)
{
	char name[16];

	(void)state;
	ram(256);
	reserved_memory(1, 1);
	for (unsigned i = 0; i < FDT_MAX_CMA + 2; i++) {
		snprintf(name, sizeof(name), "pool%u", i);
		pool(name, RAM + 2 * i * 0x200000, 0x200000);
	}
	build_end(&b);
	assert_int_equal(scan(), 0);
	assert_int_equal(facts.nr_cma, FDT_MAX_CMA);
	assert_int_equal(facts.nr_warnings, 2 + 1);
	complains("pool16: more than 16 CMA areas, this one has no entry");
	for (unsigned i = 0; i < FDT_MAX_CMA + 2; i++)
		assert_int_equal(memblock_reserved(i)->flags, MEMBLOCK_REUSABLE);
}

/* ---- without a place ------------------------------------------------------------- */

static void size_only(void **state)
{
	(void)state;
	ram(64);
	reserved_memory(1, 1);
	request("plain", 0x1234, 0);
	build_end(&b);
	request("aligned", 0x1000, 0x100000);
	build_flag(&b, "no-map");
	build_end(&b);
	request("crumb", 1, 16); /* never less than a page */
	build_end(&b);
	place("fixed", NULL, 0x63fff000, 0x1000); /* stands behind, is served before */
	build_end(&b);
	assert_int_equal(scan(), 0);
	reserved_is("63f00000-63f01000:aligned! 63ffc000-63ffd000:crumb 63ffd000-63fff000:plain "
		    "63fff000-64000000:fixed");
	assert_int_equal(facts.nr_warnings, 1);
}

static void size_and_alignment_in_two_cells(void **state)
{
	(void)state;
	ram(64);
	reserved_memory(2, 2);
	build_begin(&b, "wide");
	build_cells(&b, "size", 0, 0x2000);
	build_cells(&b, "alignment", 0, 0x2000);
	build_cells(&b, "alloc-ranges", 0, 0x60000000, 0, 0x100000);
	build_end(&b);
	build_end(&b);
	assert_int_equal(scan(), 0);
	reserved_is("600fe000-60100000:wide");
}

static void alloc_ranges_are_tried_in_turn(void **state)
{
	(void)state;
	ram(64);
	reserved_memory(1, 1);
	place("fixed", NULL, 0x60000000, 0x100000);
	request("a", 0x80000, 0);
	build_cells(&b, "alloc-ranges", 0x60000000, 0x140000, 0x60200000, 0x100000);
	build_end(&b); /* 256 KiB are left in the first: into the second */
	request("b", 0x80000, 0);
	build_cells(&b, "alloc-ranges", 0x60200000, 0x100000);
	build_end(&b);
	request("c", 0x80000, 0); /* full now */
	build_cells(&b, "alloc-ranges", 0x60200000, 0x100000, 0x50000000, 0x10000000);
	build_end(&b);
	request("d", 0x1000, 0); /* ranges that are none do no harm */
	build_cells(&b, "alloc-ranges", 0x60200000, 0, 0x61000000, 0xffffffff, 7);
	build_end(&b);
	build_end(&b);
	assert_int_equal(scan(), 0);
	reserved_is("60000000-60100000:fixed 60200000-60280000:b 60280000-60300000:a "
		    "63fff000-64000000:d");
	complains("c: no room for 0x00080000 bytes aligned to 0x00001000, left out");
	complains("d: range at 0x60200000 is empty, left out");
	complains("d: 0xffffffff bytes at 0x61000000 cut at 4 GiB");
	complains("d: alloc-ranges has 20 bytes, expected a multiple of 8");
}

static void a_pool_without_a_place(void **state)
{
	(void)state;
	ram(64);
	reserved_memory(1, 1);
	request("linux,cma", 0x900000, 0);
	build_str(&b, "compatible", "shared-dma-pool");
	build_flag(&b, "reusable");
	build_flag(&b, "linux,cma-default");
	build_end(&b);
	place("top", NULL, 0x63fff000, 0x1000);
	build_end(&b);
	assert_int_equal(scan(), 0);
	/* whole pageblocks: 9 MiB become 10, below the page that is taken */
	reserved_is("63400000-63e00000:linux,cma+ 63fff000-64000000:top");
	assert_int_equal(facts.nr_cma, 1);
	assert_int_equal(facts.cma[0].base, 0x63400000);
	assert_int_equal(facts.cma[0].size, 0xa00000);
	assert_true(facts.cma[0].is_default);
}

static void requests_that_cannot_be_served(void **state)
{
	(void)state;
	ram(16);
	reserved_memory(2, 2);
	build_begin(&b, "huge");
	build_cells(&b, "size", 0, 0x1000001);
	build_end(&b);
	build_begin(&b, "absurd");
	build_cells(&b, "size", 0xffffffff, 0xfffffff0);
	build_end(&b);
	build_begin(&b, "zero");
	build_cells(&b, "size", 0, 0);
	build_end(&b);
	build_begin(&b, "three");
	build_cells(&b, "size", 0, 0, 1);
	build_end(&b);
	build_begin(&b, "nothing");
	build_end(&b);
	for (unsigned i = 0; i < 3; i++) {
		build_begin(&b, "askew");
		build_cells(&b, "size", 0, 0x1000);
		if (i == 0)
			build_cells(&b, "alignment", 0, 0x3000);
		else if (i == 1)
			build_cells(&b, "alignment", 0, 0);
		else
			build_cells(&b, "alignment", 1, 2, 3);
		build_end(&b);
	}
	build_begin(&b, "far");
	build_cells(&b, "size", 0, 0x1000);
	build_cells(&b, "alignment", 0x80000000, 0);
	build_end(&b);
	build_begin(&b, "off");
	build_str(&b, "status", "disabled");
	build_cells(&b, "size", 0, 0x1000);
	build_end(&b);
	build_end(&b);
	assert_int_equal(scan(), 0);
	reserved_is("");
	complains("huge: no room for 0x01001000 bytes aligned to 0x00001000, left out");
	complains("absurd: size is not 1 byte to 4 GiB in one or two cells, left out");
	complains("zero: size is not 1 byte to 4 GiB");
	complains("three: size is not 1 byte to 4 GiB");
	complains("nothing: neither reg nor size, left out");
	complains("askew: alignment is not a power of two, left out");
	complains("far: no room for 0x00001000 bytes aligned to 0x8000000000000000, left out");
	assert_int_equal(facts.nr_warnings, 9 + 1);
}

static void a_request_when_the_arrays_are_full(void **state)
{
	(void)state;
	/* 61 reservations and no place for a larger array but where the request goes */
	ram(1);
	host_map_phys(RAM, MIB);
	build_rsv(&b, RAM + 0x1000, MIB - 0x1000);
	for (unsigned i = 0; i < 60; i++)
		build_rsv(&b, 0x1000 + i * 0x2000, 0x1000);
	reserved_memory(1, 1);
	request("a", 0x1000, 0);
	build_flag(&b, "no-map");
	build_end(&b);
	build_end(&b);
	assert_int_equal(scan(), 0);
	/* taken without a flag it would be mapped: either no-map or not at all */
	if (memblock_is_region_reserved(RAM, 1))
		assert_int_equal(memblock_reserved(60)->flags, MEMBLOCK_NOMAP);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(the_reservation_block),
		T(static_nodes_keep_their_names),
		T(cells_of_reserved_memory),
		T(wrong_places_are_left_out),
		T(case_56_overlapping_nodes),
		T(case_56_more_than_64_nodes),
		T(growth_stays_clear_of_all_that_is_to_come),
		T(no_room_to_note_it),
		T(a_pool_with_a_place),
		T(a_pool_that_cannot_be_lent),
		T(more_pools_than_entries),
		T(size_only),
		T(size_and_alignment_in_two_cells),
		T(alloc_ranges_are_tried_in_turn),
		T(a_pool_without_a_place),
		T(requests_that_cannot_be_served),
		T(a_request_when_the_arrays_are_full),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, finish);
}
