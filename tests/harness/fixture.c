// SPDX-License-Identifier: MIT
/*
 * What host and target share of the fixture: the count of pages, the patterns.
 *
 * State: free_at_start, taken when a case begins.
 *
 * Not here: how the allocator was started (fixture_host.c, or the image's own
 * main), how CPUs are used (cpus_host.c, cpus_target.c).
 */
#include "fixture.h"
#include "fixture_priv.h"
#include "tap.h"

static unsigned long free_at_start;

void fixture_count(void)
{
	drain_all_pages();
	free_at_start = nr_free_pages();
}

unsigned long fixture_free_pages(void)
{
	return free_at_start;
}

void check_all_free(void)
{
	drain_all_pages();
	CHECK_EQ(nr_pcp_pages(), 0);
	CHECK_EQ(nr_free_pages(), free_at_start);
}

void fixture_end(void)
{
	fixture_settle();
	check_all_free();
	CHECK_EQ(mm_check(), 0);
	CHECK_EQ(mm_check_quiet(), 0);
}

/*
 * Small blocks word by word; of large ones the first and last words of each
 * page and a stride in between that visits every cache line of 32 bytes.
 */
#define STRIDE 8U

static uint32_t pattern(uint32_t seed, unsigned long pfn, unsigned long i)
{
	uint32_t x = seed ^ (uint32_t)(pfn * 0x9e3779b1u) ^ (uint32_t)(i * 0x85ebca6bu);

	return x ^ x >> 15;
}

void fill_block(struct page *page, unsigned order, uint32_t seed)
{
	uint32_t *p = page_address(page);
	unsigned long words = (PAGE_SIZE << order) / sizeof(uint32_t);
	unsigned long step = order > 3 ? STRIDE : 1;
	unsigned long pfn = page_to_pfn(page);

	if (!p)
		return;
	unpoison_block(page, order);
	for (unsigned long i = 0; i < words; i += step)
		p[i] = pattern(seed, pfn, i);
	p[words - 1] = pattern(seed, pfn, words - 1);
}

bool verify_block(struct page *page, unsigned order, uint32_t seed)
{
	const uint32_t *p = page_address(page);
	unsigned long words = (PAGE_SIZE << order) / sizeof(uint32_t);
	unsigned long step = order > 3 ? STRIDE : 1;
	unsigned long pfn = page_to_pfn(page);

	if (!p)
		return true;
	for (unsigned long i = 0; i < words; i += step)
		if (p[i] != pattern(seed, pfn, i))
			return false;
	return p[words - 1] == pattern(seed, pfn, words - 1);
}

void test_barrier_wait(struct test_barrier *b, unsigned nr)
{
	unsigned round = __atomic_load_n(&b->round, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&b->arrived, 1, __ATOMIC_ACQ_REL) == nr) {
		__atomic_store_n(&b->arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&b->round, round + 1, __ATOMIC_RELEASE);
		return;
	}
	while (__atomic_load_n(&b->round, __ATOMIC_ACQUIRE) == round)
		test_idle();
}
