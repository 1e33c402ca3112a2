/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the debugging options share: values by name, nothing left on, free
 * pages to be touched, a block to be got again.
 */
#ifndef TESTS_DEBUG_FIXTURE_H
#define TESTS_DEBUG_FIXTURE_H

#include <string.h>

#include <mm/debug_state.h>

#include "../harness/fixture.h"
#include "../harness/tap.h"

#define VALUE_BYTES 48
#define LARGEST	    (MAX_ORDER < 3 ? MAX_ORDER : 3U)

/* Pages are touched here that the fixture otherwise forbids: free ones. */
static inline void allow_free_pages(void)
{
#ifdef TEST_HOST
	for (unsigned long i = 0; i < nr_map_pages; i++)
		host_unpoison_phys((uint64_t)page_to_pfn(mem_map + i) << PAGE_SHIFT, PAGE_SIZE);
	host_log_clear();
#endif
}

static inline const char *value_of(const char *name)
{
	static char value[VALUE_BYTES];

	for (unsigned i = 0; mm_debug_name(i); i++)
		if (!strcmp(mm_debug_name(i), name)) {
			mm_debug_value(i, value, sizeof(value));
			return value;
		}
	return "no such option";
}

static inline void set(const char *name, const char *value)
{
	CHECK_EQ(mm_debug_set(name, value), 0);
}

static inline void all_off(void)
{
	CHECK_EQ(mm_debug_on, 0);
	for (unsigned i = 0; mm_debug_name(i); i++)
		CHECK(!strcmp(value_of(mm_debug_name(i)), "0"));
}

/*
 * The first case of a suite: an image that was started with debug_pagealloc=1 goes on
 * without.
 */
static inline void all_is_off_at_first(void)
{
	set("debug_pagealloc", "0");
	all_off();
}

/* Allocates until it gets `want`; the others go back. */
static inline struct page *alloc_this(struct page *want, unsigned order)
{
	struct page *got[64], *found = NULL;
	unsigned nr = 0;

	while (nr < 64 && !found) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			break;
		if (page == want)
			found = page;
		else
			got[nr++] = page;
	}
	while (nr--)
		__free_pages(got[nr], order);
	CHECK(found);
	return found;
}

#endif /* TESTS_DEBUG_FIXTURE_H */
