/* SPDX-License-Identifier: MIT */
/*
 * Starting the allocator.
 *
 *	memblock_add(0x60000000, 0x40000000, 0);	  what RAM there is
 *	memblock_reserve(image, size, "image", 0);	  what of it is taken
 *	mm_init(&(struct mm_limits){ .nr_cpus = 4 });	  zones, descriptors, hand-over
 *	mm_init_cpu(cpu);				  on every CPU, this one included
 *	page = alloc_pages(GFP_KERNEL, 0);
 */
#ifndef BUDDY_INIT_H
#define BUDDY_INIT_H

#include <stdbool.h>
#include <stdint.h>

#include <buddy/config.h>
#include <buddy/memblock.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The same in one call, for memory that is one range and known beforehand: memblock_add(),
 * mm_init() with one CPU and mm_init_cpu(0), and all that there is with BUDDY_TINY.  Whole
 * pages of [base, base + bytes) are the allocator's, which puts its descriptors there, too;
 * nothing of it is in use.  min_free_kbytes: as in struct mm_limits; with BUDDY_TINY 0 means
 * a 32nd of the memory, and there is no other mark above min.
 *
 * 0; -EINVAL: no whole page; -ENOMEM: the descriptors do not fit; -EPERM: called twice.  Each
 * with a line on the console.
 */
int mm_init_range(phys_addr_t base, phys_addr_t bytes, unsigned min_free_kbytes);

#if !BUDDY_TINY

/*
 * Where the zones lie.  Limits are rounded down to MAX_ORDER blocks (4 MiB by
 * default), so that no block ever spans two zones; a limit that rounds to
 * nothing leaves its zone empty.  0 means the default.
 *
 * Worked example: RAM 0x60000000 to 0xa0000000, dma_limit 0x61000000,
 * highmem_start 0x90000000, movablecore 64 MiB:
 *	DMA     0x60000000 - 0x61000000		 16 MiB
 *	Normal  0x61000000 - 0x90000000		752 MiB
 *	HighMem 0x90000000 - 0x9c000000		192 MiB
 *	Movable 0x9c000000 - 0xa0000000		 64 MiB
 */
struct mm_limits {
	phys_addr_t dma_limit;	   /* ZONE_DMA is RAM below this; 0: no such zone */
	phys_addr_t highmem_start; /* RAM from here on has no permanent mapping; 0: all has one */
	phys_addr_t movablecore;   /* bytes at the top of memory for ZONE_MOVABLE; 0: none */
	phys_addr_t kernelcore;	  /* bytes that are not to be ZONE_MOVABLE, the rest is; 0: no wish.
				      With movablecore: the larger of what both leave, as Linux */
	unsigned nr_cpus;	  /* CPUs that will call mm_init_cpu(); 0: PORT_NR_CPUS */
	unsigned min_free_kbytes; /* sum of the min watermarks, KiB; 0: by the size of memory,
				       4 * sqrt(KiB of lowmem), 128 to 262,144, as Linux does */
	unsigned lowmem_reserve_ratio[4]; /* by zone type: this zone keeps 1/ratio of the higher
					  zones' pages from requests that they could have
					  served; 0: 256, 32, -, - (DMA, Normal), as Linux */
};

/*
 * Policies that are off by default.  Nodes' distances as in the device tree's
 * distance-map: 10 is local; 0: 10 and 20.
 */
struct mm_policy {
	uint8_t distance[BUDDY_MAX_NODES][BUDDY_MAX_NODES];
	bool deferred; /* mm_init() initialises a first stretch of each zone only; see deferred_init() */
	bool fair_zones; /* a node's zones are used in proportion to their size, as Linux 3.12 to 4.7 did.
			      All requests then go the longer way.  Linux dropped it when reclaim
			      became per node (4.8): ageing is what it had to balance */
	bool node_reclaim; /* a node takes its own caches back before the next node is asked */
	bool defrag_mode;  /* no request mixes mobilities before everything else was tried (6.15) */
	unsigned
		watermark_boost_factor; /* each mixing of mobilities raises the watermarks by a pageblock, up to
					    so many ten-thousandths of high; 0: never.  Linux: 15,000.  A request
					    that would fail takes the boost back */
};
extern struct mm_policy mm_policy; /* set before mm_init(), then left alone */

/*
 * Builds nodes, zones, mem_map and zonelists from memblock, gives it every free
 * page and closes it.  One CPU, interrupts on or off, once.  0; -EINVAL with a
 * line that names the wrong limit; -ENOMEM when memory cannot even hold its own
 * descriptors.  After an error memblock is as it was.  Frame 0 is RAM as any other, but
 * where its address is NULL it is reserved: NULL is what requests for addresses fail with.
 */
int mm_init(const struct mm_limits *limits);

#ifdef BUDDY_BUILT
/*
 * Of an installed library: a program is not linked with one that was built with other
 * options than these headers say.  The symbol's name carries their checksum.
 */
static inline int mm_init_built(const struct mm_limits *limits)
{
	(void)*(const volatile char *)&BUDDY_BUILT;
	return mm_init(limits);
}
#define mm_init(...) mm_init_built(__VA_ARGS__)
#endif

/*
 * With mm_policy.deferred the rest of memory is initialised by these: the whole of it, by
 * every CPU that calls it at the same time, each taking the next 4 MiB until none is
 * left; returns when none is left to take (others may still be at their last).  Requests
 * for which a zone has too little initialise more themselves. deferred_init_done() says
 * that all of it can be had.  Context: any.
 */
void deferred_init(void);
bool deferred_init_done(void);

/*
 * Which node's zonelists CPU cpu uses (its requests with nid -1); node 0 unless it is
 * set.  After mm_init(), before that CPU's mm_init_cpu().  0, or -EINVAL: no such CPU or
 * node.
 */
int mm_set_cpu_node(unsigned cpu, int nid);

/*
 * Makes this CPU a caller: sets its per-CPU pointer.  On each CPU, cpu below
 * nr_cpus, before its first allocation.  0, or -EINVAL.
 */
int mm_init_cpu(unsigned cpu);

#endif /* !BUDDY_TINY */

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_INIT_H */
