/* SPDX-License-Identifier: MIT */
/*
 * The boot arguments: words of name=value or name, from /chosen/bootargs.
 *
 *	mode=demo|monitor|check|bench|test	what to do when all is up (monitor); check:
 *				a picture of memory, mm_check(), off
 *	semihosting		QEMU or a debugger takes the exit status
 *	mem=SIZE		use no more RAM than this, from the lowest up
 *	maxcpus=N		bring up N cores at most
 *	dma_limit=ADDR		end of ZONE_DMA, instead of what the device tree's
 *				dma-ranges say; 0: no such zone
 *	highmem=ADDR		RAM from here on is not mapped
 *	movablecore=SIZE	ZONE_MOVABLE, at the top
 *	kernelcore=SIZE		so much is not to be ZONE_MOVABLE, the rest is; with
 *				movablecore= the larger of what both leave
 *	cma=SIZE[@BASE]		a CMA area called cma, in mapped memory, anywhere or at
 *				BASE; the default one, before the device tree's
 *				linux,cma-default
 *	min_free_kbytes=N	sum of the min watermarks
 *	lowmem_reserve_ratio=N,...	up to 4, for DMA, Normal, HighMem, Movable: a zone
 *				keeps 1/N of the higher zones' pages from their
 *				requests; 0: as without it (init.h)
 *	watermark_boost_factor=N	ten-thousandths of the high watermark by which mixing
 *				of mobilities may raise it (0: not at all)
 *	fair_zones=0|1		a node's zones are used in proportion to their size (0)
 *	node_reclaim=0|1	a node's own caches before the next node (0)
 *	defrag_mode=0|1		mobilities are mixed last of all (0)
 *	deferred=0|1		most of memory is initialised when all cores are up, by
 *				all of them (1)
 *	kswapd.cpu=N		background reclaim and compaction on this core only (any that
 *				is idle)
 *	tick=HZ			timer interrupts per second and core (100; 0: none)
 *	periphclk=HZ		what the timers are clocked with, instead of what was
 *				measured or the board's constant
 *	crash=KIND		go wrong on purpose, when all is up: undef, svc, dabt, rodata,
 *				pabt, stack, panic; uaf (read a free page), kmap (one temporary
 *				mapping too many), kunmap (undo them out of order),
 *				vmalloc (write behind an area)
 *	crash.cpu=N		on this core (0)
 *	init_on_alloc=0|1, init_on_free=0|1, page_poison=0|1, debug_pagealloc=0|1,
 *	page_owner=0|1, trace=N, fail_page_alloc=I,P,S,T,
 *	fail_page_alloc.min_order=N, fail_page_alloc.ignore_gfp_wait=0|1, slab_debug=0|1
 *				buddy/debug.h, from the start; with debug_pagealloc=1 all
 *				RAM is mapped by pages, so that free ones can be unmapped
 *	demo.*, bench.*, test.*, seed=	for those programs
 *
 * Sizes and addresses take K, M or G.  Where a name is given twice the later one
 * counts.  Values may be in double quotes.  Unknown words are named once and
 * left alone.
 */
#ifndef BOOT_BOOTARGS_H
#define BOOT_BOOTARGS_H

#include <stdbool.h>
#include <stdint.h>

/* Takes a copy, at most BOOTARGS_MAX - 1 characters.  Boot core, once. */
#define BOOTARGS_MAX 1024
void bootargs_init(const char *line);

/* Says which words nobody knows. */
void bootargs_list_unknown(void);

/* The value of a name, "" if it stands alone; NULL if it is not there.  Any context. */
const char *bootarg_get(const char *name);

/*
 * The value as a number (decimal, 0x..., 0...), with K, M or G; fallback if the
 * name is not there, or, after a line on the console, if it is no number or
 * exceeds max.
 */
uint64_t bootarg_size(const char *name, uint64_t fallback, uint64_t max);

/* The same in 32 bits. */
uint32_t bootarg_uint(const char *name, uint32_t fallback);

/* 0 or 1; fallback as above. */
bool bootarg_bool(const char *name, bool fallback);

/*
 * SIZE or SIZE@BASE, each at most max; *base is 0 without one.  False, and nothing is
 * written: not there, or, after a line, something else.  False for a size of 0 too.
 */
bool bootarg_range(const char *name, uint64_t max, uint64_t *size, uint64_t *base);

/*
 * 1 to max numbers with commas between.  How many; 0: not there, or, after a line,
 * something else (values[] may be overwritten then).
 */
unsigned bootarg_list(const char *name, unsigned max, unsigned *values);

#endif /* BOOT_BOOTARGS_H */
