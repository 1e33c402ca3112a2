/* SPDX-License-Identifier: MIT */
/*
 * What the device tree says that decides who gets which memory: how far DMA
 * reaches (dma-ranges), and how far nodes are apart (numa-distance-map-v1).
 *
 * A bus with dma-ranges sees RAM through windows: (child address, parent address,
 * size), each with as many cells as the bus and its parent say.  The end of its
 * highest window, followed up bus by bus to a CPU's address, is what a master on
 * it reaches; the least such end of all buses is memory that serves every device.
 * A bus without the property, or with an empty one, hands addresses on as they are.
 *
 * Owns no state: the answers go into the caller's struct fdt_facts.  Start-up, one
 * CPU, no lock, no recursion, no arch code.  The tree is foreign data: windows are
 * compared before they are added to, and only the first MAX_WINDOWS of a bus count,
 * so that buses of thousands within one another do not take minutes.
 *
 * Follows the Devicetree Specification v0.4 (2.3.5, 2.3.9) and, in what is computed,
 * Linux 6.1 of_dma_get_max_cpu_address() and of_numa.c.
 *
 * Not here: RAM, reservations and CPUs (fdt_scan.c).
 */
#include <boot/fdt.h>
#include <boot/fdt_complain.h>
#include <mm/hex64.h>

#define PHYS_LIMIT  (1ULL << 32)
#define MAX_WINDOWS 64
#define MAX_CELLS   3 /* of an address: PCI's first cell says which space, the others where */

#define LOCAL_DISTANCE 10
#define MAX_DISTANCE   255

/* The i-th cell of a property, which has it. */
static uint32_t cell(const void *list, uint32_t len, uint32_t i)
{
	uint64_t value = 0, none;

	fdt_range(list, len, (struct fdt_cells){.address = 1, .size = 0}, i, &value, &none);
	return (uint32_t)value;
}

/* ---- dma-ranges --------------------------------------------------------------- */

/* A node on the way down from the root to the one at hand. */
struct level {
	const void *list;   /* dma-ranges; NULL: none, or empty */
	uint32_t len, nr;   /* bytes; windows */
	uint32_t na, ns;    /* cells of an address and of a size on this bus */
	uint32_t parent_na; /* cells of an address on the parent's */
	bool bad;	    /* it has dma-ranges that nobody can read */
};

struct window {
	uint64_t child, parent, size;
};

/* Of an address of three cells the two that are a number. */
static uint64_t number(const struct level *bus, uint32_t first, uint32_t n)
{
	uint64_t value = 0;

	for (uint32_t i = n > 2 ? n - 2 : 0; i < n; i++)
		value = value << 32 | cell(bus->list, bus->len, first + i);
	return value;
}

static struct window window(const struct level *bus, uint32_t i)
{
	uint32_t first = i * (bus->na + bus->parent_na + bus->ns);

	return (struct window){
		.child = number(bus, first, bus->na),
		.parent = number(bus, first + bus->na, bus->parent_na),
		.size = number(bus, first + bus->na + bus->parent_na, bus->ns),
	};
}

/*
 * How many cells; 0 when that is not 1 to max.  No default is inherited from further
 * up (specification 2.3.5).
 */
static uint32_t nr_cells(const struct fdt *t, int node, const char *prop, uint32_t dflt,
			 uint32_t max)
{
	uint32_t n = dflt;

	return fdt_u32(t, node, prop, &n) == -EINVAL || n > max ? 0 : n;
}

/* Fills way[depth] with what the node says; its parents' levels are there. */
static void enter_bus(const struct fdt *t, int node, struct level *way, int depth,
		      struct fdt_facts *facts)
{
	struct level *bus = &way[depth];
	uint32_t bytes;

	*bus = (struct level){0};
	bus->list = fdt_get(t, node, "dma-ranges", &bus->len);
	/* Also where there is none: the children's windows need the cells. */
	bus->na = nr_cells(t, node, "#address-cells", 2, MAX_CELLS);
	bus->ns = nr_cells(t, node, "#size-cells", 1, 2);
	bus->parent_na = depth ? way[depth - 1].na : bus->na;
	if (bus->len == 0)
		bus->list = NULL;
	if (!bus->list)
		return;
	if (!bus->na || !bus->ns || !bus->parent_na) {
		fdt_complain(facts,
			     "fdt: %.64s: dma-ranges left out, addresses are to have 1 to 3 cells "
			     "and sizes 1 or 2\n",
			     fdt_name(t, node));
		bus->bad = true;
		return;
	}
	bytes = 4 * (bus->na + bus->parent_na + bus->ns);
	bus->nr = bus->len / bytes;
	if (bus->len % bytes)
		fdt_complain(facts,
			     "fdt: %.64s: dma-ranges has %u bytes, expected a multiple of %u\n",
			     fdt_name(t, node), (unsigned)bus->len, (unsigned)bytes);
	if (bus->nr > MAX_WINDOWS) {
		fdt_complain(facts, "fdt: %.64s: dma-ranges has %u windows, %u of them count\n",
			     fdt_name(t, node), (unsigned)bus->nr, MAX_WINDOWS);
		bus->nr = MAX_WINDOWS;
	}
}

