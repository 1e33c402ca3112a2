// SPDX-License-Identifier: MIT
/*
 * Random sound device trees for the differential test: by libfdt's
 * sequential-write functions, and by dtc from random source text.
 *
 * The same dice decide on both: RAM, reservations, CPUs, and nodes that mean
 * nothing.  Everything follows from the seed.  Not here: damage (diff_libfdt.c).
 */
#define _POSIX_C_SOURCE 200809L /* mkstemp, fdopen */

#include <string.h>
#include <unistd.h>

#include <libfdt.h>

#include "diff.h"

#define BLOB_MAX 0x20000

static uint32_t state = 1;

void rnd_seed(uint32_t seed)
{
	state = seed * 2654435761U + 1;
	if (!state)
		state = 1;
}

uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

/*
 * A tree is written through this: to libfdt when there is a blob, as source
 * text when there is a file.
 */
static void *blob;
static FILE *text;

static void must(int err)
{
	if (err) {
		fprintf(stderr, "diff_trees: %s\n", fdt_strerror(err));
		exit(1);
	}
}

static void begin(const char *name)
{
	if (text)
		fprintf(text, "%s {\n", *name ? name : "/");
	else
		must(fdt_begin_node(blob, name));
}

static void end(void)
{
	if (text)
		fprintf(text, "};\n");
	else
		must(fdt_end_node(blob));
}

static void cells(const char *name, unsigned n, const uint32_t *v)
{
	uint32_t raw[64];

	if (text)
		fprintf(text, "%s = <", name);
	for (unsigned i = 0; i < n; i++) {
		raw[i] = cpu_to_fdt32(v[i]);
		if (text)
			fprintf(text, "0x%x ", v[i]);
	}
	if (text)
		fprintf(text, ">;\n");
	else
		must(fdt_property(blob, name, raw, (int)(4 * n)));
}

static void cell(const char *name, uint32_t v)
{
	cells(name, 1, &v);
}

static void string(const char *name, const char *value)
{
	if (text)
		fprintf(text, "%s = \"%s\";\n", name, value);
	else
		must(fdt_property_string(blob, name, value));
}

static void flag(const char *name)
{
	if (text)
		fprintf(text, "%s;\n", name);
	else
		must(fdt_property(blob, name, NULL, 0));
}

/* A range in so many cells; seldom one that is beyond, empty or wraps. */
static unsigned put_range(uint32_t *v, unsigned ac, unsigned sc)
{
	unsigned n = 0;

	if (ac == 2)
		v[n++] = rnd(12) ? 0 : rnd(2) ? 1 : 0xffffffff;
	v[n++] = rnd(1 << 20) << 12 | (rnd(4) ? 0 : rnd(4096));
	if (sc == 2)
		v[n++] = rnd(12) ? 0 : rnd(2) ? 1 : 0xffffffff;
	v[n++] = rnd(10) ? rnd(4096) << 12 : rnd(2) ? 0 : rnd(4096);
	return n;
}

static void put_reg(unsigned ac, unsigned sc, unsigned ranges)
{
	uint32_t v[64];
	unsigned n = 0;

	for (unsigned i = 0; i < ranges; i++)
		n += put_range(v + n, ac, sc);
	cells("reg", n, v);
}

static void put_status(void)
{
	static const char *const words[] = {"okay", "ok", "disabled", "fail"};

	if (!rnd(4))
		string("status", words[rnd(4)]);
}

/* Nodes within nodes that mean nothing. */
static void put_filler(unsigned depth)
{
	char name[40];
	unsigned children = depth < 3 ? rnd(4) : 0;

	snprintf(name, sizeof(name), "n%u@%x", rnd(1000), rnd(1 << 30));
	begin(name);
	for (unsigned i = rnd(6); i > 0; i--) {
		snprintf(name, sizeof(name), "p%u-%u", i, rnd(20));
		if (rnd(3) == 0)
			flag(name);
		else if (rnd(2))
			cell(name, rnd(1 << 30));
		else
			string(name, name);
	}
	if (rnd(2))
		string("compatible", rnd(2) ? "acme,a" : "acme,b");
	while (children--)
		put_filler(depth + 1);
	end();
}

/* Addresses of few values, so that windows within windows meet. */
static unsigned put_number(uint32_t *v, unsigned cells, unsigned below)
{
	unsigned n = 0;

	for (; n + 1 < cells; n++)
		v[n] = rnd(12) ? 0 : rnd(2) ? 1 : 0xffffffff;
	v[n++] = rnd(20) ? rnd(below) << 26 : rnd(2) ? 0xffffffff : 0;
	return n;
}

