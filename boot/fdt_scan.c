/* SPDX-License-Identifier: MIT */
/*
 * What the device tree says about this machine: RAM, who has taken which part of
 * it, the initrd, the CPUs and the command line.
 *
 * Owns no state: ranges go into memblock, the rest into the caller's struct
 * fdt_facts.  Start-up, one CPU, no locks, no recursion, no arch code.
 *
 * The tree is foreign data.  fdt.c has made sure that reading it leaves the
 * blob nowhere; here its values are judged.  What is wrong is named in a line
 * (which node, which range, what was expected), counted and left out; the rest
 * counts.  The order is that nothing is allocated before everything that sits at
 * a fixed place is reserved: RAM, initrd, the reservation block, reserved-memory
 * nodes with a place, and only then those that just ask for a size.
 *
 * Follows the Devicetree Specification v0.4 (3.4 /memory, 3.5 /reserved-memory,
 * 3.6 /chosen, 3.8 /cpus, 5.3 the reservation block); in what it does not say,
 * Linux 6.1 drivers/of/fdt.c and of_reserved_mem.c.
 *
 * Not here: the format (fdt.c), how far DMA reaches and how far nodes are apart
 * (fdt_policy.c), the CPUs' start (smp.c), what becomes of a CMA area,
 * interpretation of the command line.
 */
#include <boot/fdt.h>
#include <boot/fdt_complain.h>
#include <buddy/config.h>
#include <buddy/memblock.h>
#include <mm/hex64.h>
#include <port/port.h>

#define PHYS_LIMIT (1ULL << 32) /* a Cortex-A9 has 32 address bits, whatever the tree says */
#define MPIDR_MASK 0xffffffU	/* Aff2, Aff1, Aff0: ARMv7-A ARM DDI0406C B4.1.106 */

/* The unit in which CMA areas come and go. */
#define CMA_ALIGN ((uint64_t)pageblock_nr_pages * PAGE_SIZE)

struct scan {
	struct fdt t;
	struct fdt_facts *facts;
	struct fdt_cells root; /* of memory nodes */
	int resv_node;	       /* /reserved-memory */
	struct fdt_cells resv; /* of its children */
	uint64_t initrd_start, initrd_end;
};

/* A list of ranges in a property. */
struct ranges {
	const void *list;
	uint32_t len;
	struct fdt_cells cells;
};

/* ---- complaints ----------------------------------------------------------- */

#define complain(s, ...) fdt_complain((s)->facts, __VA_ARGS__)

/* What stands for a node in a line: printable, fdt.c made sure of that. */
static const char *name_of(const struct scan *s, int node)
{
	return fdt_name(&s->t, node);
}

/* ---- ranges ----------------------------------------------------------------- */

/* Nothing and what wraps around overlap nothing: they will be left out. */
static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	if (a_size == 0 || b_size == 0 || b_size - 1 > UINT64_MAX - b)
		return false;
	return a <= b + (b_size - 1) && b <= a + (a_size - 1);
}

/*
 * Makes of a range what a 32-bit machine can have: false (and a line) for
 * nothing; cut (and a line) where it goes beyond.
 */
static bool judge(struct scan *s, const char *who, uint64_t base, uint64_t *size)
{
	if (*size == 0) {
		complain(s, "fdt: %.64s: range at %s is empty, left out\n", who, HEX64(base));
		return false;
	}
	if (*size - 1 > UINT64_MAX - base) {
		complain(s, "fdt: %.64s: %s bytes at %s wrap around, left out\n", who, HEX64(*size),
			 HEX64(base));
		return false;
	}
	if (base >= PHYS_LIMIT) {
		complain(s, "fdt: %.64s: %s bytes at %s lie beyond 4 GiB, left out\n", who,
			 HEX64(*size), HEX64(base));
		return false;
	}
	if (*size > PHYS_LIMIT - base) {
		complain(s, "fdt: %.64s: %s bytes at %s cut at 4 GiB\n", who, HEX64(*size),
			 HEX64(base));
		*size = PHYS_LIMIT - base;
	}
	return true;
}

/* Whether the node has such a list; a last entry that is cut short is named. */
static bool get_ranges(struct scan *s, int node, const char *prop, struct fdt_cells cells,
		       struct ranges *r)
{
	unsigned bytes = 4 * (unsigned)(cells.address + cells.size);

	r->cells = cells;
	r->list = fdt_get(&s->t, node, prop, &r->len);
	if (r->list && r->len % bytes)
		complain(s, "fdt: %.64s: %s has %u bytes, expected a multiple of %u\n",
			 name_of(s, node), prop, (unsigned)r->len, bytes);
	return r->list != NULL;
}

