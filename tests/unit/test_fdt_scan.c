// SPDX-License-Identifier: MIT
// LINK: boot/fdt.c boot/fdt_scan.c boot/fdt_policy.c
/*
 * What the device tree says: RAM, reservations, initrd, command line, CPUs; and
 * that everything wrong in it is named, counted and left out.
 *
 * cmocka; trees from fdt_build.h, the answers read back from memblock and struct
 * fdt_facts, the complaints from the host port's log.  Cases of docs/CASES.md carry
 * their number in the name.
 *
 * Not here: CMA areas and nodes without a place (test_fdt_resv.c), the format of
 * a tree (test_fdt_check.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fdt_scan_fixture.h"

/* ---- memory ----------------------------------------------------------------- */

static void one_range_of_one_cell(void **state)
{
	(void)state;
	root(1, 1);
	memory("memory@60000000", 0x60000000, 0x40000000);
	assert_int_equal(scan(), 0);
	assert_int_equal(facts.nr_warnings, 1); /* no CPU */
	assert_int_equal(facts.totalsize, build_size(blob));
	ram_is("60000000-a0000000/0");
	assert_string_equal(facts.model, "");
	assert_string_equal(facts.bootargs, "");
	assert_string_equal(facts.stdout_path, "");
	assert_int_equal(facts.initrd_end, 0);
}

static void two_cells_and_several_ranges(void **state)
{
	(void)state;
	root(2, 2);
	memory("memory", 0, 0x80000000, 0, 0x20000000, 0, 0x60000000, 0, 0x20000000);
	memory("memory@1", 0, 0xb0000000, 0, 0x1000);
	assert_int_equal(scan(), 0);
	ram_is("60000000-a0000000/0 b0000000-b0001000/0");
}

static void two_address_cells_one_size_cell(void **state)
{
	(void)state;
	root(2, 1);
	memory("memory", 0, 0x60000000, 0x1000, 0, 0x70000000, 0x2000);
	assert_int_equal(scan(), 0);
	ram_is("60000000-60001000/0 70000000-70002000/0");
	/* which is what a root without cells has */
	start(NULL);
	build_begin(&b, "");
	memory("memory", 0, 0x60000000, 0x1000);
	assert_int_equal(scan(), 0);
	ram_is("60000000-60001000/0");
}

static void what_is_memory(void **state)
{
	(void)state;
	root(1, 1);
	build_begin(&b, "ram@1000"); /* by type */
	build_str(&b, "device_type", "memory");
	build_cells(&b, "reg", 0x1000, 0x1000);
	build_end(&b);
	build_begin(&b, "memory@3000"); /* by name */
	build_cells(&b, "reg", 0x3000, 0x1000);
	build_end(&b);
	build_begin(&b, "memory@5000"); /* another type */
	build_str(&b, "device_type", "cache");
	build_cells(&b, "reg", 0x5000, 0x1000);
	build_end(&b);
	memory("memory-controller@7000", 0x7000, 0x1000); /* has device_type: counts */
	build_begin(&b, "memory-controller@9000");	  /* another name */
	build_cells(&b, "reg", 0x9000, 0x1000);
	build_end(&b);
	build_begin(&b, "memory@b000");
	build_str(&b, "status", "disabled");
	build_cells(&b, "reg", 0xb000, 0x1000);
	build_end(&b);
	build_begin(&b, "memory@d000");
	build_str(&b, "status", "okay");
	build_cells(&b, "reg", 0xd000, 0x1000);
	build_end(&b);
	build_begin(&b, "soc"); /* memory is the root's child only */
	memory("memory@f000", 0xf000, 0x1000);
	build_end(&b);
	assert_int_equal(scan(), 0);
	ram_is("1000-2000/0 3000-4000/0 7000-8000/0 d000-e000/0");
}

static void beyond_4_GiB_is_cut_with_a_line(void **state)
{
	(void)state;
	root(2, 2);
	memory("memory@a", 0, 0xc0000000, 0, 0x80000000); /* cut */
	memory("memory@b", 1, 0, 0, 0x10000000);	  /* left out */
	memory("memory@c", 0xffffffff, 0xfffff000, 0, 0x1000);
	assert_int_equal(scan(), 0);
	ram_is("c0000000-100000000/0");
	complains("memory@a: 0x80000000 bytes at 0xc0000000 cut at 4 GiB");
	complains("memory@b: 0x10000000 bytes at 0x0000000100000000 lie beyond 4 GiB, left out");
	complains("memory@c: 0x00001000 bytes at 0xfffffffffffff000 lie beyond 4 GiB, left out");
	assert_int_equal(facts.nr_warnings, 3 + 1);
}

