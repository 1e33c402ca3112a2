/* SPDX-License-Identifier: MIT */
/*
 * Device tree and boot arguments, as mm_init() wants them.  See policy.h.
 *
 * State: mm_policy is filled here and only read afterwards.  No lock: boot core,
 * the others not yet running.
 *
 * Not here: the arguments' syntax (bootargs.c), what the tree says (fdt_scan.c,
 * fdt_policy.c), what is made of it (mm/).
 */
#include "boot/policy.h"

#include <string.h>

#include <buddy/contig.h>

#include "boot/bootargs.h"
#include "boot/console.h"

#define CMA_NAME "cma"

/*
 * The tree's limit, unless all memory that has a mapping lies below it anyway: one
 * zone less, and no GFP_DMA request is ever short of what others have plenty of.
 */
static uint64_t dma_limit(const struct fdt_facts *facts, uint64_t highmem)
{
	uint64_t end = memblock_end_of_DRAM(), limit = facts->dma_limit;

	if (highmem && highmem < end)
		end = highmem;
	if (!limit || limit >= end)
		return 0;
	console_printf("dma: some device reaches memory below 0x%08x only, says the device tree\n",
		       (unsigned)limit);
	return limit;
}

void policy_read(const struct fdt_facts *facts, struct mm_limits *limits)
{
	limits->highmem_start = bootarg_size("highmem", 0, UINT32_MAX);
	limits->dma_limit = bootarg_get("dma_limit") ? bootarg_size("dma_limit", 0, UINT32_MAX)
						     : dma_limit(facts, limits->highmem_start);
	limits->movablecore = bootarg_size("movablecore", 0, UINT32_MAX);
	limits->kernelcore = bootarg_size("kernelcore", 0, UINT32_MAX);
	limits->min_free_kbytes = bootarg_uint("min_free_kbytes", 0);
	memset(limits->lowmem_reserve_ratio, 0, sizeof(limits->lowmem_reserve_ratio));
	bootarg_list("lowmem_reserve_ratio", 4, limits->lowmem_reserve_ratio);

	memcpy(mm_policy.distance, facts->distance, sizeof(mm_policy.distance));
	mm_policy.deferred = bootarg_bool("deferred", true);
	mm_policy.fair_zones = bootarg_bool("fair_zones", false);
	mm_policy.node_reclaim = bootarg_bool("node_reclaim", false);
	mm_policy.defrag_mode = bootarg_bool("defrag_mode", false);
	mm_policy.watermark_boost_factor = bootarg_uint("watermark_boost_factor", 0);
}

void policy_reserve_cma(const struct mm_limits *limits)
{
	uint64_t size, base;

	if (bootarg_range("cma", UINT32_MAX, &size, &base))
		cma_declare_contiguous(base, size, limits->highmem_start, 0, CMA_NAME);
}

/* The tree's areas may share a name: found by where it is. */
static struct cma *tree_default(const struct fdt_facts *facts)
{
	struct cma *cma;

	for (unsigned i = 0; i < facts->nr_cma; i++) {
		if (!facts->cma[i].is_default)
			continue;
		for (unsigned n = 0; (cma = cma_area(n)); n++)
			if (cma_base(cma) == facts->cma[i].base)
				return cma;
	}
	return NULL;
}

void policy_set_cma(const struct fdt_facts *facts)
{
	struct cma *cma = bootarg_get("cma") ? cma_find(CMA_NAME) : NULL;

	if (!cma)
		cma = tree_default(facts);
	if (cma)
		cma_set_default(cma);
	cma = cma_default();
	if (cma)
		console_printf("cma: %s is the default area, %lu pages at 0x%08x\n", cma_name(cma),
			       cma_nr_pages(cma), (unsigned)cma_base(cma));
}

/* Cores are numbered as smp.c does it. */
void policy_set_nodes(const struct fdt_facts *facts, unsigned nr_cpus)
{
	for (unsigned i = 0; i < facts->nr_cpus; i++) {
		unsigned cpu = facts->cpu[i].mpidr & 0xff;

		if (cpu < nr_cpus && mm_set_cpu_node(cpu, facts->cpu[i].nid))
			console_printf("core %u: node %d is none, it keeps node 0\n", cpu,
				       facts->cpu[i].nid);
	}
}
