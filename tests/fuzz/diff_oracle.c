// SPDX-License-Identifier: MIT
/*
 * The second opinion on RAM and reservations: read with libfdt, summed up in
 * plain lists of intervals, and compared with memblock.
 *
 * The rules are those of boot/fdt.h, written a second time.  Requests without a
 * place and lent areas are not judged here: they depend on memblock's choice.
 */
#include <string.h>

#include <libfdt.h>

#include <buddy/memblock.h>

#include "diff.h"

#define MAX_RANGES 4096
#define LIMIT	   (1ULL << 32)

struct list {
	unsigned n;
	struct {
		uint64_t lo, hi;
	} r[MAX_RANGES];
};

static void add(struct list *l, uint64_t base, uint64_t size)
{
	uint64_t end = base + size;

	if (size == 0 || base >= LIMIT || (end < base && end != 0) || l->n == MAX_RANGES)
		return;
	if (end > LIMIT || end == 0)
		end = LIMIT;
	l->r[l->n].lo = base;
	l->r[l->n++].hi = end;
}

static int by_base(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Sorted, and overlapping or touching ones made one. */
static void normalize(struct list *l)
{
	unsigned out = 0;

	if (l->n == 0)
		return;
	qsort(l->r, l->n, sizeof(l->r[0]), by_base);
	for (unsigned i = 1; i < l->n; i++) {
		if (l->r[i].lo <= l->r[out].hi) {
			if (l->r[i].hi > l->r[out].hi)
				l->r[out].hi = l->r[i].hi;
		} else {
			l->r[++out] = l->r[i];
		}
	}
	l->n = out + 1;
}

static bool is_string(const void *fdt, int node, const char *prop)
{
	int len;
	const char *s = fdt_getprop(fdt, node, prop, &len);

	return s && len > 0 && memchr(s, 0, (size_t)len);
}

static bool enabled(const void *fdt, int node)
{
	const char *s = fdt_getprop(fdt, node, "status", NULL);

	return !s || (is_string(fdt, node, "status") && (!strcmp(s, "okay") || !strcmp(s, "ok")));
}

static bool called(const void *fdt, int node, const char *name)
{
	const char *s = fdt_get_name(fdt, node, NULL);
	size_t n = strlen(name);

	return !strncmp(s, name, n) && (s[n] == '\0' || s[n] == '@');
}

/* -1: wrong; `def` when there is none. */
static int nr_cells(const void *fdt, int node, const char *prop, int def)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, prop, &len);

	if (!p)
		return def;
	return len == 4 && fdt32_to_cpu(*p) <= 2 ? (int)fdt32_to_cpu(*p) : -1;
}

static uint64_t number(const fdt32_t *p, int n)
{
	return n == 2 ? (uint64_t)fdt32_to_cpu(p[0]) << 32 | fdt32_to_cpu(p[1])
		      : fdt32_to_cpu(p[0]);
}

static void add_reg(struct list *l, const void *fdt, int node, int ac, int sc)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, "reg", &len);

	for (; p && len >= 4 * (ac + sc); len -= 4 * (ac + sc), p += ac + sc)
		add(l, number(p, ac), number(p + ac, sc));
}

static bool equal(const struct list *want, const struct memblock_region *(*get)(unsigned i),
		  const char *what)
{
	static struct list got;
	const struct memblock_region *r;

	got.n = 0;
	for (unsigned i = 0; (r = get(i)) != NULL && got.n < MAX_RANGES; i++) {
		if (r->name && !strcmp(r->name, "memblock"))
			DIFFER("memblock grew, the test's trees are too large");
		add(&got, r->base, r->size);
	}
	normalize(&got);
	if (want->n != got.n)
		DIFFER("%s: %u ranges, libfdt says %u", what, got.n, want->n);
	for (unsigned i = 0; i < got.n; i++)
		if (want->r[i].lo != got.r[i].lo || want->r[i].hi != got.r[i].hi)
			DIFFER("%s: range %u is 0x%llx-0x%llx, libfdt says 0x%llx-0x%llx", what, i,
			       (unsigned long long)got.r[i].lo, (unsigned long long)got.r[i].hi,
			       (unsigned long long)want->r[i].lo,
			       (unsigned long long)want->r[i].hi);
	return true;
}

static void read_memory(struct list *l, const void *fdt)
{
	int ac = nr_cells(fdt, 0, "#address-cells", 2), sc = nr_cells(fdt, 0, "#size-cells", 1);
	int node;

	l->n = 0;
	if (ac < 1 || sc < 1)
		return;
	fdt_for_each_subnode(node, fdt, 0)
	{
		bool typed = is_string(fdt, node, "device_type");
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);

		if ((typed ? !strcmp(type, "memory") : called(fdt, node, "memory")) &&
		    enabled(fdt, node))
			add_reg(l, fdt, node, ac, sc);
	}
	normalize(l);
}

/* Whether reservations can be judged: nothing is lent, asked for or an initrd. */
static bool read_reservations(struct list *l, const void *fdt)
{
	int resv = fdt_path_offset(fdt, "/reserved-memory"), ac, sc, node;
	bool own = resv >= 0 && fdt_getprop(fdt, resv, "#address-cells", NULL) &&
		   fdt_getprop(fdt, resv, "#size-cells", NULL);
	uint64_t base, size;

	l->n = 0;
	if (fdt_path_offset(fdt, "/chosen") >= 0)
		return false;
	/* fdt_num_mem_rsv() stops at any size of 0, the specification at (0, 0) */
	for (int i = 0; !fdt_get_mem_rsv(fdt, i, &base, &size) && (base || size); i++)
		add(l, base, size);
	ac = nr_cells(fdt, own ? resv : 0, "#address-cells", 2);
	sc = nr_cells(fdt, own ? resv : 0, "#size-cells", 1);
	if (!own &&
	    (nr_cells(fdt, 0, "#address-cells", 2) < 1 || nr_cells(fdt, 0, "#size-cells", 1) < 1))
		sc = -1;
	if (resv >= 0 && ac >= 1 && sc >= 1) {
		fdt_for_each_subnode(node, fdt, resv)
		{
			if (!enabled(fdt, node))
				continue;
			if (!fdt_getprop(fdt, node, "reg", NULL))
				return false;
			add_reg(l, fdt, node, ac, sc);
		}
	}
	normalize(l);
	return true;
}

bool compare_memory(const void *blob)
{
	static struct list want;

	read_memory(&want, blob);
	if (!equal(&want, memblock_memory, "memory"))
		return false;
	return !read_reservations(&want, blob) || equal(&want, memblock_reserved, "reserved");
}
