/* SPDX-License-Identifier: MIT */
/*
 * What the tests of small objects begin and end with: caches of kmalloc() stay for ever once
 * they were used, so all of them are made before pages are counted; patterns over objects.
 */
#ifndef TESTS_SLAB_FIXTURE_H
#define TESTS_SLAB_FIXTURE_H

#include <string.h>

#include <mm/slab_priv.h>

#include "../harness/fixture.h"
#include "../harness/fixture_priv.h"
#include "../harness/tap.h"

#define NOBODY (GFP_KERNEL | __GFP_NOWARN)

/* Memory as the allocator gets it may be touched: objects are not told from pages here. */
static inline void slab_unpoison(void)
{
#ifdef TEST_HOST
	struct zone *zone;

	for_each_zone(zone)
		for (unsigned long pfn = zone->zone_start_pfn;
		     pfn < zone->zone_start_pfn + zone->spanned_pages; pfn += 1UL << MAX_ORDER)
			if (pfn_valid(pfn) && page_address(pfn_to_page(pfn)))
				host_unpoison_phys((uint64_t)pfn << PAGE_SHIFT,
						   PAGE_SIZE << MAX_ORDER);
#endif
}

static inline void slab_begin(void)
{
	slab_unpoison();
	for (unsigned class = 1; class < KMALLOC_NR_CLASSES; class ++)
		for (unsigned type = 0; type < NR_KMALLOC_TYPES; type++)
			kmalloc_cache((enum kmalloc_type)type, class, GFP_KERNEL);
	kmem_cache_shrink_all();
	fixture_count();
}

/* The cache is gone, and with it all its pages. */
#define slab_end(s)                                         \
	do {                                                \
		if (s)                                      \
			CHECK_EQ(kmem_cache_destroy(s), 0); \
		kmem_cache_shrink_all();                    \
		check_all_free();                           \
	} while (0)

static inline void slab_fill(void *p, unsigned bytes, uint32_t seed)
{
	for (unsigned i = 0; i < bytes; i++)
		((uint8_t *)p)[i] = (uint8_t)(seed * 2654435761u >> 24) ^ (uint8_t)i;
}

static inline bool slab_verify(const void *p, unsigned bytes, uint32_t seed)
{
	for (unsigned i = 0; i < bytes; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
		if (((const uint8_t *)p)[i] != ((uint8_t)(seed * 2654435761u >> 24) ^ (uint8_t)i))
			return false;
	return true;
}

static inline struct slab_info slab_info_of(const char *name)
{
	struct slab_info info = {.name = NULL};

	for (unsigned i = 0; slab_info(i, &info); i++)
		if (!strcmp(info.name, name))
			return info;
	return (struct slab_info){.name = NULL};
}

#ifdef TEST_HOST
#define CHECK_SAID(text)                   \
	do {                               \
		CHECK(host_log_has(text)); \
		host_log_clear();          \
	} while (0)
#else
#define CHECK_SAID(text) ((void)0)
#endif

#endif /* TESTS_SLAB_FIXTURE_H */
