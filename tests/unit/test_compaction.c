// SPDX-License-Identifier: MIT
/*
 * compaction: what requests get by it, and that nothing is lost on the way.
 *
 * The owner of harness/owner.h holds the pages that are to move; its patterns have to survive.
 */
#include <string.h>

#include <buddy/compaction.h>

#include "tests/harness/fixture.h"
#include "tests/harness/hoard.h"
#include "tests/harness/owner.h"
#include "tests/harness/tap.h"

#define MOVABLE (GFP_HIGHUSER_MOVABLE | __GFP_NOWARN | __GFP_MEMALLOC)
#define LAST	(GFP_NOWAIT | __GFP_NOWARN | __GFP_MEMALLOC)
#define SLOTS	131072U

static struct page *slots[SLOTS];
static struct test_owner owner;

#ifdef TEST_HOST

/* The owner takes all there is. */
static unsigned fill_all(void)
{
	unsigned nr = 0;

	memset(slots, 0, sizeof(slots));
	owner_init(&owner, slots, SLOTS, false);
	while (nr < SLOTS && owner_fill(&owner, nr, MOVABLE & ~__GFP_DIRECT_RECLAIM))
		nr++;
	return nr;
}

/* And gives every second page back. */
static unsigned checkerboard(void)
{
	unsigned nr = fill_all();

	for (unsigned i = 0; i < nr; i += 2)
		owner_drop(&owner, i);
	drain_all_pages();
	return nr;
}

/* As many blocks as there are, by plain requests; they are hoarded. */
static void all_blocks(unsigned order)
{
	unsigned long want = nr_free_pages() >> order;

	CHECK(want);
	CHECK_EQ(hoard_all(MOVABLE, order), want);
	CHECK_EQ(owner_verify(&owner), 0);
	hoard_give_all();
	owner_drop_all(&owner);
}

static void a_request_gets_every_block_there_can_be(void)
{
	for (unsigned order = 1; order <= MAX_ORDER; order++) {
		checkerboard();
		all_blocks(order);
	}
}

static const struct test_case cases[] = {
	TEST(a_request_gets_every_block_there_can_be),
};
#endif
TEST_SUITE(compaction, cases);
