// SPDX-License-Identifier: MIT
/*
 * slab - bench=slab: instructions of kmalloc() and kfree().
 *
 * In a run of its own: the first cache registers a shrinker, from when on requests for pages
 * that find none look further than they did.
 *
 * kmalloc64, kmalloc1k	the same object again and again
 * kmalloc64_b512	512 of them, given back in the order they were taken
 * kmalloc_churn	1,024 places, sizes of 1 to 1,024 bytes, small ones more often
 *
 * State: none but the arrays that bench.c lends.
 */
#include <stdio.h>

#include <buddy/slab.h>

#include "bench/target/bench.h"
#include "bench/target/stats.h"
#include "bench/target/timed.h"

#define PLACES 1024u

static uint32_t rng = 2463534242u;

static uint32_t xorshift32(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 17;
	rng ^= rng << 5;
	return rng;
}

static void *take(size_t bytes, unsigned *lost)
{
	uintptr_t p;

	stat_add(STAT_ALLOC, timed((void *)kmalloc, bytes, GFP_KERNEL, 0, &p));
	*lost += !p;
	return (void *)p;
}

static void give(void *p)
{
	stat_add(STAT_FREE, timed((void *)kfree, (uintptr_t)p, 0, 0, NULL));
}

static void hot(const char *name, size_t bytes, unsigned *lost)
{
	void *held = kmalloc(bytes, GFP_KERNEL);

	kfree(kmalloc(bytes, GFP_KERNEL));
	for (unsigned i = 0; i < 10000; i++)
		give(take(bytes, lost));
	kfree(held);
	stats_print(name);
}

static void batch(void **place, unsigned *lost)
{
	for (unsigned round = 0; round < 81; round++) {
		if (round == 1)
			stats_forget(); /* the first warms up */
		for (unsigned i = 0; i < 512; i++)
			place[i] = take(64, lost);
		for (unsigned i = 0; i < 512; i++)
			give(place[i]);
	}
	stats_print("kmalloc64_b512");
}

static void churn(void **place, unsigned *lost)
{
	for (unsigned i = 0; i < PLACES; i++)
		place[i] = NULL;
	for (unsigned i = 0; i < 210000; i++) {
		unsigned k = xorshift32() % PLACES;

		if (i == 10000)
			stats_forget();
		if (place[k]) {
			give(place[k]);
			place[k] = NULL;
		} else {
			place[k] = take(1 + (xorshift32() & 1023) % (1u << (3 + xorshift32() % 8)),
					lost);
		}
	}
	for (unsigned i = 0; i < PLACES; i++)
		kfree(place[i]);
	stats_print("kmalloc_churn");
}

void bench_slab_prepare(void)
{
	for (size_t bytes = 8; bytes <= 1024; bytes += 8)
		kfree(kmalloc(bytes, GFP_KERNEL));
	kmem_cache_shrink_all();
}

unsigned bench_slab(void **place)
{
	unsigned lost = 0;

	hot("kmalloc64", 64, &lost);
	hot("kmalloc1k", 1024, &lost);
	batch(place, &lost);
	churn(place, &lost);
	kmem_cache_shrink_all();
	return lost;
}