static bool next_range(const struct ranges *r, uint32_t *i, uint64_t *base, uint64_t *size)
{
	return fdt_range(r->list, r->len, r->cells, (*i)++, base, size) == 0;
}

static int node_id(struct scan *s, int node)
{
	uint32_t nid = 0;
	int err = fdt_u32(&s->t, node, "numa-node-id", &nid);

	if (!err && nid < BUDDY_MAX_NODES)
		return (int)nid;
	if (err != -ENOENT)
		complain(s, "fdt: %.64s: numa-node-id is not one cell of 0 to %u, node 0 taken\n",
			 name_of(s, node), BUDDY_MAX_NODES - 1U);
	return 0;
}

/*
 * memblock asks, when it needs memory for its own arrays during the scan,
 * whether a range will be reserved later on.
 */
static bool yet_to_come(void *arg, phys_addr_t base, phys_addr_t size, phys_addr_t *lowest)
{
	const struct scan *s = arg;
	uint64_t at, bytes;

	*lowest = s->initrd_start;
	if (overlap(base, size, s->initrd_start, s->initrd_end - s->initrd_start))
		return true;
	for (uint32_t i = 0; !fdt_rsv(&s->t, i, &at, &bytes); i++) {
		*lowest = at;
		if (overlap(base, size, at, bytes))
			return true;
	}
	for (int n = fdt_child(&s->t, s->resv_node); n >= 0; n = fdt_sibling(&s->t, n)) {
		struct ranges r = {.cells = s->resv};

		r.list = fdt_get(&s->t, n, "reg", &r.len);
		for (uint32_t i = 0; r.list && next_range(&r, &i, &at, &bytes);) {
			*lowest = at;
			if (overlap(base, size, at, bytes))
				return true;
		}
	}
	return false;
}

/* ---- memory ----------------------------------------------------------------- */

/* device_type decides; a node without it is memory if it is called so. */
static bool is_memory(const struct scan *s, int node)
{
	const char *type = fdt_str(&s->t, node, "device_type");

	if (!type)
		return fdt_name_is(&s->t, node, "memory");
	return fdt_streq(type, "memory");
}

static void add_memory(struct scan *s, int node)
{
	const char *name = name_of(s, node);
	int nid = node_id(s, node);
	uint64_t base, size;
	struct ranges r;

	if (!get_ranges(s, node, "reg", s->root, &r)) {
		complain(s, "fdt: %.64s: no reg, left out\n", name);
		return;
	}
	for (uint32_t i = 0; next_range(&r, &i, &base, &size);) {
		uint64_t before = memblock_phys_mem_size();

		if (!judge(s, name, base, &size))
			continue;
		if (memblock_add(base, size, nid))
			complain(s, "fdt: %.64s: no room to note %s bytes at %s, left out\n", name,
				 HEX64(size), HEX64(base));
		else if (memblock_phys_mem_size() - before < size)
			complain(s, "fdt: %.64s: %s bytes at %s overlap other memory, merged\n",
				 name, HEX64(size), HEX64(base));
	}
}

static void scan_root_cells(struct scan *s)
{
	if (fdt_cells(&s->t, fdt_root(&s->t), &s->root) || s->root.size == 0) {
		complain(s,
			 "fdt: /: #address-cells or #size-cells is not 1 or 2, no memory read\n");
		s->root.size = 0;
	}
}

static void scan_memory(struct scan *s)
{
	if (s->root.size == 0)
		return;
	for (int n = fdt_child(&s->t, fdt_root(&s->t)); n >= 0; n = fdt_sibling(&s->t, n)) {
		if (is_memory(s, n) && fdt_is_enabled(&s->t, n))
			add_memory(s, n);
	}
}

/* ---- reservations ------------------------------------------------------------ */

static int reserve(struct scan *s, const char *name, uint64_t base, uint64_t size, unsigned flags)
{
	int err = memblock_reserve(base, size, name, flags);

	if (err)
		complain(s, "fdt: %.64s: no room to note %s bytes at %s: NOT reserved\n", name,
			 HEX64(size), HEX64(base));
	return err;
}

/* The reservation block often repeats what is known already: no complaint about that. */
static void scan_reservation_block(struct scan *s)
{
	uint64_t base, size;

	for (uint32_t i = 0; !fdt_rsv(&s->t, i, &base, &size); i++) {
		if (judge(s, "reservation block", base, &size))
			reserve(s, "memreserve", base, size, MEMBLOCK_NONE);
	}
}

