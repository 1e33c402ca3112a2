/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the differential test share; diff_libfdt.c is its head.
 */
#ifndef TESTS_FUZZ_DIFF_H
#define TESTS_FUZZ_DIFF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The seed of the tree at hand; printed with every difference. */
extern uint32_t diff_seed;

#define DIFFER(...)                                                          \
	do {                                                                 \
		printf("# seed %u, %s:%d: ", diff_seed, __FILE__, __LINE__); \
		printf(__VA_ARGS__);                                         \
		printf("\n");                                                \
		return false;                                                \
	} while (0)

/* xorshift32: 0 to below - 1. */
void rnd_seed(uint32_t seed);
uint32_t rnd(uint32_t below);

/* diff_trees.c: random sound trees; the caller frees, *size is the blob's. */
uint8_t *tree_by_libfdt(uint32_t *size); /* libfdt's sequential-write functions */
uint8_t *tree_by_dtc(uint32_t *size);	 /* dtc, from random source text */

/*
 * diff_oracle.c: reads RAM and fixed reservations with libfdt, by the rules of
 * boot/fdt.h written a second time, and compares with what fdt_scan() left in
 * memblock.
 */
bool compare_memory(const void *blob);

/* diff_dma.c: the same with the limit of DMA that fdt_scan() found. */
bool compare_dma(const void *blob, uint64_t limit);

#endif /* TESTS_FUZZ_DIFF_H */
