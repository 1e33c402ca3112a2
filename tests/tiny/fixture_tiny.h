/* SPDX-License-Identifier: MIT */
/* What stands around every case of the smallest configuration: see fixture.h. */
#ifndef TESTS_FIXTURE_TINY_H
#define TESTS_FIXTURE_TINY_H

#include "../harness/fixture.h"
#include "../harness/tap.h"

/* 4 MiB and three pages that make all blocks odd. */
#define TINY_BASE  0x60003000ULL
#define TINY_BYTES ((1024 + 3) * (uint64_t)PAGE_SIZE)

/*
 * Forgets the running allocator; maps [base, base + bytes) and no byte around it, and gives
 * it away.  mm_init_range()'s result; with 0 check_all_free() compares with what is free now.
 */
int start_tiny(uint64_t base, uint64_t bytes, unsigned min_free_kbytes);

/* The model (model_tiny.c): so many operations at random, each NULL and each page judged. */
void play_model(uint32_t seed, unsigned ops);

#endif /* TESTS_FIXTURE_TINY_H */