static unsigned flags_of(const struct scan *s, int node)
{
	if (fdt_get(&s->t, node, "no-map", NULL))
		return MEMBLOCK_NOMAP;
	if (fdt_get(&s->t, node, "reusable", NULL) &&
	    fdt_is_compatible(&s->t, node, "shared-dma-pool"))
		return MEMBLOCK_REUSABLE;
	return MEMBLOCK_NONE;
}

static void note_cma(struct scan *s, int node, uint64_t base, uint64_t size)
{
	struct fdt_facts *f = s->facts;

	if (f->nr_cma == FDT_MAX_CMA) {
		complain(s, "fdt: %.64s: more than %u CMA areas, this one has no entry\n",
			 name_of(s, node), FDT_MAX_CMA);
		return;
	}
	f->cma[f->nr_cma++] = (struct fdt_cma){
		.base = base,
		.size = size,
		.name = name_of(s, node),
		.is_default = fdt_get(&s->t, node, "linux,cma-default", NULL) != NULL,
	};
}

/* Memory that is to be lent out must be RAM, nobody else's, and whole pageblocks. */
static bool can_be_lent(struct scan *s, const char *name, uint64_t base, uint64_t size)
{
	const char *why = NULL;

	if (!memblock_is_region_memory(base, size))
		why = "is not all RAM";
	else if (memblock_is_region_reserved(base, size))
		why = "overlaps another reservation";
	else if ((base | size) & (CMA_ALIGN - 1))
		why = "is not aligned to pageblocks";
	if (why)
		complain(s, "fdt: %.64s: %s bytes at %s: %s, reserved, but no CMA area\n", name,
			 HEX64(size), HEX64(base), why);
	return !why;
}

static void reserve_static(struct scan *s, int node, unsigned flags)
{
	const char *name = name_of(s, node);
	uint64_t base, size;
	struct ranges r;

	if (!get_ranges(s, node, "reg", s->resv, &r))
		return;
	for (uint32_t i = 0; next_range(&r, &i, &base, &size);) {
		unsigned range_flags = flags;

		if (!judge(s, name, base, &size))
			continue;
		if (flags == MEMBLOCK_REUSABLE) {
			if (!can_be_lent(s, name, base, size))
				range_flags = MEMBLOCK_NONE;
		} else if (memblock_is_region_reserved(base, size)) {
			complain(s, "fdt: %.64s: %s bytes at %s overlap another reservation\n",
				 name, HEX64(size), HEX64(base));
		}
		if (!reserve(s, name, base, size, range_flags) && range_flags == MEMBLOCK_REUSABLE)
			note_cma(s, node, base, size);
	}
}

/* The size and alignment that a node without a place asks for; false after a line. */
static bool get_request(struct scan *s, int node, unsigned flags, uint64_t *size, uint64_t *align)
{
	uint64_t unit = flags == MEMBLOCK_REUSABLE ? CMA_ALIGN : PAGE_SIZE;
	int err = fdt_number(&s->t, node, "alignment", align);

	if (err == -ENOENT)
		*align = unit;
	if (err == -EINVAL || *align == 0 || (*align & (*align - 1))) {
		complain(s, "fdt: %.64s: alignment is not a power of two, left out\n",
			 name_of(s, node));
		return false;
	}
	if (*align < unit)
		*align = unit;

	err = fdt_number(&s->t, node, "size", size);
	if (err || *size == 0 || *size > PHYS_LIMIT) {
		complain(s, "fdt: %.64s: %s, left out\n", name_of(s, node),
			 err == -ENOENT ? "neither reg nor size"
					: "size is not 1 byte to 4 GiB in one or two cells");
		return false;
	}
	*size = (*size + unit - 1) & ~(unit - 1);
	return true;
}

static void reserve_dynamic(struct scan *s, int node, unsigned flags)
{
	uint64_t size, align, base = 0, from, span;
	const char *name = name_of(s, node);
	struct ranges r;

	if (!get_request(s, node, flags, &size, &align))
		return;
	if (get_ranges(s, node, "alloc-ranges", s->resv, &r)) {
		for (uint32_t i = 0; !base && next_range(&r, &i, &from, &span);) {
			if (judge(s, name, from, &span))
				base = memblock_phys_alloc_range(size, align, from, from + span,
								 name);
		}
	} else {
		base = memblock_phys_alloc_range(size, align, 0, PHYS_LIMIT, name);
	}
	if (!base) {
		complain(s, "fdt: %.64s: no room for %s bytes aligned to %s, left out\n", name,
			 HEX64(size), HEX64(align));
		return;
	}
	/* Given back and taken again, because lending takes both owners' consent. */
	if (flags != MEMBLOCK_NONE &&
	    (memblock_free(base, size) || reserve(s, name, base, size, flags)))
		return;
	if (flags == MEMBLOCK_REUSABLE)
		note_cma(s, node, base, size);
}