static void wrapping_and_empty_ranges_are_left_out(void **state)
{
	(void)state;
	root(2, 2);
	memory("memory@a", 0, 0x60000000, 0xffffffff, 0xf0000000);
	memory("memory@b", 0xffffffff, 0xfffff000, 0, 0x1001);
	memory("memory@c", 0, 0x60000000, 0, 0);
	memory("memory@d", 0, 0x60000000, 0, 0x1000);
	memory("memory@e", 0, 1, 0xffffffff, 0xffffffff); /* ends at 2^64: no wrap, but a cut */
	assert_int_equal(scan(), 0);
	ram_is("1-100000000/0");
	complains("memory@a: 0xfffffffff0000000 bytes at 0x60000000 wrap around, left out");
	complains("memory@b: 0x00001001 bytes at 0xfffffffffffff000 wrap around, left out");
	complains("memory@c: range at 0x60000000 is empty, left out");
	complains("memory@e: 0xffffffffffffffff bytes at 0x00000001 cut at 4 GiB");
	complains("memory@e: 0xffffffff bytes at 0x00000001 overlap other memory, merged");
}

static void case_16_the_last_byte_below_4_GiB(void **state)
{
	(void)state;
	root(1, 1);
	memory("memory@0", 0, 0xffffffff);
	assert_int_equal(scan(), 0);
	ram_is("0-ffffffff/0");
	start(NULL);
	root(1, 1);
	memory("memory@1", 0xfff00000, 0x00100000, 0xffffffff, 1, 0xffffffff, 2);
	assert_int_equal(scan(), 0);
	ram_is("fff00000-100000000/0");
	complains("0x00000002 bytes at 0xffffffff cut at 4 GiB");
}

static void case_05_odd_bytes_are_kept(void **state)
{
	(void)state;
	root(1, 1);
	memory("memory@0", 0x60000001, 0x12345);
	assert_int_equal(scan(), 0);
	ram_is("60000001-60012346/0");
}

static void case_10_case_12_a_large_bank_is_one_range(void **state)
{
	(void)state;
	root(1, 1);
	memory("memory@0", 0x10000000, 0xe0000000);
	assert_int_equal(scan(), 0);
	ram_is("10000000-f0000000/0");
	assert_int_equal(memblock_phys_mem_size(), 0xe0000000);
}

static void overlapping_memory_is_merged_with_a_line(void **state)
{
	(void)state;
	root(1, 1);
	memory("memory@a", 0x60000000, 0x2000);
	memory("memory@b", 0x60001000, 0x2000);
	memory("memory@c", 0x60003000, 0x1000); /* touches only: no line */
	assert_int_equal(scan(), 0);
	ram_is("60000000-60004000/0");
	complains("memory@b: 0x00002000 bytes at 0x60001000 overlap other memory, merged");
	assert_int_equal(facts.nr_warnings, 1 + 1);
}

static void nodes_are_numbered(void **state)
{
	(void)state;
	root(1, 1);
	for (unsigned nid = 0; nid < 6; nid++) {
		char name[20];

		snprintf(name, sizeof(name), "memory@%u", nid);
		build_begin(&b, name);
		build_cells(&b, "reg", 0x1000 + 0x1000 * nid, 0x1000);
		if (nid == 5)
			build_str(&b, "numa-node-id", "five");
		else
			build_cells(&b, "numa-node-id", nid);
		build_end(&b);
	}
	assert_int_equal(scan(), 0);
	ram_is("1000-2000/0 2000-3000/1 3000-4000/2 4000-5000/3 5000-7000/0");
	complains("memory@4: numa-node-id is not one cell of 0 to 3, node 0 taken");
	complains("memory@5: numa-node-id is not one cell of 0 to 3, node 0 taken");
}

static void reg_of_a_wrong_length(void **state)
{
	(void)state;
	root(2, 2);
	memory("memory@a", 0, 0x60000000, 0, 0x1000, 0, 0x70000000, 0);
	memory("memory@b", 0, 1);
	build_begin(&b, "memory@c");
	build_end(&b);
	assert_int_equal(scan(), 0);
	ram_is("60000000-60001000/0");
	complains("memory@a: reg has 28 bytes, expected a multiple of 16");
	complains("memory@b: reg has 8 bytes, expected a multiple of 16");
	complains("memory@c: no reg, left out");
}

