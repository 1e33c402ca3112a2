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

#include <buddy/memblock.h>

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
	unsigned nr_cpus;	   /* CPUs that will call mm_init_cpu(); 0: PORT_NR_CPUS */
	unsigned min_free_kbytes;  /* sum of the min watermarks, KiB; 0: by the size of memory,
				       4 * sqrt(KiB of lowmem), 128 to 262,144, as Linux does */
	unsigned lowmem_reserve_ratio[4]; /* by zone type: this zone keeps 1/ratio of the higher
					  zones' pages from requests that they could have
					  served; 0: 256, 32, -, - (DMA, Normal), as Linux */
};

/*
 * Builds nodes, zones, mem_map and zonelists from memblock, gives it every free
 * page and closes it.  One CPU, interrupts on or off, once.  0; -EINVAL with a
 * line that names the wrong limit; -ENOMEM when memory cannot even hold its own
 * descriptors.  After an error memblock is as it was.
 */
int mm_init(const struct mm_limits *limits);

/*
 * Makes this CPU a caller: sets its per-CPU pointer.  On each CPU, cpu below
 * nr_cpus, before its first allocation.  0, or -EINVAL.
 */
int mm_init_cpu(unsigned cpu);

#endif /* BUDDY_INIT_H */
