// SPDX-License-Identifier: MIT
/*
 * libFuzzer on the device tree: any bytes at all are checked, read and scanned.
 *
 * The input lies in a heap block of exactly its size; AddressSanitizer and UBSan
 * judge every access, the checks below every answer.  memblock and the blob start
 * anew with each input; fake RAM is all 4 GiB, so that memblock may grow wherever
 * the tree sees RAM.
 *
 *	make fuzz FUZZ_TIME=600
 *
 * Not here: libfdt's opinion of the same bytes (diff_libfdt.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <boot/fdt.h>
#include <boot/fdt_console.h>
#include <buddy/memblock.h>
#include <port/host/host.h>
#include <port/port.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define REQUIRE(what)                                                              \
	do {                                                                       \
		if (!(what)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			abort();                                                   \
		}                                                                  \
	} while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	host_map_phys(0, 1ULL << 32);
	return 0;
}

/* Every call of the reader on every node: no answer may lie outside of the blob. */
static void read_all(const uint8_t *blob, size_t size)
{
	struct fdt t;
	struct fdt_prop prop;
	struct fdt_cells cells;
	uint64_t x, y;
	static const char *const uarts[] = {"arm,pl011", NULL};
	struct fdt_console console;
	const char *why = NULL;
	uint32_t v, len;
	int depth = 0;

	REQUIRE(fdt_open(&t, blob, size) == 0);
	for (int n = fdt_root(&t); n >= 0; n = fdt_walk(&t, n, &depth)) {
		REQUIRE(depth >= 0 && depth < FDT_MAX_DEPTH);
		REQUIRE(strlen(fdt_name(&t, n)) <= FDT_MAX_NAME);
		for (bool m = fdt_first_prop(&t, n, &prop); m; m = fdt_next_prop(&t, &prop)) {
			const uint8_t *p = prop.data;

			REQUIRE(p >= blob && p <= blob + t.totalsize);
			REQUIRE(prop.len <= (size_t)(blob + t.totalsize - p));
			REQUIRE(((uintptr_t)p & 3) == 0);
			REQUIRE(fdt_get(&t, n, prop.name, &len) != NULL);
			fdt_u32(&t, n, prop.name, &v);
			fdt_number(&t, n, prop.name, &x);
			fdt_str(&t, n, prop.name);
		}
		if (!fdt_cells(&t, n, &cells))
			REQUIRE(cells.address <= 2 && cells.size <= 2);
		fdt_reg(&t, n, 0, &x, &y);
		fdt_is_enabled(&t, n);
		fdt_is_compatible(&t, n, "shared-dma-pool");
	}
	for (uint32_t i = 0; !fdt_rsv(&t, i, &x, &y); i++)
		;
	fdt_path(&t, "/reserved-memory/x@1");
	fdt_path(&t, "serial0:1");
	fdt_find_compatible(&t, -1, "arm,pl011");
	if (!fdt_console(&t, "serial0:1", uarts, &console, &why))
		REQUIRE(console.irq == 0 || (console.irq >= 32 && console.irq < 1020));
	else
		REQUIRE(*why);
}

static void check_ranges(const struct memblock_region *(*get)(unsigned i))
{
	const struct memblock_region *r;
	uint64_t end = 0;

	for (unsigned i = 0; (r = get(i)) != NULL; i++) {
		REQUIRE(r->size > 0 && r->base >= end);
		end = r->base + r->size;
		REQUIRE(end > r->base && end <= 1ULL << 32);
		REQUIRE(r->nid >= 0 && r->nid < 4);
	}
}

static void check_facts(const struct fdt_facts *f, size_t size)
{
	REQUIRE(strlen(f->model) < size && strlen(f->bootargs) < size);
	REQUIRE(strlen(f->stdout_path) < size);
	REQUIRE(f->initrd_start <= f->initrd_end && f->initrd_end <= 1ULL << 32);
	REQUIRE(f->nr_cpus <= FDT_MAX_CPUS && f->nr_cma <= FDT_MAX_CMA);
	for (unsigned i = 0; i < f->nr_cpus; i++) {
		REQUIRE(f->cpu[i].mpidr < 1U << 24 && f->cpu[i].nid >= 0 && f->cpu[i].nid < 4);
		REQUIRE(strlen(f->cpu[i].method) < size);
	}
	for (unsigned i = 0; i < f->nr_cma; i++) {
		REQUIRE(memblock_is_region_memory(f->cma[i].base, f->cma[i].size));
		REQUIRE(strlen(f->cma[i].name) <= FDT_MAX_NAME);
	}
	REQUIRE(f->dma_limit < 1ULL << 32);
	for (unsigned i = 0; i < BUDDY_MAX_NODES; i++) {
		REQUIRE(f->distance[i][i] == 0 || f->distance[i][i] == 10);
		for (unsigned j = 0; j < BUDDY_MAX_NODES; j++) {
			REQUIRE(!f->distance[i][j] == !f->distance[j][i]);
			REQUIRE(i == j || !f->distance[i][j] || f->distance[i][j] > 10);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fdt_facts facts;
	uint8_t *blob = malloc(size ? size : 1);
	uint64_t iter = 0, lo, hi, sum = 0;
	int err, nid;

	REQUIRE(blob);
	memcpy(blob, data, size);
	memblock_reset();
	host_log_clear();

	err = fdt_check(blob, size);
	REQUIRE(err == 0 || host_log_lines() == 1);
	if (err == 0)
		read_all(blob, size);
	REQUIRE((fdt_scan(blob, size, &facts) == -EINVAL) == (err == -EINVAL));

	check_ranges(memblock_memory);
	check_ranges(memblock_reserved);
	check_facts(&facts, size + 1);
	while (memblock_next_free(&iter, &lo, &hi, &nid)) {
		REQUIRE(lo < hi && memblock_is_region_memory(lo, hi - lo));
		REQUIRE(!memblock_is_region_reserved(lo, hi - lo));
		sum += hi - lo;
	}
	REQUIRE(sum <= memblock_phys_mem_size());
	REQUIRE(memcmp(blob, data, size) == 0); /* a tree is never written */
	free(blob);
	return 0;
}
