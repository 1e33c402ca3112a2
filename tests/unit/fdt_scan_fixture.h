/* SPDX-License-Identifier: MIT */
/*
 * What the tests of fdt_scan() share: a tree under construction, its scan, and
 * memblock's answer as one line of text.  The test includes <cmocka.h> before.
 *
 *	root(1, 1);
 *	memory("memory@0", 0x60000000, 0x1000);
 *	assert_int_equal(scan(), 0);
 *	ram_is("60000000-60001000/0");
 */
#ifndef TESTS_UNIT_FDT_SCAN_FIXTURE_H
#define TESTS_UNIT_FDT_SCAN_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <boot/fdt.h>
#include <buddy/config.h>
#include <buddy/memblock.h>
#include <port/host/host.h>
#include <port/port.h>

#include "fdt_build.h"

static struct build b;
static struct fdt_facts facts;
static uint8_t *blob;

/* Before each test, and in it before a second tree. */
static inline int start(void **state)
{
	(void)state;
	free(blob);
	blob = NULL;
	build_start(&b);
	memblock_reset();
	host_unmap_all();
	host_log_clear();
	memset(&facts, 0xa5, sizeof(facts));
	return 0;
}

static inline int finish(void **state)
{
	return start(state);
}

#define T(name) cmocka_unit_test_setup(name, start)

static inline void root(uint32_t address_cells, uint32_t size_cells)
{
	build_begin(&b, "");
	build_cells(&b, "#address-cells", address_cells);
	build_cells(&b, "#size-cells", size_cells);
}

#define memory(name, ...)                               \
	do {                                            \
		build_begin(&b, (name));                \
		build_str(&b, "device_type", "memory"); \
		build_cells(&b, "reg", __VA_ARGS__);    \
		build_end(&b);                          \
	} while (0)

/* Opens /reserved-memory; build_end() closes it. */
static inline void reserved_memory(uint32_t address_cells, uint32_t size_cells)
{
	build_begin(&b, "reserved-memory");
	build_cells(&b, "#address-cells", address_cells);
	build_cells(&b, "#size-cells", size_cells);
	build_flag(&b, "ranges");
}

#define RAM 0x60000000U
#define MIB 0x100000U

/* RAM of `mib` MiB and an open root. */
static inline void ram(unsigned mib)
{
	root(1, 1);
	memory("memory@60000000", RAM, mib * MIB);
}

/* One node of /reserved-memory with a place. */
#define place(name, flag, ...)                       \
	do {                                         \
		build_begin(&b, (name));             \
		if (flag)                            \
			build_flag(&b, (flag));      \
		build_cells(&b, "reg", __VA_ARGS__); \
		build_end(&b);                       \
	} while (0)

static inline void pool(const char *name, uint32_t base, uint32_t size)
{
	build_begin(&b, name);
	build_str(&b, "compatible", "shared-dma-pool");
	build_flag(&b, "reusable");
	build_cells(&b, "reg", base, size);
	build_end(&b);
}

/* Opens one without a place. */
static inline void request(const char *name, uint32_t size, uint32_t align)
{
	build_begin(&b, name);
	build_cells(&b, "size", size);
	if (align)
		build_cells(&b, "alignment", align);
}

/* Closes the root and scans. */
static inline int scan(void)
{
	build_end(&b);
	blob = build_finish(&b);
	return fdt_scan(blob, build_size(blob), &facts);
}

static inline void complains(const char *line)
{
	if (!host_log_has(line))
		fail_msg("expected \"%s\" in:\n%s", line, host_log_text());
}

static inline void ram_is(const char *want)
{
	const struct memblock_region *r;
	char got[1024] = "";
	size_t n = 0;

	for (unsigned i = 0; (r = memblock_memory(i)) != NULL; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%llx-%llx/%d", i ? " " : "",
				      (unsigned long long)r->base,
				      (unsigned long long)(r->base + r->size), r->nid);
	assert_string_equal(got, want);
}

/* base-end:name, with ! for no-map and + for reusable. */
static inline void reserved_is(const char *want)
{
	const struct memblock_region *r;
	char got[4096] = "";
	size_t n = 0;

	for (unsigned i = 0; (r = memblock_reserved(i)) != NULL && n < sizeof(got); i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%llx-%llx:%s%s%s", i ? " " : "",
				      (unsigned long long)r->base,
				      (unsigned long long)(r->base + r->size), r->name,
				      (r->flags & MEMBLOCK_NOMAP) ? "!" : "",
				      (r->flags & MEMBLOCK_REUSABLE) ? "+" : "");
	assert_string_equal(got, want);
}

#endif /* TESTS_UNIT_FDT_SCAN_FIXTURE_H */