static void no_memory_is_an_error(void **state)
{
	(void)state;
	root(1, 1);
	assert_int_equal(scan(), -ENOMEM);
	complains("no memory node with usable RAM");

	start(NULL);
	root(3, 1);
	memory("memory@0", 0, 0, 0x60000000, 0x1000);
	reserved_memory(1, 1);
	build_end(&b);
	assert_int_equal(scan(), -ENOMEM);
	complains("/: #address-cells or #size-cells is not 1 or 2, no memory read");

	start(NULL);
	root(1, 0);
	memory("memory@0", 0x60000000);
	assert_int_equal(scan(), -ENOMEM);
	complains("no memory read");
}

static void not_a_tree(void **state)
{
	static uint8_t zeros[64];

	(void)state;
	assert_int_equal(fdt_scan(zeros, sizeof(zeros), &facts), -EINVAL);
	assert_string_equal(facts.bootargs, "");
	assert_int_equal(facts.nr_cpus, 0);
	assert_int_equal(memblock_phys_mem_size(), 0);
}

static void a_flood_of_complaints_is_stemmed(void **state)
{
	(void)state;
	root(1, 1);
	for (unsigned i = 0; i < 1000; i++)
		memory("memory@0", 0, 0);
	memory("memory@1", 0x60000000, 0x1000);
	assert_int_equal(scan(), 0);
	ram_is("60000000-60001000/0");
	assert_int_equal(facts.nr_warnings, 1001);
	assert_int_equal(host_log_lines(), 51);
	complains("more is wrong than is worth showing");
}

/* ---- chosen ------------------------------------------------------------------ */

static void strings_of_chosen(void **state)
{
	(void)state;
	root(1, 1);
	build_str(&b, "model", "V2P-CA9");
	memory("memory@0", 0x60000000, 0x100000);
	build_begin(&b, "chosen");
	build_str(&b, "bootargs", "mode=demo seed=1");
	build_str(&b, "stdout-path", "serial0:38400n8");
	build_end(&b);
	assert_int_equal(scan(), 0);
	assert_string_equal(facts.model, "V2P-CA9");
	assert_string_equal(facts.bootargs, "mode=demo seed=1");
	assert_string_equal(facts.stdout_path, "serial0:38400n8");
	/* into the blob, not copies */
	assert_true((const uint8_t *)facts.bootargs > blob &&
		    (const uint8_t *)facts.bootargs < blob + build_size(blob));
}

static void strings_without_an_end_are_left_out(void **state)
{
	(void)state;
	root(1, 1);
	build_prop(&b, "model", "open", 4);
	memory("memory@0", 0x60000000, 0x100000);
	build_begin(&b, "chosen");
	build_prop(&b, "bootargs", "unterminated", 12);
	build_flag(&b, "stdout-path");
	build_end(&b);
	assert_int_equal(scan(), 0);
	assert_string_equal(facts.model, "");
	assert_string_equal(facts.bootargs, "");
	assert_string_equal(facts.stdout_path, "");
	complains("chosen: bootargs is not a terminated string, left out");
	complains("chosen: stdout-path is not a terminated string, left out");
	complains(": model is not a terminated string, left out");
}

/* initrd-start and -end in one or two cells each, `cells` of each written. */
static int scan_with_initrd(uint64_t from, unsigned from_cells, uint64_t to, unsigned to_cells)
{
	const uint32_t words[] = {(uint32_t)(from >> 32), (uint32_t)from, (uint32_t)(to >> 32),
				  (uint32_t)to, 0};

	start(NULL);
	root(1, 1);
	memory("memory@0", 0x60000000, 0x1000000);
	build_begin(&b, "chosen");
	if (from_cells)
		build_cell_list(&b, "linux,initrd-start", words + (from_cells == 1), from_cells);
	if (to_cells)
		build_cell_list(&b, "linux,initrd-end", words + 2 + (to_cells == 1), to_cells);
	build_end(&b);
	return scan();
}

static void initrd_in_32_and_64_bits(void **state)
{
	(void)state;
	for (unsigned from_cells = 1; from_cells <= 2; from_cells++) {
		for (unsigned to_cells = 1; to_cells <= 2; to_cells++) {
			assert_int_equal(
				scan_with_initrd(0x60800000, from_cells, 0x60812345, to_cells), 0);
			assert_int_equal(facts.initrd_start, 0x60800000);
			assert_int_equal(facts.initrd_end, 0x60812345);
			reserved_is("60800000-60812345:initrd");
			assert_int_equal(facts.nr_warnings, 1);
		}
	}
}

