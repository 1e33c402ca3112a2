/* SPDX-License-Identifier: MIT */
/*
 * The boot arguments: words of name=value or name, from /chosen/bootargs.
 *
 *	mode=demo|monitor|bench|test	what to do when all is up (monitor)
 *	semihosting		QEMU or a debugger takes the exit status
 *	mem=SIZE		use no more RAM than this, from the lowest up
 *	maxcpus=N		bring up N cores at most
 *	dma_limit=ADDR		end of ZONE_DMA
 *	highmem=ADDR		RAM from here on is not mapped
 *	movablecore=SIZE	ZONE_MOVABLE, at the top
 *	min_free_kbytes=N	sum of the min watermarks
 *	tick=HZ			timer interrupts per second and core (100; 0: none)
 *	crash=undef|svc|dabt|rodata|pabt|stack|panic	go wrong on purpose, when all is up
 *	crash.cpu=N		on this core (0)
 *	init_on_alloc=0|1, init_on_free=0|1, page_poison=0|1, debug_pagealloc=0|1,
 *	page_owner=0|1, trace=N, fail_page_alloc=I,P,S,T,
 *	fail_page_alloc.min_order=N, fail_page_alloc.ignore_gfp_wait=0|1
 *				buddy/debug.h, from the start; debug_pagealloc=1 also has
 *				RAM mapped so that pages can be unmapped later
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

#endif /* BOOT_BOOTARGS_H */