/* An address on the bus, on the bus above it; false when no window leads there. */
static bool up(const struct level *bus, uint64_t *addr)
{
	if (!bus->list)
		return true;
	for (uint32_t i = 0; !bus->bad && i < bus->nr; i++) {
		struct window w = window(bus, i);

		if (*addr >= w.child && *addr - w.child < w.size) {
			*addr -= w.child;
			if (*addr > UINT64_MAX - w.parent)
				return false;
			*addr += w.parent;
			return true;
		}
	}
	return false;
}

/*
 * The last byte that window i of the bus way[depth] lets a master reach, as a CPU's
 * address; false when it leads nowhere.
 */
static bool window_last(const struct level *way, int depth, uint32_t i, uint64_t *last)
{
	struct window w = window(&way[depth], i);
	uint64_t addr = w.parent;

	if (w.size == 0)
		return false;
	/* The root's own property says nothing about what lies beneath it. */
	for (int d = depth - 1; d > 0; d--)
		if (!up(&way[d], &addr))
			return false;
	if (w.size - 1 > UINT64_MAX - addr)
		return false;
	*last = addr + (w.size - 1);
	return true;
}

/* The last byte that a master on this bus reaches; UINT64_MAX: there is no limit. */
static uint64_t bus_last(const struct fdt *t, int node, const struct level *way, int depth,
			 struct fdt_facts *facts)
{
	const struct level *bus = &way[depth];
	uint64_t highest = 0, last;
	bool any = false;

	for (uint32_t i = 0; !bus->bad && i < bus->nr; i++) {
		if (!window_last(way, depth, i, &last)) {
			struct window w = window(bus, i);

			fdt_complain(facts,
				     "fdt: %.64s: dma-ranges: %s bytes at %s are empty, wrap "
				     "around or lead nowhere, left out\n",
				     fdt_name(t, node), HEX64(w.size), HEX64(w.parent));
			continue;
		}
		any = true;
		if (last > highest)
			highest = last;
	}
	return any ? highest : UINT64_MAX;
}

void fdt_scan_dma(const struct fdt *t, struct fdt_facts *facts)
{
	struct level way[FDT_MAX_DEPTH];
	int depth = 0, hidden = FDT_MAX_DEPTH;
	uint64_t lowest = UINT64_MAX;

	facts->dma_limit = 0;
	for (int n = fdt_root(t); n >= 0; n = fdt_walk(t, n, &depth)) {
		uint64_t last;

		/* What lies beneath a bus that is disabled is out of use as well. */
		if (depth > hidden)
			continue;
		hidden = depth && !fdt_is_enabled(t, n) ? depth : FDT_MAX_DEPTH;
		if (hidden == depth)
			continue;
		enter_bus(t, n, way, depth, facts);
		last = bus_last(t, n, way, depth, facts);
		if (last < lowest)
			lowest = last;
	}
	if (lowest < PHYS_LIMIT - 1)
		facts->dma_limit = lowest + 1;
}

/* ---- distances ------------------------------------------------------------------ */

/* What is wrong with an entry, or NULL. */
static const char *wrong_distance(const struct fdt_facts *facts, uint32_t a, uint32_t b,
				  uint32_t distance)
{
	if (a >= BUDDY_MAX_NODES || b >= BUDDY_MAX_NODES)
		return "there are fewer nodes";
	if (a == b && distance != LOCAL_DISTANCE)
		return "a node is 10 from itself";
	if (a != b && (distance <= LOCAL_DISTANCE || distance > MAX_DISTANCE))
		return "expected 11 to 255";
	if (facts->distance[a][b] && facts->distance[a][b] != distance)
		return "given before, and not the same";
	return NULL;
}

static void read_matrix(const struct fdt *t, int node, struct fdt_facts *facts)
{
	uint32_t len = 0;
	const void *list = fdt_get(t, node, "distance-matrix", &len);

	if (!list || len % 12)
		fdt_complain(
			facts,
			"fdt: %.64s: distance-matrix has %u bytes, expected triples of cells\n",
			fdt_name(t, node), (unsigned)len);
	for (uint32_t i = 0; i < len / 12; i++) {
		uint32_t a = cell(list, len, 3 * i), b = cell(list, len, 3 * i + 1);
		uint32_t distance = cell(list, len, 3 * i + 2);
		const char *wrong = wrong_distance(facts, a, b, distance);

		if (wrong)
			fdt_complain(facts,
				     "fdt: %.64s: distance %u from node %u to %u: %s, left out\n",
				     fdt_name(t, node), (unsigned)distance, (unsigned)a,
				     (unsigned)b, wrong);
		else
			facts->distance[a][b] = (uint8_t)distance;
	}
}

void fdt_scan_distances(const struct fdt *t, struct fdt_facts *facts)
{
	static const char compatible[] = "numa-distance-map-v1";
	bool seen = false;

	for (int n = fdt_find_compatible(t, -1, compatible); n >= 0;
	     n = fdt_find_compatible(t, n, compatible)) {
		if (!fdt_is_enabled(t, n))
			continue;
		if (seen)
			fdt_complain(facts, "fdt: %.64s: second map of distances, left out\n",
				     fdt_name(t, n));
		else
			read_matrix(t, n, facts);
		seen = true;
	}
	for (unsigned a = 0; a < BUDDY_MAX_NODES; a++)
		for (unsigned b = 0; b < BUDDY_MAX_NODES; b++)
			if (!facts->distance[a][b])
				facts->distance[a][b] = facts->distance[b][a];
}