static void initrd_that_is_none(void **state)
{
	static const struct {
		uint64_t from, to;
		unsigned from_cells, to_cells;
		const char *why; /* NULL: no complaint */
	} cases[] = {
		{0x60800000, 0x60800000, 1, 1, NULL},
		{0, 0, 2, 2, NULL},
		{0x60800000, 0x60700000, 1, 1, "are no range"},
		{0x60800000, 0, 1, 0, "are no range"},
		{0, 0x60800000, 0, 1, "are no range"},
		{0x60800000, 0x60900000, 1, 3, "are no range"},
		{0x60800000, 0x61000001, 1, 1, "0x00800001 bytes at 0x60800000, is not all RAM"},
		{0x5fffffff, 0x60000001, 1, 1, "is not all RAM"},
		{0x160800000, 0x160900000, 2, 2, "is not all RAM"},
		{0, UINT64_MAX, 2, 2, "is not all RAM"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(scan_with_initrd(cases[i].from, cases[i].from_cells, cases[i].to,
						  cases[i].to_cells),
				 0);
		assert_int_equal(facts.initrd_start, 0);
		assert_int_equal(facts.initrd_end, 0);
		reserved_is("");
		assert_int_equal(facts.nr_warnings, cases[i].why ? 2 : 1);
		if (cases[i].why)
			complains(cases[i].why);
	}
}

/* ---- cpus --------------------------------------------------------------------- */

static void cpu(const char *name, uint32_t reg, const char *method, const char *status)
{
	build_begin(&b, name);
	build_cells(&b, "reg", reg);
	if (method)
		build_str(&b, "enable-method", method);
	if (status)
		build_str(&b, "status", status);
	build_end(&b);
}

static void cpus(void)
{
	root(1, 1);
	memory("memory@0", 0x60000000, 0x1000000);
	build_begin(&b, "cpus");
	build_cells(&b, "#address-cells", 1);
	build_cells(&b, "#size-cells", 0);
}

static void four_cores_of_a_vexpress(void **state)
{
	(void)state;
	cpus();
	for (unsigned i = 0; i < 4; i++) {
		build_begin(&b, "cpu@0");
		build_str(&b, "device_type", "cpu");
		build_cells(&b, "reg", i);
		build_end(&b);
	}
	build_begin(&b, "cpu-map"); /* neither type nor name */
	build_end(&b);
	build_begin(&b, "idle");
	build_str(&b, "device_type", "idle");
	build_end(&b);
	build_end(&b);
	assert_int_equal(scan(), 0);
	assert_int_equal(facts.nr_warnings, 0);
	assert_int_equal(host_log_lines(), 0);
	assert_int_equal(facts.nr_cpus, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(facts.cpu[i].mpidr, i);
		assert_int_equal(facts.cpu[i].nid, 0);
		assert_string_equal(facts.cpu[i].method, "");
		assert_int_equal(facts.cpu[i].release_addr, 0);
	}
}

static void how_cpus_are_started(void **state)
{
	(void)state;
	cpus();
	build_str(&b, "enable-method", "acme,smp");
	build_begin(&b, "cpu@900");
	build_cells(&b, "reg", 0x900);
	build_str(&b, "enable-method", "spin-table");
	build_cells(&b, "cpu-release-addr", 0, 0x6000fff8);
	build_cells(&b, "numa-node-id", 1);
	build_end(&b);
	cpu("cpu@901", 0x901, NULL, NULL);
	build_begin(&b, "cpu@902");
	build_cells(&b, "reg", 0x902);
	build_cells(&b, "cpu-release-addr", 0x6000fff0);
	build_end(&b);
	build_begin(&b, "cpu@903");
	build_cells(&b, "reg", 0x903);
	build_flag(&b, "cpu-release-addr");
	build_end(&b);
	build_end(&b);
	assert_int_equal(scan(), 0);
	assert_int_equal(facts.nr_cpus, 4);
	assert_int_equal(facts.cpu[0].mpidr, 0x900);
	assert_string_equal(facts.cpu[0].method, "spin-table");
	assert_int_equal(facts.cpu[0].release_addr, 0x6000fff8);
	assert_int_equal(facts.cpu[0].nid, 1);
	assert_string_equal(facts.cpu[1].method, "acme,smp");
	assert_int_equal(facts.cpu[2].release_addr, 0x6000fff0);
	assert_int_equal(facts.cpu[3].release_addr, 0);
	complains("cpus/cpu@903: cpu-release-addr is not one or two cells");
	assert_int_equal(facts.nr_warnings, 1);
}

static void which_cpus_count(void **state)
{
	(void)state;
	cpus();
	cpu("cpu@0", 0, NULL, "okay");
	cpu("cpu@1", 1, NULL, "disabled");   /* asleep, and nobody knows how to wake it */
	cpu("cpu@2", 2, "psci", "disabled"); /* asleep until it is started: counts */
	cpu("cpu@3", 3, "psci", "fail");
	build_begin(&b, "cpu@4");
	build_cells(&b, "reg", 4);
	build_str(&b, "enable-method", "psci");
	build_prop(&b, "status", "okay", 4); /* no string */
	build_end(&b);
	cpu("cpu@0", 0, NULL, NULL); /* a second time */
	cpu("cpu@1000000", 0x1000000, NULL, NULL);
	build_begin(&b, "cpu@6");
	build_end(&b);
	build_begin(&b, "cpu@7");
	build_prop(&b, "reg", "\0\0\7", 3);
	build_end(&b);
	build_end(&b);
	assert_int_equal(scan(), 0);
	assert_int_equal(facts.nr_cpus, 2);
	assert_int_equal(facts.cpu[0].mpidr, 0);
	assert_int_equal(facts.cpu[1].mpidr, 2);
	complains("cpus/cpu@0: MPIDR 0x0 for the second time, left out");
	complains("cpus/cpu@1000000: reg is no MPIDR (24 bits), left out");
	complains("cpus/cpu@6: reg is no MPIDR (24 bits), left out");
	complains("cpus/cpu@7: reg is no MPIDR (24 bits), left out");
}

static void cells_of_cpus(void **state)
{
	(void)state;
	/* two cells, as 64-bit trees have it */
	root(1, 1);
	memory("memory@0", 0x60000000, 0x1000000);
	build_begin(&b, "cpus");
	build_cells(&b, "#address-cells", 2);
	build_begin(&b, "cpu@1");
	build_cells(&b, "reg", 0, 1);
	build_end(&b);
	build_end(&b);
	assert_int_equal(scan(), 0);
	assert_int_equal(facts.nr_cpus, 1);
	assert_int_equal(facts.cpu[0].mpidr, 1);

	start(NULL);
	root(1, 1);
	memory("memory@0", 0x60000000, 0x1000000);
	build_begin(&b, "cpus");
	build_cells(&b, "#address-cells", 0);
	cpu("cpu@1", 1, NULL, NULL);
	build_end(&b);
	assert_int_equal(scan(), 0);
	assert_int_equal(facts.nr_cpus, 0);
	complains("/cpus: #address-cells is not 1 or 2, no CPU read");
}

static void more_than_32_cpus(void **state)
{
	(void)state;
	cpus();
	for (unsigned i = 0; i < 40; i++)
		cpu("cpu", 0x100 + i, NULL, NULL);
	build_end(&b);
	assert_int_equal(scan(), 0);
	assert_int_equal(facts.nr_cpus, 32);
	assert_int_equal(facts.cpu[31].mpidr, 0x11f);
	assert_int_equal(facts.nr_warnings, 8);
	complains("cpus/cpu: more than 32 CPUs, left out");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(one_range_of_one_cell),
		T(two_cells_and_several_ranges),
		T(two_address_cells_one_size_cell),
		T(what_is_memory),
		T(beyond_4_GiB_is_cut_with_a_line),
		T(wrapping_and_empty_ranges_are_left_out),
		T(case_16_the_last_byte_below_4_GiB),
		T(case_05_odd_bytes_are_kept),
		T(case_10_case_12_a_large_bank_is_one_range),
		T(overlapping_memory_is_merged_with_a_line),
		T(nodes_are_numbered),
		T(reg_of_a_wrong_length),
		T(no_memory_is_an_error),
		T(not_a_tree),
		T(a_flood_of_complaints_is_stemmed),
		T(strings_of_chosen),
		T(strings_without_an_end_are_left_out),
		T(initrd_in_32_and_64_bits),
		T(initrd_that_is_none),
		T(four_cores_of_a_vexpress),
		T(how_cpus_are_started),
		T(which_cpus_count),
		T(cells_of_cpus),
		T(more_than_32_cpus),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, finish);
}
