/* SPDX-License-Identifier: MIT */
/*
 * What the device tree and the boot arguments say about who gets which memory,
 * for mm_init(): limits of zones, policies, CMA areas, the CPUs' nodes.
 *
 *	policy_read(&facts, &limits);		arguments and tree are known
 *	policy_reserve_cma(&limits);		memblock is open, all that is fixed reserved
 *	mm_init(&limits);
 *	policy_set_nodes(&facts, limits.nr_cpus);	before the first mm_init_cpu()
 *	policy_set_cma(&facts);
 *
 * An argument counts before the tree.  Boot core, start-up, once.
 */
#ifndef BOOT_POLICY_H
#define BOOT_POLICY_H

#include <buddy/init.h>

#include "boot/fdt.h"

/* All of mm_policy, and of *limits what arguments and tree have to say. */
void policy_read(const struct fdt_facts *facts, struct mm_limits *limits);

/* The area of cma=, in memory that stays mapped. */
void policy_reserve_cma(const struct mm_limits *limits);

/* Nodes of the CPUs below nr_cpus. */
void policy_set_nodes(const struct fdt_facts *facts, unsigned nr_cpus);

/* The default CMA area: that of cma=, else the tree's; said in a line. */
void policy_set_cma(const struct fdt_facts *facts);

#endif /* BOOT_POLICY_H */