/* Buses within buses, with windows for DMA or without. */
static void put_bus(unsigned depth, unsigned parent_ac)
{
	unsigned ac = 1 + rnd(3), sc = 1 + rnd(2), n = 0;
	uint32_t v[64];
	char name[40];

	snprintf(name, sizeof(name), "bus%u@%x", depth, rnd(1 << 30));
	begin(name);
	if (ac != 2 || rnd(2))
		cell("#address-cells", ac);
	if (sc != 1 || rnd(2))
		cell("#size-cells", sc);
	if (!rnd(4))
		put_status();
	for (unsigned i = rnd(6) ? 1 + rnd(4) : 0; i > 0; i--) {
		n += put_number(v + n, ac, 8);
		n += put_number(v + n, parent_ac, 8);
		n += put_number(v + n, sc, 16);
	}
	if (rnd(4))
		cells("dma-ranges", n, v);
	for (unsigned i = depth < 3 ? rnd(3) : 0; i > 0; i--)
		put_bus(depth + 1, ac);
	end();
}

static void put_machine(void)
{
	unsigned ac = 1 + rnd(2), sc = 1 + rnd(2);
	char name[40];

	begin("");
	cell("#address-cells", ac);
	cell("#size-cells", sc);
	string("model", "random");
	for (unsigned i = rnd(4); i > 0; i--)
		put_filler(0);
	for (unsigned i = 1 + rnd(4); i > 0; i--) {
		snprintf(name, sizeof(name), rnd(3) ? "memory@%u" : "ram@%u", i);
		begin(name);
		if (rnd(3))
			string("device_type", rnd(8) ? "memory" : "cache");
		put_status();
		put_reg(ac, sc, 1 + rnd(3));
		end();
	}
	if (rnd(4)) {
		begin("reserved-memory");
		cell("#address-cells", ac);
		cell("#size-cells", sc);
		flag("ranges");
		for (unsigned i = rnd(8); i > 0; i--) {
			snprintf(name, sizeof(name), "r@%u", i);
			begin(name);
			if (!rnd(3))
				flag("no-map");
			put_status();
			put_reg(ac, sc, 1 + rnd(2));
			end();
		}
		end();
	}
	for (unsigned i = rnd(3); i > 0; i--)
		put_filler(0);
	for (unsigned i = rnd(3); i > 0; i--)
		put_bus(0, ac);
	end();
}

uint8_t *tree_by_libfdt(uint32_t *size)
{
	uint8_t *exact;

	text = NULL;
	blob = malloc(BLOB_MAX);
	must(fdt_create(blob, BLOB_MAX));
	for (unsigned i = rnd(4); i > 0; i--)
		must(fdt_add_reservemap_entry(blob, (uint64_t)rnd(1 << 20) << 12,
					      (uint64_t)(1 + rnd(64)) << 12));
	must(fdt_finish_reservemap(blob));
	put_machine();
	must(fdt_finish(blob));

	/* NOPs where properties and nodes were */
	for (unsigned i = rnd(4); i > 0; i--) {
		int node = 0;

		for (unsigned steps = rnd(10); steps > 0 && node >= 0; steps--)
			node = fdt_next_node(blob, node, NULL);
		if (node > 0 && rnd(3) == 0)
			fdt_nop_node(blob, node);
		else if (node > 0)
			fdt_nop_property(blob, node, "status");
	}
	*size = fdt_totalsize(blob);
	exact = malloc(*size);
	memcpy(exact, blob, *size);
	free(blob);
	return exact;
}

uint8_t *tree_by_dtc(uint32_t *size)
{
	char src[] = "/tmp/diff-src-XXXXXX", out[] = "/tmp/diff-dtb-XXXXXX", cmd[160];
	int src_fd = mkstemp(src), out_fd = mkstemp(out);
	uint8_t *exact = malloc(BLOB_MAX);
	ssize_t n;

	text = src_fd >= 0 ? fdopen(src_fd, "w") : NULL;
	if (!text || out_fd < 0 || !exact) {
		perror("diff_trees");
		exit(1);
	}
	fprintf(text, "/dts-v1/;\n");
	for (unsigned i = rnd(4); i > 0; i--)
		fprintf(text, "/memreserve/ 0x%x 0x%x;\n", rnd(1 << 20) << 12, (1 + rnd(64)) << 12);
	put_machine();
	fclose(text);
	text = NULL;
	snprintf(cmd, sizeof(cmd), "dtc -q -f -I dts -O dtb -V %u -o %s %s", rnd(3) ? 17 : 16, out,
		 src);
	if (system(cmd)) {
		fprintf(stderr, "diff_trees: %s\n", cmd);
		exit(1);
	}
	n = read(out_fd, exact, BLOB_MAX);
	close(out_fd);
	unlink(src);
	unlink(out);
	if (n <= 0) {
		fprintf(stderr, "diff_trees: dtc wrote no tree\n");
		exit(1);
	}
	*size = (uint32_t)n;
	exact = realloc(exact, *size + 1);
	return realloc(exact, *size);
}
