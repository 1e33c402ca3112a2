// SPDX-License-Identifier: MIT
/*
 * The second opinion on how far DMA reaches: dma-ranges read with libfdt, and the
 * rules of boot/fdt_policy.c written a second time, from the tree's top down.
 */
#include <string.h>

#include <libfdt.h>

#include "diff.h"

#define NO_LIMIT UINT64_MAX

struct bus {
	const fdt32_t *windows;
	int nr, na, pna, ns;
};

static int nr_cells(const void *fdt, int node, const char *prop, int def)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, prop, &len);

	if (!p)
		return def;
	return len == 4 && fdt32_to_cpu(*p) <= 3 ? (int)fdt32_to_cpu(*p) : -1;
}

static bool is_enabled(const void *fdt, int node)
{
	int len;
	const char *s = fdt_getprop(fdt, node, "status", &len);

	if (!s)
		return true;
	if (!memchr(s, 0, (size_t)len))
		return false;
	return !strcmp(s, "okay") || !strcmp(s, "ok");
}

/* The low 64 bits. */
static uint64_t number(const fdt32_t *p, int n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 32 | fdt32_to_cpu(*p++);
	return v;
}

/* 1: it has windows; 0: addresses go through as they are; -1: nobody can read it. */
static int read_bus(const void *fdt, int node, struct bus *b)
{
	int len, parent = node ? fdt_parent_offset(fdt, node) : node;

	b->windows = fdt_getprop(fdt, node, "dma-ranges", &len);
	if (!b->windows || len == 0)
		return 0;
	b->na = nr_cells(fdt, node, "#address-cells", 2);
	b->pna = nr_cells(fdt, parent, "#address-cells", 2);
	b->ns = nr_cells(fdt, node, "#size-cells", 1);
	if (b->na < 1 || b->pna < 1 || b->ns < 1 || b->ns > 2)
		return -1;
	b->nr = len / 4 / (b->na + b->pna + b->ns);
	return 1;
}

/* An address as the children of `node` see it, as the CPU does. */
static bool to_cpu(const void *fdt, int node, uint64_t *addr)
{
	struct bus b;
	int how;

	if (node == 0)
		return true;
	how = read_bus(fdt, node, &b);
	if (how < 0)
		return false;
	if (how == 0)
		return to_cpu(fdt, fdt_parent_offset(fdt, node), addr);
	for (const fdt32_t *p = b.windows; b.nr-- > 0; p += b.na + b.pna + b.ns) {
		uint64_t from = number(p, b.na), size = number(p + b.na + b.pna, b.ns);

		if (*addr < from || *addr - from >= size)
			continue;
		if (__builtin_add_overflow(*addr - from, number(p + b.na, b.pna), addr))
			return false;
		return to_cpu(fdt, fdt_parent_offset(fdt, node), addr);
	}
	return false;
}

static uint64_t last_of(const void *fdt, int node)
{
	uint64_t highest = 0;
	bool any = false;
	struct bus b;

	if (read_bus(fdt, node, &b) <= 0)
		return NO_LIMIT;
	for (const fdt32_t *p = b.windows; b.nr-- > 0; p += b.na + b.pna + b.ns) {
		uint64_t at = number(p + b.na, b.pna), size = number(p + b.na + b.pna, b.ns);

		if (size == 0 || (node && !to_cpu(fdt, fdt_parent_offset(fdt, node), &at)) ||
		    __builtin_add_overflow(at, size - 1, &at))
			continue;
		any = true;
		if (at > highest)
			highest = at;
	}
	return any ? highest : NO_LIMIT;
}

static uint64_t least(const void *fdt, int node)
{
	uint64_t lowest = last_of(fdt, node);
	int child;

	fdt_for_each_subnode(child, fdt, node)
	{
		uint64_t below = is_enabled(fdt, child) ? least(fdt, child) : NO_LIMIT;

		if (below < lowest)
			lowest = below;
	}
	return lowest;
}

bool compare_dma(const void *blob, uint64_t limit)
{
	uint64_t want;

	if (fdt_next_node(blob, -1, NULL) != 0)
		return true; /* NOPs before the root, which libfdt has at 0 */
	want = least(blob, 0);
	want = want >= UINT32_MAX ? 0 : want + 1;
	if (want != limit)
		DIFFER("DMA reaches 0x%llx, libfdt says 0x%llx", (unsigned long long)limit,
		       (unsigned long long)want);
	return true;
}