/*
 * What is lent comes after what is not, so that an overlap shows at the one that
 * loses by it; what has no place yet comes last.
 */
enum pass { PASS_TAKEN, PASS_LENT, PASS_WITHOUT_PLACE, NR_PASSES };

static void scan_reserved_memory(struct scan *s, enum pass pass)
{
	for (int n = fdt_child(&s->t, s->resv_node); n >= 0; n = fdt_sibling(&s->t, n)) {
		unsigned flags = flags_of(s, n);
		bool has_place = fdt_get(&s->t, n, "reg", NULL) != NULL;

		if (!fdt_is_enabled(&s->t, n))
			continue;
		if (pass == PASS_WITHOUT_PLACE && !has_place)
			reserve_dynamic(s, n, flags);
		else if (pass == (flags == MEMBLOCK_REUSABLE ? PASS_LENT : PASS_TAKEN) && has_place)
			reserve_static(s, n, flags);
		if (pass == PASS_TAKEN && flags == MEMBLOCK_NOMAP &&
		    fdt_get(&s->t, n, "reusable", NULL))
			complain(s, "fdt: %.64s: both no-map and reusable, taken as no-map\n",
				 name_of(s, n));
	}
}

static void find_reserved_memory(struct scan *s)
{
	int node = fdt_path(&s->t, "/reserved-memory");

	s->resv_node = node;
	if (node < 0)
		return;
	/* The specification wants the cells said, and the same as the root's. */
	if (!fdt_get(&s->t, node, "#address-cells", NULL) ||
	    !fdt_get(&s->t, node, "#size-cells", NULL)) {
		complain(s, "fdt: /reserved-memory: cells not given, taken as the root's\n");
		s->resv = s->root;
	} else if (fdt_cells(&s->t, node, &s->resv)) {
		s->resv.size = 0;
	}
	if (s->resv.size == 0) {
		complain(s, "fdt: /reserved-memory: #address-cells or #size-cells is not 1 or 2, "
			    "left out\n");
		s->resv_node = -ENOENT;
	}
}

/* ---- chosen ------------------------------------------------------------------- */

static const char *string_or_empty(struct scan *s, int node, const char *prop)
{
	const char *str = fdt_str(&s->t, node, prop);

	if (!str && fdt_get(&s->t, node, prop, NULL))
		complain(s, "fdt: %.64s: %s is not a terminated string, left out\n",
			 name_of(s, node), prop);
	return str ? str : "";
}

/* Before memory is known: only whether it is a range. */
static void scan_initrd(struct scan *s, int chosen)
{
	uint64_t start = 0, end = 0;
	int err = fdt_number(&s->t, chosen, "linux,initrd-start", &start);
	int err_end = fdt_number(&s->t, chosen, "linux,initrd-end", &end);

	if (err == -ENOENT && err_end == -ENOENT)
		return;
	if (err || err_end || start > end) {
		complain(s, "fdt: chosen: linux,initrd-start and -end are no range, left out\n");
		return;
	}
	s->initrd_start = start;
	s->initrd_end = end;
}

static void scan_chosen(struct scan *s)
{
	int chosen = fdt_path(&s->t, "/chosen");

	s->facts->model = string_or_empty(s, fdt_root(&s->t), "model");
	s->facts->bootargs = string_or_empty(s, chosen, "bootargs");
	s->facts->stdout_path = string_or_empty(s, chosen, "stdout-path");
	scan_initrd(s, chosen);
}

static void reserve_initrd(struct scan *s)
{
	uint64_t start = s->initrd_start, size = s->initrd_end - start;

	if (size == 0)
		return;
	if (!memblock_is_region_memory(start, size)) {
		complain(s, "fdt: chosen: initrd, %s bytes at %s, is not all RAM, left out\n",
			 HEX64(size), HEX64(start));
		return;
	}
	if (reserve(s, "initrd", start, size, MEMBLOCK_NONE))
		return;
	s->facts->initrd_start = start;
	s->facts->initrd_end = s->initrd_end;
}

/* ---- cpus --------------------------------------------------------------------- */

/*
 * A CPU that is "disabled" sleeps until it is started by its enable-method
 * (specification 3.8.1); without one, or with "fail", it is none of ours.
 */
static bool can_start(const struct scan *s, int node, const char *method)
{
	const char *status = fdt_str(&s->t, node, "status");

	return fdt_is_enabled(&s->t, node) || (status && fdt_streq(status, "disabled") && *method);
}

static void add_cpu(struct scan *s, int node, int parent, struct fdt_cells cells)
{
	struct fdt_facts *f = s->facts;
	const char *name = name_of(s, node);
	struct fdt_cpu cpu = {.method = string_or_empty(s, node, "enable-method")};
	uint64_t id, size;
	struct ranges r;
	uint32_t i = 0;

	if (!*cpu.method)
		cpu.method = string_or_empty(s, parent, "enable-method");
	if (!can_start(s, node, cpu.method))
		return;
	if (!get_ranges(s, node, "reg", cells, &r) || !next_range(&r, &i, &id, &size) ||
	    (id & ~(uint64_t)MPIDR_MASK)) {
		complain(s, "fdt: cpus/%.64s: reg is no MPIDR (24 bits), left out\n", name);
		return;
	}
	cpu.mpidr = (uint32_t)id;
	for (unsigned c = 0; c < f->nr_cpus; c++) {
		if (f->cpu[c].mpidr == cpu.mpidr) {
			complain(s, "fdt: cpus/%.64s: MPIDR 0x%x for the second time, left out\n",
				 name, (unsigned)cpu.mpidr);
			return;
		}
	}
	if (f->nr_cpus == FDT_MAX_CPUS) {
		complain(s, "fdt: cpus/%.64s: more than %u CPUs, left out\n", name, FDT_MAX_CPUS);
		return;
	}
	if (fdt_number(&s->t, node, "cpu-release-addr", &cpu.release_addr) == -EINVAL)
		complain(s, "fdt: cpus/%.64s: cpu-release-addr is not one or two cells\n", name);
	cpu.nid = node_id(s, node);
	f->cpu[f->nr_cpus++] = cpu;
}

static void scan_cpus(struct scan *s)
{
	int cpus = fdt_path(&s->t, "/cpus");
	struct fdt_cells cells;

	if (fdt_cells(&s->t, cpus, &cells)) {
		complain(s, "fdt: /cpus: #address-cells is not 1 or 2, no CPU read\n");
		return;
	}
	/* Without #size-cells: a CPU's reg has no size (specification 3.7). */
	if (!fdt_get(&s->t, cpus, "#size-cells", NULL))
		cells.size = 0;
	for (int n = fdt_child(&s->t, cpus); n >= 0; n = fdt_sibling(&s->t, n)) {
		const char *type = fdt_str(&s->t, n, "device_type");

		if (type ? fdt_streq(type, "cpu") : fdt_name_is(&s->t, n, "cpu"))
			add_cpu(s, n, cpus, cells);
	}
	if (s->facts->nr_cpus == 0)
		complain(s, "fdt: /cpus: no CPU is described\n");
}

/*
 * fdt_scan - reads the whole tree once, in the order that the head explains.
 *
 * Start-up, one CPU, memblock open; arguments, return and errors: fdt.h.
 */
int fdt_scan(const void *blob, size_t max_bytes, struct fdt_facts *facts)
{
	struct scan s = {.facts = facts, .resv_node = -ENOENT};
	int err;

	*facts = (struct fdt_facts){.model = "", .bootargs = "", .stdout_path = ""};
	err = fdt_open(&s.t, blob, max_bytes);
	if (err)
		return err;
	facts->totalsize = s.t.totalsize;

	scan_root_cells(&s);
	find_reserved_memory(&s);
	scan_chosen(&s);
	memblock_set_avoid(yet_to_come, &s);
	scan_memory(&s);
	reserve_initrd(&s);
	scan_reservation_block(&s);
	scan_reserved_memory(&s, PASS_TAKEN);
	scan_reserved_memory(&s, PASS_LENT);
	memblock_set_avoid(NULL, NULL);
	scan_reserved_memory(&s, PASS_WITHOUT_PLACE);
	scan_cpus(&s);
	fdt_scan_dma(&s.t, facts);
	fdt_scan_distances(&s.t, facts);

	if (memblock_phys_mem_size() == 0) {
		complain(&s, "fdt: no memory node with usable RAM\n");
		return -ENOMEM;
	}
	return 0;
}
